"""Explanations against a known truth: planted columns come first, Shapley values equal all coalitions, changes flip and are smallest.

    python benchmarks/truth.py [--tables 20] [--rows 20] [--only importance|shapley|change]

Importance: tables of 12 columns, of which 4 made the target and one of those has a copy; forests are fitted on one half and asked on the
other. Recall is the share of the planted columns among the first 4 of the ranking; a copy must be told together with its column.
Shapley: a tangled function of 10 columns; the values that the report computes against all 1,024 coalitions over the same 50 background
rows, in probability. Change: smooth and stepped models of three columns; the smallest change that was found against a fine grid.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

PLANTED, COLUMNS, BACKGROUND = 4, 12, 50
TEN = 10


def importance(tables: int) -> str:
    """Return the recall of planted columns and how often a copy is told with its column."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    from automl.explanation import permutation_importance

    hits, copies = 0, 0
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(1200, COLUMNS)), columns=[f"c{place}" for place in range(COLUMNS)])
        planted = rng.choice(COLUMNS, PLANTED, replace=False)
        a, b, c, d = (frame[f"c{place}"].to_numpy() for place in planted)
        y = 1.5 * a + np.abs(b) * 1.5 + c * d + 0.8 * c + rng.normal(0, 0.5, len(frame))
        twin = f"c{planted[0]}"
        frame["twin"] = frame[twin] + rng.normal(0, 1e-3, len(frame))
        half = len(frame) // 2
        model = HistGradientBoostingRegressor(max_iter=150, random_state=seed).fit(frame[:half], y[:half])
        found = permutation_importance(lambda data, model=model: model.predict(data)[:, None], frame[half:], y[half:], problem="regression")
        first = {name for entry in found.columns[:PLANTED] for name in entry.columns}
        hits += sum(f"c{place}" in first for place in planted)
        copies += any({twin, "twin"} <= set(entry.columns) for entry in found.columns)
    return f"importance: recall of planted columns {hits / (PLANTED * tables):.3f}, copies told together {copies} of {tables}"


def tangled(frame: pd.DataFrame) -> Any:
    """A probability that ten columns make together, with interactions of two and three of them."""
    x = frame.to_numpy(dtype=np.float64)
    score = x[:, 0] * x[:, 1] + np.sin(2 * x[:, 2]) + 0.7 * x[:, 3] - 0.5 * x[:, 4] ** 2 + x[:, 5] * (x[:, 6] > 0) * x[:, 7]
    positive = 1 / (1 + np.exp(-(score + 0.3 * x[:, 8] - 0.2 * x[:, 9])))
    return np.column_stack([1 - positive, positive])


def exact(background: pd.DataFrame, row: pd.Series[Any]) -> Any:
    """Return the Shapley values of one row by all coalitions, (columns,)."""
    width = background.shape[1]
    masks = np.array(list(itertools.product([False, True], repeat=width)))
    data = np.where(masks[:, None, :], row.to_numpy()[None, None, :], background.to_numpy()[None, :, :]).reshape(-1, width)
    worth = tangled(pd.DataFrame(data, columns=background.columns))[:, 1].reshape(len(masks), -1).mean(axis=1)
    sizes, index = masks.sum(axis=1), masks @ (2 ** np.arange(width)[::-1])
    by_index = dict(zip(index.tolist(), worth.tolist(), strict=True))
    values = np.zeros(width)
    for player in range(width):
        bit = 2 ** (width - 1 - player)
        for mask, size, place in zip(masks, sizes, index, strict=True):
            if not mask[player]:
                weight = math.factorial(size) * math.factorial(width - size - 1) / math.factorial(width)
                values[player] += weight * (by_index[int(place) + bit] - by_index[int(place)])
    return values


