"""Measure series classification on official splits, and anomaly detection with planted faults.

    python benchmarks/series.py --data FOLDER [--budget 60] [--only NAME]
    python benchmarks/series.py --data FOLDER --anomalies [--only NAME]

A folder of classification data holds ``data.npz`` with x_train, y_train, x_test and y_test, or a long table ``data.parquet``
(case, t, channels) beside ``labels.csv`` (case, label, part). For anomalies a ``data.csv`` is taken, and faults are planted in a copy
of it; nothing of the test rows is seen before the model is there.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Split = tuple[Any, Any, Any, Any]


def load(folder: Path) -> Split | None:
    """Return (x_train, y_train, x_test, y_test) of a folder, None where it holds no series with an official split."""
    if (folder / "data.npz").exists():
        with np.load(folder / "data.npz") as arrays:
            if "x_train" in arrays and arrays["x_train"].ndim == 3 and arrays["x_train"].dtype != np.uint8:
                return arrays["x_train"], arrays["y_train"], arrays["x_test"], arrays["y_test"]
    if not (folder / "labels.csv").exists() or not (folder / "data.parquet").exists():
        return None
    table, labels = pd.read_parquet(folder / "data.parquet"), pd.read_csv(folder / "labels.csv")
    table = table.merge(labels, on="case")
    parts = [table[table["part"] == "train"], table[table["part"] != "train"]]
    train, test = (part.drop(columns="part").reset_index(drop=True) for part in parts)
    return train, "label", test.drop(columns="label"), test.groupby("case", sort=False)["label"].first().to_numpy()


def classify(folder: Path, budget: float) -> dict[str, Any] | None:
    """Fit on the training part and judge on the test part."""
    import automl

    split = load(folder)
    if split is None:
        return None
    x_train, y_train, x_test, y_test = split
    started = time.monotonic()
    model = automl.fit(x_train, y_train, budget=budget)
    seconds = time.monotonic() - started
    proba = model.predict_proba(x_test)
    classes = [str(label) for label in model.classes_]
    codes = np.array([classes.index(str(label)) for label in y_test])
    shares = {member["family"]: round(member["weight"], 2) for member in model.leaderboard().to_dict("records") if member["weight"] > 0}
    return {
        "data": folder.name,
        "rows": len(y_test),
        "accuracy": float((proba.argmax(axis=1) == codes).mean()),
        "log_loss": float(-np.log(np.maximum(proba[np.arange(len(codes)), codes], 1e-15)).mean()),
        "seconds": round(seconds, 1),
        "members": shares,
    }


def planted(frame: pd.DataFrame, share: float, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Return a copy with faults of four kinds, and which rows have one: swapped cells, shifted numbers, wrong units, changed levels."""
    frame, rows = frame.copy(), rng.choice(len(frame), int(share * len(frame)), replace=False)
    numbers = [name for name in frame if frame[name].dtype.kind in "if"]
    words = [name for name in frame if frame[name].dtype.kind not in "ifM" and frame[name].nunique() <= 20]
    frame[numbers] = frame[numbers].astype(np.float64)
    for row in rows:
        kind = rng.integers(0, 4)
        if kind == 0 or not numbers:  # the cells of another row in a third of the columns
            chosen = rng.choice(numbers + words, max(len(numbers + words) // 3, 1), replace=False)
            frame.loc[row, chosen] = frame.loc[rng.integers(0, len(frame)), chosen]
        elif kind == 1:  # a number far off for its row, inside the range of the column
            name = rng.choice(numbers)
            low, high = frame[name].quantile([0.02, 0.98])
            frame.loc[row, name] = high if frame.loc[row, name] < (low + high) / 2 else low
        elif kind == 2:  # a wrong unit
            name = rng.choice(numbers)
            frame.loc[row, name] = frame.loc[row, name] * 10
        elif words:
            name = rng.choice(words)
            frame.loc[row, name] = rng.choice(frame[name].dropna().unique())
    truth = np.zeros(len(frame), dtype=bool)
    truth[rows] = True
    return frame, truth


def detect(folder: Path, budget: float, alarms: float, target: str | None = None) -> dict[str, Any] | None:
    """Fit on one half of the rows with faults planted, judge average precision on the other half; false alarms on its clean copy."""
    from sklearn.metrics import average_precision_score

    import automl

    if not (folder / "data.csv").exists():
        return None
    frame, rng = pd.read_csv(folder / "data.csv"), np.random.default_rng(0)
    if target is not None:
        frame = frame.drop(columns=target)
    width = 168 if any(name in frame for name in ("ts", "date", "time")) else 1  # blocks of neighbours in time
    block = np.arange(len(frame)) // width
    chosen = np.isin(block, rng.permutation(np.unique(block))[: (block.max() + 1) // 2])
    learn, clean = frame[chosen].reset_index(drop=True), frame[~chosen].reset_index(drop=True)
    dirty, truth = planted(clean, 0.03, rng)
    model = automl.fit(learn, problem="anomaly_detection", budget=budget, alarms=alarms)
    scores = model.score(dirty)
    rows = model.design_.rows(model.schema_.cast(dirty))
    alone = {
        member.family.name: round(float(average_precision_score(truth, member.scores(rows, model.shape_, 3)[0])), 3)
        for member in model.members_
    }
    return {
        "data": folder.name,
        "rows": len(dirty),
        "faults": int(truth.sum()),
        "average_precision": round(float(average_precision_score(truth, scores)), 3),
        "alone": alone,
        "false_alarms": float(model.predict(clean).mean()),
        "asked": alarms,
    }


def main() -> None:
    """Print one line of JSON for each folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--budget", default=60.0, type=float)
    parser.add_argument("--only", default=None, help="Folders whose name holds this.")
    parser.add_argument("--anomalies", action="store_true")
    parser.add_argument("--alarms", default=0.02, type=float)
    parser.add_argument("--drop", default=None, help="A column to leave out, such as a target.")
    given = parser.parse_args()
    for folder in sorted(path for path in given.data.iterdir() if path.is_dir() and (given.only or "") in path.name):
        found = detect(folder, given.budget, given.alarms, given.drop) if given.anomalies else classify(folder, given.budget)
        if found is not None:
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
