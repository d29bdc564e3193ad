"""The last block of the network for sentences, each member's own, from the values behind the blocks that stay as they are."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers import PackedLayer
from automl.layers.packed import Initializer
from automl.pretrained import sentences
from automl.pretrained.sentence_network import EPSILON, HEADS, HIDDEN, UNITS

MULTIPLICATIONS = 4 * UNITS * UNITS + 2 * UNITS * HIDDEN  # of the block, for one place of a text
NEVER = -1e9  # added to the scores of places behind the end of a text


def _given(name: str) -> Initializer:
    """Return an initializer that starts every member from the trained weights."""

    def initial(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        return sentences.sentences().last[name].reshape(shape)

    return initial


def _further(rate: float) -> dict[str, Any]:
    """Return how weights that were trained before learn: slowly, and without decay towards 0."""
    return {"learning_rate_factor": rate, "decay": 0.0}


class TrainedDense(PackedLayer):
    """A dense layer that starts from trained weights, without decay towards 0.

    Args:
        members: Number of networks.
        start: Name of its weights; see :func:`automl.pretrained.sentence_network.block_weights`.
        units: Outputs.
        rate: Factor of the learning rate.
    """

    multiplies = True

    def __init__(self, members: int, start: str, units: int, rate: float, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.start, self.units, self.rate = start, units, rate

    def build(self, input_shape: Any) -> None:
        """Create kernel (members, inputs, units) and bias (members, 1, units)."""
        shape, how = (int(input_shape[-1]), self.units), _further(self.rate)
        self.kernel = self.add_packed_weight("kernel", shape, _given(f"{self.start}/kernel"), **how)
        self.bias = self.add_packed_weight("bias", (1, self.units), _given(f"{self.start}/bias"), **how)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, places, inputs) to (members, places, units)."""
        return ops.matmul(inputs, self.kernel) + self.bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, places, units)."""
        return (self.members, input_shape[1], self.units)


class TrainedNorm(PackedLayer):
    """A layer normalisation that starts from trained weights.

    Args:
        members: Number of networks.
        start: Name of its weights.
        rate: Factor of the learning rate.
    """

    def __init__(self, members: int, start: str, rate: float, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.start, self.rate = start, rate

    def build(self, input_shape: Any) -> None:
        """Create gain and shift (members, 1, units)."""
        shape, how = (1, int(input_shape[-1])), _further(self.rate)
        self.gain = self.add_packed_weight("gain", shape, _given(f"{self.start}/gain"), **how)
        self.shift = self.add_packed_weight("shift", shape, _given(f"{self.start}/shift"), **how)

    def call(self, inputs: Any) -> Any:
        """Normalise (members, places, units)."""
        values = ops.cast(inputs, "float32")
        values = values - ops.mean(values, axis=-1, keepdims=True)
        return values * ops.rsqrt(ops.mean(ops.square(values), axis=-1, keepdims=True) + EPSILON) * self.gain + self.shift

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


class LastSentenceBlock(keras.layers.Layer):  # type: ignore[misc]
    """The last block of all-MiniLM-L6-v2, and the mean of its places at length 1: at its start what the network itself gives.

    Args:
        members: Number of networks.
        rate: Factor of the learning rate of its weights, which were trained before.
        scale: Factor of the vectors; see :class:`automl.layers.text.Shared`.
    """

    def __init__(self, members: int, rate: float, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.members, self.scale = members, scale
        self.query, self.key, self.value, self.attended, self.close = (
            TrainedDense(members, name, UNITS, rate) for name in ("query", "key", "value", "attended", "close")
        )
        self.open = TrainedDense(members, "open", HIDDEN, rate)
        self.between, self.after = TrainedNorm(members, "between", rate), TrainedNorm(members, "after", rate)

    def call(self, inputs: Any) -> Any:
        """Map (rows, columns, places, units), zeros behind the end of a text, to (members, rows, columns × units)."""
        columns, places = int(inputs.shape[1]), int(inputs.shape[2])
        values = ops.reshape(ops.cast(inputs, "float32"), (-1, places, UNITS))
        present = ops.cast(ops.any(values != 0.0, axis=-1), "float32")
        flat = ops.reshape(values, (1, -1, UNITS))

        def by_head(part: Any) -> Any:
            return ops.transpose(ops.reshape(part, (self.members, -1, places, HEADS, UNITS // HEADS)), (0, 1, 3, 2, 4))

        query, key, value = by_head(self.query(flat)), by_head(self.key(flat)), by_head(self.value(flat))
        scores = ops.cast(ops.matmul(query, ops.transpose(key, (0, 1, 2, 4, 3))), "float32") / float(np.sqrt(UNITS // HEADS))
        shares = ops.softmax(scores + (1.0 - present)[None, :, None, None] * NEVER, axis=-1)
        mixed = ops.transpose(ops.matmul(ops.cast(shares, value.dtype), value), (0, 1, 3, 2, 4))
        inner = self.between(flat + ops.cast(self.attended(ops.reshape(mixed, (self.members, -1, UNITS))), "float32"))
        opened = ops.gelu(self.open(inner), approximate=False)
        found = self.after(inner + ops.cast(self.close(opened), "float32"))
        found = ops.reshape(found, (self.members, -1, places, UNITS)) * present[None, :, :, None]
        mean = ops.sum(found, axis=2) / ops.maximum(ops.sum(present, axis=1), 1.0)[None, :, None]
        mean = mean * ops.rsqrt(ops.maximum(ops.sum(ops.square(mean), axis=-1, keepdims=True), 1e-12))
        return self.scale * ops.reshape(mean, (self.members, -1, columns * UNITS))
