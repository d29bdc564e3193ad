"""Paths of pictures in the cells of a table: which columns hold them, whether they stay inside the data's folder, and where they lead."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset.folders import PICTURES
from automl.dataset.picture import Picture, as_bytes
from automl.errors import DataError

_ADDRESS = re.compile(r"(?i)[a-z][a-z0-9+.-]+://")
_LOOKED_AT = 200
_SHARE = 0.8


def picture_path(text: str) -> str | None:
    r"""Return a path as it is written here, or None for the address of a page.

    Example:
        >>> picture_path("pics\\a.png"), picture_path("https://x.org/a.png")
        ('pics/a.png', None)
    """
    if _ADDRESS.match(text):
        return None
    return text.replace("\\", "/").removeprefix("./")


def outside(path: str) -> bool:
    """Whether a path leads out of the folder that it starts from.

    Example:
        >>> outside("a/../b.png"), outside("../b.png"), outside("/b.png")
        (False, True, True)
    """
    depth = 0
    for part in path.strip("/").split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return path.startswith("/") or re.match(r"[A-Za-z]:", path) is not None


def names_pictures(series: pd.Series[Any]) -> bool:
    """Whether most cells of a column end like the files of pictures.

    Example:
        >>> names_pictures(pd.Series(["a.png", None, "b.JPG"])), names_pictures(pd.Series(["a", "b.png"]))
        (True, False)
    """
    if not (series.dtype == object or isinstance(series.dtype, pd.StringDtype)):
        return False
    present = series.dropna()
    texts = present.iloc[:: max(len(present) // _LOOKED_AT, 1)]
    if not len(texts) or not all(isinstance(text, str) for text in texts):
        return False
    return float(np.mean([text.casefold().split("?")[0].endswith(tuple(PICTURES)) for text in texts])) >= _SHARE


def with_places(frame: pd.DataFrame, home: Path) -> tuple[pd.DataFrame, bool]:
    """Return a table of a file with its pictures' paths made absolute, and whether some were written the Windows way.

    Paths that lead out of the file's folder stay as they are, to be refused.
    """
    start = str(home.resolve())

    def placed(text: Any) -> Any:
        path = picture_path(text) if isinstance(text, str) else None
        return text if path is None or not path.strip() or outside(path) else os.path.join(start, path)

    changed: dict[Any, Any] = {}
    windows = False
    for name in frame.columns:
        series = frame[name]
        if isinstance(series, pd.Series) and names_pictures(series):
            windows = windows or any("\\" in str(text) for text in series)
            cells = np.empty(len(series), dtype=object)
            cells[:] = [placed(text) for text in series]
            changed[name] = pd.Series(cells, index=series.index, dtype=object)
    return frame.assign(**changed) if changed else frame, windows


def for_prediction(frame: pd.DataFrame, source: str | None, features: Sequence[Any]) -> tuple[pd.DataFrame, list[str] | None]:
    """Return rows with their pictures in the column that a model reads, and the names of their files.

    Args:
        frame: Rows as they were read.
        source: The file or folder that they came from.
        features: The columns that the model reads, each with a `name` and a `type`.

    Returns:
        The rows, and for each the name of its first picture's file; None where rows have no pictures or come from memory.

    Raises:
        DataError: If a path leads out of the folder of the data.
    """
    columns = [column.name for column in features if column.type == "image"]
    if len(columns) == 1 and source is None and columns[0] not in frame.columns and "image" in frame.columns:
        frame = frame.rename(columns={"image": columns[0]})  # a list of pictures in memory
    if not columns or source is None:
        return frame, None
    place = Path(source).expanduser()
    if place.is_dir() and len(columns) == 1 and columns[0] not in frame.columns and "image" in frame.columns:
        frame = frame.rename(columns={"image": columns[0]})
    home = str((place if place.is_dir() else place.parent).resolve())
    for name in columns:
        cells = frame[name].tolist() if name in frame.columns else []
        led_out = [cell for cell in cells if isinstance(cell, str) and _leaves(cell, home)]
        if led_out:
            law = "Paths of pictures must stay inside the folder of the data"
            raise DataError(f"{law}. {name!r} holds {led_out[0]!r}, which does not; give paths relative to {home!r}.")
    first = frame[columns[0]].tolist() if columns[0] in frame.columns else []
    return frame, [
        os.path.relpath(cell, home) if isinstance(cell, str) and os.path.isabs(cell) else "" for cell in first
    ] if first else None


def _leaves(cell: str, home: str) -> bool:
    path = picture_path(cell)
    return path is not None and (not path.startswith(home + os.sep) if os.path.isabs(path) else outside(path))


def with_pictures(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in memory whose cells of pixels, arrays of bytes or Pillow's pictures, are pictures that can be compared."""
    changed: dict[Any, Any] = {}
    for name in frame.columns:
        series = frame[name]
        if not isinstance(series, pd.Series) or series.dtype != object:
            continue
        first = next((cell for cell in series if cell is not None and not isinstance(cell, float)), None)
        if _is_picture(first):
            cells = np.empty(len(series), dtype=object)
            cells[:] = [as_picture(cell) for cell in series]
            changed[name] = pd.Series(cells, index=series.index, dtype=object)
    return frame.assign(**changed) if changed else frame


def pictures_of(data: Any) -> pd.DataFrame | None:
    """Return a list of pictures of any sizes as a table with one column, None for any other list."""
    if not isinstance(data, (list, tuple)) or not len(data) or not _is_picture(data[0]):
        return None
    cells = np.empty(len(data), dtype=object)
    cells[:] = [as_picture(cell) for cell in data]
    return pd.DataFrame({"image": pd.Series(cells, dtype=object)})


def _is_picture(cell: Any) -> bool:
    if isinstance(cell, np.ndarray):
        return cell.dtype == np.uint8 and (cell.ndim == 2 or (cell.ndim == 3 and cell.shape[-1] in (1, 3, 4))) and min(cell.shape[:2]) > 1
    return type(cell).__module__.startswith("PIL.") and hasattr(cell, "convert")


def as_picture(cell: Any) -> Picture | None:
    """Return a cell of pixels as a picture, None for whatever is none."""
    if isinstance(cell, Picture):
        return cell
    if not _is_picture(cell):
        return None
    if not isinstance(cell, np.ndarray):
        cell = np.asarray(cell if cell.mode in ("L", "LA", "RGB", "RGBA") else cell.convert("RGBA"), dtype=np.uint8)
    return Picture(as_bytes(cell[None])[0])
