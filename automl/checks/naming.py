"""Tell whole numbers that name things, such as numbers of flights or patients, from those that measure something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.percents import percent
from automl.schema import Column

_FEWEST = 50  # distinct numbers
_ROWS_PER_NUMBER = 1.25
_LIFT = 0.25  # how much more often rows of one number agree than rows of the next, in two columns at least
_MOST = 0.4  # and in the one that shows it best
_TRAIT = 0.95  # agreement from which a column is a trait of what the number names
_FINER = 3  # distinct numbers per value of the other column: else that column names the number, as a place its distance
_COLUMNS = 25


def _agreement(values: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return how often rows of one number agree in the codes, and rows of the next number; both are in the order of the numbers."""
    same, equal = values[1:] == values[:-1], codes[1:] == codes[:-1]
    if same.sum() < 50 or (~same).sum() < 20:
        return 0.0, 0.0
    return float(equal[same].mean()), float(equal[~same].mean())


def names_things(
    column: Column, columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], *, traits: bool = False
) -> str | None:
    """Return why a number names things, or None.

    A measure says much the same as the next larger one. A name says nothing of the next: rows of one flight number go to one place,
    rows of the number behind it anywhere.

    Args:
        column: A feature.
        columns: The features; those of few values are compared.
        typed: A sample of them as typed values.
        traits: Whether the columns must hardly ever differ between rows of one number, as the sex of a patient does not.

    Example:
        >>> who = np.repeat(np.arange(200.0) * 7 % 611, 5)
        >>> other = {name: np.array(list("abcd"), dtype=object)[(who * k % 4).astype(int)] for name, k in (("u", 1), ("v", 3))}
        >>> columns = [Column("n", "number"), Column("u", "category"), Column("v", "category")]
        >>> names_things(columns[0], columns, {"n": who, **other}) is not None
        True
    """
    values = typed[column.name]
    known = ~pd.isna(values)
    if column.type != "number" or known.mean() < 0.8 or (values[known] % 1).any():
        return None
    count = len(np.unique(values[known]))
    if count < _FEWEST or known.sum() < _ROWS_PER_NUMBER * count:
        return None
    generator = np.random.default_rng(0)
    mixed = np.flatnonzero(known)[generator.permutation(int(known.sum()))]
    order = mixed[np.argsort(values[mixed], kind="stable")]
    told = []
    for other in [one for one in columns if one.type in ("category", "ordinal", "boolean") and one is not column][:_COLUMNS]:
        codes = pd.factorize(typed[other.name])[0][order]
        shares = np.bincount(codes[codes >= 0]) / max(len(codes), 1)
        here, beside = _agreement(values[order], codes)
        if len(shares) >= count / _FINER:
            if here >= 0.9:
                return None  # a number that belongs to a value of this column
            continue
        if here - max(beside, float((shares**2).sum())) >= _LIFT and here >= _TRAIT * traits:
            told.append((here, beside, other.name))
    if len(told) < 2 or max(here - beside for here, beside, _ in told) < _MOST:
        return None
    here, beside, name = max(told, key=lambda one: one[0] - one[1])
    return (
        f"{count:,} different whole numbers among {int(known.sum()):,}: rows of the same number agree in {name!r} in {percent(here)} of "
        f"the cases, rows of neighbouring numbers in {percent(beside)}"
    )
