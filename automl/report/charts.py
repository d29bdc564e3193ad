"""The pictures of the report, each from its section of the facts alone."""

from __future__ import annotations

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
    frame = Frame(width, height, (0.0, 1.0), (0.0, 1.0), (28.0, 14.0, 44.0, 46.0))
    shares = _SHARES[::2] if small else _SHARES
    points = thin(list(zip(facts.x, facts.y, strict=True)), 90)
    parts = [frame.grid(shares, shares, *axes)]
    if diagonal:
        parts.append(frame.segment((0, 0), (1, 1), "reference"))
    elif facts.baseline is not None:
        parts.append(frame.segment((0, facts.baseline), (1, facts.baseline), "reference"))
    if points:
        floor = [(points[-1][0], 0.0), (points[0][0], 0.0)]
        parts += [frame.line([*points, *floor], "area"), frame.line(points, "line")]
    if here is not None:
        x, y = frame.at(*here)
        parts.append(tag("circle", cx=x, cy=y, r=6, class_="here"))
        parts.append(tag("text", "chosen", x=x + (10 if here[0] < 0.75 else -10), y=y + 16, text_anchor="start" if here[0] < 0.75 else "end", class_="note"))
    area = "" if facts.area is None else f" The area under the curve is {words.number(facts.area)}."
    return chart(join(parts), name, title, f"{axes[1]} against {axes[0]}.{area}", width, height, "square small" if small else "square")


def reliability(before: Sequence[ReliabilityBin], after: Sequence[ReliabilityBin], name: str, what: str) -> Markup:
    """Draw how often predicted probabilities came true, before (hollow) and after calibration, above a histogram of the cases."""
    frame = Frame(440.0, 360.0, (0.0, 1.0), (0.0, 1.0), (28.0, 14.0, 44.0, 46.0))
    parts = [frame.grid(_SHARES, _SHARES, "The model says", "It happens"), frame.segment((0, 0), (1, 1), "reference")]
    for entry in before:
        x, y = frame.at(entry.mean_predicted, entry.observed)
        parts.append(tag("circle", cx=x, cy=y, r=4.5, class_="hollow"))
    parts.append(frame.line([(entry.mean_predicted, entry.observed) for entry in after], "line thin"))
    for entry in after:
        x, y = frame.at(entry.mean_predicted, entry.observed)
        parts.append(frame.segment((entry.mean_predicted, entry.low), (entry.mean_predicted, entry.high), "interval"))
        parts.append(tag("circle", cx=x, cy=y, r=4.5, class_="dot"))
    return chart(join(parts), name, f"Reliability of {what}", "Points on the diagonal are honest probabilities; bars are 95 % intervals.", 440, 360, "square")


def rows_by_probability(bins: Sequence[ReliabilityBin], name: str) -> Markup:
    """Draw how many cases received which probability, in ten equal steps."""
    counts = [0] * 10
    for entry in bins:
        counts[min(max(int(entry.mean_predicted * 10), 0), 9)] += entry.rows
    highest = max(counts) or 1
    frame = Frame(440.0, 130.0, (0.0, 1.0), (0.0, highest), (28.0, 14.0, 44.0, 46.0))
    parts = [frame.grid(_SHARES, [(highest, words.whole(highest))], "The model says", "Cases")]
    for position, amount in enumerate(counts):
        (left, top), (right, bottom) = frame.at(position / 10, amount), frame.at((position + 1) / 10, 0)
        parts.append(tag("rect", x=left + 1, y=top, width=right - left - 2, height=max(bottom - top, 0.0), class_="bar"))
    return chart(join(parts), name, "How many cases received which probability", "A histogram in ten equal steps.", 440, 130, "square")


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
    rows: Sequence[ThresholdRow], chosen: float, name: str, title: str, lines: Sequence[tuple[str, str, Callable[[ThresholdRow], float | None]]], y_title: str, write: Callable[[float], str]
) -> Markup:
    """Draw one or two quantities against the threshold, with a line at the chosen one. `lines` holds label, class and getter."""
    series = [(label, kind, [(row.threshold, found) for row in rows if (found := get(row)) is not None]) for label, kind, get in lines]
    highest = max((y for _, _, points in series for _, y in points), default=1.0) or 1.0
    low, high = min(rows[0].threshold, 0.0), max(rows[-1].threshold, 1.0)
    frame = Frame(640.0, 250.0, (low, high), (0.0, highest * 1.04), (28.0, 84.0, 44.0, 66.0))
    parts = [frame.grid(_SHARES, [(y, write(y)) for y in ticks(0, highest, 4)], "Flag from this probability on", y_title)]
    for label, kind, points in series:
        kept = thin(points, 100)
        parts.append(frame.line(kept, f"line {kind}"))
        x, y = frame.at(*kept[-1]) if kept else (0.0, 0.0)
        parts.append(tag("text", label, x=frame.width - frame.right + 6, y=y + 4, class_=f"label {kind}"))
    parts.append(frame.segment((chosen, 0), (chosen, highest * 1.04), "cursor", data_left=frame.left, data_wide=frame.width - frame.left - frame.right))
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
    return chart(join(parts), name, "Predicted against actual values", "Darker cells hold more cases; cells on the dashed diagonal are right.", 440, 390, "square")


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
    for (_, before), (time, best) in zip(points, points[1:], strict=False):
        steps += [(time, before), (time, best)]
    steps.append((end, points[-1][1]))
    times = [(t, words.seconds(t) if t else "0") for t in ticks(0, end, 5)]
    scores = [(y, words.number(y, 4)) for y in ticks(low - room, high + room, 4)]
    dots = [tag("circle", cx=x, cy=y, r=3.5, class_="dot") for x, y in (frame.at(*point) for point in points)]
    title = f"Best {facts.metric_title or 'score'} so far"
    body = frame.grid(times, scores, "Time since the start", title) + frame.line(steps, "line") + join(dots)
    return chart(body, name, title, f"It ended at {words.number(points[-1][1])}.", 640, 230, "wide")
