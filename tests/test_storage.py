"""What a fitted model remembers becomes parts of an artifact, and comes back."""

import json

import numpy as np
import pandas as pd
import pytest
from small import FEATURES, fit, people

from automl import artifact
from automl.errors import ArtifactError
from automl.preprocessing.base import State
from automl.storage import Fitted

DATA = people(120)


@pytest.fixture(scope="module")
def model():
    return fit(DATA[[*FEATURES, "churn"]], "churn")


@pytest.fixture(scope="module")
def stored(model, tmp_path_factory):
    return artifact.read(model.save(tmp_path_factory.mktemp("stored") / "m.automl"))


def test_every_part_is_json_arrays_or_estimators(model):
    states = model.fitted_.states()
    assert set(states) == {"model", "preprocessing", "family-linear", "told", "proof"}
    for state in states.values():
        assert json.loads(json.dumps(state.json)) == state.json
        assert all(values.dtype != object for values in state.arrays.values())


def test_everything_comes_back(model, stored):
    fitted, again = model.fitted_, Fitted.of(stored)
    pd.testing.assert_frame_equal(again.leaderboard, fitted.leaderboard)
    assert (again.findings, again.decisions, again.facts) == (fitted.findings, fitted.decisions, fitted.facts)
    assert (again.feature_names, again.seed, again.interrupted) == (fitted.feature_names, fitted.seed, fitted.interrupted)
    np.testing.assert_array_equal(again.predictor(DATA), fitted.predictor(DATA))


def test_the_background_comes_back_with_its_types(model, stored):
    again = Fitted.of(stored).background
    schema = model.fitted_.predictor.schema
    pd.testing.assert_frame_equal(schema.cast(again), schema.cast(model.fitted_.background))
    assert again["since"].dtype.kind == "M"
    assert len(again) == 24  # the rows of the first fold


@pytest.mark.parametrize("part", ["told", "model", "preprocessing", "family-linear"])
def test_a_part_that_is_missing_is_told(stored, part):
    parts = {name: state for name, state in stored.parts.items() if name != part}
    with pytest.raises(ArtifactError, match=f"A model file must hold every part of a model.*{part}"):
        Fitted.of(type(stored)(parts, stored.facts, stored.manifest))


def test_an_entry_that_is_missing_is_told(stored):
    told = {name: value for name, value in stored.parts["told"].json.items() if name != "findings"}
    with pytest.raises(ArtifactError, match="findings"):
        Fitted.of(type(stored)({**stored.parts, "told": State(told)}, stored.facts, stored.manifest))
