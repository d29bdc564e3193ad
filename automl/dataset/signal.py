"""A series in a cell: its steps, equal to another where all values are, so that a table can hold, count and compare series."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

FEWEST_STEPS = 8  # of a cell that is a list of numbers; shorter lists are rather a few measures


class Signal:
    """The steps of one series.

    Args:
        values: (steps, channels), NaN where a value is missing.

    Example:
        >>> one, same = Signal(np.arange(3.0)[:, None]), Signal(np.arange(3.0)[:, None])
        >>> one == same, len({one, same}), one.values.shape
        (True, 1, (3, 1))
    """

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = np.ascontiguousarray(values, dtype=np.float32)

    @cached_property
    def digest(self) -> str:
        """A hash of shape and values, 24 hexadecimal digits."""
        salt = str(self.values.shape).encode()[:16]
        return hashlib.blake2b(self.values.tobytes(), digest_size=12, salt=salt).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Signal) and self.digest == other.digest

    def __repr__(self) -> str:
        steps, channels = self.values.shape
        return f"series {self.digest} of {steps:,} steps" + (f" and {channels} channels" if channels > 1 else "")


def signal_column(several: Iterable[Any]) -> pd.Series[Any]:
    """Return arrays (steps, channels) as a column with one :class:`Signal` in each cell; None stays None.

    Example:
        >>> signal_column(np.zeros((2, 5, 1)))[0]
        series a288e6788e818ea93a5fc1a9 of 5 steps
    """
    cells = [None if values is None else Signal(values) for values in several]
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return pd.Series(column, dtype=object)


def as_signal(cell: Any, channels: int | None = None) -> Signal | None:
    """Return one cell as a series, None for whatever is none.

    Args:
        cell: A :class:`Signal`, an array (steps,) or (steps, channels), or a list of numbers.
        channels: How many there must be; a cell that has so many steps and not so many channels is turned.

    Example:
        >>> as_signal([1, 2, None]).values.ravel().tolist(), as_signal("words") is None
        ([1.0, 2.0, nan], True)
    """
    if isinstance(cell, Signal):
        values = cell.values
    elif isinstance(cell, (np.ndarray, list, tuple)):
        try:
            values = np.asarray(cell, dtype=np.float32)
        except (TypeError, ValueError):
            return None
    else:
        return None
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim != 2 or not values.size:
        return None
    if channels is not None and values.shape[1] != channels:
        if values.shape[0] != channels:
            return None
        values = values.T
    return Signal(np.where(np.isfinite(values), values, np.nan))


def holds_signals(series: pd.Series[Any]) -> bool:
    """Whether the cells of a column that are not missing are series: arrays of numbers, or lists of eight numbers and more.

    Example:
        >>> holds_signals(signal_column(np.zeros((2, 5, 1)))), holds_signals(pd.Series([[1, 2], [3, 4]]))
        (True, False)
    """
    if series.dtype != object:
        return False
    cells = [cell for cell in series.to_numpy()[:200] if cell is not None and not (isinstance(cell, float) and np.isnan(cell))]
    if not cells or not all(isinstance(cell, (Signal, np.ndarray, list, tuple)) for cell in cells):
        return False
    found = [as_signal(cell) for cell in cells]
    pictures = any(isinstance(cell, np.ndarray) and cell.dtype == np.uint8 and cell.ndim > 1 for cell in cells)
    long = all(
        isinstance(cell, Signal) or (one is not None and len(one.values) >= FEWEST_STEPS) for cell, one in zip(cells, found, strict=True)
    )
    return not pictures and long


def signals_of(array: NDArray[Any], steps_first: bool = True) -> pd.DataFrame:
    """Return an array of series as a table with one column.

    Args:
        array: (series, steps, channels), or (series, channels, steps).
        steps_first: Whether the second axis is time.
    """
    turned = array if steps_first else np.moveaxis(array, 1, 2)
    return pd.DataFrame({"series": signal_column(turned)})


def unequal(several: Sequence[Any]) -> pd.DataFrame | None:
    """Return a list of arrays of unequal lengths as a table with one column; None for any other list."""
    if not len(several) or not all(isinstance(one, np.ndarray) and one.ndim in (1, 2) and one.dtype.kind in "iuf" for one in several):
        return None
    if any(one.dtype == np.uint8 and one.ndim == 2 for one in several) or len({one.shape for one in several}) == 1:
        return None
    return pd.DataFrame({"series": signal_column([as_signal(one).values if one.size else None for one in several])})  # type: ignore[union-attr]
