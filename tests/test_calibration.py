from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.special import expit, logit, softmax

from automl.calibration import MAPS, Calibration, calibrate, stratified_folds
from automl.decisions import DecisionLog
from automl.metrics import row_losses, score


def _binary(rows: int, distort, seed: int = 0):
    """Outcomes from known probabilities, and those probabilities distorted."""
    rng = np.random.default_rng(seed)
    p = expit(rng.normal(size=rows) * 1.8 - 0.7)
    q = distort(p)
    return (rng.random(rows) < p).astype(int), np.column_stack([1 - q, q]), np.column_stack([1 - p, p])


def _multiclass(rows: int, distort, classes: int = 4, seed: int = 0):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(rows, classes)) * 1.5
    p = softmax(z, axis=1)
    return (p.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(0, classes - 1), softmax(distort(np.log(p)), axis=1), p


@pytest.mark.parametrize("factor", [0.5, 2.5])
def test_temperature_recovers_a_planted_one(factor):
    y, q, p = _binary(4000, lambda p: expit(factor * logit(p)))
    chosen = calibrate("binary", y, q)[0]
    assert chosen.method == "temperature"
    assert chosen.parameters["inverse_temperature"] == pytest.approx(1 / factor, rel=0.1)
    assert np.abs(chosen.apply(q) - p).max() < 0.03


PLANTED = {
    "temperature": {"inverse_temperature": 0.5, "uniform": 0.0},
    "beta": {"a": 0.4, "b": 2.0, "c": 0.8, "uniform": 0.0},
    "quadratic": {"low": -6.0, "high": -0.5, "a": 0.2, "b": 2.5, "c": 0.5, "uniform": 0.0},
    "matrix": {
        "inverse_temperature": 0.7, "change": [[0.5, 0.6, 0.0], [0.0, 0.2, 0.0], [-0.5, 0.0, 0.3]], "shift": [0.8, -0.4, -0.4],
        "uniform": 0.0,
    },
    "vector": {"inverse_temperature": 0.7, "change": [0.5, 0.0, 0.4], "shift": [0.8, -0.4, -0.4], "uniform": 0.0},
}


@pytest.mark.parametrize("method", PLANTED)
def test_every_map_recovers_itself(method):
    """Outcomes follow a planted map of the probabilities, which the fit of the same kind finds again."""
    rng = np.random.default_rng(0)
    if method in ("matrix", "vector"):
        q = softmax(rng.normal(size=(20_000, 3)) * 1.5, axis=1)
    else:
        positive = expit(rng.normal(size=20_000) * 1.5 - (3 if method == "quadratic" else 0))
        q = np.column_stack([1 - positive, positive])
    p = MAPS[method].apply(PLANTED[method], q)
    y = (p.cumsum(axis=1) < rng.random(len(q))[:, None]).sum(axis=1)
    again = MAPS[method].apply(MAPS[method].fit(y, q), q)
    assert np.abs(q - p).mean() > 0.05
    assert np.abs(again - p).mean() < 0.01
    chosen, _ = calibrate("binary" if q.shape[1] == 2 else "multiclass", y, q)
    assert chosen.method == (method if method != "vector" else "matrix")  # three classes are few enough for the whole matrix
    assert np.abs(chosen.apply(q) - p).mean() < 0.012
    assert chosen.losses[chosen.method] < min(chosen.losses.values()) + 1e-4 < chosen.losses["none"]


@pytest.mark.parametrize("planted", [{"a": 6.0, "b": -3.0, "c": 0.0}, {"a": -3.0, "b": 6.0, "c": 0.0}])
@pytest.mark.parametrize("method", ["beta", "quadratic"])
def test_a_curve_that_turns_back_is_followed_only_as_far_as_it_rises(method, planted):
    rng = np.random.default_rng(0)
    positive = expit(rng.normal(size=5000) * 2)
    q = np.column_stack([1 - positive, positive])
    shape = {"low": -4.0, "high": 4.0, "uniform": 0.0} | planted
    y = (rng.random(5000) < MAPS[method].apply(shape, q)[:, 1]).astype(int)
    parameters = MAPS[method].fit(y, q)
    ladder = np.linspace(1e-6, 1 - 1e-6, 500)
    assert (np.diff(MAPS[method].apply(parameters, np.column_stack([1 - ladder, ladder]))[:, 1]) >= 0).all()
    assert min(parameters["a"], parameters["b"]) == pytest.approx(0.05)


def test_matrix_recovers_planted_shifts_and_factors():
    shift, factor = np.array([1.0, -0.5, 0.0, -0.5]), np.array([0.6, 1.0, 1.4, 1.0])
    y, q, p = _multiclass(10_000, lambda z: factor * z + shift)
    chosen = calibrate("multiclass", y, q)[0]
    assert chosen.method == "matrix"
    assert np.abs(chosen.apply(q) - p).mean() < 0.3 * np.abs(q - p).mean()


def test_many_classes_use_the_diagonal_alone():
    shift = np.linspace(-1, 1, 25)
    y, q, p = _multiclass(4000, lambda z: z + shift, classes=25)
    chosen = calibrate("multiclass", y, q)[0]
    assert chosen.method == "vector"
    assert np.shape(chosen.parameters["change"]) == (25,)
    assert np.abs(chosen.apply(q) - p).mean() < 0.3 * np.abs(q - p).mean()


@pytest.mark.parametrize(("classes", "rows"), [(2, 300), (2, 1000), (4, 600)])
def test_honest_probabilities_are_almost_always_left_alone_and_never_hurt_much(classes, rows):
    draw = _binary if classes == 2 else _multiclass
    problem = "binary" if classes == 2 else "multiclass"
    methods, harm = [], []
    for seed in range(30):
        y, q, _ = draw(rows, lambda z: z, seed=seed)
        new_y, new, _ = draw(10_000, lambda z: z, seed=1000 + seed)
        chosen = calibrate(problem, y, q, seed=seed)[0]
        methods.append(chosen.method)
        harm.append(score("log_loss", new_y, chosen.apply(new)) - score("log_loss", new_y, new))
    assert methods.count("none") >= 26
    assert np.mean(harm) < 0.001
    assert max(harm) < 0.02


@pytest.mark.parametrize("factor", [1.0, 0.85, 1.2, 2.0])
@pytest.mark.parametrize("rows", [60, 250, 1000])
def test_the_cross_fitted_loss_is_never_made_worse_beyond_noise(rows, factor):
    gains = []
    for seed in range(16):
        y, q, _ = _binary(rows, lambda p: expit(factor * logit(p)), seed=seed)
        gains.append(score("log_loss", y, q) - score("log_loss", y, calibrate("binary", y, q, seed=seed)[1]))
    assert np.mean(gains) > -2 * np.std(gains) / 4 - 2e-4


@pytest.mark.parametrize("seed", range(3))
def test_cross_fitted_predictions_have_the_loss_of_new_rows(seed):
    def distort(p):
        return expit(2.5 * logit(p))

    y, q, _ = _binary(1500, distort, seed=seed)
    chosen, cross_fitted = calibrate("binary", y, q, seed=seed)
    new_y, new, _ = _binary(30_000, distort, seed=seed + 50)
    error = row_losses("binary", y, cross_fitted).std() / np.sqrt(len(y))
    assert score("log_loss", y, cross_fitted) == pytest.approx(score("log_loss", new_y, chosen.apply(new)), abs=3 * error)
    assert chosen.losses["temperature"] < chosen.losses["none"]


def test_labels_of_a_fold_do_not_reach_its_own_cross_fitted_predictions():
    # Swapping the labels of two rows of one fold and of different classes keeps the stratified folds only if codes do not move,
    # so the two rows swap their probabilities instead.
    y, q, _ = _binary(400, lambda p: expit(2 * logit(p)))
    fold = stratified_folds(y, 5, seed=0)
    rows = np.flatnonzero(fold == 3)
    a, b = rows[y[rows] == 1][0], rows[y[rows] == 0][0]
    swapped = q.copy()
    swapped[[a, b]] = swapped[[b, a]]
    first, second = calibrate("binary", y, q, seed=0)[1], calibrate("binary", y, swapped, seed=0)[1]
    rest = np.setdiff1d(rows, [a, b])
    assert np.allclose(first[rest], second[rest], atol=1e-12)
    assert not np.allclose(first[fold != 3], second[fold != 3], atol=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_stay_probabilities_even_at_0_and_1(classes):
    rng = np.random.default_rng(0)
    y = rng.integers(classes, size=300)
    q = np.eye(classes)[np.where(rng.random(300) < 0.8, y, rng.integers(classes, size=300))]
    chosen, cross_fitted = calibrate("binary" if classes == 2 else "multiclass", y, q)
    for values in (chosen.apply(q), cross_fitted, chosen.apply(q[:1])):
        assert np.isfinite(values).all()
        assert values.sum(axis=1) == pytest.approx(np.ones(len(values)))
        assert values.min() >= 0
    assert chosen.method != "none"
    assert score("log_loss", y, cross_fitted) < score("log_loss", y, q) / 2


@pytest.mark.parametrize("method", ["temperature", "beta"])
def test_the_order_of_rows_is_kept(method):
    y, q, _ = _binary(3000, lambda p: expit(2.5 * logit(p)) if method == "temperature" else expit(0.5 * np.log(p) - 2 * np.log1p(-p) + 1))
    chosen = calibrate("binary", y, q)[0]
    assert chosen.method == method
    assert (np.argsort(q[:, 1], kind="stable") == np.argsort(chosen.apply(q)[:, 1], kind="stable")).mean() > 0.999


def test_it_survives_json():
    y, q, _ = _multiclass(2000, lambda z: 2 * z + np.array([1.0, 0.0, -1.0, 0.0]))
    chosen = calibrate("multiclass", y, q)[0]
    again = Calibration.from_dict(json.loads(json.dumps(chosen.to_dict(), allow_nan=False)))
    assert again == chosen
    assert (again.apply(q) == chosen.apply(q)).all()


def test_the_decision_is_recorded_with_its_numbers():
    log = DecisionLog()
    y, q, _ = _binary(4000, lambda p: expit(2.5 * logit(p)))
    calibrate("binary", y, q, log=log)
    (decision,) = log
    assert (decision.stage, decision.chosen) == ("calibrate", "temperature")
    assert "temperature lowers the log-loss by" in decision.because


@pytest.mark.parametrize("y", [np.zeros(200, dtype=int), np.array([0, 1] * 5), np.zeros(0, dtype=int)])
def test_one_class_or_few_rows_are_left_alone_with_a_reason(y):
    q = np.tile([0.4, 0.6], (len(y), 1))
    chosen, cross_fitted = calibrate("binary", y, q)
    assert chosen.method == "none"
    assert "too few" in chosen.because
    assert (cross_fitted == q).all()


def test_a_class_with_one_row_and_one_that_never_occurs():
    y, q, _ = _multiclass(500, lambda z: 2 * z, classes=5)
    y = np.where(y >= 3, 0, y)
    y[7] = 3
    chosen, cross_fitted = calibrate("multiclass", y, q)
    assert np.isfinite(cross_fitted).all()
    assert score("log_loss", y, cross_fitted) < score("log_loss", y, q)
    assert chosen.method == "matrix"


def test_numbers_are_left_alone_and_inputs_stay_as_they_are():
    y, prediction = np.arange(10.0), np.arange(10.0)[:, None]
    chosen, same = calibrate("regression", y, prediction)
    assert chosen.method == "none"
    assert (same == prediction).all()
    labels, q, _ = _binary(500, lambda p: expit(3 * logit(p)))
    before = q.copy()
    calibrate("binary", labels, q)[0].apply(q)
    assert (before == q).all()


def test_the_same_seed_gives_the_same_calibration():
    y, q, _ = _binary(800, lambda p: expit(2 * logit(p)))
    first, second = (calibrate("binary", y, q, seed=4) for _ in range(2))
    assert first[0] == second[0]
    assert (first[1] == second[1]).all()


def test_folds_are_stratified():
    y = np.repeat([0, 1, 2], [100, 10, 3])
    fold = stratified_folds(y, 5, seed=0)
    assert {np.bincount(fold[y == 0], minlength=5).tolist()[0]} == {20}
    assert np.bincount(fold[y == 1], minlength=5).tolist() == [2] * 5
    assert np.bincount(fold[y == 2], minlength=5).max() == 1
