"""Normalisation of each row by itself."""

import keras
import numpy as np
from packs import check_gradients_are_finite, filled

from automl import _backend
from automl.layers.normalization import PackedLayerNorm

ROWS = np.random.default_rng(0).normal(2.0, 3.0, (1, 6, 5)).astype(np.float32)


def test_every_row_has_mean_zero_and_variance_one():
    values = filled(PackedLayerNorm(2), [1, 2], ROWS)
    assert values.shape == (2, 6, 5)
    np.testing.assert_allclose(values.mean(axis=-1), 0.0, atol=1e-6)
    np.testing.assert_allclose(values.var(axis=-1), 1.0, atol=1e-4)


def test_a_member_is_a_keras_layer_normalisation():
    layer, theirs = PackedLayerNorm(2), keras.layers.LayerNormalization(epsilon=1e-5)
    layer(ROWS)
    gain, shift = np.random.default_rng(1).normal(size=(2, 2, 1, 5)).astype(np.float32)
    layer.gain.assign(gain)
    layer.shift.assign(shift)
    theirs.build((None, 5))
    theirs.set_weights([gain[1, 0], shift[1, 0]])
    np.testing.assert_allclose(_backend.to_numpy(layer(ROWS))[1], _backend.to_numpy(theirs(ROWS[0])), atol=1e-5)


def test_a_row_does_not_know_its_neighbours():
    layer = PackedLayerNorm(1)
    together = filled(layer, [0], ROWS)
    np.testing.assert_allclose(_backend.to_numpy(layer(ROWS[:, 2:3]))[:, 0], together[:, 2], atol=1e-6)


def test_gradients_are_finite_also_for_a_constant_row():
    check_gradients_are_finite(PackedLayerNorm(2), ROWS)
    layer = PackedLayerNorm(1)
    assert np.isfinite(filled(layer, [0], np.ones((1, 3, 4), np.float32))).all()


def test_gain_and_shift_do_not_decay():
    layer = PackedLayerNorm(1)
    layer(ROWS)
    assert [variable.decay for variable in layer.trainable_variables] == [0.0, 0.0]


def test_half_precision_is_near_to_full_precision():
    whole, half = PackedLayerNorm(1), PackedLayerNorm(1, dtype="mixed_bfloat16")
    rounded = _backend.to_numpy(keras.ops.cast(keras.ops.cast(ROWS, "bfloat16"), "float32"))
    expected = filled(whole, [0], rounded)
    filled(half, [0], rounded)
    found = half(rounded)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(_backend.to_numpy(keras.ops.cast(found, "float32")), expected, atol=0.02)
