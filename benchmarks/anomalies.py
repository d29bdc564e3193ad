"""Measure how well planted faults are found, by their kind, and whether the rate of false alarms holds on clean rows.

    python benchmarks/anomalies.py --data FOLDER [--only NAME] [--seeds 0,1,2] [--budget 60] [--drop COLUMN] [--out FILE]

A folder holds ``data.csv``. Half of the rows (blocks of neighbours where there is a time) are learnt from as they are; faults are planted
in copies of the other half, one kind at a time, each with the same share of rows:

spikes      one number of a row far off: four to eight robust deviations
broken      one of two numbers that hang together (rank correlation of 0.5 and more where there is one) stands at the mirrored rank: a usual
            value, but not beside the other
levels      one to two categories of a row get other levels, drawn evenly
shifts      a sensor is off by one and a half to three robust deviations for 12 to 48 steps (only with a time)
stuck       a sensor repeats one value for 12 to 48 steps (only with a time)

The isolation forest beside it is that of scikit-learn with 300 trees on the same rows: numbers, one-hot levels, hour and day of the week.
False alarms are measured on the other half as it is. Nothing was chosen by the seeds that are published.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SHARE = 0.02
WEEKS = 672  # steps of a block
RATES = (0.01, 0.02, 0.05)
Planted = tuple[pd.DataFrame, NDArray[np.bool_]]


def numbers_of(frame: pd.DataFrame) -> list[str]:
    """Return the columns that hold numbers of more than two values."""
    return [str(name) for name in frame if frame[name].dtype.kind in "if" and frame[name].nunique() > 2]


def levels_of(frame: pd.DataFrame) -> list[str]:
    """Return the columns that hold a few levels."""
    return [str(name) for name in frame if frame[name].dtype.kind not in "ifM" and 2 <= frame[name].nunique() <= 20]


def deviation(values: pd.Series[Any]) -> float:
    """Return the robust deviation of a column, its standard deviation where half of it is one value."""
    robust = float(values.quantile(0.75) - values.quantile(0.25)) / 1.349
    return robust if robust > 0 else float(values.std()) or 1.0


def spikes(frame: pd.DataFrame, rows: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Put one number of each row far off."""
    for row in rows:
        name = rng.choice(numbers_of(frame))
        frame.loc[row, name] += rng.choice([-1, 1]) * rng.uniform(4, 8) * deviation(frame[name])


