"""Networks as families: sizes of packs, schedules, mixtures and their storing."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from automl import _backend
from automl.budget import Budget
from automl.families import networks
from automl.families.mlp import MLP
from automl.families.networks import to_predictions
from automl.families.tabm import TabM
from automl.preprocessing.base import Spec
from automl.testing import toy_data

DATA = toy_data("multiclass", rows=120)


@pytest.fixture(scope="module")
def trained():
    family = MLP()
    configs = [family.complete({"units": 32, **change}, DATA.spec) for change in ({}, {"learning_rate": 1e-2})]
    configs = [{**config, "seed": number} for number, config in enumerate(configs)]
    results = family.train(configs, DATA, deadline=Budget(trials=2).deadline(), seed=0)
    other = {**family.complete({"units": 32, "layers": 1}, DATA.spec), "seed": 3}
    return [*results, *family.train([other], DATA, deadline=Budget(trials=1).deadline(), seed=0)]


def alone(family, result, models=None):
    return family.combine([(result.config, models or result.models, 1.0)], DATA.spec).predict(DATA.arrays)


def test_every_configuration_has_a_model_for_each_fold(trained):
    assert len(trained) == 3
    for result in trained:
        assert len(result.models) == 3
        assert result.out_of_fold.dtype == np.float32
        assert set(result.details) == {"best_epoch", "epochs", "pack", "inverse_temperature"}
        assert len(result.details["best_epoch"]) == 3
    assert [result.details["pack"] for result in trained] == [2, 2, 1]


def test_the_mixture_is_the_weighted_mean_of_its_members(trained):
    family = MLP()
    parts = [(result.config, result.models, weight) for result, weight in zip(trained, (2.0, 1.0, 1.0), strict=True)]
    fitted = family.combine(parts, DATA.spec)
    assert len(fitted.packs) == 2  # two structures
    assert [len(pack.configs) for pack in fitted.packs] == [6, 3]
    expected = sum(weight * alone(family, result) for result, weight in zip(trained, (0.5, 0.25, 0.25), strict=True))
    np.testing.assert_allclose(fitted.predict(DATA.arrays), expected, atol=1e-6)


def test_members_count_the_same_within_a_configuration(trained):
    family = MLP()
    folds = [alone(family, trained[0], [model]) for model in trained[0].models]
    np.testing.assert_allclose(alone(family, trained[0]), np.mean(folds, axis=0), atol=1e-6)


def test_blocks_and_padding_change_nothing(trained, monkeypatch):
    family = MLP()
    fitted = family.combine([(trained[0].config, trained[0].models, 1.0)], DATA.spec)
    whole = fitted.predict(DATA.arrays)
    monkeypatch.setattr(networks, "BLOCKS", (1, 50))
    fitted = family.combine([(trained[0].config, trained[0].models, 1.0)], DATA.spec)
    np.testing.assert_allclose(fitted.predict(DATA.arrays), whole, atol=1e-6)
    assert fitted.predict({name: values[:0] for name, values in DATA.arrays.items()}).shape == (0, 3)


def test_weights_and_configurations_are_all_that_is_stored(trained):
    family = MLP()
    fitted = family.combine([(trained[0].config, trained[0].models, 1.0)], DATA.spec)
    fitted.predict(DATA.arrays)
    state = fitted.state()
    assert all(values.dtype == np.float32 for values in state.arrays.values())
    assert sum(values.size for values in state.arrays.values()) == family.size(trained[0])
    copy = pickle.loads(pickle.dumps(fitted))  # the compiled function is made again
    np.testing.assert_allclose(copy.predict(DATA.arrays), fitted.predict(DATA.arrays), atol=1e-7)


def test_the_temperature_of_a_fold_is_applied(trained):
    family, result = MLP(), trained[0]
    flat = [{**model, "scale": 1e-6} for model in result.models]
    np.testing.assert_allclose(alone(family, result, flat), 1 / 3, atol=1e-4)


def spec(rows, numbers=20):
    return Spec(numbers, numbers, (5, 80), 2, "binary", rows)


def test_schedules_fit_the_number_of_rows():
    family = MLP()
    schedules = [family.schedule(spec(rows), {}, 3, 8) for rows in (500, 5_000, 50_000, 5_000_000)]
    assert [schedule.batch_size for schedule in schedules] == sorted(schedule.batch_size for schedule in schedules)
    assert [schedule.epochs for schedule in schedules] == sorted((schedule.epochs for schedule in schedules), reverse=True)
    assert schedules[0].seed == 3
    assert family.schedule(spec(500), {}, 0, 2).keep == (1.0, 1.0, 1.0)  # nothing to cut in a pack of two


def size_of(family, spec, folds, seconds, memory=2**40, config=None):
    return family.pack_size(family.complete(config or {}, spec), spec, folds, seconds, memory)


def test_packs_are_as_large_as_the_time_allows(monkeypatch):
    family = MLP()
    monkeypatch.setitem(networks._PACE, "mlp", 2e10)
    sizes = [size_of(family, spec(200_000), 1, seconds) for seconds in (0.01, 10, 30, 300, 3_000)]
    assert sizes == sorted(sizes)
    assert sizes[:2] == [0, 1]
    assert sizes[-1] == family.pack_configs
    monkeypatch.setitem(networks._PACE, "mlp", 2e9)
    assert size_of(family, spec(200_000), 1, 300) < sizes[3]


def test_what_compiling_takes_trains_nobody(monkeypatch):
    family = MLP()
    monkeypatch.setitem(networks._PACE, "mlp", 1e12)
    each = family.seconds_for(family.defaults(spec(4_000)), spec(4_000), 5, networks.ENOUGH_EPOCHS)
    assert size_of(family, spec(4_000), 5, networks.COMPILE_SECONDS) == 1
    assert size_of(family, spec(4_000), 5, networks.COMPILE_SECONDS + 8 * each) == family.pack_configs


def test_without_a_clock_packs_have_a_fixed_size():
    assert size_of(MLP(), spec(400), 5, float("inf")) == MLP.pack_configs


def test_packs_are_as_large_as_the_memory_allows():
    sizes = [size_of(MLP(), spec(400), 5, float("inf"), memory) for memory in (2**20, 2**28, 2**30, 2**40)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1]) == (0, MLP.pack_configs)
    assert size_of(MLP(), spec(400, numbers=20_000), 5, float("inf"), 2**30) < sizes[2]
    small, large = ({"heads": heads, "units": units} for heads, units in ((8, 96), (32, 384)))
    assert size_of(TabM(), spec(40_000), 5, float("inf"), 2**29, large) < size_of(TabM(), spec(40_000), 5, float("inf"), 2**29, small)


def test_heads_are_as_many_as_the_time_pays(monkeypatch):
    family = TabM()
    monkeypatch.setitem(networks._PACE, "tabm", 2e9)
    config = family.complete({}, spec(5_000))
    heads = [family.affordable(config, spec(5_000), 5, seconds)["heads"] for seconds in (0.1, 20, 60, 1e5)]
    assert heads == sorted(heads)
    assert (heads[0], heads[-1]) == (4, 32)
    assert family.affordable(config, spec(5_000), 5, float("inf")) == config


def test_a_network_is_measured_with_encoded_columns():
    family = MLP()
    with_encoded = replace(spec(400), encoded=3)
    plain, wider = (family.footprint(each, family.complete({}, each)) for each in (spec(400), with_encoded))
    assert wider.weights > plain.weights
    assert wider.activations >= plain.activations


def test_a_prediction_takes_little_memory_however_many_networks_there_are(trained, monkeypatch):
    monkeypatch.setattr(networks, "BLOCK_MEMORY", 2**20)
    fitted = MLP().combine([(trained[0].config, trained[0].models, 1.0)] * 20, DATA.spec)
    one = MLP().combine([(trained[0].config, trained[0].models, 1.0)], DATA.spec)
    np.testing.assert_allclose(fitted.predict(DATA.arrays), one.predict(DATA.arrays), atol=1e-5)
    assert fitted._blocks[-1] < 8192


def test_packs_with_and_without_dropout_share_a_program():
    family = MLP()
    for dropout in (0.15, 0.0, 0.3):
        config = {**family.complete({"dropout": dropout, "units": 32}, DATA.spec), "seed": 0}
        (result,) = family.train([config], DATA, deadline=Budget(trials=1).deadline(), seed=0)
        assert result.status == "finished"


def test_logits_become_probabilities():
    logits = np.array([[1e4, 0.0, 0.0], [np.nan] * 3, [0.0, 0.0, 0.0]], np.float32)
    made = to_predictions(logits, DATA.spec)
    np.testing.assert_allclose(made[[0, 2]], [[1, 0, 0], [1 / 3] * 3], atol=1e-6)
    assert np.isnan(made[1]).all()
    numbers = np.array([[3.0]], np.float32)
    assert to_predictions(numbers, toy_data("regression").spec) is numbers


def test_the_pace_of_a_pack_is_remembered(monkeypatch):
    monkeypatch.setitem(networks._PACE, "mlp", -1.0)
    family = MLP()
    config = {**family.complete({"units": 32}, DATA.spec), "seed": 0}
    family.train([config], DATA, deadline=Budget(20).deadline(seconds=1.0), seed=0)
    assert networks._PACE["mlp"] > 0
    assert _backend.name()


def test_a_family_without_a_pace_takes_the_latest_one(monkeypatch):
    monkeypatch.setattr(networks, "_PACE", {"resnet": 4e9, "mlp": 1e9})
    family = TabM()
    config = family.complete({}, spec(5_000))
    slow = family.seconds_for(config, spec(5_000), 5, 6)
    monkeypatch.setattr(networks, "_PACE", {"mlp": 1e9, "resnet": 4e9})
    assert family.seconds_for(config, spec(5_000), 5, 6) == pytest.approx(slow / 4)
    assert family.row_work({**config, "heads": 32}, spec(5_000)) > 3 * family.row_work(config, spec(5_000))
