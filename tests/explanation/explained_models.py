"""Models whose explanations are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Floats = np.ndarray[Any, Any]


def table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows, 5)), columns=list("abcde"))
    frame["city"] = rng.choice(["Brno", "Praha", "Ostrava"], rows)
    return frame


def linear(frame: pd.DataFrame) -> Floats:
    return 3 * frame["a"].to_numpy(float) + 2 * frame["b"].to_numpy(float) - frame["c"].to_numpy(float) + (frame["city"] == "Brno")


def chances(frame: pd.DataFrame) -> Floats:
    positive = 1 / (1 + np.exp(-linear(frame)))
    return np.column_stack([1 - positive, positive])


def other(frame: pd.DataFrame) -> Floats:
    """A model that learned something else."""
    values = 0.3 * np.sin(5 * frame["d"].to_numpy(float)) - 0.2 * frame["e"].to_numpy(float)
    positive = 1 / (1 + np.exp(-values))
    return np.column_stack([1 - positive, positive])
