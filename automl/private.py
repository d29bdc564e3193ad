"""How much of single rows a report may hold: the one rule of ``examples=``.

    "none"  nothing that belongs to single rows: no explained rows, no pictures, no words
    None    pictures of a few rows, and a few explained rows without their texts and paths; of words only those that several texts hold
    "few"   the texts of the explained rows, too, and where a transformer attended in them

Of forecasts, whose substance are curves of the target over time:

    "none"  no value of a single step: series by their number in place of their name, forecasts without what was before and came true,
            columns of numbers and times by counts, because their smallest and largest values are those of single steps
    None    the worst, a typical and the best series by name, with what was before, what was forecast and what came true
    "few"   as None, and what columns that are not used look like

Counts, curves and the levels of categories are no examples and stay. Of a column that only tells rows or groups apart (codes, addresses,
names) no value is in any sentence unless "few" is said, because each belongs to a single row: its facts are made of counts, and findings
keep their examples apart from their sentences. The same facts make the page, the JSON, the Markdown and a notebook's summary: what is left
out here is in none of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from automl.errors import UsageError, did_you_mean
from automl.report import facts as f

if TYPE_CHECKING:
    from automl.checks import Finding
    from automl.decisions import Decision
    from automl.schema import Column

HIDDEN, PICTURE = "a text", "a picture"
EXAMPLES = ("none", "few")


def check_examples(wanted: Any) -> str | None:
    """Return how much of single rows was asked for.

    Raises:
        UsageError: If it is another word.

    Example:
        >>> check_examples("none")
        'none'
    """
    if wanted is not None and wanted not in EXAMPLES:
        law = "`examples` must be 'none' or 'few', or left out for pictures without texts"
        raise UsageError(f"{law}. Received examples={wanted!r}.{did_you_mean(wanted, EXAMPLES)}")
    return None if wanted is None else str(wanted)


def private_columns(columns: Iterable[Column], findings: Iterable[Finding]) -> frozenset[str]:
    """Return the columns whose values belong to single rows or to single things: codes, addresses, names, what groups are told by.

    Args:
        columns: All columns with their roles.
        findings: What the checks found.
    """
    named = {name for one in findings if one.check == "identifier" for name in one.columns}
    return frozenset(named | {column.name for column in columns if column.role in ("identifier", "group")})


def counted(values: pd.Series[Any]) -> str:
    """Return what can be said of a column whose values must not be quoted: how many there are.

    Example:
        >>> counted(pd.Series(["a1", "b2", None, "b2"]))
        '2 distinct values among 3; they belong to single rows and are not shown.'
    """
    return f"{_distinct(values)}; they belong to single rows and are not shown."


def measured(values: pd.Series[Any]) -> str:
    """Return what can be said of a column of numbers or times whose smallest and largest value, each that of one row, must not be told.

    Example:
        >>> measured(pd.Series([3.5, 77777.1, None, 3.5]))
        '2 distinct values among 3; the smallest and the largest are not shown.'
    """
    return f"{_distinct(values)}; the smallest and the largest are not shown."


def _distinct(values: pd.Series[Any]) -> str:
    distinct, known = values.astype(str).where(values.notna()).nunique(), int(values.notna().sum())
    return f"{distinct:,} distinct value{'' if distinct == 1 else 's'} among {known:,}"


def told_columns(columns: Iterable[f.ColumnFacts], frame: pd.DataFrame, private: Collection[str]) -> tuple[f.ColumnFacts, ...]:
    """Return facts about columns; of private ones, counts take the place of the evidence."""
    return tuple(
        one.model_copy(update={"evidence": counted(frame[one.name])}) if one.name in private and one.name in frame else one
        for one in columns
    )


def told_findings(findings: Iterable[Finding], private: Collection[str], examples: str | None) -> tuple[f.FindingFacts, ...]:
    """Return findings as facts; with their examples, which are cells of single rows, where these are asked for."""
    return tuple(
        f.FindingFacts(
            check=one.check,
            columns=one.columns,
            severity=one.severity,  # type: ignore[arg-type]
            action=one.action,
            because=one.told if examples == "few" and not set(private) & set(one.columns) else one.because,
            override=one.override or None,
        )
        for one in findings
    )


def told_decisions(log: Iterable[Decision], frame: pd.DataFrame, private: Collection[str]) -> tuple[f.DecisionFacts, ...]:
    """Return decisions as facts; what a private column was taken for is told by counts alone."""
    about = {f"type of {name!r}": name for name in private if name in frame}
    made = []
    for one in log:
        told = f.DecisionFacts.model_validate(one.to_dict())
        made.append(told.model_copy(update={"because": counted(frame[about[one.what]])}) if one.what in about else told)
    return tuple(made)


def allowed(
    sections: dict[str, Any], examples: str | None, texts: Collection[str], pictures: Collection[str] = ()
) -> dict[str, Any]:
    """Return the sections of a report with no more of single rows than was asked for.

    Args:
        sections: What :func:`automl.collect.why.why_facts` returned.
        examples: "none", "few" or None for the rule in between.
        texts: Names of the columns of texts.
        pictures: Names of the columns of pictures, whose paths say where somebody keeps them.
    """
    if not sections or examples == "few":
        return sections
    if examples == "none":
        return {**sections, "examples": (), "pictures": (), "words": ()}
    hidden = {**dict.fromkeys(pictures, PICTURE), **dict.fromkeys(texts, HIDDEN)}
    told = tuple(_hidden(example, hidden) for example in sections.get("examples", ()))
    counted = tuple(entry.model_copy(update={"attention": None}) for entry in sections.get("words", ()))
    return {**sections, "examples": told, "words": counted}


def _hidden(example: f.ExampleFacts, hidden: Mapping[str, str]) -> f.ExampleFacts:
    """Return an explained row without its texts and the places of its pictures."""
    told = tuple(
        entry.model_copy(update={"value": hidden[entry.column]}) if entry.column in hidden else entry for entry in example.contributions
    )
    change = example.change
    if change is not None:
        changes = tuple(
            one.model_copy(update={"before": hidden[one.column], "after": hidden[one.column]}) if one.column in hidden else one
            for one in change.changes
        )
        change = change.model_copy(update={"changes": changes})
    return example.model_copy(update={"contributions": told, "change": change})
