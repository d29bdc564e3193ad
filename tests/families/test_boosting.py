"""What both families of boosted trees keep to."""

import pytest
from small import needs_lightgbm

from automl.budget import Budget
from automl.families import family_by_name
from automl.families.base import TrainingData
from automl.testing import toy_data

LEAF = {"lightgbm": "min_data_in_leaf", "hist_gradient_boosting": "min_samples_leaf"}  # by the name that each library gives it


@pytest.fixture(params=[pytest.param("lightgbm", marks=needs_lightgbm), "hist_gradient_boosting"])
def family(request):
    return family_by_name(request.param)


def fit(family, data, rows=slice(None), **config):
    arrays = {name: values[rows] for name, values in data.arrays.items()}
    config = {**family.defaults(data.spec), LEAF[family.name]: 5, **config}
    return family.fit(config, arrays, data.target[rows], data.spec, deadline=Budget(trials=1).deadline(), seed=0)


def test_small_data_gets_a_fixed_number_of_trees(family):
    data = toy_data("regression")
    assert len(fit(family, data, learning_rate=0.1)["starts"]) - 1 == 60
    assert len(fit(family, data, learning_rate=0.05)["starts"]) - 1 == 120


def test_rare_and_absent_classes(family):
    data = toy_data("multiclass", rows=1_800)
    target = data.target.copy()
    target[target == 2] = 0
    target[:3] = 2
    rare = TrainingData(data.arrays, target, data.fold, data.folds, data.spec)
    assert family.predict(fit(family, rare), data.arrays, data.spec).sum(axis=1) == pytest.approx(1.0)
    absent = family.predict(fit(family, rare, rows=slice(3, None)), data.arrays, data.spec)
    assert (absent[:, 2] == 0).all()
    one = family.predict(fit(family, rare, rows=target == 1), data.arrays, data.spec)
    assert (one[:, 1] > 0.9).all()
