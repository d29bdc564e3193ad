"""What a column of a row may become: candidates, cost, direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.errors import UsageError, did_you_mean

VALUES = 12  # candidates of a column, quantiles or the commonest levels
WAYS = ("never", "up", "down")


def check_changes(changes: Mapping[str, str] | None, columns: Sequence[str]) -> dict[str, str]:
    """Return which columns may change in which direction.

    Raises:
        UsageError: A column is unknown or the direction is not one of "never", "up" and "down".

    Example:
        >>> check_changes({"age": "up"}, ["age", "sex"])
        {'age': 'up'}
    """
    for name, way in (changes or {}).items():
        if name not in columns:
            raise UsageError(f"`changes` must name columns of the data. Received {name!r}.{did_you_mean(str(name), columns)}")
        if way not in WAYS:
            raise UsageError(
                f"`changes` must say 'never', 'up' or 'down' for a column. Received {name!r}: {way!r}.{did_you_mean(way, WAYS)}"
            )
    return dict(changes or {})


class ColumnChange:
    """What one column of a row may become, and what that costs.

    Args:
        values: The column, for what occurs in it.
        now: The row's own value.
        way: "never", "up", "down", or "" for any.

    Attributes:
        candidates: Values that occur and that it may become: quantiles of numbers, the commonest levels.
    """

    def __init__(self, values: pd.Series[Any], now: Any, way: str) -> None:
        self.now, self.way, self.dtype = now, way, values.dtype
        self.missing = bool(pd.isna(now)) if pd.api.types.is_scalar(now) else False
        self.is_number = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
        known = values.dropna()
        if self.is_number:
            numbers = known.to_numpy(dtype=np.float64)
            self.whole = bool(len(numbers)) and bool(np.all(numbers == np.round(numbers)))
            spread = float(np.subtract(*np.quantile(numbers, [0.75, 0.25]))) if len(numbers) else 0.0
            self.scale = spread or (float(np.ptp(numbers)) if len(numbers) else 0.0) or 1.0
            least, most = (float(numbers.min()), float(numbers.max())) if len(numbers) else (0.0, 0.0)
            found = np.unique(np.quantile(numbers, np.linspace(0, 1, VALUES), method="inverted_cdf")).tolist() if len(numbers) else []
            self.ends = least, most
        else:
            self.whole, self.scale, self.ends = False, 1.0, (0.0, 0.0)
            found = list(known.value_counts().index[:VALUES])
        self.candidates = [value for value in found if self.allowed(value) and not self._same(value)]

    def _same(self, value: Any) -> bool:
        return not self.missing and bool(value == self.now)

    def allowed(self, value: Any) -> bool:
        """Whether the column may become this value."""
        if self.way == "never" or (self.way and self.missing):
            return False
        if self.is_number and not self.ends[0] <= value <= self.ends[1]:
            return False
        if self.way not in ("up", "down"):
            return True
        try:
            return bool(value > self.now) if self.way == "up" else bool(value < self.now)
        except TypeError:
            return False

    def cost(self, value: Any) -> float:
        """Return what becoming this value costs."""
        return abs(float(value) - float(self.now)) / self.scale if self.is_number and not self.missing else 1.0

    @property
    def moves(self) -> bool:
        """Whether it is a number that can be moved little by little."""
        return self.is_number and not self.missing

    def direction(self, value: Any) -> Any:
        """Return up or down of a number, the level of anything else."""
        return (value > self.now) if self.moves else value

    def at(self, cost: float, like: float) -> float:
        """Return the number that costs so much, on the same side as another."""
        return self.rounded(float(self.now) + (1 if like > self.now else -1) * cost * self.scale)

    def within(self, value: float) -> bool:
        """Whether a number is the row's own or one that it may become."""
        return value == self.now or self.allowed(value)

    def fewer(self, count: int) -> list[Any]:
        """Return some of the candidates, the nearest first; among numbers as many above as below, spread over each side.

        Spread over both sides together, a row near one end would be tried on one side alone.
        """
        ordered = sorted(self.candidates, key=self.cost)
        below, above = ([v for v in ordered if v < self.now], [v for v in ordered if v > self.now]) if self.moves else (ordered, [])
        sides = [side for side in (below, above) if side]
        chosen = [side[place] for side in sides for place in _spread(len(side), max(count // len(sides), 1))]
        return sorted(chosen, key=self.cost)

    def rounded(self, value: float) -> float:
        """Return a whole number where the column holds nothing else."""
        return float(round(value)) if self.whole else value

    def short(self, value: float, digits: int) -> tuple[float, float]:
        """Return the two numbers with so many digits around a value."""
        if value == 0 or self.whole:
            return self.rounded(value), self.rounded(value)
        step = 10.0 ** (np.floor(np.log10(abs(value))) - digits + 1)
        return tuple(float(f"{end * step:.12g}") for end in (np.floor(value / step), np.ceil(value / step)))  # type: ignore[return-value]

    def put(self, values: pd.Series[Any], told: Mapping[int, Any]) -> pd.Series[Any]:
        """Return a column with other values in some places, of the same type where that can hold them."""
        changed = values.astype(object)
        changed.iloc[list(told)] = list(told.values())
        if self.is_number and not self.whole and pd.api.types.is_integer_dtype(self.dtype):
            return pd.to_numeric(changed)
        return changed.astype(self.dtype)


def _spread(many: int, count: int) -> list[int]:
    """Return `count` places from 0 to `many` − 1, evenly spread, the first and the last among them."""
    return [int(place) for place in np.unique(np.linspace(0, many - 1, min(count, many)).round())]
