"""Typed columns become scaled numbers and indicators, each with the column that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.preprocessing.base import Arrays, State
from automl.preprocessing.tabular import TabularPreprocessor
from automl.schema import Schema
from automl.task import Task

MOST_LEVELS = 20  # indicators of a category; rarer levels share one
CONTEXT = ("year", "month", "day of month", "day of week", "season sine", "season cosine", "hour")  # parts of a date that explain others
LEFT_OUT = ("year", "days since start")  # go on for ever: every later row would be strange

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Some rows as the families read them.

    Attributes:
        values: (rows, width) float32: numbers as arcsinh of their robust z-score, 0 where missing; indicators of categories.
        known: Whether a value was there, (rows, width).
        raw: Numbers as they are, NaN where missing, (rows, numbers).
        order: Position of each row in time, (rows,); None without a time.
        moments: Calendar parts of each row, (rows, parts).
    """

    values: NDArray[np.float32]
    known: NDArray[np.bool_]
    raw: NDArray[np.float64]
    order: NDArray[np.int64] | None
    moments: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Return some of the rows; positions in time stay."""
        order = None if self.order is None else self.order[rows]
        return Rows(self.values[rows], self.known[rows], self.raw[rows], order, self.moments[rows])


@dataclass(frozen=True)
class Design:
    """How typed columns become :class:`Rows`.

    Attributes:
        table: The preparation of the table.
        centre: Median of each number.
        scale: Robust deviation of each number.
        time: The column of times, None without one.
    """

    table: TabularPreprocessor
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    time: str | None

    @classmethod
    def fit(cls, typed: pd.DataFrame, schema: Schema, time: str | None) -> Design:
        """Look at the training rows."""
        table = TabularPreprocessor().fit(typed, schema, Task("regression", ""))
        raw = table.transform(typed)["raw_numbers"].astype(np.float64)
        centre = np.zeros(raw.shape[1])
        scale = np.ones(raw.shape[1])
        for place, column in enumerate(raw.T):
            known = column[np.isfinite(column)]
            if len(known):
                low, centre[place], high = np.quantile(known, [0.25, 0.5, 0.75])
                scale[place] = next((s for s in ((high - low) / 1.349, known.std()) if s > 1e-12 * max(abs(centre[place]), 1e-300)), 1.0)
        return cls(table, centre, scale, time)

    @property
    def numbers(self) -> list[int]:
        """Places in "raw_numbers" that are judged: all but the parts of dates."""
        return [place for place, name in enumerate(self.table.feature_names["raw_numbers"]) if not self._is_moment(name)]

    def _is_moment(self, name: str) -> bool:
        return name.rsplit(": ", 1)[-1] in (*CONTEXT, *LEFT_OUT)

    @property
    def widths(self) -> list[int]:
        """Indicators of each category."""
        return [min(count, MOST_LEVELS + 2) for count in self.table.spec.categories]

    @property
    def names(self) -> list[str]:
        """The names of what is judged: numbers, then categories."""
        return [self.table.feature_names["raw_numbers"][place] for place in self.numbers] + list(self.table.feature_names["categories"])

    @property
    def sources(self) -> list[str]:
        """The column of the data that each of them belongs to."""
        return [self.table.sources["raw_numbers"][place] for place in self.numbers] + list(self.table.sources["categories"])

    @property
    def group(self) -> NDArray[np.int64]:
        """Which of :attr:`names` each value belongs to, (width,)."""
        numbers = len(self.numbers)
        levels = [np.full(width, numbers + place) for place, width in enumerate(self.widths)]
        return np.concatenate([np.arange(numbers), *levels]).astype(np.int64)

    def rows(self, typed: pd.DataFrame) -> Rows:
        """Return typed rows as the families read them."""
        arrays = self.table.transform(typed)
        raw = arrays["raw_numbers"].astype(np.float64)
        judged = self.numbers
        scaled = np.arcsinh((raw[:, judged] - self.centre[judged]) / self.scale[judged])
        known = [np.isfinite(scaled)]
        parts = [np.nan_to_num(np.clip(scaled, -12.0, 12.0))]
        for place, width in enumerate(self.widths):
            codes = arrays["categories"][:, place]
            codes = np.where(codes < width, codes, 1)
            parts.append(np.eye(width)[codes])
            known.append(np.repeat((codes > 0)[:, None], width, axis=1))
        names = self.table.feature_names["raw_numbers"]
        context = [place for place, name in enumerate(names) if self._is_moment(name) and name.rsplit(": ", 1)[-1] not in LEFT_OUT]
        order = None
        if self.time is not None:
            moments = pd.to_datetime(typed[self.time]) if typed[self.time].dtype.kind == "M" else typed[self.time]
            order = np.argsort(np.argsort(moments.to_numpy(), kind="stable"), kind="stable").astype(np.int64)
        values = np.concatenate(parts, axis=1).astype(np.float32)
        return Rows(values, np.concatenate(known, axis=1), raw[:, judged], order, np.nan_to_num(raw[:, context]))

    def unscaled(self, values: Array) -> Array:
        """Return scaled numbers in their units, (rows, numbers)."""
        return np.asarray(np.sinh(values) * self.scale[self.numbers] + self.centre[self.numbers])

    def state(self) -> State:
        """Return all that was learnt."""
        table = self.table.state()
        arrays: Arrays = {**table.arrays, "design_centre": self.centre, "design_scale": self.scale}
        return State({"table": table.json, "time": self.time}, arrays)

    @classmethod
    def from_state(cls, state: State) -> Design:
        """Rebuild from :meth:`state`."""
        table = TabularPreprocessor.from_state(State(state.json["table"], state.arrays))
        return cls(table, state.arrays["design_centre"], state.arrays["design_scale"], state.json["time"])
