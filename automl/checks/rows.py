"""Checks that look at rows and at the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.schema import levels
from automl.task import Task

_FEW_ROWS = 200
_FEW_OF_A_CLASS = 10
_RARE = 0.1
_ROWS_COUNTED = 20_000
_ROOM = 20  # combinations of values per row below which equal rows are no surprise
_FEWEST_DIFFERENT = 20
_MANY_CLASSES = 100


def target_missing(task: Task, usable: np.ndarray[Any, Any]) -> Iterator[Finding]:
    """Yield rows without a target, which are left out."""
    missing = int((~usable).sum())
    if missing:
        share = missing / len(usable)
        because = f"{missing:,} of {len(usable):,} rows ({100 * share:.1f} %) have no value of the target {task.target!r}."
        severity, override = "warning" if share > 0.2 else "info", f"data=data.fillna({{{task.target!r}: ...}})"
        yield Finding("target_missing", (task.target,), severity, "rows left out", because, override)


def few_rows(task: Task, y: np.ndarray[Any, Any], features: int) -> Iterator[Finding]:
    """Yield too few rows in all, for the columns, or of a class."""
    if len(y) < _FEW_ROWS:
        because = f"Only {len(y):,} rows can be used: every score will have a wide interval."
        yield Finding("few_rows", (), "warning", "told", because, "test=...")
    elif len(y) < features:
        yield Finding("few_rows", (), "warning", "told", f"There are {features:,} columns but only {len(y):,} rows.", "ignore=[...]")
    if task.is_classification:
        counts = np.bincount(y, minlength=len(task.classes))
        few = [f"{task.classes[place]!r} ({counts[place]:,})" for place in np.flatnonzero(counts < _FEW_OF_A_CLASS)]
        if few:
            shown = ", ".join(few[:5]) + (" …" if len(few) > 5 else "")
            many = "1 class" if len(few) == 1 else f"{len(few)} classes"
            because = f"{many} of {task.target!r} {'has' if len(few) == 1 else 'have'} fewer than {_FEW_OF_A_CLASS} rows: {shown}."
            yield Finding("few_rows", (task.target,), "warning", "told", because, f"data=data[~data[{task.target!r}].isin([...])]")


def many_classes(task: Task, y: np.ndarray[Any, Any]) -> Iterator[Finding]:
    """Yield so many classes that the budget buys fewer models."""
    count = len(task.classes)
    if task.is_classification and count >= _MANY_CLASSES:
        each = int(np.median(np.bincount(y, minlength=count)))
        because = (
            f"{task.target!r} has {count:,} classes, with {each:,} rows each in the middle: a prediction is {count:,} numbers for every"
            f" row, so that models take longer and fewer of them fit into the budget."
        )
        yield Finding("many_classes", (task.target,), "warning", "told", because, "budget='30m'")


def imbalance(task: Task, y: np.ndarray[Any, Any]) -> Iterator[Finding]:
    """Yield a class that is much rarer than an equal share."""
    if not task.is_classification:
        return
    counts = np.bincount(y, minlength=len(task.classes))
    place = int(counts.argmin())
    share, equal = counts[place] / len(y), 1 / len(counts)
    if share < 2 * _RARE * equal:
        few = f"Only {counts[place]:,} of {len(y):,} rows ({100 * share:.1f} %) are {task.classes[place]!r}"
        because = f"{few}: accuracy would flatter any model."
        override = "costs={'miss': 10, 'false_alarm': 1}" if len(counts) == 2 else "metric='brier'"
        yield Finding("imbalance", (task.target,), "warning", "told", because, override)


def _row_codes(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
        return pd.util.hash_array(series.to_numpy().astype(np.float64) + 0.0)
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return pd.util.hash_array(series.to_numpy(dtype="datetime64[ns]").astype(np.int64))
    codes, _ = pd.factorize(series if isinstance(series.dtype, pd.StringDtype) else levels(series))
    return pd.util.hash_array(codes.astype(np.int64))


def duplicate_rows(frame: pd.DataFrame, features: Sequence[str]) -> tuple[Finding | None, np.ndarray[Any, Any] | None]:
    """Look for rows that equal an earlier one in every column.

    They stay, on one side of every split: a model that has learnt a row by heart must not be judged on its twin. Where the columns can tell
    so few rows apart that equal ones are to be expected, they are only told.

    Args:
        frame: All raw rows.
        features: The columns that count; names of rows do not.

    Returns:
        The finding or None, and a number per row that twins share or None, (rows,).
    """
    rows = len(frame)
    code = np.zeros(rows, dtype=np.uint64)
    room = 1.0
    cheap = sorted(features, key=lambda name: frame[name].dtype.kind not in "fM")
    for place, name in enumerate(cheap):
        if place in (1, 2, 4) and len(pd.unique(code)) == rows:
            return None, None  # told apart already
        own = _row_codes(frame[name])
        code = code * np.uint64(1_000_003) ^ own
        room *= min(len(np.unique(own[:_ROWS_COUNTED])), 1e6) if room < 1e12 else 1.0
    twins = pd.factorize(code)[0].astype(np.int64)
    repeated = rows - int(twins.max(initial=-1)) - 1
    if not repeated:
        return None, None
    share = repeated / rows
    severity = "warning" if share > 0.1 else "info"
    because = f"{repeated:,} rows ({100 * share:.1f} %) equal an earlier row in every column"
    if room < _ROOM * rows or rows - repeated < _FEWEST_DIFFERENT:
        told = f"{because}; the columns can tell only {room:,.0f} rows apart, so equal ones are to be expected."
        return Finding("duplicate_rows", (), severity, "told", told, "data=data.drop_duplicates()"), None
    kept = f"{because}; they stay on one side of every split, so that no row is judged by a model that has seen its twin."
    return Finding("duplicate_rows", (), severity, "kept on one side", kept, "data=data.drop_duplicates()"), twins
