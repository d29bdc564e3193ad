"""The answer on the first page: can the model be used? One of three verdicts, the rule that decided, and the worst warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from automl.report.facts import Answer, ComparisonFacts, EvaluationFacts

if TYPE_CHECKING:
    from automl.run import Run

FEW_ROWS = 300
SEVERITY = {"high": 0, "warning": 1, "info": 2}


def answer(run: Run, evaluation: EvaluationFacts) -> Answer:
    """Decide whether the model can be used.

    "no" where the paired test does not show that it beats the naive predictor; "yes, with review" where a finding of high
    severity, a minimum that was not reached, an uncertain task or few rows ask for a person; "yes" otherwise.

    Args:
        run: The run after its judgement.
        evaluation: What was measured.

    Returns:
        The answer with its rule.
    """
    naive, simple = _against(evaluation, first=True), _against(evaluation, first=False)
    warnings = _warnings(run)
    target = run.task.target
    if naive is None or not naive.better:
        rule = "A model must beat the naive predictor in a paired test; this one does not."
        headline = f"No: it predicts {target} no better than always giving the same answer."
        return Answer(verdict="no", rule=rule, headline=headline, sentences=_sentences(naive, simple), warnings=tuple(warnings[:3]))
    reasons = _reasons_for_review(run, evaluation)
    skill = _skill(naive)
    if reasons:
        rule = f"It beats the naive predictor, but a person must look first: {reasons[0]}"
        because = f"{reasons[0][0].lower()}{reasons[0][1:]}"
        headline = f"Yes, with review: it predicts {target} clearly better than guessing{skill}, but {because}"
        return Answer(
            verdict="yes, with review", rule=rule, headline=headline, sentences=_sentences(naive, simple), warnings=tuple(warnings[:3])
        )
    rule = "It beats the naive predictor in a paired test, and no check found a serious problem."
    headline = f"Yes: it predicts {target} clearly better than guessing{skill}."
    return Answer(verdict="yes", rule=rule, headline=headline, sentences=_sentences(naive, simple), warnings=tuple(warnings[:3]))


def _against(evaluation: EvaluationFacts, first: bool) -> ComparisonFacts | None:
    """Return the first comparison with the naive predictor, or with the simplest model."""
    for comparison in evaluation.comparisons:
        if (comparison.against == evaluation.comparisons[0].against) == first:
            return comparison
    return None


def _skill(naive: ComparisonFacts) -> str:
    """Return how much of the naive predictor's loss is gone, in brackets."""
    if naive.ours is None or not naive.theirs:
        return ""
    return f" (its {naive.metric.replace('_', '-')} is {1 - naive.ours / naive.theirs:.0%} below the naive predictor's)"


def _sentences(*comparisons: ComparisonFacts | None) -> tuple[str, ...]:
    return tuple(comparison.sentence for comparison in comparisons if comparison is not None and comparison.sentence)


def _warnings(run: Run) -> list[str]:
    """Return the findings that a reader must know, worst first."""
    ranked = sorted((finding for finding in run.findings if finding.severity != "info"), key=lambda finding: SEVERITY[finding.severity])
    return [f"{finding.because} {finding.action}".strip() for finding in ranked]


def _reasons_for_review(run: Run, evaluation: EvaluationFacts) -> list[str]:
    reasons = [finding.because for finding in run.findings if finding.severity == "high"]
    threshold = run.judgement.threshold
    if threshold is not None and not threshold.reached:
        reasons.append("The minimum that was asked for cannot be reached.")
    if run.task.confidence < 0.6:
        reasons.append(f"The problem type is uncertain (confidence {run.task.confidence:.0%}).")
    if evaluation.rows < FEW_ROWS:
        reasons.append(f"Only {evaluation.rows:,} rows judged it, so its numbers are uncertain.")
    return reasons
