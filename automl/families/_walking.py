"""How flat trees are walked: few rows through all trees at once, some by the predictor of boosted trees, many by that of forests.

scikit-learn has two compiled walks. That of its boosted trees works in place on flat trees, with sets of levels, and copies a node of 64
bytes at each step. That of its forests follows pointers, at 0.3 to 0.5 times the cost, but has to be handed each tree, and knows no sets
of levels: here a split by a set becomes a chain of comparisons, the most frequent levels first. All ways end in the same leaves.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import NODE_DTYPE, Tree

from automl.errors import ArtifactError

TREE_SECONDS, LEVEL_SECONDS = 20e-9, 5e-9  # of a row in a tree: for the tree, and for each level of it
FOREST_FACTOR = 2.5  # large trees do not fit into the nearest memory, and their leaves are looked up
BLOCK = 4_096  # rows that one thread takes; fewer cost more to hand out than to do
FEW_ROWS = 4  # of so few, each walks all trees at once: a call of the compiled predictor takes longer than its tree
MANY_ROWS = 2 * BLOCK  # from so many on, handing over all trees takes less than it saves


def add_trees(model: Mapping[str, Any], inputs: NDArray[np.float64], total: NDArray[np.float64]) -> int:
    """Add the value of each tree at each row to `total`, in place.

    Boosted trees take turns among the outputs; with "leaves" every tree has a value for each output.

    Args:
        model: Arrays of :func:`from_boosting` or :func:`from_forest`.
        inputs: (rows, columns), C-contiguous; NaN is missing.
        total: (rows, outputs).

    Returns:
        The number of trees.

    Raises:
        ArtifactError: If there are fewer columns than the trees read.
    """
    if inputs.shape[1] < len(model["feature_map"]):
        raise ArtifactError("The trees of a model must read columns that exist. The file is damaged or from another version.")
    if len(inputs) <= FEW_ROWS:
        for row, sums in zip(inputs, total, strict=True):
            _add_row(model, row, sums)
        return len(model["starts"]) - 1
    single = inputs.astype(np.float32) if len(inputs) >= MANY_ROWS else None
    if single is not None and np.array_equal(single, inputs, equal_nan=True):  # forests compare with 32 bits of a value
        trees = _handed_over(model, inputs.shape[1])
        in_blocks(len(inputs), lambda rows: _add_handed_over(model, trees, single[rows], total[rows]))
    else:
        in_blocks(len(inputs), lambda rows: _add_block(model, inputs[rows], total[rows]))
    return len(model["starts"]) - 1


def in_blocks(rows: int, work: Callable[[slice], None]) -> None:
    """Do some work for blocks of rows, side by side: scikit-learn's threads within a tree wait for each other at every single tree."""
    blocks = [slice(start, start + BLOCK) for start in range(0, rows, BLOCK)]
    if len(blocks) < 2:
        work(slice(0, rows))
        return
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(blocks), 8)) as pool:
        list(pool.map(work, blocks))


def _handed_over(model: Mapping[str, Any], columns: int) -> list[Any]:
    """Return each tree as one of a forest's; the number of a leaf is its place among the nodes of `model`."""
    nodes, starts, places = as_comparisons(model)
    trees = []
    for start, end in pairwise(starts.tolist()):
        tree = Tree(columns, np.array([1], dtype=np.intp), 1)
        values = places[start:end].astype(np.float64).reshape(-1, 1, 1)
        # scikit-learn only reports the depth, it does not need it to predict.
        tree.__setstate__({"max_depth": 0, "node_count": end - start, "nodes": nodes[start:end], "values": values})
        trees.append((tree, places[start:end]))
    return trees


