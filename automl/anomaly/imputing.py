"""Missing values filled in by the masked autoencoder, measured on cells that were hidden on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.base import Shape
from automl.anomaly.design import Rows
from automl.anomaly.families.autoencoder import Autoencoder
from automl.preprocessing.base import Arrays

HIDDEN = 0.1
MOST_ROWS = 1_500
NEIGHBOURS = 10


def compare(model: Arrays, rows: Rows, fold: NDArray[np.int64], shape: Shape, seed: int) -> dict[str, Any]:
    """Hide a tenth of the cells of one fold's rows, and see who fills them in best.

    Returns:
        Root mean squared error on scaled numbers, by imputer, and for categories the share of right levels; `cells` says how many.
    """
    rng = np.random.default_rng(seed)
    learn, judge = np.flatnonzero(fold != 0), np.flatnonzero(fold == 0)
    learn, judge = (part if len(part) <= MOST_ROWS else rng.choice(part, MOST_ROWS, replace=False) for part in (learn, judge))
    group = np.asarray(shape.group, dtype=np.int64)
    hidden = (rng.random((len(judge), shape.columns)) < HIDDEN)[:, group] & rows.known[judge]
    shown = rows.take(judge)
    masked = Rows(np.where(hidden, 0.0, shown.values).astype(np.float32), shown.known & ~hidden, shown.raw, shown.order, shown.moments)
    filled = {
        "autoencoder": Autoencoder().expected(_of_fold(model), masked, shape, 1),
        "median": np.broadcast_to(_medians(rows, learn, shape), hidden.shape),
        "neighbours": _neighbours(rows.take(learn), masked),
    }
    numbers = hidden[:, : shape.numbers]
    told: dict[str, Any] = {"cells": int(shape.by_column(hidden.astype(np.float64)).astype(bool).sum()), "rmse": {}, "right": {}}
    for name, values in filled.items():
        if numbers.any():
            off = (np.asarray(values) - shown.values)[:, : shape.numbers][numbers]
            told["rmse"][name] = float(np.sqrt(np.mean(off**2)))
        right = [_right(np.asarray(values), shown.values, hidden, start, end) for start, end in _levels(shape)]
        if right:
            told["right"][name] = float(np.mean(np.concatenate(right))) if sum(map(len, right)) else None
    return told


def _of_fold(model: Arrays) -> Arrays:
    """Return the network of the first fold alone: it has not seen the rows."""
    return {name: values[:1] for name, values in model.items() if name.startswith("weight")}


def _levels(shape: Shape) -> list[tuple[int, int]]:
    from automl.anomaly.families._network import levels

    return levels(shape)


def _right(values: NDArray[Any], truth: NDArray[Any], hidden: NDArray[np.bool_], start: int, end: int) -> NDArray[np.bool_]:
    chosen = hidden[:, start]
    return np.asarray(values[chosen, start:end].argmax(axis=1) == truth[chosen, start:end].argmax(axis=1))


def _medians(rows: Rows, learn: NDArray[np.int64], shape: Shape) -> NDArray[np.float64]:
    values = np.where(rows.known[learn], rows.values[learn], np.nan)
    medians = np.nan_to_num(np.nanmedian(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0))
    medians[shape.numbers :] = rows.values[learn][:, shape.numbers :].mean(axis=0)
    return np.asarray(medians)


def _neighbours(learn: Rows, judge: Rows) -> NDArray[np.float64]:
    """Return the mean of the nearest rows, by the mean squared distance of what both rows have."""
    a, b = (np.where(part.known, part.values, 0.0).astype(np.float64) for part in (judge, learn))
    known_a, known_b = judge.known.astype(np.float64), learn.known.astype(np.float64)
    distance = (a**2) @ known_b.T - 2.0 * a @ b.T + known_a @ (b**2).T
    distance /= np.maximum(known_a @ known_b.T, 1.0)
    near = np.argpartition(distance, min(NEIGHBOURS, len(learn.values) - 1), axis=1)[:, :NEIGHBOURS]
    weight = learn.known[near].astype(np.float64)
    return np.asarray((learn.values[near] * weight).sum(axis=1) / np.maximum(weight.sum(axis=1), 1e-9))
