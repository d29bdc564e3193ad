"""One call on a table: python examples/one_call.py [budget]."""

import sys
from pathlib import Path

import automl

HERE = Path(__file__).parent


def main(budget: str = "1m") -> None:
    model = automl.fit(HERE / "data" / "telco_churn.csv", target="churn", budget=budget, costs={"miss": 300, "false_alarm": 40})

    print(model.leaderboard().head())
    for decision in model.decisions().itertuples():
        print(f"{decision.stage}: {decision.what} = {decision.chosen}. {decision.because}")

    model.save("churn.automl")
    print("The report is in", model.report("churn.html"))


if __name__ == "__main__":
    main(*sys.argv[1:2])
