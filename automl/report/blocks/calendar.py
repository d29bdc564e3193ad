"""Patterns of the calendar on the page of a forecast: hours, weekdays, months, in the data and in what was forecast."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReportFacts
from automl.report.forecasts import PatternFacts, PatternLevelFacts

_TITLES = {"hour": "Hours of the day", "weekday": "Days of the week", "month": "Months of the year"}


def patterns(facts: ReportFacts) -> Block | None:
    """Draw how far values of each hour, weekday and month lie from the mean of their day, week and year."""
    told = facts.forecast
    if told is None or not told.patterns:
        return None
    figures = tuple((_drawing(one), f"{_TITLES[one.part]}: data with 95 % intervals, forecasts dashed") for one in told.patterns)
    tables = tuple(_table(one) for one in told.patterns)
    headline = " ".join(_sentence(one) for one in told.patterns)
    notes = ["Each value is held against the mean of its own cycle in its own series, so that neither level nor trend counts."]
    if any(level.forecast is not None for one in told.patterns for level in one.levels):
        notes.append("The dashed line is the same of the last forecasts: where it is flat, the model does not know the pattern.")
    return Block(
        "patterns",
        "Patterns of the calendar",
        headline,
        "Why it is so: opening hours, pay days, weather and habits look the same here.",
        notes=tuple(notes),
        figures=figures,
        tables=tables,
    )


def standing_out(one: PatternFacts) -> tuple[PatternLevelFacts | None, PatternLevelFacts | None]:
    """Return the level furthest above and the one furthest below, where chance does not explain them."""
    sure = [level for level in one.levels if level.low is not None and level.high is not None and not level.low <= 0.0 <= level.high]
    high = max((level for level in sure if level.mean > 0), key=lambda level: level.mean, default=None)
    low = min((level for level in sure if level.mean < 0), key=lambda level: level.mean, default=None)
    return high, low


def _sentence(one: PatternFacts) -> str:
    """Name the levels that stand out, and how far they lie from the mean."""
    told = [f"{level.name} lies {_far(one, level)}" for level in standing_out(one) if level is not None]
    if not told:
        return f"No {one.part} differs from the mean of its {one.cycle} by more than chance explains."
    return f"{', '.join(told)} the mean of its {one.cycle}."


def _far(one: PatternFacts, level: PatternLevelFacts) -> str:
    """Say how far a level lies from the mean, with its interval."""
    sign = 1.0 if level.mean > 0 else -1.0
    low, high = sorted(abs(end) if end * sign > 0 else 0.0 for end in (level.low or 0.0, level.high or 0.0))
    size = words.percent(abs(level.mean)) if one.relative else words.number(abs(level.mean))
    return f"{size}{words.bracket(words.confidence(low, high, share=one.relative))} {'above' if level.mean > 0 else 'below'}"


def _table(one: PatternFacts) -> Table:
    def shown(value: float | None) -> str:
        if value is None:
            return "–"
        return words.percent(value) if one.relative else words.number(value)

    rows: list[list[Cell]] = [
        [level.name, shown(level.mean), shown(level.low), shown(level.high), shown(level.forecast), words.whole(level.cycles)]
        for level in one.levels
    ]
    columns = (one.part.capitalize(), f"Against its {one.cycle}", "95 % from", "95 % to", "Forecast", f"{one.cycle.capitalize()}s")
    return Table(_TITLES[one.part], columns, rows, frozenset({0}))


def _drawing(one: PatternFacts) -> Markup:
    levels = one.levels
    values = [value for level in levels for value in (level.mean, level.low, level.high, level.forecast) if value is not None]
    low, high = min(*values, 0.0), max(*values, 0.0)
    room = (high - low) * 0.08 or 1.0
    last = float(len(levels) - 1)
    frame = svg.Frame(720.0, 240.0, (0.0, last), (low - room, high + room), (26.0, 14.0, 44.0, 62.0))
    every = 3 if one.part == "hour" and len(levels) > 12 else 1
    short = [level.name if one.part == "hour" else level.name[:3] for level in levels]
    names = [(float(place), name) for place, name in enumerate(short) if place % every == 0]
    ticks = [(tick, words.percent(tick) if one.relative else words.number(tick)) for tick in svg.ticks(low, high, 5)]
    parts = [frame.grid(names, ticks, "", f"against its {one.cycle}")]
    parts += _bands(frame, levels)
    parts.append(frame.segment((0.0, 0.0), (last, 0.0), "reference"))
    parts.append(frame.line([(float(place), level.mean) for place, level in enumerate(levels)], "line"))
    said = [(float(place), level.forecast) for place, level in enumerate(levels) if level.forecast is not None]
    parts += [frame.line(said, "line second")] if len(said) > 1 else []
    about = f"How far values of each {one.part} lie from the mean of their {one.cycle}."
    return svg.chart(svg.join(parts), f"pattern-{one.part}", _TITLES[one.part], about, 720, 240)


def _bands(frame: svg.Frame, levels: Sequence[PatternLevelFacts]) -> list[Markup]:
    places = enumerate(levels)
    known = [(float(place), level.low, level.high) for place, level in places if level.low is not None and level.high is not None]
    if len(known) < 2:
        return []
    around = [*((x, high) for x, _, high in known), *((x, low) for x, low, _ in reversed(known))]
    return [svg.path([frame.at(x, y) for x, y in around], "band", closed=True)]
