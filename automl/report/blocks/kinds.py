"""What each kind of data adds, where a row holds several."""

from __future__ import annotations

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ImportanceEntry, ReportFacts


def kinds(facts: ReportFacts) -> Block | None:
    """Draw how much worse the model gets without the texts, the pictures, the series or the table."""
    known = facts.kinds
    if known is None or len(known.entries) < 2:
        return None
    ends = [end for e in known.entries for end in (e.value, e.low, e.high) if end is not None]
    domain = (min(0.0, *ends), max(0.0, *ends) or 1.0)
    rows = [
        {
            "title": words.shorten(entry.column, 48),
            "note": None,
            "value": words.number(entry.value),
            "interval": words.interval(entry.low, entry.high),
            "drawing": svg.dot_interval(entry.value, entry.low, entry.high, domain, reference=0.0, bar_from=0.0),
        }
        for entry in known.entries
    ]
    cells: list[list[Cell]] = [[e.column, words.number(e.value), words.number(e.low), words.number(e.high)] for e in known.entries]
    return Block(
        "kinds",
        "What each kind of data adds",
        _lead(known.entries, known.metric),
        "What a model without that kind would reach if it were trained anew: here the same model is asked with its values shuffled.",
        notes=(f"Bars: by how much the {known.metric} gets worse when all columns of a kind are shuffled together.", *_inside(facts)),
        template="importance",
        data={"rows": rows, "axis": svg.axis([(t, words.number(t)) for t in svg.ticks(*domain, 4)], domain), "more": 0, "card": None},
        tables=(Table(f"Worth of each kind (increase of the {known.metric})", ("Kind", "Worth", "Low", "High"), cells, frozenset({0})),),
    )


def _inside(facts: ReportFacts) -> tuple[str, ...]:
    """Say which blocks look inside the kinds."""
    told = {
        "what each column is worth": facts.importance is not None and facts.importance.entries,
        "which words of the texts count": any(entry.effects for entry in facts.words),
        "where in the pictures it looks": facts.pictures,
        "which stretch of the series carries the answer": facts.occlusion is not None and facts.occlusion.changes,
    }
    parts = [part for part, there in told.items() if there]
    return (f"Inside the kinds, the blocks that follow tell {words.listing(parts)}.",) if parts else ()


def _lead(entries: tuple[ImportanceEntry, ...], metric: str) -> str:
    sure = [entry for entry in entries if entry.low is not None and entry.low > 0]
    if not sure:
        return "No kind of data was shown to add anything to the others."
    told = [f"without the {entry.column} the {metric} gets worse by {words.number(entry.value)}" for entry in sure]
    idle = [entry.column for entry in entries if entry not in sure]
    rest = f"; the {words.listing(idle)} was not shown to add anything" if idle else ""
    sentence = words.listing(told) + rest
    return sentence[:1].upper() + sentence[1:] + "."
