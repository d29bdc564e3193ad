"""One network over everything that a row holds: numbers and categories, text, a picture, a short series."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np

from automl.budget import Deadline
from automl.families._footprint import Footprint, footprint
from automl.families._inputs import category_layer, number_layer, spanned
from automl.families._narrow import NarrowFamily
from automl.families._pictures import FIRST_PICTURE_PACE, PREDICTION_PACE, step_work
from automl.families._text import TextFamily
from automl.families.base import Config, Tags, Trained
from automl.families.cnn import ResidualTower
from automl.families.lite import LiteTrunk
from automl.families.networks import ACTIVATION_WORK, INPUTS, inputs_of
from automl.layers.fusion import FusionModel, PictureEncoder, SeriesEncoder
from automl.layers.pictures import PictureReader
from automl.layers.text import PackedBag, Shared
from automl.preprocessing.base import Spec
from automl.training import Schedule

SCALES = {"sentence": 10.0, "image_features": 1.0}  # arrays of numbers that were learnt elsewhere
PICTURES = {"features": "image_features", "pixels": "pixels"}  # how pictures may be read, and the array of each way
FURTHER = ("tokens", *SCALES, "pixels", "series")
LARGEST_SIDE = 32  # lines of pictures at most: the shape of things, as the other kinds of data tell more
STAGES, BLOCKS = 3, 1  # of the tower
SMALLER = ({"picture_width": 12}, {"picture_width": 8}, {"picture_width": 8, "picture_side": 16})  # where the time is short
MOST_STEPS = 128  # of a series; neighbours of longer ones are averaged
TAPS = 21  # of the widest kernel over a series
STEPS_OF_TRAINING = 900  # that encoders from scratch are given on small data; on large ones they see every row fifteen times
TIMED_EPOCHS = 30  # with a tower, that a clock may still allow where the data alone would ask for fewer
_LAYERS: dict[Any, Footprint] = {}
_TOWERS: dict[Any, _Tower] = {}


@dataclass(frozen=True)
class _Tower:
    """What a tower does to one picture: the values that its steps put out, and its multiplications."""

    activations: int = 0
    work: int = 0

    @property
    def cost(self) -> float:
        """The work of a step."""
        return step_work(self.work, self.activations)


class Fusion(NarrowFamily, TextFamily):
    """An encoder for each kind of data; what they find is joined early, or their answers are added or weighed late.

    Source: Baltrušaitis et al. (2019), "Multimodal Machine Learning", arXiv:1705.09406, sections on early and late fusion; whole kinds of
    data are left out in training as in ModDrop (Neverova et al., 2016, arXiv:1501.00102), so that rows that lack one are predicted, too.
    Encoders: a bag of tokens, sentence vectors, the features of a trained network for pictures or a small residual tower on their pixels,
    LITE's convolutions over a series; small, because each of them has only a part of the time and of the rows that a family of its own has.
    """

    name = "fusion"
    title = "Fusion network"
    tags = Tags(kind="network", inputs=frozenset(FURTHER), modalities=frozenset({"mixed"}), rank=-8)
    reads = (*INPUTS, *FURTHER)
    pack_configs = 4

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the place of fusion, widths, encoders of the kinds of data that are there, what is left out, and rates."""
        hp.Choice("fusion", ["early", "late", "gated"], default="early")
        hp.Choice("units", [32, 64, 128], default=64)
        hp.Choice("modality_dropout", [0.0, 0.1, 0.25], default=0.1)
        hp.Choice("embedding_units", [16, 32], default=32)
        hp.Choice("embedding", ["piecewise_linear", "none"], default="piecewise_linear")
        if ways := ways_of(spec):
            hp.Choice("pictures", ways, default=ways[0])
        if "pixels" in ways:
            hp.Choice("picture_width", [8, 12, 16], default=12)
            hp.Choice("picture_side", [16, 24, LARGEST_SIDE], default=LARGEST_SIDE)
            hp.Choice("varied", [0.0, 0.5, 1.0], default=0.5)
            hp.Boolean("flip", default=False)
        if spec.further("series") is not None:
            hp.Choice("series_filters", [8, 16, 32], default=16)
        self.rates(hp, learning_rate=3e-3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return a pack that joins early, pixels where features come first, then packs that join late (no source; to span the space)."""
        rates = [(3e-3, 0.3), (1e-3, 0.5), (6e-3, 0.5), (1e-3, 0.1)]
        early = spanned(rates, fusion="early")
        seen = [{"fusion": "early", "pictures": "pixels", "learning_rate": 3e-3, "dropout": 0.3}] if len(ways_of(spec)) > 1 else []
        return [*early, *seen, *spanned(rates[:2], fusion="late"), *spanned(rates[:2], fusion="gated")]

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return epochs and batch size: those of texts, and more steps where pictures or series are learnt from scratch."""
        plain = super().schedule(spec, config, seed, configs)
        if not has_tower(config) and spec.further("series") is None:
            return plain
        batch = 32 if spec.rows <= 2_000 else 64 if spec.rows <= 20_000 else 128
        epochs = int(np.clip(STEPS_OF_TRAINING * batch / max(spec.rows, 1), 15, 60))
        return replace(plain, batch_size=batch, epochs=max(epochs, plain.epochs))

    def affordable(self, config: Config, spec: Spec, folds: int, seconds: float) -> Config:
        """Return the configuration with fewer channels, then with smaller pictures, where its epochs would not fit into the time."""
        if not has_tower(config):
            return config
        pace = self.pace(config) or FIRST_PICTURE_PACE
        for smaller in SMALLER:  # by the tower alone: to know the size of a whole network takes a while
            if tower_of(spec, config).cost * spec.rows * folds * 10 / pace <= seconds:
                break
            config = {**config, **{name: min(value, int(config[name])) for name, value in smaller.items()}}
        return config

    def pack_size(self, config: Config, spec: Spec, folds: int, seconds: float, memory: int) -> int:
        """Return how many configurations are worth training together; with towers, which do not share their work, one."""
        fitting = super(Fusion, self.reading([config])).pack_size(config, spec, folds, seconds, memory)
        return min(fitting, 1) if has_tower(config) else fitting

    def build(self, spec: Spec, configs: Sequence[Config]) -> FusionModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        encoders: dict[str, Callable[[], keras.layers.Layer]] = {
            "tokens": lambda: PackedBag(members, self.tokens(spec), int(config["embedding_units"])),
            **{name: partial(Shared, scale) for name, scale in SCALES.items()},
            "pixels": lambda: picture_encoder(spec, members, config),
            "series": lambda: series_encoder(spec, members, config),
        }
        used = [name for name in arrays_of([config]) if spec.further(name) is not None]
        return FusionModel(
            members,
            spec.outputs,
            int(config["units"]),
            str(config["fusion"]),
            {name: encoders[name]() for name in used},
            category_layer(spec, members),
            number_layer(spec, members, config),
            float(config["modality_dropout"]),
        )

    # ── only what is read goes to the device

    def arrays_read(self, configs: Iterable[Config]) -> Iterable[str]:
        """Return the arrays of the kinds of data that some configurations join."""
        return arrays_of(configs)

    def kind(self, config: Config) -> str:
        """Return whether there is a tower: towers are bound by arithmetic, the rest by memory."""
        return "tower" if has_tower(config) else "plain"

    # ── what it costs

    def _timed(self, schedule: Schedule, deadline: Deadline) -> Schedule:
        """Let the clock decide how many epochs are made, with towers of not too many: other families wait."""
        timed = super()._timed(schedule, deadline)
        towers = {"pixels"} & set(self.reads)
        return replace(timed, epochs=max(schedule.epochs, TIMED_EPOCHS)) if towers and deadline.budget.timed else timed

    def _layers(self, spec: Spec, config: Config) -> Footprint:
        key = (self.pack_key(config), spec)
        if key not in _LAYERS:
            narrow = self.reading([config])
            arrays = {"numbers": np.zeros((1, spec.numbers), np.float32), "categories": np.zeros((1, len(spec.categories)), np.int32)}
            arrays["encoded"] = np.zeros((1, 1, spec.encoded), np.float32)  # (members, rows, columns), as a network reads it
            arrays |= {extra.name: np.zeros((1, *extra.shape), extra.kind) for extra in spec.extra if extra.name in narrow.reads}
            _LAYERS[key] = footprint(self.build(spec, [config]), inputs_of(arrays, narrow.reads))
        return _LAYERS[key]

    def footprint(self, spec: Spec, config: Config) -> Footprint:
        """Return the size of one network, with what its tower puts out."""
        layers = self._layers(spec, config)
        return replace(layers, activations=layers.activations + tower_of(spec, config).activations)

    def row_work(self, config: Config, spec: Spec) -> float:
        """Return the work of one row in a step of one network: of its layers, and of its tower."""
        layers, batch = self._layers(spec, config), self.schedule(spec, config, 0, 1).batch_size
        return layers.weights + ACTIVATION_WORK * (layers.activations + layers.shared / batch) + tower_of(spec, config).cost

    def seconds_for(self, config: Config, spec: Spec, folds: int, epochs: float) -> float:
        """Return the seconds that so many epochs take, by the pace of earlier packs of its kind."""
        pace = self.pace(config) or (FIRST_PICTURE_PACE if has_tower(config) else None)
        if pace is None:
            return super().seconds_for(config, spec, folds, epochs)
        return float(self.row_work(config, spec) * spec.rows * folds * epochs / pace)

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what a forward pass through the networks of all folds takes, roughly."""
        tower = tower_of(spec, trained.config)
        return super().row_seconds(trained, spec) + len(trained.models) * tower.work / PREDICTION_PACE


def ways_of(spec: Spec) -> list[str]:
    """Return how pictures can be read, the cheaper way first; nothing where there are none.

    Example:
        >>> from automl.preprocessing.base import Extra
        >>> ways_of(Spec(1, 1, (), 2, "binary", 9, extra=(Extra("pixels", (8, 8, 1), "uint8"),)))
        ['pixels']
    """
    return [way for way, name in PICTURES.items() if spec.further(name) is not None]


def has_tower(config: Config) -> bool:
    """Whether a configuration looks at pixels."""
    return config.get("pictures") == "pixels"


def arrays_of(configs: Iterable[Config]) -> tuple[str, ...]:
    """Return the further arrays that some configurations read, where they are there.

    Example:
        >>> arrays_of([{"pictures": "features"}])
        ('tokens', 'sentence', 'image_features', 'series')
    """
    ways = {PICTURES.get(str(config.get("pictures"))) for config in configs}
    return tuple(name for name in FURTHER if name in ways or name not in PICTURES.values())


def tower_of(spec: Spec, config: Config) -> _Tower:
    """Return what the tower of a configuration does to one picture; nothing where it has none. Measured once for each size."""
    shape = spec.shape_of("pixels")
    if shape is None or not has_tower(config):
        return _Tower()
    key = (shape, config["picture_width"], config["picture_side"])
    if key not in _TOWERS:
        encoder = picture_encoder(spec, 1, config)
        encoder(np.zeros((1, *shape), np.uint8))
        _TOWERS[key] = _Tower(encoder.tower.activations, encoder.tower.work)
    return _TOWERS[key]


def picture_encoder(spec: Spec, members: int, config: Config) -> PictureEncoder:
    """Return a reader that varies pictures a little and makes them small, with a residual tower behind it."""
    side, varied = int((spec.shape_of("pixels") or (LARGEST_SIDE,))[0]), float(config["varied"])
    reduce = -(-side // int(config["picture_side"]))
    reader = PictureReader(members, reduce, bool(config["flip"]), shift=0.12 * varied, zoom=0.2 * varied, light=0.1 * varied)
    return PictureEncoder(reader, ResidualTower(members, int(config["picture_width"]), STAGES, BLOCKS))


def series_encoder(spec: Spec, members: int, config: Config) -> SeriesEncoder:
    """Return LITE's convolutions over a series of at most 128 steps."""
    steps = int((spec.shape_of("series") or (1,))[0])
    averaged = -(-steps // MOST_STEPS)
    return SeriesEncoder(LiteTrunk(members, int(config["series_filters"]), TAPS, -(-steps // averaged)), averaged)
