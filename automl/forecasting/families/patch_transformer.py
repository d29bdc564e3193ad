"""A transformer over stretches of the past."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.families.base import Config
from automl.forecasting.base import forecasting
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.layers.attention import PackedTransformerBlock
from automl.layers.horizon import PackedForecaster, PackedPlaces, per_step
from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import PackedDense
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec

MOST_TOKENS = 24


class PatchTransformer(ForecastNetwork):
    """PatchTST (Nie et al., 2023, arXiv:2211.14730): stretches of the past are tokens; attention, then one map to all steps.

    What differs: covariates known in advance are added for each step by a layer that all steps share; patches do not overlap.
    """

    name = "patch_transformer"
    title = "Patch transformer"
    tags = forecasting("network", rank=4)
    reach = 2.0
    epochs = 25

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare width and depth, and what all networks have."""
        hp.Choice("units", [32, 64], default=32)
        hp.Choice("blocks", [1, 2, 3], default=2)
        self.usual(hp, 1e-3)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        return _PatchTransformer(shape, config, members)


class _PatchTransformer(PackedForecaster):
    def __init__(self, shape: Shape, config: Config, members: int) -> None:
        super().__init__(members, shape.horizon, 9)
        units = int(config["units"])
        self.patch = max(-(-shape.past // MOST_TOKENS), min(max(shape.season // 2, 2), 16), 1)
        self.tokens = max(shape.past // self.patch, 1)
        self.patch = min(self.patch, shape.past)
        self.embed = PackedDense(members, units, initializer=fan_in_uniform)
        self.places = PackedPlaces(members, self.tokens, units)
        self.blocks = [PackedTransformerBlock(members, self.tokens, 4, 2 * units) for _ in range(int(config["blocks"]))]
        self.norm = PackedLayerNorm(members)
        self.close = PackedDense(members, shape.horizon * 9, initializer=fan_in_uniform)
        self.open = PackedDense(members, 32, "relu") if shape.future else None
        self.step = PackedDense(members, 9, initializer=fan_in_uniform) if shape.future else None

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Attend between the stretches of the past, and add what is known of each step."""
        used = past[..., past.shape[2] - self.tokens * self.patch :]
        values = self.embed(ops.reshape(used, (used.shape[0], -1, self.patch)))
        values = self.places(values)
        for block in self.blocks:
            values = block(values)
        values = self.norm(values)
        values = self.close(ops.reshape(values, (self.members, -1, self.tokens * values.shape[-1])))
        values = ops.reshape(values, (self.members, -1, self.horizon, 9))
        return values if self.open is None else values + per_step(self.step, per_step(self.open, future))
