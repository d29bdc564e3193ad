"""Fit one other tool on one set under a budget, and print its scores as a line `RESULT {...}`.

    PYTHON benchmarks/peers.py PEER FOLDER SECONDS [--seed 0]

PEER is one of: lightgbm (early stopping on a fifth of the rows, no budget), flaml, autogluon (medium quality), mljar (Compete) or
realmlp (pytabkit's RealMLP-TD with its defaults, no budget). PYTHON is an interpreter in which the tool is installed; it needs nothing
of ours. Each tool gets the training rows as they are, is told to minimise what it is judged by where it lets itself be told (log-loss
for classes, RMSE for numbers), and uses all cores. `fit_s` counts its import; reading the data and starting Python do not count.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from comparison import MARK
from judging import load, score, timed

MODULES = {"lightgbm": "lightgbm", "flaml": "flaml", "autogluon": "autogluon.tabular", "mljar": "supervised", "realmlp": "pytabkit"}
EARLY_STOPPING_SHARE = 0.2

Predict = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass
class Problem:
    """What a tool is asked to do.

    Attributes:
        features: Training rows without the target.
        target: Class names as text, or numbers.
        task: "binary", "multiclass" or "regression".
        seconds: The budget.
        seed: Given to every tool that takes one.
        home: An empty folder.
    """

    features: pd.DataFrame
    target: pd.Series[Any]
    task: str
    seconds: float
    seed: int
    home: Path

    @property
    def classes(self) -> bool:
        """Whether classes are predicted."""
        return self.task != "regression"


def probabilities(p: Any, classes: Any) -> pd.DataFrame:
    """Return probabilities (rows, classes) as the columns that the score reads."""
    return pd.DataFrame(np.asarray(p), columns=[f"probability_{name}" for name in classes])


def answer(model: Any, rows: pd.DataFrame, classes: Any = None) -> pd.DataFrame:
    """Return what a model with scikit-learn's face predicts; `classes` are those of the probabilities, None for numbers."""
    if classes is None:
        return pd.DataFrame({"prediction": np.asarray(model.predict(rows), dtype=float).ravel()})
    return probabilities(model.predict_proba(rows), classes)


def text_columns(rows: pd.DataFrame) -> list[str]:
    """Return the names of the columns that are not numbers."""
    return [name for name in rows if not pd.api.types.is_numeric_dtype(rows[name])]


def as_categories(training: pd.DataFrame) -> Predict:
    """Return a function that makes text columns categories, with the levels of the training rows; missing stays missing."""
    levels = {name: pd.Index(training[name].dropna().astype(str).unique()) for name in text_columns(training)}

    def convert(rows: pd.DataFrame) -> pd.DataFrame:
        texts = {name: rows[name].astype(str).where(rows[name].notna()).astype(object) for name in levels}
        return rows.assign(**{name: pd.Categorical(texts[name].where(texts[name].isin(known)), known) for name, known in levels.items()})

    return convert


def lightgbm(problem: Problem) -> Predict:
    """LightGBM, 2,000 trees at most, stopped by 50 rounds without gain on a fifth of the training rows."""
    import lightgbm as lgb
    from sklearn.model_selection import train_test_split

    convert = as_categories(problem.features)
    stratify = problem.target if problem.classes else None
    parts = train_test_split(
        convert(problem.features), problem.target, test_size=EARLY_STOPPING_SHARE, random_state=problem.seed, stratify=stratify
    )
    kind = lgb.LGBMClassifier if problem.classes else lgb.LGBMRegressor
    model = kind(n_estimators=2000, learning_rate=0.05, random_state=problem.seed, verbose=-1)
    model.fit(parts[0], parts[2], eval_set=[(parts[1], parts[3])], callbacks=[lgb.early_stopping(50, verbose=False)])
    return lambda rows: answer(model, convert(rows), model.classes_ if problem.classes else None)


def flaml(problem: Problem) -> Predict:
    """FLAML over trees, its strongest estimators for tables."""
    from flaml import AutoML

    def convert(rows: pd.DataFrame) -> pd.DataFrame:  # it takes text as objects only
        return rows.astype(dict.fromkeys(text_columns(rows), object))

    model = AutoML()
    model.fit(
        X_train=convert(problem.features),
        y_train=problem.target.astype(object) if problem.classes else problem.target,
        task="classification" if problem.classes else "regression",
        metric="log_loss" if problem.classes else "rmse",
        estimator_list=["lgbm", "rf", "extra_tree", "xgboost", "xgb_limitdepth"],
        time_budget=problem.seconds,
        seed=problem.seed,
        verbose=0,
    )
    return lambda rows: answer(model, convert(rows), model.classes_ if problem.classes else None)


def autogluon(problem: Problem) -> Predict:
    """AutoGluon with its preset for minutes, `medium_quality`; it has no seed."""
    from autogluon.tabular import TabularPredictor

    metric = "log_loss" if problem.classes else "root_mean_squared_error"
    target = "the target"
    model = TabularPredictor(label=target, problem_type=problem.task, path=str(problem.home), verbosity=0, eval_metric=metric)
    rows = problem.features.assign(**{target: problem.target})
    model.fit(rows, time_limit=problem.seconds, presets="medium_quality", dynamic_stacking=False)
    return lambda rows: answer(model, rows, model.class_labels if problem.classes else None)


