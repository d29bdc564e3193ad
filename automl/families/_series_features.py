"""Families that turn a series into many features once, and fit a head on them for every fold."""

from __future__ import annotations

import abc
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from automl.budget import Deadline
from automl.families._sklearn import FittedSklearn, SklearnFamily
from automl.families.base import Config, FittedFamily, Floats, Trained, TrainingData
from automl.preprocessing.base import Arrays, Spec, State

ITERATIONS = 200
FLOATS_PER_CHUNK = 4e9  # so many multiplications are about a second
BLOCK = 2_048  # rows whose features are in memory at once
FEATURES = "features"
_LAST: dict[str, tuple[Any, Any, Any]] = {}  # of each family: the arrays it saw last, its transform, their features


class SeriesFeatures(SklearnFamily):
    """A family over features of series. The features are fitted and computed once for all folds and configurations: they know no target."""

    @abc.abstractmethod
    def prepare(self, arrays: Arrays, seed: int) -> Arrays:
        """Return what the features depend on, as arrays without objects; drawn from the training rows, not from the target."""

    @abc.abstractmethod
    def features(self, prepared: Mapping[str, Any], arrays: Arrays) -> NDArray[np.float32]:
        """Return the features of some rows, (rows, features)."""

    @abc.abstractmethod
    def row_work(self, spec: Spec) -> float:
        """Return the seconds on one core that the features of a row take."""

    def train(
        self,
        configs: Sequence[Config],
        data: TrainingData,
        *,
        deadline: Deadline,
        seed: int,
        on_progress: Callable[[float], None] | None = None,
    ) -> list[Trained]:
        """Make the features, then fit each configuration on every fold."""
        prepared, features = self._made(data.arrays, seed)
        own = replace(data, arrays={FEATURES: features}, spec=replace(data.spec, encoded=0))
        results = super().train(configs, own, deadline=deadline, seed=seed, on_progress=on_progress)
        for result in results:
            result.models = [{**model, **prepared} for model in result.models]
        return results

    def _made(self, arrays: Arrays, seed: int) -> tuple[Arrays, NDArray[np.float32]]:
        """Return what the features depend on, and the features; made anew only for other arrays than the last ones."""
        last = _LAST.get(self.name)
        if last is None or last[0] is not arrays["series"]:
            prepared = self.prepare(arrays, seed)
            features = np.concatenate([self.features(prepared, part) for part in _blocks(arrays)])
            _LAST[self.name] = last = (arrays["series"], prepared, features)
        return last[1], last[2]

    def least_seconds(self, spec: Spec, folds: int) -> float:
        """Return what the features take."""
        return 1.0 + self.row_work(spec) * spec.rows

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what the features of a row take; the heads are cheap beside them."""
        return self.row_work(spec)

    def size(self, trained: Trained) -> int:
        """Return the number of stored 8-byte values of all folds."""
        return sum(np.asarray(value).nbytes // 8 for model in trained.models for value in model.values())

    def combine(self, parts: Sequence[tuple[Config, Sequence[Any], float]], spec: Spec) -> FittedFeatures:  # type: ignore[override]
        """Join the models of the chosen configurations; the features are computed once for all of them."""
        fitted = super().combine(parts, spec)
        own = set(self.kept(fitted.models[0]))
        prepared = {name: fitted.models[0][name] for name in own}
        fitted.models = [{name: value for name, value in model.items() if name not in own} for model in fitted.models]
        return FittedFeatures(self, fitted, prepared)

    @staticmethod
    def kept(model: Mapping[str, Any]) -> list[str]:
        """Return the entries of a model that say how features are made."""
        return [name for name in model if name.startswith("made_")]

    def restore(self, state: State, spec: Spec) -> FittedFeatures:  # type: ignore[override]
        """Rebuild the predictor."""
        prepared = {name.removeprefix("prepared-"): value for name, value in state.arrays.items() if name.startswith("prepared-")}
        arrays = {name: value for name, value in state.arrays.items() if not name.startswith("prepared-")}
        return FittedFeatures(self, super().restore(State(state.json, arrays, state.estimators), spec), prepared)


class FittedFeatures(FittedFamily):
    """The chosen models of such a family.

    Args:
        family: The family.
        heads: Its models over features.
        prepared: What the features depend on.
    """

    def __init__(self, family: SeriesFeatures, heads: FittedSklearn, prepared: Arrays) -> None:
        self.family, self.heads, self.prepared = family, heads, prepared

    def predict(self, arrays: Arrays) -> Floats:
        """Return (rows, outputs) in model space."""
        parts = [self.heads.predict({FEATURES: self.family.features(self.prepared, part)}) for part in _blocks(arrays)]
        return np.concatenate(parts)

    def state(self) -> State:
        """Return the heads, and once what the features depend on."""
        state = self.heads.state()
        return State(state.json, {**state.arrays, **{f"prepared-{name}": value for name, value in self.prepared.items()}}, state.estimators)


def _blocks(arrays: Arrays) -> list[Arrays]:
    """Cut the arrays into pieces of rows; at least one piece."""
    dense = {name: values for name, values in arrays.items() if isinstance(values, np.ndarray)}
    rows = len(dense["series"])
    return [{name: values[start : start + BLOCK] for name, values in dense.items()} for start in range(0, max(rows, 1), BLOCK)]


def linear_head(
    design: NDArray[np.float32], target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline
) -> tuple[Floats, Floats]:
    """Fit a logistic or a ridge regression with an L2 penalty; wide designs are turned onto their rows first, which changes nothing.

    Args:
        design: Scaled features, (rows, features).
        target: Class codes or the standardised target.
        strength: Inverse strength of the penalty.
        spec: The shapes.
        deadline: When to stop.

    Returns:
        Coefficients (features, outputs) and intercepts (outputs,); a class without rows gets −inf.
    """
    turn = None
    if design.shape[0] < design.shape[1]:
        values, vectors = np.linalg.eigh((design @ design.T).astype(np.float64))
        kept = values > values.max() * 1e-10
        root = np.sqrt(values[kept])
        turn = design.T @ (vectors[:, kept] / root).astype(np.float32)  # (features, rank)
        design = (vectors[:, kept] * root).astype(np.float32)
    weights, intercept = (_logistic if spec.is_classification else _ridge)(design, target, strength, spec, deadline)
    return (weights if turn is None else turn @ weights), intercept


def _ridge(design: NDArray[Any], target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline) -> tuple[Floats, Floats]:
    centre, mean = design.mean(axis=0), float(np.mean(target))
    inputs = (design - centre).astype(np.float64)
    gram = inputs.T @ inputs
    gram[np.diag_indices_from(gram)] += 1.0 / strength
    weights = np.linalg.solve(gram, inputs.T @ (np.asarray(target, dtype=np.float64) - mean))
    return weights[:, None], np.array([mean - float(centre @ weights)])


def _logistic(design: NDArray[Any], target: NDArray[Any], strength: float, spec: Spec, deadline: Deadline) -> tuple[Floats, Floats]:
    cost = design.size * (spec.outputs if spec.outputs > 2 else 1) * 2
    step = int(np.clip(FLOATS_PER_CHUNK / max(cost, 1), 5, ITERATIONS))
    model = LogisticRegression(C=strength, max_iter=step, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # expected: the steps are short, and the deadline may come first
        for _ in range(0, ITERATIONS, step):
            model.fit(design, target)
            if model.n_iter_.max() < step or deadline.over():
                break
    weights, intercept = np.zeros((design.shape[1], spec.outputs)), np.full(spec.outputs, -np.inf)
    intercept[model.classes_] = 0.0
    learnt = model.classes_ if len(model.classes_) > 2 else model.classes_[1:]  # of two classes the first has score 0
    weights[:, learnt] = model.coef_.T
    intercept[learnt] = model.intercept_
    return weights, intercept
