"""Calibration, threshold, intervals and evaluation, on rows that no choice has seen."""

import json

import numpy as np
import pytest

from automl.decisions import DecisionLog
from automl.ensemble import blend, cross_fitted_selection
from automl.errors import UsageError
from automl.judgement import Judged, Wishes, judge
from automl.metrics import row_losses
from automl.task import Task

BINARY = Task("binary", "churn", ("no", "yes"))
NUMBERS = Task("regression", "price", metric="rmse")


def classes(rows=400, seed=0, sharpness=1.0):
    """Predictions whose probabilities are too sure by `sharpness`."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 2, rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    yes = 1 / (1 + np.exp(-sharpness * logit))
    share = np.full(rows, y.mean())
    return Judged(y, np.column_stack([1 - yes, yes]), np.column_stack([1 - share, share]), None, "", "cross-fitted")


def prices(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.normal(100, 20, rows)
    guess = (y + rng.normal(0, 5, rows))[:, None]
    return Judged(y, guess, np.full((rows, 1), 100.0), guess + 1, "Linear model", "cross-fitted")


def test_too_sure_probabilities_are_mended():
    log = DecisionLog()
    found = judge(BINARY, classes(sharpness=4.0), None, Wishes(), log=log)
    assert found.calibration.method != "none"
    np.testing.assert_allclose(found.prediction.sum(axis=1), 1)
    assert found.threshold.value == 0.5
    assert found.intervals is None
    assert [decision.what for decision in log if decision.stage == "threshold"] == ["decision threshold"]


def test_good_probabilities_stay_as_they_are():
    judged = classes()
    found = judge(BINARY, judged, None, Wishes())
    np.testing.assert_allclose(found.prediction, judged.ensemble, atol=0.12)


def test_costs_choose_the_threshold_and_recall_may_too():
    assert judge(BINARY, classes(), None, Wishes({"miss": 4, "false_alarm": 1})).threshold.value == pytest.approx(0.2)
    found = judge(BINARY, classes(), None, Wishes(min_recall=0.95))
    assert found.threshold.value < 0.5
    assert found.threshold.reached


def test_a_holdout_is_judged_and_chooses_nothing():
    fitted_on, unseen = classes(sharpness=4.0), classes(300, seed=1, sharpness=4.0)
    unseen = Judged(unseen.y, unseen.ensemble, unseen.naive, None, "", "holdout")
    found = judge(BINARY, fitted_on, unseen, Wishes({"miss": 4, "false_alarm": 1}))
    alone = judge(BINARY, fitted_on, None, Wishes({"miss": 4, "false_alarm": 1}))
    assert found.calibration == alone.calibration
    assert (found.threshold.value, found.threshold.because) == (alone.threshold.value, alone.threshold.because)
    told = {row.flagged + row.false_negative + row.true_negative for row in found.threshold.table}
    assert told == {300}  # what the threshold does is told on the unseen rows
    np.testing.assert_array_equal(found.prediction, found.calibration.apply(unseen.ensemble))
    told = found.evaluation.report()
    assert (told["source"], told["rows"]) == ("holdout", 300)
    assert (alone.evaluation.report()["source"], alone.evaluation.report()["rows"]) == ("cross-fitted", 400)


def test_numbers_get_intervals_that_cover():
    found = judge(NUMBERS, prices(), prices(600, seed=2), Wishes(coverage=0.8))
    lower, upper = found.intervals.apply(prices(600, seed=2).ensemble)
    y = prices(600, seed=2).y
    assert 0.74 < ((lower <= y) & (y <= upper)).mean() < 0.86
    assert found.threshold is None
    assert found.calibration.method == "none"


def test_a_judgement_is_json():
    for task, judged in ((BINARY, classes()), (NUMBERS, prices())):
        told = judge(task, judged, None, Wishes()).to_dict()
        assert json.loads(json.dumps(told)) == told


def test_the_same_seed_judges_the_same():
    first, second = (judge(BINARY, classes(sharpness=3.0), None, Wishes(), seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.prediction, second.prediction)
    assert first.evaluation.to_dict() == second.evaluation.to_dict()


@pytest.mark.parametrize(
    "wish",
    [{"costs": {"miss": 1}}, {"costs": {"miss": np.inf, "false_alarm": 1}}, {"costs": {}}, {"min_recall": 0}, {"min_precision": True}],
)
def test_an_impossible_wish(wish):
    with pytest.raises(UsageError):
        Wishes(**wish)


def test_a_wish_may_name_a_currency_and_use_any_number():
    wishes = Wishes({"miss": np.int64(5), "false_alarm": np.float32(0.5), "currency": "EUR"})
    assert wishes.rules == {"cost_miss": 5, "cost_false_alarm": 0.5, "min_precision": None, "min_recall": None}


def test_sets_are_fitted_out_of_fold_and_measured_where_the_model_is_judged():
    fitted_on, unseen = classes(800), classes(600, seed=1)
    unseen = Judged(unseen.y, unseen.ensemble, unseen.naive, None, "", "holdout")
    alone, judged = judge(BINARY, fitted_on, None, Wishes(coverage=0.8)), judge(BINARY, fitted_on, unseen, Wishes(coverage=0.8))
    assert alone.sets.scores == judged.sets.scores
    assert alone.sets.coverage == 0.8
    inside = judged.sets.apply(judged.prediction)
    assert judged.sets.measured == inside[np.arange(600), unseen.y].mean()
    assert judge(NUMBERS, prices(), None, Wishes()).sets is None


def test_useless_members_are_told_to_be_as_bad_as_they_are_on_new_rows():
    """Weights and calibration chosen among many guesses must look no better than knowing the share alone, and than on new rows.

    With weights or calibration fitted on the rows themselves, or calibration on other folds than the weights, they do.
    """
    excess, optimism = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)

        def guesses(rows, rng=rng):
            yes = 1 / (1 + np.exp(0.85 - 1.5 * rng.normal(size=(20, rows))))
            return np.stack([1 - yes, yes], axis=-1)

        y, fold, members = (rng.random(100) < 0.3).astype(np.int64), rng.permutation(np.arange(100) % 5), guesses(100)
        chosen = cross_fitted_selection("binary", y, members, fold, steps=20)
        naive = np.tile([0.7, 0.3], (100, 1))
        found = judge(BINARY, Judged(y, chosen.prediction, naive, None, "", "cross-fitted", fold), None, Wishes(), seed=seed)
        told, entropy = found.evaluation.scores["log_loss"].value, -(0.3 * np.log(0.3) + 0.7 * np.log(0.7))
        new = np.log(found.calibration.apply(blend(guesses(2000), chosen.selection.weights))).mean(axis=0)
        chance = row_losses("binary", y, naive).mean() - entropy  # of the outcomes, the same for every prediction
        excess.append(told - entropy - chance)
        optimism.append(told - chance + 0.7 * new[0] + 0.3 * new[1])
    for values in (excess, optimism):
        assert np.mean(values) > -2 * np.std(values) / np.sqrt(30)


def test_calibration_keeps_to_the_folds_of_the_weights():
    judged = classes(400, sharpness=3.0)
    fold = np.arange(400) % 4
    found = judge(BINARY, Judged(judged.y, judged.ensemble, judged.naive, None, "", "cross-fitted", fold), None, Wishes())
    changed = judged.ensemble.copy()
    rows = np.flatnonzero(fold == 2)
    changed[rows] = changed[rows[::-1]]
    other = judge(BINARY, Judged(judged.y, changed, judged.naive, None, "", "cross-fitted", fold), None, Wishes())
    # The map of fold 2 comes from the other folds alone: its rows have swapped their predictions, and nothing else.
    np.testing.assert_allclose(other.prediction[rows], found.prediction[rows[::-1]], atol=1e-12)
