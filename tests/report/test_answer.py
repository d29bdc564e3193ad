"""The answer follows its written rules."""

from __future__ import annotations

import numpy as np
import pytest
import report_samples

from automl.evaluation import evaluate
from automl.report.answer import answer
from automl.report.facts import Costs, EvaluationFacts, FindingFacts, ReportFacts, TaskFacts

HIGH = FindingFacts(check="leakage", columns=("a",), severity="high", action="Kept.", because="'a' alone predicts the target.")


def _answer(facts: ReportFacts, findings: tuple[FindingFacts, ...] = (), **changes: object):
    evaluation = facts.evaluation.model_copy(update=changes)
    return answer(facts.task, evaluation, threshold=facts.threshold, findings=findings)


def test_yes_when_nothing_stands_against_it() -> None:
    said = _answer(report_samples.binary())
    assert said.verdict == "yes"
    assert "customers the model flags" in said.headline
    assert said.warnings == ()


def test_a_finding_of_high_severity_asks_for_a_person() -> None:
    said = _answer(report_samples.binary(), findings=(HIGH,))
    assert said.verdict == "yes, with review"
    assert "1 finding of high severity waits for a person" in said.rule
    assert said.warnings == ("'a' alone predicts the target. Kept.",)


def test_three_warnings_the_worst_first() -> None:
    other = FindingFacts(check="x", severity="warning", action="told", because="Lesser.")
    said = _answer(report_samples.binary(), findings=(other, other, other, HIGH))
    assert len(said.warnings) == 3
    assert said.warnings[0].startswith("'a' alone")
    assert said.warnings[1] == "Lesser. Nothing was changed."


def test_few_rows_ask_for_a_person() -> None:
    said = _answer(report_samples.regression(), rows=60)
    assert said.verdict == "yes, with review"
    assert "fewer than 100 rows" in said.rule


def test_broken_promises_ask_for_a_person() -> None:
    facts = report_samples.regression()
    assert facts.evaluation.regression is not None
    assert facts.evaluation.regression.coverage is not None
    broken = facts.evaluation.regression.coverage.model_copy(update={"measured": 0.7, "low": 0.66, "high": 0.74})
    said = _answer(facts, regression=facts.evaluation.regression.model_copy(update={"coverage": broken}))
    assert said.verdict == "yes, with review"
    assert any("70" in warning for warning in said.warnings)


def test_no_money_saved_asks_for_a_person() -> None:
    facts = report_samples.binary()
    assert facts.threshold is not None
    dear = facts.threshold.model_copy(update={"costs": Costs(miss=0.01, false_alarm=1000)})
    said = answer(facts.task, facts.evaluation, threshold=dear)
    assert said.verdict == "yes, with review"
    assert "saves no money" in said.rule


@pytest.mark.parametrize("seed", range(12))
def test_a_model_of_noise_is_refused(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, 400)
    p = np.clip(0.5 + 0.15 * rng.normal(size=400), 0.02, 0.98)
    judged = evaluate("binary", (0, 1), y, np.column_stack([1 - p, p]), source="holdout", naive_prediction=np.full((400, 2), 0.5))
    task = TaskFacts(problem="binary", target="y", classes=(0, 1), positive=1, metric="log_loss")
    assert answer(task, EvaluationFacts.model_validate(judged.report())).verdict == "no"


def test_a_better_simple_model_is_said() -> None:
    facts = report_samples.binary()
    first, *_ = [c for c in facts.evaluation.comparisons if c.metric == "log_loss" and "naive" not in c.against]
    worse = first.model_copy(update={"difference": -0.1, "low": -0.2, "high": -0.05, "better": False})
    others = tuple(c for c in facts.evaluation.comparisons if c is not first)
    said = _answer(facts, comparisons=(worse, *others))
    assert said.verdict == "yes, with review"
    assert any("logistic regression, is better" in sentence for sentence in said.sentences)


def test_few_cases_of_a_class_ask_for_a_person() -> None:
    facts = report_samples.binary()
    few = tuple(entry.model_copy(update={"rows": 30 if place else entry.rows}) for place, entry in enumerate(facts.evaluation.per_class))
    said = _answer(facts, per_class=few)
    assert said.verdict == "yes, with review"
    assert "fewer than 50 rows of a class" in said.rule
    assert any("Only 30" in warning for warning in said.warnings)
