"""The page of anomalies answers first: what was found, how far it may be trusted, what to do next; rows are known by their time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.anomaly.answer import answer_of
from automl.anomaly.page import render
from automl.anomaly.telling import clear_times
from automl.cli.detectors import summary

QUICK = ["robust_zscore", "isolation_forest"]


def hourly(rows: int = 240) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"hour": pd.date_range("2026-01-01", periods=rows, freq="h"), "flow": rng.normal(size=rows), "heat": 1.0})
    frame["heat"] = frame["flow"] + 0.1 * rng.normal(size=rows)
    frame.loc[100, "flow"] = 40.0
    return frame


@pytest.fixture(scope="module")
def model():
    return automl.fit(hourly(), problem="anomaly_detection", families=QUICK, budget=None, alarms=0.05)


def test_rows_of_a_series_are_known_by_their_time(model, tmp_path: Path):
    first = model.facts_["strangest"][0]
    assert first["when"] == ["2026-01-05 04:00"]
    assert first["name"] == "2026-01-05 04:00 (row 100)"
    page = render(model.facts_)
    assert '<th scope="col" class="text">hour</th>' in page
    assert "The strangest is 2026-01-05 04:00 (row 100): flow = 40" in page
    assert "2026-01-05 04:00 (row 100)" in summary(model.facts_, {"report": tmp_path})
    model.write(tmp_path, hourly())
    assert pd.read_csv(tmp_path / "scores.csv")["hour"].iloc[100] == "2026-01-05 04:00:00"


def test_rows_of_several_series_are_known_by_time_and_series():
    parts = [hourly(120).assign(pump=pump) for pump in ("a", "b")]
    facts = automl.fit(pd.concat(parts, ignore_index=True), problem="anomaly_detection", families=QUICK, budget=None).facts_
    assert facts["named_by"] == ["hour", "pump"]
    assert facts["strangest"][0]["when"][1] in ("a", "b")


def test_without_labels_nothing_is_claimed_and_with_them_precision_is_told(model):
    told = model.facts_["answer"]
    assert told["verdict"] == "Yes, with review"
    assert any("nobody can say" in sentence for sentence in told["sentences"])
    frame = hourly().assign(fault=0)
    frame.loc[100, "fault"] = 1
    frame.loc[::9, "fault"] = 1  # most marks have nothing to do with what is unusual
    told = automl.fit(frame, "fault", problem="anomaly_detection", families=QUICK, budget=None, alarms=0.02).facts_["answer"]
    assert told["verdict"] == "No"
    assert any("by chance 12" in sentence for sentence in told["sentences"])
    assert any("The threshold rests on" in warning for warning in told["warnings"])


def test_a_page_names_no_family_as_the_code_does(model):
    facts = {
        **model.facts_,
        "left_out": {"variational_autoencoder": "there was no time"},
        "titles": {"variational_autoencoder": "Variational autoencoder"},
        "imputation": {"cells": 1, "rmse": {"autoencoder": 0.1, "neighbours": 0.2, "median": 0.3}, "right": {}},
    }
    facts["answer"] = answer_of(facts)
    page = render(facts)
    assert "There was no time for Variational autoencoder" in page
    assert "Of 1 cell hidden on purpose, the masked autoencoder fills in numbers best." in page.replace("\N{NO-BREAK SPACE}", " ")
    for name in ("variational_autoencoder", "robust_zscore", "isolation_forest", ">autoencoder<"):
        assert name not in page


def test_times_lose_only_what_is_zero_everywhere():
    days = pd.Series(pd.date_range("2026-01-01", periods=3)).dt.strftime("%Y-%m-%d %H:%M:%S")
    assert clear_times(days).tolist() == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert clear_times(pd.Series(["2026-01-01 00:00:00", "2026-01-01 00:00:07"])).tolist()[0].endswith("00:00:00")
    assert clear_times(pd.Series([1, 2])).tolist() == ["1", "2"]
