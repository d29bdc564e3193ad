"""Measure optimism: how much better a model looks in validation than it is on new groups or later rows, by our folds and by random ones.

    python benchmarks/optimism.py [--seeds 5] [--data FILE TARGET GROUP|- TIME|-] ...

Rows that no fold sees are set aside as the world will bring them: groups that never occurred, rows that came last, or both. The rest is
given to the detector, which is told nothing; columns that leak by its findings are left out. A forest is validated by its folds, by plain
random folds and, where there is a time, by windows that grow. Optimism is validation minus test score (R², or AUC of two classes): 0 is
honest, below 0 is cautious.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Random = np.random.Generator
FOLDS = 5
MOST = 10_000  # rows of a file that are looked at


def _patients(random: Random) -> pd.DataFrame:
    who = np.sort(random.integers(0, 300, 1800))
    body, risk = random.normal(size=(300, 4)), random.normal(size=300)
    frame = pd.DataFrame(body[who] + random.normal(0, 0.05, (1800, 4)), columns=["bmi", "pressure", "sugar", "pulse"]).round(3)
    frame["patient_id"] = [f"P{k:05d}" for k in who]
    return frame.assign(ill=np.where(risk[who] + 0.4 * frame["bmi"] + random.normal(0, 0.4, 1800) > 0.4, "yes", "no"))


def _machines(random: Random) -> pd.DataFrame:
    who = random.integers(0, 120, 1500)
    own, level = random.normal(size=(120, 3)), random.normal(0, 2, 120)
    frame = pd.DataFrame(own[who] + random.normal(0, 0.03, (1500, 3)), columns=["heat", "noise", "load"]).round(3)
    frame["machine"] = [f"MX-{k * 17:04d}" for k in who]
    return frame.assign(wear=(level[who] + frame["heat"] + random.normal(0, 0.5, 1500)).round(3))


def _prices(random: Random) -> pd.DataFrame:
    days = np.sort(random.uniform(0, 900, 1800))
    frame = pd.DataFrame({"size": random.gamma(4, 20, 1800).round(1), "rooms": random.integers(1, 7, 1800)})
    frame["sold"] = pd.Timestamp("2019-01-01") + pd.to_timedelta(days.round(3), unit="D")
    wander = np.cumsum(random.normal(0, 4, 901))
    return frame.assign(price=(frame["size"] * 0.3 + wander[days.astype(int)] * 3 + random.normal(0, 4, 1800)).round(2))


def _visits(random: Random) -> pd.DataFrame:
    start = np.sort(random.uniform(0, 700, 240))
    who = np.repeat(np.arange(240), 6)
    days = start[who] + random.uniform(0, 12, 1440)
    own, level = random.normal(size=(240, 3)), np.cumsum(random.normal(0, 0.35, 240)) + random.normal(0, 1, 240)
    frame = pd.DataFrame(own[who] + random.normal(0, 0.03, (1440, 3)), columns=["a", "b", "c"]).round(3)
    frame["stay_id"] = [f"S{k:06d}" for k in who]
    frame["at"] = pd.Timestamp("2021-01-01") + pd.to_timedelta(days.round(4), unit="D")
    return frame.assign(cost=(level[who] * 5 + frame["a"] + random.normal(0, 0.5, 1440)).round(3))


GENERATED = {
    "patients": (_patients, "ill", "patient_id", None),
    "machines": (_machines, "wear", "machine", None),
    "prices": (_prices, "price", None, "sold"),
    "stays in time": (_visits, "cost", "stay_id", "at"),
}


def set_aside(frame: pd.DataFrame, group: str | None, time: str | None, random: Random, share: float = 0.25) -> np.ndarray:
    """Return which rows are the test part: new groups, the latest rows, or the groups that came last."""
    if time is not None:
        moments = pd.to_datetime(frame[time], errors="coerce") if frame[time].dtype.kind not in "iuf" else frame[time]
        rank = moments.rank().fillna(0)
        rank = rank if group is None else rank.groupby(frame[group].astype(str)).transform("max")
        return np.asarray(rank >= rank.quantile(1 - share))
    groups = frame[str(group)].astype(str)
    names = groups.unique()
    return np.asarray(groups.isin(random.choice(names, int(share * len(names)), replace=False)))


def thinned(frame: pd.DataFrame, group: str | None, random: Random) -> pd.DataFrame:
    """Return at most about MOST rows: whole groups, or rows from all over the time."""
    if len(frame) <= MOST:
        return frame
    if group is None:
        return frame.iloc[:: len(frame) // MOST + 1].reset_index(drop=True)
    groups = frame[group].astype(str)
    names = random.permutation(groups.unique())
    kept = names[: int(len(names) * MOST / len(frame))]
    return frame[groups.isin(kept)].reset_index(drop=True)


def _numbers(schema: Any, frame: pd.DataFrame) -> np.ndarray:
    cast = schema.cast(frame)
    parts = [pd.factorize(cast[name], sort=True)[0] if cast[name].dtype == object else cast[name].astype("int64") / 8.64e13
             if cast[name].dtype.kind == "M" else cast[name] for name in cast.columns]  # fmt: skip
    return np.column_stack([np.asarray(part, dtype=np.float64) for part in parts])


def _model(classes: bool) -> Any:
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    trees = ExtraTreesClassifier if classes else ExtraTreesRegressor
    return make_pipeline(SimpleImputer(), trees(60, min_samples_leaf=2, random_state=0))


def _score(task: Any, y: np.ndarray, told: np.ndarray) -> float:
    from sklearn.metrics import r2_score, roc_auc_score

    return float(roc_auc_score(y, told) if task.is_classification else r2_score(y, told))


def _told(model: Any, x: np.ndarray, classes: bool) -> np.ndarray:
    return np.asarray(model.predict_proba(x)[:, 1] if classes else model.predict(x))


def _windows(times: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (learn, judge) rows: every block of time after all earlier ones."""
    block = np.empty(len(times), dtype=np.int64)
    block[np.argsort(times, kind="stable")] = np.arange(len(times)) * (FOLDS + 1) // len(times)
    for number in range(1, FOLDS + 1):
        yield np.flatnonzero(block < number), np.flatnonzero(block == number)


