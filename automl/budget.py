"""One clock and one memory cap for the whole run. Every stage asks the budget; nobody else reads a clock."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from automl.errors import UsageError

_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}

BASELINES_UNTIL = 0.15  # simple families first, so that a usable model exists early
SEARCH_UNTIL = 0.80  # the rest belongs to ensemble, calibration, evaluation, explanation and report; it needs less of a long budget:
REST_SECONDS, REST_SHARE, REST_ROW = 8.0, 0.06, 5e-5  # seconds in any case, share of the budget, and seconds for a row


def parse_seconds(text: str | float) -> float:
    """Read a duration such as ``"5m"``, ``"90s"``, ``"1h30m"`` or a number of seconds.

    Args:
        text: The duration. A bare number means seconds.

    Returns:
        Seconds, greater than zero.

    Raises:
        UsageError: If it is not a duration.

    Example:
        >>> parse_seconds("1h30m")
        5400.0
    """
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        seconds = float(text)
    else:
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]*)", str(text).strip().lower())
        rebuilt = re.fullmatch(r"(?:\s*\d+(?:\.\d+)?\s*[a-z]*)+\s*", str(text).strip().lower())
        known = all(unit in _UNITS for _, unit in parts)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts) if parts and rebuilt and known else float("nan")
    if not 0 < seconds < float("inf"):
        raise UsageError(f"`budget` must be a positive duration such as '90s', '5m' or '1h30m'. Received budget={text!r}.")
    return seconds


def parse_bytes(text: str | int) -> int:
    """Read an amount of memory such as ``"4GB"`` or ``"512MiB"``.

    Args:
        text: The amount. A bare number means bytes.

    Returns:
        Bytes, greater than zero.

    Raises:
        UsageError: If it is not an amount of memory.

    Example:
        >>> parse_bytes("4GB")
        4000000000
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmg]?i?b?)\s*", str(text).lower())
    unit = match.group(2) if match else "?"
    unit = unit if unit in _BYTES else unit + "b"
    if match is None or unit not in _BYTES or float(match.group(1)) <= 0:
        raise UsageError(f"`memory` must be an amount such as '4GB' or '512MiB'. Received memory={text!r}.")
    return int(float(match.group(1)) * _BYTES[unit])


