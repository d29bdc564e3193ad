"""Small tables, a clock that is turned by hand, and families that learn nothing: for tests of the stages around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import automl
from automl.families.base import Family, FittedFamily, Tags, Trained, loads
from automl.preprocessing.base import State

# Where LightGBM cannot be loaded (it needs the system's OpenMP), scikit-learn's trees take its place.
BOOSTED = "lightgbm" if loads("lightgbm") else "hist_gradient_boosting"
needs_lightgbm = pytest.mark.skipif(not loads("lightgbm"), reason="LightGBM cannot be loaded here")


def people(rows: int = 160, seed: int = 0) -> pd.DataFrame:
    """Columns of every type; `churn` and `spent` follow from the others, `tier` has three classes."""
    rng = np.random.default_rng(seed)
    age, income = rng.integers(18, 80, rows), rng.lognormal(3, 0.5, rows)
    city = rng.choice(["Brno", "Praha", "Ostrava"], rows)
    signal = (age - 49) / 18 + 1.2 * (city == "Brno") + rng.normal(0, 0.5, rows)
    income[rng.random(rows) < 0.1] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "income": income,
            "city": city,
            "member": rng.random(rows) < 0.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, rows), unit="D"),
            "spent": 100 + 20 * signal + rng.normal(0, 3, rows),
            "tier": np.array(["bronze", "silver", "gold"])[np.digitize(signal, [-0.5, 0.8])],
            "churn": np.where(signal > 0.4, "yes", "no"),
        }
    )


FEATURES = ["age", "income", "city", "member", "since"]


def fit(data: Any, target: Any = None, **options: Any) -> automl.AutoML:
    """Fit one linear model without a clock, or as asked for."""
    return automl.fit(data, target, **{"budget": None, "trials": 1, "families": ["linear"], **options})


def album(folder: Path, count: int = 30, side: int = 16) -> Path:
    """Write pictures of noise, of which those in "spot" have a bright square."""
    rng = np.random.default_rng(0)
    for kind in ("plain", "spot"):
        (folder / kind).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(40, 110, (side, side)).astype(np.uint8)
            if kind == "spot":
                down, right = rng.integers(0, side - 5, 2)
                pixels[down : down + 5, right : right + 5] = 230
            Image.fromarray(pixels).save(folder / kind / f"{number}.png")
    return folder


class HandClock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeFamily(Family):
    """Predicts the same for all rows; its loss falls as `strength` nears `best`. Training takes `cost` seconds of a hand clock."""

    def __init__(
        self,
        name: str = "fake",
        kind: str = "linear",
        *,
        clock: HandClock | None = None,
        cost: float = 1.0,
        pack: int = 1,
        portfolio: Sequence[dict[str, Any]] = ({}, {"strength": 0.2}, {"strength": 0.8}),
        best: float = 0.6,
        before: Callable[[int], None] | None = None,
    ) -> None:
        self.name, self.title, self.tags = name, name.title(), Tags(kind=kind)  # type: ignore[misc]
        self.clock, self.cost, self.pack_configs, self.best, self.before = clock, cost, pack, best, before  # type: ignore[misc]
        self.first = [dict(config) for config in portfolio]
        self.calls: list[list[dict[str, Any]]] = []

    per_member = frozenset({"strength"})

    def space(self, hp: Any, spec: Any) -> None:
        hp.Float("strength", 0.0, 1.0, default=0.5)
        hp.Choice("shape", ["round", "square"], default="round")

    def portfolio(self, spec: Any) -> list[dict[str, Any]]:
        return [dict(config) for config in self.first]

    def train(self, configs: Any, data: Any, *, deadline: Any, seed: int, on_progress: Any = None) -> list[Trained]:
        self.calls.append([dict(config) for config in configs])
        if self.before is not None:
            self.before(len(self.calls))
        if self.clock is not None:
            self.clock.now += min(self.cost * len(configs), deadline.remaining())
        results = []
        for config in configs:
            right = 0.9 - 0.5 * abs(config["strength"] - self.best)
            out = np.full((data.rows, data.spec.outputs), (1 - right) / max(data.spec.outputs - 1, 1), np.float32)
            if data.spec.is_classification:
                out[np.arange(data.rows), data.target] = right
            else:
                out[:, 0] = data.target * right
            results.append(Trained(config, [{"right": right}] * data.folds, out, self.cost))
        return results

    def combine(self, parts: Any, spec: Any) -> FittedFamily:
        return FakeFitted(spec)

    def restore(self, state: Any, spec: Any) -> FittedFamily:
        return FakeFitted(spec)


class FakeFitted(FittedFamily):
    def __init__(self, spec: Any) -> None:
        self.spec = spec

    def predict(self, arrays: Any) -> Any:
        rows = len(arrays["numbers"])
        return np.full((rows, self.spec.outputs), 1 / self.spec.outputs if self.spec.is_classification else 0.0)

    def state(self) -> State:
        return State({})
