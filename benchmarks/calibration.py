"""Fit every classification table of a folder, and tell how honest the probabilities of its test rows are, before and after calibration.

    python benchmarks/calibration.py --data FOLDER [--budget 60] [--sets a,b] [--seed 0] [--peers FILE] [--out results.json]
        [options of `automl fit`]

FOLDER is that of `accuracy.py`. For each set: log-loss, Brier score and calibration error (15 bins of equal mass; of the positive class,
or of the named one of several) of the saved model with and without its calibration; the calibration error that honest probabilities of
the same sizes would have, for it is never 0 on few rows; and how many of the test rows have their class in the 90 % prediction set.
FILE holds lines `RESULT {json}` with peer, data, log_loss and ece, as `peers.py` prints them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from comparison import OURS, losses, markdown, results_in
from comparison import frame as records_of
from judging import calibration_error, load, tables, timed

COVERAGE = 0.9
DRAWS = 100  # of outcomes, for the error that honest probabilities would have


def scores(probability: np.ndarray[Any, Any], code: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return log-loss, Brier score and calibration error.

    Args:
        probability: (rows, classes).
        code: Class of every row, (rows,).

    Example:
        >>> scores(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([0, 1]))["brier"]
        0.25
    """
    p = np.clip(probability, 1e-7, 1.0)
    p = p / p.sum(axis=1, keepdims=True)
    every = np.arange(len(code))
    squared = ((p - np.eye(p.shape[1])[code]) ** 2).sum(axis=1) / (2 if p.shape[1] == 2 else 1)
    claimed, hit = claim(p, code)
    error = calibration_error(claimed, hit)
    return {"log_loss": float(-np.log(p[every, code]).mean()), "brier": float(squared.mean()), "calibration_error": error}


def claim(p: np.ndarray[Any, Any], code: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the probability that is taken at its word, and whether it came true: of the positive class, or of the largest one."""
    return (p[:, 1], code == 1) if p.shape[1] == 2 else (p.max(axis=1), p.argmax(axis=1) == code)


def honest_error(p: np.ndarray[Any, Any], seed: int = 0) -> float:
    """Return the mean calibration error of outcomes that are drawn from the probabilities themselves."""
    rng = np.random.default_rng(seed)
    claimed, _ = claim(p, np.zeros(len(p), dtype=int))
    return float(np.mean([calibration_error(claimed, rng.random(len(p)) < claimed) for _ in range(DRAWS)]))


def judged(model: Any, rows: pd.DataFrame, truth: pd.Series[Any]) -> dict[str, float]:
    """Return the scores of a saved model with and without its calibration, and the coverage of its sets.

    Args:
        model: What ``automl.load`` gives.
        rows: Rows without the target.
        truth: Their target; classes that the model does not know are left out.
    """
    from automl.calibration import Calibration

    predictor = model.fitted_.predictor
    plain = type(predictor)(**{**predictor.__dict__, "calibration": Calibration()})
    code = predictor.task.encode(truth)
    known = code >= 0
    after, before = predictor(rows)[known], plain(rows)[known]
    code = code[known]
    inside = predictor.sets.apply(after, COVERAGE)
    return {
        **{f"{name}_before": value for name, value in scores(before, code).items()},
        **scores(after, code),
        "honest_error": honest_error(after),
        "coverage": float(inside[np.arange(len(code)), code].mean()),
        "set_size": float(inside.sum(axis=1).mean()),
        "rows": float(len(code)),
    }


def run(folder: Path, budget: float, options: Sequence[str] = (), seed: int = 0) -> dict[str, Any]:
    """Fit one set from the command line and judge the saved model on the test rows; `exit` is the code of the command."""
    import automl
    from automl.dataset import read

    train, test, meta = load(folder)
    result: dict[str, Any] = {"set": folder.name}
    with tempfile.TemporaryDirectory() as home:
        train.to_csv(f"{home}/train.csv", index=False)
        test.drop(columns=meta["target"]).to_csv(f"{home}/test.csv", index=False)
        command = [sys.executable, "-m", "automl", "fit", f"{home}/train.csv", "--target", meta["target"], "--budget", f"{budget:g}s"]
        _, _, result["exit"] = timed([*command, "--seed", str(seed), "--out", f"{home}/out", *options])
        if result["exit"] == 0:
            model = automl.load(f"{home}/out/model.automl")
            calibration = model.fitted_.predictor.calibration
            told = {"method": calibration.method, "cross_fitted": dict(calibration.losses)}
            result.update(told, **judged(model, read(f"{home}/test.csv").frame, test[meta["target"]]))
    return result


def with_peers(results: Sequence[dict[str, Any]], text: str) -> pd.DataFrame:
    """Return sets × systems of calibration errors, ours first; only peers that were measured on all of these sets, with the means below."""
    ours = [{"peer": OURS, "data": result["set"], "calibration_error": result.get("calibration_error")} for result in results]
    names = {result["set"] for result in results}
    records = records_of([*ours, *(entry for entry in results_in(text) if entry["data"] in names and entry["peer"] != OURS)])
    table = losses(records, "calibration_error").dropna(axis="columns")
    table.loc["mean"] = table.mean()
    return table


def main() -> None:
    """Print one line per set, the means, and the peers beside them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=60)
    parser.add_argument("--sets", help="names with commas; by default all tables of two classes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peers", type=Path, help="a file of RESULT lines of other tools")
    parser.add_argument("--out", type=Path)
    known, options = parser.parse_known_args()
    folders = [folder for folder in tables(known.data, known.sets) if load(folder)[2]["task"] != "regression"]
    results = []
    for folder in folders:
        results.append(run(folder, known.budget, options, known.seed))
        print(json.dumps(results[-1]), file=sys.stderr, flush=True)
    ended = pd.DataFrame([result for result in results if result["exit"] == 0])
    if ended.empty:
        sys.exit("no set ended with a model")
    names = ("log_loss", "brier", "calibration_error")
    pairs = [f"{name}{when}" for name in names for when in ("_before", "")]
    shown = ["set", "rows", "method", *pairs, "honest_error", "coverage", "set_size"]
    mean = {"set": "mean", "method": "", **ended[[name for name in shown if name not in ("set", "method")]].mean().to_dict()}
    print(markdown(pd.concat([ended[shown], pd.DataFrame([mean])], ignore_index=True)))
    if known.peers:
        table = with_peers([result for result in results if result["exit"] == 0], known.peers.read_text())
        print("\nCalibration error beside other tools:\n")
        print(markdown(table.rename_axis("set").reset_index()))
        others = table.loc["mean"].drop(OURS)
        if len(others):
            print(f"\nlowest mean of all systems: {bool(table.loc['mean', OURS] <= others.min())}")
    if known.out:
        known.out.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
