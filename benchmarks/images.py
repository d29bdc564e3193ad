"""Learn from folders of pictures and arrays within a budget, and print accuracy, calibration error and seconds.

    python benchmarks/images.py --data FOLDER [--budget 5m] [--only NAME]

The folder holds one folder per data set: ``data.npz`` with x_train, y_train, x_test and y_test, or ``data.csv`` with paths of pictures and
``test_rows.txt``, the positions of its test rows; ``meta.json`` names the target and the columns that are not to be used. Test rows are
predicted once and used for nothing else.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import judging
import numpy as np
import pandas as pd

import automl
from automl.budget import Budget

BINS = 15


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", default="5m")
    parser.add_argument("--only", action="append")
    parser.add_argument("--families", help="names, joined by commas")
    arguments = parser.parse_args()
    for folder in sorted(arguments.data.iterdir()):
        if not (folder / "meta.json").exists() or (arguments.only and folder.name not in arguments.only):
            continue
        found = load(folder)
        if found is None:
            continue
        train, target, test, answers, meta = found
        ignore = [name for name in meta.get("leak_columns", []) if isinstance(train, pd.DataFrame) and name in train.columns]
        families = arguments.families.split(",") if arguments.families else None
        budget = Budget(arguments.budget)
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
