"""Typed columns become scaled numbers and indicators, each with the column that it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.anomaly.past import Grid
from automl.budget import Budget
from automl.preprocessing.base import Arrays, State
from automl.preprocessing.tabular import TabularPreprocessor
from automl.schema import Schema
from automl.task import Task

if TYPE_CHECKING:
    from automl.anomaly.pictures import Eyes

MOST_LEVELS = 20  # indicators of a category; rarer levels share one
CONTEXT = ("month", "day of month", "day of week", "season sine", "season cosine", "hour")  # parts of a date that explain others
LEFT_OUT = ("year", "days since start")  # go on for ever: every later row would be strange
# Days until a part of a date has had all its values: before that, times to come have values that no row had, and all are strange.
CYCLES = {"month": 365.25, "season sine": 365.25, "season cosine": 365.25, "day of month": 31.0, "day of week": 7.0}

Array = NDArray[Any]


@dataclass(frozen=True)
class Rows:
    """Some rows as the families read them.

    Attributes:
        values: (rows, width) float32: numbers as arcsinh of their robust z-score, 0 where missing; indicators of categories.
        known: Whether a value was there, (rows, width).
        raw: Numbers as they are, NaN where missing, (rows, numbers).
        order: Step of each row on the grid of times, (rows,); None without a time.
        moments: Calendar parts of each row, (rows, parts).
        times: When each row was, as nanoseconds or the number it was, (rows,); None without a time.
        grid: The grid of the times that were learnt from.
        patches: What the middle of a network sees in the picture of each row, float16 (rows, lines, columns, 64); None without pictures.
    """

    values: NDArray[np.float32]
    known: NDArray[np.bool_]
    raw: NDArray[np.float64]
    order: NDArray[np.int64] | None
    moments: NDArray[np.float64]
    times: NDArray[Any] | None = None
    grid: Grid | None = None
    patches: NDArray[np.float16] | None = None

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Return some of the rows; positions in time stay."""

        def of(part: Any) -> Any:
            return None if part is None else part[rows]

        order, times, patches = of(self.order), of(self.times), of(self.patches)
        return Rows(self.values[rows], self.known[rows], self.raw[rows], order, self.moments[rows], times, self.grid, patches)

    def after(self, history: Rows) -> Rows:
        """Return the rows with earlier ones before them; their steps are counted anew."""
        names = ("values", "known", "raw", "moments", "times")
        parts = {name: np.concatenate([getattr(history, name), getattr(self, name)]) for name in names}
        order = self.grid.steps(parts["times"]) if self.grid is not None else None
        if self.patches is not None:  # of the pictures before nothing is read
            before = np.zeros((len(history.values), *self.patches.shape[1:]), np.float16)
            parts["patches"] = np.concatenate([before, self.patches])
        return Rows(order=order, grid=self.grid, **parts)


