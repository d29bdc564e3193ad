"""Money against hand-computed cases, and the interval of the cheapest threshold against the truth."""

from __future__ import annotations

import numpy as np
import pytest

from automl.evaluation.payoff import payoff


def test_costs_and_what_is_saved() -> None:
    y = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    p = np.array([0.9, 0.2, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    told = payoff(y, p, (p > 0.5).astype(int), miss=10, alarm=1)
    assert told.cost == pytest.approx((10 + 1) / 10)  # one missed, one false alarm
    assert told.without == "everybody"  # 8 false alarms are cheaper than 2 misses
    assert told.saved == pytest.approx(8 / 10 - 11 / 10)
    assert told.saved_low < told.saved < told.saved_high
    assert told.optimum == pytest.approx(0.1)  # above 0.1 both are flagged, and one false alarm


def test_the_interval_of_the_optimum_holds_the_theoretical_threshold() -> None:
    held = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = rng.beta(1, 2, 1500)
        y = (rng.random(1500) < p).astype(int)
        told = payoff(y, p, (p > 0.2).astype(int), miss=4, alarm=1, seed=seed)
        held.append(told.optimum_low <= 0.2 <= told.optimum_high)
        assert told.optimum_low <= told.optimum_high
    assert np.mean(held) > 0.85


def test_the_interval_of_the_saving_covers_it() -> None:
    p = np.random.default_rng(99).beta(1, 2, 200_000)
    flagged = p > 0.2
    truth = np.minimum(4 * p.mean(), (1 - p).mean()) - np.where(flagged, 1 - p, 4 * p).mean()
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        own = rng.choice(p, 500)
        told = payoff((rng.random(500) < own).astype(int), own, (own > 0.2).astype(int), miss=4, alarm=1)
        held.append(told.saved_low <= truth <= told.saved_high)
    assert 0.9 <= np.mean(held) <= 0.99


def test_everybody_or_nobody_may_be_cheapest() -> None:
    p = np.full(100, 0.5)
    assert payoff(np.tile([0, 1], 50), p, np.zeros(100), miss=100, alarm=1).optimum == 0
    assert payoff(np.tile([0, 1], 50), p, np.zeros(100), miss=1, alarm=100).optimum == 0.5
