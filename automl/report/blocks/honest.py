"""Whether predictions can be taken at their word: reliability before and after calibration, for classes and for numbers."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import charts, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReliabilityBin, ReliabilityFacts, ReportFacts


def reliability(facts: ReportFacts) -> Block | None:
    """Draw whether 20 % means 20 %, or whether a predicted number is right on average."""
    known = facts.evaluation.reliability
    if known is None or not known.after:
        return None
    return _numbers(facts, known) if facts.task.problem == "regression" else _shares(facts, known)


def _shares(facts: ReportFacts, known: ReliabilityFacts) -> Block:
    task, calibrated = facts.task, facts.calibration
    names = ("The model says", f"It turns out {words.event(task)}" if task.problem == "binary" else "It is the named class")
    worst = max(known.after, key=lambda entry: abs(entry.observed - entry.mean_predicted))
    notes = [
        f"The largest gap: where the model says {words.percent(worst.mean_predicted)}, it happens for {words.percent(worst.observed)}"
        f" of {words.count(worst.rows, task.case, task.cases)}."
    ]
    if calibrated is not None:
        notes.append(f"Calibration: {calibrated.method}{'' if calibrated.applied else ' (nothing applied)'}. {calibrated.because}")
    notes.extend(_sets(facts))
    changed = bool(known.before) and known.before != known.after
    pairs = (
        [("Before calibration", known.before), ("After calibration", known.after)] if changed else [("As the model says it", known.after)]
    )
    figures: list[tuple[Markup, Cell]] = [
        (
            charts.reliability(bins, f"reliability-{i}", title, (0.0, 1.0), names, words.percent),
            Markup("<b>{}</b>. On the dashed line, 20 % means 20 %.").format(title),
        )
        for i, (title, bins) in enumerate(pairs)
    ]
    tables = [_table(title, bins, share=True) for title, bins in pairs]
    if calibrated is not None and calibrated.candidates:
        rows: list[list[Cell]] = [
            [name, words.number(loss, 4), "yes" if name == calibrated.method else "no"] for name, loss in calibrated.candidates.items()
        ]
        tables.append(Table("Cross-validated log-loss of each way to calibrate", ("Method", "Log-loss", "Chosen"), rows, frozenset({0, 2})))
    return Block(
        "reliability",
        "Honest percentages",
        f"{_kept(known.after, 'percentages')} can be taken at their word: the 95 % interval of what happened holds what the model says.",
        "Whether the percentages hold for every kind of case; they can be right on average and wrong for a small group.",
        notes=tuple(notes),
        figures=tuple(figures),
        tables=tuple(tables),
    )


def _sets(facts: ReportFacts) -> tuple[str, ...]:
    """Say how often sets of classes held the truth."""
    sets, classes = facts.evaluation.sets, len(facts.task.classes)
    if sets is None:
        return ()
    sure = words.bracket(words.confidence(sets.low, sets.high, share=True))
    size = f", with {words.number(sets.mean_size)} of {classes} classes on average" if sets.mean_size is not None else ""
    single = f" and a single one for {words.percent(sets.single)} of them" if sets.single is not None else ""
    return (
        f"Prediction sets that promise {words.percent(sets.nominal)} hold the true class for {words.percent(sets.measured)}"
        f" of the {facts.task.cases}{sure}{size}{single}.",
    )


def _kept(bins: tuple[ReliabilityBin, ...], what: str) -> str:
    inside = sum(entry.low <= entry.mean_predicted <= entry.high for entry in bins)
    if len(bins) == 1:
        return f"The {what} {'' if inside else 'hardly '}"
    return (
        f"In all {len(bins)} groups of cases the {what}"
        if inside == len(bins)
        else f"In {inside} of {len(bins)} groups of cases the {what}"
    )


def _numbers(facts: ReportFacts, known: ReliabilityFacts) -> Block:
    ends = [end for b in known.after for end in (b.mean_predicted, b.low, b.high)]
    room = 0.03 * (max(ends) - min(ends)) or 0.5
    domain = (min(ends) - room, max(ends) + room)
    task = facts.task
    unit = f", {task.unit}" if task.unit else ""
    worst = max(known.after, key=lambda entry: abs(entry.observed - entry.mean_predicted))
    group = words.count(worst.rows, task.case, task.cases)
    said, true = words.value(worst.mean_predicted, task), words.value(worst.observed, task)
    gap = f"The largest gap: where the model says {said}, the mean of {group} is {true}."
    picture = charts.reliability(
        known.after,
        "reliability-0",
        "Mean of the actual values by prediction",
        domain,
        (f"The model says{unit}", f"Mean of what is true{unit}"),
        words.number,
    )
    return Block(
        "reliability",
        "Right on average",
        f"{_kept(known.after, 'predictions')} are right on average: the 95 % interval of the true mean holds what the model says.",
        "How far a single case can be off; that is what the errors and the intervals below are for.",
        notes=(gap,),
        figures=((picture, "Groups of cases with about the same prediction; on the dashed line the model is right on average."),),
        tables=(_table("Groups of cases with about the same prediction", known.after, share=False),),
    )


def _table(caption: str, bins: tuple[ReliabilityBin, ...], share: bool) -> Table:
    write = words.percent if share else words.number
    rows: list[list[Cell]] = [
        [write(b.mean_predicted), write(b.observed), words.interval(b.low, b.high, share=share), words.whole(b.rows)] for b in bins
    ]
    return Table(caption, ("The model says", "It is", "95 % interval", "Cases"), rows, frozenset())
