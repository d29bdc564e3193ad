"""Texts go through the same call: python examples/route_tickets.py [budget]."""

import sys
from pathlib import Path

import pandas as pd

import automl

HERE = Path(__file__).parent


def main(budget: str = "1m") -> None:
    model = automl.fit(HERE / "data" / "tickets.csv", target="queue", budget=budget)

    new = pd.DataFrame(
        {"text": ["I was charged twice and the parcel is late too", "Password mail never comes"], "channel": ["mail", "chat"]}
    )
    for text, queue, sure in zip(new["text"], model.predict(new), model.predict_proba(new).max(axis=1), strict=True):
        print(f"{queue} ({sure:.0%}): {text}")

    print(model.leaderboard()[["title", "loss", "weight", "seconds"]].head())
    print("The report is in", model.report("tickets.html"))


if __name__ == "__main__":
    main(*sys.argv[1:2])
