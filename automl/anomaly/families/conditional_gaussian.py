"""A Gaussian of all columns: strange is what the others, the calendar and the past, weighed linearly, do not announce."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.anomaly.past import NEAR, before
from automl.budget import Deadline
from automl.preprocessing.base import Arrays

MOST_LEVELS = 31  # distinct values of a part of the calendar that get an indicator each
TRIMMED = 0.02  # share of the rows, the strangest, that the second fit leaves out
RIDGE = 1e-3
REACH = 4.0  # values beyond so many robust deviations (on their arcsinh scale) do not pull the fit further


class ConditionalGaussian(DetectorFamily):
    """Each column given all others under one Gaussian, from one inverse of a covariance, fitted twice: without the strangest at last.

    With Ω the inverse covariance, (Ωx)_g' Ω_gg⁻¹ (Ωx)_g is the squared Mahalanobis distance of the values of column g from their mean
    given the rest (Lauritzen, 1996). Near steps and seasons of a series are further columns that are given and not judged.
    """

    name = "conditional_gaussian"
    title = "Gaussian of all columns"
    kind = "linear"
    looks_back = True
    judges_columns = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Invert one covariance outside each fold."""
        model = calendar(rows)
        inputs = given(rows, shape, model, near=True)
        for place in range(folds):
            model |= {f"{name}{place}": part for name, part in gaussian(inputs[fold != place], shape).items()}
        return model

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return half the squared distance of all judged values given the rest, and of each column."""
        inputs = given(rows, shape, model, near=True)
        pulled = (np.nan_to_num(inputs - model[f"mean{fold}"])) @ model[f"inverse{fold}"]
        columns = distances(pulled, model[f"inverse{fold}"], shape) * shape.by_column(rows.known) / 2
        judged = len(shape.group)
        whole = np.linalg.inv(model[f"inverse{fold}"][:judged, :judged])
        return np.einsum("ij,jk,ik->i", pulled[:, :judged], whole, pulled[:, :judged]) / 2, np.where(columns > 0, columns, 0.0)


def calendar(rows: Rows) -> Arrays:
    """Return the values of each part of the calendar that get indicators, none where there are many, and the range of each part.

    Behind the range a season goes on as it was last: a line through two months says nothing of the third.
    """
    found = [np.unique(column) for column in rows.moments.T]
    levels = [values if len(values) <= MOST_LEVELS else np.zeros(0) for values in found]
    bounds = np.array([[values.min(), values.max()] for values in found]).reshape(len(found), 2)
    return {f"levels{place}": values for place, values in enumerate(levels)} | {"bounds": bounds}


def given(rows: Rows, shape: Shape, model: Arrays, near: bool) -> Array:
    """Return what a row is judged by: its values, the calendar, its past, NaN where missing, (rows, ·).

    Args:
        rows: The rows.
        shape: Of the values.
        model: Holds the levels of the calendar.
        near: Whether the last steps count, or seasons alone.
    """
    values = np.where(rows.known, np.clip(rows.values, -2 * REACH, 2 * REACH), np.nan).astype(np.float64)
    parts = [values]
    for place, column in enumerate(rows.moments.T):
        levels = model[f"levels{place}"]
        within = np.clip(column, *model["bounds"][place])[:, None]
        parts.append((column[:, None] == levels[None, 1:]).astype(np.float64) if len(levels) else within)
    if rows.order is not None and rows.grid is not None and shape.numbers:
        lags = (*(NEAR if near else ()), *rows.grid.seasons)
        parts += [before(values[:, : shape.numbers], rows.order, lag) for lag in lags]
    return np.concatenate(parts, axis=1)


def gaussian(inputs: Array, shape: Shape) -> Arrays:
    """Return mean and inverse covariance; the strangest rows of a first fit do not take part in the second."""
    chosen = np.ones(len(inputs), dtype=bool)
    for _ in range(2):
        part = inputs[chosen]
        counts = np.isfinite(part).sum(axis=0)
        mean = np.where(counts > 0, np.nansum(part, axis=0) / np.maximum(counts, 1), 0.0)
        centred = np.nan_to_num(part - mean)
        centred[:, : shape.numbers] = np.clip(centred[:, : shape.numbers], -REACH, REACH)
        covariance = centred.T @ centred / max(len(part) - 1, 1)
        spread = np.diag(covariance)
        inverse = np.linalg.inv(covariance + np.diag(RIDGE * spread + 1e-6 * max(float(spread.mean()), 1e-9)))
        far = distances(np.nan_to_num(inputs - mean) @ inverse, inverse, shape).sum(axis=1)
        chosen = far <= np.quantile(far, 1.0 - TRIMMED)
    return {"mean": mean, "inverse": inverse}


def distances(pulled: Array, inverse: Array, shape: Shape) -> Array:
    """Return the squared distance of each column from what the others say, from Ωx of the rows, (rows, columns)."""
    group, found = np.asarray(shape.group), np.zeros((len(pulled), shape.columns))
    for column in range(shape.columns):
        own = np.flatnonzero(group == column)
        block = np.linalg.inv(inverse[np.ix_(own, own)])
        found[:, column] = np.einsum("ij,jk,ik->i", pulled[:, own], block, pulled[:, own])
    return found
