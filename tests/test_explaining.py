"""A run explains itself on rows that its explained models have not seen, within its share of the clock, and tests what it says."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from small import FEATURES, fit, people

import automl
from automl.budget import Budget
from automl.errors import UsageError
from automl.report.html import render


@cache
def fitted(target: str) -> automl.AutoML:
    return fit(people()[[*FEATURES, target]], target, changes={"age": "up", "city": "never"})


@pytest.mark.parametrize("target", ["churn", "tier", "spent"])
def test_every_explanation_has_its_card(target: str) -> None:
    facts = fitted(target).facts_
    assert {card.of for card in facts.cards} == {"importance", "rows"}
    for card in facts.cards:
        names = {check.name for check in card.checks}
        assert {"deletion", "another model", "repetition"} <= names
        assert card.skipped == ""
    rows = next(card for card in facts.cards if card.of == "rows")
    assert next(check for check in rows.checks if check.name == "completeness").passed
    assert facts.not_explained == ()


@pytest.mark.parametrize("target", ["churn", "tier", "spent"])
def test_the_columns_that_were_planted_are_told_first(target: str) -> None:
    facts = fitted(target).facts_
    assert {effect.column for effect in facts.effects} >= {"age", "city"}
    age = next(effect for effect in facts.effects if effect.column == "age")
    assert age.shape in ("rises", "falls", "rises, then falls")
    assert all(example.similar is not None for example in facts.examples)
    assert "How columns move it" in render(facts)


@pytest.mark.parametrize("target", ["churn", "tier", "spent"])
def test_the_smallest_change_keeps_to_what_may_change(target: str) -> None:
    facts = fitted(target).facts_
    changes = [change for example in facts.examples if example.change is not None for change in example.change.changes]
    assert changes
    for change in changes:
        assert change.column != "city"
        if change.column == "age":
            assert float(change.after) > float(change.before)


def test_a_change_of_an_unknown_column_is_refused_before_the_work() -> None:
    with pytest.raises(UsageError, match="Did you mean 'age'"):
        fit(people()[[*FEATURES, "churn"]], "churn", changes={"agee": "up"})


def test_sensitive_columns_are_not_read() -> None:
    model = fit(people()[[*FEATURES, "churn"]], "churn", sensitive=["city"])
    used = {column.name for column in model.schema_.features}
    assert "city" not in used
    assert "sensitive=['city']" in model.facts_.reproduce.python


def test_explanations_keep_to_their_share_of_the_clock() -> None:
    """A model that takes long for a row leaves explanations out and says so."""

    class Hand:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    from automl import explaining
    from automl.explaining import Why

    clock = Hand()
    seen: list[Why] = []
    original = explaining.explain_run

    def slow(run):
        inner = type(run.predictor).__call__

        def call(self, frame):
            clock.now += 0.002 * len(frame)
            return inner(self, frame)

        type(run.predictor).__call__ = call
        try:
            began = clock.now
            seen.append(original(run))
            assert clock.now - began < 14 + 6  # a call or two that were begun before their cost was known
        finally:
            type(run.predictor).__call__ = inner
        return seen[-1]

    explaining.explain_run = slow
    try:
        budget = Budget(100, trials=1, clock=clock, started=0.0)
        model = automl.fit(people(400)[[*FEATURES, "churn"]], "churn", budget=budget, families=["linear"])
    finally:
        explaining.explain_run = original
    assert model.facts_.importance is not None
    late = [card.skipped for card in model.facts_.cards if card.skipped]
    assert late or model.facts_.not_explained
    assert np.all([check.passed is not None for card in model.facts_.cards for check in card.checks])


@pytest.mark.parametrize(("sensitive", "told"), [("citty", r"`sensitive` must name columns.*'city'"), ("churn", "than the target")])
def test_a_sensitive_column_must_be_one_that_can_be_left_out(sensitive: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        fit(people()[[*FEATURES, "churn"]], "churn", sensitive=[sensitive])
