"""Tables of series become tables with one cell per series: from wide columns, or from the rows of a case in a long table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import NumberFormat
from automl.dataset.signal import as_signal, signal_column
from automl.errors import DataError
from automl.schema.column import Column
from automl.schema.values import as_dates, as_numbers, levels

TYPE = "series"
NAME = "series"


def as_series(cells: pd.Series[Any], column: Column) -> np.ndarray[Any, Any]:
    """Return one series per cell, None for missing (see :meth:`Schema.cast`)."""
    found = np.empty(len(cells), dtype=object)
    found[:] = [as_signal(cell, column.parse.get("channels")) for cell in cells.to_numpy()]
    return found


def cells_of(rows: Any, columns: Sequence[Column]) -> pd.DataFrame | None:
    """Return an array of three dimensions, where a model reads nothing but a column of series, as rows of it; None for anything else."""
    if not isinstance(rows, np.ndarray) or rows.ndim != 3 or len(columns) != 1 or columns[0].type != TYPE or "layout" in columns[0].parse:
        return None
    channels = columns[0].parse.get("channels")
    found = [as_signal(row, channels) for row in rows]
    return pd.DataFrame({columns[0].name: signal_column(None if cell is None else cell.values for cell in found)})


def cases_of(frame: pd.DataFrame, columns: Sequence[Column]) -> dict[str, Any]:
    """Return which case each row of a folded long table is about, by the column's name; nothing for other tables."""
    names = [column.parse["case"] for column in columns if column.type == TYPE and column.parse.get("layout") == "long"]
    return {name: frame[name].to_numpy() for name in names if name in frame.columns}


def free_name(taken: Sequence[str]) -> str:
    """Return a name for a new column.

    Example:
        >>> free_name(["series"])
        'series 2'
    """
    name, number = NAME, 1
    while name in taken:
        number += 1
        name = f"{NAME} {number}"
    return name


def wide_column(name: str, steps: Sequence[Column], evidence: str) -> Column:
    """Return the column that the steps of a wide table become together."""
    parse = {"layout": "wide", "steps": [column.name for column in steps], "numbers": [column.parse for column in steps], "channels": 1}
    return Column(name, TYPE, "feature", evidence, 0.95, parse)


def long_column(name: str, case: str, time: Column | None, values: Sequence[Column], evidence: str) -> Column:
    """Return the column that the rows of each case become together."""
    parse: dict[str, Any] = {"layout": "long", "case": case, "steps": [column.name for column in values]}
    parse |= {"numbers": [column.parse for column in values], "channels": len(values)}
    if time is not None:
        parse["time"] = {"name": time.name, "type": time.type, "parse": time.parse}
    return Column(name, TYPE, "feature", evidence, 0.95, parse)


def fold(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the table with a cell for each series, where they stand in wide columns or in the rows of a case.

    A table that has the cells already stays as it is. Of a long table each case becomes one row, in the order of its first row; the other
    columns keep the first value that a case has.

    Raises:
        DataError: If columns of the series are absent; they are named.
    """
    for column in columns:
        layout = column.parse.get("layout") if column.type == TYPE else None
        if layout is None or column.name in frame.columns:
            continue
        needed = [*column.parse["steps"], *([column.parse["case"]] if layout == "long" else [])]
        absent = [name for name in needed if name not in frame.columns]
        if absent:
            shown = ", ".join(map(repr, absent[:8])) + (" …" if len(absent) > 8 else "")
            raise DataError(
                f"The data must have the columns that the model was trained on. Missing {len(absent)} steps of the series: {shown}."
            )
        frame = _fold_long(frame, column) if layout == "long" else _fold_wide(frame, column)
    return frame


def _numbers(frame: pd.DataFrame, column: Column) -> np.ndarray[Any, Any]:
    pairs = zip(column.parse["steps"], column.parse["numbers"], strict=True)
    return np.column_stack([as_numbers(frame[name], NumberFormat.from_dict(parse)) for name, parse in pairs]).astype(np.float32)


def _fold_wide(frame: pd.DataFrame, column: Column) -> pd.DataFrame:
    values = _numbers(frame, column)
    known = ~np.isnan(values)
    ends = np.where(known.any(axis=1), values.shape[1] - known[:, ::-1].argmax(axis=1), 0)  # missing steps at the end: a shorter series
    cells = signal_column(values[row, :end, None] if end else None for row, end in enumerate(ends))
    rest = frame.drop(columns=column.parse["steps"])
    folded: pd.DataFrame = rest.assign(**{column.name: cells.set_axis(frame.index)})
    return folded


def _fold_long(frame: pd.DataFrame, column: Column) -> pd.DataFrame:
    cases, names = pd.factorize(levels(frame[column.parse["case"]]))
    if not len(names):
        raise DataError(f"Every row must say which series it belongs to. All values of {column.parse['case']!r} are missing.")
    order = np.flatnonzero(cases >= 0)
    if "time" in column.parse and column.parse["time"]["name"] in frame.columns:
        order = order[np.argsort(_moments(frame, column.parse["time"])[order], kind="stable")]
    order = order[np.argsort(cases[order], kind="stable")]
    ends = np.cumsum(np.bincount(cases[order], minlength=len(names)))
    values = _numbers(frame, column)[order]
    cells = signal_column(np.split(values, ends[:-1]))
    dropped = [*column.parse["steps"], *([column.parse["time"]["name"]] if "time" in column.parse else [])]
    rest = frame.drop(columns=[name for name in dropped if name in frame.columns])
    rest = rest[cases >= 0].groupby(cases[cases >= 0], sort=True).first().reset_index(drop=True)
    return rest.assign(**{column.name: cells})


def _moments(frame: pd.DataFrame, time: dict[str, Any]) -> np.ndarray[Any, Any]:
    if time["type"] == "datetime":
        return as_dates(frame[time["name"]], time["parse"]).astype(np.int64)
    return as_numbers(frame[time["name"]], NumberFormat.from_dict(time["parse"]))
