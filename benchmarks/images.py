"""Learn from folders of pictures and arrays within a budget, and print accuracy, calibration error and seconds.

    python benchmarks/images.py --data FOLDER [--budget 5m] [--only NAME]
    python benchmarks/images.py --memory [--rows 50000] [--budget 120s]

The folder holds one folder per data set: ``data.npz`` with x_train, y_train, x_test and y_test, or ``data.csv`` with paths of pictures and
``test_rows.txt``, the positions of its test rows; ``meta.json`` names the target and the columns that are not to be used. Test rows are
predicted once and used for nothing else. With --memory, files of 64 × 64 pixels (every second one PNG, the others JPEG) are made in a
temporary folder and learnt from in a process of its own; printed are its peak memory, and how often each file was decoded.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import judging
import numpy as np
import pandas as pd

import automl
from automl.budget import Budget

BINS = 15
GIVEN_UP = ("detail of pictures", "rows to learn from", "trained network for pictures")  # decisions that the clock made


def load(folder: Path) -> tuple[Any, Any, Any, np.ndarray, dict[str, Any]] | None:
    """Return training data, target, test data, test answers and the description of a set; None where it holds no pictures."""
    meta = json.loads((folder / "meta.json").read_text())
    if (folder / "data.npz").exists():
        with np.load(folder / "data.npz") as arrays:
            if "x_train" not in arrays or arrays["x_train"].dtype != np.uint8:
                return None
            return arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"], meta
    if not (folder / "images").is_dir():
        return None
    from automl.dataset import read

    table = read(str(folder / "data.csv")).frame
    test = np.loadtxt(folder / "test_rows.txt", dtype=int)
    train = table.drop(index=test)
    target = meta["target"]
    return train, target, table.iloc[test].drop(columns=target), table.iloc[test][target].to_numpy(), meta


def calibration_error(probabilities: np.ndarray, right: np.ndarray) -> float:
    """Return the mean distance of confidence and accuracy over bins of equal numbers of rows."""
    confidence = probabilities.max(axis=1)
    bins = np.array_split(np.argsort(confidence), BINS)
    return float(sum(len(rows) * abs(confidence[rows].mean() - right[rows].mean()) for rows in bins) / len(confidence))


def generate(folder: Path, rows: int, side: int = 64, classes: int = 4) -> None:
    """Write coloured noise with a bright square, whose place is its class, a folder for each class."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for code in range(classes):
        (folder / f"class {code}").mkdir(parents=True)
    for row in range(rows):
        code, corner = row % classes, rng.integers(0, side // 4, 2)
        pixels = rng.integers(0, 160, (side, side, 3), dtype=np.uint8)
        down, right = corner + np.array([code // 2, code % 2]) * side // 2
        pixels[down : down + side // 5, right : right + side // 5] = rng.integers(150, 255, 3)
        Image.fromarray(pixels).save(folder / f"class {code}" / (f"{row}.png" if row % 8 < 4 else f"{row}.jpg"))


def counted(folder: Path, budget: str) -> dict[str, Any]:
    """Fit on a folder of pictures, and return how often its files were decoded."""
    from automl.preprocessing.pictures import decode as decoding

    opened, decoded = decoding._opened, Counter()

    def watched(cell: Any, side: int | None) -> Any:
        decoded[str(cell)] += side is not None  # without a side the header alone is read
        return opened(cell, side)

    decoding._opened = watched
    started = time.monotonic()
    model = automl.fit(folder, budget=budget)
    took, board = time.monotonic() - started, model.leaderboard()
    times = np.array([count for path, count in decoded.items() if path.startswith(str(folder)) or Path(path).suffix in (".png", ".jpg")])
    networks = board[(board["kind"] == "network") & (board["seconds"] > 0)]
    return {
        "fit_seconds": round(took, 1),
        "networks": {str(one["model"]): f"{one['status']}, {one['seconds']:.0f} s" for one in networks.to_dict("records")},
        "given_up": [f"{one.what}: {one.chosen}" for one in model.decisions_ if one.what in GIVEN_UP],
        "files": int((times > 0).sum()),
        "decoded_mean": round(float(times.mean()), 3),
        "decoded_most": int(times.max()),
        "best": board.iloc[0]["model"],
        "accuracy": round(float(model.facts_.evaluation.scores["accuracy"].value or 0.0), 3),
    }


def memory(rows: int, budget: str) -> dict[str, Any]:
    """Make pictures, learn from them in a process of its own, and return its peak memory, seconds and decodes."""
    with tempfile.TemporaryDirectory() as place:
        folder, told = Path(place) / "pictures", Path(place) / "told.json"
        generate(folder, rows)
        took, peak, code = judging.timed([sys.executable, __file__, "--counted", str(folder), "--budget", budget], told)
        found = json.loads(told.read_text().splitlines()[-1]) if not code else {"failed": code}
    return {"rows": rows, "budget": budget, "seconds": round(took, 1), "peak_mib": round(peak), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--memory", action="store_true", help="measure memory and decodes on generated files")
    parser.add_argument("--rows", type=int, default=50_000, help="generated files")
    parser.add_argument("--counted", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--budget")
    parser.add_argument("--only", action="append")
    parser.add_argument("--families", help="names, joined by commas")
    arguments = parser.parse_args()
    if arguments.counted or arguments.memory:
        budget = arguments.budget or "120s"
        print(json.dumps(counted(arguments.counted, budget) if arguments.counted else memory(arguments.rows, budget)), flush=True)
        return
    if arguments.data is None:
        parser.error("--data or --memory is needed")
    for folder in sorted(arguments.data.iterdir()):
        if not (folder / "meta.json").exists() or (arguments.only and folder.name not in arguments.only):
            continue
        found = load(folder)
        if found is None:
            continue
        train, target, test, answers, meta = found
        ignore = [name for name in meta.get("leak_columns", []) if isinstance(train, pd.DataFrame) and name in train.columns]
        families = arguments.families.split(",") if arguments.families else None
        budget = Budget(arguments.budget or "5m")
        metric = judging.metric_of({"task": "multiclass", **meta})
        model = automl.fit(train, target, budget=budget, ignore=ignore, families=families, metric=metric)
        took = time.monotonic() - float(budget.started or 0.0)
        probabilities = model.predict_proba(test)
        right = np.asarray(model.predict(test)).astype(str) == answers.astype(str)
        told = {
            "data": folder.name,
            "rows": [len(train), len(answers)],
            "budget": budget.limit,
            "seconds": round(took, 1),
            "accuracy": round(float(right.mean()), 4),
            "macro_f1": round(_macro_f1(answers, np.asarray(model.predict(test))), 4),
            "calibration_error": round(calibration_error(probabilities, right), 4),
        }
        print(json.dumps(told), flush=True)
        for trial in model.leaderboard().head(12).to_dict("records"):
            print("   ", trial, flush=True)


def _macro_f1(answers: np.ndarray, predicted: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    return float(f1_score(answers.astype(str), predicted.astype(str), average="macro"))


if __name__ == "__main__":
    main()
