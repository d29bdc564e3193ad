"""What columns are called among people: names and units of the owner's glossary take the place of columns' names on the page."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from automl.report import words
from automl.report.facts import ReportFacts

_Facts = TypeVar("_Facts", bound=BaseModel)


def with_names(facts: ReportFacts) -> ReportFacts:
    """Return facts whose columns are called as the glossary says, with their unit in brackets; ``report.json`` keeps the data's names.

    The list of columns keeps the data's names, too, and says what each is called.

    Args:
        facts: With `names` and `units`; where both are empty, they are returned as they are.

    Example:
        >>> from automl.report.facts import Answer, DataFacts, EvaluationFacts, ImportanceEntry, ImportanceFacts, TaskFacts
        >>> facts = ReportFacts(
        ...     title="Prices",
        ...     created="2026-01-01",
        ...     automl_version="0.1.0",
        ...     answer=Answer(verdict="no", rule="r", headline="h"),
        ...     task=TaskFacts(problem="regression", target="price", metric="rmse"),
        ...     data=DataFacts(name="houses", rows=90, columns=3, columns_used=2, rows_train=90),
        ...     evaluation=EvaluationFacts(rows=90, source="holdout", scores={}),
        ...     importance=ImportanceFacts(method="m", metric="RMSE", entries=(ImportanceEntry(column="sqm", value=1.0),)),
        ...     names={"sqm": "Living space"},
        ...     units={"sqm": "m²"},
        ... )
        >>> with_names(facts).importance.entries[0].column
        'Living space (m²)'
    """
    if not facts.names and not facts.units:
        return facts
    known = [column.name for column in facts.data.column_list]  # all of them, so that "pay" is not taken for the beginning of "pay day"
    labels = {column: label(facts, column) for column in (*known, *facts.names, *facts.units)}
    told = _named(facts, labels)
    columns = tuple(
        column.model_copy(update={"evidence": f"Called {labels[column.name]} here. {column.evidence}".strip()})
        if column.name in labels and labels[column.name] != column.name
        else column
        for column in told.data.column_list
    )
    told = told.model_copy(update={"data": told.data.model_copy(update={"column_list": columns})})
    return _in_warnings(told, facts)


def _in_warnings(told: ReportFacts, facts: ReportFacts) -> ReportFacts:
    """Call the worst cohort on the first page as it is called below."""
    pairs = [_cohort_text(one) for one in (facts, told)]
    if None in pairs or pairs[0] == pairs[1]:
        return told
    warnings = tuple(warning.replace(str(pairs[0]), str(pairs[1])) for warning in told.answer.warnings)
    return told.model_copy(update={"answer": told.answer.model_copy(update={"warnings": warnings})})


def _cohort_text(facts: ReportFacts) -> str | None:
    tree = facts.where.cohorts if facts.where is not None else None
    return words.cohort(tree.leaves[0].rules) if tree is not None and tree.leaves else None


def label(facts: ReportFacts, column: str) -> str:
    """Return what a column is called, with its unit."""
    unit = facts.units.get(column, "")
    return facts.names.get(column, column) + (f" ({unit})" if unit else "")


def _in_rule(rule: str, labels: dict[str, str]) -> str:
    """Return a rule of a cohort, which begins with the name of its column, with what that is called."""
    column = max((name for name in labels if rule.startswith(f"{name} ")), key=len, default="")
    return labels.get(column, column) + rule[len(column) :]


def _named(value: _Facts, labels: dict[str, str]) -> _Facts:
    changes: dict[str, Any] = {}
    for name in type(value).model_fields:
        old = getattr(value, name)
        new = _renamed(name, old, labels)
        if new is not old:
            changes[name] = new
    note, column = getattr(value, "note", None), getattr(value, "column", None)
    if note and column in labels and labels[column] != column and labels[column].startswith(note):
        changes["note"] = None  # the label says it already
    return value.model_copy(update=changes) if changes else value


def _renamed(name: str, old: Any, labels: dict[str, str]) -> Any:
    if isinstance(old, BaseModel):
        return _named(old, labels)
    if name == "column" and isinstance(old, str):
        return labels.get(old, old)
    if not isinstance(old, tuple) or not old:
        return old
    if name == "rules":
        return tuple(_in_rule(rule, labels) for rule in old)
    if name == "columns" and all(isinstance(each, str) for each in old):
        return tuple(labels.get(each, each) for each in old) if labels.keys() & set(old) else old
    made = tuple(_named(each, labels) if isinstance(each, BaseModel) else each for each in old)
    return made if any(new is not each for new, each in zip(made, old, strict=True)) else old
