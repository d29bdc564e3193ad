"""Read a report as data: python examples/read_report_json.py [report.json]. Without a file, a small model is trained first."""

import json
import sys
from pathlib import Path

import automl
from automl.results import write_results

HERE = Path(__file__).parent


def train(folder: Path, budget: str) -> Path:
    model = automl.fit(HERE / "data" / "credit_risk.csv", target="Status", budget=budget, positive="bad")
    folder.mkdir(parents=True, exist_ok=True)
    return write_results(model, folder)["facts"]


def main(path: str | None = None, budget: str = "1m") -> None:
    report = Path(path) if path else train(Path("results/credit_risk"), budget)
    facts = json.loads(report.read_text(encoding="utf-8"))

    print("Shall we use it?", facts["answer"]["verdict"], "-", facts["answer"]["headline"])
    for name, score in facts["evaluation"]["scores"].items():
        print(f"{name}: {score['value']} (95 %: {score['low']} to {score['high']}; naive: {score['naive']})")
    if facts["importance"]:  # a section that the time did not suffice for is null
        print("What counts most:", [entry["column"] for entry in facts["importance"]["entries"][:3]])
    print("Choices to look at:", [decision["override"] for decision in facts["decisions"] if decision["override"]][:5])


if __name__ == "__main__":
    main(*sys.argv[1:2])
