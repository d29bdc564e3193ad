"""What a model looks at in a picture: parts are covered and the model is asked again, and the places that moved a network's answer."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.dataset.picture import Picture
from automl.explanation.frames import Clock, Predict

GRID = 7  # parts along each side that are covered, one at a time
THUMBNAIL = 96
COVERED_SIDE = 128  # pictures are covered at this size, which is at least that of the networks
_WARM = np.array([214.0, 60.0, 30.0])

Decode = Callable[[Sequence[Any], int], tuple[NDArray[np.uint8], NDArray[np.bool_]]]
Places = Callable[[pd.DataFrame, Sequence[int]], NDArray[Any] | None]


@dataclass(frozen=True)
class PictureEffect:
    """What a model looked at in one picture.

    Attributes:
        row: Of the frame.
        title: Why this picture was chosen.
        of: Column of the prediction that was looked at.
        at: Row of the data.
        prediction: Of the picture as it is, (outputs,).
        thumbnail: The picture, uint8 (side, side, 3).
        covered: How much the prediction falls where a part is covered, (parts, parts).
        places: How much each place moved the networks towards the answer, (lines, columns), none below 0; None without such networks.
    """

    row: int
    title: str
    of: int
    at: int
    prediction: NDArray[np.float64]
    thumbnail: NDArray[np.uint8]
    covered: NDArray[np.float64]
    places: NDArray[np.float64] | None = None


def picture_effects(
    predict: Predict,
    frame: pd.DataFrame,
    column: str,
    rows: Sequence[tuple[str, int]],
    decode: Decode,
    *,
    clock: Clock,
    outputs: Sequence[int],
    places: Places | None = None,
    at: Sequence[int] | None = None,
) -> tuple[PictureEffect, ...]:
    """Cover each part of some pictures in turn and see how far the prediction falls.

    Source: occlusion of Zeiler and Fergus (2014, arXiv:1311.2901). A part is covered by the mean colour of its picture, so that neither
    black nor white says anything new. Two parts that say the same hide each other.

    Args:
        predict: Maps a frame to predictions (rows, outputs).
        frame: Unseen rows.
        column: The picture column.
        rows: Title and row of the pictures to look at.
        decode: Maps cells and a side to pictures, uint8 (rows, side, side, 3), and whether each is there.
        clock: When to stop.
        outputs: Column of the prediction that is looked at, for each of `rows`.
        at: Row of the data for each row of `frame`; None where they are the same.
        places: Grad-CAM of some rows of a frame for some outputs, where networks offer it.

    Returns:
        One entry for each picture that there was time for.
    """
    found: list[PictureEffect] = []
    for (title, row), of in zip(rows, outputs, strict=True):
        pixels, there = decode([frame[column].iloc[row]], COVERED_SIDE)
        if not there[0] or not clock.allows(GRID * GRID + 1):
            continue
        asked = frame.iloc[np.full(GRID * GRID + 1, row)].reset_index(drop=True)
        cells = np.empty(len(asked), dtype=object)
        cells[:] = [Picture(pixels[0]), *(Picture(one) for one in covered(pixels[0]))]
        asked[column] = pd.Series(cells, dtype=object)
        answers = clock.time(predict, asked)
        told = answers[:, of]
        moved = None if places is None else places(frame.iloc[[row]].reset_index(drop=True), [of])
        thumbnail = decode([frame[column].iloc[row]], THUMBNAIL)[0][0]
        falls = (told[0] - told[1:]).reshape(GRID, GRID)
        place = row if at is None else int(at[row])
        found.append(PictureEffect(row, title, of, place, answers[0], thumbnail, falls, None if moved is None else moved[0]))
    return tuple(found)


def covered(pixels: NDArray[np.uint8], grid: int = GRID) -> list[NDArray[np.uint8]]:
    """Return one copy of a picture for each part of a grid, line by line, with that part in the picture's mean colour.

    Example:
        >>> parts = covered(np.arange(16, dtype=np.uint8).reshape(4, 4, 1), 2)
        >>> len(parts), parts[0][:, :, 0].tolist()[0]
        (4, [7, 7, 2, 3])
    """
    lines, columns = (np.linspace(0, size, grid + 1).round().astype(int) for size in pixels.shape[:2])
    mean = pixels.reshape(-1, pixels.shape[2]).mean(axis=0).astype(np.uint8)
    copies = []
    for down in range(grid):
        for right in range(grid):
            copy = pixels.copy()
            copy[lines[down] : lines[down + 1], columns[right] : columns[right + 1]] = mean
            copies.append(copy)
    return copies


def warmed(picture: NDArray[np.uint8], heat: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a picture in shades of grey with a warm colour where `heat` is high; what is below 0 stays grey.

    Args:
        picture: uint8 (side, side, 3).
        heat: (lines, columns), of any size.

    Example:
        >>> warmed(np.full((2, 2, 3), 100, np.uint8), np.array([[1.0, 0.0], [0.0, 0.0]]))[0].tolist()
        [[180, 72, 51], [100, 100, 100]]
    """
    side = picture.shape[0]
    positive = np.maximum(np.nan_to_num(heat), 0.0)
    positive = positive / positive.max() if positive.max() > 0 else positive
    lines, columns = (np.minimum((np.arange(side) * size) // side, size - 1) for size in positive.shape)
    share = 0.7 * positive[lines][:, columns][:, :, None]
    ground = picture.mean(axis=2, keepdims=True).repeat(3, axis=2)
    return np.asarray((1.0 - share) * ground + share * _WARM, dtype=np.float64).round().astype(np.uint8)


def inline_png(pixels: NDArray[np.uint8]) -> str:
    """Return a picture as an address that holds it, so that a page needs no file beside it.

    Example:
        >>> inline_png(np.zeros((2, 2, 3), np.uint8))[:22]
        'data:image/png;base64,'
    """
    from PIL import Image

    kept = io.BytesIO()
    Image.fromarray(pixels).quantize(64).save(kept, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(kept.getvalue()).decode("ascii")
