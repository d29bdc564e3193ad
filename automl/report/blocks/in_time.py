"""Scores in time on the page of anomalies, and the stretches that alarms make."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from automl.report import svg, words
from automl.report.anomalies import AnomalyFacts, DrawingOfStretchFacts, StretchFacts, TimeLineFacts
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ReportFacts


def time_line(facts: ReportFacts) -> Block | None:
    """Draw the highest score of each part of the time."""
    told = facts.anomalies
    line = None if told is None else told.time_line
    if told is None or line is None or not line.scores:
        return None
    rows: list[list[Cell]] = [[time, f"{score:.2f}"] for time, score in zip(line.times, line.scores, strict=True)]
    ranked = sorted(rows, key=lambda row: -float(str(row[1])))
    shown, more = cut(ranked, 40)
    return Block(
        "time-line",
        "Time line",
        f"Alarms come in {words.count(line.count, 'stretch', 'stretches')}; the highest score is {max(line.scores):.2f}{_highest(line)}.",
        "Whether a change that lasts is a fault or the new normal: both look the same from the past.",
        figures=((_line(told, line), "The highest score of each part of the time; the level line is the threshold."),),
        tables=(Table("Parts of the time, the highest score first", ("From", "Highest score"), shown, frozenset({0}), more),),
    )


def _highest(line: TimeLineFacts) -> str:
    return f", {_when(line.stretches[0])}" if line.stretches else ""


def _line(told: AnomalyFacts, line: TimeLineFacts) -> Markup:
    scores, limit, last = line.scores, told.threshold, float(max(len(line.scores) - 1, 1))
    top = max([*scores, *([] if limit is None else [limit])]) * 1.05 or 1.0
    frame = svg.Frame(720.0, 240.0, (0.0, last), (0.0, top), (26.0, 14.0, 44.0, 62.0))
    grid = frame.grid(_dates(line.times, 10), [(t, f"{t:g}") for t in svg.ticks(0.0, top, 4)], "", "score")
    parts = [grid, frame.line([(float(place), score) for place, score in enumerate(scores)], "line thin")]
    if limit is not None:
        parts.append(frame.segment((0.0, limit), (last, limit), "reference"))
    return svg.chart(svg.join(parts), "time-line-picture", "Scores in time", "The highest score of each part of the time.", 720, 240)


def _dates(times: Sequence[str], letters: int) -> list[tuple[float, str]]:
    """Return some places of a time axis with what is written there, each text once."""
    places = dict.fromkeys(round(share * (len(times) - 1)) for share in (0.0, 0.33, 0.66, 1.0))
    told = {str(times[place])[:letters]: float(place) for place in reversed(places)}
    return [(place, text) for text, place in told.items()]


def stretches(facts: ReportFacts) -> Block | None:
    """Draw what was unusual in the strangest stretches."""
    told = facts.anomalies
    line = None if told is None else told.time_line
    if line is None or not line.stretches:
        return None
    first = line.stretches[0]
    figures = tuple((_stretch(one.drawing, place), _title(one)) for place, one in enumerate(line.stretches) if _known(one.drawing))
    rows: list[list[Cell]] = [
        [one.first, one.last, words.whole(one.steps), f"{one.score:.2f}", " · ".join(one.columns)] for one in line.stretches
    ]
    more = line.count - len(line.stretches)
    hidden = f" {words.count(more, 'more stretch', 'more stretches')} {words.are(more)} less strange." if more > 0 else ""
    return Block(
        "strange-stretches",
        "Stretches",
        f"The strangest stretch lasts {words.count(first.steps, 'step')} {_when(first)}: {words.listing(first.columns)}; score"
        f" {first.score:.2f}.",
        "When the cause began: a fault may have been there before it was strange enough for an alarm.",
        notes=(f"Columns come with the most unusual first.{hidden}",),
        figures=figures,
        tables=(Table("Stretches of alarms", ("From", "To", "Steps", "Highest score", "What is unusual"), rows, frozenset({0, 1, 4})),),
        open_tables=True,
    )


def _when(one: StretchFacts) -> str:
    return f"at {one.first}" if one.steps == 1 else f"from {one.first} to {one.last}"


def _title(one: StretchFacts) -> str:
    column = "" if one.drawing is None else f"{one.drawing.column} "
    return f"{column}{_when(one)}. Large dots: the stretch; the line goes on before and behind it."


def _known(drawing: DrawingOfStretchFacts | None) -> bool:
    return drawing is not None and any(value is not None for value in drawing.values)


def _stretch(told: DrawingOfStretchFacts | None, number: int) -> Markup:
    assert told is not None
    known = [(float(place), value) for place, value in enumerate(told.values) if value is not None]
    low, high = min(value for _, value in known), max(value for _, value in known)
    high = high if high > low else low + 1.0
    last = float(max(len(told.values) - 1, 1))
    frame = svg.Frame(720.0, 200.0, (0.0, last), (low, high), (26.0, 14.0, 34.0, 62.0))
    y_ticks = [(t, words.number(t)) for t in svg.ticks(low, high, 3)]
    start, end = told.inside
    parts = [frame.grid(_dates(told.times, 16), y_ticks, "", words.shorten(told.column, 40)), frame.line(known, "line thin")]
    for place, value in known:
        if start <= place <= end:
            x, y = frame.at(place, value)
            parts.append(svg.tag("circle", cx=x, cy=y, r=3.5, class_="miss"))
    return svg.chart(svg.join(parts), f"stretch-{number}", told.column, "The stretch has large dots.", 720, 200)
