"""Few, some and many rows are walked through the trees in three ways, which end in the same leaves."""

import numpy as np
import pytest
from small import needs_lightgbm

from automl.budget import Budget
from automl.errors import ArtifactError
from automl.families import _walking, family_by_name
from automl.families._trees import check_trees, from_boosting
from automl.testing import toy_data

ROWS = _walking.MANY_ROWS + 5


def many_rows(data):
    """Rows with missing numbers, missing levels and levels that were not there in training."""
    rng = np.random.default_rng(0)
    rows = {name: values[rng.integers(0, data.rows, ROWS)].copy() for name, values in data.arrays.items()}
    rows["raw_numbers"][::3, 0] = np.nan
    rows["categories"][::4, :] = 0
    rows["categories"][1::5, :] = 1
    return rows


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("name", [pytest.param("lightgbm", marks=needs_lightgbm), "hist_gradient_boosting", "extra_trees"])
def test_many_rows_end_where_some_do(name, problem, monkeypatch):
    family, data = family_by_name(name), toy_data(problem, rows=600)
    config = {**family.complete({}, data.spec), "max_iter": 15, "num_iterations": 15, "n_estimators": 8, "set_levels": 254}
    model = family.fit(config, data.arrays, data.target, data.spec, deadline=Budget(trials=1).deadline(), seed=0, threads=1)
    rows = many_rows(data)
    monkeypatch.setattr(_walking, "TreePredictor", None)  # many rows do not ask it
    many = family.predict(model, rows, data.spec)
    monkeypatch.undo()
    monkeypatch.setattr(_walking, "MANY_ROWS", 10 * ROWS)
    monkeypatch.setattr(_walking, "Tree", None)
    assert np.array_equal(many, family.predict(model, rows, data.spec))
    assert len(np.unique(many[:, 0])) > 20


@pytest.mark.parametrize("seed", range(4))
def test_sets_of_levels_as_comparisons(seed):
    from sklearn.ensemble import HistGradientBoostingRegressor

    rng = np.random.default_rng(seed)
    x = rng.integers(0, 200, (1_500, 2)).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = rng.normal(size=200)[np.nan_to_num(x[:, 0]).astype(int)] * (1 + np.isnan(x[:, 1])) + rng.normal(size=1_500)
    model = HistGradientBoostingRegressor(max_iter=20, categorical_features=[0, 1], min_samples_leaf=3, random_state=seed).fit(x, y)
    flat = from_boosting(model._predictors, *model._bin_mapper.make_known_categories_bitsets())
    assert (flat["nodes"]["is_categorical"] != 0).any()
    rows = rng.integers(0, 254, (ROWS, 2)).astype(float)  # a fifth of the levels was never seen
    rows[rng.random(rows.shape) < 0.2] = np.nan
    total = np.zeros((ROWS, 1))
    _walking.add_trees(flat, rows, total)
    expected = np.zeros((ROWS, 1))
    _walking._add_block(flat, rows, expected)
    assert np.array_equal(total, expected)


def test_values_that_32_bits_cannot_hold_are_compared_with_64(monkeypatch):
    from sklearn.ensemble import HistGradientBoostingRegressor

    x = np.linspace(0, 1, 400)[:, None]
    model = HistGradientBoostingRegressor(max_iter=5).fit(x, x[:, 0])
    flat = from_boosting(model._predictors, np.zeros((0, 8), np.uint32), np.zeros(1, np.uint32))
    monkeypatch.setattr(_walking, "Tree", None)
    total = np.full((ROWS, 1), float(model._baseline_prediction.ravel()[0]))
    rows = np.random.default_rng(0).random((ROWS, 1))
    _walking.add_trees(flat, rows, total)
    assert total[:, 0] == pytest.approx(model.predict(rows), abs=1e-12)


@pytest.mark.parametrize(("field", "value"), [("is_categorical", 1), ("feature_idx", 7)])
def test_trees_of_another_shape_are_refused(field, value):
    from sklearn.ensemble import HistGradientBoostingRegressor

    x = np.random.default_rng(0).normal(size=(200, 2))
    model = HistGradientBoostingRegressor(max_iter=3).fit(x, x[:, 0])
    flat = from_boosting(model._predictors, np.zeros((0, 8), np.uint32), np.zeros(2, np.uint32))
    check_trees(flat, 2)
    with pytest.raises(ArtifactError, match="columns that exist"):
        _walking.add_trees(flat, x[:, :1], np.zeros((200, 1)))
    leaf = flat["nodes"]["is_leaf"] == (1 if field == "is_categorical" else 0)
    flat["nodes"][field][leaf] = value  # a leaf that calls itself a split by levels has children that nobody looked at
    with pytest.raises(ArtifactError, match="point to nodes"):
        check_trees(flat, 2)
