"""Scores, intervals and weights."""

from __future__ import annotations

import numpy as np
import pytest

from automl.forecasting.base import about
from automl.forecasting.conformal import Correction, correct, ordered
from automl.forecasting.joining import greedy_weights
from automl.forecasting.measures import QUANTILES, coverage, naive_errors, scores, weighted_quantile_loss


def test_scores_of_a_known_case() -> None:
    truth, quantiles = np.array([[10.0, 20.0]]), np.full((1, 2, 9), 12.0)
    found = scores(truth, quantiles, np.array([2.0]), np.array([2.0]))
    assert found["mae"] == 5.0
    assert found["mase"] == 2.5
    assert found["rmse"] == pytest.approx(np.sqrt(34))
    assert found["rmsse"] == pytest.approx(np.sqrt(34) / 2)
    assert found["smape"] == pytest.approx((200 * 2 / 22 + 200 * 8 / 32) / 2)
    assert found["wql"] == pytest.approx(2 * (2 * np.mean(1 - np.array(QUANTILES)) + 8 * 0.5) / 30)


def test_unknown_values_count_nowhere() -> None:
    truth = np.array([[1.0, np.nan]])
    quantiles = np.tile(np.linspace(0, 2, 9), (1, 2, 1))
    assert weighted_quantile_loss(truth, quantiles) == weighted_quantile_loss(truth[:, :1], quantiles[:, :1])
    assert coverage(truth, quantiles) == 1.0


def test_errors_of_the_naive() -> None:
    absolute, square = naive_errors(np.array([[1.0, 2, 4, 8]]), 1)
    assert absolute[0] == pytest.approx(7 / 3)
    assert square[0] == pytest.approx(np.sqrt(21 / 3))
    assert np.isnan(naive_errors(np.ones((1, 9)), 1)[0][0])


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_intervals_that_are_too_narrow_or_wide_hold_after_correction(factor: float) -> None:
    rng = np.random.default_rng(1)
    spread = 1.0 + np.arange(12) / 4
    truth = rng.normal(0, spread, (400, 12))
    said = about(np.zeros((400, 12)), np.tile(factor * spread, (400, 1)))
    correction = correct(truth[:200], said[:200])
    held = coverage(truth[200:], correction.apply(said[200:]))
    assert 0.77 <= held <= 0.83
    assert Correction.from_dict(correction.to_dict()) == correction


def test_quantiles_never_cross() -> None:
    rng = np.random.default_rng(2)
    said = ordered(rng.normal(size=(50, 5, 9)))
    assert (np.diff(said, axis=-1) >= 0).all()
    corrected = correct(rng.normal(size=(50, 5)), said).apply(said)
    assert (np.diff(corrected, axis=-1) >= 0).all()


def test_weights_prefer_the_better_and_add_up() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(10, 1, (60, 4))
    spread = np.linspace(-1, 1, 9)
    members = np.stack([truth[..., None] + rng.normal(0, size, truth.shape)[..., None] + spread for size in (0.3, 3.0)])
    weights = greedy_weights(truth, members, steady=True)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] > 0.8


def test_a_gap_in_every_window_leaves_all_measures_known() -> None:
    truth = np.array([[1.0, np.nan, 5.0], [np.nan, 2.0, 2.0], [np.nan, np.nan, np.nan]])
    quantiles = np.tile(np.full(9, 2.0), (3, 3, 1))
    found = scores(truth, quantiles, np.full(3, 2.0), np.full(3, 2.0))
    assert found["rmsse"] == pytest.approx((np.sqrt((1 + 9) / 2) / 2 + 0.0) / 2)
    assert found["mase"] == pytest.approx((0.5 + 1.5) / 4)
    nothing = scores(truth[2:], quantiles[2:], np.full(1, 2.0), np.full(1, 2.0))
    assert np.isnan(nothing["rmsse"])
    assert np.isnan(nothing["mae"])
