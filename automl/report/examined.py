"""Where the model can be taken at its word and where it fails, as facts."""

from __future__ import annotations

from typing import Literal

from automl.report.measured import Fact, Label


class PartsFacts(Fact):
    """A score taken apart: score = miscalibration − discrimination + uncertainty."""

    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float


class ClassReliabilityFacts(Fact):
    """Reliability of one class without bins (CORP): curve, band of a truthful model, parts of the scores, calibration error."""

    label: Label
    rows: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    outside: float
    brier: PartsFacts
    log_loss: PartsFacts
    p_value: float
    error: float
    error_low: float | None = None
    error_high: float | None = None
    error_before: float | None = None


class SelectiveFacts(Fact):
    """What is left of the errors when the least certain cases go to a person; `limit` is chosen on other rows than it is measured on."""

    measure: Literal["share wrong", "cost of a case"]
    share: tuple[float, ...]
    risk: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    confidence: tuple[float, ...]
    limit: float | None = None
    escalated: float | None = None
    rest: float | None = None
    rest_low: float | None = None
    rest_high: float | None = None
    all: float
    handed: float | None = None
    rows: int
    because: str


class PayoffFacts(Fact):
    """What a case costs with the judged decisions, what that saves against doing without, and how sure the cheapest threshold is."""

    cost: float
    cost_low: float | None = None
    cost_high: float | None = None
    without: Literal["nobody", "everybody"]
    saved: float
    saved_low: float | None = None
    saved_high: float | None = None
    optimum: float
    optimum_low: float
    optimum_high: float


class SegmentFacts(Fact):
    """One kind of case: its mean loss with a 95 % interval, shrunk towards the whole, and whether it differs after correction."""

    column: str
    name: str
    rows: int
    value: float
    low: float | None = None
    high: float | None = None
    shrunk: float
    differs: Literal["worse", "better", ""] = ""
    coverage: float | None = None
    coverage_low: float | None = None
    coverage_high: float | None = None
    said: float | None = None
    happened: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    off: Literal["too low", "too high", ""] = ""
    calibration_error: float | None = None


class SegmentCountsFacts(Fact):
    """What flagging from each threshold of the table on does in one kind of case; counts, no rows."""

    column: str
    name: str
    rows: int
    positives: int
    true_positive: tuple[int, ...]
    false_positive: tuple[int, ...]


class LeafFacts(Fact):
    """One cohort of the error tree, measured on the half of the rows that did not find it."""

    rules: tuple[str, ...]
    rows: int
    value: float
    low: float | None = None
    high: float | None = None
    found: float


class CohortFacts(Fact):
    """The error tree: its leaves, the worst where it was found first."""

    leaves: tuple[LeafFacts, ...]
    whole: float
    rows: int
    worse: bool


class HardFacts(Fact):
    """One of the rows that the model is most wrong about: its place in the data (from 0) and what was said; no cell of it."""

    row: int
    prediction: str
    actual: str
    loss: float


class WhereFacts(Fact):
    """Where the model fails. `whole` is the mean loss of all judged rows, `measure` what the loss is."""

    measure: Literal["share wrong", "size of error"]
    whole: float
    segments: tuple[SegmentFacts, ...] = ()
    cohorts: CohortFacts | None = None
    hardest: tuple[HardFacts, ...] = ()
    skipped: tuple[str, ...] = ()


class RateFacts(Fact):
    """A share or a mean in one group with its 95 % interval and the cases it is made of."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int


class GroupFacts(Fact):
    """One group of people and its rates."""

    name: str
    rows: int
    rates: dict[str, RateFacts]


class GapFacts(Fact):
    """The largest difference of one rate between two groups, and their ratio, with 95 % intervals."""

    rate: str
    highest: str
    lowest: str
    difference: float
    low: float | None = None
    high: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None


class ProxyFacts(Fact):
    """A column that the model reads and that tells the group; `strength` is Cramér's V."""

    column: str
    strength: float


class TreatmentFacts(Fact):
    """How the groups of one column, or of two together, are treated."""

    columns: tuple[str, ...]
    groups: tuple[GroupFacts, ...]
    gaps: tuple[GapFacts, ...] = ()
    proxies: tuple[ProxyFacts, ...] = ()
