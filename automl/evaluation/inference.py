"""95 % intervals and paired tests, all analytic: nothing here resamples rows, so 20,000 rows cost milliseconds.

A mean of skewed losses (log-losses of rare events, squared errors) is what Student's interval gets wrong: at 100 rows it misses
the truth three times too often on the upper side. Hall's (1992) transformation of the t statistic removes the skewness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from automl.metrics import Array, wilson

LEVEL = 0.95
CROSS_FITTED_REACH = 1.15


def mean_interval(values: Array, cautious: bool = False) -> tuple[float, float]:
    """Return the 95 % interval of a mean by Hall's monotone cubic transformation of t.

    Args:
        values: (rows,).
        cautious: Also cover Student's interval: for differences, whose skewness is itself poorly known.

    Returns:
        Low and high; nan below two rows.

    Example:
        >>> low, high = mean_interval(np.array([1.0, 2.0, 3.0, 10.0] * 5))
        >>> round(low, 1), round(high, 1)
        (2.5, 6.1)
    """
    rows = len(values)
    if rows < 2:
        return float("nan"), float("nan")
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(rows))
    reach = float(stats.t.ppf(0.5 + LEVEL / 2, rows - 1))
    slope = _skewness(values) / np.sqrt(rows)
    low, high = mean - error * _hall_inverse(reach, slope), mean - error * _hall_inverse(-reach, slope)
    if cautious:
        low, high = min(low, mean - reach * error), max(high, mean + reach * error)
    return low, high


def widened(value: float, low: float, high: float) -> tuple[float, float]:
    """Return the interval of a cross-fitted score with its reach made longer.

    Rows that judge models which learnt from each other's folds are not independent: an unlucky table moves the errors of all of them
    together, and intervals that count rows alone hold the truth too rarely (Bates, Hastie and Tibshirani, 2021, arXiv:2104.00673, who
    see factors from 1.0 to 1.5 on small tables). Nested cross-validation would measure the factor at many times the training; the one
    taken here is what `benchmarks/verdicts.py` shows on 300 rows, so that it is cautious on more.

    Example:
        >>> [round(end, 3) for end in widened(0.5, 0.4, 0.6)]
        [0.385, 0.615]
    """
    return value - CROSS_FITTED_REACH * (value - low), value + CROSS_FITTED_REACH * (high - value)


def mean_p_value(values: Array) -> float:
    """Test in two directions that the mean is 0: the larger p value of Student's t and Hall's transformed t.

    Never below 2 / 2^rows, the least that flipping signs can give: a few equal differences prove nothing.

    Example:
        >>> mean_p_value(np.array([0.1, -0.1, 0.2, -0.2])) > 0.9
        True
    """
    rows = len(values)
    if rows < 2:
        return float("nan")
    mean, error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(rows))
    least = 2.0 ** (1 - min(rows, 1000))
    if error == 0:
        return 1.0 if mean == 0 else least
    t, slope = mean / error, _skewness(values) / np.sqrt(rows)
    transformed = t + slope * t**2 / 3 + slope**2 * t**3 / 27 + slope / 6
    return float(max(least, *(2 * stats.t.sf(abs(value), rows - 1) for value in (t, transformed))))


def _skewness(values: Array) -> float:
    centred = values - values.mean()
    variance = float(np.mean(centred**2))
    return float(np.mean(centred**3) / variance**1.5) if variance > 0 else 0.0


def _hall_inverse(x: float, slope: float) -> float:
    if abs(slope) < 1e-8:
        return x
    return float(3 / slope * (np.cbrt(1 + slope * (x - slope / 6)) - 1))


def mean_of_intervals(values: Array, low: Array, high: Array, dependence: float = 1.0) -> tuple[float, float]:
    """Return the interval of a mean of estimates between 0 and 1 from their own intervals (MOVER; Zou and Donner, 2008).

    Args:
        values: The estimates.
        low: Their lower ends.
        high: Their upper ends.
        dependence: Factor on the reach, 1 for independent estimates.

    Example:
        >>> mean_of_intervals(np.array([0.5, 0.5]), np.array([0.4, 0.4]), np.array([0.6, 0.6]))[0].__round__(3)
        0.429
    """
    mean, factor = float(np.mean(values)), dependence / len(values)
    down, up = np.sqrt(np.sum((values - low) ** 2)), np.sqrt(np.sum((high - values) ** 2))
    return float(max(0.0, mean - factor * down)), float(min(1.0, mean + factor * up))


def f1_dependence(counts: Array) -> float:
    """Return the standard error of the mean F1 divided by what it would be if the classes' F1 were independent.

    An error is a miss of one class and a false alarm of another, so their F1 fall together. Both errors by the delta method:
    class k's F1 moves with the count of cell (i, j) by (2·1[i = j = k] − F_k (1[i = k] + 1[j = k])) / (rows_k + decided_k).

    Example:
        >>> f1_dependence(np.array([[8, 2], [3, 9]])) > 1
        True
    """
    occurs = np.flatnonzero(counts.sum(axis=1))
    joint, separate = np.zeros(counts.shape), 0.0
    for code in occurs:
        total = counts[code].sum() + counts[:, code].sum()
        f1 = 2 * counts[code, code] / total
        slope = np.zeros(counts.shape)
        slope[code] -= f1 / total
        slope[:, code] -= f1 / total
        slope[code, code] += 2 / total
        joint += slope
        separate += float((counts * slope**2).sum())
    return float(np.sqrt((counts * joint**2).sum() / separate)) if separate > 0 else 1.0


def f1_interval(hits: Array, errors: Array) -> tuple[Array, Array]:
    """Return the interval of F1 from true positives and false positives + false negatives, elementwise.

    Given that a row is a hit or an error, hits are binomial, and F1 = 2J / (1 + J) rises with their share J = hits / (hits +
    errors): Wilson's interval of J, mapped.
    """
    low, high = wilson(hits, hits + errors)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def share_interval(value: float, influence: Array, boundary_rows: int) -> tuple[float, float]:
    """Return the interval of an area between 0 and 1 from the influence of every row, on the logit scale.

    Args:
        value: The area.
        influence: (rows,), mean about 0.
        boundary_rows: Rows of the rarer side: at 0 or 1, where the influence vanishes, the area is treated as a share of them.
    """
    rows = len(influence)
    error = float(influence.std(ddof=1) / np.sqrt(rows)) if rows > 1 else float("nan")
    if not 1e-9 < value < 1 - 1e-9 or not error > 0:
        low, high = wilson(value * boundary_rows, boundary_rows)
        return float(low), float(high)
    reach = stats.norm.ppf(0.5 + LEVEL / 2) * error / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


@dataclass(frozen=True)
class Ranking:
    """Rows sorted by falling score, tied rows in one group; everything that ranking metrics and curves need, computed once."""

    order: Array
    group: Array
    scores: Array
    hits: Array
    alarms: Array
    positive: Array

    @classmethod
    def of(cls, positive: Array, score: Array) -> Ranking:
        """Sort once; `hits` and `alarms` are counts of positives and negatives at or above each distinct score."""
        order = np.argsort(-score, kind="stable")
        ordered = score[order]
        ends = np.append(np.flatnonzero(np.diff(ordered)), len(order) - 1)
        group = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=-1))
        hits = np.cumsum(positive[order])[ends]
        return cls(order, group, ordered[ends], hits, ends + 1 - hits, np.asarray(positive))

    @property
    def positives(self) -> int:
        """How many rows are positive."""
        return int(self.hits[-1])

    @property
    def negatives(self) -> int:
        """How many rows are negative."""
        return int(self.alarms[-1])

    def roc_auc(self) -> tuple[float, Array]:
        """Return the area and the influence of every row: the placements of DeLong et al. (1988)."""
        own_hits, own_alarms = np.diff(self.hits, prepend=0), np.diff(self.alarms, prepend=0)
        below = (self.negatives - self.alarms + own_alarms / 2) / self.negatives
        above = (self.hits - own_hits / 2) / self.positives
        area = float(own_hits @ below / self.positives)
        rows = len(self.order)
        positive = self.positive[self.order]
        sorted_influence = np.where(
            positive, (below[self.group] - area) * rows / self.positives, (above[self.group] - area) * rows / self.negatives
        )
        return area, self._unsort(sorted_influence)

    def pr_auc(self) -> tuple[float, Array]:
        """Return the average precision and the influence of every row (its first-order functional derivative)."""
        rows, own_hits = len(self.order), np.diff(self.hits, prepend=0)
        flagged = self.hits + self.alarms
        precision = self.hits / flagged
        area = float(own_hits @ precision / self.positives)
        # A row lifts, or lowers, the precision at every positive that scores no higher than itself.
        weight = own_hits / flagged
        lift, drop = np.cumsum(weight[::-1])[::-1], np.cumsum((weight * precision)[::-1])[::-1]
        positive = self.positive[self.order].astype(np.float64)
        group, share = self.group, self.positives / rows
        sorted_influence = (positive * (precision[group] + lift[group] - area) - drop[group]) / share
        return area, self._unsort(sorted_influence)

    def _unsort(self, values: Array) -> Array:
        result = np.empty(len(values))
        result[self.order] = values
        return result


def calibration_interval(index: Array, residual: Array, value: float, resamples: int, seed: int) -> tuple[float, float]:
    """Return the interval of a binned calibration error.

    Noise alone makes the error of a perfect model positive. How far the measured error lies above the true one is drawn by
    adding noise to each bin's sum of residuals S: for the lower end with the expected noise taken off first (|S|² − Var S), for
    the upper end from S itself; each is the cautious one of the two.

    Args:
        index: Bin of every row.
        residual: Outcome − probability, (rows,).
        value: The calibration error.
        resamples: Draws.
        seed: Of the draws.
    """
    counts = np.bincount(index).astype(np.float64)
    sums, squares = np.bincount(index, weights=residual), np.bincount(index, weights=residual**2)
    variance = np.maximum(squares - sums**2 / counts, 0) * counts / np.maximum(counts - 1, 1)
    noise = np.sqrt(variance) * np.random.default_rng(seed).standard_normal((resamples, len(sums)))
    tail, ends = (1 - LEVEL) / 2, []
    for truth, share in ((np.sqrt(np.maximum(sums**2 - variance, 0)), 1 - tail), (np.abs(sums), tail)):
        excess = (np.abs(truth + noise).sum(axis=1) - truth.sum()) / len(residual)
        ends.append(value - float(np.quantile(excess, share)))
    return max(0.0, ends[0]), max(ends[1], value)
