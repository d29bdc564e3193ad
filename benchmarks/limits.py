"""What a run costs at its edges: start-up, the first usable model, a million rows, the report.

python benchmarks/limits.py startup | first-model | million [--budget 300] [--rows 1000000]
python benchmarks/limits.py report-size | report-time [--budget 300] [--rows 1000000] [--columns 200]

The report is measured behind one quick model, so that what is measured is the report: comparing, explaining, examining, collecting and
writing all files. `report-size` asks for at most 1 MB from 200 columns × 1,000,000 rows; `report-time` for at most 20 s and 15 % of the
budget on 100,000 rows × 50 columns.
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

import numpy as np
import pandas as pd
from accuracy import timed

from automl.progress import Progress


def table(rows: int, columns: int = 20) -> pd.DataFrame:
    """Return a table with numbers, categories, dates and missing values, and a binary target `bought`."""
    rng = np.random.default_rng(0)
    numbers = columns * 3 // 4
    x = rng.normal(size=(rows, numbers)).astype("float32").round(3)
    frame = pd.DataFrame(x, columns=[f"number_{i}" for i in range(numbers)])
    for i in range(columns - numbers - 2):
        frame[f"group_{i}"] = pd.Categorical.from_codes(rng.integers(0, 8 * (i + 1), rows), [f"level {k}" for k in range(8 * (i + 1))])
    frame["day"] = (pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 700, rows), unit="D")).strftime("%Y-%m-%d")
    frame.loc[rng.random(rows) < 0.1, "number_1"] = np.nan
    signal = x[:, 0] * x[:, 2] + x[:, 3] + 0.5 * (frame["group_0"].cat.codes.to_numpy() > 3) + rng.normal(size=rows)
    frame["bought"] = np.where(signal > 1, "yes", "no")
    return frame


def fit(frame: pd.DataFrame, budget: float) -> None:
    """Fit a table from the command line and print seconds, memory and when the first model was there."""
    with tempfile.TemporaryDirectory() as home:
        frame.to_csv(f"{home}/table.csv", index=False)
        command = [sys.executable, "-m", "automl", "fit", f"{home}/table.csv", "--target", "bought", "--budget", f"{budget:g}s"]
        seconds, memory, code = timed([*command, "--out", f"{home}/out"])
        first = None
        if code == 0:
            facts = json.loads(Path(f"{home}/out/report.json").read_text())
            trained = [point["elapsed"] for point in facts["search"]["history"] if point["family"] != "naive"]
            first = trained[0] if trained else None
            scores = {name: round(score["value"], 4) for name, score in facts["evaluation"]["scores"].items() if score["value"] is not None}
            print({name: scores[name] for name in ("log_loss", "roc_auc", "calibration_error")})
    print(f"{len(frame):,} rows: exit {code}, {seconds:.1f} s of {budget:g} s, peak {memory:.0f} MiB")
    print(f"first model beyond the naive one after {first} s")


STAGES = ("compare", "explain", "examine", "report")  # what stands between the judged model and its files


def reported(frame: pd.DataFrame, budget: float, family: str) -> None:
    """Fit one quick model and print the size of its report, the seconds of every stage behind the model, and the peak memory."""
    import automl
    from automl.results import write_results

    began: list[tuple[str, float]] = []

    def noted(progress: Progress) -> None:
        if not began or began[-1][0] != progress.stage:
            began.append((progress.stage, time.monotonic()))

    clock = automl.Budget(budget, trials=1)
    model = automl.fit(frame, "bought", budget=clock, families=[family], progress=noted)
    with tempfile.TemporaryDirectory() as home:
        began.append(("write", time.monotonic()))
        files = write_results(model, Path(home))
        ends = [*(moment for _, moment in began[1:]), time.monotonic()]
        size = files["report"].stat().st_size / 1000
        others = {name: round(path.stat().st_size / 1000) for name, path in files.items() if name != "report"}
    taken = {stage: end - start for (stage, start), end in zip(began, ends, strict=True)}
    told = sum(seconds for stage, seconds in taken.items() if stage in (*STAGES, "write"))
    print(f"{len(frame):,} rows × {frame.shape[1]} columns, {family}, {budget:g} s: report.html {size:,.0f} kB; others in kB: {others}")
    print("seconds: " + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in taken.items()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"report: {told:.1f} s, {told / budget:.1%} of the budget; whole run {clock.elapsed():.1f} s; peak {peak:,.0f} MiB")


def startup() -> None:
    """Print the best of five of `import automl` and `automl --help`."""
    for name, command in (("import automl", ["-c", "import automl"]), ("automl --help", ["-m", "automl", "--help"])):
        taken = []
        for _ in range(5):
            before = time.monotonic()
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            taken.append(time.monotonic() - before)
        print(f"{name}: {min(taken):.2f} s")


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["startup", "first-model", "million", "report-size", "report-time"])
    parser.add_argument("--budget", type=float)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--columns", type=int)
    parser.add_argument("--family", default="hist_gradient_boosting")
    arguments = parser.parse_args()
    if arguments.what == "startup":
        startup()
    elif arguments.what == "first-model":
        fit(table(arguments.rows or 1_000), arguments.budget or 20)
    elif arguments.what == "report-size":
        reported(table(arguments.rows or 1_000_000, arguments.columns or 200), arguments.budget or 300, arguments.family)
    elif arguments.what == "report-time":
        reported(table(arguments.rows or 100_000, arguments.columns or 50), arguments.budget or 150, arguments.family)
    else:
        fit(table(arguments.rows or 1_000_000), arguments.budget or 300)


if __name__ == "__main__":
    main()
