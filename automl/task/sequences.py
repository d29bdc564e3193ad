"""Decide whether the order of rows or columns makes a task one of sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import Dataset
from automl.schema import Schema, cast_column
from automl.task.base import Task
from automl.task.series import SeriesFacts, autocorrelation, find_season, find_series
from automl.task.suggest import named_like_target
from automl.task.wide import find_wide

_REMEMBERS = 0.2  # autocorrelation below which the past says little


def value_column(dataset: Dataset, schema: Schema, facts: SeriesFacts) -> str | None:
    """Return the number column that remembers its past best: what one would forecast where no target was named.

    Of several that remember it, one with the name of a target comes first.
    """
    best, most = None, _REMEMBERS
    taken = {facts.time, *facts.series}
    for column in schema.columns:
        if column.type != "number" or column.name in taken:
            continue
        values = cast_column(dataset.frame[column.name], column)[facts.order]
        memory = autocorrelation(values, facts.key, 1)
        memory += named_like_target(column.name) if memory > _REMEMBERS else 0.0
        if memory > most + 0.02:
            best, most = column.name, memory
    return best


def _numbers(dataset: Dataset, task: Task, facts: SeriesFacts) -> np.ndarray[Any, Any]:
    """Return the target of the sorted rows as numbers, NaN where it is missing."""
    values = task.encode(dataset.frame[task.target].iloc[: len(facts.order)]).astype(np.float64)
    if task.is_classification:
        values[values < 0] = np.nan
    return np.asarray(values[facts.order])


def _constant(values: np.ndarray[Any, Any], key: np.ndarray[Any, Any]) -> float:
    """Return the share of series in which the target never changes."""
    present = ~np.isnan(values)
    groups = pd.Series(values[present]).groupby(key[present])
    return float((groups.nunique() <= 1).mean()) if present.any() else 0.0


def find_sequence(dataset: Dataset, schema: Schema, task: Task, *, asked: bool) -> tuple[Task, Schema]:
    """Return task and schema as those of a sequence, where order carries the signal; else as they are.

    Args:
        dataset: The data.
        schema: Its columns.
        task: The task by the target's values.
        asked: Whether the user named the problem, which then is one of a table.
    """
    if asked or task.problem not in ("binary", "multiclass", "regression"):
        return task, schema
    facts = find_series(dataset.frame, schema, task.target)
    if facts is not None:
        found = _long(dataset, schema, task, facts)
        if found is not None:
            return found
    wide = find_wide(dataset.frame, schema, task.target)
    if wide is None:
        return task, schema
    if wide.modality == "sequence" and wide.goes_on and task.problem == "regression":
        horizon = max(1, min(18, len(wide.columns) // 5))
        time = {"column": None, "frequency": None, "season": None, "horizon": horizon}
        series = {"column": None, "count": len(dataset.frame), "steps": len(wide.columns) + 1}
        told = f"{wide.evidence} The target {task.target!r} is the next step."
        return _forecasting(task, told, time, series, 0.8), schema
    return replace(task, modality=wide.modality, evidence=(*task.evidence, wide.evidence)), schema


def _long(dataset: Dataset, schema: Schema, task: Task, facts: SeriesFacts) -> tuple[Task, Schema] | None:
    values = _numbers(dataset, task, facts)
    roles = {facts.time: "time", **dict.fromkeys(facts.series, "series")}
    if facts.series and facts.count >= 2 and _constant(values, facts.key) >= 0.95:
        told = f"{facts.evidence} The target {task.target!r} never changes within a series: whole series are to be told apart."
        time, series = {**facts.time_facts(), "season": None, "horizon": None}, facts.series_facts()
        sequence = replace(task, modality="sequence", evidence=(*task.evidence, told), time=time, series=series)
        return sequence, schema.with_roles(roles)
    if task.problem != "regression":
        return None
    candidates = facts.season if isinstance(facts.season, list) else []
    season = find_season(values, facts.key, candidates)
    lags = [1, *([season] if isinstance(season, int) else season or [])]
    memory = max(autocorrelation(values, facts.key, lag) for lag in lags)
    enough = max(_REMEMBERS, 3 / np.sqrt(len(values)))
    if memory < enough:
        return None
    if season is None and facts.frequency in ("MS", "QS") and candidates:
        season = candidates[0]
    told = f"{facts.evidence} {task.target!r} correlates {memory:.2f} with its own past."
    time = {**facts.time_facts(), "season": season}
    confidence = 0.95 if memory > 0.4 else 0.75
    return _forecasting(task, told, time, facts.series_facts(), confidence), schema.with_roles(roles)


def _forecasting(task: Task, told: str, time: dict[str, Any], series: dict[str, Any] | None, confidence: float) -> Task:
    second = {"problem": "regression", "confidence": round(1 - confidence, 2), "override": "problem='regression'"}
    return replace(
        task,
        kind="forecasting",
        modality="sequence",
        confidence=confidence,
        evidence=(told, *task.evidence),
        runner_up=second,
        time=time,
        series=series,
    )
