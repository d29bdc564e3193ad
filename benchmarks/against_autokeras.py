"""Learn pictures and texts beside AutoKeras: it goes first with so many networks, ours gets the seconds that it took.

    python benchmarks/against_autokeras.py --data FOLDER --python PYTHON [--sets a,b] [--trials 1] [--epochs 10] [--least 60]

PYTHON is an interpreter with AutoKeras 3.0.0, Keras 3.12.0 (it stops on later ones), TensorFlow, tensorboard and pandas. AutoKeras has no
clock, so that it cannot be given a budget: a set's wall time is what its `fit` takes for `--trials` networks of at most `--epochs` passes
(at least `--least` seconds, so that a search that gave up early does not leave ours without time). Both get the same training rows and
are asked for the labels of the same test rows once. AutoKeras reads NumPy only: pictures of one size, or one text a row; ours reads the
same arrays or the same column.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import judging
import numpy as np
import pandas as pd

MARK = "RESULT "


def arrays(folder: Path) -> dict[str, np.ndarray] | None:
    """Return x_train, y_train, x_test and y_test of a set of pictures or texts with classes; None for other sets."""
    meta = json.loads((folder / "meta.json").read_text())
    if meta.get("task") not in ("binary", "multiclass"):
        return None
    if (folder / "data.npz").exists():
        with np.load(folder / "data.npz") as kept:
            names = ("x_train", "y_train", "x_test", "y_test")
            return {name: kept[name] for name in names} if "x_train" in kept and kept["x_train"].dtype == np.uint8 else None
    column = meta.get("image_column") or (meta.get("text_columns") or [None])[0]
    pictures = (folder / "images").is_dir()
    if not (folder / "test_rows.txt").exists() or (column is None and not pictures):
        return None
    train, test, meta = judging.load(folder)
    found: dict[str, np.ndarray] = {}
    for part, rows in (("train", train), ("test", test)):
        column = column or next(name for name in rows if rows[name].astype(str).str.contains(r"(?i)\.(?:jpe?g|png)$").all())
        cells = rows[column].fillna("").astype(str)
        found[f"x_{part}"] = pixels(folder, cells.tolist()) if pictures else np.array(cells.tolist(), dtype=str)
        found[f"y_{part}"] = np.array(rows[meta["target"]].astype(str).str.strip().tolist(), dtype=str)
    return found


def pixels(folder: Path, paths: Sequence[str], side: int = 64) -> np.ndarray:
    """Return pictures in one size, uint8 (rows, side, side, 3)."""
    from PIL import Image

    return np.stack([np.asarray(Image.open(folder / path).convert("RGB").resize((side, side))) for path in paths])


def peer(place: Path, trials: int, epochs: int) -> dict[str, float]:
    """Let AutoKeras learn the arrays of a file, and return its accuracy and the seconds of its fit."""
    import autokeras

    with np.load(place / "data.npz") as kept:
        x, y, unseen, truth = (kept[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    kind = autokeras.ImageClassifier if x.dtype == np.uint8 else autokeras.TextClassifier
    order = np.random.default_rng(0).permutation(len(y))  # it takes the last fifth to choose by, as it comes
    started = time.monotonic()
    model = kind(max_trials=trials, directory=str(place), overwrite=True, seed=0)
    model.fit(x[order], y[order], epochs=epochs, verbose=0)
    took = time.monotonic() - started
    said = np.asarray(model.predict(unseen, verbose=0)).ravel().astype(str)
    return {"accuracy": float(np.mean(said == truth.astype(str))), "seconds": took}


def ours(data: dict[str, np.ndarray], seconds: float) -> dict[str, float]:
    """Learn the same rows in so many seconds, and return accuracy and the seconds of the fit."""
    import automl

    started = time.monotonic()
    if data["x_train"].dtype == np.uint8:
        model = automl.fit(data["x_train"], data["y_train"], budget=seconds)
        unseen: Any = data["x_test"]
    else:
        model = automl.fit(pd.DataFrame({"text": data["x_train"], "label": data["y_train"]}), "label", budget=seconds)
        unseen = pd.DataFrame({"text": data["x_test"]})
    took = time.monotonic() - started
    return {"accuracy": float(np.mean(np.asarray(model.predict(unseen)).astype(str) == data["y_test"].astype(str))), "seconds": took}


def one(folder: Path, asked: argparse.Namespace) -> dict[str, Any] | None:
    """Measure both on a set; None where it has neither pictures nor texts with classes."""
    data = arrays(folder)
    if data is None:
        return None
    with tempfile.TemporaryDirectory() as place:
        np.savez(Path(place) / "data.npz", **data)  # type: ignore[arg-type]
        said = Path(place) / "said"
        judging.timed([asked.python, __file__, "--peer", place, "--trials", str(asked.trials), "--epochs", str(asked.epochs)], said)
        lines = [line for line in said.read_text(errors="replace").splitlines() if line.startswith(MARK)]
    theirs = json.loads(lines[-1].removeprefix(MARK)) if lines else {"accuracy": None, "seconds": asked.least}
    found = {"AutoKeras": theirs, "automl": ours(data, max(theirs["seconds"], asked.least))}
    told = {name: {key: value and round(value, 4) for key, value in entry.items()} for name, entry in found.items()}
    return {"data": folder.name, "rows": [len(data["y_train"]), len(data["y_test"])], **told}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every set and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--python", help="an interpreter with AutoKeras")
    parser.add_argument("--sets")
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--least", type=float, default=60.0, help="seconds that ours gets at least")
    parser.add_argument("--peer", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    if asked.peer:
        print(MARK + json.dumps(peer(asked.peer, asked.trials, asked.epochs)), flush=True)
        return 0
    if not asked.data or not asked.python:
        parser.error("--data and --python are needed")
    for folder in sorted(path.parent for path in asked.data.glob("*/meta.json")):
        if asked.sets and folder.name not in asked.sets.split(","):
            continue
        if found := one(folder, asked):
            print(json.dumps(found), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
