"""Forecast every set of series of a folder from the command line, and score the rows that were never shown.

    python benchmarks/forecasting.py --data FOLDER [--budget 120] [--sets a,b] [--families x,y] [--alone ets,theta] [--seed 0]
        [--large] [--out results.json]

FOLDER holds one folder for each set with data and `meta.json` (task "forecasting": target, time_column, series_column, horizon,
known_covariates or covariates, metric, reference scores, and how the test part is split off). The last horizon of each series is cut off,
`automl fit` sees the rest, `automl predict` gets the cut rows without their target. sMAPE is that of the M competitions
(200 · |y − f| / (|y| + |f|)); where a set says so, only open days count. `--large` adds 1,000 series of 1,000 steps that are made up.
`--alone` fits each of the families named once more without the others, under the same budget, and says whether the whole is better. The
seasonal naive always takes part and may get a share there, too: a family "alone" is then no worse than without it on the backtest.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import automl

QUANTILES = [f"q{level}" for level in range(10, 100, 10)]


def parts(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return the rows to learn from, the rows that are cut off, and what the set says of itself."""
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    path = folder / meta["file"]
    frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    moment, series, horizon = meta["time_column"].split(" ")[0], meta.get("series_column"), int(meta["horizon"])
    if "part" in frame.columns and set(frame["part"].unique()) <= {"train", "test"}:
        kept, cut = frame[frame["part"] == "train"], frame[frame["part"] != "train"]
        return kept.drop(columns="part"), cut.drop(columns="part"), meta
    order = pd.to_datetime(frame[moment]) if frame[moment].dtype.kind not in "iuf" else frame[moment]
    if series is None:
        behind = np.arange(len(frame))[::-1] if order.is_monotonic_increasing else order.rank(ascending=False).to_numpy() - 1
    else:
        behind = order.groupby(frame[series]).rank(ascending=False).to_numpy() - 1
    return frame[behind >= horizon], frame[behind < horizon], meta


def options(meta: dict[str, Any], frame: pd.DataFrame) -> list[str]:
    """Return what a user would say of the set on the command line."""
    moment = meta["time_column"].split(" ")[0]
    words = ["--time", moment, "--horizon", str(meta["horizon"])]
    known = meta.get("known_covariates") or meta.get("covariates")
    used = {meta["target"], moment, meta.get("series_column"), *(known or ()), *(meta.get("static_covariates") or ())}
    if meta.get("series_column"):
        words += ["--series", meta["series_column"]]
    if known:
        words += ["--known", ",".join(known)]
        rest = [name for name in frame.columns if name not in used]
        words += ["--ignore", ",".join(rest)] if rest else []
    return words


