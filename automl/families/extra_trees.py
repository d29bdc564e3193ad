"""Extremely randomised trees: robust, quick and unlike the others, which is what an ensemble wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from automl.budget import Deadline
from automl.families._common import average, repeated
from automl.families._trees import TreeFamily, from_forest
from automl.families._walking import add_trees
from automl.families.base import Config, Floats, Tags
from automl.preprocessing.base import Arrays, Spec

STEPS = ((50_000, 50), (1_000_000, 10), (float("inf"), 4))  # below so many rows × columns: trees between two looks at the clock
MOST_NODES = 400_000  # of one forest: 22 MB
ROWS_PER_TREE = 100_000  # with more rows every tree learns from a sample of so many
CELLS = 100_000_000  # rows × columns: 400 MB


class ExtraTrees(TreeFamily):
    """Extremely randomised trees (Geurts et al., 2006): random thresholds, the mean of many trees.

    Missing values are split natively; categories enter by frequency. The number of leaves is capped so that a forest stays small.
    """

    name = "extra_trees"
    title = "Extremely randomised trees"
    tags = Tags(kind="tree", rank=1)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the number of trees, the share of columns per split, the size of leaves and, for classes, the criterion."""
        hp.Choice("n_estimators", [50, 100, 200], default=100)  # of one fold: together the folds have several times as many
        hp.Choice("max_features", ["sqrt", "0.3", "0.5", "0.75", "1.0"], default="sqrt" if spec.is_classification else "0.75")
        hp.Choice("min_samples_leaf", [1, 2, 3, 5, 10, 20], default=5 if spec.is_classification else 2)
        if spec.is_classification:
            hp.Choice("criterion", ["gini", "entropy"], default="gini")

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default, then others in the share of columns and the size of leaves (0.75: AutoGluon's portfolio, XT_r42)."""
        if spec.is_classification:
            return [{}, {"max_features": "0.75"}, {"max_features": "0.5", "min_samples_leaf": 10, "criterion": "entropy"}]
        return [{}, {"max_features": "1.0", "min_samples_leaf": 3}, {"max_features": "0.5", "min_samples_leaf": 1}]

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Grow trees, a few at a time, until all are grown or the deadline comes."""
        if deadline.over():
            return None
        inputs = _inputs(arrays)
        if len(np.unique(target)) < 2 or not inputs.shape[1]:
            return {"average": average(target, spec)}
        most = max(CELLS // inputs.shape[1], 1)
        if len(target) > most:
            rows = np.sort(np.random.default_rng(seed).choice(len(target), most, replace=False))
            inputs, target = inputs[rows], target[rows]
        wanted = int(config["n_estimators"])
        trees: list[Any] = []
        filler, step = _filler(inputs), next(trees for cells, trees in STEPS if inputs.size < cells)
        while len(trees) < wanted and not (trees and deadline.over()):
            # Each step has a seed of its own, so that the trees do not depend on when the deadline comes.
            forest = _estimator(config, inputs.shape, min(step, wanted - len(trees)), spec, seed + len(trees), threads).fit(inputs, target)
            trees += [one.tree_ for one in forest.estimators_]
        classes = {"classes": np.asarray(forest.classes_, dtype=np.int64)} if spec.is_classification else {}
        return {**from_forest(trees, inputs.shape[1]), **classes, "filler": filler, "rows": np.array(len(target))}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        rows = len(arrays["raw_numbers"])
        if "average" in model:
            return repeated(model["average"], rows)
        inputs = _inputs(arrays).astype(np.float64)
        np.copyto(inputs, model["filler"], where=np.isnan(inputs) & ~np.isnan(model["filler"]))
        mean = np.zeros((rows, model["leaves"].shape[1]))
        mean /= add_trees(model, inputs, mean)
        if not spec.is_classification:
            return mean
        shares = np.zeros((rows, spec.outputs))
        shares[:, model["classes"]] = mean
        # Leaves say "never" too easily: mix in one even pseudo-row among all that were learnt from.
        weight = 1.0 / (float(model["rows"]) + 1.0)
        return (1.0 - weight) * shares + weight / spec.outputs


def _inputs(arrays: Arrays) -> NDArray[np.float32]:
    """Return numbers beside category codes, which are in the order of frequency, (rows, columns)."""
    return np.hstack([arrays["raw_numbers"], arrays["categories"].astype(np.float32)])


def _filler(inputs: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what stands for a missing value in columns that were complete in training: the median; NaN where trees know what to do."""
    missing = np.isnan(inputs).any(axis=0)
    filler = np.full(inputs.shape[1], np.nan)
    if not missing.all():
        filler[~missing] = np.median(inputs[:, ~missing], axis=0)
    return filler


def _estimator(config: Config, shape: tuple[int, ...], trees: int, spec: Spec, seed: int, threads: int = 1) -> Any:
    """Return a forest of `trees` trees that stays below the cap on nodes."""
    features = str(config["max_features"])
    sample = {"bootstrap": True, "max_samples": ROWS_PER_TREE} if shape[0] > ROWS_PER_TREE else {}
    options: dict[str, Any] = {
        "n_estimators": trees,
        "max_features": features if features == "sqrt" else float(features),
        "min_samples_leaf": int(config["min_samples_leaf"]),
        "max_leaf_nodes": max(MOST_NODES // (2 * int(config["n_estimators"])), 2),
        "n_jobs": threads,
        "random_state": seed,
        **sample,
    }
    return ExtraTreesClassifier(criterion=config["criterion"], **options) if spec.is_classification else ExtraTreesRegressor(**options)
