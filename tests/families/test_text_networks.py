"""Networks that read tokens: padding changes nothing, what they are made for is learnt, and recurrent families read texts too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from automl.budget import Budget
from automl.families import family_by_name
from automl.families.base import TrainingData
from automl.layers.text import PackedBag, PackedRecurrentText, PackedTextConvolution, PackedTextTransformer, TokenCounts
from automl.preprocessing.base import Extra
from automl.testing import toy_data

LAYERS: dict[str, Any] = {
    "bag": lambda length: PackedBag(2, 12, 4, pairs=True),
    "convolution": lambda length: PackedTextConvolution(2, 12, 4, 3),
    "recurrent": lambda length: PackedRecurrentText(2, 12, 4, 3, "gru"),
}


def answer(layer: Any, tokens: np.ndarray) -> np.ndarray:
    from keras import ops

    from automl.layers.model import PackedModel, initial_weights

    model = PackedModel(2, [layer_of_nothing()], further={"tokens": layer})
    inputs = {"numbers": np.zeros((len(tokens), 0), "float32"), "tokens": tokens}
    model(inputs)
    for variable, values in zip(model.trainable_variables, initial_weights(model, [1, 2]), strict=True):
        variable.assign(values)
    return np.asarray(ops.convert_to_numpy(model(inputs)))


def layer_of_nothing() -> Any:
    from keras import layers

    return layers.Activation("linear")


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_padding_changes_nothing(name: str) -> None:
    short = np.array([[5, 3, 7, 2, 9], [4, 4, 0, 0, 0]], "int32")
    padded = np.pad(short, ((0, 0), (0, 6)))
    np.testing.assert_allclose(answer(LAYERS[name](5), short), answer(LAYERS[name](11), padded), atol=1e-5)


def test_the_transformer_does_not_listen_to_padding() -> None:
    layer = PackedTextTransformer(2, 12, 8, 4, 1, 2)
    tokens = np.array([[5, 3, 7, 0, 0, 0, 0, 0]], "int32")
    assert np.isfinite(answer(layer, tokens)).all()
    longer = PackedTextTransformer(2, 12, 16, 4, 1, 2)
    assert answer(longer, np.pad(tokens, ((0, 0), (0, 8)))).shape == (1, 2, 4)


def test_neighbours_are_averaged_where_texts_are_long() -> None:
    tokens = np.array([[5, 3, 7, 2, 9, 1, 0, 0]], "int32")
    assert answer(PackedRecurrentText(2, 12, 4, 3, "lstm", averaged=3), tokens).shape == (1, 2, 6)
    assert np.isfinite(answer(PackedTextTransformer(2, 12, 8, 4, 1, 2, averaged=3), tokens)).all()


def test_tokens_and_pairs_are_counted() -> None:
    from keras import ops

    counts = np.asarray(ops.convert_to_numpy(TokenCounts(10, pairs=True)(np.array([[2, 2, 3, 0], [3, 2, 2, 0]], "int32"))))
    np.testing.assert_allclose(counts[0, :10], counts[1, :10])
    assert counts[0, 0] == 0.0
    assert not np.allclose(counts[0, 10:], counts[1, 10:])  # their order is told by the pairs
    np.testing.assert_allclose(np.linalg.norm(counts, axis=1), 1.0, rtol=1e-5)


def ordered(rows: int = 300) -> TrainingData:
    """Two tokens in every text, and which comes first decides: no bag of single tokens can tell."""
    rng = np.random.default_rng(0)
    data = toy_data("binary", rows=rows, numbers=False, categories=False, further=["tokens"])
    tokens = rng.integers(7, 20, (rows, 8)).astype(np.int32)
    first = rng.random(rows) < 0.5
    for row in range(rows):
        places = np.sort(rng.choice(8, 2, replace=False))
        tokens[row, places] = (5, 6) if first[row] else (6, 5)
    spec = replace(data.spec, numbers=0, raw_numbers=0, extra=(Extra("tokens", (8,), "int32", 20),))
    arrays = {**data.arrays, "tokens": tokens, "numbers": np.zeros((rows, 0), np.float32), "raw_numbers": np.zeros((rows, 0), np.float32)}
    return replace(data, arrays=arrays, target=first.astype(np.int64), spec=spec)


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_recurrent_families_learn_the_order_of_words(name: str) -> None:
    family, data = family_by_name(name), ordered()
    config = {**family.complete({}, data.spec), "seed": 1}
    (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    assert ((trained.out_of_fold[:, 1] > 0.5) == data.target).mean() > 0.9
    fitted = family.combine([(trained.config, trained.models, 1.0)], data.spec)
    again = family.restore(fitted.state(), data.spec)
    np.testing.assert_allclose(again.predict(data.arrays), fitted.predict(data.arrays), atol=1e-5)
