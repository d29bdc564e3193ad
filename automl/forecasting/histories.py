"""Histories of many windows as blocks without gaps, for models that are fitted to each series on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.forecasting.world import Windows

Array = NDArray[Any]
GROUPS = 40  # lengths are rounded down to so many of them, so that many windows share a block
LEAST_SEASONS, LEAST_STEPS, MOST_STEPS = 12, 120, 1_500


def length_for(season: int, horizon: int) -> int:
    """Return how many steps of the past a model of one series looks at."""
    return int(np.clip(max(LEAST_SEASONS * season, 4 * horizon), LEAST_STEPS, max(MOST_STEPS, 3 * season)))


def by_length(windows: Windows, steps: int, forecast: Callable[[Array], tuple[Array, Array]]) -> tuple[Array, Array]:
    """Forecast windows in blocks of one length of history.

    Args:
        windows: What to forecast.
        steps: The longest history that is looked at.
        forecast: Maps histories (windows, n) without gaps to medians and standard deviations, both (windows, horizon).

    Returns:
        Medians and standard deviations, (windows, horizon); a window without any history gets 0 and 1.
    """
    steps = int(min(steps, windows.origin.max(initial=1)))
    history = windows.history(max(steps, 1))
    there = ~np.isnan(history)
    lengths = np.where(there.any(axis=1), history.shape[1] - there.argmax(axis=1), 0)
    step = max(steps // GROUPS, 1)
    rounded = np.where(lengths > step, lengths // step * step, lengths)
    median, spread = np.zeros((len(windows), windows.horizon)), np.ones((len(windows), windows.horizon))
    for length in np.unique(rounded[rounded > 0]):
        chosen = np.flatnonzero(rounded == length)
        median[chosen], spread[chosen] = forecast(history[chosen, history.shape[1] - length :])
    return median, spread
