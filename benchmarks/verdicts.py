"""How often the report's answer is right: on shuffled labels it must not say "yes", and its intervals must hold the truth.

    python benchmarks/verdicts.py [--runs 200] [--rows 300] [--families linear,hist_gradient_boosting]
        [--only shuffled|simulated] [--out FILE]

Shuffled: tables of numbers, levels and gaps whose target was shuffled; of 200 runs at most 5 % may say "yes". The three kinds of target
take turns. Simulated: the same tables with a target that follows from the columns; the intervals that the report states for the
log-loss (or the RMSE) and the accuracy are held against 20,000 fresh rows from the same process.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FRESH = 20_000
KINDS = ("binary", "multiclass", "regression")


def table(kind: str, rows: int, seed: int, shuffled: bool) -> pd.DataFrame:
    """Return columns of several types and the target `y`.

    Example:
        >>> table("binary", 5, 0, True).shape
        (5, 7)
    """
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 4)), columns=["a", "b", "c", "d"])
    frame["city"] = rng.choice(["Brno", "Praha", "Ostrava", "Zlín"], rows)
    frame["gap"] = np.where(rng.random(rows) < 0.2, np.nan, rng.gamma(2.0, 1.0, rows))
    signal = frame["a"] + 0.7 * frame["b"] * (frame["city"] == "Brno") - 0.5 * frame["gap"].fillna(1.5)
    if kind == "regression":
        target: Any = signal + rng.normal(0, 1.0, rows)
    elif kind == "binary":
        target = np.where(rng.random(rows) < 1 / (1 + np.exp(-signal)), "yes", "no")
    else:
        target = np.array(["low", "middle", "high"])[np.digitize(signal + rng.normal(0, 0.8, rows), [-1.0, 0.3])]
    frame["y"] = rng.permutation(target) if shuffled else target
    return frame


def answer_of(kind: str, rows: int, seed: int, families: Sequence[str], shuffled: bool) -> dict[str, Any]:
    """Fit once and return the verdict, and for a simulated target which stated intervals hold the truth."""
    import automl

    model = automl.fit(table(kind, rows, seed, shuffled), "y", budget=None, trials=len(families), families=list(families), seed=seed)
    facts = model.facts_
    told: dict[str, Any] = {"kind": kind, "seed": seed, "verdict": facts.answer.verdict, "covered": {}}
    if shuffled:
        return told
    from automl.metrics import score

    fresh = table(kind, FRESH, 1_000_000 + seed, False)
    predictor = model.fitted_.predictor
    prediction, y = predictor(fresh), predictor.task.encode(fresh["y"])
    for name in ("rmse",) if kind == "regression" else ("log_loss", "roc_auc") if kind == "binary" else ("log_loss", "accuracy"):
        stated, truth = facts.evaluation.scores[name], score(name, y, prediction)
        told["covered"][name] = bool(stated.low <= truth <= stated.high)
    return told


def wilson(hits: int, runs: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    from automl.report.words import wilson as interval

    return interval(hits, runs) or (0.0, 1.0)


def percent(share: Any) -> str:
    """Return a share as percents with one decimal."""
    return f"{100 * float(share):.1f}"


def summary(told: Sequence[dict[str, Any]], shuffled: bool) -> str:
    """Return the lines that are published.

    Example:
        >>> summary([{"verdict": "no", "covered": {}}] * 40, True).splitlines()[0]
        'shuffled labels, 40 runs: no 40; "yes" 0.0 % (95 % interval 0.0 to 8.8 %), anything but "no" 0.0 %'
    """
    runs = len(told)
    counts = Counter(one["verdict"] for one in told)
    verdicts = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    if shuffled:
        low, high = wilson(counts["yes"], runs)
        other = 1 - counts["no"] / runs
        share = f'"yes" {counts["yes"] / runs:.1%} (95 % interval {low:.1%} to {high:.1%}), anything but "no" {other:.1%}'.replace(
            "%", " %"
        )
        return f"shuffled labels, {runs} runs: {verdicts}; {share}".replace("95  %", "95 %")
    lines = [f"simulated targets, {runs} runs: {verdicts}"]
    for name in sorted({name for one in told for name in one["covered"]}):
        held = [one["covered"][name] for one in told if name in one["covered"]]
        lines.append(f"  {name}: the stated 95 % interval holds the truth in {percent(np.mean(held))} % of {len(held)} runs")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both parts and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--families", default="linear,hist_gradient_boosting")
    parser.add_argument("--only", choices=["shuffled", "simulated"])
    parser.add_argument("--out")
    asked = parser.parse_args(arguments)
    families, everything = asked.families.split(","), {}
    for part in ("shuffled", "simulated"):
        if asked.only not in (None, part):
            continue
        began, told = time.perf_counter(), []
        for run in range(asked.runs):
            told.append(answer_of(KINDS[run % len(KINDS)], asked.rows, run, families, part == "shuffled"))
        everything[part] = told
        print(summary(told, part == "shuffled"))
        print(f"  {time.perf_counter() - began:.0f} s, {asked.rows} rows, families {asked.families}", flush=True)
    if asked.out:
        Path(asked.out).write_text(json.dumps(everything, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
