"""What all labels share: the data, their checks, one split and one preparation; and which labels can be learnt."""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.checks import Checked, Finding, check, shift
from automl.dataset import Dataset, read
from automl.dataset.target import known_columns
from automl.decisions import DecisionLog
from automl.detection import with_modality
from automl.errors import DataError, UsageError
from automl.families.base import TrainingData
from automl.metrics import selection_metric
from automl.multilabel.cells import Labels, constant, labels_of
from automl.preprocessing.base import Arrays
from automl.preprocessing.encoders import Circumstances, Preprocessor, fit_encoders
from automl.preprocessing.hashing import hashed_once
from automl.preprocessing.pictures.store import forget_pictures
from automl.preprocessing.settled import Settled
from automl.preprocessing.tabular import TabularPreprocessor
from automl.preprocessing.target import TargetScaler
from automl.run import Run, RunSettings
from automl.schema import Column, Schema, detect_schema
from automl.split import Split
from automl.task import Task, several_targets

Array = NDArray[Any]
FEWEST = 8  # rows with a label, and rows without it: fewer cannot be dealt into folds, let alone be judged
CHECKED_UNTIL = 0.1  # share of the budget that may be spent on looking for columns that give a label away
LEAST_SECONDS = 2.5  # that the search for one label and its judgement take at the least
LABELS_UNTIL = 0.9  # share of the budget that belongs to the labels


@dataclass(frozen=True)
class Plan:
    """Everything that is done once.

    Attributes:
        dataset: All columns but the targets; rows of a test file behind the others.
        schema: Their types and roles; what gives one label away is used for none.
        labels: How the target tells labels.
        codes: 1 where a row has the label, 0 where not, -1 where nobody knows, (all rows, labels).
        modality: What carries the signal.
        learnt: Places of the labels to learn, those with most rows of their rarer side first.
        left_out: Why the others are not learnt, by place.
        findings: What the checks found, for all labels.
        checked: How rows hang together, and the usable rows.
        parts: The split.
        shared: Prepares columns, as all labels need it.
        arrays: The training rows, prepared.
        typed: The training rows, typed.
        test_rows: Places of the rows of a test file; None without one.
        learning_rows: Rows that are not of a test file.
        unknown: Labels of the test file that are not among the data's, with their number of rows.
        log: The decisions.
    """

    dataset: Dataset
    schema: Schema
    labels: Labels
    codes: Array
    modality: str
    learnt: tuple[int, ...]
    left_out: dict[int, str]
    findings: tuple[Finding, ...]
    checked: Checked
    parts: Split
    shared: Preprocessor
    arrays: Arrays
    typed: pd.DataFrame
    test_rows: Array | None
    learning_rows: int
    unknown: Counter[str]
    log: DecisionLog

    @property
    def judged(self) -> Array:
        """Places of the rows that judge: the holdout or the test file, else the training rows that a fold validates."""
        return self.parts.holdout if len(self.parts.holdout) else self.parts.train[self.parts.fold >= 0]

    def task(self, place: int) -> Task:
        """Return the binary task of one label."""
        return task_of(self.labels, place, self.modality)

    def run(self, place: int, settings: RunSettings, tell: Callable[[Any], None]) -> Run:
        """Return a run of the stages for one label that stands before its search."""
        task, y = self.task(place), self.codes[:, place]
        run = Run(settings, tell)
        cells = pd.Series([None if code < 0 else task.classes[code] for code in y.tolist()], dtype=object)
        run.dataset = dataclasses.replace(self.dataset, frame=self.dataset.frame.assign(**{task.target: cells}))
        run.schema = Schema((*self.schema.columns, Column(task.target, "boolean", "target", task.evidence[0] if task.evidence else "")))
        run.task, run.y, run.metric = task, y, selection_metric("binary", settings.metric)
        run.feature_names = list(self.dataset.frame.columns)
        run.findings, run.checked = self.findings, self.checked
        run.test_rows, run.learning_rows = self.test_rows, self.learning_rows
        known = y[self.parts.train] >= 0
        held = self.parts.holdout[y[self.parts.holdout] >= 0]
        run.parts = dataclasses.replace(self.parts, train=self.parts.train[known], holdout=held, fold=self.parts.fold[known])
        run.rows = np.flatnonzero(y >= 0)
        table = copy.copy(self.shared.table)
        fold, folds, target = run.parts.fold, run.parts.folds, y[run.parts.train]
        typed = self.typed if known.all() else self.typed.loc[known].reset_index(drop=True)
        arrays = self.arrays if known.all() else {name: values[known] for name, values in self.arrays.items()}
        if table.has_wide_columns:
            arrays = {**arrays, **table.fit_target(typed, target, fold, folds, run.log)}
        run.preprocessor = Preprocessor(table, self.shared.encoders, self.shared.modality)
        spec = run.preprocessor.spec
        run.data = TrainingData(arrays, target, fold, folds, spec, folds == 1 and not len(self.parts.holdout))
        run.scaler = TargetScaler()
        return run


