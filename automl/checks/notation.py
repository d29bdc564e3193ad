"""Tell how the data were written where that is not the plain way, and how a test file differs from the rows to learn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.checks.finding import Finding
from automl.dataset import Dataset
from automl.percents import percent
from automl.schema import Column, cast_column

_DISTANCE = 0.2  # Kolmogorov–Smirnov distance, or total variation distance of categories
_NEW = 0.05
_PLAIN = ("utf-8", "utf-8-sig", "ascii")


def encoding(dataset: Dataset) -> Iterator[Finding]:
    """Yield an encoding that had to be guessed."""
    name, marked = dataset.details.get("encoding"), dataset.details.get("byte_order_mark")
    if name is not None and (str(name).lower() not in _PLAIN or marked):
        because = f"The file is not valid UTF-8 and has no mark; its bytes read best as {name}."
        if marked:
            because = f"The file begins with bytes that mark it as {str(name).removesuffix('-sig')}; plain UTF-8 has none."
        yield Finding("encoding", (), "info", f"read as {name}", because, f"data=pandas.read_csv(path, encoding={str(name)!r})")


def number_format(dataset: Dataset, columns: Sequence[Column]) -> Iterator[Finding]:
    """Yield columns whose numbers are not written the plain way."""
    details = dataset.details
    names = list(dataset.frame.columns)
    local = {names[place] for place in details.get("local_numbers", ()) if place < len(names)}
    for column in columns:
        parse = column.parse
        found = []
        if column.name in local:
            mark = "a decimal comma" if details.get("decimal") == "," else ""
            groups = f"{details['thousands']!r} between thousands" if details.get("thousands") else ""
            found = [part for part in (mark, groups) if part]
        elif column.type == "number":
            found += ["a decimal comma"] if parse.get("decimal") == "," else []
            found += [f"{parse['thousands']!r} between thousands"] if parse.get("thousands") else []
            found += [f"the sign {parse['affix']!r}"] if parse.get("affix") else []
            found += ["signs for thousands and millions"] if parse.get("magnitudes") else []
            found += ["colons between hours, minutes and seconds"] if parse.get("clock") else []
            found += ["brackets for negative ones"] if parse.get("brackets") else []
        if found:
            example = next((str(cell) for cell in dataset.frame[column.name].dropna().head(1)), "") if column.name not in local else ""
            because = f"All cells of {column.name!r} were read as numbers that are written with {' and '.join(found)}."
            override, shown = f"types={{{column.name!r}: 'category'}}", (example,) if example else ()
            yield Finding("number_format", (column.name,), "info", "read as numbers", because, override, shown)


def _levels(values: np.ndarray[Any, Any]) -> pd.Series[Any]:
    return pd.Series(values).value_counts(normalize=True)


def _difference(column: Column, train: np.ndarray[Any, Any], test: np.ndarray[Any, Any]) -> tuple[float, str] | None:
    """Return (distance, what is different) of a column in two tables, or None."""
    lost = float(pd.isna(test).mean() - pd.isna(train).mean())
    if lost > 0.2:
        return lost, f"{percent(pd.isna(test).mean())} of its values are missing in the test file, {percent(pd.isna(train).mean())} before"
    train, test = train[~pd.isna(train)], test[~pd.isna(test)]
    if len(train) < 30 or len(test) < 30:
        return None
    if train.dtype.kind in "fM":
        from scipy.stats import ks_2samp

        numbers = [part.astype(np.int64).astype(np.float64) if part.dtype.kind == "M" else part for part in (train, test)]
        distance = float(ks_2samp(*numbers, method="asymp").statistic)
        middle = (
            f"its median is {np.median(numbers[1]):g} in the test file and {np.median(numbers[0]):g} before"
            if train.dtype.kind == "f"
            else ""
        )
        return distance, middle or f"its values end {str(test.max())[:10]} in the test file and {str(train.max())[:10]} before"
    one, other = _levels(train), _levels(test)
    if len(one) > 0.3 * len(train):
        return None
    new = float(other[~other.index.isin(one.index)].sum())
    if new > _NEW:
        return max(new, _DISTANCE + 0.01), f"{percent(new)} of its values in the test file never occur before"
    both = one.index.union(other.index)
    distance = float((one.reindex(both, fill_value=0) - other.reindex(both, fill_value=0)).abs().sum() / 2)
    top = (other.reindex(both, fill_value=0) - one.reindex(both, fill_value=0)).idxmax()
    return distance, f"{top!r} is {percent(other.get(top, 0))} of it in the test file and {percent(one.get(top, 0))} before"


def shift(columns: Sequence[Column], frame: pd.DataFrame, test: pd.DataFrame) -> Iterator[Finding]:
    """Yield columns that are distributed otherwise in the test file.

    Args:
        columns: The features and the target.
        frame: The rows to learn from.
        test: The rows of the test file.
    """
    few = [part if len(part) <= 20_000 else part.sample(20_000, random_state=0) for part in (frame, test)]
    for column in columns:
        if column.name not in test.columns or column.type in ("text", "image", "series", "list"):
            continue
        typed: Mapping[int, np.ndarray[Any, Any]] = {place: cast_column(part[column.name], column) for place, part in enumerate(few)}
        found = _difference(column, typed[0], typed[1])
        if found is None:
            continue
        distance, what = found
        if distance > _DISTANCE + 1.63 * np.sqrt(1 / len(few[0]) + 1 / len(few[1])):
            because = f"{column.name!r} is distributed otherwise in the test file (distance {distance:.2f}): {what}."
            yield Finding("shift", (column.name,), "warning", "told", because, f"ignore=[{column.name!r}]")
