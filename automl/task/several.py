"""Tasks with several answers a row: labels joined in one cell, several columns of 0 and 1, several numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from automl.dataset import Dataset
from automl.errors import DataError, did_you_mean
from automl.percents import percent
from automl.schema import Column, Schema, levels
from automl.schema.structured import find_separator
from automl.task.base import Task
from automl.task.facts import look

_NUMERIC = 10  # distinct numbers from which a column measures


def labels_in_cells(dataset: Dataset, schema: Schema, target: str) -> Task | None:
    """Return the multilabel task of a target whose cells hold several labels, or None.

    Example:
        >>> from automl.schema import detect_schema
        >>> data = Dataset(pd.DataFrame({"x": range(40), "tags": ["a;b", "b", "a;c", "c;b;a"] * 10}))
        >>> labels_in_cells(data, detect_schema(data, "tags"), "tags").classes
        ('a', 'b', 'c')
    """
    column = schema[target]
    if column.type != "list":
        return None
    codes, cells = pd.factorize(levels(dataset.frame[target]))
    found = find_separator(list(cells), np.bincount(codes[codes >= 0], minlength=len(cells)))
    if found is None:
        return None
    separator, labels = found
    how = "lists" if separator == "[]" else f"joined by {separator.strip()!r}"
    evidence = f"The cells of {target!r} hold several of {len(labels):,} labels, {how}, such as {', '.join(map(repr, labels[:3]))}."
    second = {"problem": "multiclass", "confidence": 0.05, "override": "problem='multiclass'"}
    return Task("multilabel", target, tuple(sorted(labels)), "log_loss", confidence=0.95, evidence=(evidence,), runner_up=second)


def several_targets(dataset: Dataset, schema: Schema, targets: Sequence[str]) -> Task:
    """Return the task of several target columns: labels where each holds two values, else numbers.

    Raises:
        DataError: If a target is absent, empty or constant, or words stand beside numbers.
    """
    frame = dataset.frame
    for target in targets:
        if target not in frame.columns:
            raise DataError(f"`target` must be a column of the data. Received {target!r}.{did_you_mean(target, frame.columns)}")
    facts = [look(frame[target], schema[target]) for target in targets]
    for target, one in zip(targets, facts, strict=True):
        if one.distinct < 2:
            raise DataError(f"`target` must hold at least two different values. {target!r} holds {one.distinct}.")
    shown = ", ".join(map(repr, targets[:5]))
    if all(one.distinct == 2 for one in facts):
        shares = ", ".join(percent(one.counts.min() / one.rows) for one in facts[:5])
        evidence = f"The {len(targets)} targets {shown} hold two values each (the rarer: {shares})."
        return Task("multilabel", targets[0], tuple(targets), "log_loss", evidence=(evidence,), confidence=0.97, targets=tuple(targets))
    if all(one.numbers is not None for one in facts):
        distinct = ", ".join(f"{one.distinct:,}" for one in facts[:5])
        evidence = f"The {len(targets)} targets {shown} are numbers ({distinct} distinct values)."
        sure = 0.95 if all(one.distinct > _NUMERIC for one in facts) else 0.7
        return Task(
            "regression", targets[0], (), "rmse", confidence=sure, evidence=(evidence,), kind="several numbers", targets=tuple(targets)
        )
    words = next(target for target, one in zip(targets, facts, strict=True) if one.numbers is None)
    raise DataError(f"Several targets must all hold two values, or all numbers. {words!r} holds words; give one target at a time.")


def no_target(column: Column | None, why: str) -> Task:
    """Return the task of a table without anything to predict."""
    second = None
    if column is not None:
        second = {"problem": "a target", "confidence": 0.4, "override": f"target={column.name!r}"}
    return Task("anomaly_detection", "", (), "", confidence=0.6, evidence=(why,), runner_up=second)
