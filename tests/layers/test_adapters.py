"""One network, many heads."""

import numpy as np
import pytest
from packs import SEEDS, check_gradients_are_finite, check_members_are_side_by_side, filled

from automl import _backend
from automl.layers.adapters import HeadsDense, RankOneDense, SharedDense
from automl.layers.model import initial_weights

ROWS = np.random.default_rng(0).normal(size=(1, 6, 4)).astype(np.float32)
HEADS = np.random.default_rng(1).normal(size=(3, 5, 6, 4)).astype(np.float32)
GROUPS = [0, 1, 1, 2]


@pytest.mark.parametrize("signs", [False, True])
def test_the_first_layer_is_the_equation_of_the_paper(signs):
    values = check_members_are_side_by_side(lambda m: RankOneDense(m, 5, 2, GROUPS, None, signs), ROWS)
    layer = RankOneDense(3, 5, 2, GROUPS, None, signs)
    filled(layer, SEEDS, ROWS)
    factors, kernel, bias = (_backend.to_numpy(v) for v in (layer.factors, layer.kernel, layer.bias))
    assert (np.abs(factors) == 1).all() == signs
    for member in range(3):
        for head in range(5):
            expected = (ROWS[0] * factors[member, head, GROUPS, 0]) @ kernel[member] + bias[member, 0]
            np.testing.assert_allclose(values[member, head], expected, atol=1e-5)
    check_gradients_are_finite(layer, ROWS)


@pytest.mark.parametrize("adapters", [False, True])
def test_hidden_layers_share_their_kernel(adapters):
    layer = SharedDense(3, 2, None, adapters)
    values = filled(layer, SEEDS, HEADS)
    kernel = _backend.to_numpy(layer.kernel)
    np.testing.assert_allclose(values, np.einsum("mhri,mio->mhro", HEADS, kernel), atol=1e-5)  # adapters start at 1
    assert values.shape == layer.compute_output_shape(HEADS.shape)
    check_gradients_are_finite(SharedDense(3, 2, None, adapters), HEADS)
    if adapters:
        layer.before.assign(np.full((3, 5, 1, 4), 2.0, np.float32))
        layer.behind.assign(np.full((3, 5, 1, 2), 3.0, np.float32))
        np.testing.assert_allclose(_backend.to_numpy(layer(HEADS)), 6 * values, rtol=1e-4, atol=1e-5)


def test_every_head_ends_in_a_kernel_of_its_own():
    layer = HeadsDense(3, 2)
    values = filled(layer, SEEDS, HEADS)
    np.testing.assert_allclose(values, np.einsum("mhri,mhio->mhro", HEADS, _backend.to_numpy(layer.kernel)), atol=1e-5)
    check_gradients_are_finite(HeadsDense(3, 2), HEADS)


def test_weights_grow_with_the_units_and_hardly_with_the_heads():
    def size(heads):
        layer = RankOneDense(1, heads, 64, list(range(30)))
        layer(np.ones((1, 2, 30), np.float32))
        return sum(values.size for values in initial_weights(layer, [0]))

    assert size(16) - size(1) == 15 * 30
