"""The answer at the top of the report of a detector: what was found, how far it may be trusted, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from automl.report import words
from automl.report.anomalies import AnomalyFacts, named, reasons
from automl.report.facts import Answer, EvaluationFacts, FindingFacts, LeaderboardFacts, Verdict

FEWEST_ALARMS = 10  # rows that should lie above the threshold, from which it is more than the chance of a few
LATE = "there was no time"


def answer_of(
    told: AnomalyFacts,
    evaluation: EvaluationFacts,
    *,
    few: int,
    board: LeaderboardFacts | None = None,
    findings: Sequence[FindingFacts] = (),
    trouble: Sequence[str] = (),
) -> Answer:
    """Return the answer of a run: verdict, headline, rule, sentences and at most three warnings.

    A person looks at every alarm: there is no plain yes. With labels it is no where nothing shows that alarms hold known anomalies more
    often than chance does (95 %).

    Args:
        told: What is said of anomalies.
        evaluation: Scores, of labels where there are any.
        few: How many of these rows should raise an alarm.
        board: All detectors side by side, where there are labels.
        findings: What the checks found.
        trouble: What is known of explanations that failed their tests, in sentences.

    Example:
        >>> told = AnomalyFacts(alarms=9, share_of_alarms=0.01, threshold=2.0, alarms_asked=0.01)
        >>> answer_of(told, EvaluationFacts(rows=900, source="", scores={}), few=9).verdict
        'yes, with review'
    """
    asked = words.asked_rates(told.alarms_asked, told.false_alarms_asked)
    verb = "raises" if told.alarms == 1 else "raise"
    headline = (
        f"{words.whole(told.alarms)} of {words.count(evaluation.rows, 'row')} ({words.percent(told.share_of_alarms)}) {verb} an alarm;"
        f" {asked}."
    )
    sentences = (*_found(told), _trust(told, evaluation), _rate(told), _next(told))
    warnings = [*_warnings(told, few, board), *trouble, *(one.because for one in findings if one.severity == "high")]
    verdict, rule = _decided(told, evaluation)
    return Answer(verdict=verdict, rule=rule, headline=headline, sentences=sentences, warnings=tuple(warnings)[:3])


def _decided(told: AnomalyFacts, evaluation: EvaluationFacts) -> tuple[Verdict, str]:
    """Return the verdict and the rule that decided."""
    if told.known is None:
        return "yes, with review", "Without marked rows a person has to look at each alarm."
    right = evaluation.scores.get("precision")
    if right is not None and right.low is not None and right.naive is not None and right.low > right.naive:
        return "yes, with review", "Alarms hold known anomalies more often than chance does; a person looks at each."
    return "no", "Nothing shows that alarms hold known anomalies more often than chance does."


def _found(told: AnomalyFacts) -> list[str]:
    found = []
    if told.strangest:
        first = told.strangest[0]
        why = words.listing(reasons(first))
        found.append(f"The strangest is {named(first)}{': ' if why else ''}{why}; score {first.score:.2f}.")
    line, parts = told.time_line, []
    if line is not None and line.stretches:
        one = line.stretches[0]
        when = f"at {one.first}" if one.steps == 1 else f"from {one.first} to {one.last}"
        parts.append(f"The alarms come in {words.count(line.count, 'stretch', 'stretches')}, the strangest {when}")
    if told.by_column:
        first_of = told.by_column[0]
        parts.append(f"{first_of.column!r} is the first reason of {words.percent(first_of.share)} of the alarms")
    return [*found, "; ".join(parts) + "."] if parts else found


def _trust(told: AnomalyFacts, evaluation: EvaluationFacts) -> str:
    """Say how many alarms are right, and how many known anomalies are found."""
    known = told.known
    if known is None:
        return "How many alarms are right and how many faults are missed nobody can say: no row is marked as wrong or right."
    right = evaluation.scores.get("precision")
    share = known.anomalies / max(evaluation.rows, 1)
    sure = "" if right is None else words.bracket(words.confidence(right.low, right.high, share=True))
    return (
        f"{words.whole(known.found)} of {words.whole(known.anomalies)} known anomalies raise an alarm, and {words.whole(known.found)} of "
        f"{words.count(told.alarms, 'alarm')} {words.are(told.alarms)} known anomalies: {words.percent(known.precision)}{sure},"
        f" by chance {words.percent(share)}."
    )


def _rate(told: AnomalyFacts) -> str:
    if told.threshold is None or told.expected_low is None:
        return "No new row can raise an alarm: so few rows cannot tell what is as rare as was asked for."
    between = words.interval(told.expected_low, told.expected_high, share=True)
    normal = "normal " if told.rate_of == "normal rows" else ""
    return (
        f"Of new {normal}rows like these {between} should raise an alarm (95{words.SPACE}%, rows independent); more says that"
        " something has changed."
    )


def _next(told: AnomalyFacts) -> str:
    if told.known is None:
        return "Next: look at the rows below, mark the wrong ones in a column, and give it as the target: then the alarms can be checked."
    return "Next: look at the alarms that are not marked; some may be faults that nobody has seen. Set the rate by what a check costs."


def _warnings(told: AnomalyFacts, few: int, board: LeaderboardFacts | None) -> list[str]:
    found = []
    if told.threshold is None:
        found.append("Too few rows for so low a rate: no row can raise an alarm. Give more rows, or ask for a higher rate.")
    elif few < FEWEST_ALARMS:
        those = "strangest row" if few < 2 else f"{few} strangest rows"
        found.append(f"The threshold rests on the {those}: give more rows, or ask for a higher rate.")
    late = [title for title, why in told.left_out.items() if why == LATE]
    if late:
        found.append(f"There was no time for {words.listing(late)}: give a longer budget.")
    rows = {} if board is None else {row.name: row for row in board.rows}
    best, ours = rows.get(board.best_single or "") if board is not None else None, rows.get("ensemble")
    if best is not None and ours is not None and (best.score or 0.0) > (ours.score or 0.0):
        scores = f"{words.number(best.score)} against {words.number(ours.score)}"
        sure = "beyond noise" if ours.beyond_noise else "maybe by chance"
        found.append(f"{best.title} alone ranks the known anomalies better (average precision {scores}), {sure}.")
    return found
