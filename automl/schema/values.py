"""Turn raw cells of any kind into the five typed forms: one meaning, however a value arrives."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import MISSING, NumberFormat, Picture, level_text, number_text
from automl.dataset.picture_paths import as_picture
from automl.schema.dates import parse_dates, to_nanoseconds

TRUE_WORDS = frozenset(["true", "1", "yes", "t", "y", "on"])
FALSE_WORDS = frozenset(["false", "0", "no", "f", "n", "off"])
_FEW = 64  # below this, looking for distinct values costs more than it saves

_KIND_OF_CODE = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "datetime", "m": "duration"}
_KIND_OF_OBJECTS = {
    "boolean": "boolean",
    "integer": "number",
    "floating": "number",
    "mixed-integer-float": "number",
    "decimal": "number",
    "datetime": "datetime",
    "datetime64": "datetime",
    "date": "datetime",
    "timedelta": "duration",
    "timedelta64": "duration",
    "period": "datetime",
}


def kind_of(series: pd.Series[Any]) -> str:
    """Return what the cells are made of: "number", "boolean", "datetime", "duration", "category" (declared) or "text".

    Example:
        >>> kind_of(pd.Series([1.5, None])), kind_of(pd.Series(["a"])), kind_of(pd.Series([3, None], dtype=object))
        ('number', 'text', 'number')
    """
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return "category"
    if isinstance(dtype, pd.PeriodDtype):
        return "datetime"
    if isinstance(dtype, (pd.StringDtype, pd.IntervalDtype)):
        return "text"
    if isinstance(dtype, pd.SparseDtype):
        return _KIND_OF_CODE.get(np.dtype(dtype.subtype).kind, "text")
    code = getattr(dtype, "kind", "O")
    if code in _KIND_OF_CODE:
        return _KIND_OF_CODE[code]
    if code == "O":
        return _KIND_OF_OBJECTS.get(pd.api.types.infer_dtype(objects(series), skipna=True), "text")
    return "text"


def objects(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return the cells as Python objects."""
    return np.asarray(series.to_numpy(dtype=object))


def cell_text(value: Any) -> str | None:
    """Return the one spelling of a single cell, or None for a missing one.

    Example:
        >>> cell_text(5.0), cell_text(" 5 "), cell_text(True), cell_text(b"x"), cell_text(float("nan"))
        ('5', '5', 'True', 'x', None)
    """
    if isinstance(value, str):
        return level_text(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (int, np.integer)):
        return str(int(value)) if abs(int(value)) < 10**4000 else None  # longer ones Python refuses to print
    if isinstance(value, decimal.Decimal):
        value = math.nan if value.is_nan() else float(value)
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else number_text(value)
    if isinstance(value, (bytes, bytearray)):
        return level_text(bytes(value).decode("utf-8", errors="replace"))
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat(sep=" ") if isinstance(value, datetime.datetime) else value.isoformat()
    if isinstance(value, (list, tuple, dict, np.ndarray)):
        plain = value.tolist() if isinstance(value, np.ndarray) else value
        return json.dumps(plain, default=str, ensure_ascii=False)
    return level_text(str(value))


def _number(value: Any, notation: NumberFormat) -> float:
    """Return the number that one cell of any kind says, or NaN."""
    if isinstance(value, str):
        text = value.strip()
        return math.nan if text in MISSING else notation.parse(text)
    if isinstance(value, (bytes, bytearray)):
        return notation.parse(bytes(value).decode("utf-8", errors="replace"))
    if isinstance(value, np.timedelta64):
        return math.nan if pd.isna(value) else float(value / np.timedelta64(1, "s"))
    if isinstance(value, datetime.timedelta):  # not through pandas, whose durations end after 292 years
        return math.nan if pd.isna(value) else value.total_seconds()
    if value is None or value is pd.NA or not isinstance(value, (numbers.Real, decimal.Decimal, np.bool_)):
        return math.nan
    try:
        return math.nan if isinstance(value, decimal.Decimal) and value.is_nan() else float(value)
    except OverflowError:
        return math.inf  # longer than any float; the caller counts it as missing


def distinct_cells(series: pd.Series[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]] | None:
    """Return (codes, distinct cells) where looking at each value once is quicker, else None; the code of a missing cell is -1."""
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return np.asarray(series.cat.codes), np.asarray(series.cat.categories.to_numpy(dtype=object))
    if len(series) <= _FEW:
        return None
    if isinstance(dtype, pd.StringDtype) or (dtype.kind == "O" and pd.api.types.infer_dtype(objects(series), skipna=True) == "string"):
        codes, uniques = pd.factorize(series)
        return codes, np.asarray(uniques, dtype=object)
    return None


def _over_distinct(series: pd.Series[Any], function: Callable[[Any], Any], dtype: Any, missing: Any) -> np.ndarray[Any, Any]:
    """Apply a function to every cell, once per distinct value where that is quicker."""
    distinct = distinct_cells(series)
    codes, cells = distinct if distinct is not None else (None, objects(series))
    results = np.empty(len(cells) + 1, dtype=dtype)
    results[:-1] = [function(value) for value in cells]
    results[-1] = missing
    return results[:-1] if codes is None else np.asarray(results[codes])


