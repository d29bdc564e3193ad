"""One network that makes many predictions: a shared backbone, and for each head a rank-one change of it.

Source: TabM (Gorishniy et al., 2025, arXiv:2410.24210), which builds on BatchEnsemble (Wen et al., 2020, arXiv:2002.06715). The heads
are weak alone and strong together, for little more than the price of one network: most weights are shared.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from automl.layers.packed import Initializer, PackedLayer, he_normal, normal, ones, zeros


def signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Draw −1 or 1."""
    return rng.integers(0, 2, shape) * 2.0 - 1.0


class RankOneDense(PackedLayer):
    """The first layer: each head sees the inputs through its own factors, one for each column, and the kernel is shared.

    The factors multiply the kernel instead of the batch, which is the same function; with a batch that all members share it is cheaper.
    Source: the first layer of TabM (Gorishniy et al., 2025, arXiv:2410.24210).

    Args:
        members: Number of networks.
        heads: Number of heads.
        units: Outputs.
        groups: Column that each input belongs to; inputs of one column share a factor.
        activation: Name of a Keras activation.
        random_signs: Whether the factors start as −1 or 1; otherwise N(0, 1), which the paper uses with embeddings of numbers.

    Example:
        >>> tuple(RankOneDense(2, heads=3, units=4, groups=[0, 0, 1])(np.ones((1, 5, 3), "float32")).shape)
        (2, 3, 5, 4)
    """

    multiplies = True

    def __init__(
        self,
        members: int,
        heads: int,
        units: int,
        groups: Sequence[int],
        activation: str | None = "relu",
        random_signs: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(members, **kwargs)
        self.heads, self.units, self.random_signs = heads, units, random_signs
        self.groups = np.asarray(groups, np.int32)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Create factors (members, heads, columns, 1), kernel (members, inputs, units) and bias (members, 1, 1, units)."""
        start: Initializer = signs if self.random_signs else normal(1.0)
        self.factors = self.add_packed_weight("factors", (self.heads, int(self.groups.max()) + 1, 1), start, decay=0.0)
        self.kernel = self.add_packed_weight("kernel", (int(input_shape[-1]), self.units), he_normal)
        self.bias = self.add_packed_weight("bias", (1, 1, self.units), zeros, decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, inputs) to (members, heads, rows, units)."""
        kernel = ops.take(self.factors, self.groups, axis=2) * ops.expand_dims(self.kernel, 1)
        return self.activation(ops.matmul(ops.expand_dims(inputs, 1), kernel) + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, heads, rows, units)."""
        return (self.members, self.heads, input_shape[1], self.units)


class SharedDense(PackedLayer):
    """A hidden layer whose kernel all heads share; with `adapters` each head has factors before and behind it, starting at 1.

    Source: TabM (Gorishniy et al., 2025, arXiv:2410.24210), after BatchEnsemble (Wen et al., 2020, arXiv:2002.06715).

    Args:
        members: Number of networks.
        units: Outputs.
        activation: Name of a Keras activation.
        adapters: Whether the heads have factors of their own ("TabM"); otherwise only the first layer has ("TabM-mini").
    """

    multiplies = True

    def __init__(self, members: int, units: int, activation: str | None = "relu", adapters: bool = False, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.units, self.adapters = units, adapters
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: Any) -> None:
        """Create kernel (members, inputs, units), bias and factors for (members, heads, rows, inputs)."""
        heads, inputs = int(input_shape[1]), int(input_shape[-1])
        self.kernel = self.add_packed_weight("kernel", (inputs, self.units), he_normal)
        if self.adapters:
            self.before = self.add_packed_weight("before", (heads, 1, inputs), ones, decay=0.0)
            self.behind = self.add_packed_weight("behind", (heads, 1, self.units), ones, decay=0.0)
        self.bias = self.add_packed_weight("bias", (heads if self.adapters else 1, 1, self.units), zeros, decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Map (members, heads, rows, inputs) to (members, heads, rows, units), one product for all heads of a member."""
        _, heads, _, size = inputs.shape
        values = inputs * self.before if self.adapters else inputs
        joined = ops.reshape(values, (self.members, -1, int(size)))
        values = ops.reshape(ops.matmul(joined, self.kernel), (self.members, int(heads), -1, self.units))
        values = values * self.behind if self.adapters else values
        return self.activation(values + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, heads, rows, units)."""
        return (*input_shape[:-1], self.units)


class HeadsDense(PackedLayer):
    """The last layer: a kernel of its own for every head, as in TabM (Gorishniy et al., 2025, arXiv:2410.24210).

    Args:
        members: Number of networks.
        units: Outputs.
    """

    def __init__(self, members: int, units: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.units = units

    def build(self, input_shape: Any) -> None:
        """Create kernel (members, heads, inputs, units) and bias (members, heads, 1, units)."""
        heads, inputs = int(input_shape[1]), int(input_shape[-1])

        def start(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
            return rng.uniform(-1.0, 1.0, shape) / np.sqrt(inputs)

        self.kernel = self.add_packed_weight("kernel", (heads, inputs, self.units), start)
        self.bias = self.add_packed_weight("bias", (heads, 1, self.units), zeros, decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Map (members, heads, rows, inputs) to (members, heads, rows, units)."""
        return ops.matmul(inputs, self.kernel) + self.bias

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, heads, rows, units)."""
        return (*input_shape[:-1], self.units)
