"""How the main columns move the prediction, alone and in pairs."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from automl.report import svg, why_charts, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.blocks.why import signed
from automl.report.facts import EffectFacts, InteractionFacts, ReportFacts

_PAIRS = 6
CLEAR = 0.1  # a tenth of what two columns do together


def effects(facts: ReportFacts) -> Block | None:
    """Draw how the prediction moves with each main column."""
    known = facts.effects
    if not known:
        return None
    task = facts.task
    several = task.problem == "multiclass"
    share = task.problem != "regression"
    write = _points if share else words.number
    ends = [end for e in known for end in (*e.value, *(v for v in (*e.low, *e.high) if v is not None))]
    room = 0.05 * (max(ends) - min(ends)) or 0.5
    scale = (min(*ends, 0.0) - room, max(*ends, 0.0) + room)
    title = "Points of probability" if share else f"Change{', ' + task.unit if task.unit else ''}"
    figures: list[tuple[Markup, Cell]] = []
    for place, entry in enumerate(known):
        y = scale
        if several:  # each tells of its own class
            own = [*entry.value, 0.0]
            y = (min(own) - 0.1 * (max(own) - min(own) or 1.0), max(own) + 0.1 * (max(own) - min(own) or 1.0))
        caption = Markup("<b>{}</b> {}").format(words.shorten(entry.column, 40), _caption(entry, several, facts))
        figures.append((why_charts.effect(entry, f"effect-{place}", y, title, write), caption))
    numbers = any(entry.kind == "number" for entry in known)
    how = (
        "Solid line: accumulated local effect with its 95 % band, moved only where such cases exist. Dashed: partial dependence. Thin:"
        " single cases; where they cross, the effect depends on other columns."
        if numbers
        else ""
    )
    what = f"All effects are around the mean, {'in points of probability' if share else 'in units of the target'}."
    return Block(
        "effects",
        "How columns move it",
        _lead(known, facts, write),
        "What would happen if somebody changed a column in the world: the lines say how the model reads it, not what it causes.",
        notes=(f"{what} {how}".strip(), *(note for note in facts.not_explained if "column" in note)),
        figures=tuple(figures),
        tables=tuple(_table(entry, write, several) for entry in known),
    )


def _points(value: float) -> str:
    return words.number(100 * value, 2)


def _caption(entry: EffectFacts, several: bool, facts: ReportFacts) -> str:
    of = f" (for {words.shorten(entry.of, 24)})" if several and entry.of else ""
    if entry.kind == "levels":
        best = max(range(len(entry.value)), key=lambda i: entry.value[i])
        return f"is highest with {words.shorten(entry.labels[best], 30)}{of}"
    return ("hardly moves it" if entry.shape == "flat" else f"{entry.shape}{of}") + f", {words.count(entry.rows, 'row')}"


def _lead(known: tuple[EffectFacts, ...], facts: ReportFacts, write: Callable[[float], str]) -> str:
    """Say in numbers what the first column does."""
    task, entry = facts.task, known[0]
    what = f"the probability of {words.shorten(entry.of, 30)}" if entry.of else f"the predicted {words.shorten(task.target, 40)}"
    unit = " points" if task.problem != "regression" else f" {task.unit}" if task.unit else ""
    reach = f"{write(max(entry.value) - min(entry.value))}{unit}"
    name = words.shorten(entry.column, 40)
    if entry.kind == "levels":
        top = max(range(len(entry.value)), key=lambda i: entry.value[i])
        low = min(range(len(entry.value)), key=lambda i: entry.value[i])
        most, least = (words.shorten(entry.labels[place], 30) for place in (top, low))
        return f"With {name} = {most}, {what} is {reach} higher than with {least}, all else equal."
    if entry.shape in ("rises", "falls"):
        return f"As {name} goes from {words.number(entry.x[0])} to {words.number(entry.x[-1])}, {what} {entry.shape} by {reach}."
    return f"Along {name}, {what} {entry.shape if entry.shape != 'flat' else 'hardly moves'}, by {reach} in all."


def _table(entry: EffectFacts, write: Callable[[float], str], several: bool) -> Table:
    of = f" on {words.shorten(entry.of, 30)}" if several and entry.of else ""
    names = entry.labels or tuple(words.number(x) for x in entry.x)
    rows: list[list[Cell]] = [
        [words.shorten(name, 40), write(value), write(low) if low is not None else "–", write(high) if high is not None else "–"]
        for name, value, low, high in zip(names, entry.value, entry.low, entry.high, strict=True)
    ]
    return Table(f"Effect of {words.shorten(entry.column, 60)}{of}", ("Value", "Effect", "Low", "High"), rows)


def interactions(facts: ReportFacts) -> Block | None:
    """Draw which pairs of columns work together."""
    known = facts.interactions
    if not known:
        return None
    shown = known[:_PAIRS]
    domain = (0.0, max(*(pair.high or pair.strength for pair in shown), 0.3))
    rows = [
        {
            "title": " × ".join(words.shorten(name, 26) for name in pair.columns),
            "note": "",
            "value": words.number(pair.strength, 2),
            "interval": words.interval(pair.low, pair.high),
            "drawing": svg.dot_interval(pair.strength, pair.low, pair.high, domain, bar_from=0.0),
        }
        for pair in shown
    ]
    write = words.percent if facts.task.problem != "regression" else words.number
    cells: list[list[Cell]] = []
    for pair in known:
        for first in (0, 1):
            for second in (0, 1):
                cells.append(
                    [
                        " × ".join(words.shorten(name, 30) for name in pair.columns),
                        words.number(pair.strength, 2),
                        words.shorten(pair.labels[0][first], 24),
                        words.shorten(pair.labels[1][second], 24),
                        write(pair.corners[first][second]),
                    ]
                )
    scale = " Effects are compared as log-odds." if facts.task.problem != "regression" else ""
    return Block(
        "interactions",
        "Columns together",
        _together(known, facts),
        "Columns beyond these: only pairs of the main columns were asked, and three at a time not at all.",
        notes=(f"H is the share of what two columns do together that neither does alone: 0 is none, 1 is all.{scale}",),
        template="importance",
        data={"rows": rows, "axis": svg.axis([(t, words.number(t)) for t in svg.ticks(*domain, 4)], domain), "more": 0, "card": None},
        tables=(
            Table(
                "Mean prediction at two values of both columns",
                ("Columns", "H", "First", "Second", "Prediction"),
                cells,
                frozenset({0, 2, 3}),
            ),
        ),
    )


def _together(known: tuple[InteractionFacts, ...], facts: ReportFacts) -> str:
    pair = known[0]
    one, two = (words.shorten(name, 30) for name in pair.columns)
    sure = pair.low is not None and pair.low > CLEAR
    (a, b), (c, d) = pair.corners
    (_, _), (low, high) = pair.labels
    start, end = pair.labels[0]
    share = facts.task.problem != "regression"

    def moved(value: float) -> str:
        return f"{signed(float(f'{100 * value:.2g}'))} points" if share else signed(value)

    steps = (
        f"from {one} = {words.shorten(start, 20)} to {words.shorten(end, 20)} the prediction moves by {moved(c - a)} where {two} is"
        f" {words.shorten(low, 20)}, by {moved(d - b)} where it is {words.shorten(high, 20)}"
    )
    if not sure:
        return f"The main columns mostly add up; the strongest pair is {one} and {two} (H {words.number(pair.strength, 2)}): {steps}."
    return f"{one} and {two} work together (H {words.number(pair.strength, 2)}): {steps}."