def task_of(labels: Labels, place: int, modality: str = "tabular") -> Task:
    """Return the binary task of one label."""
    if labels.columns:
        return dataclasses.replace(labels.tasks[place], modality=modality)
    name = labels.names[place]
    evidence = f"Whether {name!r} is among the labels of {labels.target!r}."
    return Task("binary", f"{labels.target}: {name}", ("no", "yes"), modality=modality, evidence=(evidence,))


@dataclass(frozen=True)
class _Looked:
    """What is known before the checks."""

    dataset: Dataset
    schema: Schema
    labels: Labels


def _look(dataset: Dataset, target: str | Sequence[str], settings: RunSettings, log: DecisionLog) -> _Looked:
    """Recognise columns and labels."""
    names = [target] if isinstance(target, str) else list(target)
    ignored = (*settings.ignore, *settings.sensitive)
    for argument, given in (("sensitive", settings.sensitive), ("ignore", settings.ignore), ("types", settings.types), ("target", names)):
        known_columns(given, dataset, argument)
    for name in names:
        if name in ignored:
            raise UsageError(f"`ignore` and `sensitive` must name other columns than the target. Received {name!r}.")
    if isinstance(target, str):
        schema = detect_schema(dataset, target, settings.types or None, log=log)
        columns: list[str] = []
    else:
        schema, columns = detect_schema(dataset, names[0], settings.types or None, log=log), names
        varied = [name for name in names if not constant(dataset.frame[name])]
        task = several_targets(dataset, schema, varied) if len(varied) > 1 else None
        if task is not None and task.problem != "multilabel":
            raise DataError(str(task.refusal))
    schema = schema.with_roles({**dict.fromkeys(ignored, "dropped"), **dict.fromkeys(names, "target")})
    if ignored:
        log.add("detect", "ignored columns", ", ".join(ignored), "You asked for it.", [], "ignore=[]")
    return _Looked(dataset, schema, labels_of(dataset, schema, names[0], columns, log))


