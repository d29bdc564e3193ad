"""The pictures on where the model can be taken at its word: reliability with its band, and the error that is left."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from automl.report import words
from automl.report.examined import ClassReliabilityFacts, SelectiveFacts
from automl.report.svg import Frame, chart, join, path, tag, ticks

_SHARES = [(share, f"{100 * share:.0f} %") for share in (0.0, 0.5, 1.0)]


def reliability(facts: ClassReliabilityFacts, name: str) -> Markup:
    """Draw what was said against what happened, over the band that a truthful model stays in."""
    frame = Frame(300.0, 280.0, (0.0, 1.0), (0.0, 1.0), (28.0, 14.0, 44.0, 46.0))
    band = [frame.at(x, high) for x, high in zip(facts.x, facts.high, strict=True)]
    band += [frame.at(x, low) for x, low in zip(reversed(facts.x), reversed(facts.low), strict=True)]
    parts = [
        frame.grid(_SHARES, _SHARES, "The model says", "It happens"),
        path(band, "area", closed=True),
        frame.segment((0, 0), (1, 1), "reference"),
        frame.line(list(zip(facts.x, facts.y, strict=True)), "line"),
    ]
    told = "The line stays in the band where the percentages can be taken at their word."
    return chart(join(parts), name, f"Reliability of {facts.label}", told, 300, 280, "small")


def left(facts: SelectiveFacts, name: str, write: Callable[[float], str], title: str) -> Markup:
    """Draw the error that is left against the share of the cases that a person decides."""
    handed = [1 - share for share in facts.share]
    highest = max(*(value for value in facts.high if value is not None), *facts.risk, 1e-9)
    frame = Frame(420.0, 260.0, (0.0, 1.0), (0.0, 1.05 * highest), (28.0, 20.0, 44.0, 62.0))
    known = [(x, a, b) for x, a, b in zip(handed, facts.low, facts.high, strict=True) if a is not None and b is not None]
    band = [frame.at(x, b) for x, _, b in known] + [frame.at(x, a) for x, a, _ in reversed(known)]
    parts = [
        frame.grid(
            [(share, f"{100 * share:.0f} %") for share in (0, 0.25, 0.5, 0.75, 1)],
            [(y, write(y)) for y in ticks(0, highest, 4)],
            "A person decides",
            title,
        ),
        path(band, "area", closed=True),
        frame.line(list(zip(handed, facts.risk, strict=True)), "line"),
    ]
    if facts.escalated is not None and facts.rest is not None:
        x, y = frame.at(facts.escalated, facts.rest)
        parts.append(tag("circle", cx=x, cy=y, r=6, class_="here"))
        parts.append(tag("text", "chosen", x=x + 10, y=y - 8, class_="note"))
    told = f"It begins at {write(facts.risk[0])} and ends at {write(facts.risk[-1])}; {words.count(len(facts.risk), 'point')}."
    return chart(join(parts), name, "Error that is left", told, 420, 260, "square")
