"""Layers that mix along time and layers that mix columns, in turn."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.families.base import Config
from automl.forecasting.base import forecasting
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.layers.horizon import PackedBlock, PackedForecaster, across_steps, flattened, joined, per_step
from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import PackedDense, PackedDropout
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec


class TsMixer(ForecastNetwork):
    """TSMixer with covariates (Chen et al., 2023, arXiv:2303.06053): the past is mapped to the horizon, then blocks mix time and columns.

    Normalisation is by step and member, since a batch normalisation would mix rows.
    """

    name = "tsmixer"
    title = "TSMixer"
    tags = forecasting("network", rank=3)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare columns and blocks, and what all networks have."""
        hp.Choice("hidden", [16, 32, 64], default=32)
        hp.Choice("blocks", [1, 2, 3], default=2)
        self.usual(hp)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        return _TsMixer(shape, config, members)


class _TsMixer(PackedForecaster):
    def __init__(self, shape: Shape, config: Config, members: int) -> None:
        super().__init__(members, shape.horizon, 9)
        hidden = int(config["hidden"])
        self.along = PackedDense(members, shape.horizon, initializer=fan_in_uniform)
        self.enter = PackedDense(members, hidden, initializer=fan_in_uniform)
        self.blocks = []
        for _ in range(int(config["blocks"])):
            time = [PackedLayerNorm(members), PackedDense(members, shape.horizon, "relu"), PackedDropout(members)]
            columns = PackedBlock(members, 2 * hidden, hidden, drop=False)
            self.blocks.append((*time, columns))
        self.tracked = [layer for block in self.blocks for layer in block]
        self.close = PackedDense(members, 9, initializer=fan_in_uniform)

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Map the past to the horizon, join the covariates of each step, and mix."""
        channels = past[..., None] if beside is None else ops.concatenate([past[..., None], beside], axis=-1)
        parts = [across_steps(self.along, channels), future]
        if fixed is not None:
            parts.append(ops.repeat(fixed[:, :, None], self.horizon, axis=2))
        first = parts[0][..., :1]
        values = per_step(self.enter, joined(parts, self.members))
        for norm, time, dropout, columns in self.blocks:
            mixed = across_steps(time, per_step(norm, values))
            values = values + ops.reshape(dropout(flattened(mixed)), (self.members, -1, *mixed.shape[2:]))
            values = per_step(columns, values)
        made = per_step(self.close, values)
        return ops.concatenate([made[..., :1] + first, made[..., 1:]], axis=-1)
