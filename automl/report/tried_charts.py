"""The pictures of what was tried: score against latency, whose mistakes are alike, and the parts of the winner."""

from __future__ import annotations

import math
from collections.abc import Sequence

from markupsafe import Markup

from automl.percents import MINUS
from automl.report import words
from automl.report.measured import LeaderboardFacts, LeaderboardRow
from automl.report.svg import _SHAPES, Frame, chart, join, tag, ticks
from automl.report.tried_facts import DrawingFacts, LayerFacts, MistakesFacts, PartFacts

_WIDE = 720.0
_Spot = tuple[float, float, float, float]


def front(rows: Sequence[LeaderboardRow], greater_is_better: bool) -> list[LeaderboardRow]:
    """Return the models that no other one beats in both score and latency, the fastest first.

    Example:
        >>> base = {"rank": 1, "kind": "tree", "family": "f"}
        >>> slow = LeaderboardRow(name="a", title="a", score=0.3, predict_seconds_one=0.2, **base)
        >>> quick = LeaderboardRow(name="b", title="b", score=0.4, predict_seconds_one=0.1, **base)
        >>> both = LeaderboardRow(name="c", title="c", score=0.5, predict_seconds_one=0.3, **base)
        >>> [row.name for row in front([slow, quick, both], False)]
        ['b', 'a']
    """
    sign = -1.0 if greater_is_better else 1.0
    known = [row for row in rows if row.score is not None and row.predict_seconds_one]
    ordered = sorted(known, key=lambda row: (row.predict_seconds_one or 0.0, sign * (row.score or 0.0)))
    kept: list[LeaderboardRow] = []
    for row in ordered:
        if not kept or sign * (row.score or 0.0) < sign * (kept[-1].score or 0.0):
            kept.append(row)
    return kept


def timed(board: LeaderboardFacts) -> list[LeaderboardRow]:
    """Return the models that look at the columns, have a score, and were timed."""
    return [row for row in board.rows if row.score is not None and row.predict_seconds_one and row.kind != "naive"]


def pareto(board: LeaderboardFacts, rows: Sequence[LeaderboardRow], name: str) -> Markup:
    """Draw score against the time of one prediction (logarithmic); a line joins the models that no other one beats in both."""
    points = [(math.log10(row.predict_seconds_one or 1e-6), row.score or 0.0, row) for row in rows]
    x_low, x_high = min(x for x, _, _ in points), max(x for x, _, _ in points)
    y_low, y_high = min(y for _, y, _ in points), max(y for _, y, _ in points)
    wide, tall = (x_high - x_low) * 0.12 or 0.3, (y_high - y_low) * 0.12 or abs(y_high) * 0.1 or 1.0
    frame = Frame(640.0, 320.0, (x_low - wide, x_high + wide * 2.5), (y_low - tall, y_high + tall), (28.0, 20.0, 44.0, 66.0))
    scores = [(y, words.number(y)) for y in ticks(y_low - tall, y_high + tall, 5)]
    parts = [frame.grid(_times(x_low - wide, x_high + wide * 2.5), scores, "Time of one prediction", board.metric_title)]
    best = front(rows, board.greater_is_better)
    parts.append(frame.line([(math.log10(row.predict_seconds_one or 1e-6), row.score or 0.0) for row in best], "line second"))
    placed = [(frame.at(x, y), row) for x, y, row in points]
    for (left, top), row in placed:
        parts.append(tag("g", Markup(_SHAPES.get(row.kind, _SHAPES["other"])), transform=f"translate({left:.1f} {top:.1f})", class_="dot"))
    taken = [(left - 7, top - 7, left + 7, top + 7) for (left, top), _ in placed]
    for (left, top), row in sorted(placed, key=lambda one: one[1] not in best):
        title = words.shorten(row.title, 30)
        spot = _free(left, top, 6.3 * len(title), taken, frame)
        taken.append(spot)
        kind = "note" if row in best else None
        parts.append(tag("text", title, x=spot[0], y=spot[3] - 3, class_=kind))
    told = f"{words.count(len(best), 'model')} on the dashed line: none is both better and faster than these."
    return chart(join(parts), name, f"{board.metric_title} against the time of one prediction", told, 640, 320, "wide")


