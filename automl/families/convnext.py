"""Small ConvNeXt networks on pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.families._pictures import MIXING, PictureFamily, declare_variations, looks_twice, reader, side_of
from automl.families.base import Config, Tags
from automl.layers import PackedDense, PackedDropout
from automl.layers.packed import zeros
from automl.layers.pictures import PackedTower, PictureModel, gridded
from automl.preprocessing.base import Spec


def _small(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.full(shape, 0.1)


class ConvNeXtTower(PackedTower):
    """Patches → stages of blocks (depthwise, norm, wide, gelu, narrow, scale), halved in between → norm of the mean."""

    def __init__(self, members: int, width: int, depth: int, patch: int) -> None:
        super().__init__(members)
        self.wide, self.depth, self.patch = width, depth, patch

    def prepare(self, shape: tuple[int, int, int]) -> None:
        """Add the weights of patches, blocks and the step between the two stages."""
        self.add_convolution("stem", self.patch, shape[2], self.wide)
        self.add_norm("stem/norm", self.wide)
        for stage, channels in enumerate((self.wide, 2 * self.wide)):
            if stage:
                self.add_norm("down/norm", self.wide)
                self.add_convolution("down", 2, self.wide, channels)
            for block in range(self.depth):
                name = f"{stage}/{block}"
                self.add_convolution(f"{name}/depthwise", 5, channels, channels, depthwise=True, scale=0.7)
                self.add_norm(f"{name}/norm", channels)
                self.add_convolution(f"{name}/widen", 1, channels, 4 * channels)
                self.add_convolution(f"{name}/narrow", 1, 4 * channels, channels, scale=0.7)
                self.weight(f"{name}/strength", (channels,), _small, decay=0.0)
        self.add_norm("last", 2 * self.wide)

    def maps(self, values: Any, of: dict[str, Any]) -> Any:
        """Map pictures (rows, lines, columns, channels) to the maps of the last stage."""
        values = self.normalise(self.convolve(values, of, "stem", self.patch), of, "stem/norm")
        for stage in range(2):
            if stage:
                values = self.convolve(self.normalise(values, of, "down/norm"), of, "down", 2)
            for block in range(self.depth):
                name = f"{stage}/{block}"
                added = self.normalise(self.convolve(values, of, f"{name}/depthwise", depthwise=True), of, f"{name}/norm")
                added = self.convolve(ops.gelu(self.convolve(added, of, f"{name}/widen")), of, f"{name}/narrow")
                values = values + added * ops.cast(of[f"{name}/strength"], self.compute_dtype)
        return values

    def vector(self, maps: Any, of: dict[str, Any]) -> Any:
        """Map the last maps to (rows, units): their norm at each place, and its means over the cells of a grid."""
        return ops.cast(gridded(self.normalise(maps, of, "last")), "float32")


class ConvNeXt(PictureFamily):
    """ConvNeXt (Liu et al., 2022, arXiv:2201.03545): two stages, kernels of 5 × 5 and patches of 2 × 2 or 4 × 4, for small pictures."""

    name = "convnext"
    title = "ConvNeXt"
    tags = Tags(kind="network", inputs=frozenset({"pixels"}), rank=6)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout", "label_smoothing"}) | MIXING

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare width, depth, patches, variations, learning rate, decay, dropout and label smoothing."""
        hp.Choice("width", [24, 32, 48, 64], default=32)
        hp.Choice("depth", [1, 2, 3], default=2)
        hp.Choice("patch", [2, 4], default=2 if side_of(spec) <= 16 else 4)
        declare_variations(hp, side_of(spec))
        hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=3e-3)
        hp.Float("weight_decay", 1e-3, 0.5, sampling="log", default=5e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.1)
        hp.Choice("label_smoothing", [0.0, 0.05, 0.1], default=0.05)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return trial 0, then mirrored pictures with parts cut out."""
        return [{}, {"flip": True, "cutout": 0.25}]

    def build(self, spec: Spec, configs: Sequence[Config]) -> PictureModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        tower = ConvNeXtTower(members, int(config["width"]), int(config["depth"]), int(config["patch"]))
        body = [PackedDropout(members), PackedDense(members, spec.outputs, initializer=zeros)]
        return PictureModel(members, "pixels", reader(members, config), tower, body, looks_twice(config))
