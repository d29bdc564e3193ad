"""The neighbourhood network: honest candidates, remembered rows in the stored state."""

import numpy as np
import pytest

from automl.budget import Budget
from automl.families.base import TrainingData
from automl.families.modern_nca import ModernNCA
from automl.preprocessing.base import Spec
from automl.testing import toy_data
from automl.training import Schedule

SHORT = Schedule(2, 64, keep=(1.0, 1.0, 1.0))


@pytest.fixture
def family(monkeypatch):
    monkeypatch.setattr(ModernNCA, "schedule", lambda self, spec, config, seed, configs: SHORT)
    return ModernNCA()


def train(family, data, **change):
    config = {**family.complete({"units": 32, **change}, data.spec), "seed": 3}
    return family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)[0]


def test_the_portfolio_begins_with_a_pack_of_the_default():
    family, spec = ModernNCA(), toy_data("binary").spec
    configs = [family.complete(config, spec) for config in family.portfolio(spec)]
    assert configs[0] == family.defaults(spec)
    assert len({family.pack_key(config) for config in configs[: family.pack_configs]}) == 1


def test_a_fold_never_shows_its_targets(monkeypatch, family):
    """The targets of a fold may be anything: the model that is judged on it predicts the same, to the last digit."""
    monkeypatch.setattr(ModernNCA, "schedule", lambda self, spec, config, seed, configs: Schedule(1, 64))  # no choice of an epoch
    data = toy_data("multiclass")
    before = train(family, data)
    for fold in range(data.folds):
        rows = data.fold == fold
        changed = np.where(rows, (data.target + 1) % 3, data.target)
        after = train(family, TrainingData(data.arrays, changed, data.fold, data.folds, data.spec))
        for one, other in zip(before.models[fold]["weights"], after.models[fold]["weights"], strict=True):
            np.testing.assert_array_equal(one, other)
        others = zip(before.models[fold - 1]["weights"], after.models[fold - 1]["weights"], strict=True)
        assert any(not np.array_equal(one, other) for one, other in others)


@pytest.mark.parametrize("problem", ["binary", "regression"])
def test_out_of_fold_predictions_are_those_of_the_stored_model(family, problem):
    data = toy_data(problem, encoded=True)
    trained = train(family, data)
    for fold in range(data.folds):
        rows = data.fold == fold
        fitted = family.combine([(trained.config, [{**trained.models[fold], "scale": 1.0}], 1.0)], data.spec)
        predicted = fitted.predict({name: values[rows] for name, values in data.arrays.items()})
        if problem == "regression":
            np.testing.assert_allclose(predicted, trained.out_of_fold[rows], atol=1e-4)
        else:  # temperatures differ
            np.testing.assert_array_equal(predicted.argmax(1), trained.out_of_fold[rows].argmax(1))


def test_the_remembered_rows_are_stored_and_no_training_data_is_needed(family):
    data = toy_data("binary")
    trained = train(family, data, remembered=1024)
    fitted = family.combine([(trained.config, trained.models, 1.0)], data.spec)
    state = fitted.state()
    assert any(values.shape == (3, 240, 4) for values in state.arrays.values())  # members, places, columns
    again = ModernNCA().restore(state, data.spec)
    np.testing.assert_allclose(again.predict(data.arrays), fitted.predict(data.arrays), atol=1e-6)


def test_wide_tables_are_remembered_with_fewer_rows():
    family = ModernNCA()
    sizes = []
    for columns in (10, 2_000):
        spec = Spec(columns, columns, (), 2, "binary", 20_000)
        sizes.append(family.build(spec, [family.defaults(spec)]).memory.size)
    assert sizes[0] == 2048
    assert sizes[1] < 1_000
