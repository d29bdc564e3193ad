"""Gradient boosted trees on histograms, as in scikit-learn: what takes LightGBM's place where that cannot be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.budget import Deadline
from automl.families._boosting import FEW_LEVELS, MOST_LEVELS, BoostingFamily, Problem, quicker
from automl.families._trees import from_boosting
from automl.families.base import Config, Tags
from automl.preprocessing.base import Spec

PATIENCE = 20
FIRST_STEP = 10


class HistGradientBoosting(BoostingFamily):
    """Histogram gradient boosting (Ke et al., 2017, LightGBM) as in scikit-learn, with missing values and categories of its own.

    It is tried where LightGBM is not at hand, or where it is asked for by name: the same trees take two to three times as long here.
    """

    name = "hist_gradient_boosting"
    title = "Gradient boosted trees (scikit-learn)"
    tags = Tags(kind="tree", stands_in_for="lightgbm")
    cells_per_second = 300_000

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare learning rate, size of the trees, penalties, share of columns per split, and the widest column that sets split."""
        few = spec.rows < 10_000
        hp.Float("learning_rate", 0.01, 0.3, sampling="log", default=0.05 if few else 0.06)
        hp.Choice("max_leaf_nodes", [4, 8, 15, 31, 63, 127], default=8 if few else 31)
        hp.Choice("min_samples_leaf", [3, 5, 10, 20, 50, 100], default=20)
        hp.Float("l2_regularization", 1e-3, 100.0, sampling="log", default=10.0 if few else 1.0)
        hp.Float("max_features", 0.2, 1.0, step=0.1, default=0.5 if few else 1.0)
        hp.Choice("max_iter", [100, 300, 1000, 2000], default=1000)
        hp.Choice("set_levels", [0, FEW_LEVELS, MOST_LEVELS], default=FEW_LEVELS)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and what adds most to it in an ensemble (no source; measured out of fold on nine tables, see CHANGELOG)."""
        varied = {"max_leaf_nodes": 31, "max_features": 0.3, "min_samples_leaf": 5, "set_levels": MOST_LEVELS}
        slow = {"learning_rate": 0.03, "max_leaf_nodes": 63, "l2_regularization": 1.0, "max_features": 0.5}
        if spec.rows < 10_000:
            return [{}, varied, {"learning_rate": 0.03, "max_features": 0.3}, slow]
        small = {"learning_rate": 0.1, "max_leaf_nodes": 8, "l2_regularization": 10.0, "max_features": 0.3}
        return [{}, varied, {"max_leaf_nodes": 15}, slow, {"set_levels": 0}, small]

    def grow(self, config: Config, problem: Problem, *, deadline: Deadline, seed: int, threads: int) -> Mapping[str, Any]:
        """Grow trees in steps until they stop helping or the deadline comes."""
        model = _estimator(config, problem, seed)
        with threadpool_limits(threads, user_api="openmp"):
            best = _grow(model, config, problem, deadline)
        known, feature_map = model._bin_mapper.make_known_categories_bitsets()
        trees = from_boosting(model._predictors[:best], known, feature_map)
        return {**trees, "baseline": np.asarray(model._baseline_prediction, dtype=np.float64).ravel()}


def _estimator(config: Config, problem: Problem, seed: int) -> Any:
    """Return the estimator; wide tables get coarser bins and smaller trees, so that the histograms stay small."""
    kind = HistGradientBoostingClassifier if problem.spec.is_classification else HistGradientBoostingRegressor
    return kind(
        learning_rate=float(config["learning_rate"]),
        max_leaf_nodes=problem.leaves(int(config["max_leaf_nodes"])),
        min_samples_leaf=int(config["min_samples_leaf"]),
        l2_regularization=float(config["l2_regularization"]),
        max_features=float(config["max_features"]),
        max_bins=problem.bins,
        categorical_features=list(range(problem.by_code)) or None,
        early_stopping=problem.early,
        validation_fraction=None,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        warm_start=True,
        random_state=seed,
    )


def _grow(model: Any, config: Config, problem: Problem, deadline: Deadline) -> int:
    """Grow the trees of `model`; return after how many iterations it was best on the rows set aside."""
    rate, aside = float(config["learning_rate"]), problem.aside
    limit = problem.trees(int(config["max_iter"]), rate)
    watched = {"X_val": problem.inputs[aside], "y_val": problem.target[aside]} if problem.early else {}
    inputs, target = problem.inputs[~aside], problem.target[~aside]
    pace = _Pace(deadline)
    grown, step, raised = 0, 1 if deadline.budget.timed else limit, False
    while step:
        model.set_params(max_iter=min(grown + step, limit))
        started = deadline.budget.elapsed()
        model.fit(inputs, target, **watched)
        done, grown = model.n_iter_ - grown, model.n_iter_
        finished = grown < model.max_iter or grown == limit
        step = 0 if finished else pace.next_step(done, deadline.budget.elapsed() - started)
        if step and problem.early and not raised and pace.each is not None:
            raised = True
            model.set_params(learning_rate=quicker(rate, grown + pace.trees_left()))
    # The scores begin with the model that has no trees yet.
    return int(np.argmax(model.validation_score_)) if problem.early else grown


class _Pace:
    """Decides how many iterations the next step may take.

    Every step bins the rows again; the first step, of one iteration, tells what that costs.
    """

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self._overhead: float | None = None
        self.each: float | None = None  # seconds of an iteration, once a step of several was measured

    def trees_left(self) -> float:
        """Return how many more iterations the time allows."""
        return 0.9 * self.deadline.remaining() / (self.each or 1.0)

    def next_step(self, done: int, seconds: float) -> int:
        """Return the iterations of the next step after one of `done` iterations; 0 when there is no time for another."""
        left = 0.9 * self.deadline.remaining()
        if self._overhead is None:
            self._overhead, each = seconds, seconds / FIRST_STEP
        else:
            # The first step is slower than a later one; never believe that iterations cost next to nothing.
            each = self.each = max(seconds - self._overhead, 0.2 * seconds, 1e-6) / max(done, 1)
        allowed = min(max(self.deadline.chunk, 0.5, 3 * self._overhead), left) - self._overhead
        return min(int(allowed / each), 5 * max(done, FIRST_STEP)) if allowed > 0 else 0
