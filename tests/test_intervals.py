from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from automl.decisions import DecisionLog
from automl.errors import UsageError
from automl.intervals import Intervals, cross_fitted_intervals


def _draw(kind: str, rows: int, seed: int):
    rng = np.random.default_rng(seed)
    f = rng.normal(size=rows) * 3
    if kind == "heavy tails":
        return f + rng.standard_t(3, size=rows), f
    if kind == "spread grows":
        return f + rng.normal(size=rows) * (0.2 + np.abs(f)), f
    if kind == "skewed":
        return f + rng.exponential(size=rows) - 1, f
    if kind == "prices":
        f = np.exp(rng.normal(size=rows) + 3)
        return f * np.exp(0.3 * rng.normal(size=rows)), f
    return f + rng.normal(size=rows), f


def _fit(*arguments, **settings) -> Intervals:
    return cross_fitted_intervals(*arguments, **settings)[0]


KINDS = ("normal", "heavy tails", "spread grows", "skewed", "prices")


@pytest.mark.parametrize("rows", [29, 60, 400, 3000])
@pytest.mark.parametrize("kind", KINDS)
def test_nine_of_ten_new_targets_fall_inside(kind, rows):
    covered = []
    for seed in range({29: 150, 60: 60, 400: 16, 3000: 4}[rows]):
        y, f = _draw(kind, rows, seed)
        new_y, new_f = _draw(kind, 5000, 1000 + seed)
        lower, upper = _fit(y, f, seed=seed).apply(new_f)
        covered.append(np.mean((lower <= new_y) & (new_y <= upper)))
    assert 0.88 <= np.mean(covered) <= 0.92


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_other_coverages_are_kept_too(coverage):
    y, f = _draw("spread grows", 4000, 0)
    new_y, new_f = _draw("spread grows", 20_000, 1)
    intervals = _fit(y, f, coverage=coverage)
    lower, upper = intervals.apply(new_f)
    assert np.mean((lower <= new_y) & (new_y <= upper)) == pytest.approx(coverage, abs=0.025)
    assert intervals.measured == pytest.approx(coverage, abs=0.025)


def test_the_width_follows_the_spread_only_where_it_varies():
    y, f = _draw("spread grows", 3000, 0)
    intervals = _fit(y, f)
    assert intervals.shape.startswith("varying")
    lower, upper = intervals.apply(np.array([0.0, 5.0]))
    narrow, wide = upper - lower
    assert wide > 4 * narrow
    new_y, new_f = _draw("spread grows", 20_000, 1)
    lower, upper = intervals.apply(new_f)
    inside = (lower <= new_y) & (new_y <= upper)
    calm = np.abs(new_f) < 1
    assert inside[calm].mean() == pytest.approx(0.9, abs=0.04)
    assert inside[~calm].mean() == pytest.approx(0.9, abs=0.04)
    constant = [_fit(*_draw("normal", 1000, seed)).shape for seed in range(10)]
    assert constant.count("constant, symmetric") >= 7


def test_skewed_residuals_get_two_different_sides():
    y, f = _draw("skewed", 2000, 0)
    intervals = _fit(y, f)
    assert intervals.shape == "constant, two-sided"
    assert (intervals.below, intervals.above) == pytest.approx((1 + np.log(0.95), -np.log(0.05) - 1), abs=0.25)


def test_the_quantile_is_the_exact_conformal_one():
    residual = np.arange(1.0, 20.0)  # 19 rows: ⌈20 · 0.9⌉ = 18th smallest
    intervals = _fit(residual, np.zeros(19))
    assert intervals.above == 18.0


def test_measured_coverage_is_cross_fitted_with_an_exact_interval():
    y, f = _draw("normal", 150, 0)  # too few for a varying width
    intervals, lower, upper = cross_fitted_intervals(y, f)
    inside = int(((lower <= y) & (y <= upper)).sum())
    assert intervals.measured == inside / 150
    expected = stats.binomtest(inside, 150).proportion_ci(method="exact")
    assert (intervals.measured_low, intervals.measured_high) == pytest.approx(tuple(expected))
    assert 2 <= len(np.unique(np.round((upper - lower), 9))) <= 5  # one width per fold


def test_the_target_of_a_row_does_not_reach_its_own_interval():
    y, f = _draw("spread grows", 400, 0)
    changed = y.copy()
    changed[17] += 1e3
    first, second = cross_fitted_intervals(y, f), cross_fitted_intervals(changed, f)
    assert first[0].shape == second[0].shape
    assert (first[1][17], first[2][17]) == (second[1][17], second[2][17])


def test_intervals_respect_zero():
    y, f = _draw("prices", 500, 0)
    lower, upper = _fit(y, f).apply(np.array([-50.0, 0.01, 20.0]))
    assert (lower >= 0).all()
    assert (upper >= lower).all()
    lower, upper = _fit(-y, -f).apply(np.array([50.0, -0.01, -20.0]))
    assert (upper <= 0).all()
    assert (upper >= lower).all()
    assert _fit(y - 30, f - 30).lowest is None


def test_few_rows_say_that_they_cannot_promise():
    y, f = _draw("normal", 6, 0)
    intervals = _fit(y, f)
    assert intervals.measured is None
    assert "too few for 90 %" in intervals.because
    assert intervals.above == pytest.approx(np.abs(y - f).max())


@pytest.mark.parametrize("rows", [1, 2, 250])
def test_constant_targets_and_perfect_predictions_do_not_crash(rows):
    intervals = _fit(np.full(rows, 3.0), np.full(rows, 3.0))
    lower, upper = intervals.apply(np.full(rows, 3.0))
    assert lower.tolist() == upper.tolist() == [3.0] * rows
    json.dumps(intervals.to_dict(), allow_nan=False)


def test_mostly_perfect_predictions_with_rare_errors():
    rng = np.random.default_rng(0)
    f = np.maximum(rng.normal(size=1000), 0)
    y = np.where(rng.random(1000) < 0.93, f, f + 5)
    intervals = _fit(y, f)
    assert intervals.measured >= 0.9


def test_it_survives_json_and_leaves_inputs_alone():
    y, f = _draw("spread grows", 800, 0)
    before = y.copy(), f.copy()
    intervals = _fit(y, f[:, None])
    again = Intervals.from_dict(json.loads(json.dumps(intervals.to_dict(), allow_nan=False)))
    assert again == intervals
    assert (np.array(again.apply(f)) == np.array(intervals.apply(f[:, None]))).all()
    assert (before[0] == y).all()
    assert (before[1] == f).all()


def test_the_decision_is_recorded():
    log = DecisionLog()
    _fit(*_draw("normal", 300, 0), log=log)
    (decision,) = log
    assert decision.stage == "calibrate"
    assert decision.chosen.startswith("90 %")
    assert "interval score" in decision.because


@pytest.mark.parametrize(("coverage", "match"), [(90, "Did you mean 0.9"), (0.0, "between 0 and 1"), (1.0, "between 0 and 1")])
def test_impossible_coverages_are_refused(coverage, match):
    with pytest.raises(UsageError, match=match):
        _fit(np.arange(20.0), np.arange(20.0), coverage=coverage)
    with pytest.raises(UsageError, match="at least one row"):
        _fit(np.zeros(0), np.zeros(0))
