"""Give a task of series its cells: the wide columns, or the rows of a case, become one column that holds a series in each row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from automl.dataset import Dataset
from automl.decisions import DecisionLog
from automl.errors import DataError
from automl.schema import Column, Schema, cast_column, levels
from automl.schema.series import TYPE, fold, free_name, long_column, wide_column
from automl.task.base import Task
from automl.task.wide import find_wide

_FEWEST_CASES = 10


def fold_series(dataset: Dataset, schema: Schema, task: Task, log: DecisionLog | None = None) -> tuple[Dataset, Schema, Task]:
    """Return data with one row per series where whole series are to be told apart, else everything as it is.

    Args:
        dataset: The data.
        schema: Its columns, with the roles that the detection gave them.
        task: The task.
        log: Where it is recorded.

    Raises:
        DataError: If there are too few series, or a long table has no column of values.
    """
    if task.modality != "sequence" or task.kind or task.problem not in ("binary", "multiclass", "regression"):
        return dataset, schema, task
    if any(column.type == TYPE for column in schema.features):
        return dataset, schema, task
    long = task.series is not None and task.series.get("column")
    column = _long(dataset, schema, task) if long else _wide(dataset, schema, task)
    if column is None:
        return dataset, schema, replace(task, modality="tabular")
    frame = fold(dataset.frame, [column])
    if log is not None:
        override = f"problem={task.problem!r}"
        log.add("detect", "series", f"{len(frame):,} rows with a series each", column.evidence, ["a table of numbers"], override)
    kept = [_role(one, column) for one in schema.columns if one.name in frame.columns]
    return replace(dataset, frame=frame), Schema((*kept, column)), replace(task, time=None, series=None)


def _role(one: Column, column: Column) -> Column:
    return replace(one, role="identifier") if one.name == column.parse.get("case") else one


def _wide(dataset: Dataset, schema: Schema, task: Task) -> Column | None:
    found = find_wide(dataset.frame, schema, task.target)
    if found is None:
        return None
    steps = [schema[name] for name in found.columns]
    told = f"{len(steps):,} columns are the steps of a series, {steps[0].name!r} to {steps[-1].name!r}."
    return wide_column(free_name(schema.names), steps, told)


def _long(dataset: Dataset, schema: Schema, task: Task) -> Column:
    named = (task.series or {})["column"]
    if not isinstance(named, str):
        raise DataError(
            f"One column must say which series a row belongs to. Received {' and '.join(map(repr, named))}; join them into one."
        )
    moment = (task.time or {}).get("column")
    time = schema[moment] if moment is not None and moment in schema else None
    cases = pd.factorize(levels(dataset.frame[named]))[0]
    numbers = [one for one in schema.columns if one.type in ("number", "boolean") and one.role == "feature" and one is not time]
    values = [one for one in numbers if one.name not in (named, task.target) and _varies(dataset, one, cases)]
    count = int(cases.max(initial=-1)) + 1
    if not values:
        raise DataError(f"A table of series must have a column of numbers that change within a series. All are constant within {named!r}.")
    if count < _FEWEST_CASES:
        raise DataError(f"Telling series apart needs at least {_FEWEST_CASES} of them. Received {count} values of {named!r}.")
    told = f"The rows of each of {count:,} values of {named!r} are the steps of a series with {len(values)} channels"
    told += f", in the order of {time.name!r}." if time is not None else ", in the order of the rows."
    return long_column(free_name(schema.names), named, time, values, told)


def _varies(dataset: Dataset, column: Column, cases: np.ndarray) -> bool:
    """Whether a column changes within some case."""
    values = pd.Series(cast_column(dataset.frame[column.name], column)).groupby(cases)
    return bool((values.nunique() > 1).any())
