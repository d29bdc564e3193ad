"""Fit every table of a folder from the command line, score its test rows, and compare with reference scores and other tools.

    python benchmarks/accuracy.py --data FOLDER [--budget 60] [--sets a,b] [--seeds 0,1] [--out results.json]
        [--peers lightgbm,flaml,autogluon,mljar,realmlp] [--peer-python FOLDER] [--peer-results FILE] [options of `automl fit`]

FOLDER holds one folder per data set: the data file, `meta.json` (task, target, file, id_columns, leak_columns, reference scores) and
`test_rows.txt` (positions of the test rows). The command is timed as a user would: with the start of the process, and with its peak memory.

The other tools run in the same run on the same rows, each in a Python where it is installed: this one, or one of the virtual environments
in the folder of `--peer-python`. What earlier runs printed as RESULT lines can stand in for them with `--peer-results`. Several budgets
(`--budget 30,60,300`) are told apart and give the overrun at each. Options that are not known here go to `automl fit`, such as
`--families mlp` or `--only-networks`.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from comparison import CLOCKLESS, OURS, at_budgets, bars, cell, frame, losses, markdown, overruns, record, results_in, scores, systems
from judging import READING, calibration_error, load, reference, score, tables, timed
from peers import PEERS, interpreter
from peers import run as run_peer

__all__ = ["READING", "calibration_error", "load", "reference", "run", "score", "tables", "timed"]

HERE = Path(__file__).parent
COLUMNS = {  # title of a column and the entry of the result that it shows
    "set": "set",
    "metric": "metric",
    "automl": "value",
    "best reference": "reference",
    "at least": "at least",
    "log-loss": "log_loss",
    "calibration error": "calibration_error",
    "coverage": "coverage",
    "seconds": "seconds",
    "MiB": "memory_mib",
    "ensemble": "weights",
    "predict s": "predict_s",
    "one row ms": "one_row_ms",
    "100,000 rows s": "many_s",
    "budget": "budget",
    "seed": "seed",
}


def run(folder: Path, budget: float, options: Sequence[str] = (), seed: int = 0) -> dict[str, Any]:
    """Fit and score one set.

    Args:
        folder: The set.
        budget: Seconds.
        options: More options of `automl fit`.
        seed: Seed of every random choice.

    Returns:
        Scores, seconds, memory and what the report says of the model; `exit` is the code of the first command that failed.
    """
    train, test, meta = load(folder)
    with tempfile.TemporaryDirectory() as home:
        train.to_csv(f"{home}/train.csv", index=False)
        test.drop(columns=meta["target"]).to_csv(f"{home}/test.csv", index=False)
        command = [sys.executable, "-m", "automl", "fit", f"{home}/train.csv", "--target", meta["target"], "--budget", f"{budget:g}s"]
        seconds, memory, code = timed([*command, "--seed", str(seed), "--out", f"{home}/out", *options])
        result: dict[str, Any] = {"set": folder.name, "seconds": seconds, "memory_mib": memory, "exit": code, "reference": reference(meta)}
        result.update(budget=budget, seed=seed)
        if code == 0:
            command = [sys.executable, "-m", "automl", "predict", f"{home}/out/model.automl", f"{home}/test.csv"]
            _, _, result["exit"] = timed([*command, "-o", f"{home}/predicted.csv"])
        if result["exit"] == 0:
            facts = json.loads(Path(f"{home}/out/report.json").read_text())
            result["weights"] = {row["family"]: round(row["weight"], 2) for row in facts["leaderboard"]["rows"] if row["weight"]}
            result["first_model_after"] = facts["search"]["history"][0]["elapsed"]
            result.update(score(meta["task"], test[meta["target"]], pd.read_csv(f"{home}/predicted.csv")))
            result.update(_prediction(f"{home}/out/model.automl", f"{home}/test.csv", Path(home) / "said"))
    metric = "roc_auc" if meta["task"] == "binary" else "rmse"
    value, best = result.get(metric), result["reference"]
    result["metric"], result["value"] = metric, value
    result["at least"] = None if value is None or best is None else (value >= best if metric == "roc_auc" else value <= best)
    return result


def _prediction(model: str, table: str, said: Path) -> dict[str, float]:
    """Return what predictions cost in a process of their own; empty where that failed."""
    _, _, code = timed([sys.executable, str(HERE / "prediction.py"), model, table], said)
    if code:
        return {}
    costs = json.loads(said.read_text().splitlines()[-1])
    return {"predict_s": costs["first_s"], "one_row_ms": costs["one_row_ms"], "many_s": costs["many_s"]}


def as_record(found: dict[str, Any]) -> dict[str, Any]:
    """Return a result of ours in the form of the other tools' results.

    A run without a model has an infinite loss, so that it counts, and no time, so that ending early is no merit.
    """
    made = record({**found, "peer": OURS, "data": found["set"], "fit_s": found["seconds"], "peak_mb": found["memory_mib"]})
    return made if made["loss"] is not None else {**made, "loss": math.inf, "fit_s": None}


def ready(names: Sequence[str], places: Path | None) -> dict[str, str]:
    """Return the interpreter of each tool that is installed; say which are not."""
    pythons = {name: interpreter(name, places) for name in names}
    for name in [name for name, python in pythons.items() if python is None]:
        print(f"{name} is not installed in this Python or in the folder of --peer-python, and is left out.\n", flush=True)
    return {name: python for name, python in pythons.items() if python is not None}


def summary(records: pd.DataFrame, only_networks: bool) -> None:
    """Print, for each budget, the scores of all systems, their ranks, and the bars that the project set itself."""
    for budget, group in records.groupby("budget"):
        group = group[group["data"].isin(group.loc[group["peer"] == OURS, "data"])]  # an earlier run may have had more sets
        table = losses(group)
        peers = [name for name in table if name != OURS]
        print(f"\n## Budget {budget:g} s")
        if peers:
            print(f"\nlog-loss or RMSE, mean over {group['seed'].nunique()} seeds\n\n{scores(table, peers)}\n\n{markdown(systems(group))}")
        print(f"\n{markdown(bars(group, only_networks).assign(met=lambda rows: rows['met'].map({True: 'yes', False: 'no'})))}")
    print(f"\n## Time over the budget, as a share of it\n\n{markdown(overruns(records))}", flush=True)


def numbers(kind: type) -> Any:
    """Return a reader of numbers with commas."""
    return lambda text: [kind(part) for part in text.split(",") if part]


def arguments_of(command: Sequence[str] | None = None) -> tuple[argparse.Namespace, list[str]]:
    """Read the command line; what is not known here goes to `automl fit`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", type=numbers(float), default=[60.0], help="seconds, one or several")
    parser.add_argument("--sets", help="only these, with commas")
    parser.add_argument("--seeds", type=numbers(int), default=[0])
    parser.add_argument("--peers", type=numbers(str), default=[], help=", ".join(PEERS))
    parser.add_argument("--peer-python", type=Path, help="a folder of virtual environments, or an interpreter")
    parser.add_argument("--peer-results", type=Path, help="RESULT lines of an earlier run, instead of running those tools")
    parser.add_argument("--peer-limit", type=float, default=3600, help="seconds after which a tool is ended")
    parser.add_argument("--out", type=Path, help="all results as JSON; the other tools' RESULT lines go beside it, as .txt")
    known, options = parser.parse_known_args(command)
    unknown = sorted(set(known.peers) - set(PEERS))
    if unknown:
        parser.error(f"--peers may name {', '.join(PEERS)}; received {', '.join(unknown)}")
    return known, options