def _free(left: float, top: float, wide: float, taken: Sequence[_Spot], frame: Frame) -> _Spot:
    """Return a place for a label beside its point where nothing else stands, or the first one where there is none."""
    tries = [
        (x, top - 7 + shift)
        for shift in (0, -15, 15, -30, 30, -45, 45)
        for x in (left + 10, left - 10 - wide, left - wide / 2)
        if x >= frame.left and x + wide <= frame.width and frame.top - 10 <= top - 7 + shift <= frame.height - frame.bottom - 14
    ]
    spots = [(x, y, x + wide, y + 14) for x, y in tries] or [(left + 10, top - 7, left + 10 + wide, top + 7)]
    free = [spot for spot in spots if not any(_meet(spot, other) for other in taken)]
    return (free or spots)[0]


def _meet(one: _Spot, other: _Spot) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _times(low: float, high: float) -> list[tuple[float, str]]:
    """Return round times between two powers of ten of seconds."""
    found = [
        (math.log10(factor * 10.0**power), words.moment(factor * 10.0**power))
        for power in range(math.floor(low), math.ceil(high) + 1)
        for factor in (1, 2, 5)
    ]
    inside = [(x, text) for x, text in found if low <= x <= high]
    if len(inside) > 7:
        return [pair for pair in inside if abs(pair[0] - round(pair[0])) < 1e-9]
    few = [value for value in ticks(10.0**low, 10.0**high, 4) if value > 0]
    return inside if len(inside) > 2 else [(math.log10(value), words.moment(value)) for value in few]


def alike(facts: MistakesFacts, name: str) -> Markup:
    """Draw the correlations as a matrix; the darker a cell, the more two models are wrong together."""
    count, cell = len(facts.titles), 44.0
    left, top = 216.0, 26.0
    known = [value for place, row in enumerate(facts.correlation) for value in row[:place] if value is not None]
    low = min([*known, 0.9])
    digits = 3 if low > 0.89 else 2  # where all are close to 1, two digits would make them equal
    parts = []
    for place, title in enumerate(facts.titles):
        y = top + cell * place + cell / 2 + 4
        parts.append(tag("text", f"{place + 1}  {words.shorten(title, 30)}", x=left - 8, y=y, text_anchor="end", class_="name"))
        parts.append(tag("text", str(place + 1), x=left + cell * place + cell / 2, y=top - 8, text_anchor="middle", class_="name"))
        for other, value in enumerate(facts.correlation[place][: place + 1]):
            x, y0 = left + cell * other, top + cell * place
            depth = 0.0 if value is None or other == place else 0.06 + 0.5 * max(value - low, 0.0) / max(1.0 - low, 1e-9)
            parts.append(tag("rect", x=x + 1, y=y0 + 1, width=cell - 2, height=cell - 2, class_="cell", fill_opacity=depth))
            if other != place:
                pair = sorted((place, other)) == sorted(facts.least)
                text = words.NOTHING if value is None else f"{value:.{digits}f}".replace("-", MINUS)
                shown = tag("text", text, x=x + cell / 2, y=y0 + cell / 2 + 4, text_anchor="middle", class_="note" if pair else "name")
                parts.append(shown)
                if pair:
                    parts.append(tag("rect", x=x + 2, y=y0 + 2, width=cell - 4, height=cell - 4, class_="frame"))
    # as wide as five models at least: a page stretches a drawing to its column, and two models would be drawn in letters of headings
    width, height = left + cell * max(count, 5) + 4, top + cell * count + 4
    return chart(join(parts), name, "Correlation of the models' mistakes", "The framed pair is least alike.", width, height, "matrix")


