"""Why the model answers as it does: importance of columns, and a few explained cases."""

from __future__ import annotations

from typing import Any

from automl.report import svg, words
from automl.report.blocks import card
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ExampleFacts, ImportanceEntry, ReportFacts, SimilarFacts

_SHOWN = 15


def importance(facts: ReportFacts) -> Block | None:
    """Draw how much each column is worth, with intervals."""
    known = facts.importance
    if known is None or not known.entries:
        return None
    ends = [end for e in known.entries for end in (e.value, e.low, e.high) if end is not None]
    domain = (min(0.0, *ends), max(0.0, *ends) or 1.0) if len(ends) > 1 else (0.0, max(ends[0], 0.0) or 1.0)
    rows = [
        {
            "title": words.shorten(entry.column, 48),
            "note": entry.note,
            "value": words.number(entry.value),
            "interval": words.interval(entry.low, entry.high),
            "drawing": svg.dot_interval(entry.value, entry.low, entry.high, domain, reference=0.0, bar_from=0.0),
        }
        for entry in known.entries[:_SHOWN]
    ]
    table: list[list[Cell]] = [
        [words.shorten(e.column), words.number(e.value), words.number(e.low), words.number(e.high), e.note or ""] for e in known.entries
    ]
    shown, more = cut(table, 250)
    about = f" on {words.count(known.rows, 'unseen row')}" if known.rows else ""
    return Block(
        "importance",
        "What matters",
        _which(known.entries, known.metric),
        "Cause and effect: a column can matter because it stands for something else, and columns that say the same share their worth.",
        notes=(f"Bars: by how much the {known.metric} gets worse when the column is shuffled{about}. {known.method}",),
        template="importance",
        data={
            "rows": rows,
            "axis": svg.axis([(t, words.number(t)) for t in svg.ticks(*domain, 4)], domain),
            "more": max(len(known.entries) - _SHOWN, 0),
            "card": card.card(facts, "importance"),
        },
        tables=(
            Table(
                f"Importance of the columns (increase of the {known.metric})",
                ("Column", "Importance", "Low", "High", "Note"),
                shown,
                frozenset({0, 4}),
                more,
            ),
            *card.table(facts, "importance"),
        ),
    )


def _which(entries: tuple[ImportanceEntry, ...], metric: str) -> str:
    """Name the columns that matter and count those that were not shown to matter."""
    sure = [e for e in entries if e.value > 0 and (e.low is None or e.low > 0)]
    idle = len(entries) - len(sure)
    if not sure:
        return "No single column was shown to matter on its own."
    first = words.listing(words.shorten(e.column, 40) for e in sure[:3])
    matter = f"{words.whole(len(sure))} of {words.count(len(entries), 'column')} {'matters' if len(sure) == 1 else 'matter'} beyond chance"
    most = ", " if len(sure) == 1 else ": " if len(sure) <= 3 else ", most of all "
    worst = f"with the values of {words.shorten(sure[0].column, 40)} shuffled, the {metric} gets worse by {words.number(sure[0].value)}"
    rest = f"; {'for the others' if idle > 1 else 'for the other'} no worth was shown" if idle else ""
    return f"{matter}{most}{first}; {worst}{rest}."


def examples(facts: ReportFacts) -> Block | None:
    """Draw what each column added to a few predictions."""
    if not facts.examples:
        return None
    shown = facts.examples[:6]
    gaps = [abs(e.completeness_gap) for e in shown if e.completeness_gap is not None]
    gap = (
        f"The parts add up to the prediction to within {words.number(max(gaps))}."
        if gaps and max(gaps) > 1e-9
        else "The parts add up to the prediction."
        if gaps
        else ""
    )
    first = shown[0]
    top = first.contributions[0] if first.contributions else None
    lead = f"{first.title}: {first.prediction}" + (
        f", most of all because {words.shorten(top.column, 40)} is {words.shorten(top.value, 40)}" if top else ""
    )
    return Block(
        "examples",
        "Single cases",
        f"{lead}.",
        "What would happen if a value were changed in the world; it only says how the model counted it.",
        notes=tuple(note for note in (gap, _rules(facts)) if note),
        template="examples",
        data={"cards": [_card(example, facts) for example in shown], "card": card.card(facts, "rows")},
        tables=(*(_table(example) for example in shown), *_changes(shown), *card.table(facts, "rows")),
    )


