"""The drift forecast: the line from the first to the last value goes on."""

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


class Drift(ForecastFamily):
    """The last value and the mean change (Hyndman & Athanasopoulos, Forecasting: Principles and Practice, section 5.2)."""

    name = "drift"
    title = "Drift"
    tags = forecasting("naive", rank=1)

    def space(self, hp: Any, spec: Spec) -> None:
        """There is nothing to choose."""

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """There is nothing to learn."""
        return {}

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Return the line that goes on."""
        return about(*by_length(windows, max(10 * windows.horizon, 60), lambda history: drift(history, windows.horizon)))


def drift(history: Array, horizon: int) -> tuple[Array, Array]:
    """Return the last value plus the mean change times the steps ahead, and the standard deviation of such a forecast.

    Args:
        history: (windows, n) without gaps.
        horizon: Steps to look ahead.

    Example:
        >>> drift(np.array([[1.0, 2.0, 3.0]]), 2)[0].tolist()
        [[4.0, 5.0]]
    """
    n, steps = history.shape[1], np.arange(1, horizon + 1)
    change = np.diff(history, axis=1)
    slope = change.mean(axis=1) if n > 1 else np.zeros(len(history))
    sigma = change.std(axis=1) if n > 2 else np.abs(history[:, -1]) * 0.1
    sigma = np.maximum(sigma, 1e-3 * np.abs(history).mean(axis=1))
    return history[:, -1:] + slope[:, None] * steps, sigma[:, None] * np.sqrt(steps * (1 + steps / max(n - 1, 1)))
