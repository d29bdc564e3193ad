"""Gradient boosted trees of LightGBM: the strongest single model on many tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families._boosting import ASIDE, FEW_LEVELS, MOST_LEVELS, BoostingFamily, Problem, quicker
from automl.families._trees import from_lightgbm
from automl.families.base import Config, Tags
from automl.preprocessing.base import Spec

PATIENCE = 30
FEW_ROWS = 10_000  # below, random thresholds and strong penalties do better than the best split
FAILURES = 20  # attempts in a row that found no split: then there is none
FIRST_STEP = 10  # iterations after which their pace is known
MORE = 1 / (1 - ASIDE)  # rows, and therefore trees, where those set aside are learnt from, too


class LightGBM(BoostingFamily):
    """Histogram gradient boosting (Ke et al., 2017, LightGBM: A highly efficient gradient boosting decision tree).

    LightGBM grows the trees, and is not asked again: they are kept as plain arrays, which predict without it.
    """

    name = "lightgbm"
    title = "Gradient boosted trees (LightGBM)"
    tags = Tags(kind="tree", library="lightgbm")
    precision = np.float32
    cells_per_second = 700_000

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare LightGBM's own parameters, by its names, and the widest column that is split by sets of levels."""
        few = spec.rows < FEW_ROWS
        hp.Float("learning_rate", 0.01, 0.3, sampling="log", default=0.03 if few else 0.05)
        hp.Choice("num_leaves", [4, 8, 15, 31, 63, 127], default=15 if few else 31)
        hp.Choice("min_data_in_leaf", [2, 5, 10, 20, 50, 100], default=5 if few else 20)
        hp.Float("lambda_l2", 1e-3, 100.0, sampling="log", default=1e-3)
        hp.Float("feature_fraction", 0.2, 1.0, step=0.1, default=0.7 if few else 0.6)
        hp.Float("bagging_fraction", 0.5, 1.0, step=0.1, default=1.0)
        hp.Choice("path_smooth", [0.0, 1.0, 5.0, 20.0], default=0.0 if few else 5.0)
        hp.Boolean("extra_trees", default=few)
        hp.Choice("num_iterations", [100, 300, 1000, 3000], default=3000)
        hp.Choice("set_levels", [0, FEW_LEVELS, MOST_LEVELS], default=FEW_LEVELS)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and what adds most to it in an ensemble (no source; measured out of fold on nine tables)."""
        large = {"num_leaves": 127, "min_data_in_leaf": 2, "feature_fraction": 0.4, "bagging_fraction": 0.8, "path_smooth": 20.0}
        smooth = {"num_leaves": 31, "min_data_in_leaf": 50, "feature_fraction": 0.5, "bagging_fraction": 0.9, "path_smooth": 20.0}
        if spec.rows < FEW_ROWS:
            best_splits = {"extra_trees": False, "learning_rate": 0.05, "num_leaves": 8, "min_data_in_leaf": 20, "lambda_l2": 10.0}
            return [
                {},
                {**best_splits, "feature_fraction": 0.5},
                {**smooth, "set_levels": MOST_LEVELS},
                {**large, "extra_trees": False, "num_leaves": 63, "path_smooth": 5.0, "set_levels": MOST_LEVELS},
                {"num_leaves": 8, "learning_rate": 0.12, "feature_fraction": 0.4},
            ]
        small = {"num_leaves": 15, "min_data_in_leaf": 5, "learning_rate": 0.08, "lambda_l2": 30.0, "feature_fraction": 0.5}
        random_splits = {"extra_trees": True, "min_data_in_leaf": 5, "lambda_l2": 1.0, "feature_fraction": 1.0, "path_smooth": 1.0}
        return [
            {},
            {**large, "lambda_l2": 1.0, "set_levels": 0},
            {**small, "path_smooth": 0.0, "set_levels": MOST_LEVELS},
            {"min_data_in_leaf": 5},
            {**random_splits, "set_levels": MOST_LEVELS},
        ]

    def grow(self, config: Config, problem: Problem, *, deadline: Deadline, seed: int, threads: int) -> Mapping[str, Any]:
        """Grow trees until they stop helping or the deadline comes, then, where there is time, as many again on all rows.

        To grow them again with the rows that chose their number lowered the loss out of fold on each of six tables, by 0.04 to 1.7 %.
        """
        options = _options(config, problem, seed, threads)
        grown = _grow(config, problem, options, deadline)
        text = (_grow_again(grown, problem, options, deadline) if problem.early else None) or grown.text
        outputs = options.get("num_class", 1)
        return {**from_lightgbm(text, problem.inputs.shape[1], problem.by_code), "baseline": np.zeros(outputs)}


def _options(config: Config, problem: Problem, seed: int, threads: int) -> dict[str, Any]:
    """Return LightGBM's parameters."""
    classes = len(np.unique(problem.target)) if problem.spec.is_classification else 0
    objective, metric = {0: ("regression", "l2"), 2: ("binary", "binary_logloss")}.get(classes, ("multiclass", "multi_logloss"))
    return {
        "objective": objective,
        "metric": metric if problem.early else "None",
        **({"num_class": classes} if classes > 2 else {}),
        "learning_rate": float(config["learning_rate"]),
        "num_leaves": problem.leaves(int(config["num_leaves"])),
        "min_data_in_leaf": int(config["min_data_in_leaf"]),
        "lambda_l2": float(config["lambda_l2"]),
        "feature_fraction": float(config["feature_fraction"]),
        "bagging_fraction": float(config["bagging_fraction"]),
        "bagging_freq": int(config["bagging_fraction"] < 1.0),
        "path_smooth": float(config["path_smooth"]),
        "extra_trees": bool(config["extra_trees"]),
        "max_bin": problem.bins,
        "num_threads": threads,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,  # without it LightGBM measures both ways at each start, and the faster one need not be the same twice
        "verbosity": -1,
    }


