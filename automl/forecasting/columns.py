"""What each column of a table of series is: time, series, target, known in advance, known for the past alone, fixed for a series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.dataset import Dataset
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError, did_you_mean
from automl.percents import percent
from automl.schema import Column, Schema, cast_column
from automl.schema.values import levels as texts_of
from automl.task import find_series

FIXED = 0.99  # share of the series in which a column must not change to count as fixed
STEADY = 0.95  # share of the steps of counted times that are the usual one
MOST_LEVELS = 50  # of a category that is used as a covariate
# Names of what people decide or know beforehand. A name alone is a guess; it is told, with the argument that overrules it.
_PLANNED = re.compile(
    r"(?<![a-z])(promo\w*|price\w*|discount\w*|holiday\w*|open|closed|event\w*|school\w*|week_?day\w*|day_?of_?week|calendar\w*"
    r"|campaign\w*|is_\w*day|planned\w*|schedule\w*|weekend|month|advert\w*)(?![a-z])"
)


@dataclass(frozen=True)
class Covariate:
    """One column beside time, series and target.

    Attributes:
        column: Its name and how its cells are read.
        role: "known", "past" or "static".
        levels: Texts of a category, their codes being their places; empty for numbers and truth values.
    """

    column: Column
    role: str
    levels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    def encode(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Return cells as numbers, (rows,); missing, unreadable and unseen ones are NaN."""
        if not self.levels:
            return np.asarray(cast_column(values, self.column), np.float64)
        table = {text: float(code) for code, text in enumerate(self.levels)}
        cells = texts_of(values)
        return np.array([table.get(cell, np.nan) if cell is not None else np.nan for cell in cells], np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"column": self.column.to_dict(), "role": self.role, "levels": list(self.levels)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Covariate:
        """Rebuild it from :meth:`to_dict`."""
        return cls(Column.from_dict(values["column"]), values["role"], tuple(values["levels"]))


@dataclass(frozen=True)
class Layout:
    """The columns of a table of series.

    Attributes:
        target, time: Their columns.
        series: The columns that tell series apart; empty for one series.
        covariates: All others that are used.
        dropped: Those that are not, with the reason.
    """

    target: Column
    time: Column
    series: tuple[str, ...] = ()
    covariates: tuple[Covariate, ...] = ()
    dropped: dict[str, str] = field(default_factory=dict)

    def of(self, role: str) -> tuple[Covariate, ...]:
        """Return the covariates of one role."""
        return tuple(covariate for covariate in self.covariates if covariate.role == role)

    def times(self, frame: pd.DataFrame) -> Any:
        """Return the stamps of rows: a ``DatetimeIndex`` with NaT, or float64 with NaN."""
        values = cast_column(frame[self.time.name], self.time)
        return pd.DatetimeIndex(values) if self.time.type == "datetime" else values

    def keys(self, frame: pd.DataFrame) -> list[tuple[str, ...]]:
        """Return what series each row is of, as texts."""
        if not self.series:
            return [()] * len(frame)
        cells = [texts_of(frame[name]) for name in self.series]
        return [tuple("" if cell is None else str(cell) for cell in row) for row in zip(*cells, strict=True)]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "target": self.target.to_dict(),
            "time": self.time.to_dict(),
            "series": list(self.series),
            "covariates": [covariate.to_dict() for covariate in self.covariates],
            "dropped": self.dropped,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Layout:
        """Rebuild it from :meth:`to_dict`."""
        covariates = tuple(Covariate.from_dict(entry) for entry in values["covariates"])
        target, time = Column.from_dict(values["target"]), Column.from_dict(values["time"])
        return cls(target, time, tuple(values["series"]), covariates, dict(values["dropped"]))


@dataclass(frozen=True)
class Asked:
    """What the user said about columns; None and empty where it is to be found out."""

    time: str | None = None
    series: tuple[str, ...] | None = None
    known: tuple[str, ...] | None = None
    past: tuple[str, ...] | None = None
    static: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()


def find_layout(dataset: Dataset, schema: Schema, target: str, asked: Asked, log: DecisionLog) -> Layout:
    """Find out what each column is.

    Args:
        dataset: The rows.
        schema: The types of their columns.
        target: The column to forecast.
        asked: What the user said.
        log: Receives the decisions.

    Raises:
        DataError: If there is no column of times, or the target is not one of numbers.
        UsageError: If a name is none of a column, or stands for two things.
    """
    frame = dataset.frame
    _check_names(frame, target, asked)
    value = schema[target]
    if not frame[target].notna().any():
        raise DataError(f"`target` must hold known values. Received {target!r}, which is missing everywhere.")
    if value.type not in ("number", "boolean", "ordinal"):
        numbers = pd.to_numeric(frame[target], errors="coerce")
        if numbers.notna().sum() < 0.9 * max(frame[target].notna().sum(), 1):
            raise DataError(f"`target` of a forecast must be a column of numbers. Received {target!r}, a column of {value.type} values.")
    value = value if value.type == "number" else Column(target, "number", "target")
    facts = find_series(frame, schema, target) if asked.time is None or asked.series is None else None
    time = _time(frame, schema, target, asked, facts, log)
    series = _series(frame, schema, time, target, asked, facts, log)
    rest = [name for name in frame.columns if name not in (target, time.name, *series, *asked.ignore)]
    if not series:
        key = np.zeros(len(frame), np.int64)
    else:
        key = (
            pd.MultiIndex.from_frame(frame[list(series)].astype(str)).factorize()[0]
            if len(series) > 1
            else pd.factorize(frame[series[0]].astype(str))[0]
        )
    covariates, dropped = [], dict.fromkeys(asked.ignore, "you asked for it")
    for name in rest:
        made = _covariate(frame, schema[name], np.asarray(key), target, time, asked, bool(series))
        if isinstance(made, str):
            dropped[name] = made
            continue
        covariates.append(made[0])
        log.add("detect", f"role of {name!r}", *made[1])
    for name, reason in dropped.items():
        log.add("detect", f"role of {name!r}", "not used", reason, ["known", "past"], f"known=[{name!r}]")
    return Layout(value, time, series, tuple(covariates), dropped)


def _check_names(frame: pd.DataFrame, target: str, asked: Asked) -> None:
    given: dict[str, str] = {target: "target"}
    names: list[tuple[str, str]] = [] if asked.time is None else [("time", asked.time)]
    for what in ("series", "known", "past", "static", "ignore"):
        names += [(what, name) for name in getattr(asked, what) or ()]
    for what, name in names:
        if name not in frame.columns:
            raise UsageError(f"`{what}` must name columns of the data. Received {name!r}.{did_you_mean(name, frame.columns)}")
        if name in given:
            raise UsageError(f"A column must have one role. Received {name!r} as `{given[name]}` and as `{what}`.")
        given[name] = what


def _counts(frame: pd.DataFrame, column: Column) -> bool:
    """Whether a column holds whole numbers that go up by the same step, as steps of a series without dates do."""
    if column.type != "number":
        return False
    values = np.asarray(cast_column(frame[column.name], column), np.float64)
    if len(values) < 3 or not np.all(values == np.round(values)):  # with a gap, too: a missing value is not equal to itself
        return False
    apart = np.diff(np.unique(values))
    usual = float(np.median(apart)) if len(apart) else 0.0
    return usual > 0 and len(apart) >= len(values) / 2 and float(np.mean(apart == usual)) >= STEADY


def _time(frame: pd.DataFrame, schema: Schema, target: str, asked: Asked, facts: Any, log: DecisionLog) -> Column:
    name = asked.time
    if name is None:
        if facts is None:
            dated = [column.name for column in schema.columns if column.type == "datetime" and column.name != target]
            counted = [] if dated else [column.name for column in schema.columns if column.name != target and _counts(frame, column)]
            dated = dated or counted
            if len(dated) != 1:
                hint = f" It could be one of {dated}." if dated else " No column holds dates or counts steps."
                raise DataError(f"A forecast needs a column of times; name it with `time`. Received none that could be found out.{hint}")
            name = dated[0]
        else:
            name = facts.time
        alone = "It is the only column of dates." if schema[name].type == "datetime" else "It is the only column that counts steps."
        log.add("detect", "column of times", name, facts.evidence if facts else alone, [], f"time={name!r}")
    column = schema[name]
    if column.type in ("datetime", "number"):
        return column
    if column.type in ("ordinal", "category", "boolean"):
        return Column(name, "number", "time")
    raise DataError(f"`time` must be a column of dates or whole numbers. Received {name!r}, a column of {column.type} values.")


def _series(frame: pd.DataFrame, schema: Schema, time: Column, target: str, asked: Asked, facts: Any, log: DecisionLog) -> tuple[str, ...]:
    if asked.series is not None:
        return asked.series
    if facts is not None and facts.time == time.name:
        if facts.series:
            what = " and ".join(map(repr, facts.series))
            log.add("detect", "columns of series", what, facts.evidence, [], f"series={list(facts.series)!r}")
        return tuple(facts.series)
    twice = frame[time.name].duplicated()
    if twice.mean() < 0.2:
        return ()
    for column in schema.columns:  # the first column with which hardly any time occurs twice
        if column.name in (time.name, target) or column.type not in ("category", "text", "number", "ordinal", "boolean"):
            continue
        values = frame[column.name]
        distinct = values.nunique()
        if 2 <= distinct <= len(frame) / 3 and pd.MultiIndex.from_arrays([values.astype(str), frame[time.name]]).duplicated().mean() < 0.01:
            told = f"With its {distinct:,} values hardly any time occurs twice."
            log.add("detect", "columns of series", repr(column.name), told, [], f"series=[{column.name!r}]")
            return (column.name,)
    return ()


def _covariate(
    frame: pd.DataFrame, column: Column, key: NDArray[np.int64], target: str, time: Column, asked: Asked, several: bool
) -> tuple[Covariate, tuple[str, str, Sequence[str], str]] | str:
    """Return a covariate with what to tell of it, or the reason why it is not used."""
    name = column.name
    levels: tuple[str, ...] = ()
    if column.type in ("number", "boolean"):
        cells = pd.Series(np.asarray(cast_column(frame[name], column), np.float64))
    elif column.type == "datetime":
        return "it is a second column of times"
    else:
        found = pd.Series(texts_of(frame[name]), dtype=object)
        names = tuple(sorted(str(text) for text in found.dropna().unique()))
        fixed_text = several and len(names) > MOST_LEVELS
        if len(names) > MOST_LEVELS:
            return f"it has {len(names):,} different texts" + (", as many as series" if fixed_text else "")
        levels, cells = names, pd.Series(pd.Categorical(found, categories=list(names)).codes.astype(float)).replace(-1.0, np.nan)
    if cells.notna().sum() == 0 or cells.nunique() < 2:
        return "it never changes"
    role, because = _role(frame, cells, name, key, target, asked, several)
    others = [other for other in ("known", "past", "static") if other != role]
    told = {"known": "known in advance", "past": "known for the past", "static": "fixed for a series"}[role]
    kept = Column(name, column.type, "feature", column.evidence, column.confidence, column.parse)
    return Covariate(kept, role, levels), (told, because, others, f"{others[0]}=[{name!r}]")


def _role(
    frame: pd.DataFrame, cells: pd.Series[Any], name: str, key: NDArray[np.int64], target: str, asked: Asked, several: bool
) -> tuple[str, str]:
    for role in ("known", "past", "static"):
        if name in (getattr(asked, role) or ()):
            return role, "You said so."
    if several:
        grouped = cells.groupby(key).nunique()
        if float((grouped <= 1).mean()) >= FIXED:
            return "static", f"It does not change within {percent(float((grouped <= 1).mean()))} of the series."
    if asked.known is not None:
        return "past", "You said what is known in advance, and it is not among it."
    if asked.past is not None:
        return "known", "You said what is known for the past alone, and it is not among it."
    ahead = frame[target].isna().to_numpy()
    if ahead.any() and cells[ahead].notna().mean() > 0.9 and bool(ahead[-1] or ahead[0]):
        return "known", f"It is there in {int(ahead.sum()):,} rows whose {target!r} is not known yet."
    if _PLANNED.search(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().replace("_", " ").replace(" ", "_")):
        return "known", f"By its name, {name!r} is planned or stands in a calendar; if it is not known in advance, say past=[{name!r}]."
    return "past", f"Nothing shows that {name!r} is known in advance; if it is, say known=[{name!r}]."
