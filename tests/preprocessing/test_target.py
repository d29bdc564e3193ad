"""The target of a regression goes to model space and comes back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.preprocessing.target import TargetScaler

NUMBERS = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=50).map(np.array)


@given(NUMBERS)
def test_there_and_back(y):
    scaler = TargetScaler.fit(y)
    np.testing.assert_allclose(scaler.inverse(scaler.transform(y)[:, None])[:, 0], y, rtol=1e-9, atol=1e-6 * (1 + np.abs(y).max()))


def test_model_space_has_mean_0_and_deviation_1():
    y = np.random.default_rng(0).lognormal(3, 1, 500)
    z = TargetScaler.fit(y).transform(y)
    assert z.mean() == pytest.approx(0, abs=1e-12)
    assert z.std() == pytest.approx(1)


@given(NUMBERS, st.floats(-1e6, 1e6))
def test_predictions_stay_in_the_range_of_the_training_rows(y, prediction):
    scaler = TargetScaler.fit(y)
    assert y.min() <= scaler.inverse(np.array([[prediction]]))[0, 0] <= y.max()


def test_equal_numbers_are_no_division_by_zero():
    scaler = TargetScaler.fit(np.full(5, 7.0))
    assert scaler.scale == 1.0
    assert scaler.inverse(np.array([[0.3]])).tolist() == [[7.0]]


def test_it_survives_json_and_leaves_its_input():
    y = np.array([1.0, 2.0, 4.0])
    scaler = TargetScaler.fit(y)
    scaler.transform(y)
    assert y.tolist() == [1.0, 2.0, 4.0]
    assert TargetScaler(**json.loads(json.dumps(scaler.to_dict()))) == scaler
