"""The compiled steps of a pack, and the cache of them: packs of one shape share one program."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import _backend
from automl.layers.mixing import mixing, share_of
from automl.layers.model import dropout_layers, pooled
from automl.layers.packed import dropout_masks
from automl.preprocessing.base import Arrays

FIRST_MOMENT_DECAY = 0.9
ENCODED = "encoded"  # the array (rows, folds, columns) whose values depend on the fold that a member leaves out
# What may differ between the members of a pack, with its default; configurations name it, the program reads it as vectors.
# β₂ = 0.95 is RealMLP's; 0.999 costs 2 % of error on classes and 23 % on regression (arXiv:2407.04491). "averaging" is how many epochs the
# mean of the weights looks back, 0 for none; it stands last.
RATES = {"learning_rate": 3e-3, "weight_decay": 0.0, "label_smoothing": 0.0, "second_moment_decay": 0.95, "averaging": 0.0}

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
        judged: Whether the one validation part judges the run: the last epoch is kept, not the best.
        quantiles: Where given, the target is (rows, steps), NaN for what is not known, and the loss is that of these quantiles of a step.
    """

    arrays: Arrays
    target: NDArray[Any]
    fold: NDArray[np.int64]
    folds: int
    classification: bool
    judged: bool = False
    quantiles: tuple[float, ...] = ()


