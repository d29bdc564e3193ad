"""What every layer with a members axis must do: a pack is its members side by side, and every weight has a finite gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

from automl import _backend
from automl.layers.model import initial_weights
from automl.layers.packed import PackedLayer, dropout_masks

SEEDS = (4, 5, 6)


def filled(layer: PackedLayer, seeds: Sequence[int], *inputs: Any) -> Any:
    """Build a layer, give each member the weights of its seed, and return its outputs."""
    layer(*inputs)
    for variable, values in zip(layer.trainable_variables, initial_weights(layer, seeds), strict=True):
        variable.assign(values)
    return _backend.to_numpy(ops.cast(layer(*inputs), "float32"))


def check_members_are_side_by_side(make: Callable[[int], PackedLayer], *shared: Any) -> np.ndarray[Any, Any]:
    """Compare a pack of three with three packs of one on the same inputs (1, rows, units); return the pack's outputs."""
    together = filled(make(len(SEEDS)), SEEDS, *shared)
    for member, seed in enumerate(SEEDS):
        np.testing.assert_allclose(together[member], filled(make(1), [seed], *shared)[0], atol=1e-6)
    assert not np.allclose(together[0], together[1])
    return together


def gradients(layer: PackedLayer, *inputs: Any) -> list[np.ndarray[Any, Any]]:
    """Return the gradients of the sum of squared outputs with respect to each trained weight."""
    filled(layer, SEEDS[: layer.members], *inputs)
    weights = [_backend.to_device(_backend.to_numpy(variable)) for variable in layer.trainable_variables]
    fixed = [_backend.to_device(_backend.to_numpy(variable)) for variable in layer.non_trainable_variables]
    tensors = [_backend.to_device(values) for values in inputs]

    def loss(values: list[Any]) -> Any:
        return ops.sum(ops.square(layer.stateless_call(values, fixed, *tensors)[0]))

    return [_backend.to_numpy(gradient) for gradient in _backend.gradients(loss, weights)]


def check_gradients_are_finite(layer: PackedLayer, *inputs: Any) -> None:
    """Every weight has a finite gradient that is not zero for every member."""
    slopes = gradients(layer, *inputs)
    for variable, found in zip(layer.trainable_variables, slopes, strict=True):
        assert np.isfinite(found).all(), variable.path
        assert (np.abs(found).reshape(layer.members, -1).max(axis=1) > 0).all(), variable.path


def with_masks(layer: PackedLayer, value: float, *inputs: Any) -> np.ndarray[Any, Any]:
    """Return the outputs with every dropout factor at `value`."""
    pool = _backend.to_device(np.full((layer.members, 10_000), value, np.float32))
    with dropout_masks(pool, _backend.to_device(np.zeros(8, np.int32))):
        return _backend.to_numpy(layer(*inputs))
