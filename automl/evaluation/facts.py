"""What an evaluation says, as plain frozen values."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any


def finite(value: Any) -> Any:
    """Replace nan and infinity, which JSON does not have, by None, at any depth.

    Example:
        >>> finite({"a": [1.0, float("nan")]})
        {'a': [1.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Estimate:
    """One metric with its 95 % interval; nan, with a sentence in `undefined`, where it cannot be computed."""

    value: float
    low: float
    high: float
    naive: float | None = None
    before_calibration: float | None = None
    title: str = ""
    greater_is_better: bool = True
    undefined: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as JSON-ready values, nan as None."""
        return dict(finite(asdict(self)))


@dataclass(frozen=True)
class ClassScores:
    """How well one class is recognised; `rows` counts its rows, `predicted` the rows that were given to it."""

    label: Any
    rows: int
    predicted: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    roc_auc: Estimate
    pr_auc: Estimate
    brier: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as JSON-ready values."""
        return dict(finite(asdict(self)))

    def summary(self) -> dict[str, Any]:
        """Return label, rows and the point values that a table shows."""
        names = ("precision", "recall", "f1", "roc_auc")
        return dict(finite({"label": self.label, "rows": self.rows, **{name: getattr(self, name).value for name in names}}))


@dataclass(frozen=True)
class Comparison:
    """A paired test on the same rows; `difference` and its 95 % interval are positive where ours is better."""

    against: str
    metric: str
    ours: float
    theirs: float
    difference: float
    low: float
    high: float
    p_value: float
    better: bool
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        return dict(finite(asdict(self)))


@dataclass(frozen=True)
class Evaluation:
    """Everything measured on rows that no choice has seen.

    Attributes:
        problem: "binary", "multiclass" or "regression".
        rows: Rows that were judged.
        source: Which rows they are: "holdout", "cross-fitted" or "test file".
        scores: Estimates by metric name.
        per_class: One entry per class; empty for numbers.
        confusion: ``{"labels": […], "counts": [[…]]}``, true class × decided class; None for numbers.
        curves: ``{"roc": {label: {x, y, thresholds, area, baseline}}, "precision_recall": {…}}``; None for numbers.
        reliability: ``{"before": [bin], "after": [bin], "of": str}``; for numbers mean prediction against mean target.
        regression: ``{"residual_quantiles", "grid", "coverage"}``; None for classes.
        comparisons: Paired tests, the problem's own loss first for each opponent.
        skipped: Rows left out because their target is missing or an unknown class.
    """

    problem: str
    rows: int
    source: str
    scores: dict[str, Estimate]
    per_class: tuple[ClassScores, ...] = ()
    confusion: dict[str, Any] | None = None
    curves: dict[str, Any] | None = None
    reliability: dict[str, Any] | None = None
    regression: dict[str, Any] | None = None
    comparisons: tuple[Comparison, ...] = field(default=())
    skipped: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        values = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        values["scores"] = {name: estimate.to_dict() for name, estimate in self.scores.items()}
        values["per_class"] = [scores.to_dict() for scores in self.per_class]
        values["comparisons"] = [comparison.to_dict() for comparison in self.comparisons]
        return dict(finite(values))

    def report(self) -> dict[str, Any]:
        """Return exactly the fields that ``report.json`` holds: without `problem` and `skipped`, classes as point values."""
        values = self.to_dict()
        values["per_class"] = [scores.summary() for scores in self.per_class]
        return {name: value for name, value in values.items() if name not in ("problem", "skipped")}
