"""Residual blocks of the tabular ResNet, and the initial values that its authors use."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import PackedDense, PackedDropout, PackedLayer


def fan_in_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw U(−1/√inputs, 1/√inputs), the initial values of PyTorch's linear layers, for which the defaults of many papers were found."""
    bound = 1.0 / np.sqrt(shape[0])
    return rng.uniform(-bound, bound, shape)


class PackedResidual(PackedLayer):
    """One block ``x + dropout(linear(dropout(relu(linear(norm(x))))))`` per member.

    Source: the ResNet of Gorishniy et al. (2021, arXiv:2106.11959), with a layer normalisation in the place of the batch normalisation;
    see :class:`automl.layers.normalization.PackedLayerNorm` for the reason.

    Args:
        members: Number of networks.
        hidden: Units between the two linear layers.
        residual_dropout: Whether what is added passes through dropout too, at the member's one rate.

    Example:
        >>> layer = PackedResidual(members=2, hidden=8)
        >>> tuple(layer(np.ones((2, 5, 4), "float32")).shape)
        (2, 5, 4)
    """

    def __init__(self, members: int, hidden: int, residual_dropout: bool = False, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.hidden = hidden
        self.residual_dropout = residual_dropout

    def build(self, input_shape: Any) -> None:
        """Create the parts; the second linear layer leads back to the width of the input."""
        units = int(input_shape[-1])
        self.steps: list[Any] = [
            PackedLayerNorm(self.members),
            PackedDense(self.members, self.hidden, "relu", fan_in_uniform),
            PackedDropout(self.members),
            PackedDense(self.members, units, initializer=fan_in_uniform),
        ]
        if self.residual_dropout:
            self.steps.append(PackedDropout(self.members))
        shape = (self.members, *input_shape[1:])
        for step in self.steps:
            step.build(shape)
            shape = step.compute_output_shape(shape)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, units) to (members, rows, units)."""
        values = inputs
        for step in self.steps:
            values = step(values)
        return inputs + ops.cast(values, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, units)."""
        return (self.members, *input_shape[1:])


class PackedRelu(PackedLayer):
    """Rectified values, where no linear layer comes just before.

    Args:
        members: Number of networks.
    """

    def call(self, inputs: Any) -> Any:
        """Return max(x, 0)."""
        return ops.relu(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape
