"""Layers with a members axis: a pack is its members side by side."""

import keras
import numpy as np
import pytest
from keras import ops

from automl import _backend
from automl.layers import PackedCategories, PackedDense, PackedDropout, PackedModel
from automl.layers.model import initial_weights
from automl.layers.packed import dropout_masks, he_normal, normal, ones, zeros

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(7, 3)).astype(np.float32)
CODES = np.column_stack([RNG.integers(0, 4, 7), RNG.integers(0, 50, 7)]).astype(np.int32)


def model(members, *, categories=True, activation="silu"):
    body = [PackedDense(members, 5, activation, input_scale=6.0), PackedDropout(members), PackedDense(members, 2)]
    pack = PackedModel(members, body, PackedCategories(members, (4, 50)) if categories else None)
    pack(inputs(categories))
    return pack


def inputs(categories=True):
    return {"numbers": NUMBERS, **({"categories": CODES} if categories else {})}


def fill(pack, seeds):
    weights = initial_weights(pack, seeds)
    for variable, values in zip(pack.trainable_variables, weights, strict=True):
        variable.assign(values)
    return weights


@pytest.mark.parametrize("categories", [True, False])
def test_a_pack_is_its_members_side_by_side(categories):
    pack = model(3, categories=categories)
    fill(pack, [4, 5, 6])
    together = _backend.to_numpy(pack(inputs(categories)))
    assert together.shape == (7, 3, 2)
    for member, seed in enumerate([4, 5, 6]):
        alone = model(1, categories=categories)
        fill(alone, [seed])
        np.testing.assert_allclose(_backend.to_numpy(alone(inputs(categories)))[:, 0], together[:, member], atol=1e-6)


def test_a_dense_member_is_a_keras_dense():
    layer = PackedDense(2, 4, "relu")
    values = _backend.to_numpy(layer(NUMBERS[None]))
    kernel, bias = (RNG.normal(size=tuple(weight.shape)).astype(np.float32) for weight in (layer.kernel, layer.bias))
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)
    values = _backend.to_numpy(layer(NUMBERS[None]))
    for member in range(2):
        dense = keras.layers.Dense(4, "relu")
        dense.build((None, 3))
        dense.set_weights([kernel[member], bias[member, 0]])
        np.testing.assert_allclose(values[member], _backend.to_numpy(dense(NUMBERS)), atol=1e-6)
    assert layer.compute_output_shape((1, 7, 3)) == values.shape


def test_members_do_not_mix():
    pack = model(3)
    weights = fill(pack, [1, 2, 3])
    before = _backend.to_numpy(pack(inputs()))
    for variable, values in zip(pack.trainable_variables, weights, strict=True):
        changed = values.copy()
        changed[1] += 1.0
        variable.assign(changed)
    after = _backend.to_numpy(pack(inputs()))
    np.testing.assert_array_equal(before[:, [0, 2]], after[:, [0, 2]])
    assert not np.allclose(before[:, 1], after[:, 1])


def test_gradients_do_not_mix():
    layer = PackedDense(2, 1)
    layer(NUMBERS[None])
    (gradient,) = _backend.gradients(
        lambda w: ops.sum(ops.matmul(NUMBERS[None], w[0])[0] ** 2), [_backend.to_device(np.ones((2, 3, 1), np.float32))]
    )
    found = _backend.to_numpy(gradient)
    assert np.abs(found[0]).max() > 0
    assert (found[1] == 0).all()


def test_weights_start_the_same_in_a_pack_of_any_size():
    many, few = fill(model(3), [7, 8, 9]), fill(model(1), [8])
    for one, other in zip(many, few, strict=True):
        np.testing.assert_array_equal(one[1], other[0])
        assert one.dtype == np.float32
    assert any(not np.array_equal(values[0], values[1]) for values in many)


def test_initial_values():
    rng = np.random.default_rng(0)
    assert (zeros(rng, (2, 2)) == 0).all()
    assert (ones(rng, (2,)) == 1).all()
    assert he_normal(rng, (200, 400)).std() == pytest.approx(0.1, rel=0.02)
    assert normal(0.3)(rng, (1000, 10)).std() == pytest.approx(0.3, rel=0.05)


def test_scales_learn_faster_and_nothing_decays_that_should_not():
    pack = model(2)
    variables = {variable.path.split("/")[-1]: variable for variable in pack.trainable_variables}
    assert variables["scale"].learning_rate_factor == 6.0
    assert not variables["scale"].decay
    assert not variables["bias"].decay
    assert variables["kernel"].decay
    assert variables["table"].decay


def test_few_levels_are_indicators_and_many_are_embedded():
    layer = PackedCategories(2, (4, 50), embedding_units=8)
    indicators, embedded = (_backend.to_numpy(part) for part in layer(CODES))
    assert indicators.shape == (1, 7, 3)
    assert embedded.shape == (2, 7, 8)
    np.testing.assert_array_equal(indicators[0].argmax(axis=1)[CODES[:, 0] > 0], CODES[CODES[:, 0] > 0, 0] - 1)


def test_missing_categories_are_zeros():
    layer = PackedCategories(2, (4, 50))
    layer(CODES)
    layer.table.assign(RNG.normal(size=tuple(layer.table.shape)).astype(np.float32))
    for part in layer(np.zeros((3, 2), np.int32)):
        assert (_backend.to_numpy(part) == 0).all()


def test_two_wide_columns_do_not_share_levels():
    layer = PackedCategories(1, (40, 50), embedding_units=2)
    layer(np.ones((1, 2), np.int32))
    layer.table.assign(np.arange(180, dtype=np.float32).reshape(1, 90, 2))
    (values,) = layer(np.array([[3, 3]], np.int32))
    assert _backend.to_numpy(values).tolist() == [[[6.0, 7.0, 86.0, 87.0]]]


def test_dropout_makes_what_members_share_their_own():
    layer = PackedDropout(2)
    shared = np.ones((1, 3, 4), np.float32)
    layer.build(shared.shape)
    pool = np.arange(40, dtype=np.float32).reshape(2, 20)
    with dropout_masks(_backend.to_device(pool), _backend.to_device(np.array([5], np.int32))):
        found = _backend.to_numpy(layer(shared))
    np.testing.assert_array_equal(found, pool[:, 5:17].reshape(2, 3, 4))


def test_dropout_reads_its_window_and_passes_on_outside_training():
    layer = PackedDropout(2)
    values = np.ones((2, 3, 4), np.float32)
    np.testing.assert_array_equal(_backend.to_numpy(layer(values)), values)
    pool = np.arange(2 * 40, dtype=np.float32).reshape(2, 40)
    with dropout_masks(_backend.to_device(pool), _backend.to_device(np.array([5, 9], np.int32))):
        first = _backend.to_numpy(layer(_backend.to_device(values)))
        second = _backend.to_numpy(layer(_backend.to_device(values)))
    np.testing.assert_array_equal(first, pool[:, 5:17].reshape(2, 3, 4))
    np.testing.assert_array_equal(second, pool[:, 9:21].reshape(2, 3, 4))
    np.testing.assert_array_equal(_backend.to_numpy(layer(values)), values)
