"""Dates become calendar parts: what recurs (month, weekday, hour, season) and what goes on (days since the start)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400
_PARTS = ("year", "month", "day of month", "day of week", "season sine", "season cosine", "days since start")
DAYS = _PARTS.index("days since start")
# A table instead of np.sin: a day then has the same bits in a batch of one and in a batch of a million.
_SEASON = np.array([[math.sin(2 * math.pi * day / 365.25), math.cos(2 * math.pi * day / 365.25)] for day in range(366)])


@dataclass(frozen=True)
class CalendarParts:
    """Turns one column of moments into numbers.

    Attributes:
        start: The earliest moment of the training rows, in seconds since 1970-01-01.
        hour: Whether the time of day varies in the training rows, so that it becomes a part of its own.

    Example:
        >>> days = np.array(["2024-01-01", "2024-03-01"], dtype="datetime64[ns]")
        >>> parts = CalendarParts.fit(days)
        >>> parts.transform(days)[:, :4].tolist()
        [[2024.0, 1.0, 1.0, 0.0], [2024.0, 3.0, 1.0, 4.0]]
        >>> float(parts.transform(days)[1, -1])
        60.0
    """

    start: int
    hour: bool

    @classmethod
    def fit(cls, moments: NDArray[np.datetime64]) -> CalendarParts:
        """Look at the training rows only, (rows,)."""
        seconds = moments[~np.isnat(moments)].astype("datetime64[s]").astype(np.int64)
        times = seconds % _DAY
        return cls(int(seconds.min(initial=np.iinfo(np.int64).max)) if len(seconds) else 0, bool(len(times) and (times != times[0]).any()))

    @property
    def names(self) -> list[str]:
        """The names of the parts, in the order of the columns."""
        return [*_PARTS, "hour"] if self.hour else list(_PARTS)

    def transform(self, moments: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return the parts of each moment; a missing moment is NaN throughout.

        Args:
            moments: datetime64 of any unit, (rows,).

        Returns:
            (rows, parts).
        """
        missing = np.isnat(moments)
        seconds = np.where(missing, np.datetime64(0, "s"), moments.astype("datetime64[s]"))
        days = seconds.astype("datetime64[D]")
        months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
        parts = np.empty((len(moments), len(self.names)))
        parts[:, 0] = years.astype(np.int64) + 1970
        parts[:, 1] = months.astype(np.int64) % 12 + 1
        parts[:, 2] = (days - months).astype(np.int64) + 1
        parts[:, 3] = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday; Monday is 0
        parts[:, 4:6] = _SEASON[(days - years).astype(np.int64)]
        parts[:, DAYS] = (seconds.astype(np.int64) - self.start) / _DAY
        if self.hour:
            parts[:, 7] = (seconds.astype(np.int64) % _DAY) / 3600
        parts[missing] = np.nan
        return parts

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"start": self.start, "hour": self.hour}
