"""Fitted trees as flat arrays: small, quick to load, checked before they are used.

An estimator of scikit-learn keeps Python objects and all that training knew for each tree: storing 1,500 of them takes many
seconds. Here a whole ensemble of trees is one array of nodes, in the format of scikit-learn's histogram gradient boosting; `_walking.py`
predicts with it. These two files, and `_forest.py`, are the only ones that know private formats of trees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

from automl.errors import ArtifactError
from automl.families._sklearn import FittedSklearn, SklearnFamily
from automl.families._walking import walk_seconds
from automl.families.base import Trained, of_one_fold
from automl.preprocessing.base import Arrays, Spec, State


class TreeFamily(SklearnFamily):
    """A family whose models are ensembles of trees: checks the trees when a model is restored."""

    def restore(self, state: State, spec: Spec) -> FittedSklearn:
        """Rebuild the predictor after checking that no tree leaves its arrays.

        Raises:
            ArtifactError: If a tree points outside of its nodes, columns or leaves.
        """
        fitted = super().restore(state, spec)
        for model in fitted.models:
            if "nodes" in model:
                check_trees(model, of_one_fold(spec).raw_numbers + len(spec.categories))
        return fitted

    def size(self, trained: Trained) -> int:
        """Return the number of stored 8-byte values of all folds."""
        return sum(np.asarray(value).nbytes // 8 for model in trained.models for value in model.values())

    def row_seconds(self, trained: Trained, spec: Spec) -> float:
        """Return what walking all trees of all folds takes."""
        return sum(walk_seconds(model) for model in trained.models if "starts" in model)


def from_boosting(predictors: Sequence[Sequence[Any]], known: NDArray[Any], feature_map: NDArray[Any]) -> Arrays:
    """Flatten the trees of a histogram gradient boosting model.

    Args:
        predictors: One list of trees, one tree per output, for each iteration.
        known: Bit sets of the known codes of each categorical column, (categorical columns, 8).
        feature_map: Place of each column among the categorical ones, (columns,).

    Returns:
        "nodes" (nodes,), "starts" (trees + 1,), "bitsets" (splits, 8), "known" and "feature_map".
    """
    nodes, bitsets, splits = [], [], 0
    for predictor in (tree for trees in predictors for tree in trees):
        part = predictor.nodes.copy()
        part["bitset_idx"] += np.where(part["is_categorical"], np.uint32(splits), np.uint32(0))
        nodes.append(part)
        bitsets.append(predictor.raw_left_cat_bitsets)
        splits += len(predictor.raw_left_cat_bitsets)
    return {
        "nodes": np.concatenate(nodes) if nodes else np.zeros(0, dtype=PREDICTOR_RECORD_DTYPE),
        "starts": np.cumsum([0, *(len(part) for part in nodes)]),
        "bitsets": np.concatenate([*bitsets, np.zeros((0, 8), dtype=np.uint32)]).astype(np.uint32),
        "known": np.asarray(known, dtype=np.uint32),
        "feature_map": np.asarray(feature_map, dtype=np.uint32),
    }


def from_lightgbm(text: str, columns: int, by_code: int) -> Arrays:
    """Flatten the trees of a model of LightGBM.

    A value that is missing goes where LightGBM sends it; where no value was missing in training it goes with the most rows, as
    scikit-learn does (LightGBM would take it for a 0). Levels that were never seen go right, as missing levels do.

    Args:
        text: The model as text: ``model_to_string()``, format v4.
        columns: Columns of the input.
        by_code: How many of them, the first ones, are split by sets of levels.

    Returns:
        The arrays of :func:`from_boosting`.
    """
    nodes, bitsets, splits = [], [], 0
    for part in text.split("\nend of trees")[0].split("\nTree=")[1:]:
        tree = {name: value.split() for name, _, value in (line.partition("=") for line in part.splitlines()[1:])}
        flat = _from_text(tree)
        sets = _sets(tree)
        flat["bitset_idx"] += np.where(flat["is_categorical"], np.uint32(splits), np.uint32(0))
        splits += len(sets)
        nodes.append(flat)
        bitsets.append(sets)
    places = np.zeros(columns, dtype=np.uint32)
    places[:by_code] = np.arange(by_code)
    return {
        "nodes": np.concatenate(nodes),
        "starts": np.cumsum([0, *(len(part) for part in nodes)]),
        "bitsets": np.concatenate([*bitsets, np.zeros((0, 8), dtype=np.uint32)]),
        "known": np.zeros((by_code, 8), dtype=np.uint32),  # asked of missing levels that go left alone: none does
        "feature_map": places,
    }


def _from_text(tree: Mapping[str, list[str]]) -> NDArray[Any]:
    """Return the nodes of one tree of LightGBM: its splits in their order, and behind them its leaves."""
    leaves = int(tree["num_leaves"][0])
    inner = leaves - 1
    nodes = np.zeros(inner + leaves, dtype=PREDICTOR_RECORD_DTYPE)
    nodes["is_leaf"][inner:] = 1
    nodes["value"][inner:] = np.array(tree["leaf_value"], dtype=np.float64)
    if not inner:
        return nodes
    split = nodes[:inner]
    kind, threshold = np.array(tree["decision_type"], dtype=np.int64), np.array(tree["threshold"], dtype=np.float64)
    by_code = (kind & 1) == 1
    counts = np.array([*tree["internal_count"], *tree["leaf_count"]], dtype=np.int64)
    for side in ("left", "right"):
        child = np.array(tree[f"{side}_child"], dtype=np.int64)
        split[side] = np.where(child < 0, inner + ~child, child)
    never_missing = (kind >> 2 & 3) == 0
    default_left = np.where(never_missing, counts[split["left"]] >= counts[split["right"]], (kind & 2) != 0)
    split["feature_idx"] = np.array(tree["split_feature"], dtype=np.int64)
    split["is_categorical"], split["missing_go_to_left"] = by_code, default_left & ~by_code
    split["num_threshold"] = np.where(by_code, 0.0, threshold)
    split["bitset_idx"] = np.where(by_code, threshold, 0.0).astype(np.uint32)  # there LightGBM's threshold is the number of a set
    return nodes


def _sets(tree: Mapping[str, list[str]]) -> NDArray[np.uint32]:
    """Return the sets of levels that go left, one for each split by levels, (splits, 8)."""
    bounds = np.array(tree.get("cat_boundaries", ["0"]), dtype=np.int64)
    words = np.array(tree.get("cat_threshold", []), dtype=np.uint32)
    sets = np.zeros((len(bounds) - 1, 8), dtype=np.uint32)
    for place, (start, end) in enumerate(pairwise(bounds.tolist())):
        sets[place, : end - start] = words[start:end]
    return sets


def from_forest(trees: Sequence[Any], features: int) -> Arrays:
    """Flatten the trees of a fitted forest; a leaf's value is its place in "leaves".

    Args:
        trees: ``tree_`` of each estimator.
        features: Columns of the input.

    Returns:
        The arrays of :func:`from_boosting` and "leaves" (leaves, outputs), float32.
    """
    nodes, leaves, count = [], [], 0
    for tree in trees:
        leaf = tree.children_left < 0
        part = np.zeros(len(leaf), dtype=PREDICTOR_RECORD_DTYPE)
        part["is_leaf"] = leaf
        part["left"], part["right"] = np.where(leaf, 0, tree.children_left), np.where(leaf, 0, tree.children_right)
        part["feature_idx"] = np.where(leaf, 0, tree.feature)
        # Inputs are float32: rounding a threshold down to the next float32 changes no comparison, and compresses well.
        part["num_threshold"] = np.where(leaf, 0.0, _down(tree.threshold))
        part["missing_go_to_left"] = tree.missing_go_to_left
        part["value"][leaf] = count + np.arange(leaf.sum())
        nodes.append(part)
        leaves.append(tree.value[leaf, 0, :].astype(np.float32))
        count += int(leaf.sum())
    return {
        "nodes": np.concatenate(nodes),
        "starts": np.cumsum([0, *(len(part) for part in nodes)]),
        "bitsets": np.zeros((0, 8), dtype=np.uint32),
        "known": np.zeros((0, 8), dtype=np.uint32),
        "feature_map": np.zeros(features, dtype=np.uint32),
        "leaves": np.concatenate(leaves),
    }


def check_trees(model: Mapping[str, Any], columns: int) -> None:
    """Refuse trees that point outside of their arrays: the compiled predictor follows them without looking.

    Args:
        model: Arrays of :func:`from_boosting` or :func:`from_forest`.
        columns: The most columns that the input can have.

    Raises:
        ArtifactError: If anything points outside.
    """
    nodes, starts, bitsets, known, places = (np.asarray(model[name]) for name in ("nodes", "starts", "bitsets", "known", "feature_map"))
    fits = nodes.dtype == PREDICTOR_RECORD_DTYPE and nodes.ndim == starts.ndim == places.ndim == 1 and bitsets.ndim == known.ndim == 2
    fits = fits and starts.dtype.kind == "i" and {bitsets.dtype.str, known.dtype.str, places.dtype.str} <= {"<u4", ">u4"}
    fits = fits and len(starts) > 0 and starts[0] == 0 and starts[-1] == len(nodes) and bool((np.diff(starts) > 0).all())
    if fits:
        sizes = np.diff(starts)
        place = np.arange(len(nodes)) - np.repeat(starts[:-1], sizes)
        inner = nodes["is_leaf"] == 0
        split, room = nodes[inner], np.repeat(sizes, sizes)[inner]
        # A child stands behind its parent and inside its tree, so that every walk ends.
        fits = all(bool(((split[side] > place[inner]) & (split[side] < room)).all()) for side in ("left", "right"))
        fits = fits and len(places) <= columns and bool(((split["feature_idx"] >= 0) & (split["feature_idx"] < len(places))).all())
        by_code = split[split["is_categorical"] != 0]
        fits = fits and not nodes["is_categorical"][~inner].any()
        fits = fits and bitsets.shape[1] == known.shape[1] == 8 and bool((by_code["bitset_idx"] < len(bitsets)).all())
        fits = fits and bool((places[by_code["feature_idx"]] < len(known)).all())
        if "leaves" in model:
            ends = nodes["value"][~inner]
            fits = fits and model["leaves"].ndim == 2 and bool(((ends >= 0) & (ends < len(model["leaves"]))).all())
    if not fits:
        raise ArtifactError("The trees of a model must point to nodes and columns that exist. The file is damaged or from another version.")


def _down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 that is not above each threshold."""
    near = thresholds.astype(np.float32)
    return np.asarray(np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near), dtype=np.float32)
