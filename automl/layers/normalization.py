"""Normalisation of each row by itself, with a gain and a shift per member."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.layers.packed import PackedLayer, ones, zeros

EPSILON = 1e-5


class PackedLayerNorm(PackedLayer):
    """Layer normalisation: every row to mean 0 and variance 1 over its units, then ``gain · x + shift`` (Ba et al., arXiv:1607.06450).

    A batch normalisation would mix rows: a member's validation rows would shift the statistics of its training rows, a row would be
    predicted differently in another batch, and running means would be state to carry through halving and storing. A row's own mean and
    variance need none of that.

    Args:
        members: Number of networks.

    Example:
        >>> import numpy as np
        >>> values = PackedLayerNorm(members=2)(np.arange(6, dtype="float32").reshape(1, 2, 3))
        >>> tuple(values.shape)
        (2, 2, 3)
    """

    def build(self, input_shape: Any) -> None:
        """Create gain and shift (members, 1, units)."""
        self.gain = self.add_packed_weight("gain", (1, int(input_shape[-1])), ones, decay=0.0)
        self.shift = self.add_packed_weight("shift", (1, int(input_shape[-1])), zeros, decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Normalise (members or 1, rows, units) to (members, rows, units)."""
        values = ops.cast(inputs, "float32")  # a mean of squares in half precision loses what it is there for
        values = values - ops.mean(values, axis=-1, keepdims=True)
        values = values * ops.rsqrt(ops.mean(ops.square(values), axis=-1, keepdims=True) + EPSILON)
        return ops.cast(values, self.compute_dtype) * self.gain + self.shift

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, units)."""
        return (self.members, *input_shape[1:])
