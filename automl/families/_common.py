"""What several of the families over scikit-learn share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.preprocessing.base import Spec

Floats = NDArray[np.float64]


def average(target: NDArray[Any], spec: Spec) -> Floats:
    """Return what is predicted when nothing is known about a row: class shares or the mean, (outputs,).

    One pseudo-row, shared evenly among the classes, keeps a class that was never seen from being called impossible.

    Args:
        target: Class codes, or the standardised target, (rows,).
        spec: The shapes.

    Returns:
        Shares that add up to 1, or the mean.

    Example:
        >>> average(np.array([0, 0, 0]), Spec(1, 1, (), 2, "binary", 3)).tolist()
        [0.875, 0.125]
    """
    if not spec.is_classification:
        return np.array([float(np.mean(target))])
    counts = np.bincount(target, minlength=spec.outputs) + 1.0 / spec.outputs
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def repeated(values: NDArray[Any], rows: int) -> Floats:
    """Return `values` (outputs,) once for each row, (rows, outputs)."""
    return np.repeat(np.asarray(values, dtype=np.float64)[None, :], rows, axis=0)


def softmax(scores: Floats) -> Floats:
    """Return probabilities; a score of -inf is probability 0, (rows, outputs).

    Example:
        >>> softmax(np.array([[1000.0, 1000.0, -np.inf]])).tolist()
        [[0.5, 0.5, 0.0]]
    """
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)


def set_aside(target: NDArray[Any], spec: Spec, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose rows for a family's own early stopping; classes of fewer than 10 rows stay with the learning rows.

    Returns:
        True for the rows set aside, (rows,).

    Example:
        >>> rows = np.repeat([0, 1], [40, 3])
        >>> int(set_aside(rows, Spec(1, 1, (), 2, "binary", 43), 0.1, np.random.default_rng(0)).sum())
        4
    """
    free = np.arange(len(target))
    if spec.is_classification:
        free = np.flatnonzero(np.bincount(target, minlength=spec.outputs)[target] >= 10)
        free = free[np.argsort(target[free] + rng.random(len(free)) * 0.5, kind="stable")]
    else:
        free = rng.permutation(free)
    size = int(len(free) * share)
    aside = np.zeros(len(target), dtype=bool)
    # Evenly spaced places in the order of classes: each class gives its share, give or take one row.
    aside[free[((np.arange(size) + 0.5) * len(free) / max(size, 1)).astype(np.int64)]] = True
    return aside
