"""Rows become series on a grid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_series import daily, prepared

from automl.forecasting.panel import filled


def told(run: object, what: str) -> list[str]:
    return [decision.because for decision in run.log if decision.what == what]  # type: ignore[attr-defined]


def test_unsorted_and_duplicated_rows_are_put_in_order_and_merged() -> None:
    frame = daily(2, 60)
    twice = pd.concat([frame, frame.iloc[[5]].assign(sales=frame["sales"].iloc[5] + 4)]).sample(frac=1, random_state=1)
    run = prepared(twice)
    first, second = (run.panel.keys.index((name,)) for name in ("s0", "s1"))
    assert run.panel.y[first, 5] == pytest.approx(frame["sales"].iloc[5] + 2, rel=1e-5)
    assert np.allclose(run.panel.y[second], frame["sales"].to_numpy()[60:], rtol=1e-5)
    assert told(run, "rows of one step")


def test_gaps_stay_gaps_and_are_told() -> None:
    frame = daily(2, 60).drop(index=[10, 11, 70])
    run = prepared(frame)
    assert np.isnan(run.panel.y[0, [10, 11]]).all()
    assert np.isnan(run.panel.y[1, 10])
    assert "3 of 120" in told(run, "steps without a value")[0]


def test_series_of_different_lengths_end_side_by_side() -> None:
    frame = daily(2, 60)
    run = prepared(frame.drop(index=range(60, 90)))
    assert run.panel.lengths.tolist() == [60, 30]
    assert not np.isnan(run.panel.y[:, -1]).any()


def test_daylight_saving_and_mixed_time_zones() -> None:
    times = pd.date_range("2025-03-28", periods=120, freq="h", tz="Europe/Berlin")
    cells = [str(stamp) for stamp in times[:60]] + [str(stamp.tz_convert("UTC")) for stamp in times[60:]]
    frame = pd.DataFrame({"day": cells, "sales": np.arange(120.0)})
    run = prepared(frame, 6, series=(), known=())
    assert run.panel.frequency.name == "h"
    assert run.panel.y[0].tolist() == list(range(120))
    assert "3 offsets" in told(run, "time zone")[0]
    assert not run.warnings


def test_stamps_some_of_which_have_a_time_zone_are_told() -> None:
    times = pd.date_range("2025-01-02", periods=120, freq="h")
    frame = pd.DataFrame({"day": [f"{stamp}+00:00" if n < 60 else str(stamp) for n, stamp in enumerate(times)], "sales": np.arange(120.0)})
    run = prepared(frame, 6, series=(), known=())
    assert "60 of 120 stamps have a time zone" in run.warnings[0]


def test_gaps_are_filled_from_the_past_alone() -> None:
    y = np.array([[1.0, 2, np.nan, 4, np.nan, 6]], np.float32)
    before = filled(y, 2)
    after = filled(np.where(np.arange(6) == 5, 99, y).astype(np.float32), 2)
    assert before[0].tolist() == [1, 2, 1, 4, 1, 6]
    assert np.array_equal(before[:, :5], after[:, :5])


def test_rows_without_a_target_are_the_future() -> None:
    frame = daily(2, 60)
    ahead = frame.groupby("shop").tail(5).index
    frame.loc[ahead, "sales"] = np.nan
    run = prepared(frame, None, known=None)  # type: ignore[arg-type]
    assert run.horizon == 5
    assert run.layout.of("known")[0].name == "promo"
    assert run.panel.ahead == 5
