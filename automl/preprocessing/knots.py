"""Quantiles of every number: the edges from which networks take their piecewise-linear bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl.preprocessing.scaling import balanced_quantiles

MOST_KNOTS = 65
LOOKED_AT = 20_000  # rows; more move a quantile by less than the width of a bin


def quantile_knots(numbers: NDArray[np.floating]) -> tuple[tuple[float, ...], ...]:
    """Return at most 65 ascending, different edges for each column.

    A column with few values has an edge between each two neighbours, so that every value can have its own level. The outermost edges
    are the smallest and the largest value. A value that many rows share counts for one bin, and no more: a column that is mostly 0 has its
    edges where the other values are. No target is looked at. Source: Gorishniy et al., 2022, arXiv:2203.05556.

    Args:
        numbers: Prepared numbers without missing values, (rows, columns).

    Returns:
        One tuple per column; empty where there are fewer than three different values, and nothing to bend.

    Example:
        >>> quantile_knots(np.array([[0.0, 1.0], [1.0, 1.0], [5.0, 0.0]]))
        ((0.0, 0.5, 3.0, 5.0), ())
    """
    seen = numbers[:: -(-len(numbers) // LOOKED_AT)].astype(np.float64)
    knots: list[tuple[float, ...]] = []
    for column in seen.T:
        values = np.unique(column)
        if len(values) < 3:
            knots.append(())
            continue
        if len(values) < MOST_KNOTS - 1:
            edges = np.concatenate([values[:1], (values[1:] + values[:-1]) / 2, values[-1:]])
        else:
            edges = balanced_quantiles(column, np.linspace(0.0, 1.0, MOST_KNOTS))
        edges = np.unique(edges.astype(np.float32))
        apart = np.concatenate([[True], np.diff(edges) > 1e-5])  # nearer edges would make slopes that no step size suits
        knots.append(tuple(float(edge) for edge in edges[apart]) if apart.sum() > 2 else ())
    return tuple(knots)
