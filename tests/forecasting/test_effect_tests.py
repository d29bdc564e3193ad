"""What covariates add is put to tests that a made-up effect fails."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_series import daily, prepared

from automl.budget import Budget
from automl.forecasting.effect_tests import LATE, _beyond_chance, verify_covariates, with_control
from automl.forecasting.effects import measure_covariates
from automl.report.explained import CardFacts


@pytest.fixture(scope="module")
def run() -> Any:
    """Promotions lift sales; `noise` says nothing."""
    frame = daily(5, 120)
    frame["noise"] = np.random.default_rng(7).normal(size=len(frame))
    made = prepared(frame, families=["ridge_lags"], known=("promo", "noise"))
    made.search()
    made.ensemble()
    made.train_again()
    made.rises = measure_covariates(made)
    return made


@pytest.fixture(scope="module")
def noisy() -> Any:
    """Weekdays alone say something; `one` and `two` are noise, which boosted trees learn by heart."""
    rng, frame = np.random.default_rng(5), daily(5, 120, seed=5, noise=3.0)
    frame["sales"] -= 15 * frame["promo"]
    frame["one"], frame["two"] = rng.normal(size=(2, len(frame)))
    made = prepared(frame.drop(columns=["promo", "kind"]), families=["lag_gradient_boosting"], known=("one", "two"))
    made.search()
    made.ensemble()
    made.train_again()
    return made


def checks(found: CardFacts | None) -> dict[str, Any]:
    assert found is not None
    return {check.name: check for check in found.checks}


def test_a_true_effect_passes_all_tests(run: Any) -> None:
    found = checks(verify_covariates(run))
    assert {name: check.passed for name, check in found.items()} == {"beyond chance": True, "repetition": True, "control": True}
    assert found["control"].high < 0.1 < 1.0 < found["control"].limit
    assert "promo comes first in both" in found["repetition"].sentence


def test_a_made_up_effect_fails(run: Any) -> None:
    true, run.rises = run.rises, {"": run.rises[""], "noise": 0.0001 * run.rises[""], "kind": 0.0}
    found = checks(verify_covariates(run))
    run.rises = true
    assert found["control"].passed is False
    assert found["beyond chance"].passed is False or found["repetition"].passed is False


def test_the_models_that_are_asked_had_not_seen_the_windows(run: Any) -> None:
    told = run.quantiles_before(run.judged)
    assert np.allclose(told, run.judged_quantiles(run.chosen), atol=1e-3)
    assert not np.allclose(told, run.model.quantiles(run.judged), atol=1e-3)


def test_noise_alone_adds_nothing(noisy: Any) -> None:
    rises = measure_covariates(noisy)
    assert max(rises["one"], rises["two"]) < 0.05 * rises[""]
    noisy.rises = {**rises, "one": max(rises["one"], 0.01 * rises[""])}
    found = checks(verify_covariates(noisy))
    assert found["beyond chance"].passed is False
    assert found["repetition"].passed is None
    assert found["control"].passed is False
    assert "There are 2 columns, too few" in found["repetition"].sentence


def test_one_window_is_enough_to_go_on(noisy: Any) -> None:
    judged, rises = noisy.judged, noisy.rises
    noisy.judged, noisy.rises = judged.take(np.arange(1)), {"": 1.0, "one": 0.1, "two": 0.05, "three": 0.0}
    found = verify_covariates(noisy)
    noisy.judged, noisy.rises = judged, rises
    assert found is not None
    assert found.rows == 1
    assert {"beyond chance", "repetition", "control"} == {check.name for check in found.checks}


@pytest.mark.parametrize(("rise", "told"), [(0.051, "rises by 5.1 % (95 %"), (-0.051, "does not rise: it changes by −5.1 % (95 %")])
def test_a_loss_that_falls_is_not_said_to_rise(rise: float, told: str) -> None:
    base = np.ones((20, 3))
    found = _beyond_chance(base, rise * base, "noise", 0)
    assert told in found.sentence
    assert found.passed is (rise > 0)


def test_the_control_has_the_same_values_at_other_times(run: Any) -> None:
    data, place = with_control(run, ("known", 0, "promo"))
    promo, control = run.world.panel.known[:, :, 0], data.world.panel.known[:, :, place]
    assert place == 2 == data.spec.known - 1 == len(data.spec.levels) - 2
    assert set(np.unique(control[~np.isnan(control)])) == {0.0, 1.0}
    both = ~(np.isnan(promo) | np.isnan(control))
    assert abs(np.corrcoef(promo[both], control[both])[0, 1]) < 0.3
    assert ("known", 2) in data.world.rules.inputs


def test_trees_are_grown_where_a_number_is_not_known_a_year_ago(noisy: Any) -> None:
    trial = next(trial for trial in noisy.trials if trial.family.name == "lag_gradient_boosting")
    assert trial.status == "finished", trial.reason


def test_what_cannot_be_tested_is_told(run: Any) -> None:
    true = run.rises
    run.rises = {"": 1.0, "promo": 0.0}
    (only,) = checks(verify_covariates(run)).values()
    assert only.passed is None
    run.rises = {}
    assert verify_covariates(run) is None
    run.rises, settings = true, run.budget
    run.budget = Budget(1e-6)
    late = verify_covariates(run)
    run.budget = settings
    assert late is not None
    assert late.skipped == LATE
    assert late.checks == ()
