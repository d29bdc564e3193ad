"""Learn from tables with texts within a budget through the command line, and print scores on the test rows, seconds and memory.

    python benchmarks/texts.py --data FOLDER [--budget 300] [--sets a,b]

FOLDER holds one folder for each set: `meta.json` (task, target, file, text_columns, id_columns, leak_columns) and `test_rows.txt`.
Identifiers and leaks are taken out, test rows are predicted once and used for nothing else. Seconds are those of the whole command, start
and report included.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import judging
import pandas as pd


def texts(data: Path, only: str | None = None) -> list[Path]:
    """Return the folders of the sets with texts and a given split, without pictures."""
    found = []
    for folder in sorted(path.parent for path in data.glob("*/meta.json")):
        meta = json.loads((folder / "meta.json").read_text())
        suits = meta.get("text_columns") and not meta.get("image_column") and (folder / "test_rows.txt").exists()
        if suits and (only is None or folder.name in only.split(",")):
            found.append(folder)
    return found


def scores(task: str, truth: pd.Series[Any], predicted: pd.DataFrame) -> dict[str, float]:
    """Return the scores of all tasks, and for classes accuracy and macro-F1 of the predicted labels.

    Example:
        >>> told = pd.DataFrame({"prediction": ["a", "b"], "probability_a": [0.9, 0.2], "probability_b": [0.1, 0.8]})
        >>> scores("binary", pd.Series(["a", "b"]), told)["macro_f1"]
        1.0
    """
    found = judging.score(task, truth, predicted)
    if task != "regression":
        from sklearn.metrics import accuracy_score, f1_score

        labels, said = truth.astype(str).str.strip(), predicted["prediction"].astype(str)
        found["accuracy"] = float(accuracy_score(labels, said))
        found["macro_f1"] = float(f1_score(labels, said, average="macro"))
        sure = predicted.filter(like="probability_").max(axis=1).to_numpy()
        found["calibration_error"] = judging.calibration_error(sure, (labels == said).to_numpy())
    return found


def one(folder: Path, budget: float, seed: int) -> dict[str, Any]:
    """Fit, predict and score one set."""
    train, test, meta = judging.load(folder)
    with tempfile.TemporaryDirectory() as place:
        paths = {name: Path(place) / f"{name}.csv" for name in ("train", "test", "told")}
        train.to_csv(paths["train"], index=False)
        test.drop(columns=meta["target"]).to_csv(paths["test"], index=False)
        program, model = [sys.executable, "-m", "automl"], Path(place) / "out"
        fit = ["fit", str(paths["train"]), "--target", meta["target"], "--budget", f"{budget:g}s", "--seed", str(seed), "-o", str(model)]
        fit += ["--metric", asked] if (asked := judging.metric_of(meta)) else []
        took, memory, code = judging.timed([*program, *fit])
        if code:
            return {"data": folder.name, "failed": code}
        judging.timed([*program, "predict", str(model / "model.automl"), str(paths["test"]), "-o", str(paths["told"])])
        found = scores(meta["task"], test[meta["target"]], pd.read_csv(paths["told"]))
        board = pd.read_csv(model / "leaderboard.csv").head(3).iloc[:, :4].to_dict("records")
    told = {name: round(value, 4) for name, value in found.items()}
    return {
        "data": folder.name, "rows": [len(train), len(test)], "budget": budget, "seconds": round(took, 1),
        "peak_mb": round(memory), **told, "best": board,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every set and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=300.0, help="seconds")
    parser.add_argument("--sets")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    for folder in texts(asked.data, asked.sets):
        print(json.dumps(one(folder, asked.budget, asked.seed)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
