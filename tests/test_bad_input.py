"""Bad input through the real command line: a sentence, exit code 3 (or 2 for an argument), and nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import automl
from automl.cli import main

ROOT = Path(__file__).parent.parent
CHURN = ROOT / "examples" / "data" / "telco_churn.csv"


def plain(rows: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size, colour = rng.normal(size=rows), rng.choice(["red", "green", "blue"], rows)
    bought = np.where(size + (colour == "red") + rng.normal(0, 0.5, rows) > 0.3, "yes", "no")
    return pd.DataFrame({"size": size, "colour": colour, "age": rng.integers(18, 80, rows), "bought": bought})


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


BAD: dict[str, tuple[Callable[[], object], str, str]] = {
    "empty": (lambda: Path("t.csv").write_text(""), "bought", "empty"),
    "header only": (lambda: Path("t.csv").write_text("size,colour,bought\n"), "bought", "only the header"),
    "one row": (lambda: plain(1).to_csv("t.csv", index=False), "bought", "one class"),
    "one class": (lambda: plain().assign(bought="yes").to_csv("t.csv", index=False), "bought", "one class"),
    "misspelt target": (lambda: plain().to_csv("t.csv", index=False), "bougth", "Did you mean 'bought'?"),
    "target all missing": (lambda: plain().assign(bought=None).to_csv("t.csv", index=False), "bought", "missing"),
    "infinite target": (lambda: plain().assign(size=np.inf).to_csv("t.csv", index=False), "size", "infinite"),
    "damaged parquet": (lambda: Path("t.csv").write_bytes(b"PAR1" + bytes(range(256)) * 4), "bought", "Error: "),
    "no column but the target": (lambda: plain()[["bought"]].to_csv("t.csv", index=False), "bought", "Error: "),
}


@pytest.mark.parametrize("case", BAD)
def test_a_table_that_cannot_be_used_ends_with_3_and_a_sentence(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    make, target, part = BAD[case]
    make()
    assert main(["fit", "t.csv", "--target", target, "--budget", "30s", "--quiet"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert part in err
    assert err.startswith("Error: ")
    assert "Traceback" not in err


ODD: dict[str, Callable[[], object]] = {
    "infinite numbers": lambda: plain().assign(size=lambda t: t["size"].where(t["size"] < 1, np.inf)).to_csv("t.csv", index=False),
    "a column whose type changes midway": lambda: (
        plain().assign(age=lambda t: [str(a) if i < 90 else f"about {a}" for i, a in enumerate(t["age"])]).to_csv("t.csv", index=False)
    ),
    "a duplicate column name": lambda: Path("t.csv").write_text(plain().to_csv(index=False).replace("size,colour", "size,size", 1)),
    "1,500 columns": lambda: (
        plain(80).join(pd.DataFrame(np.eye(80, 1500), columns=[f"c{n}" for n in range(1500)])).to_csv("t.csv", index=False)
    ),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_table_gets_a_model(case: str) -> None:
    ODD[case]()
    assert main(["fit", "t.csv", "--target", "bought", "--trials", "2", "--families", "linear", "--out", "out", "--quiet"]) == 0
    assert Path("out/model.automl").is_file()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    plain().to_csv(folder / "t.csv", index=False)
    assert main(["fit", str(folder / "t.csv"), "-t", "bought", "--trials", "2", "--families", "linear", "--out", str(folder), "-q"]) == 0
    return folder / "model.automl"


def test_new_categories_and_empty_cells_at_prediction_time_are_handled(saved: Path) -> None:
    odd = plain(5).drop(columns="bought").assign(colour=["violet", None, "red", "", "blue"], size=[1.0, None, np.inf, -1.0, 1e300])
    odd.to_csv("new.csv", index=False)
    assert main(["predict", str(saved), "new.csv", "-o", "p.csv"]) == 0
    predicted = pd.read_csv("p.csv")
    assert len(predicted) == 5
    assert predicted.notna().all(axis=None)


def test_a_missing_column_at_prediction_time_is_named(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain(5).rename(columns={"colour": "color"}).to_csv("new.csv", index=False)
    assert main(["predict", str(saved), "new.csv"]) == 3
    assert "'colour'" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["truncated", "tampered", "another file", "a folder"])
def test_a_damaged_model_is_refused(damage: str, saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(saved.read_bytes())
    if damage == "tampered":
        content[len(content) // 2] ^= 1
    path = Path("m.automl")
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes({"truncated": content[:900], "tampered": content, "another file": b"size,colour\n"}[damage])
    plain(5).to_csv("new.csv", index=False)
    assert main(["predict", str(path), "new.csv"]) == 3
    assert "Error: " in capsys.readouterr().err


def test_impossible_wishes_are_told_before_the_search(capsys: pytest.CaptureFixture[str]) -> None:
    plain().to_csv("t.csv", index=False)
    for words in (["--positive", "maybe"], ["--families", "linaer"], ["--type", "age=colour"], ["--ignore", "sise"]):
        assert main(["fit", "t.csv", "-t", "bought", "-b", "30s", "-q", *words]) == 2
    assert main(["fit", "t.csv", "-t", "age", "-b", "30s", "-q", "--cost-miss", "1", "--cost-false-alarm", "1"]) == 2
    err = capsys.readouterr().err
    for part in ("'no' or 'yes'", "Did you mean 'linear'?", "Did you mean 'size'?", "two classes"):
        assert part in err


def test_ctrl_c_in_mid_search_saves_the_best_so_far() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(automl.__file__).parent.parent)}
    command = [sys.executable, "-m", "automl", "fit", str(CHURN), "--target", "churn", "--budget", "120s", "--out", "out"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "search: best" in line:
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=100)
    assert process.returncode == 130
    assert "Interrupted: the best so far was saved." in err
    assert "open this one" in out
    left = sorted(path.name for path in Path("out").iterdir())
    assert {"leaderboard.csv", "model.automl", "report.html", "report.json", "trials.lock", "trials.sqlite"} <= set(left)
