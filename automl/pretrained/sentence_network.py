"""The network behind sentence embeddings: a BERT encoder (Devlin et al., 2019, arXiv:1810.04805) of six small blocks, in Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

BLOCKS, UNITS, HEADS, HIDDEN = 6, 384, 12, 1536
EPSILON = 1e-12


class SentenceBlock(keras.layers.Layer):  # type: ignore[misc]
    """Attention and feed-forward layers, each with its input added and normalised afterwards."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.query, self.key, self.value, self.attended = (keras.layers.Dense(UNITS) for _ in range(4))
        self.between = keras.layers.LayerNormalization(epsilon=EPSILON)
        self.open = keras.layers.Dense(HIDDEN, activation=lambda values: ops.gelu(values, approximate=False))
        self.close = keras.layers.Dense(UNITS)
        self.after = keras.layers.LayerNormalization(epsilon=EPSILON)

    def call(self, values: Any, hidden: Any) -> Any:
        """Map (texts, tokens, units); `hidden` (texts, 1, 1, tokens) is added to the scores of tokens that are not there."""

        def by_head(part: Any) -> Any:
            return ops.transpose(ops.reshape(part, (-1, values.shape[1], HEADS, UNITS // HEADS)), (0, 2, 1, 3))

        query, key, value = by_head(self.query(values)), by_head(self.key(values)), by_head(self.value(values))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) / float(np.sqrt(UNITS // HEADS)) + hidden
        mixed = ops.transpose(ops.matmul(ops.softmax(scores, axis=-1), value), (0, 2, 1, 3))
        values = self.between(values + self.attended(ops.reshape(mixed, (-1, values.shape[1], UNITS))))
        return self.after(values + self.close(self.open(values)))


class SentenceNetwork(keras.Model):  # type: ignore[misc]
    """Token ids to one vector of length 1 for each text: the mean of the last block's tokens (Reimers and Gurevych, 2019)."""

    def __init__(self, words: int, places: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.words = keras.layers.Embedding(words, UNITS)
        self.places = keras.layers.Embedding(places, UNITS)
        self.kinds = keras.layers.Embedding(2, UNITS)
        self.normalise = keras.layers.LayerNormalization(epsilon=EPSILON)
        self.blocks = [SentenceBlock() for _ in range(BLOCKS)]

    def call(self, tokens: Any) -> Any:
        """Map (texts, tokens) int32, 0 where there is none, to (texts, 384)."""
        present = ops.cast(tokens > 0, "float32")
        places = ops.arange(tokens.shape[1], dtype="int32")[None]
        values = self.normalise(self.words(tokens) + self.places(places) + self.kinds(ops.zeros_like(tokens)))
        hidden = (1.0 - present)[:, None, None] * -1e9
        for block in self.blocks:
            values = block(values, hidden)
        mean = ops.sum(values * present[..., None], axis=1) / ops.maximum(ops.sum(present, axis=1, keepdims=True), 1.0)
        return mean / ops.maximum(ops.sqrt(ops.sum(ops.square(mean), axis=1, keepdims=True)), 1e-9)


def build(weights: Mapping[str, NDArray[Any]]) -> SentenceNetwork:
    """Return the network with weights under the names that BERT's files use."""
    words = np.asarray(weights["embeddings.word_embeddings.weight"])
    places = np.asarray(weights["embeddings.position_embeddings.weight"])
    network = SentenceNetwork(len(words), len(places))
    network(np.ones((1, 4), np.int32))
    network.words.set_weights([words])
    network.places.set_weights([places])
    network.kinds.set_weights([np.asarray(weights["embeddings.token_type_embeddings.weight"])])
    network.normalise.set_weights([weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"]])
    for number, block in enumerate(network.blocks):
        home = f"encoder.layer.{number}."
        dense = {
            "attention.self.query": block.query,
            "attention.self.key": block.key,
            "attention.self.value": block.value,
            "attention.output.dense": block.attended,
            "intermediate.dense": block.open,
            "output.dense": block.close,
        }
        for name, layer in dense.items():
            layer.set_weights([np.asarray(weights[f"{home}{name}.weight"]).T, weights[f"{home}{name}.bias"]])
        for name, layer in {"attention.output.LayerNorm": block.between, "output.LayerNorm": block.after}.items():
            layer.set_weights([weights[f"{home}{name}.weight"], weights[f"{home}{name}.bias"]])
    return network
