"""What the recurrent families share: one recurrence over the past and on through the steps ahead."""

from __future__ import annotations

from typing import Any

from keras import ops

from automl.families.base import Config
from automl.forecasting.base import WindowSpec
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.forecasting.windows import lookback_of
from automl.layers.horizon import PackedForecaster, PackedRecurrence, joined, per_step
from automl.layers.packed import PackedDense
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec

STEP_SECONDS = 0.15  # that a few epochs take for each step, on two cores
MOST_STEPS = 96  # of the past that the recurrence goes through: its time grows with each


class RecurrentFamily(ForecastNetwork):
    """A recurrence reads the past with its covariates and goes on through the steps ahead; a head says quantiles at each.

    DeepAR (Salinas et al., 2020, arXiv:1704.04110) draws paths, feeding each value back; here the value of the same place in the last
    season known stands in its place, and the quantiles are learnt directly (as in MQ-RNN, Wen et al., 2017, arXiv:1711.11053), so that
    one pass is enough.
    """

    kind = "gru"
    epochs = 20
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the width and what all networks have."""
        hp.Choice("units", [24, 40, 64], default=40)
        self.usual(hp, 3e-3, 0.0)

    def least_seconds(self, spec: Spec, folds: int) -> float:
        """Return what compiling and a few epochs take: every step of past and horizon waits for the one before."""
        assert isinstance(spec, WindowSpec)
        return super().least_seconds(spec, folds) + STEP_SECONDS * (min(lookback_of(spec), MOST_STEPS) + spec.horizon)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        return _Recurrent(shape, config, members, self.kind)


class _Recurrent(PackedForecaster):
    def __init__(self, shape: Shape, config: Config, members: int, kind: str) -> None:
        super().__init__(members, shape.horizon, 9)
        self.steps, self.season = min(shape.past, MOST_STEPS), min(shape.season, shape.past)
        self.wide = max(shape.future, shape.beside)
        self.future = PackedDense(members, 6) if shape.future else None
        self.beside = PackedDense(members, 6) if shape.beside else None
        self.recurrence = PackedRecurrence(members, int(config["units"]), kind)
        self.inner = PackedDense(members, 32, "relu")
        self.close = PackedDense(members, 9, initializer=fan_in_uniform)

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Go through the past and on; the value of the last season enters where the value itself is not known."""
        length, season = past.shape[2], self.season
        again = [length - season + step % season for step in range(self.horizon)]
        repeated = ops.take(past, again, axis=2)
        values = ops.concatenate([past[..., length - self.steps :], repeated], axis=2)[..., None]
        known = ops.concatenate([ops.ones_like(values[:, :, : self.steps]), ops.zeros_like(values[:, :, self.steps :])], axis=2)
        parts = [ops.concatenate([values, known], axis=-1)]
        if self.future is not None:
            ahead = per_step(self.future, future)
            then = None if self.beside is None else per_step(self.beside, beside[:, :, length - self.steps :])
            then = ops.zeros_like(ops.repeat(ahead[:, :, :1], self.steps, axis=2)) if then is None else then
            parts.append(ops.concatenate([then, ahead], axis=2))
        if fixed is not None:
            parts.append(ops.repeat(fixed[:, :, None], self.steps + self.horizon, axis=2))
        states = self.recurrence(joined(parts, self.members))[:, :, self.steps :]
        made = per_step(self.close, ops.concatenate([per_step(self.inner, states), states], axis=-1))
        return ops.concatenate([made[..., :1] + repeated[..., None], made[..., 1:]], axis=-1)
