"""Stacks that look at the past at several resolutions and answer with as many knots as each can tell."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.families.base import Config
from automl.forecasting.base import forecasting
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.layers.horizon import PackedForecaster, flattened, interpolating, joined, per_step, pooling
from automl.layers.packed import PackedDense, PackedDropout
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec

POOLS = (1, 2, 4)  # steps that a stack averages the past over, in quarters of a season


class NHits(ForecastNetwork):
    """N-HiTS (Challu et al., 2022, arXiv:2201.12886): each stack pools the past, explains a part of it and hands on what is left.

    Three stacks, coarse to fine; their answers are straight lines through knots. Covariates known in advance enter every stack, projected
    to a few numbers a step; what a step's covariates add to its quantiles is a layer that all steps share.
    """

    name = "nhits"
    title = "N-HiTS"
    tags = forecasting("network", rank=2)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the width of the stacks and what all networks have."""
        hp.Choice("hidden", [64, 128, 256], default=128)
        self.usual(hp)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        return _NHits(shape, config, members)


class _NHits(PackedForecaster):
    def __init__(self, shape: Shape, config: Config, members: int) -> None:
        super().__init__(members, shape.horizon, 9)
        hidden, unit = int(config["hidden"]), max(shape.season // 4, 1)
        self.project = PackedDense(members, 4) if shape.future else None
        self.step = PackedDense(members, 9, initializer=fan_in_uniform) if shape.future else None
        self.inner = PackedDense(members, 16, "relu") if shape.future else None
        self.stacks: list[Any] = []
        for pool in sorted({min(size * unit, max(shape.past // 4, 1)) for size in POOLS}, reverse=True):
            knots = max(min(-(-shape.horizon // pool), shape.horizon), 1)
            back = max(min(-(-shape.past // pool), shape.past), 1)
            layers = [PackedDense(members, hidden, "relu"), PackedDropout(members), PackedDense(members, hidden, "relu")]
            answer = PackedDense(members, back + knots * 9, initializer=fan_in_uniform)
            matrices = (pooling(shape.past, pool), interpolating(back, shape.past), interpolating(knots, shape.horizon))
            self.stacks.append((layers, answer, matrices, back, knots))
        self.tracked = [layer for layers, answer, *_ in self.stacks for layer in (*layers, answer)]

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Let each stack explain what the coarser ones left."""
        known = None if self.project is None else flattened(per_step(self.project, future))
        left, total = past, 0.0
        for layers, answer, (pool, backward, forward), back, knots in self.stacks:
            values = joined([ops.matmul(left, pool), known, fixed], self.members)
            for layer in layers:
                values = layer(values)
            values = answer(values)
            left = left - ops.matmul(values[..., :back], backward)
            ahead = ops.reshape(values[..., back:], (self.members, -1, 9, knots))
            total = total + ops.swapaxes(ops.matmul(ahead, forward), 2, 3)
        return total if self.step is None else total + per_step(self.step, per_step(self.inner, future))
