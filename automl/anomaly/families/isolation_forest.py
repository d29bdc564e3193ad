"""Isolation forest: what few random cuts set apart is strange."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest as Forest

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.budget import Deadline
from automl.preprocessing.base import Arrays

TREES = 100
SAMPLE = 256
DEPTH = 9  # of a tree over 256 rows, and one step to stay in its leaf


class IsolationForest(DetectorFamily):
    """Liu, Ting and Zhou (2008): 100 trees over 256 rows each, fitted by scikit-learn, stored as arrays and walked here."""

    name = "isolation_forest"
    title = "Isolation forest"
    kind = "tree"
    baseline = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Grow a forest outside each fold."""
        model: Arrays = {}
        for place in range(folds):
            chosen = rows.values[fold != place]
            forest = Forest(n_estimators=TREES, max_samples=min(SAMPLE, len(chosen)), random_state=seed + place).fit(chosen)
            model[f"sample{place}"] = np.array(min(SAMPLE, len(chosen)))
            for number, tree in enumerate(one.tree_ for one in forest.estimators_):
                leaf = tree.children_left < 0
                own = np.arange(tree.node_count)
                table = np.zeros((tree.node_count, 5), dtype=np.float32)
                table[:, 0] = np.where(leaf, 0, tree.feature)
                table[:, 1] = np.where(leaf, np.inf, tree.threshold)
                table[:, 2], table[:, 3] = np.where(leaf, own, tree.children_left), np.where(leaf, own, tree.children_right)
                table[:, 4] = tree.compute_node_depths() - 1 + _expected(tree.n_node_samples)
                model[f"tree{place}-{number}"] = table
        return model

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return the anomaly score of the paper, from 0 to 1; what a column adds is how often it was cut by on short paths."""
        values, every = rows.values, np.arange(len(rows.values))
        total, parts = np.zeros(len(values)), np.zeros((len(values), len(shape.group)))
        for number in range(TREES):
            table = model[f"tree{fold}-{number}"]
            node = np.zeros(len(values), dtype=np.int64)
            cuts = []
            for _ in range(DEPTH):
                step = table[node]
                feature = step[:, 0].astype(np.int64)
                cuts.append((feature, np.isfinite(step[:, 1])))
                node = np.where(values[every, feature] <= step[:, 1], step[:, 2], step[:, 3]).astype(np.int64)
            depth = table[node, 4]
            total += depth
            for feature, moved in cuts:
                parts[every, feature] += moved / np.maximum(depth, 1.0) ** 2
        score = 2.0 ** (-total / TREES / float(_expected(model[f"sample{fold}"])))
        return score, shape.by_column(parts)


def _expected(rows: Array) -> Array:
    """Return the mean depth at which a row of so many is alone: 2 H(n − 1) − 2 (n − 1) / n."""
    count = np.maximum(np.asarray(rows, dtype=np.float64), 1.0)
    harmonic = np.log(np.maximum(count - 1.0, 1.0)) + 0.5772156649
    return np.where(count > 2, 2.0 * harmonic - 2.0 * (count - 1.0) / count, np.where(count == 2, 1.0, 0.0))
