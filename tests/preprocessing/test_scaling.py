"""Robust scaling, and quantiles in which no single value counts for many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from automl.preprocessing.scaling import LEVELS, Scaling, balanced_quantiles, robust_scale

COLUMNS = arrays.arrays(np.float64, some.integers(1, 300), elements=some.integers(-5, 5).map(float) | some.floats(-1e6, 1e6))
SHARES = np.linspace(0.0, 1.0, 9)


@given(COLUMNS)
def test_quantiles_ascend_within_the_values(values):
    found = balanced_quantiles(values, SHARES)
    assert (np.diff(found) >= 0).all()
    assert found[0] == values.min()
    assert found[-1] == values.max()


def test_without_common_values_they_are_plain_quantiles():
    values = np.random.default_rng(0).normal(size=1_001)
    np.testing.assert_allclose(balanced_quantiles(values, SHARES), np.quantile(values, SHARES))


@pytest.mark.parametrize("common", [100, 1_000, 100_000])
def test_how_often_the_common_value_is_there_does_not_matter(common):
    others = np.random.default_rng(0).uniform(1.0, 2.0, 640)
    found = balanced_quantiles(np.concatenate([np.zeros(common), others]), SHARES[1:])
    expected = np.quantile(others, SHARES[1:])
    assert np.abs(found - expected).max() < 2 / LEVELS


def test_a_common_value_does_not_hide_how_the_others_differ():
    gains = np.concatenate([np.zeros(9_200), np.random.default_rng(0).lognormal(9.0, 0.5, 799), [100_000.0]])
    centre, factor = robust_scale(gains)
    five, seven = (np.array([5_000.0, 7_000.0]) - centre) * factor
    assert centre == 0.0
    assert seven - five > 0.2


@pytest.mark.parametrize(("common", "low", "high"), [(0.0, 1934.0, 2015.0), (999.0, 0.0, 27.0), (0.0, 999_998.0, 1_000_002.0)])
def test_values_far_from_the_common_one_are_not_all_clipped_to_the_same(common, low, high):
    others = np.random.default_rng(0).uniform(low, high, 400)
    values = np.concatenate([np.full(9_600, common), others])
    centre, factor = robust_scale(values)
    given = np.array([[low], [high]])
    now = np.ptp(Scaling(np.array([centre]), np.array([factor]), np.ones(1)).apply(given))
    whole = np.ptp(Scaling(np.array([centre]), np.array([2.0 / np.ptp(values)]), np.ones(1)).apply(given))
    assert now > 0.9 * whole


def test_what_rounding_leaves_behind_is_no_spread():
    rng = np.random.default_rng(0)
    values = np.concatenate([np.zeros(700), rng.normal(0.0, 1e-17, 250), rng.uniform(0.0, 500.0, 50)])
    _, factor = robust_scale(values)
    assert factor == 2.0 / np.ptp(values)


def test_the_middle_half_decides_where_it_varies():
    assert robust_scale(np.array([0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 900.0])) == (2.0, 1 / 3)


def test_scaled_values_stay_within_three():
    scaled = Scaling(np.zeros(2), np.ones(2), np.array([1.0, 0.0])).apply(np.array([[1e9, 5.0], [-1e9, np.nan]]))
    assert np.abs(scaled[:, 0]).max() <= 3.0
    assert scaled[:, 1].tolist() == [5.0, 0.0]
