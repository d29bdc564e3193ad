"""Find rows that belong together: several of one customer or patient must not be split between learning and judging."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.columns import named_like_identifier
from automl.checks.finding import Finding
from automl.checks.naming import names_things
from automl.schema import Column

_FEWEST_GROUPS = 20
_ROWS_PER_GROUP = (1.25, 200.0)
_FIXED = 0.9  # share of the groups of several rows in which a column must not change to belong to the group
_ALIKE = 0.1  # intraclass correlation from which rows of a group are alike
_OTHERS = 25  # columns that are compared within groups
_SHAPED = re.compile(r"[A-Za-z]{0,6}[-_ :/#.]?\d[\w\-/:. ]*|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class _Candidate:
    column: Column
    codes: np.ndarray[Any, Any]
    groups: int
    named: bool
    coded: bool


def _looks_coded(column: Column, values: np.ndarray[Any, Any]) -> bool:
    """Whether values look like names that an office gave: letters and digits in one shape, or numbers counted through."""
    present = values[~pd.isna(values)]
    if column.type == "number":
        distinct = np.unique(present)
        return bool(distinct[0] >= 0 and (distinct[0] <= 1 or distinct[0] >= 100) and distinct[-1] - distinct[0] + 1 <= 1.1 * len(distinct))
    texts = [str(text) for text in pd.unique(present)[:500]]
    if column.type == "category" and all(text.isdigit() for text in texts):
        return True
    return float(np.mean([_SHAPED.fullmatch(text) is not None for text in texts])) > 0.8


def _candidates(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]]) -> Iterator[_Candidate]:
    for column in columns:
        if column.type not in ("number", "category", "text") or column.declared:
            continue
        values = typed[column.name]
        present = ~pd.isna(values)
        if not present.any() or present.mean() < 0.8 or (column.type == "number" and (values[present] % 1).any()):
            continue
        codes, uniques = pd.factorize(values)
        count = len(uniques)
        if count < _FEWEST_GROUPS or not _ROWS_PER_GROUP[0] <= present.sum() / count <= _ROWS_PER_GROUP[1]:
            continue
        named = named_like_identifier(column.name)
        coded = _looks_coded(column, values) or (not named and names_things(column, columns, typed, traits=True) is not None)
        if named or coded:
            yield _Candidate(column, codes, count, named, coded)


def intraclass(values: np.ndarray[Any, Any], codes: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the intraclass correlation of values within groups, and how many standard errors it is above 0.

    Example:
        >>> intraclass(np.repeat(np.arange(50.0), 4), np.repeat(np.arange(50), 4))[0] > 0.99
        True
    """
    known = (codes >= 0) & ~np.isnan(values)
    values, codes = values[known], codes[known]
    counts = np.bincount(codes)
    groups, total = int((counts > 0).sum()), len(values)
    if groups < 5 or total - groups < 10 or values.std() == 0:
        return 0.0, 0.0
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    between = float((counts * (means - values.mean()) ** 2).sum()) / (groups - 1)
    within = float(((values - means[codes]) ** 2).sum()) / (total - groups)
    size = (total - float((counts.astype(np.float64) ** 2).sum()) / total) / (groups - 1)
    if between <= 0:
        return 0.0, 0.0
    correlation = (between - within) / (between + (size - 1) * within)
    noise = np.sqrt(2.0 / (groups * size * max(size - 1, 0.05)))
    return float(correlation), float(correlation / noise)


def _numbers(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return typed values as numbers, for comparison alone."""
    if values.dtype.kind == "f":
        return values
    if values.dtype.kind == "M":
        return np.where(np.isnat(values), np.nan, values.astype(np.int64).astype(np.float64))
    codes = pd.factorize(values)[0].astype(np.float64)
    codes[codes < 0] = np.nan
    return codes


def _fixed(candidate: _Candidate, others: Mapping[str, np.ndarray[Any, Any]]) -> list[str]:
    """Return the columns that never change within a group, although they do between groups."""
    codes = candidate.codes
    several = np.bincount(codes[codes >= 0], minlength=candidate.groups) > 1
    rows = (codes >= 0) & several[np.maximum(codes, 0)]
    if several.sum() < 10:
        return []
    found = []
    mine = pd.Series(codes[rows])
    for name, values in others.items():
        numbers = pd.Series(_numbers(values)[rows])
        shares = numbers.value_counts(normalize=True)
        if len(shares) < 2 or shares.iloc[0] > 0.9 or len(shares) >= 0.9 * candidate.groups * 1.1 + 2:
            continue
        if candidate.column.type == "number" and abs(mine.corr(numbers, method="spearman")) > 0.8:
            continue  # a month is fixed by its week, and a week is nobody
        chance = float((shares**2).sum())
        stays = float((numbers.groupby(mine.to_numpy()).nunique() <= 1).mean())
        if stays >= _FIXED and stays - chance > 0.3:
            found.append(name)
    return found


def find_groups(
    columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], outcome: np.ndarray[Any, Any] | None, target: str
) -> Iterator[Finding]:
    """Yield columns whose values name what several rows are about; the first one tells the groups for the folds.

    Args:
        columns: The features.
        typed: A sample of them as typed values.
        outcome: The target of the sample as numbers, (rows,), or None.
        target: Its name.
    """
    found: list[tuple[float, Finding]] = []
    for candidate in _candidates(columns, typed):
        column = candidate.column
        others = {other.name: typed[other.name] for other in columns if other is not column}
        fixed = _fixed(candidate, dict(list(others.items())[:_OTHERS]))
        alike = []
        for name, values in [*list(others.items())[:_OTHERS], (target, outcome)]:
            if values is None or name in fixed or (values.dtype == object):
                continue
            correlation, sure = intraclass(_numbers(values), candidate.codes)
            if correlation >= _ALIKE and sure > 4:
                alike.append(name)
        size = len(candidate.codes) / candidate.groups
        points = 2.0 * candidate.named + 1.0 * candidate.coded + min(len(fixed), 3) + 0.5 * min(len(alike), 3)
        strong = bool(fixed) or (len(alike) >= 1 and column.type != "number")
        if not (candidate.named or (candidate.coded and strong and size <= 60 and (column.type != "number" or fixed))):
            continue
        told = f"{len(candidate.codes):,} rows looked at hold {candidate.groups:,} values of {column.name!r}, {size:.1f} rows each"
        if fixed:
            told += f"; {', '.join(map(repr, fixed[:3]))} never change within one"
        elif alike:
            told += f"; {', '.join(map(repr, alike[:3]))} are alike within one"
        if candidate.named:
            told += "; its name, weak evidence, is one of an identifier"
        override = f"types={{{column.name!r}: {column.type!r}}}"
        found.append((points, Finding("group", (column.name,), "warning", "rows kept together", told + ".", override)))
    yield from (finding for _, finding in sorted(found, key=lambda entry: -entry[0]))
