"""What a fit of series would do is told before it, by the same code, in Python and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_series import daily

import automl
from automl.cli import main
from automl.errors import DataError, UsageError
from automl.forecasting.forecaster import Forecaster


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return daily(3, 90).assign(visitors=lambda table: np.arange(len(table)) % 17, note="same")


def test_what_is_told_is_what_a_fit_does(frame: pd.DataFrame) -> None:
    found = automl.detect(frame, "sales", problem="forecasting")
    assert found.task is not None
    assert found.plan is not None
    assert found.task.name == "forecasting"
    model = Forecaster("sales", budget=None, trials=1, families=["seasonal_naive"]).fit(frame)
    done = {(one.what, one.chosen) for one in model.decisions_}
    told = {(one["what"], one["chosen"]) for one in found.plan["steps"]}
    assert told <= done
    assert {"column of times", "columns of series", "frequency", "horizon", "season", "backtest"} <= {what for what, _ in told}
    assert found.task.time == {"column": "day", "frequency": "D", "season": 7, "horizon": model.horizon_}
    assert found.plan["known"] == ["promo"]
    assert "visitors" in found.plan["past"]
    assert found.plan["not_used"] == {"note": "it never changes"}
    assert found.schema["note"].role == "dropped"


def test_what_was_said_is_kept_and_the_target_is_guessed(frame: pd.DataFrame) -> None:
    one = frame[frame["shop"] == frame["shop"].iloc[0]].drop(columns="shop")
    found = automl.detect(one, problem="forecasting", horizon=5, past=["promo"], season=7)
    assert found.task is not None
    assert found.plan is not None
    assert found.task.time is not None
    assert (found.task.target, found.task.time["horizon"]) == ("sales", 5)
    assert found.plan["past"] == ["promo"]


def test_series_that_are_seen_are_told_without_being_asked_for(frame: pd.DataFrame) -> None:
    found = automl.detect(frame, "sales")
    assert found.task is not None
    assert found.plan is not None
    assert found.task.runner_up is not None  # it was found out, so something else is possible
    because = next(one["because"] for one in found.plan["steps"] if one["what"] == "column of times")
    assert "steps in time" in because


def test_a_refusal_comes_before_the_budget_is_spent(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="longer than the horizon"):
        automl.detect(frame, "sales", horizon=400)
    with pytest.raises(DataError, match="column of times"):
        automl.detect(frame[["sales", "promo"]], "sales", problem="forecasting")
    with pytest.raises(UsageError, match="horizon"):
        automl.detect(frame, "sales", problem="forecasting", horzion=4)
    with pytest.raises(DataError, match="Received nothing"):
        automl.detect(pd.DataFrame({"a": list("xyzw") * 9}), problem="forecasting")
    with pytest.raises(UsageError, match="one column"):
        automl.detect(frame, ["sales", "visitors"], problem="forecasting")


def test_the_command_tells_it(frame: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame.to_csv(tmp_path / "sales.csv", index=False)
    asked = ["detect", str(tmp_path / "sales.csv"), "-t", "sales", "--task", "forecasting", "--horizon", "9", "--past", "promo"]
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert "What a fit would do" in out
    assert "horizon 9" in out
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["time"]["horizon"] == 9
    assert "promo" in told["plan"]["past"]
    assert main(["detect", str(tmp_path / "sales.csv"), "-t", "sales", "--task", "forecasting", "--time", "dya"]) == 2
    assert "Did you mean 'day'?" in capsys.readouterr().err


def test_a_column_that_counts_steps_is_found_and_two_are_asked_about() -> None:
    frame = pd.DataFrame({"step": np.arange(60), "y": np.tile([1.0, 5.0, 3.0], 20) + np.arange(60) % 11})
    found = automl.detect(frame.sample(frac=1, random_state=0), "y", problem="forecasting")
    assert found.task is not None
    assert found.task.time is not None
    assert found.task.time["column"] == "step"
    with pytest.raises(DataError, match="could be one of"):
        automl.detect(frame.assign(tick=np.arange(60) * 5), "y", problem="forecasting")
    with pytest.raises(DataError, match="holds dates or counts steps"):
        automl.detect(frame.assign(step=np.random.default_rng(0).integers(0, 9, 60)), "y", problem="forecasting")
