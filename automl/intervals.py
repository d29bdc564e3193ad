"""Conformal prediction intervals for numbers, from out-of-fold residuals.

The width is calibrated so that the asked share of new targets falls inside, whatever the residuals' distribution (split
conformal, Vovk et al., 2005; CV+, Barber et al., 2021). Whether the width follows the prediction, and whether the two sides
differ, is chosen by the cross-validated interval score.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from automl.decisions import DecisionLog
from automl.errors import UsageError
from automl.metrics import Array, clopper_pearson
from automl.percents import percent

GATE = 1.0  # standard errors of the paired interval scores by which a richer shape must win
BIN_ROWS = 50
MOST_BINS = 40
MOST_ROWS = 20_000  # rows that one fit looks at: the share inside is then known to 0.2 %
SCALE_FOLDS = 5
QUANTILE_NOISE = 1.5  # variance of the logarithm of a bin's spread, times its rows: 0.8 for normal residuals, 1.9 for Student's t(3)


@dataclass(frozen=True)
class Scale:
    """The spread of the residuals as a piecewise linear function of the prediction; flat beyond the outer knots."""

    knots: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()

    def at(self, prediction: Array) -> Array:
        """Return the spread at predictions, (rows,); 1 everywhere without knots."""
        if not self.knots:
            return np.ones(len(prediction))
        return np.asarray(np.interp(prediction, self.knots, self.spreads))


@dataclass(frozen=True)
class Intervals:
    """Prediction intervals and how often they were right.

    Attributes:
        coverage: The share of targets that should fall inside.
        shape: "constant" or "varying", and "symmetric" or "two-sided", such as "varying, two-sided".
        below: How far the interval reaches below the prediction, in spreads.
        above: How far above.
        scale: The spread as a function of the prediction.
        lowest: No lower end below this (0 where no target was negative), or None.
        highest: No upper end above this (0 where no target was positive), or None.
        measured: Cross-fitted share of rows inside; None with too few rows.
        measured_low: Clopper–Pearson 95 % interval of `measured`, lower end.
        measured_high: Its upper end.
        rows: The rows behind it.
        mean_width: Mean width on these rows.
        because: Why this shape, in one sentence.
    """

    coverage: float
    shape: str
    below: float
    above: float
    scale: Scale
    lowest: float | None
    highest: float | None
    measured: float | None
    measured_low: float | None
    measured_high: float | None
    rows: int
    mean_width: float
    because: str

    def apply(self, prediction: Array) -> tuple[Array, Array]:
        """Return lower and upper ends, each float64 (rows,), for predictions (rows,) or (rows, 1)."""
        centre = _flat(prediction)
        spread = self.scale.at(centre)
        lower, upper = centre - self.below * spread, centre + self.above * spread
        if self.lowest is not None:
            lower, upper = np.maximum(lower, self.lowest), np.maximum(upper, self.lowest)
        if self.highest is not None:
            lower, upper = np.minimum(lower, self.highest), np.minimum(upper, self.highest)
        return lower, upper

    def to_dict(self) -> dict[str, Any]:
        """Return the intervals as JSON-ready values."""
        return {**asdict(self), "scale": {"knots": list(self.scale.knots), "spreads": list(self.scale.spreads)}}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Intervals:
        """Rebuild intervals from :meth:`to_dict`."""
        scale = Scale(tuple(values["scale"]["knots"]), tuple(values["scale"]["spreads"]))
        return cls(**{**values, "scale": scale})


def cross_fitted_intervals(
    y: Array, prediction: Array, *, coverage: float = 0.9, fold: Array | None = None, folds: int = 5, seed: int = 0,
    log: DecisionLog | None = None,
) -> tuple[Intervals, Array, Array]:
    """Fit prediction intervals on predictions of rows that the model has not seen, and the ends of each row on the other folds.

    Args:
        y: Targets, (rows,).
        prediction: Out-of-fold or holdout predictions, (rows,) or (rows, 1).
        coverage: Share of new targets that should fall inside.
        fold: Part of every row for choosing the shape and measuring the coverage, (rows,): that of earlier cross-fitted choices.
            None, or a single part, draws some.
        folds: How many to draw.
        seed: Of the drawn parts.
        log: Where the decision is recorded.

    Returns:
        The :class:`Intervals`, and cross-fitted lower and upper ends, each (rows,): ready for ``evaluate(..., intervals=…)``.
        Fewer than about 1 / (1 − coverage) rows cannot support the coverage; `because` says so.

    Raises:
        UsageError: The coverage is not between 0 and 1, or there is no row.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> prediction = rng.normal(size=3000)
        >>> intervals, lower, upper = cross_fitted_intervals(prediction + rng.normal(size=3000), prediction)
        >>> round(intervals.mean_width / 2, 1), 0.88 < intervals.measured < 0.92
        (1.7, True)
    """
    coverage = checked_coverage(coverage)
    y, centre = np.asarray(y, dtype=np.float64), _flat(prediction)
    if not len(y):
        raise UsageError("Prediction intervals need at least one row with a known target. Received none.")
    if fold is None or len(np.unique(fold)) < 2:
        fold = np.random.default_rng(seed).permutation(np.arange(len(y)) % max(2, folds))
    shapes = _shapes(len(y))
    ends = {shape: _cross_fit(y, centre, fold, coverage, shape) for shape in shapes}
    shape, because = _choose(y, ends, coverage)
    lower, upper = ends[shape]
    if len(y) >= 10:
        inside = int(((y >= lower) & (y <= upper)).sum())
        measured: tuple[float | None, ...] = (inside / len(y), *clopper_pearson(inside, len(y)))
    else:
        measured, because = (None, None, None), "Fewer than 10 rows: the coverage cannot be measured."
    if np.ceil((len(y) + 1) * coverage) > len(y):
        because += f" {len(y)} rows are too few for {percent(coverage)}: the interval reaches as far as the largest residual."
    final = _fit(y, centre, coverage, shape)
    fitted = final.apply(centre)
    result = replace(
        final, measured=measured[0], measured_low=measured[1], measured_high=measured[2],
        mean_width=float(np.mean(fitted[1] - fitted[0])), because=because,
    )
    if log is not None:
        others = [other for other in shapes if other != shape]
        log.add("calibrate", "prediction intervals", f"{percent(coverage)}, {shape}", because, others)
    return result, lower, upper


def checked_coverage(coverage: Any) -> float:
    """Return a share between 0 and 1.

    Raises:
        UsageError: If it is none.

    Example:
        >>> checked_coverage(0.9)
        0.9
    """
    if isinstance(coverage, bool) or not isinstance(coverage, (int, float, np.number)) or not 0 < coverage < 1:
        percent = isinstance(coverage, (int, float, np.number)) and 1 < coverage < 100
        hint = f" Did you mean {coverage / 100:g}?" if percent else " Give 0.9, for example."
        raise UsageError(f"`coverage` must lie between 0 and 1. Received coverage={coverage!r}.{hint}")
    return float(coverage)


def _flat(prediction: Array) -> Array:
    values = np.asarray(prediction, dtype=np.float64)
    return np.asarray(values[:, 0] if values.ndim == 2 else values)


def _shapes(rows: int) -> tuple[str, ...]:
    """Simplest first; two tails need twice the rows of one, a scale needs several bins."""
    shapes = ["constant, symmetric"]
    if rows >= 100:
        shapes += ["constant, two-sided"]
    if rows >= 4 * BIN_ROWS:
        shapes += ["varying, symmetric", "varying, two-sided"]
    return tuple(shapes)


def _cross_fit(y: Array, centre: Array, fold: Array, coverage: float, shape: str) -> tuple[Array, Array]:
    lower, upper = np.empty(len(y)), np.empty(len(y))
    for part in np.unique(fold):
        inside = fold == part
        others = ~inside if not inside.all() else inside
        lower[inside], upper[inside] = _fit(y[others], centre[others], coverage, shape).apply(centre[inside])
    return lower, upper


def _fit(y: Array, centre: Array, coverage: float, shape: str) -> Intervals:
    lowest, highest = 0.0 if (y >= 0).all() else None, 0.0 if (y <= 0).all() and (y < 0).any() else None
    step = -(-len(y) // MOST_ROWS)
    y, centre = y[::step], centre[::step]
    residual = y - centre
    scores, scale = _normalised(residual, centre, coverage) if shape.startswith("varying") else (residual, Scale())
    if shape.endswith("two-sided"):
        # Half of what may fall outside, falls outside on either side.
        share = 1 - (1 - coverage) / 2
        below, above = _conformal(-scores, share), _conformal(scores, share)
    else:
        below = above = _conformal(np.abs(scores), coverage)
    return Intervals(coverage, shape, below, above, scale, lowest, highest, None, None, None, len(y), 0.0, "")


def _normalised(residual: Array, centre: Array, coverage: float) -> tuple[Array, Scale]:
    """Return residuals in spreads, and the spread as a function of the prediction."""
    bins = int(np.clip(len(residual) // BIN_ROWS, 1, MOST_BINS))
    scale, scores = _scale(residual, centre, coverage, bins), np.empty(len(residual))
    part = np.arange(len(residual)) % SCALE_FOLDS
    for number in range(SCALE_FOLDS):
        # Scores of the rows that shaped a scale would be too small, so each part is measured with the scale of the others.
        inside = part == number
        other = _scale(residual[~inside], centre[~inside], coverage, bins)
        if not (scale.knots and other.knots):
            return residual, Scale()
        scores[inside] = residual[inside] / other.at(centre[inside])
    return scores, scale


def _conformal(scores: Array, share: float) -> float:
    """Return the ⌈(n + 1)·share⌉-th smallest score: at least `share` of new scores lie at or below it."""
    rank = min(int(np.ceil((len(scores) + 1) * share - 1e-9)), len(scores))
    return float(np.partition(scores, rank - 1)[rank - 1])


def _scale(residual: Array, centre: Array, coverage: float, bins: int) -> Scale:
    """Measure the spread in bins of equal size by prediction, shrink it to the common spread, smooth it, and join it by lines.

    Shrinkage is empirical Bayes on logarithms: bins that differ by no more than their noise end at the same spread.
    """
    size = np.abs(residual)
    overall = float(np.quantile(size, coverage))
    if bins < 2 or overall <= 0:
        return Scale()
    parts = np.array_split(np.argsort(centre, kind="stable"), bins)
    knots = np.array([centre[part].mean() for part in parts])
    counts = np.array([len(part) for part in parts], dtype=np.float64)
    local = np.log(np.maximum([np.quantile(size[part], coverage) for part in parts], overall * 1e-3))
    noise = QUANTILE_NOISE / counts
    signal = max(float(np.var(local) - noise.mean()), 0.0)
    common = float(np.average(local, weights=counts))
    shrunk = common + (local - common) * signal / (signal + noise)
    padded = np.concatenate([shrunk[:1], shrunk, shrunk[-1:]])
    spreads = np.exp(padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4)
    distinct = np.concatenate([[True], np.diff(knots) > 0])
    return Scale(tuple(float(knot) for knot in knots[distinct]), tuple(float(spread) for spread in spreads[distinct]))


def _choose(y: Array, ends: dict[str, tuple[Array, Array]], coverage: float) -> tuple[str, str]:
    """Choose by the interval score, width + 2/α · distance outside (Gneiting and Raftery, 2007): smaller is better."""
    penalty = 2 / (1 - coverage)
    scores = {
        shape: upper - lower + penalty * (np.maximum(lower - y, 0) + np.maximum(y - upper, 0)) for shape, (lower, upper) in ends.items()
    }
    names = list(scores)
    current = names[0]
    for name in names[1:]:
        gain = scores[current] - scores[name]
        if gain.mean() > GATE * gain.std() / np.sqrt(len(gain)):
            current = name
    told = ", ".join(f"{name}: {scores[name].mean():.4g}" for name in names)
    return current, f"Cross-validated interval score (smaller is better) on {len(y):,} rows: {told}."
