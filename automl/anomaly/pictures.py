"""What detectors read of pictures: features of the network that comes with the package in a few directions, and patches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl import _backend, pretrained
from automl.budget import Budget
from automl.preprocessing.base import Arrays
from automl.preprocessing.pictures.store import decoded

CUT = 11  # blocks: parts of objects, at a sixteenth of the side; behind them features tell what things are, not how they look
SIDES = (64, 96, 128, 160, 192, 224)
USUAL = 128  # side without a clock
SHARE = 0.3  # of the time that is left, for looking at all pictures
DIRECTIONS = 32  # of the features
PATCH = 64  # numbers of a patch, after a random projection
BATCH = 32

Array = NDArray[Any]
_SEEN: list[tuple[list[Any], int, Array, tuple[Array, Array, Array]]] = []  # the last pictures: several stages look at the same


@dataclass(frozen=True)
class Eyes:
    """How pictures of one column are looked at.

    Attributes:
        column: Its name.
        side: The size at which the network looks.
        mean: Of the features, (1280,).
        directions: In which they differ most, (directions, 1280).
        projection: From the channels of a patch to fewer numbers (Johnson and Lindenstrauss, 1984), (channels, 64).
    """

    column: str
    side: int
    mean: Array
    directions: Array
    projection: Array

    @classmethod
    def fit(cls, column: str, cells: Sequence[Any], budget: Budget, seed: int) -> Eyes:
        """Choose a size that the clock allows, and learn in which directions the features differ."""
        side = _affordable(cells, budget)
        channels = pretrained.cut_shape(side, CUT)[2]
        projection = np.random.default_rng(seed).normal(size=(channels, PATCH)) / np.sqrt(PATCH)
        features, _, present = seen(cells, side, projection.astype(np.float32))
        rows = features[present].astype(np.float64) if present.any() else np.zeros((1, pretrained.FEATURES))
        mean = rows.mean(axis=0)
        found = np.linalg.svd((rows - mean)[:5_000], full_matrices=False)[2][: min(DIRECTIONS, max(len(rows) // 4, 1))]
        return cls(column, side, mean.astype(np.float32), found.astype(np.float32), projection.astype(np.float32))

    def look(self, cells: Sequence[Any]) -> tuple[Array, Array]:
        """Return the features of pictures along the directions, NaN where there is none, and their patches, (rows, lines, columns, 64)."""
        features, patches, present = seen(cells, self.side, self.projection)
        told = (features - self.mean).astype(np.float64) @ self.directions.T.astype(np.float64)
        return np.where(present[:, None], told, np.nan), patches

    def to_arrays(self) -> Arrays:
        """Return all that was learnt."""
        return {"eyes_mean": self.mean, "eyes_directions": self.directions, "eyes_projection": self.projection}


def seen(cells: Sequence[Any], side: int, projection: Array) -> tuple[Array, Array, Array]:
    """Return features (rows, 1280), patches (rows, lines, columns, 64) as float16, and which pictures could be read, (rows,).

    A patch is averaged with those around it, as in PatchCore.
    """
    for before, size_before, by, told in _SEEN:
        same = size_before == side and len(before) == len(cells) and np.array_equal(by, projection)
        if same and all(a is b or (isinstance(a, str) and a == b) for a, b in zip(before, cells, strict=True)):
            return told
    found = decoded(cells, side, 3)
    network, size = _network(side, _backend.name()), pretrained.cut_shape(side, CUT)
    features = np.zeros((len(cells), pretrained.FEATURES), np.float32)
    patches = np.zeros((len(cells), *size[:2], projection.shape[1]), np.float16)
    for start in range(0, len(cells), BATCH):
        block = found.pixels[start : start + BATCH]
        cut, whole = network(_backend.to_device(_backend.pad_rows({"pixels": block}, (1, BATCH))["pixels"]))
        features[start : start + len(block)] = _backend.to_numpy(whole)[: len(block)]
        patches[start : start + len(block)] = smoothed(_backend.to_numpy(cut)[: len(block)].astype(np.float32) @ projection)
    _SEEN[:] = [(list(cells), side, projection, (features, patches, found.present))]
    return features, patches, found.present


def smoothed(values: Array) -> Array:
    """Return the mean of each place and the eight around it, (rows, lines, columns, channels).

    Example:
        >>> smoothed(np.eye(3)[None, :, :, None])[0, 1, 1, 0].round(2).item()
        0.33
    """
    wide = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    lines, columns = values.shape[1:3]
    return np.asarray(sum(wide[:, a : a + lines, b : b + columns] for a in range(3) for b in range(3)) / 9.0)


@lru_cache(maxsize=2)
def _network(side: int, backend: str) -> Callable[..., Any]:
    return _backend.compile_function(pretrained.looking(side, CUT))


def _affordable(cells: Sequence[Any], budget: Budget) -> int:
    """Return the largest side at which all pictures can be looked at in their share of the time, twice: for a fit and its own report."""
    if not budget.timed:
        return USUAL
    few = list(cells[:BATCH])
    projection = np.zeros((pretrained.cut_shape(SIDES[0], CUT)[2], PATCH), np.float32)
    seen(few, SIDES[0], projection)
    before = budget.clock()
    seen(few, SIDES[0], projection)
    each = max(budget.clock() - before, 1e-4) / max(len(few), 1) / pretrained.multiplications(SIDES[0])
    fitting = [side for side in SIDES if 2 * len(cells) * each * pretrained.multiplications(side) <= SHARE * budget.remaining()]
    return fitting[-1] if fitting else SIDES[0]
