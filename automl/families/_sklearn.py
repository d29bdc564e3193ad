"""Scikit-learn models as families: one model for each fold, fitted side by side."""

from __future__ import annotations

import abc
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.budget import Budget, Deadline
from automl.families.base import Config, Family, FittedFamily, Floats, Trained, TrainingData, for_fold, of_one_fold
from automl.preprocessing.base import Arrays, Spec, State


class SklearnFamily(Family):
    """A baseline over scikit-learn. A subclass gives `space`, `fit` and `predict`; a pack is one configuration.

    The fitted state of one fold is a mapping of names to scikit-learn estimators or NumPy arrays. What `fit` and `predict` get are the
    arrays of one fold (see :func:`for_fold`): encoded columns stand behind the numbers, so that a subclass need not know of them.
    """

    @abc.abstractmethod
    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Fit one model on the given rows.

        Args:
            config: A complete configuration.
            arrays: Prepared columns of the rows to learn from; two-dimensional, encoded columns behind the numbers.
            target: Class codes int64, or the standardised target float64.
            spec: The shapes of these arrays.
            deadline: When to stop; a family that grows in steps returns what it has by then.
            seed: Seed of this model.
            threads: How many it may use; 1 where the folds are fitted side by side.

        Returns:
            Named estimators and arrays, or None where nothing usable was reached before the deadline.
        """

    @abc.abstractmethod
    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return (rows, outputs) in model space: for classes one column for each of ``spec.outputs``, absent classes 0."""

    def train(
        self,
        configs: Sequence[Config],
        data: TrainingData,
        *,
        deadline: Deadline,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[Trained]:
        """Fit each configuration on every fold, one after the other."""
        results = []
        for config in configs:
            result = self._train_one(config, data, deadline, seed)
            if result is not None:
                results.append(result)
        return results

    def _train_one(self, config: Config, data: TrainingData, deadline: Deadline, seed: int) -> Trained | None:
        """Fit the folds side by side, one thread each: threads inside a fit wait for each other at every step of a small problem."""
        started = deadline.budget.clock()
        cores = os.cpu_count() or 1
        workers = min(cores, data.folds)
        given = self._read(data)
        out = np.full((data.rows, data.spec.outputs), np.nan, dtype=np.float32)
        spec = of_one_fold(data.spec)

        def fit(fold: int) -> Mapping[str, Any] | None:
            learn, judge = np.flatnonzero(data.fold != fold), np.flatnonzero(data.fold == fold)
            rounds = math.ceil((data.folds - fold) / workers)
            share = deadline.budget.deadline(seconds=deadline.remaining() / rounds)
            arrays = for_fold(given, fold, learn)
            threads = max(cores // workers, 1)
            model = self.fit(config, arrays, data.target[learn], spec, deadline=share, seed=seed + 1000 * fold, threads=threads)
            if model is None:
                return None
            out[judge] = self.predict(model, for_fold(given, fold, judge), spec)
            return {**model, "fold": np.array(fold)} if data.spec.encoded else model

        with warnings.catch_warnings(), threadpool_limits(max(cores // workers, 1), user_api="blas"), ThreadPoolExecutor(workers) as pool:
            warnings.simplefilter("ignore", ConvergenceWarning)  # expected: steps are short, so that the clock is asked in between
            models = interruptible([pool.submit(fit, fold) for fold in range(data.folds)], deadline.budget)
        if any(model is None for model in models):
            return None
        return Trained(config, models, out, deadline.budget.clock() - started)

    def _read(self, data: TrainingData) -> Arrays:
        """Return the arrays of the table and those that this family reads: each fold has a copy of its rows, and others may be large."""
        wanted = {*getattr(self, "reads", ()), *self.tags.inputs}
        return {name: values for name, values in data.arrays.items() if data.spec.further(name) is None or name in wanted}

    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedSklearn:
        """Join the models of the chosen configurations; each fold's model has an equal share of its weight."""
        models: list[Any] = []
        weights: list[float] = []
        for _, folds, weight in parts:
            models.extend(folds)
            weights.extend([weight / len(folds)] * len(folds))
        total = sum(weights)
        return FittedSklearn(self, spec, models, [weight / total for weight in weights])

    def restore(self, state: State, spec: Spec) -> FittedSklearn:
        """Rebuild the predictor; estimators were rebuilt by the artifact through its allow-list."""
        models: list[dict[str, Any]] = [{} for _ in state.json["weights"]]
        for source in (state.estimators, state.arrays):
            for key, value in source.items():
                index, name = key.split("-", 1)
                models[int(index)][name] = value
        return FittedSklearn(self, spec, models, list(state.json["weights"]))


class FittedSklearn(FittedFamily):
    """The weighted mean of scikit-learn models."""

    def __init__(self, family: SklearnFamily, spec: Spec, models: Sequence[Mapping[str, Any]], weights: Sequence[float]) -> None:
        self.family, self.spec, self.models, self.weights = family, spec, list(models), list(weights)

    def predict(self, arrays: Arrays) -> Floats:
        """Return the weighted mean of the models' predictions, (rows, outputs)."""
        rows = len(next(iter(arrays.values())))
        total = np.zeros((rows, self.spec.outputs), dtype=np.float64)
        spec, seen = of_one_fold(self.spec), {}
        for model, weight in zip(self.models, self.weights, strict=True):
            fold = int(model.get("fold", 0))
            if fold not in seen:
                seen[fold] = for_fold(arrays, fold)
            total += weight * self.family.predict(model, seen[fold], spec)
        return total

    def state(self) -> State:
        """Return weights as JSON, arrays as arrays, estimators as estimators."""
        arrays: Arrays = {}
        estimators: dict[str, Any] = {}
        for index, model in enumerate(self.models):
            for name, value in model.items():
                (arrays if isinstance(value, np.ndarray) else estimators)[f"{index}-{name}"] = value
        return State({"weights": [float(weight) for weight in self.weights]}, arrays, estimators)


def interruptible(running: Sequence[Future[Any]], budget: Budget) -> list[Any]:
    """Wait for results; Ctrl-C makes every deadline pass, so that the work ends at its next look at the clock, and goes on from here."""
    try:
        return [future.result() for future in running]
    except BaseException:
        budget.cancelled = True
        wait(running)
        budget.cancelled = False
        raise
