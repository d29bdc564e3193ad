from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from automl.decisions import DecisionLog
from automl.errors import UsageError
from automl.percents import percent
from automl.prediction_sets import PredictionSets, fit_prediction_sets


def _draw(kind: str, rows: int, seed: int):
    """Codes and probabilities, which are honest, too sure, or those of one frequent and two rare classes."""
    rng = np.random.default_rng(seed)
    classes = {"two": 2, "ten": 10}.get(kind, 3)
    z = rng.normal(size=(rows, classes)) * 1.3
    if kind == "rare":
        z += np.array([3.0, 0.0, -1.0])
    p = softmax(z, axis=1)
    y = (p.cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1).clip(0, classes - 1)
    return y, softmax(2.5 * z, axis=1) if kind == "too sure" else p


def _held(inside, y):
    return inside[np.arange(len(y)), y]


@pytest.mark.parametrize("rows", [29, 400, 3000])
@pytest.mark.parametrize("kind", ["two", "three", "ten", "too sure"])
def test_nine_of_ten_new_rows_have_their_class_in_the_set(kind, rows):
    covered = []
    for seed in range({29: 100, 400: 20, 3000: 5}[rows]):
        sets = fit_prediction_sets(*_draw(kind, rows, seed), seed=seed)
        new_y, new = _draw(kind, 4000, 1000 + seed)
        covered.append(_held(sets.apply(new), new_y).mean())
    assert 0.88 <= np.mean(covered) <= 0.92


@pytest.mark.parametrize("coverage", [0.6, 0.8, 0.95, 0.99])
def test_other_coverages_may_be_asked_for_afterwards(coverage):
    sets = fit_prediction_sets(*_draw("ten", 5000, 0))
    y, p = _draw("ten", 20_000, 1)
    assert _held(sets.apply(p, coverage), y).mean() == pytest.approx(coverage, abs=0.02)


def test_sets_grow_with_the_coverage_and_are_never_empty():
    sets = fit_prediction_sets(*_draw("rare", 1000, 0))  # the frequent class alone is right more often than 60 %
    _, p = _draw("rare", 500, 1)
    sizes = [sets.apply(p, coverage).sum(axis=1) for coverage in (0.3, 0.6, 0.9, 0.99)]
    assert all((small <= large).all() for small, large in itertools.pairwise(sizes))
    assert min(sizes[0]) == 1


def test_by_class_every_class_is_covered_where_together_the_rare_ones_are_not():
    sets = fit_prediction_sets(*_draw("rare", 6000, 0))
    y, p = _draw("rare", 40_000, 1)
    together, each = ([_held(sets.apply(p, by_class=kind), y)[y == code].mean() for code in range(3)] for kind in (False, True))
    assert min(together) < 0.7
    assert min(each) > 0.86
    assert max(each[1:]) < 0.94


def test_the_threshold_is_the_exact_conformal_one():
    # 19 rows of class 0 whose scores are 0.05, 0.10 … 0.95: ⌈20 · 0.9⌉ = 18th smallest
    score = np.arange(1, 20) / 20
    sets = fit_prediction_sets(np.zeros(19, dtype=int), np.column_stack([1 - score, score]))
    assert sets.thresholds()[0] == pytest.approx(0.9)
    assert np.isinf(sets.thresholds(0.96)).all()  # ⌈20 · 0.96⌉ = 20 of 19 rows
    assert np.isinf(sets.thresholds(by_class=True)[1])  # a class without rows cannot be left out
    assert sets.apply(np.array([[0.99, 0.01]]), 0.96).all()


def test_many_scores_are_kept_as_quantiles_that_never_make_a_set_too_small():
    y, p = _draw("two", 60_000, 0)
    sets = fit_prediction_sets(y, p)
    exact = np.sort(1 - p[np.arange(len(y)), y])[int(np.ceil(60_001 * 0.9)) - 1]
    assert sum(map(len, sets.scores)) <= 20_000
    assert exact <= sets.thresholds()[0] <= exact + 2e-3


def test_measured_coverage_is_cross_fitted_with_an_exact_interval():
    y, p = _draw("three", 400, 0)
    sets = fit_prediction_sets(y, p)
    held = round(sets.measured * 400)
    expected = stats.binomtest(held, 400).proportion_ci(method="exact")
    assert (sets.measured_low, sets.measured_high) == pytest.approx(tuple(expected))
    assert 1 <= sets.mean_size <= 3
    assert f"{percent(sets.measured)} of 400" in sets.because


def test_what_a_row_was_does_not_reach_its_own_measured_set():
    """Without that, one row of ten that is always wrong would count as covered at 95 %."""
    rng = np.random.default_rng(0)
    measured, new = [], []
    for seed in range(200):
        p = softmax(rng.normal(size=(25, 2)), axis=1)
        y = (p[:, 1] > rng.random(25)).astype(int)
        sets = fit_prediction_sets(y, p, coverage=0.8, seed=seed)
        q = softmax(rng.normal(size=(200, 2)), axis=1)
        measured.append(sets.measured)
        new.append(_held(sets.apply(q), (q[:, 1] > rng.random(200)).astype(int)).mean())
    assert np.mean(measured) == pytest.approx(np.mean(new), abs=0.02)


def test_sets_are_measured_on_rows_that_they_have_not_seen():
    sets = fit_prediction_sets(*_draw("three", 2000, 0))
    y, p = _draw("too sure", 3000, 1)
    y[:5] = -1  # a class that is not known
    told = sets.measured_on(y, p)
    assert told.measured == _held(sets.apply(p[5:]), y[5:]).mean() < sets.measured
    assert told.scores == sets.scores
    assert sets.measured_on(y[:9], p[:9]).measured is None


@pytest.mark.parametrize("rows", [0, 1, 2, 9])
def test_few_rows_give_every_class_and_say_so(rows):
    y, p = _draw("three", rows, 0)
    sets = fit_prediction_sets(y, p)
    assert sets.measured is None
    assert "too few" in sets.because
    if rows < 9:
        assert sets.apply(np.array([[0.98, 0.01, 0.01]])).all()


def test_it_survives_json_and_records_the_choice():
    log = DecisionLog()
    y, p = _draw("three", 300, 0)
    before = p.copy()
    sets = fit_prediction_sets(y, p, log=log)
    assert PredictionSets.from_dict(json.loads(json.dumps(sets.to_dict(), allow_nan=False))) == sets
    assert [(decision.stage, decision.what) for decision in log] == [("calibrate", "prediction sets")]
    assert (before == p).all()


@pytest.mark.parametrize(("coverage", "match"), [(90, r"Did you mean 0\.9"), (0, "between 0 and 1"), ("0.9", "Give 0.9"), (True, "Give")])
def test_impossible_coverages_are_refused(coverage, match):
    y, p = _draw("two", 50, 0)
    with pytest.raises(UsageError, match=match):
        fit_prediction_sets(y, p, coverage=coverage)
    with pytest.raises(UsageError, match=match):
        fit_prediction_sets(y, p).apply(p, coverage)
