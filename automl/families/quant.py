"""QUANT: quantiles of intervals and extremely randomised trees, the baseline that networks for series must beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from automl.budget import Deadline
from automl.families._common import average, repeated
from automl.families._series_features import FEATURES, SeriesFeatures
from automl.families._sklearn import FittedSklearn
from automl.families._trees import check_trees, from_forest
from automl.families._walking import add_trees, walk_seconds
from automl.families.base import Config, Floats, Tags, Trained
from automl.preprocessing.base import Arrays, Spec, State
from automl.preprocessing.series import interval_quantiles

MOST_FEATURES = 8_000
CELLS = 1e8  # rows × features: 400 MB
STEPS = ((50_000, 50), (1_000_000, 10), (float("inf"), 2))  # below so many rows × features: trees between two looks at the clock
MOST_NODES = 400_000  # of one forest


class Quant(SeriesFeatures):
    """Quantiles of dyadic intervals of a series, its differences and its spectrum, read by extremely randomised trees.

    Source: Dempster, Schmidt and Webb (2024, arXiv:2308.00928), 200 trees that look at a tenth of the features. The columns of the table
    stand beside the quantiles, so that mixed tables are read whole.
    """

    name = "quant"
    title = "Quantiles of intervals with trees"
    tags = Tags(kind="tree", inputs=frozenset({"series"}), rank=0)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the number of trees, the share of features per split, the size of leaves and, for classes, the criterion."""
        hp.Choice("n_estimators", [100, 200], default=200)
        hp.Choice("max_features", ["sqrt", "0.05", "0.1", "0.3"], default="0.1")
        hp.Choice("min_samples_leaf", [1, 2, 5], default=1)
        if spec.is_classification:
            hp.Choice("criterion", ["gini", "entropy"], default="entropy")

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the authors' choice, then other shares of features and larger leaves."""
        return [{}, {"max_features": "0.3"}, {"max_features": "sqrt", "min_samples_leaf": 2}]

    def prepare(self, arrays: Arrays, seed: int) -> Arrays:
        """Decide how many quantiles the memory allows."""
        return {"made_most": np.array(int(min(MOST_FEATURES, max(CELLS / max(len(arrays["series"]), 1), 200))))}

    def features(self, prepared: Mapping[str, Any], arrays: Arrays) -> NDArray[np.float32]:
        """Return the quantiles beside the columns of the table; missing values are far below all others."""
        found = interval_quantiles(arrays["series"], most=int(prepared["made_most"]))
        table = np.nan_to_num(arrays["raw_numbers"], nan=-1e9) if "raw_numbers" in arrays else np.zeros((len(found), 0), np.float32)
        codes = arrays["categories"] if "categories" in arrays else np.zeros((len(found), 0), np.float32)
        return np.hstack([found, np.clip(table, -1e9, 1e9), codes]).astype(np.float32)

    def row_work(self, spec: Spec) -> float:
        """Return what sorting the intervals of a row takes, as measured on one core."""
        return float(np.prod(spec.shape_of("series") or (1, 1))) * 4e-6

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Grow trees, a few at a time, until all are grown or the deadline comes."""
        if deadline.over():
            return None
        inputs, wanted = arrays[FEATURES], int(config["n_estimators"])
        if len(np.unique(target)) < 2:
            return {"average": average(target, spec)}
        trees: list[Any] = []
        step = next(count for cells, count in STEPS if inputs.size < cells)
        while len(trees) < wanted and not (trees and deadline.over()):
            # Each step has a seed of its own, so that the trees do not depend on when the deadline comes.
            forest = _estimator(config, min(step, wanted - len(trees)), spec, seed + len(trees), threads).fit(inputs, target)
            trees += [one.tree_ for one in forest.estimators_]
        classes = {"classes": np.asarray(forest.classes_, dtype=np.int64)} if spec.is_classification else {}
        return {**from_forest(trees, inputs.shape[1]), **classes, "rows": np.array(len(target)), "width": np.array(inputs.shape[1])}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        rows = len(arrays[FEATURES])
        if "average" in model:
            return repeated(model["average"], rows)
        mean = np.zeros((rows, model["leaves"].shape[1]))
        mean /= add_trees(model, arrays[FEATURES].astype(np.float64), mean)
        if not spec.is_classification:
            return mean
        shares = np.zeros((rows, spec.outputs))
        shares[:, model["classes"]] = mean
        weight = 1.0 / (float(model["rows"]) + 1.0)  # leaves say "never" too easily: one even pseudo-row is mixed in
        return (1.0 - weight) * shares + weight / spec.outputs

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what the features of a row and the trees of all folds take."""
        return self.row_work(spec) + sum(walk_seconds(model) for model in trained.models if "starts" in model)

    def restore(self, state: State, spec: Spec) -> Any:
        """Rebuild the predictor after checking that no tree leaves its arrays."""
        fitted = super().restore(state, spec)
        heads: FittedSklearn = fitted.heads
        for model in heads.models:
            if "nodes" in model:
                check_trees(model, int(model["width"]))
        return fitted


def _estimator(config: Config, trees: int, spec: Spec, seed: int, threads: int) -> Any:
    share = str(config["max_features"])
    options: dict[str, Any] = {
        "n_estimators": trees,
        "max_features": share if share == "sqrt" else float(share),
        "min_samples_leaf": int(config["min_samples_leaf"]),
        "max_leaf_nodes": max(MOST_NODES // (2 * int(config["n_estimators"])), 2),
        "n_jobs": threads,
        "random_state": seed,
    }
    return ExtraTreesClassifier(criterion=config["criterion"], **options) if spec.is_classification else ExtraTreesRegressor(**options)
