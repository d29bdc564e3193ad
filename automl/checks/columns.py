"""Checks that look at the feature columns alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.checks.naming import names_things
from automl.percents import percent
from automl.schema import Column, cast_column, count_infinite, kind_of

_FEWEST = 20  # below this, values may differ by chance
_ALL = 0.99
_RARELY = 100  # rows from which one odd value among them is nothing to learn from
_FEW_OTHERS = 10
_RECODED = 50  # distinct values up to which two columns that go together are one in other words
_NAMED = 0.95
_WHO = "case|client|customer|cust|user|member|person|patient|student|employee|order|record|row|session|account|transaction|ticket|loan"
_ID_NAME = re.compile(
    rf"(^|[_\s.\-#])(id|uid|uuid|guid|pid|key|nr|no|number|index|idx|row_?names?|hash)$|^unnamed: \d+$|^({_WHO})id$", re.IGNORECASE
)
_CODE = re.compile(r"(?=.*\d)[\w\-/.#:]{2,64}")
_CAMEL = re.compile(r"(?<=[a-z])I[Dd]$|^[A-Z]+ID$")


def named_like_identifier(name: str) -> bool:
    """Say whether people give identifiers such a name.

    Example:
        >>> [named_like_identifier(name) for name in ("PassengerId", "order_id", "PID", "humid", "paid")]
        [True, True, True, False, False]
    """
    return _ID_NAME.search(name) is not None or _CAMEL.search(name) is not None


def _is_sequence(values: np.ndarray[Any, Any]) -> bool:
    """Say whether unique whole numbers count upwards, in any order and with few gaps, or in equal steps."""
    span = values.max() - values.min() + 1
    if span <= 1.1 * len(values):
        return True
    steps = np.diff(np.sort(values))
    return bool((steps == steps[0]).all())


def _identifier(column: Column, sampled: np.ndarray[Any, Any], series: pd.Series[Any]) -> tuple[str, tuple[str, ...]] | None:
    """Return why a column tells rows apart and nothing else, and examples; None where it does not."""
    if column.type not in ("number", "category"):
        return None
    named = named_like_identifier(column.name)
    present = sampled[~pd.isna(sampled)]
    needed = _NAMED if named or (column.type == "category" and _coded(present)) else _ALL
    if len(present) < _FEWEST or (column.type == "number" and (present % 1 != 0).any()) or len(pd.unique(present)) < needed * len(present):
        return None
    values = cast_column(series, column)
    values = values[~pd.isna(values)]
    distinct = len(pd.unique(values))
    if distinct < needed * len(values):
        return None
    if column.type == "number":
        unique = distinct == len(values)
        if unique and _is_sequence(values):
            ends = (f"{values.min():.0f}", f"{values.max():.0f}")
            return f"All {distinct:,} values are different whole numbers that count upwards.", ends
        told = f"It is named like an identifier, and {distinct:,} of {len(values):,} values are different whole numbers."
        return (told, ()) if named else None
    return f"{distinct:,} of {len(values):,} values are different codes.", (str(values[0])[:40],)


def _coded(values: np.ndarray[Any, Any]) -> bool:
    """Whether texts look like codes that an office gave: one word with digits each."""
    return float(np.mean([_CODE.fullmatch(str(text)) is not None for text in values[:500]] or [False])) > 0.95


def _names_rows(column: Column, sampled: np.ndarray[Any, Any]) -> tuple[str, tuple[str, ...]] | None:
    """Return why a text column holds the name of every row, such as those of people, and one; or None: few words, nearly all different."""
    present = [text for text in sampled if text is not None]
    if column.type != "text" or len(present) < _FEWEST or len(set(present)) < _NAMED * len(present):
        return None
    words = [re.findall(r"[^\W\d_]{2,}", text) for text in present[:1000]]
    capital = float(np.mean([word[0].isupper() for found in words for word in found] or [0.0]))
    if capital < 0.85 or float(np.mean([len(text.split()) for text in present[:1000]])) > 6:
        return None
    return f"{len(set(present)):,} of {len(present):,} values are different names.", (present[0][:40],)


def _is_constant(column: Column, sampled: np.ndarray[Any, Any], series: pd.Series[Any]) -> str | None:
    """Return why a column says the same of all rows, or None; a single value beside missing ones does say something."""
    missing = pd.isna(sampled)
    if len(pd.unique(sampled[~missing])) > 1 or (missing.any() and not missing.all()):
        return None
    values = cast_column(series, column)
    missing = pd.isna(values)
    if missing.all():
        return f"All {len(values):,} values are missing."
    if missing.any() or len(pd.unique(values)) > 1:
        return None
    return (
        f"All {len(values):,} values are {str(values[0])[:40]!r}."
        if column.type != "number"
        else f"All {len(values):,} values are {values[0]:g}."
    )


def _others(values: np.ndarray[Any, Any]) -> int:
    """Return how many present values are not the most common one."""
    codes = pd.factorize(values)[0]
    counts = np.bincount(codes[codes >= 0], minlength=1)
    return int(counts.sum() - counts.max())


def _says_little(column: Column, sampled: np.ndarray[Any, Any], frame: pd.DataFrame) -> str | None:
    """Return why a column is nearly the same in all rows, or the same wherever it is filled; None for all others."""
    if len(sampled) < _RARELY or column.type in ("text", "image", "series", "list") or len(pd.unique(sampled[:40])) > 4:
        return None
    if _others(sampled) > 0.002 * len(sampled):
        return None
    values = cast_column(frame[column.name], column)
    values = values[~pd.isna(values)]
    others = _others(values)
    if others > min(0.002 * len(values), _FEW_OTHERS) or not len(values):
        return None
    if not others:
        return (
            f"All {len(values):,} values are the same, {len(frame) - len(values):,} are missing; only whether it is filled says something."
        )
    return f"All but {others:,} of {len(values):,} values are the same."


def _keep(column: Column) -> str:
    """Return the argument that keeps a column: a declared type says that its values mean something."""
    return f"types={{{column.name!r}: {column.type!r}}}"


def useless(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield identifiers and constants, which are not used.

    Args:
        columns: The features.
        typed: A sample of them as typed values.
        frame: All raw rows.
    """
    for column in columns:
        sampled, series = typed[column.name], frame[column.name]
        override = _keep(column)
        if not column.declared and (because := _is_constant(column, sampled, series)):
            yield Finding("constant", (column.name,), "info", "not used", f"{column.name!r} is the same in every row: {because}", override)
        elif because := _says_little(column, sampled, frame):
            told = f"{column.name!r} is nearly the same in every row: {because}"
            yield Finding("constant", (column.name,), "info", "told", told, f"ignore=[{column.name!r}]")
        elif not column.declared and (coded := _identifier(column, sampled, series)):
            told = f"{column.name!r} only tells rows apart: {coded[0]}"
            yield Finding("identifier", (column.name,), "info", "not used", told, override, coded[1])
        elif named := _names_rows(column, sampled):
            told = f"{column.name!r} names rows and is read as text, in which titles and places may count: {named[0]}"
            yield Finding("identifier", (column.name,), "info", "told", told, f"ignore=[{column.name!r}]", named[1])


