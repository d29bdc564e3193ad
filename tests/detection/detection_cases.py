"""The labelled suite of the detector: tables and folders as generators, what must be found in them, and why.

A case is made from a seed of its own, so that it is the same on every machine. Labels were written down before the detector saw the case.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Random = np.random.Generator


@dataclass(frozen=True)
class Case:
    """One labelled case.

    Attributes:
        name: Unique.
        make: Gives a DataFrame, an array, or, with a folder to write to, a path.
        target: The target, several, or None.
        task: Accepted names of the task; the first is the best one.
        modality: Accepted modalities.
        types: Accepted types of some columns.
        findings: (check, column or None) that must be among the findings.
        clean: Whether no severe finding may be made.
        why: The reason of the labels.
        time: What `time` must say, in part.
        test: Makes a test table of the case's, to compare with; None where there is none.
        absent: Checks that must not be among the findings.
    """

    name: str
    make: Callable[[Random, Path], Any]
    target: Any
    task: tuple[str, ...]
    why: str
    modality: tuple[str, ...] = ("tabular",)
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[tuple[str, str | None], ...] = ()
    clean: bool = True
    time: dict[str, Any] = field(default_factory=dict)
    test: Callable[[pd.DataFrame, Random], pd.DataFrame] | None = None
    absent: tuple[str, ...] = ()

    def data(self, folder: Path) -> Any:
        """Make the case's data."""
        return self.make(np.random.default_rng(zlib.crc32(self.name.encode())), folder)

    def told(self, data: Any) -> dict[str, Any]:
        """Return what is detected in the case's data."""
        import automl

        test = self.test(data, np.random.default_rng(1)) if self.test else None
        return automl.detect(data, self.target, test=test).to_dict()


CASES: dict[str, Case] = {}


def add(name: str, make: Callable[[Random, Path], Any], target: Any, task: str | tuple[str, ...], why: str, **labels: Any) -> None:
    """Put a case into the suite."""
    assert name not in CASES, name
    labels = {key: (value,) if key == "modality" and isinstance(value, str) else value for key, value in labels.items()}
    labels["types"] = {column: (kind,) if isinstance(kind, str) else kind for column, kind in labels.get("types", {}).items()}
    CASES[name] = Case(name, make, target, (task,) if isinstance(task, str) else task, why, **labels)


def table(random: Random, rows: int) -> pd.DataFrame:
    """Return a plain table of customers, without a target: nothing in it is worth a finding."""
    return pd.DataFrame(
        {
            "age": random.integers(18, 80, rows),
            "income": np.round(random.lognormal(10, 0.5, rows), 2),
            "height": np.round(random.normal(172, 9, rows), 1),
            "city": random.choice(["Prague", "Brno", "Ostrava", "Plzen", "Liberec"], rows),
            "channel": random.choice(["web", "phone", "shop"], rows, p=[0.5, 0.3, 0.2]),
            "score": random.normal(size=rows),
        }
    )


def signal(frame: pd.DataFrame, random: Random, noise: float = 1.0) -> np.ndarray:
    """Return a number that depends on the columns of :func:`table`, in units of its standard deviation."""
    value = 0.03 * (frame["age"] - 50) + 0.8 * frame["score"] + 0.5 * (frame["city"] == "Brno") + 0.4 * (frame["channel"] == "web")
    value = value + random.normal(size=len(frame)) * noise
    return ((value - value.mean()) / value.std()).to_numpy()


def bins(values: np.ndarray, shares: list[float]) -> np.ndarray:
    """Return the place of each value among parts of these shares, 0 for the lowest."""
    return np.searchsorted(np.quantile(values, np.cumsum(shares)[:-1] / np.sum(shares)), values)
