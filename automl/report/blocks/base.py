"""What one block of the page is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from automl.report.facts import ReportFacts

Cell = str | Markup


@dataclass(frozen=True)
class Table:
    """A table with a caption; the columns in `text` are aligned left, all others hold numbers.

    Attributes:
        caption: What the table shows.
        head: Names of the columns.
        rows: Cells; plain text is escaped when drawn.
        text: Positions of the columns that hold text.
        more: How many rows were left out; report.json holds them.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text: frozenset[int] = frozenset({0})
    more: int = 0


@dataclass(frozen=True)
class Block:
    """One block: a headline sentence, the picture, the same data as tables, and what it cannot tell.

    Attributes:
        name: Its id on the page.
        label: Two or three words for the list of contents.
        sentence: The headline, with numbers.
        limits: What this cannot tell you.
        notes: Further sentences.
        figures: Drawings with their captions.
        tables: The same data in rows.
        template: Name of the partial that draws the body; None draws `figures`.
        data: What the partial needs.
        open_tables: Whether the tables are the content itself and stand open.
        summary: What opens the tables.
        plain: The headline for who decides and does not analyse; empty where the other one is plain enough.
    """

    name: str
    label: str
    sentence: str
    limits: str
    notes: tuple[str, ...] = ()
    figures: tuple[tuple[Markup, Cell], ...] = ()
    tables: tuple[Table, ...] = ()
    template: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    open_tables: bool = False
    summary: str = "The same as a table"
    plain: str = ""


Maker = Callable[[ReportFacts], Block | None]
"""Draws one block, or answers None where the facts hold nothing for it."""


def cut(rows: Sequence[Sequence[Cell]], limit: int) -> tuple[list[Sequence[Cell]], int]:
    """Return at most `limit` rows and the number of those left out."""
    return list(rows[:limit]), max(len(rows) - limit, 0)


def code(text: str) -> Markup:
    """Write a piece of code."""
    return Markup("<code>{}</code>").format(text)
