"""Checks that look at rows and at the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.schema import levels
from automl.task import Task

_FEW_ROWS = 200
_FEW_OF_A_CLASS = 10
_RARE = 0.1
_ROWS_COMPARED = 200_000


def target_missing(task: Task, usable: np.ndarray[Any, Any]) -> Iterator[Finding]:
    """Yield rows without a target, which are left out."""
    missing = int((~usable).sum())
    if missing:
        share = missing / len(usable)
        because = f"{missing:,} of {len(usable):,} rows ({share:.1%}) have no value of the target {task.target!r}."
        yield Finding("target_missing", (task.target,), "warning" if share > 0.2 else "info", "rows left out", because, "")


def few_rows(task: Task, y: np.ndarray[Any, Any], features: int) -> Iterator[Finding]:
    """Yield too few rows in all, for the columns, or of a class."""
    if len(y) < _FEW_ROWS:
        yield Finding("few_rows", (), "warning", "told", f"Only {len(y):,} rows can be used: every score will have a wide interval.", "")
    elif len(y) < features:
        yield Finding("few_rows", (), "warning", "told", f"There are {features:,} columns but only {len(y):,} rows.", "")
    if task.is_classification:
        counts = np.bincount(y, minlength=len(task.classes))
        few = [f"{task.classes[place]!r} ({counts[place]:,})" for place in np.flatnonzero(counts < _FEW_OF_A_CLASS)]
        if few:
            shown = ", ".join(few[:5]) + (" …" if len(few) > 5 else "")
            because = f"{len(few)} classes of {task.target!r} have fewer than {_FEW_OF_A_CLASS} rows: {shown}."
            yield Finding("few_rows", (task.target,), "warning", "told", because, "merge or leave out rare classes")


def imbalance(task: Task, y: np.ndarray[Any, Any]) -> Iterator[Finding]:
    """Yield a class that is much rarer than an equal share."""
    if not task.is_classification:
        return
    counts = np.bincount(y, minlength=len(task.classes))
    place = int(counts.argmin())
    share, equal = counts[place] / len(y), 1 / len(counts)
    if share < 2 * _RARE * equal:
        because = f"Only {counts[place]:,} of {len(y):,} rows ({share:.1%}) are {task.classes[place]!r}: accuracy would flatter any model."
        yield Finding("imbalance", (task.target,), "warning", "told", because, "")


def _row_codes(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
        return pd.util.hash_array(series.to_numpy().astype(np.float64) + 0.0)
    codes, _ = pd.factorize(series if isinstance(series.dtype, pd.StringDtype) else levels(series))
    return pd.util.hash_array(codes.astype(np.int64))


def duplicate_rows(frame: pd.DataFrame, generator: np.random.Generator) -> Iterator[Finding]:
    """Yield rows that equal an earlier one in every column; they stay, and the report says so."""
    rows = len(frame)
    if rows > _ROWS_COMPARED:
        frame = frame.iloc[np.sort(generator.choice(rows, _ROWS_COMPARED, replace=False))]
    code = np.zeros(len(frame), dtype=np.uint64)
    for place in range(frame.shape[1]):
        code = code * np.uint64(1_000_003) ^ _row_codes(frame.iloc[:, place])
    repeated = len(code) - len(np.unique(code))
    if repeated:
        share = repeated / len(code)
        looked = "" if len(code) == rows else f" among {len(code):,} that were compared"
        because = (
            f"{repeated:,} rows ({share:.1%}) equal an earlier row in every column{looked}; if they are the same cases, scores flatter."
        )
        yield Finding("duplicate_rows", (), "warning" if share > 0.1 else "info", "told", because, "data.drop_duplicates()")