@dataclass(frozen=True)
class Design:
    """How typed columns become :class:`Rows`.

    Attributes:
        table: The preparation of the table.
        centre: Median of each number.
        scale: Robust deviation of each number.
        time: The column of times, None without one.
        grid: The times of the training rows, None without any.
        eyes: How pictures are looked at, None without any.
        moments: Names of the calendar parts that explain others; None for all that the table has.
    """

    table: TabularPreprocessor
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    time: str | None
    grid: Grid | None = None
    eyes: Eyes | None = None
    moments: tuple[str, ...] | None = None

    @classmethod
    def fit(cls, typed: pd.DataFrame, schema: Schema, time: str | None, budget: Budget | None = None, seed: int = 0) -> Design:
        """Look at the training rows; of several columns of pictures at the first as a network sees it."""
        pictures = [column.name for column in schema.features if column.type == "image"]
        eyes = None
        if pictures:
            from automl.anomaly.pictures import Eyes  # late: it waits for a backend

            eyes = Eyes.fit(pictures[0], typed[pictures[0]].tolist(), budget or Budget(trials=1), seed)
        table = TabularPreprocessor().fit(typed, schema, Task("regression", ""))
        raw = table.transform(typed)["raw_numbers"].astype(np.float64)
        if eyes is not None:
            raw = np.concatenate([raw, eyes.look(typed[eyes.column].tolist())[0]], axis=1)
        centre = np.zeros(raw.shape[1])
        scale = np.ones(raw.shape[1])
        for place, column in enumerate(raw.T):
            known = column[np.isfinite(column)]
            if len(known):
                low, centre[place], high = np.quantile(known, [0.25, 0.5, 0.75])
                scale[place] = next((s for s in ((high - low) / 1.349, known.std()) if s > 1e-12 * max(abs(centre[place]), 1e-300)), 1.0)
        grid = None if time is None else Grid.of(_times(typed[time]), typed[time].dtype.kind == "M")
        return cls(table, centre, scale, time, grid, eyes, _moments(table, typed))

    @property
    def _named(self) -> list[tuple[str, str]]:
        """Name and column of every number: those of the table, then the directions of a picture."""
        told = list(zip(self.table.feature_names["raw_numbers"], self.table.sources["raw_numbers"], strict=True))
        if self.eyes is None:
            return told
        return told + [(f"{self.eyes.column}: direction {place + 1}", self.eyes.column) for place in range(len(self.eyes.directions))]

    @property
    def numbers(self) -> list[int]:
        """Places among the numbers that are judged: all but parts of dates, and what a table says of a picture that a network looks at."""
        table, column = len(self.table.feature_names["raw_numbers"]), None if self.eyes is None else self.eyes.column
        named = enumerate(self._named)
        return [place for place, (name, source) in named if place >= table or not (self._is_moment(name) or source == column)]

    @property
    def picture(self) -> int:
        """The place of the first direction of a picture among :attr:`names`; -1 without pictures."""
        return -1 if self.eyes is None else len(self.numbers) - len(self.eyes.directions)

    def _is_moment(self, name: str) -> bool:
        return name.rsplit(": ", 1)[-1] in (*CONTEXT, *LEFT_OUT)

    @property
    def widths(self) -> list[int]:
        """Indicators of each category."""
        return [min(count, MOST_LEVELS + 2) for count in self.table.spec.categories]

    @property
    def names(self) -> list[str]:
        """The names of what is judged: numbers, then categories."""
        return [self._named[place][0] for place in self.numbers] + list(self.table.feature_names["categories"])

    @property
    def sources(self) -> list[str]:
        """The column of the data that each of them belongs to."""
        return [self._named[place][1] for place in self.numbers] + list(self.table.sources["categories"])

    @property
    def group(self) -> NDArray[np.int64]:
        """Which of :attr:`names` each value belongs to, (width,)."""
        numbers = len(self.numbers)
        levels = [np.full(width, numbers + place) for place, width in enumerate(self.widths)]
        return np.concatenate([np.arange(numbers), *levels]).astype(np.int64)

    def rows(self, typed: pd.DataFrame) -> Rows:
        """Return typed rows as the families read them."""
        arrays = self.table.transform(typed)
        raw, patches, judged = arrays["raw_numbers"].astype(np.float64), None, self.numbers
        if self.eyes is not None:
            directions, patches = self.eyes.look(typed[self.eyes.column].tolist())
            raw = np.concatenate([raw, directions], axis=1)
        scaled = np.arcsinh((raw[:, judged] - self.centre[judged]) / self.scale[judged])
        known = [np.isfinite(scaled)]
        parts = [np.nan_to_num(np.clip(scaled, -12.0, 12.0))]
        for place, width in enumerate(self.widths):
            codes = arrays["categories"][:, place]
            codes = np.where(codes < width, codes, 1)
            parts.append(np.eye(width)[codes])
            known.append(np.repeat((codes > 0)[:, None], width, axis=1))
        names = self.table.feature_names["raw_numbers"]
        kept = _context(names) if self.moments is None else self.moments
        context = [place for place, name in enumerate(names) if name in kept]
        times = None if self.time is None else _times(typed[self.time])
        order = None if times is None or self.grid is None else self.grid.steps(times)
        values = np.concatenate(parts, axis=1).astype(np.float32)
        return Rows(values, np.concatenate(known, axis=1), raw[:, judged], order, np.nan_to_num(raw[:, context]), times, self.grid, patches)

    def unscaled(self, values: Array) -> Array:
        """Return scaled numbers in their units, (rows, numbers)."""
        return np.asarray(np.sinh(values) * self.scale[self.numbers] + self.centre[self.numbers])

    def state(self) -> State:
        """Return all that was learnt."""
        table = self.table.state()
        arrays: Arrays = {**table.arrays, "design_centre": self.centre, "design_scale": self.scale}
        grid = None if self.grid is None else [self.grid.origin, self.grid.step, self.grid.seconds]
        told: dict[str, Any] = {"table": table.json, "time": self.time, "grid": grid, "eyes": None}
        told["moments"] = None if self.moments is None else list(self.moments)
        if self.eyes is not None:
            told["eyes"], arrays = [self.eyes.column, self.eyes.side], arrays | self.eyes.to_arrays()
        return State(told, arrays)

    @classmethod
    def from_state(cls, state: State) -> Design:
        """Rebuild from :meth:`state`."""
        table = TabularPreprocessor.from_state(State(state.json["table"], state.arrays))
        grid = state.json.get("grid")
        made = None if grid is None else Grid(float(grid[0]), float(grid[1]), bool(grid[2]))
        own, eyes = state.arrays, None
        if state.json.get("eyes") is not None:
            from automl.anomaly.pictures import Eyes

            column, side = state.json["eyes"]
            eyes = Eyes(str(column), int(side), own["eyes_mean"], own["eyes_directions"], own["eyes_projection"])
        moments = state.json.get("moments")
        kept = None if moments is None else tuple(moments)
        return cls(table, own["design_centre"], own["design_scale"], state.json["time"], made, eyes, kept)


def _context(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the parts of dates that may explain others."""
    return tuple(name for name in names if name.rsplit(": ", 1)[-1] in CONTEXT)


def _moments(table: TabularPreprocessor, typed: pd.DataFrame) -> tuple[str, ...]:
    """Return those whose values have all come once in the rows: of two months of data, the season explains nothing that is to come."""
    kept = []
    for name, source in zip(table.feature_names["raw_numbers"], table.sources["raw_numbers"], strict=True):
        if name not in _context([name]):
            continue
        days = (typed[source].max() - typed[source].min()) / pd.Timedelta(days=1) if typed[source].dtype.kind == "M" else np.inf
        if days >= CYCLES.get(name.rsplit(": ", 1)[-1], 0.0) - 1.0:
            kept.append(name)
    return tuple(kept)


def _times(cells: pd.Series[Any]) -> NDArray[Any]:
    """Return times as whole nanoseconds, or the numbers that they are; what is missing stands at the end of the rows before it."""
    if cells.dtype.kind == "M":
        return cells.ffill().bfill().astype("datetime64[ns]").to_numpy().astype(np.int64)
    return cells.astype(np.float64).ffill().bfill().fillna(0.0).to_numpy()
