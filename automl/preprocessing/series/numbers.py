"""A few dozen numbers of a series for families that read tables: level, spread, trend and unrest of its parts, and its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.percents import percents
from automl.preprocessing.base import Arrays
from automl.preprocessing.components import Components
from automl.preprocessing.series.cells import SeriesArrays, lengths_of
from automl.preprocessing.series.intervals import intervals, stretched

STEPS = 64  # to which series are drawn out or averaged
MOST = 240  # numbers of all channels together
BANDS = 6  # octaves of the spectrum
_OF_ALL = ("level", "spread", "slope", "unrest", "first", "last", "lowest", "highest")


@dataclass(frozen=True, eq=False)
class SeriesNumbers(Components):
    """Turns a column of series into numbers.

    Of every channel: level, spread, slope, unrest (mean size of the changes), first, last, lowest and highest value, the mean of halves and
    quarters and their spread, and the logarithm of the amplitudes in octaves. With many channels only as many kinds as there is room for.

    Attributes:
        arrays: Scales the series.
        kinds: Numbers of each channel.

    Example:
        >>> cells = np.empty(2, dtype=object)
        >>> cells[0], cells[1] = np.arange(8.0)[:, None], np.ones((8, 1))
        >>> found = SeriesNumbers.fit(cells)
        >>> values = found.transform(cells)
        >>> values.shape == (2, len(found.names)), bool(values[0, 2] > values[1, 2])
        (True, True)
    """

    arrays: SeriesArrays
    kinds: int

    @classmethod
    def fit(cls, cells: Sequence[Any], seed: int = 0) -> SeriesNumbers:
        """Look at the training rows only; nothing is left to chance."""
        arrays = SeriesArrays.fit(cells)
        return cls(arrays, int(np.clip(MOST // arrays.channels, 2, len(_kinds()))))

    @property
    def names(self) -> list[str]:
        """The names of the numbers."""
        several = self.arrays.channels > 1
        told = [f"channel {channel + 1} " if several else "" for channel in range(self.arrays.channels)]
        return [*(f"{prefix}{kind}" for prefix in told for kind in _kinds()[: self.kinds]), "length"]

    def transform(self, cells: Sequence[Any]) -> NDArray[np.float64]:
        """Return (rows, numbers); an empty cell is NaN throughout."""
        return np.concatenate([self._numbers(cells[start : start + 4096]) for start in range(0, max(len(cells), 1), 4096)])

    def _numbers(self, cells: Sequence[Any]) -> NDArray[np.float64]:
        series = self.arrays.transform(cells)
        lengths = lengths_of(series)
        values = stretched(series, STEPS).astype(np.float64).transpose(0, 2, 1)  # (rows, channels, steps)
        time = (np.arange(STEPS) - (STEPS - 1) / 2) / STEPS
        centred = values - values.mean(axis=2, keepdims=True)
        change = np.abs(np.diff(values, axis=2)).mean(axis=2)
        slope = (centred * time).sum(axis=2) / (time**2).sum()
        of_all = [values.mean(axis=2), values.std(axis=2), slope, change, values[:, :, 0], values[:, :, -1]]
        of_all += [values.min(axis=2), values.max(axis=2)]
        power = np.abs(np.fft.rfft(centred, axis=2))[:, :, 1:]
        edges = [2**band - 1 for band in range(BANDS)]
        bands = [np.log(power[:, :, low : 2 * low + 1].mean(axis=2) + 1e-3) for low in edges]
        parts = [values[:, :, start:end] for start, end in _parts()]
        found = [*of_all, *bands, *(part.mean(axis=2) for part in parts), *(part.std(axis=2) for part in parts)]
        table = np.stack(found[: self.kinds], axis=2).reshape(len(series), -1)
        table = np.concatenate([table, (lengths * self.arrays.averaged)[:, None]], axis=1)
        table[lengths == 0] = np.nan
        return table

    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was learnt, under names that begin with `prefix`."""
        sizes = np.array([self.arrays.steps, self.arrays.channels, self.arrays.averaged, self.kinds], dtype=np.int64)
        return {f"{prefix}_sizes": sizes, f"{prefix}_centre": self.arrays.centre, f"{prefix}_scale": self.arrays.scale}

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> SeriesNumbers:
        """Rebuild from :meth:`to_arrays`."""
        steps, channels, averaged, kinds = (int(size) for size in arrays[f"{prefix}_sizes"])
        return cls(SeriesArrays(steps, channels, averaged, arrays[f"{prefix}_centre"], arrays[f"{prefix}_scale"]), kinds)


def _parts() -> list[tuple[int, int]]:
    """Return the halves and quarters of a stretched series, shifted ones among them."""
    return intervals(STEPS, 3)[1:]


def _kinds() -> list[str]:
    parts = [f"{percents(start / STEPS)}–{percents(end / STEPS)} %" for start, end in _parts()]
    octaves = [f"octave {band + 1}" for band in range(BANDS)]
    return [*_OF_ALL, *octaves, *(f"level of {part}" for part in parts), *(f"spread of {part}" for part in parts)]
