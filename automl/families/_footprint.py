"""How much memory a pack of networks takes, estimated from the networks themselves; tests hold it against the measured peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

PROGRAM = 64 * 2**20  # what compiling the programs of a pack and of its halves leaves behind
COPIES = 9  # of the weights: in use, before the step, two moments twice, gradient, best epoch, the model's own variables
MEANS = 2  # further copies where the mean of the weights is kept: before the step and after it
KEPT = 2.5  # of a batch's activations: the values, their gradients, and what is being made
VALIDATED = 1.25  # of a block's activations: without gradients, what a layer has read is let go
POOL = 16_384  # dropout factors beyond those of one batch, for each member
FLOAT = 4


@dataclass(frozen=True)
class Footprint:
    """The size of one network.

    Attributes:
        weights: Number of weights.
        activations: Values that all layers put out for one row.
        shared: Values that they put out once for a batch, such as the candidates of a neighbourhood.
        copies: Of the weights that training holds.

    Example:
        >>> Footprint(5_000, 200, 0).pack_bytes(8, 5, batch=256, rows=2_000, columns=30) // 2**20 < 200
        True
    """

    weights: int
    activations: int
    shared: int
    copies: int = COPIES

    def pack_bytes(self, configs: int, folds: int, *, batch: int, rows: int, columns: int, block: int = 8192) -> int:
        """Return the most bytes that training a pack adds to the process.

        Args:
            configs: Configurations in the pack.
            folds: Members per configuration.
            batch: Rows of a step.
            rows: Training rows.
            columns: Values of a row in all arrays, and its outputs.
            block: Most rows that are validated at once.
        """
        return int(PROGRAM + self.data_bytes(rows, columns) + configs * self.config_bytes(folds, batch=batch, rows=rows, block=block))

    def config_bytes(self, folds: int, *, batch: int, rows: int, block: int = 8192) -> int:
        """Return the bytes that one more configuration adds."""
        training = folds * (self.copies * self.weights + KEPT * (batch * self.activations + self.shared) + POOL)
        validation = VALIDATED * (min(block, -(-rows // folds)) * self.activations + self.shared)
        return int(FLOAT * (training + validation))

    def row_bytes(self) -> int:
        """Return the bytes that one row of a prediction takes."""
        return int(FLOAT * VALIDATED * self.activations)

    @staticmethod
    def data_bytes(rows: int, columns: int) -> int:
        """Return the bytes of the rows on the device, and of the validated ones once more."""
        return 3 * FLOAT * rows * columns


def footprint(model: Any, arrays: dict[str, Any]) -> Footprint:
    """Build a pack by showing it a row, and measure it.

    Args:
        model: A network, or several with their members.
        arrays: One row of each of its inputs, as the model reads them; "encoded" is (members, rows, columns).
    """

    def shown(rows: int) -> int:
        axes = {name: 1 if name == "encoded" else 0 for name in arrays}
        return _activations(model, {name: ops.repeat(values, rows, axis=axes[name]) for name, values in arrays.items()})

    model(arrays)  # builds it, which calls some layers once more
    one, two = shown(1), shown(2)
    weights = int(sum(np.prod(variable.shape) for variable in model.trainable_variables))
    return Footprint(weights, two - one, max(2 * one - two, 0))


def _activations(model: Any, arrays: dict[str, Any]) -> int:
    """Return how many values the layers of a network put out for some rows."""
    layers = list(model._flatten_layers(include_self=False))
    sizes: list[int] = []

    def watched(call: Any) -> Any:
        def run(*values: Any, **options: Any) -> Any:
            result = call(*values, **options)
            parts = list(result.values()) if isinstance(result, dict) else result if isinstance(result, (list, tuple)) else [result]
            sizes.extend(int(np.prod([int(size) for size in part.shape])) for part in parts if hasattr(part, "shape"))
            return result

        return run

    calls = [layer.call for layer in layers]
    try:
        for layer, call in zip(layers, calls, strict=True):
            object.__setattr__(layer, "call", watched(call))  # around Keras, which would take it for a part of the layer
        model(arrays)
    finally:
        for layer in layers:
            object.__delattr__(layer, "call")
    return sum(sizes)