def scored(truth: pd.Series, made: pd.DataFrame, open_rows: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the scores of rows that were never shown."""
    y, f = truth.to_numpy(float)[open_rows], made["prediction"].to_numpy(float)[open_rows]
    quantiles = made[QUANTILES].to_numpy(float)[open_rows]
    level = np.arange(1, 10) / 10
    error = y[:, None] - quantiles
    loss = np.maximum(level * error, (level - 1) * error).sum() * 2 / 9 / np.abs(y).sum()
    size = np.abs(y) + np.abs(f)
    return {
        "smape": float((200 * np.abs(y - f) / np.where(size > 0, size, 1)).mean()),
        "mae": float(np.abs(y - f).mean()),
        "wql": float(loss),
        "coverage": float(((y >= quantiles[:, 0]) & (y <= quantiles[:, -1])).mean()),
    }


def timed(words: list[str]) -> tuple[float, float]:
    """Run a command; return its seconds and the most memory that a child has held, in MiB."""
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "automl", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"automl {' '.join(words)}\n{done.stderr}")
    return time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def compared(kept: pd.DataFrame, cut: pd.DataFrame, meta: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """Measure one set, and beside it what each family of `--alone` reaches without the others."""
    whole = measure(kept, cut, meta, given, given.families)
    names = [name for name in given.alone.split(",") if name]
    if not names:
        return whole
    alone = {name: measure(kept, cut, meta, given, name) for name in names}
    shown = ("smape", "mae", "wql", "coverage", "seconds", "ensemble")
    best = {score: min(found[score] for found in alone.values()) for score in ("smape", "mae", "wql")}
    better = {score: bool(whole[score] < value) for score, value in best.items()}
    return {**whole, "alone": {name: {part: found[part] for part in shown} for name, found in alone.items()}, "better than alone": better}


def measure(kept: pd.DataFrame, cut: pd.DataFrame, meta: dict[str, Any], given: argparse.Namespace, families: str) -> dict[str, Any]:
    """Fit, predict and score one set."""
    target = meta["target"]
    with tempfile.TemporaryDirectory() as home:
        data, rows, out = Path(home) / "data.parquet", Path(home) / "future.parquet", Path(home) / "out"
        kept.to_parquet(data, index=False)
        cut.drop(columns=target).to_parquet(rows, index=False)
        words = ["fit", str(data), "--target", target, "--task", "forecasting", *options(meta, kept), "--budget", f"{given.budget}s"]
        words += ["--seed", str(given.seed), "--out", str(out), "--quiet", *(["--families", families] if families else [])]
        seconds, memory = timed(words)
        asked, _ = timed(["predict", str(out / "model.automl"), str(rows), "-o", str(Path(home) / "made.parquet")])
        made = pd.read_parquet(Path(home) / "made.parquet")
        model, told = automl.load(out / "model.automl"), pd.read_parquet(rows)
        started = time.monotonic()
        model.predictions(told)
        forecast = time.monotonic() - started
        facts = json.loads((out / "report.json").read_text(encoding="utf-8"))
    shut = next((name for name in cut.columns if name.lower() == "open"), None)
    open_rows = np.ones(len(cut), bool) if shut is None else cut[shut].astype(bool).to_numpy()
    weights: dict[str, float] = {}
    for row in facts["leaderboard"]["rows"]:
        if row["weight"] and row["kind"] != "ensemble":
            weights[row["family"]] = round(weights.get(row["family"], 0.0) + row["weight"], 2)
    reference = {
        name: {k: v for k, v in entry.items() if k in ("smape", "mae")}
        for name, entry in meta.get("reference", {}).items()
        if isinstance(entry, dict)
    }
    found = scored(cut[target], made, open_rows)
    return {
        **{k: round(v, 4) for k, v in found.items()},
        "seconds": round(seconds, 1),
        "over": round(max(seconds / given.budget - 1, 0), 4),
        "MiB": round(memory),
        "predict s": round(asked, 1),
        "forecast s": round(forecast, 2),
        "ensemble": weights,
        "reference": reference,
    }


def large() -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Return 1,000 series of 1,000 daily steps that are made up."""
    rng, steps, count = np.random.default_rng(0), 1028, 1000
    time_of = np.arange(steps)
    shape = 1 + 0.3 * np.sin(2 * np.pi * (time_of[None, :] + rng.integers(0, 7, (count, 1))) / 7)
    y = (
        rng.gamma(2, 50, (count, 1))
        * shape
        * np.exp(np.cumsum(rng.normal(0, 0.01, (count, steps)), axis=1) + rng.normal(0, 0.1, (count, steps)))
    )
    frame = pd.DataFrame(
        {"series": np.repeat([f"s{n}" for n in range(count)], steps), "day": np.tile(pd.date_range("2023-01-01", periods=steps), count)}
    )
    frame["y"] = y.ravel()
    ahead = np.tile(time_of >= steps - 28, count)
    return frame[~ahead], frame[ahead], {"target": "y", "time_column": "day", "series_column": "series", "horizon": 28}


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--data", type=Path, required=True)
    reader.add_argument("--budget", type=float, default=120)
    reader.add_argument("--sets", default="")
    reader.add_argument("--families", default="")
    reader.add_argument("--alone", default="", help="families to fit once more without the others, to compare with")
    reader.add_argument("--seed", type=int, default=0)
    reader.add_argument("--large", action="store_true")
    reader.add_argument("--out", type=Path)
    given = reader.parse_args()
    wanted = [name for name in given.sets.split(",") if name]
    results = {}
    for path in sorted(given.data.glob("*/meta.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.get("task") == "forecasting" and (not wanted or path.parent.name in wanted):
            results[path.parent.name] = compared(*parts(path.parent), given)
            print(json.dumps({path.parent.name: results[path.parent.name]}), flush=True)
    if given.large:
        results["1,000 × 1,000"] = compared(*large(), given)
        print(json.dumps({"large": results["1,000 × 1,000"]}), flush=True)
    if given.out:
        given.out.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
