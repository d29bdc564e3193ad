"""What families of networks on pictures share: how they vary pictures, what their networks cost, and how long they are trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from automl import _backend
from automl.families._footprint import COPIES, MEANS, Footprint, footprint
from automl.families.base import Config, Trained, TrainingData
from automl.families.networks import _PACE, KerasFamily, inputs_of
from automl.layers.pictures import PictureReader
from automl.preprocessing.base import Arrays, Spec
from automl.training import Schedule

MIXING = frozenset({"mixup", "cutmix", "averaging"})  # what may differ between the members of a pack
WORKING_SIDE = 48  # lines; larger pictures are averaged down to at most so many, and looked at in detail only where that is tried
PREDICTION_PACE = 1e10  # multiplications per second on one core, forward
FIRST_PICTURE_PACE = 1e10  # multiplications per second of a step, on two cores, before any was measured
_PACES: dict[tuple[str, str], float] = {}
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
    reads: ClassVar[tuple[str, ...]] = ("pixels",)

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return epochs and batch size: pictures need more steps than tables, of fewer rows."""
        batch = 32 if spec.rows <= 1_500 else 64 if spec.rows <= 20_000 else 128
        epochs = int(np.clip(60_000 / max(spec.rows, 1), 12, 30))
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

    def train(self, configs: Sequence[Config], data: TrainingData, **given: Any) -> list[Trained]:
        """Train the pack, and remember the pace of its kind: convolutions are bound by arithmetic, heads on features by memory."""
        results = super().train(configs, data, **given)
        if self.name in _PACE:
            _PACES[self._kind(configs[0])] = _PACE[self.name]
        return results

    def _kind(self, config: Config) -> tuple[str, str]:
        return self.name, str(config.get("trained", ""))

    def seconds_for(self, config: Config, spec: Spec, folds: int, epochs: int) -> float:
        """Return the seconds that so many epochs take, by the pace of earlier packs of the kind."""
        pace = _PACES.get(self._kind(config), FIRST_PICTURE_PACE)
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


def grad_cam(fitted: Any, arrays: Arrays, outputs: Sequence[int]) -> NDArray[np.float64] | None:
    """Return which places of pictures moved the networks of a family towards an output: Grad-CAM, the mean over its networks by weight.

    The gradient of the output's logit, averaged over all places, says how much each channel of the last maps counts; their sum, where it is
    above 0, is the heat of a place. Source: Selvaraju et al. (2017, arXiv:1610.02391).

    Args:
        fitted: The chosen networks of a family on pixels.
        arrays: Prepared rows, a few.
        outputs: The output looked at in each row.

    Returns:
        (rows, lines, columns), none below 0; None where the networks have no maps.
    """
    from keras import ops

    if not isinstance(getattr(fitted, "family", None), PictureFamily) or "pixels" not in arrays:
        return None
    total: NDArray[np.float64] | None = None
    of = np.asarray(outputs) if fitted.spec.is_classification else np.zeros(len(outputs), np.int64)
    for pack in fitted.packs:
        model = fitted.family.build(fitted.spec, pack.configs)
        if getattr(model, "array", "") != "pixels":
            return None
        pixels = _backend.to_device(arrays["pixels"])
        model({"numbers": _backend.to_device(arrays["numbers"]), "pixels": pixels})
        for variable, values in zip(model.trainable_variables, pack.weights, strict=True):
            variable.assign(values)
        seen = model.reader(pixels)
        for member, share in enumerate(pack.shares):
            own = {name: ops.convert_to_tensor(weight)[member] for name, weight in model.tower.own.items()}
            maps = ops.cast(model.tower.maps(ops.cast(seen, model.tower.compute_dtype), own), "float32")

            def score(values: list[Any], own: dict[str, Any] = own, member: int = member, model: Any = model) -> Any:
                vector = model.tower.vector(values[0], own)[None]
                whole = ops.repeat(vector, model.members, axis=0)
                for layer in model.body:
                    whole = layer(whole)
                return ops.sum(whole[member] * ops.one_hot(ops.convert_to_tensor(of.astype(np.int32)), whole.shape[-1]))

            (slope,) = _backend.gradients(score, [maps])
            channels = _backend.to_numpy(slope).astype(np.float64).mean(axis=(1, 2), keepdims=True)
            heat = np.maximum((channels * _backend.to_numpy(maps)).sum(axis=-1), 0.0)
            heat /= np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)
            if total is not None and total.shape != heat.shape:
                heat = np.stack([_resized(one, total.shape[1:]) for one in heat])
            total = float(share) * heat if total is None else total + float(share) * heat
    return total


def _resized(heat: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    lines, columns = (np.minimum(np.arange(size) * old // size, old - 1) for size, old in zip(shape, heat.shape, strict=True))
    return np.asarray(heat[lines][:, columns])
