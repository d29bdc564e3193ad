import numpy as np
import pytest

from automl.budget import Budget
from automl.families.naive import Naive
from automl.preprocessing.base import Spec
from automl.testing import toy_data


def fit(target, spec, arrays, deadline=None):
    return Naive().fit({}, arrays, target, spec, deadline=deadline or Budget(trials=1).deadline(), seed=0)


def test_predicts_the_share_of_each_class():
    spec = Spec(1, 1, (), 3, "multiclass", 200)
    arrays = {"numbers": np.zeros((200, 1), np.float32)}
    model = fit(np.repeat([0, 1], [150, 50]), spec, arrays)
    prediction = Naive().predict(model, {"numbers": np.zeros((2, 1))}, spec)
    assert prediction == pytest.approx(np.array([[0.75, 0.25, 0.0]] * 2), abs=0.005)
    assert (prediction > 0).all()  # a class that was never seen is not impossible
    assert prediction.sum(axis=1) == pytest.approx(1.0)


def test_predicts_the_mean():
    data = toy_data("regression")
    model = fit(data.target[:50], data.spec, data.arrays)
    assert Naive().predict(model, data.arrays, data.spec) == pytest.approx(np.full((data.rows, 1), data.target[:50].mean()))


def test_there_is_something_to_compare_with_even_after_the_deadline():
    budget = Budget(1, clock=iter(range(1000)).__next__)
    data = toy_data("binary")
    assert fit(data.target, data.spec, data.arrays, budget.deadline()) is not None
