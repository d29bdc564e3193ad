"""Reliability against what is known: truthful and bent probabilities, exact decompositions, bands that keep their promise."""

from __future__ import annotations

import numpy as np
import pytest

from automl.evaluation.corp import reliability_of
from automl.evaluation.selective import risk_coverage


def said(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).beta(1.5, 3, rows)


def drawn(p: np.ndarray, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(len(p)) < p


def test_the_parts_of_the_scores_add_up() -> None:
    p = said(2000)
    told = reliability_of(drawn(p), np.sqrt(p))
    for parts in (told.brier, told.log_loss):
        assert parts["score"] == pytest.approx(parts["miscalibration"] - parts["discrimination"] + parts["uncertainty"])
        assert parts["miscalibration"] >= 0
        assert parts["discrimination"] >= 0
    share = drawn(p).mean()
    assert told.brier["uncertainty"] == pytest.approx(share * (1 - share))


def test_a_hand_computed_case() -> None:
    """Two values, 0.2 and 0.8, with one of four and two of four coming true: isotonic values 0.25 and 0.5."""
    p = np.repeat([0.2, 0.8], 4)
    y = np.array([1, 0, 0, 0, 1, 1, 0, 0])
    told = reliability_of(y, p)
    assert set(np.round(told.y, 6)) == {0.25, 0.5}
    assert told.brier["miscalibration"] == pytest.approx((0.05**2 + 0.3**2) / 2)
    assert told.brier["discrimination"] == pytest.approx(0.125**2)


def test_bent_probabilities_leave_the_band_and_truthful_ones_do_not() -> None:
    p = said(4000)
    bent = reliability_of(drawn(p), p**2)
    assert bent.p_value < 0.01
    assert bent.outside > 0.5
    truthful = reliability_of(drawn(p), p)
    assert truthful.outside < 0.3
    assert truthful.error < bent.error
    assert reliability_of(drawn(p), p, before=p**2).error_before == pytest.approx(bent.error, abs=0.02)


def test_the_test_of_truth_errs_as_often_as_it_says() -> None:
    below = [reliability_of(drawn(said(400, seed), 1000 + seed), said(400, seed), seed=seed).p_value < 0.05 for seed in range(120)]
    assert 0.0 <= np.mean(below) < 0.12


def test_the_band_holds_a_truthful_curve() -> None:
    outside = [reliability_of(drawn(said(600, seed), 500 + seed), said(600, seed), seed=seed).outside for seed in range(40)]
    assert 0.01 < np.mean(outside) < 0.09


def test_many_rows_and_a_constant() -> None:
    p = said(60_000)
    assert reliability_of(drawn(p), p).p_value > 0.001
    told = reliability_of(np.array([0, 1] * 50), np.full(100, 0.5))
    assert told.brier["miscalibration"] == pytest.approx(0)
    assert told.outside == 0


def test_handing_over_the_least_certain_halves_the_error() -> None:
    rng = np.random.default_rng(0)
    sure = 0.5 + 0.5 * np.sqrt(rng.random(4000))  # most cases are sure ones
    told = risk_coverage(sure, (rng.random(4000) > sure).astype(float))
    assert told is not None
    assert told.limit is not None
    assert 0.3 * told.all < told.rest < 0.65 * told.all
    assert told.rest_low <= told.rest <= told.rest_high
    assert told.handed > told.all
    assert list(told.share) == sorted(told.share, reverse=True)
    assert told.risk[0] > told.risk[-1]
    assert told.rows == 2000


def test_a_certainty_that_says_nothing_hands_over_nothing() -> None:
    rng = np.random.default_rng(1)
    told = risk_coverage(rng.random(2000), (rng.random(2000) < 0.3).astype(float))
    assert told is not None
    assert told.limit is None
    assert "does not pay" in told.because


def test_a_limit_that_hands_over_most_cases_is_not_told() -> None:
    rng = np.random.default_rng(0)
    sure = 0.5 + 0.5 * rng.random(4000) ** 3  # few cases are sure ones: halving the error takes most of them
    told = risk_coverage(sure, (rng.random(4000) > sure).astype(float))
    assert told is not None
    assert told.limit is None


def test_equal_certainties_go_the_same_way_and_few_rows_say_nothing() -> None:
    told = risk_coverage(np.full(200, 0.7), np.tile([0.0, 1.0], 100))
    assert told is not None
    assert told.share == (1.0,)
    assert risk_coverage(np.full(30, 0.7), np.zeros(30)) is None


def test_money_has_an_interval_too() -> None:
    rng = np.random.default_rng(2)
    sure = rng.random(1000)
    told = risk_coverage(sure, np.where(rng.random(1000) > sure, 40.0, 0.0), measure="cost of a case")
    assert told is not None
    assert told.low[0] < told.risk[0] < told.high[0]


def test_the_promise_of_the_rest_is_not_flattered() -> None:
    """Measured on the other half, the interval of what is left holds the true error."""
    held, everybody = [], 0.5 + 0.5 * np.sqrt(np.random.default_rng(99).random(200_000))
    for seed in range(80):
        rng = np.random.default_rng(seed)
        sure = 0.5 + 0.5 * np.sqrt(rng.random(600))
        told = risk_coverage(sure, (rng.random(600) > sure).astype(float), seed=seed)
        assert told is not None
        if told.limit is not None:
            kept = everybody[everybody >= told.limit]
            held.append(told.rest_low <= 1 - kept.mean() <= told.rest_high)
    assert len(held) > 40
    assert np.mean(held) > 0.88
