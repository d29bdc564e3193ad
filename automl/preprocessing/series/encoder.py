"""The array "series" for the families that read series; several columns of series become channels of one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

import numpy as np
import pandas as pd

from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.series.cells import LONGEST, SeriesArrays, arrays_of


class Series(Encoder):
    """Makes "series" (rows, steps, channels) float32, NaN behind the end of short ones; see :class:`SeriesArrays`."""

    name = "series"
    reads = "series"

    def __init__(self, columns: tuple[str, ...], arrays: SeriesArrays) -> None:
        self._columns, self.arrays = columns, arrays

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Look at the training rows; None where all series are empty."""
        joined = _joined(cells)
        if not any(cell is not None and len(cell) for cell in joined):
            return None
        arrays = SeriesArrays.fit(joined)
        if arrays.averaged > 1:
            told = f"The longest series has more than {LONGEST:,} steps; {arrays.averaged} neighbouring steps are averaged."
            given.log.add("prepare", "steps of series", f"{arrays.steps:,}", told)
        return cls(tuple(map(str, cells.columns)), arrays)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of series."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """One array."""
        return (Extra("series", (self.arrays.steps, self.arrays.channels)),)

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the array of some rows."""
        return {"series": self.arrays.transform(_joined(cells))}

    def state(self) -> State:
        """Return sizes and scales."""
        state = self.arrays.state()
        return State({**state.json, "columns": list(self._columns)}, state.arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        told = dict(state.json)
        columns = tuple(told.pop("columns"))
        return cls(columns, SeriesArrays.from_state(State(told, state.arrays)))


def _joined(cells: pd.DataFrame) -> list[Any]:
    """Return one series per row; the columns stand beside each other as channels, those that end early hold their last value."""
    columns = [arrays_of(cells[name].tolist()) for name in cells]
    if len(columns) == 1:
        return columns[0]
    widths = [next((cell.shape[1] for cell in column if cell is not None and len(cell)), 1) for column in columns]
    rows = []
    for several in zip(*columns, strict=True):
        longest = max((len(cell) for cell in several if cell is not None), default=0)
        parts = []
        for cell, width in zip(several, widths, strict=True):
            part = np.full((longest, width), np.nan, dtype=np.float32)
            if cell is not None and len(cell):
                part[: len(cell)], part[len(cell) :] = cell, cell[-1]
            parts.append(part)
        rows.append(np.concatenate(parts, axis=1))
    return rows
