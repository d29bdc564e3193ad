"""Categories become whole numbers: 0 missing, 1 rare or unseen, 2 and more the levels by descending frequency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

MISSING, OTHER, FIRST = 0, 1, 2
MOST_LEVELS = 1_000  # with a code of their own; more would make tables of embeddings that nobody has the rows to learn
MOST_ENCODED = 50_000  # that the target encoding tells apart: a number per level is learnt from few rows
FEWEST_ROWS = 2  # what a single row says about its level is noise, and that row teaches code 1 what "rare" means


def is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN, NaT or pandas' NA.

    Example:
        >>> [is_missing(value) for value in (None, float("nan"), "", "none")]
        [True, True, False, False]
    """
    # NaN and NaT are the only values that differ from themselves; NA answers such a question with NA.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


class _Codes(dict[Any, int]):
    """Level → code; a lookup of anything else answers instead of failing."""

    def __missing__(self, value: Any) -> int:
        return MISSING if is_missing(value) else OTHER


class Levels:
    """The levels of one category column and their codes.

    Args:
        levels: The levels, the most frequent first. Those after the first thousand count as rare, but for the target encoding.

    Example:
        >>> Levels.fit(["b", "a", "b", "a", "b", "once", None]).transform(["a", "b", "once", "new", None]).tolist()
        [3, 2, 1, 1, 0]
    """

    def __init__(self, levels: Sequence[str]) -> None:
        self.levels = list(levels)
        self._codes = _Codes({level: FIRST + place for place, level in enumerate(self.levels)})

    @classmethod
    def fit(cls, values: Iterable[Any]) -> Levels:
        """Count the values of the training rows; equal counts are ordered by name, so that row order does not matter."""
        counts = Counter(values)
        kept = [level for level, count in counts.items() if count >= FEWEST_ROWS and not is_missing(level)]
        return cls(sorted(kept, key=lambda level: (-counts[level], str(level)))[:MOST_ENCODED])

    @property
    def codes(self) -> int:
        """How many codes there are, those for missing and for rare levels included."""
        return FIRST + min(len(self.levels), MOST_LEVELS)

    def transform(self, values: Sequence[Any]) -> NDArray[np.int32]:
        """Return the code of each value, below :attr:`codes`, (rows,)."""
        return self.common(self.every(values))

    def every(self, values: Sequence[Any]) -> NDArray[np.int32]:
        """Return the code of each value, with all levels told apart, (rows,)."""
        return np.fromiter(map(self._codes.__getitem__, values), dtype=np.int32, count=len(values))

    def common(self, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return codes from :meth:`every` with all but the most frequent levels as rare."""
        return codes if len(self.levels) <= MOST_LEVELS else np.where(codes < self.codes, codes, np.int32(OTHER))