def naming(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], groups: Sequence[str]) -> Iterator[Finding]:
    """Yield columns that name what rows are about and so are identifiers too, by other evidence than that every value is different.

    Args:
        columns: The features, and the columns that tell groups.
        typed: A sample of them as typed values.
        groups: Names of columns by which rows are kept together.
    """
    for column in columns:
        if column.name in groups:
            told = (
                f"{column.name!r} names what a row is about and does not describe it, so it is no feature; rows of one value stay together."
            )
            yield Finding("identifier", (column.name,), "info", "not used", told, _keep(column))
        elif not column.declared and (because := names_things(column, columns, typed)):
            told = f"{column.name!r} seems to name things rather than to measure them. It holds {because}."
            yield Finding("identifier", (column.name,), "info", "told", told, f"ignore=[{column.name!r}]")


def _fingerprint(values: np.ndarray[Any, Any]) -> int:
    return hash(values.tobytes() if values.dtype != object else tuple(values))


def duplicates(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield columns that hold the same as an earlier one, which are not used."""
    seen: dict[tuple[str, int], Column] = {}
    for column in columns:
        key = (column.type, _fingerprint(typed[column.name]))
        first = seen.setdefault(key, column)
        if first is column or column.declared:
            continue
        one, other = cast_column(frame[first.name], first), cast_column(frame[column.name], column)
        same = (one == other) | (pd.isna(one) & pd.isna(other))
        if bool(np.all(same)):
            because = f"{column.name!r} holds the same as {first.name!r} in all {len(one):,} rows."
            yield Finding("duplicate_columns", (column.name, first.name), "info", "not used", because, _keep(column))
    again = {column.name for column in columns if seen[(column.type, _fingerprint(typed[column.name]))] is not column}
    yield from _recoded([column for column in columns if column.name not in again], typed, frame)


def _recoded(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield columns whose values go one to one with those of another, such as words and their numbers; both are used.

    A number may say the order of words, and words what a number means: neither is dropped.
    """
    seen: dict[bytes, Column] = {}
    for column in columns:
        if column.type not in ("number", "boolean", "category", "ordinal"):
            continue
        codes, uniques = pd.factorize(typed[column.name])
        if not 2 <= len(uniques) <= min(_RECODED, len(codes) / 5) or np.bincount(codes[codes >= 0]).max() > 0.99 * len(codes):
            continue
        first = seen.setdefault(codes.astype(np.int32).tobytes(), column)
        if first is column:
            continue
        one, other = (pd.factorize(cast_column(frame[name.name], name))[0] for name in (first, column))
        if np.array_equal(one, other):
            because = f"The {len(uniques)} values of {column.name!r} go one to one with those of {first.name!r} in all {len(one):,} rows."
            yield Finding("duplicate_columns", (column.name, first.name), "info", "told", because, f"ignore=[{column.name!r}]")


def odd_values(columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], frame: pd.DataFrame) -> Iterator[Finding]:
    """Yield infinite numbers, many missing values and mixed types."""
    for column in columns:
        series = frame[column.name]
        infinite = count_infinite(series) if column.type == "number" else 0
        if infinite:
            because = f"{infinite:,} values of {column.name!r} are infinite."
            yield Finding("infinite", (column.name,), "warning", "counted as missing", because, f"ignore=[{column.name!r}]")
        missing = float(pd.isna(typed[column.name]).mean())
        if missing > 0.5:
            because = f"{percent(missing)} of the values of {column.name!r} are missing."
            yield Finding(
                "high_missing", (column.name,), "warning" if missing > 0.95 else "info", "told", because, f"ignore=[{column.name!r}]"
            )
        yield from _mixed(column, series)


def _mixed(column: Column, series: pd.Series[Any]) -> Iterator[Finding]:
    name, parse = column.name, column.parse
    if parse.get("unread"):
        because, override = f"{percent(parse['unread'])} of the values of {name!r} are no {column.type}.", f"types={{{name!r}: 'category'}}"
        yield Finding("mixed_types", (name,), "warning", "counted as missing", because, override, tuple(parse["examples"]))
    elif "numeric_share" in parse and kind_of(series) == "text":
        because = f"{percent(parse['numeric_share'])} of the values of {name!r} are numbers, the others words; all are read as categories."
        halves = parse.get("numeric_halves")
        if halves and abs(halves[0] - halves[1]) > 0.5:
            because += f" The type changes midway: {percent(halves[0])} of the first half are numbers, {percent(halves[1])} of the second."
            yield Finding("mixed_types", (name,), "warning", "told", because, f"types={{{name!r}: 'number'}}")
        else:
            yield Finding("mixed_types", (name,), "info", "told", because, f"types={{{name!r}: 'number'}}")
