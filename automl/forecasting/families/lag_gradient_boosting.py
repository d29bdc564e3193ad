"""Gradient boosted trees on lags, calendar and covariates: one model for all series and all steps ahead."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.budget import Deadline
from automl.families._trees import check_trees, from_boosting
from automl.families._walking import add_trees
from automl.families.base import Config, FittedFamily
from automl.forecasting.base import ForecastFamily, Payload, WindowData, forecasting
from automl.forecasting.conformal import ordered
from automl.forecasting.lags import Rows, lag_rows, rows_of, sample_rows, size_of
from automl.forecasting.world import Windows
from automl.preprocessing.base import Spec, State

Array = NDArray[Any]
TRIAL_ROWS = 15_000  # that a few trees are grown on, to see how quick the machine is
SHARE = 0.55  # of the time that is planned for the trees: columns, the size of the errors and forecasts take the rest
MORE_TIME, LATEST = 0.12, 0.7  # of the budget: what trees may take beyond their slice, and until when
LEAST_ROWS, FEWEST_TREES = 15_000, 60
FIRST_STEP, QUICKEST = 10, 0.25  # trees that tell how long a tree takes; the highest learning rate
ASIDE = 0.15  # of the rows: they measure the spread
SPREAD_TREES = 60
BLOCK = 60_000  # rows that are forecast at once


class LagGradientBoosting(ForecastFamily):
    """Direct forecasts for every step ahead by one histogram gradient boosting, with a second one for the size of the error.

    Each row is a step of a window: how far ahead, the values of the same place in earlier seasons, means of the recent past, the last
    year, calendar, covariates now and then; all relative to the recent mean and spread of the series. A row's origin lies anywhere
    before it, so that the model knows how the worth of recent values fades with the distance. Quantiles are the forecast plus the
    predicted size of its error times the quantiles of the scaled errors on rows set aside.
    """

    name = "lag_gradient_boosting"
    title = "Gradient boosted trees on lags"
    tags = forecasting("tree")

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the size of the trees, how many, and what they minimise."""
        hp.Float("learning_rate", 0.02, 0.2, sampling="log", default=0.06)
        hp.Choice("max_leaf_nodes", [8, 15, 31, 63, 127], default=31)
        hp.Choice("min_samples_leaf", [5, 20, 60, 200], default=20)
        hp.Float("l2_regularization", 1e-3, 100.0, sampling="log", default=1.0)
        hp.Float("max_features", 0.2, 1.0, step=0.1, default=0.5)
        hp.Choice("max_iter", [100, 200, 400, 800], default=200)
        hp.Choice("loss", ["squared_error", "absolute_error"], default="squared_error")
        hp.Choice("rows", [50_000, 150_000, 400_000], default=150_000)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return what was best on the backtests of several data sets; see the changelog."""
        large = {"max_iter": 400, "max_leaf_nodes": 63, "rows": 400_000}
        return [{}, {"loss": "absolute_error", "max_leaf_nodes": 63}, large, {"learning_rate": 0.03, "max_iter": 400, "max_features": 0.3}]

    def fit(self, config: Config, data: WindowData, *, deadline: Deadline, seed: int) -> Payload | None:
        """Grow the trees for the forecast, then those for the size of its error."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        rng, horizon = np.random.default_rng(seed), data.judged.horizon
        rows = sample_rows(data.world, data.cut, horizon, _most_rows(config, deadline), rng)
        if len(rows) < 30:
            return None
        x, _, _ = lag_rows(rows, horizon)
        mean, spread = size_of(data.world, rows.series, rows.origin, horizon)
        y = np.clip((rows.target() - mean) / spread, -30.0, 30.0)
        aside = _aside(rows, rng)
        for part in (aside, ~aside):  # scikit-learn cannot cut a column without any value, such as a covariate a year ago, into bins
            x[np.ix_(part, np.isnan(x[part]).all(axis=0))] = 0.0
        leaves = int(min(int(config["max_leaf_nodes"]), max(len(y) // 40, 3)))
        shared = {"max_leaf_nodes": leaves, "early_stopping": False, "random_state": seed, "max_features": float(config["max_features"])}
        model = HistGradientBoostingRegressor(
            loss=str(config["loss"]),
            learning_rate=float(config["learning_rate"]),
            min_samples_leaf=int(min(int(config["min_samples_leaf"]), max(len(y) // 20, 2))),
            l2_regularization=float(config["l2_regularization"]),
            warm_start=True,
            **shared,
        )
        threads = _pace(deadline)[0] if deadline.budget.timed else 1
        with threadpool_limits(threads, user_api="openmp"):
            if not _grow(model, int(config["max_iter"]), x[~aside], y[~aside], deadline):
                return None
        error = y[aside] - model.predict(x[aside])
        floor = 0.05 * float(np.abs(error).mean()) + 1e-9
        size = HistGradientBoostingRegressor(max_iter=SPREAD_TREES, min_samples_leaf=50, l2_regularization=10.0, **shared)
        with threadpool_limits(threads, user_api="openmp"):
            size.fit(x[aside], np.log(np.abs(error) + floor))
        scaled = error / np.exp(size.predict(x[aside]))
        tails = np.quantile(scaled, np.linspace(0.1, 0.9, 9)) - np.median(scaled)
        known: dict[str, Any] = {"tails": tails, "columns": np.array([x.shape[1]])}
        for name, fitted in (("mean", model), ("size", size)):
            bitsets = fitted._bin_mapper.make_known_categories_bitsets()
            trees = from_boosting(fitted._predictors, *bitsets)
            known |= {f"{name}_{part}": values for part, values in trees.items()}
            known[f"{name}_base"] = np.asarray(fitted._baseline_prediction, np.float64).ravel()
        return known

    def forecast(self, config: Config, payload: Payload, windows: Windows) -> Array:
        """Walk the trees for every step of every window."""
        horizon, each = windows.horizon, max(BLOCK // windows.horizon, 1)
        parts = []
        for start in range(0, len(windows), each):
            part = windows.take(np.arange(start, min(start + each, len(windows))))
            rows = rows_of(part.world, part.series, part.origin, horizon)
            x = np.ascontiguousarray(lag_rows(rows, horizon)[0], np.float64)
            mean, spread = size_of(part.world, rows.series, rows.origin, horizon)
            median, size = (_walk(payload, name, x) for name in ("mean", "size"))
            quantiles = median[:, None] + np.exp(np.clip(size, -12.0, 5.0))[:, None] * payload["tails"]
            parts.append((mean[:, None] + spread[:, None] * quantiles).reshape(len(part), horizon, -1))
        return ordered(np.concatenate(parts))

    def restore(self, state: State, spec: Spec) -> FittedFamily:
        """Rebuild the trees after checking that none points outside of its arrays."""
        for place, entry in enumerate(state.json["parts"]):
            arrays = {name: state.arrays[f"{place}-{name}"] for name in entry["arrays"]}
            for name in ("mean", "size"):
                check_trees(_trees(arrays, name), int(arrays["columns"][0]))
        return super().restore(state, spec)


def _most_rows(config: Config, deadline: Deadline) -> int:
    """Return the rows on which the trees can probably be grown in the time that is left."""
    if not deadline.budget.timed:
        return int(config["rows"])
    effort = (1.5 if config["loss"] == "absolute_error" else 1.0) * (int(config["max_leaf_nodes"]) / 31) ** 0.5
    trees = max(FEWEST_TREES, int(config["max_iter"]) // 2)  # where time is short, fewer trees at a higher rate beat fewer rows
    pace = _pace(deadline)[1] / (trees * effort)
    return int(np.clip(SHARE * deadline.remaining() * pace, LEAST_ROWS, int(config["rows"])))


_MEASURED: dict[str, tuple[int, float]] = {}


def _pace(deadline: Deadline) -> tuple[int, float]:
    """Return how many threads are quickest here, and how many rows × trees a second they manage; measured once in a process.

    On a machine that does other work, threads that wait for each other at every split are slower than one alone.
    """
    if "pace" not in _MEASURED:
        from sklearn.ensemble import HistGradientBoostingRegressor

        clock, rng = deadline.budget.clock, np.random.default_rng(0)
        x = rng.normal(size=(TRIAL_ROWS, 40)).astype(np.float32)
        y = x[:, 0] + rng.normal(size=TRIAL_ROWS)
        found = []
        for threads in sorted({1, os.cpu_count() or 1}):
            with threadpool_limits(threads, user_api="openmp"):
                started = clock()
                HistGradientBoostingRegressor(max_iter=FIRST_STEP, early_stopping=False).fit(x, y)
            found.append((TRIAL_ROWS * FIRST_STEP / max(clock() - started, 1e-3), threads))
        speed, threads = max(found)
        _MEASURED["pace"] = (threads, speed)
    return _MEASURED["pace"]


def _grow(model: Any, most: int, x: Array, y: Array, deadline: Deadline) -> bool:
    """Grow trees in steps; where time is short, fewer trees at a higher rate. Return whether there are any."""
    budget, grown, wanted, each = deadline.budget, 0, most, 0.0
    clock = budget.clock
    # A dozen trees are no model: on a machine that is slower than was thought, some more time is well spent, while there is any.
    least = budget.deadline(LATEST, MORE_TIME * budget.limit) if budget.timed else deadline
    while grown < wanted:
        left = max(deadline.remaining(), least.remaining()) * 0.8
        if grown and left < each:
            break
        step = FIRST_STEP if grown == 0 else max(int(min(wanted - grown, max(deadline.chunk, 1.0) / max(each, 1e-6))), FIRST_STEP)
        step = min(step, wanted - grown) if deadline.budget.timed else wanted
        started = clock()
        model.set_params(max_iter=grown + step).fit(x, y)
        each, grown = (clock() - started) / step, grown + step
        if grown == FIRST_STEP and deadline.budget.timed:
            wanted = int(np.clip(0.9 * left / max(each, 1e-6), FIRST_STEP, most))
            model.set_params(learning_rate=float(min(model.learning_rate * most / wanted, max(QUICKEST, model.learning_rate))))
    return grown > 0


def _trees(payload: Payload, name: str) -> Payload:
    return {part: payload[f"{name}_{part}"] for part in ("nodes", "starts", "bitsets", "known", "feature_map")}


def _walk(payload: Payload, name: str, x: Array) -> Array:
    total = np.repeat(payload[f"{name}_base"][None, :], len(x), axis=0)
    add_trees(_trees(payload, name), x, total)
    return total[:, 0]


def _aside(rows: Rows, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose rows that measure the spread: whole stretches of time, because neighbours in time resemble each other."""
    length = max(int(rows.column.max() - rows.column.min() + 1) // 40, 1)
    stretch = rows.series * 1009 + rows.column // length
    numbers, place = np.unique(stretch, return_inverse=True)
    chosen = rng.random(len(numbers)) < ASIDE
    aside = chosen[place]
    if aside.sum() < 10 or (~aside).sum() < 10:
        aside = rng.random(len(rows)) < 0.3
        aside[:2] = (True, False)
    return np.asarray(aside)
