"""Residual blocks."""

import numpy as np
import pytest
from packs import SEEDS, check_gradients_are_finite, check_members_are_side_by_side, filled, with_masks

from automl import _backend
from automl.layers.model import dropout_layers
from automl.layers.residual import PackedRelu, PackedResidual, fan_in_uniform

ROWS = np.random.default_rng(0).normal(size=(1, 6, 5)).astype(np.float32)


def test_initial_values_are_within_the_root_of_the_inputs():
    drawn = fan_in_uniform(np.random.default_rng(0), (25, 400))
    assert np.abs(drawn).max() <= 0.2
    assert drawn.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.03)


@pytest.mark.parametrize("twice", [False, True])
def test_a_pack_is_its_members_side_by_side(twice):
    values = check_members_are_side_by_side(lambda members: PackedResidual(members, 7, twice), ROWS)
    assert values.shape == (3, 6, 5) == PackedResidual(3, 7).compute_output_shape((1, 6, 5))
    check_gradients_are_finite(PackedResidual(3, 7, twice), ROWS)


def test_it_adds_to_its_input():
    layer = PackedResidual(1, 7)
    filled(layer, [0], ROWS)
    for variable in layer.steps[3].trainable_variables:
        variable.assign(np.zeros(tuple(variable.shape), np.float32))
    np.testing.assert_array_equal(_backend.to_numpy(layer(ROWS)), ROWS)


@pytest.mark.parametrize(("twice", "widths"), [(False, [7]), (True, [7, 5])])
def test_dropout_inside_the_block_is_found_with_its_width(twice, widths):
    layer = PackedResidual(2, 7, twice)
    before = filled(layer, SEEDS[:2], ROWS)
    assert [found.width for found in dropout_layers(layer)] == widths
    np.testing.assert_allclose(with_masks(layer, 1.0, ROWS), before, atol=1e-6)
    dropped = with_masks(layer, 0.0, ROWS)
    if twice:
        np.testing.assert_array_equal(dropped[0], ROWS[0])
    else:
        assert not np.allclose(dropped, before)


def test_rectified_values():
    values = np.array([[[-1.0, 2.0]]], np.float32)
    assert _backend.to_numpy(PackedRelu(1)(values)).tolist() == [[[0.0, 2.0]]]
