"""Exponential smoothing of many series with many parameters at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class States:
    """Where smoothing ended: level and trend (windows, parameters), season (windows, parameters, m) with the next step's first."""

    level: Array
    trend: Array
    season: Array
    squares: Array  # sum of the squared errors, (windows, parameters)


def smooth(x: Array, alpha: Array, beta: Array, phi: Array, gamma: Array, level: Array, trend: Array, season: Array) -> States:
    """Run additive exponential smoothing with additive, possibly damped trend and additive season.

    The error form of Hyndman et al. (2008), as in statsmodels' ``ETSModel``: ŷ = l + φb + s, e = y − ŷ, l ← l + φb + αe, b ← φb + βe,
    s ← s + γe.

    Args:
        x: (windows, n) without gaps.
        alpha: Smoothing of the level, (parameters,).
        beta: Smoothing of the trend.
        phi: Damping of the trend; 0 for none.
        gamma: Smoothing of the season; below 0 for none.
        level: First level, (windows,).
        trend: First trend.
        season: First states, (windows, m), the first step's first; m = 1 and zeros for none.

    Returns:
        The last states.
    """
    count, m = len(alpha), season.shape[1]
    b = np.repeat(trend[:, None], count, axis=1) * (phi > 0)
    l = np.repeat(level[:, None], count, axis=1)  # noqa: E741
    s = [np.repeat(season[:, place, None], count, axis=1) * (gamma >= 0) for place in range(m)]
    learn = np.maximum(gamma, 0.0)
    squares = np.zeros_like(l)
    for step in range(x.shape[1]):
        before = l + phi * b
        place = step % m
        error = x[:, step, None] - before - s[place]
        squares += error * error
        l = before + alpha * error  # noqa: E741
        b = phi * b + beta * error
        s[place] = s[place] + learn * error
    shift = x.shape[1] % m
    return States(l, b, np.stack([s[(shift + place) % m] for place in range(m)], axis=2), squares)


def first_states(x: Array, m: int) -> tuple[Array, Array, Array]:
    """Return level, trend and season that smoothing begins with, from the first few seasons.

    Source: section 2.6.1 of Hyndman et al. (2008), without the moving average where there are fewer than two seasons.
    """
    n = x.shape[1]
    if m > 1 and n >= 2 * m:
        rows = min(n // m, 5)
        head = x[:, : rows * m].reshape(len(x), rows, m)
        means = head.mean(axis=2)
        season = (head - means[:, :, None]).mean(axis=1)
        season -= season.mean(axis=1, keepdims=True)
        trend = (means[:, -1] - means[:, 0]) / ((rows - 1) * m)
        return means[:, 0] - trend * (m - 1) / 2 - trend, trend, season
    head = x[:, : min(n, 10)]
    k = head.shape[1]
    if k < 2:
        return head[:, 0], np.zeros(len(x)), np.zeros((len(x), 1))
    place = np.arange(1, k + 1) - (k + 1) / 2
    trend = head @ place / (place @ place)
    return head.mean(axis=1) - trend * (k + 1) / 2, trend, np.zeros((len(x), 1))
