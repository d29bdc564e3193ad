"""What the recurrent families share: layers over the steps of a series or the tokens of a text, the last state and the mean of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from automl.families._inputs import category_layer
from automl.families._series_network import SeriesFamily, SeriesModel, around, large, rates, steps_of
from automl.families.base import Config
from automl.families.networks import INPUTS
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import PackedLayer, zeros
from automl.layers.recurrent import PackedRecurrent
from automl.layers.text import PackedRecurrentText
from automl.preprocessing.base import Spec

MOST_STEPS = 64  # neighbours of longer series are averaged: steps come one after the other, and what is far back is forgotten


EMBEDDED = 32  # width of a token


class RecurrentFamily(SeriesFamily):
    """A recurrent network over series, or over the tokens of texts; a subclass says which cell."""

    cell: str = "gru"
    reads = (*INPUTS, "series", "tokens")

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare layers, units and the rates."""
        hp.Choice("layers", [1, 2], default=1)
        hp.Choice("units", [16, 32, 64, 128], default=128 if large() else 32)
        rates(hp, 5e-3, 0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and its neighbours."""
        return around(5e-3, 0.1)

    def build(self, spec: Spec, configs: Sequence[Config]) -> SeriesModel | PackedModel:
        """Return the pack of `configs`, which share layers and units; texts stand beside the other columns."""
        members, config = len(configs), configs[0]
        text = spec.further("tokens")
        if spec.further("series") is None and text is not None:
            averaged = averaged_to(text.shape[0], MOST_STEPS)
            layer = PackedRecurrentText(members, text.levels, EMBEDDED, int(config["units"]), self.cell, averaged)
            body = [PackedDropout(members), PackedDense(members, spec.outputs, initializer=zeros)]
            return PackedModel(members, body, category_layer(spec, members), further={"tokens": layer})
        trunk = RecurrentTrunk(members, int(config["units"]), self.cell, int(config["layers"]))
        return SeriesModel(members, trunk, spec.outputs, averaged_to(steps_of(spec)[0], MOST_STEPS))


def averaged_to(steps: int, most: int) -> int:
    """Return how many neighbouring steps become one so that at most `most` are left.

    Example:
        >>> averaged_to(150, 64), averaged_to(60, 64)
        (3, 1)
    """
    return -(-steps // most)


class RecurrentTrunk(PackedLayer):
    """Recurrent layers, of which the last gives its last state and the mean of its states.

    Args:
        members: Number of networks.
        units: Width of the states.
        cell: "simple_rnn", "gru" or "lstm".
        layers: How many lie above each other.
    """

    def __init__(self, members: int, units: int, cell: str, layers: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.steps = [PackedRecurrent(members, units, cell, whole=True) for _ in range(layers)]

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (rows, steps, channels) and keep (rows, steps, 1, 1) to (members, rows, 2 × units)."""
        values, keep = values[None], keep[:, :, 0, 0]
        for layer in self.steps:
            values = layer(values, keep)
        count = ops.maximum(ops.sum(keep, axis=1), 1.0)[None, :, None]
        mean = ops.sum(values * keep[None, :, :, None], axis=2) / count
        return ops.concatenate([values[:, :, -1], mean], axis=-1)  # the state stands still behind the end: the last one is the end's
