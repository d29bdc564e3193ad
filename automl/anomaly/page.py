"""The report of a detector: one self-contained file, drawn from the facts alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from automl.anomaly.answer import answer_of
from automl.report import svg, words

Facts = dict[str, Any]
_SEAL = '<svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="16" class="seal"/>{}</svg>'
_SIGNS = {
    "bad": '<path d="M10.5 10.5l11 11m0-11l-11 11" class="sign"/>',
    "review": '<path d="M16 8v10.5" class="sign"/><path d="M16 23.6v.2" class="sign"/>',
}
_SEALS = {tone: Markup(_SEAL.format(sign)) for tone, sign in _SIGNS.items()}


def render(facts: Facts) -> str:
    """Draw the report as one HTML document without scripts.

    Example:
        >>> facts = {"rows": 90, "columns": ["a"], "time": None, "alarms_asked": 0.01, "threshold": 2.0, "share_of_alarms": 0.011,
        ...          "families": [], "left_out": {}, "labels": None, "imputation": None, "strangest": [], "by_column": {},
        ...          "time_line": None, "map": None, "decisions": [], "automl_version": "0"}
        >>> "90 rows" in render(facts)
        True
    """
    style = files("automl.report").joinpath("templates/style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    blocks = (_answer, _strangest, _pictures, _columns, _time_line, _families, _map, _imputation, _unknown, _decisions)
    body = Markup("").join(block for make in blocks if (block := make(facts)))
    head = Markup(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="{}"><meta name="color-scheme" content="light dark">'
        "<title>Anomalies – report</title><style>{}</style></head>"
    ).format(policy, Markup(style))
    foot = Markup("<footer>Made by automl {} from report.json. This file makes no request.</footer>").format(facts["automl_version"])
    return str(head + Markup('<body><div class="page"><main>') + body + Markup("</main>") + foot + Markup("</div></body></html>"))


def _block(name: str, label: str, sentence: str, *parts: Markup, limits: str = "") -> Markup:
    limit = Markup('<p class="limits"><b>What this cannot say</b> {}</p>').format(limits) if limits else Markup("")
    inner = Markup('<h3><span class="kicker">{}</span> {}</h3>').format(label, sentence) + Markup("").join(parts) + limit
    return Markup('<section id="{}" class="block">{}</section>').format(name, inner)


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Markup:
    titles = Markup("").join(Markup('<th scope="col" class="text">{}</th>').format(title) for title in head)
    lines = Markup("").join(
        Markup("<tr>{}</tr>").format(Markup("").join(Markup('<td class="text">{}</td>').format(cell) for cell in row)) for row in rows
    )
    frame = Markup('<div class="scroll" role="group" aria-label="{}" tabindex="0">{}</div>')  # the keyboard scrolls it
    table = Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>").format(titles, lines)
    return frame.format(", ".join(head), table)


def _answer(facts: Facts) -> Markup:
    told = facts.get("answer") or answer_of(facts)
    tone = "bad" if told["verdict"] == "No" else "review"
    name = facts.get("name")
    title = f"What is unusual in {words.shorten(name)}" if name else "What is unusual"
    limit = facts["threshold"]
    alarm = "No score raises an alarm" if limit is None else f"A row raises an alarm when its score is above {limit:.2f}"
    about = f"{alarm}; 2 means one row in a hundred, 3 one in a thousand."
    sentences = Markup("").join(Markup("<li>{}</li>").format(one) for one in [*told["sentences"], about])
    warnings = Markup("").join(Markup("<li>{}</li>").format(one) for one in told["warnings"])
    worst = Markup('<div class="worst"><h2 class="small-title">{}</h2><ol>{}</ol></div>')
    many = "What to mind" if len(told["warnings"]) > 1 else "The one thing to mind"
    return Markup(
        '<header id="answer" class="front"><p class="eyebrow">Report on anomalies</p><h1><bdi>{}</bdi></h1><div class="verdict {}">'
        '<p class="asks">Can we use it?</p><p class="says">{}{}</p><p class="headline">{}</p>'
        '<p class="rule">The rule that decided: {}</p></div><ul class="sentences">{}</ul>{}</header>'
        '<h2 class="part-title">What was found</h2>'
    ).format(
        title,
        tone,
        _SEALS[tone],
        told["verdict"],
        told["headline"],
        told["rule"],
        sentences,
        worst.format(many, warnings) if warnings else "",
    )


def _strangest(facts: Facts) -> Markup | None:
    if not facts["strangest"]:
        return None
    several, columns = len(facts["families"]), list(facts.get("named_by") or ())
    rows = [
        [*(one.get("when") or ()), one["row"], f"{one['score']:.2f}", " · ".join(one["reasons"]), f"{len(one['families'])} of {several}"]
        for one in facts["strangest"]
    ]
    table = _table((*columns, "Row", "Score", "What is unusual", "Detectors that agree"), rows)
    limits = "Unusual is not wrong: whether a row is a fault, a fraud or a rare but good case is for people to say."
    return _block("strangest", "The strangest rows", "These rows are least like the others.", table, limits=limits)


def _columns(facts: Facts) -> Markup | None:
    shares = list(facts["by_column"].items())[:12]
    if not shares:
        return None
    rows = [[escape(name), words.percent(share)] for name, share in shares]
    return _block(
        "columns", "Columns", f"{shares[0][0]!r} is most often the first reason of an alarm.", _table(("Column", "Share of alarms"), rows)
    )


def _time_line(facts: Facts) -> Markup | None:
    told = facts["time_line"]
    if told is None:
        return None
    scores, limit = told["scores"], facts["threshold"]
    top = max([*scores, *([] if limit is None else [limit])]) * 1.05
    frame = svg.Frame(720.0, 240.0, (0.0, float(max(len(scores) - 1, 1))), (0.0, top), (26.0, 14.0, 44.0, 62.0))
    places = [round(share * (len(scores) - 1)) for share in (0.0, 0.33, 0.66, 1.0)]
    grid = frame.grid(
        [(float(p), str(told["times"][p])[:10]) for p in places], [(t, f"{t:g}") for t in svg.ticks(0.0, top, 4)], "", "score"
    )
    line = frame.line([(float(place), score) for place, score in enumerate(scores)], "line")
    reference = [] if limit is None else [frame.segment((0.0, limit), (float(max(len(scores) - 1, 1)), limit), "reference")]
    drawing = svg.chart(svg.join([grid, line, *reference]), "time-line", "Scores in time", "The largest score of each stretch.", 720, 240)
    rows = [[one["from"], one["to"], one["steps"], f"{one['score']:.2f}", " · ".join(one["reasons"])] for one in told["stretches"]]
    table = _table(("From", "To", "Steps", "Highest score", "What is unusual"), rows) if rows else Markup("")
    drawings = [_stretch(one, place) for place, one in enumerate(told["stretches"]) if one["drawing"] is not None]
    sentence = f"Alarms come in {words.count(told['count'], 'stretch', 'stretches')}."
    return _block("time-line", "Time line", sentence, Markup('<div class="figures">{}</div>').format(drawing), table, *drawings)


def _stretch(one: Facts, number: int) -> Markup:
    """Draw the most unusual number of a stretch, and the stretch in it."""
    told = one["drawing"]
    known = [(float(place), value) for place, value in enumerate(told["values"]) if value is not None]
    if not known:
        return Markup("")
    low, high = min(value for _, value in known), max(value for _, value in known)
    high = high if high > low else low + 1.0
    last = float(max(len(told["values"]) - 1, 1))
    frame = svg.Frame(720.0, 180.0, (0.0, last), (low, high), (14.0, 14.0, 34.0, 62.0))
    places = [round(share * last) for share in (0.0, 0.5, 1.0)]
    grid = frame.grid([(float(p), str(told["times"][p])[:16]) for p in places], [(t, f"{t:g}") for t in svg.ticks(low, high, 3)], "", "")
    start, end = told["inside"]
    dots = []
    for place, value in known:
        if start <= place <= end:
            at = frame.at(place, value)
            dots.append(svg.tag("circle", cx=at[0], cy=at[1], r=3.5, class_="miss"))
    title = f"{told['column']} from {one['from']} to {one['to']}"
    parts = svg.join([grid, frame.line(known, "line"), *dots])
    drawing = svg.chart(parts, f"stretch-{number}", title, "The stretch has large dots; the line goes on before and behind it.", 720, 180)
    return Markup('<figure><div class="figures">{}</div><figcaption>{}</figcaption></figure>').format(drawing, title)


def _pictures(facts: Facts) -> Markup | None:
    told = facts.get("pictures")
    if not told:
        return None
    image = Markup('<img src="{}" alt="{}" width="112" height="112">')
    shown = []
    for one in told:
        parts = [image.format(one["picture"], f"Row {one['row']}")]
        if one["heat"] is not None:
            parts.append(image.format(one["heat"], f"Where row {one['row']} is strange"))
        caption = f"row {one['row']} · {one['score']:.2f}"
        shown.append(Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(Markup("").join(parts), caption))
    limits = "Warm is what looks least like any part of the other pictures, to a network that was trained on photographs of other things."
    figures = Markup('<div class="figures several">{}</div>').format(Markup("").join(shown))
    return _block("pictures", "Pictures", "The strangest pictures, and where they are strange.", figures, limits=limits)


def _families(facts: Facts) -> Markup | None:
    if not facts["families"]:
        return None
    names = [one["name"] for one in facts["families"]]
    rows = []
    for one in facts["families"]:
        shares = [words.percent(one["agreement"][name]) if name in one["agreement"] else "–" for name in names]
        rows.append([one["title"], *shares, *([f"{one['average_precision']:.3f}"] if "average_precision" in one else [])])
    head = (
        "Of the alarms of",
        *(one["title"] for one in facts["families"]),
        *(["Average precision"] if facts["labels"] is not None else []),
    )
    parts = [_table(head, rows)]
    if facts["left_out"]:
        titles = facts.get("titles", {})
        told = "; ".join(f"{titles.get(name, name.replace('_', ' '))}: {reason}" for name, reason in facts["left_out"].items())
        parts.append(Markup('<p class="note">Left out: {}.</p>').format(told))
    return _block("families", "Detectors", "How far the detectors agree on the strangest rows.", *parts)


def _map(facts: Facts) -> Markup | None:
    told = facts["map"]
    if told is None or not told["places"]:
        return None
    xs, ys = [place[0] for place in told["places"]], [place[1] for place in told["places"]]
    frame = svg.Frame(560.0, 360.0, (min(xs), max(xs) + 1e-9), (min(ys), max(ys) + 1e-9), (14.0, 14.0, 24.0, 24.0))
    dots = []
    for x, y, alarm in sorted(zip(xs, ys, told["alarm"], strict=True), key=lambda one: bool(one[2])):
        at = frame.at(x, y)
        dots.append(svg.tag("circle", cx=at[0], cy=at[1], r=4.0 if alarm else 1.8, class_="miss" if alarm else "rest"))
    drawing = svg.chart(
        svg.join(dots), "map", "Map of the rows", "Hidden numbers of the variational autoencoder, two directions.", 560, 360
    )
    sentence = "The variational autoencoder puts like rows side by side; large dots raise an alarm."
    limits = "An alarm in the middle of the map breaks a rule between columns that the map does not show."
    return _block("map", "Map", sentence, Markup('<div class="figures">{}</div>').format(drawing), limits=limits)


_IMPUTERS = {"autoencoder": "The masked autoencoder", "neighbours": "The nearest rows", "median": "The median of the column"}


def _imputation(facts: Facts) -> Markup | None:
    told = facts["imputation"]
    if told is None or not told["cells"]:
        return None
    rows = [[title, words.number(told["rmse"].get(name)), words.percent(told["right"].get(name))] for name, title in _IMPUTERS.items()]
    table = _table(("Filled in by", "Error of numbers (robust deviations)", "Right levels"), rows)
    hidden = words.count(told["cells"], "cell")
    sentence = f"{hidden} {words.was(told['cells'])} hidden on purpose and filled in again."
    if told["rmse"]:
        best = _IMPUTERS[min(told["rmse"], key=told["rmse"].get)]
        sentence = f"Of {hidden} hidden on purpose, {best[:1].lower()}{best[1:]} fill{'' if best.endswith('s') else 's'} in numbers best."
    return _block("missing", "Missing values", sentence, table)


def _unknown(facts: Facts) -> Markup | None:
    if facts["labels"] is not None:
        return None
    rate = min(share for share in (facts["alarms_asked"], facts.get("false_alarms_asked")) if share is not None)
    told = (
        "Without labels nobody can say how many faults were missed, or how many alarms are false. What holds is the rate: of rows like "
        f"these at most about {words.percent(rate)} raise an alarm. Mark a few wrong rows in a column and give it "
        "as the target to check the detectors against it."
    )
    return _block("unknown", "What cannot be known", "No row is marked as wrong or right.", Markup('<p class="note">{}</p>').format(told))


def _decisions(facts: Facts) -> Markup | None:
    rows = [[one["stage"], one["what"], one["chosen"], one["because"], one.get("override") or ""] for one in facts["decisions"]]
    return (
        _block("decisions", "Decisions", "Every automatic choice.", _table(("Stage", "What", "Chosen", "Because", "Override"), rows))
        if rows
        else None
    )
