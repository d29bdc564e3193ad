import numpy as np
import pytest

from automl.budget import Budget
from automl.errors import ArtifactError
from automl.families import extra_trees as module
from automl.families.base import TrainingData
from automl.families.extra_trees import ExtraTrees
from automl.preprocessing.base import Spec, State
from automl.testing import toy_data

FAMILY = ExtraTrees()


def fit(data, rows=slice(None), deadline=None, **config):
    arrays = {name: values[rows] for name, values in data.arrays.items()}
    config = {**FAMILY.defaults(data.spec), "n_estimators": 100, **config}
    deadline = deadline or Budget(trials=1).deadline()
    return FAMILY.fit(config, arrays, data.target[rows], data.spec, deadline=deadline, seed=0)


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_flat_trees_predict_what_scikit_learn_predicts(problem, monkeypatch):
    data = toy_data(problem)
    model = fit(data)
    config = {**FAMILY.defaults(data.spec), "n_estimators": 100}
    inputs = module._inputs(data.arrays)
    predicted = []
    for seed in (0, 50):
        forest = module._estimator(config, inputs.shape, 50, data.spec, seed).fit(inputs, data.target)
        predicted.append(forest.predict_proba(inputs) if problem != "regression" else forest.predict(inputs)[:, None])
    expected = np.mean(predicted, axis=0)
    assert FAMILY.predict(model, data.arrays, data.spec) == pytest.approx(expected, abs=1 / data.rows if problem != "regression" else 1e-6)


def test_many_rows_in_threads_equal_few_rows():
    data = toy_data("multiclass")
    model = fit(data)
    few = FAMILY.predict(model, data.arrays, data.spec)
    many = FAMILY.predict(model, {name: np.tile(values, (60, 1)) for name, values in data.arrays.items()}, data.spec)
    assert np.array_equal(many, np.tile(few, (60, 1)))


def test_nothing_is_called_impossible():
    data = toy_data("binary")
    assert (FAMILY.predict(fit(data, min_samples_leaf=1), data.arrays, data.spec) > 0).all()


def test_value_missing_only_at_prediction_time_is_handled():
    data = toy_data("binary")
    arrays = {**data.arrays, "raw_numbers": data.arrays["raw_numbers"].copy()}
    assert not np.isnan(arrays["raw_numbers"][:, 0]).any()
    arrays["raw_numbers"][:, 0] = np.nan
    median = {**arrays, "raw_numbers": arrays["raw_numbers"].copy()}
    median["raw_numbers"][:, 0] = np.median(data.arrays["raw_numbers"][:, 0])
    model = fit(data)
    assert np.array_equal(FAMILY.predict(model, arrays, data.spec), FAMILY.predict(model, median, data.spec))


def test_a_forest_stays_below_the_cap(monkeypatch):
    data = toy_data("regression", rows=2_000)
    free = fit(data, min_samples_leaf=1)
    monkeypatch.setattr(module, "MOST_NODES", 20_000)
    capped = fit(data, min_samples_leaf=1)
    assert len(capped["nodes"]) <= 20_000 < len(free["nodes"])


def test_trees_learn_from_samples_where_rows_are_many(monkeypatch):
    monkeypatch.setattr(module, "ROWS_PER_TREE", 100)
    data = toy_data("binary")
    right = FAMILY.predict(fit(data), data.arrays, data.spec).argmax(axis=1) == data.target
    assert right.mean() > 0.8


def test_stops_at_the_deadline_and_the_trees_are_the_same():
    data = toy_data("binary")
    whole = fit(data)
    ticks = iter(range(1000))
    part = fit(data, deadline=Budget(1000, clock=lambda: float(next(ticks))).deadline(seconds=2.5))
    assert len(part["starts"]) == 51
    assert np.array_equal(part["nodes"], whole["nodes"][: len(part["nodes"])])
    assert fit(data, deadline=Budget(1, clock=lambda: 9.0, started=0.0).deadline()) is None


def test_absent_class_and_one_class():
    data = toy_data("multiclass")
    absent = FAMILY.predict(fit(data, rows=data.target != 2), data.arrays, data.spec)
    assert (absent[:, 2] < 0.01).all()
    assert absent.sum(axis=1) == pytest.approx(1.0)
    one = FAMILY.predict(fit(data, rows=data.target == 2), data.arrays, data.spec)
    assert (one[:, 2] > 0.95).all()


def test_column_that_is_always_missing():
    data = toy_data("binary")
    raw = np.hstack([data.arrays["raw_numbers"], np.full((data.rows, 1), np.nan, np.float32)])
    spec = Spec(4, 4, data.spec.categories, 2, "binary", data.rows)
    wide = TrainingData({**data.arrays, "raw_numbers": raw}, data.target, data.fold, data.folds, spec)
    assert np.isfinite(FAMILY.predict(fit(wide), wide.arrays, spec)).all()


@pytest.mark.parametrize(("field", "value"), [("left", 0), ("right", 10**6), ("feature_idx", -1), ("feature_idx", 99)])
def test_trees_that_point_outside_are_refused(field, value):
    data = toy_data("binary")
    model = fit(data, n_estimators=100)
    state = FAMILY.combine([({}, [model], 1.0)], data.spec).state()
    arrays = {name: values.copy() for name, values in state.arrays.items()}
    nodes = arrays["0-nodes"]
    nodes[field][np.flatnonzero(nodes["is_leaf"] == 0)[3]] = value
    with pytest.raises(ArtifactError, match="point to nodes"):
        FAMILY.restore(State(state.json, arrays), data.spec)
    arrays = {**state.arrays, "0-leaves": state.arrays["0-leaves"][:10]}
    with pytest.raises(ArtifactError, match="point to nodes"):
        FAMILY.restore(State(state.json, arrays), data.spec)
