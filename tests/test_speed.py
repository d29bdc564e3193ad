"""Prediction times: measured on real rows, bounded, and the first call is not counted."""

from __future__ import annotations

import pandas as pd
from small import HandClock

from automl.budget import Budget
from automl.speed import MANY, PART, measure

FRAME = pd.DataFrame({"a": range(7)})


class Predictor:
    """Takes 10 seconds once, then 1 second and a thousandth for each row."""

    def __init__(self, clock: HandClock, cost: float = 0.001) -> None:
        self.clock, self.cost, self.rows = clock, cost, []

    def __call__(self, frame: pd.DataFrame) -> None:
        self.rows.append(len(frame))
        self.clock.now += 10 if len(self.rows) == 1 else self.cost * (10 + len(frame))


def test_rows_are_repeated_and_the_first_call_is_not_counted() -> None:
    clock = HandClock()
    predictor = Predictor(clock)
    found = measure(predictor, FRAME, Budget(1000, clock=clock).deadline())
    assert found is not None
    assert abs(found.thousand - 1.01) < 1e-9
    assert abs(found.one - 0.011) < 1e-9
    assert predictor.rows[:4] == [PART, PART, MANY, MANY]
    assert set(predictor.rows) == {1, PART, MANY}


def test_the_repetitions_are_bounded() -> None:
    clock = HandClock()
    predictor = Predictor(clock, cost=1e-6)
    measure(predictor, FRAME, Budget(1000, clock=clock).deadline())
    assert len(predictor.rows) == 2 + 3 + 15 + 2


def test_slow_predictions_are_told_from_a_part_where_the_clock_does_not_allow_all() -> None:
    clock = HandClock()
    predictor = Predictor(clock, cost=0.05)
    found = measure(predictor, FRAME, Budget(60, clock=clock).deadline())
    assert found is not None
    assert abs(found.thousand - 55.0) < 1e-9
    assert set(predictor.rows) == {1, PART}
    assert clock.now < 60


def test_without_time_or_rows_nothing_is_measured() -> None:
    clock = HandClock()
    predictor = Predictor(clock)
    assert measure(predictor, FRAME.head(0), Budget(1000, clock=clock).deadline()) is None
    assert measure(predictor, FRAME, Budget(1000, clock=clock).deadline(seconds=0)) is None
    assert predictor.rows == []
