"""Small tables of series for the tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from automl.budget import Budget
from automl.forecasting.base import WindowData
from automl.forecasting.columns import Asked
from automl.forecasting.run import ForecastRun, ForecastSettings

BASELINES = ("seasonal_naive", "drift", "ridge_lags", "theta", "ets", "lag_gradient_boosting")
NETWORKS = ("dlinear", "nhits", "tsmixer", "tide", "patch_transformer", "gru", "lstm", "simple_rnn")


def daily(series: int = 4, steps: int = 140, seed: int = 0, noise: float = 1.0) -> pd.DataFrame:
    """Weekly seasons with a phase of their own, a promotion that lifts, and a kind of shop."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(series):
        time = np.arange(steps)
        promo = rng.integers(0, 2, steps)
        sales = 50 * (number + 1) + 10 * np.sin(2 * np.pi * (time + 2 * number) / 7) + 15 * promo + rng.normal(0, noise, steps)
        days = pd.date_range("2025-01-01", periods=steps)
        parts.append(pd.DataFrame({"shop": f"s{number}", "day": days, "promo": promo, "kind": "ab"[number % 2], "sales": sales}))
    return pd.concat(parts, ignore_index=True)


def prepared(frame: pd.DataFrame, horizon: int = 7, families: Any = None, **asked: Any) -> ForecastRun:
    """A run up to its search, without a clock."""
    given = {"time": "day", "series": ("shop",), "known": ("promo",), **asked}
    run = ForecastRun(ForecastSettings(Budget(None, trials=1), Asked(**given), horizon, families=families))
    run.detect(*run.read(frame, "sales"))
    run.split()
    return run


def no_deadline() -> Any:
    """A moment that never comes."""
    return Budget(None, trials=1).deadline()


def data_of(run: ForecastRun) -> WindowData:
    """What may be learnt from."""
    return run.data
