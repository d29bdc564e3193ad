"""What a network that was trained before sees in pictures: its features, and the values behind its middle blocks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl import _backend, pretrained
from automl.budget import Budget

BATCH, LARGE_BATCH = 32, 128  # pictures at once, and of small ones, which give two cores too little to do
LARGE_UP_TO = 64  # lines of small pictures
CUT = 13  # blocks that stay as they are where the rest is trained further: the values behind them are kept, not the pictures
SIDES = (32, 48, 64, 80, 96, 112, 128)
SHARE = 0.25  # of the time that is left, which the features may take: nothing else makes as much of it
LARGER = 4  # times their own size at which pictures are looked at where there is time: its filters were made for pictures of 224 pixels
FIRST_PACE = 8e9  # multiplications per second, on two cores


@lru_cache(maxsize=4)
def _network(side: int, backend: str) -> Callable[..., Any]:
    return _backend.compile_function(pretrained.looking(side, CUT))


def look(pixels: NDArray[np.uint8], side: int) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Return the values behind the middle blocks, and the features, of pictures.

    Args:
        pixels: uint8 (rows, height, width, 1 or 3).
        side: The size at which the network looks at them.

    Returns:
        float16 (rows, ``*pretrained.cut_shape(side, CUT)``) and float32 (rows, 1280).
    """
    network = _network(side, _backend.name())
    middle = np.empty((len(pixels), *pretrained.cut_shape(side, CUT)), np.float16)
    features = np.empty((len(pixels), pretrained.FEATURES), np.float32)
    batch = _batch(side)
    for start in range(0, len(pixels), batch):
        block = pixels[start : start + batch]
        padded = _backend.pad_rows({"pixels": block}, (1, batch))["pixels"]
        cut, found = network(_backend.to_device(padded))
        middle[start : start + len(block)] = _backend.to_numpy(cut)[: len(block)]
        features[start : start + len(block)] = _backend.to_numpy(found)[: len(block)]
    return middle, features


def _batch(side: int) -> int:
    return LARGE_BATCH if side <= LARGE_UP_TO else BATCH


def last_maps(pixels: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Return the last maps of the network for a few pictures, (rows, lines, columns, 1280); the features are their means over all places.

    Args:
        pixels: uint8 (rows, height, width, 1 or 3).
        side: The size at which the network looks at them.
    """
    weights = pretrained.weights()
    found = _backend.to_numpy(pretrained.looking(side, pretrained.LAST)(_backend.to_device(pixels))[0]).astype(np.float32)
    return np.asarray(np.clip(found @ weights["head/kernel"][0, 0] + weights["head/bias"], 0.0, 6.0), np.float32)


def affordable_side(
    wanted: int, pictures: NDArray[np.uint8], rows: int, budget: Budget | None, seconds: float = float("inf")
) -> int | None:
    """Return the size at which the network can look at all rows in its share of the time; None where even the smallest takes longer.

    Small pictures are enlarged where a clock tells that there is time: at their own size the last maps have one to four places.

    Args:
        wanted: Their own size.
        pictures: A few pictures to measure with, uint8 (rows, height, width, channels).
        rows: Pictures in all.
        budget: The clock; None where none runs.
        seconds: What reading all pictures leaves of the time for preparing them.
    """
    if budget is None or not budget.timed:
        return [side for side in SIDES if side <= max(wanted, 64)][-1]
    sides = [side for side in SIDES if side <= max(LARGER * wanted, 64)]
    allowed = min(SHARE * budget.remaining(), seconds)
    if rows * pretrained.multiplications(sides[0]) / (4 * FIRST_PACE) > allowed:
        return None
    look(pictures[np.arange(_batch(SIDES[0])) % len(pictures)], SIDES[0])  # compiles
    block = pictures[np.arange(3 * _batch(SIDES[0])) % len(pictures)]
    before = budget.clock()
    look(block, SIDES[0])
    pace = len(block) * pretrained.multiplications(SIDES[0]) / max(budget.clock() - before, 1e-6)
    allowed -= budget.clock() - before
    fitting = [side for side in sides if rows * pretrained.multiplications(side) / pace <= allowed]
    return fitting[-1] if fitting else None
