"""Cells that hold series become one array of equal length: NaN behind the end of a short one, gaps filled, channels scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.dataset.signal import Signal
from automl.preprocessing.base import Arrays, State

LONGEST = 1_024  # steps; neighbours of longer series are averaged, so that networks and features stay affordable
LARGEST = 30.0  # scaled values are cut here: one broken sensor must not make a network's sums infinite


@dataclass(frozen=True)
class SeriesArrays:
    """Turns a column of series into the array "series" (rows, steps, channels).

    A short series is followed by NaN up to the common length, so that families can tell its end; gaps inside it are filled from their
    neighbours in time. Every channel is centred and scaled by the training rows.

    Attributes:
        steps: Steps of the array: the longest training series, after averaging.
        channels: Values per step.
        averaged: Neighbouring steps that become one.
        centre: Mean of each channel, (channels,).
        scale: Standard deviation of each channel, (channels,).

    Example:
        >>> cells = np.empty(2, dtype=object)
        >>> cells[0], cells[1] = np.array([[0.0], [2.0], [4.0]]), np.array([[2.0]])
        >>> found = SeriesArrays.fit(cells)
        >>> found.transform(cells)[:, :, 0].astype(float).round(1).tolist()
        [[-1.4, 0.0, 1.4], [0.0, nan, nan]]
    """

    steps: int
    channels: int
    averaged: int
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def fit(cls, cells: Sequence[Any]) -> SeriesArrays:
        """Look at the training rows only.

        Args:
            cells: One series, or its array (steps, channels), per row, or None.
        """
        known = [cell for cell in arrays_of(cells) if cell is not None and len(cell)]
        channels = known[0].shape[1] if known else 1
        longest = max((len(cell) for cell in known), default=1)
        averaged = -(-longest // LONGEST)
        values = np.concatenate(known).astype(np.float64) if known else np.zeros((1, channels))
        values = np.where(np.isfinite(values), values, np.nan)
        count = np.maximum(np.isfinite(values).sum(axis=0), 1)
        centre = np.nansum(values, axis=0) / count
        scale = np.sqrt(np.nansum((values - centre) ** 2, axis=0) / count)
        scale = np.where(scale > 1e-12 * np.maximum(np.abs(centre), 1e-300), scale, 1.0)
        return cls(-(-longest // averaged), channels, averaged, centre, scale)

    def transform(self, cells: Sequence[Any]) -> NDArray[np.float32]:
        """Return (rows, steps, channels); what comes after the longest training series is cut off, an empty cell is NaN throughout."""
        whole = self.steps * self.averaged
        result = np.full((len(cells), whole, self.channels), np.nan, dtype=np.float32)
        for row, cell in enumerate(arrays_of(cells)):
            if cell is None or not len(cell):
                continue
            part = np.asarray(cell[:whole], dtype=np.float64)
            scaled = np.clip((part - self.centre) / self.scale, -LARGEST, LARGEST)
            result[row, : len(part)] = filled(scaled)
        if self.averaged == 1:
            return result
        pieces = result.reshape(len(cells), self.steps, self.averaged, self.channels)
        known = ~np.isnan(pieces)
        count = known.sum(axis=2)
        mean = np.where(known, pieces, 0.0).sum(axis=2) / np.maximum(count, 1)
        return np.where(count > 0, mean, np.nan).astype(np.float32)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of one row of each array."""
        return {"series": (self.steps, self.channels)}

    def state(self) -> State:
        """Return all that was learnt."""
        arrays: Arrays = {"centre": self.centre, "scale": self.scale}
        return State({"steps": self.steps, "channels": self.channels, "averaged": self.averaged}, arrays)

    @classmethod
    def from_state(cls, state: State) -> SeriesArrays:
        """Rebuild from :meth:`state`."""
        return cls(**state.json, centre=state.arrays["centre"], scale=state.arrays["scale"])


def filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a series (steps, channels) whose gaps lie on the line between their neighbours in time; a silent channel is 0.

    Example:
        >>> filled(np.array([[np.nan], [1.0], [np.nan], [3.0]]))[:, 0].tolist()
        [1.0, 1.0, 2.0, 3.0]
    """
    known = np.isfinite(values)
    if known.all():
        return values
    values, steps = values.copy(), np.arange(len(values))
    for channel in np.flatnonzero(~known.all(axis=0)):
        here = known[:, channel]
        values[:, channel] = np.interp(steps, steps[here], values[here, channel]) if here.any() else 0.0
    return values


def lengths_of(series: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Return the number of steps of each series of an array (rows, steps, channels) with NaN behind the end, (rows,)."""
    return np.asarray((~np.isnan(series[:, :, 0])).sum(axis=1), dtype=np.int64)


def arrays_of(cells: Sequence[Any]) -> list[Any]:
    """Return the values (steps, channels) of each cell, or None."""
    return [cell.values if isinstance(cell, Signal) else cell for cell in cells]
