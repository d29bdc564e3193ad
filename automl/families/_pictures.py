"""What families of networks on pictures share: how they vary pictures, what their networks cost, and how long they are trained."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from automl.families._footprint import COPIES, MEANS, Footprint, footprint
from automl.families.base import Config, Trained
from automl.families.networks import COMPILE_SECONDS, KerasFamily, inputs_of
from automl.layers.pictures import PictureReader
from automl.preprocessing.base import Spec
from automl.training import Schedule

MIXING = frozenset({"mixup", "cutmix", "averaging"})  # what may differ between the members of a pack
WORKING_SIDE = 48  # lines; larger pictures are averaged down to at most so many, and looked at in detail only where that is tried
PREDICTION_PACE = 1e10  # multiplications per second on one core, forward
FIRST_PICTURE_PACE = 1e10  # multiplications per second of a step, on two cores, before any was measured
ROWS_SEEN = 60_000  # in all passes together, from which a network on pictures has learnt something
_SIZES: dict[Any, tuple[Footprint, int]] = {}


def declare_variations(hp: Any, side: int) -> None:
    """Declare how pictures are made smaller and varied; validation decides, because what is harmless depends on what they show.

    A mirrored shoe is a shoe, a mirrored "b" is another letter: no name of a class tells, the validation rows do. "views" is how many
    views a prediction looks at, the second being the mirror image: it counts only where "flip" is chosen too.
    """
    hp.Choice("reduce", [1, 2, 3, 4], default=default_reduction(side))
    hp.Boolean("flip", default=False)
    hp.Choice("shift", [0.0, 0.06, 0.12], default=0.06)
    hp.Choice("zoom", [0.0, 0.1, 0.2], default=0.1)
    hp.Choice("light", [0.0, 0.1, 0.3], default=0.1)
    hp.Choice("cutout", [0.0, 0.25, 0.4], default=0.0)
    hp.Choice("views", [1, 2], default=1)
    declare_mixing(hp, cuts=True)


def declare_mixing(hp: Any, cuts: bool) -> None:
    """Declare how rows are mixed with each other and over how many epochs weights are averaged; each member of a pack has its own.

    Args:
        hp: The space.
        cuts: Whether rows have parts that can be cut out, as pictures have.
    """
    hp.Choice("mixup", [0.0, 0.2, 0.4], default=0.0)
    if cuts:
        hp.Choice("cutmix", [0.0, 1.0], default=0.0)
    hp.Choice("averaging", [0.0, 0.5, 2.0], default=0.0)


def looks_twice(config: Config) -> bool:
    """Whether a prediction looks at the mirror image too: only where mirrored pictures were learnt from, and validation chooses that.

    Example:
        >>> [looks_twice({"flip": flip, "views": 2}) for flip in (False, True)]
        [False, True]
    """
    return bool(config["flip"]) and int(config.get("views", 1)) == 2


def default_reduction(side: int) -> int:
    """Return the factor that brings pictures to at most 48 lines.

    Example:
        >>> [default_reduction(side) for side in (28, 64, 96, 128)]
        [1, 2, 2, 3]
    """
    return int(np.clip(-(-side // WORKING_SIDE), 1, 4))


def reader(members: int, config: Config) -> PictureReader:
    """Return the layer that reads pixels as a configuration says."""
    varied = {name: config[name] for name in ("reduce", "flip", "shift", "zoom", "light", "cutout")}
    return PictureReader(members, **varied)


def side_of(spec: Spec, array: str = "pixels") -> int:
    """Return the lines of a picture; of data without pictures that of a usual one."""
    shape = spec.shape_of(array)
    return 32 if shape is None else int(shape[0])


def step_work(work: int, activations: int) -> float:
    """Return the multiplications of one row in a step of a tower: forward, twice as many backward, and passes over what it puts out.

    Example:
        >>> step_work(100, 10)
        500.0
    """
    return 3.0 * work + 20.0 * activations


class PictureFamily(KerasFamily):
    """A family of networks on pictures; `build` returns a :class:`automl.layers.pictures.PictureModel`."""

    pack_configs = 1
    start_seconds = COMPILE_SECONDS
    reads: ClassVar[tuple[str, ...]] = ("pixels",)

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return epochs and batch size: pictures need more steps than tables, of fewer rows."""
        batch = 32 if spec.rows <= 1_500 else 64 if spec.rows <= 20_000 else 128
        epochs = int(np.clip(ROWS_SEEN / max(spec.rows, 1), 12, 30))
        return Schedule(epochs, batch, keep=(1.0, 1.0, 1.0), seed=seed)

    def _measured(self, spec: Spec, config: Config) -> tuple[Footprint, int]:
        key = (type(self), self.pack_key(config), spec)
        if key not in _SIZES:
            arrays = {"numbers": np.zeros((1, spec.numbers), np.float32)}
            arrays |= {extra.name: np.zeros((1, *extra.shape), extra.kind) for extra in spec.extra if extra.name in self.reads}
            model = self.build(spec, [config])
            size = replace(footprint(model, inputs_of(arrays, self.reads)), copies=COPIES + MEANS)
            tower = getattr(model, "tower", None)
            if tower is None:
                _SIZES[key] = size, size.weights
            else:
                _SIZES[key] = replace(size, activations=size.activations + tower.activations), tower.work
        return _SIZES[key]

    def kind(self, config: Config) -> str:
        """Return what is trained: convolutions are bound by arithmetic, heads on features by memory."""
        return str(config.get("trained", ""))

    def worth_epochs(self, spec: Spec) -> float:
        """Return the passes over the rows below which a network is not worth beginning: of very many rows, a part of one is enough."""
        return min(super().worth_epochs(spec), ROWS_SEEN / max(spec.rows, 1))

    def seconds_for(self, config: Config, spec: Spec, folds: int, epochs: float) -> float:
        """Return the seconds that so many epochs take, by the pace of earlier packs of the kind."""
        pace = self.pace(config) or FIRST_PICTURE_PACE
        return float(self.row_work(config, spec) * spec.rows * folds * epochs / pace)

    def footprint(self, spec: Spec, config: Config) -> Footprint:
        """Return the size of one network, with what its tower puts out."""
        return self._measured(spec, config)[0]

    def row_work(self, config: Config, spec: Spec) -> float:
        """Return the multiplications of one row in a step: forward, and twice as many backward."""
        size, work = self._measured(spec, config)
        return step_work(work, size.activations)

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what a forward pass through the networks of all folds takes, roughly."""
        size, work = self._measured(spec, trained.config)
        views = 2 if "flip" in trained.config and looks_twice(trained.config) else 1
        return views * len(trained.models) * (work + 5.0 * size.activations) / PREDICTION_PACE
