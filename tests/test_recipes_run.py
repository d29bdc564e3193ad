"""Each recipe, end to end through the command line, on a small budget: a model, a report and an answer that hold together."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pages
import pytest

import automl

ROOT = Path(__file__).parent.parent
RECIPES = sorted(path for path in (ROOT / "recipes").glob("*.yaml") if "anomaly_detection" not in path.read_text(encoding="utf-8"))
# what any working run reaches on the bundled tables, and a broken one does not
BETTER = {"roc_auc": 0.75, "accuracy": 0.5, "r2": 0.9, "coverage": 0.6}
BY_DEFAULT = {"telco_churn", "demand_forecast", "ticket_routing"}  # one each of tables, forecasts and texts; the rest with `-m slow`
# texts, pictures and series take longer to read, labels are learnt one by one, and what is generated has noise of its own
OTHERS = {"product_returns", "ticket_routing", "defect_inspection", "machine_failure", "spare_parts"}
LOWER = {"roc_auc": 0.6, "accuracy": 0.4}


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    home = str(Path(automl.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": home}
    return subprocess.run(
        [sys.executable, "-m", "automl", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def marked(recipe: Path) -> Any:
    return pytest.param(recipe, id=recipe.stem, marks=() if recipe.stem in BY_DEFAULT else pytest.mark.slow)


@pytest.fixture(scope="module", params=map(marked, RECIPES))
def ran(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp(request.param.stem)
    done = command("run", str(request.param), "--budget", "45s" if request.param.stem in OTHERS else "20s", folder=folder)
    return request.param, folder, done


@pytest.mark.browser
def test_the_report_is_without_fault_in_a_browser(ran: Any, browser: Any) -> None:
    recipe, folder, done = ran
    assert done.returncode == 0, done.stderr
    home = folder / "results" / recipe.stem
    for page in (home / "report.html", *sorted((home / "labels").glob("*.html"))[:1]):
        assert pages.faults(browser, page) == []


def test_a_recipe_runs_end_to_end(ran: Any) -> None:
    recipe, tmp_path, done = ran
    better = LOWER if recipe.stem in OTHERS else BETTER
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / recipe.stem
    assert done.stdout.rstrip().splitlines()[-1].split()[1] == str(Path("results") / recipe.stem / "report.html")
    assert "search" in done.stderr

    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    scores = facts["evaluation"]["scores"]
    known = [name for name in better if name in scores]
    assert known
    assert all(scores[name]["value"] > better[name] for name in known), {name: scores[name]["value"] for name in known}
    assert all(scores[name]["low"] <= scores[name]["value"] <= scores[name]["high"] for name in known)
    assert facts["question"].endswith("?")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert facts["title"] in page
    assert len(page) < 1_000_000
    with (folder / "leaderboard.csv").open(encoding="utf-8") as table:
        assert any("naive" in " ".join(row.values()).lower() for row in csv.DictReader(table))

    if facts["task"]["problem"] == "forecasting":  # its rows lie in the past: it goes on from them
        done = command("forecast", str(folder / "model.automl"), "-o", "predictions.csv", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        with (tmp_path / "predictions.csv").open(encoding="utf-8") as table:
            assert all(float(row["q10"]) <= float(row["prediction"]) <= float(row["q90"]) for row in csv.DictReader(table))
        return

    data = str((recipe.parent / _data(recipe)).resolve())
    done = command("predict", str(folder / "model.automl"), data, "-o", "predictions.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "predictions.csv").open(encoding="utf-8") as table, open(data, encoding="utf-8") as rows:
        predictions = list(csv.DictReader(table))
        given = [line.split(",", 1)[0] for line in list(rows)[1:]]
        assert len(predictions) == (len(set(given)) if recipe.stem == "machine_failure" else len(given))  # rows of a window are one case
    if facts["task"]["problem"] == "regression":
        assert all(float(row["lower"]) <= float(row["prediction"]) <= float(row["upper"]) for row in predictions)
    elif facts["task"]["problem"] == "multilabel":
        assert list(predictions[0]) == ["prediction", *(f"probability_{label}" for label in facts["task"]["classes"])]
        assert {part for row in predictions for part in row["prediction"].split(";") if part} <= set(facts["task"]["classes"])
        assert len(list((folder / "labels").glob("*.html"))) == sum(label["learnt"] for label in facts["labels"]["labels"])
    else:
        labels = [str(label) for label in facts["task"]["classes"]]
        told = [name for name in predictions[0] if name not in ("file", "window")]
        assert told == ["prediction", *(f"probability_{label}" for label in labels)]
        assert all(abs(sum(float(row[f"probability_{label}"]) for label in labels) - 1) < 1e-6 for row in predictions)


def _data(recipe: Path) -> str:
    return next(line.split(":", 1)[1].strip() for line in recipe.read_text().splitlines() if line.startswith("data:"))


@pytest.fixture(scope="module")
def monitored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("anomalies")
    return folder, command("run", str(ROOT / "recipes" / "anomaly_monitoring.yaml"), "--budget", "20s", folder=folder)


@pytest.mark.browser
def test_the_page_of_anomalies_is_without_fault_in_a_browser(monitored: Any, browser: Any) -> None:
    folder, done = monitored
    assert done.returncode == 0, done.stderr
    assert pages.faults(browser, folder / "results" / "anomaly_monitoring" / "report.html") == []


def test_the_recipe_of_anomalies_runs_end_to_end(monitored: Any) -> None:
    tmp_path, done = monitored
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "anomaly_monitoring"
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    scores = facts["evaluation"]["scores"]
    assert scores["average_precision"]["value"] > 0.5  # 0.93 on a busy machine; the detectors that need no network alone reach it
    assert scores["false_alarms"]["value"] <= 0.015
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert facts["title"] == "Hours in which the pump was not itself" in page
    assert "pressure in bar" in page  # columns are called as the glossary calls them
    assert {"report.md", "model_card.md", "annex_iv.md", "leaderboard.csv", "scores.csv"} <= {path.name for path in folder.iterdir()}
    assert f"{scores['average_precision']['value']:.3f}" in (folder / "model_card.md").read_text(encoding="utf-8")
    done = command("predict", str(folder / "model.automl"), str(ROOT / "examples/data/pump_hours.csv"), "-o", "alarms.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "alarms.csv").read_text(encoding="utf-8").startswith("score,alarm,reasons")
