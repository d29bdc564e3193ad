"""Find out how rows hang together, which decides the folds: rows of one group, rows in the order of time."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.checks.groups import find_groups
from automl.checks.order import find_order
from automl.dataset import Dataset
from automl.errors import UsageError, did_you_mean
from automl.schema import Schema, cast_column, levels
from automl.task import Task

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Plan:
    """What decides the folds.

    Attributes:
        findings: What was found, or asked for.
        groups: What each row is about, (all rows,), or None.
        times: When each row happened, (all rows,), or None.
    """

    findings: list[Finding]
    groups: Array | None = None
    times: Array | None = None


def plan_rows(
    dataset: Dataset,
    schema: Schema,
    typed: dict[str, Array],
    task: Task,
    y: Array,
    sample: Array,
    group: str | None = None,
    time: str | None = None,
) -> Plan:
    """Find out how rows hang together.

    Args:
        dataset: The data.
        schema: Their columns.
        typed: A sample of the features as typed values.
        task: What is predicted.
        y: Encoded target of all rows.
        sample: Positions of the sampled rows.
        group: The column whose equal values belong together, where the user names one.
        time: The column that says when a row happened, where the user names one.

    Raises:
        UsageError: If `group` or `time` names no column, the target, or one that cannot be it.
    """
    asked = [_asked(dataset, schema, task, name, what) for name, what in ((group, "group"), (time, "time")) if name is not None]
    if task.modality == "sequence":
        column = None if task.time is None else task.time["column"]
        if column is None:
            return Plan([])
        told = f"The rows are steps in time by {column!r}: what comes later judges what was learnt before."
        return Plan([Finding("time_order", (column,), "info", "ordered folds", told, "problem='regression'")])
    outcome = outcome_of(task, y[sample])
    findings, groups = ([], None) if group is None else ([asked[0][0]], asked[0][1])
    if group is None and task.problem != "anomaly_detection":
        findings, groups = _groups(dataset, schema, typed, task, outcome)
    if time is not None:
        return Plan([*findings, asked[-1][0]], groups, asked[-1][1])
    times = None
    for one in find_order(schema.features, typed, outcome, task.target):
        if one.action != "told":
            times = cast_column(dataset.frame[one.columns[0]], schema[one.columns[0]])
            if not _can_be_ordered(task, y, times):
                told = f"{one.because} Some classes occur only at some times."
                one, times = dataclasses.replace(one, action="told", because=told, override=f"time={one.columns[0]!r}"), None
            elif groups is not None:
                one = dataclasses.replace(one, because=f"{one.because} Groups stay whole: each counts as of its last row.")
        findings.append(one)
    return Plan(findings, groups, times)


def _groups(
    dataset: Dataset, schema: Schema, typed: dict[str, Array], task: Task, outcome: Array | None
) -> tuple[list[Finding], Array | None]:
    """Look for groups; the strongest ones are kept together, and no column that names them is a feature."""
    found = list(find_groups(schema.features, typed, outcome, task.target))
    if not found or len(found) >= len(schema.features):
        return [dataclasses.replace(one, action="told") for one in found], None
    name = found[0].columns[0]
    groups = cast_column(dataset.frame[name], schema[name])
    return [found[0], *(dataclasses.replace(one, action="not used") for one in found[1:])], groups


def _asked(dataset: Dataset, schema: Schema, task: Task, name: str, what: str) -> tuple[Finding, Array]:
    """Return the finding and the values of a column that the user named."""
    if name not in schema:
        raise UsageError(f"`{what}` must be a column of the data. Received {what}={name!r}.{did_you_mean(name, schema.names)}")
    if name == task.target or name in task.targets:
        raise UsageError(f"`{what}` must be another column than the target. Received {what}={name!r}.")
    series, rows = dataset.frame[name], len(dataset.frame)
    if what == "group":
        values = levels(series)
        count = len(pd.unique(values[~pd.isna(values)]))
        told = f"You asked for it: the {rows:,} rows hold {count:,} values of {name!r}; rows of one value stay together."
        return Finding("group", (name,), "info", "rows kept together", told, "group=None"), values
    values = cast_column(series, schema[name])
    if values.dtype == object or pd.isna(values).all():
        raise UsageError(f"`time` must be a column of dates or numbers. Received time={name!r}, which holds words; declare its type.")
    told = f"You asked for it: folds follow the order of {name!r}, from {_moment(np.nanmin(values))} to {_moment(np.nanmax(values))}."
    return Finding("time_order", (name,), "info", "ordered folds", told, "time=None"), values


def _moment(value: Any) -> str:
    return str(value)[:19] if isinstance(value, np.datetime64) else f"{value:g}"


def outcome_of(task: Task, y: Array) -> Array | None:
    """Return the target as numbers of which means can be taken: of classes, whether it is the commonest or the positive one."""
    if not task.is_classification:
        return y.astype(np.float64)
    if task.problem not in ("binary", "multiclass"):
        return None
    chosen = 1 if task.problem == "binary" else int(np.bincount(y[y >= 0]).argmax())
    return np.where(y < 0, np.nan, (y == chosen).astype(np.float64))


def _can_be_ordered(task: Task, y: Array, times: Array) -> bool:
    """Whether every part of time holds every class of a binary target, and no class lives in one part alone."""
    if not task.is_classification:
        return True
    rows = np.flatnonzero(y >= 0)
    part = np.empty(len(rows), dtype=np.int64)
    part[np.argsort(times[rows], kind="stable")] = np.arange(len(rows)) * 5 // max(len(rows), 1)
    table = np.zeros((5, len(task.classes)), dtype=np.int64)
    np.add.at(table, (part, y[rows]), 1)
    known = table.sum(0) > 0
    return bool(((table > 0).sum(0)[known] >= (5 if task.problem == "binary" else 2)).all())
