"""What predictions cost inside a running program: load once, then one row, a table, and 100,000 rows.

    python benchmarks/prediction.py MODEL TABLE.csv [--tries 50]

Prints one JSON line: seconds to load the model, seconds of the first prediction of the table (which compiles) and of the next one, the
median milliseconds of one row given as a DataFrame, and seconds of 100,000 rows (the table repeated).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

MANY = 100_000


def seconds(work: Callable[[], Any]) -> float:
    """Return how long a piece of work took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(predict: Callable[[pd.DataFrame], Any], rows: pd.DataFrame, tries: int = 50, many: int = MANY) -> dict[str, float]:
    """Return the seconds of the first and the next prediction of all rows, the milliseconds of one row, the seconds of many."""
    first, again = seconds(lambda: predict(rows)), seconds(lambda: predict(rows))
    predict(rows.iloc[[0]])  # compiles for one row
    places = np.arange(tries) % len(rows)
    one = [seconds(lambda place=place: predict(rows.iloc[[place]])) for place in places]
    repeated = rows.iloc[np.arange(many) % len(rows)].reset_index(drop=True)
    predict(repeated.iloc[: many // 10])  # compiles for a large block
    return {"first_s": first, "again_s": again, "one_row_ms": 1000 * statistics.median(one), "many_s": seconds(lambda: predict(repeated))}


def main() -> None:
    """Load a model and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("table")
    parser.add_argument("--tries", type=int, default=50)
    arguments = parser.parse_args()
    import automl

    rows = pd.read_csv(arguments.table, low_memory=False)
    started = time.perf_counter()
    model = automl.load(arguments.model)
    loaded = time.perf_counter() - started
    predict = model.predictions  # what the command line and the report call: probabilities or intervals, and the answer
    print(json.dumps({"rows": len(rows), "load_s": loaded, **measure(predict, rows, arguments.tries)}))


if __name__ == "__main__":
    main()
