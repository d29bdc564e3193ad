"""What the report says otherwise where nothing is predicted: tiles of the first page, sentences for managers, answers to laws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from automl.report import words
from automl.report.anomalies import AnomalyFacts, named
from automl.report.facts import ReportFacts, ScoreFacts

UNKNOWN = "Without labels nobody can say which detector is better; that two agree does not make them right."


def of(facts: ReportFacts) -> AnomalyFacts:
    """Return what is said of anomalies; only asked of reports that have it."""
    assert facts.anomalies is not None
    return facts.anomalies


def tiles(facts: ReportFacts) -> list[dict[str, Any]]:
    """Return the numbers that a decision on alarms hangs on."""
    told, scores = of(facts), facts.evaluation.scores
    share = words.percent(told.share_of_alarms)
    made = [{"label": "Rows that raise an alarm", "value": words.whole(told.alarms), "under": f"{share} of all"}]
    if told.known is None:
        made.append({"label": "Alarms that are right", "value": "Not known", "under": "no row is marked"})
    for name, label in (("precision", "Alarms that are known anomalies"), ("recall", "Known anomalies that raise one")):
        score = scores.get(name)
        if score is not None and score.value is not None:
            made.append({"label": label, "value": words.percent(score.value), "under": _between(score)})
    if told.expected_low is not None:
        of_rows = "new normal rows" if told.rate_of == "normal rows" else "new rows"
        between = words.interval(told.expected_low, told.expected_high, share=True)
        made.append({"label": f"Alarms to expect of {of_rows}", "value": between, "under": "95 % interval, rows independent"})
    return made


def _between(score: ScoreFacts) -> str:
    chance = f"by chance {words.percent(score.naive)}" if score.naive is not None else ""
    bounds = words.interval(score.low, score.high, share=True)
    return ", ".join(part for part in (f"95 % interval {bounds}" if bounds != words.NOTHING else "", chance) if part)


def how_good(facts: ReportFacts) -> str:
    """Say what the labels say of alarms and of the order of the rows."""
    scored = facts.evaluation.scores
    ranked, right = scored["average_precision"], scored["precision"]
    sure = words.bracket(words.confidence(ranked.low, ranked.high))
    lead = f"Average precision is {words.number(ranked.value)}{sure}, against {words.number(ranked.naive)} of rows in random order"
    if right.value is None:
        return f"{lead}; no row raises an alarm."
    sure = words.bracket(words.confidence(right.low, right.high, share=True))
    return f"{lead}; of 100 alarms {words.of_hundred(right.value)} are known anomalies{sure}."


def asked(facts: ReportFacts) -> str:
    """Say what was looked for, in what, and what labels were there."""
    told, data = of(facts), facts.data
    known = told.known
    lead = f"What is unusual was looked for in {words.count(data.columns_used, 'column')} of {words.count(data.rows, 'row')}"
    if known is None:
        return f"{lead}; no row is marked as wrong or right."
    name = words.shorten(known.column or "a column", 40)
    return f"{lead}; {name} marks {words.count(known.anomalies, 'known anomaly', 'known anomalies')}, from which nothing was learnt."


def questions(facts: ReportFacts) -> list[tuple[str, str, str, str]]:
    """Return what was asked: the rate of alarms, the order of the rows, what it is checked against."""
    told = of(facts)
    rate = words.asked_rates(told.alarms_asked, told.false_alarms_asked).removesuffix(" was asked for")
    made = [("Rate of alarms", rate, "", "alarms=… or false_alarms=…"), ("Order of the rows", told.time or "none", "", "time=…")]
    made.append(("Rows are known by", words.listing(told.named_by) or "their number", "", ""))
    if told.known is not None:
        why = "The rarer value marks a known anomaly; alarms are checked against it."
        made.append(("Checked against", told.known.column or "the subfolders", why, ""))
    return made


# ── for who decides


def _task(facts: ReportFacts) -> str:
    return (
        f"From {words.count(facts.data.rows, 'past row')} the detectors learned what is usual, from"
        f" {words.count(facts.data.columns_used, 'piece')} of information about each; nobody told them what is wrong."
    )


def _strangest(facts: ReportFacts) -> str:
    told = of(facts)
    first = told.strangest[0]
    where = f", above all because of {words.shorten(first.reasons[0].column, 40)}" if first.reasons else ""
    return f"If somebody looks at one row alone, it should be {named(first)}: it is least like the others{where}."


def _alarms(facts: ReportFacts) -> str:
    told = of(facts)
    if told.threshold is None:
        return "There are too few rows for so low a rate: no row can raise an alarm."
    known = told.known
    if known is None:
        rate = words.of_hundred(told.share_of_alarms)
        return f"Of 100 rows {rate} raise an alarm; whether these are the right ones nobody can say until somebody looks."
    right = facts.evaluation.scores["precision"]
    if right.value is None:
        return "No row raises an alarm."
    ends = "" if right.low is None or right.high is None else f", between {words.of_hundred(right.low)} and {words.of_hundred(right.high)}"
    found = words.of_hundred(known.recall)
    return f"Of 100 alarms {words.of_hundred(right.value)} are known faults{ends}; of 100 known faults {found} raise an alarm."


def _scores(facts: ReportFacts) -> str:
    score = facts.evaluation.scores.get("precision")
    if score is None or score.low is None or score.naive is None:
        return "Nothing can be said of how many alarms are right."
    better = "hold faults" if score.low > score.naive else "were not shown to hold faults"
    return f"Alarms {better} more often than chance does; everything was measured on rows that the detectors had not seen."


def _columns(facts: ReportFacts) -> str:
    first = of(facts).by_column[0]
    return f"What is unusual first in an alarm is most often {words.shorten(first.column, 40)}: in {words.of_hundred(first.share)} of 100."


def _time_line(facts: ReportFacts) -> str:
    line = of(facts).time_line
    many = 0 if line is None else line.count
    return f"The alarms belong to {words.count(many, 'stretch', 'stretches')} of time; each can be looked at as one event."


def _stretches(facts: ReportFacts) -> str:
    line = of(facts).time_line
    if line is None or not line.stretches:
        return ""
    one = line.stretches[0]
    when = f"at {one.first}" if one.steps == 1 else f"from {one.first} to {one.last}"
    return f"The event to look at first is the one {when}: {words.listing(one.columns)} {words.was(len(one.columns))} not as usual."


def _detectors(facts: ReportFacts) -> str:
    told = of(facts)
    several = words.count(len(told.detectors), "way", "ways")
    if told.known is None:
        return f"{several} of looking were tried; without marked rows nobody can say which is best, so all of them count."
    return f"{several} of looking were tried and held against the known faults."


def _map(facts: ReportFacts) -> str:
    return "Rows that are alike lie side by side; those that raise an alarm are drawn large."


def _missing(facts: ReportFacts) -> str:
    return "Gaps in the data can be filled in from the other columns; how well was measured on cells that were hidden."


PLAIN: dict[str, Callable[[ReportFacts], str]] = {
    "task": _task,
    "strangest": _strangest,
    "alarms": _alarms,
    "scores": _scores,
    "columns": _columns,
    "time-line": _time_line,
    "strange-stretches": _stretches,
    "detectors": _detectors,
    "map": _map,
    "missing": _missing,
}


# ── for laws and standards


def _purpose(facts: ReportFacts) -> str:
    question = f" The question: {facts.question}" if facts.question else ""
    return f"Finds what is unusual in {facts.data.name}, and says which columns make a row strange; nothing is predicted.{question}"


def _method(facts: ReportFacts) -> str:
    stages = words.listing(dict.fromkeys(decision.stage for decision in facts.decisions), 12)
    return (
        f"{words.count(len(facts.decisions), 'automatic choice')} with reasons ({stages or 'none recorded'}), each in the table of"
        " decisions; detectors learn what is usual from rows without labels, and the threshold is set for a rate of alarms (conformal)."
    )


def _alternatives(facts: ReportFacts) -> str:
    told = of(facts)
    checked = "scored by average precision" if told.known is not None else "held against each other, as no labels score them"
    return f"{words.count(len(told.detectors), 'detector')} side by side, {checked}: {words.listing(one.title for one in told.detectors)}."


def _architecture(facts: ReportFacts) -> str:
    told, folds = of(facts), max(facts.data.folds, 1)
    votes = words.listing(one.title for one in told.detectors if one.votes)
    took = f" Training took {words.seconds(facts.search.seconds)}." if facts.search else ""
    each = f"each is {words.count(folds, 'model')}, one for each part of the rows left out"
    return f"Harmonic mean of how rare a row is to {votes}; {each}.{took}"


def _metrics(facts: ReportFacts) -> str:
    if of(facts).known is None:
        return "The share of alarms and how far detectors agree: without labels no other measure can be had."
    return "Average precision, precision and recall of known anomalies against chance; the labels were not learnt from."


def _calibration(facts: ReportFacts) -> str:
    told = of(facts)
    rate = words.asked_rates(told.alarms_asked, told.false_alarms_asked)
    if told.threshold is None:
        return f"No threshold: the rows are too few for the rate; {rate}."
    between = words.interval(told.expected_low, told.expected_high, share=True)
    return f"Threshold {told.threshold:.2f}; {rate}. Of new rows {between} should raise an alarm (95 %)."


def _explanation(facts: ReportFacts) -> str:
    made = "Each alarm names the columns that are furthest above what is usual for them."
    checks = [check for card in facts.cards for check in card.checks if check.passed is not None]
    if not checks:
        return f"{made} The reasons were not tested."
    failed = sum(not check.passed for check in checks)
    return f"{made} Tests of the reasons: {len(checks) - failed} passed, {failed} failed."


def _oversight(facts: ReportFacts) -> str:
    return "A person looks at every alarm; nothing is decided without one."


ANSWERS: dict[str, Callable[[ReportFacts], str]] = {
    "purpose": _purpose,
    "method": _method,
    "alternatives": _alternatives,
    "architecture": _architecture,
    "metrics": _metrics,
    "calibration": _calibration,
    "explanation": _explanation,
    "oversight": _oversight,
}
