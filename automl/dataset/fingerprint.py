"""What tells one table from another: a hash of its content, wherever it came from."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

HASHED_CELLS = 20_000_000  # a larger table is known by the hash of its file alone, unless a run shall be able to go on


def fingerprint(frame: pd.DataFrame) -> str:
    """Return a hash of names, values and order of the rows of a table.

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
        column = frame[name]
        digest.update(str(column.dtype).encode())
        try:
            digest.update(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())
        except TypeError:  # values such as lists, which pandas does not hash
            digest.update("\x1f".join(map(repr, np.asarray(column, dtype=object))).encode("utf-8", "backslashreplace"))
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
