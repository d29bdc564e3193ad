"""Recognise tables in which every row is a series or a picture: neighbouring columns are closer to each other than others are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.schema import Schema, cast_column

_FEWEST_STEPS = 12
_LOOKED_AT = 300
_SMOOTH = 0.75  # mean distance of neighbouring columns over that of columns in random order
_DATED = re.compile(r"(?:[^\d]*)(?:19|20)\d{2}(?:[-_./]?\d{1,2}(?:[-_./]?\d{1,2})?)?")


@dataclass(frozen=True)
class WideFacts:
    """Rows that are series, or flattened pictures.

    Attributes:
        columns: The steps, in order.
        modality: "sequence" or "image".
        evidence: One sentence.
        goes_on: Whether the target is the next step.
    """

    columns: tuple[str, ...]
    modality: str
    evidence: str
    goes_on: bool = False


def roughness(values: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return mean distance of neighbours over that in random order, and how many standard errors that is below chance.

    Args:
        values: (rows, steps).

    Example:
        >>> steps = np.sin(np.arange(40) / 4)[None, :] + np.random.default_rng(0).normal(size=(20, 1))
        >>> roughness(steps)[0] < 0.5
        True
    """
    generator = np.random.default_rng(0)
    here = float(np.nanmean(np.abs(np.diff(values, axis=1))))
    chance = [float(np.nanmean(np.abs(np.diff(values[:, generator.permutation(values.shape[1])], axis=1)))) for _ in range(20)]
    centre, spread = float(np.mean(chance)), float(np.std(chance)) or 1e-12
    return (here / centre if centre else 1.0), (centre - here) / spread


def picture_side(width: int) -> tuple[int, int] | None:
    """Return (side, channels) of a flattened square picture, or None."""
    for channels in (1, 3):
        side = math.isqrt(width // channels)
        if width % channels == 0 and side * side * channels == width and side >= 6:
            return side, channels
    return None


def answer_of_series(frame: pd.DataFrame, schema: Schema) -> str | None:
    """Return the first or last column where it holds a few classes and all others are steps of a series, or None."""
    if len(schema.columns) <= _FEWEST_STEPS:
        return None
    for column in (schema.columns[0], schema.columns[-1]):
        values = cast_column(frame[column.name].iloc[:_LOOKED_AT], column)
        distinct = len(pd.unique(values[~pd.isna(values)]))
        whole = values.dtype == object or (values.dtype.kind == "f" and not (values[~np.isnan(values)] % 1).any())
        if whole and 2 <= distinct <= max(2, min(60, len(values) // 3)) and find_wide(frame, schema, column.name) is not None:
            others = [one for one in schema.columns if one is not column]
            fractions = [(cast_column(frame[one.name].iloc[:20], one) % 1 != 0).any() for one in others[:3] if one.type == "number"]
            if any(fractions) or values.dtype == object:
                return column.name
    return None


def _dated(names: Sequence[str]) -> bool:
    numbers = [int(re.sub(r"\D", "", name) or 0) for name in names]
    return all(_DATED.fullmatch(name) for name in names) and numbers == sorted(set(numbers))


def find_wide(frame: pd.DataFrame, schema: Schema, target: str | None) -> WideFacts | None:
    """Find rows that are series: many number columns, in one unit, whose neighbours are alike.

    Args:
        frame: The rows.
        schema: Their columns.
        target: The target.

    Returns:
        What was found, or None.
    """
    others = [column for column in schema.columns if column.name != target and column.role == "feature"]
    numeric = [column for column in others if column.type in ("number", "boolean")]
    dated = len(numeric) >= 6 and _dated([column.name for column in numeric])
    if len(numeric) < (6 if dated else _FEWEST_STEPS) or len(numeric) < 0.8 * len(others) - 2 or len(frame) < 4:
        return None
    rows = np.unique(np.linspace(0, len(frame) - 1, min(_LOOKED_AT, len(frame))).astype(np.int64))
    part = frame.iloc[rows]
    values = np.column_stack([cast_column(part[column.name], column) for column in numeric])
    present = ~np.isnan(values).all(axis=1)
    values = values[present][:, ~np.isnan(values).all(axis=0)]
    if len(values) < 4 or values.shape[1] < _FEWEST_STEPS / 2:
        return None
    spreads = np.nanstd(values, axis=0)
    spreads = spreads[spreads > 0]
    if len(spreads) < 5 or not _one_unit(values, spreads):
        return None
    ratio, errors = roughness(values)
    names = tuple(column.name for column in numeric)
    if not dated and (ratio > _SMOOTH or errors < 4):
        return None
    side = picture_side(len(names))
    if side is not None and _is_picture(values, *side):
        told = f"The {len(names)} number columns are the pixels of pictures of {side[0]} × {side[0]}: columns one line apart are alike."
        return WideFacts(names, "image", told)
    how = "are named after dates" if dated and ratio > _SMOOTH else f"are steps of a series: neighbours differ {ratio:.2f} times as much"
    evidence = f"The {len(names)} number columns {how}" + ("." if dated and ratio > _SMOOTH else " as columns in random order.")
    return WideFacts(names, "sequence", evidence, _goes_on(frame, schema, target, part[present], values))


def _one_unit(values: np.ndarray[Any, Any], spreads: np.ndarray[Any, Any]) -> bool:
    """Whether columns can be measured in the same unit: no centre is further from the others than all values spread."""
    low, high = np.nanquantile(values, 0.01), np.nanquantile(values, 0.99)
    centres = np.nanmedian(values, axis=0)
    inside = float(((centres >= low) & (centres <= high)).mean())
    return inside > 0.95 and float(np.quantile(spreads, 0.9) / max(np.quantile(spreads, 0.1), 1e-12)) < 100


def _is_picture(values: np.ndarray[Any, Any], side: int, channels: int) -> bool:
    if values.min() < 0 or values.max() > 255 or (values.max() > 16 and (values % 1).any()):
        return False
    width = side * channels
    lines = float(np.nanmean(np.abs(values[:, width:] - values[:, :-width])))
    odd = width + side // 2
    return lines < 0.8 * float(np.nanmean(np.abs(values[:, odd:] - values[:, :-odd])))


def _goes_on(frame: pd.DataFrame, schema: Schema, target: str | None, part: pd.DataFrame, values: np.ndarray[Any, Any]) -> bool:
    """Whether the target is a number as near to the last or first step as steps are to each other."""
    if target is None or schema[target].type != "number" or len(frame.columns) < 3:
        return False
    wanted = cast_column(part[target], schema[target])
    steps = float(np.nanmean(np.abs(np.diff(values, axis=1))))
    near = float(np.nanmedian(np.abs(values[:, -1] - wanted)))
    return near <= 2.0 * steps
