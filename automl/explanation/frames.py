"""Frames put together from the rows of one frame: the raw material of every question "what if this column were another?"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget

Predict = Callable[[pd.DataFrame], NDArray[Any]]
Rows = NDArray[np.int64]

CALL_ROWS = 20_000  # rows in one call of predict: enough to fill the machine, little enough to look at the clock often
CALL_CELLS = 4_000_000


class Clock:
    """Foresees how long a call of predict will take, so that none is begun that cannot end in time."""

    def __init__(self, budget: Budget | None, until: float) -> None:
        self.budget, self.until = budget, until
        self.seconds_per_row = 0.0

    def time(self, predict: Predict, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the prediction (rows, outputs) as float64, and remember how long it took."""
        started = self.budget.elapsed() if self.budget else 0.0
        prediction = np.asarray(predict(frame), dtype=np.float64)
        if self.budget:
            self.seconds_per_row = (self.budget.elapsed() - started) / max(len(frame), 1)
        return prediction[:, None] if prediction.ndim == 1 else prediction

    def allows(self, rows: int) -> bool:
        """Whether so many rows can be predicted before the time is up."""
        return self.budget is None or not self.budget.timed or self.budget.remaining(self.until) > self.seconds_per_row * rows

    def pieces(self, rows: int, most: int) -> int:
        """Return how many pieces of so many rows, at most `most`, the next call may have; 0 when the time is up."""
        if not self.allows(rows):
            return 0
        if self.budget is None or not self.budget.timed:
            return most
        return max(1, min(most, int(self.budget.chunk / max(self.seconds_per_row * rows, 1e-9))))


def rows_per_call(frame: pd.DataFrame) -> int:
    """Return how many rows of this width one call of predict may have."""
    return max(1, min(CALL_ROWS, CALL_CELLS // max(frame.shape[1], 1)))


def compose(frame: pd.DataFrame, parts: Iterable[tuple[Sequence[str], Rows]]) -> pd.DataFrame:
    """Build a frame whose columns are taken from different rows of `frame`, each with its type kept.

    Args:
        frame: Where the cells come from.
        parts: Names of columns and the positions of the rows to take them from; every column once, all equally long.

    Example:
        >>> frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
        >>> compose(frame, [(["b"], np.array([1, 1])), (["a"], np.array([0, 1]))]).to_dict("list")
        {'a': [1, 2], 'b': ['y', 'y']}
    """
    taken = [frame[list(names)].take(rows).reset_index(drop=True) for names, rows in parts if len(names)]
    return pd.concat(taken, axis=1)[list(frame.columns)]
