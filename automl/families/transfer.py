"""Transfer learning: what a network trained on a million photographs sees, read by small networks of our own, or trained further."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import pretrained
from automl.budget import Deadline
from automl.families._pictures import MIXING, PictureFamily, declare_mixing
from automl.families.base import Config, Tags
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.mixing import mixed_vectors
from automl.layers.packed import Initializer, zeros
from automl.layers.pictures import PackedTower, PictureModel, evened, gridded
from automl.preprocessing.base import Spec
from automl.preprocessing.pictures.frozen import CUT
from automl.training import Schedule

TUNED_RATE = 0.1  # of the learning rate, for weights that were trained before


def _given(name: str) -> Initializer:
    """Return an initializer that starts every member from the trained weights."""

    def initial(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        return pretrained.weights()[name].reshape(shape)

    return initial


class LastBlocks(PackedTower):
    """The last blocks of EfficientNet-Lite0, each member's own, from the values behind the blocks that stay as they are."""

    def prepare(self, shape: tuple[int, int, int]) -> None:
        """Add the weights of the blocks and the head, at their trained values."""
        for plan in self._plans():
            for part, size in (("kernel", plan.kernel_shape), ("bias", (plan.outputs,))):
                name = f"{plan.name}/{part}"
                self.weight(name, size, _given(name), learning_rate_factor=TUNED_RATE, decay=0.0)

    def _plans(self) -> list[pretrained.Convolution]:
        kept = {f"block{number}" for number in range(CUT)} | {"stem"}
        return [plan for plan in pretrained.convolutions() if plan.name.split("/")[0] not in kept]

    def _step(self, values: Any, of: dict[str, Any], plan: pretrained.Convolution) -> Any:
        values = self.convolve(values, of, plan.name, plan.stride, depthwise=plan.kind == "depthwise")
        return ops.clip(values, 0.0, 6.0) if plan.bounded else values

    def maps(self, values: Any, of: dict[str, Any]) -> Any:
        """Map (rows, lines, columns, channels) to the head's maps (rows, lines, columns, 1280)."""
        for block in pretrained.BLOCKS[CUT:]:
            before = values
            for plan in block.layers:
                values = self._step(values, of, plan)
            values = values + before if block.residual else values
        return self._step(values, of, self._plans()[-1])

    def vector(self, maps: Any, of: dict[str, Any]) -> Any:
        """Map the last maps to (rows, units): their mean over all places, as the network was trained with."""
        return ops.cast(ops.mean(maps, axis=(1, 2)), "float32")


