"""Which stretch of time carried the answer: a stretch is replaced by a straight line, and the answer is asked for again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STRETCHES = 10


@dataclass(frozen=True)
class Occlusion:
    """How much the answer hangs on each stretch of time.

    Attributes:
        changes: By how much the probability of the predicted class falls, or how far a predicted number moves, (rows, stretches).
        rows: Which rows were looked at, (rows,).
    """

    changes: NDArray[np.float64]
    rows: NDArray[np.int64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean over the rows, (stretches,)."""
        return np.asarray(self.changes.mean(axis=0))


def bridged(values: NDArray[Any], start: int, end: int) -> NDArray[Any]:
    """Return a series (steps, channels) in which steps `start` to `end` − 1 lie on the line between their neighbours.

    Example:
        >>> bridged(np.array([[0.0], [9.0], [2.0]]), 1, 2)[:, 0].tolist()
        [0.0, 1.0, 2.0]
    """
    result = np.array(values, dtype=np.float64)
    before = result[start - 1] if start > 0 else result[min(end, len(result) - 1)]
    after = result[end] if end < len(result) else result[max(start - 1, 0)]
    share = (np.arange(1, end - start + 1) / (end - start + 1))[:, None]
    result[start:end] = before * (1 - share) + after * share
    return result


def occlude(
    predict: Callable[[Sequence[Any]], NDArray[Any]], series: Sequence[NDArray[Any]], rows: NDArray[np.int64], classification: bool,
    decide: Callable[[NDArray[Any]], NDArray[Any]] | None = None,
) -> Occlusion:
    """Replace each tenth of each series, and see how the answer changes.

    Source: Zeiler and Fergus (2014, arXiv:1311.2901), with a line in the place of a grey square.

    Args:
        predict: Maps series (steps, channels) to predictions (rows, outputs).
        series: The series that are looked at, none of them empty.
        rows: Their rows in the data.
        classification: Whether predictions are probabilities.
        decide: Maps predictions to the codes of the predicted classes, (rows,); None for the most probable ones.
    """
    before = predict(series)
    code = np.zeros(len(before), dtype=np.int64)
    if classification:
        code = before.argmax(axis=1) if decide is None else decide(before)
    every = np.arange(len(series))
    changes = np.zeros((len(series), STRETCHES))
    for stretch in range(STRETCHES):
        ends = [(len(one) * stretch // STRETCHES, len(one) * (stretch + 1) // STRETCHES) for one in series]
        after = predict([bridged(one, *end) if end[1] > end[0] else one for one, end in zip(series, ends, strict=True)])
        change = before[every, code] - after[every, code]
        changes[:, stretch] = change if classification else np.abs(change)
    return Occlusion(changes, rows)
