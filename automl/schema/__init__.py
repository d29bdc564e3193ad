"""Find the meaning of each column, and turn raw cells into typed values by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import Dataset, NumberFormat
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError, did_you_mean
from automl.schema.column import ROLES, TYPES, Column
from automl.schema.detectors import Sample, declared, detect
from automl.schema.series import as_series, fold
from automl.schema.values import as_booleans, as_dates, as_numbers, cell_text, count_infinite, kind_of, levels, pictures

__all__ = ["ROLES", "TYPES", "Column", "Schema", "cast_column", "cell_text", "count_infinite", "detect_schema", "kind_of", "levels"]

_HEAD, _LOOKED_AT = 5_000, 20_000


def cast_column(series: pd.Series[Any], column: Column) -> np.ndarray[Any, Any]:
    """Return the cells of one column as typed values (see :meth:`Schema.cast`).

    Example:
        >>> cast_column(pd.Series(["1,5", "?"]), Column("x", "number", parse={"decimal": ","})).tolist()
        [1.5, nan]
    """
    if isinstance(series.dtype, pd.SparseDtype):
        series = pd.Series(np.asarray(series))
    if column.type == "number":
        return as_numbers(series, NumberFormat.from_dict(column.parse))
    if column.type == "boolean":
        return as_booleans(series, column.parse)
    if column.type == "datetime":
        return as_dates(series, column.parse)
    if column.type == "image":
        return pictures(series)
    if column.type == "series":
        return as_series(series, column)
    return levels(series)


@dataclass(frozen=True)
class Schema:
    """The meaning of all columns, in the order of the data.

    Example:
        >>> schema = Schema((Column("age", "number"), Column("job", "category"), Column("paid", "boolean", role="target")))
        >>> [column.name for column in schema.features]
        ['age', 'job']
    """

    columns: tuple[Column, ...]

    @cached_property
    def features(self) -> tuple[Column, ...]:
        """The columns that a model may use."""
        return tuple(column for column in self.columns if column.role == "feature")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {column.name: place for place, column in enumerate(self.columns)}

    def __getitem__(self, name: str) -> Column:
        if name not in self._places:
            raise KeyError(f"No column {name!r}.{did_you_mean(name, self.names)}")
        return self.columns[self._places[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def with_roles(self, roles: Mapping[str, str]) -> Schema:
        """Return a schema in which some columns have another role.

        Raises:
            UsageError: If a column or a role is unknown.
        """
        for name, role in roles.items():
            if name not in self._places:
                raise UsageError(f"Roles must be given for columns of the data. Received {name!r}.{did_you_mean(name, self.names)}")
            if role not in ROLES:
                raise UsageError(f"A role must be one of {', '.join(ROLES)}. Received {role!r} for {name!r}.{did_you_mean(role, ROLES)}")
        return Schema(tuple(dataclasses.replace(column, role=roles.get(column.name, column.role)) for column in self.columns))

    def fold(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return raw rows with one cell for each series: wide columns become a cell, the rows of a case one row.

        Raises:
            DataError: If columns of a series are absent.
        """
        return fold(frame, self.features)

    def cast(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the features as typed values; a row alone gives what it gives among others.

        Args:
            frame: Rows with at least the feature columns; other columns are ignored, the order does not matter.

        Returns:
            The feature columns in the schema's order with a RangeIndex: number and boolean as float64 (NaN for missing), category and
            text as object of str or None, image as object of paths or pictures or None, series as object of
            :class:`automl.dataset.signal.Signal` or None, datetime as datetime64[ns]. What cannot be read, and infinite numbers, count as
            missing.

        Raises:
            DataError: If feature columns are absent; all of them are named.

        Example:
            >>> Schema((Column("age", "number"),)).cast(pd.DataFrame({"age": ["41", "?"]}))["age"].tolist()
            [41.0, nan]
        """
        frame = self.fold(frame)
        absent = [column.name for column in self.features if column.name not in frame.columns]
        if absent:
            others = [name for name in frame.columns if name not in self._places]
            hint = did_you_mean(absent[0], others) if others else ""
            shown = ", ".join(repr(name) for name in absent[:20]) + (" …" if len(absent) > 20 else "")
            more = "column" if len(absent) == 1 else f"{len(absent)} columns"
            received = f" The data have {hint.split('mean ')[1][:-1]} instead: rename it." if hint else ""
            raise DataError(f"The data must have the columns that the model was trained on. Missing {more}: {shown}.{received}")
        index = pd.RangeIndex(len(frame))
        arrays = {column.name: cast_column(frame[column.name], column) for column in self.features}
        # As a Series of objects, cells stay what they are; of an array pandas would make its own kind of text.
        cells = {
            name: pd.Series(array, index=index, dtype=object, copy=False) if array.dtype == object else array
            for name, array in arrays.items()
        }
        typed = pd.DataFrame(cells, index=index, copy=False)
        typed.columns = pd.Index(list(cells), dtype=object)
        return typed

    def to_dict(self) -> dict[str, Any]:
        """Return the schema as JSON-ready values."""
        return {"columns": [column.to_dict() for column in self.columns]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Schema:
        """Rebuild a schema from :meth:`to_dict`."""
        return cls(tuple(Column.from_dict(column) for column in values["columns"]))


def sample_rows(rows: int) -> np.ndarray[Any, Any]:
    """Return the positions that detection looks at: the head, and random rows of the rest (seed 0)."""
    if rows <= _LOOKED_AT:
        return np.arange(rows)
    rest = np.random.default_rng(0).choice(rows - _HEAD, _LOOKED_AT - _HEAD, replace=False) + _HEAD
    return np.concatenate([np.arange(_HEAD), np.sort(rest)])


def _check_types(types: Mapping[str, str], names: Iterable[str]) -> None:
    known = list(names)
    for name, kind in types.items():
        if name not in known:
            raise UsageError(f"`types` must name columns of the data. Received {name!r}.{did_you_mean(name, known)}")
        if kind not in TYPES:
            raise UsageError(
                f"`types` must be one of {', '.join(TYPES)}. Received types={{{name!r}: {kind!r}}}.{did_you_mean(kind, TYPES)}"
            )


def detect_schema(
    dataset: Dataset, target: str | None = None, types: Mapping[str, str] | None = None, log: DecisionLog | None = None
) -> Schema:
    """Find the semantic type of each column from at most 20,000 rows.

    Names play no part: a renamed column keeps its type.

    Args:
        dataset: The data; unchanged.
        target: The column to predict; it gets the role "target".
        types: Types that the user declares, by column.
        log: Receives one decision per kind of surprise: what was read as something else than it is stored.

    Returns:
        One column for each of the data's.

    Raises:
        UsageError: If `types` names an unknown column or type. Odd data raise nothing.

    Example:
        >>> data = Dataset(pd.DataFrame({"size": ["1,5 kg", "2,25 kg"], "sold": ["yes", "no"]}))
        >>> [column.type for column in detect_schema(data).columns]
        ['number', 'boolean']
    """
    log = DecisionLog() if log is None else log
    frame, types = dataset.frame, dict(types or {})
    _check_types(types, frame.columns)
    rows = sample_rows(len(frame))
    sampled = frame if len(rows) == len(frame) else frame.iloc[rows]
    hint = dataset.details.get("decimal")
    columns = []
    for name in frame.columns:
        sample = Sample(sampled[name], frame[name], hint)
        found = declared(sample, types[name]) if name in types else detect(sample)
        columns.append(dataclasses.replace(found, name=str(name), role="target" if name == target else "feature"))
    _tell(log, columns, types)
    return Schema(tuple(columns))


def _tell(log: DecisionLog, columns: list[Column], types: Mapping[str, str]) -> None:
    """Record the types: one decision for the whole, one for each column that could well be read otherwise."""
    counts = {kind: sum(column.type == kind for column in columns) for kind in TYPES}
    chosen = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    log.add("detect", "column types", chosen, "Each type was found by looking at the values.", [], "types={'column': 'type'}")
    unsure = sorted(
        (column for column in columns if column.confidence < 0.9 and column.name not in types), key=lambda column: column.confidence
    )
    for column in unsure[:20]:
        others = [kind for kind in TYPES if kind != column.type]
        log.add("detect", f"type of {column.name!r}", column.type, column.evidence, others, f"types={{{column.name!r}: {others[0]!r}}}")
