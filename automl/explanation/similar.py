"""What became of similar past cases: counts, never the rows themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from automl.explanation.effects import as_numbers

Array = NDArray[Any]

NEAREST = 20
PAST_ROWS = 20_000


@dataclass(frozen=True)
class Similar:
    """The past cases nearest to one row.

    Attributes:
        cases: How many were looked at.
        distance: Mean weighted distance, 0 (the same in all columns that matter) to 1.
        usual: The same for two cases drawn at random: below it they are similar indeed.
        counts: Cases by class code; empty for numbers.
        mean: Mean of the target; None for classes.
        low: Their 10 % quantile.
        high: Their 90 % quantile.
    """

    cases: int
    distance: float
    usual: float
    counts: tuple[int, ...] = ()
    mean: float | None = None
    low: float | None = None
    high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "counts": list(self.counts)}


def similar_cases(
    past: pd.DataFrame,
    y: ArrayLike,
    rows: pd.DataFrame,
    weights: Mapping[str, float],
    *,
    classes: int = 0,
    cases: int = NEAREST,
    seed: int = 0,
) -> tuple[Similar, ...]:
    """Find the nearest past cases of each row (Gower's distance, 1971, columns weighted by their importance).

    Numbers are as far apart as their ranks, levels 0 or 1; a missing value is as far from a known one as can be.

    Args:
        past: Raw columns of past cases, of which 20,000 are used at most.
        y: Class codes or numbers, (past rows,).
        rows: The rows, with the same columns.
        weights: Importance by column; columns without a positive one do not count.
        classes: Number of classes; 0 for numbers.
        cases: How many to look at.
        seed: Of the sample.

    Example:
        >>> past = pd.DataFrame({"a": np.arange(100.0)})
        >>> similar_cases(past, np.arange(100.0), past.tail(1), {"a": 1.0}, cases=3)[0].mean
        98.0
    """
    used = {name: float(weight) for name, weight in weights.items() if weight > 0 and name in past.columns}
    target = np.asarray(y)
    if not used or len(past) < 2 * cases:
        return ()
    rng = np.random.default_rng(seed)
    taken = np.sort(rng.choice(len(past), min(PAST_ROWS, len(past)), replace=False))
    frame, target = past.iloc[taken], target[taken]
    distance = np.zeros((len(rows), len(frame)))
    usual, total = 0.0, sum(used.values())
    other = rng.permutation(len(frame))
    for name, weight in used.items():
        here, there = _coded(frame[name], rows[name])
        gap = np.abs(there[:, None] - here) if here.dtype.kind == "f" else (there[:, None] != here).astype(float)
        apart = np.abs(here - here[other]) if here.dtype.kind == "f" else (here != here[other]).astype(float)
        distance += weight / total * np.nan_to_num(gap, nan=1.0)
        usual += weight / total * float(np.nan_to_num(apart, nan=1.0).mean())
    told = []
    for row in range(len(rows)):
        nearest = np.argsort(distance[row], kind="stable")[:cases]
        outcome, mean = target[nearest], float(distance[row, nearest].mean())
        if classes:
            counts = np.bincount(outcome.astype(np.int64), minlength=classes)
            told.append(Similar(len(nearest), mean, usual, tuple(int(count) for count in counts)))
        else:
            low, high = np.quantile(outcome, [0.1, 0.9])
            told.append(Similar(len(nearest), mean, usual, (), float(outcome.mean()), float(low), float(high)))
    return tuple(told)


def _coded(past: pd.Series[Any], rows: pd.Series[Any]) -> tuple[Array, Array]:
    """Return ranks between 0 and 1 of numbers and dates, or codes of levels, of past cases and rows."""
    if pd.api.types.is_datetime64_any_dtype(past.dtype):
        past, rows = (values.astype("datetime64[ns]").astype("int64").astype(float).where(values.notna()) for values in (past, rows))
    numbers = as_numbers(past)
    if numbers is None:
        both = pd.concat([past, rows], ignore_index=True)
        codes = pd.factorize(both.astype("string"), use_na_sentinel=False)[0]
        return codes[: len(past)], codes[len(past) :]
    known = np.sort(numbers[np.isfinite(numbers)])

    def rank(values: Array) -> Array:
        middle = (np.searchsorted(known, values, side="left") + np.searchsorted(known, values, side="right")) / 2
        return np.where(np.isfinite(values), middle / max(len(known), 1), np.nan)

    other = pd.to_numeric(rows, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return rank(numbers), rank(other)
