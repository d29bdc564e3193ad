"""Quantiles of dyadic intervals of a series, of its differences and of its spectrum: the features of QUANT, written from the paper."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.preprocessing.series.cells import lengths_of

DEPTH = 6  # intervals of the whole series, its halves … its thirty-seconds
PER_QUANTILE = 4  # steps of an interval for each of its quantiles
CHUNK = 2**24  # values that are sorted at once


def stretched(series: NDArray[np.floating[Any]], steps: int | None = None) -> NDArray[np.float32]:
    """Return every series drawn out to the full number of steps along straight lines, so that intervals are shares of its own length.

    Args:
        series: (rows, steps, channels) with NaN behind the end of short ones.
        steps: Steps of the result; None for those of the array.

    Returns:
        (rows, steps, channels) without NaN; a series of full length is unchanged, an empty one is 0.

    Example:
        >>> stretched(np.array([[[0.0], [1.0], [np.nan]]]))[0, :, 0].tolist()
        [0.0, 0.5, 1.0]
    """
    rows, before, channels = series.shape
    steps = before if steps is None else steps
    lengths = lengths_of(series)
    result = np.zeros((rows, steps, channels), dtype=np.float32)
    for length in np.unique(lengths):
        chosen = np.flatnonzero(lengths == length)
        if length == steps:
            result[chosen] = series[chosen]
        elif length:
            places = np.linspace(0.0, length - 1.0, steps)
            low = np.minimum(places.astype(np.int64), max(length - 2, 0))
            share = (places - low)[None, :, None]
            part = series[chosen]
            result[chosen] = part[:, low] * (1.0 - share) + part[:, np.minimum(low + 1, length - 1)] * share
    return result


def intervals(steps: int, depth: int = DEPTH) -> list[tuple[int, int]]:
    """Return (start, end) of the dyadic intervals: 1, 2, 4 … equal parts, and the same shifted by half a part.

    Example:
        >>> intervals(8, 2)
        [(0, 8), (0, 4), (4, 8), (2, 6)]
    """
    found: list[tuple[int, int]] = []
    for level in range(min(depth, int(np.log2(max(steps, 1))) + 1)):
        edges = np.linspace(0, steps, 2**level + 1).astype(np.int64)
        found += list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        width = float(np.median(np.diff(edges)))
        if level and width > 1:
            shift = int(np.ceil(width / 2))
            found += [(start + shift, end + shift) for start, end in found[-(2**level) : -1]]
    return found


def interval_quantiles(
    series: NDArray[np.floating[Any]], depth: int = DEPTH, per_quantile: int = PER_QUANTILE, most: int | None = None
) -> NDArray[np.float32]:
    """Return the quantiles of all intervals of four views of each series: itself, first and second differences, and spectrum.

    Source: QUANT (Dempster, Schmidt and Webb, 2024, arXiv:2308.00928): of an interval of m steps 1 + (m − 1) // 4 evenly spaced quantiles,
    every second one less the interval's mean.

    Args:
        series: (rows, steps, channels) with NaN behind the end of short ones, which are drawn out to the full length.
        depth: Levels of halving.
        per_quantile: Steps for each quantile.
        most: More features than this are avoided by fewer quantiles and levels; None for no limit.

    Returns:
        (rows, features): the views' quantiles of every channel, and the length as a share of the array's.
    """
    rows, steps, channels = series.shape
    while most is not None and depth > 1 and _count(steps, depth, per_quantile) * channels > most:
        per_quantile, depth = (per_quantile * 2, depth) if per_quantile < 4 * PER_QUANTILE else (per_quantile, depth - 1)
    parts: list[NDArray[np.float32]] = []
    size = max(CHUNK // max(steps * channels, 1), 1)
    for start in range(0, max(rows, 1), size):
        piece = series[start : start + size]
        found = [_quantiles(view, depth, per_quantile) for view in _views(stretched(piece))]
        parts.append(np.concatenate([*found, (lengths_of(piece) / max(steps, 1))[:, None].astype(np.float32)], axis=1))
    return np.concatenate(parts)


def _views(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the series, its smoothed first differences, its second differences and its amplitudes, each (rows, channels, steps)."""
    values = np.ascontiguousarray(values.transpose(0, 2, 1))
    views = [values]
    if values.shape[2] > 1:
        first = np.diff(values, axis=2)
        wide = np.pad(first, ((0, 0), (0, 0), (2, 2)), mode="edge")
        smooth = np.mean([wide[:, :, shift : shift + first.shape[2]] for shift in range(5)], axis=0)
        views.append(smooth.astype(np.float32))
    if values.shape[2] > 2:
        views.append(np.diff(values, n=2, axis=2))
    return [*views, np.abs(np.fft.rfft(values, axis=2)).astype(np.float32)]


def _quantiles(view: NDArray[np.float32], depth: int, per_quantile: int) -> NDArray[np.float32]:
    parts = []
    for start, end in intervals(view.shape[2], depth):
        part = np.sort(view[:, :, start:end], axis=2)
        number = 1 + (part.shape[2] - 1) // per_quantile
        places = np.linspace(0.0, part.shape[2] - 1.0, number) if number > 1 else np.array([(part.shape[2] - 1) / 2])
        low = places.astype(np.int64)
        share = (places - low).astype(np.float32)
        found = part[:, :, low] * (1 - share) + part[:, :, np.minimum(low + 1, part.shape[2] - 1)] * share
        found[:, :, 1::2] -= part.mean(axis=2, keepdims=True)
        parts.append(found.reshape(len(view), -1))
    return np.concatenate(parts, axis=1)


def _count(steps: int, depth: int, per_quantile: int) -> int:
    lengths = [steps, max(steps - 1, 1), max(steps - 2, 1), steps // 2 + 1]
    return sum(1 + (end - start - 1) // per_quantile for length in lengths for start, end in intervals(length, depth))