@dataclass(frozen=True)
class _Grown:
    """Trees whose number was chosen on rows set aside.

    Attributes:
        text: The model up to its best iteration.
        best: That iteration.
        begun: Seconds until the first iteration was done, reading the rows included.
        each: Seconds of a later one.
        hurried: Whether the learning rate was raised because the time was short.
    """

    text: str
    best: int
    begun: float
    each: float
    hurried: bool


def _rows(problem: Problem, which: NDArray[np.bool_] | slice, options: dict[str, Any], reference: Any = None) -> Any:
    """Return some of the rows as LightGBM holds them."""
    import lightgbm

    given = {"categorical_feature": list(range(problem.by_code)), "params": options, "reference": reference}
    return lightgbm.Dataset(problem.inputs[which], problem.target[which], **given)


def _iterations(model: Any, most: int, deadline: Deadline) -> Iterator[int]:
    """Let a model grow, and yield how many iterations it has after each attempt.

    An attempt fails where no split of the columns, thresholds or rows that were drawn is allowed; LightGBM calls that the end, but the next
    draw may find one. Only many failures in a row are the end.
    """
    failed = 0
    while model.current_iteration() < most and failed < FAILURES:
        failed = failed + 1 if model.update() else 0
        yield model.current_iteration()
        if deadline.over():
            return


def _grow(config: Config, problem: Problem, options: dict[str, Any], deadline: Deadline) -> _Grown:
    """Grow trees until they stop helping on the rows set aside, their number is reached, or the deadline comes."""
    import lightgbm

    now = deadline.budget.elapsed
    started = now()
    learn = _rows(problem, ~problem.aside if problem.early else slice(None), options)
    model = lightgbm.Booster(options, learn)
    if problem.early:
        model.add_valid(_rows(problem, problem.aside, options, learn), "aside")
    rate = float(config["learning_rate"])
    raised, best, lowest, begun, each = rate, 0, np.inf, 0.0, 0.0
    for attempt, grown in enumerate(_iterations(model, problem.trees(int(config["num_iterations"]), rate), deadline)):
        if not problem.early:
            continue
        loss = model.eval_valid()[0][2]
        best, lowest = (grown, loss) if loss < lowest else (best, lowest)
        if attempt == 0:
            begun = now() - started
        each = (now() - started - begun) / max(attempt, 1)
        if grown - best >= PATIENCE:
            break
        if attempt == FIRST_STEP and deadline.budget.timed:
            raised = quicker(rate, grown + 0.9 * deadline.remaining() / max(each, 1e-6))
            model.reset_parameter({"learning_rate": raised})
    best = max(best, 1) if problem.early else model.current_iteration()
    return _Grown(model.model_to_string(num_iteration=best), best, begun, each, raised > rate)


def _grow_again(grown: _Grown, problem: Problem, options: dict[str, Any], deadline: Deadline) -> str | None:
    """Grow the chosen number of trees on all rows; None where the time is too short."""
    import lightgbm

    trees = round(MORE * grown.best)
    if grown.hurried or MORE * (grown.begun + trees * grown.each) > deadline.remaining():
        return None
    model = lightgbm.Booster(options, _rows(problem, slice(None), options))
    for _ in _iterations(model, trees, deadline):
        pass
    return str(model.model_to_string()) if model.current_iteration() >= grown.best else None
