"""Gradient boosted trees on histograms: the strongest single model on many tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.budget import Deadline
from automl.families._common import average, repeated, set_aside, softmax
from automl.families._trees import TreeFamily, add_trees, from_boosting
from automl.families.base import Config, Floats, Tags
from automl.preprocessing.base import Arrays, Spec

FEW_LEVELS = 19  # in sets of more levels trees find noise (flights by destination: 1.7 % more RMSE than by frequency)
MOST_LEVELS = 254  # of a column that is split by sets of levels; scikit-learn holds such sets in 256 bits
EARLY_STOPPING_FROM = 1_500  # rows; below, a tenth of them says more about luck than about the number of trees
SHRINKAGE = 6.0  # learning rate × trees where the number of trees is fixed
PATIENCE = 20
WANTED = 17.0  # learning rate × trees that boosting usually needs, where the number of trees is found by early stopping
QUICKEST, QUICKER = 0.2, 3.0  # the highest learning rate, and the most that a configuration's is multiplied by, where time is short
CELLS = 100_000_000  # rows × columns: 800 MB as scikit-learn holds them
CELLS_PER_SECOND = 300_000  # on which a core grows 200 trees in a second, roughly: many trees on a sample beat few on all rows
FEWEST_CELLS = 1_000_000
HISTOGRAMS = 300_000_000  # bytes of histograms that the leaves of one tree may need
FIRST_STEP = 10


class HistGradientBoosting(TreeFamily):
    """Histogram gradient boosting (Ke et al., 2017, LightGBM) as in scikit-learn, with missing values and categories of its own.

    The number of trees is chosen on a tenth of the learning rows. The fold's validation rows stay unseen, since they judge.
    """

    name = "hist_gradient_boosting"
    title = "Gradient boosted trees"
    tags = Tags(kind="tree")

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

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Grow trees in steps until they stop helping or the deadline comes."""
        if deadline.over():
            return None
        rng = np.random.default_rng(seed)
        width = spec.raw_numbers + len(spec.categories)
        most = _most_cells(spec, deadline) // max(width, 1)
        if len(target) > most:
            rows = np.sort(rng.choice(len(target), most, replace=False))
            arrays, target = {name: values[rows] for name, values in arrays.items()}, target[rows]
        early = len(target) >= EARLY_STOPPING_FROM
        aside = set_aside(target, spec, 0.1, rng) if early else np.zeros(len(target), dtype=bool)
        layout = _layout({name: values[~aside] for name, values in arrays.items()}, spec, int(config["set_levels"]))
        inputs = _inputs(layout, arrays)
        if len(np.unique(target)) < 2 or not inputs.shape[1]:
            return {"average": average(target, spec)}
        model = _estimator(config, inputs.shape[1], len(layout["by_code"]), spec, early, seed)
        with threadpool_limits(threads, user_api="openmp"):
            best = _grow(model, config, inputs, target, aside, deadline)
        known, feature_map = model._bin_mapper.make_known_categories_bitsets()
        trees = from_boosting(model._predictors[:best], known, feature_map)
        classes = {"classes": np.asarray(model.classes_, dtype=np.int64)} if spec.is_classification else {}
        return {**layout, **trees, **classes, "baseline": np.asarray(model._baseline_prediction, dtype=np.float64).ravel()}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        rows = len(arrays["raw_numbers"])
        if "average" in model:
            return repeated(model["average"], rows)
        raw = repeated(model["baseline"], rows)
        add_trees(model, _inputs(model, arrays), raw)
        if not spec.is_classification:
            return raw
        scores = np.full((rows, spec.outputs), -np.inf)
        # Of two classes, the trees score the second; the first has score 0.
        scores[:, model["classes"]] = raw if raw.shape[1] > 1 else np.hstack([np.zeros_like(raw), raw])
        return softmax(scores)


def _most_cells(spec: Spec, deadline: Deadline) -> int:
    """Return rows × columns that memory allows and that leave time for a few hundred trees."""
    if not deadline.budget.timed:
        return CELLS
    trees = spec.outputs if spec.outputs > 2 else 1
    return int(min(max(CELLS_PER_SECOND * deadline.remaining() / trees, FEWEST_CELLS), CELLS))


