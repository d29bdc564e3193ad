"""Whether networks are worth it: numbers and words agree."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.evaluation.judge import compare
from automl.report.worth import worth

RNG = np.random.default_rng(0)
Y = RNG.normal(size=400)


def against(ours: float, theirs: float) -> Any:
    """Compare two predictors whose errors have these deviations."""
    error = np.random.default_rng(1).normal(size=400)
    predictions = [Y + ours * error, Y + theirs * np.roll(error, 1)]  # errors of the same size on other rows
    return compare("regression", Y, *predictions, against="", metric="rmse")


def told(between: Any, loses: Any, **more: Any) -> Any:
    known = {"network": "Net", "other": "Trees", "weight": 0.4, "faster": None, "failed": {}, **more}
    return worth("RMSE", between=between, loses=loses, **known)


def test_networks_that_help_beyond_noise_are_worth_it() -> None:
    facts = told(against(1.0, 2.0), against(1.0, 1.4), faster=3.04)
    assert facts.worth_it
    assert facts.beyond_noise
    assert facts.ensemble_difference > 0
    for part in ("The networks beat the other models", "beyond noise", "without them it loses", "3.0 times as fast", "worth it here."):
        assert part in facts.sentence
    assert "not worth it" not in facts.sentence


def test_networks_that_do_not_help_beyond_noise_are_not() -> None:
    facts = told(against(1.01, 1.0), against(1.0, 1.001), faster=1.0)
    assert facts.worth_it is False
    for part in ("do not beat the other models", "±", "within noise", "its predictions are as fast", "A network is not worth it here."):
        assert part in facts.sentence


def test_an_ensemble_that_gains_without_networks_has_an_interval_of_the_gain() -> None:
    loses = against(1.4, 1.0)
    facts = told(against(2.0, 1.0), loses)
    assert facts.worth_it is False
    assert "are behind the other models" in facts.sentence
    assert "without them it gains" in facts.sentence
    assert "−" not in facts.sentence.split("gains")[1].split("interval")[1]  # a gain beyond noise has no negative end


def test_networks_without_weight_are_not_needed() -> None:
    facts = told(against(2.0, 1.0), None, weight=0.0)
    assert facts.worth_it is False
    assert "gives networks no weight" in facts.sentence


def test_where_nothing_can_be_compared_that_is_said() -> None:
    assert told(None, None, other=None, weight=1.0).worth_it is None
    facts = told(None, None, network=None, weight=0.0, failed={"Net": "no usable model before its share of the time was over"})
    assert facts.worth_it is None
    assert facts.sentence.startswith("No network was trained (Net: no usable model before its share of the time was over)")
