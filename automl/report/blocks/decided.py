"""The threshold: what every choice would mean for 100 cases and in money."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from automl.report import charts, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import PayoffFacts, ReportFacts, ThresholdFacts, ThresholdRow


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
            "costs": [chosen.costs.miss, chosen.costs.false_alarm] if chosen.costs else None,
            "segments": [[s.rows, s.positives, s.true_positive, s.false_positive] for s in chosen.segments],
        },
        "segments": [f"{words.shorten(s.column, 30)}: {words.shorten(s.name, 30)}" for s in chosen.segments],
        "start_rows": words.whole(sum(parts_of_row(row))),
    }
    return Block(
        "threshold",
        "Threshold",
        f"Flagging from {words.percent(chosen.value)} on: {outcome(parts, facts)}",
        "The threshold of tomorrow: it was chosen on these rows, so expect slightly worse, and choose again when prices change.",
        notes=tuple(notes),
        figures=_figures(chosen),
        tables=(_table(chosen, row), *_by_segment(chosen, row, facts)),
        template="threshold",
        data=data,
    )


def parts_of_row(row: ThresholdRow) -> tuple[int, int, int, int]:
    """Return hits, misses, false alarms and the rest."""
    return row.true_positive, row.false_negative, row.false_positive, row.true_negative


def _by_segment(chosen: ThresholdFacts, here: ThresholdRow, facts: ReportFacts) -> tuple[Table, ...]:
    """Tell what the chosen threshold does in each kind of case."""
    if not chosen.segments:
        return ()
    place, costs = chosen.table.index(here), chosen.costs
    rows: list[list[Cell]] = []
    for one in chosen.segments:
        hits, alarms = one.true_positive[place], one.false_positive[place]
        flagged, misses = hits + alarms, one.positives - hits
        row: list[Cell] = [one.column, one.name, words.whole(one.rows), words.percent(flagged / one.rows)]
        row += [words.percent(hits / flagged) if flagged else words.NOTHING]
        row += [words.percent(hits / one.positives) if one.positives else words.NOTHING]
        row += [words.number(100 * alarms / one.rows, 2), words.number(100 * misses / one.rows, 2)]
        if costs is not None:
            row.append(words.money(1000 * (costs.miss * misses + costs.false_alarm * alarms) / one.rows, costs.currency))
        rows.append(row)
    head = ["Column", "Segment", "Cases", "Flagged", "Right", "Found", "False alarms of 100", "Missed of 100"]
    head += [f"Cost of 1,000 {facts.task.cases}"] if costs is not None else []
    return (Table("What the chosen threshold does by kind of case", head, rows, frozenset({0, 1})),)


def payoff(facts: ReportFacts) -> Block | None:
    """Draw what the decisions are worth at every threshold, in money where costs are known, and as net benefit."""
    chosen = facts.threshold
    if chosen is None or len(chosen.table) < 3:
        return None
    known, task = facts.payoff, facts.task
    currency = chosen.costs.currency if chosen.costs else ""
    lines = [
        ("Model", "first", net_benefit),
        ("Everybody", "second", lambda row: net_benefit(_everybody(row))),
    ]
    shown = [row for row in chosen.table if row.threshold <= _NET_UNTIL]
    picture = charts.over_thresholds(shown, chosen.value, "benefit", "Net benefit", lines, "Net benefit of 100 cases", words.number)
    caption = "Above both the dashed line (flag everybody) and 0 (flag nobody), the model is worth its decisions."
    figures: list[tuple[Markup, Cell]] = [(picture, caption)]
    step = max(len(chosen.table) // 20, 1)
    rows: list[list[Cell]] = [
        [words.percent(row.threshold), words.number(net_benefit(row)), words.number(net_benefit(_everybody(row)))]
        for row in chosen.table[::step]
        if row.threshold < 1
    ]
    tables = [Table("Net benefit of 100 cases, in cases found", ("Threshold", "Model", "Everybody flagged"), rows, frozenset())]
    best = [row for row in shown if (net_benefit(row) or 0.0) > max(net_benefit(_everybody(row)) or 0.0, 0.0)]
    lead = (
        f"The model is worth more than flagging everybody or nobody for thresholds from {words.percent(best[0].threshold)} to"
        f" {words.percent(best[-1].threshold)}."
        if best
        else "At no threshold is the model worth more than flagging everybody or nobody."
    )
    if known is not None:
        lead, told = _worth(known, facts, currency)
        tables.append(told)
    return Block(
        "payoff",
        "What it is worth",
        lead,
        f"What a {task.case} that is flagged rightly brings, and what prices will be tomorrow: the intervals know of the rows alone.",
        notes=(
            "Net benefit (Vickers and Elkin, 2006): cases found minus false alarms, these weighted by the odds of the threshold; the"
            " threshold says how many false alarms one found case is worth.",
        ),
        figures=tuple(figures),
        tables=tuple(tables),
    )


def _worth(known: PayoffFacts, facts: ReportFacts, currency: str) -> tuple[str, Table]:
    """Say what is saved, with its interval, and how sure the cheapest threshold is."""
    sure = f"95{words.SPACE}% interval {_money(known.saved_low, currency)} to {_money(known.saved_high, currency)}"
    verb = "saves" if known.saved >= 0 else "costs"
    lead = (
        f"The model {verb} {_money(abs(known.saved), currency)} on 1,000 {facts.task.cases} against flagging {known.without} ({sure}); the"
        f" cheapest threshold lies between {words.percent(known.optimum_low)} and {words.percent(known.optimum_high)}."
    )
    rows: list[list[Cell]] = [
        ["Cost of 1,000 cases", _money(known.cost, currency), f"{_money(known.cost_low, currency)} to {_money(known.cost_high, currency)}"],
        [f"Saved against flagging {known.without}", _money(known.saved, currency), sure.split("interval ")[1]],
        [
            "Cheapest threshold on these rows",
            words.percent(known.optimum),
            f"{words.percent(known.optimum_low)} to {words.percent(known.optimum_high)}",
        ],
    ]
    return lead, Table("Money, with 95 % intervals", ("What", "Value", "95 % interval"), rows)


def _money(value: float | None, currency: str) -> str:
    return words.money(None if value is None else 1000 * value, currency)


_NET_UNTIL = 0.95  # beyond, one false alarm outweighs everything


def net_benefit(row: ThresholdRow) -> float | None:
    """Return the net benefit of 100 cases, in found cases: hits minus false alarms at the odds of the threshold.

    Example:
        >>> net_benefit(ThresholdRow(threshold=0.2, flagged=30, true_positive=10, false_positive=20, false_negative=2, true_negative=68))
        5.0
    """
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    if not cases or row.threshold >= 1:
        return None
    return 100 * (row.true_positive - row.false_positive * row.threshold / (1 - row.threshold)) / cases


def _everybody(row: ThresholdRow) -> ThresholdRow:
    positives, negatives = row.true_positive + row.false_negative, row.false_positive + row.true_negative
    flagged = {"flagged": positives + negatives, "true_positive": positives, "false_positive": negatives}
    return row.model_copy(update={**flagged, "false_negative": 0, "true_negative": 0})


def at(chosen: ThresholdFacts) -> ThresholdRow:
    """Return the row of the table that is nearest to the chosen threshold."""
    return min(chosen.table, key=lambda row: abs(row.threshold - chosen.value))


def outcome(parts: list[int], facts: ReportFacts) -> str:
    """Say what happens to 100 cases."""
    hits, misses, alarms, _ = parts
    task = facts.task
    if not hits + alarms:
        return f"of 100 {task.cases}, fewer than one is flagged; {misses or 'none'} with {words.event(task)} {words.are(misses)} missed."
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
