"""What was found out about data before any training: the task, the columns and the findings, as facts for people and programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.checks import Checked, Finding, check, shift
from automl.dataset import Dataset, read
from automl.dataset.arrays import describe
from automl.dataset.target import known_columns
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError, did_you_mean
from automl.percents import percent
from automl.schema import Schema, detect_schema
from automl.task import (
    Task,
    answer_of_series,
    detect_task,
    find_sequence,
    find_series,
    no_target,
    several_targets,
    suggest_target,
    value_column,
)
from automl.task.modality import modality_of

_GUESS = 0.6  # no guess of a target is surer than this
LARGEST = 192 << 20  # bytes of a text file; larger ones are read in part
_DOUBT = 0.6  # confidence below which it is said before the budget is spent
_LIKELY = 2.0  # points of a suggestion from which a table is taken to have a target


@dataclass(frozen=True)
class Detection:
    """What was found out about a table before any training.

    Attributes:
        task: The task; None where no target was given.
        schema: Type and role of every column.
        findings: What the checks found.
        decisions: Every automatic choice so far.
        suggestions: Without a target: (column, reason), the most plausible first.
        guess: Without a target: the task that the most plausible one poses, or finding what is unusual.
        plan: Of series to forecast and of a search for anomalies: what a fit would do. `steps` are its decisions; beside them of a forecast
            `known`, `past` and `static` covariates, those `not_used` with the reason, and `warnings`; of anomalies `time`, `judged`,
            `not_judged`, `labels`, `alarms` and `false_alarms`.
    """

    task: Task | None
    schema: Schema
    findings: tuple[Finding, ...]
    decisions: tuple[Any, ...]
    suggestions: tuple[tuple[str, str], ...] = ()
    guess: Task | None = None
    plan: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values: what was found; `time` and `series` of a sequence, `plan`, and `suggestions` without a target."""
        task = self.task or self.guess
        columns = {
            column.name: {"type": column.type, "role": column.role, "confidence": column.confidence, "evidence": column.evidence}
            for column in self.schema.columns
        }
        told: dict[str, Any] = {"modality": "tabular", "task": None, "target": None, "confidence": 0.0, "evidence": [], "runner_up": None}
        if task is not None:
            told = {
                "modality": task.modality,
                "task": task.name,
                "target": list(task.targets) if task.targets else task.target or None,
                "confidence": task.confidence,
                "evidence": list(task.evidence),
                "runner_up": _runner_up(task),
            }
        told |= {"columns": columns, "findings": [finding.to_dict() for finding in self.findings]}
        if task is not None and task.time is not None:
            told["time"] = task.time
        if task is not None and task.series is not None:
            told["series"] = task.series
        if self.plan is not None:
            told["plan"] = dict(self.plan)
        if self.task is None:
            told["suggestions"] = [{"column": name, "because": reason} for name, reason in self.suggestions]
        return told


def _runner_up(task: Task) -> dict[str, Any] | None:
    """Return the second most plausible task as people call it."""
    second = task.runner_up
    if second is None and task.name == "count":
        second = {"problem": "regression", "confidence": round(1 - task.confidence, 2), "override": "problem='regression'"}
    if second is None:
        return None
    return {"task": second["problem"], "confidence": second["confidence"], "override": second["override"]}


@dataclass(frozen=True)
class Recognised:
    """Task and columns of data, and the target of every row as the checks and the models see it."""

    task: Task
    schema: Schema
    y: np.ndarray[Any, Any]


