"""Pictures that several parts of the preparation look at are decoded once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.preprocessing.pictures.decode import Decoded, decode


@dataclass(frozen=True)
class _Set:
    """Pictures that were decoded together, and the row of each cell."""

    cells: list[Any]
    rows: dict[Any, int]
    found: Decoded


_KEPT: dict[tuple[int, int], list[_Set]] = {}
_KEEPING: list[bool] = []  # one entry for each block that keeps them
_MOST_SETS = 2  # of one form


def decoded(cells: Sequence[Any], side: int, channels: int) -> Decoded:
    """Return what :func:`~automl.preprocessing.pictures.decode.decode` gives; of cells that were seen before without decoding again.

    The arrays are shared: nobody writes into them. :func:`forget_pictures` ends that.
    """
    wanted = [None if isinstance(cell, float) else cell for cell in cells]
    sets = _KEPT.setdefault((side, channels), [])
    for one in sets:
        if len(one.cells) == len(wanted) and all(a is b or a == b for a, b in zip(one.cells, wanted, strict=True)):
            return one.found
        if all(cell in one.rows for cell in wanted):
            return _some(one, wanted)
    found = decode(wanted, side, channels)
    sets.append(_Set(wanted, {cell: row for row, cell in enumerate(wanted)}, found))
    del sets[:-_MOST_SETS]
    return found


def _some(one: _Set, wanted: list[Any]) -> Decoded:
    rows = np.array([one.rows[cell] for cell in wanted], dtype=np.int64)
    known, found = {str(cell) for cell in wanted}, one.found
    unread = {path: why for path, why in found.unread.items() if path in known}
    return Decoded(found.pixels[rows], found.present[rows], found.sizes[rows], unread)


def forget_pictures() -> None:
    """Let go of what was decoded, except inside :func:`pictures_kept`."""
    if not _KEEPING:
        _KEPT.clear()


@contextmanager
def pictures_kept() -> Iterator[None]:
    """Keep what is decoded until the end of the block: there the same rows are looked at again and again.

    Example:
        >>> with pictures_kept():
        ...     forget_pictures()
    """
    _KEEPING.append(True)
    try:
        yield
    finally:
        _KEEPING.pop()
        forget_pictures()
