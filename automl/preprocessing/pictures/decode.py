"""Pictures of any format, size and colour become bytes of one shape, in parallel; what cannot be read is told by name, never raised."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl.dataset.picture import Picture

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 100_000_000  # of one file: more is a decompression bomb, or nothing that a model could look at
LARGEST_FILE = 256 * 2**20  # bytes
_THREADS = min(os.cpu_count() or 1, 8)
_TURNED = ("JPEG", "MPO", "TIFF", "WEBP")  # formats of cameras
_AT_ONCE = 64  # pictures of one task of a thread


@dataclass(eq=False)
class Decoded:
    """Pictures as bytes of one shape.

    Attributes:
        pixels: uint8 (rows, side, side, channels); black where a picture is missing or cannot be read.
        present: Whether each row has a picture, bool (rows,).
        sizes: Width and height before scaling, int32 (rows, 2); 0 where there is none.
        unread: Why files could not be read, by path.
    """

    pixels: NDArray[np.uint8]
    present: NDArray[np.bool_]
    sizes: NDArray[np.int32]
    unread: dict[str, str] = field(default_factory=dict)


class _UnreadableError(Exception):
    """Why a picture cannot be read."""


def decode(cells: Sequence[Any], side: int, channels: int = 3, at_once: int = _AT_ONCE) -> Decoded:
    """Decode and scale pictures.

    Args:
        cells: Paths, :class:`~automl.dataset.picture.Picture` objects, or None for a missing one, (rows,).
        side: Height and width that all get; the shape of the whole picture is kept in `sizes`.
        channels: 1 for shades of grey, 3 for colours.
        at_once: Pictures of one task of a thread.

    Returns:
        The pictures; a row alone gives what it gives among others.

    Example:
        >>> found = decode([Picture(np.full((4, 8, 1), 7, np.uint8)), None, "nowhere.png"], 2)
        >>> found.pixels[:, 0, 0, 0].tolist(), found.present.tolist(), found.sizes[0].tolist(), found.unread
        ([7, 0, 0], [True, False, False], [8, 4], {'nowhere.png': 'not there'})
    """
    rows = len(cells)
    found = Decoded(np.zeros((rows, side, side, channels), np.uint8), np.zeros(rows, bool), np.zeros((rows, 2), np.int32))

    def work(start: int) -> None:
        for row in range(start, min(start + at_once, rows)):
            cell = cells[row]
            if cell is None or (isinstance(cell, float) and cell != cell):
                continue
            try:
                with _opened(cell, side) as picture:
                    found.sizes[row] = picture.info.get("size before", picture.size)
                    found.pixels[row] = _scaled(picture, side, channels)
                found.present[row] = True
            except _UnreadableError as problem:
                found.unread[str(cell)] = str(problem)

    starts = range(0, rows, at_once)
    if rows <= at_once or _THREADS == 1:
        for start in starts:
            work(start)
    else:
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(work, starts))
    return found


def header_size(cell: Any) -> tuple[int, int, bool] | None:
    """Return (width, height, whether grey) of a picture without decoding it; None where it cannot be read."""
    if isinstance(cell, Picture):
        height, width, channels = cell.pixels.shape
        return width, height, channels < 3
    try:
        with _opened(cell, None) as picture:
            return (*picture.size, picture.mode in ("1", "L", "LA", "I;16", "I", "F"))
    except _UnreadableError:
        return None


def _opened(cell: Any, side: int | None) -> Image.Image:
    """Open a picture; from a file that says it is far too large nothing is decoded."""
    import warnings

    from PIL import Image

    if isinstance(cell, Picture):
        return _of_array(cell.pixels)
    path = str(cell)
    try:
        size = os.path.getsize(path)
        if not size:
            raise _UnreadableError("empty")
        if size > LARGEST_FILE:
            raise _UnreadableError(f"{size / 1e6:,.0f} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture: Image.Image = Image.open(path)
        width, height = picture.size
        if width * height > MOST_PIXELS:
            picture.close()
            raise _UnreadableError(f"{width:,} × {height:,} pixels, more than a picture has")
        if side is not None and picture.format == "JPEG":
            picture.draft(None, (2 * side, 2 * side))  # decodes at a half, a quarter or an eighth where that is still large enough
        told = picture.format in _TURNED and picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)  # to ask a PNG is to decode it
        picture.info["size before"] = (height, width) if told else (width, height)
        return picture
    except FileNotFoundError as problem:
        raise _UnreadableError("not there") from problem
    except Image.DecompressionBombError as problem:
        raise _UnreadableError("more pixels than a picture has") from problem
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError) as problem:  # each format fails in its own way
        raise _UnreadableError(_short(problem)) from problem


def _of_array(pixels: NDArray[np.uint8]) -> Image.Image:
    from PIL import Image

    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else np.ascontiguousarray(pixels))


def _scaled(picture: Image.Image, side: int, channels: int) -> NDArray[np.uint8]:
    """Return the pixels of an open picture, upright, on white where it is transparent, (side, side, channels)."""
    from PIL import Image, ImageOps

    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture) if picture.getexif() else picture
        plain = _without_opacity(_eight_bits(upright))
        plain = plain.convert("L" if channels == 1 else "RGB")
        if plain.size != (side, side):
            smaller = plain.size[0] > side or plain.size[1] > side
            plain = plain.resize((side, side), Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR)
        return np.asarray(plain, dtype=np.uint8).reshape(side, side, channels)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, EOFError, MemoryError) as problem:
        raise _UnreadableError(_short(problem)) from problem


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return pictures of 16 or 32 bits with 8; others as they are."""
    from PIL import Image

    if not picture.mode.startswith(("I", "F")):
        return picture
    values = np.nan_to_num(np.asarray(picture, dtype=np.float64))
    top = float(values.max(initial=0.0))
    whole = 1.0 if picture.mode == "F" and top <= 1.0 else 255.0 if top <= 255.0 and picture.mode == "F" else 65_535.0
    return Image.fromarray((np.clip(values / max(whole, top if top > 65_535 else whole), 0.0, 1.0) * 255).round().astype(np.uint8))


def _without_opacity(picture: Image.Image) -> Image.Image:
    from PIL import Image

    if picture.mode == "P" or "transparency" in picture.info:
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    if picture.mode not in ("RGBA", "LA", "PA", "La", "RGBa"):
        return picture
    whole = picture.convert("RGBA")
    ground = Image.new("RGBA", whole.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, whole).convert("RGB")


def _short(problem: BaseException) -> str:
    return str(problem).split(" '")[0].split(" <")[0].strip() or "unreadable"
