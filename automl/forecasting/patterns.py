"""What comes again with the calendar: hours of the day, days of the week, months of the year, in the data and in the forecasts.

Each value is held against the mean of its own cycle (its day, week or year) in its own series, so that neither level nor trend counts.
Intervals are over cycles: those of all series at one time count as one, because one holiday or heat wave meets all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from automl.forecasting.frequency import DAY, Frequency
from automl.forecasting.measures import MEDIAN
from automl.forecasting.world import Windows, World
from automl.report.forecasts import PatternFacts, PatternLevelFacts

Array = NDArray[Any]
SERIES, STEPS = 200, 6_000  # that are looked at: the mean over more is the same
FEWEST_CYCLES = 4
WHOLE = 0.75  # of the usual levels that a cycle must have, so that its mean is one of all of them
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")


@dataclass(frozen=True)
class _Part:
    name: Literal["hour", "weekday", "month"]
    cycle: str
    levels: tuple[str, ...]


def _parts(frequency: Frequency) -> list[_Part]:
    """Return the parts of the calendar that steps of a frequency tell apart."""
    if not frequency.dated:
        return []
    hourly = frequency.unit == "ns" and frequency.step < DAY
    daily = frequency.unit == "business" or (frequency.unit == "ns" and frequency.step <= DAY)
    monthly = daily or (frequency.unit == "ns" and frequency.step <= 7 * DAY) or (frequency.unit == "month" and frequency.step == 1)
    parts = [_Part("hour", "day", tuple(f"{hour}:00" for hour in range(24)))] if hourly else []
    parts += [_Part("weekday", "week", DAYS)] if daily else []
    return parts + ([_Part("month", "year", MONTHS)] if monthly else [])


def _coded(part: _Part, stamps: pd.DatetimeIndex) -> tuple[Array, Array]:
    """Return level and cycle of each stamp."""
    days = stamps.to_numpy().astype("datetime64[D]").astype(np.int64)
    if part.name == "hour":
        return np.asarray(stamps.hour, np.int64), days
    if part.name == "weekday":
        return np.asarray(stamps.day_of_week, np.int64), (days + 3) // 7  # day 0 was a Thursday
    return np.asarray(stamps.month, np.int64) - 1, np.asarray(stamps.year, np.int64)


def patterns(world: World, windows: Windows, medians: Array) -> tuple[PatternFacts, ...]:
    """Return the patterns of the calendar that the data show.

    Args:
        world: The series.
        windows: The windows that give the score.
        medians: What was forecast there, (windows, horizon, quantiles); its median is held against its own cycle, too.
    """
    panel = world.panel
    chosen = np.unique(np.linspace(0, panel.series - 1, min(panel.series, SERIES)).astype(np.int64))
    columns = np.arange(max(panel.steps - STEPS, 0), panel.steps)
    values = np.where(world.closed[:, : panel.steps], np.nan, panel.y)[chosen][:, columns].astype(np.float64)
    steps = panel.last[chosen][:, None] + columns[None, :] - (panel.steps - 1)
    asked = panel.last[windows.series][:, None] + windows.columns - (panel.steps - 1)
    told = np.where(windows.closed(), np.nan, medians[..., MEDIAN])
    relative = bool(np.nanmin(panel.y) >= 0)
    found = []
    for part in _parts(panel.frequency):
        known = _levels(part, panel.frequency, steps, values, relative)
        if known is None:
            continue
        forecast = _levels(part, panel.frequency, asked, told, relative, usual=known[1])
        said = {} if forecast is None else {name: mean for name, mean, _, _, _ in forecast[0]}
        levels = tuple(
            PatternLevelFacts(name=name, mean=mean, low=low, high=high, cycles=cycles, forecast=said.get(name))
            for name, mean, low, high, cycles in known[0]
        )
        found.append(PatternFacts(part=part.name, cycle=part.cycle, relative=relative, levels=levels))
    return tuple(found)


def _levels(
    part: _Part, frequency: Frequency, steps: Array, values: Array, relative: bool, usual: int | None = None
) -> tuple[list[tuple[str, float, float | None, float | None, int]], int] | None:
    """Return each level's mean difference to its cycle, with its interval and the cycles it rests on, and how many levels a cycle has.

    None where there are too few of them. Intervals are Student's, as months have a cycle for each year alone.

    Args:
        part: Of the calendar.
        frequency: The grid.
        steps: Steps on it, (series or windows, steps).
        values: Their values, NaN where there is none.
        relative: Whether differences are shares of the cycle's mean.
        usual: Levels of a whole cycle; None to find out, for which some cycles are needed.
    """
    there = ~np.isnan(values)
    if not there.any():
        return None
    level, cycle = _coded(part, pd.DatetimeIndex(frequency.stamps(steps[there])))
    frame = pd.DataFrame({"series": np.nonzero(there)[0], "cycle": cycle, "level": level, "value": values[there]})
    cells = frame.groupby(["series", "cycle", "level"], sort=False)["value"].mean().reset_index()  # an hour of quarters is one hour
    fewest = FEWEST_CYCLES if usual is None else 1
    usual = cells["level"].nunique() if usual is None else usual
    if usual < 2:
        return None
    group = cells.groupby(["series", "cycle"], sort=False)["value"]
    mean, size = group.transform("mean"), group.transform("size")
    whole = (size >= WHOLE * usual) & ((mean > 0) if relative else True)
    cells = cells[whole].assign(away=(cells["value"] / mean - 1.0 if relative else cells["value"] - mean)[whole])
    by_cycle = cells.groupby(["level", "cycle"])["away"].mean()
    made: list[tuple[str, float, float | None, float | None, int]] = []
    for number in by_cycle.index.get_level_values("level").unique().sort_values():
        away = by_cycle.xs(number, level="level")
        if len(away) >= fewest:
            centre, ends = float(away.mean()), (None, None)
            if len(away) >= FEWEST_CYCLES:
                error = float(student.ppf(0.975, len(away) - 1)) * float(away.std()) / len(away) ** 0.5
                ends = (centre - error, centre + error)
            made.append((part.levels[int(number)], centre, *ends, len(away)))
    return (made, usual) if len(made) > 1 else None