def _card(example: ExampleFacts, facts: ReportFacts) -> dict[str, Any]:
    kept = example.contributions[:8]
    reach = max((abs(c.contribution) for c in kept), default=1.0) or 1.0
    domain = (-reach, reach)
    return {
        "title": example.title,
        "prediction": example.prediction,
        "actual": example.actual,
        "start": words.number(example.start) if example.start is not None else None,
        "scale": example.scale,
        "rows": [
            {
                "column": words.shorten(c.column, 40),
                "value": words.shorten(c.value, 40),
                "amount": signed(c.contribution),
                "drawing": svg.track(_bar(c.contribution, domain), 16, "signed"),
            }
            for c in kept
        ],
        "more": max(len(example.contributions) - len(kept), 0),
        "change": _change(example, facts),
        "similar": "" if example.similar is None else _similar(example.similar, facts),
    }


def _change(example: ExampleFacts, facts: ReportFacts) -> dict[str, str] | None:
    """Say what the least is that would turn the answer."""
    known = example.change
    if known is None:
        return None
    if not known.found:
        return {"lead": "No change turned the answer:", "text": "none was found among the values that occur."}
    steps = [f"{words.shorten(c.column, 30)} {words.shorten(c.after, 24)} instead of {words.shorten(c.before, 24)}" for c in known.changes]
    numbers = facts.task.problem == "regression"
    lead = "To cross the usual prediction:" if numbers else "The answer would turn with"
    return {"lead": lead, "text": f"{words.listing(steps)}; then {known.prediction}."}


def _similar(known: SimilarFacts, facts: ReportFacts) -> str:
    """Say what became of similar past cases, and how similar they are."""
    near = (
        "much more alike"
        if known.distance < 0.25 * known.usual
        else "more alike"
        if known.distance < 0.7 * known.usual
        else "hardly more alike"
    )
    like = f"({near} than two at random)"
    if known.counts:
        label = max(known.counts, key=lambda name: known.counts[name])
        if facts.task.problem == "binary":
            label = str(words.positive(facts.task))
        amount = known.counts.get(label, 0)
        bounds = words.wilson(amount, known.cases)
        sure = words.bracket(words.confidence(*bounds, share=True)) if bounds else ""
        return f"Of the {known.cases} most similar past {facts.task.cases} {like}, {amount} were {words.shorten(label, 30)}{sure}."
    middle, ends = words.value(known.mean, facts.task), words.interval(known.low, known.high)
    return f"The {known.cases} most similar past {facts.task.cases} {like} had {middle} on average, most of them {ends}."


def _rules(facts: ReportFacts) -> str:
    """Say what was taken to be changeable."""
    if all(example.change is None for example in facts.examples):
        return ""
    ways = {"never": "cannot change", "up": "can only go up", "down": "can only go down"}
    told = [f"{words.shorten(name, 30)} {ways[way]}" for name, way in facts.changes.items() if way in ways]
    if not told:
        return (
            "The smallest change is measured in interquartile ranges of a number and 1 for a level. Every column was taken to be"
            ' changeable: name those that are not, as in changes={"age": "up"}.'
        )
    return f"The smallest change is measured in interquartile ranges of a number and 1 for a level; {words.listing(told)}."


def _changes(shown: tuple[ExampleFacts, ...]) -> tuple[Table, ...]:
    rows: list[list[Cell]] = [
        [example.title, words.shorten(c.column, 40), words.shorten(c.before, 40), words.shorten(c.after, 40), example.change.prediction]
        for example in shown
        if example.change is not None
        for c in example.change.changes
    ]
    if not rows:
        return ()
    return (Table("The smallest change that turns the answer", ("Case", "Column", "Is", "Would be", "Then"), rows, frozenset(range(5))),)


def _bar(amount: float, domain: tuple[float, float]) -> Any:
    zero, here = svg.place(0.0, *domain), svg.place(amount, *domain)
    left, right = sorted((zero, here))
    bar = svg.tag("rect", x=f"{left:.2f}%", width=f"{right - left:.2f}%", y=3, height=10, class_="up" if amount >= 0 else "down")
    return bar + svg.tag("line", x1=f"{zero:.2f}%", x2=f"{zero:.2f}%", y1=0, y2=16, class_="zero")


def signed(amount: float) -> str:
    """Write a number with its sign.

    Example:
        >>> signed(0.5), signed(-2)
        ('+0.5', '−2')
    """
    return ("+" if amount > 0 else "") + words.number(amount)


def _table(example: ExampleFacts) -> Table:
    rows: list[list[Cell]] = [[words.shorten(c.column), words.shorten(c.value), signed(c.contribution)] for c in example.contributions[:50]]
    return Table(
        f"{example.title}: {example.prediction}",
        ("Column", "Value", "Contribution"),
        rows,
        frozenset({0, 1}),
        max(len(example.contributions) - 50, 0),
    )
