"""How good forecasts are: quantile loss, scaled and percentage errors, coverage; by horizon and by series."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
QUANTILES: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MEDIAN = QUANTILES.index(0.5)


def pinball(truth: Array, quantiles: Array, levels: tuple[float, ...] = QUANTILES) -> Array:
    """Return the quantile loss, (windows, horizon, quantiles); NaN where the truth is not known.

    Args:
        truth: (windows, horizon).
        quantiles: (windows, horizon, quantiles).
        levels: The quantiles' levels.

    Example:
        >>> pinball(np.array([[3.0]]), np.array([[[1.0]]]), (0.9,)).tolist()
        [[[1.8]]]
    """
    error = truth[..., None] - quantiles
    level = np.asarray(levels)
    return np.asarray(np.maximum(level * error, (level - 1.0) * error))


def weighted_quantile_loss(truth: Array, quantiles: Array) -> float:
    """Return the WQL: twice the sum of the quantile losses over the sum of the absolute values, mean over the quantiles.

    Source: as in Salinas et al., 2020, arXiv:1704.04110, and AutoGluon-TimeSeries.

    Example:
        >>> weighted_quantile_loss(np.array([[2.0, 2.0]]), np.full((1, 2, 9), 2.0))
        0.0
    """
    total = float(np.nansum(np.abs(truth)))
    return float(2.0 * np.nansum(pinball(truth, quantiles)) / len(QUANTILES) / total) if total > 0 else _mean(pinball(truth, quantiles))


def stretches(windows: int, horizon: int) -> tuple[Array, int]:
    """Return what is drawn anew for intervals: windows where they are many, else stretches of steps of them.

    Returns:
        The number of what each step belongs to, (windows, horizon), and how many there are.

    Example:
        >>> stretches(1, 3)[0].tolist(), stretches(20, 3)[1]
        ([[0, 1, 2]], 20)
    """
    if windows >= 12:
        return np.repeat(np.arange(windows)[:, None], horizon, axis=1), windows
    block = np.arange(horizon) // max(horizon // 12, 1)
    each = int(block.max()) + 1
    return np.arange(windows)[:, None] * each + block[None, :], windows * each


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def smape(truth: Array, forecast: Array) -> Array:
    """Return the symmetric percentage error of each step, 200·|y − f| / (|y| + |f|); 0 where both are 0.

    Example:
        >>> smape(np.array([100.0]), np.array([50.0])).round(2).tolist()
        [66.67]
    """
    size = np.abs(truth) + np.abs(forecast)
    return np.asarray(200.0 * np.abs(truth - forecast) / np.where(size > 0, size, 1.0))


def naive_errors(y: Array, season: int) -> tuple[Array, Array]:
    """Return mean absolute and root mean squared error of the seasonal naive within each history, what MASE and RMSSE divide by.

    Args:
        y: Histories (windows, steps), NaN where nothing is known.
        season: Steps of a season, 1 for none.

    Returns:
        Two arrays (windows,); NaN where a history is shorter than a season or never changes.
    """
    if y.shape[1] <= season:
        return np.full(len(y), np.nan), np.full(len(y), np.nan)
    change = y[:, season:] - y[:, :-season]
    known = ~np.isnan(change)
    count = np.maximum(known.sum(axis=1), 1)
    absolute = np.where(known, np.abs(change), 0.0).sum(axis=1) / count
    square = np.sqrt(np.where(known, change, 0.0).__pow__(2).sum(axis=1) / count)
    return np.where(absolute > 0, absolute, np.nan), np.where(square > 0, square, np.nan)


def scores(truth: Array, quantiles: Array, absolute: Array, square: Array) -> dict[str, float]:
    """Return all measures of forecasts.

    Args:
        truth: (windows, horizon), NaN where nothing is known.
        quantiles: (windows, horizon, quantiles).
        absolute: What MASE divides the errors of each window by, (windows,).
        square: What RMSSE divides them by.
    """
    median = quantiles[..., MEDIAN]
    error = truth - median
    count = (~np.isnan(error)).sum(axis=1)
    return {
        "wql": weighted_quantile_loss(truth, quantiles),
        "mase": _mean(np.abs(error) / absolute[:, None]),
        "rmsse": _mean(np.sqrt(np.nansum(error**2, axis=1) / np.where(count > 0, count, np.nan)) / square),
        "smape": _mean(np.where(np.isnan(truth), np.nan, smape(truth, median))),
        "mae": _mean(np.abs(error)),
        "rmse": float(np.sqrt(_mean(error**2))),
        "coverage": coverage(truth, quantiles),
    }


def coverage(truth: Array, quantiles: Array, low: int = 0, high: int = -1) -> float:
    """Return the share of values between two quantiles, by default those of 10 % and 90 %.

    Example:
        >>> coverage(np.array([[1.0, 5.0]]), np.tile(np.linspace(0, 2, 9), (1, 2, 1)))
        0.5
    """
    known = ~np.isnan(truth)
    if not known.any():
        return float("nan")
    inside = (truth >= quantiles[..., low]) & (truth <= quantiles[..., high])
    return float(inside[known].mean())
