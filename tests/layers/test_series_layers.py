"""Networks for series: the steps behind the end of a short one change nothing, and a recurrent layer is the one of Keras."""

import keras
import numpy as np
import pytest

from automl.families import family_by_name
from automl.layers.model import initial_weights
from automl.layers.recurrent import PackedRecurrent
from automl.layers.series import coarser, fixed_kernels, odd_taps
from automl.preprocessing.base import Extra, Spec

NAMES = ["lite", "inception_time", "fcn_resnet", "lstm_fcn", "gru", "lstm", "simple_rnn"]


@pytest.mark.parametrize("name", NAMES)
def test_padding_changes_nothing(name):
    family = family_by_name(name)
    spec = Spec(0, 0, (), 3, "multiclass", 50, extra=(Extra("series", (24, 2)),))
    model = family.build(spec, [family.defaults(spec)] * 2)
    short = np.random.default_rng(0).normal(size=(3, 16, 2)).astype(np.float32)
    wide = np.full((3, 24, 2), np.nan, np.float32)
    wide[:, :16] = short
    numbers = np.zeros((3, 0), np.float32)
    model({"numbers": numbers, "series": wide})
    for variable, values in zip(model.trainable_variables, initial_weights(model, [1, 2]), strict=True):
        variable.assign(values + 0.01)
    alone, beside = (keras.ops.convert_to_numpy(model({"numbers": numbers, "series": series})) for series in (short, wide))
    assert alone.shape == (3, 2, 3)
    assert np.abs(alone).max() > 1e-4
    np.testing.assert_allclose(alone, beside, atol=1e-5)


def test_the_transformer_does_not_listen_to_empty_patches():
    family = family_by_name("series_transformer")
    spec = Spec(0, 0, (), 1, "regression", 50, extra=(Extra("series", (24, 1)),))
    model = family.build(spec, [family.defaults(spec)])
    series = np.random.default_rng(0).normal(size=(2, 24, 1)).astype(np.float32)
    series[:, 12:] = np.nan
    model({"numbers": np.zeros((2, 0), np.float32), "series": series})
    for variable, values in zip(model.trainable_variables, initial_weights(model, [1]), strict=True):
        variable.assign(values + 0.01)
    found = [keras.ops.convert_to_numpy(model({"numbers": np.zeros((n, 0), np.float32), "series": series[:n]})) for n in (1, 2)]
    np.testing.assert_allclose(found[0], found[1][:1], atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "layer"), [("simple_rnn", keras.layers.SimpleRNN), ("gru", keras.layers.GRU), ("lstm", keras.layers.LSTM)]
)
def test_recurrent_layers_are_those_of_keras(cell, layer):
    values = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32)
    mine, theirs = PackedRecurrent(1, 4, cell), layer(4)
    mine(values[None], np.ones((2, 6), np.float32))
    theirs(values)
    for variable, drawn in zip(mine.trainable_variables, initial_weights(mine, [3]), strict=True):
        variable.assign(drawn + 0.1)
    weights = [keras.ops.convert_to_numpy(variable)[0] for variable in mine.trainable_variables]
    kernel, recurrent, bias = weights[:3]
    if cell == "gru":
        second = np.zeros((1, 12), np.float32)
        second[:, 8:] = weights[3]
        theirs.set_weights([kernel, recurrent, np.concatenate([bias, second])])
    else:
        theirs.set_weights([kernel, recurrent, bias[0]])
    found = keras.ops.convert_to_numpy(mine(values[None], np.ones((2, 6), np.float32)))[0]
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(theirs(values)), atol=1e-5)


def test_coarser_series_keep_their_end():
    series = np.array([[[1.0], [3.0], [5.0], [np.nan], [np.nan]]], np.float32)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(coarser(series, 2))[0, :, 0], [2.0, 5.0, np.nan])


def test_fixed_kernels_and_taps_fit_the_series():
    assert fixed_kernels(8).shape == (9, 3)
    assert np.abs(fixed_kernels(8)[:, 2].sum()) < 1e-6
    assert odd_taps(40, 3) == 3
    assert odd_taps(40, 1) == 1
