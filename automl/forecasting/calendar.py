"""What a calendar says of a step: hour, weekday, day, week, month, and the holidays of a country."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.errors import UsageError
from automl.forecasting.frequency import DAY, Frequency

HOLIDAYS = ("holiday", "before_holiday", "after_holiday")


def calendar_names(frequency: Frequency, country: str | None = None) -> tuple[str, ...]:
    """Return the names of the columns of :func:`calendar_table`.

    Example:
        >>> from automl.forecasting.frequency import Frequency
        >>> calendar_names(Frequency("D", "ns", DAY))
        ('weekday', 'day', 'week', 'month', 'days_left')
    """
    if not frequency.dated:
        return ()
    if frequency.unit == "month":
        return ("month",) if frequency.step < 12 else ()
    within: tuple[str, ...] = ("minute_of_day", "hour") if frequency.unit == "ns" and frequency.step < 3600 * 10**9 else ()
    within = ("hour",) if frequency.unit == "ns" and 3600 * 10**9 <= frequency.step < DAY else within
    daily = frequency.unit == "business" or frequency.step <= DAY
    names = (*within, *(("weekday", "day", "week", "month", "days_left") if daily else ("week", "month", "day")))
    return (*names, *HOLIDAYS) if daily and country is not None else names


def calendar_table(frequency: Frequency, ordinals: NDArray[np.int64], country: str | None = None) -> NDArray[np.float32]:
    """Return calendar columns of steps, (steps, columns) float32; see :func:`calendar_names`.

    Args:
        frequency: The grid.
        ordinals: Steps on it.
        country: ISO code such as "DE" or "US" for its holidays (library ``holidays``); None for none.

    Raises:
        UsageError: If the country is not known, or the library is not installed.
    """
    names = calendar_names(frequency, country)
    if not names:
        return np.zeros((len(ordinals), 0), np.float32)
    stamps = pd.DatetimeIndex(frequency.stamps(ordinals))
    columns: dict[str, Any] = {
        "minute_of_day": stamps.hour * 60 + stamps.minute,
        "hour": stamps.hour,
        "weekday": stamps.day_of_week,
        "day": stamps.day,
        "week": (stamps.day_of_year - 1) // 7,
        "month": stamps.month,
        "days_left": stamps.days_in_month - stamps.day,
    }
    if country is not None and HOLIDAYS[0] in names:
        columns |= _holidays(stamps, country)
    return np.stack([np.asarray(columns[name], np.float32) for name in names], axis=1)


def _holidays(stamps: pd.DatetimeIndex, country: str) -> dict[str, NDArray[np.float32]]:
    days = holiday_days(country, range(int(stamps.year.min()) - 1, int(stamps.year.max()) + 2))
    dates = stamps.normalize().to_numpy().astype("datetime64[D]")
    one = np.timedelta64(1, "D")
    here, before, after = (np.isin(dates + shift, days) for shift in (0 * one, one, -one))
    return {"holiday": here.astype(np.float32), "before_holiday": before.astype(np.float32), "after_holiday": after.astype(np.float32)}


def holiday_days(country: str, years: range) -> NDArray[Any]:
    """Return the public holidays of a country as days.

    Raises:
        UsageError: If the country is not known, or the library is not installed.
    """
    try:
        import holidays
    except ImportError as problem:
        raise UsageError(f"`country` needs the library of holidays: pip install holidays. Received country={country!r}.") from problem
    name, _, part = country.partition("-")
    try:
        found = holidays.country_holidays(name, subdiv=part or None, years=years)
    except NotImplementedError as problem:
        raise UsageError(f"`country` must be an ISO code such as 'DE', 'US' or 'DE-BY'. Received {country!r}.") from problem
    return np.array(sorted(found), dtype="datetime64[D]")


def waves(frequency: Frequency, ordinals: NDArray[np.int64], country: str | None = None) -> NDArray[np.float32]:
    """Return calendar columns as smooth waves between −1 and 1 for networks and ridge, (steps, columns) float32.

    Each column of :func:`calendar_table` that goes round becomes a sine and a cosine; holidays stay 0 and 1.
    """
    table, names = calendar_table(frequency, ordinals, country), calendar_names(frequency, country)
    lengths = {"minute_of_day": 1440, "hour": 24, "weekday": 7, "day": 31, "week": 53, "month": 12}
    parts = []
    for place, name in enumerate(names):
        if name in lengths:
            angle = 2 * np.pi * table[:, place] / lengths[name]
            parts += [np.sin(angle), np.cos(angle)]
        elif name in HOLIDAYS:
            parts.append(table[:, place])
    return np.stack(parts, axis=1).astype(np.float32) if parts else np.zeros((len(ordinals), 0), np.float32)
