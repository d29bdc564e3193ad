"""Look for what spoils a model before it is trained: a check tells, and where it is certain it changes the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.checks.columns import duplicates, named_like_identifier, naming, odd_values, useless
from automl.checks.finding import SEVERITIES, Finding
from automl.checks.leakage import leaks
from automl.checks.notation import encoding, number_format, shift
from automl.checks.pictures import pictures
from automl.checks.plan import plan_rows
from automl.checks.rows import duplicate_rows, few_rows, imbalance, many_classes, target_missing
from automl.checks.worth import with_and_without
from automl.dataset import Dataset
from automl.decisions import DecisionLog
from automl.errors import DataError
from automl.schema import Schema, cast_column
from automl.task import Task

__all__ = ["SEVERITIES", "Checked", "Finding", "check", "named_like_identifier", "shift"]

_LOOKED_AT = 20_000


@dataclass(frozen=True)
class Checked:
    """The outcome of all checks.

    Attributes:
        findings: What was found, most severe first.
        schema: The columns with their new roles: identifiers, constants, duplicates and copies of the target are no features any more.
        rows: Positions (int64) of the rows that have a target.
        groups: What each row is about, where several rows are about the same, (all rows,); folds keep them together.
        times: When each row happened, where the past is to be judged by what came later, (all rows,); folds are in its order.
        twins: A number that equal rows share, where there are any, (all rows,); folds keep them on one side.
    """

    findings: tuple[Finding, ...]
    schema: Schema
    rows: np.ndarray[Any, Any]
    groups: np.ndarray[Any, Any] | None = None
    times: np.ndarray[Any, Any] | None = None
    twins: np.ndarray[Any, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-ready values, without the rows."""
        return {"findings": [finding.to_dict() for finding in self.findings], "schema": self.schema.to_dict(), "rows": len(self.rows)}


def _without(schema: Schema, findings: list[Finding]) -> Schema:
    """Return the schema without the columns of findings that say "not used"; one feature always stays."""
    roles = {f.columns[0]: "identifier" if f.check == "identifier" else "dropped" for f in findings if f.action == "not used"}
    roles |= {f.columns[0]: "group" for f in findings if f.action == "rows kept together"}
    return schema.with_roles(roles)


def _keep_one(schema: Schema, findings: list[Finding]) -> list[Finding]:
    """Take a column back in if nothing else were left to learn from."""
    unused = [finding for finding in findings if finding.action == "not used"]
    if len(unused) < len(schema.features):
        return findings
    spared = next((finding for finding in unused if finding.check == "identifier"), None)
    told = [
        Finding(f.check, f.columns, "warning", "told", f.because + " It is the only column left, so it is used.", "") if f is spared else f
        for f in findings
    ]
    return told


def _require_features(schema: Schema, task: Task, findings: list[Finding]) -> None:
    if schema.features:
        return
    constants = [finding.columns[0] for finding in findings if finding.check == "constant"]
    why = f"All others, such as {constants[0]!r}, are the same in every row." if constants else "There is no other column that may be used."
    raise DataError(f"The data must have a column to learn from besides the target {task.target!r}. {why}")


def check(
    dataset: Dataset,
    schema: Schema,
    task: Task,
    y: np.ndarray[Any, Any],
    log: DecisionLog | None = None,
    seed: int = 0,
    *,
    group: str | None = None,
    time: str | None = None,
) -> Checked:
    """Check columns, rows and target.

    Args:
        dataset: The data; unchanged.
        schema: Its columns; only features are checked, so a role given before stays.
        task: What is predicted.
        y: The encoded target of all rows: -1 or NaN where it is missing.
        log: Receives a decision for each finding that changed the plan or needs one.
        seed: Draws the rows that are looked at where there are many.
        group: The column whose equal values belong together, where the user names one.
        time: The column that says when a row happened, where the user names one.

    Returns:
        Findings, the schema with new roles, and the usable rows.

    Raises:
        DataError: If no column is left to learn from.
        UsageError: If `group` or `time` cannot be it.

    Example:
        >>> import pandas as pd
        >>> from automl.schema import detect_schema
        >>> from automl.task import detect_task
        >>> data = Dataset(pd.DataFrame({"row": range(40), "age": [20.5, 31, 47, 52] * 10, "paid": ["yes", "no"] * 20}))
        >>> schema = detect_schema(data, "paid")
        >>> task = detect_task(data, schema, "paid")
        >>> [column.name for column in check(data, schema, task, task.encode(data.frame["paid"])).schema.features]
        ['age']
    """
    log = DecisionLog() if log is None else log
    generator, frame = np.random.default_rng(seed), dataset.frame
    usable = y >= 0 if task.is_classification else ~np.isnan(y)
    learnt = task.problem in ("binary", "multiclass", "regression") and not task.targets
    rows = np.flatnonzero(usable).astype(np.int64)
    sample = rows if len(rows) <= _LOOKED_AT else np.sort(generator.choice(rows, _LOOKED_AT, replace=False))
    looked_at = frame if len(sample) == len(frame) else frame.iloc[sample]
    typed = {column.name: cast_column(looked_at[column.name], column) for column in schema.features}
    findings = list(target_missing(task, usable)) if task.target else []
    findings += [*encoding(dataset), *number_format(dataset, schema.columns), *pictures(dataset, schema.features)]
    findings += _keep_one(schema, list(useless(schema.features, typed, frame)))
    schema = _without(schema, findings)
    if learnt and task.modality == "tabular":
        _require_features(schema, task, findings)
    findings += list(duplicates(schema.features, typed, frame))
    schema = _without(schema, findings)
    findings += list(odd_values(schema.features, typed, frame))
    if learnt and task.modality != "sequence":
        keys = {column.name: typed[column.name] for column in schema.columns if column.role == "identifier" and column.name in typed}
        findings += list(leaks(schema, typed, frame, task, y, rows, sample, generator, keys))
        findings = with_and_without(findings, schema.features, typed, task, y[sample])
        schema = _without(schema, findings)
    plan = plan_rows(dataset, schema, typed, task, y, sample, group, time)
    findings += plan.findings
    together = [finding.columns[0] for finding in plan.findings if finding.check == "group" and finding.action == "rows kept together"]
    if learnt and task.modality != "sequence":
        findings += list(naming(schema.features, typed, together))
    schema = _without(schema, findings)
    if learnt:
        findings += [*few_rows(task, y[rows], len(schema.features)), *many_classes(task, y[rows]), *imbalance(task, y[rows])]
    told = [column for column in schema.columns if column.role in ("feature", "target", "group", "time", "series")]
    twin, twins = duplicate_rows(frame, [column.name for column in told]) if schema.features or not task.target else (None, None)
    findings += [] if twin is None else [twin]
    findings.sort(key=lambda finding: -SEVERITIES.index(finding.severity))
    for finding in findings:
        what = f"{finding.check.replace('_', ' ')}" + (f": {', '.join(finding.columns[:3])}" if finding.columns else "")
        log.add("check", what, finding.action, finding.because, [], finding.override or None)
    return Checked(tuple(findings), schema, rows, plan.groups, plan.times, twins)
