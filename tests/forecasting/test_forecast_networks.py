"""Every network learns a phase of its own for each series, says quantiles in order, and is stored with its weights."""

from __future__ import annotations

import numpy as np
import pytest
from small_series import NETWORKS, daily, no_deadline, prepared

from automl.forecasting.base import ForecastFamily
from automl.forecasting.families import forecaster_by_name
from automl.forecasting.families.seasonal_naive import SeasonalNaive
from automl.forecasting.measures import weighted_quantile_loss
from automl.forecasting.study import in_world

QUICK = ("tide",)


@pytest.fixture(scope="module")
def run():  # type: ignore[no-untyped-def]
    return prepared(daily(8, 120, noise=4.0), 5)


@pytest.mark.parametrize("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS])
def test_a_network_learns_phase_and_promotion(run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    family = forecaster_by_name(name)
    assert isinstance(family, ForecastFamily)
    monkeypatch.setattr(type(family), "epochs", 16)
    config = {**family.complete({}, run.spec), "learning_rate": 4e-3, "reach": 0.5}
    payload = family.fit(config, run.data, deadline=no_deadline(), seed=0)
    assert payload is not None
    said = in_world(family.forecast(config, payload, run.judged), run.judged)
    naive = SeasonalNaive()
    plain = in_world(naive.forecast({}, {}, run.judged), run.judged)
    truth = run.judged.truth()
    assert (np.diff(said, axis=-1) >= 0).all()
    assert weighted_quantile_loss(truth, said) < 0.75 * weighted_quantile_loss(truth, plain)
    again = family.again(config, payload, run.data_until(run.world.panel.steps), deadline=no_deadline(), seed=0)
    assert again is not None
    assert any(not np.array_equal(again[key], payload[key]) for key in payload)
