"""Trains one pack of networks: configurations × folds as members of one program. Knows Keras and nothing about families.

Every member sees the same batches. A row weight of 0 hides a member's own validation rows from it, so one pass over the data
serves all folds and the out-of-fold predictions come for free. The members' losses are added, so their gradients do not mix.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import _backend
from automl.budget import Deadline
from automl.layers.packed import PackedDropout, dropout_masks, initial_weights
from automl.preprocessing.base import Arrays

CYCLE_ENDS = (1 / 15, 3 / 15, 7 / 15, 1.0)  # where coslog4 returns to zero: honest moments to compare members
FIRST_MOMENT_DECAY = 0.9
SECOND_MOMENT_DECAY = 0.95  # RealMLP's β₂; 0.999 costs 2 % of error on classes and 23 % on regression (arXiv:2407.04491)
POOL_EXTRA = 65_536  # offsets to choose a window of dropout factors from
VALIDATION_BLOCK = 8192

Build = Callable[[int], keras.Model]


def coslog4(progress: NDArray[Any]) -> NDArray[np.float32]:
    """Return the learning-rate factor ½(1 − cos(2π log₂(1 + 15t))): four cosine cycles whose lengths double.

    Args:
        progress: Share t of the training that is done, in [0, 1].

    Source: Holzmüller et al., 2024, arXiv:2407.04491.

    Example:
        >>> [float(round(x, 3)) for x in coslog4(np.array([0.0, 1 / 15, 1.0]))]
        [0.0, 0.0, 0.0]
    """
    return (0.5 * (1.0 - np.cos(2.0 * np.pi * np.log2(1.0 + 15.0 * np.asarray(progress))))).astype(np.float32)


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


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps a pack is trained.

    Attributes:
        epochs: Passes over the data; fewer where the deadline asks for it.
        batch_size: Rows of a step.
        keep: Share of the configurations that survives each of the inner cycle ends; 1.0 keeps all.
        seed: Seed of the order of the batches, shared by all members.
    """

    epochs: int
    batch_size: int
    keep: tuple[float, float, float] = (1.0, 0.5, 0.5)
    seed: int = 0


@dataclass
class PackResult:
    """What became of each configuration of a pack.

    Attributes:
        weights: Per configuration and fold the weights of the best epoch, in the order of the network's variables.
        logits: Per configuration (rows, outputs) out-of-fold outputs; NaN where no fold validates the row.
        inverse_temperature: Factor for the logits, (configurations, folds); 1 for regression.
        best_epoch: (configurations, folds).
        history: Mean validation loss (epochs, configurations); NaN after a configuration was cut.
        status: "finished", "halved", "stopped" or "failed" for each configuration.
        epochs: Epochs planned.
        seconds: Wall-clock of the pack.
    """

    weights: list[list[list[NDArray[np.float32]]]]
    logits: list[NDArray[np.float32]]
    inverse_temperature: NDArray[np.float64]
    best_epoch: NDArray[np.int64]
    history: NDArray[np.float64]
    status: list[str]
    epochs: int
    seconds: float


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


@dataclass
class _Run:
    """The state of a pack in training; every tensor has a leading members axis, so survivors are cut out by indexing."""

    configs: list[int]  # positions of the configurations still in the pack
    weights: list[Any]
    first: list[Any]
    second: list[Any]
    best: list[Any]
    criterion: NDArray[np.float64]  # best so far, (configurations, folds)
    epoch: NDArray[np.int64]
    temperature: NDArray[np.float64]
    step: int = 0
    logits: list[NDArray[np.float32]] = field(default_factory=list)


