"""Baselines against statsmodels, and against what is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from automl.forecasting.families._smoothing import first_states, smooth
from automl.forecasting.families.drift import drift
from automl.forecasting.families.ets import ets
from automl.forecasting.families.seasonal_naive import seasonal_naive
from automl.forecasting.families.theta import theta

statsmodels = pytest.importorskip("statsmodels")


def monthly(seed: int = 0, steps: int = 72, slope: float = 0.8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(steps)
    return 100 + slope * time + 12 * np.sin(2 * np.pi * time / 12) + rng.normal(0, 2, steps)


def test_seasonal_naive_repeats_the_last_season() -> None:
    y = monthly()
    median, spread = seasonal_naive(y[None], 12, 18)
    assert median[0].tolist() == [*y[-12:], *y[-12:-6]]
    assert spread[0, 12] == pytest.approx(np.sqrt(2) * spread[0, 0])
    assert spread[0, 0] == pytest.approx(np.sqrt(np.mean((y[12:] - y[:-12]) ** 2)))


def test_drift_goes_on() -> None:
    assert drift(np.array([[2.0, 3.0, 6.0]]), 2)[0].tolist() == [[8.0, 10.0]]


@pytest.mark.parametrize("damped", [False, True])
def test_smoothing_is_that_of_statsmodels(damped: bool) -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    y, m = monthly(1), 12
    level, trend, season = first_states(y[None], m)
    alpha, beta, gamma, phi = 0.3, 0.05, 0.2, 0.9 if damped else 1.0
    model = ETSModel(
        y,
        error="add",
        trend="add",
        damped_trend=damped,
        seasonal="add",
        seasonal_periods=m,
        initialization_method="known",
        initial_level=level[0],
        initial_trend=trend[0],
        initial_seasonal=season[0],
    )
    fitted = model.smooth([alpha, beta, gamma, *([phi] if damped else [])])
    ended = smooth(y[None], *(np.array([value]) for value in (alpha, beta, phi, gamma)), level, trend, season)
    assert ended.squares[0, 0] == pytest.approx(float(fitted.sse), rel=1e-6)
    steps = np.arange(1, 19)
    power = steps if not damped else phi * (1 - phi**steps) / (1 - phi)
    ours = ended.level[0, 0] + power * ended.trend[0, 0] + ended.season[0, 0][(steps - 1) % m]
    assert np.allclose(ours, fitted.forecast(18), rtol=1e-6)


def test_ets_is_about_as_good_as_the_optimiser() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    y = monthly(2, 84)
    theirs = ETSModel(y[:72], error="add", trend="add", seasonal="add", seasonal_periods=12).fit(disp=False).forecast(12)
    ours = ets(y[None, :72], 12, 12)[0][0]
    assert np.abs(ours - y[72:]).mean() < 1.25 * np.abs(theirs - y[72:]).mean() + 0.5


@pytest.mark.parametrize("seasonal", [True, False])
def test_theta_is_that_of_statsmodels(seasonal: bool) -> None:
    from statsmodels.tsa.forecasting.theta import ThetaModel

    y = monthly(3, slope=0.05) if seasonal else 50 + np.cumsum(np.random.default_rng(3).normal(0.3, 1, 60))
    model = ThetaModel(y, period=12, deseasonalize=seasonal, use_test=False, method="multiplicative" if seasonal else "auto")
    theirs = np.asarray(model.fit(use_mle=False).forecast(12))
    ours = theta(y[None], 12 if seasonal else 1, 12)[0][0]
    assert np.allclose(ours, theirs, rtol=0.01)


def test_histories_of_any_length_and_kind_are_forecast() -> None:
    for history in (np.array([[5.0]]), np.zeros((1, 30)), np.full((1, 3), 7.0), np.arange(40.0)[None]):
        for forecast in (lambda x: ets(x, 7, 5), lambda x: theta(x, 7, 5), lambda x: seasonal_naive(x, 7, 5), lambda x: drift(x, 5)):
            median, spread = forecast(history)
            assert np.isfinite(median).all()
            assert np.isfinite(spread).all()
