"""Where the transformers for text of a fitted family attend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl import _backend
from automl.families.base import FittedFamily
from automl.families.networks import FittedNetworks, arranged, inputs_of
from automl.layers.text import PackedTextTransformer
from automl.preprocessing.base import Arrays


def attends(fitted: FittedFamily) -> bool:
    """Whether a fitted family has attention between the tokens of a text."""
    return isinstance(fitted, FittedNetworks) and bool(getattr(fitted.family, "attends", False))


def attention(fitted: FittedFamily, arrays: Arrays) -> NDArray[np.float64] | None:
    """Return how much of each token reaches the output by attention: the mean over the networks of a family by weight.

    Args:
        fitted: The chosen networks of a family.
        arrays: Prepared rows, a few.

    Returns:
        (rows, length), adding up to 1 over the tokens of a row that has any; None where the networks have no attention over tokens.
        See :meth:`automl.layers.text.PackedTextTransformer.attended`.
    """
    if not isinstance(fitted, FittedNetworks) or not attends(fitted):
        return None
    total = np.zeros(arrays["tokens"].shape, np.float64)
    inputs = {name: _backend.to_device(values) for name, values in inputs_of(arrays, fitted.family.reads).items()}
    for pack in fitted.packs:
        model = fitted.family.build(fitted.spec, pack.configs)
        model(arranged(inputs, pack.folds))
        for variable, values in zip([*model.trainable_variables, *model.non_trainable_variables], pack.weights, strict=True):
            variable.assign(values)
        layer = model.further["tokens"]
        if not isinstance(layer, PackedTextTransformer):
            return None
        told = _backend.to_numpy(layer.attended(inputs["tokens"])).astype(np.float64)  # (members, rows, length)
        total += np.tensordot(pack.shares, told, axes=(0, 0))
    return total
