"""DLinear as a Keras model; apart from the family, which forecasts without Keras."""

from __future__ import annotations

from typing import Any

from keras import ops
from numpy.typing import NDArray

from automl.forecasting.networks import Shape
from automl.layers.horizon import PackedForecaster, per_step
from automl.layers.packed import PackedDense, PackedDropout
from automl.layers.residual import fan_in_uniform


class DLinearPack(PackedForecaster):
    """Trend and rest of the past, each mapped to the horizon; widths from a small hidden layer.

    Args:
        shape: The shapes of what it reads.
        hidden: Units of the hidden layers.
        matrix: The moving average, (past, past).
        members: Number of networks.
    """

    def __init__(self, shape: Shape, hidden: int, matrix: NDArray[Any], members: int) -> None:
        super().__init__(members, shape.horizon, 9)
        self.matrix = matrix
        self.trend = PackedDense(members, shape.horizon, initializer=fan_in_uniform)
        self.rest = PackedDense(members, shape.horizon, initializer=fan_in_uniform)
        self.inner = PackedDense(members, hidden, "relu")
        self.dropout = PackedDropout(members)
        self.widths = PackedDense(members, shape.horizon * 8, initializer=fan_in_uniform)
        self.open = PackedDense(members, hidden, "relu") if shape.future else None
        self.close = PackedDense(members, 9, initializer=fan_in_uniform) if shape.future else None

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Add the maps of trend and rest, and what is known of each step."""
        trend = ops.matmul(past, self.matrix)
        median = self.trend(trend) + self.rest(past - trend)
        widths = self.widths(self.dropout(self.inner(past)))
        values = ops.concatenate([median[..., None], ops.reshape(widths, (self.members, -1, self.horizon, 8))], axis=-1)
        return values if self.open is None else values + per_step(self.close, per_step(self.open, future))
