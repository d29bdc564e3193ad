"""Cheap facts of the target column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import number_text
from automl.schema import Column, cast_column, kind_of, levels

_SPELLED_OUT = 10_000  # distinct numbers; beyond, nobody reads them as labels


@dataclass(frozen=True)
class TargetFacts:
    """What the decisions about the target need to know.

    Attributes:
        column: The target's column.
        texts: Distinct labels as text; for very many distinct numbers only the first ones.
        counts: How often each of them occurs.
        numbers: Distinct numbers in ascending order where the target is numeric, else None.
        weights: How often each of the numbers occurs.
        rows: Number of rows with a target.
    """

    column: Column
    texts: np.ndarray[Any, Any]
    counts: np.ndarray[Any, Any]
    numbers: np.ndarray[Any, Any] | None
    weights: np.ndarray[Any, Any] | None
    rows: int

    @property
    def distinct(self) -> int:
        """Number of distinct values."""
        return len(self.texts) if self.numbers is None else len(self.numbers)

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return self.numbers is not None and bool((self.numbers % 1 == 0).all())


def look(series: pd.Series[Any], column: Column) -> TargetFacts:
    """Gather the facts of the target from all of its rows.

    Example:
        >>> look(pd.Series([3, 1, 3]), Column("y", "number")).numbers.tolist()
        [1.0, 3.0]
    """
    if column.type == "number" or (column.type in ("boolean", "category") and not column.declared and kind_of(series) == "number"):
        values = cast_column(series, replace(column, type="number"))
        numbers, weights = np.unique(values[~np.isnan(values)], return_counts=True)
        texts = np.array([number_text(value) for value in numbers[:_SPELLED_OUT]], dtype=object)
        return TargetFacts(column, texts, weights[:_SPELLED_OUT], numbers, weights, int(weights.sum()))
    codes, uniques = pd.factorize(levels(series))
    counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
    return TargetFacts(column, np.asarray(uniques, dtype=object), counts, None, None, int(counts.sum()))


def labels_of(target: TargetFacts, series: pd.Series[Any]) -> list[str | int | float | bool]:
    """Return the labels of the target's levels in the kind in which they stand in the data."""
    if target.numbers is not None:
        return [float(value) if value % 1 else int(value) for value in target.numbers]
    kind = kind_of(series)
    if kind == "boolean":
        return [text == "True" for text in target.texts]
    if kind == "category" and len(series.cat.categories):
        kind = kind_of(pd.Series(series.cat.categories))
    if kind == "number":
        return [float(text) if not re.fullmatch(r"-?\d+", text) else int(text) for text in target.texts]
    return [str(text) for text in target.texts]