def process_started(clock: Callable[[], float] = time.monotonic) -> float:
    """Return when this process began, on the scale of `clock`, so that start-up counts.

    Reads ``/proc`` on Linux; elsewhere the moment of the call is the best that is known.

    Example:
        >>> process_started() <= time.monotonic()
        True
    """
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as stat, open("/proc/uptime", encoding="ascii") as uptime:
            ticks = float(stat.read().rsplit(")", 1)[1].split()[19])
            age = float(uptime.read().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")
        return clock() - max(age, 0.0)
    except (OSError, ValueError, IndexError):
        return clock()


@dataclass
class Budget:
    """How long a run may take, how much memory it may use and how many trials it may make.

    Args:
        seconds: Wall-clock limit: seconds or text such as ``"5m"``; None for no limit (then `trials` must be given).
        trials: Cap on the number of configurations tried. With trials and no seconds a run is exactly repeatable.
        memory: Cap on the process's resident memory, libraries (about 0.9 GB with TensorFlow) and data counted: bytes or text such as
            ``"4GB"``; None for half of the machine's. Packs of networks get their size from what is left; where libraries and data
            alone need more, that is told and the smallest packs are trained, so that the peak is at most the cap plus these.
        clock: Source of seconds, to be replaced in tests.
        started: When the clock began, on the scale of `clock`; None for now.

    Raises:
        UsageError: If a value is impossible.

    Example:
        >>> budget = Budget("1m", clock=lambda: 0.0)
        >>> budget.remaining()
        60.0
        >>> budget.remaining(until=0.8)
        48.0
    """

    seconds: float | str | None = None
    trials: int | None = None
    memory: int | str | None = None
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    started: float | None = None
    cancelled: bool = field(default=False, repr=False, init=False)  # while work that runs side by side is to end at once

    def __post_init__(self) -> None:
        self.seconds = None if self.seconds is None else parse_seconds(self.seconds)
        self.memory = None if self.memory is None else parse_bytes(self.memory)
        if self.trials is not None and (isinstance(self.trials, bool) or not hasattr(self.trials, "__index__") or self.trials < 1):
            raise UsageError(f"`trials` must be a whole number above 0. Received trials={self.trials!r}.")
        if self.seconds is None and self.trials is None:
            raise UsageError("`budget` must limit the seconds or the trials. Received neither; give budget='5m', for example.")
        if self.started is None:
            self.started = self.clock()

    @property
    def limit(self) -> float:
        """The limit in seconds; infinite when only trials are capped."""
        return float("inf") if self.seconds is None else float(self.seconds)

    @property
    def timed(self) -> bool:
        """Whether the clock limits this run (otherwise only the number of trials does)."""
        return self.seconds is not None

    @property
    def memory_limit(self) -> int:
        """The cap on memory in bytes."""
        if self.memory is not None:
            return int(self.memory)
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2 if hasattr(os, "sysconf") else 4 * 2**30

    def elapsed(self) -> float:
        """Seconds since the clock began."""
        return self.clock() - float(self.started or 0.0)

    def spend(self, seconds: float) -> None:
        """Go on as if `seconds` had passed since the clock began: the time that an earlier process used up.

        Example:
            >>> budget = Budget(60, clock=lambda: 5.0)
            >>> budget.spend(20)
            >>> budget.remaining()
            40.0
        """
        self.started = self.clock() - seconds

    def remaining(self, until: float = 1.0) -> float:
        """Seconds left before the share `until` of the budget is used up; never negative."""
        return max(self.limit * until - self.elapsed(), 0.0)

    def over(self, until: float = 1.0) -> bool:
        """Whether the share `until` of the budget is used up."""
        return self.remaining(until) <= 0.0

    @property
    def chunk(self) -> float:
        """The longest piece of work to start without looking at the clock again: 2 s or 2 % of the budget."""
        return min(2.0, 0.02 * self.limit) if self.timed else 2.0

    def deadline(self, until: float = 1.0, seconds: float | None = None) -> Deadline:
        """Return the moment at which a piece of work must stop.

        Args:
            until: Share of the budget that may be used up by then.
            seconds: At most so many seconds from now.

        Returns:
            The earlier of the two moments.
        """
        now = self.clock()
        return Deadline(min(now + self.remaining(until), now + (float("inf") if seconds is None else seconds)), self)

    @classmethod
    def of(cls, value: Budget | str | float | None, *, started: float | None = None) -> Budget:
        """Return `value` as a budget: one as it is, a duration as a new one, None as five minutes."""
        if isinstance(value, Budget):
            return value
        return cls("5m" if value is None else value, started=started)


def search_until(budget: Budget, rows: int) -> float:
    """Return the share of the budget at which the search ends, so that the rest is enough for what comes after it.

    Args:
        budget: The budget.
        rows: Training rows.

    Example:
        >>> search_until(Budget("20s"), 1_000)
        0.8
        >>> round(search_until(Budget("5m"), 1_000), 2)
        0.91
    """
    if not budget.timed:
        return SEARCH_UNTIL
    return max(SEARCH_UNTIL, 1.0 - REST_SHARE - (REST_SECONDS + REST_ROW * rows) / budget.limit)


@dataclass(frozen=True)
class Deadline:
    """A moment at which a piece of work must stop; asked between chunks.

    Example:
        >>> Budget(60, clock=lambda: 0.0).deadline(until=0.5, seconds=10).remaining()
        10.0
    """

    at: float
    budget: Budget

    def remaining(self) -> float:
        """Seconds left; never negative, infinite where only trials are capped."""
        if self.budget.cancelled:
            return 0.0
        return max(self.at - self.budget.clock(), 0.0)

    def over(self) -> bool:
        """Whether the moment has passed."""
        return self.remaining() <= 0.0

    @property
    def chunk(self) -> float:
        """The longest piece of work to start without asking again, in seconds."""
        return self.budget.chunk