class PackTrainer:
    """Trains configurations × folds together.

    Args:
        key: Identifies the structure, for the cache of compiled programs.
        build: Makes the network for a number of members.
        data: The training rows.
        rates: Hyperparameters per configuration: vectors "learning_rate", "weight_decay", "dropout".
        seeds: Seed of every configuration; each fold gets its own from it.
        schedule: Epochs, batch size, halving.
        deadline: When to stop.

    Example:
        See ``automl.families.networks.KerasFamily.train``.
    """

    def __init__(
        self,
        key: Any,
        build: Build,
        data: PackData,
        rates: dict[str, NDArray[np.float64]],
        seeds: Sequence[int],
        schedule: Schedule,
        deadline: Deadline,
    ) -> None:
        self.key, self.build, self.data, self.rates, self.seeds = key, build, data, rates, list(seeds)
        self.schedule, self.deadline = schedule, deadline
        self.batch = min(schedule.batch_size, len(data.target))
        self.steps = max(len(data.target) // self.batch, 1)
        kind = np.int32 if data.classification else np.float32
        self.constants = [_backend.to_device(data.target.astype(kind)), _backend.to_device(data.fold.astype(np.int32))]
        self.constants += [_backend.to_device(values) for values in data.arrays.values()]
        self.blocks = [self._blocks(fold) for fold in range(data.folds)]

    def _blocks(self, fold: int) -> list[tuple[NDArray[np.int64], dict[str, Any]]]:
        """Cut a fold's validation rows into blocks of one size, so that one program serves all."""
        rows = np.flatnonzero(self.data.fold == fold)
        largest = int(np.bincount(self.data.fold[self.data.fold >= 0], minlength=1).max()) if (self.data.fold >= 0).any() else 0
        size = min(largest, VALIDATION_BLOCK)
        blocks = []
        for start in range(0, len(rows), max(size, 1)):
            chosen = rows[start : start + size]
            index = chosen[np.minimum(np.arange(size), len(chosen) - 1)]
            blocks.append((chosen, {name: _backend.to_device(values[index]) for name, values in self.data.arrays.items()}))
        return blocks

    def run(self, on_epoch: Callable[[float], None] | None = None) -> PackResult:
        """Train, halve at the cycle ends, and return the best epoch of every member.

        Args:
            on_epoch: Called with the best mean validation loss so far.

        Returns:
            The result of every configuration.
        """
        clock = self.deadline.budget.clock
        started = clock()
        state = self._start()
        epochs = self._plan_epochs(state)
        count, folds = len(self.seeds), self.data.folds
        result = PackResult(
            [[] for _ in range(count)],
            [np.zeros((0, 0), np.float32)] * count,
            np.ones((count, folds)),
            np.full((count, folds), -1),
            np.full((epochs, count), np.nan),
            ["stopped"] * count,
            epochs,
            0.0,
        )
        cuts = {max(round(epochs * end), 1): keep for end, keep in zip(CYCLE_ENDS, self.schedule.keep, strict=False)}
        for epoch in range(epochs):
            if not self._train_epoch(state, epoch, epochs):
                break
            losses = self._validate(state, epoch)
            result.history[epoch, state.configs] = losses
            if on_epoch is not None and np.isfinite(losses).any():
                on_epoch(float(np.nanmin(losses)))
            if epoch + 1 < epochs and cuts.get(epoch + 1, 1.0) < 1.0 and len(state.configs) > 1:
                state = self._halve(state, losses, cuts[epoch + 1], result)
        finished = state.step >= epochs * self.steps
        self._store(state, range(len(state.configs)), result, "finished" if finished else "stopped")
        result.seconds = clock() - started
        return result

    def _start(self) -> _Run:
        program = program_for(self.key, self.build, len(self.seeds), self.data, self.batch)
        folds = self.data.folds
        seeds = [seed * 1009 + fold for seed in self.seeds for fold in range(folds)]
        weights = [_backend.to_device(values) for values in initial_weights(program.trainer, seeds)]
        shape = (len(self.seeds), folds)
        outputs = int(program.judge.body[-1].units)
        empty = [np.full((len(self.data.target), outputs), np.nan, np.float32) for _ in self.seeds]
        return _Run(
            list(range(len(self.seeds))),
            weights,
            [ops.zeros_like(w) for w in weights],
            [ops.zeros_like(w) for w in weights],
            list(weights),
            np.full(shape, np.inf),
            np.full(shape, -1),
            np.ones(shape),
            logits=empty,
        )

    def _plan_epochs(self, state: _Run) -> int:
        """Measure a few steps on a copy of the state and return how many epochs fit before the deadline."""
        if not self.deadline.budget.timed:
            return self.schedule.epochs
        clock = self.deadline.budget.clock
        probe = _Run(**{**state.__dict__, "logits": [values.copy() for values in state.logits], "criterion": state.criterion.copy()})
        probe.first, probe.second = [ops.zeros_like(w) for w in state.weights], [ops.zeros_like(w) for w in state.weights]
        probe.weights = [w + 0.0 for w in state.weights]  # a compiled step may consume its input
        probe.epoch, probe.temperature = state.epoch.copy(), state.temperature.copy()
        steps = min(self.steps, 16)
        self._steps(probe, np.zeros(1, np.float32).repeat(2), 0, np.random.default_rng(0))  # compiles
        before = clock()
        self._steps(probe, np.zeros(steps, np.float32), 0, np.random.default_rng(0))
        self.seconds_per_step = max((clock() - before) / steps, 1e-6)
        self._validate(probe, 0)
        before = clock()
        self._validate(probe, 0)
        per_epoch = self.seconds_per_step * self.steps + (clock() - before)
        share = _work_share(self.schedule.keep)
        return int(np.clip(self.deadline.remaining() * 0.95 / (per_epoch * share), 1, self.schedule.epochs))

    seconds_per_step = 0.02

    def _train_epoch(self, state: _Run, epoch: int, epochs: int) -> bool:
        """Train one epoch in chunks; return False where the deadline came first."""
        rng = np.random.default_rng([self.schedule.seed, epoch])
        done = 0
        progress = (epoch * self.steps + np.arange(self.steps) + 0.5) / (epochs * self.steps)
        factors = coslog4(progress)
        order = rng.permutation(len(self.data.target))
        pool = self._pool(state, epoch)
        while done < self.steps:
            if self.deadline.over():
                return False
            steps = self.steps - done
            if self.deadline.budget.timed:
                steps = min(steps, max(int(self.deadline.chunk / self.seconds_per_step), 1))
            self._steps(state, factors[done : done + steps], done, rng, order, pool)
            done += steps
        return True

    def _pool(self, state: _Run, epoch: int) -> Any:
        """Draw this epoch's dropout factors of every member from the member's own seed."""
        rates = self.rates["dropout"][state.configs]
        program = self._program(state)
        length = self.batch * program.widest + POOL_EXTRA if program.widest and rates.any() else 0
        pool = np.ones((len(state.configs) * self.data.folds, max(length, 1)), np.float32)
        if not length:
            length = self.batch * program.widest
            return _backend.to_device(np.ones((len(pool), max(length, 1)), np.float32))
        for position, config in enumerate(state.configs):
            if rates[position] > 0:
                for fold in range(self.data.folds):
                    draw = np.random.default_rng([self.seeds[config], fold, epoch]).random(length, dtype=np.float32)
                    pool[position * self.data.folds + fold] = (draw >= rates[position]) / (1.0 - rates[position])
        return _backend.to_device(pool)

    def _program(self, state: _Run) -> Program:
        return program_for(self.key, self.build, len(state.configs), self.data, self.batch)

    def _steps(
        self, state: _Run, factors: NDArray[np.float32], start: int, rng: np.random.Generator, order: Any = None, pool: Any = None
    ) -> None:
        """Run len(factors) optimiser steps on the rows of `order` from step `start` of the epoch."""
        program = self._program(state)
        order = np.arange(len(self.data.target)) if order is None else order
        pool = self._pool(state, 0) if pool is None else pool
        places = (start + np.arange(len(factors)))[:, None] * self.batch + np.arange(self.batch)
        room = max(int(pool.shape[1]) - self.batch * program.widest, 0)
        offsets = rng.integers(0, room + 1, (len(factors), max(len(program.dropouts), 1)))
        inputs = [
            order[places % len(order)].astype(np.int32),
            offsets.astype(np.int32),
            factors.astype(np.float32),
            (state.step + 1 + np.arange(len(factors))).astype(np.float32),
        ]
        folds = self.data.folds
        vectors = [self.rates[name][state.configs].repeat(folds).astype(np.float32) for name in ("learning_rate", "weight_decay")]
        own = np.tile(np.arange(folds), len(state.configs)).astype(np.int32)
        constants = [*map(_backend.to_device, vectors), pool, _backend.to_device(own), *self.constants]
        carry = [*state.weights, *state.first, *state.second]
        if _backend.name() == "jax" and state.best and state.best[0] is state.weights[0]:
            state.best = [w + 0.0 for w in state.best]  # the compiled loop takes over its input's memory
        carry = program.train(carry, [_backend.to_device(values) for values in inputs], constants)
        count = len(state.weights)
        state.weights, state.first, state.second = carry[:count], carry[count : 2 * count], carry[2 * count :]
        state.step += len(factors)

    def _validate(self, state: _Run, epoch: int) -> NDArray[np.float64]:
        """Score the epoch, keep what is best so far, and return the mean loss of each configuration.

        The best epoch of a member is chosen on the *other* folds' members of its configuration. Its own validation rows therefore stay
        unseen by the choice, and its out-of-fold predictions are honest.
        """
        program, folds = self._program(state), self.data.folds
        shape = (len(state.configs), folds)
        losses, temperature = np.full(shape, np.nan), np.ones(shape)
        outputs: list[list[tuple[NDArray[np.int64], NDArray[np.float32]]]] = []
        for fold in range(folds):
            parts = []
            for rows, block in self.blocks[fold]:
                values = _backend.to_numpy(program.forward(state.weights, _backend.to_device(np.asarray(fold, np.int32)), block))
                parts.append((rows, values[: len(rows)]))
            outputs.append(parts)
            rows = np.concatenate([part[0] for part in parts])
            scored = np.concatenate([part[1] for part in parts])
            losses[:, fold], temperature[:, fold] = self._score(scored, self.data.target[rows])
        losses[~np.isfinite(losses)] = np.inf
        total = losses.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            criterion = (total - losses) / (folds - 1) if folds > 1 else losses
            logs = np.log(temperature)
            scale = np.exp((logs.sum(axis=1, keepdims=True) - logs) / (folds - 1)) if folds > 1 else temperature
        improved = np.isfinite(criterion) & np.isfinite(total) & (criterion < state.criterion)
        state.criterion = np.where(improved, criterion, state.criterion)
        state.epoch = np.where(improved, epoch, state.epoch)
        state.temperature = np.where(improved, scale, state.temperature)
        if improved.any():
            mask = improved.reshape(-1)
            state.best = [
                ops.where(_backend.to_device(mask.reshape((-1,) + (1,) * (len(w.shape) - 1))), w, b)
                for w, b in zip(state.weights, state.best, strict=True)
            ]
            for fold in range(folds):
                for rows, values in outputs[fold]:
                    for position in np.flatnonzero(improved[:, fold]):
                        state.logits[position][rows] = values[:, position]
        return np.asarray(losses.mean(axis=1), dtype=np.float64)

    def _score(self, outputs: NDArray[np.float32], target: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return loss and inverse temperature of each configuration on one fold; outputs (rows, configurations, outputs)."""
        if not self.data.classification:
            error = outputs[:, :, 0].astype(np.float64) - target[:, None]
            return np.sqrt(np.mean(error**2, axis=0)), np.ones(outputs.shape[1])
        return refined_log_loss(outputs, target)

    def _halve(self, state: _Run, losses: NDArray[np.float64], keep: float, result: PackResult) -> _Run:
        """Cut the weaker configurations; what they reached is stored."""
        survivors = max(math.ceil(len(state.configs) * keep), 1)
        order = np.argsort(losses, kind="stable")
        stay = np.sort(order[:survivors])
        leave = np.sort(order[survivors:])
        self._store(state, leave.tolist(), result, "halved")
        folds = self.data.folds
        members = (stay[:, None] * folds + np.arange(folds)).reshape(-1).astype(np.int32)

        def cut(tensors: list[Any]) -> list[Any]:
            return [ops.take(tensor, members, axis=0) for tensor in tensors]

        return _Run(
            [state.configs[position] for position in stay],
            cut(state.weights),
            cut(state.first),
            cut(state.second),
            cut(state.best),
            state.criterion[stay],
            state.epoch[stay],
            state.temperature[stay],
            state.step,
            [state.logits[position] for position in stay],
        )

    def _store(self, state: _Run, positions: Sequence[int], result: PackResult, status: str) -> None:
        """Move the best of some configurations from the device into the result."""
        folds = self.data.folds
        best = [_backend.to_numpy(tensor) for tensor in state.best] if len(positions) else []
        for position in positions:
            config = state.configs[position]
            usable = bool((state.epoch[position] >= 0).all())
            result.status[config] = status if usable else ("failed" if state.step >= self.steps else "stopped")
            result.best_epoch[config] = state.epoch[position]
            result.inverse_temperature[config] = state.temperature[position]
            result.logits[config] = state.logits[position]
            if usable:
                result.weights[config] = [[w[position * folds + fold].copy() for w in best] for fold in range(folds)]


def _work_share(keep: Sequence[float]) -> float:
    """Return the work of a pack with halving, as a share of training all of its configurations to the end."""
    share, alive, before = 0.0, 1.0, 0.0
    for end, kept in zip(CYCLE_ENDS, (*keep, 1.0), strict=True):
        share += alive * (end - before)
        alive, before = alive * kept, end
    return share


def refined_log_loss(logits: NDArray[Any], target: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-loss after temperature scaling, and the inverse temperature, for many predictors at once.

    Selecting on the loss after temperature scaling ("refine, then calibrate": Berta et al., 2025, arXiv:2501.19195) looks at what
    later calibration cannot mend. The inverse temperature β minimises the mean of −log softmax(βz), convex in β, by Newton's method.

    Args:
        logits: (rows, predictors, classes).
        target: Class codes (rows,).

    Returns:
        Losses (predictors,), not finite where the logits are not; inverse temperatures (predictors,).
    """
    z = logits.astype(np.float64) - logits.max(axis=2, keepdims=True)
    truth = np.take_along_axis(z, target[:, None, None], axis=2)[:, :, 0]
    beta = np.ones(logits.shape[1])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(6):
            p = np.exp(beta[None, :, None] * z)
            p /= p.sum(axis=2, keepdims=True)
            mean = (p * z).sum(axis=2)
            slope = (mean - truth).mean(axis=0)
            curvature = ((p * z * z).sum(axis=2) - mean**2).mean(axis=0)
            beta = np.clip(beta - slope / np.maximum(curvature, 1e-12), beta / 3.0, beta * 3.0).clip(0.05, 20.0)
        beta = np.where(np.isfinite(beta), beta, 1.0)
        scaled = beta[None, :, None] * z
        losses = (np.log(np.exp(scaled).sum(axis=2)) - beta[None, :] * truth).mean(axis=0)
    return losses, beta
