"""How rare rows are to one family: by the scores and columns of all rows of a fold, and of the others alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.scores import COLUMN_KNOTS, Rarity, joined

PARTS = (4, 20)  # of a fold, whose rows are held against the other parts of it: fewer where rows are many
PART_ROWS = 40_000  # of a fold, divided by its rows, gives the number of parts
ENOUGH = 300  # rows of a fold from which parts of it tell about tails
Array = NDArray[Any]


def of_rows(scores: Array, columns: Array, rarity: Rarity, by_column: Sequence[Rarity]) -> tuple[Array, Array]:
    """Return how rare rows are, (rows,), and what columns add, their own rarity where they can be compared, (rows, columns)."""
    if not by_column:
        return rarity(scores), columns
    rare = _column_rarities(columns, by_column)
    return rarity(joined(rare)), rare


def _column_rarities(columns: Array, by_column: Sequence[Rarity]) -> Array:
    return np.stack([one(values) for one, values in zip(by_column, columns.T, strict=True)], axis=1)


def rarities(raw: Array, part: Array, judges_columns: bool) -> tuple[Rarity, tuple[Rarity, ...]]:
    """Return how rare scores are among these rows, and what each column adds where the rarest columns make the score.

    Args:
        raw: Scores by a model that has not seen the rows, (rows,).
        part: What columns add, (rows, columns).
        judges_columns: Whether scores come from the rarity of columns.
    """
    if not judges_columns:
        return Rarity.fit(raw), ()
    by_column = tuple(Rarity.fit(values, COLUMN_KNOTS) for values in part.T)
    return Rarity.fit(joined(_column_rarities(part, by_column))), by_column


def parts_of(rows: int, order: Array | None) -> Array:
    """Deal the rows of a fold into parts; those of a series into stretches, because neighbours are too alike to tell about others.

    Example:
        >>> [len(np.unique(parts_of(rows, None))) for rows in (500, 5_000, 50_000)]
        [20, 8, 4]
    """
    count = int(np.clip(PART_ROWS // max(rows, 1), *PARTS))
    if order is None:
        return np.arange(rows) % count
    return np.asarray(np.argsort(np.argsort(order, kind="stable"), kind="stable") * count // max(rows, 1))


def against_others(raw: Array, part: Array, judges_columns: bool, place: Array) -> Array:
    """Return how rare rows of a fold are by what the rows of the other parts of it score, (rows,).

    A row that took part in the ranks and tails it is held against looks less rare than a new one like it, in every column and family.

    Args:
        raw: Scores by a model that has not seen the rows, (rows,).
        part: What columns add, (rows, columns).
        judges_columns: Whether scores come from the rarity of columns.
        place: The part of each row, (rows,).
    """
    scores = np.zeros(len(raw))
    for number in np.unique(place):
        rest, own = place != number, place == number
        scores[own] = of_rows(raw[own], part[own], *rarities(raw[rest], part[rest], judges_columns))[0]
    return scores
