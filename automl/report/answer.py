"""Can we use it? The answer of the first page, from the facts by rules that are written on it."""

from __future__ import annotations

from collections.abc import Sequence

from automl.report import words
from automl.report.blocks.decided import at, per_thousand, without_model
from automl.report.blocks.front import is_naive, is_worse, rivals, spoken
from automl.report.blocks.judged import how_good, short
from automl.report.facts import Answer, ComparisonFacts, EvaluationFacts, FindingFacts, TaskFacts, ThresholdFacts

_FEW_ROWS = 100
_FEW_OF_A_CLASS = 50
_GAP = 0.05  # percentages that are off by more than five points mislead


def answer(
    task: TaskFacts,
    evaluation: EvaluationFacts,
    *,
    threshold: ThresholdFacts | None = None,
    findings: Sequence[FindingFacts] = (),
    trouble: Sequence[str] = (),
) -> Answer:
    """Decide whether the model can be used, and say why.

    No: it was not shown to beat the naive predictor (paired test, 95 %). Yes, with review: it was, but something waits for a person:
    a finding of high severity, fewer than 100 judged rows, a requested minimum that is out of reach, percentages or intervals that do
    not keep their promise, or costs that are no lower than without the model. Yes: none of that.

    Args:
        task: What is predicted.
        evaluation: What was measured on unseen rows.
        threshold: The chosen threshold with its costs, if any.
        findings: What the checks found.
        trouble: What is known of explanations that failed their tests and of the worst cohort, in sentences; it warns and decides nothing.

    Returns:
        The answer of the first page.

    Example:
        >>> task = TaskFacts(problem="regression", target="price", metric="rmse")
        >>> answer(task, EvaluationFacts(rows=500, source="holdout", scores={})).verdict
        'no'
    """
    against = rivals(evaluation, task.metric)
    naive = next((comparison for comparison in against if is_naive(comparison)), None)
    simple = next((comparison for comparison in against if not is_naive(comparison)), None)
    sentences = _sentences(task, evaluation, naive, simple, threshold)
    if naive is None or not naive.better:
        return Answer(
            verdict="no",
            rule="A model must be shown to beat the naive predictor, which looks at no column; this one was not.",
            headline="Do not use it: nothing shows that it is better than guessing.",
            sentences=sentences,
            warnings=_worst((), findings, trouble),
        )
    reasons = _reasons(task, evaluation, threshold, findings)
    if reasons:
        rule = f"It beats the naive predictor, but {words.listing([reason for reason, _ in reasons])}."
        return Answer(
            verdict="yes, with review",
            rule=rule,
            headline=how_good(task, evaluation),
            sentences=sentences,
            warnings=_worst(reasons, findings, trouble),
        )
    rule = "It beats the naive predictor, keeps its promises on unseen rows, and the checks found nothing of high severity."
    return Answer(
        verdict="yes", rule=rule, headline=how_good(task, evaluation), sentences=sentences, warnings=_worst((), findings, trouble)
    )


Reason = tuple[str, str | None]
"""Why a person must look: for the rule, and as a warning of its own (None where a finding says it already)."""


