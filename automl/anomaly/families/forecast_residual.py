"""Residuals of forecasts: in a series, strange is what its past, the calendar and the other channels did not announce."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from automl.anomaly.base import LARGEST, Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.anomaly.past import NEAR, before
from automl.budget import Deadline
from automl.families._trees import from_boosting
from automl.families._walking import add_trees
from automl.preprocessing.base import Arrays

MOST_ROWS = 20_000
LEAST = 0.05  # spread below which a forecast is not believed to be exact
TREES, SPREADS, FEWEST = 80, 30, 10  # of a forecast and of its usual error; with fewer than the last it is not believed
LEARN = 0.7  # share of the time that forecasts take, the rest is for their spreads


class ForecastResidual(DetectorFamily):
    """Boosted trees forecast each number from its past, the calendar and the other columns; others say how far off they usually are.

    The score is the sum over the numbers of half the squared standardised residuals. Trees are those of scikit-learn's
    histogram gradient boosting; how many there are follows from the time that the first took.
    """

    name = "forecast_residual"
    title = "Residuals of forecasts"
    kind = "tree"
    needs_time = True
    looks_back = True
    judges_columns = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Fit two models for each number and fold; residuals that teach the spreads come from models that have not seen the row."""
        model: Arrays = {}
        inputs, rng, trees = past_of(rows, shape), np.random.default_rng(seed), FEWEST
        for column in range(shape.numbers):
            off = np.full(len(fold), np.nan)
            for place in range(folds):
                known = np.flatnonzero((fold != place) & rows.known[:, column])
                if len(known) < 50 or deadline.over():
                    return None
                chosen = known if len(known) <= MOST_ROWS else rng.choice(known, MOST_ROWS, replace=False)
                left = deadline.remaining()
                x, y = _without(inputs[chosen], column, shape), rows.values[chosen, column].astype(np.float64)
                if not column and not place:
                    _boosted(x, y, "first", seed, FEWEST)
                    trees = _affordable(left, left - deadline.remaining(), shape.numbers * folds)
                    if trees < FEWEST:
                        return None
                model |= _boosted(x, y, f"{column}-{place}-mean", seed, trees)
                own = np.flatnonzero((fold == place) & rows.known[:, column])
                forecast = _predicted(model, _without(inputs[own], column, shape), f"{column}-{place}-mean")
                off[own] = np.abs(rows.values[own, column] - forecast)
            self._spreads(model, inputs, off, fold, column, shape, seed, rng, max(trees * SPREADS // TREES, 1))
        return model

    def _spreads(
        self, model: Arrays, inputs: Array, off: Array, fold: Array, column: int, shape: Shape, seed: int, rng: Any, trees: int
    ) -> None:
        for place in range(int(fold.max()) + 1):
            known = np.flatnonzero((fold != place) & np.isfinite(off))
            chosen = known if len(known) <= MOST_ROWS else rng.choice(known, MOST_ROWS, replace=False)
            x, name = _without(inputs[chosen], column, shape), f"{column}-{place}"
            model |= _boosted(x, np.log(off[chosen] + LEAST / 4), f"{name}-spread", seed, trees)
            spread = np.exp(_predicted(model, x, f"{name}-spread"))
            model[f"{name}-factor"] = np.array(float(np.median(off[chosen] / spread)) * 1.4826)

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


def _affordable(left: float, few: float, models: int) -> int:
    """Return how many trees each model may have, from the time that a few took."""
    each = max(few, 1e-6) / FEWEST * (1.0 + SPREADS / TREES)
    return TREES if np.isinf(left) else int(min(LEARN * (left - few) / (each * models), TREES))


def past_of(rows: Rows, shape: Shape) -> Array:
    """Return what a row is forecast from: this row's values, the calendar, lags and a median of the last three steps of all numbers.

    Steps that were not observed have no values: NaN.
    """
    values = np.where(rows.known, rows.values, np.nan).astype(np.float64)
    order = np.arange(len(values)) if rows.order is None else rows.order
    lags = (*NEAR, *(() if rows.grid is None else rows.grid.seasons))
    parts = [before(values[:, : shape.numbers], order, lag) for lag in lags]
    parts.append(np.median(np.stack(parts[: len(NEAR)]), axis=0))
    return np.concatenate([values, rows.moments, *parts], axis=1)


def _without(inputs: Array, column: int, shape: Shape) -> Array:
    """Hide the value that is to be forecast."""
    hidden = inputs.copy()
    hidden[:, column] = np.nan
    return hidden


def _boosted(x: Array, y: Array, name: str, seed: int, trees: int) -> Arrays:
    boosting = HistGradientBoostingRegressor(max_iter=trees, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False, random_state=seed)
    boosting.fit(np.where(np.isnan(x).all(axis=0), 0.0, x), y)  # a column without any value is not split
    none = np.zeros((0, 8), dtype=np.uint32)
    found = from_boosting(boosting._predictors, none, np.zeros(x.shape[1], dtype=np.uint32))
    return {f"{name}-{part}": values for part, values in found.items()} | {f"{name}-base": np.asarray(boosting._baseline_prediction)}


def _predicted(model: Arrays, x: Array, name: str) -> Array:
    parts = ("nodes", "starts", "bitsets", "known", "feature_map")
    total = np.zeros((len(x), 1))
    add_trees({part: model[f"{name}-{part}"] for part in parts}, np.ascontiguousarray(x, dtype=np.float64), total)
    return total[:, 0] + float(np.ravel(model[f"{name}-base"])[0])
