"""Which rows are worth explaining: a clear case of each side, and the worst mistake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def interesting_rows(prediction: Array, y: Array, decided: Array | None = None, classes: Sequence[Any] = ()) -> list[tuple[str, int]]:
    """Return (title, row) of a few rows that differ.

    Args:
        prediction: Probabilities (rows, classes), or numbers (rows, 1).
        y: Class codes or numbers, (rows,).
        decided: Codes of the decided classes, (rows,); None for numbers.
        classes: The labels; the first three are looked at.

    Example:
        >>> interesting_rows(np.array([[1.0], [5.0], [3.0]]), np.array([1.0, 5.0, 9.0]))
        [('A high prediction', 1), ('A low prediction', 0), ('The largest error', 2)]
    """
    if decided is None:
        error, order = np.abs(prediction[:, 0] - y), np.argsort(prediction[:, 0], kind="stable")
        return _distinct([("A high prediction", order[-1]), ("A low prediction", order[0]), ("The largest error", error.argmax())])
    picks: list[tuple[str, Any]] = []
    right, sure = decided == y, prediction[np.arange(len(y)), decided]
    for code, label in enumerate(classes[:3]):
        rows = np.flatnonzero(right & (y == code))
        if len(rows):
            picks.append((f"A clear case of {label}", rows[prediction[rows, code].argmax()]))
    wrong = np.flatnonzero(~right)
    if len(wrong):
        picks.append(("The most confident mistake", wrong[sure[wrong].argmax()]))
    return _distinct(picks)


def _distinct(picks: Sequence[tuple[str, Any]]) -> list[tuple[str, int]]:
    """Return picks whose rows differ, as integers."""
    seen: dict[int, str] = {}
    for title, row in picks:
        seen.setdefault(int(row), title)
    return [(title, row) for row, title in seen.items()]
