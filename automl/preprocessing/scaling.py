"""Robust scaling with smooth clipping: numbers become comparable and outliers lose their power, not their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST = 3e38  # what float32 still holds; also keeps differences of float64 values finite
SMALLEST_SPREAD = 1e-150  # a smaller spread cannot be inverted without overflow
LEVELS = 64  # no value counts more than the rows of so many would each, if they were equally common
LEAST_CUT = 1e-9  # of the whole range
FAR = 1e6  # beyond it the clipped value is 3 in float32 anyway, and its square stays finite


def finite(values: Floats) -> Floats:
    """Return a copy in which infinite values are missing and the rest fits into float32.

    Example:
        >>> finite(np.array([1.0, np.inf, -1e300])).tolist()
        [1.0, nan, -3e+38]
    """
    return np.clip(np.where(np.isinf(values), np.nan, values), -LARGEST, LARGEST)


def robust_scale(values: Floats) -> tuple[float, float]:
    """Return centre and factor of a column: the median, and one over the interquartile range.

    Where the middle half of the values is all the same, the factor is two over the whole range; a constant column gets 0. Source: RealMLP
    (Holzmüller et al., 2024, arXiv:2407.04491), section B. That range may hide how the values differ that are not the common one: gains,
    mostly 0, of which 5,000 and 7,000 mean different things and the largest is 100,000, would be 0.04 apart. Here it is cut to twice the
    range between the quartiles of :func:`balanced_quantiles`, or to their distance from the centre where that is more: values far from
    the common one must not all be clipped to the same.

    Args:
        values: One column without infinite values; NaN is missing, (rows,).

    Returns:
        Centre and factor; (0, 0) where nothing is known.

    Example:
        >>> robust_scale(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
        (2.0, 0.5)
        >>> robust_scale(np.array([7.0, 7.0, 7.0, 7.0, 7.0, 11.0]))
        (7.0, 0.5)
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return 0.0, 0.0
    low, centre, high = (float(value) for value in np.quantile(known, [0.25, 0.5, 0.75]))
    # Differences of the size of the rounding error are noise: 0.1 + 0.2 is not a different value than 0.3.
    noise = max(4 * np.finfo(np.float64).eps * max(abs(low), abs(high)), SMALLEST_SPREAD)
    if high - low > noise:
        return centre, 1.0 / (high - low)
    spread = float(known.max()) - float(known.min())
    low, high = balanced_quantiles(known, np.array([0.25, 0.75])).tolist()
    cut = max(2.0 * (high - low), abs(low - centre), abs(high - centre))
    if cut > LEAST_CUT * spread:  # less is what differences of equal numbers leave behind
        spread = min(spread, cut)
    return centre, 2.0 / spread if spread > noise else 0.0


def balanced_quantiles(values: NDArray[np.floating], shares: NDArray[np.float64]) -> Floats:
    """Return quantiles for which no value counts more than a 64th of the rows so counted, however many rows share it.

    With fewer than 64 different values all count alike.

    Args:
        values: Without missing values, at least one, (rows,).
        shares: Of the rows below, each between 0 and 1, (quantiles,).

    Returns:
        The quantiles, (quantiles,); those of `np.quantile` where all values differ.

    Example:
        >>> balanced_quantiles(np.array([0.0] * 900 + [*range(1, 101)]), np.array([0.25, 0.5, 0.75])).round().tolist()
        [25.0, 50.0, 75.0]
    """
    distinct, counts = np.unique(values.astype(np.float64), return_counts=True)
    descending = np.sort(counts)[::-1]
    most = min(len(counts), LEVELS)
    left = counts.sum() - np.concatenate([[0], np.cumsum(descending)[: most - 1]])  # rows of all but the most common values
    caps = left / np.arange(LEVELS, LEVELS - most, -1)
    fitting = np.flatnonzero(descending[:most] <= caps)
    weights = np.minimum(counts, caps[fitting[0]] if len(fitting) else descending[-1])
    place = np.cumsum(weights) - weights / 2
    return np.interp(shares, (place - place[0]) / max(place[-1] - place[0], 1e-12), distinct)


@dataclass(frozen=True)
class Scaling:
    """Centre, factor and clipping of every column of a matrix.

    Attributes:
        centre: (columns,).
        factor: (columns,).
        clipped: 1 where the smooth clip applies, 0 where the scaled value stays as it is, (columns,).

    Example:
        >>> Scaling(np.zeros(1), np.ones(1), np.ones(1)).apply(np.array([[0.0], [1000.0], [np.nan]])).ravel().round(3).tolist()
        [0.0, 3.0, 0.0]
    """

    centre: Floats
    factor: Floats
    clipped: Floats

    def apply(self, values: Floats) -> Floats:
        """Return x / sqrt(1 + (x / 3)²) of the scaled values, within ±3; missing becomes 0.

        Args:
            values: Finite or NaN, (rows, columns).

        Returns:
            A new array of the same shape.
        """
        scaled = values - self.centre
        scaled *= self.factor
        np.clip(scaled, -FAR, FAR, out=scaled)
        bend = scaled * (self.clipped / 3.0)
        bend *= bend
        bend += 1.0
        scaled /= np.sqrt(bend, out=bend)
        scaled[np.isnan(scaled)] = 0.0
        return scaled
