"""Two quick models and their mean, with and without some columns, judged on rows that neither the models nor the columns have seen."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.preprocessing.additive import one_hot
from automl.preprocessing.base import Arrays, Spec
from automl.preprocessing.scaling import Floats

LEAST_GAIN = 0.005  # of the loss
NOISE = 1.5  # standard errors; columns that help nobody do little harm, since they were chosen honestly
LEVELS = 20  # of a category that the linear model tells apart
TREES = 60
FEWEST_FOLDS = 2  # that must have judged
NAMES = ("quick boosted trees", "a quick linear model", "the mean of quick boosted trees and a linear model")
Array = NDArray[Any]


@dataclass(frozen=True)
class Compared:
    """What was found.

    Attributes:
        model: The better model with the columns.
        without: Loss of the better model without them.
        beside: Loss of the better model with them.
        error: Standard error of the difference.
        rows: Rows that judged.
    """

    model: str
    without: float
    beside: float
    error: float
    rows: int

    @property
    def kept(self) -> bool:
        """Whether the columns are worth having."""
        return self.without - self.beside > max(LEAST_GAIN * self.without, NOISE * self.error)


def compare(arrays: Arrays, made: Array, target: Array, fold: Array, spec: Spec, deadline: Deadline) -> Compared | None:
    """Predict each fold from the rows outside, with and without the columns of its model.

    Args:
        arrays: Prepared columns of a sample.
        made: The new columns, (rows, folds, columns); 0 throughout where a fold's model does not get one.
        target: Class codes, or the standardised target, (rows,).
        fold: Fold that validates each row, -1 for none, (rows,).
        spec: The shapes.
        deadline: When to stop; the folds that have judged by then are enough if there are two.

    Returns:
        The comparison; None where the deadline came before.
    """
    predicted = np.full((2, 2, len(target), spec.outputs), np.nan)  # without and with, models
    folds = made.shape[1]
    for number in range(folds):
        learn, judge = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        new = made[:, number][:, made[:, number].any(axis=0)]
        for kind, fit in enumerate((_boosting, _linear)):
            if not len(judge):
                continue
            for beside in (0, 1):
                if deadline.over():
                    return _compared(predicted, target, spec) if number >= min(FEWEST_FOLDS, folds) else None
                if beside and not new.shape[1]:
                    predicted[1, kind, judge] = predicted[0, kind, judge]
                    continue
                inputs = _inputs(arrays, number, new if beside else new[:, :0], kind == 1)
                inputs = inputs[:, _vary(inputs[learn])]
                predicted[beside, kind, judge] = fit(inputs[learn], target[learn], inputs[judge], spec)
    return _compared(predicted, target, spec)


def _compared(predicted: Floats, target: Array, spec: Spec) -> Compared:
    """Compare predictions (without and with, models, rows, outputs) on the rows that all of them are there for."""
    judged = np.flatnonzero(np.isfinite(predicted).all(axis=(0, 1, 3)))
    both = np.concatenate([predicted, predicted.mean(axis=1, keepdims=True)], axis=1)[:, :, judged]
    losses = np.array([[_row_losses(one, target[judged], spec) for one in models] for models in both])
    means = losses.mean(axis=2)
    best = means.argmin(axis=1)
    difference = losses[0, best[0]] - losses[1, best[1]]
    error = float(difference.std() / np.sqrt(len(judged)))
    return Compared(NAMES[best[1]], float(means[0, best[0]]), float(means[1, best[1]]), error, len(judged))


def _inputs(arrays: Arrays, fold: int, new: Array, linear: bool) -> Array:
    """Return what a model reads: for a linear one scaled numbers and one-hot levels, for trees values and codes, (rows, columns)."""
    parts = [arrays["numbers" if linear else "raw_numbers"], new]
    if "encoded" in arrays:
        parts.append(arrays["encoded"][:, fold])
    codes = arrays["categories"]
    if linear:
        parts += [one_hot(column, LEVELS) for column in codes.T]
    else:
        parts.append(codes)
    return np.hstack([part.astype(np.float32) for part in parts])


def _vary(inputs: Array) -> NDArray[np.bool_]:
    """Say which columns hold at least two values, (columns,); trees of scikit-learn stumble over others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without values
        return np.asarray(np.nanmin(inputs, axis=0) < np.nanmax(inputs, axis=0))


def _boosting(learn: Array, target: Array, judge: Array, spec: Spec) -> Floats:
    """Return predictions of a few boosted trees, (rows, outputs)."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    options = {
        "max_iter": TREES // int(np.clip(spec.outputs - 1, 1, 4)),
        "learning_rate": 0.12,
        "max_leaf_nodes": 15,
        "early_stopping": False,
    }
    if not spec.is_classification:
        return np.asarray(HistGradientBoostingRegressor(**options, random_state=0).fit(learn, target).predict(judge)[:, None])
    return _probabilities(HistGradientBoostingClassifier(**options, random_state=0), learn, target, judge, spec)


def _linear(learn: Array, target: Array, judge: Array, spec: Spec) -> Floats:
    """Return predictions of a ridge or logistic regression, (rows, outputs)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    if not spec.is_classification:
        return np.asarray(Ridge(1.0).fit(learn, target).predict(judge)[:, None])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # expected: the last decimals of a coefficient do not matter
        return _probabilities(LogisticRegression(max_iter=100), learn, target, judge, spec)


def _probabilities(model: Any, learn: Array, target: Array, judge: Array, spec: Spec) -> Floats:
    """Return the probability of every class, also of those that the model has not met."""
    made = np.zeros((len(judge), spec.outputs))
    classes = np.unique(target)
    made[:, classes] = model.fit(learn, target).predict_proba(judge) if len(classes) > 1 else 1.0
    return made


def _row_losses(predicted: Floats, target: Array, spec: Spec) -> Floats:
    """Return the log-loss or the squared error of each row."""
    if not spec.is_classification:
        return np.asarray((predicted[:, 0] - target) ** 2)
    return np.asarray(-np.log(np.clip(predicted[np.arange(len(target)), target], 1e-6, None)))
