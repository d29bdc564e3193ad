"""Tables in which something is planted that only two columns together say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

TOWNS = list("abcdefgh")


def schema_of(frame):
    kinds = {"f": "number", "M": "datetime"}
    columns = [SimpleNamespace(name=name, type=kinds.get(frame[name].dtype.kind, "category")) for name in frame]
    return SimpleNamespace(features=tuple(columns))


def planted(what, problem="regression", rows=2_000, seed=0, noise=0.2):
    """A frame and a target in model space: the "ratio" of income and rooms, how far x0 is from what is usual in a "group", or "nothing"."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{number}": rng.normal(size=rows) for number in range(3)})
    frame["income"], frame["rooms"] = rng.uniform(1, 10, rows), rng.uniform(0.5, 6, rows)
    frame["town"] = pd.Series(rng.choice(TOWNS, rows), dtype=object)
    usual = frame["town"].map(dict(zip(TOWNS, rng.normal(0, 2, len(TOWNS)), strict=True)))
    frame["x0"] += usual
    signals = {"ratio": frame["income"] / frame["rooms"], "group": (frame["x0"] - usual) ** 2, "nothing": pd.Series(np.zeros(rows))}
    signal = signals[what].to_numpy()
    y = (signal - signal.mean()) / (signal.std() or 1.0) + noise * rng.normal(size=rows)
    return frame, (y > np.median(y)).astype(np.int64) if problem == "binary" else (y - y.mean()) / y.std()


def task_of(problem):
    return SimpleNamespace(outputs=2 if problem == "binary" else 1, problem=problem, is_classification=problem == "binary")
