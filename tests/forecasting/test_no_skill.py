"""Where repeating what was is right already, no skill is claimed; a forecast that is worse is said to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from automl.forecasting.forecaster import Forecaster
from automl.report.html import render
from automl.results import summary


def fitted(values: np.ndarray, families: list[str]) -> Any:
    frame = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=len(values)), "y": values})
    return Forecaster("y", time="day", horizon=7, budget=None, trials=2, families=families).fit(frame)


@pytest.mark.parametrize(
    "values", [np.full(60, 5.0), np.zeros(60), np.tile(np.arange(7.0), 10), 1e3 + 1e-9 * np.sin(np.arange(60.0))],
    ids=["constant", "zeros", "season", "nearly constant"],
)  # fmt: skip
def test_an_exact_naive_leaves_no_skill_to_tell(values: np.ndarray) -> None:
    facts = fitted(values, ["theta", "ridge_lags"]).facts_
    (test,) = facts.evaluation.comparisons
    assert not test.better
    assert test.difference is None
    assert facts.answer.verdict == "yes, with review"
    for text in (summary(facts, {"report": "report.html"}), render(facts)):  # type: ignore[dict-item]
        assert "no skill can be told" in text
        assert "below that of repeating" not in text
        assert "Less weighted quantile loss" not in text
    assert facts.evaluation.scores["mase"].undefined is not None


def test_a_forecast_that_errs_where_the_naive_does_not_is_not_relied_on() -> None:
    noise, week = np.random.default_rng(0).normal(20.0, 4.0, 70), np.array([3.0, 50.0, 4.0, 40.0, 5.0, 30.0, 6.0])
    facts = fitted(np.concatenate([noise, week, week]), ["theta", "ridge_lags"]).facts_
    assert facts.answer.verdict == "no"
    assert "makes no error here" in facts.answer.headline


def test_a_share_of_values_that_are_all_zero_is_not_drawn() -> None:
    values = np.where(np.arange(80) % 13 == 0, 4.0, 0.0)
    score = fitted(values, ["theta"]).facts_.evaluation.scores["wql"]
    assert score.high is None or score.high < 100.0


def test_rare_demand_has_intervals_that_can_be_read() -> None:
    facts = fitted(np.where(np.arange(80) % 13 == 0, 4.0, 0.0), ["theta", "ridge_lags"]).facts_
    assert facts.leaderboard is not None
    assert all(row.high is None or row.high < 50 for row in facts.leaderboard.rows)
    assert all(row.high is None or row.low <= row.score <= row.high for row in facts.leaderboard.rows)
