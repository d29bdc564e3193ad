"""Intervals that hold: quantiles are stretched about the median until they hold on the backtest, by horizon.

Conformalised quantile regression (Romano et al., 2019, arXiv:1905.03222) with a multiplicative score: how many of its own half-widths a
value lies above (or below) the median. Its quantile over the backtest is the factor by which the half-width is multiplied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.forecasting.measures import MEDIAN, QUANTILES

Array = NDArray[Any]
ROWS = 300  # values that one factor should be measured on; the horizon is cut into as many parts as that allows
PARTS = 8
LEAST, MOST = 0.2, 5.0


@dataclass(frozen=True)
class Correction:
    """Factors for the distance of each quantile from the median.

    Attributes:
        edges: Last step of each part of the horizon, ascending.
        factors: (parts, quantiles); 1 for the median.
    """

    edges: tuple[int, ...]
    factors: tuple[tuple[float, ...], ...]

    def apply(self, quantiles: Array) -> Array:
        """Return corrected quantiles, (windows, horizon, quantiles), ascending."""
        steps = np.arange(quantiles.shape[1])
        part = np.minimum(np.searchsorted(np.asarray(self.edges), steps), len(self.edges) - 1)
        factor = np.asarray(self.factors)[part]
        median = quantiles[..., MEDIAN : MEDIAN + 1]
        return ordered(median + (quantiles - median) * factor[None])

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"edges": list(self.edges), "factors": [list(row) for row in self.factors]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Correction:
        """Rebuild it from :meth:`to_dict`."""
        return cls(tuple(values["edges"]), tuple(tuple(row) for row in values["factors"]))

    @classmethod
    def none(cls, horizon: int) -> Correction:
        """Return the correction that changes nothing."""
        return cls((horizon,), (tuple(1.0 for _ in QUANTILES),))


def ordered(quantiles: Array) -> Array:
    """Return quantiles that do not cross: what lies on the wrong side of a neighbour nearer to the median moves to it."""
    fixed = np.array(quantiles)
    fixed[..., MEDIAN:] = np.maximum.accumulate(fixed[..., MEDIAN:], axis=-1)
    fixed[..., : MEDIAN + 1] = np.minimum.accumulate(fixed[..., : MEDIAN + 1][..., ::-1], axis=-1)[..., ::-1]
    return fixed


def correct(truth: Array, quantiles: Array) -> Correction:
    """Measure the factors on backtest windows.

    Args:
        truth: (windows, horizon), NaN where nothing is known.
        quantiles: (windows, horizon, quantiles).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> truth, quantiles = rng.normal(size=(500, 2)), np.tile(np.linspace(-0.5, 0.5, 9), (500, 2, 1))
        >>> low, high = correct(truth, quantiles).apply(quantiles)[0, 0, [0, -1]]
        >>> bool(-1.5 < low < -1.1 and 1.1 < high < 1.5)
        True
    """
    horizon = truth.shape[1]
    known = int((~np.isnan(truth)).sum())
    parts = int(np.clip(known // ROWS, 1, min(PARTS, horizon)))
    edges = np.unique(np.ceil(np.linspace(0, horizon, parts + 1))[1:].astype(int) - 1)
    factors, start = [], 0
    for edge in edges:
        factors.append(_factors(truth[:, start : edge + 1], quantiles[:, start : edge + 1]))
        start = int(edge) + 1
    return Correction(tuple(int(edge) for edge in edges), tuple(factors))


def _factors(truth: Array, quantiles: Array) -> tuple[float, ...]:
    known = ~np.isnan(truth)
    y, q = truth[known], quantiles[known]
    if len(y) < 20:
        return tuple(1.0 for _ in QUANTILES)
    median = q[:, MEDIAN]
    tiny = 1e-9 * max(float(np.abs(y).mean()), 1e-12)
    factors = []
    for place, level in enumerate(QUANTILES):
        if place == MEDIAN:
            factors.append(1.0)
            continue
        upper = place > MEDIAN
        width = np.maximum((q[:, place] - median) if upper else (median - q[:, place]), tiny)
        score = ((y - median) if upper else (median - y)) / width
        wanted = level if upper else 1.0 - level
        found = float(np.quantile(score, min(wanted * (len(y) + 1) / len(y), 1.0)))
        factors.append(float(np.clip(found, LEAST, MOST)))
    return tuple(factors)
