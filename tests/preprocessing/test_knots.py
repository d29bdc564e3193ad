"""Quantiles as edges of bins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from automl.preprocessing.knots import MOST_KNOTS, quantile_knots


def test_bins_hold_equally_many_rows():
    x = np.random.default_rng(0).exponential(size=(50_000, 1)).astype(np.float32)
    (edges,) = quantile_knots(x)
    assert len(edges) == MOST_KNOTS
    counts, _ = np.histogram(x, edges)
    assert counts.min() > 0.8 * counts.mean()
    assert counts.max() < 1.2 * counts.mean()


def test_few_values_are_kept_apart():
    (edges,) = quantile_knots(np.array([[1.0], [2.0], [2.0], [5.0]], np.float32))
    assert edges == (1.0, 1.5, 3.5, 5.0)


@given(arrays.arrays(np.float32, some.tuples(some.integers(1, 200), some.integers(1, 3)), elements=some.floats(-3, 3, width=32)))
def test_edges_ascend_and_span_the_values(numbers):
    for column, edges in zip(numbers.T, quantile_knots(numbers), strict=True):
        if edges:
            assert len(edges) >= 3
            assert (np.diff(edges) > 1e-6).all()
            assert edges[0] == column.min()
            assert edges[-1] <= column.max()


def test_a_column_that_is_mostly_zero_has_its_edges_among_the_other_values():
    rng = np.random.default_rng(0)
    gains = np.where(rng.random(20_000) < 0.92, 0.0, rng.lognormal(9.0, 1.0, 20_000))[:, None]
    (edges,) = quantile_knots(gains)
    assert len(edges) == MOST_KNOTS
    counts, _ = np.histogram(gains[gains > 0], edges[2:])
    assert counts.max() < 2 * counts.mean()
