"""What a user does with forecasts, from the table to the file and back; bad input gets one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plain_words
import pytest
from small_series import daily

import automl
from automl.cli import main
from automl.errors import DataError, UsageError
from automl.forecasting.forecaster import Forecaster

QUICK = {"budget": None, "trials": 2, "families": ["ridge_lags", "theta"]}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return daily(6, 150)


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> Any:
    past = frame[frame["day"] < "2025-05-24"]
    return automl.fit(past.sample(frac=1, random_state=0), "sales", problem="forecasting", known=["promo"], horizon=7, **QUICK)


@pytest.fixture(scope="module")
def future(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["day"] >= "2025-05-24"].drop(columns="sales").sample(frac=1, random_state=1)


def test_rows_come_back_in_their_order_and_are_forecast_well(model: Any, frame: pd.DataFrame, future: pd.DataFrame) -> None:
    made = model.predictions(future)
    assert made[["shop", "day", "promo"]].equals(future[["shop", "day", "promo"]].reset_index(drop=True))
    quantiles = made[[f"q{level}" for level in range(10, 100, 10)]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert np.array_equal(made["prediction"], made["q50"])
    true = frame.loc[future.index, "sales"].to_numpy()
    naive = np.abs(true - frame["sales"].mean()).mean()
    assert np.abs(true - model.predict(future)).mean() < 0.2 * naive


def test_the_file_holds_all_of_it(model: Any, future: pd.DataFrame, tmp_path: Path) -> None:
    kept = automl.load(model.save(tmp_path / "sales.automl"))
    assert isinstance(kept, Forecaster)
    assert kept.predictions(future).equals(model.predictions(future))
    assert kept.facts_ == model.facts_
    assert kept.horizon_ == 7
    assert len(kept.decisions()) == len(model.decisions())


def test_new_observations_count_at_once(model: Any, frame: pd.DataFrame, future: pd.DataFrame) -> None:
    seen = frame[(frame["day"] >= "2025-05-24") & (frame["day"] < "2025-05-27")].assign(sales=lambda t: t["sales"] + 40)
    later = future[future["day"] >= "2025-05-27"]
    before, after = model.predictions(later), model.predictions(later, history=seen)
    assert (after["prediction"] - before["prediction"]).mean() > 3
    assert model.kept_.model.panel.last.max() == model.kept_.model.panel.last.min()


def test_a_series_never_seen_gets_a_forecast(model: Any, future: pd.DataFrame) -> None:
    fresh = future[future["shop"] == "s0"].assign(shop="new")
    made = model.predictions(fresh)
    assert np.isfinite(made["prediction"]).all()
    known = model.predictions(future[future["shop"] == "s2"])
    assert (made["q90"] - made["q10"]).mean() > (known["q90"] - known["q10"]).mean()
    with_past = model.predictions(fresh, history=daily(1, 143).assign(shop="new"))
    assert np.abs(with_past["prediction"].mean() - 57) < 8


def test_what_is_known_in_advance_must_be_given(model: Any, future: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="'promo'"):
        model.forecast(7)
    with pytest.raises(DataError, match="'promo'"):
        model.predictions(future.drop(columns="promo"))
    with pytest.raises(DataError, match="'promo'"):
        model.predictions(future.assign(promo=np.nan))
    assert len(model.forecast(3, future=future)) == 18


def test_rows_of_the_past_are_refused(model: Any, frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="behind the last known step"):
        model.predictions(frame.tail(30))


def test_the_report_tells_of_series_and_horizon(model: Any, tmp_path: Path) -> None:
    facts = model.facts_.forecast
    assert [fan.kind for fan in facts.fans] == ["worst", "typical", "best"]
    assert [step.first for step in facts.by_step] == list(range(1, 8))
    assert facts.covariates[0].name == "promo"
    assert facts.covariates[0].rise > 0
    assert {row.family for row in model.facts_.leaderboard.rows} >= {"seasonal_naive", "ridge_lags", "theta", "ensemble"}
    assert model.facts_.evaluation.comparisons[0].better
    assert plain_words.faults(model.facts_) == []
    page = Path(model.report(tmp_path / "r.html")).read_text(encoding="utf-8")
    assert "fan-worst" in page
    assert "coverage-by-step" in page
    drawn = re.findall(r'<path d="M[^"]*[^Z"]" class="([^"]*)"', page)  # what is open must be a line: all else would be filled
    assert drawn
    assert all(kind.split()[0] in ("line", "stroke", "flow", "sign") for kind in drawn)


def test_a_forecast_reaches_further_than_it_was_trained_for() -> None:
    series = daily(1, 120)[["day", "sales"]]
    made = Forecaster("sales", horizon=7, **QUICK).fit(series).forecast(21)
    assert len(made) == 21
    width = (made["q90"] - made["q10"]).to_numpy()
    assert width[14:].mean() > width[:7].mean()


def test_series_are_forecast_where_the_order_of_rows_shows_it() -> None:
    found = automl.fit(daily(1, 150)[["day", "sales"]], "sales", **QUICK)
    assert isinstance(found, Forecaster)
    assert found.decisions()["what"].tolist().count("horizon") == 1


def test_numbered_steps_and_months() -> None:
    steps = pd.DataFrame({"t": range(80), "y": np.tile([1.0, 4, 9, 4], 20)})
    made = automl.fit(steps, "y", time="t", horizon=4, **QUICK).forecast()
    assert made["t"].tolist() == [80, 81, 82, 83]
    assert np.allclose(made["prediction"], [1, 4, 9, 4], atol=0.5)
    months = pd.DataFrame({"month": pd.date_range("2015-01-31", periods=84, freq="ME"), "y": np.arange(84.0)})
    made = automl.fit(months, "y", horizon=3, **QUICK).forecast()
    assert made["month"].dt.strftime("%Y-%m-%d").tolist() == ["2022-01-31", "2022-02-28", "2022-03-31"]


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (pd.DataFrame({"day": ["2025-01-01"], "y": [1.0]}), {}, "at least 4 known values"),
        (pd.DataFrame({"day": ["2025-01-01"] * 9, "y": range(9)}), {}, "two different times"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(30)}), {"horizon": 40}, "longer than the horizon"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": ["a", "b"] * 15}), {}, "column of numbers"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": [np.nan] * 30}), {"horizon": 2}, "missing|known"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(30)}), {"horizon": 0}, "horizon"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(30)}), {"known": ["price"]}, "'price'"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(30)}), {"horizon": 2, "country": "Nowhere"}, "country"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(30)}), {"horizon": 2, "families": ["mlp"]}, "families"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(30)}), {"horizon": 2, "costs": {"miss": 1}}, "costs"),
        (pd.DataFrame({"day": pd.date_range("2025-01-01", periods=30), "y": range(-9, 21)}), {"target_scale": "log"}, "negative values"),
        (pd.DataFrame({"day": pd.to_datetime(np.cumsum(np.arange(30) ** 2), unit="D"), "y": range(30)}), {}, "frequency='MS'"),
    ],
)
def test_bad_input_gets_one_sentence(frame: pd.DataFrame, options: dict[str, Any], words: str) -> None:
    given = {**QUICK, "time": "day", **options}
    with pytest.raises((DataError, UsageError), match=words) as told:
        automl.fit(frame, "y", problem="forecasting", **given)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "values",
    [np.zeros(60), np.full(60, 5.0), np.where(np.arange(60) % 9 == 0, 3.0, 0.0), -np.arange(60.0), np.arange(9.0)],
    ids=["zeros", "constant", "intermittent", "negative", "short"],
)
def test_odd_series_are_forecast_all_the_same(values: np.ndarray) -> None:
    frame = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=len(values)), "y": values})
    model = Forecaster("y", horizon=3, time="day", budget=None, trials=2).fit(frame)
    made = model.forecast()
    assert np.isfinite(made.drop(columns="day").to_numpy()).all()
    assert model.facts_.answer.verdict in ("yes", "yes, with review", "no")


def test_the_command_line(frame: pd.DataFrame, future: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, rows, out = tmp_path / "sales.csv", tmp_path / "future.csv", tmp_path / "out"
    frame[frame["day"] < "2025-05-24"].drop(columns="promo").to_csv(data, index=False)
    words = ["fit", str(data), "--target", "sales", "--task", "forecasting", "--time", "day", "--series", "shop", "--horizon", "7"]
    assert main([*words, "--trials", "2", "--families", "ridge_lags,theta", "--out", str(out), "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["problem"] == "forecasting"
    assert {path.name for path in out.iterdir()} >= {"model.automl", "report.html", "report.json", "leaderboard.csv"}
    future.to_csv(rows, index=False)
    assert main(["predict", str(out / "model.automl"), str(rows), "-o", str(tmp_path / "p.csv")]) == 0
    made = pd.read_csv(tmp_path / "p.csv")
    assert made["shop"].tolist() == future["shop"].tolist()
    assert main(["forecast", str(out / "model.automl"), "--horizon", "4", "-o", str(tmp_path / "f.csv")]) == 0
    assert len(pd.read_csv(tmp_path / "f.csv")) == 24
    assert main(["forecast", str(out / "model.automl"), "--horizon", "0"]) == 2
    capsys.readouterr()
    pd.DataFrame({"day": ["2025-01-01", "2025-02-11"], "shop": ["a", "b"], "sales": [1, 2]}).to_csv(data, index=False)
    assert main([*words, "--out", str(out), "--quiet"]) == 3
    assert "at least 4 known values" in capsys.readouterr().err


def test_a_forecast_is_not_explained_row_by_row(model: Any, future: pd.DataFrame, tmp_path: Path, capsys: Any) -> None:
    path, rows = model.save(tmp_path / "sales.automl"), tmp_path / "future.csv"
    future.to_csv(rows, index=False)
    assert main(["explain", path, str(rows)]) == 2
    assert "automl report" in capsys.readouterr().err