def recognise(
    dataset: Dataset,
    target: str | Sequence[str],
    *,
    problem: str | None = None,
    positive: Any = None,
    types: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    log: DecisionLog | None = None,
) -> Recognised:
    """Find out the type of every column and the task.

    Args:
        dataset: The data; unchanged.
        target: The column to predict, or several.
        problem: The problem, where the detection is overruled.
        positive: The class looked for, of two.
        types: Column types, where the detection is overruled.
        ignore: Columns that are not used.
        log: Receives the decisions.

    Raises:
        DataError: If the target is absent or cannot be learnt.
        UsageError: If an argument names no column, or contradicts the data.
    """
    log = DecisionLog() if log is None else log
    targets = [target] if isinstance(target, str) else list(dict.fromkeys(target))
    known_columns(types or {}, dataset, "types")
    known_columns(ignore, dataset, "ignore")
    for name in targets:
        if name not in dataset.frame.columns:
            raise DataError(f"`target` must be a column of the data. Received target={name!r}.{did_you_mean(name, dataset.frame.columns)}")
        if name in ignore:
            raise UsageError(f"`ignore` must name other columns than the target. Received {name!r}.")
    schema = detect_schema(dataset, targets[0], types or None, log=log)
    if ignore:
        schema = schema.with_roles(dict.fromkeys(ignore, "dropped"))
        log.add("detect", "ignored columns", ", ".join(ignore), "You asked for it.", [], "ignore=[]")
    if len(targets) > 1:
        schema = schema.with_roles(dict.fromkeys(targets, "target"))
        task = several_targets(dataset, schema, targets)
    else:
        task = detect_task(dataset, schema, targets[0], problem, positive=positive, log=log)
        task, schema = find_sequence(dataset, schema, task, asked=problem is not None)
        if task.kind == "forecasting":
            log.add("detect", "kind of task", "forecasting", task.evidence[0], ["regression"], "problem='regression'")
    modality = dataset.details.get("modality")
    if modality in ("image", "sequence"):
        task = dataclasses.replace(task, modality=modality)
        schema = schema.with_roles({name: "dropped" for name in ("case",) if "shape" in dataset.details and name in schema})
    return Recognised(task, schema, _encoded(dataset, task))


def _encoded(dataset: Dataset, task: Task) -> np.ndarray[Any, Any]:
    """Return the target of every row; of tasks without one answer a row, 0 where it is known and -1 where not."""
    if task.problem in ("binary", "multiclass", "regression"):
        return task.encode(dataset.frame[task.target])
    names = list(task.targets) or ([task.target] if task.target else [])
    known = dataset.frame[names].notna().all(axis=1).to_numpy(dtype=bool) if names else np.ones(len(dataset.frame), dtype=bool)
    return np.where(known, 0, -1).astype(np.int64)


def with_modality(task: Task, schema: Schema, dataset: Dataset) -> Task:
    """Return the task with the kind of data that carries its signal; to be asked after the checks."""
    modality, because = modality_of(dataset, schema, task)
    evidence = (*task.evidence, because) if because else task.evidence
    return dataclasses.replace(task, modality=modality, evidence=evidence)


class ForecastingError(DataError):
    """The rows are steps of series, to be forecast; `time` is their column of times."""

    def __init__(self, message: str, time: str) -> None:
        super().__init__(message)
        self.time = time


class MultilabelError(DataError):
    """The rows have any number of labels, which are learnt label by label."""


def require_learnable(task: Task, schema: Schema) -> None:
    """Raise where nothing can be learnt from such a task yet; the message says what can be done instead."""
    if task.refusal is not None:
        if task.kind == "forecasting" and task.time is not None and task.time.get("column"):
            raise ForecastingError(task.refusal, str(task.time["column"]))
        raise DataError(task.refusal)
    if not schema.features:
        others = [column.name for column in schema.columns if column.role != "target"][:3]
        law = f"The data must have a column to learn from besides the target {task.target!r}"
        raise DataError(f"{law}. Received {others}, which are the same in every row or only name the rows.")


def tell_refusal(found: Detection, problem: DataError) -> Detection:
    """Return a detection with the reason why a fit would refuse the data among its findings."""
    finding = Finding("refusal", (), "high", "told", f"A fit would refuse these data: {problem}")
    return dataclasses.replace(found, findings=(finding, *found.findings))


def doubt(task: Task) -> str:
    """Return what to say before time is spent on a task that may be another one, or an empty text.

    Example:
        >>> doubt(Task("binary", "churn", ("no", "yes")))
        ''
    """
    if task.confidence >= _DOUBT:
        return ""
    second = f"; else it is {task.runner_up['problem']}: {task.runner_up['override']}" if task.runner_up else ""
    return f"{task.name.replace('_', ' ')} is a guess (confidence {percent(task.confidence)}){second}"


def plan_of(checked: Checked, rows: int) -> dict[str, Any]:
    """Return what the checks say of the folds, for the rows of a test file behind the others too; those are never dealt into folds.

    Args:
        checked: What the checks found.
        rows: Number of rows with those of the test file.
    """
    plan: dict[str, Any] = {}
    for name, values in (("groups", checked.groups), ("times", checked.times), ("twins", checked.twins)):
        if values is None:
            continue
        more = rows - len(values)
        if name == "twins":
            values = np.concatenate([values, values.max(initial=-1) + 1 + np.arange(more)])
        else:
            values = pd.Series(values).reindex(range(rows)).to_numpy()
        plan[name] = values
    return plan