def winner(facts: DrawingFacts, name: str) -> Markup:
    """Draw the way of a row: columns, the layers of each part side by side, their weighted mean, and what follows."""
    shown = facts.parts[:5]
    width = _WIDE / len(shown) if shown else _WIDE
    deepest = max((len(_lines(part)) for part in shown), default=0)
    parts = [_box(_WIDE / 2, 0, 420, 38, ["The columns", _columns(facts.columns)])]
    top, tall = 76.0, 50.0 + 30.0 * deepest
    middle = top + tall + 38
    for place, part in enumerate(shown):
        x = width * (place + 0.5)
        parts += [_arrow(_WIDE / 2, 38, x, top), _arrow(x, top + tall, _WIDE / 2, middle)]
        parts.append(_part(part, x, top, min(width - 12, 250.0), tall))
        share = tag("text", words.percent(part.share), x=x, y=top + tall + 18, text_anchor="middle", class_="note halo")
        parts.append(share)
    rest = len(facts.parts) - len(shown)
    mean = "Weighted mean" if len(facts.parts) > 1 else "Mean of its models" if shown and shown[0].models > 1 else "Its answer"
    boxes = [[mean + (f" (with {rest} more {'part' if rest == 1 else 'parts'})" if rest else "")], *([text] for text in facts.after)]
    y = middle
    for lines in [*boxes, [facts.answer]]:
        if y > middle:
            parts.append(_arrow(_WIDE / 2, y - 16, _WIDE / 2, y))
        parts.append(_box(_WIDE / 2, y, 320, 28, [words.shorten(text, 50) for text in lines]))
        y += 44
    told = " ".join(f"{part.title}, {words.percent(part.share)}." for part in facts.parts)
    return chart(join(parts), name, "From the columns to the answer", told, _WIDE, y - 12, "wide drawing")


def _columns(found: dict[str, int]) -> str:
    plurals = {"category": "categories", "boolean": "yes or no"}
    told = (words.count(many, kind, plurals.get(kind)) for kind, many in found.items())
    return words.shorten(words.listing(told, 5), 62)


def _lines(part: PartFacts) -> list[LayerFacts]:
    return list(part.layers[:9])


def _part(part: PartFacts, x: float, top: float, width: float, tall: float) -> Markup:
    room = int(width / 6.6)
    head = tag("rect", x=x - width / 2, y=top, width=width, height=tall, rx=8, class_="box")
    drawn = [head, tag("text", words.shorten(part.title, room), x=x, y=top + 19, text_anchor="middle", class_="name")]
    drawn.append(tag("text", words.count(part.models, "fitted model"), x=x, y=top + 35, text_anchor="middle"))
    for place, layer in enumerate(_lines(part)):
        y = top + 44 + 30 * place
        drawn.append(tag("rect", x=x - width / 2 + 8, y=y, width=width - 16, height=26, rx=5, class_="layer"))
        drawn.append(tag("text", words.shorten(layer_text(layer), room - 3), x=x, y=y + 17, text_anchor="middle", class_="small"))
    return join(drawn)


def layer_text(layer: LayerFacts) -> str:
    """Write one layer.

    Example:
        >>> layer_text(LayerFacts(name="dense", detail="64 units", times=2))
        '2 × dense: 64 units'
    """
    many = f"{layer.times} × " if layer.times > 1 else ""
    return f"{many}{layer.name}" + (f": {layer.detail}" if layer.detail else "")


def _box(x: float, y: float, width: float, height: float, lines: Sequence[str]) -> Markup:
    drawn = [tag("rect", x=x - width / 2, y=y, width=width, height=height, rx=8, class_="box")]
    first = y + height / 2 + 4 - 8 * (len(lines) - 1)
    for place, text in enumerate(lines):
        kind = "name" if place == 0 else None
        drawn.append(tag("text", text, x=x, y=first + 16 * place, text_anchor="middle", class_=kind))
    return join(drawn)


def _arrow(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return tag("path", d=f"M{x1:.1f} {y1:.1f}C{x1:.1f} {(y1 + y2) / 2:.1f} {x2:.1f} {(y1 + y2) / 2:.1f} {x2:.1f} {y2:.1f}", class_="flow")
