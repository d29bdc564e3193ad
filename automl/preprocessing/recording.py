"""What the preparation of a table tells the record of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from automl.decisions import DecisionLog
from automl.percents import percent
from automl.preprocessing.hashing import LONGEST

KINDS = ("number", "boolean", "datetime", "text", "image", "series", "category")
_HOW = {
    "number": "median and interquartile range, smoothly clipped",
    "boolean": "-1 and 1",
    "datetime": "calendar parts and days since the start",
    "text": "hashed words and letter groups, condensed to components",
    "image": "hand-made traits, small pixels and outlines, condensed to components",
    "series": "level, spread, trend and unrest of the whole and of its parts, and the spectrum",
    "category": "codes by frequency; rare and unseen levels share one",
}


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return the first names, and how many more there are.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        "'a', 'b' and 1 more"
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def record_columns(log: DecisionLog, columns: Sequence[tuple[str, str]], missing: Sequence[str], rows: int) -> None:
    """Record how each type of column was prepared.

    Args:
        log: Where to.
        columns: Name and type of each column.
        missing: Names of the columns that lack values.
        rows: Number of training rows.
    """
    for kind in KINDS:
        names = [name for name, of_kind in columns if of_kind == kind]
        if names:
            because = f"Of type {kind}, {len(names)} of {len(columns)} columns: {listed(names)}."
            log.add("prepare", f"{kind} columns", _HOW[kind], because, override=f"types={{{names[0]!r}: ...}}")
    if missing:
        because = f"In some of the {rows:,} training rows values are missing: {listed(missing)}."
        log.add("prepare", "missing values", "neutral value and an indicator", because)


def record_lengths(log: DecisionLog, longest: Mapping[str, int]) -> None:
    """Record of which columns of texts the clock allows only the beginnings.

    Args:
        log: Where to.
        longest: Characters that are looked at, by name of the column.
    """
    for name, characters in longest.items():
        if characters < LONGEST:
            because = f"There is no time to count the words of more of each text of {name!r}."
            log.add("prepare", "beginnings of texts", f"{characters:,} characters", because, [f"{LONGEST:,}"], "budget=..., longer")


def record_encoding(log: DecisionLog, names: Sequence[str], levels: int, share: float, folds: int) -> None:
    """Record which columns were encoded by the target, and that no row was by its own.

    Args:
        log: Where to.
        names: The columns.
        levels: Levels that a column must have for it.
        share: Share of the target's variance that they must explain.
        folds: Number of folds.
    """
    because = f"At least {levels} levels, which explain {percent(share)} of the target or more: {listed(names)}."
    chosen = "mean of the target by level, from other rows" if folds > 1 else "mean of the target by level, from other training rows"
    log.add("prepare", "wide categories", chosen, because, ["codes alone"], f"ignore=[{names[0]!r}]")


def record_words(log: DecisionLog, names: Sequence[str], share: float) -> None:
    """Record which columns of texts were told as numbers by a linear model of their words, and that no row was by its own target.

    Args:
        log: Where to.
        names: The columns.
        share: Share of the target's variance that their words must explain.
    """
    because = f"The words of {listed(names)} explain {percent(share)} of the target or more, and other columns go together with them."
    chosen = "what a linear model of their words, fitted on other rows, says of the target"
    log.add("prepare", "target encoding of texts", chosen, because, ["components alone"], f"ignore=[{names[0]!r}]")
