"""Name the columns that people could want to predict."""

from __future__ import annotations

import math
import re

import pandas as pd

from automl.dataset import Dataset
from automl.schema import Column, Schema, levels

_TARGET_NAMES = re.compile(
    r"(?i)(^|[_\s.-])(target|label|class|y|outcome|churn(ed)?|price|survived|default(ed)?|fraud|status|response|result|sales?|income|rating|score)$"
)


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
        reasons, points = _likelihood(column, place, distinct, len(schema.columns))
        ranked.append((points, column.name, reasons))
    ranked.sort(key=lambda entry: -entry[0])
    return [(name, reasons, points) for points, name, reasons in ranked[:10]]


def _likelihood(column: Column, place: int, distinct: int, width: int) -> tuple[str, float]:
    """Return why and how much a column looks like a target."""
    points, reasons = 0.0, list[str]()
    if _TARGET_NAMES.search(column.name):
        points, reasons = points + 3.0, [*reasons, f"its name {column.name!r} is one that targets often have"]
    if place == width - 1:
        points, reasons = points + 2.0, [*reasons, "it is the last column"]
    elif place == 0:
        points, reasons = points + 0.5, [*reasons, "it is the first column"]
    if distinct == 2:
        points, reasons = points + 1.0, [*reasons, "it holds two different values"]
    else:
        points, reasons = points + 1.0 / math.log2(2 + distinct), [*reasons, f"it holds {distinct:,} different values"]
    return f"{column.name!r}: " + ", ".join(reasons) + ".", points
