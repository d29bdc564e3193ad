"""Find out whether the order of rows carries the signal: a column of times at regular steps, and which rows are of one series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from automl.percents import percent
from automl.schema import Column, Schema, cast_column

_LOOKED_AT = 200_000
_HEAD = 5_000
_LONGEST_KEY = 0.34  # distinct values of a series column over rows: a series has at least three steps
_REGULAR = 0.8
_UNIQUE = 0.99
_SECOND = 10**9
_DAY = 86_400 * _SECOND
# name: (shortest, longest step in days, usual seasons, usual horizon); horizons as in the M4 competition
_FREQUENCIES: dict[str, tuple[float, float, tuple[int, ...], int]] = {
    "s": (0.9 / 86_400, 1.1 / 86_400, (60,), 60),
    "min": (0.95 / 1440, 1.05 / 1440, (60, 1440), 60),
    "5min": (4.9 / 1440, 5.1 / 1440, (12, 288), 12),
    "10min": (9.9 / 1440, 10.1 / 1440, (6, 144), 36),
    "15min": (14.9 / 1440, 15.1 / 1440, (4, 96), 96),
    "30min": (29.5 / 1440, 30.5 / 1440, (48, 336), 48),
    "h": (0.98 / 24, 1.02 / 24, (24, 168), 48),
    "D": (0.99, 1.01, (7,), 14),
    "W": (6.9, 7.1, (52,), 13),
    "MS": (27.9, 31.1, (12,), 18),
    "QS": (89.0, 92.1, (4,), 8),
    "YS": (364.9, 366.1, (1,), 6),
}
_SPOKEN = {"s": "second", "min": "minute", "h": "hour", "D": "day", "W": "week", "MS": "month", "QS": "quarter", "YS": "year"}
_SPOKEN |= {f"{count}min": f"{count} minutes" for count in (5, 10, 15, 30)}


@dataclass(frozen=True)
class SeriesFacts:
    """Rows that are steps of series.

    Attributes:
        time: The column of times.
        series: The columns that tell series apart; empty for one series.
        frequency: Name of the step as pandas has it; None for numbered steps.
        season: Steps after which the values come again; None for none.
        horizon: A usual number of steps to look ahead.
        count: Number of series.
        steps: Median number of steps of a series.
        order: Positions of the rows looked at, by series and time.
        key: Number of the series of each of these rows.
        evidence: One sentence.
    """

    time: str
    series: tuple[str, ...]
    frequency: str | None
    season: int | list[int] | None
    horizon: int
    count: int
    steps: int
    order: np.ndarray[Any, Any]
    key: np.ndarray[Any, Any]
    evidence: str

    def time_facts(self) -> dict[str, Any]:
        """Return what `time` says of the task."""
        return {"column": self.time, "frequency": self.frequency, "season": self.season, "horizon": self.horizon}

    def series_facts(self) -> dict[str, Any] | None:
        """Return what `series` says of the task."""
        if not self.series:
            return None
        column: str | list[str] = self.series[0] if len(self.series) == 1 else list(self.series)
        return {"column": column, "count": self.count, "steps": self.steps}


def _times(series: pd.Series[Any], column: Column) -> np.ndarray[Any, Any] | None:
    """Return the times of a column as whole numbers, or None where it cannot be one."""
    values = cast_column(series, column)
    if column.type == "datetime":
        missing = np.isnat(values)
        return None if missing.mean() > 0.01 else np.where(missing, 0, values.astype(np.int64))
    missing = np.isnan(values)
    if missing.any() or (values % 1).any() or np.abs(values).max(initial=0) > 1e12:
        return None
    return values.astype(np.int64)


def _step(times: np.ndarray[Any, Any], key: np.ndarray[Any, Any]) -> tuple[float, float] | None:
    """Return (usual step, share of steps that are usual or a whole multiple of it) of sorted times within series."""
    same = np.diff(key) == 0
    steps = np.diff(times)[same]
    steps = steps[steps > 0]
    if len(steps) < 4:
        return None
    values, counts = np.unique(steps, return_counts=True)
    usual = float(values[counts.argmax()])
    near = np.abs(steps - usual) <= 0.1 * usual if usual > 20 * _DAY else np.abs(steps - usual) <= 0.02 * usual
    multiple = np.abs(steps / usual - np.round(steps / usual)) <= 0.02
    few_gaps = float(near.mean()) >= 0.6 and float((near | multiple).mean()) >= 0.95
    return usual, max(float(near.mean()), _REGULAR if few_gaps else 0.0)


def _frequency(step: float) -> tuple[str | None, tuple[int, ...], int]:
    days = step / _DAY
    for name, (low, high, seasons, horizon) in _FREQUENCIES.items():
        if low <= days <= high:
            return name, seasons, horizon
    return None, (), 12


def _keys(frame: pd.DataFrame, schema: Schema, apart: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the codes of columns that could tell series apart."""
    found = {}
    for column in schema.columns:
        if column.name in apart or column.type not in ("category", "number", "text", "ordinal", "boolean"):
            continue
        values = cast_column(frame[column.name], column)
        if column.type == "number" and (np.isnan(values).any() or (values % 1).any()):
            continue
        if column.type == "boolean":
            values = np.nan_to_num(values, nan=-1.0)
        codes, uniques = pd.factorize(values)
        if 2 <= len(uniques) <= max(_LONGEST_KEY * len(frame), 2) and (codes >= 0).all():
            found[column.name] = codes.astype(np.int64)
    return found


