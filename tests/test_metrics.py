from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from automl.errors import UsageError
from automl.metrics import (
    METRICS,
    binary_pr_auc,
    binary_roc_auc,
    calibration_bins,
    clopper_pearson,
    confusion,
    decide,
    loss,
    metrics_for,
    row_losses,
    score,
    selection_metric,
    why_undefined,
    wilson,
)


def _draw(classes: int, rows: int = 500, seed: int = 0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, classes)) * 1.5
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(0, classes - 1)
    return y, np.round(p, 2) / np.round(p, 2).sum(axis=1, keepdims=True)


def test_binary_metrics_agree_with_scikit_learn():
    y, p = _draw(2)
    label = (p[:, 1] > 0.5).astype(int)
    expected = {
        "log_loss": sk.log_loss(y, np.clip(p, 1e-7, 1 - 1e-7)),
        "brier": sk.brier_score_loss(y, p[:, 1]),
        "accuracy": sk.accuracy_score(y, label),
        "balanced_accuracy": sk.balanced_accuracy_score(y, label),
        "precision": sk.precision_score(y, label),
        "recall": sk.recall_score(y, label),
        "f1": sk.f1_score(y, label),
        "roc_auc": sk.roc_auc_score(y, p[:, 1]),
        "pr_auc": sk.average_precision_score(y, p[:, 1]),
    }
    assert {name: score(name, y, p) for name in expected} == pytest.approx(expected)


def test_multiclass_metrics_agree_with_scikit_learn():
    y, p = _draw(4)
    p = np.maximum(p, 1e-6)
    p /= p.sum(axis=1, keepdims=True)
    label = p.argmax(axis=1)
    onehot = np.eye(4)[y]
    expected = {
        "log_loss": sk.log_loss(y, p),
        "brier": ((p - onehot) ** 2).sum(axis=1).mean(),
        "accuracy": sk.accuracy_score(y, label),
        "balanced_accuracy": sk.balanced_accuracy_score(y, label),
        "precision": sk.precision_score(y, label, average="macro"),
        "recall": sk.recall_score(y, label, average="macro"),
        "f1": sk.f1_score(y, label, average="macro"),
        "roc_auc": sk.roc_auc_score(y, p, multi_class="ovr"),
        "pr_auc": sk.average_precision_score(onehot, p),
    }
    assert {name: score(name, y, p) for name in expected} == pytest.approx(expected, rel=1e-5)


def test_regression_metrics_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    y = rng.normal(size=100) * 1e6
    f = y + rng.normal(size=100) * 1e5
    assert score("rmse", y, f) == pytest.approx(sk.root_mean_squared_error(y, f))
    assert score("mae", y, f) == pytest.approx(sk.mean_absolute_error(y, f))
    assert score("r2", y, f) == pytest.approx(sk.r2_score(y, f))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_ranking_metrics_agree_with_scikit_learn_under_any_ties(rows):
    positive, value = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=float)
    if positive.any():
        assert binary_pr_auc(positive, value) == pytest.approx(sk.average_precision_score(positive, value))
    if positive.any() and not positive.all():
        assert binary_roc_auc(positive, value) == pytest.approx(sk.roc_auc_score(positive, value))
    else:
        assert np.isnan(binary_roc_auc(positive, value))


@pytest.mark.parametrize("problem", ["binary", "multiclass"])
@pytest.mark.parametrize("name", ["log_loss", "brier", "accuracy"])
def test_row_losses_average_to_the_metric(problem, name):
    y, p = _draw(2 if problem == "binary" else 5)
    mean = row_losses(problem, y, p, name).mean()
    assert (1 - mean if name == "accuracy" else mean) == pytest.approx(score(name, y, p))


def test_probabilities_of_zero_and_one_cost_a_finite_loss():
    y, p = np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]])
    assert row_losses("binary", y, p).tolist() == pytest.approx([0.0, -np.log(1e-7)], abs=1e-6)


def test_a_class_that_does_not_occur_leaves_macro_means_alone():
    y, p = np.array([0, 1, 0, 1]), np.array([[0.8, 0.2, 0], [0.3, 0.7, 0], [0.2, 0.3, 0.5], [0.1, 0.9, 0]])
    assert score("recall", y, p) == pytest.approx((0.5 + 1) / 2)
    assert score("roc_auc", y, p) == pytest.approx((0.75 + 1) / 2)
    assert np.isfinite([score(name, y, p) for name in METRICS if "multiclass" in METRICS[name].problems]).all()