def _learnable(codes: Array, rows: Array, names: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """Return the labels that have enough rows on both sides, best supplied first, and why others have not."""
    counts = np.stack([(codes[rows] == value).sum(axis=0) for value in (0, 1)])
    left_out: dict[int, str] = {}
    for place in range(len(names)):
        without, having = int(counts[0, place]), int(counts[1, place])
        if not having or not without:
            left_out[place] = "constant: no row has it" if not having else "constant: every row has it"
        elif min(having, without) < FEWEST:
            side = f"only {having:,} of the rows have it" if having < without else f"all but {without:,} of the rows have it"
            left_out[place] = f"{side}, and at least {FEWEST} are needed"
    enough = [place for place in range(len(names)) if place not in left_out]
    return sorted(enough, key=lambda place: -int(counts[:, place].min())), left_out


def affordable(budget: Budget, least: float = LEAST_SECONDS) -> int | None:
    """Return for how many labels the rest of the budget is enough; None without a clock.

    Example:
        >>> affordable(Budget("100s", clock=lambda: 0.0), 2.0)
        45
    """
    return max(int(budget.remaining(LABELS_UNTIL) / least), 1) if budget.timed else None


def make_plan(dataset: Dataset, target: str | Sequence[str], settings: RunSettings, tell: Callable[[str], None], log: DecisionLog) -> Plan:
    """Detect, check, split and prepare once for all labels.

    Args:
        dataset: The data with the target.
        target: A column that joins labels, or several columns of two values.
        settings: What the user asked for.
        tell: Called with the name of each stage.
        log: Where decisions are recorded.

    Raises:
        DataError: If the data cannot be used, or no label can be learnt.
        UsageError: If an argument is impossible.
    """
    tell("detect")
    looked = _look(dataset, target, settings, log)
    labels, codes = looked.labels, looked.labels.codes(dataset.frame)[0]
    tell("check")
    whole = Task("multilabel", labels.target, labels.names, targets=labels.columns)
    known = np.where((codes >= 0).any(axis=1), 0, -1)
    asked: dict[str, Any] = {"seed": settings.seed, "group": settings.group, "time": settings.time}
    checked = check(dataset, looked.schema, whole, known, log=log, **asked)
    learnt, left_out = _chosen(codes, checked.rows, labels, settings.budget, log)
    schema, findings = _without_answers(dataset, looked, codes, learnt, checked, settings, log)
    findings = [*checked.findings, *findings]
    schema = Schema(tuple(column for column in schema.columns if column.role != "target"))
    if not schema.features:
        raise DataError("The data must have a column to learn from besides the labels. Received none that may be used.")
    modality = with_modality(whole, schema, dataset).modality
    frame = dataset.frame.drop(columns=[name for name in looked.schema.names if looked.schema[name].role == "target"])
    test_rows, unknown, rows = None, Counter[str](), checked.rows
    if settings.test is not None:
        frame, codes, test_rows, unknown, more = _with_test(frame, codes, schema, labels, settings)
        rows, findings = np.concatenate([rows, test_rows]), [*findings, *more]
        log.add("split", "rows for judging", "test file", f"{len(test_rows):,} rows of the test file are used for nothing else.")
    data = dataclasses.replace(dataset, frame=frame)
    parts = _split(data, schema, codes, learnt, rows, checked, test_rows, settings, log)
    tell("prepare")
    typed = schema.cast(frame.iloc[parts.train]).reset_index(drop=True)
    shared, arrays = _prepare(typed, schema, labels, modality, settings, log)
    about = (data, schema, labels, codes, modality, tuple(learnt), left_out, tuple(findings), checked, parts, shared, arrays, typed)
    return Plan(*about, test_rows, len(dataset.frame), unknown, log)


def _chosen(codes: Array, rows: Array, labels: Labels, budget: Budget, log: DecisionLog) -> tuple[list[int], dict[int, str]]:
    """Return which labels are learnt, and why others are not.

    Raises:
        DataError: If none can be.
    """
    learnt, left_out = _learnable(codes, rows, labels.names)
    if not learnt:
        told = "; ".join(f"{labels.names[place]!r}: {reason}" for place, reason in list(left_out.items())[:3])
        raise DataError(f"At least one label must have {FEWEST} rows with it and {FEWEST} without it. Received none ({told}).")
    room = affordable(budget)
    if room is not None and room < len(learnt):
        reason = f"the budget allows {room:,} labels, and others have more rows; give it more time"
        left_out |= dict.fromkeys(learnt[room:], reason)
        learnt = learnt[:room]
    if left_out:
        because = f"{len(left_out):,} of {len(labels.names):,} labels are predicted by their share alone: {_shown(left_out, labels)}."
        log.add("check", "labels that are not learnt", f"{len(left_out):,}", because, [], "budget=..., or more rows")
    return learnt, left_out


def _prepare(
    typed: pd.DataFrame, schema: Schema, labels: Labels, modality: str, settings: RunSettings, log: DecisionLog
) -> tuple[Preprocessor, Arrays]:
    """Turn the training rows into arrays, once for all labels: nothing here looks at a target."""
    settled = Settled(settings.budget)
    circumstances = Circumstances("binary", settings.seed, log, settled=settled)
    with hashed_once():
        table = TabularPreprocessor(settings.seed).fit(typed, schema, Task("binary", labels.target, (0, 1)), log, settled)
        encoders = fit_encoders(typed, {column.name: column.type for column in schema.features}, circumstances)
        shared = Preprocessor(table, encoders, modality if encoders else "tabular")
        arrays = {**table.transform(typed), **shared.further(typed)}
    forget_pictures()
    return shared, arrays


def _shown(left_out: Mapping[int, str], labels: Labels, most: int = 5) -> str:
    found = [f"{labels.names[place]!r} ({reason})" for place, reason in list(left_out.items())[:most]]
    return ", ".join(found) + (f" and {len(left_out) - most:,} more" if len(left_out) > most else "")


def _without_answers(
    dataset: Dataset, looked: _Looked, codes: Array, learnt: Sequence[int], checked: Checked, settings: RunSettings, log: DecisionLog
) -> tuple[Schema, list[Finding]]:
    """Look for columns that give a label away, label by label; what may not be known for one label is used for none."""
    schema, found, looked_at = checked.schema, [], 0
    hidden = {name: "dropped" for name in looked.schema.names if looked.schema[name].role == "target"}
    for place in learnt:
        if looked_at and settings.budget.over(CHECKED_UNTIL) and settings.budget.timed:
            left = len(learnt) - looked_at
            told = f"There was no time to look for columns that give {left:,} of {len(learnt):,} labels away."
            found.append(Finding("leakage", (), "info", "told", told, "budget=..."))
            break
        task, y = task_of(looked.labels, place), codes[:, place]
        cells = pd.Series([None if code < 0 else task.classes[code] for code in y.tolist()], dtype=object)
        column = Column(task.target, "boolean", "target")
        others = tuple(one for one in schema.with_roles(hidden).columns if one.name != task.target)
        data = dataclasses.replace(dataset, frame=dataset.frame.assign(**{task.target: cells}))
        own = check(data, Schema((*others, column)), task, y, seed=settings.seed)
        looked_at += 1
        for finding in own.findings:
            if finding.check != "leakage":
                continue
            found.append(dataclasses.replace(finding, because=f"Label {looked.labels.names[place]!r}: {finding.because}"))
            if finding.action == "not used":
                schema = schema.with_roles({finding.columns[0]: "dropped"})
            log.add("check", f"leakage: {', '.join(finding.columns[:3])}", finding.action, found[-1].because, [], finding.override or None)
    return schema, found


def _with_test(
    frame: pd.DataFrame, codes: Array, schema: Schema, labels: Labels, settings: RunSettings
) -> tuple[pd.DataFrame, Array, Array, Counter[str], tuple[Finding, ...]]:
    """Put the rows of the test file behind the others; nothing is found out from them."""
    test = read(settings.test, called="test", folders=True).frame
    wanted = labels.columns or (labels.target,)
    absent = [name for name in (*frame.columns, *wanted) if name not in test.columns]
    if absent:
        raise DataError(f"`test` must have the columns of the data. Received a file without {absent[:5]}.")
    own, unknown = labels.codes(test)
    known = np.flatnonzero((own >= 0).any(axis=1))
    if not len(known):
        raise DataError(f"`test` must have rows with known labels. Received none in {len(test):,} rows.")
    findings = list(shift(schema.features, frame, test))
    if unknown:
        shown = ", ".join(f"{name!r} ({count:,})" for name, count in unknown.most_common(5))
        told = (
            f"The test file holds {len(unknown):,} labels that the data do not have: {shown}. No model can name them; nothing counts them."
        )
        findings.append(Finding("unknown_labels", (), "warning", "told", told, "data=... with these labels"))
    both = pd.concat([frame, test[frame.columns]], ignore_index=True)
    return both, np.concatenate([codes, own]), len(frame) + known, unknown, tuple(findings)


def _split(
    data: Dataset, schema: Schema, codes: Array, learnt: Sequence[int], rows: Array, checked: Checked, test_rows: Array | None,
    settings: RunSettings, log: DecisionLog,
) -> Split:  # fmt: skip
    """Deal the rows once for all labels: every fold gets its share of each label, by the rarest one of each row."""
    rarest_first = sorted(learnt, key=lambda place: int((codes[rows, place] == 1).sum()))
    stratum = np.full(len(codes), len(learnt), dtype=np.int64)
    for number, place in reversed(list(enumerate(rarest_first))):
        stratum[codes[:, place] == 1] = number
    run = Run(settings, None)
    run.dataset, run.schema, run.y, run.rows, run.checked, run.test_rows = data, schema, stratum, rows, checked, test_rows
    run.task, run.log = Task("multiclass", "labels", tuple(range(len(learnt) + 1))), log
    run.split()
    return run.parts
