"""Percentages by kind of case, and counts at every threshold that add up to those of all cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.evaluation.segmented import SHOWN, counts_of, masks_of, with_honesty
from automl.evaluation.segments import segments
from automl.metrics import score
from automl.threshold import choose_threshold

RNG = np.random.default_rng(0)
ROWS = 3000
FRAME = pd.DataFrame({"kind": RNG.choice(["a", "b", "c"], ROWS), "size": RNG.normal(size=ROWS)})
P = RNG.beta(2, 3, ROWS)
Y = (RNG.random(ROWS) < np.where(FRAME["kind"] == "b", np.clip(P + 0.25, 0, 1), P)).astype(int)
TWO = np.column_stack([1 - P, P])
FOUND = segments(FRAME, ((P > 0.5) != Y).astype(float), share=True)


def test_the_segments_of_a_column_add_up_to_the_table() -> None:
    table = choose_threshold(Y, P).table
    counts = counts_of(FOUND, FRAME, Y, P, [row.threshold for row in table])
    assert len(counts) <= SHOWN
    for column in ("kind", "size"):
        mine = [one for one in counts if one.column == column]
        assert sum(one.rows for one in mine) == ROWS
        assert [sum(one.true_positive[i] for one in mine) for i in range(len(table))] == [row.true_positive for row in table]
        assert [sum(one.false_positive[i] for one in mine) for i in range(len(table))] == [row.false_positive for row in table]


def test_only_whole_columns_are_counted() -> None:
    wide = FRAME.assign(**{f"c{place}": RNG.integers(0, 4, ROWS).astype(str) for place in range(6)})
    found = segments(wide, ((P > 0.5) != Y).astype(float), share=True)
    counts = counts_of(found, wide, Y, P, [0.5])
    assert len(counts) <= SHOWN
    for column in {one.column for one in counts}:
        assert sum(one.rows for one in counts if one.column == column) == ROWS


def test_a_segment_whose_percentages_are_too_low_is_found_and_no_other() -> None:
    told = {(one.column, one.name): one for one in with_honesty("binary", FOUND, FRAME, Y, TWO)}
    off = told["kind", "b"]
    assert off.off == "too low"
    assert off.gap_low is not None
    assert off.gap_low > 0.15
    assert off.happened - off.said == pytest.approx(0.2, abs=0.06)  # type: ignore[operator]
    assert told["kind", "a"].off == told["kind", "c"].off == ""


def test_the_calibration_error_is_that_of_the_rows_alone() -> None:
    told = with_honesty("binary", FOUND, FRAME, Y, TWO)
    for segment, mask in zip(told, masks_of(FRAME, told), strict=True):
        assert mask.sum() == segment.rows
        assert segment.calibration_error == pytest.approx(score("calibration_error", Y[mask], TWO[mask]))


def test_truthful_percentages_are_rarely_called_off() -> None:
    wrong = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"kind": rng.choice(list("abcd"), 400)})
        p = rng.random(400)
        y = (rng.random(400) < p).astype(int)
        found = segments(frame, (y != (p > 0.5)).astype(float), share=True)
        wrong += any(one.off for one in with_honesty("binary", found, frame, y, np.column_stack([1 - p, p])))
    assert wrong <= 8  # 5 % of 60 are 3; more than 8 happen once in 100


def test_several_classes_are_told_by_the_predicted_one() -> None:
    three = RNG.dirichlet([1, 1, 1], ROWS)
    y = np.array([RNG.choice(3, p=row) for row in three])
    found = segments(FRAME, (y != three.argmax(axis=1)).astype(float), share=True)
    told = with_honesty("multiclass", found, FRAME, y, three)
    assert all(one.said > 0.33 for one in told)  # type: ignore[operator]
    assert np.mean([abs(one.happened - one.said) for one in told]) < 0.05  # type: ignore[operator]