def earlier_results(known: argparse.Namespace, folders: Sequence[Path], run_now: Sequence[str]) -> list[dict[str, Any]]:
    """Return the records of an earlier run that stand in for tools which do not run now, and say so."""
    if known.peer_results is None:
        return []
    names = {folder.name for folder in folders}
    found = at_budgets(results_in(known.peer_results.read_text()), known.budget)
    found = [entry for entry in found if entry["data"] in names and entry["peer"] not in run_now]
    told = ", ".join(sorted({entry["peer"] for entry in found})) or "none at these budgets"
    print(f"From {known.peer_results.name}, not run in this run: {told}.\n")
    return found


def measure(known: argparse.Namespace, options: list[str], folders: Sequence[Path]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run ours and the other tools on every set, one after the other; return our results and all records."""
    pythons = ready(known.peers, known.peer_python)
    earlier = earlier_results(known, folders, list(pythons))
    ours: list[dict[str, Any]] = []
    lines: list[str] = []
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|", flush=True)
    for budget, folder, seed in [(budget, folder, seed) for budget in known.budget for folder in folders for seed in known.seeds]:
        found = run(folder, budget, options, seed)
        ours.append(found)
        print("| " + " | ".join(cell(found.get(entry)) for entry in COLUMNS.values()) + " |", flush=True)
        for peer, python in pythons.items():
            if peer in CLOCKLESS and budget != known.budget[0]:
                continue  # it would do the same again
            line = run_peer(python, peer, folder, budget, seed, known.peer_limit)
            lines += [line] if line else []
            if not line:
                print(f"{peer} gave no result on {folder.name}", file=sys.stderr)
        if known.out:  # written as it grows, so that a run that is ended has not been in vain
            known.out.write_text(json.dumps(ours, indent=1))
            known.out.with_suffix(".txt").write_text("".join(line + "\n" for line in lines))
    return ours, [*map(as_record, ours), *at_budgets(results_in("\n".join(lines)), known.budget), *earlier]


def main() -> None:
    """Print one line per set, then how the systems compare and which bars are met."""
    known, options = arguments_of()
    folders = tables(known.data, known.sets)
    if not folders:
        sys.exit(f"{known.data} holds no set to judge: a folder needs meta.json, test_rows.txt and a table without text columns.")
    ours, records = measure(known, options, folders)
    good, ended = sum(bool(found["at least"]) for found in ours), sum(found["exit"] == 0 for found in ours)
    print(f"\nat least the best reference: {good} of {len(ours)}; ended with a model: {ended} of {len(ours)}")
    overrun = max(found["seconds"] / found["budget"] - 1 for found in ours)
    print(f"worst overrun: {overrun:+.1%} of the budget; peak memory: {max(found['memory_mib'] for found in ours):.0f} MiB")
    summary(frame(records), "--only-networks" in options)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
