"""What was stated can be computed again: the file, the data, predictions and scores; and what does not agree is said."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small import FEATURES, album, fit, people

import automl
from automl import artifact
from automl.budget import Budget
from automl.cli import main
from automl.proof import Proof
from automl.verifying import Verification, verify

DATA = people(160)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two classes fitted on a file, and the file beside it."""
    home = tmp_path_factory.mktemp("saved")
    DATA[[*FEATURES, "churn"]].to_csv(home / "churn.csv", index=False)
    fit(home / "churn.csv", "churn", trials=2).save(home / "model.automl")
    return home


def told(found: Verification) -> dict[str, bool | None]:
    return {check.name: check.agrees for check in found.checks}


def altered(saved: Path, folder: Path, **changes: Any) -> Path:
    """Save the model once more with another record."""
    stored = artifact.read(saved / "model.automl")
    proof = dataclasses.replace(Proof.from_state(stored.parts["proof"]), **changes)
    return artifact.write(folder / "other.automl", {**stored.parts, "proof": proof.state()}, facts=stored.facts)


def test_an_untouched_model_agrees_in_everything(saved: Path) -> None:
    found = verify(saved / "model.automl", saved / "churn.csv")
    assert found.agrees
    assert told(found) == {"model file": True, "data": True, "predictions": True, "scores": True, "versions": True}
    assert "byte for byte" in found.checks[1].sentence
    assert json.loads(json.dumps(found.to_dict()))["agrees"] is True


def test_the_same_content_in_another_file_is_the_same_data(saved: Path, tmp_path: Path) -> None:
    pd.read_csv(saved / "churn.csv").to_csv(tmp_path / "t.tsv", sep="\t", index=False)
    found = verify(saved / "model.automl", tmp_path / "t.tsv")
    assert found.agrees
    assert "in another file" in found.checks[1].sentence


def test_other_data_are_told_and_measured_for_information(saved: Path, tmp_path: Path) -> None:
    people(160, seed=9)[[*FEATURES, "churn"]].to_csv(tmp_path / "new.csv", index=False)
    found = verify(saved / "model.automl", tmp_path / "new.csv")
    assert told(found)["data"] is False
    assert told(found)["predictions"] is None
    assert told(found)["scores"] is None
    assert "log_loss" in found.checks[3].sentence
    assert "inside" in found.checks[3].sentence or "outside" in found.checks[3].sentence
    assert not found.agrees


def test_one_changed_label_is_found(saved: Path, tmp_path: Path) -> None:
    frame = pd.read_csv(saved / "churn.csv")
    frame.loc[0, "churn"] = "yes" if frame.loc[0, "churn"] == "no" else "no"
    frame.to_csv(tmp_path / "churn.csv", index=False)
    assert told(verify(saved / "model.automl", tmp_path / "churn.csv"))["data"] is False


def test_predictions_that_differ_are_found(saved: Path, tmp_path: Path) -> None:
    proof = Proof.from_state(artifact.read(saved / "model.automl").parts["proof"])
    path = altered(saved, tmp_path, said=proof.said + 0.01)
    assert told(verify(path, saved / "churn.csv"))["predictions"] is False


def test_scores_that_differ_are_named(saved: Path, tmp_path: Path) -> None:
    proof = Proof.from_state(artifact.read(saved / "model.automl").parts["proof"])
    path = altered(saved, tmp_path, prediction=np.full_like(proof.prediction, 0.5))
    found = verify(path, saved / "churn.csv")
    assert told(found)["scores"] is False
    assert "log_loss" in found.checks[3].sentence


def test_a_model_judged_on_a_test_file_is_verified_with_it(tmp_path: Path) -> None:
    DATA[[*FEATURES, "spent"]].to_csv(tmp_path / "spent.csv", index=False)
    people(90, seed=3)[[*FEATURES, "spent"]].to_csv(tmp_path / "test.csv", index=False)
    path = fit(tmp_path / "spent.csv", "spent", test=str(tmp_path / "test.csv")).save(tmp_path / "m.automl")
    found = verify(path, tmp_path / "test.csv")
    assert told(found)["data"] is True
    assert told(found)["scores"] is True
    assert "by the model itself" in found.checks[3].sentence
    own = verify(path, tmp_path / "spent.csv")
    assert told(own)["predictions"] is True
    assert told(own)["scores"] is None


def test_a_file_from_before_says_so(saved: Path, tmp_path: Path) -> None:
    stored = artifact.read(saved / "model.automl")
    parts = {name: part for name, part in stored.parts.items() if name != "proof"}
    path = artifact.write(tmp_path / "old.automl", parts, facts=stored.facts)
    found = verify(path, saved / "churn.csv")
    assert told(found)["data"] is None
    assert "fit it again" in found.checks[1].sentence


def test_the_command_ends_with_its_code(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(saved / "model.automl")
    assert main(["verify", model, str(saved / "churn.csv")]) == 0
    assert "agrees       scores: All 11 scores" in capsys.readouterr().out
    people(50, seed=9)[[*FEATURES, "churn"]].to_csv(tmp_path / "new.csv", index=False)
    assert main(["verify", model, str(tmp_path / "new.csv"), "--json"]) == 5
    out, err = capsys.readouterr()
    assert json.loads(out)["agrees"] is False
    assert "Received what does not: data" in err
    assert main(["verify", model, str(tmp_path / "missing.csv")]) == 3
    broken = tmp_path / "broken.automl"
    content = bytearray((saved / "model.automl").read_bytes())
    content[len(content) // 2] ^= 1
    broken.write_bytes(bytes(content))
    assert main(["verify", str(broken), str(saved / "churn.csv")]) == 3


def test_pictures_are_known_by_their_files_wherever_they_lie(tmp_path: Path) -> None:
    photos = album(tmp_path / "photos", 8, 8)
    model = automl.fit(photos, budget=Budget(trials=1), families=["linear"])
    model.save(tmp_path / "model.automl")
    assert str(tmp_path) not in model.facts_.model_dump_json()
    moved = shutil.copytree(photos, tmp_path / "elsewhere")
    for place in (photos, moved):
        found = verify(tmp_path / "model.automl", place)
        assert told(found) == {"model file": True, "data": True, "predictions": True, "scores": True, "versions": True}
        assert "in another file" not in found.checks[1].sentence
    (moved / "spot" / "0.png").write_bytes((moved / "plain" / "0.png").read_bytes())
    changed = verify(tmp_path / "model.automl", moved)
    assert told(changed)["data"] is False
    assert told(changed)["predictions"] is None


def test_arrays_in_a_file_can_be_verified(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    pixels = (rng.random((40, 8, 8)) * 100).astype(np.uint8)
    pixels[y == 1, 2:5, 2:5] = 240
    np.savez(tmp_path / "arrays.npz", x=pixels, y=y)
    automl.fit(tmp_path / "arrays.npz", budget=Budget(trials=1), families=["linear"]).save(tmp_path / "model.automl")
    assert main(["verify", str(tmp_path / "model.automl"), str(tmp_path / "arrays.npz")]) == 0
    pixels[0, 0, 0] += 1
    np.savez(tmp_path / "other.npz", x=pixels, y=y)
    assert told(verify(tmp_path / "model.automl", tmp_path / "other.npz"))["data"] is False
