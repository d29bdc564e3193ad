"""Alarms on the page of anomalies: how many rows raise one, what was asked for, what other thresholds would do, cells filled in again."""

from __future__ import annotations

import math

from markupsafe import Markup

from automl.report import svg, words
from automl.report.anomalies import AnomalyFacts, StepOfAlarmsFacts
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ReportFacts

_IMPUTERS = {"autoencoder": "The masked autoencoder", "neighbours": "The nearest rows", "median": "The median of the column"}


def alarms(facts: ReportFacts) -> Block | None:
    """Draw how many rows score above each threshold, and say what becomes of new rows."""
    told = facts.anomalies
    if told is None:
        return None
    drawn = [step for step in told.steps if step.alarms]
    figures = ((_curve(told, drawn, facts.data.rows), _caption(told)),) if len(drawn) > 1 else ()
    return Block(
        "alarms",
        "Alarms",
        _sentence(told, facts.data.rows),
        _limits(told),
        notes=(_threshold(told), *_rate(told)),
        figures=figures,
        tables=(_table(told, facts.data.rows),) if told.steps else (),
        summary="What other thresholds would do",
    )


def _sentence(told: AnomalyFacts, rows: int) -> str:
    """Say how many rows raise an alarm, how many new ones should, and how many known anomalies are among them."""
    verb = "raises" if told.alarms == 1 else "raise"
    lead = f"{words.whole(told.alarms)} of {words.count(rows, 'row')} ({words.percent(told.share_of_alarms)}) {verb} an alarm"
    if told.expected_low is not None and told.expected_high is not None:
        of = "normal rows" if told.rate_of == "normal rows" else "rows"
        lead += f"; of new {of} like these {words.interval(told.expected_low, told.expected_high, share=True)} should"
    known = told.known
    if known is None:
        return f"{lead}."
    return f"{lead}. {words.whole(known.found)} of {words.whole(known.anomalies)} known anomalies are among them."


def _threshold(told: AnomalyFacts) -> str:
    scale = "2 means one row in a hundred, 3 one in a thousand"
    if told.threshold is None:
        few = "No score raises an alarm: so few rows cannot tell what is as rare as was asked for."
        return f"{few} A score says how rare a row is: {scale}."
    asked = words.asked_rates(told.alarms_asked, told.false_alarms_asked)
    return f"A row raises an alarm when its score is above {told.threshold:.2f}; {asked}. A score says how rare a row is: {scale}."


def _rate(told: AnomalyFacts) -> tuple[str, ...]:
    if told.known is not None:
        return ()
    return (
        "Without labels nobody can say how many faults were missed, or how many alarms are false. What holds is the rate. Mark a few wrong"
        " rows in a column and give it as the target to check the detectors against it.",
    )


def _limits(told: AnomalyFacts) -> str:
    if told.known is None:
        return "How many alarms are false and how many faults were missed: no row is marked as wrong or right."
    return "What an unmarked alarm is: labels hold the faults that people have seen, which need not be all there were."


def _caption(told: AnomalyFacts) -> str:
    known = " Dashed: known anomalies among them." if told.known is not None else ""
    return f"How many rows score higher, on a scale of powers of ten; the upright line is the threshold.{known}"


def _curve(told: AnomalyFacts, steps: list[StepOfAlarmsFacts], rows: int) -> Markup:
    low, high, top = steps[0].threshold, steps[-1].threshold, math.log10(max(rows, 10))
    frame = svg.Frame(720.0, 260.0, (low, high), (0.0, top), (26.0, 14.0, 44.0, 62.0))
    y_ticks = [(float(power), words.whole(10**power)) for power in range(math.floor(top) + 1)]
    parts = [frame.grid([(t, f"{t:g}") for t in svg.ticks(low, high, 6)], y_ticks, "score", "rows above it")]
    parts.append(frame.line([(step.threshold, math.log10(step.alarms)) for step in steps], "line"))
    found = [(step.threshold, math.log10(step.found)) for step in steps if step.found]
    parts.append(frame.line(found, "line second"))
    if told.threshold is not None:
        parts.append(frame.segment((told.threshold, 0.0), (told.threshold, top), "reference"))
    return svg.chart(svg.join(parts), "alarms-by-score", "Rows above each score", "How many rows score higher.", 720, 260)


def _table(told: AnomalyFacts, rows: int) -> Table:
    known = told.known
    head = ["Score above", "Alarms", "Share of rows", *(["Known anomalies", "Precision", "Recall"] if known is not None else []), "Chosen"]
    lines: list[list[Cell]] = []
    for step in told.steps:
        line: list[Cell] = [f"{step.threshold:.2f}", words.whole(step.alarms), words.percent(step.alarms / max(rows, 1))]
        if known is not None:
            found = step.found or 0
            right = words.percent(found / step.alarms) if step.alarms else words.NOTHING
            line += [words.whole(found), right, words.percent(found / max(known.anomalies, 1))]
        lines.append([*line, "yes" if step.threshold == told.threshold else ""])
    shown, more = cut(lines, 40)
    return Table("What other thresholds would do to these rows", head, shown, frozenset({len(head) - 1}), more)


def filled(facts: ReportFacts) -> Block | None:
    """Draw who fills in cells best that were hidden on purpose."""
    told = facts.anomalies.imputation if facts.anomalies is not None else None
    if told is None or not told.cells:
        return None
    errors = {name: error for name, error in told.rmse.items() if error is not None}
    hidden = words.count(told.cells, "cell")
    sentence = f"{hidden} {words.was(told.cells)} hidden on purpose and filled in again."
    if errors:
        best = min(errors, key=lambda name: errors[name])
        name = _IMPUTERS[best]
        fills = f"{name[:1].lower()}{name[1:]} fill{'' if name.endswith('s') else 's'} in numbers best"
        sentence = f"Of {hidden} hidden on purpose, {fills} (error {words.number(errors[best])} robust deviations)."
    top = max([*errors.values(), 1e-9]) * 1.05
    drawn = [
        {
            "title": title,
            "note": f"{words.percent(told.right.get(name))} of the levels right" if told.right.get(name) is not None else "",
            "value": words.number(told.rmse.get(name)),
            "interval": "",
            "drawing": svg.dot_interval(told.rmse.get(name), None, None, (0.0, top), bar_from=0.0),
        }
        for name, title in _IMPUTERS.items()
    ]
    rows: list[list[Cell]] = [[title, words.number(told.rmse.get(n)), words.percent(told.right.get(n))] for n, title in _IMPUTERS.items()]
    return Block(
        "missing",
        "Missing values",
        sentence,
        "How well cells are filled in that are missing for a reason: these were hidden at random.",
        notes=("Errors of numbers in robust deviations of the column, on a scale that shrinks large ones; smaller is better.",),
        template="importance",
        data={"rows": drawn, "axis": svg.axis([(t, words.number(t)) for t in svg.ticks(0.0, top, 4)], (0.0, top)), "more": 0, "card": None},
        tables=(Table("Cells filled in again", ("Filled in by", "Error of numbers", "Right levels"), rows),),
    )
