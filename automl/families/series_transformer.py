"""A transformer over patches of a series, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.families._series_network import SeriesFamily, SeriesModel, around, large, rates, steps_of
from automl.families.base import Config, Tags
from automl.layers.attention import PackedTransformerBlock, token_uniform
from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import PackedDense, PackedLayer
from automl.layers.residual import fan_in_uniform
from automl.preprocessing.base import Spec

MOST_PATCHES = 32
LEAST_PATCHES = 8  # as long as patches have no more than the steps below
FEW_STEPS = 4  # of a patch: a token of a single step is mostly noise


def patch_of(steps: int) -> int:
    """Return the steps of a patch: enough for at most 32 of them, and four where that leaves eight.

    Example:
        >>> [patch_of(steps) for steps in (6, 24, 32, 100, 1000)]
        [1, 3, 4, 4, 32]
    """
    return max(-(-steps // MOST_PATCHES), min(FEW_STEPS, max(steps // LEAST_PATCHES, 1)))


def waves(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Start places (1, patches, units) as sines and cosines, whose products tell how far two places are apart (Vaswani et al., 2017)."""
    _, patches, units = shape
    speed = 10_000.0 ** (-np.arange(0, units, 2) / units)
    angle = np.arange(patches)[:, None] * speed[None]
    both = np.stack([np.sin(angle), np.cos(angle)], axis=2).reshape(patches, -1)[:, :units]
    return np.asarray(both[None] / np.sqrt(units / 2))


class SeriesTransformer(SeriesFamily):
    """Stretches of neighbouring steps are tokens with a learned place; one more token collects the answer from all of them.

    Source: Zerveas et al. (2021, arXiv:2010.02803) for transformers over series, Nie et al. (2023, arXiv:2211.14730) for the patches.
    """

    name = "series_transformer"
    title = "Transformer over patches"
    tags = Tags(kind="network", inputs=frozenset({"series"}), rank=8, opt_in=True)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare blocks, width, heads and the rates."""
        hp.Choice("blocks", [1, 2, 3], default=3 if large() else 2)
        hp.Choice("units", [16, 32, 64, 128], default=128 if large() else 32)
        hp.Choice("heads", [2, 4, 8], default=8 if large() else 4)
        rates(hp, 2e-3, 0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and its neighbours."""
        return around(2e-3, 0.1)

    def build(self, spec: Spec, configs: Sequence[Config]) -> SeriesModel:
        """Return the pack of `configs`, which share blocks, widths and heads."""
        members, config = len(configs), configs[0]
        trunk = PatchTrunk(members, int(config["blocks"]), int(config["units"]), int(config["heads"]), steps_of(spec)[0])
        return SeriesModel(members, trunk, spec.outputs)


class PatchTrunk(PackedLayer):
    """The tokens and blocks of :class:`SeriesTransformer`; maps values and steps that count to (members, rows, units)."""

    def __init__(self, members: int, blocks: int, units: int, heads: int, steps: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.units, self.patch = units, patch_of(steps)
        self.patches = -(-steps // self.patch)
        self.embed = PackedDense(members, units, initializer=fan_in_uniform)
        self.blocks = [
            PackedTransformerBlock(members, self.patches + 1, heads, 2 * units, number > 0, number == blocks - 1)
            for number in range(blocks)
        ]
        self.norm = PackedLayerNorm(members)

    def build(self, values_shape: Any, keep_shape: Any) -> None:
        """Create the first token and the places."""
        self.first = self.add_packed_weight("first", (1, 1, self.units), token_uniform, decay=0.0)
        self.places = self.add_packed_weight("places", (1, self.patches, self.units), waves, decay=0.0)

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (rows, steps, channels) and `keep` (rows, steps, 1, 1)."""
        steps, channels = int(values.shape[1]), int(values.shape[2])
        more, width = self.patches * self.patch - steps, self.patch * channels
        cut = ops.reshape(ops.pad(values, ((0, 0), (0, more), (0, 0))), (-1, self.patches, width))
        keep = ops.max(ops.reshape(ops.pad(keep[:, :, 0, 0], ((0, 0), (0, more))), (-1, self.patches, self.patch)), axis=2)
        tokens = self.embed(ops.reshape(cut, (1, -1, width)))  # (members, rows × patches, units)
        tokens = ops.reshape(tokens, (self.members, -1, self.patches, self.units)) + self.places
        first = ops.broadcast_to(self.first, (self.members, ops.shape(tokens)[1], 1, self.units))
        flat = ops.reshape(ops.concatenate([first, tokens], axis=2), (self.members, -1, self.units))
        keep = ops.concatenate([ops.ones_like(keep[:, :1]), keep], axis=1)
        for block in self.blocks:
            flat = block(flat, keep)
        return self.norm(flat)
