"""Frames put together from the rows of one frame: the raw material of every question "what if this column were another?"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def halfway(self) -> Clock:
        """Return a clock that leaves half of the time."""
        if self.budget is None or not self.budget.timed:
            return self
        half = (self.budget.elapsed() / self.budget.limit + self.until) / 2
        clock = Clock(self.budget, min(half, self.until))
        clock.seconds_per_row = self.seconds_per_row
        return clock

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


class Cells:
    """The cells of a frame, laid out so that frames of some rows here and other rows there are put together quickly.

    Example:
        >>> cells = Cells(pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
        >>> cells.compose([(["b"], np.array([1, 1])), (["a"], np.array([0, 1]))]).to_dict("list")
        {'a': [1, 2], 'b': ['y', 'y']}
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.columns = [str(name) for name in frame.columns]
        self._place = {name: place for place, name in enumerate(self.columns)}
        kinds: dict[str, list[int]] = {}
        for place, dtype in enumerate(frame.dtypes):
            plain = isinstance(dtype, np.dtype) and dtype.kind in "fiubO"
            kinds.setdefault(str(dtype) if plain else f"column {place}", []).append(place)
        self._groups = [(places, None if kind.startswith("column ") else frame.dtypes.iloc[places[0]]) for kind, places in kinds.items()]
        self._tables = [
            frame.iloc[:, places[0]].array if dtype is None else np.ascontiguousarray(frame.iloc[:, places].to_numpy(dtype=dtype))
            for places, dtype in self._groups
        ]
        order = [place for places, _ in self._groups for place in places]
        self._order = None if order == sorted(order) else np.argsort(order)

    def compose(self, parts: Sequence[tuple[Sequence[str], Rows]]) -> pd.DataFrame:
        """Build a frame whose columns are taken from different rows, each with its type kept.

        Args:
            parts: Names of columns and the positions of the rows to take them from; every column once, all equally long.
        """
        main = max(range(len(parts)), key=lambda number: len(parts[number][0]))
        source = np.full(len(self.columns), main)
        for number, (names, _) in enumerate(parts):
            source[[self._place[name] for name in names]] = number
        built = []
        for (places, dtype), table in zip(self._groups, self._tables, strict=True):
            names = [self.columns[place] for place in places]
            if dtype is None:
                built.append(pd.DataFrame({names[0]: table.take(parts[source[places[0]]][1])}))
                continue
            values = table[parts[main][1]]
            for number in np.unique(source[places]):
                if number != main:
                    inside = np.flatnonzero(source[places] == number)
                    values[:, inside] = table[parts[number][1][:, None], inside]
            built.append(pd.DataFrame(values, columns=names, dtype=dtype, copy=False))
        frame = built[0] if len(built) == 1 else pd.concat(built, axis=1)
        return frame if self._order is None else frame.iloc[:, self._order]
