"""A dense encoder and decoder with a layer that looks at each step ahead again."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.families.base import Config
from automl.forecasting.base import forecasting
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.layers.horizon import PackedBlock, PackedForecaster, flattened, joined, per_step
from automl.layers.packed import PackedDense
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec

WIDTH = 4  # numbers that the covariates of a step are projected to


class Tide(ForecastNetwork):
    """TiDE (Das et al., 2023, arXiv:2304.08424): residual blocks over the past and all covariates, then one block for each step ahead.

    What differs: quantiles in the place of a point, and the normalisation of the window instead of the whole series.
    """

    name = "tide"
    title = "TiDE"
    tags = forecasting("network", rank=1)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the width of the blocks, how many, and what all networks have."""
        hp.Choice("hidden", [64, 128, 256], default=128)
        hp.Choice("blocks", [1, 2], default=1)
        hp.Choice("decoded", [4, 8, 16], default=8)
        self.usual(hp)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        return _Tide(shape, config, members)


class _Tide(PackedForecaster):
    def __init__(self, shape: Shape, config: Config, members: int) -> None:
        super().__init__(members, shape.horizon, 9)
        hidden, decoded = int(config["hidden"]), int(config["decoded"])
        self.project = PackedBlock(members, 32, WIDTH, drop=False) if shape.future else None
        self.project_past = PackedBlock(members, 16, 2, drop=False) if shape.beside else None
        self.encoder = [PackedBlock(members, hidden, hidden) for _ in range(int(config["blocks"]))]
        self.decoder = PackedBlock(members, hidden, shape.horizon * decoded)
        self.last = PackedBlock(members, 32, 9, normalise=False, drop=False)
        self.skip = PackedDense(members, shape.horizon, initializer=fan_in_uniform)

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Encode everything, decode a few numbers for each step, and look at each step's covariates again."""
        known = None if self.project is None else per_step(self.project, future)
        then = None if self.project_past is None else flattened(per_step(self.project_past, beside))
        values = joined([past, flattened(known), then, fixed], self.members)
        for block in self.encoder:
            values = block(values)
        values = ops.reshape(self.decoder(values), (self.members, -1, self.horizon, self.decoder.close.units // self.horizon))
        values = values if known is None else ops.concatenate([values, known], axis=-1)
        made = per_step(self.last, values)
        return ops.concatenate([made[..., :1] + self.skip(past)[..., None], made[..., 1:]], axis=-1)
