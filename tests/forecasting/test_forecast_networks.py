"""Every network learns a phase of its own for each series, says quantiles in order, and is stored with its weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from small_series import NETWORKS, daily, no_deadline, prepared

from automl.forecasting.base import ForecastFamily
from automl.forecasting.families import forecaster_by_name
from automl.forecasting.families.dlinear import DLinear
from automl.forecasting.families.seasonal_naive import SeasonalNaive
from automl.forecasting.measures import weighted_quantile_loss
from automl.forecasting.networks import arrays_of, shape_of
from automl.forecasting.world import in_world

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


@pytest.mark.parametrize("covariates", [True, False])
def test_dlinear_says_the_same_with_and_without_keras(run, covariates: bool) -> None:  # type: ignore[no-untyped-def]
    family = forecaster_by_name("dlinear")
    assert isinstance(family, DLinear)
    config = family.complete({}, run.spec)
    arrays, _, _ = arrays_of(run.judged, 28)
    arrays = arrays if covariates else {"past": arrays["past"]}
    network = family.build(shape_of(run.spec, arrays), config, 1)
    network({name: values[:1] for name, values in arrays.items()})
    rng = np.random.default_rng(0)
    network.set_weights([rng.normal(0, 0.3, weight.shape) for weight in network.weights])
    weights = [np.asarray(keras.ops.convert_to_numpy(weight))[0] for weight in network.weights]
    theirs = np.asarray(keras.ops.convert_to_numpy(network(arrays)))[:, 0]
    ours = family.compute(config, weights, arrays)
    assert ours is not None
    assert np.allclose(ours, theirs, atol=1e-5)
