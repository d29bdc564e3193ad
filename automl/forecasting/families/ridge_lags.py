"""Ridge regression on lags: the window of the past as it is, in closed form, for each step ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families.base import Config
from automl.forecasting.base import ForecastFamily, Payload, WindowData, WindowSpec, forecasting
from automl.forecasting.conformal import ordered
from automl.forecasting.lags import size_of
from automl.forecasting.windows import future_columns, lookback_of, sample_windows
from automl.forecasting.world import Windows
from automl.preprocessing.base import Spec

Array = NDArray[Any]
PENALTIES = np.logspace(-4, 2, 13)
ASIDE = 0.2  # of the windows: they choose the penalty and measure the spread
MOST_WINDOWS, MOST_CELLS = 20_000, 60_000_000
CLIP = 6.0  # spreads that a value may lie from the recent mean


class RidgeLags(ForecastFamily):
    """A linear map from the normalised past to every step ahead, then a linear map from calendar and known covariates to what is left.

    Linear models on windows normalised by their own mean are hard to beat (Zeng et al., 2023, arXiv:2205.13504; Li et al., 2023,
    arXiv:2305.10721); in closed form they cost next to nothing. The penalty is chosen on windows set aside, which also give the quantiles.
    """

    name = "ridge_lags"
    title = "Ridge on lags"
    tags = forecasting("linear")

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare how far back the window reaches."""
        hp.Choice("reach", [0.5, 1.0, 2.0, 4.0], default=1.0)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return two reaches."""
        return [{}, {"reach": 2.0}]

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Solve for all steps at once."""
        spec, rng = data.spec, np.random.default_rng(seed)
        assert isinstance(spec, WindowSpec)
        length = lookback_of(spec, float(config["reach"]))
        most = min(MOST_WINDOWS, MOST_CELLS // (length + spec.horizon))
        windows = sample_windows(data.world, data.cut, spec.horizon, most, rng)
        if len(windows) < 8:
            return None
        x, mean, spread = _past(windows, length)
        y = np.clip((windows.target() - mean[:, None]) / spread[:, None], -30, 30)
        weight = (~np.isnan(y)).astype(float)
        y = np.nan_to_num(y)
        aside = windows.origin >= np.quantile(windows.origin, 1 - ASIDE)
        aside = aside if 3 < aside.sum() < 0.6 * len(aside) else rng.random(len(aside)) < ASIDE
        aside[0], aside[-1] = False, True
        kernel = _solve(x[~aside], y[~aside], x[aside], y[aside], weight[aside])
        left = y - x @ kernel
        future = future_columns(windows)
        second = _second(future, left, weight, aside)
        error = left - _times(future, second)
        tails = np.stack([_tails(error[aside][:, step], weight[aside][:, step] > 0) for step in range(spec.horizon)])
        return {"kernel": kernel.astype(np.float32), "second": second.astype(np.float32), "tails": tails.astype(np.float32)}

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Multiply."""
        x, mean, spread = _past(windows, len(payload["kernel"]) - 1)
        future = future_columns(windows)
        median = x @ payload["kernel"] + _times(future, payload["second"])
        quantiles = np.clip(median, -20, 20)[..., None] + payload["tails"][None]
        return ordered(mean[:, None, None] + spread[:, None, None] * quantiles)


def _past(windows: Windows, length: int) -> tuple[Array, Array, Array]:
    """Return normalised values before the origin with a constant, (windows, length + 1), and mean and spread."""
    mean, spread = size_of(windows.world, windows.series, windows.origin, windows.horizon)
    values = (windows.history(length) - mean[:, None]) / spread[:, None]
    return np.column_stack([np.clip(np.nan_to_num(values), -CLIP, CLIP), np.ones(len(values))]), mean, spread


def _solve(x: Array, y: Array, x_aside: Array, y_aside: Array, weight: Array) -> Array:
    """Return the kernel with the penalty that is best on the rows set aside."""
    values, vectors = np.linalg.eigh(x.T @ x / len(x))
    projected = vectors.T @ (x.T @ y / len(x))
    losses, kernels = [], []
    for penalty in PENALTIES:
        kernel = vectors @ (projected / (np.maximum(values, 0) + penalty * values.mean())[:, None])
        losses.append((np.abs(x_aside @ kernel - y_aside) * weight).sum())
        kernels.append(kernel)
    return np.asarray(kernels[int(np.argmin(losses))])


def _second(future: Array, left: Array, weight: Array, aside: Array) -> Array:
    """Return coefficients of what is known in advance for what the past left unexplained; zeros where they do not help."""
    width = future.shape[2]
    if not width:
        return np.zeros((0,))
    inside, outside = ~aside, aside
    x, y, w = future[inside].reshape(-1, width), left[inside].ravel(), weight[inside].ravel()
    gram = (x * w[:, None]).T @ x / max(w.sum(), 1)
    found = np.linalg.solve(gram + 0.01 * np.eye(width), (x * w[:, None]).T @ y / max(w.sum(), 1))
    x, y, w = future[outside].reshape(-1, width), left[outside].ravel(), weight[outside].ravel()
    helps = (np.abs(y - x @ found) * w).sum() < (np.abs(y) * w).sum()
    return found if helps else np.zeros(width)


def _times(future: Array, second: Array) -> Array:
    """Return what the second map adds to each step, (windows, horizon)."""
    return np.asarray(np.tensordot(future, second, axes=(2, 0)) if len(second) else np.zeros(future.shape[:2]))


def _tails(error: Array, known: Array) -> Array:
    values = error[known]
    if len(values) < 5:
        values = np.concatenate([values, [-1.0, 0.0, 1.0]])
    found = np.quantile(values, np.linspace(0.1, 0.9, 9))
    return np.asarray(found - found[4])
