"""The probability above which a row is called positive: from costs, from a required recall or precision, or 0.5."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from automl.decision_rules import SERVED, choose_rule, stratified_parts
from automl.errors import UsageError
from automl.metrics import Array

TABLE_ROWS = 101


@dataclass(frozen=True)
class ThresholdRow:
    """What happens at one threshold, as counts on the rows that were judged; `cost` is None where no costs are known."""

    threshold: float
    flagged: int
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    precision: float | None
    recall: float | None
    f1: float | None
    cost: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class Threshold:
    """The chosen threshold; a row is positive where its probability is greater than `value`.

    Attributes:
        value: Between 0 and 1.
        rule: "even odds", "highest F1", "highest macro-F1", "highest balanced accuracy", "costs", "minimum recall", "minimum
            precision", "minimum recall and precision" or "costs within limits".
        because: One sentence with the numbers.
        reached: Whether the requested minimum can be reached on these rows.
        table: At most 101 thresholds with their consequences, ascending.
    """

    value: float
    rule: str
    because: str
    reached: bool = True
    table: tuple[ThresholdRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the threshold as JSON-ready values."""
        return {**asdict(self), "table": [row.to_dict() for row in self.table]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Threshold:
        """Rebuild a threshold from :meth:`to_dict`."""
        return cls(**{**values, "table": tuple(ThresholdRow(**row) for row in values.get("table", ()))})


@dataclass(frozen=True)
class _Sweep:
    """Every threshold that makes a difference: descending values, each between two neighbouring scores, with its counts."""

    values: Array
    scores: Array
    flagged: Array
    hits: Array
    rows: int
    positives: int
    costs: tuple[float, float] | None

    @property
    def cost(self) -> Array:
        miss, alarm = self.costs or (1.0, 1.0)
        return np.asarray(miss * (self.positives - self.hits) + alarm * (self.flagged - self.hits))

    @property
    def recall(self) -> Array:
        return np.asarray(self.hits / max(self.positives, 1))

    @property
    def precision(self) -> Array:
        return np.asarray(np.where(self.flagged > 0, self.hits / np.maximum(self.flagged, 1), np.nan))

    @property
    def f1(self) -> Array:
        return np.asarray(2 * self.hits / np.maximum(self.flagged + self.positives, 1))

    def at(self, threshold: float) -> int:
        """The position that flags the same rows as a threshold."""
        return int(np.searchsorted(-self.scores, -threshold, side="left"))


def choose_threshold(
    y: Array, probability: Array, *, cost_miss: float | None = None, cost_false_alarm: float | None = None,
    min_precision: float | None = None, min_recall: float | None = None, serves: str | None = None,
) -> Threshold:
    """Choose the threshold of a binary decision.

    Costs: calibrated probabilities need no search; a positive call is worth its price where the probability is above
    τ = cost_false_alarm / (cost_false_alarm + cost_miss) (Elkan, 2001). The best threshold on these rows is told beside it,
    not used, because it follows their chance. A minimum recall: the highest threshold that reaches it, so that the fewest
    rows are flagged. A minimum precision: the lowest, so that the most positives are found. Nothing given: 0.5, the most
    probable class, which makes the fewest errors where probabilities are calibrated and agrees with the larger probability;
    where decisions shall serve "f1", as those of each of many labels do, the threshold of the highest F1 on these rows; "macro_f1"
    or "balanced_accuracy": that of :func:`automl.decision_rules.choose_rule`.

    Args:
        y: Codes 0 and 1, (rows,).
        probability: Of the positive class, (rows,); or both columns, (rows, 2).
        cost_miss: Cost of a positive row that is not flagged.
        cost_false_alarm: Cost of a negative row that is flagged.
        min_precision: Least share of flagged rows that must be positive.
        min_recall: Least share of positive rows that must be flagged.
        serves: What decides where there are neither costs nor minima: "f1", "macro_f1" or "balanced_accuracy"; else 0.5.

    Returns:
        A :class:`Threshold`; the best that can be reached, with ``reached=False``, where a minimum is out of reach.

    Raises:
        UsageError: One cost without the other, a negative cost, or a minimum outside 0 to 1.

    Example:
        >>> y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8])
        >>> choose_threshold(y, p, cost_miss=9, cost_false_alarm=1).value
        0.1
        >>> round(choose_threshold(y, p, min_recall=1.0).value, 3)
        0.225
    """
    costs = _checked(cost_miss, cost_false_alarm, min_precision, min_recall)
    sweep = _sweep(y, probability, costs)
    if min_precision is not None or min_recall is not None:
        value, rule, because, reached = _within(sweep, min_precision, min_recall)
    elif costs is not None:
        value, rule, because, reached = _by_costs(sweep, costs)
    elif serves == "f1" and sweep.positives:
        value, rule, because, reached = _by_f1(sweep)
    elif serves in SERVED and sweep.positives:
        value, rule, because, reached = _by_rule(str(serves), sweep, y, probability)
    else:
        value, rule, because, reached = _even_odds(sweep)
    return Threshold(value, rule, because, reached, _table(sweep, value))


def on_rows(threshold: Threshold, y: Array, probability: Array, **rules: Any) -> Threshold:
    """Return the same threshold with its consequences on other rows, such as a holdout.

    Args:
        threshold: What was chosen.
        y: Codes 0 and 1, (rows,).
        probability: Of the positive class, (rows,) or (rows, 2).
        rules: The arguments of :func:`choose_threshold`; of them the costs are used.

    Example:
        >>> chosen = choose_threshold(np.array([0, 1]), np.array([0.2, 0.9]))
        >>> elsewhere = on_rows(chosen, np.array([0, 1, 1]), np.array([0.1, 0.4, 0.8]))
        >>> [row.flagged for row in elsewhere.table if row.threshold == chosen.value]
        [1]
    """
    costs = _checked(rules.get("cost_miss"), rules.get("cost_false_alarm"), rules.get("min_precision"), rules.get("min_recall"))
    return replace(threshold, table=_table(_sweep(y, probability, costs), threshold.value))


def cross_fitted_thresholds(
    y: Array, probability: Array, *, fold: Array | None = None, folds: int = 5, seed: int = 0, **rules: Any
) -> Array:
    """Return one threshold per row, chosen on the other folds, so that what is reported at it is not flattered.

    Args:
        y: Codes 0 and 1, (rows,).
        probability: Of the positive class, (rows,) or (rows, 2).
        fold: Part of every row, (rows,): that of earlier cross-fitted choices. None, or a single part, draws some.
        folds: How many to draw, stratified by class.
        seed: Of the drawn parts.
        rules: The arguments of :func:`choose_threshold`.

    Returns:
        float64, (rows,), ready for ``evaluate(..., threshold=…)``.

    Example:
        >>> cross_fitted_thresholds(np.array([0, 1] * 5), np.linspace(0.05, 0.95, 10)).tolist() == [0.5] * 10
        True
    """
    y = np.asarray(y)
    score = _positive(probability)
    if fold is None or len(np.unique(fold)) < 2:
        fold = stratified_parts(y, folds, seed)
    result = np.full(len(y), 0.5)
    for part in np.unique(fold):
        others = fold != part
        if others.any():
            result[~others] = choose_threshold(y[others], score[others], **rules).value
    return result


def _positive(probability: Array) -> Array:
    values = np.asarray(probability, dtype=np.float64)
    return np.asarray(values[:, -1] if values.ndim == 2 else values)


def _checked(
    miss: float | None, alarm: float | None, precision: float | None, recall: float | None
) -> tuple[float, float] | None:
    for name, value in (("min_precision", precision), ("min_recall", recall)):
        if value is not None and not 0 < value <= 1:
            raise UsageError(f"`{name}` must be a share above 0 and at most 1. Received {name}={value!r}.")
    if (miss is None) != (alarm is None):
        missing = "cost_miss" if miss is None else "cost_false_alarm"
        raise UsageError(f"`cost_miss` and `cost_false_alarm` must be given together. `{missing}` is missing.")
    if miss is None or alarm is None:
        return None
    if not (0 <= miss < np.inf and 0 <= alarm < np.inf and miss + alarm > 0):
        raise UsageError(
            "`cost_miss` and `cost_false_alarm` must be finite, not negative and not both 0. "
            f"Received cost_miss={miss!r}, cost_false_alarm={alarm!r}."
        )
    return float(miss), float(alarm)


def _sweep(y: Array, probability: Array, costs: tuple[float, float] | None) -> _Sweep:
    score, positive = _positive(probability), np.asarray(y) == 1
    order = np.argsort(-score, kind="stable")
    ordered = score[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1) if len(ordered) else np.zeros(0, dtype=np.int64)
    distinct = ordered[ends]
    # The outer plateaus end at 1 and 0; a score of exactly 0 can never be flagged, so there is no plateau below it.
    upper, lower = np.concatenate([[1.0], distinct]), np.concatenate([distinct, [0.0]])
    middle = (upper + lower) / 2
    middle = np.where(middle >= upper, lower, middle)  # neighbouring floats have no middle
    flagged = np.concatenate([[0], ends + 1])
    hits = np.concatenate([[0], np.cumsum(positive[order])[ends]])
    used = len(middle) - int(len(distinct) > 0 and distinct[-1] <= 0)
    return _Sweep(middle[:used], distinct[: used - 1], flagged[:used], hits[:used], len(score), int(positive.sum()), costs)


def _consequences(sweep: _Sweep, position: int) -> str:
    """Say what happens at one position of the sweep, as a clause."""
    flagged, hits = int(sweep.flagged[position]), int(sweep.hits[position])
    precision = f"precision {100 * hits / flagged:.1f} %" if flagged else "no precision"
    recall = f"recall {100 * hits / sweep.positives:.1f} %" if sweep.positives else "no recall"
    return f"{flagged:,} of {sweep.rows:,} rows are flagged, with {precision} and {recall}"


def _even_odds(sweep: _Sweep) -> tuple[float, str, str, bool]:
    position, best = sweep.at(0.5), int(np.argmax(sweep.f1))
    because = (
        f"No costs were given, so each row gets its more probable class: {_consequences(sweep, position)}. "
        f"The highest F1 on these rows would be {sweep.f1[best]:.3f} at {sweep.values[best]:.3f}, against {sweep.f1[position]:.3f}."
    )
    return 0.5, "even odds", because, True


def _by_costs(sweep: _Sweep, costs: tuple[float, float]) -> tuple[float, str, str, bool]:
    miss, alarm = costs
    value = alarm / (alarm + miss)
    position, best, even = sweep.at(value), _middle_of_best(sweep.cost), sweep.at(0.5)
    rows = max(sweep.rows, 1)
    because = (
        f"A miss costs {miss:g} and a false alarm {alarm:g}, so calling a row positive pays above {alarm:g} / ({alarm:g} + {miss:g}) = "
        f"{value:.3f}: {_consequences(sweep, position)}, and a row costs {sweep.cost[position] / rows:.4g} on average "
        f"(at 0.5: {sweep.cost[even] / rows:.4g}; at {sweep.values[best]:.3f}, the best on these rows: {sweep.cost[best] / rows:.4g})."
    )
    return float(value), "costs", because, True


def _by_f1(sweep: _Sweep) -> tuple[float, str, str, bool]:
    best, even = _middle_of_best(-sweep.f1), sweep.at(0.5)
    because = (
        f"No costs were given, so the threshold has the highest F1, {sweep.f1[best]:.3f} on the rows that chose it (at 0.5: "
        f"{sweep.f1[even]:.3f}): {_consequences(sweep, best)}."
    )
    return float(sweep.values[best]), "highest F1", because, True


def _by_rule(serves: str, sweep: _Sweep, y: Array, probability: Array) -> tuple[float, str, str, bool]:
    score = _positive(probability)
    found = choose_rule(serves, y, np.column_stack([1 - score, score]))
    told = f"{found.because} A row is positive above {found.threshold:.3f}: {_consequences(sweep, sweep.at(found.threshold))}."
    return found.threshold, "highest macro-F1" if serves == "macro_f1" else "highest balanced accuracy", told, True


def _middle_of_best(cost: Array) -> int:
    best = np.flatnonzero(cost <= cost.min())
    return int(best[len(best) // 2])


def _within(sweep: _Sweep, min_precision: float | None, min_recall: float | None) -> tuple[float, str, str, bool]:
    """Choose under a minimum recall, a minimum precision, or both; costs then decide among what is allowed."""
    precision, recall = np.nan_to_num(sweep.precision, nan=1.0), sweep.recall
    shortfall = np.maximum((min_precision or 0.0) - precision, 0) + np.maximum((min_recall or 0.0) - recall, 0)
    # A threshold that flags nobody has no precision at all: it does not count as reaching a minimum.
    shortfall[sweep.flagged == 0] = np.inf
    names = [name for name, value in (("recall", min_recall), ("precision", min_precision)) if value is not None]
    least = (("recall", min_recall), ("precision", min_precision))
    asked = " and ".join(f"{name} of at least {100 * value:g} %" for name, value in least if value is not None)
    rule = "minimum " + " and ".join(names)
    if not sweep.positives or not np.isfinite(shortfall).any():
        return 0.5, rule, f"A {asked} was asked for, but no row here is positive, so the threshold stays at 0.5.", False
    allowed = np.flatnonzero(shortfall <= shortfall.min() + 1e-12)
    reached = bool(shortfall.min() <= 1e-12)
    if sweep.costs is not None:
        chosen, rule = int(allowed[_middle_of_best(sweep.cost[allowed])]), "costs within limits" if reached else rule
    elif min_precision is None:
        chosen = int(allowed[0])
    elif min_recall is None:
        chosen = int(allowed[np.flatnonzero(recall[allowed] == recall[allowed].max())[0]])
    else:
        chosen = int(allowed[np.argmax(sweep.f1[allowed])])
    told = f"the threshold {sweep.values[chosen]:.3f}: {_consequences(sweep, chosen)}"
    if reached:
        return float(sweep.values[chosen]), rule, f"A {asked} was asked for, and it is reached by {told}.", True
    return float(sweep.values[chosen]), rule, f"A {asked} was asked for, but no threshold reaches it here; nearest is {told}.", False


def _table(sweep: _Sweep, value: float) -> tuple[ThresholdRow, ...]:
    """Pick thresholds evenly by value and by rank, so that rare positives far below 0.5 are covered as well."""
    by_value = np.linspace(0, 1, TABLE_ROWS // 2)
    positions = np.unique(np.linspace(0, len(sweep.values) - 1, TABLE_ROWS // 2 - 1).round().astype(np.int64))
    wanted = np.unique(np.concatenate([[value, 0.5], by_value, sweep.values[positions]]))
    return tuple(_row(sweep, sweep.at(float(threshold)), float(threshold)) for threshold in wanted)


def _row(sweep: _Sweep, position: int, threshold: float) -> ThresholdRow:
    flagged, hits = int(sweep.flagged[position]), int(sweep.hits[position])
    false_alarms, misses = flagged - hits, sweep.positives - hits
    return ThresholdRow(
        threshold, flagged, hits, false_alarms, misses, sweep.rows - flagged - misses,
        hits / flagged if flagged else None, hits / sweep.positives if sweep.positives else None,
        2 * hits / (flagged + sweep.positives) if flagged + sweep.positives else None,
        float(sweep.cost[position]) if sweep.costs is not None else None,
    )