def mljar(problem: Problem) -> Predict:
    """Mljar in its mode for the best score, Compete; its metric is log-loss for classes and RMSE for numbers by itself."""
    from supervised import AutoML

    tasks = {"binary": "binary_classification", "multiclass": "multiclass_classification", "regression": "regression"}
    model = AutoML(
        results_path=str(problem.home / "results"),
        total_time_limit=int(problem.seconds),
        mode="Compete",
        ml_task=tasks[problem.task],
        explain_level=0,
        verbose=0,
        random_state=problem.seed,
    )
    model.fit(problem.features, problem.target)
    return lambda rows: answer(model, rows, sorted(problem.target.unique()) if problem.classes else None)


def realmlp(problem: Problem) -> Predict:
    """RealMLP-TD of pytabkit: its defaults, but without label smoothing and stopped by the log-loss where that is the judge.

    It takes no missing numbers: they become the mean, and a column says where they were (as AutoGluon hands numbers to it).
    """
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    categories = as_categories(problem.features)
    means = problem.features.mean(numeric_only=True).fillna(0.0)
    absent = [name for name in means.index if problem.features[name].isna().any()]

    def convert(rows: pd.DataFrame) -> pd.DataFrame:
        marks = {f"{name} is missing": rows[name].isna().astype("float32") for name in absent}
        return categories(rows).fillna(means.to_dict()).astype(dict.fromkeys(means.index, "float32")).assign(**marks)

    if problem.classes:
        model = RealMLP_TD_Classifier(random_state=problem.seed, device="cpu", val_metric_name="cross_entropy", use_ls=False)
    else:
        model = RealMLP_TD_Regressor(random_state=problem.seed, device="cpu")
    model.fit(convert(problem.features), problem.target.to_numpy())
    return lambda rows: answer(model, convert(rows), model.classes_ if problem.classes else None)


PEERS: dict[str, Callable[[Problem], Predict]] = {
    "lightgbm": lightgbm,
    "flaml": flaml,
    "autogluon": autogluon,
    "mljar": mljar,
    "realmlp": realmlp,
}


def measure(peer: str, folder: Path, seconds: float, seed: int) -> dict[str, Any]:
    """Fit a tool on a set's training rows, score its test rows, and return scores, seconds and memory."""
    train, test, meta = load(folder)
    target = train[meta["target"]]
    target = target.astype(str).str.strip() if meta["task"] != "regression" else target.astype(float)
    rows = test.drop(columns=meta["target"])
    with tempfile.TemporaryDirectory() as home:
        problem = Problem(train.drop(columns=meta["target"]), target, meta["task"], seconds, seed, Path(home))
        started = time.monotonic()
        predict = PEERS[peer](problem)
        fitted = time.monotonic()
        predicted = predict(rows)
        ended = time.monotonic()
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    facts = {"peer": peer, "data": folder.name, "budget": seconds, "seed": seed, "fit_s": fitted - started, "predict_s": ended - fitted}
    return {**score(meta["task"], test[meta["target"]], predicted), **facts, "peak_mb": max(usage) // 1024}


def interpreter(peer: str, places: Path | None) -> str | None:
    """Return a Python in which a tool is installed: this one, PLACES/PEER/bin/python, or any other PLACES/*/bin/python.

    Args:
        peer: The tool.
        places: A folder of virtual environments, an interpreter, or None.
    """
    inside: list[Path] = []
    if places is not None:
        inside = [places] if places.is_file() else [places / peer / "bin/python", *sorted(places.glob("*/bin/python"))]
    question = f"import importlib.util as u; raise SystemExit(u.find_spec({MODULES[peer]!r}) is None)"
    for python in [sys.executable, *map(str, inside)]:
        if Path(python).exists() and subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0:
            return python
    return None


def run(python: str, peer: str, folder: Path, seconds: float, seed: int, limit: float | None = None) -> str:
    """Measure a tool in an interpreter of its own and return its RESULT line; empty where it failed.

    Args:
        python: An interpreter in which it is installed.
        peer: The tool.
        folder: The set.
        seconds: The budget.
        seed: Its seed.
        limit: Seconds after which it is ended.
    """
    with tempfile.TemporaryDirectory() as home:
        said = Path(home) / "said"
        command = [python, __file__, peer, str(folder), f"{seconds:g}", "--seed", str(seed)]
        timed(command, said, limit)
        lines = [line[line.index(MARK) :] for line in said.read_text(errors="replace").splitlines() if MARK + "{" in line]
    return lines[-1] if lines else ""


def main() -> None:
    """Measure one tool on one set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=sorted(PEERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    print(MARK + json.dumps(measure(arguments.peer, arguments.folder, arguments.seconds, arguments.seed)), flush=True)


if __name__ == "__main__":
    main()
