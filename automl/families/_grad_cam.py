"""Which places of pictures moved networks towards an answer: networks on pixels, and those that join several kinds of data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import _backend
from automl.families._pictures import PictureFamily
from automl.families.fusion import Fusion
from automl.families.networks import arranged, inputs_of
from automl.preprocessing.base import Arrays

# What tells the last maps of the trained network, (rows, lines, columns, features), from prepared rows; features are their means.
Seen = Callable[[Arrays], Any]
Scores = Callable[[Any], Any]  # from maps to the outputs of one member, (rows, outputs)


def grad_cam(fitted: Any, arrays: Arrays, outputs: Sequence[int], seen: Seen | None = None) -> NDArray[np.float64] | None:
    """Return which places of pictures moved the networks of a family towards an output: Grad-CAM, the mean over its networks by weight.

    The gradient of the output's logit, averaged over all places, says how much each channel of the last maps counts; their sum, where it is
    above 0, is the heat of a place. Source: Selvaraju et al. (2017, arXiv:1610.02391). Of a network that joins several kinds of data the
    maps are those of its tower, or of the trained network whose features it reads; what it knows of the other kinds stays as it is.

    Args:
        fitted: The chosen networks of a family.
        arrays: Prepared rows, a few.
        outputs: The output looked at in each row.
        seen: The last maps of the network behind "image_features", at any size; None where they are not known.

    Returns:
        (rows, lines, columns), none below 0; None where the networks have no maps.
    """
    if not isinstance(getattr(fitted, "family", None), PictureFamily | Fusion):
        return None
    of = ops.convert_to_tensor((np.asarray(outputs) if fitted.spec.is_classification else np.zeros(len(outputs))).astype(np.int32))
    total: NDArray[np.float64] | None = None
    for pack in fitted.packs:
        for share, maps, scores in _looked_at(fitted, pack, arrays, seen):

            def score(values: list[Any], scores: Scores = scores) -> Any:
                found = scores(values[0])
                return ops.sum(found * ops.one_hot(of, found.shape[-1]))

            (slope,) = _backend.gradients(score, [maps])
            channels = _backend.to_numpy(slope).astype(np.float64).mean(axis=(1, 2), keepdims=True)
            heat = np.maximum((channels * _backend.to_numpy(maps)).sum(axis=-1), 0.0)
            heat /= np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)
            if total is not None and total.shape != heat.shape:
                heat = np.stack([_resized(one, total.shape[1:]) for one in heat])
            total = share * heat if total is None else total + share * heat
    return total


def _looked_at(fitted: Any, pack: Any, arrays: Arrays, seen: Seen | None) -> Iterator[tuple[float, Any, Scores]]:
    """Yield weight, last maps and what follows them, of each member that has maps."""
    model = fitted.family.build(fitted.spec, pack.configs)
    fusion = isinstance(fitted.family, Fusion)
    if not fusion and (getattr(model, "array", "") != "pixels" or "pixels" not in arrays):
        return
    used = inputs_of(arrays, fitted.family.reads)
    inputs = arranged({name: _backend.to_device(values) for name, values in used.items()}, pack.folds)
    model(inputs)
    for variable, values in zip([*model.trainable_variables, *model.non_trainable_variables], pack.weights, strict=True):
        variable.assign(values)
    encoder = model.further.get("pixels") if fusion else model
    features = None if encoder is not None or seen is None or "image_features" not in used else ops.convert_to_tensor(seen(arrays))
    pixels = None if encoder is None else encoder.reader(inputs["pixels"])
    for member, share in enumerate(pack.shares):
        if encoder is not None:
            own = {name: ops.convert_to_tensor(weight)[member] for name, weight in encoder.tower.own.items()}
            maps = ops.cast(encoder.tower.maps(ops.cast(pixels, encoder.tower.compute_dtype), own), "float32")

            def scores(maps: Any, own: dict[str, Any] = own, member: int = member) -> Any:
                vector = ops.cast(encoder.tower.vector(maps, own), "float32")[None]
                values = ops.repeat(vector, model.members, axis=0)
                if fusion:
                    return model.answered(inputs, {"pixels": values})[:, member]
                for layer in model.body:
                    values = layer(values)
                return values[member]

            yield float(share), maps, scores
        elif features is not None:

            def read(maps: Any, member: int = member) -> Any:
                # The slope is that at the features which were read: the maps may be those of a closer look.
                moved = ops.mean(maps, axis=(1, 2)) - ops.mean(features, axis=(1, 2))
                return model.answered(inputs, {"image_features": (inputs["image_features"] + moved)[None]})[:, member]

            yield float(share), features, read


def _resized(heat: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    lines, columns = (np.minimum(np.arange(size) * old // size, old - 1) for size, old in zip(shape, heat.shape, strict=True))
    return np.asarray(heat[lines][:, columns])
