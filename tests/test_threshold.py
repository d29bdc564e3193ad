from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.errors import UsageError
from automl.threshold import Threshold, choose_threshold, cross_fitted_thresholds


def _draw(rows: int = 4000, seed: int = 0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 4, size=rows)
    return (rng.random(rows) < p).astype(int), p


def test_costs_give_the_theoretical_threshold_and_tell_the_empirical_one():
    y, p = _draw()
    chosen = choose_threshold(y, p, cost_miss=9, cost_false_alarm=1)
    assert chosen.value == pytest.approx(0.1)
    assert chosen.rule == "costs"
    assert "1 / (1 + 9) = 0.100" in chosen.because
    assert "the best on these rows" in chosen.because
    costs = {row.threshold: row.cost for row in chosen.table}
    # Calibrated probabilities: no threshold is much better than theory.
    assert costs[chosen.value] <= min(costs.values()) * 1.02
    by_hand = 9 * ((p <= 0.1) & (y == 1)).sum() + ((p > 0.1) & (y == 0)).sum()
    assert costs[chosen.value] == by_hand


def test_without_costs_the_decision_is_the_more_probable_class():
    y, p = _draw()
    chosen = choose_threshold(y, np.column_stack([1 - p, p]))
    assert (chosen.value, chosen.rule, chosen.reached) == (0.5, "even odds", True)
    assert "highest F1" in chosen.because


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=1, max_size=40), st.floats(0.01, 1.0), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_minimum_is_reached_by_the_best_threshold_or_said_to_be_out_of_reach(rows, minimum, recall):
    y, p = np.array([row[0] for row in rows]), np.array([row[1] for row in rows]) / 8
    chosen = choose_threshold(y, p, **{"min_recall" if recall else "min_precision": minimum})

    def at(threshold):
        flagged = p > threshold
        return (flagged & (y == 1)).sum(), flagged.sum()

    candidates = [at(threshold) for threshold in np.concatenate([[0], np.unique(p)])]
    positives = (y == 1).sum()
    measured = [(hits / positives if recall else hits / flagged, hits, flagged) for hits, flagged in candidates if flagged and positives]
    possible = [entry for entry in measured if entry[0] >= minimum - 1e-12]
    assert chosen.reached == bool(possible)
    hits, flagged = at(chosen.value)
    if possible:
        assert (hits / positives if recall else hits / flagged) >= minimum - 1e-12
        assert flagged == min(entry[2] for entry in possible) if recall else hits == max(entry[1] for entry in possible)
    elif measured:
        assert (hits / positives if recall else hits / flagged) == pytest.approx(max(entry[0] for entry in measured))
        assert "no threshold reaches it" in chosen.because


def test_the_threshold_lies_in_the_middle_of_its_plateau():
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    assert choose_threshold(y, p, min_recall=1.0).value == pytest.approx(0.4)
    assert choose_threshold(y, p, min_recall=0.5).value == pytest.approx(0.75)


def test_neighbouring_floats_keep_their_counts():
    low = 0.3
    high = np.nextafter(low, 1)
    chosen = choose_threshold(np.array([0, 1]), np.array([low, high]), min_precision=1.0)
    assert chosen.reached
    assert (np.array([low, high]) > chosen.value).tolist() == [False, True]


def test_both_minimums_and_costs_within_them():
    y, p = _draw()
    both = choose_threshold(y, p, min_recall=0.6, min_precision=0.3)
    flagged = p > both.value
    assert (both.rule, both.reached) == ("minimum recall and precision", True)
    assert y[flagged].mean() >= 0.3
    assert flagged[y == 1].mean() >= 0.6
    limited = choose_threshold(y, p, min_recall=0.9, cost_miss=1, cost_false_alarm=1)
    assert limited.rule == "costs within limits"
    assert (p > limited.value)[y == 1].mean() >= 0.9
    impossible = choose_threshold(y, p, min_recall=0.99, min_precision=0.99)
    assert not impossible.reached


def test_the_table_counts_what_strictly_exceeds_each_threshold():
    y, p = _draw(500)
    p = np.round(p, 2)
    chosen = choose_threshold(y, p, cost_miss=5, cost_false_alarm=2)
    assert len(chosen.table) <= 101
    assert [row.threshold for row in chosen.table] == sorted(row.threshold for row in chosen.table)
    assert {0.5, chosen.value} <= {row.threshold for row in chosen.table}
    for row in chosen.table:
        flagged = p > row.threshold
        counts = (
            flagged.sum(),
            (flagged & (y == 1)).sum(),
            (flagged & (y == 0)).sum(),
            (~flagged & (y == 1)).sum(),
            (~flagged & (y == 0)).sum(),
        )
        assert (row.flagged, row.true_positive, row.false_positive, row.false_negative, row.true_negative) == counts
        assert row.cost == pytest.approx(5 * row.false_negative + 2 * row.false_positive)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"cost_miss": 1.0}, "cost_false_alarm` is missing"),
        ({"cost_miss": -1.0, "cost_false_alarm": 1.0}, "not negative"),
        ({"cost_miss": 0.0, "cost_false_alarm": 0.0}, "not both 0"),
        ({"min_recall": 90.0}, "min_recall=90.0"),
        ({"min_precision": 0.0}, "min_precision"),
        ({"cost_miss": float("nan"), "cost_false_alarm": 1.0}, "finite"),
    ],
)
def test_impossible_wishes_are_refused(arguments, match):
    with pytest.raises(UsageError, match=match):
        choose_threshold(np.array([0, 1]), np.array([0.2, 0.8]), **arguments)


@pytest.mark.parametrize("y", [[0, 0, 0], [1, 1, 1], []])
@pytest.mark.parametrize("rules", [{}, {"min_recall": 0.5}, {"min_precision": 0.5}, {"cost_miss": 2.0, "cost_false_alarm": 1.0}])
def test_one_class_or_no_rows_do_not_crash(y, rules):
    p = np.linspace(0, 1, len(y))
    chosen = choose_threshold(np.array(y, dtype=int), p, **rules)
    assert 0 <= chosen.value <= 1
    assert chosen.because.endswith(".")
    json.dumps(chosen.to_dict(), allow_nan=False)


def test_it_survives_json():
    y, p = _draw(300)
    chosen = choose_threshold(y, p, cost_miss=3, cost_false_alarm=1)
    assert Threshold.from_dict(json.loads(json.dumps(chosen.to_dict(), allow_nan=False))) == chosen


def test_cross_fitted_thresholds_are_chosen_without_their_own_rows():
    y, p = _draw(1000)
    thresholds = cross_fitted_thresholds(y, p, min_recall=0.8, seed=1)
    assert 2 <= len(np.unique(thresholds)) <= 5
    changed = y.copy()
    first = thresholds == thresholds[0]
    # Moving labels within one fold's positives and negatives leaves that fold's own threshold alone.
    rows = np.flatnonzero(first)
    a, b = rows[y[rows] == 1][0], rows[y[rows] == 0][0]
    score = p.copy()
    score[[a, b]] = score[[b, a]]
    again = cross_fitted_thresholds(changed, score, min_recall=0.8, seed=1)
    assert again[a] == thresholds[a]
    assert (p > thresholds)[y == 1].mean() == pytest.approx(0.8, abs=0.04)
