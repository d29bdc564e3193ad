"""The grid that stamps stand on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.errors import DataError, UsageError
from automl.forecasting.frequency import Frequency, guess_frequency


@pytest.mark.parametrize("name", ["min", "5min", "15min", "h", "2h", "D", "W-SUN", "MS", "ME", "QS", "YS", "B"])
def test_stamps_come_back(name: str) -> None:
    times = pd.date_range("2024-01-31", periods=60, freq=name)
    found = guess_frequency(times, np.zeros(60, np.int64))
    steps = found.ordinals(times)
    assert np.array_equal(np.diff(steps), np.ones(59))
    assert list(found.stamps(steps)) == list(times.as_unit("ns"))


def test_numbers_are_steps() -> None:
    found = guess_frequency(np.array([10, 20, 30, 50]), np.zeros(4, np.int64))
    assert (found.step, found.dated) == (10, False)
    assert found.ordinals(np.array([10, 50])).tolist() == [0, 4]


def test_irregular_stamps_go_to_the_next_usual_step() -> None:
    rng = np.random.default_rng(0)
    times = pd.DatetimeIndex(np.datetime64("2025-01-01", "ns") + np.cumsum(rng.integers(20, 60, 300)) * np.timedelta64(60, "s"))
    assert guess_frequency(times, np.zeros(300, np.int64)).name == "h"


def test_a_frequency_that_cannot_be_guessed_is_asked_for() -> None:
    with pytest.raises(DataError, match="frequency"):
        guess_frequency(pd.DatetimeIndex(["2025-01-01", "2025-02-01"]), np.array([0, 1]))
    rng = np.random.default_rng(0)
    times = pd.DatetimeIndex(np.datetime64("2000-01-01", "ns") + np.cumsum(rng.integers(9, 90, 50)) * np.timedelta64(1, "D"))
    with pytest.raises(DataError, match="frequency="):
        guess_frequency(times, np.zeros(50, np.int64))


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(UsageError, match="frequency"):
        guess_frequency(pd.date_range("2025-01-01", periods=9), np.zeros(9, np.int64), "fortnight")


def test_it_survives_json() -> None:
    found = guess_frequency(pd.date_range("2025-01-01", periods=9, freq="MS"), np.zeros(9, np.int64))
    assert Frequency.from_dict(found.to_dict()) == found
