from __future__ import annotations

import json
import time

import numpy as np
import pytest
from sklearn import metrics as sk

from automl.errors import InternalError
from automl.evaluation import Evaluation, compare, evaluate
from automl.evaluation.inference import Ranking, mean_interval, mean_p_value
from automl.metrics import metrics_for
from automl.report.facts import EvaluationFacts


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _draw(classes: int, rows: int, seed: int = 0, shift: float = 0.0):
    """Outcomes and probabilities that are a little wrong."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, classes)) * 1.3
    z[:, -1] -= shift
    p = _softmax(z)
    y = (p.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(0, classes - 1)
    return y, _softmax(1.3 * z + 0.3 * rng.normal(size=z.shape))


def _judge(y, p, **options) -> Evaluation:
    classes = p.shape[1]
    naive = np.tile(np.bincount(np.maximum(y, 0), minlength=classes) / len(y) if len(y) else np.full(classes, 1 / classes), (len(y), 1))
    options = {"source": "holdout", "naive_prediction": naive, **options}
    return evaluate("binary" if classes == 2 else "multiclass", tuple("abcdefghijklmnop"[:classes]), y, p, **options)


def _numbers(y, f, **options) -> Evaluation:
    return evaluate("regression", (), y, f, source="cross-fitted", naive_prediction=np.full((len(y), 1), 0.0), **options)


def _well_formed(judged: Evaluation) -> None:
    json.dumps(judged.to_dict(), allow_nan=False)
    EvaluationFacts(**judged.report())
    for name, estimate in judged.scores.items():
        assert np.isnan(estimate.value) == (estimate.undefined is not None), name
        if np.isfinite(estimate.low) and np.isfinite(estimate.high):
            assert estimate.low <= estimate.value + 1e-12, name
            assert estimate.value <= estimate.high + 1e-12, name


@pytest.mark.parametrize(("classes", "rows", "shift"), [(2, 100, 2.0), (2, 1000, 0.0), (5, 300, 0.0)])
def test_intervals_hold_the_true_score_about_95_times_of_100(classes, rows, shift):
    truth = {name: estimate.value for name, estimate in _judge(*_draw(classes, 200_000, 1, shift)).scores.items()}
    runs, missed = 150, dict.fromkeys(truth, 0)
    for seed in range(runs):
        for name, estimate in _judge(*_draw(classes, rows, 10 + seed, shift), resamples=200).scores.items():
            missed[name] += not estimate.low <= truth[name] <= estimate.high
    # The calibration error of few rows is biased by nature and may miss more often.
    assert {name: count for name, count in missed.items() if count > (0.2 if name == "calibration_error" else 0.11) * runs} == {}


def test_regression_intervals_hold_the_true_score():
    def draw(rows, seed):
        rng = np.random.default_rng(seed)
        f = 2 * rng.normal(size=rows)
        return f + rng.normal(size=rows), f

    truth = {name: estimate.value for name, estimate in _numbers(*draw(500_000, 1)).scores.items()}
    missed = dict.fromkeys(truth, 0)
    for seed in range(200):
        for name, estimate in _numbers(*draw(100, 10 + seed)).scores.items():
            missed[name] += not estimate.low <= truth[name] <= estimate.high
    assert max(missed.values()) <= 22


def test_the_interval_of_a_skewed_mean_is_better_than_students():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=(1500, 40)) ** 2
    intervals = np.array([mean_interval(row) for row in values])
    error = values.std(axis=1, ddof=1) / np.sqrt(40)
    student = np.mean(np.abs(values.mean(axis=1) - 2) > 2.02 * error)
    hall = np.mean((intervals[:, 0] > 2) | (intervals[:, 1] < 2))
    assert student > 0.12
    assert hall < student - 0.03


@pytest.mark.parametrize("kind", ["log-loss", "squared error", "skewed"])
def test_paired_tests_keep_their_level(kind):
    rejected, runs = 0, 800
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        if kind == "log-loss":
            z = 1.5 * rng.normal(size=80) - 1
            y = (rng.random(80) < 1 / (1 + np.exp(-z))).astype(int)
            ours, theirs = (_softmax(np.column_stack([np.zeros(80), z + 0.6 * rng.normal(size=80)])) for _ in range(2))
            tested = compare("binary", y, ours, theirs, against="x", metric="log_loss")
        elif kind == "squared error":
            y, ours, theirs = rng.standard_t(5, size=80), 0.5 * rng.normal(size=(80, 1)), 0.5 * rng.normal(size=(80, 1))
            tested = compare("regression", y, ours, theirs, against="x", metric="rmse")
        else:
            tested = compare("regression", np.zeros(80), np.ones((80, 1)), rng.exponential(size=(80, 1)), against="x", metric="mae")
        rejected += tested.p_value < 0.05
    assert 0.02 < rejected / runs < 0.075


def test_the_p_value_agrees_with_a_sign_flip_permutation_test():
    rng = np.random.default_rng(0)
    for shift in (0.0, 0.2, 0.4):
        gain = rng.normal(size=60) + shift
        flips = rng.choice([-1, 1], size=(20_000, 60))
        permutation = np.mean(np.abs((flips * gain).mean(axis=1)) >= abs(gain.mean()))
        assert mean_p_value(gain) == pytest.approx(permutation, abs=0.02)


def test_a_better_model_is_found_better_and_a_worse_one_is_called_worse():
    y, p = _draw(2, 2000)
    naive = np.tile([0.5, 0.5], (2000, 1))
    judged = _judge(y, p, naive_prediction=naive, simple_prediction=_softmax(np.log(p) * 3), simple_name="linear")
    assert [(entry.against, entry.metric) for entry in judged.comparisons] == [
        ("the naive predictor", "log_loss"), ("the naive predictor", "brier"), ("linear", "log_loss"), ("linear", "brier"),
    ]  # fmt: skip
    for entry in judged.comparisons:
        assert entry.better
        assert entry.low <= entry.difference <= entry.high
        assert entry.low > 0
        assert entry.difference == pytest.approx(entry.theirs - entry.ours)
        assert "better than" in entry.sentence
    worse = compare("binary", y, naive, p, against="ours", metric="log_loss")
    assert (worse.better, worse.high < 0) == (False, True)
    assert "worse than" in worse.sentence
    same = compare("binary", y, p, p, against="itself", metric="log_loss")
    assert (same.better, same.p_value, same.difference) == (False, 1.0, 0.0)
    assert "not shown to differ" in same.sentence


def test_two_rows_prove_nothing():
    tested = compare("regression", np.zeros(2), np.zeros((2, 1)), np.ones((2, 1)), against="x", metric="mae")
    assert (tested.p_value, tested.better) == (0.5, False)
    single = compare("regression", np.zeros(1), np.zeros((1, 1)), np.ones((1, 1)), against="x", metric="mae")
    assert not single.better
    assert "too few" in single.sentence


def test_rmse_differences_are_those_of_the_roots():
    rng = np.random.default_rng(0)
    y = rng.normal(size=5000)
    ours, theirs = (y + scale * rng.normal(size=5000) for scale in (0.3, 1.0))
    tested = compare("regression", y, ours[:, None], theirs[:, None], against="x", metric="rmse")
    assert tested.difference == pytest.approx(tested.theirs - tested.ours)
    # Standard error of a normal RMSE is σ / √(2n), of both together:
    assert (tested.high - tested.low) / 2 == pytest.approx(1.96 * np.sqrt((0.09 + 1) / 10_000), rel=0.1)


def test_areas_have_the_variance_that_resampling_finds():
    y, p = _draw(2, 300, shift=1.5)
    ranking = Ranking.of(y == 1, np.round(p[:, 1], 2))
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(400):
        rows = rng.integers(300, size=300)
        again = Ranking.of(y[rows] == 1, np.round(p[rows, 1], 2))
        draws.append((again.roc_auc()[0], again.pr_auc()[0]))
    for (value, influence), spread, reference in zip(
        (ranking.roc_auc(), ranking.pr_auc()), np.std(draws, axis=0), (sk.roc_auc_score, sk.average_precision_score), strict=True
    ):
        assert value == pytest.approx(reference(y, np.round(p[:, 1], 2)))
        assert influence.mean() == pytest.approx(0, abs=1e-10)
        assert influence.std() / np.sqrt(300) == pytest.approx(spread, rel=0.15)


def test_the_confusion_matrix_and_its_scores_follow_the_threshold():
    y, p = _draw(2, 500)
    judged = _judge(y, p, threshold=0.8)
    label = (p[:, 1] > 0.8).astype(int)
    assert judged.confusion == {"labels": ["a", "b"], "counts": sk.confusion_matrix(y, label).tolist()}
    assert judged.scores["recall"].value == pytest.approx(sk.recall_score(y, label))
    assert judged.scores["f1"].value == pytest.approx(sk.f1_score(y, label))
    assert judged.scores["balanced_accuracy"].value == pytest.approx(sk.balanced_accuracy_score(y, label))
    assert judged.scores["roc_auc"].value == pytest.approx(sk.roc_auc_score(y, p[:, 1]))
    per_row = np.where(np.arange(500) < 250, 0.2, 0.8)
    label = (p[:, 1] > per_row).astype(int)
    assert _judge(y, p, threshold=per_row).confusion["counts"] == sk.confusion_matrix(y, label).tolist()


def test_scores_per_class_agree_with_scikit_learn():
    y, p = _draw(4, 800)
    judged = _judge(y, p)
    precision, recall, f1, rows = sk.precision_recall_fscore_support(y, p.argmax(axis=1))
    for code, scores in enumerate(judged.per_class):
        assert scores.rows == rows[code]
        assert scores.predicted == (p.argmax(axis=1) == code).sum()
        expected = (precision[code], recall[code], f1[code], sk.roc_auc_score(y == code, p[:, code]))
        assert (scores.precision.value, scores.recall.value, scores.f1.value, scores.roc_auc.value) == pytest.approx(expected)
        assert scores.recall.low < scores.recall.value < scores.recall.high
        assert scores.brier.value == pytest.approx(np.mean((p[:, code] - (y == code)) ** 2))


def test_curves_are_short_start_and_end_right_and_follow_scikit_learn():
    y, p = _draw(2, 5000, shift=2.0)
    curves = _judge(y, p).curves
    roc, precision_recall = curves["roc"]["b"], curves["precision_recall"]["b"]
    assert len(roc["x"]) <= 101
    assert (roc["x"][0], roc["y"][0], roc["x"][-1], roc["y"][-1]) == (0, 0, 1, 1)
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(roc["area"], abs=0.01)
    assert (np.diff(precision_recall["x"]) >= 0).all()
    assert precision_recall["baseline"] == pytest.approx((y == 1).mean())
    for x, height, threshold in zip(*(precision_recall[key] for key in ("x", "y", "thresholds")), strict=True):
        flagged = p[:, 1] >= threshold
        assert (x, height) == pytest.approx((flagged[y == 1].mean(), y[flagged].mean()))


def test_many_classes_show_the_ten_largest_curves():
    y, p = _draw(12, 2000)
    judged = _judge(y, p)
    assert len(judged.curves["roc"]) == 10
    assert len(judged.per_class) == 12


def test_reliability_before_and_after_calibration():
    rng = np.random.default_rng(0)
    p = rng.uniform(size=5000)
    y = (rng.random(5000) < p).astype(int)
    sharp = p**3 / (p**3 + (1 - p) ** 3)
    judged = _judge(y, np.column_stack([1 - p, p]), uncalibrated=np.column_stack([1 - sharp, sharp]))
    after = np.mean([entry["low"] <= entry["mean_predicted"] <= entry["high"] for entry in judged.reliability["after"]])
    before = np.mean([entry["low"] <= entry["mean_predicted"] <= entry["high"] for entry in judged.reliability["before"]])
    assert after > 0.7 > before
    assert judged.reliability["of"] == "b"
    assert sum(entry["rows"] for entry in judged.reliability["after"]) == 5000
    error = judged.scores["calibration_error"]
    assert error.value < error.before_calibration / 3
    assert judged.scores["log_loss"].before_calibration > judged.scores["log_loss"].value


def test_the_naive_predictor_ranks_nothing_even_where_its_folds_have_different_constants():
    y, p = _draw(2, 500, shift=1.0)
    share = (y == 1).mean()
    # Leaving positives out lowers the constant of just their fold: ranked naively, that is worse than chance.
    constant = share - 0.01 * (np.arange(500) % 5) * (y == 1)
    naive = np.column_stack([1 - constant, constant])
    judged = _judge(y, p, naive_prediction=naive)
    assert judged.scores["roc_auc"].naive == 0.5
    assert judged.scores["pr_auc"].naive == pytest.approx(share)


def test_numbers_have_coverage_residuals_and_a_grid():
    rng = np.random.default_rng(0)
    f = np.exp(rng.normal(size=3000))
    y = f + rng.normal(size=3000)
    judged = _numbers(y, f, intervals=(f - 1.645, f + 1.645), simple_prediction=f + 1)
    facts = judged.regression
    assert facts["coverage"]["measured"] == pytest.approx(0.9, abs=0.02)
    assert facts["coverage"]["low"] < facts["coverage"]["measured"] < facts["coverage"]["high"]
    assert facts["coverage"]["mean_width"] == pytest.approx(3.29)
    assert facts["residual_quantiles"]["0.95"] == pytest.approx(1.645, abs=0.15)
    counts = np.array(facts["grid"]["counts"])
    assert counts.sum() == 3000
    assert np.count_nonzero(counts) <= 200
    assert len(facts["grid"]["actual_edges"]) == len(counts) + 1
    assert judged.scores["r2"].value == pytest.approx(sk.r2_score(y, f))
    assert sum(entry["rows"] for entry in judged.reliability["after"]) == 3000
    _well_formed(judged)


@pytest.mark.parametrize("y", [[0] * 30, [1] * 30, [0] * 28 + [1] * 2, [0], [1, 0], []])
def test_binary_judgement_survives_one_class_and_few_rows(y):
    y = np.array(y, dtype=int)
    p1 = np.linspace(0.1, 0.9, len(y))
    judged = _judge(y, np.column_stack([1 - p1, p1]), uncalibrated=np.column_stack([1 - p1, p1]), threshold=0.3)
    _well_formed(judged)
    if len(y) == 30 and y.max() == y.min():
        assert "one class" in judged.scores["roc_auc"].undefined
        assert np.isfinite(judged.scores["log_loss"].value)


@pytest.mark.parametrize("y", [[0, 1, 2, 3] * 10, [0] * 38 + [1, 1], [2] * 40, [0, 1], []])
def test_multiclass_judgement_survives_classes_never_predicted_or_absent(y):
    y = np.array(y, dtype=int)
    p = _softmax(np.random.default_rng(0).normal(size=(len(y), 4)))
    p[:, 3] *= 1e-3
    p /= p.sum(axis=1, keepdims=True)
    judged = _judge(y, p)
    _well_formed(judged)
    assert judged.per_class[3].predicted == 0
    assert judged.per_class[3].precision.undefined == "The class is never predicted."
    assert np.isnan(judged.per_class[3].precision.value)


@pytest.mark.parametrize("y", [[3.0] * 20, [1.0, 2.0], [1.0], []])
def test_regression_judgement_survives_constants_and_few_rows(y):
    y = np.array(y)
    _well_formed(_numbers(y, y + 0.5, intervals=(y - 1, y + 1), simple_prediction=y))
    _well_formed(_numbers(y, y))


def test_perfect_and_hopeless_predictions():
    y = np.tile([0, 1], 50)
    for p1 in (y.astype(float), 1.0 - y, np.full(100, 0.5)):
        _well_formed(_judge(y, np.column_stack([1 - p1, p1])))
    perfect = _judge(y, np.column_stack([1 - y, y]).astype(float)).scores
    assert perfect["roc_auc"].value == 1
    assert 0.9 < perfect["roc_auc"].low < 1  # certainty is not to be had from 100 rows
    assert 0.9 < perfect["accuracy"].low < 1


def test_rows_of_unknown_classes_or_targets_are_left_out_and_counted():
    y, p = _draw(2, 100)
    hidden = y.copy()
    hidden[:10] = -1
    judged, expected = _judge(hidden, p, threshold=np.full(100, 0.4)), _judge(y[10:], p[10:], threshold=0.4)
    assert (judged.rows, judged.skipped) == (90, 10)
    assert judged.scores["log_loss"].value == expected.scores["log_loss"].value
    assert judged.confusion == expected.confusion
    target = np.array([1.0, np.nan, 3.0])
    assert _numbers(target, np.ones(3)).skipped == 1


def test_arrays_of_different_length_are_our_bug():
    y, p = _draw(2, 10)
    with pytest.raises(InternalError, match="`naive` must have one row per target"):
        _judge(y, p, naive_prediction=p[:5])


def test_every_metric_of_the_problem_is_scored_and_the_same_seed_gives_the_same_facts():
    y, p = _draw(3, 200)
    before = p.copy()
    first, second = _judge(y, p, seed=3), _judge(y, p, seed=3)
    assert first.to_dict() == second.to_dict()
    assert list(first.scores) == [metric.name for metric in metrics_for("multiclass")]
    assert (before == p).all()
    _well_formed(first)


@pytest.mark.parametrize(("classes", "seconds"), [(2, 1.5), (10, 3.0)])
def test_20000_rows_are_judged_quickly(classes, seconds):
    y, p = _draw(classes, 20_000)
    start = time.process_time()
    judged = _judge(y, p, uncalibrated=p**1.1 / (p**1.1).sum(axis=1, keepdims=True), simple_prediction=np.full_like(p, 1 / classes))
    assert time.process_time() - start < seconds
    assert len(json.dumps(judged.to_dict())) < 200_000
