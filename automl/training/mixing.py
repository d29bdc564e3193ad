"""Which rows of a batch are mixed, and how much, drawn on the host: Mixup and CutMix, each member's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIXED = ("mixup", "cutmix")  # entries of a configuration; 0 for none
_STREAM = 7_919  # apart from what the same seed draws for dropout


def partners_of(fold: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return for each row of each batch the place of its partner: the next row of the same fold, the first one after the last.

    The order of the rows is random, hence so are the pairs. A row that is the only one of its fold is its own partner.

    Args:
        fold: Fold of each row, (batches, rows).

    Example:
        >>> partners_of(np.array([[0, 1, 0, 1, 2, 0]])).tolist()
        [[2, 3, 5, 1, 4, 0]]
    """
    batches, rows = fold.shape
    order = np.argsort(fold, axis=1, kind="stable")
    grouped = np.take_along_axis(fold, order, axis=1)
    new = np.ones((batches, rows), bool)
    new[:, 1:] = grouped[:, 1:] != grouped[:, :-1]
    first = np.maximum.accumulate(np.where(new, np.arange(rows), 0), axis=1)
    ends = np.concatenate([new[:, 1:], np.ones((batches, 1), bool)], axis=1)
    following = np.where(ends, first, np.minimum(np.arange(rows) + 1, rows - 1))
    found = np.empty((batches, rows), np.int32)
    np.put_along_axis(found, order, np.take_along_axis(order, following, axis=1).astype(np.int32), axis=1)
    return found


def parts_of(mixup: Sequence[float], cutmix: Sequence[float], seeds: Sequence[int], epoch: int, steps: int) -> NDArray[np.float32]:
    """Return the part that each configuration mixes in each step of an epoch, (steps, configurations, 5).

    The share λ comes from Beta(α, α), α being the configuration's "mixup" or "cutmix"; where both are given, each step is one of them.
    The part of a blend is the whole picture; that of a cut has √λ of the height and width, at a random place, and ends with the picture.

    Args:
        mixup: α of each configuration, 0 for none.
        cutmix: Likewise.
        seeds: Of each configuration: what it draws does not depend on the pack.
        epoch: Number of the epoch.
        steps: Steps of the epoch.
    """
    parts = np.zeros((steps, len(seeds), 5), np.float32)
    parts[:, :, [2, 4]] = 1.0
    for place, seed in enumerate(seeds):
        rng = np.random.default_rng([seed, epoch, _STREAM])
        blend, cut = float(mixup[place]), float(cutmix[place])
        cuts = rng.random(steps) < (0.5 if blend > 0 and cut > 0 else float(cut > 0))
        drawn = {alpha: rng.beta(alpha, alpha, steps) if alpha > 0 else np.zeros(steps) for alpha in (blend, cut)}
        half = 0.5 * np.sqrt(drawn[cut])
        for first, middle in ((1, rng.random(steps)), (3, rng.random(steps))):
            parts[:, place, first] = np.where(cuts, np.clip(middle - half, 0.0, 1.0), 0.0)
            parts[:, place, first + 1] = np.where(cuts, np.clip(middle + half, 0.0, 1.0), 1.0)
        parts[:, place, 0] = np.where(cuts, 1.0, drawn[blend])
    return parts
