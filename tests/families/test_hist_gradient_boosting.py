import numpy as np
import pytest

from automl.budget import Budget
from automl.errors import ArtifactError
from automl.families import hist_gradient_boosting as module
from automl.families._boosting import HISTOGRAMS, Problem, inputs_of
from automl.families.base import TrainingData
from automl.families.hist_gradient_boosting import HistGradientBoosting
from automl.preprocessing.base import Spec, State
from automl.testing import toy_data

FAMILY = HistGradientBoosting()


def fit(data, rows=slice(None), deadline=None, **config):
    arrays = {name: values[rows] for name, values in data.arrays.items()}
    config = {**FAMILY.defaults(data.spec), "min_samples_leaf": 5, **config}
    deadline = deadline or Budget(trials=1).deadline()
    return FAMILY.fit(config, arrays, data.target[rows], data.spec, deadline=deadline, seed=0)


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_flat_trees_predict_what_scikit_learn_predicts(problem, monkeypatch):
    kept = []
    estimator = module._estimator
    monkeypatch.setattr(module, "_estimator", lambda *arguments: kept.append(estimator(*arguments)) or kept[-1])
    data = toy_data(problem)
    model = fit(data)
    inputs = inputs_of(model, data.arrays)
    expected = kept[0].predict_proba(inputs) if problem != "regression" else kept[0].predict(inputs)[:, None]
    assert model["nodes"]["is_categorical"].any()
    assert FAMILY.predict(model, data.arrays, data.spec) == pytest.approx(expected, abs=1e-12)


def test_many_rows_in_threads_equal_few_rows():
    data = toy_data("binary")
    model = fit(data)
    many = {name: np.tile(values, (60, 1)) for name, values in data.arrays.items()}
    few = FAMILY.predict(model, data.arrays, data.spec)
    assert np.array_equal(FAMILY.predict(model, many, data.spec), np.tile(few, (60, 1)))


def test_early_stopping_keeps_the_best_number_of_trees():
    data = toy_data("binary", rows=2_400)
    noise = np.random.default_rng(0).permutation(data.target)
    learned = fit(data)
    guessed = fit(TrainingData(data.arrays, noise, data.fold, data.folds, data.spec))
    assert len(guessed["starts"]) < 20 < len(learned["starts"])


def test_columns_that_tell_nothing_are_left_out():
    data = toy_data("binary")
    raw = np.hstack([data.arrays["raw_numbers"], np.full((data.rows, 1), np.nan, np.float32), np.ones((data.rows, 1), np.float32)])
    spec = Spec(4, 5, data.spec.categories, 2, "binary", data.rows)
    wide = TrainingData({**data.arrays, "raw_numbers": raw}, data.target, data.fold, data.folds, spec)
    model = fit(wide)
    assert model["by_size"].tolist() == [0, 1, 2]
    assert np.isfinite(FAMILY.predict(model, wide.arrays, spec)).all()


def test_wide_columns_are_split_by_frequency():
    rng = np.random.default_rng(0)
    codes = rng.integers(2, 600, (3_000, 1)).astype(np.int32)
    target = (codes[:, 0] < 200).astype(np.int64)
    spec = Spec(0, 0, (602,), 2, "binary", 3_000)
    arrays = {"numbers": np.zeros((3_000, 0), np.float32), "raw_numbers": np.zeros((3_000, 0), np.float32), "categories": codes}
    model = fit(TrainingData(arrays, target, np.zeros(3_000, np.int64), 1, spec))
    assert model["by_order"].tolist() == [0]
    right = FAMILY.predict(model, arrays, spec).argmax(axis=1) == target
    assert right.mean() > 0.99


@pytest.mark.parametrize(("most", "by_code"), [(0, []), (19, [0]), (254, [0, 1])])
def test_how_wide_a_column_may_be_to_be_split_by_sets_of_levels(most, by_code):
    data = toy_data("binary", rows=400)  # columns of 4 and of 60 levels
    model = fit(data, set_levels=most)
    assert model["by_code"].tolist() == by_code
    assert sorted([*by_code, *model["by_order"].tolist()]) == [0, 1]
    assert np.isfinite(FAMILY.predict(model, data.arrays, data.spec)).all()


