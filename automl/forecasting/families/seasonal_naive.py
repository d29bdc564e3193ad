"""The seasonal naive forecast: what every score is read against."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families.base import Config
from automl.forecasting.base import ForecastFamily, Payload, WindowData, about, forecasting
from automl.forecasting.histories import by_length
from automl.forecasting.world import Windows
from automl.preprocessing.base import Spec

Array = NDArray[Any]


class SeasonalNaive(ForecastFamily):
    """The value of the last season, or the last value where there is none; intervals from the changes between seasons."""

    name = "seasonal_naive"
    title = "Seasonal naive"
    tags = forecasting("naive")

    def space(self, hp: Any, spec: Spec) -> None:
        """There is nothing to choose."""

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """There is nothing to learn."""
        return {}

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Return the last season again and again."""
        season = max(windows.world.rules.seasons, default=1)
        horizon = windows.horizon
        return about(*by_length(windows, max(8 * season, 60), lambda history: seasonal_naive(history, season, horizon)))


def seasonal_naive(history: Array, season: int, horizon: int) -> tuple[Array, Array]:
    """Return the last season again and again, and the standard deviation of such a forecast.

    Args:
        history: (windows, n) without gaps.
        season: Steps of a season; where the history is shorter, the last value is repeated.
        horizon: Steps to look ahead.

    Source: Hyndman & Athanasopoulos, Forecasting: Principles and Practice, sections 5.2 and 5.5.

    Example:
        >>> seasonal_naive(np.array([[1.0, 2.0, 3.0, 4.0]]), 2, 3)[0].tolist()
        [[3.0, 4.0, 3.0]]
    """
    n = history.shape[1]
    season = season if n >= season else 1
    steps = np.arange(horizon)
    median = history[:, n - season + steps % season]
    change = history[:, season:] - history[:, :-season] if n > season else history - history.mean(axis=1, keepdims=True)
    sigma = np.sqrt((change**2).mean(axis=1)) if change.shape[1] else np.zeros(len(history))
    floor = 1e-3 * np.abs(history).mean(axis=1)
    return median, np.maximum(sigma, floor)[:, None] * np.sqrt(steps // season + 1.0)
