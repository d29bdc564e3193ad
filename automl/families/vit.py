"""Small vision transformers on pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from automl.families._pictures import MIXING, PictureFamily, declare_variations, looks_twice, reader, side_of
from automl.families.base import Config, Tags
from automl.layers import PackedDense, PackedDropout
from automl.layers.packed import normal, zeros
from automl.layers.pictures import PackedTower, PictureModel
from automl.preprocessing.base import Spec

HEADS = 4
HUNGRY = 20_000  # rows below which transformers on pictures lose to convolutions


class TransformerTower(PackedTower):
    """Patches with places → blocks (norm, attention, norm, perceptron) → norm of the mean."""

    def __init__(self, members: int, width: int, depth: int, patch: int) -> None:
        super().__init__(members)
        self.wide, self.depth, self.patch = width, depth, patch

    def prepare(self, shape: tuple[int, int, int]) -> None:
        """Add the weights of patches, places and blocks."""
        wide = self.wide
        self.add_convolution("patches", self.patch, shape[2], wide)
        self.weight("places", (-(-shape[0] // self.patch), -(-shape[1] // self.patch), wide), normal(0.02), decay=0.0)
        for block in range(self.depth):
            self.add_norm(f"{block}/first", wide)
            self.add_convolution(f"{block}/ask", 1, wide, 3 * wide, scale=0.7)
            self.add_convolution(f"{block}/answer", 1, wide, wide, scale=0.3)
            self.add_norm(f"{block}/second", wide)
            self.add_convolution(f"{block}/widen", 1, wide, 2 * wide)
            self.add_convolution(f"{block}/narrow", 1, 2 * wide, wide, scale=0.3)
        self.add_norm("last", wide)

    def maps(self, values: Any, of: dict[str, Any]) -> Any:
        """Map pictures (rows, lines, columns, channels) to one vector for each patch."""
        values = self.convolve(values, of, "patches", self.patch) + ops.cast(of["places"], self.compute_dtype)
        for block in range(self.depth):
            values = values + self._attend(self.normalise(values, of, f"{block}/first"), of, block)
            wide = self.convolve(self.normalise(values, of, f"{block}/second"), of, f"{block}/widen")
            values = values + self.convolve(ops.gelu(wide), of, f"{block}/narrow")
        return self.normalise(values, of, "last")

    def _attend(self, values: Any, of: dict[str, Any], block: int) -> Any:
        lines, columns = int(values.shape[1]), int(values.shape[2])
        count, each = lines * columns, self.wide // HEADS
        asked = ops.reshape(self.convolve(values, of, f"{block}/ask"), (-1, count, 3, HEADS, each))
        query, key, value = (ops.transpose(asked[:, :, place], (0, 2, 1, 3)) for place in range(3))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2))) * (each**-0.5)
        weights = self.counted(ops.softmax(scores, axis=-1), 2 * count * count * self.wide)
        joined = ops.reshape(ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3)), (-1, lines, columns, self.wide))
        return self.convolve(joined, of, f"{block}/answer")


class ViT(PictureFamily):
    """Vision transformer (Dosovitskiy et al., 2021, arXiv:2010.11929), small, with the mean of the patches in place of a class token.

    Without pretraining it needs far more pictures than convolutions do; below 20,000 it is tried only where it is asked for by name.
    """

    name = "vit"
    title = "Vision transformer"
    tags = Tags(kind="network", inputs=frozenset({"pixels"}), rank=9, opt_in=True, hungry=HUNGRY)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout", "label_smoothing"}) | MIXING

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare width, depth, patches, variations, learning rate, decay, dropout and label smoothing."""
        hp.Choice("width", [32, 64, 96, 128], default=64)
        hp.Choice("depth", [2, 4, 6], default=4)
        hp.Choice("patch", [2, 4, 8], default=2 if side_of(spec) <= 16 else 4)
        declare_variations(hp, side_of(spec))
        hp.Float("learning_rate", 2e-4, 5e-3, sampling="log", default=1.5e-3)
        hp.Float("weight_decay", 1e-3, 0.5, sampling="log", default=5e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.1)
        hp.Choice("label_smoothing", [0.0, 0.05, 0.1], default=0.05)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PictureModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        tower = TransformerTower(members, int(config["width"]), int(config["depth"]), int(config["patch"]))
        body = [PackedDropout(members), PackedDense(members, spec.outputs, initializer=zeros)]
        return PictureModel(members, "pixels", reader(members, config), tower, body, looks_twice(config))
