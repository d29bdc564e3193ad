"""Read a table from a file or from memory, whatever its notation, and tell what was found out."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset.arrays import describe, read_arrays, read_series_file, steps_first
from automl.dataset.delimited import Table
from automl.dataset.files import read_file
from automl.dataset.fingerprint import content_of, fingerprint
from automl.dataset.folders import read_folder
from automl.dataset.frames import column_names, from_memory, without_half_letters
from automl.dataset.numbers import CLOCK, MISSING, PADDED, NumberFormat, find_number_format, level_text, number_text
from automl.dataset.picture import Picture, holds_pictures, picture_column
from automl.dataset.picture_paths import for_prediction, pictures_of, with_pictures, with_places
from automl.dataset.signal import signals_of, unequal
from automl.dataset.target import with_target
from automl.decisions import Decision, DecisionLog
from automl.errors import DataError

__all__ = [
    "CLOCK",
    "MISSING",
    "PADDED",
    "Dataset",
    "NumberFormat",
    "Picture",
    "content_of",
    "find_number_format",
    "fingerprint",
    "holds_pictures",
    "level_text",
    "number_text",
    "read",
    "read_for_prediction",
    "with_target",
]


@dataclass(frozen=True)
class Dataset:
    """A table as it was read: raw values, plain columns.

    Attributes:
        frame: Rows with a RangeIndex and unique text names of columns.
        name: A short name for the report.
        path: The file it came from; None for data in memory.
        details: What is known of the source: format, encoding, separator, decimal, thousands, bytes, sha256, original_columns.
        decisions: What was decided while it was read.
    """

    frame: pd.DataFrame
    name: str = "data"
    path: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = field(default=(), repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return what is known of the data, without any row."""
        rows, columns = self.frame.shape
        return {"name": self.name, "path": self.path, "rows": rows, "columns": columns, "details": dict(self.details)}


def _plain_index(frame: pd.DataFrame, log: DecisionLog) -> pd.DataFrame:
    """Return the frame with a RangeIndex; row labels are no column."""
    index = frame.index
    if isinstance(index, pd.RangeIndex) and index.start == 0 and index.step == 1 and index.name is None:
        return frame.copy(deep=False)
    if any(name is not None for name in index.names):
        shown = ", ".join(str(name) for name in index.names)
        log.add(
            "read",
            "row labels",
            "left out",
            f"The index {shown!r} labels rows and is no column.",
            ["as columns"],
            "data=data.reset_index()",
        )
    return frame.reset_index(drop=True)


def read(
    data: Any,
    *,
    log: DecisionLog | None = None,
    sample: int | None = None,
    called: str = "data",
    folders: bool = False,
    largest: int | None = None,
) -> Dataset:
    """Read a table from a file or from memory.

    Args:
        data: A path (CSV, TSV, TXT, Excel, Parquet, JSON lines; text also gzipped), a DataFrame or Series, anything that converts to one
            (polars, pyarrow), a dict of columns, a list of records, a sparse matrix or an array of any rank. A Dataset stays itself.
        log: Receives what was found out: encoding, separator, decimal sign …
        sample: Keep at most this many rows, drawn evenly at random (seed 0) and in their order; None for all.
        called: The argument that messages speak of.
        folders: Whether a folder of pictures or texts, arrays and files of series may be read too; they come as a table that lists them.
        largest: Bytes from which a text file is read in part; None to read all of it.

    Returns:
        The rows with raw values; numbers are converted where no digit is lost.

    Raises:
        DataError: If there is no such file, it is damaged, or it holds no table.

    Example:
        >>> read({"price": [1, 2], "colour": ["red", "blue"]}).frame.shape
        (2, 2)
    """
    log = DecisionLog() if log is None else log
    if isinstance(data, Dataset):
        log.entries.extend(data.decisions)
        return data
    told = DecisionLog()
    try:
        found = _read(data, told, sample, folders, largest)
    except DataError as problem:
        if called == "data":
            raise
        raise DataError(str(problem).replace("`data`", f"`{called}`").replace("The data must", f"`{called}` must")) from problem
    log.entries.extend(told)
    return dataclasses.replace(found, decisions=tuple(told))


