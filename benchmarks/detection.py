"""Run the labelled suite of the detector, and the rules of other tools on the same cases: who is right where, and whether confidence is.

    python benchmarks/detection.py [--group second] [--speed rows | pictures] [--wrong] [--out results.json]

The cases are those of `tests/detection/`; the second group was written from the requirements alone, the third after
the second had been mended, each before any of its cases was run. The
other tools are not installed: their documented rules are written down in `detection_rules.py`. They choose between problem types and column
types of tables, so they are asked where a table has one target; what they do not answer counts as wrong in "all cases" alone.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_rules import RULES, TYPE_RULES

HOME = Path(__file__).parent.parent
sys.path.insert(0, str(HOME / "tests" / "detection"))
BINS = ((0.0, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.01))
GROUPS = {
    "first": ("cases_targets", "cases_columns", "cases_findings", "cases_sequences", "cases_hard"),
    "second": ("cases_trades", "cases_foreign", "cases_signs", "cases_stores"),
    "third": ("cases_later",),
}


def cases(groups: Sequence[str]) -> dict[str, Any]:
    """Return the labelled cases of some groups by name."""
    for group in groups:
        for suite in GROUPS[group]:
            importlib.import_module(suite)
    return dict(importlib.import_module("detection_cases").CASES)


def as_table(data: Any) -> pd.DataFrame | None:
    """Return data as another tool would be given them: a frame, or a CSV file read by pandas; None for what is no table."""
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, Path) and data.suffix == ".csv":
        for encoding in ("utf-8", "latin-1"):
            try:
                return pd.read_csv(data, encoding=encoding, sep=None, engine="python")
            except UnicodeDecodeError:
                continue
            except (pd.errors.ParserError, csv.Error, ValueError):
                return None  # not what its name says
    return None


def run(case: Any) -> dict[str, Any]:
    """Return what is right of one case, ours and by the rules of others."""
    with tempfile.TemporaryDirectory() as home:
        data = case.data(Path(home))
        told = case.told(data)
        frame = as_table(data)

    found = {(one["check"], column) for one in told["findings"] for column in (*one["columns"], None)}
    result: dict[str, Any] = {
        "task": told["task"] in case.task,
        "modality": told["modality"] in case.modality,
        "confidence": told["confidence"],
        "types": {
            name: (told["columns"][name]["type"] in types, told["columns"][name]["confidence"]) for name, types in case.types.items()
        },
        "findings": {f"{check} {column or ''}": (check, column) in found for check, column in case.findings},
        "alarm": any(one["severity"] == "high" for one in told["findings"]) if case.clean else None,
        "peers": {},
        "peer_types": {},
    }
    if frame is not None and isinstance(case.target, str) and case.target in frame.columns:
        for tool, rule in RULES.items():
            result["peers"][tool] = rule(frame[case.target]) in case.task
        for tool, rule in TYPE_RULES.items():
            result["peer_types"][tool] = {name: name in frame and rule(frame[name]) in types for name, types in case.types.items()}
    return result


def share(hits: list[bool]) -> str:
    return f"{sum(hits) / len(hits):.3f} ({sum(hits)} of {len(hits)})" if hits else "–"


def reliability(answers: list[tuple[float, bool]]) -> list[str]:
    """Return a table: how often answers of a confidence are right."""
    lines = ["| confidence | answers | mean confidence | right |", "|---|---|---|---|"]
    for low, high in BINS:
        inside = [(sure, right) for sure, right in answers if low <= sure < high]
        if inside:
            mean, right = sum(sure for sure, _ in inside) / len(inside), sum(right for _, right in inside) / len(inside)
            lines.append(f"| {low:.2f} to {min(high, 1):.2f} | {len(inside)} | {mean:.2f} | {right:.2f} |")
    return lines


def _pictures(home: Path, count: int = 50_000) -> Path:
    """Make pictures of 32 × 32 pixels in ten subfolders; every tenth has content of its own."""
    from PIL import Image

    generator = np.random.default_rng(0)
    for place in range(count):
        folder = home / "pictures" / f"kind {place % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        if place % 10 == 0:
            content = io.BytesIO()
            Image.fromarray(generator.integers(0, 255, (32, 32, 3)).astype(np.uint8)).save(content, "jpeg")
        (folder / f"{place:06d}.jpg").write_bytes(content.getvalue())
    return home / "pictures"


def speed(what: str) -> int:
    """Time one large detection in a process of its own, from the command line as a person would call it."""
    with tempfile.TemporaryDirectory() as home:
        if what == "pictures":
            arguments = [str(_pictures(Path(home)))]
        else:
            from limits import table

            table(1_000_000).to_csv(f"{home}/table.csv", index=False)
            arguments = [f"{home}/table.csv", "--target", "bought"]
        command = [sys.executable, "-m", "automl", "detect", *arguments, "--json"]
        before = time.monotonic()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.monotonic() - before
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        told = json.loads(done.stdout)
        print(f"{what}: {told['task']} ({told['modality']}) after {seconds:.1f} s, peak {peak:,.0f} MiB")
    return 0


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--group", choices=GROUPS, help="one group of cases; all without it")
    parser.add_argument("--speed", choices=["rows", "pictures"], help="time 1,000,000 rows × 20 columns, or 50,000 pictures, instead")
    parser.add_argument("--wrong", action="store_true", help="list what is wrong")
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.speed:
        return speed(arguments.speed)
    suite = cases([arguments.group] if arguments.group else list(GROUPS))
    results = {name: run(case) for name, case in suite.items()}
    types = [hit for one in results.values() for hit, _ in one["types"].values()]
    tables = [one for one in results.values() if one["peers"]]
    print(f"{len(results)} cases\n\n| ours | |\n|---|---|")
    print(f"| task | {share([one['task'] for one in results.values()])} |")
    print(f"| modality | {share([one['modality'] for one in results.values()])} |")
    print(f"| column types | {share(types)} |")
    print(f"| findings, recall | {share([hit for one in results.values() for hit in one['findings'].values()])} |")
    print(f"| clean cases with a severe alarm | {share([one['alarm'] for one in results.values() if one['alarm'] is not None])} |")
    print("\n| tool | task, tables with one target | task, all cases | column types |\n|---|---|---|---|")
    print(f"| automl | {share([one['task'] for one in tables])} | {share([one['task'] for one in results.values()])} | {share(types)} |")
    for tool in RULES:
        right = [one["peers"][tool] for one in tables]
        everywhere = [one["peers"].get(tool, False) for one in results.values()]
        kinds = [hit for one in tables for hit in one["peer_types"].get(tool, {}).values()]
        print(f"| {tool} | {share(right)} | {share(everywhere)} | {share(kinds)} |")
    kinds_of_case: dict[str, Counter[str]] = defaultdict(Counter)
    for name, one in results.items():
        if one["peers"]:
            kind = name.split(":")[0]
            kinds_of_case[kind]["cases"] += 1
            for tool, right in {"automl": one["task"], **one["peers"]}.items():
                kinds_of_case[kind][tool] += right
    print("\nTask, right by kind of case:\n\n| kind | cases | automl | " + " | ".join(RULES) + " |\n|" + "---|" * (3 + len(RULES)))
    for kind, counts in kinds_of_case.items():
        print(f"| {kind} | {counts['cases']} | " + " | ".join(str(counts[tool]) for tool in ("automl", *RULES)) + " |")
    print("\nReliability of the task:\n\n" + "\n".join(reliability([(one["confidence"], one["task"]) for one in results.values()])))
    answers = [(sure, hit) for one in results.values() for hit, sure in one["types"].values()]
    print("\nReliability of the column types:\n\n" + "\n".join(reliability(answers)))
    if arguments.wrong:
        for name, one in results.items():
            missed = [key for key in ("task", "modality") if not one[key]]
            missed += [key for part in ("types", "findings") for key, hit in one[part].items() if not (hit[0] if part == "types" else hit)]
            if missed or one["alarm"]:
                print(f"wrong: {name}: {', '.join(missed) or 'a severe alarm'} ({suite[name].why})")
    if arguments.out:
        arguments.out.write_text(json.dumps(results, indent=1, default=str), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
