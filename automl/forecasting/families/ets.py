"""Exponential smoothing with trend and season: the form of each series is chosen by its own AICc."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families.base import Config
from automl.forecasting.base import ForecastFamily, Payload, WindowData, about, forecasting
from automl.forecasting.families._smoothing import first_states, smooth
from automl.forecasting.histories import by_length, length_for
from automl.forecasting.world import Windows
from automl.preprocessing.base import Spec

Array = NDArray[Any]
CELLS = 3_000_000  # windows × parameters × season that one block may hold
FARTHEST = 0.7  # logarithms that a forecast may lie above all that was ever seen: twice as much
LONGEST_SEASON = 60  # a longer one has more first states than series have seasons


class Ets(ForecastFamily):
    """ETS with additive errors (Hyndman et al., 2008): none, damped or linear trend, with or without season, on values or logarithms.

    What differs from statsmodels' ``ETSModel``: smoothing parameters come from a grid instead of an optimiser, and first states from
    the first seasons, so that thousands of series are fitted in a second. The recursion is the same.
    """

    name = "ets"
    title = "Exponential smoothing (ETS)"
    tags = forecasting("linear", rank=2)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare whether logarithms are smoothed."""
        hp.Boolean("log", default=False)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return both."""
        return [{"log": True}, {"log": False}]

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Series are fitted when they are forecast, so that new observations count at once."""
        return {}

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Fit every history on its own and let it go on."""
        season = max((length for length in windows.world.rules.seasons if length <= LONGEST_SEASON), default=1)
        horizon = windows.horizon
        return on_scale(windows, bool(config["log"]), length_for(season, horizon), lambda history: ets(history, season, horizon))


def on_scale(windows: Windows, log: bool, steps: int, forecast: Any) -> Array:
    """Forecast values, or the logarithms of histories that are above 0 throughout; return quantiles on the scale of the models."""
    if not log or windows.world.rules.scale.bends or windows.world.rules.lower is None:
        return about(*by_length(windows, steps, forecast))

    history = windows.history(int(min(steps, max(windows.origin.max(initial=1), 1))))
    with np.errstate(invalid="ignore"):
        positive = np.nanmin(np.where(np.isnan(history), np.inf, history), axis=1) > 0
    made = np.zeros((len(windows), windows.horizon, 9))
    for chosen, logs in ((np.flatnonzero(positive), True), (np.flatnonzero(~positive), False)):
        if not len(chosen):
            continue
        part = windows.take(chosen)
        if logs:
            quantiles = about(*by_length(part, steps, lambda values: forecast(np.log(np.maximum(values, 1e-9)))))
            most = np.log(np.nanmax(history[chosen], axis=1)) + FARTHEST  # a trend of logarithms soon leaves the world
            made[chosen] = np.exp(np.minimum(quantiles, most[:, None, None]))
        else:
            made[chosen] = about(*by_length(part, steps, forecast))
    return made


def grid(seasonal: bool) -> tuple[Array, Array, Array, Array, Array]:
    """Return α, β, φ, γ and the number of free parameters of everything that is tried; γ = −1 stands for no season."""
    rows = []
    for alpha in (0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.56, 0.72, 0.9):
        for trend in ((0.0, 0.0), (0.05, 0.9), (0.25, 0.9), (0.03, 1.0), (0.12, 1.0)):
            for gamma in (-1.0, 0.03, 0.12, 0.35) if seasonal else (-1.0,):
                free = 2 + (0 if trend[1] == 0 else 2 + (trend[1] < 1)) + (0 if gamma < 0 else 1)
                rows.append((alpha, alpha * trend[0], trend[1], gamma if gamma < 0 else gamma * (1 - alpha), free))
    return tuple(np.array(column) for column in zip(*rows, strict=True))  # type: ignore[return-value]


def ets(history: Array, season: int, horizon: int) -> tuple[Array, Array]:
    """Return medians and standard deviations of the best form of each series, (windows, horizon).

    Args:
        history: (windows, n) without gaps.
        season: Steps of a season, 1 for none.
        horizon: Steps to look ahead.
    """
    n = history.shape[1]
    m = season if n >= 2 * season + 2 else 1
    parameters = grid(m > 1)
    block = max(CELLS // (len(parameters[0]) * m), 1)
    parts = [_block(history[start : start + block], m, horizon, parameters) for start in range(0, len(history), block)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _block(x: Array, m: int, horizon: int, parameters: tuple[Array, ...]) -> tuple[Array, Array]:
    alpha, beta, phi, gamma, free = parameters
    n = x.shape[1]
    size = np.maximum(np.abs(x).mean(axis=1), 1e-12)
    y = x / size[:, None]
    level, trend, season = first_states(y, m)
    flat = first_states(y, 1)[0] if n < 4 else y[:, : min(n, 10)].mean(axis=1)
    ended = smooth(y, alpha, beta, phi, gamma, level, trend, season)
    without = np.flatnonzero((phi == 0) & (gamma < 0))  # without trend the first level is a mean, not the start of a line
    plain = smooth(y, alpha[without], beta[without], phi[without], gamma[without], flat, trend * 0, np.zeros((len(y), 1)))
    squares, levels = ended.squares.copy(), ended.level.copy()
    squares[:, without], levels[:, without] = plain.squares, plain.level
    states = free + np.where(gamma >= 0, m - 1, 0)
    penalty = 2 * states * n / np.maximum(n - states - 1, 0.5)
    chosen = np.argmin(n * np.log(np.maximum(squares / n, 1e-10)) + penalty, axis=1)
    rows = np.arange(len(y))
    steps = np.arange(1, horizon + 1)
    damp = phi[chosen][:, None]
    power = np.where(damp == 1, steps, np.where(damp > 0, damp * (1 - damp**steps) / np.maximum(1 - damp, 1e-9), 0.0))
    seasonal = np.where((gamma[chosen] >= 0)[:, None], ended.season[rows, chosen][:, (steps - 1) % m], 0.0)
    median = levels[rows, chosen][:, None] + power * ended.trend[rows, chosen][:, None] + seasonal
    sigma = np.sqrt(np.maximum(squares[rows, chosen] / np.maximum(n - np.minimum(free[chosen], n - 1), 1), 1e-8))
    weight = alpha[chosen][:, None] + beta[chosen][:, None] * power + np.where(steps % m == 0, np.maximum(gamma[chosen], 0)[:, None], 0.0)
    growth = np.concatenate([np.zeros((len(y), 1)), np.cumsum(weight**2, axis=1)[:, :-1]], axis=1)
    return median * size[:, None], sigma[:, None] * np.sqrt(1 + growth) * size[:, None]