def read_for_prediction(data: Any, features: Sequence[Any]) -> pd.DataFrame:
    """Read rows to predict; pictures of a folder come in the column that the model reads them from.

    Args:
        data: Whatever :func:`read` takes, and folders.
        features: The columns that the model reads, each with a `name` and a `type`.

    Raises:
        DataError: If a path of a picture leads out of the folder of the data.
    """
    found = read(data, folders=True)
    return for_prediction(found.frame, found.path, features)[0]


def _read_other(path: Path, log: DecisionLog) -> Table | None:
    """Read what is no table: a folder, arrays, a file of series; None for any other file."""
    suffix = path.suffix.lower()
    if path.is_dir():
        return read_folder(path, log)
    if path.is_file() and suffix in (".npz", ".npy"):
        return read_arrays(path, log)
    if path.is_file() and suffix in (".ts", ".arff"):
        with path.open("rb") as file:
            head = file.read(1 << 20)
        return read_series_file(path) if b"@data" in head.lower() else None
    return None


def _album(data: Any, details: dict[str, Any]) -> pd.DataFrame | None:
    """Return pictures in memory, an array or a list of them, as a table with one column; None for anything else."""
    if isinstance(data, np.ndarray) and data.ndim in (3, 4) and data.size and (found := describe(data)) and found[0] == "image":
        details |= {"modality": "image", "modality_because": found[1], "shape": list(data.shape)}
        return pd.DataFrame({"image": picture_column(data)})
    album = pictures_of(data)
    if album is not None:
        details |= {"modality": "image", "modality_because": f"The list holds {len(album):,} pictures."}
    return album


def _signals(data: Any, details: dict[str, Any]) -> pd.DataFrame | None:
    """Return series in memory, an array (series, steps, channels) or a list of arrays, as a table with one column; None for others."""
    if isinstance(data, np.ndarray) and data.ndim == 3 and data.size and (found := describe(data)) and found[0] == "sequence":
        details |= {"modality": "sequence", "modality_because": found[1]}
        return signals_of(data, steps_first(data))
    table = unequal(data) if isinstance(data, (list, tuple)) else None
    if table is not None:
        details |= {"modality": "sequence", "modality_because": f"The list holds {len(table):,} series of unequal lengths."}
    return table


def _read(data: Any, log: DecisionLog, sample: int | None, folders: bool, largest: int | None) -> Dataset:
    details: dict[str, Any]
    if isinstance(data, (str, os.PathLike)):
        path: str | None = os.fspath(data)
        table = _read_other(Path(str(path)).expanduser(), log) if folders else None
        table = read_file(str(path), log, largest) if table is None else table
        frame, raw, details = table.frame, list(table.names), table.details
        if not Path(str(path)).is_dir():
            frame, windows = with_places(frame, Path(str(path)).expanduser().parent)
            details |= {"windows_paths": True} if windows else {}
        name = Path(str(path)).name.split(".")[0] or "data"
    else:
        details = {"format": type(data).__name__}
        signals = _signals(data, details)
        album = _album(data, details) if signals is None else signals
        frame = album if album is not None else with_pictures(without_half_letters(_plain_index(from_memory(data, log), log), log))
        path, raw, name = None, list(frame.columns), "data"
    rows, columns = frame.shape
    if not columns:
        raise DataError(f"The data must have columns: 0 feature(s) (shape=({rows}, 0)) while a minimum of 1 is required.")
    if not rows:
        raise DataError(f"The data must have rows: 0 sample(s) (shape=(0, {columns})) while a minimum of 1 is required.")
    frame.columns = pd.Index(column_names(raw, log, strip=path is not None), dtype=object)
    details["original_columns"] = [str(label) for label in raw]
    if sample is not None and sample < rows:
        keep = np.sort(np.random.default_rng(0).choice(rows, size=max(int(sample), 1), replace=False))
        frame = frame.iloc[keep].reset_index(drop=True)
        log.add("read", "rows", f"{len(keep)} of {rows}", "A sample was asked for; it was drawn evenly at random.", ["all"], "sample=None")
    return Dataset(frame, name, path, details)