def broken(frame: pd.DataFrame, rows: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Mirror one of two numbers that hang together at the middle of its ranks."""
    ranks = frame[numbers_of(frame)].rank(pct=True)
    strength = ranks.corr().abs().to_numpy(copy=True)
    np.fill_diagonal(strength, 0.0)
    strength[np.isnan(strength)] = 0.0
    related = [name for name, best in zip(ranks, strength.max(axis=1), strict=True) if best >= 0.5]
    related = related or [ranks.columns[place] for place in np.unravel_index(strength.argmax(), strength.shape)]
    for row in rows:
        names = [name for name in rng.permutation(related) if abs(ranks.loc[row, name] - 0.5) > 0.25]
        name = (names or related)[0]
        if np.isfinite(ranks.loc[row, name]):
            frame.loc[row, name] = frame[name].quantile(1.0 - ranks.loc[row, name])


def levels(frame: pd.DataFrame, rows: NDArray[np.int64], rng: np.random.Generator) -> None:
    """Give one or two categories of each row other levels."""
    known = {name: frame[name].dropna().unique() for name in levels_of(frame)}
    for row in rows:
        for name in rng.choice(list(known), min(int(rng.integers(1, 3)), len(known)), replace=False):
            others = [level for level in known[name] if level != frame.loc[row, name]]
            frame.loc[row, name] = rng.choice(np.array(others, dtype=object))


def stretches(rows: int, share: float, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Return stretches that together hold a share of the rows."""
    found: list[tuple[int, int]] = []
    while sum(end - start for start, end in found) < share * rows:
        start, length = int(rng.integers(0, rows - 48)), int(rng.integers(12, 49))
        if all(start > end or start + length < begin for begin, end in found):
            found.append((start, start + length))
    return found


def planted(frame: pd.DataFrame, kind: str, rng: np.random.Generator) -> Planted:
    """Return a copy with faults of one kind, and which rows have one."""
    frame, truth = frame.copy(), np.zeros(len(frame), dtype=bool)
    names = numbers_of(frame)
    frame[names] = frame[names].astype(np.float64)
    if kind in ("shifts", "stuck"):
        for start, end in stretches(len(frame), SHARE, rng):
            name = rng.choice(names)
            if kind == "stuck":
                frame.loc[start : end - 1, name] = frame.loc[start, name]
            else:
                frame.loc[start : end - 1, name] += rng.choice([-1, 1]) * rng.uniform(1.5, 3) * deviation(frame[name])
            truth[start:end] = True
        return frame, truth
    makers: dict[str, Callable[..., None]] = {"spikes": spikes, "broken": broken, "levels": levels}
    rows = rng.choice(len(frame), int(SHARE * len(frame)), replace=False)
    makers[kind](frame, rows, rng)
    truth[rows] = True
    return frame, truth


def forest(learn: pd.DataFrame, time_column: str | None, seed: int) -> Callable[[pd.DataFrame], NDArray[np.float64]]:
    """Return the scores of scikit-learn's isolation forest."""
    from sklearn.ensemble import IsolationForest

    words = levels_of(learn)
    names = [name for name in numbers_of(learn) if name != time_column]
    middle = learn[names].median()

    def made(frame: pd.DataFrame) -> NDArray[np.float64]:
        parts = [frame[names].fillna(middle).to_numpy(dtype=np.float64)]
        parts += [np.stack([frame[name] == level for level in learn[name].dropna().unique()], axis=1).astype(np.float64) for name in words]
        if time_column is not None:
            when = pd.to_datetime(frame[time_column])
            parts.append(np.stack([when.dt.hour, when.dt.dayofweek], axis=1).astype(np.float64))
        return np.concatenate(parts, axis=1)

    model = IsolationForest(n_estimators=300, random_state=seed).fit(made(learn))
    return lambda frame: -np.asarray(model.score_samples(made(frame)))


def halves(frame: pd.DataFrame, time_column: str | None, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Deal rows, or blocks of neighbours in time, into two halves."""
    width = 1 if time_column is None else min(WEEKS, len(frame) // 8)
    block = np.arange(len(frame)) // width
    chosen = np.isin(block, np.random.default_rng(seed).permutation(np.unique(block))[: (block.max() + 1) // 2])
    return frame[chosen].reset_index(drop=True), frame[~chosen].reset_index(drop=True)


def measure(folder: Path, given: argparse.Namespace, seed: int) -> list[dict[str, Any]]:
    """Fit on one half, and judge every kind of fault on the other."""
    from sklearn.metrics import average_precision_score

    import automl
    from automl.anomaly.scores import between

    frame = pd.read_csv(folder / "data.csv").drop(columns=given.drop or [])
    times = [name for name in frame if name in ("ts", "time", "timestamp", "when") and frame[name].dtype.kind not in "if"]
    time_column = times[0] if times else None
    learn, clean = halves(frame, time_column, seed)
    started = time.monotonic()
    budget = None if given.budget == "none" else float(given.budget)
    options = {"families": given.families.split(",")} if given.families else {}
    model = automl.fit(learn, problem="anomaly_detection", budget=budget, alarms=RATES[0], seed=seed, **options)
    seconds = time.monotonic() - started
    other = forest(learn, time_column, seed)
    own = model.score(clean)

    def limit(rate: float) -> float:
        return between(model.out_of_fold_, model.against_others_, rate)

    told = {
        "data": folder.name,
        "seed": seed,
        "seconds": round(seconds, 1),
        "left_out": model.facts_.anomalies.left_out,
        "false_alarms": {str(rate): round(float((own > limit(rate)).mean()), 4) for rate in RATES},
    }
    kinds = [*(["broken"] if len(numbers_of(learn)) > 1 else []), "spikes", *(["levels"] if levels_of(learn) else [])]
    rows = []
    for kind in [*kinds, *(["shifts", "stuck"] if time_column else [])]:
        dirty, truth = planted(clean, kind, np.random.default_rng(1_000 + seed))
        found = {"automl": model.score(dirty), "isolation_forest": other(dirty)}
        precision = {name: round(float(average_precision_score(truth, scores)), 3) for name, scores in found.items()}
        alone = {name: round(float(average_precision_score(truth, scores)), 3) for name, scores in model.scores_by_family(dirty).items()}
        rows.append({**told, "kind": kind, "faults": int(truth.sum()), "average_precision": precision, "alone": alone})
    return rows


def main() -> None:
    """Print one line of JSON for each folder, seed and kind of fault, and a table at the end."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--budget", default="60", help="Seconds, or none.")
    parser.add_argument("--only", default=None, help="Folders whose name holds this.")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--drop", default=None, nargs="*", help="Columns to leave out, such as a target.")
    parser.add_argument("--families", default=None)
    parser.add_argument("--out", default=None, type=Path, help="Append the lines to this file.")
    given = parser.parse_args()
    rows = []
    for folder in sorted(path.parent for path in given.data.glob("*/data.csv") if (given.only or "") in path.parent.name):
        for seed in (int(text) for text in given.seeds.split(",")):
            for row in measure(folder, given, seed):
                rows.append(row)
                print(json.dumps(row), flush=True)
                if given.out is not None:
                    with given.out.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(row) + "\n")
    print(table(rows))


def table(rows: list[dict[str, Any]]) -> str:
    """Return the mean over the seeds as Markdown."""
    frame = pd.DataFrame([{**row, **row["average_precision"], **{f"{r} asked": v for r, v in row["false_alarms"].items()}} for row in rows])
    names = ["automl", "isolation_forest", *(f"{rate} asked" for rate in RATES)]
    means = frame.groupby(["data", "kind"], sort=False)[names].mean().round(4).reset_index()
    lines = ["| " + " | ".join(map(str, line)) + " |" for line in [means.columns, ["---"] * means.shape[1], *means.to_numpy().tolist()]]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
