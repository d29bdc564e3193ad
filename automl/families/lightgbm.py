"""Gradient boosted trees of LightGBM: the strongest single model on many tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.budget import Deadline
from automl.families._boosting import FEW_LEVELS, MOST_LEVELS, BoostingFamily, Problem, quicker
from automl.families._trees import from_lightgbm
from automl.families.base import Config, Tags
from automl.preprocessing.base import Spec

PATIENCE = 30
FEW_ROWS = 10_000  # below, random thresholds and strong penalties do better than the best split
FIRST_STEP = 10  # iterations after which their pace is known


class LightGBM(BoostingFamily):
    """Histogram gradient boosting (Ke et al., 2017, LightGBM: A highly efficient gradient boosting decision tree).

    LightGBM grows the trees, and is not asked again: they are kept as plain arrays, which predict without it.
    """

    name = "lightgbm"
    title = "Gradient boosted trees (LightGBM)"
    tags = Tags(kind="tree", library="lightgbm")
    cells_per_second = 700_000

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare LightGBM's own parameters, by its names, and the widest column that is split by sets of levels."""
        few = spec.rows < FEW_ROWS
        hp.Float("learning_rate", 0.01, 0.3, sampling="log", default=0.03 if few else 0.05)
        hp.Choice("num_leaves", [4, 8, 15, 31, 63, 127], default=15 if few else 31)
        hp.Choice("min_data_in_leaf", [2, 5, 10, 20, 50, 100], default=5 if few else 20)
        hp.Float("lambda_l2", 1e-3, 100.0, sampling="log", default=1e-3 if few else 1.0)
        hp.Float("feature_fraction", 0.2, 1.0, step=0.1, default=0.7 if few else 0.8)
        hp.Float("bagging_fraction", 0.5, 1.0, step=0.1, default=1.0)
        hp.Choice("path_smooth", [0.0, 1.0, 5.0, 20.0], default=0.0)
        hp.Boolean("extra_trees", default=few)
        hp.Choice("num_iterations", [100, 300, 1000, 3000], default=3000)
        hp.Choice("set_levels", [0, FEW_LEVELS, MOST_LEVELS], default=FEW_LEVELS)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and what adds most to it in an ensemble (no source; measured out of fold on nine tables, see CHANGELOG)."""
        large = {"num_leaves": 127, "min_data_in_leaf": 2, "feature_fraction": 0.4, "bagging_fraction": 0.8, "path_smooth": 20.0}
        smooth = {"num_leaves": 31, "min_data_in_leaf": 50, "feature_fraction": 0.5, "bagging_fraction": 0.9, "path_smooth": 20.0}
        small = {"num_leaves": 15, "min_data_in_leaf": 5, "learning_rate": 0.08, "lambda_l2": 30.0, "feature_fraction": 0.5}
        if spec.rows < FEW_ROWS:
            best_splits = {"extra_trees": False, "learning_rate": 0.05, "num_leaves": 8, "min_data_in_leaf": 20, "lambda_l2": 10.0}
            return [
                {},
                {**best_splits, "feature_fraction": 0.5},
                {**smooth, "set_levels": MOST_LEVELS},
                {**large, "extra_trees": False, "num_leaves": 63, "path_smooth": 5.0, "set_levels": MOST_LEVELS},
                {"num_leaves": 8, "learning_rate": 0.12, "feature_fraction": 0.4},
            ]
        return [
            {},
            {"feature_fraction": 0.6, "path_smooth": 5.0, "lambda_l2": 1e-3},
            {**large, "set_levels": 0},
            {**small, "set_levels": MOST_LEVELS},
            {"extra_trees": True, "min_data_in_leaf": 5, "feature_fraction": 1.0, "path_smooth": 1.0, "set_levels": MOST_LEVELS},
        ]

    def grow(self, config: Config, problem: Problem, *, deadline: Deadline, seed: int, threads: int) -> Mapping[str, Any]:
        """Grow one tree for each output at a time until they stop helping or the deadline comes."""
        import lightgbm

        options = _options(config, problem, seed, threads)
        columns = list(range(problem.by_code))
        learn, aside = ~problem.aside, problem.aside
        given = {"categorical_feature": columns, "params": options}
        rows = lightgbm.Dataset(problem.inputs[learn], problem.target[learn], **given)
        model = lightgbm.Booster(options, rows)
        if problem.early:
            model.add_valid(lightgbm.Dataset(problem.inputs[aside], problem.target[aside], reference=rows, **given), "aside")
        best = _grow(model, config, problem, deadline)
        text = model.model_to_string(num_iteration=best)
        outputs = model.num_model_per_iteration()
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


def _grow(model: Any, config: Config, problem: Problem, deadline: Deadline) -> int:
    """Grow the trees of `model`; return after how many iterations it was best on the rows set aside."""
    rate = float(config["learning_rate"])
    limit = problem.trees(int(config["num_iterations"]), rate)
    started, best, lowest = deadline.budget.elapsed(), 0, np.inf
    for grown in range(1, limit + 1):
        exhausted = model.update()
        if problem.early:
            loss = model.eval_valid()[0][2]
            best, lowest = (grown, loss) if loss < lowest else (best, lowest)
        if exhausted or deadline.over() or (problem.early and grown - best >= PATIENCE):
            break
        if problem.early and grown == FIRST_STEP and deadline.budget.timed:
            each = max((deadline.budget.elapsed() - started) / grown, 1e-6)
            model.reset_parameter({"learning_rate": quicker(rate, grown + 0.9 * deadline.remaining() / each)})
    return max(best, 1) if problem.early else model.current_iteration()
