"""``report.md``: the blocks of the page as Markdown, with every table and without pictures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from automl.report.blocks.base import Block, Cell
from automl.report.blocks.front import front
from automl.report.blocks.proof import glossary
from automl.report.facts import ReportFacts
from automl.report.html import drawn_parts, shown
from automl.report.naming import with_names

_ACTIVE = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render_markdown(facts: ReportFacts) -> str:
    """Draw the report as Markdown: the answer, then every block with its headline, tables and limits.

    Args:
        facts: Everything that is said.

    Returns:
        GitHub-flavoured Markdown; texts from the data are escaped, so that no name of a column becomes a heading or HTML.
    """
    page = front(with_names(facts))
    lines = [heading(1, facts.title), ""]
    lines += [
        f"**Can we use it? {plain(page['verdict'])}.** {plain(page['headline'])}",
        "",
        f"The rule that decided: {plain(page['rule'])}",
        "",
    ]
    lines += [f"- {plain(tile['label'])}: **{plain(tile['value'])}**{_under(tile['under'])}" for tile in page["tiles"]]
    lines += [f"- {plain(sentence)}" for sentence in page["sentences"]]
    if page["warnings"]:
        lines += ["", "Worst warnings:", "", *(f"{place}. {plain(text)}" for place, text in enumerate(page["warnings"], 1))]
    lines += ["", " · ".join(f"{plain(name)}: {plain(value)}" for name, value in page["about"]), ""]
    for part in drawn_parts(facts):
        lines += [heading(2, f"{part['title']} ({part['about']})"), ""]
        for block in part["blocks"]:
            lines += _block(block)
    words = glossary(facts)
    if words:
        lines += [heading(2, "Words"), "", *(f"- **{plain(term)}:** {plain(meaning)}" for term, meaning in words), ""]
    return "\n".join([*lines, f"Made by automl {facts.automl_version} on {facts.created[:10]} from report.json.", ""])


def _under(text: str | None) -> str:
    return f" ({plain(text)})" if text else ""


def _block(block: Block) -> list[str]:
    lines = [heading(3, block.sentence), "", *([f"> {plain(block.plain)}", ""] if block.plain else [])]
    lines += [line for note in block.notes for line in (plain(note), "")]
    for shape in block.tables:
        lines += [f"*{plain(shape.caption)}*", "", *table(shape.head, shape.rows), ""]
        lines += [f"{shape.more:,} more in report.json.", ""] if shape.more else []
    return [*lines, f"**What this cannot tell you:** {plain(block.limits)}", ""]


def heading(level: int, text: str) -> str:
    r"""Write a heading.

    Example:
        >>> heading(2, "a * b")
        '## a \\* b'
    """
    return f"{'#' * level} {plain(text)}"


def table(head: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> list[str]:
    r"""Write a table, one line for each row.

    Example:
        >>> table(("a", "b"), [("1|2", "x")])[2]
        '| 1\\|2 | x |'
    """
    lines = [f"| {' | '.join(plain(name) for name in head)} |", f"|{' --- |' * len(head)}"]
    return [*lines, *(f"| {' | '.join(plain(cell) for cell in row)} |" for row in rows)]


def plain(cell: Cell) -> str:
    r"""Write a text so that Markdown takes it as text; markup loses its tags.

    Example:
        >>> plain("a|b <i>"), plain(Markup("<code>x &lt; 1</code>"))
        ('a\\|b \\<i\\>', 'x \\< 1')
    """
    text = cell.striptags() if isinstance(cell, Markup) else str(cell)
    return _ACTIVE.sub(r"\\\1", " ".join(str(shown(text)).split()))