@pytest.mark.parametrize(
    ("name", "y", "p"),
    [
        ("roc_auc", [1, 1], [[0.4, 0.6], [0.2, 0.8]]),
        ("pr_auc", [0, 0], [[0.4, 0.6], [0.2, 0.8]]),
        ("precision", [0, 1], [[0.9, 0.1], [0.8, 0.2]]),
        ("recall", [0, 0], [[0.4, 0.6], [0.2, 0.8]]),
        ("f1", [0, 0], [[0.9, 0.1], [0.8, 0.2]]),
        ("r2", [2.0, 2.0], [[1.0], [2.0]]),
        ("roc_auc", [2, 2], [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]]),
    ],
)
def test_what_cannot_be_computed_is_nan_and_says_why(name, y, p):
    y, p = np.array(y), np.array(p)
    assert np.isnan(score(name, y, p))
    assert why_undefined(name, y, p).endswith(".")


def test_nan_and_a_reason_go_together_on_every_small_binary_input():
    for code in range(2**6):
        y = np.array([(code >> bit) & 1 for bit in range(3)])
        p1 = np.array([0.9 if (code >> (3 + bit)) & 1 else 0.1 for bit in range(3)])
        p = np.column_stack([1 - p1, p1])
        for metric in metrics_for("binary"):
            assert np.isnan(score(metric.name, y, p)) == (why_undefined(metric.name, y, p) is not None), (metric.name, y, p1)


@pytest.mark.parametrize("problem", ["binary", "multiclass", "regression"])
def test_no_rows_give_nan_everywhere(problem):
    p = np.zeros((0, {"binary": 2, "multiclass": 3, "regression": 1}[problem]))
    for metric in metrics_for(problem):
        assert np.isnan(score(metric.name, np.zeros(0, dtype=int), p)), metric.name
        assert why_undefined(metric.name, np.zeros(0), p) == "There are no rows to score."


def test_calibration_error_is_small_for_honest_and_large_for_overconfident_probabilities():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.3, 0.7, size=20000)
    y = (rng.random(20000) < p).astype(int)
    sharp = np.where(p > 0.5, 0.95, 0.05)
    assert score("calibration_error", y, np.column_stack([1 - p, p])) < 0.02
    assert score("calibration_error", y, np.column_stack([1 - sharp, sharp])) == pytest.approx(0.35, abs=0.02)


def test_rows_of_equal_probability_share_a_bin():
    y, p = np.arange(1000) % 2, np.full((1000, 2), 0.5)
    index, _, _ = calibration_bins(y, p)
    assert set(index) == {0}
    assert score("calibration_error", y, p) == pytest.approx(0)


def test_decide_sends_a_tie_to_the_first_class_like_argmax_and_takes_a_threshold_per_row():
    p = np.array([[0.5, 0.5], [0.4, 0.6], [0.4, 0.6]])
    assert decide(p).tolist() == decide(p, 0.5).tolist() == p.argmax(axis=1).tolist()
    assert decide(p, np.array([0.1, 0.7, 0.5])).tolist() == [1, 0, 1]
    assert confusion(np.array([1, 1, 0]), decide(p), 2).tolist() == [[0, 1], [1, 1]]


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (450, 1000)])
def test_proportion_intervals_agree_with_scipy(k, n):
    test = stats.binomtest(k, n)
    assert tuple(float(end) for end in wilson(k, n)) == pytest.approx(tuple(test.proportion_ci(method="wilson")), abs=1e-12)
    assert clopper_pearson(k, n) == pytest.approx(tuple(test.proportion_ci(method="exact")))


def test_an_unknown_metric_is_named_with_a_suggestion():
    with pytest.raises(UsageError, match="Did you mean 'log_loss'"):
        score("logloss", np.array([0]), np.array([[1.0, 0.0]]))
    with pytest.raises(UsageError, match="mean over rows"):
        row_losses("binary", np.array([0]), np.array([[1.0, 0.0]]), "f1")
    assert (loss("binary"), loss("regression")) == ("log_loss", "rmse")


def test_inputs_stay_as_they_are():
    y, p = _draw(3)
    before = y.copy(), p.copy()
    for metric in metrics_for("multiclass"):
        metric.function(y, p)
    assert (before[0] == y).all()
    assert (before[1] == p).all()


def test_what_weights_minimise_is_asked_for_or_the_loss():
    assert [selection_metric(problem, None) for problem in ("binary", "multiclass", "regression")] == ["log_loss", "log_loss", "rmse"]
    assert selection_metric("multiclass", "brier") == "brier"
    with pytest.raises(UsageError, match=r"`metric` must be 'rmse' or 'mae' for numbers. Received metric='mea'. Did you mean 'mae'"):
        selection_metric("regression", "mea")
    with pytest.raises(UsageError, match="for two classes"):
        selection_metric("binary", "rmse")