def _unique(times: np.ndarray[Any, Any], key: np.ndarray[Any, Any]) -> bool:
    if len(times) > 2 * _HEAD and not _unique(times[:_HEAD], key[:_HEAD]):
        return False
    pairs = pd.MultiIndex.from_arrays([key, times])
    return float((~pairs.duplicated()).mean()) >= _UNIQUE


def _find_key(times: np.ndarray[Any, Any], keys: dict[str, np.ndarray[Any, Any]]) -> tuple[tuple[str, ...], np.ndarray[Any, Any]] | None:
    """Return the fewest columns with which no time occurs twice."""
    per_time = np.bincount(pd.factorize(times)[0]).max()
    sizes = {name: int(codes.max()) + 1 for name, codes in keys.items()}
    for name in sorted(keys, key=lambda name: sizes[name]):
        if sizes[name] >= 0.9 * per_time and _unique(times, keys[name]):
            return (name,), keys[name]
    wide = sorted((name for name in keys if sizes[name] <= 2_000), key=lambda name: sizes[name])[:8]
    for one, other in combinations(wide, 2):
        joined = keys[one] * sizes[other] + keys[other]
        codes = pd.factorize(joined)[0]
        if sizes[one] * sizes[other] >= 0.9 * per_time and codes.max() + 1 <= _LONGEST_KEY * len(times) and _unique(times, codes):
            return (one, other), codes
    return None


def _sorted(times: np.ndarray[Any, Any], key: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float, float] | None:
    order = np.lexsort((times, key))
    step = _step(times[order], key[order])
    return None if step is None or step[1] < _REGULAR else (order, *step)


def find_series(frame: pd.DataFrame, schema: Schema, target: str | None) -> SeriesFacts | None:
    """Find a column of times at regular steps, and the columns that tell series apart.

    Args:
        frame: The rows; many of them are looked at in part.
        schema: Their columns.
        target: The target, which is neither.

    Returns:
        What was found, or None for rows without an order.
    """
    frame = frame.iloc[:_LOOKED_AT]
    rows = len(frame)
    if rows < 12:
        return None
    dated = [column for column in schema.columns if column.type == "datetime" and column.name != target]
    whole = [column for column in schema.columns if column.type == "number" and column.name != target]
    keys: dict[str, np.ndarray[Any, Any]] | None = None
    several: list[SeriesFacts] = []
    for column in [*dated, *([] if dated else whole)]:
        times = _times(frame[column.name], column)
        if times is None or len(np.unique(times[:2000])) < 3:
            continue
        alone = float((~pd.Series(times).duplicated()).mean()) >= _UNIQUE
        if alone:
            found: tuple[tuple[str, ...], np.ndarray[Any, Any]] | None = ((), np.zeros(rows, dtype=np.int64))
            if column.type != "datetime" and not _calendar_years(times):
                continue  # numbers that count all rows are as likely names of rows
        else:
            if column.type != "datetime" and np.unique(times).size > rows / 3:
                continue
            keys = _keys(frame, schema, [target or "", *(other.name for other in dated)]) if keys is None else keys
            found = _find_key(times, {name: codes for name, codes in keys.items() if name != column.name})
        if found is None:
            continue
        facts = _facts(column, times, *found)
        if facts is not None:
            several.append(facts)
    return several[0] if len(several) == 1 else max(several, key=lambda facts: _memory(frame, schema, facts), default=None)


