"""How far apart the steps of series are, and stamps as whole numbers of steps and back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.errors import DataError, UsageError

Ints = NDArray[np.int64]
SECOND = 10**9
DAY = 86_400 * SECOND
ENOUGH = 0.5  # share of the steps that must be the usual one, or a multiple of it, for the stamps to count as regular
# name: (unit, step, seasons, horizon); horizons as in the M4 competition
_KNOWN: dict[str, tuple[str, int, tuple[int, ...], int]] = {
    "s": ("ns", SECOND, (60, 3600), 60),
    "min": ("ns", 60 * SECOND, (60, 1440), 60),
    "5min": ("ns", 300 * SECOND, (12, 288), 36),
    "10min": ("ns", 600 * SECOND, (6, 144), 36),
    "15min": ("ns", 900 * SECOND, (4, 96, 672), 96),
    "30min": ("ns", 1800 * SECOND, (48, 336), 48),
    "h": ("ns", 3600 * SECOND, (24, 168), 48),
    "D": ("ns", DAY, (7,), 14),
    "B": ("business", 1, (5,), 14),
    "W": ("ns", 7 * DAY, (52,), 13),
    "MS": ("month", 1, (12,), 18),
    "QS": ("month", 3, (4,), 8),
    "YS": ("month", 12, (), 6),
}
_ALIASES = {"ME": "MS", "M": "MS", "QE": "QS", "Q": "QS", "YE": "YS", "Y": "YS", "A": "YS", "H": "h", "T": "min", "d": "D", "S": "s"}
# What a year is in steps, where that is more than a season: the same weekday and hour of the last year.
_YEAR = {"h": 8736, "30min": 17472, "D": 364, "B": 261, "W": 52, "MS": 12, "QS": 4}


@dataclass(frozen=True)
class Frequency:
    """The grid that the steps of all series stand on.

    Attributes:
        name: As pandas has it; "step" for numbered steps.
        unit: "ns", "month", "business" (days without weekends) or "number".
        step: Length of a step in that unit.
        phase: A stamp on the grid, in nanoseconds or as a number.
        day: Day of the month of monthly stamps; 31 for the last one.
        seasons: Usual numbers of steps after which values come again, ascending.
        horizon: Usual number of steps to look ahead.

    Example:
        >>> days = guess_frequency(pd.DatetimeIndex(["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-07"]), np.zeros(4, int))
        >>> days.name, days.ordinals(pd.DatetimeIndex(["2026-03-07"])).tolist()
        ('D', [20519])
    """

    name: str
    unit: str
    step: int
    phase: int = 0
    day: int = 1
    seasons: tuple[int, ...] = ()
    horizon: int = 12

    @property
    def dated(self) -> bool:
        """Whether steps stand in a calendar."""
        return self.unit != "number"

    @property
    def year(self) -> int | None:
        """Steps of a year, where they are more than a few; None where nothing repeats by the year."""
        return _YEAR.get(self.name)

    def ordinals(self, times: Any) -> Ints:
        """Return the step that each stamp belongs to, (rows,).

        Args:
            times: A ``DatetimeIndex`` without missing values, or whole numbers.
        """
        if self.unit == "number":
            return np.asarray(np.round((np.asarray(times, np.float64) - self.phase) / self.step), np.int64)
        stamps = pd.DatetimeIndex(times).as_unit("ns")
        if self.unit == "ns":
            return np.asarray(np.floor_divide(stamps.asi8 - self.phase + self.step // 2, self.step), np.int64)
        if self.unit == "business":
            days = stamps.to_numpy().astype("datetime64[D]")
            return np.asarray(np.busday_count(np.datetime64("1970-01-01"), days), np.int64)
        return np.asarray(np.floor_divide(stamps.year * 12 + stamps.month - 1 - self.phase, self.step), np.int64)

    def stamps(self, ordinals: Any) -> Any:
        """Return the stamps of steps: a ``DatetimeIndex``, or numbers; the inverse of :meth:`ordinals` for stamps on the grid."""
        steps = np.asarray(ordinals, np.int64)
        if self.unit == "number":
            return steps * self.step + self.phase
        if self.unit == "ns":
            return pd.DatetimeIndex(pd.to_datetime(steps * self.step + self.phase))
        if self.unit == "business":
            return pd.DatetimeIndex(np.busday_offset(np.datetime64("1970-01-01"), steps, roll="forward")).as_unit("ns")
        months = steps * self.step + self.phase
        first = pd.DatetimeIndex(np.asarray(months - 1970 * 12, "datetime64[M]").astype("datetime64[ns]"))
        if self.day == 1:
            return first
        return first + pd.to_timedelta(np.minimum(self.day, first.days_in_month) - 1, unit="D")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "seasons": list(self.seasons)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Frequency:
        """Rebuild it from :meth:`to_dict`."""
        return cls(**{**values, "seasons": tuple(values["seasons"])})


def named_frequency(name: str, times: pd.DatetimeIndex) -> Frequency:
    """Return the frequency of a name such as "D", "h" or "15min".

    Raises:
        UsageError: If there is none of that name.
    """
    name = _ALIASES.get(name, name)
    if name.split("-")[0] in ("W", "MS", "QS", "YS"):
        name = name.split("-")[0]
    if name in _KNOWN:
        unit, step, _, _ = _KNOWN[name]
        return _frequency(name, unit, step, times)
    try:
        step = int(pd.Timedelta(pd.tseries.frequencies.to_offset(name)).value)  # type: ignore[arg-type]
    except (ValueError, TypeError) as problem:
        raise UsageError(f"`frequency` must be one of {sorted(_KNOWN)} or such as '2h'. Received {name!r}.") from problem
    return _frequency(name, "ns", step, times)


def _frequency(name: str, unit: str, step: int, times: pd.DatetimeIndex) -> Frequency:
    _, _, seasons, horizon = _KNOWN.get(name, ("", 0, _seasons_of(step), 24))
    phase, day = 0, 1
    if unit == "ns" and len(times):
        phase = int(pd.Series(times.asi8 % step).mode().iloc[0])
    if unit == "month":
        days = times.day.to_numpy()
        day = 31 if len(days) and (times.is_month_end.mean() > 0.9) else int(pd.Series(days).mode().iloc[0]) if len(days) else 1
        phase = int(pd.Series((times.month - 1) % step).mode().iloc[0]) if len(times) else 0
    return Frequency(name, unit, step, phase, day, seasons, horizon)


def _seasons_of(step: int) -> tuple[int, ...]:
    """Return how many steps of an unusual length make a day and a week, where that is a whole number of them."""
    return tuple(length // step for length in (DAY, 7 * DAY) if length % step == 0 and 2 <= length // step <= 5000)


def guess_frequency(times: Any, key: Ints, asked: str | None = None) -> Frequency:
    """Find the grid that stamps stand on.

    Args:
        times: A ``DatetimeIndex`` without missing values, or whole numbers, (rows,).
        key: Series of each row.
        asked: What the user said; None to find out.

    Returns:
        The frequency.

    Raises:
        DataError: If the stamps are too few or too irregular to tell.
        UsageError: If `asked` is no frequency.
    """
    dated = isinstance(times, pd.DatetimeIndex)
    times = times.as_unit("ns") if dated else times
    if asked is not None and dated:
        return named_frequency(asked, times)
    values = times.asi8 if dated else np.asarray(times, np.int64)
    order = np.lexsort((values, key))
    steps = np.diff(values[order])[np.diff(key[order]) == 0]
    steps = steps[steps > 0]
    if not len(steps):
        hint = "give `frequency`, such as frequency='D'" if dated else "name the columns that tell series apart with `series`"
        raise DataError(f"The steps of time must be known. Received no series with two different times; {hint}.")
    usual, counts = np.unique(steps, return_counts=True)
    step = int(usual[counts.argmax()])
    if not dated:
        return Frequency("step", "number", step, int(values.min()), seasons=(12, 7, 24, 4, 52), horizon=12)
    found = _calendar(step, times)
    if found.unit != "ns":
        return found
    share = float(np.mean(np.abs(steps / step - np.round(steps / step)) <= 0.02))
    if share < ENOUGH or counts.max() < 0.1 * len(steps):
        return _irregular(steps, times)
    if found.name == "D" and len(values) > 30 and not (times.day_of_week >= 5).any():
        return _frequency("B", "business", 1, times)
    return found


def _calendar(step: int, times: pd.DatetimeIndex) -> Frequency:
    days = step / DAY
    for low, high, name, months in ((27.9, 31.1, "MS", 1), (89.0, 92.1, "QS", 3), (364.9, 366.1, "YS", 12)):
        if low <= days <= high and (name != "MS" or step % (7 * DAY)):
            return _frequency(name, "month", months, times)
    for name, (unit, length, _, _) in _KNOWN.items():
        if unit == "ns" and abs(step - length) <= 0.02 * length:
            return _frequency(name, "ns", length, times)
    offset = pd.tseries.frequencies.to_offset(pd.Timedelta(step, unit="ns"))
    return _frequency(offset.freqstr if offset is not None else f"{step}ns", "ns", step, times)


def _irregular(steps: Ints, times: pd.DatetimeIndex) -> Frequency:
    """Return the usual grid that is the next coarser one of the median step: rows that share a step are merged."""
    median = float(np.median(steps))
    for name, (unit, length, _, _) in _KNOWN.items():
        if unit == "ns" and length >= 0.8 * median:
            phase = 0 if length <= DAY else int(times.min().normalize().value)
            found = _frequency(name, "ns", length, times)
            return Frequency(name, "ns", length, phase, 1, found.seasons, found.horizon)
    raise DataError(
        f"The steps of time must be regular or at most a week apart. Received irregular stamps about {median / DAY:.0f} days apart; "
        "give `frequency`, such as frequency='MS' for months."
    )
