"""What is known of a pack in training, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class PackResult:
    """What became of each configuration of a pack.

    Attributes:
        weights: Per configuration and fold the weights of the best epoch: the trained ones in the order of the network's variables, then
            those that were fitted and not trained.
        logits: Per configuration (rows, outputs) out-of-fold outputs; NaN where no fold validates the row.
        inverse_temperature: Factor for the logits, (configurations, folds); 1 for regression.
        best_epoch: (configurations, folds).
        history: Mean validation loss, one row (configurations,) per epoch; NaN after a configuration was cut.
        status: "finished", "halved", "stopped" or "failed" for each configuration.
        seconds: Wall-clock of the pack.
    """

    weights: list[list[list[NDArray[np.float32]]]]
    logits: list[NDArray[np.float32]]
    inverse_temperature: NDArray[np.float64]
    best_epoch: NDArray[np.int64]
    history: list[NDArray[np.float64]]
    status: list[str]
    seconds: float = 0.0

    @classmethod
    def empty(cls, configs: int, folds: int) -> PackResult:
        """Return a result in which nothing has been reached yet."""
        logits = [np.zeros((0, 0), np.float32)] * configs
        weights: list[Any] = [[] for _ in range(configs)]
        return cls(weights, logits, np.ones((configs, folds)), np.full((configs, folds), -1), [], ["stopped"] * configs)

    def add_epoch(self, configs: list[int], losses: NDArray[np.float64]) -> None:
        """Note the validation losses of the configurations that are still in the pack."""
        row = np.full(len(self.status), np.nan)
        row[configs] = losses
        self.history.append(row)


@dataclass
class PackState:
    """The state of a pack in training; every tensor has a leading members axis, so survivors are cut out by indexing."""

    configs: list[int]  # positions of the configurations still in the pack
    weights: list[Any]
    first: list[Any]
    second: list[Any]
    best: list[Any]
    fixed: list[Any]
    criterion: NDArray[np.float64]  # best so far, (configurations, folds)
    epoch: NDArray[np.int64]
    temperature: NDArray[np.float64]
    diverged: NDArray[np.bool_]  # at the last look, (configurations,)
    step: int = 0
    logits: list[NDArray[np.float32]] = field(default_factory=list)
    means: list[Any] = field(default_factory=list)  # of the weights over the last steps, where that is asked for

    @property
    def judged(self) -> list[Any]:
        """The weights that are validated and kept: the means, where there are any."""
        return self.means or self.weights

    def copy(self) -> PackState:
        """Return a state that can be trained without touching this one; a compiled step may take over the memory of its input."""

        def twin(tensors: list[Any]) -> list[Any]:
            return [tensor + 0.0 for tensor in tensors]

        return replace(
            self,
            weights=twin(self.weights),
            first=twin(self.first),
            second=twin(self.second),
            best=twin(self.best),
            means=twin(self.means),
            logits=[values.copy() for values in self.logits],
        )
