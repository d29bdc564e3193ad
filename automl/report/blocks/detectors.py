"""All detectors of anomalies side by side: how far they agree, what they cost, and where a network puts the rows."""

from __future__ import annotations

import math

from markupsafe import Markup

from automl.report import svg, words
from automl.report.anomalies import AnomalyFacts, DetectorFacts, MapFacts
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReportFacts
from automl.report.of_anomalies import UNKNOWN


def detectors(facts: ReportFacts) -> Block | None:
    """Draw how far each detector agrees with the others, with what it costs."""
    told = facts.anomalies
    if told is None or not told.detectors:
        return None
    drawn = [
        {
            "title": one.title,
            "note": f"{_KINDS[one.kind]}{'part of the score' if one.votes else 'for comparison'}",
            "value": words.percent(one.mean_agreement) if one.mean_agreement is not None else words.NOTHING,
            "interval": "" if one.joint is None else f"{words.percent(one.joint)} with all",
            "drawing": svg.dot_interval(one.mean_agreement, None, None, (0.0, 1.0), kind=one.kind),
        }
        for one in told.detectors
    ]
    left = "; ".join(f"{title}: {why}" for title, why in told.left_out.items())
    return Block(
        "detectors",
        "Detectors",
        _sentence(told),
        UNKNOWN if told.known is None else "Which detector finds faults of kinds that nobody has seen and marked.",
        notes=(
            "Dots: of the strangest rows of a detector, as many as alarms were asked for, the share that is among the strangest of another"
            " one, the mean over the others.",
            *((f"Left out: {left}.",) if left else ()),
        ),
        template="importance",
        data={"rows": drawn, "axis": svg.axis([(t, words.percent(t)) for t in (0.0, 0.5, 1.0)], (0.0, 1.0)), "more": 0, "card": None},
        tables=(_table(told), *_agreement(told)),
    )


_KINDS = {"network": "network, ", "tree": "trees, ", "linear": "linear, ", "other": "", "naive": "", "ensemble": ""}


def _sentence(told: AnomalyFacts) -> str:
    """Say how far detectors agree, and which two agree least."""
    votes = [one for one in told.detectors if one.votes]
    lead = f"{words.count(len(told.detectors), 'detector')} looked at the rows, {words.whole(len(votes))} of them make the score"
    pairs = [(share, one.title, _title(told, other)) for one in told.detectors for other, share in one.agreement.items()]
    if not pairs:
        return f"{lead}."
    mean = sum(share for share, _, _ in pairs) / len(pairs)
    least = min(pairs)
    return (
        f"{lead}; on average {words.percent(mean)} of the strangest rows of one are among the strangest of another."
        f" {least[1]} and {least[2]} agree least ({words.percent(least[0])})."
    )


def _title(told: AnomalyFacts, name: str) -> str:
    return next((one.title for one in told.detectors if one.name == name), name)


def _table(told: AnomalyFacts) -> Table:
    labels = any(one.average_precision is not None for one in told.detectors)
    head = ["Detector", "Part of the score", *(["Average precision", "95 % interval"] if labels else []), "Agrees with others"]
    head += ["Agrees with all", "Above the threshold", "Training", "Size", "1 row", "1,000 rows"]
    rows: list[list[Cell]] = [_line(one, labels) for one in told.detectors]
    return Table("Detectors, what they agree on and what they cost", head, rows, frozenset({0, 1}))


def _line(one: DetectorFacts, labels: bool) -> list[Cell]:
    scored: list[Cell] = []
    if labels:
        ends = words.interval(one.average_precision_low, one.average_precision_high)
        scored = [words.number(one.average_precision), ends]
    return [
        one.title,
        "yes" if one.votes else "no",
        *scored,
        words.percent(one.mean_agreement),
        words.percent(one.joint),
        words.percent(one.above),
        words.seconds(one.seconds),
        words.size(one.size_bytes),
        words.moment(one.predict_seconds_one),
        words.moment(one.predict_seconds_per_1000),
    ]


def _agreement(told: AnomalyFacts) -> tuple[Table, ...]:
    if len(told.detectors) < 2:
        return ()
    names = [one.name for one in told.detectors]
    rows: list[list[Cell]] = [
        [one.title, *(words.percent(one.agreement[name]) if name in one.agreement else words.NOTHING for name in names)]
        for one in told.detectors
    ]
    head = ("Of the strangest of", *(one.title for one in told.detectors))
    return (Table("Share that is among the strangest of each other detector", head, rows),)


def map_of_rows(facts: ReportFacts) -> Block | None:
    """Draw where the variational autoencoder puts rows."""
    told = facts.anomalies.map if facts.anomalies is not None else None
    if told is None or not told.places:
        return None
    alarms = sum(told.alarm)
    rows: list[list[Cell]] = [
        [name, words.whole(len(places)), words.number(_apart(places, told))]
        for name, places in (
            ("rows without an alarm", [place for place, alarm in zip(told.places, told.alarm, strict=True) if not alarm]),
            ("rows with an alarm", [place for place, alarm in zip(told.places, told.alarm, strict=True) if alarm]),
        )
        if places
    ]
    return Block(
        "map",
        "Map",
        f"The variational autoencoder puts {words.count(len(told.places), 'row')} side by side, like beside like;"
        f" {words.whole(alarms)} of them {'raises' if alarms == 1 else 'raise'} an alarm.",
        "Why a row in the middle raises an alarm: it breaks a rule between columns that the map does not show.",
        figures=((_map(told), "Each dot is a row; large dots raise an alarm. Directions have no unit."),),
        tables=(Table("Distance from the middle of the map", ("Rows", "Number", "Median distance"), rows),),
    )


def _apart(places: list[tuple[float, float]], told: MapFacts) -> float:
    """Return the median distance of some places from the mean of all."""
    x, y = (sum(place[side] for place in told.places) / len(told.places) for side in (0, 1))
    found = sorted(math.hypot(one[0] - x, one[1] - y) for one in places)
    middle = len(found) // 2
    return found[middle] if len(found) % 2 else (found[middle - 1] + found[middle]) / 2


def _map(told: MapFacts) -> Markup:
    xs, ys = [place[0] for place in told.places], [place[1] for place in told.places]
    frame = svg.Frame(560.0, 360.0, (min(xs), max(xs) + 1e-9), (min(ys), max(ys) + 1e-9), (14.0, 14.0, 24.0, 24.0))
    dots = []
    for (x, y), alarm in sorted(zip(told.places, told.alarm, strict=True), key=lambda one: one[1]):
        at = frame.at(x, y)
        dots.append(svg.tag("circle", cx=at[0], cy=at[1], r=4.0 if alarm else 1.8, class_="miss" if alarm else "rest"))
    return svg.chart(svg.join(dots), "map-picture", "Map of the rows", "Like rows lie side by side; large dots raise an alarm.", 560, 360)