def _layout(arrays: Arrays, spec: Spec, most: int = MOST_LEVELS) -> dict[str, NDArray[Any]]:
    """Decide how the columns enter the trees, from the learning rows alone.

    Args:
        arrays: The learning rows.
        spec: The shapes.
        most: Levels of the widest column that is split by sets of levels.

    Returns:
        "by_code": category columns that are split by sets of levels; "codes" (columns, MOST_LEVELS + 2): the number of each of their
        codes, NaN where it is missing or has no rows; "by_order": the other category columns, split by frequency like numbers;
        "by_size": number columns.
    """
    codes = arrays["categories"]
    varies = [len(np.unique(column)) > 1 for column in codes.T]
    by_code = [place for place, count in enumerate(spec.categories) if varies[place] and count <= most + 2]
    table = np.full((len(by_code), MOST_LEVELS + 2), np.nan)
    for row, place in enumerate(by_code):
        seen = np.unique(codes[:, place])
        table[row, seen[seen > 0]] = np.arange((seen > 0).sum())
    numbers = arrays["raw_numbers"]
    by_size = [place for place, column in enumerate(numbers.T) if _varies(column)]
    return {
        "by_code": np.array(by_code, dtype=np.int64),
        "codes": table,
        "by_order": np.array([place for place in range(len(varies)) if varies[place] and place not in set(by_code)], dtype=np.int64),
        "by_size": np.array(by_size, dtype=np.int64),
    }


def _varies(column: NDArray[Any]) -> bool:
    """Whether a column tells rows apart; one that is always missing, or always the same, does not."""
    missing = np.isnan(column)
    known = column[~missing]
    return len(known) > 0 and (bool(missing.any()) or bool((known != known[0]).any()))


def _inputs(layout: Mapping[str, Any], arrays: Arrays) -> NDArray[np.float64]:
    """Return the columns in the order of the trees: by code, by size, by order, (rows, columns)."""
    codes, numbers = arrays["categories"], arrays["raw_numbers"]
    by_code, by_size, by_order = layout["by_code"], layout["by_size"], layout["by_order"]
    inputs = np.empty((len(numbers), len(by_code) + len(by_size) + len(by_order)))
    for row, place in enumerate(by_code):
        inputs[:, row] = layout["codes"][row][codes[:, place]]
    inputs[:, len(by_code) : len(by_code) + len(by_size)] = numbers[:, by_size]
    ordered = codes[:, by_order].astype(np.float64)
    inputs[:, len(by_code) + len(by_size) :] = np.where(ordered == 0, np.nan, ordered)
    return inputs


def _estimator(config: Config, width: int, by_code: int, spec: Spec, early: bool, seed: int) -> Any:
    """Return the estimator; wide tables get coarser bins and smaller trees, so that the histograms stay small."""
    bins = 255 if width <= 1_000 or by_code else 63
    leaves = max(min(int(config["max_leaf_nodes"]), HISTOGRAMS // (width * bins * 20)), 3)
    kind = HistGradientBoostingClassifier if spec.is_classification else HistGradientBoostingRegressor
    return kind(
        learning_rate=float(config["learning_rate"]),
        max_leaf_nodes=leaves,
        min_samples_leaf=int(config["min_samples_leaf"]),
        l2_regularization=float(config["l2_regularization"]),
        max_features=float(config["max_features"]),
        max_bins=bins,
        categorical_features=list(range(by_code)) or None,
        early_stopping=early,
        validation_fraction=None,
        n_iter_no_change=PATIENCE,
        tol=0.0,
        warm_start=True,
        random_state=seed,
    )


def _grow(model: Any, config: Config, inputs: NDArray[Any], target: NDArray[Any], aside: NDArray[Any], deadline: Deadline) -> int:
    """Grow the trees of `model`; return after how many iterations it was best on the rows set aside."""
    early = bool(aside.any())
    limit = int(config["max_iter"]) if early else min(int(config["max_iter"]), int(np.ceil(SHRINKAGE / float(config["learning_rate"]))))
    watched = {"X_val": inputs[aside], "y_val": target[aside]} if early else {}
    inputs, target = inputs[~aside], target[~aside]
    pace = _Pace(deadline)
    grown, step, quicker = 0, 1 if deadline.budget.timed else limit, False
    while step:
        model.set_params(max_iter=min(grown + step, limit))
        started = deadline.budget.elapsed()
        model.fit(inputs, target, **watched)
        done, grown = model.n_iter_ - grown, model.n_iter_
        finished = grown < model.max_iter or grown == limit
        step = 0 if finished else pace.next_step(done, deadline.budget.elapsed() - started)
        if step and early and not quicker and pace.each is not None:
            # Too few trees for this learning rate fit into the time: a higher one from here on does more than an early end.
            quicker, rate = True, float(config["learning_rate"])
            model.set_params(learning_rate=max(min(WANTED / (grown + pace.trees_left()), QUICKER * rate, QUICKEST), rate))
    # The scores begin with the model that has no trees yet.
    return int(np.argmax(model.validation_score_)) if early else grown


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
