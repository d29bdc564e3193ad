"""What a fitted detector says of itself: documents, comparison, how much of single rows, and whether its reasons can be believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import automl
from automl import artifact
from automl.anomaly import checking
from automl.anomaly.judging import _precision, _ranked
from automl.anomaly.scores import average_precision
from automl.cli import main
from automl.errors import ArtifactError, UsageError
from automl.report.facts import ReportFacts, read_json
from automl.report.html import render
from automl.results import write_detector
from automl.verifying import verify

SECRET = "xyzzyplugh"
GAUSSIAN = {"problem": "anomaly_detection", "families": ["robust_zscore", "conditional_gaussian"], "budget": None, "alarms": 0.05}


def pumps(rows: int = 300) -> pd.DataFrame:
    """Hours in which heat follows from flow; every tenth breaks that, and every second of these is marked."""
    rng = np.random.default_rng(0)
    flow = rng.normal(size=rows)
    frame = pd.DataFrame({"hour": pd.date_range("2026-01-01", periods=rows, freq="h"), "flow": flow, "load": rng.normal(size=rows)})
    frame["heat"] = 2 * flow + 0.05 * rng.normal(size=rows)
    frame["mode"] = rng.choice([f"{SECRET} day", f"{SECRET} night"], rows)
    frame["serial"] = [f"S{SECRET}{n}" for n in range(rows)]
    frame.loc[::20, "heat"] += 2.0
    return frame.assign(fault=np.where(np.arange(rows) % 40 == 0, "yes", "no"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a fit with labels, its data beside it."""
    folder = tmp_path_factory.mktemp("pumps")
    pumps().to_csv(folder / "pumps.csv", index=False)
    command = ["fit", "pumps.csv", "-t", "fault", "--task", "anomaly_detection", "--alarms", "0.05", "-q", "--require", "precision>0.1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([*command, "--families", "robust_zscore,conditional_gaussian", "--out", "out"]) == 0
    return folder


@pytest.fixture(scope="module")
def facts(home: Path) -> ReportFacts:
    return read_json(home / "out" / "report.json")


def told(facts: ReportFacts) -> Any:
    assert facts.anomalies is not None
    return facts.anomalies


def test_all_documents_are_written_and_known_to_the_audit(home: Path, facts: ReportFacts) -> None:
    names = {"model.automl", "report.html", "report.json", "report.md", "model_card.md", "annex_iv.md", "leaderboard.csv", "scores.csv"}
    assert names == {path.name for path in (home / "out").iterdir()}
    assert facts.reproduce.command is not None
    assert facts.reproduce.command.startswith("automl fit pumps.csv")
    assert "false_alarms" not in (facts.reproduce.python or "")
    roles = {column.name: column.role for column in facts.data.column_list}
    assert (roles["hour"], roles["serial"], roles["fault"], roles["heat"]) == ("time", "identifier", "target", "feature")
    assert facts.data.sha256 == facts.reproduce.data_fingerprint
    assert verify(home / "out" / "model.automl", home / "pumps.csv").agrees


@pytest.mark.parametrize(("asked", "name"), [(["--document", "card"], "card.md"), (["--document", "annex"], "annex.md"), ([], "r.md")])
def test_documents_are_written_again(asked: list[str], name: str, home: Path, tmp_path: Path) -> None:
    assert main(["report", str(home / "out" / "model.automl"), *asked, "-o", str(tmp_path / name)]) == 0
    kind = {"card.md": "model_card.md", "annex.md": "annex_iv.md", "r.md": "report.md"}[name]
    again = (home / "out" / kind).read_text(encoding="utf-8").replace(facts_command(home), "")
    assert (tmp_path / name).read_text(encoding="utf-8").replace(facts_command(home), "") == again


def facts_command(home: Path) -> str:
    return read_json(home / "out" / "report.json").reproduce.command or ""


def test_a_notebook_shows_the_answer(home: Path, facts: ReportFacts) -> None:
    model = automl.load(home / "out" / "model.automl")
    shown = model._repr_html_()
    assert facts.answer.headline in shown
    assert "Average precision" in shown
    assert model.leaderboard()["model"].iloc[0] in ("conditional_gaussian", "ensemble")
    assert "threshold" in set(model.decisions()["what"])


def test_a_gate_that_is_not_passed_ends_with_its_code(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["fit", str(home / "pumps.csv"), "-t", "fault", "--alarms", "0.05", "-q", "--families", "robust_zscore", "--json"]
    assert main([*command, "--out", str(tmp_path), "--require", "recall>0.999", "--examples", "none"]) == 5
    summed = json.loads(capsys.readouterr().out)
    assert summed["problem"] == "anomaly_detection"
    assert summed["failed"]
    assert set(summed["files"]) >= {"scores", "card", "report"}


def test_the_command_compares_detectors(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["compare", str(home / "pumps.csv"), "--alarms", "0.05", "-q", "--families", "robust_zscore,conditional_gaussian"]
    assert main([*command, "-o", str(tmp_path / "comparison.html")]) == 0
    out = capsys.readouterr().out
    assert "those that agree most first" in out
    assert "nobody can say which detector is better" in out
    assert main([*command, "-t", "fault", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["model"] for row in rows} >= {"robust_zscore", "conditional_gaussian", "chance"}
    assert rows[0]["average_precision"] > rows[-1]["average_precision"]


# ── how much of single rows


@pytest.mark.parametrize(("examples", "serial", "cells"), [("none", False, False), (None, False, True), ("few", True, True)])
def test_cells_of_rows_are_told_as_asked(examples: str | None, serial: bool, cells: bool, tmp_path: Path) -> None:
    data = pumps()
    model = automl.fit(data, "fault", examples=examples, **GAUSSIAN)
    write_detector(model, tmp_path, data)
    texts = [path.read_text("utf-8").replace("\\", "") for path in tmp_path.iterdir() if path.suffix in (".html", ".json", ".md")]
    assert any(f"S{SECRET}" in text for text in texts) is serial
    rows = told(model.facts_).strangest
    assert all(row.when == (str(data["hour"][row.row])[:16],) for row in rows)  # which rows and why is always told
    assert all(row.reasons for row in rows)
    assert {row.known is not None for row in rows} == {cells}
    assert {reason.value is not None for row in rows for reason in row.reasons} == {cells}
    assert (told(model.facts_).time_line.stretches[0].drawing is not None) is cells
    first = next(row for row in rows if row.reasons[0].column == "heat")
    assert any(f"heat = {data['heat'][first.row]:.4g}" in text for text in texts) is cells


def test_an_amount_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="'none' or 'few'"):
        automl.fit(pumps(), examples="all", **GAUSSIAN)


# ── reasons


def test_reasons_pass_their_test_and_made_up_ones_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("automl.anomaly.collect.check_reasons", lambda found, seconds: seen.append(found) or checking.check_reasons(found))
    card = automl.fit(pumps().drop(columns=["fault", "serial", "mode"]), **GAUSSIAN).facts_.cards[0]
    assert card.checks[0].passed is True
    assert card.checks[0].low > 0
    found = seen[0]
    turned = np.roll(found.columns, 1, axis=1)  # reasons that name the next column instead
    object.__setattr__(found, "columns", turned)
    check = checking.check_reasons(found).checks[0]
    assert check.passed is False
    assert check.value < card.checks[0].value / 2


def test_without_time_reasons_are_not_tested_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = lambda found, seconds: checking.check_reasons(found, 1e9)  # noqa: E731
    monkeypatch.setattr("automl.anomaly.collect.check_reasons", slow)
    facts = automl.fit(pumps().drop(columns="fault"), **{**GAUSSIAN, "budget": 60}).facts_
    assert facts.cards[0].skipped == checking.LATE
    assert checking.LATE in render(facts)


def test_reasons_that_fail_warn_on_the_first_page(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = checking._card(20, checking._told(np.zeros(20), np.linspace(0.0, 1.0, 20)))
    monkeypatch.setattr("automl.anomaly.collect.check_reasons", lambda found, seconds: failed)
    facts = automl.fit(pumps().drop(columns="fault"), **GAUSSIAN).facts_
    assert any("Reasons of alarms failed their test" in warning for warning in facts.answer.warnings)


# ── judging


def test_weighted_average_precision_is_that_of_repeated_rows() -> None:
    rng = np.random.default_rng(0)
    scores, truth, weight = rng.integers(0, 12, 60).astype(float), rng.random(60) < 0.3, rng.integers(0, 3, 60)
    rank, ends = _ranked(scores)
    own = _precision(weight[rank].astype(float), (weight * truth)[rank].astype(float), ends)
    assert own == pytest.approx(average_precision(np.repeat(scores, weight), np.repeat(truth, weight)))


def test_a_detector_that_was_saved_before_is_refused_in_a_sentence(home: Path, tmp_path: Path) -> None:
    stored = artifact.read(home / "out" / "model.automl")
    old = {"rows": 300, "threshold": 2.0, "strangest": [], "labels": None}
    path = artifact.write(tmp_path / "old.automl", stored.parts, facts=old)
    with pytest.raises(ArtifactError, match="fit it again") as refused:
        automl.load(path)
    assert "\n" not in str(refused.value)
