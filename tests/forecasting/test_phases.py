"""Forecasters learn a phase of the season that repeating the last one cannot know."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_series import NETWORKS, no_deadline, prepared

from automl.forecasting.base import ForecastFamily
from automl.forecasting.families import forecaster_by_name
from automl.forecasting.families.seasonal_naive import SeasonalNaive
from automl.forecasting.measures import weighted_quantile_loss
from automl.forecasting.run import ForecastRun
from automl.forecasting.world import in_world

QUICK = ("ridge_lags", "lag_gradient_boosting")


def shifting(steps: int = 200) -> ForecastRun:
    """Peaks of 20 come where `promo` says, three days out of seven that are drawn anew each week."""
    rng = np.random.default_rng(0)
    frames = []
    for number in range(6):
        peak = np.concatenate([rng.permutation([1, 1, 1, 0, 0, 0, 0]) for _ in range(steps // 7 + 1)])[:steps]
        frames.append(_days(number, 50 + 20 * peak + rng.normal(0, 1, steps)).assign(promo=peak, kind="a"))
    return prepared(pd.concat(frames, ignore_index=True), 7)


def rising(height: float, steps: int = 200) -> ForecastRun:
    """Peaks on the same three days of each week, on a line that rises."""
    rng, peak = np.random.default_rng(0), np.tile([1, 0, 0, 1, 0, 1, 0], steps // 7 + 1)[:steps]
    frames = [_days(number, 50 + height * peak + 1.5 * np.arange(steps) + rng.normal(0, 1, steps)) for number in range(6)]
    return prepared(pd.concat(frames, ignore_index=True), 7, known=())


def _days(number: int, sales: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"shop": f"s{number}", "day": pd.date_range("2025-01-01", periods=len(sales)), "sales": sales})


def loss(name: str, run: ForecastRun, **config: object) -> float:
    """Weighted quantile loss of a family over that of the seasonal naive."""
    family = forecaster_by_name(name)
    assert isinstance(family, ForecastFamily)
    full = {**family.complete({}, run.spec), **config}
    payload = family.fit(full, run.data, deadline=no_deadline(), seed=0)
    assert payload is not None
    said = [in_world(one.forecast(full, kept, run.judged), run.judged) for one, kept in ((family, payload), (SeasonalNaive(), {}))]
    ours, naive = (weighted_quantile_loss(run.judged.truth(), quantiles) for quantiles in said)
    return ours / naive


@pytest.mark.parametrize(
    "name",
    [
        name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
        for name in ("ridge_lags", "lag_gradient_boosting", *NETWORKS)
    ],
)
def test_a_family_reads_the_phase_from_what_is_known_in_advance(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small: dict[str, object] = {"max_iter": 100} if name == "lag_gradient_boosting" else {}
    if name in NETWORKS:
        monkeypatch.setattr(type(forecaster_by_name(name)), "epochs", 12)
        small = {"learning_rate": 1e-2, "reach": 0.5}
    assert loss(name, shifting(), **small) < 0.6


@pytest.mark.parametrize(("name", "height"), [("theta", 20.0), ("ets", 20.0), ("drift", 0.0)])
def test_a_family_without_covariates_goes_on_rising(name: str, height: float) -> None:
    """They look at the past of one series alone; the drift knows no season."""
    assert loss(name, rising(height)) < 0.75