class Program:
    """The compiled steps of one network structure for one number of configurations; reused by every pack of that shape.

    Attributes:
        trainer: The network with all members, for training.
        judge: The network with the members of one fold, for validation.
        dropouts: Number of dropout layers.
        widest: Dropout factors that one row of the widest of them needs.
        outputs: Outputs of a prediction.
    """

    def __init__(self, build: Build, configs: int, data: PackData, batch_size: int) -> None:
        self.members = configs * data.folds
        self.folds, self.configs = data.folds, configs
        self.classification, self.quantiles = data.classification, data.quantiles
        head = {name: values[:1] for name, values in data.arrays.items() if name != ENCODED}
        with _backend.mixed_precision():
            self.trainer, self.judge = build(self.members), build(configs)
            for model, members in ((self.trainer, self.members), (self.judge, configs)):
                encoded = {ENCODED: np.zeros((members, 1, data.arrays[ENCODED].shape[2]), np.float32)} if ENCODED in data.arrays else {}
                self.outputs = int(model({**head, **encoded}).shape[-1])
        self.names = list(data.arrays)
        self.batch_size = batch_size
        variables = self.trainer.trainable_variables
        self.trained = len(variables)
        self.factors = [float(variable.learning_rate_factor) for variable in variables]
        self.decays = [float(variable.decay) for variable in variables]
        found = dropout_layers(self.trainer)
        self.dropouts, self.widest = len(found), max((layer.width for layer in found), default=0)
        self.train = _backend.compile_loop(self._step)
        self.forward = _backend.compile_function(self._forward)

    def arranged(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Give each member the encoding that belongs to its fold: (rows, folds, columns) becomes (members, rows, columns)."""
        if ENCODED not in batch:
            return batch
        own = ops.transpose(batch[ENCODED], (1, 0, 2))
        return {**batch, ENCODED: ops.tile(own, (self.configs, 1, 1)) if self.configs > 1 else own}

    def _step(self, carry: list[Any], inputs: list[Any], constants: list[Any]) -> list[Any]:
        """One AdamW step of every member (Loshchilov & Hutter, 2019, arXiv:1711.05101).

        Where means of the weights are kept, they are exponential (Polyak & Juditsky, 1992; Tarvainen & Valpola, 2017, arXiv:1703.01780).
        """
        count = self.trained
        weights, first, second, means = (carry[at * count : (at + 1) * count] for at in range(4))
        index, offsets, factor, fade, number, *mixed = inputs
        (rate, decay, smoothing, beta, lasting), (pool, member_fold, target, fold) = constants[:5], constants[5:9]
        columns, fixed = constants[9 : 9 + len(self.names)], constants[9 + len(self.names) :]
        batch = self.arranged({name: ops.take(column, index, axis=0) for name, column in zip(self.names, columns, strict=True)})
        truth, mask = ops.take(target, index, axis=0), ops.take(fold, index, axis=0)
        learn = ops.cast(ops.not_equal(mask[:, None], member_fold[None, :]), "float32")
        learn = learn / ops.maximum(ops.sum(learn, axis=0), 1.0)

        def loss(values: list[Any]) -> Any:
            with dropout_masks(pool, offsets), mixing(*mixed) if mixed else contextlib.nullcontext():
                outputs, _ = self.trainer.stateless_call(values, fixed, batch)
            return ops.sum(self._mixed_losses(outputs, truth, smoothing, mixed) * learn)

        found = _backend.gradients(loss, weights)
        correct_first = 1.0 - ops.power(FIRST_MOMENT_DECAY, number)
        correct_second = 1.0 - ops.power(beta, number)
        after: tuple[list[Any], list[Any], list[Any], list[Any]] = ([], [], [], [])
        for w, g, m, v, speed, decays in zip(weights, found, first, second, self.factors, self.decays, strict=True):
            shape = (self.members,) + (1,) * (len(w.shape) - 1)
            memory, correct = ops.reshape(beta, shape), ops.reshape(correct_second, shape)
            step = ops.reshape(rate, shape) * (factor * speed)
            m = m + (1.0 - FIRST_MOMENT_DECAY) * (g - m)
            v = v + (1.0 - memory) * (g * g - v)
            # Bias corrections go into small tensors: every pass over the weights costs as much as the arithmetic of a layer.
            update = (step * ops.sqrt(correct) / correct_first) * (m / (ops.sqrt(v) + 1e-8))
            if decays:
                w = w * (1.0 - step * ops.reshape(decay, shape) * (fade * decays))
            for values, value in zip(after, (w - update, m, v), strict=False):
                values.append(value)
        kept = ops.minimum(lasting, (1.0 + number) / (10.0 + number))  # the first steps are forgotten soon
        for w, mean in zip(after[0], means, strict=False):
            kept_of = ops.reshape(kept, (self.members,) + (1,) * (len(w.shape) - 1))
            after[3].append(kept_of * mean + (1.0 - kept_of) * w)
        return [*after[0], *after[1], *after[2], *after[3]]

    def _mixed_losses(self, outputs: Any, truth: Any, smoothing: Any, mixed: list[Any]) -> Any:
        """Return the loss of each row and member where rows are mixed: both labels count by their shares.

        For classes that is the loss of the mixed label; for numbers it is that of the mixed number, and a constant.
        """
        losses = self._row_losses(outputs, truth, smoothing)
        if not mixed:
            return losses
        partners, parts = mixed
        others = self._row_losses(outputs, ops.take(truth, partners, axis=0), smoothing)
        return losses + share_of(parts)[None] * (others - losses)

    def _row_losses(self, outputs: Any, truth: Any, smoothing: Any) -> Any:
        """Return the loss of each row and member, (rows, members); the mean over the heads, never the loss of their mean."""
        if self.quantiles:
            return quantile_losses(outputs, truth, self.quantiles)
        heads = len(outputs.shape) == 4
        if self.classification:
            logs = ops.log_softmax(outputs, axis=-1)
            logs = ops.mean(logs, axis=2) if heads else logs
            chosen = ops.one_hot(truth, outputs.shape[-1])[:, None, :]
            share = smoothing[None, :, None]
            return -ops.sum(logs * (chosen * (1.0 - share) + share / outputs.shape[-1]), axis=-1)
        errors = ops.square(outputs[..., 0] - ops.reshape(truth, (-1, 1, 1) if heads else (-1, 1)))
        return ops.mean(errors, axis=2) if heads else errors

    def _forward(self, weights: list[Any], fold: Any, batch: dict[str, Any]) -> Any:
        """Return the predictions (rows, configurations, outputs) of the members of one fold; weights that are fixed come last."""
        own = []
        for weight in weights:
            stacked = ops.reshape(weight, (self.configs, self.folds, *weight.shape[1:]))
            own.append(ops.take(stacked, fold, axis=1))
        if ENCODED in batch:
            batch = {**batch, ENCODED: ops.take(batch[ENCODED], fold, axis=1)[None]}
        outputs = self.judge.stateless_call(own[: self.trained], own[self.trained :], batch)[0]
        return pooled(outputs, self.classification)


def quantile_losses(outputs: Any, truth: Any, levels: tuple[float, ...]) -> Any:
    """Return the mean quantile loss of each row and member over the steps that are known, (rows, members).

    Args:
        outputs: (rows, members, steps × quantiles).
        truth: (rows, steps), NaN for what is not known.
        levels: The quantiles.
    """
    rows, members = outputs.shape[:2]
    error = ops.reshape(truth, (rows, 1, -1, 1)) - ops.reshape(outputs, (rows, members, -1, len(levels)))
    known = ops.cast(ops.logical_not(ops.isnan(truth)), "float32")
    error = ops.where(ops.isnan(error), 0.0, error)
    level = np.asarray(levels, "float32")
    losses = ops.mean(ops.maximum(level * error, (level - 1.0) * error), axis=-1)
    return ops.sum(losses, axis=-1) / ops.maximum(ops.sum(known, axis=-1), 1.0)[:, None]


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
    full = (key, configs, data.folds, batch_size, shapes, data.classification, data.quantiles, _backend.name(), _backend.compute_dtype())
    if full not in _PROGRAMS:
        while len(_PROGRAMS) >= _MOST_PROGRAMS:
            _PROGRAMS.pop(next(iter(_PROGRAMS)))
        _PROGRAMS[full] = Program(build, configs, data, batch_size)
    return _PROGRAMS[full]
