"""How long predictions take: measured in the run, on real rows, from the table to the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.budget import Deadline

MANY = 1_000  # rows of the larger measurement
PART = 100  # rows that tell what many would take: pictures and long texts take seconds, and the clock may not have them
CALLS_OF_ONE = 15
CALLS_OF_MANY = 3
SECONDS = 0.5  # for the repetitions of one measurement; the first call of a network compiles it and is not counted


@dataclass(frozen=True)
class Speed:
    """Seconds that predictions take.

    Attributes:
        one: Of one row, the median of up to 15 calls.
        thousand: Of 1,000 rows, the quickest of up to 3 calls; ten times what 100 rows take where the clock does not allow as many.
    """

    one: float
    thousand: float


def measure(predict: Callable[[pd.DataFrame], Any], frame: pd.DataFrame, deadline: Deadline) -> Speed | None:
    """Time a predictor.

    Args:
        predict: From raw rows to predictions.
        frame: Real rows; fewer than 1,000 are repeated.
        deadline: Nothing is begun behind it.

    Returns:
        The speed; None where the time was over, or there are no rows.

    Example:
        >>> from automl.budget import Budget
        >>> ticks = iter(range(1000))
        >>> budget = Budget(500, clock=lambda: float(next(ticks)))
        >>> measure(len, pd.DataFrame({"a": range(10)}), budget.deadline())
        Speed(one=1.0, thousand=1.0)
    """
    if not len(frame) or deadline.over():
        return None
    rows = np.arange(MANY) % len(frame)
    many, single = frame.iloc[rows].reset_index(drop=True), frame.iloc[[0]]
    part = _calls(predict, many.head(PART), 1, deadline)
    whole = MANY / PART * part[0]
    if deadline.over() or (CALLS_OF_MANY + 1) * whole > deadline.remaining():
        thousand = [whole]
    else:
        thousand = _calls(predict, many, CALLS_OF_MANY, deadline)
    one = _calls(predict, single, CALLS_OF_ONE, deadline)
    return Speed(float(np.median(one)), min(thousand)) if one and thousand else None


def _calls(predict: Callable[[pd.DataFrame], Any], frame: pd.DataFrame, calls: int, deadline: Deadline) -> list[float]:
    """Return the seconds of each call after the first."""
    clock = deadline.budget.clock
    predict(frame)
    seconds: list[float] = []
    while len(seconds) < calls and sum(seconds) < SECONDS and not (seconds and deadline.over()):
        began = clock()
        predict(frame)
        seconds.append(clock() - began)
    return seconds
