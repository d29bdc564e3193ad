"""The page of anomalies answers first: what was found, how far it may be trusted, what to do next; rows are known by their time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.anomaly.answer import LATE, answer_of
from automl.anomaly.telling import clear_times
from automl.report.anomalies import ImputationFacts, named
from automl.report.html import render
from automl.results import summary

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
    first = model.facts_.anomalies.strangest[0]
    assert first.when == ("2026-01-05 04:00",)
    assert named(first) == "2026-01-05 04:00 (row 100)"
    page = render(model.facts_)
    assert '<th scope="col" class="text">hour</th>' in page
    assert "The strangest is 2026-01-05 04:00 (row 100): flow = 40" in page
    assert "2026-01-05 04:00 (row 100)" in summary(model.facts_, {"report": tmp_path})
    model.write_scores(tmp_path / "scores.csv", hourly())
    assert pd.read_csv(tmp_path / "scores.csv")["hour"].iloc[100] == "2026-01-05 04:00:00"


def test_rows_of_several_series_are_known_by_time_and_series():
    parts = [hourly(120).assign(pump=pump) for pump in ("a", "b")]
    facts = automl.fit(pd.concat(parts, ignore_index=True), problem="anomaly_detection", families=QUICK, budget=None).facts_.anomalies
    assert facts.named_by == ("hour", "pump")
    assert facts.strangest[0].when[1] in ("a", "b")


def test_without_labels_nothing_is_claimed(model):
    told = model.facts_.answer
    assert told.verdict == "yes, with review"
    assert any("nobody can say" in sentence for sentence in told.sentences)


def test_labels_that_have_nothing_to_do_with_alarms_make_a_no():
    frame = hourly().assign(fault=0)
    frame.loc[100, "fault"] = 1
    frame.loc[::9, "fault"] = 1  # most marks have nothing to do with what is unusual
    told = automl.fit(frame, "fault", problem="anomaly_detection", families=QUICK, budget=None, alarms=0.02).facts_.answer
    assert told.verdict == "no"
    assert any("by chance 12" in sentence for sentence in told.sentences)
    assert any("The threshold rests on" in warning for warning in told.warnings)


def test_a_page_names_no_family_as_the_code_does(model):
    filled = ImputationFacts(cells=1, rmse={"autoencoder": 0.1, "neighbours": 0.2, "median": 0.3})
    told = model.facts_.anomalies.model_copy(update={"left_out": {"Variational autoencoder": LATE}, "imputation": filled})
    answer = answer_of(told, model.facts_.evaluation, few=12)
    page = render(model.facts_.model_copy(update={"anomalies": told, "answer": answer}))
    assert "There was no time for Variational autoencoder" in page
    assert "Of 1 cell hidden on purpose, the masked autoencoder fills in numbers best" in page.replace("\N{NO-BREAK SPACE}", " ")
    outside = page.replace("families=[&#39;robust_zscore&#39;, &#39;isolation_forest&#39;]", "")  # the call that makes it again
    for name in ("variational_autoencoder", "robust_zscore", "isolation_forest", "forecast_residual", ">autoencoder<"):
        assert name not in outside


def test_times_lose_only_what_is_zero_everywhere():
    days = pd.Series(pd.date_range("2026-01-01", periods=3)).dt.strftime("%Y-%m-%d %H:%M:%S")
    assert clear_times(days).tolist() == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert clear_times(pd.Series(["2026-01-01 00:00:00", "2026-01-01 00:00:07"])).tolist()[0].endswith("00:00:00")
    assert clear_times(pd.Series([1, 2])).tolist() == ["1", "2"]
