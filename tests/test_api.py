"""One call each."""

import html
import json
import re

import numpy as np
import pandas as pd
import polars
import pytest
from small import FEATURES, FakeFamily, fit, people

import automl
from automl import AutoML, DataError, UsageError
from automl.errors import ArtifactError
from automl.report import words

DATA = people(120)
CHURN = DATA[[*FEATURES, "churn"]]
QUICK = {"budget": None, "trials": 1, "families": ["linear"]}


@pytest.mark.parametrize("form", ["frame", "polars", "dict", "records", "csv", "parquet"])
def test_a_table_of_any_form_gives_the_same_model(form, tmp_path):
    table = CHURN.drop(columns="since")  # dates in text are read by another rule than dates
    forms = {
        "frame": lambda: table,
        "polars": lambda: polars.from_pandas(table),
        "dict": lambda: table.to_dict("list"),
        "records": lambda: table.to_dict("records"),
        "csv": lambda: table.to_csv(tmp_path / "t.csv", index=False, sep=";", decimal=",") or tmp_path / "t.csv",
        "parquet": lambda: table.to_parquet(tmp_path / "t.parquet") or str(tmp_path / "t.parquet"),
    }
    model = automl.fit(forms[form](), "churn", **QUICK)
    assert isinstance(model, AutoML)
    np.testing.assert_allclose(model.predict_proba(table), fit(table, "churn").predict_proba(table), atol=1e-9)


def test_the_target_is_a_name_or_values():
    by_name = automl.fit(CHURN, "churn", **QUICK)
    by_values = automl.fit(CHURN[FEATURES], CHURN["churn"], **QUICK)
    np.testing.assert_array_equal(by_name.predict_proba(CHURN), by_values.predict_proba(CHURN))
    assert by_name.target == "churn"


def test_a_column_of_the_targets_name_may_already_be_there():
    model = automl.fit(CHURN.rename(columns={"age": "target"})[["target", "city"]], (CHURN["churn"] == "yes").tolist(), **QUICK)
    assert model.task_.target == "target_"
    assert model.feature_names_in_.tolist() == ["target", "city"]


def test_an_option_that_does_not_exist():
    with pytest.raises(TypeError, match="familys"):
        automl.fit(CHURN, "churn", familys=["linear"])


# ── detect


def test_detecting_trains_nothing(monkeypatch):
    monkeypatch.setattr("automl.run.Run.search", None)
    found = automl.detect(CHURN, "churn")
    assert (found.task.problem, found.task.classes) == ("binary", ("no", "yes"))
    assert {column.name: column.type for column in found.schema.features} == {
        "age": "number",
        "income": "number",
        "city": "category",
        "member": "boolean",
        "since": "datetime",
    }
    assert found.suggestions == ()


def test_without_a_target_one_is_suggested():
    found = automl.detect(CHURN)
    assert found.task is None
    assert found.suggestions[0][0] == "churn"
    told = found.to_dict()
    assert (told["task"], told["target"]) == ("binary", "churn")
    assert told["confidence"] <= 0.6
    assert told["suggestions"][0]["column"] == "churn"


def test_a_detection_is_json():
    told = automl.detect(DATA, "spent").to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["task"] == "regression"
    assert told["columns"]["city"]["type"] == "category"
    assert list(told) == ["modality", "task", "target", "confidence", "evidence", "runner_up", "columns", "findings"]


def test_a_detection_is_overruled():
    found = automl.detect(CHURN, "age", problem="multiclass", types={"income": "category"})
    assert found.task.problem == "multiclass"
    assert found.schema["income"].type == "category"
    with pytest.raises(UsageError, match="`types`"):
        automl.detect(CHURN, types={"incom": "category"})
    with pytest.raises(DataError, match="Did you mean 'churn'"):
        automl.detect(CHURN, "chrun")


def test_an_array_is_detected_with_its_target():
    rng = np.random.default_rng(0)
    assert automl.detect(rng.normal(size=(60, 2)), rng.normal(size=60)).task.problem == "regression"


# ── compare


def test_comparing_gives_the_best_of_each_family():
    board = automl.compare(CHURN, "churn", **{**QUICK, "trials": 4})
    assert sorted(board["family"]) == ["ensemble", "linear", "naive"]
    assert board["loss"].is_monotonic_increasing
    assert {"low", "high", "seconds", "weight", "config"} <= set(board.columns)


def test_a_comparison_is_a_page_too(tmp_path):
    families = ["linear", FakeFamily("wood", "tree")]
    board = automl.compare(CHURN, "churn", **{**QUICK, "trials": 4, "families": families}, out=tmp_path / "c" / "comparison.html")
    page = (tmp_path / "c" / "comparison.html").read_text(encoding="utf-8")
    assert all(title in page for title in board["title"])
    assert "Can we use it?" not in page
    assert "one standard error" in board.attrs["simplest"]
    assert board.attrs["simplest"].replace("'", "&#39;") in page
    mistakes = pd.DataFrame(board.attrs["mistakes"])
    assert sorted(mistakes.columns) == ["Linear model", "Wood"]
    assert (mistakes.to_numpy() == mistakes.to_numpy().T).all()
    again = board.copy()  # pandas compares what two tables hold besides their cells
    assert pd.concat([board, again], keys=["one", "two"]).attrs == board.attrs


def _told(page):
    """What a page says, its marks and spaces as plain text."""
    return html.unescape(re.sub(r"<[^>]+>", "", page)).replace("\u00a0", " ").replace("\u202f", " ")


