"""Steps of a series: where rows stand on the grid of times, what stood before them, and how long it has been so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEAR = (1, 2, 3)
DAY, WEEK = 86_400.0, 604_800.0
LONGEST = 12_000  # steps that a season may have
REGULAR = 0.8  # share of the distances of neighbours that must be multiples of a step
WINDOWS = (6, 24)  # steps over which what was expected is compared with what came

Array = NDArray[Any]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """The times at which a series was observed.

    Attributes:
        origin: The first time, in nanoseconds or as the number it was.
        step: The usual distance of neighbours; 0 where there is none and rows are counted instead.
        seconds: Whether times are nanoseconds.

    Example:
        >>> grid = Grid.of(np.array([0, 10, 20, 40]), dates=False)
        >>> grid.steps(np.array([10, 40, 50])).tolist()
        [1, 4, 5]
    """

    origin: float
    step: float
    seconds: bool

    @classmethod
    def of(cls, times: Array, dates: bool) -> Grid:
        """Look at the times of the training rows, (rows,)."""
        unique = np.unique(times[np.isfinite(times.astype(np.float64))]).astype(np.float64)
        if len(unique) < 3:
            return cls(float(unique[0]) if len(unique) else 0.0, 0.0, dates)
        apart = np.diff(unique)
        step = float(np.median(apart))
        off = np.abs(apart / step - np.round(apart / step))
        return cls(float(unique[0]), step if np.mean(off < 0.02) >= REGULAR else 0.0, dates)

    def steps(self, times: Array) -> Steps:
        """Return the step of each time, (rows,); places in their order where there is no common distance."""
        if self.step == 0.0:
            return np.argsort(np.argsort(times, kind="stable"), kind="stable").astype(np.int64)
        return np.round((times.astype(np.float64) - self.origin) / self.step).astype(np.int64)

    @property
    def seasons(self) -> tuple[int, ...]:
        """Steps of a day and a week, or of a week, or of a year, by the distance of the steps.

        Example:
            >>> Grid(0.0, 3.6e12, True).seasons
            (24, 168)
        """
        if not self.seconds or self.step == 0.0:
            return ()
        seconds = self.step / 1e9
        found: tuple[float, ...] = (WEEK / seconds,) if seconds < WEEK / 2 else (365.25 * DAY / seconds,)
        if seconds < DAY / 2:
            found = (DAY / seconds, WEEK / seconds)
        return tuple(round(count) for count in found if 2 <= round(count) <= LONGEST)

    @property
    def needed(self) -> int:
        """Steps of the past that judging a row reads."""
        return max((*NEAR, *self.seasons)) + 2 * max(WINDOWS)


def before(values: Array, steps: Steps, lag: int) -> Array:
    """Return what stood `lag` steps before each row, NaN where nothing was observed, (rows, width).

    Example:
        >>> before(np.array([[1.0], [2.0], [3.0]]), np.array([0, 1, 3]), 1).ravel().tolist()
        [nan, 1.0, nan]
    """
    order = np.argsort(steps, kind="stable")
    own = steps[order]
    place = np.searchsorted(own, steps - lag, side="right") - 1
    there = (place >= 0) & (own[np.maximum(place, 0)] == steps - lag)
    return np.where(there[:, None], values[order[np.maximum(place, 0)]], np.nan)


def in_order(values: Array, steps: Steps, make: Any) -> Array:
    """Apply a function of (rows in order, their steps) and return its answer in the order of the rows."""
    order = np.argsort(steps, kind="stable")
    found = make(values[order], steps[order])
    back = np.empty_like(found)
    back[order] = found
    return np.asarray(back)


def runs(values: Array, steps: Steps) -> Array:
    """Return for how many steps in a row each column has had the value that it has, (rows, width); a gap in time ends a run.

    Example:
        >>> runs(np.array([[1.0], [1.0], [2.0], [2.0]]), np.array([0, 1, 2, 4])).ravel().tolist()
        [1.0, 2.0, 1.0, 1.0]
    """

    def make(rows: Array, own: Steps) -> Array:
        place = np.arange(len(rows))[:, None]
        begins = np.ones(rows.shape, dtype=bool)
        begins[1:] = (rows[1:] != rows[:-1]) | (np.diff(own) > 1)[:, None]
        return (place - np.maximum.accumulate(np.where(begins, place, 0), axis=0) + 1).astype(np.float64)

    return in_order(values, steps, make)


def trailing(values: Array, steps: Steps, width: int) -> Array:
    """Return the mean of the last `width` rows that stand within as many steps, missing ones left out, (rows, columns)."""

    def make(rows: Array, own: Steps) -> Array:
        known = np.isfinite(rows)
        sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(np.where(known, rows, 0.0), axis=0)])
        counts = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(known, axis=0)])
        end = np.arange(1, len(rows) + 1)
        start = np.maximum(np.searchsorted(own, own - width + 1), end - width)
        # over the square root of the width: a mean of few values is less telling than one of many
        return np.asarray((sums[end] - sums[start]) / np.sqrt(np.maximum(counts[end] - counts[start], 1.0)) / np.sqrt(width))

    return in_order(values, steps, make)
