"""Pictures as a few dozen numbers, for models of tables: hand-made traits, and the main directions of small pixels and of outlines."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Self
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.preprocessing.base import Arrays
from automl.preprocessing.components import Components
from automl.preprocessing.pictures.affordable import largest_side
from automl.preprocessing.pictures.decode import Decoded
from automl.preprocessing.pictures.plan import Form, choose_form
from automl.preprocessing.pictures.store import decoded
from automl.preprocessing.pictures.traits import outlines, shrunk, trait_names, traits
from automl.preprocessing.settled import Settled

PATTERNS, OUTLINES = 24, 48
PATTERN_SIDE = 12
FIT_ROWS = 5_000
CHUNK = 64  # rows at a time: what lies between pixels and numbers then stays in the cache of a core


@dataclass(frozen=True)
class PictureComponents(Components):
    """What was learnt: the form of pictures, and the mean and main directions of two descriptions of them.

    Attributes:
        form: Side and channels.
        pixels: Mean, then directions of small pixels, (1 + directions, values).
        outlines: Mean, then directions of outlines, (1 + directions, values).
    """

    form: Form
    pixels: NDArray[np.float32]
    outlines: NDArray[np.float32]
    _told: WeakKeyDictionary[Decoded, NDArray[np.float64]] = field(default_factory=WeakKeyDictionary, init=False, repr=False, compare=False)

    @classmethod
    def fit(cls, cells: Sequence[Any], seed: int, settled: Settled | None = None) -> Self:
        """Learn from at most 5,000 pictures of the training rows."""
        form = choose_form(cells, most=largest_side(settled or Settled()))
        found = decoded(cells, form.side, form.channels)
        rows = np.flatnonzero(found.present)
        if len(rows) > FIT_ROWS:
            rows = np.sort(np.random.default_rng(seed).choice(rows, FIT_ROWS, replace=False))
        nothing = np.zeros((1, form.side, form.side, form.channels), np.uint8)  # to learn from, but it has the shapes
        pictures = found.pixels[rows] if len(rows) else nothing
        with threadpool_limits(1):  # small matrices: threads would wait for each other longer than they compute
            return cls(form, _directions(_small(pictures), PATTERNS), _directions(_chunked(outlines, pictures), OUTLINES))

    @property
    def names(self) -> list[str]:
        """The names of the numbers that a picture becomes."""
        told = [name.replace("_", " ") for name in trait_names(self.form.channels)]
        patterns = [f"pattern {number}" for number in range(1, len(self.pixels))]
        return [*told, *patterns, *(f"outline {number}" for number in range(1, len(self.outlines)))]

    def transform(self, cells: Sequence[Any]) -> NDArray[np.float64]:
        """Return the numbers of each picture, (rows, numbers); NaN throughout where there is none."""
        found = decoded(cells, self.form.side, self.form.channels)
        if found in self._told:  # the same pictures once more, as several parts of the preparation ask for them
            return self._told[found].copy()
        values = np.full((len(cells), len(self.names)), np.nan)
        rows = np.flatnonzero(found.present)
        parts = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
        if len(parts) == 1:
            values[rows] = self._described(found, rows)
        else:
            with ThreadPoolExecutor(os.cpu_count() or 1) as pool, threadpool_limits(1):
                for part, described in zip(parts, pool.map(lambda part: self._described(found, part), parts), strict=True):
                    values[part] = described
        self._told[found] = values.copy()
        return values

    def _described(self, found: Decoded, part: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the numbers of some of the pictures, (rows, numbers)."""
        pictures = found.pixels[part]
        described = [traits(pictures, found.sizes[part])]
        for known, told in ((self.pixels, _small(pictures)), (self.outlines, outlines(pictures))):
            described.append((told - known[0]).astype(np.float64) @ known[1:].T.astype(np.float64))  # the same for a row alone
        return np.hstack(described)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what was learnt, not what was told of pictures that are still in memory."""
        return type(self), (self.form, self.pixels, self.outlines)

    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was learnt, under names that begin with `prefix`."""
        form = np.array([self.form.side, self.form.channels, self.form.usual], np.int64)
        return {f"{prefix}_form": form, f"{prefix}_pixels": self.pixels, f"{prefix}_outlines": self.outlines}

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> Self:
        """Rebuild from :meth:`to_arrays`."""
        side, channels, usual = (int(value) for value in arrays[f"{prefix}_form"])
        return cls(Form(side, channels, usual), arrays[f"{prefix}_pixels"], arrays[f"{prefix}_outlines"])


def _small(pictures: NDArray[Any]) -> NDArray[np.float32]:
    return shrunk(pictures, PATTERN_SIDE).reshape(len(pictures), -1) / np.float32(255)


def _chunked(function: Any, pictures: NDArray[Any]) -> NDArray[np.float32]:
    parts = [function(pictures[start : start + CHUNK]) for start in range(0, len(pictures), CHUNK)]
    return np.concatenate(parts) if parts else np.asarray(function(pictures), dtype=np.float32)


def _directions(values: NDArray[np.float32], most: int) -> NDArray[np.float32]:
    """Return the mean and the main directions, each with its largest entry positive so that signs do not depend on the library."""
    if len(values) < 2:
        return np.zeros((1, values.shape[1]), np.float32)
    mean = values.mean(axis=0)
    centred = (values - mean).astype(np.float64)
    strength, found = np.linalg.eigh(centred.T @ centred)
    kept = np.argsort(-strength)[: min(most, len(values) - 1)]
    kept = kept[strength[kept] > 1e-9 * max(float(strength.max(initial=0.0)), 1e-12)]
    main = found[:, kept].T
    main = main * np.sign(main[np.arange(len(main)), np.abs(main).argmax(axis=1)])[:, None] if len(main) else main
    return np.vstack([mean[None], main]).astype(np.float32)
