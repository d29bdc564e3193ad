"""The training loop of a pack: epochs in chunks, the best epoch of every member, halving at the cycle ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import _backend
from automl.budget import Deadline
from automl.layers.model import adapted_weights, fitted_weights, initial_weights
from automl.training.mixing import MIXED, partners_of, parts_of
from automl.training.program import RATES, Build, PackData, Program, program_for
from automl.training.schedule import Schedule, coslog4, flat_cos
from automl.training.scoring import score
from automl.training.state import PackResult, PackState

POOL_EXTRA = 16_384  # offsets to choose a window of dropout factors from; the pool is drawn anew every epoch
VALIDATION_BLOCK = 8192
LEAST_EPOCHS = 6  # looks at the validation rows that a pack should have before its deadline
VALIDATED = 0.3  # share of the time that looks at the validation rows may take; with many of these there are fewer looks
SAFETY = 0.92  # share of the remaining time that is planned for
START_ROWS = 1_024  # rows that layers with a data-driven start look at


class PackTrainer:
    """Trains configurations × folds together.

    Args:
        key: Identifies the structure, for the cache of compiled programs.
        build: Makes the network for a number of members.
        data: The training rows.
        rates: Vectors of hyperparameters, one value per configuration: "dropout", the names of ``program.RATES`` and ``mixing.MIXED``,
            and what initial weights are scaled by. What is absent has its default; what nobody names costs nothing.
        seeds: Seed of every configuration; each fold gets its own from it.
        schedule: Epochs, batch size, halving.
        deadline: When to stop.
        block: Most rows that are validated at once.

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
        block: int = VALIDATION_BLOCK,
    ) -> None:
        self.build, self.data, self.seeds = build, data, list(seeds)
        self.rates = {name: np.full(len(self.seeds), value) for name, value in {**RATES, "dropout": 0.0}.items()} | rates
        self.mixes, self.averages = any(name in rates for name in MIXED), "averaging" in rates
        self.key = (key, self.mixes, self.averages)
        self.schedule, self.deadline = schedule, deadline
        # With a holdout, nobody learns from the rows that are held out; with several folds, every row has members that do.
        self.rows = np.flatnonzero(data.fold != 0) if data.folds == 1 else np.arange(len(data.target))
        self.batch = min(schedule.batch_size, len(self.rows))
        self.steps = schedule.steps or max(len(self.rows) // self.batch, 1)
        kind = np.int32 if data.classification else np.float32
        self.constants = [_backend.to_device(data.target.astype(kind)), _backend.to_device(data.fold.astype(np.int32))]
        self.constants += [_backend.to_device(values) for values in data.arrays.values()]
        self.block = block
        self.blocks = [self._blocks(fold) for fold in range(data.folds)]

    def _blocks(self, fold: int) -> list[tuple[NDArray[np.int64], dict[str, Any]]]:
        """Cut a fold's validation rows into blocks of one size, so that one program serves all."""
        rows = np.flatnonzero(self.data.fold == fold)
        largest = int(np.bincount(self.data.fold[self.data.fold >= 0], minlength=1).max()) if (self.data.fold >= 0).any() else 0
        size = min(largest, self.block)
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
        self._measure(state)
        result = PackResult.empty(len(self.seeds), self.data.folds)
        progress, epoch = 0.0, 0
        while progress < 1.0:
            left = self._epochs_left(state, epoch, progress)
            following = 1.0 if left == 1 else progress + (1.0 - progress) / left
            before = clock()
            if not self._train_epoch(state, epoch, progress, following):
                break
            losses = self._validate(state, epoch)
            self.seconds_per_epoch = clock() - before
            result.add_epoch(state.configs, losses)
            if on_epoch is not None and np.isfinite(losses).any():
                on_epoch(float(np.nanmin(losses)))
            keep = self.schedule.cut_between(progress, following)
            progress, epoch = following, epoch + 1
            if keep < 1.0 and len(state.configs) > 1:
                members = len(state.configs)
                state = self._halve(state, losses, keep, result)
                self.seconds_per_epoch *= len(state.configs) / members
        self._store(state, range(len(state.configs)), result, "finished" if progress >= 1.0 else "stopped")
        result.seconds = clock() - started
        return result

    def _start(self) -> PackState:
        program = program_for(self.key, self.build, len(self.seeds), self.data, self.batch)
        folds = self.data.folds
        seeds = [seed * 1009 + fold for seed in self.seeds for fold in range(folds)]
        rates = {name: values.repeat(folds) for name, values in self.rates.items()}
        drawn = initial_weights(program.trainer, seeds, rates)
        fitted = fitted_weights(program.trainer, self.data.arrays, self.data.target, self.data.fold, folds)
        sample = np.random.default_rng(self.schedule.seed).permutation(len(self.data.target))[:START_ROWS]
        head = program.arranged({name: _backend.to_device(values[sample]) for name, values in self.data.arrays.items()})
        weights = [_backend.to_device(values) for values in adapted_weights(program.trainer, drawn, fitted, seeds, head)]
        shape = (len(self.seeds), folds)
        empty = [np.full((len(self.data.target), program.outputs), np.nan, np.float32) for _ in self.seeds]
        return PackState(
            list(range(len(self.seeds))),
            weights,
            [ops.zeros_like(w) for w in weights],
            [ops.zeros_like(w) for w in weights],
            list(weights),
            [_backend.to_device(values) for values in fitted],
            np.full(shape, np.inf),
            np.full(shape, -1),
            np.ones(shape),
            np.zeros(len(self.seeds), bool),
            logits=empty,
            means=[w + 0.0 for w in weights] if self.averages else [],
        )

    def _measure(self, state: PackState) -> None:
        """Compile, and time a few steps and a validation on a copy of the state, so that the schedule can be fitted to the clock."""
        if not self.deadline.budget.timed:
            return
        clock = self.deadline.budget.clock
        probe = state.copy()
        steps = min(self.steps, 8)
        self._steps(probe, np.zeros(steps), 0, np.random.default_rng(0))  # compiles
        before = clock()
        self._steps(probe, np.zeros(steps), 0, np.random.default_rng(0))
        _backend.to_numpy(probe.weights[-1])  # waits for the device
        self.seconds_per_step = max((clock() - before) / steps, 1e-6)
        self.pace = len(self.seeds) * self.data.folds * self.batch / self.seconds_per_step
        for _, block in self.blocks[0][:1]:  # none where nothing is validated
            self._forward(probe, 0, block)  # compiles
        before = clock()
        self._validate(probe, 0)
        validation = clock() - before
        # Where a pass over all rows would take most of the time, an "epoch" is a random part of them, and looks are fewer where they do.
        looks = VALIDATED * self.deadline.remaining() / max(validation, 1e-9)
        least = max(min(looks, LEAST_EPOCHS), 1.0) if self.schedule.steps is None else self.schedule.epochs
        affordable = int((self.deadline.remaining() / least - validation) / self.seconds_per_step)
        self.steps = int(np.clip(affordable, 1, self.steps))
        self.seconds_per_epoch = self.seconds_per_step * self.steps + validation

    seconds_per_step = 0.02
    seconds_per_epoch = 0.02
    epoch = 0
    pace: float | None = None  # rows × members per second, where it was measured

    def _epochs_left(self, state: PackState, epoch: int, progress: float) -> int:
        """Return how many epochs still fit; the schedule is stretched or shortened to end with them."""
        left = max(self.schedule.epochs - epoch, 1)
        if not self.deadline.budget.timed:
            return left
        work = self.schedule.work_left(progress) / (1.0 - progress)
        fitting = self.deadline.remaining() * SAFETY / max(self.seconds_per_epoch * work, 1e-9)
        return int(np.clip(fitting, 1, left))

    def _train_epoch(self, state: PackState, epoch: int, progress: float, following: float) -> bool:
        """Train one epoch in chunks, the schedule going from `progress` to `following`; return False where the deadline came first."""
        rng = np.random.default_rng([self.schedule.seed, epoch])
        done, self.epoch = 0, epoch
        times = progress + (following - progress) * (np.arange(self.steps) + 0.5) / self.steps
        order = rng.permutation(self.rows)
        pool = self._pool(state, epoch, float(flat_cos(np.asarray(progress))))
        while done < self.steps:
            if self.deadline.over():
                return False
            steps = self.steps - done
            if self.deadline.budget.timed:
                steps = min(steps, max(int(self.deadline.chunk / self.seconds_per_step), 1))
            self._steps(state, times[done : done + steps], done, rng, order, pool)
            done += steps
        return True

    def _pool(self, state: PackState, epoch: int, fade: float = 1.0) -> Any:
        """Draw this epoch's dropout factors of every member from the member's own seed; `fade` multiplies the rates."""
        rates = self.rates["dropout"][state.configs] * fade
        program = self._program(state)
        # The shape is the same without dropout: packs of one structure share a program, whatever their rates are.
        length = self.batch * program.widest + POOL_EXTRA if program.widest else 1
        pool = np.ones((len(state.configs) * self.data.folds, length), np.float32)
        for position, config in enumerate(state.configs):
            if rates[position] > 0:
                for fold in range(self.data.folds):
                    draw = np.random.default_rng([self.seeds[config], fold, epoch]).random(length, dtype=np.float32)
                    pool[position * self.data.folds + fold] = (draw >= rates[position]) / (1.0 - rates[position])
        return _backend.to_device(pool)

    def _program(self, state: PackState) -> Program:
        return program_for(self.key, self.build, len(state.configs), self.data, self.batch)

    def _steps(
        self, state: PackState, times: NDArray[np.float64], start: int, rng: np.random.Generator, order: Any = None, pool: Any = None
    ) -> None:
        """Run a step for each of `times` (progress of the training) on the rows of `order`, from step `start` of the epoch."""
        program = self._program(state)
        order = self.rows if order is None else order
        pool = self._pool(state, 0) if pool is None else pool
        places = (start + np.arange(len(times)))[:, None] * self.batch + np.arange(self.batch)
        room = max(int(pool.shape[1]) - self.batch * program.widest, 0)
        offsets = rng.integers(0, room + 1, (len(times), max(program.dropouts, 1)))
        index = order[places % len(order)]
        inputs = [
            index.astype(np.int32),
            offsets.astype(np.int32),
            coslog4(times),
            flat_cos(times),
            (state.step + 1 + np.arange(len(times))).astype(np.float32),
        ]
        folds = self.data.folds
        if self.mixes:
            inputs += self._mixes(state, index, start)
        vectors = [self.rates[name][state.configs].repeat(folds).astype(np.float32) for name in RATES]
        vectors[-1] = (1.0 - 1.0 / np.maximum(vectors[-1] * self.steps, 1.0)).astype(np.float32)  # epochs looked back, as a decay
        own = np.tile(np.arange(folds), len(state.configs)).astype(np.int32)
        constants = [*map(_backend.to_device, vectors), pool, _backend.to_device(own), *self.constants, *state.fixed]
        carry = [*state.weights, *state.first, *state.second, *state.means]
        if _backend.name() == "jax" and state.best and state.best[0] is state.weights[0]:
            state.best = [w + 0.0 for w in state.best]  # the compiled loop takes over its input's memory
        carry = program.train(carry, inputs, constants)
        count = len(state.weights)
        state.weights, state.first, state.second = carry[:count], carry[count : 2 * count], carry[2 * count : 3 * count]
        state.means = carry[3 * count :]
        state.step += len(times)

    def _mixes(self, state: PackState, index: NDArray[Any], start: int) -> list[NDArray[Any]]:
        """Return the partners of the rows of some steps, and the parts that each member mixes, from step `start` of the epoch."""
        mixup, cutmix = (self.rates.get(name, np.zeros(len(self.seeds)))[state.configs].tolist() for name in MIXED)
        parts = parts_of(mixup, cutmix, [self.seeds[config] for config in state.configs], self.epoch, self.steps)
        chosen = parts[(start + np.arange(len(index))) % self.steps]
        return [partners_of(self.data.fold[index]), chosen.repeat(self.data.folds, axis=1)]

    def _validate(self, state: PackState, epoch: int) -> NDArray[np.float64]:
        """Score the epoch, keep what is best so far, and return the mean loss of each configuration.

        The best epoch of a member is chosen on the *other* folds' members of its configuration. Its own validation rows therefore stay
        unseen by the choice, and its out-of-fold predictions are honest.
        """
        folds = self.data.folds
        shape = (len(state.configs), folds)
        losses, temperature = np.full(shape, np.nan), np.ones(shape)
        outputs: list[list[tuple[NDArray[np.int64], NDArray[np.float32]]]] = []
        for fold in range(folds):
            parts = []
            for rows, block in self.blocks[fold]:
                parts.append((rows, self._forward(state, fold, block)[: len(rows)]))
            outputs.append(parts)
            rows = np.concatenate([part[0] for part in parts])
            scored = np.concatenate([part[1] for part in parts])
            losses[:, fold], temperature[:, fold] = score(scored, self.data.target[rows], self.data)
        losses[~np.isfinite(losses)] = np.inf
        total = losses.sum(axis=1, keepdims=True)
        with np.errstate(invalid="ignore"):
            criterion = (total - losses) / (folds - 1) if folds > 1 else losses
            logs = np.log(temperature)
            scale = np.exp((logs.sum(axis=1, keepdims=True) - logs) / (folds - 1)) if folds > 1 else temperature
        if self.data.judged:  # no epoch and no temperature by rows that judge
            state.criterion, scale = np.full(shape, np.inf), np.ones(shape)
        improved = np.isfinite(criterion) & np.isfinite(total) & (criterion < state.criterion)
        state.criterion, state.diverged = np.where(improved, criterion, state.criterion), ~np.isfinite(total[:, 0])
        state.epoch = np.where(improved, epoch, state.epoch)
        state.temperature = np.where(improved, scale, state.temperature)
        if improved.any():
            mask = improved.reshape(-1)
            state.best = [
                ops.where(_backend.to_device(mask.reshape((-1,) + (1,) * (len(w.shape) - 1))), w, b)
                for w, b in zip(state.judged, state.best, strict=True)
            ]
            for fold in range(folds):
                for rows, values in outputs[fold]:
                    for position in np.flatnonzero(improved[:, fold]):
                        state.logits[position][rows] = values[:, position]
        return np.asarray(losses.mean(axis=1), dtype=np.float64)

    def _forward(self, state: PackState, fold: int, block: dict[str, Any]) -> NDArray[np.float32]:
        """Return what a fold's members put out for a block of its validation rows."""
        weights = [*state.judged, *state.fixed]
        return _backend.to_numpy(self._program(state).forward(weights, _backend.to_device(np.asarray(fold, np.int32)), block))

    def _halve(self, state: PackState, losses: NDArray[np.float64], keep: float, result: PackResult) -> PackState:
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

        return PackState(
            [state.configs[position] for position in stay],
            cut(state.weights),
            cut(state.first),
            cut(state.second),
            cut(state.best),
            cut(state.fixed),
            state.criterion[stay],
            state.epoch[stay],
            state.temperature[stay],
            state.diverged[stay],
            state.step,
            [state.logits[position] for position in stay],
            cut(state.means),
        )

    def _store(self, state: PackState, positions: Sequence[int], result: PackResult, status: str) -> None:
        """Move the best of some configurations from the device into the result."""
        folds = self.data.folds
        best = [_backend.to_numpy(tensor) for tensor in [*state.best, *state.fixed]] if len(positions) else []
        for position in positions:
            config = state.configs[position]
            usable = bool((state.epoch[position] >= 0).all() and not state.diverged[position])
            early = state.step < self.steps and not state.diverged[position]
            result.status[config] = status if usable else "stopped" if early else "failed"
            result.best_epoch[config] = state.epoch[position]
            result.inverse_temperature[config] = state.temperature[position]
            result.logits[config] = state.logits[position]
            if usable:
                result.weights[config] = [[w[position * folds + fold].copy() for w in best] for fold in range(folds)]
