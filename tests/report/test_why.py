"""Explanations on the page: numbers equal the facts, and a failed test is shown as failed."""

from __future__ import annotations

import re

import pytest
import report_samples

from automl.report.blocks import ahead, card, effects, why
from automl.report.explained import CardFacts, CheckFacts
from automl.report.html import render
from automl.report.plain_forecasts import FORECASTS
from automl.report.words import SPACE


def test_a_failed_test_is_shown_as_failed() -> None:
    facts = report_samples.binary()
    shown = card.card(facts, "rows")
    assert shown is not None
    assert shown["failed"]
    assert "failed 1 of 2 tests" in shown["title"]
    assert [check["state"] for check in shown["checks"]] == ["passed", "failed", "not done"]
    page = render(facts)
    assert '<div class="proof failed">' in page
    assert "do not rely on it" in page
    assert "The clock left no time" in page


def test_a_passed_card_says_so_and_none_says_nothing() -> None:
    facts = report_samples.binary()
    shown = card.card(facts, "importance")
    assert shown is not None
    assert not shown["failed"]
    assert "passed all 2 tests" in shown["title"]
    assert card.card(report_samples.multiclass(), "rows") is None
    assert 'class="proof' not in render(report_samples.multiclass())


def test_tests_stand_in_a_table_too() -> None:
    table = card.table(report_samples.binary(), "rows")[0]
    assert [row[:2] for row in table.rows] == [["The parts add up", "passed"], ["Giving back", "failed"], ["Taking away", "not done"]]


def test_effects_are_told_in_points_with_their_direction() -> None:
    block = effects.effects(report_samples.binary())
    assert block is not None
    assert block.sentence == "As tenure goes from 0 to 72, the probability of Yes falls by 40 points."
    assert len(block.figures) == 2
    assert block.tables[1].rows[0][1] == "8"
    assert "Two <b>year</b>" not in render(report_samples.binary())  # a level is text, not markup


def test_levels_that_come_first_are_compared() -> None:
    facts = report_samples.binary()
    turned = facts.model_copy(update={"effects": facts.effects[::-1]})
    block = effects.effects(turned)
    assert block is not None
    assert "With Contract = Month-to-month, the probability of Yes is 20 points higher" in block.sentence


def test_interactions_say_what_moves_how_far() -> None:
    block = effects.interactions(report_samples.binary())
    assert block is not None
    assert "tenure and Contract work together (H 0.31)" in block.sentence
    assert "−30 points where Contract is Month-to-month, by −10 points" in block.sentence


def test_the_smallest_change_and_similar_cases_stand_on_the_card() -> None:
    page = re.sub(r"\s+", " ", render(report_samples.binary()))
    assert "The answer would turn with</b> <bdi>Contract Two year instead of Month-to-month; then 14 % Yes." in page
    assert "Of the 20 most similar past customers (much more alike than two at random), 16 were Yes" in page
    assert "No change turned the answer" in page
    assert "tenure can only go up and gender cannot change" in page


def test_without_explanations_there_are_no_blocks() -> None:
    facts = report_samples.bare()
    assert why.importance(facts) is effects.effects(facts) is effects.interactions(facts) is None


def test_the_tests_of_what_columns_add_to_a_forecast_stand_beside_them() -> None:
    check = CheckFacts(name="control", passed=True, sentence="It adds less.", value=0.0, low=0.0, high=0.1, limit=0.5)
    facts = report_samples.forecast().model_copy(update={"cards": (CardFacts(of="covariates", rows=9, checks=(check,)),)})
    block = ahead.covariates(facts)
    assert block is not None
    assert block.data["card"]["title"] == "This list of what columns add passed its only test."
    assert [row["value"].replace(SPACE, " ") for row in block.data["rows"]] == ["50 %"]
    failed = facts.cards[0].model_copy(update={"checks": (check.model_copy(update={"passed": False}),)})
    page = render(facts.model_copy(update={"cards": (failed,)}))
    assert "A planted column: failed" in page
    assert page.count("do not rely on it") == 2  # for both readers
    failing = ahead.covariates(facts.model_copy(update={"cards": (failed,)}))
    assert failing is not None
    told = failing.sentence.replace(SPACE, " ")
    assert told == "No column was shown to add anything: promo comes first, as the loss rises by 50 % without it, but the only test failed."


@pytest.mark.parametrize(
    ("failed", "analyst", "manager"),
    [
        ((), "promo adds most", "promo helps the forecasts most"),
        (("repetition",), "as the order did not repeat", "as 1 of 3 tests failed: do not rely on the order."),
        (("beyond chance", "control"), "without it, but 2 of 3 tests failed.", "first, but 2 of 3 tests failed; do not rely on it."),
        (("control",), "No column was shown to add anything", "No other column was shown to help the forecasts"),
    ],
)
def test_both_readers_are_told_the_same_of_a_column_whose_tests_failed(failed: tuple[str, ...], analyst: str, manager: str) -> None:
    checks = tuple(
        CheckFacts(name=name, passed=name not in failed, sentence="So it is.") for name in ("beyond chance", "repetition", "control")
    )
    facts = report_samples.forecast().model_copy(update={"cards": (CardFacts(of="covariates", rows=9, checks=checks),)})
    block = ahead.covariates(facts)
    assert block is not None
    assert analyst in block.sentence.replace(SPACE, " ")
    assert manager in FORECASTS["covariates"](facts)
