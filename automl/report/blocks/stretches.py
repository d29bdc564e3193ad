"""Which stretch of time carried the answers of a model of series."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReportFacts


def stretches(facts: ReportFacts) -> Block | None:
    """Draw how much each stretch of time is worth."""
    told = facts.occlusion
    if told is None or not told.changes:
        return None
    count = len(told.changes)
    names = [f"{100 * place // count}–{100 * (place + 1) // count} %" for place in range(count)]
    most = max(range(count), key=lambda place: told.changes[place])
    classes = facts.task.problem != "regression"
    what = "the probability of the answer falls" if classes else "the answer moves"
    size = words.percent(told.changes[most]) if classes else words.number(told.changes[most])
    rows: list[list[Cell]] = [
        [name, words.percent(change) if classes else words.number(change)] for name, change in zip(names, told.changes, strict=True)
    ]
    return Block(
        "stretches",
        "Which stretch of time",
        f"The stretch from {names[most].replace('–', ' to ')} of a series carries most: without it {what} by {size} on average.",
        "What two stretches say together: where either is enough, taking one away changes nothing.",
        notes=(f"Each stretch of {words.count(told.rows, 'unseen series', 'unseen series')} was replaced by a straight line.",),
        figures=((_bars(told.changes), "From the beginning to the end of a series."),),
        tables=(Table("Change of the answer without a stretch", ("Stretch", "Change"), rows),),
    )


def _bars(changes: tuple[float, ...]) -> Markup:
    low, high = min(0.0, *changes), max(*changes, 1e-9)
    frame = svg.Frame(720.0, 200.0, (0.0, float(len(changes))), (low, high * 1.05), (26.0, 14.0, 44.0, 62.0))
    x_ticks = [(float(place), f"{100 * place // len(changes)} %") for place in range(0, len(changes) + 1, max(len(changes) // 5, 1))]
    parts = [frame.grid(x_ticks, [(tick, words.number(tick)) for tick in svg.ticks(low, high, 4)], "", "")]
    for place, change in enumerate(changes):
        corners = [(place + 0.1, 0.0), (place + 0.1, change), (place + 0.9, change), (place + 0.9, 0.0)]
        parts.append(svg.path([frame.at(x, y) for x, y in corners], "area", closed=True))
    return svg.chart(svg.join(parts), "stretch-bars", "What each stretch of time is worth", "Change of the answer without it.", 720, 200)
