"""Measure what a suspicious column is worth: a quick model scores with it and without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.schema import Column
from automl.task import Task

_ROWS = 3_000
_COLUMNS = 60
_FOLDS = 3


def _as_numbers(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return columns as float64; words as numbers by falling frequency."""
    parts = []
    for column in columns:
        values = typed[column.name][rows]
        if values.dtype == object:
            counts = pd.Series(values).value_counts()
            places = {level: place for place, level in enumerate(counts.index[:200])}
            parts.append(np.array([places.get(value, np.nan if pd.isna(value) else 200) for value in values], dtype=np.float64))
        elif values.dtype.kind == "M":
            parts.append(np.where(np.isnat(values), np.nan, values.astype(np.int64).astype(np.float64)))
        else:
            parts.append(values.astype(np.float64))
    return np.column_stack(parts)


def _score(table: np.ndarray[Any, Any], y: np.ndarray[Any, Any], task: Task) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.model_selection import cross_val_score
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if task.problem == "regression":
        model: Any = HistGradientBoostingRegressor(max_iter=30, max_leaf_nodes=15, early_stopping=False, random_state=0)
        scoring = "r2"
    else:
        model = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=15, early_stopping=False, random_state=0)
        scoring = "roc_auc" if task.problem == "binary" else "accuracy"
    with threadpool_limits(1):  # so few rows: threads that wait for each other take longer than one
        return float(cross_val_score(model, table, y, cv=_FOLDS, scoring=scoring).mean())


def with_and_without(
    findings: list[Finding], columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], task: Task, y: np.ndarray[Any, Any]
) -> list[Finding]:
    """Add to each severe leak the score of a quick model with the column and without all columns that leak.

    Args:
        findings: What was found.
        columns: The features.
        typed: A sample of them as typed values.
        task: The task.
        y: The target of the sample.
    """
    leaking = [name for finding in findings if finding.check == "leakage" and finding.severity == "high" for name in finding.columns]
    used = [column for column in columns if column.type not in ("text", "image", "series", "list")][:_COLUMNS]
    used += [column for column in columns if column.name in leaking and column not in used]
    honest = [column for column in used if column.name not in leaking]
    told = [finding for finding in findings if finding.check == "leakage" and finding.severity == "high" and finding.action == "told"]
    counts = np.bincount(y.astype(np.int64)) if task.is_classification else np.array([len(y)])
    if not told or not honest or len(y) < 60 or (counts[counts > 0].min() < _FOLDS):
        return findings
    rows = np.random.default_rng(0).permutation(len(y))[:_ROWS]
    if task.is_classification and np.bincount(y[rows])[counts > 0].min() < _FOLDS:
        return findings
    measure = {"regression": "R²", "binary": "AUC"}.get(task.problem, "accuracy")
    without = _score(_as_numbers(honest, typed, rows), y[rows], task)
    better = []
    for finding in findings:
        if finding in told[:5]:
            own = [column for column in used if column.name in finding.columns]
            reached = _score(_as_numbers([*honest, *own], typed, rows), y[rows], task)
            added = f" A quick model on {len(rows):,} rows scores {measure} {reached:.3f} with it and {without:.3f} without."
            finding = dataclasses.replace(finding, because=finding.because + added)
        better.append(finding)
    return better
