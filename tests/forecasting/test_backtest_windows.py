"""Windows of the backtest see about as much of a series as the forecast will."""

from __future__ import annotations

import numpy as np
import pandas as pd
from small_series import daily, prepared

from automl.forecasting.run import ForecastRun


def histories(run: ForecastRun, fold: int) -> dict[str, np.ndarray]:
    """The steps that windows of a fold see, by the length of their series."""
    judged = run.judged.take(np.flatnonzero(run.judged.folds == fold))
    lengths = run.world.panel.lengths[judged.series]
    seen = judged.origin - (run.world.panel.steps - lengths)
    return {"short": seen[lengths < 60], "long": seen[lengths >= 60]}


def of_two_lengths(long: int) -> pd.DataFrame:
    """Series of 30 steps beside some of 140, which end together."""
    frame = daily(30 + long, 140)
    number = frame["shop"].str[1:].astype(int)
    return frame[(number < long) | (frame["day"] >= frame["day"].max() - pd.Timedelta(days=29))]


def test_a_backtest_asks_no_series_of_which_less_than_half_is_left() -> None:
    run = prepared(of_two_lengths(long=30), horizon=10)
    backtest, last = histories(run, 0), histories(run, -1)
    assert len(backtest["short"]) == 0
    assert (backtest["long"] >= 70).all()
    assert len(backtest["long"]) == 90
    assert len(last["short"]) == len(last["long"]) == 30  # the score is of all series
    told = [entry for entry in run.log if entry.what == "windows that are judged"]
    assert len(told) == 1
    assert "less than half" in told[0].because


def test_all_windows_are_judged_where_few_see_more() -> None:
    run = prepared(of_two_lengths(long=5), horizon=10)
    assert len(histories(run, 0)["short"]) > 0
    assert not [entry for entry in run.log if entry.what == "windows that are judged"]
