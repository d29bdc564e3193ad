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
    """Token ids to what the last block reads, and to one vector of length 1 for each text: the mean of the last block's tokens.

    Source: Reimers and Gurevych (2019), "Sentence-BERT", arXiv:1908.10084.
    """

    def __init__(self, words: int, places: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.words = keras.layers.Embedding(words, UNITS)
        self.places = keras.layers.Embedding(places, UNITS)
        self.kinds = keras.layers.Embedding(2, UNITS)
        self.normalise = keras.layers.LayerNormalization(epsilon=EPSILON)
        self.blocks = [SentenceBlock() for _ in range(BLOCKS)]

    def call(self, tokens: Any) -> Any:
        """Map (texts, tokens) int32, 0 where there is none, to (texts, tokens, 384), 0 likewise, and (texts, 384)."""
        present = ops.cast(tokens > 0, "float32")
        places = ops.arange(tokens.shape[1], dtype="int32")[None]
        values = self.normalise(self.words(tokens) + self.places(places) + self.kinds(ops.zeros_like(tokens)))
        hidden = (1.0 - present)[:, None, None] * -1e9
        for block in self.blocks[:-1]:
            values = block(values, hidden)
        middle = values * present[..., None]
        values = self.blocks[-1](values, hidden)
        mean = ops.sum(values * present[..., None], axis=1) / ops.maximum(ops.sum(present, axis=1, keepdims=True), 1.0)
        return middle, mean / ops.maximum(ops.sqrt(ops.sum(ops.square(mean), axis=1, keepdims=True)), 1e-9)


DENSE = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "open": "intermediate.dense",
    "close": "output.dense",
}
NORMS = {"between": "attention.output.LayerNorm", "after": "output.LayerNorm"}


def block_weights(weights: Mapping[str, NDArray[Any]], number: int) -> dict[str, NDArray[np.float32]]:
    """Return the weights of one block by the names of :class:`SentenceBlock`'s layers.

    Args:
        weights: Under the names that BERT's files use.
        number: Of the block; from the end where it is below 0.

    Returns:
        ``<layer>/kernel`` (inputs, units) and ``<layer>/bias`` (units,) of its dense layers, ``<layer>/gain`` and ``<layer>/shift``,
        (units,), of its normalisations.
    """
    home, found = f"encoder.layer.{number % BLOCKS}.", {}
    for name, stored in DENSE.items():
        found[f"{name}/kernel"] = np.asarray(weights[f"{home}{stored}.weight"], np.float32).T
        found[f"{name}/bias"] = np.asarray(weights[f"{home}{stored}.bias"], np.float32)
    for name, stored in NORMS.items():
        found[f"{name}/gain"] = np.asarray(weights[f"{home}{stored}.weight"], np.float32)
        found[f"{name}/shift"] = np.asarray(weights[f"{home}{stored}.bias"], np.float32)
    return found


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
        own = block_weights(weights, number)
        for name, parts in [*((name, ("kernel", "bias")) for name in DENSE), *((name, ("gain", "shift")) for name in NORMS)]:
            getattr(block, name).set_weights([own[f"{name}/{part}"] for part in parts])
    return network
