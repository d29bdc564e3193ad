"""Folders of pictures through the whole path: learnt, stored, opened on another backend, predicted file by file."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import album

import automl
from automl.budget import Budget
from automl.errors import DataError


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(automl.__file__).parent.parent)}
    return subprocess.run(
        [sys.executable, "-m", "automl", *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    home = tmp_path_factory.mktemp("pictures")
    photos = album(home / "photos")
    model = automl.fit(photos, budget=Budget(trials=2), families=["linear", "transfer"], seed=0)
    assert model.score(str(photos), pd.Series(["plain"] * 30 + ["spot"] * 30)) > 0.9
    model.save(home / "m.automl")
    model.report(home / "report.html")
    return photos, home


def test_each_file_of_a_folder_is_named_beside_its_prediction(learnt: tuple[Path, Path]) -> None:
    photos, home = learnt
    (home / "new").mkdir(exist_ok=True)
    for number in (1, 2):
        (home / "new" / f"{number}.png").write_bytes((photos / "spot" / f"{number}.png").read_bytes())
    (home / "new" / "broken.png").write_bytes(b"")
    done = command("predict", "m.automl", "new", "-o", "out.csv", folder=home)
    assert done.returncode == 0, done.stderr
    assert "broken.png (empty)" in done.stderr
    rows = list(csv.DictReader((home / "out.csv").open(encoding="utf-8")))
    assert [row["file"] for row in rows] == ["1.png", "2.png"]
    assert {row["prediction"] for row in rows} == {"spot"}


def test_the_report_shows_pictures_beside_what_counts_in_them(learnt: tuple[Path, Path]) -> None:
    page = (learnt[1] / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "img-src data:" in page
    assert 'id="pictures"' in page


def test_subfolders_are_the_target_unasked(tmp_path: Path) -> None:
    photos = album(tmp_path / "photos", 12)
    done = command("fit", str(photos), "--trials", "1", "--families", "linear", "--out", "made", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert automl.load(tmp_path / "made" / "model.automl").classes_.tolist() == ["plain", "spot"]


def test_half_of_the_paths_may_be_missing(tmp_path: Path) -> None:
    photos = album(tmp_path / "photos", 20)
    paths = [f"photos/{kind}/{number}.png" for kind in ("plain", "spot") for number in range(20)]
    frame = pd.DataFrame({"photo": paths, "kind": ["plain"] * 20 + ["spot"] * 20})
    frame.loc[::2, "photo"] = None
    frame.loc[1, "photo"] = "photos/plain/none.png"
    frame.to_csv(tmp_path / "t.csv", index=False)
    model = automl.fit(tmp_path / "t.csv", "kind", budget=Budget(trials=1), families=["linear"], seed=0)
    told = " ".join(f"{entry.what} {entry.because}" for entry in model.decisions_)
    assert "none.png (not there)" in told
    assert len(model.predict(tmp_path / "t.csv")) == 40
    assert photos.exists()


def test_pictures_that_are_all_the_same_are_refused_or_told(tmp_path: Path) -> None:
    same = np.full((40, 8, 8), 7, np.uint8)
    with pytest.raises(DataError, match="same in every row"):
        automl.fit(same, np.arange(40) % 2, budget=Budget(trials=1), families=["linear"])


@pytest.mark.slow
@pytest.mark.parametrize("families", [["transfer"], ["cnn"]], ids=lambda names: names[0])
def test_another_backend_predicts_the_same(tmp_path: Path, families: list[str]) -> None:
    photos = album(tmp_path / "photos")
    model = automl.fit(photos, budget=Budget(trials=2), families=families, seed=0)
    model.save(tmp_path / "m.automl")
    expected = model.predict_proba(str(photos))
    for backend in ("tensorflow", "jax"):
        code = f"import numpy, automl; numpy.save('p.npy', automl.load('m.automl').predict_proba({str(photos)!r}))"
        environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(Path(automl.__file__).parent.parent)}
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=300)
        np.testing.assert_allclose(np.load(tmp_path / "p.npy"), expected, atol=2e-3)
