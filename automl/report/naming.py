"""What columns are called among people: names and units of the owner's glossary take the place of columns' names on the page."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

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
    labels = {column: label(facts, column) for column in {**facts.names, **facts.units}}
    if not labels:
        return facts
    told = _named(facts, labels)
    columns = tuple(
        column.model_copy(update={"evidence": f"Called {labels[column.name]} here. {column.evidence}".strip()})
        if column.name in labels and labels[column.name] != column.name
        else column
        for column in told.data.column_list
    )
    return told.model_copy(update={"data": told.data.model_copy(update={"column_list": columns})})


def label(facts: ReportFacts, column: str) -> str:
    """Return what a column is called, with its unit."""
    unit = facts.units.get(column, "")
    return facts.names.get(column, column) + (f" ({unit})" if unit else "")


def _named(value: _Facts, labels: dict[str, str]) -> _Facts:
    changes: dict[str, Any] = {}
    for name in type(value).model_fields:
        old = getattr(value, name)
        new = _renamed(name, old, labels)
        if new is not old:
            changes[name] = new
    note, column = getattr(value, "note", None), getattr(value, "column", None)
    if note and column in labels and labels[column].startswith(note):
        changes["note"] = None  # the label says it already
    return value.model_copy(update=changes) if changes else value


def _renamed(name: str, old: Any, labels: dict[str, str]) -> Any:
    if isinstance(old, BaseModel):
        return _named(old, labels)
    if name == "column" and isinstance(old, str):
        return labels.get(old, old)
    if not isinstance(old, tuple) or not old:
        return old
    if name == "columns" and all(isinstance(each, str) for each in old):
        return tuple(labels.get(each, each) for each in old) if labels.keys() & set(old) else old
    made = tuple(_named(each, labels) if isinstance(each, BaseModel) else each for each in old)
    return made if any(new is not each for new, each in zip(made, old, strict=True)) else old
