"""A fitted forest as a few flat arrays: a fifth of the size, read in a fraction of the time, checked before it is used.

skops stores a scikit-learn tree with everything that training knew: 80 bytes a node and one file an array, with indices that nobody
checks. Prediction needs the split, the children and the leaves' values. Thresholds are rounded *down* to float32, which
changes no decision: inputs are float32, and x ≤ t holds exactly when x ≤ (the largest float32 that is not above t).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree._tree import NODE_DTYPE, Tree

from automl.errors import ArtifactError

Arrays = dict[str, NDArray[Any]]
CHUNKS = 8  # sums are formed in this many fixed pieces, so that the number of threads never changes a prediction
LEAF = -1
_DTYPES = {"starts": "i8", "feature": "i4", "threshold": "f4", "left": "i4", "right": "i4", "missing_left": "?", "value": "f8"}


@dataclass(frozen=True)
class Forest:
    """An ExtraTrees or RandomForest model, reduced to what prediction needs.

    Attributes:
        arrays: ``starts`` (trees + 1,): first node of each tree; per node ``feature`` (-1 in a leaf), ``threshold``, ``left`` and
            ``right`` (steps forward to the child, 0 in a leaf: small numbers that compress well), ``missing_left``; ``value``
            (leaves, outputs) in the order of nodes; for classes ``classes``.
        n_features_in_: Columns of the input.

    Example:
        >>> from sklearn.ensemble import ExtraTreesClassifier
        >>> x, y = np.arange(20, dtype=np.float32)[:, None], np.repeat([0, 1], 10)
        >>> forest = Forest.of(ExtraTreesClassifier(5, random_state=0).fit(x, y))
        >>> forest.predict(x[[0, 19]]).tolist()
        [0, 1]
    """

    arrays: Arrays
    n_features_in_: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrays", _checked(self.arrays, self.n_features_in_))

    @classmethod
    def of(cls, estimator: Any) -> Forest:
        """Flatten a fitted scikit-learn forest with one output.

        Raises:
            ArtifactError: The forest predicts several targets.
        """
        if estimator.n_outputs_ != 1:
            raise ArtifactError(f"A forest must predict one target. Received {type(estimator).__name__} with {estimator.n_outputs_}.")
        parts = [_flatten(one.tree_) for one in estimator.estimators_]
        arrays: Arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        arrays["starts"] = np.cumsum([0, *(len(part["feature"]) for part in parts)])
        if hasattr(estimator, "classes_"):
            arrays["classes"] = np.asarray(estimator.classes_)
        return cls(arrays, int(estimator.n_features_in_))

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes, one for each column of a prediction."""
        return self.arrays["classes"]

    def predict_proba(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Return the mean of the trees' class shares, (rows, classes).

        Raises:
            AttributeError: The forest predicts numbers.
        """
        if "classes" not in self.arrays:
            raise AttributeError("A forest for numbers has no probabilities. Use `predict`.")
        return self._mean(x)

    def predict(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return the likeliest class or the mean value, (rows,)."""
        mean = self._mean(x)
        return np.asarray(self.classes_[mean.argmax(axis=1)]) if "classes" in self.arrays else mean[:, 0]

    @cached_property
    def _trees(self) -> tuple[Any, ...]:
        """scikit-learn's own tree objects, whose compiled walk is what predicts."""
        starts, leaves = self.arrays["starts"], np.cumsum(self.arrays["feature"] == LEAF)
        first_leaf = np.concatenate([[0], leaves])[starts]
        pairs = zip(pairwise(starts), pairwise(first_leaf), strict=True)
        return tuple(_build(self.arrays, slice(*nodes), slice(*values), self.n_features_in_) for nodes, values in pairs)

    def _mean(self, x: NDArray[Any]) -> NDArray[np.float64]:
        rows = np.ascontiguousarray(x, dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.n_features_in_:
            raise ValueError(f"`x` must have {self.n_features_in_} columns. Received shape {rows.shape}.")
        chunks = [chunk for chunk in np.array_split(np.arange(len(self._trees)), CHUNKS) if len(chunk)]

        def total(chunk: NDArray[np.int64]) -> NDArray[np.float64]:
            result = np.zeros((len(rows), self.arrays["value"].shape[1]))
            for index in chunk:
                result += self._trees[index].predict(rows).reshape(result.shape)
            return result

        if len(rows) < 256:  # threads would cost more than they bring
            totals = [total(chunk) for chunk in chunks]
        else:
            with ThreadPoolExecutor(min(CHUNKS, os.cpu_count() or 1)) as pool:
                totals = list(pool.map(total, chunks))
        return np.asarray(sum(totals[1:], start=totals[0]) / len(self._trees))

    def to_arrays(self) -> Arrays:
        """Return plain arrays for storing, whole numbers as narrow as they can be; :meth:`from_arrays` turns them back."""
        narrow = {name: _narrow(self.arrays[name]) for name in ("feature", "left", "right")}
        return {**self.arrays, **narrow, "n_features_in": np.asarray(self.n_features_in_)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Forest:
        """Rebuild a forest, every index of which is checked first.

        Raises:
            ArtifactError: The arrays are no forest.
        """
        rest = dict(arrays)
        width = rest.pop("n_features_in", None)
        if width is None or width.shape != () or width.dtype.kind not in "iu" or int(width) < 1:
            raise ArtifactError("A stored forest must tell the number of its inputs. The file is damaged or was altered.")
        return cls(rest, int(width))


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers from -1 on in the smallest type that holds them."""
    return values.astype(np.min_scalar_type(-1 - int(values.max(initial=0))))


def _flatten(tree: Any) -> Arrays:
    leaf = tree.children_left < 0
    feature = np.where(leaf, LEAF, tree.feature).astype(np.int32)
    threshold = np.where(leaf, 0.0, tree.threshold)
    single = threshold.astype(np.float32)
    single = np.where(single > threshold, np.nextafter(single, np.float32(-np.inf)), single)
    missing = np.where(leaf, False, tree.missing_go_to_left.astype(bool))
    place = np.arange(len(leaf))
    left, right = (np.where(leaf, 0, child - place).astype(np.int32) for child in (tree.children_left, tree.children_right))
    return {"feature": feature, "threshold": single, "left": left, "right": right, "missing_left": missing, "value": tree.value[leaf, 0, :]}


def _checked(arrays: Mapping[str, NDArray[Any]], width: int) -> Arrays:
    """Return the arrays in their types, or refuse: scikit-learn follows the indices without looking."""
    known = {*_DTYPES, "classes"} if "classes" in arrays else set(_DTYPES)
    if set(arrays) != known:
        raise ArtifactError(f"A stored forest must consist of {', '.join(sorted(known))}. Received {', '.join(sorted(arrays))}.")
    result = {name: np.asarray(arrays[name], dtype=_DTYPES.get(name)) for name in arrays}
    feature, starts, value = result["feature"], result["starts"], result["value"]
    shapes = all(result[name].shape == feature.shape for name in ("threshold", "left", "right", "missing_left")) and feature.ndim == 1
    leaves = feature == LEAF
    steps = np.diff(starts) if starts.ndim == 1 else np.zeros(0, dtype=np.int64)
    fits = shapes and len(steps) and starts[0] == 0 and starts[-1] == len(feature) and (steps > 0).all()
    fits = fits and value.ndim == 2 and len(value) == leaves.sum() and value.shape[1] >= 1 and np.isfinite(value).all()
    fits = fits and ("classes" not in result or result["classes"].shape == (value.shape[1],))
    if fits:
        inner = ~leaves
        room = (np.repeat(starts[1:], steps) - np.arange(len(feature)))[inner]
        # A child stands behind its parent and inside its tree, so that every walk from the root ends.
        fits = ((feature[inner] >= 0) & (feature[inner] < width)).all() and not np.isnan(result["threshold"]).any()
        for child in (result["left"][inner], result["right"][inner]):
            fits = fits and ((child > 0) & (child < room)).all()
    if not fits:
        raise ArtifactError("The trees of a stored forest must point to nodes and columns that exist. The file is damaged or was altered.")
    return result


def _build(arrays: Arrays, at: slice, leaves: slice, width: int) -> Any:
    feature, value = arrays["feature"][at], arrays["value"][leaves]
    leaf, place = feature == LEAF, np.arange(len(feature))
    nodes = np.zeros(len(feature), dtype=NODE_DTYPE)
    nodes["left_child"] = np.where(leaf, -1, place + arrays["left"][at])
    nodes["right_child"] = np.where(leaf, -1, place + arrays["right"][at])
    nodes["feature"] = np.where(leaf, -2, feature)
    nodes["threshold"] = arrays["threshold"][at]
    nodes["missing_go_to_left"] = arrays["missing_left"][at]
    values = np.zeros((len(nodes), 1, value.shape[1]))
    values[leaf, 0, :] = value
    tree = Tree(width, np.array([value.shape[1]], dtype=np.intp), 1)
    # scikit-learn only reports the depth, it does not need it to predict.
    tree.__setstate__({"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": values})
    return tree
