"""What size pictures are decoded to, and how many folds their networks can be given: decided from the data, the clock and the memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from automl.budget import Budget
from automl.preprocessing.pictures.decode import header_size

SIDES = (8, 16, 24, 28, 32, 48, 64, 96, 128)
LOOKED_AT = 200  # pictures whose headers are read
MOST_BYTES = 2**30  # of all decoded pictures of a run
DETAILED_UP_TO = 4_000  # rows; with more of them, the shape of things tells enough, and time is better spent on more epochs
EPOCHS, ROW_WORK, PACE = 12, 27e6, 25e9  # a small network on pictures of 28 × 28: multiplications of a step for a row, and per second
FEW_ROWS = 2_000
FOLDS = 5


@dataclass(frozen=True)
class Form:
    """The shape that all pictures of a column get.

    Attributes:
        side: Height and width.
        channels: 1 where all pictures that were looked at are grey, else 3.
        usual: Median of their shorter sides before.
    """

    side: int
    channels: int
    usual: int

    def to_dict(self) -> dict[str, int]:
        """Return JSON-ready values."""
        return asdict(self)


def choose_form(cells: Sequence[Any], rows: int | None = None, most: int | None = None) -> Form:
    """Choose the shape of decoded pictures: no larger than they are, and all of them together no larger than a gigabyte.

    Args:
        cells: Pictures, paths, or None.
        rows: How many pictures there will be in all; None for as many as cells.
        most: The largest side that there is time for; None where the clock does not matter.

    Example:
        >>> from automl.dataset.picture import Picture
        >>> choose_form([Picture(np.zeros((30, 40, 1), np.uint8))])
        Form(side=32, channels=1, usual=30)
    """
    rows = len(cells) if rows is None else rows
    present = [cell for cell in cells if cell is not None and cell == cell]
    headers = [found for cell in present[:: max(len(present) // LOOKED_AT, 1)] if (found := header_size(cell)) is not None]
    if not headers:
        return Form(SIDES[0], 1, 0)
    shorter = [min(width, height) for width, height, _ in headers]
    usual, channels = int(np.median(shorter)), 1 if all(grey for _, _, grey in headers) else 3
    largest = min(most or SIDES[-1], SIDES[-1] if rows <= DETAILED_UP_TO else 64)
    fitting = [side for side in SIDES if side <= largest and rows * side * side * channels <= MOST_BYTES] or [SIDES[0]]
    return Form(next((side for side in fitting if side >= usual), fitting[-1]), channels, usual)


def shared_form(pictures: Sequence[Sequence[Any]], rows: int, most: int | None = None) -> Form:
    """Return the form that all picture columns of a table share; see :func:`choose_form`.

    Args:
        pictures: The cells of each column, at least one.
        rows: Rows in all.
        most: The largest side.
    """
    forms = [choose_form(cells, rows, most) for cells in pictures]
    return Form(max(form.side for form in forms), max(form.channels for form in forms), max(form.usual for form in forms))


def folds_of(pictures: Sequence[Sequence[Any]], rows: int, budget: Budget, most: int | None = None) -> int:
    """Return into how many folds rows are dealt: five, or fewer where they hold pictures and the time is short.

    Args:
        pictures: The cells of each picture column; empty for other data.
        rows: Rows to learn from.
        budget: The clock.
        most: The largest side of pictures.
    """
    if not pictures or not budget.timed:
        return FOLDS
    return affordable_folds(rows, shared_form(pictures, rows, most).side, budget)


def affordable_folds(rows: int, side: int, budget: Budget, folds: int = FOLDS) -> int:
    """Return into how many folds rows with pictures are dealt: fewer where networks would not get their epochs in time.

    Example:
        >>> [affordable_folds(rows, 48, Budget("5m")) for rows in (200, 900, 10_000)]
        [5, 3, 1]
    """
    if not budget.timed:
        return folds
    each = rows * EPOCHS * ROW_WORK * (min(side, 48) / 28) ** 2 / PACE
    return next((count for count in (folds, 3) if count * each <= 0.5 * budget.remaining()), 3 if rows < FEW_ROWS else 1)
