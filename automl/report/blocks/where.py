"""Where the model fails: kinds of cases, the worst cohort, the hardest rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import CohortFacts, ReportFacts, SegmentFacts, WhereFacts

_SHOWN = 12


def _writer(facts: ReportFacts, known: WhereFacts) -> Callable[[float | None], str]:
    return words.percent if known.measure == "share wrong" else lambda value: words.value(value, facts.task)


def segments(facts: ReportFacts) -> Block | None:
    """Draw the worst kinds of cases with their intervals."""
    known = facts.where
    if known is None or not known.segments:
        return None
    write, coverage = _writer(facts, known), facts.evaluation.regression.coverage if facts.evaluation.regression else None
    what = "are wrong" if known.measure == "share wrong" else "is the mean size of an error"
    differ = [segment for segment in known.segments if segment.differs == "worse"]
    shown = known.segments[:_SHOWN]
    ends = [end for s in shown for end in (s.low, s.high, s.value) if end is not None]
    domain = (min(0.0, *ends), max(ends) or 1.0)
    rows = [
        {
            "title": f"{words.shorten(s.column, 30)}: {words.shorten(s.name, 30)}",
            "note": f"{words.count(s.rows, facts.task.case, facts.task.cases)}{_verdict(s)}",
            "value": write(s.value),
            "interval": words.interval(s.low, s.high, share=known.measure == "share wrong"),
            "drawing": svg.dot_interval(s.value, s.low, s.high, domain, reference=known.whole, hollow=s.shrunk),
        }
        for s in shown
    ]
    worst = known.segments[0]
    name = f"{words.shorten(worst.column, 30)} = {words.shorten(worst.name, 30)}"
    lead = f"Where {name}, {write(worst.value)} {what}, against {write(known.whole)} of all"
    lead = lead if known.measure == "share wrong" else f"Where {name}, {write(worst.value)} {what}, against {write(known.whole)} for all"
    tail = (
        f"; {words.count(len(differ), 'segment')} {words.are(len(differ))} worse than the others beyond chance."
        if differ
        else "; no segment was shown to be worse than the others."
    )
    return Block(
        "segments",
        "Kinds of cases",
        lead + tail,
        "Why a kind of case is hard, and how kinds that no column names are treated.",
        notes=(
            *_honesty(known, coverage.nominal if coverage else 1.0),
            "Upright line: all cases. Dot: the segment with its 95 % interval. Hollow: drawn towards the whole, because small segments look"
            f" extreme by chance. Tested against all other cases and corrected for {words.count(len(known.segments), 'segment')} (Holm).",
        ),
        template="importance",
        data={
            "rows": rows,
            "axis": svg.axis([(t, write(t)) for t in svg.ticks(*domain, 4)], domain),
            "more": max(len(known.segments) - _SHOWN, 0),
            "card": None,
        },
        tables=(_table(known, write),),
    )


def _honesty(known: WhereFacts, promised: float) -> tuple[str, ...]:
    """Say where percentages or prediction intervals do not hold."""
    off = [segment for segment in known.segments if segment.off]
    short = [s for s in known.segments if s.coverage_high is not None and s.coverage_high < promised]
    told = []
    if off:
        first = max(off, key=lambda segment: abs((segment.happened or 0.0) - (segment.said or 0.0)))
        name = f"{words.shorten(first.column, 30)} = {words.shorten(first.name, 30)}"
        told.append(
            f"Percentages are off beyond chance in {words.count(len(off), 'segment')}, most where {name}: the model says"
            f" {words.percent(first.said)}, it happens in {words.percent(first.happened)}."
        )
    elif any(segment.said is not None for segment in known.segments):
        told.append("In no segment are percentages off beyond chance.")
    if short:
        told.append(f"Prediction intervals hold less than {words.percent(promised)} in {words.count(len(short), 'segment')}.")
    return tuple(told)


def _verdict(segment: SegmentFacts) -> str:
    return f", {segment.differs} than the others" if segment.differs else ""


def _table(known: WhereFacts, write: Callable[[float | None], str]) -> Table:
    covered = any(segment.coverage is not None for segment in known.segments)
    told = any(segment.said is not None for segment in known.segments)
    rows: list[list[Cell]] = []
    for s in known.segments:
        row: list[Cell] = [words.shorten(s.column, 40), words.shorten(s.name, 40), words.whole(s.rows), write(s.value)]
        row += [words.interval(s.low, s.high, share=known.measure == "share wrong"), write(s.shrunk), s.differs or "no difference shown"]
        if covered:
            row += [words.percent(s.coverage), words.interval(s.coverage_low, s.coverage_high, share=True)]
        if told:
            row += [words.percent(s.said), words.percent(s.happened), words.interval(s.gap_low, s.gap_high)]
            row += [words.number(s.calibration_error), s.off or "no difference shown"]
        rows.append(row)
    head = ["Column", "Segment", "Cases", known.measure.capitalize(), "95 % interval", "Drawn to the whole", "Against the others"]
    head += ["Intervals hold", "95 % interval of that"] if covered else []
    head += ["The model says", "It happens", "Gap, 95 % interval", "Calibration error", "Percentages are"] if told else []
    shown, more = cut(rows, 80)
    return Table("Every segment, the worst first", head, shown, frozenset({0, 1, 6, *({11} if told and not covered else ())}), more)


def cohort(facts: ReportFacts) -> Block | None:
    """Draw the leaves of the error tree and name the worst cohort; list the hardest rows."""
    known = facts.where
    if known is None or not (known.cohorts or known.hardest):
        return None
    write = _writer(facts, known)
    tables: list[Table] = []
    data: dict[str, Any] = {"rows": [], "axis": "", "more": 0, "card": None}
    if known.cohorts is not None and known.cohorts.leaves:
        data, table = _leaves(known, known.cohorts, write)
        tables.append(table)
    hard: list[list[Cell]] = [
        [words.whole(h.row), words.shorten(h.prediction, 40), words.shorten(h.actual, 40), words.number(h.loss)] for h in known.hardest
    ]
    if hard:
        name = "Log-loss" if facts.task.problem != "regression" else "Squared error"
        tables.append(
            Table("The hardest rows, by their place in the data (from 0)", ("Row", "Predicted", "Really", name), hard, frozenset({1, 2}))
        )
    return Block(
        "cohort",
        "The worst cohort",
        _worst(known, write),
        "Whether the cohort is hard for everybody or only for this model; a person who knows such cases should look at some.",
        notes=(
            "A tree of at most three questions was grown on one half of the rows to find where errors gather; the numbers are from the"
            " other half, which it has not seen.",
        )
        if data["rows"]
        else (),
        template="importance" if data["rows"] else None,
        data=data,
        tables=tuple(tables),
    )


def _leaves(known: WhereFacts, tree: CohortFacts, write: Callable[[float | None], str]) -> tuple[dict[str, Any], Table]:
    ends = [end for leaf in tree.leaves for end in (leaf.low, leaf.high, leaf.value) if end is not None]
    domain = (min(0.0, *ends), max(ends) or 1.0)
    share = known.measure == "share wrong"
    rows = [
        {
            "title": words.shorten(" and ".join(leaf.rules) or "all cases", 110),
            "note": f"{words.count(leaf.rows, 'row')}",
            "value": write(leaf.value),
            "interval": words.interval(leaf.low, leaf.high, share=share),
            "drawing": svg.dot_interval(leaf.value, leaf.low, leaf.high, domain, reference=tree.whole),
        }
        for leaf in tree.leaves
    ]
    axis = svg.axis([(t, write(t)) for t in svg.ticks(*domain, 4)], domain)
    cells: list[list[Cell]] = [
        [
            words.shorten(" and ".join(leaf.rules), 160),
            words.whole(leaf.rows),
            write(leaf.value),
            words.interval(leaf.low, leaf.high, share=share),
            write(leaf.found),
        ]
        for leaf in tree.leaves
    ]
    head = ("Cohort", "Rows", known.measure.capitalize(), "95 % interval", "On the half that found it")
    return {"rows": rows, "axis": axis, "more": 0, "card": None}, Table("The leaves of the error tree", head, cells)


def _worst(known: WhereFacts, write: Callable[[float | None], str]) -> str:
    tree = known.cohorts
    if tree is None or not tree.leaves:
        return "No cohort could be told apart by its errors."
    leaf = tree.leaves[0]
    share = known.measure == "share wrong"
    sure = words.bracket(words.confidence(leaf.low, leaf.high, share=share))
    what = f"{write(leaf.value)} are wrong{sure}" if share else f"errors are {write(leaf.value)} on average{sure}"
    rules = words.shorten(" and ".join(leaf.rules) or "all cases", 140)
    if tree.worse:
        return f"Worst where {rules}: {what}, against {write(tree.whole)} of all{'' if share else ' cases'}."
    return f"No cohort was shown to be worse than the whole; the first candidate, {rules}: {what}, against {write(tree.whole)}."
