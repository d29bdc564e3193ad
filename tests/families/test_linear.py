import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from automl.budget import Budget
from automl.families import linear
from automl.families.linear import Linear
from automl.preprocessing.base import Spec
from automl.testing import toy_data


def fit(data, config=None, rows=slice(None), deadline=None):
    arrays = {name: values[rows] for name, values in data.arrays.items()}
    deadline = deadline or Budget(trials=1).deadline()
    return Linear().fit({"C": 1.0, **(config or {})}, arrays, data.target[rows], data.spec, deadline=deadline, seed=0)


def one_hot(data):
    parts = [data.arrays["numbers"]]
    parts += [np.eye(levels)[codes] for codes, levels in zip(data.arrays["categories"].T, data.spec.categories, strict=True)]
    return np.hstack(parts)


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
@pytest.mark.parametrize("dense_columns", [300, 0])
def test_equals_scikit_learn_dense_and_sparse(problem, dense_columns, monkeypatch):
    monkeypatch.setattr(linear, "DENSE_COLUMNS", dense_columns)
    data = toy_data(problem)
    expected = LogisticRegression(C=1.0, max_iter=1000).fit(one_hot(data), data.target).predict_proba(one_hot(data))
    assert Linear().predict(fit(data), data.arrays, data.spec) == pytest.approx(expected, abs=2e-3)


def test_equals_ridge():
    data = toy_data("regression")
    expected = Ridge(alpha=0.1).fit(one_hot(data), data.target).predict(one_hot(data))
    assert Linear().predict(fit(data, {"C": 10.0}), data.arrays, data.spec)[:, 0] == pytest.approx(expected, abs=1e-6)


def test_class_without_rows_gets_probability_zero():
    data = toy_data("multiclass")
    prediction = Linear().predict(fit(data, rows=data.target != 1), data.arrays, data.spec)
    assert (prediction[:, 1] == 0).all()
    assert prediction.sum(axis=1) == pytest.approx(1.0)


def test_one_class_alone_gives_a_constant():
    data = toy_data("binary")
    prediction = Linear().predict(fit(data, rows=data.target == 1), data.arrays, data.spec)
    assert (prediction[:, 1] > 0.99).all()
    assert np.isfinite(np.log(prediction)).all()


def test_levels_beyond_the_cap_share_the_code_of_rare_ones(monkeypatch):
    monkeypatch.setattr(linear, "MOST_LEVELS", 3)
    data = toy_data("binary")
    model = fit(data)
    assert model["levels"].tolist() == [5, 5]
    assert len(model["weights"]) == data.spec.numbers + 10
    rare = {**data.arrays, "categories": np.where(data.arrays["categories"] >= 5, 1, data.arrays["categories"])}
    assert np.array_equal(Linear().predict(model, rare, data.spec), Linear().predict(model, data.arrays, data.spec))


def test_rows_are_sampled_where_there_are_too_many(monkeypatch):
    data = toy_data("binary")
    full = fit(data)
    monkeypatch.setattr(linear, "CELLS", 1)
    monkeypatch.setattr(linear, "FEWEST_ROWS", 100)
    sampled = fit(data)
    assert not np.array_equal(full["weights"], sampled["weights"])
    right = Linear().predict(sampled, data.arrays, data.spec).argmax(axis=1) == data.target
    assert right.mean() > 0.85


def test_stops_at_the_deadline_with_what_it_has(monkeypatch):
    monkeypatch.setattr(linear, "FLOATS_PER_CHUNK", 1)  # five iterations a step
    data = toy_data("multiclass")
    ticks = iter(range(1000))
    late = Budget(1000, clock=lambda: float(next(ticks)))
    model = fit(data, deadline=late.deadline(seconds=2.5))
    assert np.isfinite(Linear().predict(model, data.arrays, data.spec)).all()
    assert not np.allclose(model["weights"], fit(data)["weights"])
    over = Budget(1, clock=lambda: float(next(ticks)), started=0.0)
    assert fit(data, deadline=over.deadline()) is None


def test_no_columns_give_a_constant():
    spec = Spec(0, 0, (), 2, "binary", 20)
    arrays = {"numbers": np.zeros((20, 0), np.float32), "categories": np.zeros((20, 0), np.int32)}
    model = Linear().fit({"C": 1.0}, arrays, np.arange(20) % 2, spec, deadline=Budget(trials=1).deadline(), seed=0)
    assert Linear().predict(model, arrays, spec) == pytest.approx(0.5)
