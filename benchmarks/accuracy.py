"""Fit every table of a folder from the command line, score its test rows, and compare with the best reference score.

    python benchmarks/accuracy.py --data FOLDER [--budget 60] [--sets a,b] [--out results.json]

FOLDER holds one folder per data set: the data file, `meta.json` (task, target, file, id_columns, leak_columns, reference scores) and
`test_rows.txt` (positions of the test rows). The command is timed as a user would: with the start of the process, and with its peak memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

READING = {"skipinitialspace": True, "na_values": ["?"], "low_memory": False}


def load(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return training rows, test rows and the description of a set, identifiers and leaks removed."""
    meta = json.loads((folder / "meta.json").read_text())
    path = folder / meta["file"]
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, **READING)
    unused = [name for name in [*meta.get("leak_columns", []), *meta.get("id_columns", [])] if name in frame and name != meta["target"]]
    frame = frame.drop(columns=unused)
    test = np.zeros(len(frame), dtype=bool)
    test[np.loadtxt(folder / "test_rows.txt", dtype=int)] = True
    known = frame[meta["target"]].notna().to_numpy()
    return frame[~test & known].reset_index(drop=True), frame[test & known].reset_index(drop=True), meta


def reference(meta: dict[str, Any]) -> float | None:
    """Return the best reference score without leaks."""
    metric = "roc_auc" if meta["task"] == "binary" else "rmse"
    scores = [values[metric] for name, values in meta["reference"].items() if metric in values and "incl. leaks" not in name]
    return (max if metric == "roc_auc" else min)(scores, default=None)


def score(task: str, truth: pd.Series[Any], predicted: pd.DataFrame) -> dict[str, float]:
    """Return the scores of the predictions of the test rows."""
    from sklearn.metrics import roc_auc_score

    if task == "regression":
        error = truth.to_numpy(dtype=float) - predicted["prediction"].to_numpy(dtype=float)
        inside = (truth >= predicted["lower"].to_numpy()) & (truth <= predicted["upper"].to_numpy())
        return {"rmse": float(np.sqrt(np.mean(error**2))), "coverage": float(inside.mean())}
    labels = [name.removeprefix("probability_") for name in predicted if name.startswith("probability_")]
    p = predicted[[f"probability_{label}" for label in labels]].to_numpy()
    p = np.clip(p, 1e-7, 1.0) / np.clip(p, 1e-7, 1.0).sum(axis=1, keepdims=True)
    codes = truth.astype(str).str.strip().map({label: code for code, label in enumerate(labels)}).to_numpy()
    chosen = p[np.arange(len(codes)), codes.astype(int)]
    result = {"log_loss": float(-np.log(chosen).mean())}
    if len(labels) == 2:
        result["roc_auc"] = float(roc_auc_score(codes == 1, p[:, 1]))
        result["calibration_error"] = calibration_error(p[:, 1], codes == 1)
    return result


def calibration_error(probability: np.ndarray[Any, Any], hit: np.ndarray[Any, Any], bins: int = 15) -> float:
    """Return the calibration error over bins of equal mass."""
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, bins - 1)
    gaps = [(place == b).mean() * abs(probability[place == b].mean() - hit[place == b].mean()) for b in range(bins) if (place == b).any()]
    return float(sum(gaps))


def timed(command: list[str]) -> tuple[float, float, int]:
    """Run a command; return wall-clock seconds, peak memory in MiB and the exit code."""
    before = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    error = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - before
    code = os.waitstatus_to_exitcode(status)
    if code:
        print(error[-2000:], file=sys.stderr)
    return took, usage.ru_maxrss / 1024, code


def run(folder: Path, budget: float, options: list[str]) -> dict[str, Any]:
    """Fit and score one set."""
    train, test, meta = load(folder)
    with tempfile.TemporaryDirectory() as home:
        train.to_csv(f"{home}/train.csv", index=False)
        test.drop(columns=meta["target"]).to_csv(f"{home}/test.csv", index=False)
        command = [sys.executable, "-m", "automl", "fit", f"{home}/train.csv", "--target", meta["target"], "--budget", f"{budget:g}s"]
        seconds, memory, code = timed([*command, "--out", f"{home}/out", *options])
        result: dict[str, Any] = {"set": folder.name, "seconds": seconds, "memory_mib": memory, "exit": code, "reference": reference(meta)}
        if code == 0:
            _, _, result["exit"] = timed(
                [sys.executable, "-m", "automl", "predict", f"{home}/out/model.automl", f"{home}/test.csv", "-o", f"{home}/predicted.csv"]
            )
            facts = json.loads(Path(f"{home}/out/report.json").read_text())
            result["weights"] = {row["family"]: round(row["weight"], 2) for row in facts["leaderboard"]["rows"] if row["weight"]}
            result["first_model_after"] = facts["search"]["history"][0]["elapsed"]
            result.update(score(meta["task"], test[meta["target"]], pd.read_csv(f"{home}/predicted.csv")))
    metric = "roc_auc" if meta["task"] == "binary" else "rmse"
    value, best = result.get(metric), result["reference"]
    result["metric"], result["value"] = metric, value
    result["at least"] = None if value is None or best is None else (value >= best if metric == "roc_auc" else value <= best)
    return result


def main() -> None:
    """Print one line per set and the bars that the project set itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=60)
    parser.add_argument("--sets")
    parser.add_argument("--out", type=Path)
    known, options = parser.parse_known_args()
    folders = sorted(path.parent for path in known.data.glob("*/meta.json"))
    tables = [
        folder
        for folder in folders
        if (folder / "test_rows.txt").exists()
        and json.loads((folder / "meta.json").read_text())["task"] in ("binary", "regression")
        and not json.loads((folder / "meta.json").read_text()).get("text_columns")
    ]
    if known.sets:
        tables = [folder for folder in tables if folder.name in known.sets.split(",")]
    results = []
    print("| set | metric | automl | best reference | at least | log-loss | calibration error | coverage | seconds | MiB | ensemble |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for folder in tables:
        found = run(folder, known.budget, options)
        results.append(found)
        cells = [found.get(name) for name in ("metric", "value", "reference", "at least", "log_loss", "calibration_error", "coverage")]
        cells += [found["seconds"], found["memory_mib"], found.get("weights")]
        texts = [f"{cell:.4g}" if isinstance(cell, float) else "–" if cell is None else str(cell) for cell in cells]
        print(f"| {folder.name} | " + " | ".join(texts) + " |", flush=True)
    good = sum(bool(found["at least"]) for found in results)
    overrun = max(found["seconds"] / known.budget - 1 for found in results)
    ended = sum(found["exit"] == 0 for found in results)
    print(f"\nat least the best reference: {good} of {len(results)}; ended with a model: {ended} of {len(results)}")
    print(f"worst overrun: {overrun:+.1%} of the budget; peak memory: {max(found['memory_mib'] for found in results):.0f} MiB")
    if known.out:
        known.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
