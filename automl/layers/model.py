"""A pack of networks over the arrays of a preprocessor, and the values that its members start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.packed import PackedCategories, PackedDropout, starting_from


class PackedModel(keras.Model):  # type: ignore[misc]
    """A pack of networks over the arrays of a preprocessor.

    Args:
        members: Number of networks.
        body: Layers applied in order to the joined inputs (members, rows, inputs).
        categories: Layer for the category codes, or None where there are none.
        numbers: Layer that turns the numbers (1, rows, columns) into a list of parts, each (1 or members, rows, ·); None for themselves.
        heads: Predictions that each network makes; see below.
        further: Layers that turn further arrays, by name, into parts (members, rows, ·): of texts, pictures or series.

    The inputs are "numbers" (rows, columns), "categories" (rows, columns) and, where there are any, "encoded" (1 or members, rows,
    columns). The output is (rows, members, outputs): logits for classes, the standardised target for regression; with several heads it
    is (rows, members, heads, outputs), each head learns on its own, and :func:`pooled` is the network's prediction.
    """

    def __init__(
        self,
        members: int,
        body: Sequence[keras.layers.Layer],
        categories: PackedCategories | None = None,
        numbers: keras.layers.Layer | None = None,
        heads: int = 1,
        further: Mapping[str, keras.layers.Layer] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.members, self.heads = members, heads
        self.body = list(body)
        self.body[-1].dtype_policy = "float32"  # logits keep their digits where layers compute in half precision
        self.categories = categories
        self.numbers = numbers
        self.further = dict(further or {})

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs) or (rows, members, heads, outputs)."""
        parts: list[Any] = []
        if inputs["numbers"].shape[-1]:
            numbers = inputs["numbers"][None]
            parts += [numbers] if self.numbers is None else self.numbers(numbers)
        if self.categories is not None:
            parts += self.categories(inputs["categories"])
        if "encoded" in inputs:
            parts.append(inputs["encoded"])
        parts += [layer(inputs[name]) for name, layer in self.further.items()]
        if len({part.shape[0] for part in parts}) > 1:  # some parts are shared by all members, some are not
            parts = [part if part.shape[0] != 1 else ops.repeat(part, self.members, axis=0) for part in parts]
        values = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        for layer in self.body:
            values = layer(values)
        return ops.transpose(values, (2, 0, 1, 3) if self.heads > 1 else (1, 0, 2))


def pooled(outputs: Any, classification: bool) -> Any:
    """Return the prediction of networks with several heads: logits of the mean probability, or the mean.

    Args:
        outputs: (rows, members, outputs), returned as it is, or (rows, members, heads, outputs).
        classification: Whether the outputs are logits.
    """
    if len(outputs.shape) == 3:
        return outputs
    if not classification:
        return ops.mean(outputs, axis=2)
    return ops.logsumexp(ops.log_softmax(outputs, axis=-1), axis=2) - float(np.log(outputs.shape[2]))


def dropout_layers(model: keras.Model) -> list[PackedDropout]:
    """Return the dropout layers of a built pack, those inside blocks included."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, PackedDropout)]


def initial_weights(model: keras.Model, seeds: Sequence[int], rates: Mapping[str, NDArray[Any]] | None = None) -> list[NDArray[np.float32]]:
    """Draw the initial weights of every member from its own seed.

    Args:
        model: A built pack.
        seeds: One seed per member.
        rates: Vectors (members,) of configuration entries; some multiply initial values (see `scaled_by`).

    Returns:
        Arrays in the order of ``model.trainable_variables``, each (members, …).
    """
    drawn = []
    for index, variable in enumerate(model.trainable_variables):
        shape = tuple(int(size) for size in variable.shape[1:])
        members = [variable.member_initializer(np.random.default_rng([int(seed), index]), shape) for seed in seeds]
        if variable.scaled_by is not None and rates is not None and variable.scaled_by in rates:
            members = [values * rates[variable.scaled_by][member] for member, values in enumerate(members)]
        drawn.append(np.stack(members).astype(np.float32))
    return drawn


def fitted_weights(
    model: keras.Model, arrays: Mapping[str, NDArray[Any]], target: NDArray[Any], fold: NDArray[np.int64], folds: int
) -> list[NDArray[np.float32]]:
    """Compute the weights that are fitted and not trained, each member's from the rows that it learns from.

    Args:
        model: A built pack with members (configuration, fold), the fold changing fastest.
        arrays: Prepared columns of the training rows.
        target: Class codes or standardised values (rows,).
        fold: Fold of each row (rows,); a member never sees the rows of its own.
        folds: Number of folds.

    Returns:
        Arrays in the order of ``model.non_trainable_variables``, each (members, …).
    """
    fitted = []
    for variable in model.non_trainable_variables:
        own = []
        for left_out in range(folds):
            rows = np.flatnonzero(fold != left_out)
            seen = {name: values[rows, left_out] if name == "encoded" else values[rows] for name, values in arrays.items()}
            own.append(variable.fitted(seen, target[rows]))
        fitted.append(np.tile(np.stack(own), (model.members // folds,) + (1,) * own[0].ndim).astype(np.float32))
    return fitted


def adapted_weights(
    model: keras.Model, weights: Sequence[NDArray[Any]], fixed: Sequence[NDArray[Any]], seeds: Sequence[int], batch: Mapping[str, Any]
) -> list[NDArray[np.float32]]:
    """Let the layers that start from data see some rows, and return the initial weights after that.

    Args:
        model: A built pack; its own variables are overwritten.
        weights: What :func:`initial_weights` drew.
        fixed: Values of the weights that are fitted and not trained, in the order of ``model.non_trainable_variables``.
        seeds: One seed per member.
        batch: Prepared columns of some training rows.

    Returns:
        Arrays in the order of ``model.trainable_variables``; the same arrays where no layer starts from data.
    """
    if not any(getattr(layer, "data_driven", False) for layer in model._flatten_layers()):
        return list(weights)
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    for variable, values in zip(variables, [*weights, *fixed], strict=True):
        variable.assign(values)
    with starting_from([np.random.default_rng([int(seed), 10**6]) for seed in seeds]):
        model(dict(batch))
    return [np.asarray(ops.convert_to_numpy(variable), np.float32) for variable in model.trainable_variables]
