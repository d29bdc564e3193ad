"""Forecasters and detectors of anomalies can be checked against their data like any model."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import people

import automl
from automl import artifact
from automl.cli import main
from automl.proof import Proof
from automl.verifying import Verification, verify

EVERYTHING = {"model file": True, "data": True, "predictions": True, "scores": True, "versions": True}


def told(found: Verification) -> dict[str, bool | None]:
    return {check.name: check.agrees for check in found.checks}


def altered(model: Path, folder: Path, **changes: Any) -> Path:
    """Save a model once more with another record."""
    stored = artifact.read(model)
    proof = dataclasses.replace(Proof.from_state(stored.parts["proof"]), **changes)
    return artifact.write(folder / "other.automl", {**stored.parts, "proof": proof.state()}, facts=stored.facts)


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forecaster of three shops with a gap, and its data beside it."""
    home = tmp_path_factory.mktemp("sales")
    rng, days = np.random.default_rng(0), pd.date_range("2025-01-01", periods=90)
    parts = [
        pd.DataFrame({"shop": f"s{shop}", "day": days, "sold": 20 * shop + 9 * (days.day_of_week > 4) + rng.normal(0, 2, 90)})
        for shop in range(3)
    ]
    pd.concat(parts).drop(index=40).to_csv(home / "sales.csv", index=False)
    options: dict[str, Any] = {"horizon": 7, "time": "day", "series": "shop", "families": ["ridge_lags", "theta"]}
    automl.fit(home / "sales.csv", "sold", budget=None, trials=3, **options).save(home / "model.automl")
    return home


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector with labels to check against, and its data beside it."""
    home = tmp_path_factory.mktemp("odd")
    frame = people(300)
    frame["fault"] = np.where(np.arange(300) % 50 == 7, "yes", "no")
    numbers = frame.select_dtypes("number").columns
    frame.loc[frame["fault"] == "yes", numbers] *= 6
    frame.to_csv(home / "odd.csv", index=False)
    families = ["robust_zscore", "isolation_forest"]
    automl.fit(home / "odd.csv", "fault", problem="anomaly_detection", budget=None, families=families).save(home / "model.automl")
    return home


def test_a_forecaster_agrees_with_its_data_in_everything(sales: Path) -> None:
    found = verify(sales / "model.automl", sales / "sales.csv")
    assert told(found) == EVERYTHING
    assert "3 series were forecast again" in found.checks[2].sentence
    assert "7 scores" in found.checks[3].sentence


def test_a_changed_last_value_is_other_data(sales: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(sales / "sales.csv")
    frame.loc[len(frame) - 1, "sold"] += 5
    frame.to_csv(tmp_path / "sales.csv", index=False)
    assert told(verify(sales / "model.automl", tmp_path / "sales.csv")) == {
        "model file": True, "data": False, "predictions": None, "scores": None, "versions": True,
    }  # fmt: skip


def test_a_forecast_and_a_score_that_differ_are_found(sales: Path, tmp_path: Path) -> None:
    proof = Proof.from_state(artifact.read(sales / "model.automl").parts["proof"])
    moved = altered(sales / "model.automl", tmp_path, said=proof.said + 1.0, prediction=proof.prediction * 1.1)
    found = verify(moved, sales / "sales.csv")
    assert told(found) == {**EVERYTHING, "predictions": False, "scores": False}
    assert "wql" in found.checks[3].sentence


def test_a_detector_agrees_with_its_data_in_everything(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = verify(odd / "model.automl", odd / "odd.csv")
    assert told(found) == EVERYTHING
    assert "200 rows were scored again" in found.checks[2].sentence
    assert main(["verify", str(odd / "model.automl"), str(odd / "odd.csv")]) == 0
    assert "DISAGREES" not in capsys.readouterr().out


def test_other_scores_of_a_detector_are_found(odd: Path, tmp_path: Path) -> None:
    proof = Proof.from_state(artifact.read(odd / "model.automl").parts["proof"])
    moved = altered(odd / "model.automl", tmp_path, said=proof.said + 0.5, prediction=proof.prediction[::-1].copy())
    assert told(verify(moved, odd / "odd.csv")) == {**EVERYTHING, "predictions": False, "scores": False}


def test_models_from_before_say_that_they_have_no_record(sales: Path, odd: Path, tmp_path: Path) -> None:
    for home, data in ((sales, "sales.csv"), (odd, "odd.csv")):
        stored = artifact.read(home / "model.automl")
        parts = {name: state for name, state in stored.parts.items() if name != "proof"}
        path = artifact.write(tmp_path / "old.automl", parts, facts=stored.facts)
        found = verify(path, home / data)
        assert found.agrees
        assert told(found)["predictions"] is None
