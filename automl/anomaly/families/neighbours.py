"""Nearest neighbours: what is far from everything that was seen is strange."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.budget import Deadline
from automl.preprocessing.base import Arrays

MOST_ROWS = 2_000  # that are remembered for a fold
NEAREST = 5
BLOCK = 2_048


class Neighbours(DetectorFamily):
    """Mean distance to the five nearest of up to 2,000 rows (Ramaswamy, Rastogi and Shim, 2000); a subsample is enough (Sugiyama, 2013)."""

    name = "neighbours"
    title = "Nearest neighbours"

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Remember rows outside each fold."""
        rng = np.random.default_rng(seed)
        learn = [rng.permutation(np.flatnonzero(fold != place))[:MOST_ROWS] for place in range(folds)]
        return {f"rows{place}": rows.values[own] for place, own in enumerate(learn)}

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return the mean distance, and the squared distance of each column from the neighbours' mean."""
        kept = model[f"rows{fold}"]
        scores, columns = np.zeros(len(rows.values)), np.zeros((len(rows.values), shape.columns))
        for start in range(0, len(rows.values), BLOCK):
            own = slice(start, start + BLOCK)
            near, apart = nearest(rows.values[own], kept, NEAREST)
            scores[own] = apart.mean(axis=1)
            columns[own] = shape.by_column((rows.values[own] - kept[near].mean(axis=1)) ** 2)
        return scores, columns


def nearest(values: Array, kept: Array, count: int) -> tuple[Array, Array]:
    """Return places and distances of the nearest of the kept rows, two (rows, count).

    Example:
        >>> nearest(np.array([[0.0], [9.0]]), np.array([[1.0], [7.0], [8.0]]), 1)[1].ravel().tolist()
        [1.0, 1.0]
    """
    squares = (values**2).sum(axis=1)[:, None] - 2.0 * values @ kept.T + (kept**2).sum(axis=1)[None, :]
    count = min(count, len(kept))
    near = np.argpartition(squares, count - 1, axis=1)[:, :count]
    return near, np.sqrt(np.maximum(np.take_along_axis(squares, near, axis=1), 0.0))
