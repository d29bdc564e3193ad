"""What tells one table from another: a hash of its content, wherever it came from."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset.picture_paths import names_pictures

READ_BYTES = 20_000_000  # of one picture
HASHED_CELLS = 20_000_000  # a larger table is known by the hash of its file alone, unless a run shall be able to go on


def fingerprint(frame: pd.DataFrame) -> str:
    """Return a hash of names, values and order of the rows of a table; of paths of pictures, what stands in their files is the value.

    Args:
        frame: A table as :func:`automl.dataset.read` gives it.

    Returns:
        64 hexadecimal digits; the same for the same table read from a file or handed over in memory.

    Example:
        >>> frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
        >>> fingerprint(frame) == fingerprint(frame.copy()), fingerprint(frame) == fingerprint(frame.iloc[::-1])
        (True, False)
    """
    digest = hashlib.sha256(repr((len(frame), list(frame.columns))).encode())
    for name in frame.columns:
        column = _with_files(frame[name])
        digest.update(str(column.dtype).encode())
        try:
            digest.update(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())
        except TypeError:  # values such as lists, which pandas does not hash
            digest.update("\x1f".join(map(repr, np.asarray(column, dtype=object))).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _with_files(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column in which the content of a picture's file stands for its path, wherever the file lies."""
    if not names_pictures(column):
        return column
    cells = np.empty(len(column), dtype=object)
    cells[:] = [_content(cell) for cell in column]
    return pd.Series(cells, index=column.index, dtype=object)


def _content(cell: Any) -> Any:
    """Return what stands in the file of a path; the cell itself where there is none that can be read."""
    try:
        return _file(cell) if isinstance(cell, str) and os.path.isfile(cell) else cell
    except OSError:
        return cell


def _file(path: str) -> str:
    """Return what is the same for the same picture: a hash of its bytes, beyond 20 MB of its size and its ends."""
    size = os.path.getsize(path)
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with open(path, "rb") as file:
        if size <= READ_BYTES:
            digest.update(file.read())
        else:
            digest.update(file.read(READ_BYTES // 2))
            file.seek(-READ_BYTES // 2, os.SEEK_END)
            digest.update(file.read())
    return digest.hexdigest()


def content_of(frame: pd.DataFrame, *, any_size: bool = False) -> dict[str, Any]:
    """Return rows, columns and hash of a table; nothing where it is too large to be hashed, unless `any_size` is.

    Example:
        >>> sorted(content_of(pd.DataFrame({"a": [1, 2]})))
        ['columns', 'rows', 'sha256']
    """
    if frame.size > HASHED_CELLS and not any_size:
        return {}
    return {"rows": len(frame), "columns": frame.shape[1], "sha256": fingerprint(frame)}