def as_comparisons(model: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.int64]]:
    """Write splits by sets of levels as chains of comparisons, in the format of scikit-learn's forests.

    Levels are numbered by frequency, so that most rows leave a chain early.

    Args:
        model: Arrays of :func:`automl.families._trees.from_boosting` and the like.

    Returns:
        Nodes of the forests, the first of each tree (trees + 1,), and the place among the model's nodes that each of them comes from.
    """
    nodes, starts = model["nodes"], model["starts"]
    by_code = np.flatnonzero((nodes["is_categorical"] != 0) & (nodes["is_leaf"] == 0))
    split = nodes[by_code]
    inside = _members(model["bitsets"][split["bitset_idx"]])
    # Levels that are not known go where missing ones go.
    inside |= ~_members(model["known"][model["feature_map"][split["feature_idx"]]]) & (split["missing_go_to_left"] != 0)[:, None]
    turns = np.diff(inside, axis=1)
    turns[~turns.any(axis=1), -1] = True  # a set of all levels, or of none, still needs one comparison
    which, last = np.nonzero(turns)  # one comparison each: levels up to `last` are on one side
    length = np.ones(len(nodes), dtype=np.int64)
    length[by_code] = turns.sum(axis=1)
    first = np.cumsum(length) - length
    places = np.repeat(np.arange(len(nodes)), length)
    start = np.repeat(starts[:-1], np.diff(starts))  # of the tree of each node
    begin = first[start]  # and where that tree begins now
    child = {side: first[np.minimum(start + nodes[side], len(nodes) - 1)] - begin for side in ("left", "right")}
    made = np.zeros(len(places), dtype=NODE_DTYPE)
    leaf = nodes["is_leaf"][places] != 0
    made["left_child"] = np.where(leaf, -1, child["left"][places])
    made["right_child"] = np.where(leaf, -1, child["right"][places])
    made["feature"] = np.where(leaf, -2, nodes["feature_idx"][places])
    made["threshold"] = np.where(leaf, -2.0, nodes["num_threshold"][places])
    made["missing_go_to_left"] = nodes["missing_go_to_left"][places]
    if len(by_code):
        owner = by_code[which]
        at = np.flatnonzero(np.isin(places, by_code))
        goes_left = inside[which, last]
        ends = np.append(which[1:] != which[:-1], True)  # the last comparison of its chain: what is left has the other side
        rest = np.where(inside[which, -1], child["left"][owner], child["right"][owner])
        made["threshold"][at] = last
        made["left_child"][at] = np.where(goes_left, child["left"][owner], child["right"][owner])
        made["right_child"][at] = np.where(ends, rest, at + 1 - begin[owner])
        made["missing_go_to_left"][at] = goes_left == (nodes["missing_go_to_left"][owner] != 0)
    return made, np.append(first, len(places))[starts], places


def _members(sets: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which levels are in each set of 256 bits, (sets, 256)."""
    bits = np.ascontiguousarray(sets, dtype="<u4").view(np.uint8).reshape(len(sets), 32)
    return np.unpackbits(bits, axis=1, bitorder="little").astype(bool)


def _add_handed_over(model: Mapping[str, Any], trees: list[Any], inputs: NDArray[np.float32], total: NDArray[np.float64]) -> None:
    """Add the value of each tree at each row to `total`, in this thread."""
    values = model["nodes"]["value"]
    for number, (tree, places) in enumerate(trees):
        _add_values(model, number, values[places[tree.apply(inputs)]], total)


def _add_block(model: Mapping[str, Any], inputs: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Add the value of each tree at each row to `total`, in this thread."""
    nodes, bitsets, known, feature_map = (model[name] for name in ("nodes", "bitsets", "known", "feature_map"))
    for number, (start, end) in enumerate(pairwise(model["starts"].tolist())):
        values = TreePredictor(nodes[start:end], None, bitsets).predict(inputs, known, feature_map, 1)
        _add_values(model, number, values, total)


def _add_values(model: Mapping[str, Any], number: int, values: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Add what one tree says of each row to `total`: for the output whose turn it is, or for all where values are places of leaves."""
    if "leaves" in model:
        total += model["leaves"][values.astype(np.int64)]
    else:
        total[:, number % total.shape[1]] += values


def _add_row(model: Mapping[str, Any], row: NDArray[np.float64], total: NDArray[np.float64]) -> None:
    """Add the value of each tree at one row to `total` (outputs,): all trees take a step at a time, as the compiled predictor would."""
    nodes, starts = model["nodes"], model["starts"][:-1]
    at, moving = starts.copy(), np.arange(len(starts))
    while True:
        inner = nodes["is_leaf"][at[moving]] == 0
        moving = moving[inner]
        if not len(moving):
            break
        here = at[moving]
        value, missing_left = row[nodes["feature_idx"][here]], nodes["missing_go_to_left"][here] != 0
        left = np.where(np.isnan(value), missing_left, value <= nodes["num_threshold"][here])
        by_code = np.flatnonzero((nodes["is_categorical"][here] != 0) & ~np.isnan(value))
        if len(by_code):
            word, bit = np.divmod(value[by_code].astype(np.uint32), np.uint32(32))
            chosen = here[by_code]
            inside = model["bitsets"][nodes["bitset_idx"][chosen], word] >> bit & 1
            known = model["known"][model["feature_map"][nodes["feature_idx"][chosen]], word] >> bit & 1
            left[by_code] = (inside != 0) | ((known == 0) & missing_left[by_code])
        at[moving] = starts[moving] + np.where(left, nodes["left"][here], nodes["right"][here])
    values = nodes["value"][at]
    parts = model["leaves"][values.astype(np.int64)] if "leaves" in model else values.reshape(-1, len(total))
    total += parts.sum(axis=0, dtype=np.float64)


def walk_seconds(model: Mapping[str, Any]) -> float:
    """Return what one of many rows takes in all trees, from their number and mean depth; the factors were measured on one core.

    Example:
        >>> walk_seconds({"starts": np.array([0, 15, 30])}) < 1e-6
        True
    """
    leaves = (np.diff(model["starts"]) + 1) / 2
    each = TREE_SECONDS + LEVEL_SECONDS * np.log2(np.maximum(leaves, 1.0))
    return float(each.sum() * (FOREST_FACTOR if "leaves" in model else 1.0))
