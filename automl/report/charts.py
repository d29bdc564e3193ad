"""The pictures of the report, each from its section of the facts alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from markupsafe import Markup

from automl.report import words
from automl.report.facts import CurveFacts, GridFacts, ReliabilityBin, SearchFacts, ThresholdRow
from automl.report.svg import Frame, axis, chart, join, place, tag, thin, ticks, track, x_percent

_SHARES = [(share, f"{100 * share:.0f} %") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]


def curve(
    facts: CurveFacts,
    name: str,
    title: str,
    axes: tuple[str, str],
    *,
    diagonal: bool = False,
    here: tuple[float, float] | None = None,
    small: bool = False,
) -> Markup:
    """Draw a ROC or precision–recall curve with its baseline and the point of the chosen threshold."""
    width, height = (250.0, 235.0) if small else (380.0, 340.0)
    frame = Frame(width, height, (0.0, 1.0), (0.0, 1.0), (28.0, 22.0, 44.0, 50.0))
    shares = _SHARES[::2] if small else _SHARES
    pairs = list(zip(facts.x, facts.y, strict=True))
    # The first few cases of a precision–recall curve jump between 0 and 1 by chance; they stay in the table.
    points = thin(pairs if diagonal else [(x, y) for x, y in pairs if x >= 0.01] or pairs, 90)
    parts = [frame.grid(shares, shares, *axes)]
    if points:
        floor = [(points[-1][0], 0.0), (points[0][0], 0.0)]
        parts += [frame.line([*points, *floor], "area"), frame.line(points, "line")]
    if diagonal:
        parts.append(frame.segment((0, 0), (1, 1), "reference"))
    elif facts.baseline is not None:
        parts.append(frame.segment((0, facts.baseline), (1, facts.baseline), "reference"))
        x, y = frame.at(0.02, facts.baseline)
        parts.append(tag("text", "guessing", x=x, y=y - 6 if facts.baseline < 0.9 else y + 15))
    if here is not None:
        x, y = frame.at(*here)
        parts.append(tag("circle", cx=x, cy=y, r=6, class_="here"))
        parts.append(
            tag(
                "text",
                "chosen",
                x=x + (10 if here[0] < 0.75 else -10),
                y=y + 16,
                text_anchor="start" if here[0] < 0.75 else "end",
                class_="note",
            )
        )
    area = "" if facts.area is None else f" The area under the curve is {words.number(facts.area)}."
    return chart(join(parts), name, title, f"{axes[1]} against {axes[0]}.{area}", width, height, "square small" if small else "square")


def reliability(
    bins: Sequence[ReliabilityBin],
    name: str,
    title: str,
    domain: tuple[float, float],
    names: tuple[str, str],
    write: Callable[[float], str],
) -> Markup:
    """Draw what was predicted against what happened, with 95 % intervals, above a strip that shows where the cases are."""
    frame = Frame(400.0, 420.0, domain, domain, (28.0, 22.0, 116.0, 50.0))
    numbers = [(t, write(t)) for t in ([share for share, _ in _SHARES] if domain == (0.0, 1.0) else ticks(*domain, 5))]
    parts = [frame.grid(numbers, numbers, *names), frame.segment((domain[0], domain[0]), (domain[1], domain[1]), "reference")]
    parts += [frame.segment((b.mean_predicted, b.low), (b.mean_predicted, b.high), "interval") for b in bins]
    for entry in bins:
        x, y = frame.at(entry.mean_predicted, entry.observed)
        parts.append(tag("circle", cx=x, cy=y, r=4.5, class_="dot"))
    parts.append(_density(bins, frame, domain))
    return chart(join(parts), name, title, "Points on the dashed diagonal are right; bars are 95 % intervals.", 400, 420, "square")


def _density(bins: Sequence[ReliabilityBin], frame: Frame, domain: tuple[float, float]) -> Markup:
    """Draw how densely the cases lie: a bar for each group, as wide as its reach, whose area is its number of cases."""
    known = sorted(bins, key=lambda b: b.mean_predicted)
    middles = [(a.mean_predicted + b.mean_predicted) / 2 for a, b in itertools.pairwise(known)]
    if not middles:
        return Markup("")
    first, last = 2 * known[0].mean_predicted - middles[0], 2 * known[-1].mean_predicted - middles[-1]
    edges = [max(first, domain[0]), *middles, min(last, domain[1])]
    heights = [b.rows / max(right - left, 1e-3 * (domain[1] - domain[0])) for b, left, right in zip(known, edges, edges[1:], strict=False)]
    base, tall = frame.height - 14.0, 44.0
    parts = [tag("text", "Where the cases are", x=2, y=base - tall - 6, class_="name")]
    for height, left, right in zip(heights, edges, edges[1:], strict=False):
        x1, x2, drawn = frame.at(left, 0)[0], frame.at(right, 0)[0], tall * height / max(heights)
        parts.append(tag("rect", x=x1, y=base - drawn, width=max(x2 - x1 - 0.6, 0.4), height=drawn, class_="bar"))
    return join([*parts, tag("line", x1=frame.left, x2=frame.width - frame.right, y1=base, y2=base, class_="base")])


def hundred(hits: int, misses: int, alarms: int, rest: int) -> Markup:
    """Draw 100 cases: caught, missed, false alarms, rightly left alone. Shapes differ, not only colours."""
    kinds = ["hit"] * hits + ["miss"] * misses + ["alarm"] * alarms + ["rest"] * rest
    marks = [tag("use", href=f"#mark-{kind}", x=10 + 20 * (i % 20), y=10 + 20 * (i // 20)) for i, kind in enumerate(kinds[:100])]
    description = f"{hits} caught, {misses} missed, {alarms} false alarms, {rest} rightly left alone."
    return chart(tag("g", join(marks), id="marks"), "cases", "What happens to 100 cases", description, 400, 100, "hundred")


def mark(kind: str) -> Markup:
    """Draw one of the marks of :func:`hundred` for its legend."""
    return tag("svg", tag("use", href=f"#mark-{kind}"), viewBox="-9 -9 18 18", width=16, height=16, class_="key", aria_hidden="true")


def over_thresholds(
    rows: Sequence[ThresholdRow],
    chosen: float,
    name: str,
    title: str,
    lines: Sequence[tuple[str, str, Callable[[ThresholdRow], float | None]]],
    y_title: str,
    write: Callable[[float], str],
) -> Markup:
    """Draw one or two quantities against the threshold, with a line at the chosen one. `lines` holds label, class and getter."""
    series = [(label, kind, [(row.threshold, found) for row in rows if (found := get(row)) is not None]) for label, kind, get in lines]
    highest = max((y for _, _, points in series for _, y in points), default=1.0) or 1.0
    low, high = min(rows[0].threshold, 0.0), max(rows[-1].threshold, 1.0)
    heights = [(y, write(y)) for y in ticks(0, highest, 4)]
    left = max(66.0, 16.0 + 6.6 * max(len(label) for _, label in heights))
    frame = Frame(640.0, 250.0, (low, high), (0.0, highest * 1.04), (28.0, 84.0, 44.0, left))
    parts = [frame.grid(_SHARES, heights, "Flag from this probability on", y_title)]
    taken: list[float] = []
    for label, kind, points in series:
        kept = thin(points, 100)
        parts.append(frame.line(kept, f"line {kind}"))
        _x, y = frame.at(*kept[-1]) if kept else (0.0, 0.0)
        while any(abs(y - other) < 14 for other in taken):
            y -= 14
        taken.append(y)
        parts.append(tag("text", label, x=frame.width - frame.right + 6, y=y + 4, class_=f"label {kind}"))
    parts.append(
        frame.segment(
            (chosen, 0), (chosen, highest * 1.04), "cursor", data_left=frame.left, data_wide=frame.width - frame.left - frame.right
        )
    )
    return chart(join(parts), name, title, f"The chosen threshold is {words.percent(chosen)}.", 640, 250, "wide")


def grid(facts: GridFacts, name: str, unit: str) -> Markup:
    """Draw counts of cases by predicted and actual value; darker is more, the diagonal is right."""
    x, y = (facts.predicted_edges[0], facts.predicted_edges[-1]), (facts.actual_edges[0], facts.actual_edges[-1])
    both = min(x[0], y[0]), max(x[1], y[1])
    frame = Frame(440.0, 390.0, both, both, (28.0, 14.0, 44.0, 66.0))
    numbers = [(position, words.number(position)) for position in ticks(*both, 5)]
    most = max((c for row in facts.counts for c in row), default=1) or 1
    parts = [frame.grid(numbers, numbers, f"Predicted{unit}", f"Actual{unit}")]
    for row, bottom, top in zip(facts.counts, facts.actual_edges, facts.actual_edges[1:], strict=False):
        for amount, left, right in zip(row, facts.predicted_edges, facts.predicted_edges[1:], strict=False):
            if amount:
                (x1, y1), (x2, y2) = frame.at(left, top), frame.at(right, bottom)
                depth = 0.12 + 0.88 * (amount / most) ** 0.6
                parts.append(tag("rect", x=x1, y=y1, width=x2 - x1 + 0.2, height=y2 - y1 + 0.2, class_="cell", fill_opacity=depth))
    parts.append(frame.segment((both[0], both[0]), (both[1], both[1]), "reference"))
    return chart(
        join(parts),
        name,
        "Predicted against actual values",
        "Darker cells hold more cases; cells on the dashed diagonal are right.",
        440,
        390,
        "square",
    )


def residuals(quantiles: dict[float, float]) -> tuple[Markup, Markup]:
    """Draw the spread of the errors as nested bars on one track, and its axis."""
    known = sorted(quantiles)
    reach = max((abs(quantiles[q]) for q in known), default=1.0) or 1.0
    domain = (-reach, reach)
    parts = [tag("line", x1=x_percent(0, *domain), x2=x_percent(0, *domain), y1=0, y2=54, class_="reference")]
    for position, (low, high) in enumerate(zip(known, reversed(known), strict=True)):
        if low >= high:
            break
        left, right = place(quantiles[low], *domain), place(quantiles[high], *domain)
        inset = min(4 + 4 * (len(known) // 2 - 1 - position), 20)
        parts.append(tag("rect", x=f"{left:.2f}%", width=f"{right - left:.2f}%", y=23 - inset, height=8 + 2 * inset, class_="nest"))
    if 0.5 in quantiles:
        at = x_percent(quantiles[0.5], *domain)
        parts.append(tag("line", x1=at, x2=at, y1=5, y2=49, class_="median"))
    numbers = [(position, words.number(position)) for position in ticks(-reach, reach, 4)]
    return track(join(parts), 54, "residuals"), axis(numbers, domain)


def search(facts: SearchFacts, name: str) -> Markup:
    """Draw the best known score against the time; a step is a better model."""
    points = sorted((point.elapsed, point.best) for point in facts.history)
    values = [y for _, y in points]
    low, high = min(values), max(values)
    room = (high - low) * 0.12 or abs(high) * 0.1 or 1.0
    end = max(facts.seconds, points[-1][0])
    frame = Frame(640.0, 230.0, (0.0, end), (low - room, high + room), (28.0, 20.0, 44.0, 66.0))
    steps = [points[0]]
    for (_, before), (time, best) in itertools.pairwise(points):
        steps += [(time, before), (time, best)]
    steps.append((end, points[-1][1]))
    times = [(t, words.seconds(t) if t else "0") for t in ticks(0, end, 5)]
    scores = [(y, words.number(y, 4)) for y in ticks(low - room, high + room, 4)]
    dots = [tag("circle", cx=x, cy=y, r=3.5, class_="dot") for x, y in (frame.at(*point) for point in points)]
    title = f"Best {words.metric(facts.metric_title or 'score')} so far"
    body = frame.grid(times, scores, "Time since the start", title) + frame.line(steps, "line") + join(dots)
    return chart(body, name, title, f"It ended at {words.number(points[-1][1])}.", 640, 230, "wide")
