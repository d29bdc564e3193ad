"""The theta method: simple exponential smoothing of the seasonally adjusted series, and half of its trend."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families.base import Config
from automl.forecasting.base import ForecastFamily, Payload, WindowData, about, forecasting
from automl.forecasting.families._smoothing import smooth
from automl.forecasting.histories import by_length, length_for
from automl.forecasting.world import Windows
from automl.preprocessing.base import Spec

Array = NDArray[Any]
ALPHAS = np.linspace(0.01, 0.99, 50)
LEVEL = 1.645  # of the test for a season, as in the M4 competition: 90 %


class Theta(ForecastFamily):
    """The theta method (Assimakopoulos & Nikolopoulos, 2000) with θ = 2, in the form of Hyndman & Billah (2003).

    Seasonal adjustment is multiplicative where all values are above 0, else additive, and only where a test finds a season, as in the
    M-competitions. As statsmodels' ``ThetaModel`` with ``use_mle=False``; the smoothing parameter comes from a grid.
    """

    name = "theta"
    title = "Theta"
    tags = forecasting("linear", rank=1)

    def space(self, hp: Any, spec: Spec) -> None:
        """There is nothing to choose."""

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Series are fitted when they are forecast, so that new observations count at once."""
        return {}

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Fit every history on its own and let it go on."""
        season, horizon = max(windows.world.rules.seasons, default=1), windows.horizon
        multiply = windows.world.rules.lower is not None and not windows.world.rules.scale.bends
        steps = length_for(season, horizon)
        return about(*by_length(windows, steps, lambda history: theta(history, season, horizon, multiply)))


def theta(history: Array, season: int, horizon: int, multiply: bool = True) -> tuple[Array, Array]:
    """Return medians and standard deviations, (windows, horizon).

    Args:
        history: (windows, n) without gaps.
        season: Steps of a season, 1 for none.
        horizon: Steps to look ahead.
        multiply: Whether series above 0 are adjusted by factors.
    """
    n = history.shape[1]
    if n < 4:
        spread = np.maximum(history.std(axis=1), 0.05 * np.abs(history).mean(axis=1))
        return np.repeat(history[:, -1:], horizon, axis=1), np.repeat(spread[:, None], horizon, axis=1)
    size = np.maximum(np.abs(history).mean(axis=1, keepdims=True), 1e-12)
    x = history / size
    shape, factors = adjustment(x, season, multiply)
    index = np.arange(n) % max(season, 1)
    ahead = (n + np.arange(horizon)) % max(season, 1)
    adjusted = np.where(factors[:, None], x / np.where(factors[:, None], shape[:, index], 1.0), x - shape[:, index])
    time = np.arange(n) - (n - 1) / 2
    slope = adjusted @ time / (time @ time)
    level, alpha, squares = _smoothed(adjusted)
    steps = np.arange(1, horizon + 1)
    drift = 0.5 * slope[:, None] * (steps - 1 + (1 - (1 - alpha[:, None]) ** n) / alpha[:, None])
    median = level[:, None] + drift
    sigma = np.sqrt(np.maximum(squares / max(n - 1, 1), 1e-8))[:, None] * np.sqrt(1 + (steps - 1) * alpha[:, None] ** 2)
    season_ahead = shape[:, ahead]
    median = np.where(factors[:, None], median * season_ahead, median + season_ahead)
    sigma = np.where(factors[:, None], sigma * np.abs(season_ahead), sigma)
    return median * size, sigma * size


def _smoothed(x: Array) -> tuple[Array, Array, Array]:
    """Return last level, α and squared errors of the best simple exponential smoothing of each series; the grid is refined once."""
    zeros = np.zeros(len(x))

    def run(alphas: Array) -> tuple[Array, Array]:
        ended = smooth(x, alphas, alphas * 0, alphas * 0, alphas * 0 - 1, x[:, 0], zeros, np.zeros((len(x), 1)))
        return ended.level, ended.squares

    best = ALPHAS[np.argmin(run(ALPHAS)[1], axis=1)]
    alphas = np.unique(np.clip(np.add.outer(np.unique(best), np.linspace(-0.02, 0.02, 5)).ravel(), 1e-3, 0.9999))
    levels, squares = run(alphas)
    chosen, rows = np.argmin(squares, axis=1), np.arange(len(x))
    return levels[rows, chosen], alphas[chosen], squares[rows, chosen]


def adjustment(x: Array, season: int, multiply: bool) -> tuple[Array, NDArray[np.bool_]]:
    """Return the seasonal shape of each series (windows, season), its first step first, and whether it multiplies.

    The classical decomposition with a centred moving average; a series in which the test finds no season gets zeros.
    """
    n = x.shape[1]
    empty = np.zeros((len(x), max(season, 1))), np.zeros(len(x), bool)
    if season < 2 or n < 2 * season + 1:
        return empty
    seasonal = has_season(x, season)
    positive = (x.min(axis=1) > 1e-6) & multiply
    weights = np.ones(season) if season % 2 else np.concatenate([[0.5], np.ones(season - 1), [0.5]])
    half = len(weights) // 2
    sums = np.apply_along_axis(lambda row: np.convolve(row, weights / season, "valid"), 1, x)
    inside = x[:, half : half + sums.shape[1]]
    ratio = np.where(positive[:, None], inside / np.where(positive[:, None], sums, 1.0), inside - sums)
    place = (np.arange(sums.shape[1]) + half) % season
    shape = np.stack([ratio[:, place == step].mean(axis=1) for step in range(season)], axis=1)
    mean = shape.mean(axis=1, keepdims=True)
    shape = np.where(positive[:, None], shape / np.where(positive[:, None], mean, 1.0), shape - mean)
    shape = np.where(positive[:, None], np.maximum(shape, 1e-3), shape)
    shape[~seasonal] = 0.0
    return shape, positive & seasonal


def has_season(x: Array, season: int) -> NDArray[np.bool_]:
    """Return whether the autocorrelation at the season is beyond chance, (windows,); the test of the M-competitions.

    Example:
        >>> has_season(np.tile([1.0, 5.0, 2.0, 8.0], (1, 12)), 4).tolist()
        [True]
    """
    n = x.shape[1]
    centred = x - x.mean(axis=1, keepdims=True)
    square = np.maximum((centred**2).sum(axis=1), 1e-12)
    earlier = np.zeros(len(x))
    for lag in range(1, season):
        earlier += ((centred[:, lag:] * centred[:, :-lag]).sum(axis=1) / square) ** 2
    there = (centred[:, season:] * centred[:, :-season]).sum(axis=1) / square
    return np.asarray(np.abs(there) > LEVEL * np.sqrt((1 + 2 * earlier) / n))
