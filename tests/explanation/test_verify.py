"""Good explanations pass, made-up ones fail: every test is tried from both sides."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from explained_models import chances, linear, other, table

from automl.budget import Budget
from automl.explanation import Card, Clock, Importance, RowExplanation, explain_rows, permutation_importance, verify_importance, verify_rows

FREE = Clock(None, 1.0)
FRAME = table()
Y = (np.random.default_rng(1).random(len(FRAME)) < chances(FRAME)[:, 1]).astype(int)


def importance(model=chances, seed: int = 0) -> Importance:
    return permutation_importance(model, FRAME, Y, problem="binary", seed=seed)


def explained(model=chances, seed: int = 0) -> tuple[RowExplanation, ...]:
    return explain_rows(model, FRAME.tail(60), FRAME.head(12), problem="binary", output=1, seed=seed)


def rows_card(found, **more) -> Card:
    return verify_rows(chances, FRAME.tail(60), FRAME.head(12), found, clock=FREE, **more)


def by_name(card: Card) -> dict[str, bool | None]:
    return {check.name: check.passed for check in card.checks}


def test_true_explanations_pass_every_test() -> None:
    card = verify_importance(
        chances, FRAME, Y, importance(), problem="binary", clock=FREE, again=importance(seed=1), shuffled=importance(other)
    )
    assert by_name(card) == {"deletion": True, "another model": True, "repetition": True}
    assert card.failed == ()
    assert card.skipped == ""
    rows = rows_card(explained(), again=explained(seed=1), shuffled=explained(other))
    assert by_name(rows) == dict.fromkeys(["completeness", "deletion", "insertion", "another model", "repetition"], True)
    assert [curve.name for curve in rows.curves] == ["deletion", "insertion"]


def test_curves_begin_and_end_where_they_must() -> None:
    card = rows_card(explained())
    deletion, insertion = card.curves
    assert deletion.share[0] == insertion.share[0] == 0
    assert deletion.share[-1] == insertion.share[-1] == 1
    # Nothing deleted is the row, everything inserted is the row; both orders agree at the ends.
    assert deletion.explained[0] == pytest.approx(insertion.explained[-1])
    assert deletion.explained[-1] == pytest.approx(0, abs=1e-9)
    for curve in card.curves:
        assert (curve.explained[0], curve.explained[-1]) == pytest.approx((curve.random[0], curve.random[-1]))
    assert all(a <= b + 0.02 for a, b in zip(deletion.explained, deletion.random, strict=True))


def test_an_importance_in_the_wrong_order_fails() -> None:
    found = importance()
    wrong = dataclasses.replace(found, columns=found.columns[::-1])
    card = verify_importance(chances, FRAME, Y, wrong, problem="binary", clock=FREE)
    assert by_name(card)["deletion"] is False
    assert "less" in card.checks[0].sentence


def test_an_importance_that_a_model_of_nothing_shares_fails() -> None:
    card = verify_importance(chances, FRAME, Y, importance(), problem="binary", clock=FREE, again=importance(), shuffled=importance())
    assert by_name(card)["another model"] is False


def test_an_importance_that_changes_with_the_seed_fails() -> None:
    found = importance()
    values = [entry.value for entry in found.columns][::-1]
    again = dataclasses.replace(found, columns=tuple(dataclasses.replace(e, value=v) for e, v in zip(found.columns, values, strict=True)))
    card = verify_importance(chances, FRAME, Y, found, problem="binary", clock=FREE, again=again)
    assert by_name(card)["repetition"] is False


def made_up(found, rng) -> tuple[RowExplanation, ...]:
    """The same parts, given to other columns."""
    told = []
    for one in found:
        parts = rng.permutation([entry.contribution for entry in one.contributions])
        entries = tuple(dataclasses.replace(e, contribution=float(p)) for e, p in zip(one.contributions, parts, strict=True))
        told.append(dataclasses.replace(one, contributions=entries))
    return tuple(told)


def test_made_up_rows_fail_where_they_must() -> None:
    found, rng = explained(), np.random.default_rng(3)
    fake, again = made_up(found, rng), made_up(found, rng)
    card = rows_card(fake, again=again, shuffled=explained(other))
    told = by_name(card)
    assert told["completeness"] is True  # they still add up
    assert (told["deletion"], told["insertion"], told["repetition"]) == (False, False, False)


def test_parts_that_do_not_add_up_fail() -> None:
    found = explained()
    half = tuple(
        dataclasses.replace(one, contributions=tuple(dataclasses.replace(e, contribution=e.contribution / 2) for e in one.contributions))
        for one in found
    )
    assert by_name(rows_card(half))["completeness"] is False


def test_the_same_explanation_of_any_model_fails() -> None:
    found = explained()
    assert by_name(rows_card(found, again=explained(seed=1), shuffled=found))["another model"] is False


def test_no_time_is_told_and_nothing_is_passed_unseen() -> None:
    budget = Budget(10, clock=lambda: 9.99, started=0.0)
    clock = Clock(budget, 1.0)
    clock.seconds_per_row = 0.01
    card = verify_importance(chances, FRAME, Y, importance(), problem="binary", clock=clock)
    assert card.checks == ()
    assert "no time" in card.skipped


def test_one_column_has_no_order() -> None:
    frame = FRAME[["a"]]
    model = lambda data: data["a"].to_numpy(float)  # noqa: E731
    found = permutation_importance(model, frame, FRAME["a"], problem="regression")
    card = verify_importance(model, frame, FRAME["a"], found, problem="regression", clock=FREE)
    assert by_name(card) == {"deletion": None}


def test_numbers_are_tested_in_their_units() -> None:
    y = linear(FRAME) + np.random.default_rng(0).normal(size=len(FRAME))
    found = permutation_importance(linear, FRAME, y, problem="regression")
    card = verify_importance(linear, FRAME, y, found, problem="regression", clock=FREE)
    assert card.curves[0].explained[0] == pytest.approx(1, abs=0.2)  # the RMSE of the noise
    assert card.checks[0].passed
