"""Embeddings of numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from joined import Joined
from packs import SEEDS, check_gradients_are_finite, filled

from automl import _backend
from automl.layers.embeddings import (
    PeriodicEmbedding,
    PiecewiseLinearEncoding,
    TreeEncoding,
    bin_lines,
    thinned,
    tree_edges,
)
from automl.layers.model import fitted_weights, initial_weights

ROWS = np.random.default_rng(0).normal(size=(1, 6, 3)).astype(np.float32)


def test_periodic_embedding_is_the_formula():
    layer = PeriodicEmbedding(2, frequencies=4, units=3)
    layer(ROWS)
    for variable, values in zip(layer.trainable_variables, initial_weights(layer, SEEDS[:2]), strict=True):
        variable.assign(values)
    raw, found = (_backend.to_numpy(part) for part in layer(ROWS))
    np.testing.assert_array_equal(raw, ROWS)
    frequency, phase, mix, shift = (_backend.to_numpy(v) for v in (layer.frequency, layer.phase, layer.mix, layer.shift))
    for member in range(2):
        for column in range(3):
            waves = np.cos(ROWS[0, :, column, None] * frequency[member, column, 0] + phase[member, column, 0])
            expected = waves @ mix[member, column] + shift[member, 0, 3 * column : 3 * column + 3]
            np.testing.assert_allclose(found[member, :, 3 * column : 3 * column + 3], expected, atol=1e-5)


def test_periodic_members_are_side_by_side():
    together = filled(Joined(PeriodicEmbedding, 3), SEEDS, ROWS)
    for member, seed in enumerate(SEEDS):
        np.testing.assert_allclose(together[member], filled(Joined(PeriodicEmbedding, 1), [seed], ROWS)[0], atol=1e-6)
    check_gradients_are_finite(Joined(PeriodicEmbedding, 2), ROWS)


def test_the_scale_of_the_frequencies_is_a_hyperparameter():
    layer = PeriodicEmbedding(2)
    layer(ROWS)
    drawn = initial_weights(layer, [7, 7], {"embedding_scale": np.array([0.1, 1.0])})
    np.testing.assert_allclose(drawn[0][0] * 10, drawn[0][1], rtol=1e-6)
    np.testing.assert_array_equal(drawn[1][0], drawn[1][1])


def encoded(knots, bins, x):
    parts = PiecewiseLinearEncoding(knots, bins)(np.asarray(x, np.float32).reshape(1, -1, len(knots)))
    return _backend.to_numpy(parts[1])[0] if len(parts) == 2 else None


def test_bins_fill_one_after_the_other_and_go_on_outside():
    found = encoded([[0.0, 1.0, 3.0, 4.0]], 8, [-2.0, 0.5, 2.0, 3.5, 9.0])
    np.testing.assert_allclose(found, [[-2, 0, 0], [0.5, 0, 0], [1, 0.5, 0], [1, 1, 0.5], [1, 1, 6]], atol=1e-6)


def test_columns_without_bins_are_left_out():
    assert encoded([(), ()], 8, [[0.0, 1.0]]) is None
    assert encoded([(), (0.0, 1.0, 2.0)], 8, [[5.0, 1.5]]).tolist() == [[1.0, 0.5]]
    assert PiecewiseLinearEncoding([(), (0.0, 1.0, 2.0), (0.0, 1.0, 2.0, 3.0)], 2).columns.tolist() == [1, 1, 2, 2]


FLOATS = some.floats(-50, 50, width=32)


@given(some.lists(FLOATS, min_size=3, max_size=40, unique=True), some.integers(2, 12), some.floats(-60, 60, width=32))
def test_the_sum_of_the_widths_gives_the_number_back(knots, bins, x):
    edges = np.unique(np.asarray(knots, np.float64))
    edges = thinned(edges[np.concatenate([[True], np.diff(edges) > 1e-3])], bins)
    if len(edges) < 3:
        return
    assert len(edges) <= bins + 1
    factor, shift, low, high = bin_lines(edges)
    assert edges[0] + (np.clip(x * factor + shift, low, high) * np.diff(edges)).sum() == pytest.approx(x, abs=1e-6)


def test_a_tree_finds_where_the_target_jumps():
    x = np.linspace(0, 1, 1000)
    edges = tree_edges(x, np.where(x > 0.3, 5.0, 0.0) + np.where(x > 0.8, -3.0, 0.0), 3, False)
    np.testing.assert_allclose(edges, [0, 0.3, 0.8, 1], atol=2e-3)
    assert len(tree_edges(np.ones(50), np.arange(50) % 2, 4, True)) < 3  # a constant column has no edge


def test_the_edges_of_a_member_come_from_the_rows_it_learns_from():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(400, 2)).astype(np.float32)
    fold = np.arange(400) % 2
    target = np.where(fold == 0, numbers[:, 0] > 1.0, numbers[:, 0] > -1.0).astype(int)
    layer = TreeEncoding(4, 2, classification=True)
    layer.members = 4
    layer(numbers[None])
    (lines,) = fitted_weights(layer, {"numbers": numbers}, target, fold, 2)
    assert lines.shape == (4, 4, 4)
    np.testing.assert_array_equal(lines[:2], lines[2:])  # two configurations of the same folds
    cut = [-lines[member, 1, 1] / lines[member, 0, 1] for member in (0, 1)]  # where the second bin of the first column begins
    assert cut[0] == pytest.approx(-1.0, abs=0.1)  # the model without fold 0 learns from fold 1
    assert cut[1] == pytest.approx(1.0, abs=0.1)
    # Another target in the own fold changes nothing: a planted leak has no way in.
    flipped = np.where(fold == 0, 1 - target, target)
    np.testing.assert_array_equal(fitted_weights(layer, {"numbers": numbers}, flipped, fold, 2)[0][0], lines[0])
