"""What networks for series share: the model around a trunk, epochs for small data, and the settings that a pack's members may differ in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from automl import _backend
from automl.families.base import Config
from automl.families.networks import KerasFamily
from automl.layers import PackedDense, PackedDropout
from automl.layers.packed import PackedLayer, zeros
from automl.layers.series import (
    Bias,
    MemberConv,
    SeriesNorm,
    SharedConv,
    coarser,
    known_steps,
    largest_over_time,
    mean_over_time,
    odd_taps,
)
from automl.preprocessing.base import Spec
from automl.training import Schedule

STEPS_OF_TRAINING = 1_200  # that small data are given; larger ones see every row a dozen times
Trunk = Callable[[Any, Any], Any]


class SeriesFamily(KerasFamily):
    """A family of networks that read "series"; a subclass makes the trunk."""

    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    pack_configs = 4
    reads: ClassVar[tuple[str, ...]] = ("series",)

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return small batches and many epochs for few rows: a network from scratch needs its steps."""
        plain = super().schedule(spec, config, seed, configs)
        batch = 16 if spec.rows <= 400 else 32 if spec.rows <= 2_000 else 64 if spec.rows <= 20_000 else 128
        epochs = int(np.clip(STEPS_OF_TRAINING * batch / max(spec.rows, 1), 12, 150))
        return replace(plain, batch_size=batch, epochs=epochs)


def rates(hp: Any, learning_rate: float, dropout: float) -> None:
    """Declare what the members of a pack may differ in."""
    hp.Float("learning_rate", 3e-4, 2e-2, sampling="log", default=learning_rate)
    hp.Float("weight_decay", 1e-4, 0.1, sampling="log", default=1e-2)
    hp.Float("dropout", 0.0, 0.6, step=0.05, default=dropout)


def around(learning_rate: float, dropout: float, **shared: Any) -> list[Config]:
    """Return one pack: the default, half and twice its learning rate with more and less dropout (no source; chosen to span the space)."""
    more = round(min(dropout + 0.2, 0.6), 2)
    pairs = [(learning_rate, dropout), (learning_rate / 2, more), (learning_rate * 2, dropout), (learning_rate, more)]
    return [{**shared, "learning_rate": rate, "dropout": share} for rate, share in pairs]


def steps_of(spec: Spec) -> tuple[int, int]:
    """Return (steps, channels) of the series."""
    steps, channels = spec.shape_of("series") or (1, 1)
    return int(steps), int(channels)


def large() -> bool:
    """Whether the machine affords the sizes of the papers."""
    return _backend.has_gpu()


class SeriesModel(keras.Model):  # type: ignore[misc]
    """A pack of networks over series: trunk, dropout, one linear layer.

    Args:
        members: Number of networks.
        trunk: Layer that maps values and mask, see :func:`automl.layers.series.known_steps`, to (members, rows, features).
        outputs: Outputs of a prediction.
        averaged: Neighbouring steps that become one before the trunk.

    The inputs are "numbers", of which only the rows count, and "series" (rows, steps, channels); the output is (rows, members, outputs).
    """

    def __init__(self, members: int, trunk: keras.layers.Layer, outputs: int, averaged: int = 1, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.members, self.trunk, self.averaged = members, trunk, averaged
        self.dropout = PackedDropout(members)
        self.head = PackedDense(members, outputs, initializer=zeros)
        self.head.dtype_policy = "float32"

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        values, mask = known_steps(coarser(inputs["series"], self.averaged))
        features = ops.cast(self.trunk(values, mask), "float32")
        return ops.transpose(self.head(self.dropout(features)), (1, 0, 2))


def run_through(layers: Sequence[Any], values: Any, mask: Any) -> Any:
    """Apply convolutions, and norms with the mask."""
    for layer in layers:
        values = layer(values, mask) if isinstance(layer, (Bias, SeriesNorm)) else layer(values)
    return values


class ConvTrunk(PackedLayer):
    """Three convolutions over time.

    Args:
        members: Number of networks.
        filters: Kernels of each.
        steps: Steps of the series.
        shortcuts: Whether each convolution is added to what it read.
    """

    def __init__(self, members: int, filters: int, steps: int, shortcuts: bool, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.shortcuts = shortcuts
        self.first: list[Any] = [SharedConv(members, filters, odd_taps(9, steps)), Bias(members)]
        self.rest = [[MemberConv(members, filters, odd_taps(taps, steps)), SeriesNorm(members)] for taps in (5, 3)]

    def call(self, values: Any, keep: Any) -> Any:
        """Map values and keep to (members, rows, 2 × filters)."""
        values = run_through(self.first, values, keep)
        for layers in self.rest:
            found = run_through(layers, values, keep)
            values = values + found if self.shortcuts else found
        return ops.concatenate([mean_over_time(values, keep), largest_over_time(values, keep)], axis=-1)
