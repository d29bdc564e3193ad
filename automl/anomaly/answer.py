"""The answer at the top of the report of a detector: what was found, how far it may be trusted, what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from automl.report import words

FEWEST_ALARMS = 10  # rows that should lie above the threshold, from which it is more than the chance of a few


def answer_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a run from its facts: verdict, headline, rule, sentences and warnings.

    Args:
        facts: Of :class:`automl.anomaly.detector.AnomalyDetector`.

    Example:
        >>> facts = {"rows": 900, "alarms_asked": 0.01, "share_of_alarms": 0.01, "threshold": 2.0, "labels": None, "strangest": [],
        ...          "by_column": {}, "time_line": None, "families": [], "left_out": {}}
        >>> answer_of(facts)["verdict"]
        'Yes, with review'
    """
    count = round(facts["share_of_alarms"] * facts["rows"])
    asked = words.asked_rates(facts["alarms_asked"], facts.get("false_alarms_asked"))
    raise_ = "raises" if count == 1 else "raise"
    share = words.percent(facts["share_of_alarms"])
    headline = f"{words.whole(count)} of {words.count(facts['rows'], 'row')} ({share}) {raise_} an alarm; {asked}."
    verdict, rule, trust = _trust(facts, count)
    return {
        "verdict": verdict,
        "headline": headline,
        "rule": rule,
        "sentences": [*_found(facts), trust, _rate(facts), _next(facts)],
        "warnings": _warnings(facts),
    }


def named(row: Mapping[str, Any]) -> str:
    """Return what people call one of the strangest rows: when it was and of what series, and its number.

    Example:
        >>> named({"row": 7, "when": ["2026-01-01", "A"]}), named({"row": 7})
        ('2026-01-01, A (row 7)', 'row 7')
    """
    when = ", ".join(row.get("when") or ())
    return f"{when} (row {row['row']})" if when else f"row {row['row']}"


def _found(facts: Mapping[str, Any]) -> list[str]:
    told = []
    if facts["strangest"]:
        first = facts["strangest"][0]
        told.append(f"The strangest is {named(first)}: {', '.join(first['reasons'])}; score {first['score']:.2f}.")
    shares = list(facts["by_column"].items())
    if shares:
        told.append(f"{shares[0][0]!r} is the first reason of {words.percent(shares[0][1])} of the alarms.")
    line = facts["time_line"]
    if line is not None and line["stretches"]:
        one = line["stretches"][0]
        when = f"at {one['from']}" if one["steps"] == 1 else f"from {one['from']} to {one['to']}"
        told.append(f"The alarms come in {words.count(line['count'], 'stretch', 'stretches')}; the strangest is {when}.")
    return told


def _trust(facts: Mapping[str, Any], count: int) -> tuple[str, str, str]:
    """Return verdict, the rule that decided, and a sentence on how many alarms are right."""
    labels = facts["labels"]
    if labels is None:
        told = "How many alarms are right and how many faults are missed nobody can say: no row is marked as wrong or right."
        return "Yes, with review", "Without marked rows a person has to look at each alarm.", told
    share = labels["anomalies"] / max(facts["rows"], 1)
    found, known = labels["found"], labels["anomalies"]
    between = words.wilson(found, count) or (0.0, 1.0)
    told = (
        f"{words.whole(found)} of {words.whole(known)} known anomalies raise an alarm, and {words.whole(found)} of "
        f"{words.count(count, 'alarm')} {words.are(count)} known anomalies: {words.percent(labels['precision'])}"
        f"{words.bracket(words.confidence(*between, share=True))}, by chance {words.percent(share)}."
    )
    if between[0] > share:
        return "Yes, with review", "Alarms hold known anomalies more often than chance does; a person looks at each.", told
    return "No", "Nothing shows that alarms hold known anomalies more often than chance does.", told


def _expected(facts: Mapping[str, Any]) -> int:
    """Return how many of so many new rows should raise an alarm; the threshold is set for new rows, not for those that were learnt from."""
    rates = [rate for rate in (facts["alarms_asked"], facts.get("false_alarms_asked")) if rate is not None]
    return round(float(min(rates)) * _counted(facts))


def _counted(facts: Mapping[str, Any]) -> int:
    """Return the rows that the rate is of: all, or the normal ones where a rate of false alarms was asked for and labels tell them."""
    known = facts["labels"]["anomalies"] if facts["labels"] is not None and facts["alarms_asked"] is None else 0
    return int(facts["rows"]) - int(known)


def _rate(facts: Mapping[str, Any]) -> str:
    if facts["threshold"] is None:
        return "No new row can raise an alarm: so few rows cannot tell what is as rare as was asked for."
    low, high = words.wilson(_expected(facts), _counted(facts)) or (0.0, 1.0)
    normal = "normal " if facts["alarms_asked"] is None and facts["labels"] is not None else ""
    between = f"between {words.percent(low)} and {words.percent(high)} should raise an alarm (95 %, where rows do not depend on each other)"
    return f"Of new {normal}rows like these, {between}; more is a sign that something has changed."


def _next(facts: Mapping[str, Any]) -> str:
    if facts["labels"] is None:
        return "Next: look at the rows below, mark the wrong ones in a column, and give it as the target: then the alarms can be checked."
    return "Next: look at the alarms that are not marked; some may be faults that nobody has seen. Set the rate by what a check costs."


def _warnings(facts: Mapping[str, Any]) -> list[str]:
    told = []
    few = _expected(facts)
    if facts["threshold"] is None:
        told.append("Too few rows for so low a rate: no row can raise an alarm. Give more rows, or ask for a higher rate.")
    elif few < FEWEST_ALARMS:
        those = "strangest row" if few < 2 else f"{few} strangest rows"
        told.append(f"The threshold rests on the {those}: give more rows, or ask for a higher rate.")
    late = [facts.get("titles", {}).get(name, name) for name, reason in facts["left_out"].items() if reason == "there was no time"]
    if late:
        told.append(f"There was no time for {words.listing(late)}: give a longer budget.")
    labels = facts["labels"]
    if labels is not None and facts["families"]:
        best = max(facts["families"], key=lambda one: one["average_precision"])
        if best["average_precision"] > labels["average_precision"]:
            scores = f"{best['average_precision']:.3f} against {labels['average_precision']:.3f}"
            told.append(f"{best['title']} alone ranks the known anomalies better (average precision {scores}), maybe by chance.")
    return told