def tagged():
    x = np.random.default_rng(0).normal(size=(60, 2))
    return pd.DataFrame(
        {"a": x[:, 0], "b": x[:, 1], "tags": [";".join(n for n, v in zip(("red", "blue"), row, strict=True) if v > 0) for row in x]}
    )


SALES = pd.DataFrame(
    {"day": pd.date_range("2026-01-01", periods=70), "sold": np.tile([5, 7, 9, 8, 12, 20, 18], 10) + np.sin(np.arange(70))}
)
CASES = {
    "labels": lambda: (tagged(), "tags", {"problem": "multilabel", "trials": 3, "families": ["linear", FakeFamily("wood", "tree")]}),
    "forecast": lambda: (SALES, "sold", {"horizon": 7, "trials": 4, "families": ["theta", "ets"]}),
}


@pytest.mark.parametrize("case", CASES)
def test_labels_and_forecasts_are_compared_like_tables(case, tmp_path):
    data, target, options = CASES[case]()
    board = automl.compare(data, target, budget=None, out=tmp_path / "comparison.html", **options)
    page = _told((tmp_path / "comparison.html").read_text(encoding="utf-8"))
    assert board["loss"].is_monotonic_increasing
    assert {"naive", "ensemble", "linear"} <= set(board["kind"])
    learnt = board[board["kind"] != "naive"]
    assert learnt[["low", "high", "predict_ms_1", "predict_ms_1000"]].notna().all(axis=None)
    assert (learnt["low"] <= learnt["loss"]).all()
    assert (learnt["loss"] <= learnt["high"]).all()
    assert learnt["on_the_line"].any()
    assert all(title in page for title in board["title"])
    assert all(words.number(loss, 4).replace("\u202f", " ") in page for loss in board["loss"])  # the page and the table: one set of facts
    assert "one standard error" in board.attrs["simplest"]
    assert board.attrs["simplest"].replace("\u00a0", " ").replace("\u202f", " ") in page
    assert pd.DataFrame(board.attrs["mistakes"]).shape == (2, 2)
    assert len(pd.concat([board, board])) == 2 * len(board)
    assert "Who is wrong together" in page
    assert "Score and speed" in page


def test_the_report_of_a_forecast_tells_the_call_that_makes_it_again():
    data, target, options = CASES["forecast"]()
    call = automl.fit(data, target, budget=None, **options).facts_.reproduce.python
    told = "target='sold', problem='forecasting', horizon=7, seed=0, budget=None, trials=4, families=['theta', 'ets']"
    assert call == f"automl.fit(data, {told})"
    assert eval(call, {"automl": automl, "data": data}).facts_.evaluation.scores == (
        automl.fit(data, target, budget=None, **options).facts_.evaluation.scores
    )


def test_the_losses_of_labels_are_means_over_them():
    data, target, options = CASES["labels"]()
    board = automl.compare(data, target, budget=None, **options)
    by_label = pd.DataFrame(board.attrs["by_label"])
    assert len(pd.concat([board, board.copy()])) == 2 * len(board)
    assert sorted(by_label.index) == ["blue", "red"]
    for row in board.to_dict("records"):
        assert row["loss"] == pytest.approx(by_label[row["title"]].mean(), abs=1e-6)  # every row has both labels known


@pytest.mark.parametrize("label", [None, "fault"])
def test_detectors_of_anomalies_are_compared(label, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(90, 3)), columns=list("abc"))
    frame.loc[:8, ["a", "b"]] = 9.0
    given = frame if label is None else frame.assign(fault=np.arange(90) < 9)
    families = ["robust_zscore", "isolation_forest"]
    options = {"problem": "anomaly_detection", "families": families, "budget": None, "alarms": 0.1}
    table = automl.compare(given, label, out=tmp_path / "comparison.html", **options)
    assert set(families) <= set(table["model"])
    assert table["agreement"].between(0, 1).sum() == 2
    assert table.attrs["agreement"].loc["Robust z-scores", "Isolation forest"] > 0.5
    page = (tmp_path / "comparison.html").read_text(encoding="utf-8")
    if label is None:
        assert table["average_precision"].isna().all()
        assert "nobody can say which detector is better" in table.attrs["advice"]
        assert table.attrs["advice"] in page
    else:
        assert table["family"].iloc[-1] == "naive"
        assert table["average_precision"].iloc[0] > 0.9
        assert "Average precision" in page


# ── load


def test_loading_needs_the_families_of_the_model(tmp_path):
    family = FakeFamily("mine", "tree")
    path = automl.fit(CHURN, "churn", **{**QUICK, "families": [family]}).save(tmp_path / "m.automl")
    with pytest.raises(ArtifactError, match=r"'mine'; hand that family in: automl\.load"):
        automl.load(path)
    again = automl.load(path, families=[family])
    assert again.predict_proba(CHURN).shape == (120, 2)


def test_a_loaded_model_knows_what_it_was(tmp_path):
    model = fit(CHURN, "churn", seed=4)
    again = automl.load(model.save(str(tmp_path / "m.automl")))
    assert (again.seed, again.target) == (4, "churn")
    assert isinstance(again.leaderboard(), pd.DataFrame)
    assert again.report(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == _report(model, tmp_path / "s.html")


def _report(model, path):
    model.report(path)
    return path.read_text(encoding="utf-8")