def _memory(frame: pd.DataFrame, schema: Schema, facts: SeriesFacts) -> float:
    """Return how well number columns remember their past, on average, if these are the series."""
    taken = {facts.time, *facts.series}
    measured = [column for column in schema.columns if column.type == "number" and column.name not in taken][:6]
    values = [cast_column(frame[column.name], column)[facts.order] for column in measured]
    return float(np.mean([autocorrelation(part, facts.key, 1) for part in values])) if values else 0.0


def _calendar_years(times: np.ndarray[Any, Any]) -> bool:
    return bool(times.min() >= 1500 and times.max() <= 2200 and times.max() - times.min() + 1 == len(times))


def _facts(column: Column, times: np.ndarray[Any, Any], names: tuple[str, ...], key: np.ndarray[Any, Any]) -> SeriesFacts | None:
    """Return the facts of a column of times if its steps are regular, else None."""
    found = _sorted(times, key)
    if found is None:
        return None
    order, usual, share = found
    sizes = np.bincount(key)
    steps = int(np.median(sizes[sizes > 0]))
    if steps < (5 if names else 12) or (column.type != "datetime" and names and usual != 1):
        return None
    if column.type != "datetime" and names:
        starts = pd.Series(times).groupby(key).min()
        if starts.nunique() > max(3, 0.2 * len(starts)) and not _calendar_like(times):
            return None  # steps of a series are numbered from the same first number
    frequency, seasons, horizon = _frequency(usual) if column.type == "datetime" else (None, (12, 7, 24, 4, 52), 12)
    if _calendar_like(times) and column.type != "datetime":
        frequency, seasons, horizon = "YS", (1,), 6
    what = f"every {_SPOKEN[frequency]}" if frequency else f"numbered in steps of {usual:g}"
    several = f" of {len(sizes):,} series told apart by {' and '.join(map(repr, names))}" if names else ""
    evidence = f"The rows are steps in time{several}: {percent(share)} of the steps of {column.name!r} are the same, {what}."
    season: Any = list(seasons) if seasons else None
    return SeriesFacts(
        column.name, names, frequency, season, max(1, min(horizon, steps // 5)), len(sizes), steps, order, key[order], evidence
    )


def _calendar_like(times: np.ndarray[Any, Any]) -> bool:
    return bool(times.min() >= 1500 and times.max() <= 2200)


def autocorrelation(values: np.ndarray[Any, Any], key: np.ndarray[Any, Any], lag: int) -> float:
    """Return the correlation of sorted values with those `lag` steps before, within series and without the series' means."""
    if lag >= len(values):
        return 0.0
    present = ~np.isnan(values)
    sums = np.bincount(key, weights=np.where(present, values, 0.0))
    counts = np.maximum(np.bincount(key, weights=present), 1)
    centred = values - (sums / counts)[key]
    one, other = centred[lag:], centred[:-lag]
    pairs = (key[lag:] == key[:-lag]) & ~np.isnan(one) & ~np.isnan(other)
    if pairs.sum() < 10:
        return 0.0
    one, other = one[pairs], other[pairs]
    spread = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / spread) if spread > 0 else 0.0


def find_season(values: np.ndarray[Any, Any], key: np.ndarray[Any, Any], candidates: Sequence[int]) -> int | list[int] | None:
    """Return the lags among `candidates` at which the changes of sorted values repeat.

    Example:
        >>> find_season(np.tile([1.0, 5.0, 2.0, 8.0], 30), np.zeros(120, dtype=int), [4, 7])
        4
    """
    changes = np.concatenate([[np.nan], np.diff(values)])
    changes[1:][np.diff(key) != 0] = np.nan
    found = []
    for lag in candidates:
        if lag < 2 or np.median(np.bincount(key)) < 2 * lag:
            continue
        here = autocorrelation(changes, key, lag)
        beside = max(autocorrelation(changes, key, lag - 1), autocorrelation(changes, key, lag + 1)) if lag > 2 else 0.0
        # A smooth wave is nearly as like itself one step beside its season, and unlike itself half a season away.
        smooth = here >= beside and here > autocorrelation(changes, key, lag // 2) + 0.3
        if here > 0.15 and (here > beside + 0.05 or smooth):
            found.append(lag)
    strength = {lag: autocorrelation(changes, key, lag) for lag in found}
    longer = {lag: max((strength[other] for other in found if other < lag and lag % other == 0), default=0.0) for lag in found}
    found = [lag for lag in found if strength[lag] > longer[lag] + 0.02]
    return None if not found else found[0] if len(found) == 1 else sorted(found)
