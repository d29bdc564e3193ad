"""What every system is judged by: the same rows, the same score, the same clock.

Needs NumPy and pandas (and scikit-learn for the ROC AUC of two classes), so that the interpreters of other tools can import it too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

READING = {"skipinitialspace": True, "na_values": ["?"], "low_memory": False}


def load(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return training rows, test rows and the description of a set, identifiers and leaks removed.

    Args:
        folder: Holds the data file, `meta.json` (task, target, file, id_columns, leak_columns) and `test_rows.txt` (0-based positions).

    Returns:
        Rows without a target are in neither part.
    """
    meta = json.loads((folder / "meta.json").read_text())
    path = folder / meta["file"]
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, **READING)
    unused = [name for name in [*(meta.get("leak_columns") or []), *(meta.get("id_columns") or [])] if name in frame]
    frame = frame.drop(columns=[name for name in unused if name != meta["target"]])
    test = np.zeros(len(frame), dtype=bool)
    test[np.loadtxt(folder / "test_rows.txt", dtype=int)] = True
    known = frame[meta["target"]].notna().to_numpy()
    return frame[~test & known].reset_index(drop=True), frame[test & known].reset_index(drop=True), meta


def tables(data: Path, only: str | None = None) -> list[Path]:
    """Return the folders of the sets to judge: tables with a given split, two classes or a number to predict, no text.

    Args:
        data: The folder of the sets.
        only: Names with commas; any set with a given split may be named.
    """
    chosen = []
    for folder in sorted(path.parent for path in data.glob("*/meta.json")):
        meta = json.loads((folder / "meta.json").read_text())
        plain = meta["task"] in ("binary", "regression") and not meta.get("text_columns")
        if (folder / "test_rows.txt").exists() and (folder.name in only.split(",") if only else plain):
            chosen.append(folder)
    return chosen


def metric_of(meta: dict[str, Any]) -> str | None:
    """Return the metric of a set where `automl.fit` takes it; None where not, as a ROC AUC.

    Example:
        >>> metric_of({"task": "multiclass", "metric": "macro_f1"}), metric_of({"task": "binary", "metric": "roc_auc"})
        ('macro_f1', None)
    """
    from automl.errors import UsageError
    from automl.metrics import selection_metric

    try:
        selection_metric(meta["task"], meta.get("metric"))
    except UsageError:
        return None
    return meta.get("metric")


def reference(meta: dict[str, Any]) -> float | None:
    """Return the best reference score without leaks."""
    metric = "roc_auc" if meta["task"] == "binary" else "rmse"
    scores = [values[metric] for name, values in meta["reference"].items() if metric in values and "incl. leaks" not in name]
    return (max if metric == "roc_auc" else min)(scores, default=None)


def score(task: str, truth: pd.Series[Any], predicted: pd.DataFrame) -> dict[str, float]:
    """Return the scores of the predictions of the test rows.

    Args:
        task: "binary", "multiclass" or "regression".
        truth: The target (rows,).
        predicted: A column `prediction` (and `lower`, `upper` where there are intervals), or one `probability_CLASS` per class.

    Returns:
        RMSE and coverage, or log-loss, and for two classes ROC AUC and calibration error. Rows of a class that the predictions do not
        know are left out.
    """
    if task == "regression":
        error = truth.to_numpy(dtype=float) - predicted["prediction"].to_numpy(dtype=float)
        result = {"rmse": float(np.sqrt(np.mean(error**2)))}
        if "lower" in predicted:
            inside = (truth >= predicted["lower"].to_numpy()) & (truth <= predicted["upper"].to_numpy())
            result["coverage"] = float(inside.mean())
        return result
    labels = [name.removeprefix("probability_") for name in predicted if name.startswith("probability_")]
    codes = truth.astype(str).str.strip().map({label: code for code, label in enumerate(labels)}).to_numpy(dtype=float)
    known = ~np.isnan(codes)
    p = predicted[[f"probability_{label}" for label in labels]].to_numpy(dtype=float)[known]
    p = np.clip(p, 1e-7, 1.0) / np.clip(p, 1e-7, 1.0).sum(axis=1, keepdims=True)
    chosen = codes[known].astype(int)
    result = {"log_loss": float(-np.log(p[np.arange(len(chosen)), chosen]).mean())}
    if len(labels) == 2:
        from sklearn.metrics import roc_auc_score

        result["roc_auc"] = float(roc_auc_score(chosen == 1, p[:, 1]))
        result["calibration_error"] = calibration_error(p[:, 1], chosen == 1)
    return result


def calibration_error(probability: np.ndarray[Any, Any], hit: np.ndarray[Any, Any], bins: int = 15) -> float:
    """Return the calibration error over bins of equal mass."""
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, bins - 1)
    gaps = [(place == b).mean() * abs(probability[place == b].mean() - hit[place == b].mean()) for b in range(bins) if (place == b).any()]
    return float(sum(gaps))


def timed(command: list[str], output: Path | None = None, limit: float | None = None) -> tuple[float, float, int]:
    """Run a command; return wall-clock seconds, peak memory in MiB and the exit code.

    Args:
        command: The program and its arguments. What it says on stderr is shown if it fails.
        output: Where its stdout goes; dropped by default.
        limit: Seconds after which it is ended (exit code -9).
    """
    with open(output or os.devnull, "w") as sink:
        before = time.monotonic()
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.PIPE, text=True)
        end = threading.Timer(limit or threading.TIMEOUT_MAX, process.kill)
        end.daemon = True
        end.start()
        error = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        took = time.monotonic() - before
        end.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        print(error[-2000:], file=sys.stderr)
    return took, usage.ru_maxrss / 1024, process.returncode