def _reasons(
    task: TaskFacts, evaluation: EvaluationFacts, threshold: ThresholdFacts | None, findings: Sequence[FindingFacts]
) -> tuple[Reason, ...]:
    reasons: list[Reason] = []
    high = sum(finding.severity == "high" for finding in findings)
    if high:
        reasons.append((f"{words.count(high, 'finding')} of high severity {'waits' if high == 1 else 'wait'} for a person", None))
    if evaluation.rows < _FEW_ROWS:
        told = f"Only {words.count(evaluation.rows, task.case, task.cases)} could be judged; everything here is uncertain."
        reasons.append((f"fewer than {_FEW_ROWS} rows could be judged", told))
    rarest = min(evaluation.per_class, key=lambda entry: entry.rows, default=None)
    if rarest is not None and rarest.rows < _FEW_OF_A_CLASS and evaluation.rows >= _FEW_ROWS:
        rare = f"{words.count(rarest.rows, task.case, task.cases)} of {rarest.label}"
        told = f"Only {rare} could be judged; how well they are found is uncertain."
        reasons.append((f"fewer than {_FEW_OF_A_CLASS} rows of a class could be judged", told))
    if threshold is not None and not threshold.reached:
        reasons.append(
            ("the minimum that you asked for is out of reach", f"The minimum that you asked for is out of reach: {threshold.because}")
        )
    gap = evaluation.scores.get("calibration_error")
    if gap is not None and gap.low is not None and gap.low > _GAP:
        told = f"Percentages are off by {words.number(100 * (gap.value or 0.0))} points on average; do not read them as chances."
        reasons.append((f"its percentages are off by more than {100 * _GAP:.0f} points", told))
    coverage = evaluation.regression.coverage if evaluation.regression else None
    if coverage is not None and coverage.high is not None and coverage.high < coverage.nominal:
        told = f"Intervals that promise {words.percent(coverage.nominal)} hold the truth in {words.percent(coverage.measured)} only."
        reasons.append(("its intervals hold the truth less often than promised", told))
    simple = next((comparison for comparison in rivals(evaluation, task.metric) if not is_naive(comparison)), None)
    if simple is not None and is_worse(simple):
        reasons.append(("the simplest model is better", f"The simplest model, {simple.against}, is better than this one."))
    money = _money(threshold)
    if money is not None and money[0] >= money[1]:
        reasons.append(("it saves no money", "At the chosen threshold mistakes cost no less than without the model."))
    return tuple(reasons)


def _worst(reasons: Sequence[Reason], findings: Sequence[FindingFacts], trouble: Sequence[str]) -> tuple[str, ...]:
    """Return the three worst warnings: findings of high severity, reasons of the review, what fails, other warnings."""
    told = {severity: [_told(finding) for finding in findings if finding.severity == severity] for severity in ("high", "warning")}
    return (*told["high"], *(text for _, text in reasons if text), *trouble, *told["warning"])[:3]


def _told(finding: FindingFacts) -> str:
    return " ".join(part for part in (finding.because.strip(), words.done(finding.action)) if part)


def _money(threshold: ThresholdFacts | None) -> tuple[float, float, str] | None:
    """Return the cost of 1,000 cases with the model and without it, and what doing without means."""
    if threshold is None or not threshold.table or threshold.costs is None:
        return None
    cost, without = per_thousand(at(threshold)), without_model(threshold)
    return None if cost is None or without is None else (cost, without[1], without[0])


def _sentences(
    task: TaskFacts,
    evaluation: EvaluationFacts,
    naive: ComparisonFacts | None,
    simple: ComparisonFacts | None,
    threshold: ThresholdFacts | None,
) -> tuple[str, ...]:
    sentences = []
    if naive is not None:
        verdict = "better" if naive.better else "worse" if is_worse(naive) else "not shown to be better"
        sentences.append(f"It is {verdict} than the naive predictor, which looks at no column: {_against(naive, evaluation)}.")
    if simple is not None and simple.better:
        sentences.append(f"It also beats the simplest model, {simple.against}: {_against(simple, evaluation)}.")
    elif simple is not None and is_worse(simple):
        sentences.append(f"The simplest model, {simple.against}, is better: {_against(simple, evaluation)}. Use that one.")
    elif simple is not None:
        sentences.append(
            f"It was not shown to beat the simplest model, {simple.against}: {_against(simple, evaluation)}."
            " Where answers must be explained, prefer that one."
        )
    money = _money(threshold)
    if money is not None and threshold is not None and threshold.costs is not None:
        currency = threshold.costs.currency
        saved = f"{words.money(abs(money[1] - money[0]), currency)} {'less' if money[0] <= money[1] else 'more'}"
        sentences.append(
            f"Mistakes on 1,000 {task.cases} cost {words.money(money[0], currency)}, {saved} than when {money[2]} is flagged"
            f" ({words.money(money[1], currency)})."
        )
    return tuple(sentences)


def _against(comparison: ComparisonFacts, evaluation: EvaluationFacts) -> str:
    score = evaluation.scores.get(comparison.metric)
    name = short(score.title)[0] if score else comparison.metric
    return f"{spoken(name)} {words.number(comparison.ours)} against {words.number(comparison.theirs)} ({_gap(comparison)})"


def _gap(comparison: ComparisonFacts) -> str:
    sure = words.confidence(comparison.low, comparison.high)
    return f"difference {words.number(comparison.difference)}" + (f", {sure}" if sure else "")
