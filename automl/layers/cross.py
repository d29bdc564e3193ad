"""Cross layers of DCN-v2: explicit products of the inputs, one degree more with every layer; and branches side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from automl.layers.packed import PackedDense, PackedLayer
from automl.layers.residual import fan_in_uniform


class PackedCross(PackedLayer):
    """A stack of cross layers per member: ``x ← x₀ ∘ (W x + b) + x``; after n layers the outputs are polynomials of degree n + 1.

    Source: DCN-v2 (Wang et al., 2021, arXiv:2008.13535, equations 1 and 2).

    Args:
        members: Number of networks.
        layers: Number of cross layers.
        rank: Width of the bottleneck of a low-rank ``W = U Vᵀ``; 0 for a full matrix.

    Example:
        >>> import numpy as np
        >>> layer = PackedCross(members=3, layers=2, rank=2)
        >>> tuple(layer(np.ones((1, 5, 6), "float32")).shape)
        (3, 5, 6)
    """

    def __init__(self, members: int, layers: int, rank: int = 0, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.layers, self.rank = layers, rank

    def build(self, input_shape: Any) -> None:
        """Create for each layer one linear map of the inputs onto themselves, or two with a bottleneck."""
        inputs = int(input_shape[-1])
        self.maps: list[Any] = [PackedDense(self.members, inputs, initializer=fan_in_uniform) for _ in range(self.layers)]
        bottlenecks = self.layers if self.rank else 0
        self.narrow: list[Any] = [PackedDense(self.members, self.rank, initializer=fan_in_uniform) for _ in range(bottlenecks)]
        shape = (self.members, *input_shape[1:])
        for layer in self.narrow:
            layer.build(shape)
        for layer in self.maps:
            layer.build((*shape[:-1], self.rank) if self.rank else shape)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, inputs) to (members, rows, inputs)."""
        values = inputs
        for index, layer in enumerate(self.maps):
            crossed = self.narrow[index](values) if self.rank else values
            values = inputs * ops.cast(layer(crossed), self.compute_dtype) + values
        return values

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, inputs)."""
        return (self.members, *input_shape[1:])


class PackedBranches(PackedLayer):
    """Several stacks of layers that read the same input; their outputs stand side by side.

    Args:
        members: Number of networks.
        branches: For each branch its layers in order.
    """

    def __init__(self, members: int, branches: Sequence[Sequence[keras.layers.Layer]], **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.branches = [list(branch) for branch in branches]

    def build(self, input_shape: Any) -> None:
        """Build every branch on the shape of the input."""
        for branch in self.branches:
            shape = (self.members, *input_shape[1:])
            for layer in branch:
                layer.build(shape)
                shape = layer.compute_output_shape(shape)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, inputs) to (members, rows, sum of the branches' units)."""
        outputs = []
        for branch in self.branches:
            values = inputs
            for layer in branch:
                values = layer(values)
            outputs.append(ops.cast(values, self.compute_dtype))
        return ops.concatenate(outputs, axis=-1)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, units of all branches)."""
        units = 0
        for branch in self.branches:
            shape = (self.members, *input_shape[1:])
            for layer in branch:
                shape = layer.compute_output_shape(shape)
            units += int(shape[-1])
        return (self.members, input_shape[1], units)
