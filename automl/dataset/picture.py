"""A picture in a cell: its pixels, equal to another where all pixels are, so that a table can hold, count and compare pictures."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.errors import DataError

_CHANNELS = (1, 2, 3, 4)


class Picture:
    """The pixels of one picture.

    Args:
        pixels: uint8 (height, width, channels): grey, grey and opacity, colours, or colours and opacity.

    Example:
        >>> one, same = Picture(np.zeros((2, 3, 1), np.uint8)), Picture(np.zeros((2, 3, 1), np.uint8))
        >>> one == same, len({one, same}), one.pixels.shape
        (True, 1, (2, 3, 1))
    """

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.pixels = pixels

    @cached_property
    def digest(self) -> str:
        """A hash of shape and pixels, 24 hexadecimal digits."""
        content = np.ascontiguousarray(self.pixels)
        return hashlib.blake2b(content.tobytes(), digest_size=12, salt=str(content.shape).encode()[:16]).hexdigest()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.digest == other.digest

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"picture {self.digest} of {width} × {height}"


def as_bytes(array: NDArray[Any]) -> NDArray[np.uint8]:
    """Return pictures of any number type as bytes: floats up to 1 and whole numbers up to 255 or 65,535 are told apart by their range.

    Args:
        array: (pictures, height, width) or (pictures, height, width, channels), or channels second.

    Returns:
        uint8 (pictures, height, width, channels); values that are no numbers are black.

    Raises:
        DataError: If the array holds no pictures.

    Example:
        >>> as_bytes(np.ones((1, 2, 2))).shape, int(as_bytes(np.ones((1, 2, 2))).max())
        ((1, 2, 2, 1), 255)
    """
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4 or 0 in array.shape[1:]:
        raise DataError(f"Pictures must be an array of 3 or 4 dimensions without an empty one. Received shape {array.shape}.")
    if array.shape[-1] not in _CHANNELS and array.shape[1] in _CHANNELS:
        array = np.moveaxis(array, 1, -1)
    if array.shape[-1] not in _CHANNELS:
        raise DataError(f"Pictures must have 1 to 4 channels, in their last or second dimension. Received shape {array.shape}.")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "biuf":
        raise DataError(f"Pictures must be numbers. Received an array of {array.dtype}.")
    finite = np.nan_to_num(array.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(finite.min(initial=0.0)), float(finite.max(initial=0.0))
    if array.dtype.kind == "b" or (array.dtype.kind == "f" and low >= 0 and high <= 1.0):
        low, high = 0.0, 1.0
    elif low >= 0:
        high = next((top for top in (16.0, 255.0, 65_535.0) if high <= top), high)
        low = 0.0
    return np.asarray(np.clip((finite - low) * (255.0 / max(high - low, 1e-12)), 0, 255).round(), dtype=np.uint8)


def picture_column(array: NDArray[Any]) -> pd.Series[Any]:
    """Return an array of pictures as a column with one :class:`Picture` in each cell."""
    pixels = as_bytes(array)
    cells = np.empty(len(pixels), dtype=object)
    cells[:] = [Picture(one) for one in pixels]
    return pd.Series(cells, dtype=object)


def holds_pictures(series: pd.Series[Any]) -> bool:
    """Whether the cells of a column that are not missing are pictures in memory; their first decides.

    Example:
        >>> holds_pictures(picture_column(np.zeros((2, 4, 4), np.uint8))), holds_pictures(pd.Series(["a.png"]))
        (True, False)
    """
    if series.dtype != object:
        return False
    first = next((cell for cell in series.to_numpy() if cell is not None and not (isinstance(cell, float) and np.isnan(cell))), None)
    return isinstance(first, Picture)
