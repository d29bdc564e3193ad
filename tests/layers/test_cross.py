"""Cross layers and branches."""

import numpy as np
import pytest
from packs import SEEDS, check_gradients_are_finite, check_members_are_side_by_side, filled

from automl import _backend
from automl.layers import PackedDense, PackedDropout
from automl.layers.cross import PackedBranches, PackedCross
from automl.layers.model import dropout_layers

ROWS = np.random.default_rng(0).normal(size=(1, 6, 4)).astype(np.float32)


@pytest.mark.parametrize("rank", [0, 2])
def test_a_pack_is_its_members_side_by_side(rank):
    values = check_members_are_side_by_side(lambda members: PackedCross(members, 2, rank), ROWS)
    assert values.shape == (3, 6, 4) == PackedCross(3, 2, rank).compute_output_shape((1, 6, 4))
    check_gradients_are_finite(PackedCross(3, 2, rank), ROWS)


def test_a_layer_is_the_equation_of_the_paper():
    layer = PackedCross(2, 2)
    values = filled(layer, SEEDS[:2], ROWS)
    for member in range(2):
        x0 = x = ROWS[0]
        for dense in layer.maps:
            kernel, bias = (_backend.to_numpy(weight)[member] for weight in (dense.kernel, dense.bias))
            x = x0 * (x @ kernel + bias) + x
        np.testing.assert_allclose(values[member], x, atol=1e-5)


def test_two_layers_are_a_polynomial_of_degree_three():
    layer = PackedCross(1, 2)
    filled(layer, [0], ROWS)
    for dense in layer.maps:
        dense.bias.assign(np.zeros((1, 1, 4), np.float32))
    steps = np.arange(5, dtype=np.float32)[None, :, None] * ROWS[:, :1]  # along a line, equally spaced
    values = _backend.to_numpy(layer(steps)).astype(np.float64)
    scale = np.abs(values).max()
    assert np.abs(np.diff(values, 4, axis=1)).max() < 1e-4 * scale
    assert np.abs(np.diff(values, 3, axis=1)).max() > 1e-3 * scale


def test_a_low_rank_needs_fewer_weights():
    sizes = []
    for rank in (0, 2):
        layer = PackedCross(1, 1, rank)
        layer(np.ones((1, 2, 40), np.float32))
        sizes.append(sum(int(np.prod(variable.shape)) for variable in layer.trainable_variables))
    assert sizes[1] < sizes[0] / 4


def test_branches_stand_side_by_side():
    def make(members):
        return PackedBranches(members, [[PackedCross(members, 1)], [PackedDense(members, 3, "relu"), PackedDropout(members)]])

    values = check_members_are_side_by_side(make, ROWS)
    assert values.shape == (3, 6, 7)
    layer = make(2)
    values = filled(layer, SEEDS[:2], ROWS)
    np.testing.assert_array_equal(values[..., :4], _backend.to_numpy(layer.branches[0][0](ROWS)))
    assert layer.compute_output_shape((1, 6, 4)) == (2, 6, 7)
    assert [found.width for found in dropout_layers(layer)] == [3]
    check_gradients_are_finite(make(2), ROWS)
