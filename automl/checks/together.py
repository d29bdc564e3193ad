"""Leaks of several columns: dates whose distance is the answer, shares that make it up, and what was written down at the same moment."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.checks.leakage import Question, single_score
from automl.schema import Column

_ASK = "Was it known at the time of the prediction? If not, leave it out."
_JOINT = 0.6  # R² from which shares together make up the target
_ANSWER = 0.97
_GENERAL = "id no nr number num date type name count total avg mean is has the of code kind group class value level"
_COMMON = frozenset(_GENERAL.split(" "))


def _numbers(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.where(np.isnat(values), np.nan, values.astype(np.int64) / 8.64e13) if values.dtype.kind == "M" else values


def dates_apart(
    columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], question: Question, scores: Mapping[str, tuple[float, float]]
) -> Iterator[Finding]:
    """Yield dates whose distance from an earlier date gives the target away: the later one was written after the outcome."""
    dates = [column for column in columns if column.type == "datetime"][:6]
    for one, other in combinations(dates, 2):
        apart = _numbers(typed[other.name]) - _numbers(typed[one.name])
        if np.isnan(apart).mean() > 0.5 or np.nanstd(apart) == 0:
            continue
        score, lower = single_score(apart, Column("", "number"), question)
        alone = max(scores[one.name][0], scores[other.name][0])
        if lower >= _ANSWER and score > alone + 0.05:
            later = other if np.nanmedian(apart) > 0 else one
            first = one if later is other else other
            because = (
                f"The days from {first.name!r} to {later.name!r} predict {question.task.target!r} with {question.measure} {score:.3f}: "
                f"{later.name!r} lies after the outcome or is the outcome. {_ASK}"
            )
            yield Finding("leakage", (later.name,), "high", "told", because, f"ignore=[{later.name!r}]")


def _families(columns: Sequence[Column]) -> list[list[str]]:
    """Return number columns with one name and different numbers, such as r1, r2, r3."""
    found: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        match = re.fullmatch(r"(.*?)[_. -]?\d+", column.name)
        if match and column.type == "number":
            found[match[1]].append(column.name)
    return [names for names in found.values() if 3 <= len(names) <= 30]


def _joint(values: np.ndarray[Any, Any], y: np.ndarray[Any, Any], fold: np.ndarray[Any, Any]) -> float:
    """Return the R² of a linear fit on rows that it has not seen."""
    design = np.column_stack([np.ones(len(y)), np.nan_to_num(values)])
    left = 0.0
    for number in np.unique(fold):
        own = fold == number
        weights = np.linalg.lstsq(design[~own], y[~own], rcond=None)[0]
        left += float(((y[own] - design[own] @ weights) ** 2).sum())
    return 1 - left / max(float(((y - y.mean()) ** 2).sum()), 1e-300)


def shares(
    columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], question: Question, scores: Mapping[str, tuple[float, float]]
) -> Iterator[Finding]:
    """Yield shares of one whole that together make up a number, such as the shares of votes of which a rating is the mean."""
    if question.task.problem != "regression":
        return
    for names in _families(columns):
        values = np.column_stack([typed[name] for name in names])
        whole = np.nansum(values, axis=1)
        if np.nanmin(values) < 0 or not 0 < whole.std() < 0.15 * whole.mean():
            continue
        joint = _joint(values, question.outcomes[:, 0], question.fold)
        others = [score for name, (score, _) in scores.items() if name not in names]
        if joint >= _JOINT and joint > max(others, default=0.0) + 0.2:
            because = (
                f"{', '.join(map(repr, names[:3]))} and {len(names) - 3} more are shares of one whole and together predict "
                f"{question.task.target!r} with R² {joint:.2f}, no other column with more than {max(others, default=0.0):.2f}. {_ASK}"
            )
            yield Finding("leakage", tuple(names), "high" if joint >= _ANSWER else "warning", "told", because, f"ignore={names!r}")


def _parts(name: str) -> set[str]:
    """Return the words of a name."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return {word for word in re.split(r"[\W_\d]+", apart.lower()) if len(word) > 1 and word not in _COMMON}


def same_moment(
    columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], target: str, leaking: Iterable[str]
) -> Iterator[Finding]:
    """Yield columns that may have been written down together with a leak: they share words of its name, or can be computed from one.

    A name is weak evidence, so this is told and nothing else. Only asked where values have shown a leak.
    """
    known = dict.fromkeys(leaking)
    if not known or len(_parts(target)) < 2:
        return
    words = _parts(target) | {word for name in known for word in _parts(name)}
    rest = [column for column in columns if column.name not in known]
    told: dict[str, str] = {}
    for _ in range(3):
        for column in rest:
            shared = _parts(column.name) & words
            if column.name not in told and shared:
                told[column.name] = f"its name shares {', '.join(map(repr, sorted(shared)))} with the target or a column that leaks"
                words |= _parts(column.name)
    if len(told) > 0.6 * len(rest):
        return  # everything is named alike
    for column in rest:
        source = next((name for name in told if column.name not in told and _computed(typed[name], typed[column.name])), None)
        if source is not None:
            told[column.name] = f"it can be computed from {source!r}"
    for name, why in told.items():
        because = f"{name!r} may have been known only with the outcome: {why} (weak evidence). {_ASK}"
        yield Finding("leakage", (name,), "info", "told", because, f"ignore=[{name!r}]")


def _computed(source: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> bool:
    """Whether every value of one column goes with one value of another that has more of them."""
    if source.dtype.kind != "f" or values.dtype.kind != "f":
        return False
    known = ~(np.isnan(source) | np.isnan(values))
    one, other = source[known], values[known]
    wide, narrow = len(np.unique(one)), len(np.unique(other))
    if narrow < 10 or wide > 0.5 * len(one) or wide < 2 * narrow:
        return False
    return bool((pd.Series(other).groupby(one).nunique() <= 1).all())
