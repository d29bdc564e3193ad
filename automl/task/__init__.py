"""Find out what is to be predicted: the problem, its classes and its metric, each with evidence and a way to overrule it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from automl.dataset import Dataset
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError, did_you_mean
from automl.schema import Column, Schema, count_infinite
from automl.task.base import Task
from automl.task.facts import TargetFacts, labels_of, look
from automl.task.folding import fold_series
from automl.task.judge import MOST_CLASSES, Judged, judge
from automl.task.positive import positive_class
from automl.task.sequences import find_sequence, value_column
from automl.task.series import find_series
from automl.task.several import labels_in_cells, no_target, several_targets
from automl.task.suggest import suggest_target
from automl.task.wide import answer_of_series

__all__ = [
    "METRICS",
    "PROBLEMS",
    "Task",
    "answer_of_series",
    "detect_task",
    "find_sequence",
    "find_series",
    "fold_series",
    "no_target",
    "several_targets",
    "suggest_target",
    "value_column",
]

PROBLEMS = ("binary", "multiclass", "regression")
METRICS = {"binary": ("log_loss",), "multiclass": ("log_loss",), "regression": ("rmse",)}
_FEWEST_ROWS = 10


def _classes(
    target: TargetFacts, series: pd.Series[Any], problem: str, wanted: Any, log: DecisionLog
) -> tuple[str | int | float | bool, ...]:
    """Return the classes in their order and record which one is positive."""
    labels = labels_of(target, series)
    if problem == "binary":
        place, because, override = positive_class(target, wanted)
        others = [str(labels[1 - place])]
        log.add("detect", "positive class", str(labels[place]), because, others, override or f"positive={labels[1 - place]!r}")
        return labels[1 - place], labels[place]
    numeric = all(isinstance(label, (int, float)) for label in labels)
    return tuple(sorted(labels) if numeric else sorted(labels, key=str))


def _require(series: pd.Series[Any], column: Column, name: str) -> TargetFacts:
    """Look at the target and refuse what cannot be learnt."""
    if column.type == "datetime":
        raise DataError(
            f"`target` must hold classes or numbers. Column {name!r} holds dates; turn it into a number, such as days until then."
        )
    target = look(series, column)
    if target.rows == 0 and not count_infinite(series):
        raise DataError(f"`target` must hold values. All {len(series):,} values of {name!r} are missing.")
    infinite = count_infinite(series) if column.type in ("number", "boolean") else 0
    if infinite:
        law = "The target's numbers must be finite: Input contains infinity."
        raise DataError(f"{law} {infinite:,} values of {name!r} are infinite; remove or cap them.")
    if target.distinct == 1:
        raise DataError(
            f"`target` must hold at least two different values, here it is one class. All values of {name!r} are {target.texts[0]!r}."
        )
    if target.rows < _FEWEST_ROWS:
        raise DataError(f"Learning needs at least {_FEWEST_ROWS} rows with a target. Received {target.rows} rows with a value of {name!r}.")
    return target


def _check_arguments(problem: str | None, metric: str | None) -> None:
    if problem is not None and problem not in PROBLEMS:
        raise UsageError(f"`problem` must be one of {', '.join(PROBLEMS)}. Received problem={problem!r}.{did_you_mean(problem, PROBLEMS)}")
    known = sorted({name for names in METRICS.values() for name in names})
    if metric is not None and metric not in known:
        raise UsageError(f"`metric` must be one of {', '.join(known)}. Received metric={metric!r}.{did_you_mean(metric, known)}")


def _declared(target: TargetFacts, problem: str, name: str) -> str:
    """Check a declared problem against the data and return the evidence."""
    if problem == "regression" and target.numbers is None:
        kind = target.column.type
        raise UsageError(
            f"`problem` can be 'regression' only for numbers. Column {name!r} holds {kind} values such as {target.texts[0]!r}."
        )
    if problem == "binary" and target.distinct != 2:
        raise UsageError(
            f"`problem` can be 'binary' only for two classes. Column {name!r} holds {target.distinct:,}; use problem='multiclass'."
        )
    return f"problem={problem!r} was asked for; the target holds {target.distinct:,} different values."


def _too_many(target: TargetFacts, name: str) -> None:
    """Refuse classes of which nothing can be learnt."""
    if target.distinct <= MOST_CLASSES and (target.distinct <= 20 or target.distinct <= 0.5 * target.rows):
        return
    kind = "they look like names or free text" if target.numbers is None else "they look like numbers; use problem='regression'"
    if target.numbers is None and target.distinct <= 0.5 * target.rows:
        kind = (
            f"a prediction would be {target.distinct:,} numbers for every row, and no budget trains several models of that; join the rare"
            f" ones into one class, such as 'other', or let a first model tell groups of them apart"
        )
    raise DataError(
        f"A class must occur in several rows, and there can be at most {MOST_CLASSES:,} classes. "
        f"Column {name!r} holds {target.distinct:,} different values in {target.rows:,} rows: {kind}."
    )


def detect_task(
    dataset: Dataset,
    schema: Schema,
    target: str,
    problem: str | None = None,
    metric: str | None = None,
    positive: Any = None,
    log: DecisionLog | None = None,
) -> Task:
    """Find out which problem the target poses.

    Args:
        dataset: The data.
        schema: Its columns.
        target: The column to predict.
        problem: "binary", "multiclass" or "regression"; None to find out.
        metric: "log_loss" or "rmse"; None for the problem's.
        positive: Of two classes, the one looked for; None to find out.
        log: Receives the decisions.

    Returns:
        The task with evidence, confidence and runner-up.

    Raises:
        DataError: If the target is absent, all missing, constant, infinite, a date, or has fewer than 10 rows.
        UsageError: If `problem`, `metric` or `positive` contradict the data.

    Example:
        >>> from automl.schema import detect_schema
        >>> data = Dataset(pd.DataFrame({"x": range(20), "churn": ["yes", "no"] * 10}))
        >>> task = detect_task(data, detect_schema(data, "churn"), "churn")
        >>> task.problem, task.classes
        ('binary', ('no', 'yes'))
    """
    log = DecisionLog() if log is None else log
    _check_arguments(problem, metric)
    if target not in dataset.frame.columns:
        names = [str(name) for name in dataset.frame.columns]
        hint = did_you_mean(target, names) or f" Its columns are {', '.join(map(repr, names[:8]))}{' …' if len(names) > 8 else ''}."
        raise DataError(f"`target` must be a column of the data. Received target={target!r}.{hint}")
    several = labels_in_cells(dataset, schema, target) if problem is None else None
    if several is not None:
        log.add("detect", "problem type", several.problem, several.evidence[0], ["multiclass"], "problem='multiclass'")
        return several
    series, column = dataset.frame[target], schema[target]
    facts = _require(series, column, target)
    judged = judge(facts) if problem is None else Judged(problem, 1.0, _declared(facts, problem, target), None)
    chosen, confidence, second, evidence = judged.problem, judged.confidence, judged.second, (judged.because,)
    if chosen == "multiclass" and facts.distinct == 2:
        chosen = "binary"
    allowed = METRICS[chosen]
    if metric is not None and metric not in allowed:
        raise UsageError(f"`metric` must be {allowed[0]!r} for a {chosen} problem. Received metric={metric!r}.")
    classes: tuple[Any, ...] = ()
    if chosen != "regression":
        _too_many(facts, target)
        classes = _classes(facts, series, chosen, positive, log)
    override = f"problem={second!r}"
    runner_up = {"problem": second, "confidence": round(1 - confidence, 2), "override": override} if second else None
    log.add("detect", "problem type", chosen, evidence[0], [second] if second else [], override if second else None)
    parse = {key: value for key, value in column.parse.items() if key in ("decimal", "thousands", "affix")}
    return Task(chosen, target, classes, metric or allowed[0], "tabular", confidence, evidence, runner_up, parse, judged.kind)
