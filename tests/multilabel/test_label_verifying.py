"""A model of labels is verified as others are: data, predictions, and the scores of all labels together."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from automl import artifact
from automl.multilabel.classifier import MultilabelClassifier
from automl.proof import Proof
from automl.verifying import Verification, verify


def rows(count: int = 150, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=count), "y": rng.normal(size=count)}).round(3)
    frame["tags"] = [";".join(name for name in "xy" if row[name] + rng.normal() > 0) for _, row in frame.iterrows()]
    return frame


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("labels")
    rows().to_csv(home / "tags.csv", index=False)
    MultilabelClassifier("tags", budget=None, trials=1, families=["linear"]).fit(home / "tags.csv").save(home / "model.automl")
    return home


def told(found: Verification) -> dict[str, bool | None]:
    return {check.name: check.agrees for check in found.checks}


def test_an_untouched_model_agrees_in_everything(saved: Path) -> None:
    found = verify(saved / "model.automl", saved / "tags.csv")
    assert told(found) == {"model file": True, "data": True, "predictions": True, "scores": True, "versions": True}
    assert "All 8 scores" in found.checks[3].sentence  # all but the mean of the labels' calibration errors


def test_a_record_that_was_changed_disagrees(saved: Path, tmp_path: Path) -> None:
    stored = artifact.read(saved / "model.automl")
    proof = Proof.from_state(stored.parts["proof"])
    other = dataclasses.replace(proof, said=proof.said * 0.9, prediction=1 - proof.prediction)
    path = artifact.write(tmp_path / "other.automl", {**stored.parts, "proof": other.state()}, facts=stored.facts)
    found = told(verify(path, saved / "tags.csv"))
    assert found["predictions"] is False
    assert found["scores"] is False


def test_other_data_are_told_and_measured_for_information(saved: Path, tmp_path: Path) -> None:
    rows(seed=5).to_csv(tmp_path / "new.csv", index=False)
    found = verify(saved / "model.automl", tmp_path / "new.csv")
    assert told(found) == {"model file": True, "data": False, "predictions": None, "scores": None, "versions": True}
    assert "subset_accuracy" in found.checks[3].sentence


def test_rows_without_labels_cannot_be_scored(saved: Path, tmp_path: Path) -> None:
    rows().drop(columns="tags").to_csv(tmp_path / "bare.csv", index=False)
    found = verify(saved / "model.automl", tmp_path / "bare.csv")
    assert "no column 'tags'" in found.checks[3].sentence


def test_columns_as_labels_and_a_test_file(tmp_path: Path) -> None:
    def table(seed: int) -> pd.DataFrame:
        frame = rows(150, seed)
        return frame.assign(a=frame["tags"].str.contains("x").astype(int), b=frame["tags"].str.contains("y").astype(int)).drop(
            columns="tags"
        )

    table(1).to_csv(tmp_path / "data.csv", index=False)
    table(2).to_csv(tmp_path / "test.csv", index=False)
    given = {"budget": None, "trials": 1, "families": ["linear"], "test": tmp_path / "test.csv"}
    path = MultilabelClassifier(["a", "b"], **given).fit(tmp_path / "data.csv").save(tmp_path / "model.automl")
    judged, learnt = verify(path, tmp_path / "test.csv"), verify(path, tmp_path / "data.csv")
    assert told(judged)["scores"] is True
    assert "by the model itself" in judged.checks[3].sentence
    assert told(learnt)["predictions"] is True