def shapley(rows: int) -> str:
    """Return how far the report's values are from those of all coalitions."""
    from automl.explanation import explain_rows

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(BACKGROUND + rows, TEN)), columns=[f"c{place}" for place in range(TEN)])
    background, asked = frame[:BACKGROUND], frame[BACKGROUND:]
    gaps = []
    for place in range(rows):
        row = asked.iloc[[place]]
        told = explain_rows(tangled, background, row, problem="binary", output=1, max_evaluations=60_000)[0]
        known = {entry.column: entry.contribution for entry in told.contributions}
        gaps.append(np.abs(np.array([known[name] for name in frame.columns]) - exact(background, row.iloc[0])))
    found = np.array(gaps)
    return f"shapley: largest gap {found.max():.5f}, mean gap {found.mean():.5f} over {rows} rows × {TEN} columns"


def curved(frame: pd.DataFrame) -> Any:
    """Round borders and a level that shifts them."""
    a, b = frame["a"].to_numpy(float), frame["b"].to_numpy(float)
    score = 3 * (1.2 - (a - 0.3) ** 2 - 0.5 * b**2 + 0.8 * (frame["city"] == "x").to_numpy())
    positive = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - positive, positive])


def stepped(frame: pd.DataFrame) -> Any:
    """A tree: borders along the axes."""
    a, b = frame["a"].to_numpy(float), frame["b"].to_numpy(float)
    positive = np.where((a > 0.5) & (b > -0.2), 0.9, np.where((a < -1) & (frame["city"] == "y").to_numpy(), 0.8, 0.1))
    return np.column_stack([1 - positive, positive])


def change(rows: int) -> str:
    """Return how many changes flip the model, and how their cost compares with the least over a grid."""
    from automl.explanation import Clock, smallest_change

    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"a": rng.normal(size=300), "b": rng.normal(size=300), "city": rng.choice(["x", "y", "z"], 300)})
    scale = {name: float(np.subtract(*np.quantile(frame[name], [0.75, 0.25]))) for name in "ab"}
    asked = flipped = near = 0
    worst = 0.0
    for model, place in itertools.product((curved, stepped), range(rows)):
        row = frame.iloc[[place]]
        side = model(row)[0, 1] > 0.5
        flips: Callable[[Any], Any] = lambda p, side=side: (p[:, 1] > 0.5) != side  # noqa: E731
        found = smallest_change(model, row, frame, flips, clock=Clock(None, 1.0))
        if found is None or not found.found or found.cost is None:
            asked += 1
            continue
        ratio = found.cost / max(_least(model, row, frame, flips, scale), 0.02)  # a border that is open has no nearest point
        asked, flipped = asked + 1, flipped + bool(flips(model(row.assign(**found.values)))[0])
        near, worst = near + (ratio <= 1.1), max(worst, ratio)
    return f"change: {flipped} of {asked} flip the model, {near} within 10 % of the least over a grid (worst {worst:.3f} times)"


def _least(model: Any, row: pd.DataFrame, frame: pd.DataFrame, flips: Any, scale: dict[str, float], points: int = 121) -> float:
    grid = {name: np.concatenate([np.linspace(frame[name].min(), frame[name].max(), points), [row[name].iloc[0]]]) for name in "ab"}
    pairs, best = np.array(list(itertools.product(grid["a"], grid["b"]))), np.inf
    for city in frame["city"].unique():
        tried = pd.DataFrame({"a": pairs[:, 0], "b": pairs[:, 1], "city": city})
        turned = flips(model(tried))
        cost = sum(np.abs(tried[name] - row[name].iloc[0]) / scale[name] for name in "ab") + (city != row["city"].iloc[0])
        best = min(best, float(cost[turned].min())) if turned.any() else best
    return float(best)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--only", choices=["importance", "shapley", "change"])
    asked = parser.parse_args(arguments)
    parts = {
        "importance": lambda: importance(asked.tables),
        "shapley": lambda: shapley(asked.rows),
        "change": lambda: change(asked.rows),
    }
    for name, part in parts.items():
        if asked.only in (None, name):
            began = time.perf_counter()
            print(f"{part()}; {time.perf_counter() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
