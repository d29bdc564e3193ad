"""Flat trees: a few rows walk all trees at once, many rows one tree after the other; both give the same."""

import numpy as np
import pytest
from small import needs_lightgbm

from automl.budget import Budget
from automl.families import _walking, family_by_name
from automl.testing import toy_data

FAMILIES = [pytest.param("lightgbm", marks=needs_lightgbm), "hist_gradient_boosting", "extra_trees"]


def fitted(name, problem):
    """A model of one fold, and rows with missing numbers and codes that it has never seen."""
    family, data = family_by_name(name), toy_data(problem, rows=600)
    config = {**family.complete({}, data.spec), "max_iter": 20, "num_iterations": 20, "n_estimators": 12}
    learn = {key: values[:400].copy() for key, values in data.arrays.items()}
    learn["categories"][learn["categories"] > 30] = 2  # the codes above 30 are new to the model
    deadline = Budget(trials=1).deadline()
    model = family.fit(config, learn, data.target[:400], data.spec, deadline=deadline, seed=0, threads=1)
    rest = {key: values[400:].copy() for key, values in data.arrays.items()}
    rest["raw_numbers"][::3, 0] = np.nan
    rest["categories"][::4, 1] = 0  # missing
    return family, model, rest, data.spec


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_row_alone_is_predicted_as_among_many(name, problem):
    family, model, rest, spec = fitted(name, problem)
    together = family.predict(model, rest, spec)
    alone = [family.predict(model, {key: values[row : row + 1] for key, values in rest.items()}, spec) for row in range(len(together))]
    np.testing.assert_allclose(np.concatenate(alone), together, rtol=1e-12, atol=1e-12)
    assert len(np.unique(together[:, 0])) > 20


def test_a_row_alone_does_not_ask_the_compiled_predictor(monkeypatch):
    family, model, rest, spec = fitted("hist_gradient_boosting", "binary")
    monkeypatch.setattr(_walking, "TreePredictor", None)
    few = {key: values[: _walking.FEW_ROWS] for key, values in rest.items()}
    assert family.predict(model, few, spec).shape == (_walking.FEW_ROWS, 2)


def test_trees_that_are_one_leaf_have_its_value():
    family, _, rest, spec = fitted("hist_gradient_boosting", "regression")
    flat = toy_data("regression", rows=60)
    arrays = {key: values[:1] for key, values in rest.items()}
    config = {**family.complete({}, flat.spec), "max_iter": 3, "min_samples_leaf": 100}
    deadline = Budget(trials=1).deadline()
    stump = family.fit(config, flat.arrays, flat.target, flat.spec, deadline=deadline, seed=0, threads=1)
    assert np.isfinite(family.predict(stump, arrays, spec)).all()
