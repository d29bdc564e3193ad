from __future__ import annotations

import json
import time

import numpy as np
import pytest

from automl.ensemble import Price, blend, cross_fitted_selection, greedy_selection
from automl.errors import UsageError
from automl.metrics import row_losses, score


def _members(rows: int = 2000, members: int = 8, classes: int = 2, noise: float = 1.0, seed: int = 0):
    """Members see the truth through independent noise, so that their mean is better than the best of them."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(rows, classes)) * 1.5
    p = _softmax(truth)
    y = (p.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(0, classes - 1)
    return y, np.stack([_softmax(truth + noise * rng.normal(size=truth.shape)) for _ in range(members)])


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
@pytest.mark.parametrize("classes", [2, 4])
def test_losses_are_those_of_the_blended_predictions_and_never_rise(metric, classes):
    y, predictions = _members(classes=classes)
    problem = "binary" if classes == 2 else "multiclass"
    selection = greedy_selection(problem, y, predictions, metric=metric, steady=False)
    assert selection.weights.sum() == pytest.approx(1)
    assert selection.losses[-1] == pytest.approx(score(metric, y, blend(predictions, selection.weights)), rel=1e-5)
    assert selection.losses[-1] == min(selection.losses) < selection.losses[0] * 0.95
    singles = [score(metric, y, member) for member in predictions]
    assert selection.order[0] == int(np.argmin(singles))
    assert selection.losses[0] == pytest.approx(min(singles), rel=1e-5)


def _brute_force(metric, y, predictions, steps):
    """Try every member at every step on the blended predictions themselves."""
    counts, order, losses = np.zeros(len(predictions)), [], []
    for _ in range(steps):
        shares = (counts + np.eye(len(counts))) / (counts.sum() + 1)
        tried = [score(metric, y, blend(predictions, weights)) for weights in shares]
        order.append(int(np.argmin(tried)))
        losses.append(min(tried))
        counts[order[-1]] += 1
    best = int(np.argmin(np.round(losses, 12))) + 1
    return order[:best], losses[:best]


@pytest.mark.parametrize("metric", ["rmse", "mae"])
@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_selected_as_a_plain_search_would(metric, seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=300) * 1000
    predictions = (y + rng.normal(size=(6, 300)) * rng.uniform(100, 900, size=(6, 1)))[:, :, None]
    selection = greedy_selection("regression", y, predictions, steps=12, metric=metric, steady=False, tolerance=0)
    order, losses = _brute_force(metric, y, predictions, 12)
    assert list(selection.order) == order
    assert selection.losses == pytest.approx(losses, rel=1e-9)


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
@pytest.mark.parametrize(("classes", "rows"), [(2, 31), (2, 200), (3, 97)])
def test_classes_are_selected_as_a_plain_search_would(metric, classes, rows):
    y, predictions = _members(rows=rows, members=6, classes=classes)
    problem = "binary" if classes == 2 else "multiclass"
    selection = greedy_selection(problem, y, predictions, steps=12, metric=metric, steady=False, tolerance=0)
    order, losses = _brute_force(metric, y, predictions, 12)
    assert list(selection.order) == order
    assert selection.losses == pytest.approx(losses, rel=1e-6)


@pytest.mark.parametrize("metric", ["log_loss", "mae"])
def test_looking_at_some_rows_first_costs_nothing_that_matters(metric, monkeypatch):
    if metric == "log_loss":
        problem, (y, predictions) = "binary", _members(rows=9000, members=40, noise=0.7)
    else:
        rng = np.random.default_rng(0)
        problem, y = "regression", rng.normal(size=9000)
        predictions = (y + rng.normal(size=(40, 9000)) * rng.uniform(0.5, 1.5, size=(40, 1)))[:, :, None]
    screened = greedy_selection(problem, y, predictions, metric=metric, steady=False)
    monkeypatch.setattr("automl.ensemble.SCREEN_ROWS", 10**9)
    full = greedy_selection(problem, y, predictions, metric=metric, steady=False)
    assert screened.order[0] == full.order[0]
    assert screened.losses[-1] == pytest.approx(full.losses[-1], rel=1e-3)
    assert screened.losses[-1] == pytest.approx(score(metric, y, blend(predictions, screened.weights)), rel=1e-5)


def test_a_complementary_member_gets_weight_and_a_poor_one_none():
    y = np.arange(1000.0)
    wave = np.sin(y)
    predictions = np.stack([y + 2 * wave, y - 2 * wave, y + 500])[:, :, None]
    selection = greedy_selection("regression", y, predictions, steady=False)
    assert selection.weights.tolist() == pytest.approx([0.5, 0.5, 0.0])


def test_ties_go_to_members_already_in():
    y, predictions = _members(members=3)
    doubled = np.concatenate([predictions, predictions])
    selection = greedy_selection("binary", y, doubled, steady=False)
    # Of every pair of equal members, only one is ever used.
    assert all(not (selection.weights[member] > 0 and selection.weights[member + 3] > 0) for member in range(3))


def test_few_rows_are_mixed_with_indistinguishable_members_and_many_rows_are_not():
    y, predictions = _members(rows=60, members=30, noise=0.8)
    plain, steady = (greedy_selection("binary", y, predictions, steady=steady) for steady in (False, True))
    assert np.abs(plain.weights - steady.weights).sum() > 0.3
    assert steady.weights.sum() == pytest.approx(1)
    y, predictions = _members(rows=15_001, members=3)
    plain, steady = (greedy_selection("binary", y, predictions, steady=steady) for steady in (False, True))
    assert (plain.weights == steady.weights).all()


def test_steadying_lowers_the_loss_on_new_rows_where_rows_are_few():
    gains = []
    for seed in range(12):
        y, predictions = _members(rows=4200, members=40, noise=0.7, seed=seed)
        few, new = slice(0, 200), slice(200, None)
        plain, steady = (greedy_selection("binary", y[few], predictions[:, few], steady=steady).weights for steady in (False, True))
        gains.append(np.subtract(*(score("log_loss", y[new], blend(predictions[:, new], weights)) for weights in (plain, steady))))
    assert np.mean(gains) > 0.002


def test_a_member_that_is_clearly_worse_gets_no_share_of_the_mean():
    rng = np.random.default_rng(0)
    y = rng.normal(size=200)
    predictions = np.stack([y + 0.1 * rng.normal(size=200), y + 3 * rng.normal(size=200)])[:, :, None]
    assert greedy_selection("regression", y, predictions).weights[1] < 0.01


def test_cross_fitted_loss_is_honest_where_the_fitted_loss_is_not():
    rng = np.random.default_rng(0)
    y = (rng.random(150) < 0.5).astype(int)
    guesses = _softmax(rng.normal(size=(60 * 150, 2))).reshape(60, 150, 2)  # members know nothing
    fitted = cross_fitted_selection("binary", y, guesses, np.arange(150) % 5)
    new_y, new = (rng.random(5000) < 0.5).astype(int), _softmax(rng.normal(size=(60 * 5000, 2))).reshape(60, 5000, 2)
    truth = score("log_loss", new_y, blend(new, fitted.selection.weights))
    optimistic = score("log_loss", y, blend(guesses, fitted.selection.weights))
    assert fitted.loss == pytest.approx(truth, abs=0.06)
    assert optimistic < fitted.loss
    assert fitted.loss == pytest.approx(row_losses("binary", y, fitted.prediction).mean())
    assert fitted.best_single > fitted.loss


def test_labels_of_a_fold_do_not_reach_its_own_weights():
    y, predictions = _members(rows=200)
    fold = np.arange(200) % 4
    changed = np.where(fold == 2, 1 - y, y)
    first, second = (cross_fitted_selection("binary", labels, predictions, fold).prediction for labels in (y, changed))
    assert (first[fold == 2] == second[fold == 2]).all()
    assert (first[fold != 2] != second[fold != 2]).any()


@pytest.mark.parametrize("fold", [None, np.zeros(100, dtype=int)])
def test_a_single_validation_part_is_split_at_random_and_repeatably(fold):
    y, predictions = _members(rows=100)
    first, second = (cross_fitted_selection("binary", y, predictions, fold, seed=3) for _ in range(2))
    assert (first.prediction == second.prediction).all()
    assert len(np.unique(np.round(blend(predictions, first.selection.weights) - first.prediction, 12))) > 1


def test_one_member_is_the_ensemble():
    y, predictions = _members(members=1)
    selection = greedy_selection("binary", y, predictions)
    assert selection.weights.tolist() == [1.0]
    assert selection.members == (0,)
    json.dumps(selection.to_dict(), allow_nan=False)


def test_nothing_to_select_from_and_unknown_metrics_are_refused():
    y, predictions = _members(rows=50)
    with pytest.raises(UsageError, match="0 members"):
        greedy_selection("binary", y, predictions[:0])
    with pytest.raises(UsageError, match="metric='f1'"):
        greedy_selection("binary", y, predictions, metric="f1")


def test_certainty_in_the_wrong_class_costs_a_finite_loss():
    y = np.array([0, 1] * 20)
    predictions = np.zeros((2, 40, 2))
    predictions[:, :, 0] = 1.0
    assert np.isfinite(greedy_selection("binary", y, predictions).losses).all()


def test_inputs_stay_as_they_are_and_100_members_of_50000_rows_take_seconds():
    from automl.calibration import calibrate

    y, predictions = _members(rows=50_000, members=100)
    predictions = predictions.astype(np.float32)
    before = predictions[::10].copy()
    start = time.process_time()  # the processor's time, so that other work on the machine does not count
    fitted = cross_fitted_selection("binary", y, predictions, np.arange(50_000) % 5)
    calibrate("binary", y, fitted.prediction)
    assert time.process_time() - start < 3  # 1 where measured
    assert (before == predictions[::10]).all()


def test_what_predictions_cost_is_bounded_but_the_best_member_takes_part():
    rng = np.random.default_rng(0)
    y = rng.normal(size=2_000)
    predictions = np.stack([y + rng.normal(scale=scale, size=len(y)) for scale in (0.5, 0.55, 0.6, 0.9)])[:, :, None]
    costs = np.array([10.0, 9.0, 3.0, 1.0])
    free = greedy_selection("regression", y, predictions)
    assert (free.weights[:3] > 0).all()
    for limit, expected in ((0.0, {0}), (14.0, {0, 2, 3}), (19.5, {0, 1})):
        chosen = greedy_selection("regression", y, predictions, price=Price(costs, limit))
        assert set(chosen.members) <= expected | {3}
        assert 0 in chosen.members
        assert costs[list(chosen.members)].sum() <= max(limit, 10.0)
    beside = greedy_selection("regression", y, predictions, price=Price(costs, 0.0, beside=1.4))
    assert {0, 2} <= set(beside.members) <= {0, 2, 3}  # 14 is 1.4 times what the best takes
    honest = cross_fitted_selection("regression", y, predictions, price=Price(costs, 14.0))
    assert set(honest.selection.members) <= {0, 2, 3}


def test_members_beyond_the_price_are_no_part_of_the_prior_either():
    rng = np.random.default_rng(1)
    y = (rng.random(300) < 0.5).astype(int)
    base = np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(scale=0.1, size=300), 0.05, 0.95)
    predictions = np.stack([np.column_stack([1 - p, p]) for p in (base, base + 1e-3, base - 1e-3)])
    chosen = greedy_selection("binary", y, predictions, price=Price(np.array([2.0, 2.0, 2.0]), 3.0))
    assert len(chosen.members) == 1
