"""Name the columns that people could want to predict."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import Dataset
from automl.schema import Column, Schema, cast_column, levels

# Names that people give to what they want to know, in a few languages: weak evidence, and said to be.
_WORDS = """
    target label labels class y outcome churn churned price survived default defaulted fraud status response result sale sales income
    rating score
"""
_WHOLE = """
    category author species sentiment diagnosis attrition canceled cancelled returned readmitted demand revenue count cnt failure died dead
    death quality spam claims delay load quantity passengers consumption yield ziel zielvariable klasse umsatz preis absatz cible classe
    prix objetivo clase precio alvo preco preço obiettivo prezzo cíl cena třída
"""
_TARGET_NAMES = re.compile(rf"(?i)(^|.*[_\s.-])({'|'.join(_WORDS.split())})|((is|has|total)[_\s.-])?({'|'.join(_WHOLE.split())})")
_COORDINATES = frozenset(["x", "z"])
_ONLY_ANSWER = 3.0  # points of the one column beside texts or pictures


def suggest_target(dataset: Dataset, schema: Schema) -> list[tuple[str, str, float]]:
    """Return columns that people could want to predict, most likely first, each with the reason and how much speaks for it in points.

    Example:
        >>> from automl.schema import detect_schema
        >>> data = Dataset(pd.DataFrame({"age": [20, 30, 40] * 9, "churn": ["yes", "no", "no"] * 9}))
        >>> suggest_target(data, detect_schema(data))[0][0]
        'churn'
    """
    rows, ranked = len(dataset.frame), []
    head = dataset.frame.iloc[: min(rows, 5000)]
    for place, column in enumerate(schema.columns):
        if column.type in ("datetime", "text", "image") or column.role != "feature":
            continue
        distinct = int(pd.Series(levels(head[column.name])).nunique())
        if (
            distinct < 2
            or (column.type == "category" and distinct > max(20, 0.1 * len(head)))
            or (distinct == len(head) and column.type != "number")
        ):
            continue
        if column.type == "number" and _counts_rows(cast_column(head[column.name], column)):
            continue
        reasons, points = _likelihood(column, place, distinct, schema)
        ranked.append((points, column.name, reasons))
    told = [column for column in schema.columns if column.role == "feature"]
    shown = [column for column in told if column.type in ("text", "image")]
    if len(ranked) == 1 and shown and len(told) - len(shown) <= 2:
        points, name, reasons = ranked[0]
        ranked = [(points + _ONLY_ANSWER, name, f"{reasons[:-1]}, it is the only column beside {shown[0].type}.")]
    ranked.sort(key=lambda entry: -entry[0])
    return [(name, reasons, points) for points, name, reasons in ranked[:10]]


def named_like_target(name: str) -> bool:
    """Say whether people give what they want to know such a name.

    Example:
        >>> named_like_target("total_sales"), named_like_target("height")
        (True, False)
    """
    return _TARGET_NAMES.fullmatch(name) is not None


def _counts_rows(values: np.ndarray[Any, Any]) -> bool:
    """Whether numbers count rows through."""
    return bool(len(values) > 2 and not np.isnan(values).any() and (np.diff(np.sort(values)) == 1).all())


def _likelihood(column: Column, place: int, distinct: int, schema: Schema) -> tuple[str, float]:
    """Return why and how much a column looks like a target."""
    points, reasons, width = 0.0, list[str](), len(schema.columns)
    axis = column.name.casefold() == "y" and bool(_COORDINATES & {name.casefold() for name in schema.names})
    if named_like_target(column.name) and not axis:
        points, reasons = points + 3.0, [*reasons, f"its name {column.name!r} is one that targets often have (weak evidence)"]
    if place == width - 1:
        points, reasons = points + 2.0, [*reasons, "it is the last column"]
    elif place == 0:
        points, reasons = points + 0.5, [*reasons, "it is the first column"]
    if distinct == 2:
        points, reasons = points + 1.0, [*reasons, "it holds two different values"]
    else:
        points, reasons = points + 1.0 / math.log2(2 + distinct), [*reasons, f"it holds {distinct:,} different values"]
    return f"{column.name!r}: " + ", ".join(reasons) + ".", points
