"""Give every family of models the same chance on one table: python examples/compare_architectures.py [budget]."""

import sys
from pathlib import Path

import automl

HERE = Path(__file__).parent


def main(budget: str = "1m") -> None:
    table = automl.compare(HERE / "data" / "diamonds.csv", target="price", budget=budget)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main(*sys.argv[1:2])
