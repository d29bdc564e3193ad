"""Look for the files that picture columns name: missing and damaged ones are counted, those outside the data's folder refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from automl.checks.finding import Finding
from automl.dataset import Dataset, holds_pictures
from automl.dataset.folders import broken_picture, picture_sizes
from automl.dataset.picture_paths import outside, picture_path
from automl.errors import DataError
from automl.schema import Column, levels

_MOST = 50_000


def pictures(dataset: Dataset, columns: Sequence[Column]) -> Iterator[Finding]:
    """Yield what is wrong with the pictures of a folder, or of the columns that name them.

    Args:
        dataset: Data from a file, beside which the pictures are; in memory nothing is looked for.
        columns: The features.

    Raises:
        DataError: If a path leads out of the folder of the data.
    """
    broken: dict[str, str] = dataset.details.get("broken_images", {})
    if broken:
        shown = ", ".join(f"{name} ({why})" for name, why in list(broken.items())[:3])
        because = f"{len(broken):,} of {len(dataset.frame) + len(broken):,} picture files cannot be opened: {shown}."
        yield Finding("images", ("image",), "warning", "left out", because, "")
    if dataset.path is None or Path(dataset.path).is_dir():
        return
    home = Path(dataset.path).expanduser().parent
    for column in columns:
        if column.type == "image":
            yield from _of_column(home, column, dataset.frame[column.name], bool(dataset.details.get("windows_paths")))


def _of_column(home: Path, column: Column, series: pd.Series[Any], windows: bool) -> Iterator[Finding]:
    texts = [text for text in pd.unique(levels(series)) if text is not None][:_MOST] if not holds_pictures(series) else []
    start = f"{home.resolve()}{os.sep}"
    paths = [path.removeprefix(start) for text in texts if (path := picture_path(str(text))) is not None]
    led_out = [path for path in paths if outside(path)]
    near = [path for path in led_out if Path(path).is_absolute() and Path(path).is_relative_to(home.resolve())]
    if len(led_out) > len(near):
        first = next(path for path in led_out if path not in near)
        more = len(led_out) - len(near) - 1
        others = f" and {more:,} more" if more else ""
        raise DataError(
            f"Paths of pictures must stay inside the folder of the data. {column.name!r} holds {first!r}{others}, which do not; "
            f"give paths relative to {str(home)!r}, or leave the column out: ignore=[{column.name!r}]."
        )
    there = [path for path in paths if os.path.isfile(os.path.join(home, path))]
    wrong = {path: why for path in there if (why := broken_picture(os.path.join(home, path))) is not None}
    _, unopened = picture_sizes(home, [path for path in there if path not in wrong])
    wrong |= unopened
    found = set(there)
    missing = [path for path in paths if path not in found]
    told = []
    if missing:
        told.append(f"{len(missing):,} of {len(paths):,} files are not there, such as {missing[0]!r}")
    if wrong:
        told.append(f"{len(wrong):,} cannot be opened: " + ", ".join(f"{path} ({why})" for path, why in list(wrong.items())[:3]))
    if windows:
        told.append("the paths are written the Windows way and were read with '/'")
    if told:
        severity = "warning" if missing or wrong else "info"
        because = f"Pictures of {column.name!r}: {'; '.join(told)}."
        yield Finding("images", (column.name,), severity, "counted as missing" if missing or wrong else "told", because, "")
