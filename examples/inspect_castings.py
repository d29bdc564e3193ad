"""Pictures go through the same call: python examples/inspect_castings.py [budget]."""

import sys
from pathlib import Path

import pandas as pd
from PIL import Image

import automl

DATA = Path(__file__).parent / "data"


def main(budget: str = "1m") -> None:
    model = automl.fit(DATA / "castings.csv", target="result", budget=budget, positive="defect", costs={"miss": 20, "false_alarm": 1})

    # New pictures come as a table of paths, as a folder, or as pixels in memory.
    listed = pd.read_csv(DATA / "castings.csv").head(5)
    opened = [Image.open(DATA / path) for path in listed["picture"]]
    for path, result, sure in zip(listed["picture"], model.predict(opened), model.predict_proba(opened).max(axis=1), strict=True):
        print(f"{path}: {result} ({sure:.0%})")

    print(model.leaderboard()[["title", "loss", "weight", "seconds"]].head())
    print("The report is in", model.report("castings.html"))


if __name__ == "__main__":
    main(*sys.argv[1:2])