def measure(frame: pd.DataFrame, target: str, group: str | None, time: str | None, seed: int) -> dict[str, float | str]:
    """Return optimism by our folds, random folds and windows that grow, and how our folds were dealt."""
    from automl import Budget
    from automl.run import Run, RunSettings
    from automl.split import split

    test = set_aside(frame, group, time, np.random.default_rng(seed))
    known, later = frame[~test].reset_index(drop=True), frame[test].reset_index(drop=True)
    run = Run(RunSettings(budget=Budget("1h"), seed=seed), None)
    run.detect(*run.read(known, target))
    run.check()
    run.split()
    leaks = {name for one in run.findings if one.check == "leakage" and one.severity == "high" for name in one.columns}
    run.schema = run.schema.with_roles(dict.fromkeys(leaks, "dropped"))  # beside a leak nothing else is seen
    task, rows = run.task, run.rows
    classes = task.is_classification
    x, y = _numbers(run.schema, known), run.y
    after = task.encode(later[target])
    usable = after >= 0 if classes else np.isfinite(after)
    if usable.sum() > 20_000:
        usable &= np.random.default_rng(0).random(len(usable)) < 20_000 / usable.sum()
    both = _numbers(run.schema, pd.concat([known, later[usable]], ignore_index=True))
    honest = _score(task, after[usable], _told(_model(classes).fit(both[rows], y[rows]), both[len(known) :], classes))
    plain = split(task, y, rows, holdout=0, seed=seed)
    ways: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for name, parts in (("ours", run.parts), ("random", plain)):
        ways[name] = [(parts.train[parts.fold != fold], parts.train[parts.fold == fold]) for fold in range(parts.folds)]
    if time is not None:
        moments = pd.to_datetime(known[time], errors="coerce").astype("int64") if known[time].dtype.kind not in "iuf" else known[time]
        ways["windows"] = [(rows[learn], rows[judge]) for learn, judge in _windows(np.asarray(moments)[rows])]
    found: dict[str, float | str] = {"folds": run.parts.kind, "test": honest}
    for name, pairs in ways.items():
        told = [(judge, _told(_model(classes).fit(x[learn], y[learn]), x[judge], classes)) for learn, judge in pairs]
        found[name] = _score(task, y[np.concatenate([judge for judge, _ in told])], np.concatenate([part for _, part in told])) - honest
    return found


def main() -> None:
    """Print one line per data set: the mean over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", nargs=4, action="append", default=[], metavar=("FILE", "TARGET", "GROUP", "TIME"))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    from automl.dataset import read

    print("| data | our folds | test score | optimism, ours | random folds | windows that grow |\n|---|---|---|---|---|---|")
    jobs: list[tuple[str, Any, str, str | None, str | None]] = [(name, *job) for name, job in GENERATED.items()]
    for file, target, group, time in arguments.data:
        frame = thinned(read(file).frame, None if group == "-" else group, np.random.default_rng(0))
        name = Path(file).parent.name if Path(file).stem == "data" else Path(file).stem
        jobs.append((name, frame, target, None if group == "-" else group, None if time == "-" else time))
    for name, made, target, group, time in jobs:
        found = [measure(made(np.random.default_rng(seed)) if callable(made) else made, target, group, time, seed)
                 for seed in range(arguments.seeds if callable(made) or time is None else 1)]  # fmt: skip
        cells = [f"{np.mean([float(one[key]) for one in found]):+.3f}" if key in found[0] else "–" for key in ("ours", "random", "windows")]
        after = np.mean([float(one["test"]) for one in found])
        print(" | ".join([f"| {name}", str(found[0]["folds"]), f"{after:.3f}", *cells]) + " |", flush=True)


if __name__ == "__main__":
    main()