def detect(
    data: Any,
    target: Any = None,
    *,
    problem: str | None = None,
    types: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    test: Any = None,
    group: str | None = None,
    time: str | None = None,
) -> Detection:
    """Find out what data hold and which task their target poses, with evidence; nothing is trained.

    Args:
        data: A DataFrame, anything that converts to one, an array, the path of a file, or of a folder of pictures or texts.
        target: Name of the column to predict, or its values, one per row, or several names; None for a ranked guess.
        problem: The problem, where the detection is overruled.
        types: Column types, where the detection is overruled.
        ignore: Columns that are not used.
        test: A table or file to compare the data with.
        group: The column whose equal values belong together: a customer, a patient.
        time: The column that says when a row happened.

    Returns:
        The detection.

    Example:
        >>> import pandas as pd
        >>> detect(pd.DataFrame({"a": range(40), "b": ["x", "y"] * 20}), "b").task.problem
        'binary'
    """
    from automl.dataset import with_target

    log = DecisionLog()
    dataset = read(data, log=log, folders=True, largest=LARGEST)
    shown = describe(data) if isinstance(data, np.ndarray) and data.ndim > 2 and data.size else None
    if shown is not None:
        dataset = dataclasses.replace(dataset, details={**dataset.details, "modality": shown[0], "modality_because": shown[1]})
    if target is None:
        target = dataset.details.get("target")
    if target is None:
        return _without_target(dataset, types, ignore, log)
    names: str | list[str]
    if isinstance(target, (list, tuple)) and all(isinstance(name, str) for name in target) and set(target) <= set(dataset.frame.columns):
        names = list(target) if len(target) > 1 else target[0]
    else:
        dataset, names = with_target(dataset, target)
    found = recognise(dataset, names, problem=problem, types=types, ignore=ignore, log=log)
    checked = check(dataset, found.schema, found.task, found.y, log=log, group=group, time=time)
    findings = list(checked.findings)
    if test is not None:
        findings += shift(checked.schema.features, dataset.frame, read(test, called="test").frame)
    task = with_modality(found.task, checked.schema, dataset)
    return Detection(task, checked.schema, tuple(findings), tuple(log))


def _without_target(dataset: Dataset, types: Mapping[str, str] | None, ignore: Sequence[str], log: DecisionLog) -> Detection:
    """Guess: the series that could go on, else the column that looks most like a target, else what is unusual."""
    schema = detect_schema(dataset, types=types or None, log=log).with_roles(dict.fromkeys(ignore, "dropped"))
    ranked = suggest_target(dataset, schema)
    suggestions = [(name, reason) for name, reason, _ in ranked]
    facts = find_series(dataset.frame, schema, None)
    value = None if facts is None else value_column(dataset, schema, facts)
    answer = answer_of_series(dataset.frame, schema) if value is None else None
    if answer is not None:
        reason = f"{answer!r}: the other columns are steps of a series, and it holds few values."
        suggestions = [(answer, reason), *(entry for entry in suggestions if entry[0] != answer)]
        value = answer
    elif value is not None:
        reason = f"{value!r}: it goes on from step to step of a series."
        suggestions = [(value, reason), *(entry for entry in suggestions if entry[0] != value)]
    likely = value is not None or (bool(ranked) and ranked[0][2] >= _LIKELY)
    best = suggestions[0][0] if suggestions else None
    if likely and best is not None:
        try:
            found = recognise(dataset, best, types=types, ignore=ignore, log=log)
            checked = check(dataset, found.schema, found.task, found.y, log=log)
            told = f"No target was given; {best!r} looks most like one. {suggestions[0][1]}"
            sure = round(min(found.task.confidence, _GUESS), 2)
            second = {"problem": "anomaly_detection", "confidence": 0.2, "override": "no target"}
            guess = dataclasses.replace(found.task, confidence=sure, evidence=(told, *found.task.evidence), runner_up=second)
            guess = with_modality(guess, checked.schema, dataset)
            return Detection(None, checked.schema, checked.findings, tuple(log), tuple(suggestions), guess)
        except DataError as problem:
            log.add("detect", "target", "none", str(problem))
    rows = np.zeros(len(dataset.frame), dtype=np.int64)
    why = "No target was given"
    why += f", and none is likely; {best!r} would be the first to ask about." if best else " and no column looks like one."
    guess = no_target(schema[best] if best else None, why)
    checked = check(dataset, schema, guess, rows, log=log)
    guess = with_modality(guess, checked.schema, dataset)
    return Detection(None, checked.schema, checked.findings, tuple(log), tuple(suggestions), guess)
