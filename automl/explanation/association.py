"""Columns that say nearly the same, so that taking one away shows nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[Any]

STRONG = 0.9  # |Spearman| or Cramér's V; below, a column still carries a noticeable share of its own
SAMPLE = 1_000  # the standard error of a correlation of 0.9 is then 0.006
MAXIMUM_COLUMNS = 1_000  # the work grows with the square
LEAST_ROWS = 30  # with fewer, chance alone makes some pair of many columns look alike
LEAST_COUNT = 5
LEVELS = 20  # further levels of a category are taken as one
INDICATORS = 2_000  # levels of all categories together; more categories are compared by fewer levels each


def associated_columns(frame: pd.DataFrame, *, seed: int = 0, above: float = STRONG) -> tuple[tuple[str, ...], ...]:
    """Find groups of columns that are strongly associated with each other, directly or through a third.

    Numbers and dates are compared by Spearman's rank correlation, categories (and numbers with few values) by Cramér's V with Bergsma's
    correction (2013), on a sample of rows. Tables wider than 1,000 columns or with fewer than 30 rows are not searched.

    Args:
        frame: Raw columns.
        seed: Seed of the sample.
        above: The association from which columns are one group.

    Returns:
        Groups of at least two columns, each in the frame's order.

    Example:
        >>> x = np.arange(50.0)
        >>> frame = pd.DataFrame({"metres": x, "feet": 3.28 * x, "other": np.sin(x)})
        >>> associated_columns(frame)
        (('metres', 'feet'),)
    """
    if len(frame) < LEAST_ROWS or not 2 <= frame.shape[1] <= MAXIMUM_COLUMNS:
        return ()
    rows = np.sort(np.random.default_rng(seed).choice(len(frame), min(SAMPLE, len(frame)), replace=False))
    sample = frame.take(rows)
    numbers: dict[int, Array] = {}
    codes: dict[int, Array] = {}
    for place in range(frame.shape[1]):
        values = _as_numbers(sample.iloc[:, place])
        levels = _as_codes(sample.iloc[:, place], values)
        numbers.update({} if values is None else {place: values})
        codes.update({} if levels is None else {place: levels})
    linked = np.eye(frame.shape[1], dtype=bool)
    for found, measure in ((numbers, _rank_correlations), (codes, _cramers_v)):
        if len(found) > 1:
            places = np.fromiter(found, dtype=np.int64)
            linked[np.ix_(places, places)] |= measure(list(found.values())) > above
    names = [str(name) for name in frame.columns]
    return tuple(tuple(names[place] for place in group) for group in _components(linked) if len(group) > 1)


def _as_numbers(column: pd.Series[Any]) -> Array | None:
    """Return float values when the column is one of numbers or dates, in text or not; None otherwise or when it is constant."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype) or pd.api.types.is_timedelta64_dtype(column.dtype):
        values = column.astype("int64").to_numpy(dtype=np.float64, copy=True)
        values[column.isna().to_numpy()] = np.nan
    else:
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(values).sum() < 0.95 * column.notna().sum():
            return None
    finite = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, np.nan) if len(finite) > 1 and np.ptp(finite) > 0 else None


def _as_codes(column: pd.Series[Any], numbers: Array | None) -> Array | None:
    """Return codes 0, 1, … of the levels, missing being one; None for numbers with many values and for constants."""
    codes = pd.factorize(column.astype("string") if numbers is None else numbers, use_na_sentinel=False)[0]
    counts = np.bincount(codes)
    if numbers is not None and len(counts) > LEVELS:
        return None
    # Rare levels are one: of two identifiers, the levels that happen to come first would seem to belong together.
    common = np.flatnonzero(counts >= LEAST_COUNT)
    common = common[np.argsort(-counts[common], kind="stable")][: LEVELS - 1]
    rank = np.full(len(counts), len(common))
    rank[common] = np.arange(len(common))
    found = np.asarray(np.unique(rank[codes], return_inverse=True)[1]).ravel()
    return found if found.max() > 0 else None


def _rank_correlations(columns: list[Array]) -> Array:
    """Return |Spearman's rho| of every pair; a missing value takes the middle rank and so adds nothing."""
    ranks = np.column_stack([stats.rankdata(values, nan_policy="omit") for values in columns])
    ranks -= np.nanmean(ranks, axis=0)
    ranks = np.nan_to_num(ranks)
    length = np.sqrt((ranks**2).sum(axis=0))
    return np.asarray(np.abs(ranks.T @ ranks) / np.maximum(np.outer(length, length), 1e-12))


def _cramers_v(columns: list[Array]) -> Array:
    """Return the corrected Cramér's V of every pair, from one product of all indicator columns."""
    most = max(4, INDICATORS // len(columns))
    columns = [np.minimum(codes, most - 1) for codes in columns]
    sizes = np.array([int(codes.max()) + 1 for codes in columns])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rows = len(columns[0])
    indicators = np.zeros((rows, int(sizes.sum())), dtype=np.float32)
    for start, codes in zip(starts, columns, strict=True):
        indicators[np.arange(rows), start + codes] = 1
    counts = (indicators.T @ indicators).astype(np.float64)
    totals = np.diag(counts)
    share = counts**2 / np.maximum(np.outer(totals, totals), 1e-12)
    phi = np.add.reduceat(np.add.reduceat(share, starts, axis=0), starts, axis=1) - 1
    excess = np.outer(sizes - 1, sizes - 1) / (rows - 1)
    corrected = sizes - (sizes - 1) ** 2 / (rows - 1) - 1
    smaller = np.minimum.outer(corrected, corrected)
    return np.asarray(np.sqrt(np.maximum(phi - excess, 0) / np.maximum(smaller, 1e-12)))


def _components(linked: Array) -> list[list[int]]:
    """Return the connected groups of a symmetric boolean matrix."""
    group = np.full(len(linked), -1)
    for start in range(len(linked)):
        todo = [start] if group[start] < 0 else []
        while todo:
            place = todo.pop()
            if group[place] < 0:
                group[place] = start
                todo.extend(np.flatnonzero(linked[place] & (group < 0)).tolist())
    return [np.flatnonzero(group == start).tolist() for start in np.unique(group)]