def _typed_levels(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the levels of an array of plain numbers or booleans."""
    if len(values) > _FEW:
        uniques, codes = np.unique(values, return_inverse=True)
    else:
        uniques, codes = values, np.arange(len(values))
    levels = np.empty(len(uniques), dtype=object)
    levels[:] = [cell_text(value) for value in uniques]
    return levels[codes]


def levels(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return one level per cell as an object array of str, None for missing.

    Example:
        >>> levels(pd.Series([5.0, None])).tolist(), levels(pd.Series(["5", " NA"])).tolist()
        (['5', None], ['5', None])
    """
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf":
        return _typed_levels(series.to_numpy())
    return _over_distinct(series, cell_text, object, None)


def pictures(series: pd.Series[Any]) -> np.ndarray[Any, Any]:
    """Return one picture, or path of one, per cell as an object array; None for missing.

    Example:
        >>> pictures(pd.Series([" a.png", None, ""])).tolist()
        ['a.png', None, None]
    """
    found = np.empty(len(series), dtype=object)
    found[:] = [cell if isinstance(cell, Picture) else as_picture(cell) or cell_text(cell) for cell in objects(series)]
    return found


def as_numbers(series: pd.Series[Any], notation: NumberFormat) -> np.ndarray[Any, Any]:
    """Return float64 with NaN for what is missing, unreadable or infinite."""
    dtype, code = series.dtype, getattr(series.dtype, "kind", "O")
    if isinstance(dtype, np.dtype) and code in "biuf":
        values = series.to_numpy().astype(np.float64)
    elif code in "biuf" and not isinstance(dtype, (pd.CategoricalDtype, pd.StringDtype)):
        values = np.array(series.to_numpy(dtype=np.float64, na_value=np.nan))
    elif code == "m":
        values = np.array(series.dt.total_seconds().to_numpy(dtype=np.float64, na_value=np.nan))
    elif code == "M":
        return np.full(len(series), np.nan)
    else:
        values = _over_distinct(series, lambda value: _number(value, notation), np.float64, np.nan)
    values[np.isinf(values)] = np.nan
    return values


def count_infinite(series: pd.Series[Any]) -> int:
    """Return how many cells are an infinite number, in figures or in words."""
    code = getattr(series.dtype, "kind", "O")
    if code in "biumM":
        return 0
    if code == "f":
        return (
            int(np.isinf(series.to_numpy()).sum())
            if isinstance(series.dtype, np.dtype)
            else int(np.isinf(np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))).sum())
        )

    def infinite(value: Any) -> bool:
        if isinstance(value, str):
            return value.strip().lstrip("+-").casefold() in ("inf", "infinity")
        return isinstance(value, (float, np.floating)) and math.isinf(value)

    return int(_over_distinct(series, infinite, bool, False).sum())


def as_booleans(series: pd.Series[Any], parse: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return float64 of 1, 0 and NaN; the words seen in training come before the usual ones."""
    true = {str(word).casefold() for word in parse.get("true_values", ())}
    false = {str(word).casefold() for word in parse.get("false_values", ())}
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "biuf" and not (true | false) - TRUE_WORDS - FALSE_WORDS:
        values = series.to_numpy().astype(np.float64)
        return np.where((values == 0) | (values == 1), values, np.nan)

    def truth(value: Any) -> float:
        text = cell_text(value)
        word = "" if text is None else text.casefold()
        if word in true or word in false:
            return float(word in true)
        return 1.0 if word in TRUE_WORDS else 0.0 if word in FALSE_WORDS else math.nan

    return _over_distinct(series, truth, np.float64, np.nan)


def as_dates(series: pd.Series[Any], parse: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return datetime64[ns] without a time zone (UTC where there was one); NaT for what is no date."""
    formats = list(parse.get("formats", ())) or ["ISO8601"]  # a column of real dates may come back as text, from a CSV
    code = getattr(series.dtype, "kind", "O")
    if isinstance(series.dtype, pd.PeriodDtype):
        return to_nanoseconds(pd.DatetimeIndex(series.dt.to_timestamp()))
    if code == "M":
        return to_nanoseconds(pd.DatetimeIndex(series))
    if code in "biuf" and isinstance(series.dtype, np.dtype) and "%Y%m%d" not in formats:
        return np.full(len(series), np.datetime64("NaT"), dtype="datetime64[ns]")
    if code == "O" and not isinstance(series.dtype, pd.StringDtype):
        series = pd.Series([_date_text(value) for value in objects(series)], dtype=object)
        formats = ["ISO8601", *(known for known in formats if known != "ISO8601")]
    distinct = distinct_cells(series)
    if distinct is None:
        return parse_dates(levels(series), formats)
    codes, cells = distinct
    texts = np.array([cell_text(cell) for cell in cells] + [None], dtype=object)
    return np.asarray(parse_dates(texts, formats)[codes])


def _date_text(value: Any) -> Any:
    """Write a date object the ISO way, so that objects and text are read by the same rule."""
    if isinstance(value, pd.Period):
        value = value.to_timestamp()
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, (datetime.datetime, datetime.date)) and value is not pd.NaT:
        return value.isoformat()
    return value
