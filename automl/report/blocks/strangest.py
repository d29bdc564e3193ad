"""The strangest rows and pictures on the page of anomalies, why they are strange, and which columns make alarms."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from automl.report import svg, words
from automl.report.anomalies import AnomalyFacts, named, reasons
from automl.report.blocks import card
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ReportFacts

_DRAWN = 10
_COLUMNS = 12
_IMAGE = Markup('<img src="{}" alt="{}" width="112" height="112">')


def strangest(facts: ReportFacts) -> Block | None:
    """Draw the scores of the strangest rows with their reasons, and whether these passed their test."""
    told = facts.anomalies
    if told is None or not told.strangest:
        return None
    first, top = told.strangest[0], max(row.score for row in told.strangest) * 1.05 or 1.0
    drawn = [
        {
            "title": words.shorten(named(row), 60),
            "note": words.shorten(" · ".join(reasons(row)), 160),
            "value": f"{row.score:.2f}",
            "interval": _marks(row.alarm, row.known),
            "drawing": svg.dot_interval(row.score, None, None, (0.0, top), reference=told.threshold, bar_from=0.0),
        }
        for row in told.strangest[:_DRAWN]
    ]
    line = "" if told.threshold is None else f" The upright line is the threshold, {told.threshold:.2f}."
    return Block(
        "strangest",
        "The strangest rows",
        f"{_upper(named(first))} is least like the others, with a score of {first.score:.2f}"
        f"{': ' if first.reasons else ''}{words.listing(reasons(first))}.",
        "What a strange row is. Unusual is not wrong: whether it is a fault, a fraud or a rare but good case is for people to say.",
        notes=(f"Each row was scored by models that had not seen it; columns come with the most unusual first.{line}",),
        template="importance",
        data={
            "rows": drawn,
            "axis": svg.axis([(t, words.number(t)) for t in svg.ticks(0.0, top, 4)], (0.0, top)),
            "more": max(len(told.strangest) - _DRAWN, 0),
            "card": card.card(facts, "rows"),
        },
        tables=(_table(told), *card.table(facts, "rows")),
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _marks(alarm: bool, known: bool | None) -> str:
    if known:
        return "known anomaly"
    return "alarm" if alarm else "no alarm"


def _table(told: AnomalyFacts) -> Table:
    several, labels = len(told.detectors), any(row.known is not None for row in told.strangest)
    head = [*(told.named_by if any(row.when for row in told.strangest) else ()), "Row", "Score", "Alarm"]
    head += ["Marked", "What is unusual", "Detectors that agree"] if labels else ["What is unusual", "Detectors that agree"]
    rows: list[list[Cell]] = []
    for row in told.strangest:
        line: list[Cell] = [*row.when, str(row.row), f"{row.score:.2f}", "yes" if row.alarm else "no"]
        line += ["yes" if row.known else "no"] if labels else []
        rows.append([*line, " · ".join(reasons(row)), f"{len(row.agree)} of {several}"])
    text = frozenset(place for place, name in enumerate(head) if name not in ("Row", "Score"))
    return Table("The strangest rows, numbered from 0", head, rows, text)


def columns(facts: ReportFacts) -> Block | None:
    """Draw which columns are most often the first reason of an alarm."""
    told = facts.anomalies
    if told is None or not told.by_column:
        return None
    first, top = told.by_column[0], max(one.share for one in told.by_column)
    drawn: list[dict[str, Any]] = [
        {
            "title": words.shorten(one.column, 48),
            "note": words.count(one.alarms, "alarm"),
            "value": words.percent(one.share),
            "interval": "",
            "drawing": svg.dot_interval(one.share, None, None, (0.0, top), bar_from=0.0),
        }
        for one in told.by_column[:_COLUMNS]
    ]
    rows: list[list[Cell]] = [[words.shorten(one.column), words.whole(one.alarms), words.percent(one.share)] for one in told.by_column]
    shown, more = cut(rows, 250)
    return Block(
        "columns",
        "Which columns",
        f"{words.shorten(first.column, 60)} is the first reason of {words.percent(first.share)} of {words.count(told.alarms, 'alarm')}.",
        "Cause and effect: where columns hang together and the rule between them is broken, either may be the one that is wrong.",
        notes=("An alarm counts for the column that is furthest above what is usual for it.",),
        template="importance",
        data={
            "rows": drawn,
            "axis": svg.axis([(t, words.percent(t)) for t in svg.ticks(0.0, top, 4)], (0.0, top)),
            "more": max(len(told.by_column) - _COLUMNS, 0),
            "card": None,
        },
        tables=(Table("First reasons of alarms", ("Column", "Alarms", "Share of alarms"), shown, frozenset({0}), more),),
    )


def pictures(facts: ReportFacts) -> Block | None:
    """Show the strangest pictures beside the places where they are strange."""
    told = facts.anomalies
    if told is None or not told.pictures:
        return None
    heated = sum(one.heat is not None for one in told.pictures)
    figures = []
    for one in told.pictures:
        parts = [_IMAGE.format(one.picture, f"Row {one.row}")]
        parts += [_IMAGE.format(one.heat, f"Where row {one.row} is strange")] if one.heat is not None else []
        figures.append((Markup(" ").join(parts), f"Row {one.row}{f', {one.name}' if one.name else ''}, score {one.score:.2f}"))
    rows: list[list[Cell]] = [[str(one.row), one.name or words.NOTHING, f"{one.score:.2f}"] for one in told.pictures]
    where = ", and where they are strange" if heated else ""
    return Block(
        "strange-pictures",
        "Pictures",
        f"The {words.count(len(told.pictures), 'strangest picture')}{where}; the first scores {told.pictures[0].score:.2f}.",
        "What is wrong. Warm is what looks least like any part of the other pictures, to a network that was trained on photographs of other"
        " things.",
        figures=tuple(figures),
        tables=(Table("The strangest pictures, numbered from 0", ("Row", "File", "Score"), rows, frozenset({1})),),
    )
