"""Rows that are mixed with another row of their batch while a pack learns, with each member's own strength.

A part of a picture, told by its edges, is replaced by the same part of another picture, wholly (CutMix) or in a blend (Mixup, the part
being the whole picture). Places on an edge are replaced by the share of them that lies inside, so that the mean over a picture is exactly
the share that the labels are mixed by. A row's partner has the same fold: a member that must not see a row never sees a mixture with it.

Sources: Zhang et al. (2018, arXiv:1710.09412), Yun et al. (2019, arXiv:1905.04899).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from keras import ops

_MIXING: list[tuple[Any, Any]] = []


@contextlib.contextmanager
def mixing(partners: Any, parts: Any) -> Iterator[None]:
    """Let the layers called inside mix rows.

    Args:
        partners: Place in the batch of the row that each row is mixed with, (rows,).
        parts: Of each member (members, 5): how much of the part is the partner's, and its top, bottom, left and right edge, in [0, 1].
    """
    _MIXING.append((partners, parts))
    try:
        yield
    finally:
        _MIXING.pop()


def share_of(parts: Any) -> Any:
    """Return what share of a mixed row, and of its label, is the partner's, (…,), of parts (…, 5)."""
    return parts[..., 0] * (parts[..., 2] - parts[..., 1]) * (parts[..., 4] - parts[..., 3])


def covered(size: int, start: Any, stop: Any) -> Any:
    """Return the share of each of `size` places that lies between two edges in [0, 1], (size,).

    Example:
        >>> [float(share) for share in covered(4, 0.25, 0.625)]
        [0.0, 1.0, 0.5, 0.0]
    """
    place = ops.arange(size, dtype="float32")
    return ops.clip(ops.minimum(stop * size, place + 1.0) - ops.maximum(start * size, place), 0.0, 1.0)


def mixed_pictures(values: Any, member: int) -> Any:
    """Return pictures (rows, lines, columns, channels) as one member learns from them; themselves where nothing is mixed."""
    if not _MIXING:
        return values
    partners, parts = _MIXING[-1]
    own = parts[member]
    inside = covered(int(values.shape[1]), own[1], own[2])[:, None] * covered(int(values.shape[2]), own[3], own[4])[None]
    weight = ops.cast(own[0] * inside[None, :, :, None], values.dtype)
    return values + weight * (ops.take(values, partners, axis=0) - values)


def mixed_vectors(values: Any) -> Any:
    """Return vectors (members, rows, units) as the members learn from them, blended by the share of the part."""
    if not _MIXING:
        return values
    partners, parts = _MIXING[-1]
    weight = ops.cast(share_of(parts)[:, None, None], values.dtype)
    return values + weight * (ops.take(values, partners, axis=1) - values)
