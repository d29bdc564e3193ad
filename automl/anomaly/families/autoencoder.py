"""A masked autoencoder: every value is judged by what the others say of it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from automl.anomaly.base import LARGEST, Array, Shape
from automl.anomaly.design import Rows
from automl.anomaly.families._network import NetworkFamily, surprise, unlikely
from automl.layers import PackedDense
from automl.layers.packed import zeros
from automl.preprocessing.base import Arrays

UNITS = 96
HIDDEN = 0.3  # share of the columns that are hidden from a row in training, on average
PASSES = 12  # in which the columns are hidden in turn; of fewer columns each has its own


class Autoencoder(NetworkFamily):
    """Hides columns and says what stands in them, as a distribution; strange is what is improbable given the rest of its row.

    Source: denoising autoencoders (Vincent et al., 2008) with masks as in Yoon et al. (2018, arXiv:1806.02920); the score is the
    tails of the conditional distributions
    whose product is the pseudo-likelihood (Besag, 1975). The same network fills in missing values.
    """

    name = "autoencoder"
    title = "Masked autoencoder"
    kind = "network"

    def build(self, members: int, shape: Shape) -> keras.Model:
        """Return a multilayer perceptron from what is shown to a distribution of every value."""
        return MaskedNetwork(members, len(shape.group) + shape.numbers)

    def losses(self, outputs: Any, batch: dict[str, Any], shape: Shape) -> Any:
        """Return the surprise of what was hidden."""
        weight = batch["hidden"] * batch["known"]
        return ops.sum(surprise(outputs, batch["values"], shape) * weight, axis=-1) / max(HIDDEN * shape.columns, 1.0)

    def draw(self, rng: np.random.Generator, steps: int, rows: int, shape: Shape) -> tuple[Array, Array]:
        """Hide each column with a chance that differs from row to row, so that single and many gaps are learnt."""
        share = rng.beta(1.0, 1.0 / HIDDEN - 1.0, (steps, rows, 1)) * 0.9 + 0.05
        hidden = rng.random((steps, rows, shape.columns)) < share
        return hidden[:, :, np.asarray(shape.group, dtype=np.int64)], np.zeros((steps, rows, 1))

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return the sum over the columns of their surprise, each hidden in its turn."""
        group = np.asarray(shape.group, dtype=np.int64)
        turn = np.arange(shape.columns) % PASSES
        parts = np.zeros((len(rows.values), len(group)))
        masks = [(turn[group] == number)[None, :].astype(np.float32) for number in range(min(PASSES, shape.columns))]
        for hidden, found in zip(masks, self.each_output(model, rows, shape, fold, masks, np.zeros((1, 1))), strict=True):
            parts += np.where(hidden > 0, unlikely(found, rows.values, shape), 0.0)
        columns = np.minimum(shape.by_column(parts * rows.known), LARGEST)
        return columns.sum(axis=1), columns

    def expected(self, model: Arrays, rows: Rows, shape: Shape, folds: int) -> Array:
        """Return the means and logits of all values, those that are missing hidden, as the folds' networks see them, (rows, width)."""
        hidden = (~rows.known).astype(np.float32)
        width = len(shape.group)
        found = [self.outputs(model, rows, shape, fold, hidden, np.zeros((1, 1)))[:, :width] for fold in range(folds)]
        return np.asarray(np.mean(found, axis=0))


class MaskedNetwork(keras.Model):  # type: ignore[misc]
    """Two hidden layers and a linear short-cut, for each member.

    Args:
        members: Number of networks.
        outputs: Means, logits and spreads.
    """

    def __init__(self, members: int, outputs: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.first = PackedDense(members, UNITS, "silu", input_scale=3.0)
        self.second = PackedDense(members, UNITS, "silu")
        self.last = PackedDense(members, outputs, initializer=zeros)

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map what is shown of (rows, ·) to (members, rows, outputs)."""
        shown = inputs["known"] * (1.0 - inputs["hidden"])
        entering = ops.concatenate([inputs["values"] * shown, shown, inputs["moments"] * 0.1], axis=-1)[None]
        middle = self.first(entering)
        return self.last(middle + self.second(middle))
