"""What to say where decisions serve a measure that the user asked for, and not the most right answers."""

from __future__ import annotations

from automl.report import words
from automl.report.measured import EvaluationFacts, RuleFacts

PLAIN = {
    "macro_f1": "to serve rare kinds as well as common ones",
    "balanced_accuracy": "to find as large a share of the rare kinds as of the common ones",
    "f1": "to find the cases that are looked for without flagging too many others",
}


def name_of(rule: RuleFacts) -> str:
    """Return the measure's name as inside a sentence.

    Example:
        >>> name_of(RuleFacts(metric="balanced_accuracy", because=""))
        'balanced accuracy'
    """
    return {"macro_f1": "macro-F1", "f1": "F1"}.get(rule.metric, rule.metric.replace("_", " "))


def told(evaluation: EvaluationFacts) -> str:
    r"""Say to analysts what the rule reaches, and what it costs in accuracy against the most probable class; empty without a rule.

    Example:
        >>> rule = RuleFacts(metric="macro_f1", because="", value=0.5, usual=0.4, accuracy=0.7, usual_accuracy=0.75, moved=0.1)
        >>> told(EvaluationFacts(rows=90, source="cross-fitted", scores={}, rule=rule)).rpartition(", which ")[2][:31]
        'costs 5 points of accuracy (70\xa0'
    """
    rule = evaluation.rule
    if rule is None or rule.value is None or rule.usual is None or rule.accuracy is None or rule.usual_accuracy is None:
        return ""
    lost = 100 * (rule.usual_accuracy - rule.accuracy)
    price = "costs no accuracy" if lost <= 0 else f"costs {words.number(lost, 2)} points of accuracy"
    return (
        f"Decisions serve {name_of(rule)}, as asked: {words.percent(rule.value)} against {words.percent(rule.usual)} if each row got its"
        f" most probable class. {words.percent(rule.moved)} of the rows are decided otherwise, which {price}"
        f" ({words.percent(rule.accuracy)} against {words.percent(rule.usual_accuracy)})."
    )


def plainly(evaluation: EvaluationFacts, cases: str) -> str:
    """Say the same to who decides and does not analyse; empty without a rule.

    Example:
        >>> rule = RuleFacts(metric="macro_f1", because="", value=0.5, usual=0.4, accuracy=0.7, usual_accuracy=0.75, moved=0.1)
        >>> plainly(EvaluationFacts(rows=90, source="cross-fitted", scores={}, rule=rule), "customers")
        'It was asked to serve rare kinds as well as common ones; always naming the likeliest would be right for 75 of 100 customers.'
    """
    rule = evaluation.rule
    if rule is None or rule.usual_accuracy is None or rule.metric not in PLAIN:
        return ""
    right = words.of_hundred(rule.usual_accuracy)
    return f"It was asked {PLAIN[rule.metric]}; always naming the likeliest would be right for {right} of 100 {cases}."
