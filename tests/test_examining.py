"""A run looks where it can be believed and where it fails, on the judged rows alone, and the page tells it."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest
from small import FEATURES, fit, people

import automl
from automl.report.blocks import people as people_block
from automl.report.blocks import trust, where
from automl.report.html import render


@cache
def fitted(target: str) -> automl.AutoML:
    data = people(400)
    data["sex"] = np.where(data["age"] % 2 == 0, "f", "m")
    return fit(data[[*FEATURES, "sex", target]], target, sensitive=["sex", "member"])


@pytest.mark.parametrize("target", ["churn", "tier", "spent"])
def test_what_is_told_agrees_with_the_evaluation(target: str) -> None:
    facts = fitted(target).facts_
    assert facts.where is not None
    score = facts.evaluation.scores["mae" if target == "spent" else "accuracy"].value
    assert facts.where.whole == pytest.approx(score if target == "spent" else 1 - score)
    by_column: dict[str, int] = {}
    for segment in facts.where.segments:
        by_column[segment.column] = by_column.get(segment.column, 0) + segment.rows
    assert all(rows <= facts.evaluation.rows for rows in by_column.values())
    assert {"sex", "member"} <= set(by_column)
    assert len(facts.where.hardest) == 5


@pytest.mark.parametrize(("target", "classes"), [("churn", 1), ("tier", 3)])
def test_reliability_is_told_for_each_class(target: str, classes: int) -> None:
    facts = fitted(target).facts_
    assert len(facts.trust) == classes
    if target == "churn":
        assert facts.trust[0].brier.score == pytest.approx(facts.evaluation.scores["brier"].value)
        assert facts.trust[0].log_loss.score == pytest.approx(facts.evaluation.scores["log_loss"].value, abs=1e-6)
        assert facts.trust[0].label == "yes"
    assert facts.selective is not None
    assert facts.selective.risk[0] == pytest.approx(facts.where.whole)
    assert trust.by_class(facts) is not None


def test_numbers_have_coverage_by_segment_and_no_percentages() -> None:
    facts = fitted("spent").facts_
    assert facts.trust == ()
    assert facts.selective is None
    assert all(segment.coverage is not None for segment in facts.where.segments)
    block = where.segments(facts)
    assert block is not None
    assert "Intervals hold" in block.tables[0].head


@pytest.mark.parametrize("target", ["churn", "tier", "spent"])
def test_groups_are_compared_without_a_verdict(target: str) -> None:
    facts = fitted(target).facts_
    assert [one.columns for one in facts.treatments] == [("sex",), ("member",), ("sex", "member")]
    assert sum(group.rows for group in facts.treatments[0].groups) == facts.evaluation.rows
    page = render(facts)
    assert re.search(r"\b(un)?fair(ness|ly)?\b", page, re.IGNORECASE) is None
    assert "compared by sex and member" in page
    assert people_block.treatment(facts) is not None
    assert "sex" not in {column.name for column in fitted(target).schema_.features}


def test_without_sensitive_columns_page_one_says_so() -> None:
    facts = fit(people()[[*FEATURES, "churn"]], "churn").facts_
    assert facts.treatments == ()
    front = render(facts).split('class="contents"')[0]
    assert "not assessed: no sensitive column was named" in front


def test_costs_order_the_cases_by_what_is_to_be_lost() -> None:
    facts = fit(people(400)[[*FEATURES, "churn"]], "churn", costs={"miss": 5, "false_alarm": 1, "currency": "EUR"}).facts_
    assert facts.selective is not None
    assert facts.selective.measure == "cost of a case"
    row = min(facts.threshold.table, key=lambda row: abs(row.threshold - facts.threshold.value))
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    assert facts.selective.risk[0] == pytest.approx(row.cost / cases, rel=0.15)
    assert "EUR" in trust.who_decides(facts).tables[0].rows[0][1]


def test_a_holdout_is_examined_too() -> None:
    data = people(400)[[*FEATURES, "churn"]]
    facts = fit(data.head(250), "churn", test=data.tail(150)).facts_
    assert facts.evaluation.rows == 150
    assert facts.where.whole == pytest.approx(1 - facts.evaluation.scores["accuracy"].value)
    assert all(hard.row >= 250 for hard in facts.where.hardest)
