"""The pictures on why the model answers as it does: curves of a test, effects of a column."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from automl.report import words
from automl.report.explained import CheckCurveFacts, EffectFacts
from automl.report.svg import Frame, chart, join, path, tag, ticks


def checked(curve: CheckCurveFacts, name: str, title: str, y_title: str) -> Markup:
    """Draw how the model moves in the told order and in random order."""
    told = [(x, y) for x, y in zip(curve.share, curve.explained, strict=True) if y is not None]
    random = [(x, y) for x, y in zip(curve.share, curve.random, strict=True) if y is not None]
    heights = [y for _, y in [*told, *random]] or [0.0, 1.0]
    low, high = min(0.0, *heights) if min(heights) < 0.3 * max(heights) else min(heights), max(heights)
    room = (high - low) * 0.06 or 0.5
    frame = Frame(300.0, 220.0, (0.0, 1.0), (low - room, high + room), (28.0, 12.0, 44.0, 50.0))
    shares = [(0.0, "none"), (0.5, "half"), (1.0, "all")]
    word = "taken away" if curve.name == "deletion" else "given back"
    parts = [
        frame.grid(shares, [(y, words.number(y)) for y in ticks(low - room, high + room, 4)], f"Columns {word}", y_title),
        frame.line(random, "line second"),
        frame.line(told, "line"),
    ]
    return chart(join(parts), name, title, "Solid: in the told order. Dashed: in random order.", 300, 220, "small")


def effect(facts: EffectFacts, name: str, y: tuple[float, float], y_title: str, write: Callable[[float], str]) -> Markup:
    """Draw the effect of a number with its band, partial dependence and single rows, or the effect of each level."""
    return _number(facts, name, y, y_title, write) if facts.kind == "number" else _levels(facts, name, y, y_title, write)


def _number(facts: EffectFacts, name: str, y: tuple[float, float], y_title: str, write: Callable[[float], str]) -> Markup:
    xs = [*facts.x, *facts.grid]
    frame = Frame(300.0, 230.0, (min(xs), max(xs)), y, (28.0, 14.0, 44.0, 50.0))
    x_ticks = [(position, words.number(position)) for position in ticks(min(xs), max(xs), 3)]
    parts = [frame.grid(x_ticks, [(t, write(t)) for t in ticks(*y, 4)], words.shorten(facts.column, 34), y_title)]
    parts.append(frame.segment((min(xs), 0.0), (max(xs), 0.0), "reference"))
    parts += [frame.line(list(zip(facts.grid, line, strict=True)), "line faint") for line in facts.lines]
    known = [(x, low, high) for x, low, high in zip(facts.x, facts.low, facts.high, strict=True) if low is not None and high is not None]
    around = [frame.at(x, high) for x, _, high in known] + [frame.at(x, low) for x, low, _ in reversed(known)]
    parts.append(path(around, "area", closed=True))
    parts.append(frame.line(list(zip(facts.grid, facts.partial, strict=True)), "line second"))
    parts.append(frame.line(list(zip(facts.x, facts.value, strict=True)), "line"))
    told = f"It {facts.shape}." if facts.shape != "flat" else "It hardly moves."
    return chart(join(parts), name, f"Effect of {facts.column}", told, 300, 230, "small")


def _levels(facts: EffectFacts, name: str, y: tuple[float, float], y_title: str, write: Callable[[float], str]) -> Markup:
    """Draw one line for each level: its name, a bar from the mean, its interval."""
    tall = 24.0
    height = 58.0 + tall * len(facts.labels)
    low, high = y
    left, right, top = 112.0, 286.0, 22.0

    def at(value: float) -> float:
        return left + (right - left) * (min(max(value, low), high) - low) / ((high - low) or 1.0)

    base = top + tall * len(facts.labels)
    parts = [tag("text", words.shorten(facts.column, 40), x=2, y=11, class_="name")]
    for position in ticks(low, high, 3):
        parts.append(tag("line", x1=at(position), x2=at(position), y1=top, y2=base, class_="grid"))
        parts.append(tag("text", write(position), x=at(position), y=base + 16, text_anchor="middle"))
    parts.append(tag("line", x1=at(0.0), x2=at(0.0), y1=top, y2=base, class_="reference"))
    for place, (label, value, least, most) in enumerate(zip(facts.labels, facts.value, facts.low, facts.high, strict=True)):
        middle = top + tall * (place + 0.5)
        parts.append(tag("text", words.shorten(label, 17), x=left - 8, y=middle + 4, text_anchor="end"))
        start, end = sorted((at(0.0), at(value)))
        parts.append(tag("rect", x=start, y=middle - 6, width=end - start, height=12, class_="bar"))
        if least is not None and most is not None:
            parts.append(tag("line", x1=at(least), x2=at(most), y1=middle, y2=middle, class_="interval"))
        parts.append(tag("circle", cx=at(value), cy=middle, r=4.5, class_="dot"))
    parts.append(tag("text", y_title, x=(left + right) / 2, y=base + 33, text_anchor="middle", class_="name"))
    return chart(join(parts), name, f"Effect of {facts.column}", "Each level against the mean.", 300, height, "small")
