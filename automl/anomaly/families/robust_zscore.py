"""Robust z-scores: how far a value is from the median, and how rare a level is; no column knows of another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.budget import Deadline
from automl.preprocessing.base import Arrays


class RobustZScore(DetectorFamily):
    """Distance from the median in robust deviations (Iglewicz and Hoaglin, 1993), and the surprise of a level; their root mean square."""

    name = "robust_zscore"
    title = "Robust z-scores"
    kind = "linear"
    baseline = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Count the levels outside each fold; medians and deviations stand in the design already."""
        counts = [rows.values[fold != place, shape.numbers :].sum(axis=0) for place in range(folds)]
        return {"counts": np.stack(counts), "rows": np.array([int((fold != place).sum()) for place in range(folds)])}

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return the root mean square of the columns' surprises."""
        squares = np.zeros((len(rows.values), len(shape.group)))
        squares[:, : shape.numbers] = rows.values[:, : shape.numbers] ** 2
        rarity = -np.log((model["counts"][fold] + 1.0) / (float(model["rows"][fold]) + 2.0))
        squares[:, shape.numbers :] = rows.values[:, shape.numbers :] * rarity
        parts = shape.by_column(squares * rows.known)
        return np.sqrt(parts.mean(axis=1)), parts
