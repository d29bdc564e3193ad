"""The compiled steps of a pack, and the cache of them: packs of one shape share one program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import _backend
from automl.layers.packed import PackedDropout, dropout_masks
from automl.preprocessing.base import Arrays

FIRST_MOMENT_DECAY = 0.9
SECOND_MOMENT_DECAY = 0.95  # RealMLP's β₂; 0.999 costs 2 % of error on classes and 23 % on regression (arXiv:2407.04491)

Build = Callable[[int], keras.Model]


@dataclass(frozen=True)
class PackData:
    """Training rows as the trainer needs them.

    Attributes:
        arrays: Prepared columns (rows, …) that the network reads.
        target: Class codes int64 or standardised values float64, (rows,).
        fold: Fold of each row; -1 for rows that are never validated.
        folds: Number of folds.
        classification: Whether the loss is cross-entropy (otherwise squared error).
    """

    arrays: Arrays
    target: NDArray[Any]
    fold: NDArray[np.int64]
    folds: int
    classification: bool


class Program:
    """The compiled steps of one network structure for one number of configurations; reused by every pack of that shape."""

    def __init__(self, build: Build, configs: int, data: PackData, batch_size: int) -> None:
        self.members = configs * data.folds
        self.folds, self.configs = data.folds, configs
        self.classification = data.classification
        self.trainer, self.judge = build(self.members), build(configs)
        head = {name: values[:1] for name, values in data.arrays.items()}
        self.trainer(head)
        self.judge(head)
        self.names = list(data.arrays)
        self.batch_size = batch_size
        variables = self.trainer.trainable_variables
        self.factors = [variable.learning_rate_factor for variable in variables]
        self.decays = [1.0 if variable.decay else 0.0 for variable in variables]
        self.dropouts = [layer for layer in self.trainer.body if isinstance(layer, PackedDropout)]
        self.widest = max((_width(self.trainer, layer) for layer in self.dropouts), default=0)
        self.train = _backend.compile_loop(self._step)
        self.forward = _backend.compile_function(self._forward)

    def _step(self, carry: list[Any], inputs: list[Any], constants: list[Any]) -> list[Any]:
        """One AdamW step of every member (Loshchilov & Hutter, 2019, arXiv:1711.05101)."""
        count = len(self.factors)
        weights, first, second = carry[:count], carry[count : 2 * count], carry[2 * count :]
        index, offsets, factor, number = inputs
        rate, decay, pool, member_fold, target, fold, *columns = constants
        batch = {name: ops.take(column, index, axis=0) for name, column in zip(self.names, columns, strict=True)}
        truth, mask = ops.take(target, index, axis=0), ops.take(fold, index, axis=0)
        learn = ops.cast(ops.not_equal(mask[:, None], member_fold[None, :]), "float32")

        def loss(values: list[Any]) -> Any:
            with dropout_masks(pool, offsets):
                outputs, _ = self.trainer.stateless_call(values, [], batch)
            errors = self._row_losses(outputs, truth)
            return ops.sum(ops.sum(errors * learn, axis=0) / ops.maximum(ops.sum(learn, axis=0), 1.0))

        found = _backend.gradients(loss, weights)
        correct_first = 1.0 - ops.power(FIRST_MOMENT_DECAY, number)
        correct_second = 1.0 - ops.power(SECOND_MOMENT_DECAY, number)
        after: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
        for w, g, m, v, speed, decays in zip(weights, found, first, second, self.factors, self.decays, strict=True):
            shape = (self.members,) + (1,) * (len(w.shape) - 1)
            step = ops.reshape(rate, shape) * (factor * speed)
            m = FIRST_MOMENT_DECAY * m + (1.0 - FIRST_MOMENT_DECAY) * g
            v = SECOND_MOMENT_DECAY * v + (1.0 - SECOND_MOMENT_DECAY) * g * g
            update = (m / correct_first) / (ops.sqrt(v / correct_second) + 1e-8)
            if decays:
                update = update + ops.reshape(decay, shape) * w
            for values, value in zip(after, (w - step * update, m, v), strict=True):
                values.append(value)
        return [*after[0], *after[1], *after[2]]

    def _row_losses(self, outputs: Any, truth: Any) -> Any:
        """Return the loss of each row and member, (rows, members)."""
        if self.classification:
            chosen = ops.one_hot(truth, outputs.shape[-1])[:, None, :]
            return -ops.sum(ops.log_softmax(outputs, axis=-1) * chosen, axis=-1)
        return ops.square(outputs[:, :, 0] - truth[:, None])

    def _forward(self, weights: list[Any], fold: Any, batch: dict[str, Any]) -> Any:
        """Return the outputs (rows, configurations, outputs) of the members of one fold."""
        own = []
        for weight in weights:
            stacked = ops.reshape(weight, (self.configs, self.folds, *weight.shape[1:]))
            own.append(ops.take(stacked, fold, axis=1))
        return self.judge.stateless_call(own, [], batch)[0]


def _width(model: keras.Model, dropout: PackedDropout) -> int:
    """Return the units that a dropout layer sees: those of the layer before it."""
    before = model.body[model.body.index(dropout) - 1]
    return int(before.units)


_PROGRAMS: dict[Any, Program] = {}
_MOST_PROGRAMS = 12


def program_for(key: Any, build: Build, configs: int, data: PackData, batch_size: int) -> Program:
    """Return the compiled program of a structure, from the cache where it was made before.

    Args:
        key: Identifies the structure that `build` makes.
        build: Makes the network for a number of members.
        configs: Number of configurations.
        data: The training rows (their shapes are part of the key).
        batch_size: Rows of a step.

    Returns:
        The program.
    """
    shapes = tuple((name, values.shape) for name, values in data.arrays.items())
    full = (key, configs, data.folds, batch_size, shapes, data.classification, _backend.name())
    if full not in _PROGRAMS:
        while len(_PROGRAMS) >= _MOST_PROGRAMS:
            _PROGRAMS.pop(next(iter(_PROGRAMS)))
        _PROGRAMS[full] = Program(build, configs, data, batch_size)
    return _PROGRAMS[full]
