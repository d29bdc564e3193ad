"""Patches of pictures: strange is a picture of which one part looks like no part that was seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.anomaly.families.neighbours import nearest
from automl.budget import Deadline
from automl.preprocessing.base import Arrays

POOL, KEPT = 8_000, 1_000  # patches that are looked through, and those that are remembered, for a fold
BLOCK = 64  # pictures
TOP = 3  # of the strangest patches, whose mean is the score: one alone is noisy


class PicturePatches(DetectorFamily):
    """Distance of each patch to the nearest of remembered ones; the strangest patches make the score, all of them a heat map.

    PatchCore (Roth et al., 2022, arXiv:2106.08265) on values from the middle of EfficientNet-Lite0, with a greedy coreset of 1,000
    patches and without its reweighting.
    """

    name = "picture_patches"
    title = "Patches of pictures"
    kind = "network"
    needs_pictures = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Remember patches that cover those outside each fold."""
        assert rows.patches is not None
        model: Arrays = {}
        rng = np.random.default_rng(seed)
        width = rows.patches.shape[-1]
        for place in range(folds):
            every = rows.patches[np.flatnonzero(fold != place)].reshape(-1, width)
            pool = every[rng.permutation(len(every))[:POOL]].astype(np.float32)
            model[f"patches{place}"] = pool[covering(pool, KEPT)].astype(np.float16)
        return model

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return the mean distance of the three strangest patches; it stands at the first column of the picture."""
        heat = self.heat(model, rows, fold).reshape(len(rows.values), -1)
        top = np.where(rows.known[:, shape.picture], np.sort(heat, axis=1)[:, -TOP:].mean(axis=1), 0.0)
        columns = np.zeros((len(top), shape.columns))
        columns[:, shape.picture] = top
        return top, columns

    def heat(self, model: Arrays, rows: Rows, fold: int) -> Array:
        """Return how far each patch is from the nearest that is remembered, (rows, lines, columns)."""
        assert rows.patches is not None
        kept, size = model[f"patches{fold}"].astype(np.float32), rows.patches.shape
        parts = [np.zeros((0, *size[1:3]))]
        for start in range(0, size[0], BLOCK):
            block = rows.patches[start : start + BLOCK].astype(np.float32)
            parts.append(nearest(block.reshape(-1, size[-1]), kept, 1)[1].reshape(len(block), *size[1:3]))
        return np.concatenate(parts)


def covering(pool: Array, count: int) -> NDArray[np.int64]:
    """Return places of rows of a pool such that each other is near one: farthest first (Gonzalez, 1985).

    Example:
        >>> covering(np.array([[0.0], [0.1], [9.0]]), 2).tolist()
        [0, 2]
    """
    if len(pool) <= count:
        return np.arange(len(pool))
    squares, chosen = (pool**2).sum(axis=1), [0]
    apart = np.full(len(pool), np.inf)
    while len(chosen) < count:
        last = chosen[-1]
        apart = np.minimum(apart, squares - 2.0 * pool @ pool[last] + squares[last])
        chosen.append(int(apart.argmax()))
    return np.array(chosen, dtype=np.int64)
