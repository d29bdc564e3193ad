"""The threshold: what every choice would mean for 100 cases and in money."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from automl.report import charts, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReportFacts, ThresholdFacts, ThresholdRow


def threshold(facts: ReportFacts) -> Block | None:
    """Draw the chosen threshold and, with a slider, every other one."""
    chosen = facts.threshold
    if chosen is None or not chosen.table:
        return None
    row, task = at(chosen), facts.task
    parts = words.to_hundred([row.true_positive, row.false_negative, row.false_positive, row.true_negative])
    hits, misses, alarms, rest = parts
    notes = [f"{_sentence(chosen.because)} The rule: {chosen.rule}."]
    if not chosen.reached:
        notes.insert(0, "The wish could not be reached on the judged rows; this is the nearest choice.")
    kinds = [
        ("hit", "caught", hits),
        ("miss", "missed", misses),
        ("alarm", "false alarms" if alarms != 1 else "false alarm", alarms),
        ("rest", "rightly left alone", rest),
    ]
    data: dict[str, Any] = {
        "value": words.percent(chosen.value),
        "event": words.event(task),
        "case": task.case,
        "cases": task.cases,
        "picture": charts.hundred(*parts),
        "legend": [(kind, charts.mark(kind), label, number) for kind, label, number in kinds],
        "tiles": _tiles(row, chosen, facts),
        "start": chosen.table.index(row),
        "last": len(chosen.table) - 1,
        "costs": chosen.costs is not None and any(r.cost is not None for r in chosen.table),
        "payload": {
            "rows": [[r.threshold, r.true_positive, r.false_negative, r.false_positive, r.true_negative, r.cost] for r in chosen.table],
            "currency": chosen.costs.currency if chosen.costs else "",
            "case": task.case,
            "cases": task.cases,
            "event": words.event(task),
            "start": chosen.table.index(row),
        },
    }
    return Block(
        "threshold",
        "Threshold",
        f"Flagging from {words.percent(chosen.value)} on: {outcome(parts, facts)}",
        "The threshold of tomorrow: it was chosen on these rows, so expect slightly worse, and choose again when prices change.",
        notes=tuple(notes),
        figures=_figures(chosen),
        tables=(_table(chosen, row),),
        template="threshold",
        data=data,
    )


def at(chosen: ThresholdFacts) -> ThresholdRow:
    """Return the row of the table that is nearest to the chosen threshold."""
    return min(chosen.table, key=lambda row: abs(row.threshold - chosen.value))


def outcome(parts: list[int], facts: ReportFacts) -> str:
    """Say what happens to 100 cases."""
    hits, misses, alarms, _ = parts
    task = facts.task
    real = f"{hits} of them really {words.are(hits)} {words.event(task)}"
    rest = "" if not alarms else "; the other one is a false alarm" if alarms == 1 else f"; the other {alarms} are false alarms"
    flagged = f"of 100 {task.cases}, {hits + alarms} {words.are(hits + alarms)} flagged"
    return f"{flagged}. {real}{rest}. {misses or 'No'} more {words.are(misses)} missed."


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."


def per_thousand(row: ThresholdRow) -> float | None:
    """Return the cost of a thousand cases."""
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    return None if row.cost is None or not cases else 1000 * row.cost / cases


def without_model(chosen: ThresholdFacts) -> tuple[str, float] | None:
    """Return the cheaper of flagging nobody and flagging everybody, with its cost per thousand cases."""
    if chosen.costs is None or not chosen.table:
        return None
    row = chosen.table[0]
    positives, cases = (
        row.true_positive + row.false_negative,
        row.true_positive + row.false_positive + row.false_negative + row.true_negative,
    )
    if not cases:
        return None
    nobody, everybody = chosen.costs.miss * positives, chosen.costs.false_alarm * (cases - positives)
    return ("nobody", 1000 * nobody / cases) if nobody <= everybody else ("everybody", 1000 * everybody / cases)


def _tiles(row: ThresholdRow, chosen: ThresholdFacts, facts: ReportFacts) -> list[tuple[str, str, str]]:
    """Return identifier, label and value of the numbers under the slider."""
    flagged, positives = row.true_positive + row.false_positive, row.true_positive + row.false_negative
    cases = flagged + row.false_negative + row.true_negative
    tiles = [
        ("right", "Right when flagged", words.percent(row.true_positive / flagged) if flagged else words.NOTHING),
        ("found", "Found", words.percent(row.true_positive / positives) if positives else words.NOTHING),
        ("flagged", f"{facts.task.cases.capitalize()} flagged", words.percent(flagged / cases) if cases else words.NOTHING),
    ]
    cost = per_thousand(row)
    if chosen.costs is not None and cost is not None:
        tiles.append(("cost", f"Cost of 1,000 {facts.task.cases}", words.money(cost, chosen.costs.currency)))
    return tiles


def _figures(chosen: ThresholdFacts) -> tuple[tuple[Markup, Cell], ...]:
    shares = [("Found", "first", lambda row: row.recall), ("Right", "second", lambda row: row.precision)]
    figures: list[tuple[Markup, Cell]] = [
        (
            charts.over_thresholds(chosen.table, chosen.value, "trade", "Found and right, by threshold", shares, "Share", words.percent),
            "Found: share of those looked for that are flagged. Right: share of the flagged that are real.",
        )
    ]
    costs = chosen.costs
    if costs is not None and any(row.cost is not None for row in chosen.table):
        figures.append(
            (
                charts.over_thresholds(
                    chosen.table,
                    chosen.value,
                    "costs",
                    "Cost by threshold",
                    [("Cost", "first", per_thousand)],
                    "Cost of 1,000 cases",
                    lambda y: words.money(y, costs.currency),
                ),
                f"A miss costs {words.money(costs.miss, costs.currency)}, a false alarm {words.money(costs.false_alarm, costs.currency)}.",
            )
        )
    return tuple(figures)


def _table(chosen: ThresholdFacts, here: ThresholdRow) -> Table:
    step = max(len(chosen.table) // 20, 1)
    picked = [row for i, row in enumerate(chosen.table) if i % step == 0 or row is here or i == len(chosen.table) - 1]
    money = any(row.cost is not None for row in picked)
    currency = chosen.costs.currency if chosen.costs else ""
    rows: list[list[Cell]] = []
    for row in picked:
        name: Cell = Markup("<b>{} (chosen)</b>").format(words.percent(row.threshold)) if row is here else words.percent(row.threshold)
        counts: list[Cell] = [
            words.whole(n) for n in (row.flagged, row.true_positive, row.false_positive, row.false_negative, row.true_negative)
        ]
        rows.append(
            [
                name,
                *counts,
                words.percent(row.precision),
                words.percent(row.recall),
                words.percent(row.f1),
                *([words.money(row.cost, currency)] if money else []),
            ]
        )
    head = ["Threshold", "Flagged", "Caught", "False alarms", "Missed", "Left alone", "Right", "Found", "F1"]
    head += ["Total cost"] if money else []
    judged = chosen.table[0]
    cases = judged.true_positive + judged.false_positive + judged.false_negative + judged.true_negative
    total = f"; the cost is the total of all {words.whole(cases)}" if money else ""
    return Table(f"What each threshold would have done on the judged rows{total}", head, rows)
