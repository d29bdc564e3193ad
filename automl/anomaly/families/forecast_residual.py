"""Residuals of forecasts: in a series, strange is what its past, the calendar and the other channels did not announce."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.anomaly.families._network import LARGEST
from automl.budget import Deadline
from automl.families._trees import add_trees, from_boosting
from automl.preprocessing.base import Arrays

LAGS = (1, 2, 3, 24, 168)
MOST_ROWS = 20_000
LEAST = 0.05  # spread below which a forecast is not believed to be exact


class ForecastResidual(DetectorFamily):
    """Boosted trees forecast each number from its past, the calendar and the other columns; others say how far off they usually are.

    The score is the sum over the numbers of half the squared standardised residuals. Trees are those of scikit-learn's
    histogram gradient boosting.
    """

    name = "forecast_residual"
    title = "Residuals of forecasts"
    needs_time = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Fit two models for each number and fold."""
        model: Arrays = {}
        inputs, rng = past_of(rows, shape), np.random.default_rng(seed)
        for column in range(shape.numbers):
            for place in range(folds):
                if deadline.over():
                    return None
                known = np.flatnonzero((fold != place) & rows.known[:, column])
                if len(known) < 50:
                    return None
                chosen = known if len(known) <= MOST_ROWS else rng.choice(known, MOST_ROWS, replace=False)
                x, y = _without(inputs[chosen], column, shape), rows.values[chosen, column].astype(np.float64)
                model |= _boosted(x, y, f"{column}-{place}-mean", seed)
                half = np.arange(len(chosen)) % 2 == 0  # residuals of rows that were learnt from are too small
                first = _boosted(x[half], y[half], "m", seed)
                off = np.abs(y[~half] - _predicted(first, x[~half], "m"))
                model |= _boosted(x[~half], np.log(off + LEAST / 4), f"{column}-{place}-spread", seed)
                spread = np.exp(_predicted(model, x[~half], f"{column}-{place}-spread"))
                model[f"{column}-{place}-factor"] = np.array(float(np.median(off / spread)) * 1.4826)
        return model

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return half the squared standardised residuals."""
        inputs, columns = past_of(rows, shape), np.zeros((len(rows.values), shape.columns))
        for column in range(shape.numbers):
            x = _without(inputs, column, shape)
            name = f"{column}-{fold}"
            spread = np.exp(_predicted(model, x, f"{name}-spread")) * float(model[f"{name}-factor"]) + LEAST
            off = (rows.values[:, column] - _predicted(model, x, f"{name}-mean")) / spread
            columns[:, column] = np.where(rows.known[:, column], np.minimum(off**2 / 2, LARGEST), 0.0)
        return columns.sum(axis=1), columns


def past_of(rows: Rows, shape: Shape) -> Array:
    """Return what a row is forecast from: lags and a median of the last three steps of all numbers, calendar, this row's values.

    Rows whose order is not that of neighbours in time, such as a single row, have no past: NaN.
    """
    order = np.arange(len(rows.values)) if rows.order is None else np.argsort(rows.order, kind="stable")
    values = np.where(rows.known, rows.values, np.nan).astype(np.float64)
    sorted_values = values[order][:, : shape.numbers]
    parts = []
    for lag in LAGS:
        part = np.full_like(sorted_values, np.nan)
        if lag < len(part):
            part[lag:] = sorted_values[:-lag]
        parts.append(part)
    parts.append(np.median(np.stack(parts[:3]), axis=0))
    past = np.concatenate(parts, axis=1)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return np.concatenate([values, rows.moments, past[back]], axis=1)


def _without(inputs: Array, column: int, shape: Shape) -> Array:
    """Hide the value that is to be forecast."""
    hidden = inputs.copy()
    hidden[:, column] = np.nan
    return hidden


def _boosted(x: Array, y: Array, name: str, seed: int) -> Arrays:
    boosting = HistGradientBoostingRegressor(max_iter=80, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False, random_state=seed)
    boosting.fit(np.where(np.isnan(x).all(axis=0), 0.0, x), y)  # a column without any value is not split
    none = np.zeros((0, 8), dtype=np.uint32)
    found = from_boosting(boosting._predictors, none, np.zeros(x.shape[1], dtype=np.uint32))
    return {f"{name}-{part}": values for part, values in found.items()} | {f"{name}-base": np.asarray(boosting._baseline_prediction)}


def _predicted(model: Arrays, x: Array, name: str) -> Array:
    parts = ("nodes", "starts", "bitsets", "known", "feature_map")
    total = np.zeros((len(x), 1))
    add_trees({part: model[f"{name}-{part}"] for part in parts}, np.ascontiguousarray(x, dtype=np.float64), total)
    return total[:, 0] + float(np.ravel(model[f"{name}-base"])[0])
