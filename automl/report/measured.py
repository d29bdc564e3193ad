"""What was measured, as facts: scores with intervals, curves, reliability, errors of numbers, paired tests, models side by side."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

Label = bool | int | float | str
"""A class as it stands in the data."""


class Fact(BaseModel):
    """Base of every section: unchangeable, unknown fields refused, NaN and infinity stored as "not known"."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _only_finite(cls, values: Any) -> Any:
        """Replace NaN and infinity, which JSON does not have, by None."""
        return {key: _finite(value) for key, value in values.items()} if isinstance(values, dict) else values


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


class ScoreFacts(Fact):
    """One metric with its 95 % interval, the naive predictor's value, and its value before calibration."""

    title: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    naive: float | None = None
    before_calibration: float | None = None
    greater_is_better: bool = True
    undefined: str | None = None


class ClassScoreFacts(Fact):
    """How well one class is recognised. `rows` counts its cases among the judged rows."""

    label: Label
    rows: int
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    roc_auc: float | None = None


class ConfusionFacts(Fact):
    """Counts by actual class (rows) and predicted class (columns), in the order of `labels`."""

    labels: tuple[Label, ...]
    counts: tuple[tuple[int, ...], ...]


class CurveFacts(Fact):
    """Points of a curve; `baseline` is the height of a model that knows nothing (the share of positives), `area` its area."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float | None, ...] = ()
    area: float | None = None
    baseline: float | None = None


class CurvesFacts(Fact):
    """ROC (false positive rate, true positive rate) and precision–recall (recall, precision) curves by class label as text."""

    roc: dict[str, CurveFacts] = {}
    precision_recall: dict[str, CurveFacts] = {}


class ReliabilityBin(Fact):
    """Cases to which the model gave about the same probability, and how often it came true (95 % interval)."""

    mean_predicted: float
    observed: float
    low: float
    high: float
    rows: int


class ReliabilityFacts(Fact):
    """Reliability before and after calibration, by class label as text."""

    before: tuple[ReliabilityBin, ...] = ()
    after: tuple[ReliabilityBin, ...] = ()
    of: str | None = None


class CoverageFacts(Fact):
    """How often the prediction interval held the true value, against the promise."""

    nominal: float
    measured: float
    low: float | None = None
    high: float | None = None
    mean_width: float | None = None


class GridFacts(Fact):
    """Counts of cases by actual (rows) and predicted (columns) value; edges have one entry more than there are cells."""

    predicted_edges: tuple[float, ...]
    actual_edges: tuple[float, ...]
    counts: tuple[tuple[int, ...], ...]


class RegressionFacts(Fact):
    """Pictures of numeric errors. Residual = actual − predicted; quantile keys are shares between 0 and 1."""

    residual_quantiles: dict[str, float] = {}
    grid: GridFacts | None = None
    coverage: CoverageFacts | None = None


class ComparisonFacts(Fact):
    """A paired test of ours against another model. `difference` is positive when ours is better."""

    against: str
    metric: str
    ours: float | None = None
    theirs: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    better: bool = False
    sentence: str = ""


class SetsFacts(Fact):
    """How often the prediction set held the true class, against the promise; `single` is the share of sets with one class."""

    nominal: float
    measured: float
    low: float | None = None
    high: float | None = None
    mean_size: float | None = None
    single: float | None = None


class RuleFacts(Fact):
    """Which measure the decisions serve, where the user asked for one, what they reach, and what the most probable class would.

    `moved` is the share of the rows that are decided otherwise than by the most probable class. No row is decided by a rule that saw it.
    """

    metric: str
    because: str
    value: float | None = None
    usual: float | None = None
    accuracy: float | None = None
    usual_accuracy: float | None = None
    moved: float | None = None


class EvaluationFacts(Fact):
    """Everything measured on rows that no choice has seen; `source` says which rows those are."""

    rows: int
    source: str
    scores: dict[str, ScoreFacts]
    per_class: tuple[ClassScoreFacts, ...] = ()
    confusion: ConfusionFacts | None = None
    curves: CurvesFacts | None = None
    reliability: ReliabilityFacts | None = None
    regression: RegressionFacts | None = None
    sets: SetsFacts | None = None
    rule: RuleFacts | None = None
    comparisons: tuple[ComparisonFacts, ...] = ()


class LeaderboardRow(Fact):
    """One model that was tried. `weight` is its share of the ensemble.

    `difference` is its score minus that of the best single model, with a 95 % interval (paired, on the same rows). `reference` marks a
    model that was trained for comparison alone; `note` says in words why there is no score.
    """

    rank: int
    name: str
    family: str
    title: str
    kind: Literal["network", "tree", "linear", "naive", "ensemble", "other"]
    score: float | None = None
    low: float | None = None
    high: float | None = None
    trials: int | None = None
    seconds: float | None = None
    weight: float = 0.0
    size_bytes: int | None = None
    predict_seconds_per_1000: float | None = None
    predict_seconds_one: float | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    beyond_noise: bool | None = None
    reference: bool = False
    config: dict[str, Any] = {}
    status: str = "ok"
    note: str = ""


class LeaderboardFacts(Fact):
    """All models side by side, on one metric. `best_single` is tested against; `absent` says why a kind of model did not take part."""

    metric: str
    metric_title: str
    greater_is_better: bool = False
    source: str = ""
    best_single: str | None = None
    absent: dict[str, str] = {}
    rows: tuple[LeaderboardRow, ...]


class NetworksFacts(Fact):
    """Whether networks were worth it; None where that is not known.

    `difference`: how much better the best network is than the best other model. `ensemble_difference`: how much the ensemble loses without
    networks. `faster`: how many times as fast predictions would be without them.
    """

    network: str | None = None
    other: str | None = None
    weight: float = 0.0
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    beyond_noise: bool | None = None
    ensemble_difference: float | None = None
    ensemble_low: float | None = None
    ensemble_high: float | None = None
    ensemble_beyond_noise: bool | None = None
    faster: float | None = None
    worth_it: bool | None = None
    sentence: str
