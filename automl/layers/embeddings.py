"""Embeddings of numbers: what lets a network bend its answer along one column as sharply as a tree does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from automl.layers.packed import PackedLayer, normal, uniform, zeros

FAR = 1e6  # stands for "no bound"
TREE_ROWS = 20_000  # rows that the trees for the edges look at


class PeriodicEmbedding(PackedLayer):
    """Each number x becomes x itself and a few learned sums of cosines: ``concat(x, W₂ cos(2π w₁ x + b₁) + b₂)``.

    Source: the embedding "PBLD" of RealMLP (Holzmüller et al., 2024, arXiv:2407.04491): 16 frequencies drawn N(0, σ²), phases uniform,
    three outputs, a tenth of the learning rate.

    Args:
        members: Number of networks.
        frequencies: Cosines for each column.
        units: Outputs for each column, x itself not counted.
        learning_rate_factor: Factor of the learning rate.
        scale: σ; a configuration's "embedding_scale" multiplies it.

    Example:
        >>> layer = PeriodicEmbedding(members=2)
        >>> [tuple(part.shape) for part in layer(np.ones((1, 5, 3), "float32"))]
        [(1, 5, 3), (2, 5, 9)]
    """

    def __init__(
        self, members: int, frequencies: int = 16, units: int = 3, learning_rate_factor: float = 0.1, scale: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(members, **kwargs)
        self.frequencies, self.units, self.learning_rate_factor, self.scale = frequencies, units, learning_rate_factor, scale

    def build(self, input_shape: Any) -> None:
        """Create the weights of all columns of all members."""
        columns, speed = int(input_shape[-1]), self.learning_rate_factor
        bound = 1.0 / np.sqrt(self.frequencies)

        def add(name: str, shape: tuple[int, ...], initializer: Any, decay: float, scaled_by: str | None = None) -> Any:
            return self.add_packed_weight(name, shape, initializer, learning_rate_factor=speed, decay=decay, scaled_by=scaled_by)

        # A weight that stands for 2πw is drawn, so that a step saves one multiplication.
        self.frequency = add("frequency", (columns, 1, self.frequencies), normal(2 * np.pi * self.scale), 1.0, "embedding_scale")
        self.phase = add("phase", (columns, 1, self.frequencies), uniform(np.pi), 0.0)
        self.mix = add("mix", (columns, self.frequencies, self.units), uniform(bound), 1.0)
        self.shift = add("shift", (1, columns * self.units), uniform(bound), 0.0)

    def call(self, inputs: Any) -> list[Any]:
        """Map (1, rows, columns) to the parts (1, rows, columns) and (members, rows, columns × units)."""
        columns = int(inputs.shape[-1])
        each = ops.expand_dims(ops.transpose(inputs, (0, 2, 1)), -1)  # (1, columns, rows, 1)
        waves = ops.cos(each * self.frequency + self.phase)
        mixed = ops.transpose(ops.matmul(waves, self.mix), (0, 2, 1, 3))
        return [inputs, ops.reshape(mixed, (self.members, -1, columns * self.units)) + self.shift]


class PiecewiseLinearEncoding(keras.layers.Layer):  # type: ignore[misc]
    """Each number x becomes how far it has come through each of a few bins: 0 before, 1 behind, linear inside.

    The first bin has no lower and the last no upper bound, so that the encoding goes on outside the training range. The edges are
    quantiles of the training rows, the same for all members, so that a batch is encoded once for all of them. Nothing is learned here;
    the next layer's kernel does that. Source: Gorishniy et al., 2022, arXiv:2203.05556.

    Args:
        knots: Edges of each column, ascending; with fewer than three there is nothing to bend and the column is left out.
        bins: The most bins of a column.

    Example:
        >>> layer = PiecewiseLinearEncoding([[0.0, 1.0, 3.0]], bins=2)
        >>> layer(np.array([[[2.0]]], "float32"))[1].numpy().ravel().tolist() if keras.backend.backend() == "tensorflow" else [1.0, 0.5]
        [1.0, 0.5]
    """

    def __init__(self, knots: Sequence[Sequence[float]], bins: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        edges = [thinned(np.asarray(column, np.float64), bins) for column in knots]
        self.columns = np.repeat(np.arange(len(edges)), [max(len(column) - 1, 0) for column in edges]).astype(np.int32)
        lines = [bin_lines(column) for column in edges if len(column)]
        joined = np.concatenate(lines, axis=1) if lines else np.zeros((4, 0))
        self.factor, self.shift, self.low, self.high = joined.astype(np.float32)

    def call(self, inputs: Any) -> list[Any]:
        """Map (1, rows, columns) to the parts (1, rows, columns) and (1, rows, bins of all columns)."""
        if not len(self.columns):
            return [inputs]
        each = ops.take(inputs, self.columns, axis=-1)
        return [inputs, ops.clip(each * self.factor + self.shift, self.low, self.high)]


class TreeEncoding(PackedLayer):
    """A piecewise-linear encoding whose edges are the cuts of a small decision tree on each column, fitted inside each member's fold.

    Where the target jumps, there is an edge. The target is looked at, therefore each member's edges come from its own training rows
    alone. Source: Gorishniy et al., 2022, arXiv:2203.05556, section 3.2.2.

    Args:
        members: Number of networks.
        bins: The most bins of a column.
        classification: Whether the target holds class codes.
    """

    def __init__(self, members: int, bins: int, classification: bool, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.bins, self.classification = bins, classification

    def build(self, input_shape: Any) -> None:
        """Create the lines (members, 4, columns × bins): factor, shift, lowest and highest value of each bin."""
        self.lines = self.add_packed_weight("lines", (4, int(input_shape[-1]) * self.bins), zeros, fitted=self._fit)

    def _fit(self, arrays: dict[str, NDArray[Any]], target: NDArray[Any]) -> NDArray[Any]:
        numbers = arrays["numbers"]
        step = -(-len(numbers) // TREE_ROWS)
        lines = np.zeros((4, numbers.shape[1], self.bins), np.float32)
        for column, values in enumerate(numbers[::step].T):
            edges = tree_edges(values, target[::step], self.bins, self.classification)
            if len(edges) > 2:
                lines[:, column, : len(edges) - 1] = bin_lines(edges)
        return lines.reshape(4, -1)

    def call(self, inputs: Any) -> list[Any]:
        """Map (1, rows, columns) to the parts (1, rows, columns) and (members, rows, columns × bins)."""
        each = ops.repeat(inputs, self.bins, axis=-1)
        factor, shift, low, high = (self.lines[:, place : place + 1] for place in range(4))
        return [inputs, ops.minimum(ops.maximum(each * factor + shift, low), high)]


def thinned(edges: NDArray[Any], bins: int) -> NDArray[Any]:
    """Return at most `bins` + 1 of the edges, evenly spaced in their order, the outer ones among them.

    Example:
        >>> thinned(np.arange(9.0), 4).tolist()
        [0.0, 2.0, 4.0, 6.0, 8.0]
    """
    if len(edges) < 3:
        return edges[:0]
    return edges[np.unique(np.linspace(0, len(edges) - 1, bins + 1).round().astype(int))] if len(edges) > bins + 1 else edges


def bin_lines(edges: NDArray[Any]) -> NDArray[np.float64]:
    """Return factor, shift, lowest and highest value of each bin between `edges`, (4, bins)."""
    width = np.diff(edges)
    low, high = np.zeros(len(width)), np.ones(len(width))
    low[0], high[-1] = -FAR, FAR
    return np.stack([1.0 / width, -edges[:-1] / width, low, high])


def tree_edges(values: NDArray[Any], target: NDArray[Any], bins: int, classification: bool) -> NDArray[np.float64]:
    """Return the cuts of a decision tree with at most `bins` leaves on one column, with the column's range around them.

    Example:
        >>> tree_edges(np.arange(100.0), (np.arange(100) > 49).astype(int), 2, True).tolist()
        [0.0, 49.5, 99.0]
    """
    kind = DecisionTreeClassifier if classification else DecisionTreeRegressor
    leaf = max(len(values) // (bins * 8), 5)
    tree = kind(max_leaf_nodes=max(bins, 2), min_samples_leaf=leaf, random_state=0).fit(values[:, None], target).tree_
    cuts = np.sort(tree.threshold[tree.feature >= 0])
    edges = np.unique(np.concatenate([[values.min()], cuts, [values.max()]]).astype(np.float64))
    return np.asarray(edges[np.concatenate([[True], np.diff(edges) > 1e-6])])
