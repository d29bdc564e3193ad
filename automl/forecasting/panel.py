"""Series on a regular grid: rows of a table sorted, merged where they share a step, with gaps where steps are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.decisions import DecisionLog
from automl.errors import DataError
from automl.forecasting.columns import Layout
from automl.forecasting.frequency import Frequency, guess_frequency
from automl.schema import cast_column

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
MOST_CELLS = 24_000_000  # series × steps that are kept: 100 MB a column


@dataclass(frozen=True)
class Panel:
    """Series that end side by side: column `steps - 1` is the last known step of each, columns behind it are the future.

    Attributes:
        keys: What tells series apart, as texts.
        frequency: The grid.
        last: Step on the grid of the last known one, (series,).
        y: The target, (series, steps) float32, NaN where it is not known; steps before a series begins are NaN.
        known: Covariates known in advance, (series, steps + ahead, columns) float32.
        past: Covariates known for the past, (series, steps, columns).
        static: Covariates fixed for a series, (series, columns).
    """

    keys: tuple[tuple[str, ...], ...]
    frequency: Frequency
    last: Ints
    y: Floats
    known: Floats
    past: Floats
    static: Floats

    @property
    def series(self) -> int:
        """Number of series."""
        return len(self.keys)

    @property
    def steps(self) -> int:
        """Steps of the longest series."""
        return int(self.y.shape[1])

    @property
    def ahead(self) -> int:
        """Steps of the future for which known covariates are there."""
        return int(self.known.shape[1]) - self.steps

    @property
    def lengths(self) -> Ints:
        """Steps from the first known one to the last, (series,)."""
        seen = ~np.isnan(self.y)
        return np.asarray(np.where(seen.any(axis=1), self.steps - seen.argmax(axis=1), 0), np.int64)

    def ordinals(self, series: Ints, columns: Ints) -> Ints:
        """Return the steps on the grid of columns (windows, n) of `series` (windows,)."""
        return np.asarray(self.last[series][:, None] + columns - (self.steps - 1), np.int64)

    def with_ahead(self, steps: int) -> Panel:
        """Return the panel with room for covariates of so many steps of the future, NaN where nothing is known."""
        width = self.steps + steps
        known = np.full((self.series, width, self.known.shape[2]), np.nan, np.float32)
        kept = min(width, self.known.shape[1])
        known[:, :kept] = self.known[:, :kept]
        return replace(self, known=known)

    def take(self, series: Ints) -> Panel:
        """Return some of the series."""
        keys = tuple(self.keys[number] for number in series)
        arrays = {name: getattr(self, name)[series] for name in ("last", "y", "known", "past", "static")}
        return replace(self, keys=keys, **arrays)

    def tail(self, steps: int) -> Panel:
        """Return the last `steps` steps of each series."""
        drop = max(self.steps - steps, 0)
        return replace(self, y=self.y[:, drop:], known=self.known[:, drop:], past=self.past[:, drop:])


def read_panel(
    frame: pd.DataFrame, layout: Layout, log: DecisionLog | None = None, *, asked: str | None = None, frequency: Frequency | None = None
) -> Panel:
    """Put the rows of a table on a grid.

    Args:
        frame: The rows, in any order.
        layout: What the columns are.
        log: Receives what was done about duplicates and gaps.
        asked: The frequency, where the user said it.
        frequency: The grid, where it is known already.

    Raises:
        DataError: If no row has a time and a target, or no grid can be found.
    """
    log = DecisionLog() if log is None else log
    times, keys = layout.times(frame), layout.keys(frame)
    present = ~np.asarray(pd.isna(times))
    if not present.any():
        raise DataError(f"`time` must hold dates or numbers. Received {layout.time.name!r} with none that can be read.")
    if not present.all():
        log.add("check", "rows without a time", f"{int((~present).sum()):,} left out", f"{layout.time.name!r} is missing in them.")
    rows = np.flatnonzero(present)
    frame, times = frame.iloc[rows], times[rows]
    code, found = pd.MultiIndex.from_tuples([keys[row] for row in rows]).factorize() if layout.series else (np.zeros(len(rows), int), [()])
    code = np.asarray(code, np.int64)
    names = tuple((name,) if isinstance(name, str) else tuple(name) for name in found)
    y = np.asarray(cast_column(frame[layout.target.name], layout.target), np.float64)
    if not np.isfinite(y).any():
        raise DataError(f"`target` must hold known values. Received {layout.target.name!r}, which is missing everywhere.")
    grid = guess_frequency(_whole(times, layout), code, asked) if frequency is None else frequency
    if frequency is None:
        told = f"Steps of {grid.name!r} are the usual distance of stamps in a series."
        log.add("detect", "frequency", grid.name, told, [], "frequency='D'" if grid.dated else None)
    return _Grid(frame, layout, grid, code, names, grid.ordinals(_whole(times, layout)), np.where(np.isfinite(y), y, np.nan), log).panel()


def _whole(times: Any, layout: Layout) -> Any:
    if layout.time.type == "datetime":
        return times
    values = np.asarray(times, np.float64)
    if np.any(values != np.round(values)):
        raise DataError(f"`time` must hold dates or whole numbers. Received {layout.time.name!r} with fractions.")
    return values.astype(np.int64)


class _Grid:
    """Rows on their way onto the grid."""

    def __init__(
        self,
        frame: pd.DataFrame,
        layout: Layout,
        grid: Frequency,
        code: Ints,
        names: tuple[tuple[str, ...], ...],
        step: Ints,
        y: NDArray[np.float64],
        log: DecisionLog,
    ) -> None:
        self.frame, self.layout, self.grid, self.code, self.names, self.step, self.y, self.log = (
            frame,
            layout,
            grid,
            code,
            names,
            step,
            y,
            log,
        )

    def panel(self) -> Panel:
        """Return the series, those without any known target left out."""
        log = self.log
        known = ~np.isnan(self.y)
        last = np.full(len(self.names), np.iinfo(np.int64).min)
        np.maximum.at(last, self.code[known], self.step[known])
        kept = np.flatnonzero(last > np.iinfo(np.int64).min)
        if len(kept) < len(self.names):
            log.add("check", "series without a target", f"{len(self.names) - len(kept):,} left out", "Their target is never known.")
        place = np.full(len(self.names), -1)
        place[kept] = np.arange(len(kept))
        rows = np.flatnonzero(place[self.code] >= 0)
        series, last = place[self.code[rows]], last[kept]
        back = last[series] - self.step[rows]  # steps before the last known one; negative in the future
        steps, ahead = int(back.max()) + 1, int(max(-back.min(), 0))
        most = max(MOST_CELLS // max(len(kept), 1), 16)
        if steps > most:
            log.add("check", "length of the history", f"the last {most:,} steps", f"{steps:,} steps of {len(kept):,} series are too many.")
            inside = back < most
            rows, series, back, steps = rows[inside], series[inside], back[inside], most
        column = steps - 1 - back
        merged = self._told(series, column, steps + ahead, len(kept))
        y = _mean(series, column, self.y[rows], (len(kept), steps + ahead))[:, :steps]
        self._gaps(y, merged)
        values = {role: self._covariates(role, rows, series, column, (len(kept), steps + ahead)) for role in ("known", "past")}
        static = self._static(rows, series, len(kept))
        keys = tuple(self.names[number] for number in kept)
        return Panel(keys, self.grid, last, y, values["known"], values["past"][:, :steps], static)

    def _told(self, series: Ints, column: Ints, width: int, count: int) -> int:
        cells = series * width + column
        twice = len(cells) - len(np.unique(cells))
        if twice:
            told = f"{twice:,} of {len(cells):,} rows share a step of {self.grid.name!r} with another row of their series."
            self.log.add("check", "rows of one step", "merged into their mean", told, ["sum them before fitting"])
        return twice

    def _gaps(self, y: Floats, merged: int) -> None:
        lengths = np.where(~np.isnan(y).all(axis=1), y.shape[1] - (~np.isnan(y)).argmax(axis=1), 0)
        absent = int(lengths.sum() - (~np.isnan(y)).sum())
        if absent:
            told = f"{absent:,} of {int(lengths.sum()):,} steps have no target; models see the last season there."
            self.log.add("check", "steps without a value", "gaps", told, ["0, where nothing happened: write rows with 0"])

    def _covariates(self, role: str, rows: Ints, series: Ints, column: Ints, shape: tuple[int, int]) -> Floats:
        parts = []
        for covariate in self.layout.of(role):
            values = covariate.encode(self.frame[covariate.name].iloc[rows])
            parts.append(carried(_mean(series, column, values, shape, last=bool(covariate.levels))))
        return np.stack(parts, axis=2) if parts else np.zeros((*shape, 0), np.float32)

    def _static(self, rows: Ints, series: Ints, count: int) -> Floats:
        parts = []
        for covariate in self.layout.of("static"):
            values = covariate.encode(self.frame[covariate.name].iloc[rows])
            column = np.full(count, np.nan, np.float32)
            there = ~np.isnan(values)
            column[series[there]] = values[there]
            parts.append(column)
        return np.stack(parts, axis=1) if parts else np.zeros((count, 0), np.float32)


def _mean(series: Ints, column: Ints, values: NDArray[np.float64], shape: tuple[int, int], last: bool = False) -> Floats:
    """Return cells (series, columns) with the mean of the rows that share one, or the last of them; NaN where there is none."""
    there = ~np.isnan(values)
    cell = series[there] * shape[1] + column[there]
    if last:
        found = np.full(shape[0] * shape[1], np.nan, np.float32)
        found[cell] = values[there]
        return found.reshape(shape)
    total = np.bincount(cell, weights=values[there], minlength=shape[0] * shape[1])
    count = np.bincount(cell, minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        return (total / np.where(count, count, np.nan)).astype(np.float32).reshape(shape)


def carried(values: Floats) -> Floats:
    """Return (series, columns) with gaps filled by the value before them; what comes before the first stays NaN.

    Only the past is looked at, so that no origin can see behind itself.
    """
    place = np.where(~np.isnan(values), np.arange(values.shape[1]), 0)
    np.maximum.accumulate(place, axis=1, out=place)
    return np.asarray(np.take_along_axis(values, place, axis=1))


def filled(y: Floats, season: int) -> Floats:
    """Return the target with gaps filled by the value one season before, else by the last one; looks at the past alone.

    Args:
        y: (series, steps), NaN for gaps.
        season: Steps of a season; 1 for none.
    """
    values = np.array(y, np.float32)
    if season > 1 and np.isnan(values).any():
        for start in range(season, values.shape[1], season):
            here = values[:, start : start + season]
            before = values[:, start - season : start][:, : here.shape[1]]
            here[np.isnan(here)] = before[np.isnan(here)]
    return carried(values)
