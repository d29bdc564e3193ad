"""MiniRocket: shares of a series where a kernel is above a threshold; written from the paper in NumPy, a kernel at a time over all rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.preprocessing.base import Arrays
from automl.preprocessing.series.cells import lengths_of

KERNELS = np.array(list(combinations(range(9), 3)), dtype=np.int64)  # where the three weights of 2 are; the other six are −1
FEATURES = 9_996  # 84 kernels × 119 thresholds
DILATIONS = 32  # of each kernel at most
WORK = 6e9  # comparisons of rows × steps × features: two seconds or three on one core
CHUNK = 256  # rows whose values stay in the processor's cache
_GOLDEN = (np.sqrt(5.0) + 1.0) / 2.0


def dilations(steps: int, features: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the dilations and the number of thresholds of each, for one kernel.

    Args:
        steps: Steps of the longest series.
        features: Features of all kernels together.
    """
    each = max(features // len(KERNELS), 1)
    number = min(each, DILATIONS)
    widest = np.log2(max((steps - 1) / 8.0, 1.0))
    found, counts = np.unique(np.logspace(0, widest, number, base=2.0).astype(np.int64), return_counts=True)
    thresholds = (counts * (each / number)).astype(np.int64)
    missing, place = each - thresholds.sum(), 0
    while missing > 0:
        thresholds[place] += 1
        missing, place = missing - 1, (place + 1) % len(thresholds)
    return found, thresholds


@dataclass(frozen=True)
class MiniRocket:
    """84 kernels of length 9 with the weights −1 and 2, at exponentially many dilations; a feature is the share of steps above a threshold.

    Source: Dempster, Schmidt and Webb (2021, arXiv:2012.08791). The thresholds are quantiles of the kernel's output on random training
    series; every second combination of kernel and dilation leaves out the steps at the edges. With several channels a combination reads the
    sum of some of them, drawn at random. The steps behind the end of a short series count for nothing.

    Attributes:
        dilations: (dilations,).
        thresholds: Number for each dilation, (dilations,).
        biases: (features,), by dilation, kernel, threshold.
        members: Whether a combination of dilation and kernel reads a channel, (dilations × 84, channels).

    Example:
        >>> values = np.random.default_rng(0).normal(size=(5, 30, 1)).astype("float32")
        >>> MiniRocket.fit(values, seed=0, features=168).transform(values).shape
        (5, 168)
    """

    dilations: NDArray[np.int64]
    thresholds: NDArray[np.int64]
    biases: NDArray[np.float32]
    members: NDArray[np.bool_]

    @classmethod
    def fit(cls, series: NDArray[np.float32], seed: int, features: int | None = None) -> MiniRocket:
        """Draw channels and thresholds from the training rows.

        Args:
            series: (rows, steps, channels), NaN behind the end of short ones.
            seed: Of the draws.
            features: How many; None for 9,996, or fewer where rows and steps are many.
        """
        rng, (rows, steps, channels) = np.random.default_rng(seed), series.shape
        if features is None:
            features = int(np.clip(WORK / max(rows * steps, 1), 1_000, FEATURES))
        wide, thresholds = dilations(steps, features)
        members = np.zeros((len(wide) * len(KERNELS), channels), dtype=bool)
        most = np.log2(min(channels, 9) + 1)
        for combination in members:
            count = int(2 ** rng.uniform(0.0, most))
            combination[rng.choice(channels, max(min(count, channels), 1), replace=False)] = True
        empty = np.zeros(len(KERNELS) * int(thresholds.sum()), dtype=np.float32)
        transform = cls(wide, thresholds, empty, members)
        known = np.flatnonzero(lengths_of(series) > 0)
        if len(known):
            transform._draw(series, known, rng)
        return transform

    def _draw(self, series: NDArray[np.float32], known: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Set the thresholds: low-discrepancy quantiles of each combination's output on one random series."""
        lengths, place = lengths_of(series), 0
        quantiles = (np.arange(1, len(self.biases) + 1) * _GOLDEN) % 1.0
        for number, (dilation, count) in enumerate(zip(self.dilations, self.thresholds, strict=True)):
            rows = rng.choice(known, len(KERNELS))
            for kernel, row in enumerate(rows):
                values = np.nan_to_num(series[row, : lengths[row]].T[:, :, None])  # (channels, steps, 1)
                chosen = self.members[number * len(KERNELS) + kernel]
                output = _response(_shifts(values[chosen].sum(axis=0), int(dilation)), kernel)[:, 0]
                self.biases[place : place + count] = np.quantile(output, quantiles[place : place + count])
                place += int(count)

    def transform(self, series: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the shares of steps above the thresholds, (rows, features), from 0 to 1."""
        parts = [self._shares(series[start : start + CHUNK]) for start in range(0, max(len(series), 1), CHUNK)]
        return np.concatenate(parts)

    def _shares(self, series: NDArray[np.float32]) -> NDArray[np.float32]:
        rows, steps, _ = series.shape
        lengths = lengths_of(series)
        values = np.ascontiguousarray(np.nan_to_num(series).transpose(2, 1, 0))  # (channels, steps, rows): a step is one stretch of memory
        short = bool((lengths < steps).any())
        result = np.zeros((len(self.biases), rows), dtype=np.float32)
        kind = np.uint16 if steps < 65_536 else np.uint32
        above = np.empty((steps, rows), dtype=bool)
        place = 0
        for number, (dilation, count) in enumerate(zip(self.dilations, self.thresholds, strict=True)):
            padding = 4 * int(dilation)
            shifted: dict[Any, Any] = {}
            for kernel in range(len(KERNELS)):
                chosen = self.members[number * len(KERNELS) + kernel]
                key = chosen.tobytes()
                if key not in shifted:
                    if len(shifted) > 16:
                        shifted.clear()
                    shifted[key] = _shifts(values[chosen].sum(axis=0), int(dilation))
                output, edge = _response(shifted[key], kernel), padding if (number % 2 + kernel) % 2 else 0
                inside = np.maximum(lengths - 2 * edge, 0)
                if short:
                    output[np.arange(steps)[:, None] >= (lengths - edge)[None, :]] = -np.inf
                if inside.any():
                    output, seen = output[edge : steps - edge], above[edge : steps - edge]
                    weight = np.where(inside > 0, 1.0 / np.maximum(inside, 1), 0.0)
                    for bias in range(place, place + int(count)):
                        np.greater(output, self.biases[bias], out=seen)
                        result[bias] = np.add.reduce(seen.view(np.uint8), axis=0, dtype=kind) * weight
                place += int(count)
        return np.ascontiguousarray(result.T)

    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was drawn, under names that begin with `prefix`."""
        return {f"{prefix}_{name}": getattr(self, name) for name in ("dilations", "thresholds", "biases", "members")}

    @classmethod
    def from_arrays(cls, arrays: Any, prefix: str) -> MiniRocket:
        """Rebuild from :meth:`to_arrays`."""
        return cls(*(np.asarray(arrays[f"{prefix}_{name}"]) for name in ("dilations", "thresholds", "biases", "members")))


def _shifts(values: NDArray[np.float32], dilation: int) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Return minus the sum of all nine shifts of (steps, rows), and the shifts: the value under each weight, 0 beyond the ends."""
    steps, padding = len(values), 4 * dilation
    wide = np.zeros((steps + 2 * padding, values.shape[1]), dtype=np.float32)
    wide[padding : padding + steps] = values
    shifts = [wide[place * dilation : place * dilation + steps] for place in range(9)]
    total = shifts[0].copy()
    for shift in shifts[1:]:
        total += shift
    return -total, shifts


def _response(shifted: tuple[NDArray[np.float32], list[NDArray[np.float32]]], kernel: int) -> NDArray[np.float32]:
    """Return the kernel's output at every step, (steps, rows)."""
    negative, shifts = shifted
    first, second, third = (shifts[place] for place in KERNELS[kernel])
    output = first + second
    output += third
    output *= 3.0
    output += negative
    return np.asarray(output)
