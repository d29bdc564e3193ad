"""Small residual convolutional networks on pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops

from automl.families._pictures import MIXING, PictureFamily, declare_variations, looks_twice, reader, side_of
from automl.families.base import Config, Tags
from automl.layers import PackedDense, PackedDropout
from automl.layers.packed import zeros
from automl.layers.pictures import PackedTower, PictureModel
from automl.preprocessing.base import Spec

LEAST_LINES = 6  # no stage makes pictures smaller than half of this
FOLDED_LINES = 20  # of pictures whose squares of four pixels become one place each


def folded(values: Any) -> Any:
    """Return squares of four pixels as one place: (rows, lines, columns, channels) to (rows, lines / 2, columns / 2, 4 × channels)."""
    lines, columns = (int(size) for size in values.shape[1:3])
    if lines % 2 or columns % 2:
        values = ops.pad(values, ((0, 0), (0, lines % 2), (0, columns % 2), (0, 0)))
        lines, columns = lines + lines % 2, columns + columns % 2
    squares = ops.reshape(values, (-1, lines // 2, 2, columns // 2, 2, int(values.shape[3])))
    return ops.reshape(ops.transpose(squares, (0, 1, 3, 2, 4, 5)), (-1, lines // 2, columns // 2, 4 * int(values.shape[3])))


class ResidualTower(PackedTower):
    """Squares of four pixels as one place → convolution → stages of residual blocks, each half as large and twice as wide.

    Folding four pixels into the channels of one place (Shi et al., 2016, arXiv:1609.05158, backwards) loses nothing, and lets a CPU do its
    convolutions where pictures are small and channels are many: a convolution of few channels runs at a tenth of its pace.
    """

    def __init__(self, members: int, width: int, stages: int, blocks: int) -> None:
        super().__init__(members)
        self.wide, self.stages, self.blocks = width, stages, blocks

    def prepare(self, shape: tuple[int, int, int]) -> None:
        """Add the convolutions and their normalisations; the second of a block starts at zero, so that blocks start as nothing."""
        self.folds = min(shape[:2]) >= FOLDED_LINES
        lines = -(-min(shape[:2]) // 2) if self.folds else min(shape[:2])
        self._add("stem", shape[2] * (4 if self.folds else 1), self.wide)
        channels, self.used = self.wide, 0
        for stage in range(self.stages):
            if stage and lines < LEAST_LINES:
                break
            if stage:
                wider = min(channels * 2, 8 * self.wide)
                self._add(f"{stage}/down", channels, wider)
                channels, lines = wider, -(-lines // 2)
            for block in range(self.blocks):
                self._add(f"{stage}/{block}/first", channels, channels)
                self._add(f"{stage}/{block}/second", channels, channels, start=zeros)
            self.used = stage + 1

    def _add(self, name: str, inputs: int, outputs: int, **how: Any) -> None:
        self.add_convolution(name, 3, inputs, outputs)
        self.add_norm(f"{name}/norm", outputs, **how)

    def _step(self, values: Any, of: dict[str, Any], name: str, stride: int = 1) -> Any:
        values = self.convolve(values, of, name, stride)
        return self.normalise(values, of, f"{name}/norm", groups=max(int(values.shape[-1]) // 8, 1))

    def maps(self, values: Any, of: dict[str, Any]) -> Any:
        """Map pictures (rows, lines, columns, channels) to the maps of the last stage."""
        values = ops.relu(self._step(folded(values) if self.folds else values, of, "stem"))
        for stage in range(self.used):
            values = ops.relu(self._step(values, of, f"{stage}/down", stride=2)) if stage else values
            for block in range(self.blocks):
                added = self._step(ops.relu(self._step(values, of, f"{stage}/{block}/first")), of, f"{stage}/{block}/second")
                values = ops.relu(values + added)
        return values


class CNN(PictureFamily):
    """Residual network (He et al., 2016, arXiv:1603.05027) with group normalisation, small enough for two cores.

    What differs, and why: one block per stage and 16 channels at first, because a small network that sees every picture often beats a large
    one that sees it seldom; group instead of batch normalisation, so that rows never mix; AdamW with the schedule of all packs. Trial 0
    shifts and scales pictures a little and does not mirror them; whether mirroring, cutting out and changes of light help is tried.
    """

    name = "cnn"
    title = "Convolutional network"
    tags = Tags(kind="network", inputs=frozenset({"pixels"}), rank=-1)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout", "label_smoothing"}) | MIXING

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare width, stages, blocks, variations, learning rate, decay, dropout and label smoothing."""
        hp.Choice("width", [8, 12, 16, 24, 32], default=8 if side_of(spec) <= 16 else 16)
        hp.Choice("stages", [2, 3, 4], default=2 if side_of(spec) <= 28 else 3)
        hp.Choice("blocks", [1, 2, 3], default=1)
        declare_variations(hp, side_of(spec))
        hp.Float("learning_rate", 5e-4, 1e-2, sampling="log", default=3e-3)
        hp.Float("weight_decay", 1e-3, 0.3, sampling="log", default=2e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.2)
        hp.Choice("label_smoothing", [0.0, 0.05, 0.1], default=0.0)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return trial 0, then mirrored pictures, more variation, more channels, and mixed pictures (chosen to span the space)."""
        return [
            {},
            {"flip": True},
            {"flip": True, "width": 24, "cutout": 0.25, "label_smoothing": 0.05},
            {"width": 24, "shift": 0.12, "zoom": 0.2, "cutout": 0.25, "label_smoothing": 0.05},
            {"flip": True, "width": 24, "blocks": 2, "light": 0.3},
            {"flip": True, "width": 24, "views": 2, "cutmix": 1.0, "averaging": 0.5},
            {"width": 24, "shift": 0.12, "mixup": 0.2, "averaging": 0.5},
        ]

    def affordable(self, config: Config, spec: Spec, folds: int, seconds: float) -> Config:
        """Return the configuration with fewer channels where its epochs would not fit into the time; very few see too little."""
        epochs = min(10.0, 1.7 * self.worth_epochs(spec))
        for width in (24, 16, 12):
            if self.seconds_for(config, spec, folds, epochs) <= seconds or width >= int(config["width"]):
                continue
            config = {**config, "width": width}
        return config

    def build(self, spec: Spec, configs: Sequence[Config]) -> PictureModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        tower = ResidualTower(members, int(config["width"]), int(config["stages"]), int(config["blocks"]))
        body = [PackedDropout(members), PackedDense(members, spec.outputs, initializer=zeros)]
        return PictureModel(members, "pixels", reader(members, config), tower, body, looks_twice(config))