class Evened(PackedDropout):
    """Features on one scale: square roots, which even out their long tails, with mean 0 and variance 1 in each row; then dropout."""

    def call(self, inputs: Any) -> Any:
        """Map features (members or 1, rows, units) to the same shape; the root of a number below 0 keeps its sign."""
        above, below = (ops.sqrt(ops.maximum(values, 0.0) + 1e-6) for values in (inputs, -inputs))
        roots = ops.where(inputs < 0, -below, above)
        return super().call(ops.broadcast_to(evened(roots, 1e-6), (self.members, *roots.shape[1:])))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, units)."""
        return (self.members, *input_shape[1:])


class Heads(PackedModel):
    """A pack of small networks on what a trained network sees, and on the numbers of the table beside it.

    Args:
        members: Number of networks.
        body: Layers on vectors; the last one gives the outputs.
        table: Whether numbers are read.
        sees: "features" of the whole picture, the "places" of a grid in the middle of the network, or "both".
    """

    def __init__(self, members: int, body: Sequence[Any], table: bool, sees: str = "features") -> None:
        super().__init__(members, body)
        self.table, self.sees = table, sees
        self.evened, self.evened_places = Evened(members), Evened(members)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        found = [self.evened(inputs["image_features"][None])] if self.sees != "places" else []
        if self.sees != "features":
            found.append(self.evened_places(gridded(ops.cast(inputs["image_middle"], "float32"))[None]))
        values = ops.concatenate(found, axis=-1) if len(found) > 1 else found[0]
        if self.table and inputs["numbers"].shape[-1]:
            numbers = ops.broadcast_to(inputs["numbers"][None], (self.members, *inputs["numbers"].shape))
            values = ops.concatenate([values, numbers], axis=-1)
        values = mixed_vectors(values)
        for layer in self.body:
            values = layer(values)
        return ops.transpose(values, (1, 0, 2))


class Transfer(PictureFamily):
    """EfficientNet-Lite0 (Tan & Le, 2019, arXiv:1905.11946), trained on ImageNet, as a pair of eyes.

    What it sees is computed once for all rows; packs of linear and one-layer networks learn from it, with the numbers of the table
    beside it where there are any. They read the features of the whole picture, and what the network's middle sees in each cell of a grid:
    where something is, and of what texture. Photographs of ImageNet need that less than drawings, signs or clothes do: of 3,000 pictures
    of clothes a linear model of three quarters has a log-loss of 0.44 on the rest with the features and 0.32 with the cells, of 900 hands
    0.41 and 0.22. Then its last blocks are trained further, each fold's own, from the values in its middle, which are computed once too:
    no picture goes through the first blocks again. The price is that pictures cannot be varied there. Where the user gave a network
    (``pretrained=``), its features take the place of these, and none of its blocks is trained further.
    """

    name = "transfer"
    title = "Transfer learning"
    tags = Tags(kind="network", inputs=frozenset({"image_features"}), rank=-2)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout", "label_smoothing"}) | MIXING
    pack_configs = 8
    reads = ("image_features", "image_middle")

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare what is trained, its width, learning rate, decay, dropout and label smoothing."""
        hp.Choice("trained", ["linear", "perceptron", "last_blocks"], default="linear")
        hp.Choice("units", [64, 128, 256], default=128)
        hp.Choice("sees", ["both", "places", "features"] if spec.shape_of("image_middle") is not None else ["features"])
        hp.Boolean("table", default=True)
        hp.Float("learning_rate", 3e-4, 1e-2, sampling="log", default=1e-3)
        hp.Float("weight_decay", 1e-3, 1.0, sampling="log", default=1e-1)
        hp.Float("dropout", 0.0, 0.6, step=0.05, default=0.2)
        hp.Choice("label_smoothing", [0.0, 0.05, 0.1], default=0.0)
        declare_mixing(hp, cuts=False)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return a pack of linear networks, one of perceptrons, then the last blocks."""
        rates = [(1e-3, 0.2), (3e-3, 0.2), (1e-3, 0.5), (3e-4, 0.2)]
        heads = [
            {"trained": kind, "learning_rate": rate, "dropout": dropout} for kind in ("linear", "perceptron") for rate, dropout in rates
        ]
        tuned = [{"trained": "last_blocks", "learning_rate": 3e-3, "dropout": 0.2, "label_smoothing": 0.05}]
        return [*heads, *(tuned if spec.shape_of("image_middle") is not None else [])]

    def sample(self, spec: Spec, rng: Any) -> Config:
        """Draw a configuration that can be built from what the data offer."""
        config = super().sample(spec, rng)
        tuned = config["trained"] == "last_blocks" and spec.shape_of("image_middle") is None
        return {**config, "trained": "perceptron"} if tuned else config

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return epochs and batch size; what was trained before needs fewer epochs."""
        schedule = super().schedule(spec, config, seed, configs)
        keep = (1.0, 0.5, 0.5) if configs > 2 else (1.0, 1.0, 1.0)
        return Schedule(schedule.epochs, schedule.batch_size, keep, seed)

    def _timed(self, schedule: Schedule, deadline: Deadline) -> Schedule:
        """Stay with the few epochs that suffice, whatever time there is: other families make more of it."""
        return schedule

    def pack_size(self, config: Config, spec: Spec, folds: int, seconds: float, memory: int) -> int:
        """Return how many heads are worth training together; the last blocks are trained for one configuration at a time."""
        fitting = super().pack_size(config, spec, folds, seconds, memory)
        return min(fitting, 1) if config["trained"] == "last_blocks" else fitting

    def build(self, spec: Spec, configs: Sequence[Config]) -> Any:
        """Return the pack of `configs`, which share what is trained."""
        members, config = len(configs), configs[0]
        last = PackedDense(members, spec.outputs, initializer=zeros)
        if config["trained"] == "last_blocks":
            return PictureModel(members, "image_middle", None, LastBlocks(members), [Evened(members), last])
        hidden = [PackedDense(members, int(config["units"]), "silu"), PackedDropout(members)] if config["trained"] == "perceptron" else []
        return Heads(members, [*hidden, last], bool(config["table"]), str(config.get("sees", "features")))
