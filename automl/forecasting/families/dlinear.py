"""Trend and rest of the past, each mapped to the future by one linear layer."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.families.base import Config
from automl.forecasting.base import forecasting
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.layers.horizon import PackedForecaster, averaging, per_step
from automl.layers.packed import PackedDense, PackedDropout
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec


class DLinear(ForecastNetwork):
    """DLinear (Zeng et al., 2023, arXiv:2205.13504) with quantiles: a moving average and what it leaves, two linear maps.

    What differs: the widths of the quantiles come from a small hidden layer on the past, and what is known in advance of a step is added
    by a hidden layer that all steps share.
    """

    name = "dlinear"
    title = "DLinear"
    tags = forecasting("network", rank=0)
    reach = 2.0

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the window of the moving average and what all networks have."""
        hp.Choice("smooth", [9, 25, 49], default=25)
        hp.Choice("hidden", [16, 32], default=32)
        self.usual(hp, 3e-3, 0.0)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        return _DLinear(shape, config, members)


class _DLinear(PackedForecaster):
    def __init__(self, shape: Shape, config: Config, members: int) -> None:
        super().__init__(members, shape.horizon, 9)
        self.matrix = averaging(shape.past, int(config["smooth"]))
        self.trend = PackedDense(members, shape.horizon, initializer=fan_in_uniform)
        self.rest = PackedDense(members, shape.horizon, initializer=fan_in_uniform)
        self.inner = PackedDense(members, int(config["hidden"]), "relu")
        self.dropout = PackedDropout(members)
        self.widths = PackedDense(members, shape.horizon * 8, initializer=fan_in_uniform)
        self.open = PackedDense(members, int(config["hidden"]), "relu") if shape.future else None
        self.close = PackedDense(members, 9, initializer=fan_in_uniform) if shape.future else None

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Add the maps of trend and rest, and what is known of each step."""
        trend = ops.matmul(past, self.matrix)
        median = self.trend(trend) + self.rest(past - trend)
        widths = self.widths(self.dropout(self.inner(past)))
        values = ops.concatenate([median[..., None], ops.reshape(widths, (self.members, -1, self.horizon, 8))], axis=-1)
        return values if self.open is None else values + per_step(self.close, per_step(self.open, future))
