"""How long and in which steps a pack is trained, and when its weaker configurations are cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CYCLE_ENDS = (1 / 15, 3 / 15, 7 / 15, 1.0)  # where coslog4 returns to zero: honest moments to compare members


def coslog4(progress: NDArray[Any]) -> NDArray[np.float32]:
    """Return the learning-rate factor ½(1 − cos(2π log₂(1 + 15t))): four cosine cycles whose lengths double.

    Args:
        progress: Share t of the training that is done, in [0, 1].

    Source: Holzmüller et al., 2024, arXiv:2407.04491.

    Example:
        >>> [float(round(x, 3)) for x in coslog4(np.array([0.0, 1 / 15, 1.0]))]
        [0.0, 0.0, 0.0]
    """
    return (0.5 * (1.0 - np.cos(2.0 * np.pi * np.log2(1.0 + 15.0 * np.asarray(progress))))).astype(np.float32)


def flat_cos(progress: NDArray[Any]) -> NDArray[np.float32]:
    """Return the factor of dropout and weight decay, ½(1 + cos(π(max(1, 2t) − 1))): flat for half of the training, then down to 0.

    Args:
        progress: Share t of the training that is done, in [0, 1].

    Source: Holzmüller et al., 2024, arXiv:2407.04491.

    Example:
        >>> [float(x) for x in flat_cos(np.array([0.0, 0.5, 1.0]))]
        [1.0, 1.0, 0.0]
    """
    return (0.5 * (1.0 + np.cos(np.pi * (np.maximum(1.0, 2.0 * np.asarray(progress)) - 1.0)))).astype(np.float32)


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps a pack is trained.

    Attributes:
        epochs: Passes over the data; fewer where the deadline asks for it.
        batch_size: Rows of a step.
        keep: Share of the configurations that survives each of the inner cycle ends; 1.0 keeps all.
        seed: Seed of the order of the batches, shared by all members.
        steps: Of an epoch, which may be a random part of the rows, or several passes over them; None for one pass.
    """

    epochs: int
    batch_size: int
    keep: tuple[float, float, float] = (1.0, 0.5, 0.5)
    seed: int = 0
    steps: int | None = None

    def cut_between(self, before: float, after: float) -> float:
        """Return the share of the configurations that survives when the progress goes from `before` to `after`."""
        kept = 1.0
        for end, keep in zip(CYCLE_ENDS, self.keep, strict=False):
            kept *= keep if before < end <= after < 1.0 else 1.0
        return kept

    def work_left(self, progress: float) -> float:
        """Return the work after `progress` with halving, in units of training all configurations alive now to the end.

        Example:
            >>> round(Schedule(10, 32, keep=(1.0, 0.5, 0.5)).work_left(0.0), 2)
            0.47
        """
        share, alive, before = 0.0, 1.0, progress
        for end, kept in zip(CYCLE_ENDS, (*self.keep, 1.0), strict=True):
            if end > progress:
                share += alive * (end - before)
                alive, before = alive * kept, end
        return share
