"""Everything the report says, as one versioned model: ``report.json`` is these facts and ``report.html`` is drawn from them alone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from automl.errors import DataError
from automl.report.anomalies import AnomalyFacts
from automl.report.audited import DecisionFacts, ReproduceFacts
from automl.report.examined import (
    ClassReliabilityFacts,
    CohortFacts,
    GapFacts,
    GroupFacts,
    HardFacts,
    LeafFacts,
    PartsFacts,
    PayoffFacts,
    ProxyFacts,
    RateFacts,
    SegmentCountsFacts,
    SegmentFacts,
    SelectiveFacts,
    TreatmentFacts,
    WhereFacts,
)
from automl.report.explained import (
    CardFacts,
    ChangeFacts,
    CheckCurveFacts,
    CheckFacts,
    Contribution,
    CounterfactualFacts,
    EffectFacts,
    ExampleFacts,
    ImportanceEntry,
    ImportanceFacts,
    InteractionFacts,
    PictureFacts,
    SimilarFacts,
    TextFacts,
    WordFacts,
)
from automl.report.forecasts import ForecastFacts
from automl.report.labelled import LabelsFacts
from automl.report.measured import (
    ClassScoreFacts,
    ComparisonFacts,
    ConfusionFacts,
    CoverageFacts,
    CurveFacts,
    CurvesFacts,
    EvaluationFacts,
    Fact,
    GridFacts,
    Label,
    LeaderboardFacts,
    LeaderboardRow,
    NetworksFacts,
    RegressionFacts,
    ReliabilityBin,
    ReliabilityFacts,
    ScoreFacts,
    SetsFacts,
)
from automl.report.stretches import OcclusionFacts, StretchExample
from automl.report.tried_facts import TriedFacts

__all__ = [
    "SCHEMA_VERSION",
    "AnomalyFacts",
    "Answer",
    "CalibrationFacts",
    "CardFacts",
    "ChangeFacts",
    "CheckCurveFacts",
    "CheckFacts",
    "ClassReliabilityFacts",
    "ClassScoreFacts",
    "CohortFacts",
    "ColumnFacts",
    "ComparisonFacts",
    "ConfusionFacts",
    "Contribution",
    "Costs",
    "CounterfactualFacts",
    "CoverageFacts",
    "CurveFacts",
    "CurvesFacts",
    "DataFacts",
    "DecisionFacts",
    "EffectFacts",
    "EvaluationFacts",
    "ExampleFacts",
    "Fact",
    "FindingFacts",
    "ForecastFacts",
    "GapFacts",
    "GridFacts",
    "GroupFacts",
    "HardFacts",
    "ImportanceEntry",
    "ImportanceFacts",
    "InteractionFacts",
    "Label",
    "LeaderboardFacts",
    "LeaderboardRow",
    "LeafFacts",
    "NetworksFacts",
    "OcclusionFacts",
    "PartsFacts",
    "PayoffFacts",
    "PictureFacts",
    "Problem",
    "ProxyFacts",
    "RateFacts",
    "RegressionFacts",
    "ReliabilityBin",
    "ReliabilityFacts",
    "ReportFacts",
    "ReproduceFacts",
    "RunnerUp",
    "ScoreFacts",
    "SearchFacts",
    "SearchPoint",
    "SegmentCountsFacts",
    "SegmentFacts",
    "SelectiveFacts",
    "SetsFacts",
    "Severity",
    "SimilarFacts",
    "StretchExample",
    "TaskFacts",
    "TextFacts",
    "ThresholdFacts",
    "ThresholdRow",
    "TreatmentFacts",
    "TriedFacts",
    "Verdict",
    "WhereFacts",
    "WordFacts",
    "read_json",
    "write_json",
]

SCHEMA_VERSION = 1
Problem = Literal["binary", "multiclass", "regression", "forecasting", "multilabel", "anomaly_detection"]
Verdict = Literal["yes", "yes, with review", "no"]
Severity = Literal["info", "warning", "high"]


class Answer(Fact):
    """The first page: can we use it? `rule` says which rule decided; at most three warnings, the worst first."""

    verdict: Verdict
    rule: str
    headline: str
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = Field(default=(), max_length=3)


class RunnerUp(Fact):
    """The second most plausible problem type and the argument that chooses it."""

    problem: str
    confidence: float
    override: str


class TaskFacts(Fact):
    """What is predicted and how that was found out. `positive` is the class that probabilities and thresholds speak of (binary)."""

    problem: Problem
    target: str
    target_label: str | None = None
    unit: str | None = None
    case: str = "case"
    cases: str = "cases"
    classes: tuple[Label, ...] = ()
    positive: Label | None = None
    metric: str
    modality: str = "tabular"
    evidence: tuple[str, ...] = ()
    confidence: float = 1.0
    runner_up: RunnerUp | None = None


class ColumnFacts(Fact):
    """One column: what it was taken for and why."""

    name: str
    type: str
    role: str
    evidence: str = ""
    missing: float = 0.0
    distinct: int | None = None


class DataFacts(Fact):
    """Where the data came from and how its rows were used. `rows_train` + `rows_holdout` + unusable rows = `rows`."""

    name: str
    source: str | None = None
    rows: int
    columns: int
    columns_used: int
    rows_train: int
    rows_holdout: int = 0
    rows_test: int = 0
    folds: int = 0
    sha256: str | None = None
    column_list: tuple[ColumnFacts, ...] = ()


class FindingFacts(Fact):
    """One thing the checks found in the data."""

    check: str
    columns: tuple[str, ...] = ()
    severity: Severity
    action: str
    because: str
    override: str | None = None


class Costs(Fact):
    """What a missed positive and a false alarm cost, per case."""

    miss: float
    false_alarm: float
    currency: str = ""


class ThresholdRow(Fact):
    """Counts on the judged rows when every case at or above `threshold` is flagged; cost is the total."""

    threshold: float
    flagged: int
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    cost: float | None = None


class ThresholdFacts(Fact):
    """The probability from which a case is flagged, why, and what every other choice would have done, to all cases and to segments."""

    value: float
    rule: str
    because: str
    reached: bool = True
    costs: Costs | None = None
    table: tuple[ThresholdRow, ...] = ()
    segments: tuple[SegmentCountsFacts, ...] = ()


class CalibrationFacts(Fact):
    """How probabilities were corrected: the cross-validated loss of each candidate and the one that was applied."""

    method: str
    candidates: dict[str, float | None] = {}
    applied: bool
    because: str


class SearchPoint(Fact):
    """The best score that was known after so many seconds."""

    elapsed: float
    best: float
    family: str | None = None


class SearchFacts(Fact):
    """What the search did with its budget."""

    trials: int
    failed: int = 0
    seconds: float
    budget: str
    metric_title: str = ""
    greater_is_better: bool = False
    history: tuple[SearchPoint, ...] = ()


class ReportFacts(Fact):
    """Everything the report says.

    Example:
        >>> task = TaskFacts(problem="regression", target="price", metric="rmse")
        >>> answer = Answer(verdict="no", rule="r", headline="h")
        >>> data = DataFacts(name="houses", rows=90, columns=3, columns_used=2, rows_train=90)
        >>> evaluation = EvaluationFacts(rows=90, source="out of fold", scores={})
        >>> about = {"title": "t", "created": "2026-01-01", "automl_version": "0.1.0"}
        >>> facts = ReportFacts(**about, answer=answer, task=task, data=data, evaluation=evaluation)
        >>> ReportFacts.model_validate_json(facts.model_dump_json()) == facts
        True
    """

    schema_version: Literal[1] = 1
    title: str
    model_name: str = "model"
    question: str | None = None
    matters: str | None = None
    created: str
    automl_version: str
    answer: Answer
    task: TaskFacts
    data: DataFacts
    findings: tuple[FindingFacts, ...] = ()
    evaluation: EvaluationFacts
    threshold: ThresholdFacts | None = None
    calibration: CalibrationFacts | None = None
    importance: ImportanceFacts | None = None
    kinds: ImportanceFacts | None = None
    examples: tuple[ExampleFacts, ...] = ()
    cards: tuple[CardFacts, ...] = ()
    effects: tuple[EffectFacts, ...] = ()
    interactions: tuple[InteractionFacts, ...] = ()
    words: tuple[TextFacts, ...] = ()
    pictures: tuple[PictureFacts, ...] = ()
    changes: dict[str, str] = {}
    not_explained: tuple[str, ...] = ()
    trust: tuple[ClassReliabilityFacts, ...] = ()
    selective: SelectiveFacts | None = None
    forecast: ForecastFacts | None = None
    labels: LabelsFacts | None = None
    anomalies: AnomalyFacts | None = None
    occlusion: OcclusionFacts | None = None
    payoff: PayoffFacts | None = None
    where: WhereFacts | None = None
    owner: dict[str, str] = {}
    names: dict[str, str] = {}
    units: dict[str, str] = {}
    sensitive: tuple[str, ...] = ()
    treatments: tuple[TreatmentFacts, ...] = ()
    leaderboard: LeaderboardFacts | None = None
    advice: str | None = None
    networks: NetworksFacts | None = None
    tried: TriedFacts | None = None
    search: SearchFacts | None = None
    decisions: tuple[DecisionFacts, ...] = ()
    reproduce: ReproduceFacts = ReproduceFacts()

    def _repr_html_(self) -> str:
        """Show the answer in a notebook."""
        from automl.report.notebook import summary

        return summary(self)


def write_json(facts: ReportFacts, path: str | Path) -> Path:
    """Write the facts as ``report.json`` (UTF-8, indented) and return the path."""
    target = Path(path)
    target.write_text(facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return target


def read_json(path: str | Path) -> ReportFacts:
    """Read facts written by :func:`write_json`.

    Raises:
        DataError: If the file is absent, no report, or from a newer version.
    """
    try:
        return ReportFacts.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        raise DataError(f"A report must be a readable file. Received path={str(path)!r}: {problem.strerror}.") from problem
    except (ValidationError, UnicodeDecodeError) as problem:
        first = problem.errors()[0] if isinstance(problem, ValidationError) else {"loc": (), "msg": "not UTF-8 text"}
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DataError(
            f"A report must be the facts of schema version {SCHEMA_VERSION} as JSON. Received path={str(path)!r},"
            f" where {where}: {first['msg']}. Write it again with `automl report`."
        ) from problem
