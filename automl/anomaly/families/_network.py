"""Networks that reconstruct rows, one member of a pack for each fold; numbers get a mean and a spread, categories probabilities."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl import _backend
from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.budget import Deadline
from automl.layers.model import initial_weights
from automl.preprocessing.base import Arrays

BATCH = 256
STEPS = 1_500  # of training; large tables are seen a few times, small ones often
FEWEST = 150  # with fewer a network is not believed
CHUNK = 50  # steps between two looks at the clock
RATE, DECAY = 3e-3, 1e-3
BLOCK = 8_192
SPREAD = (-6.0, 4.0)  # of the logarithm of a variance


def levels(shape: Shape) -> list[tuple[int, int]]:
    """Return (start, end) of the indicators of each category."""
    group = np.asarray(shape.group)
    edges = [*np.flatnonzero(np.diff(group, prepend=-1)), len(group)]
    return [(int(start), int(end)) for start, end in pairwise(edges) if start >= shape.numbers]


def unlikely(outputs: Array, values: Array, shape: Shape) -> Array:
    """Return how improbable each value is, by its tail: half the squared distance of a number, −log of the share of levels as rare.

    Unlike the likelihood that is trained, this can be compared among rows whose values are more or less certain.
    (rows, width + numbers) and (rows, width) to (rows, width).
    """
    width, found = len(shape.group), np.zeros(values.shape)
    spread = np.clip(outputs[:, width:], *SPREAD)
    found[:, : shape.numbers] = 0.5 * (values[:, : shape.numbers] - outputs[:, : shape.numbers]) ** 2 * np.exp(-spread)
    for start, end in levels(shape):
        share = np.exp(outputs[:, start:end] - outputs[:, start:end].max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        own = (share * values[:, start:end]).sum(axis=1, keepdims=True)
        tail = (share * (share <= own * 1.0001)).sum(axis=1)
        found[:, start:end] = -np.log(np.maximum(tail, 1e-11))[:, None] * values[:, start:end]
    return found


def surprise(outputs: Any, values: Any, shape: Shape) -> Any:
    """Return minus the log-likelihood of each value: (members, rows, width + numbers) and (rows, width) to (members, rows, width).

    A level's surprise stands at its indicator, the other indicators have none.
    """
    width, parts = len(shape.group), []
    if shape.numbers:
        spread = ops.clip(outputs[..., width:], *SPREAD)
        error = ops.square(values[None, :, : shape.numbers] - outputs[..., : shape.numbers])
        parts.append(0.5 * (spread + error * ops.exp(-spread)))
    for start, end in levels(shape):
        parts.append(-ops.log_softmax(outputs[..., start:end], axis=-1) * values[None, :, start:end])
    return ops.concatenate(parts, axis=-1)


class NetworkFamily(DetectorFamily):
    """A network that reconstructs rows; a subclass makes it and says what it is shown."""

    judges_columns = True

    @abc.abstractmethod
    def build(self, members: int, shape: Shape) -> keras.Model:
        """Return a pack; inputs are "values", "hidden" (1 where a value is not shown), "moments" and "noise"."""

    @abc.abstractmethod
    def losses(self, outputs: Any, batch: dict[str, Any], shape: Shape) -> Any:
        """Return the loss of each row, (members, rows)."""

    @abc.abstractmethod
    def draw(self, rng: np.random.Generator, steps: int, rows: int, shape: Shape) -> tuple[Array, Array]:
        """Return what is hidden, (steps, rows, width), and noise, (steps, rows, ·), for steps of training."""

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Train a pack, one member for each fold."""
        model, judge = self.build(folds, shape), self.build(1, shape)
        rng, batch = np.random.default_rng(seed), min(BATCH, len(fold))
        for one in (model, judge):
            one(self._shown(rows, np.arange(1), *(part[0, :1] for part in self.draw(rng, 1, 1, shape))))
        weights = [_backend.to_device(values) for values in initial_weights(model, [seed + place for place in range(folds)])]
        carry = [*weights, *([weight * 0.0 for weight in weights] * 2)]
        run = _backend.compile_loop(self._step(model, shape))
        own = np.arange(folds, dtype=np.float32)
        constants = [rows.values, rows.known.astype(np.float32), rows.moments.astype(np.float32), fold.astype(np.float32), own]
        given = [_backend.to_device(values) for values in constants]
        planned, began = STEPS, deadline.remaining()
        for start in range(0, STEPS, CHUNK):
            if start >= planned:
                break
            if deadline.over():
                return None if start < FEWEST else _stored(carry[: len(weights)])
            if start == CHUNK:
                began = deadline.remaining()  # the first chunk compiles
            elif start == 2 * CHUNK and np.isfinite(began):  # what is left decides how many steps the learning rate falls over
                planned = int(np.clip(start + deadline.remaining() * 0.8 / max(began - deadline.remaining(), 1e-6) * CHUNK, FEWEST, STEPS))
            index = rng.integers(0, len(fold), (CHUNK, batch)).astype(np.int32)
            hidden, noise = self.draw(rng, CHUNK, batch, shape)
            number = np.arange(start + 1, start + CHUNK + 1, dtype=np.float32)
            rate = (RATE * 0.5 * (1 + np.cos(np.pi * np.minimum(number / planned, 1.0))) * np.minimum(number / 50, 1.0)).astype(np.float32)
            carry = run(carry, [index, hidden.astype(np.float32), noise.astype(np.float32), rate, number], given)
        return _stored(carry[: len(weights)])

    def _step(self, model: keras.Model, shape: Shape) -> Callable[..., Any]:
        count = len(model.trainable_variables)
        decays = [float(variable.decay) for variable in model.trainable_variables]

        def step(carry: list[Any], inputs: list[Any], constants: list[Any]) -> list[Any]:
            weights, first, second = carry[:count], carry[count : 2 * count], carry[2 * count :]
            (index, hidden, noise, rate, number), (values, known, moments, fold, own) = inputs, constants
            shown = {"values": ops.take(values, index, axis=0), "known": ops.take(known, index, axis=0), "hidden": hidden, "noise": noise}
            shown["moments"] = ops.take(moments, index, axis=0)
            learn = ops.cast(ops.not_equal(ops.take(fold, index, axis=0)[None, :], own[:, None]), "float32")
            learn = learn / ops.maximum(ops.sum(learn, axis=1, keepdims=True), 1.0)

            def loss(those: list[Any]) -> Any:
                outputs, _ = model.stateless_call(those, [], shown)
                return ops.sum(self.losses(outputs, shown, shape) * learn)

            after: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
            for w, g, m, v, decay in zip(weights, _backend.gradients(loss, weights), first, second, decays, strict=True):
                m = m + 0.1 * (g - m)
                v = v + 0.01 * (g * g - v)
                slope = (m / (1.0 - ops.power(0.9, number))) / (ops.sqrt(v / (1.0 - ops.power(0.99, number))) + 1e-7)
                for kept, value in zip(after, (w - rate * (slope + DECAY * decay * w), m, v), strict=True):
                    kept.append(value)
            return [*after[0], *after[1], *after[2]]

        return step

    def _shown(self, rows: Rows, chosen: Array, hidden: Array, noise: Array) -> dict[str, Any]:
        return {
            "values": rows.values[chosen],
            "known": rows.known[chosen].astype(np.float32),
            "hidden": np.broadcast_to(hidden, rows.values[chosen].shape).astype(np.float32),
            "moments": rows.moments[chosen].astype(np.float32),
            "noise": np.broadcast_to(noise, (len(chosen), np.shape(noise)[-1])).astype(np.float32),
        }

    def outputs(self, model: Arrays, rows: Rows, shape: Shape, fold: int, hidden: Array, noise: Array) -> Array:
        """Return what the network of a fold puts out for rows of which some values are hidden, (rows, ·)."""
        return next(iter(self.each_output(model, rows, shape, fold, [hidden], noise)))

    def each_output(self, model: Arrays, rows: Rows, shape: Shape, fold: int, masks: Sequence[Array], noise: Array) -> Iterator[Array]:
        """Yield what the network puts out for each of some masks, (1 or rows, width); it is built once."""
        network = self.build(1, shape)
        network(self._shown(rows, np.arange(min(len(rows.values), 1)), masks[0][:1], noise))
        for variable, values in zip(network.trainable_variables, _weights(model), strict=True):
            variable.assign(values[fold : fold + 1])
        forward = _backend.compile_function(lambda shown: network(shown))
        for hidden in masks:
            parts = []
            for start in range(0, len(rows.values), BLOCK):
                chosen = np.arange(start, min(start + BLOCK, len(rows.values)))
                shown = _backend.pad_rows(self._shown(rows, chosen, hidden if len(hidden) == 1 else hidden[chosen], noise))
                found = _backend.to_numpy(forward({name: _backend.to_device(np.ascontiguousarray(v)) for name, v in shown.items()}))
                parts.append(found[0, : len(chosen)])
            yield np.concatenate(parts)


def _stored(weights: list[Any]) -> Arrays:
    return {f"weight{place:02d}": _backend.to_numpy(values) for place, values in enumerate(weights)}


def _weights(model: Arrays) -> list[Array]:
    return [model[name] for name in sorted(model) if name.startswith("weight")]
