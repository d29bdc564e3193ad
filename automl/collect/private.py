"""How much of single rows a report may hold: the one rule of ``examples=``.

    "none"  nothing that belongs to single rows: no explained rows, no pictures, no words
    None    pictures of a few rows, and a few explained rows without their texts; of words only those that several texts hold
    "few"   the texts of the explained rows, too, and where a transformer attended in them

Counts, curves and the levels of categories are no examples and stay; the values of a column that only tells rows apart are not quoted
unless "few" is said, because each belongs to a single row. The same facts make the page, the JSON, the Markdown and a notebook's
summary: what is left out here is in none of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from automl.report import facts as f

HIDDEN = "a text"
_VALUE = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""  # as Python writes a text
_QUOTED = re.compile(rf",? such as {_VALUE}(?:(?:, | and |, and ){_VALUE})*")


def unquoted(text: str) -> str:
    """Return a sentence without the values that it quotes as examples.

    Example:
        >>> unquoted("400 of 400 values are codes, such as 'a1', 'b2'.")
        '400 of 400 values are codes.'
    """
    return _QUOTED.sub("", text)


def without_codes(told: Any, examples: str | None, codes: Collection[str]) -> Any:
    """Return facts about columns, findings or decisions that quote no value of a column that only tells rows apart.

    Args:
        told: Facts with an `evidence` or a `because`.
        examples: "none", "few" or None for the rule in between.
        codes: Names of such columns.
    """
    if examples == "few" or not codes:
        return told
    return tuple(_without(one, codes) for one in told)


def _without(one: Any, codes: Collection[str]) -> Any:
    if isinstance(one, f.ColumnFacts):
        return one.model_copy(update={"evidence": unquoted(one.evidence)}) if one.name in codes else one
    about = any(repr(name) in f"{getattr(one, 'what', '')} {one.because}" or name in getattr(one, "columns", ()) for name in codes)
    return one.model_copy(update={"because": unquoted(one.because)}) if about else one


def allowed(sections: dict[str, Any], examples: str | None, texts: Collection[str]) -> dict[str, Any]:
    """Return the sections of a report with no more of single rows than was asked for.

    Args:
        sections: What :func:`automl.collect.why.why_facts` returned.
        examples: "none", "few" or None for the rule in between.
        texts: Names of the columns of texts.
    """
    if not sections or examples == "few":
        return sections
    if examples == "none":
        return {**sections, "examples": (), "pictures": (), "words": ()}
    told = tuple(_hidden(example, texts) for example in sections.get("examples", ()))
    counted = tuple(entry.model_copy(update={"attention": None}) for entry in sections.get("words", ()))
    return {**sections, "examples": told, "words": counted}


def _hidden(example: f.ExampleFacts, texts: Collection[str]) -> f.ExampleFacts:
    """Return an explained row without its texts."""
    told = tuple(entry.model_copy(update={"value": HIDDEN}) if entry.column in texts else entry for entry in example.contributions)
    change = example.change
    if change is not None:
        changes = tuple(
            one.model_copy(update={"before": HIDDEN, "after": HIDDEN}) if one.column in texts else one for one in change.changes
        )
        change = change.model_copy(update={"changes": changes})
    return example.model_copy(update={"contributions": told, "change": change})
