"""Turn tables that are already in memory into a frame with plain columns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from automl.decisions import DecisionLog
from automl.errors import DataError

_DENSE_CELLS = 400_000_000  # 3.2 GB as float64


def column_names(raw: Sequence[Any], log: DecisionLog, *, strip: bool = False) -> list[str]:
    """Return unique text names for columns.

    Tuples of a MultiIndex are joined, empty names numbered, duplicates renamed ``x``, ``x.2``, ``x.3``.

    Example:
        >>> column_names(["x", "x", ("a", "b"), 3, ""], DecisionLog())
        ['x', 'x.2', 'a_b', '3', 'column_5']
    """
    plain = ["_".join(str(part) for part in name if str(part) != "") if isinstance(name, tuple) else str(name) for name in raw]
    plain = [name.strip() if strip else name for name in plain]
    plain = [name if name.strip() else f"column_{place + 1}" for place, name in enumerate(plain)]
    if any(isinstance(name, tuple) for name in raw):
        log.add("read", "column names", "joined with '_'", "The columns have names of several levels.", [], "rename the columns before")
    taken, counts, names, renamed = set(plain), Counter[str](), [], []
    for name in plain:
        counts[name] += 1
        new, number = name, counts[name]
        if number > 1:
            while (new := f"{name}.{number}") in taken:
                number += 1
            taken.add(new)
            renamed.append(new)
        names.append(new)
    if renamed:
        because = f"Every column needs a name of its own; {len(renamed)} had that of an earlier one."
        log.add("read", "duplicate column names", f"renamed to {', '.join(renamed[:5])}", because, [], "rename the columns before")
    return names


def from_array(array: np.ndarray[Any, Any], log: DecisionLog) -> pd.DataFrame:
    """Turn an array of any rank into a frame with columns x0, x1 …; rows are the first axis."""
    if array.dtype.names:
        return pd.DataFrame({str(name): list(array[name]) if array[name].ndim > 1 else array[name] for name in array.dtype.names})
    if array.dtype.kind == "c":
        raise DataError(f"The data must be real numbers: Complex data not supported. Received dtype {array.dtype}.")
    if array.ndim == 0:
        raise DataError(f"The data must have rows. Received a single value, {array.item()!r}.")
    if array.ndim > 2:
        shape = " × ".join(map(str, array.shape))
        log.add("read", "array shape", f"{array.shape[0]} rows", f"The array of shape {shape} was flattened: rows are its first axis.")
    flat = array.reshape(len(array), math.prod(array.shape[1:]))
    if not flat.dtype.isnative:
        flat = flat.astype(flat.dtype.newbyteorder("="))
    frame = pd.DataFrame(flat, columns=[f"x{place}" for place in range(flat.shape[1])])
    return frame.infer_objects() if flat.dtype == object else frame


def _from_mapping(data: Mapping[Any, Any]) -> pd.DataFrame:
    """Read a dict of columns, or of single values as one row."""
    if not data:
        raise DataError("The data must have columns. Received an empty dict.")
    scalar = [not hasattr(value, "__len__") or isinstance(value, (str, bytes)) for value in data.values()]
    if all(scalar):
        return pd.DataFrame([dict(data)])
    lengths = {str(key): len(value) for (key, value), single in zip(data.items(), scalar, strict=True) if not single}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{key}: {length}" for key, length in list(lengths.items())[:5])
        raise DataError(f"All columns must be of the same length. Received {shown}.")
    columns = {key: (value.reset_index(drop=True) if isinstance(value, pd.Series) else value) for key, value in data.items()}
    return pd.DataFrame({key: list(value) if isinstance(value, np.ndarray) and value.ndim > 1 else value for key, value in columns.items()})


def _from_sequence(data: Sequence[Any], log: DecisionLog) -> pd.DataFrame:
    """Read a list of records, of rows or of values."""
    if len(data) == 0:
        raise DataError("The data must have rows. Received an empty list.")
    if isinstance(data[0], Mapping):
        if not all(isinstance(record, Mapping) for record in data):
            raise DataError("A list of records must hold only dicts. Received other values among them.")
        return pd.DataFrame(list(data))
    if isinstance(data[0], (list, tuple, np.ndarray)):
        widths = {len(row) if hasattr(row, "__len__") else -1 for row in data}
        if len(widths) > 1:
            raise DataError(f"All rows must be of the same length. Received rows of {min(widths)} and {max(widths)} values.")
        if any(np.ndim(cell) for cell in data[0]):
            return from_array(np.asarray(data), log)
        return pd.DataFrame(list(map(list, data)), columns=[f"x{place}" for place in range(widths.pop())])
    return pd.DataFrame({"x0": list(data)})


def from_memory(data: Any, log: DecisionLog) -> pd.DataFrame:
    """Turn anything tabular in memory into a frame; names may still be odd, values are untouched.

    Raises:
        DataError: If it is nothing tabular, or its lengths differ.

    Example:
        >>> from_memory({"a": [1, 2], "b": ["x", "y"]}, DecisionLog()).shape
        (2, 2)
    """
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame("x0" if data.name is None else data.name)
    if isinstance(data, pd.Index):
        return data.to_frame(index=False)
    if isinstance(data, np.ndarray):
        return from_array(np.asarray(data), log)
    if sparse.issparse(data):
        if data.shape[0] * data.shape[1] > _DENSE_CELLS:
            shape = " × ".join(map(str, data.shape))
            raise DataError(f"A sparse matrix must have at most {_DENSE_CELLS:,} cells. Received {shape}; reduce its columns first.")
        return from_array(np.asarray(data.toarray()), log)
    if hasattr(data, "collect") and hasattr(data, "collect_schema"):  # a lazy frame
        data = data.collect()
    if hasattr(data, "to_pandas"):
        return from_memory(data.to_pandas(), log)
    if hasattr(data, "__arrow_c_stream__"):
        import pyarrow as pa

        return from_memory(pa.table(data), log)
    if hasattr(data, "__dataframe__"):
        return from_memory(pd.api.interchange.from_dataframe(data), log)
    if isinstance(data, Mapping):
        return _from_mapping(data)
    if isinstance(data, (list, tuple, range)):
        return _from_sequence(data, log)
    if hasattr(data, "__array__"):
        return from_array(np.asarray(data), log)
    raise DataError(
        f"`data` must be a path, a DataFrame, an array, a dict of columns or a list of records. Received {type(data).__name__}."
    )


def without_half_letters(frame: pd.DataFrame, log: DecisionLog) -> pd.DataFrame:
    """Return the frame with half surrogate pairs, left over from careless cutting, as question marks: no file could hold them.

    Example:
        >>> without_half_letters(pd.DataFrame({"a": pd.Series(["x", chr(0xD800)], dtype=object)}), DecisionLog())["a"].tolist()
        ['x', '?']
    """
    mended: dict[Any, list[Any]] = {}
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if column.dtype != object:
            continue
        cells = column.tolist()
        try:
            "".join(cell for cell in cells if isinstance(cell, str)).encode()
        except UnicodeEncodeError:
            mended[place] = [cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell for cell in cells]
    if not mended:
        return frame
    frame = frame.copy(deep=False)
    for place, cells in mended.items():
        values = np.empty(len(cells), dtype=object)
        values[:] = cells
        frame.isetitem(place, values)
    names = ", ".join(repr(str(frame.columns[place])) for place in list(mended)[:5])
    log.add("read", "half letters", "question marks", f"Texts in {names} hold half surrogate pairs, which no file can.")
    return frame
