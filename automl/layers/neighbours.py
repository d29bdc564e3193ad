"""Predictions from similar training rows: the rows that a network remembers, and the soft vote of its nearest ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.model import PackedModel
from automl.layers.packed import PackedCategories, PackedLayer, is_training, zeros

FAR = 1e9  # distance of a candidate that must not vote
NOTHING = 1e-7  # probability of a class that no neighbour has


class PackedMemory(PackedLayer):
    """Training rows that each member remembers with their targets: only rows that it learns from, never those that it is judged on.

    The rows are weights that are fitted and not trained (see ``PackedLayer.add_packed_weight``): the trainer hands each member the rows
    outside its own fold and nothing else, and a prediction needs no training data besides the network.

    Args:
        members: Number of networks.
        size: Rows to remember; where a member learns from fewer, places stay empty.
        columns: Columns of each array: "numbers", "categories" and, where there are any, "encoded".
        outputs: Number of classes, or 1 for numbers.
        classification: Whether the targets are class codes.

    Attributes:
        target: Indicators of classes or the numbers (members, size, outputs).
        row: Position of each row in the training data (members, size, 1); −1 where a place is empty.
    """

    def __init__(self, members: int, size: int, columns: dict[str, int], outputs: int, classification: bool, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.size, self.columns, self.outputs, self.classification = size, dict(columns), outputs, classification

    def build(self, input_shape: Any = None) -> None:
        """Create a place for every array, the targets and the positions."""
        self.arrays = {name: self._remembered(name, width, 0.0) for name, width in self.columns.items() if width}
        self.target = self.add_packed_weight("target", (self.size, self.outputs), zeros, fitted=self._targets)
        self.row = self._remembered("row", 1, -1.0)

    def _remembered(self, name: str, width: int, empty: float) -> Any:
        return self.add_packed_weight(name, (self.size, width), zeros, fitted=lambda arrays, _: self._chosen(arrays[name], empty))

    def call(self, index: Any = None) -> tuple[dict[str, Any], Any, Any]:
        """Return the arrays (members, places, columns), targets and positions at the places `index`; all where it is None."""

        def at(values: Any) -> Any:
            return ops.convert_to_tensor(values) if index is None else ops.take(values, index, axis=1)

        return {name: at(values) for name, values in self.arrays.items()}, at(self.target), at(self.row)

    def _targets(self, arrays: dict[str, NDArray[Any]], target: NDArray[Any]) -> NDArray[Any]:
        values = np.eye(self.outputs)[target.astype(int)] if self.classification else np.asarray(target, np.float64)[:, None]
        return self._chosen(values, 0.0)

    def _chosen(self, values: NDArray[Any], empty: float) -> NDArray[Any]:
        """Return a random part of the rows in random order, the same for all arrays."""
        order = np.random.default_rng(0).permutation(len(values))[: self.size]
        places = np.full((self.size, values.shape[1]), empty, np.float32)
        places[: len(order)] = values[order]
        return places


def neighbour_vote(queries: Any, keys: Any, target: Any, allowed: Any) -> Any:
    """Return the mean target of the keys, weighted by softmax(−distance).

    Source: ModernNCA (Ye et al., 2024, arXiv:2407.03257): the Euclidean distance itself, not its square as in neighbourhood components
    analysis (Goldberger et al., 2004).

    Args:
        queries: Embedded rows (members, rows, units).
        keys: Embedded candidates (members, candidates, units).
        target: Their targets (members, candidates, outputs).
        allowed: Where a candidate may vote, broadcast to (members, rows, candidates).

    Returns:
        (members, rows, outputs) float32.
    """
    queries, keys = ops.cast(queries, "float32"), ops.cast(keys, "float32")
    lengths = ops.sum(ops.square(queries), axis=-1)[:, :, None] + ops.sum(ops.square(keys), axis=-1)[:, None, :]
    squares = ops.relu(lengths - 2.0 * ops.matmul(queries, ops.swapaxes(keys, 1, 2)))
    distances = ops.where(allowed, ops.sqrt(squares + 1e-8), FAR)  # the slope of a root at zero has no end
    return ops.matmul(ops.softmax(-distances, axis=-1), ops.cast(target, "float32"))


class NeighbourModel(PackedModel):
    """A pack of networks that embed a row and let remembered training rows vote by how near they are.

    Args:
        members: Number of networks.
        body: Layers that embed the joined inputs.
        memory: The remembered rows.
        window: How many of them are candidates in a step of training, a random stretch of the memory that each batch has anew.
        categories: Layer for the category codes, or None.
        numbers: Layer for the numbers, or None.

    The inputs are those of :class:`PackedModel`, and in training "row" (rows, 1), the position of each row in the training data: a row
    never votes for itself. The output is log p for classes, the mean for numbers.
    """

    def __init__(
        self,
        members: int,
        body: Sequence[keras.layers.Layer],
        memory: PackedMemory,
        window: int,
        categories: PackedCategories | None = None,
        numbers: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(members, body, categories, numbers, **kwargs)
        self.memory, self.window = memory, window

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        indicators = [] if self.categories is None else self.categories(inputs["categories"])
        queries = self._embed(inputs["numbers"][None], indicators, inputs.get("encoded"))
        arrays, target, row = self.memory(self._stretch(inputs) if is_training() and self.window < self.memory.size else None)
        indicators = [] if self.categories is None else categories_of_members(self.categories, arrays["categories"])
        keys = self._embed(arrays.get("numbers"), indicators, arrays.get("encoded"))
        allowed = ops.swapaxes(row, 1, 2) >= 0.0
        if "row" in inputs:
            allowed = ops.logical_and(allowed, ops.not_equal(ops.swapaxes(row, 1, 2), ops.cast(inputs["row"], "float32")[None]))
        vote = neighbour_vote(queries, keys, target, allowed)
        return ops.transpose(ops.log(vote + NOTHING) if self.memory.classification else vote, (1, 0, 2))

    def _stretch(self, inputs: dict[str, Any]) -> Any:
        """Return the places of this step's candidates; the batch's own positions are the source of chance, so that no state is needed."""
        start = ops.sum(ops.cast(inputs["row"], "int32"))
        return (start + ops.arange(self.window, dtype="int32")) % self.memory.size

    def _embed(self, numbers: Any, indicators: list[Any], encoded: Any) -> Any:
        parts: list[Any] = []
        if numbers is not None and numbers.shape[-1]:
            parts += [numbers] if self.numbers is None else self.numbers(numbers)
        parts += indicators
        if encoded is not None:
            parts.append(encoded)
        if len({part.shape[0] for part in parts}) > 1:
            parts = [part if part.shape[0] != 1 else ops.repeat(part, self.members, axis=0) for part in parts]
        values = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        for layer in self.body:
            values = layer(values)
        return values


def categories_of_members(layer: PackedCategories, codes: Any) -> list[Any]:
    """Apply a layer for categories to rows that differ between the members.

    Args:
        layer: A built layer.
        codes: (members, rows, columns), as floating-point numbers.

    Returns:
        The parts to concatenate, indicators and embeddings, each (members, rows, ·), as the layer gives them for shared rows.
    """
    codes = ops.cast(codes, "int32")
    parts = [ops.one_hot(codes[:, :, column] - 1, layer.levels[column] - 1) for column in layer.few]
    if layer.many:
        wide = ops.take(codes, np.asarray(layer.many, dtype="int32"), axis=2)
        rows, columns, units = int(codes.shape[1]), len(layer.many), layer.embedding_units
        index = ops.reshape(ops.add(wide, layer.offsets), (layer.members, rows * columns, 1))
        values = ops.take_along_axis(layer.table, ops.repeat(index, units, axis=2), axis=1)
        values = ops.reshape(values, (layer.members, rows, columns, units)) * ops.cast(wide > 0, "float32")[..., None]
        parts.append(ops.reshape(values, (layer.members, rows, columns * units)))
    return parts
