"""Forecast the sales of a shop two weeks ahead, hear of new sales, and forecast again without training.

python examples/forecast_sales.py [--budget 60s]
"""

import argparse
from pathlib import Path

import pandas as pd

import automl

DATA = Path(__file__).parent / "data" / "pizza_sales.csv"


def main(budget: str = "60s") -> None:
    sales = pd.read_csv(DATA)
    past, later = sales[sales["day"] < "2015-12-10"], sales[sales["day"] >= "2015-12-10"]
    model = automl.fit(past, "sold", problem="forecasting", time="day", series=["type"], horizon=14, budget=budget)

    print(model.facts_.answer.headline)
    print(model.forecast(3).round(1)[["type", "day", "prediction", "q10", "q90"]])

    heard = later[later["day"] < "2015-12-13"]  # three days later: what was sold since counts at once
    print(model.forecast(3, history=heard).round(1)[["type", "day", "prediction", "q10", "q90"]])
    print(model.leaderboard()[["family", "loss", "weight"]].head(6))


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--budget", default="60s")
    main(reader.parse_args().budget)
