"""Anomalies: what breaks a rule is found, the rate of alarms holds, and a detector survives its file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.anomaly.scores import Rarity, average_precision, threshold
from automl.errors import DataError, UsageError

QUICK = ["robust_zscore", "isolation_forest"]


def related(rows, seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=rows)
    town = rng.choice(["x", "y", "z"], rows)
    d = np.where(town == "x", 5.0, 0.0) + 0.3 * rng.normal(size=rows)
    return pd.DataFrame({"a": a, "b": 2 * a + 0.1 * rng.normal(size=rows), "c": np.exp(rng.normal(size=rows)), "town": town, "d": d})


@pytest.fixture(scope="module")
def model():
    return automl.fit(related(900, 0), problem="anomaly_detection", alarms=0.05, budget=None)


def test_broken_rules_are_found_with_their_columns(model):
    odd = pd.DataFrame({"a": [1.0, 0.0], "b": [-2.0, 0.0], "c": [1.0, 1.0], "town": ["y", "x"], "d": [0.0, 0.0]})
    found = model.predictions(odd)
    assert found["alarm"].tolist() == [True, True]
    assert {"a", "b"} & {reason.split(" = ")[0] for reason in found["reasons"][0].split(" | ")}
    assert {"town", "d"} & {reason.split(" = ")[0] for reason in found["reasons"][1].split(" | ")}


def test_networks_see_what_a_forest_does_not(model):
    clean = related(600, 1)
    faulty = clean.copy()
    faulty.loc[:29, "b"] = -faulty.loc[:29, "b"]
    truth = np.arange(600) < 30
    rows = model.design_.rows(model.schema_.cast(faulty))
    alone = {member.family.name: average_precision(member.scores(rows, model.shape_, 3)[0], truth) for member in model.members_}
    assert alone["autoencoder"] > alone["isolation_forest"] + 0.1
    assert average_precision(model.score(faulty), truth) > alone["isolation_forest"]


def test_missing_cells_are_filled_by_the_others(model):
    told = model.facts_.anomalies.imputation
    assert told.rmse["autoencoder"] < told.rmse["median"]
    gaps = pd.DataFrame({"a": [1.0, 0.0], "b": [np.nan, 0.0], "c": [1.0, 1.0], "town": ["y", None], "d": [0.0, 5.0]})
    filled = model.impute(gaps)
    assert filled["b"][0] == pytest.approx(2.0, abs=0.7)
    assert filled["town"][1] == "x"
    assert filled["a"].tolist() == [1.0, 0.0]


def test_a_detector_survives_its_file(model, tmp_path):
    rows = related(50, 2)
    again = automl.load(model.save(tmp_path / "model.automl"))
    np.testing.assert_allclose(again.score(rows), model.score(rows), atol=1e-5)
    pd.testing.assert_frame_equal(again.impute(rows.assign(b=np.nan)), model.impute(rows.assign(b=np.nan)))


def test_the_report_says_what_cannot_be_known(model, tmp_path):
    model.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Without labels nobody can say" in page
    assert "Map" in page
    assert "<script" not in page


def test_the_rate_of_alarms_holds_on_new_rows():
    model = automl.fit(related(2_000, 3), problem="anomaly_detection", alarms=0.05, families=QUICK, budget=None)
    assert 0.035 < model.predict(related(4_000, 4)).mean() < 0.065


def test_labels_are_checked_against_and_not_learnt():
    frame = related(600, 5)
    frame.loc[:19, ["a", "b", "c"]] = 40.0
    labels = np.where(np.arange(600) < 20, "fault", "fine")
    model = automl.fit(frame.assign(state=labels), "state", problem="anomaly_detection", families=QUICK, budget=None, alarms=0.02)
    told, scores = model.facts_.anomalies.known, model.facts_.evaluation.scores
    assert told.anomalies == 20
    assert told.average_precision > 0.9
    assert told.false_alarms <= 0.03
    for name in ("average_precision", "precision", "recall", "false_alarms"):
        assert scores[name].low <= scores[name].value == getattr(told, name) <= scores[name].high
    assert scores["average_precision"].low > scores["average_precision"].naive == pytest.approx(20 / 600)
    assert "state" not in {column.name for column in model.schema_.features}


def test_a_series_is_judged_by_its_past():
    rng = np.random.default_rng(0)
    hours = pd.date_range("2024-01-01", periods=1_500, freq="h")
    load = 10 + 5 * np.sin(2 * np.pi * hours.hour / 24) + 0.3 * rng.normal(size=1_500)
    load = np.asarray(load)
    load[900] = 5.1 if hours[900].hour in range(4, 9) else load[900] - 4  # inside the range of all hours, wrong for its own
    frame = pd.DataFrame({"when": hours, "load": load})
    model = automl.fit(frame, problem="anomaly_detection", families=["forecast_residual", "robust_zscore"], budget=None, alarms=0.01)
    line = model.facts_.anomalies.time_line
    assert model.facts_.anomalies.time == "when"
    assert any(stretch.first <= f"{hours[900]:%Y-%m-%d %H:%M}" <= stretch.last for stretch in line.stretches[:3])
    again = automl.fit(frame, problem="anomaly_detection", families=["robust_zscore"], budget=None)
    assert 900 not in [row.row for row in again.facts_.anomalies.strangest[:5]]


@pytest.mark.parametrize(
    ("frame", "options", "error"),
    [
        (pd.DataFrame({"a": [1.0] * 5}), {}, "at least 50 rows"),
        (pd.DataFrame({"a": [1.0] * 60}), {}, "not the same in every row"),
        (pd.DataFrame({"a": np.arange(60.0) ** 1.5}), {"alarms": 2.0}, "`alarms` must be a share"),
        (pd.DataFrame({"a": np.arange(60.0) ** 1.5}), {"families": ["forest"]}, "must name detectors"),
        (pd.DataFrame({"a": np.arange(60.0) ** 1.5}), {"metric": "rmse"}, "takes the options"),
    ],
)
def test_what_cannot_be_done_is_said(frame, options, error):
    with pytest.raises((DataError, UsageError), match=error):
        automl.fit(frame, problem="anomaly_detection", **{"families": QUICK, "budget": None, **options})


def test_thresholds_are_conformal():
    rng = np.random.default_rng(0)
    rates = [float((rng.exponential(size=500) > threshold(rng.exponential(size=199), 0.05)).mean()) for _ in range(200)]
    assert np.mean(rates) == pytest.approx(0.05, abs=0.006)
    assert threshold(np.arange(10.0), 0.01) == np.inf


def test_rarity_rises_and_is_a_rank():
    scores = np.random.default_rng(0).normal(size=5_000)
    rarity = Rarity.fit(scores)
    assert (np.diff(rarity(np.linspace(-4, 8, 200))) >= 0).all()
    assert rarity(np.quantile(scores, [0.9, 0.99])) == pytest.approx([1.0, 2.0], abs=0.1)
    tied = Rarity.fit(np.concatenate([np.zeros(95), np.arange(1.0, 6.0)]))
    assert tied(np.array([0.0])) == pytest.approx([0.0])  # every row scores as high
    still = Rarity.fit(np.zeros(50))
    assert still(np.zeros(1)) == pytest.approx([0.0])
    assert still(np.ones(1)) > 1.5  # nothing was ever so high
    again = Rarity.from_arrays(rarity.to_arrays())
    np.testing.assert_array_equal(again(scores), rarity(scores))


def test_two_rates_can_be_asked_for():
    frame = related(1_000, 6)
    frame.loc[:79, ["a", "b"]] = 40.0
    labelled = frame.assign(state=np.where(np.arange(1_000) < 80, "fault", "fine"))
    own = {"problem": "anomaly_detection", "families": ["robust_zscore"], "budget": None}
    by_share = automl.fit(labelled, "state", alarms=0.04, **own).facts_.anomalies
    by_false = automl.fit(labelled, "state", false_alarms=0.04, **own).facts_.anomalies
    both = automl.fit(labelled, "state", alarms=0.04, false_alarms=0.04, **own).facts_.anomalies
    assert by_share.share_of_alarms == pytest.approx(0.04, abs=0.01)  # all of them faults
    assert by_false.known.false_alarms == pytest.approx(0.04, abs=0.01)
    assert by_false.share_of_alarms > 0.1
    assert both.threshold == max(by_share.threshold, by_false.threshold)
    with pytest.raises(UsageError, match="`false_alarms` must be a share"):
        automl.fit(labelled, "state", false_alarms=0.7, **own)
