"""One row of numbers for each step that is asked for: lags, means, calendar and covariates, nothing from the origin on but what is known.

All values of the target are taken relative to the recent past of their own series (mean and spread before the origin), so that one model
serves series of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.forecasting.calendar import calendar_names
from automl.forecasting.panel import Ints
from automl.forecasting.world import World, gather

Array = NDArray[Any]
SEASONS_BACK = 4  # values of the same place in the season that are columns of their own
SEASONS_MEAN = 8
FLOOR = 0.02  # of the mean size of a series: the least spread that values are divided by


@dataclass(frozen=True)
class Rows:
    """Steps that are asked for: series, origin and step ahead (from 0), each (rows,)."""

    world: World
    series: Ints
    origin: Ints
    step: Ints

    def __len__(self) -> int:
        return len(self.series)

    @property
    def column(self) -> Ints:
        """Column of each step."""
        return np.asarray(self.origin + self.step, np.int64)

    def target(self) -> NDArray[np.float64]:
        """Return what came true on the scale of the models, NaN where it is not known."""
        return gather(self.world.target, self.series, self.column[:, None])[:, 0].astype(np.float64)


def recent_length(world: World, horizon: int) -> int:
    """Return how many steps make "the recent past": some seasons, and not less than half of the horizon."""
    return int(max(4 * world.season, 2 * max(world.rules.seasons, default=1), min(horizon, 60) // 2, 12))


def size_of(world: World, series: Ints, origin: Ints, horizon: int) -> tuple[Array, Array]:
    """Return mean and spread of the recent past of windows, (rows,); 0 and 1 where nothing is known before the origin."""
    length = recent_length(world, horizon)
    mean, spread = world.mean_and_spread(series, origin - length, origin)
    _, wide = world.mean_and_spread(series, np.maximum(origin - 4 * length, 0), origin)
    # A quiet stretch is no reason to call the next change enormous.
    spread = np.maximum(np.maximum(spread, 0.25 * np.nan_to_num(wide)), FLOOR * np.abs(np.where(np.isnan(mean), 1.0, mean)))
    return np.nan_to_num(mean), np.where(spread > 0, np.nan_to_num(spread, nan=1.0), 1.0)


def lag_names(world: World, horizon: int) -> list[str]:
    """Return the names of the columns of :func:`lag_rows`."""
    _, names, _ = lag_rows(Rows(world, *(np.zeros(1, np.int64),) * 3), horizon)
    return names


def lag_rows(rows: Rows, horizon: int) -> tuple[NDArray[np.float32], list[str], NDArray[np.bool_]]:
    """Return columns (rows, columns) float32 with NaN for what is not known, their names, and which of them hold codes."""
    world, series, origin, column = rows.world, rows.series, rows.origin, rows.column
    mean, spread = size_of(world, series, origin, horizon)
    made = _Columns(mean, spread)
    made.add("step", rows.step)
    for name, back, length in _stretches(world, horizon):
        level, wide = world.mean_and_spread(series, origin - back - length, origin - back)
        made.add_value(f"mean_{name}", level)
        made.add(f"spread_{name}", wide / spread)
    made.add_value("last", gather(world.seen, series, origin[:, None] - 1)[:, 0])
    made.add("size", mean / spread)
    lags = _seasonal(made, rows)
    _year(made, rows, horizon)
    table = world.calendar(series, column[:, None])[:, 0]
    for place, name in enumerate(calendar_names(world.panel.frequency, world.rules.country)):
        made.add(name, table[:, place])
    _covariates(made, rows, lags, recent_length(world, horizon))
    return np.stack(made.values, axis=1).astype(np.float32), made.names, np.zeros(len(made.names), bool)


class _Columns:
    """Columns as they are made."""

    def __init__(self, mean: Array, spread: Array) -> None:
        self.mean, self.spread = mean, spread
        self.values: list[Array] = []
        self.names: list[str] = []

    def add(self, name: str, values: Array) -> None:
        self.names.append(name)
        self.values.append(values)

    def add_value(self, name: str, values: Array) -> Array:
        """Add values of the target, relative to the recent past."""
        relative = (values - self.mean) / self.spread
        self.add(name, relative)
        return np.asarray(relative)


def _stretches(world: World, horizon: int) -> list[tuple[str, int, int]]:
    """Return (name, steps back, length) of the stretches of the past whose means are columns."""
    season, recent = world.season, recent_length(world, horizon)
    short = season if season > 1 else 3
    longest = max(world.rules.seasons, default=1)
    found = [("season", 0, short), ("season_before", short, short), ("recent", recent, recent), ("long", 0, 4 * recent)]
    if longest > season:
        found += [("longest", 0, longest), ("longest_before", longest, longest)]
    return found


def _seasonal(made: _Columns, rows: Rows) -> tuple[Ints, Array] | None:
    """Add values of the same place in earlier seasons; return columns and values of the shortest season's."""
    world, kept = rows.world, None
    for season in world.rules.seasons or (1,):
        back = (rows.step // season + 1)[:, None] + np.arange(SEASONS_MEAN)
        columns = rows.column[:, None] - back * season
        values = gather(world.seen, rows.series, columns)
        for place in range(SEASONS_BACK):
            made.add_value(f"season_{season}_{place + 1}", values[:, place])
        with np.errstate(invalid="ignore"):
            there = ~np.isnan(values)
            mean = np.where(there, values, 0.0).sum(axis=1) / np.where(there.any(axis=1), there.sum(axis=1), np.nan)
        made.add_value(f"season_{season}_mean", mean)
        kept = (columns, values) if kept is None else kept
    return kept


def _year(made: _Columns, rows: Rows, horizon: int) -> None:
    """Add the value of the last year at the same weekday and hour, relative to what was usual then."""
    world = rows.world
    year = world.panel.frequency.year
    if year is None or year in world.rules.seasons or world.panel.steps < year + horizon or year < horizon:
        return
    near = gather(world.seen, rows.series, rows.column[:, None] - year + np.arange(-1, 2))
    level, wide = world.mean_and_spread(rows.series, rows.origin - year - recent_length(world, horizon), rows.origin - year)
    half = max(world.season // 2, 1)
    around, _ = world.mean_and_spread(rows.series, rows.column - year - half, rows.column - year + half + 1)
    made.add("year_ago", (near[:, 1] - level) / np.where(wide > 0, wide, np.nan))
    made.add("year_ago_around", (around - level) / np.where(wide > 0, wide, np.nan))
    made.add_value("year_ago_value", near[:, 1])


def _covariates(made: _Columns, rows: Rows, lags: tuple[Ints, Array] | None, recent: int) -> None:
    panel = rows.world.panel
    for place in range(panel.known.shape[2]):
        values = panel.known[:, :, place]
        here = gather(values, rows.series, rows.column[:, None] + np.arange(-1, 2))
        made.add(f"known_{place}", here[:, 1])
        made.add(f"known_{place}_before", here[:, 0])
        made.add(f"known_{place}_after", here[:, 2])
        if lags is None:
            continue
        then = gather(values, rows.series, lags[0])
        made.add(f"known_{place}_lag", then[:, 0])
        made.add(f"known_{place}_usual", then.mean(axis=1))
        same = (then == here[:, 1:2]) & ~np.isnan(lags[1])
        alike = np.where(same, lags[1], 0.0).sum(axis=1) / np.where(same.any(axis=1), same.sum(axis=1), np.nan)
        made.add_value(f"known_{place}_alike", alike)
    for place in range(panel.past.shape[2]):
        values = gather(panel.past[:, :, place], rows.series, rows.origin[:, None] + np.arange(-min(recent, 28), 0))
        made.add(f"past_{place}", values[:, -1])
        with np.errstate(invalid="ignore"):
            there = ~np.isnan(values)
            made.add(f"past_{place}_mean", np.where(there, values, 0).sum(axis=1) / np.where(there.any(axis=1), there.sum(axis=1), np.nan))
    for place in range(panel.static.shape[1]):
        made.add(f"static_{place}", panel.static[rows.series, place])


def rows_of(world: World, series: Ints, origin: Ints, horizon: int) -> Rows:
    """Return all steps of windows, window by window."""
    step = np.tile(np.arange(horizon), len(series))
    return Rows(world, np.repeat(series, horizon), np.repeat(origin, horizon), step)


def sample_rows(world: World, cut: int, horizon: int, count: int, rng: np.random.Generator, least: int = 2) -> Rows:
    """Draw steps to learn from: series by their length, origins anywhere, targets known and before `cut`.

    Args:
        world: The series.
        cut: Column from which on no target is used.
        horizon: Steps to look ahead.
        count: How many to draw; fewer where there are fewer.
        rng: Source of chance.
        least: Steps that a series must have before an origin.
    """
    there = ~np.isnan(world.target[:, :cut])
    first = np.where(there.any(axis=1), there.argmax(axis=1), cut)
    there[np.arange(cut)[None, :] < (first + least)[:, None]] = False
    series, column = np.nonzero(there)
    if len(series) == 0:
        empty = np.zeros(0, np.int64)
        return Rows(world, empty, empty, empty)
    most = min(count, len(series) * min(horizon, 6))
    chosen = rng.integers(0, len(series), most) if most > len(series) else rng.choice(len(series), most, replace=False)
    series, column = series[chosen], column[chosen]
    room = np.minimum(column - first[series] - least, horizon - 1)
    step = (rng.random(most) * (room + 1)).astype(np.int64)
    return Rows(world, series, column - step, step)
