"""Series as features: against slow references, and never touched by what stands behind the end."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from automl.preprocessing.base import State
from automl.preprocessing.series import MiniRocket, SeriesArrays, SeriesNumbers, interval_quantiles, lengths_of, stretched
from automl.preprocessing.series.intervals import intervals
from automl.preprocessing.series.rocket import dilations


def cells(*several):
    column = np.empty(len(several), dtype=object)
    column[:] = list(several)
    return column


def padded(series, steps):
    wide = np.full((len(series), steps, series.shape[2]), np.nan, dtype=np.float32)
    wide[:, : series.shape[1]] = series
    return wide


def slow_mini_rocket(rocket, series):
    """The paper's definition, one series, kernel, step and threshold at a time."""
    places = list(combinations(range(9), 3))
    result = []
    for row in series:
        row = row[: lengths_of(row[None])[0]]
        features, place = [], 0
        for number, (dilation, count) in enumerate(zip(rocket.dilations, rocket.thresholds, strict=True)):
            for kernel, twos in enumerate(places):
                chosen = rocket.members[number * 84 + kernel]
                total = row[:, chosen].sum(axis=1)
                output = []
                for step in range(len(total)):
                    value = 0.0
                    for tap in range(9):
                        at = step + (tap - 4) * dilation
                        value += (2.0 if tap in twos else -1.0) * (total[at] if 0 <= at < len(total) else 0.0)
                    output.append(value)
                edge = 4 * dilation if (number % 2 + kernel) % 2 else 0
                inside = np.array(output)[edge : len(output) - edge]
                for bias in rocket.biases[place : place + count]:
                    features.append((inside > bias).mean() if len(inside) else 0.0)
                place += count
        result.append(features)
    return np.array(result)


@pytest.mark.parametrize("channels", [1, 3])
def test_mini_rocket_equals_the_slow_definition(channels):
    rng = np.random.default_rng(0)
    series = padded(rng.normal(size=(4, 30, channels)).astype(np.float32), 30)
    series[1, 22:] = np.nan
    rocket = MiniRocket.fit(series, seed=1, features=84 * 5)
    fast, slow = rocket.transform(series), slow_mini_rocket(rocket, series)
    assert fast.shape == (4, 420)
    assert np.abs(fast - slow).max() < 0.05  # a sum in another order may fall on the other side of a threshold: a step of thirty
    assert (np.abs(fast - slow) < 1e-6).mean() > 0.99


def test_the_paper_s_number_of_features_is_spread_over_dilations():
    wide, thresholds = dilations(150, 9_996)
    assert thresholds.sum() == 119
    assert wide[0] == 1
    assert wide[-1] <= 149 / 8


@pytest.mark.parametrize("make", [interval_quantiles, lambda series: MiniRocket.fit(SHORT, 0, 168).transform(series)])
def test_what_stands_behind_the_end_changes_nothing(make):
    alone, beside = padded(SHORT, 40), np.concatenate([padded(SHORT, 40), LONG])
    np.testing.assert_allclose(make(beside)[: len(SHORT)], make(alone), atol=1e-6)


SHORT = np.random.default_rng(1).normal(size=(3, 20, 2)).astype(np.float32)
LONG = np.random.default_rng(2).normal(size=(2, 40, 2)).astype(np.float32)


def test_quantiles_are_those_of_numpy():
    values = np.random.default_rng(0).normal(size=(2, 64, 1)).astype(np.float32)
    found = interval_quantiles(values, depth=1)
    expected = np.quantile(values[0, :, 0], np.linspace(0, 1, 16))
    expected[1::2] -= values[0, :, 0].mean()
    np.testing.assert_allclose(found[0, :16], expected, atol=1e-5)


def test_intervals_are_dyadic_and_shifted():
    assert intervals(16, 3) == [(0, 16), (0, 8), (8, 16), (4, 12), (0, 4), (4, 8), (8, 12), (12, 16), (2, 6), (6, 10), (10, 14)]


def test_arrays_scale_fill_and_mark_the_end():
    found = SeriesArrays.fit(cells(np.array([[0.0, 5.0], [np.nan, 5.0], [4.0, 5.0]]), np.array([[2.0, 5.0]]), None))
    array = found.transform(cells(np.array([[0.0, 5.0], [np.nan, 5.0], [4.0, 5.0]]), np.array([[2.0, 5.0]]), None))
    assert array.shape == (3, 3, 2)
    assert array[0, 1, 0] == pytest.approx((array[0, 0, 0] + array[0, 2, 0]) / 2)
    assert lengths_of(array).tolist() == [3, 1, 0]
    assert (array[0, :, 1] == 0).all()  # a channel that never changes
    again = SeriesArrays.from_state(State(**{"json": found.state().json, "arrays": found.state().arrays}))
    np.testing.assert_array_equal(
        again.transform(cells(None, np.array([[2.0, 5.0]]))), found.transform(cells(None, np.array([[2.0, 5.0]])))
    )


def test_long_series_are_averaged_and_longer_ones_cut():
    found = SeriesArrays.fit(cells(np.arange(3000.0)[:, None]))
    assert found.averaged == 3
    assert found.transform(cells(np.arange(9000.0)[:, None])).shape == (1, 1000, 1)


@pytest.mark.parametrize("series", [np.zeros((5, 1)), np.ones((1, 1)), np.full((4, 1), np.nan)])
def test_constant_single_and_empty_series_give_finite_numbers(series):
    numbers = SeriesNumbers.fit(cells(series, series))
    assert np.isfinite(numbers.transform(cells(series))).all()
    assert np.isnan(numbers.transform(cells(None))).all()
    assert len(numbers.names) == numbers.transform(cells(series)).shape[1]
    array = SeriesArrays.fit(cells(series)).transform(cells(series, None))
    assert np.isfinite(interval_quantiles(array)).all()
    assert np.isfinite(MiniRocket.fit(array, 0, 84).transform(array)).all()


def test_numbers_survive_storing():
    numbers = SeriesNumbers.fit(cells(*SHORT))
    again = SeriesNumbers.from_arrays(numbers.to_arrays("s"), "s")
    np.testing.assert_array_equal(again.transform(cells(*LONG)), numbers.transform(cells(*LONG)))


def test_stretching_keeps_full_series_and_ends():
    series = padded(np.array([[[1.0], [3.0]]]), 5)
    assert stretched(series)[0, :, 0].tolist() == [1.0, 1.5, 2.0, 2.5, 3.0]