def test_levels_of_few_rows_do_not_shift_the_others():
    data = toy_data("binary", rows=2_000)
    codes = data.arrays["categories"].copy()
    codes[7, 0] = 5  # a level of one row, which may be among those set aside
    codes[codes[:, 0] == 2, 0] = 3
    spec = Spec(4, 3, (60, 62), 2, "binary", 2_000)
    for seed in range(3):
        arrays = {**data.arrays, "categories": codes}
        config = {**FAMILY.defaults(spec), "max_iter": 100}
        model = FAMILY.fit(config, arrays, data.target, spec, deadline=Budget(trials=1).deadline(), seed=seed)
        assert np.isfinite(FAMILY.predict(model, arrays, spec)).all()


def test_stops_at_the_deadline_with_the_trees_it_has():
    data = toy_data("binary", rows=1_600)
    now = [0.0]

    def clock():
        now[0] += 0.2
        return now[0]

    model = fit(data, deadline=Budget(3, clock=clock).deadline(), learning_rate=0.01, max_iter=2000)
    assert 10 <= len(model["starts"]) - 1 < 300
    assert fit(data, deadline=Budget(1, clock=lambda: 9.0, started=0.0).deadline()) is None


@pytest.mark.parametrize("field", ["left", "right", "feature_idx", "bitset_idx"])
def test_trees_that_point_outside_are_refused(field):
    data = toy_data("binary")
    (trained,) = FAMILY.train([FAMILY.defaults(data.spec)], data, deadline=Budget(trials=1).deadline(), seed=0)
    state = FAMILY.combine([(trained.config, trained.models, 1.0)], data.spec).state()
    arrays = {name: values.copy() for name, values in state.arrays.items()}
    nodes = arrays["1-nodes"]
    place = np.flatnonzero((nodes["is_leaf"] == 0) & (nodes["is_categorical"] == 1))[0]
    nodes[field][place] = 1_000_000
    with pytest.raises(ArtifactError, match="point to nodes"):
        FAMILY.restore(State(state.json, arrays), data.spec)
    assert FAMILY.restore(state, data.spec).predict(data.arrays).shape == (data.rows, 2)


def test_wide_tables_get_smaller_histograms():
    spec = Spec(1, 5_000, (), 2, "binary", 100)
    problem = Problem(np.zeros((100, 5_000)), np.zeros(100), np.zeros(100, dtype=bool), 0, spec)
    model = module._estimator({**FAMILY.defaults(spec), "max_leaf_nodes": 127}, problem, 0)
    assert model.max_bins == 63
    assert model.max_leaf_nodes * 5_000 * 63 * 20 <= HISTOGRAMS


def test_where_time_is_short_trees_learn_faster(monkeypatch):
    rates = []
    original = module.HistGradientBoostingClassifier.set_params

    def noted(self, **values):
        rates.extend([values["learning_rate"]] if "learning_rate" in values else [])
        return original(self, **values)

    monkeypatch.setattr(module.HistGradientBoostingClassifier, "set_params", noted)
    data = toy_data("binary", rows=4_000)
    family = HistGradientBoosting()
    config = {**family.complete({"learning_rate": 0.02}, data.spec), "seed": 0}
    monkeypatch.setattr(module._Pace, "trees_left", lambda self: 100.0)
    family.train([config], data, deadline=Budget(60).deadline(), seed=0)
    assert rates
    assert max(rates) == pytest.approx(0.06)  # three times the configuration's, and no more
    rates.clear()
    monkeypatch.setattr(module._Pace, "trees_left", lambda self: 1e6)
    family.train([config], data, deadline=Budget(60).deadline(), seed=0)
    assert set(rates) == {0.02}
