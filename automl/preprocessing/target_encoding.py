"""Target encoding: a level of a wide category becomes what the target is like in its rows, always as seen from other rows.

A column of thousands of levels is too wide for one-hot columns and too thin for sets of levels; the mean of the target of a level's
rows is one number that says most of it. Taken from the row itself that number gives the answer away, so every row is encoded from
other rows only, and each fold's model has an encoding of its own, for which the fold's target does not exist:

    model that leaves out fold f     row of fold f:        from all rows outside f
                                     row of part g ≠ f:    from all rows outside f and outside g

A part is a fold; with fewer than 4 folds, folds are cut in smaller parts, so that enough rows are left to encode from. New rows are
encoded for the model of fold f from all rows outside f, just as its validation rows were. With sums per level and part all of this is
a subtraction: no loop over rows, and equal to the loop, which a test shows.

Source: Micci-Barreca (2001) for the smoothed mean; Pargent et al. (2022, arXiv:2104.00629) for cross-fitting it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError
from automl.preprocessing.base import Arrays, Spec

Floats = NDArray[np.float64]

MOST_CLASSES = 10  # one number per class; with more classes a level has too few rows of each
INNER_PARTS = 5  # of rows that no fold validates
FEWEST_PARTS = 4  # a row is encoded from at least about three quarters of what its model may see
LEAST_ROWS = 1.0  # that the overall mean is worth at the least
# Share of the target's variance that levels must explain. Below it a column gets no numbers: scale means nothing to trees, so that they
# took shrunken noise for news (flights by destination, 1 %: boosted trees 0.6 % worse; income by country, 1 %: forests 0.8 % worse).
LEAST_SHARE = 0.03


@dataclass(frozen=True, eq=False)
class TargetEncoding:
    """One table per wide column: code → number of each fold's model and output.

    Numbers are differences to the overall mean, shrunk towards 0 where a level has few rows: in standard deviations of a regression's
    target, or in logits of a class. A level that is missing, rare or unseen has a code, so it has numbers as well. A column whose levels
    explain next to nothing of the target is left out.

    Attributes:
        columns: Places of the encoded columns among the categories; may be empty.
        tables: For each of them (codes, folds, outputs), float32.

    Example:
        >>> codes, target = np.repeat([[2], [3]], 500, axis=0), np.repeat([1.0, -1.0], 500)
        >>> spec = Spec(0, 0, (4,), 1, "regression", 1000)
        >>> encoding, rows = TargetEncoding.fit(codes, target, np.arange(1000) % 5, 5, spec, [0])
        >>> rows.shape, encoding.transform(np.array([[2], [1]]))[:, 0, 0].round(2).tolist()
        ((1000, 5, 1), [1.0, 0.0])
    """

    columns: tuple[int, ...]
    tables: tuple[NDArray[np.float32], ...]

    @classmethod
    def fit(
        cls,
        codes: NDArray[Any],
        target: NDArray[Any],
        fold: NDArray[np.int64],
        folds: int,
        spec: Spec,
        columns: Sequence[int],
        seed: int = 0,
    ) -> tuple[TargetEncoding, NDArray[np.float32]]:
        """Learn the tables, and encode the training rows without looking at their own target.

        Args:
            codes: Codes of all category columns, (rows, categories).
            target: Class codes, or the standardised target, (rows,).
            fold: Fold that validates each row; -1 for none, (rows,).
            folds: Number of folds.
            spec: The shapes; outputs and problem are used.
            columns: Places of the columns to encode.
            seed: Seed of the inner parts.

        Returns:
            The encoding, and the training rows' own numbers, (rows, folds, encoded columns × outputs).
        """
        part, fold_of_part = inner_parts(fold, folds, np.random.default_rng([seed, 11]))
        values = averaged(target, spec)
        outputs = values.shape[1]
        kept, tables, encoded = [], [], [np.zeros((len(target), folds, 0), dtype=np.float32)]
        for column in columns:
            place = codes[:, column].astype(np.int64)
            size = int(place.max(initial=1)) + 1
            table = np.empty((size, folds, outputs), dtype=np.float32)
            rows = np.empty((len(target), folds, outputs), dtype=np.float32)
            for output in range(outputs):
                sums = _Sums.of(place, part, values[:, output], size, len(fold_of_part))
                for model in range(folds):
                    table[:, model, output], inner = sums.encode(fold_of_part == model, spec.is_classification)
                    rows[:, model, output] = np.where(fold == model, table[place, model, output], inner[place, part])
            if table.any():  # a column without numbers for any model would be zeros for all of them
                kept.append(int(column))
                tables.append(table)
                encoded.append(rows)
        return cls(tuple(kept), tuple(tables)), np.concatenate(encoded, axis=2)

    @property
    def width(self) -> int:
        """Numbers that a row gets for each fold's model."""
        return sum(table.shape[2] for table in self.tables)

    def names(self, categories: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the name and the source of each number, given the names of the category columns."""
        sources = [categories[column] for column, table in zip(self.columns, self.tables, strict=True) for _ in range(table.shape[2])]
        numbers = [output for table in self.tables for output in range(table.shape[2])]
        single = all(table.shape[2] == 1 for table in self.tables)
        names = [f"{source}: target" if single else f"{source}: class {number}" for source, number in zip(sources, numbers, strict=True)]
        return names, sources

    def transform(self, codes: NDArray[Any]) -> NDArray[np.float32]:
        """Return the numbers of rows that no model has learnt from, (rows, folds, columns × outputs).

        Args:
            codes: Codes of all category columns, (rows, categories).
        """
        # A code that training rows did not have is rare or unseen, which is code 1.
        columns = zip(self.columns, self.tables, strict=True)
        parts = [table[np.where(codes[:, column] < len(table), codes[:, column], 1)] for column, table in columns]
        return np.concatenate(parts, axis=2)

    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was learnt, under names that begin with `prefix`."""
        tables = {f"{prefix}_{column}": table for column, table in zip(self.columns, self.tables, strict=True)}
        return {f"{prefix}_columns": np.array(self.columns, dtype=np.int64), **tables}

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> TargetEncoding:
        """Rebuild from :meth:`to_arrays`.

        Raises:
            ArtifactError: If tables are missing or do not fit together.
        """
        columns = tuple(int(column) for column in arrays[f"{prefix}_columns"])
        tables = tuple(arrays[f"{prefix}_{column}"] for column in columns)
        if any(table.ndim != 3 or len(table) < 2 or table.shape[1:] != tables[0].shape[1:] for table in tables):
            raise ArtifactError("The target encoding of a model must have one table of equal folds per column. The file is damaged.")
        return cls(columns, tables)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Rows, sum and sum of squares of one output, by level and part, (levels, parts)."""

    rows: Floats
    total: Floats
    squares: Floats

    @classmethod
    def of(cls, place: NDArray[np.int64], part: NDArray[np.int64], values: Floats, levels: int, parts: int) -> _Sums:
        cell = place * parts + part
        made = [np.bincount(cell, weights, levels * parts).reshape(levels, parts) for weights in (None, values, values * values)]
        return cls(*(table.astype(np.float64) for table in made))

    def encode(self, left_out: NDArray[np.bool_], logits: bool) -> tuple[Floats, Floats]:
        """Return the numbers for the model that leaves out some parts: of new rows (levels,), and of its own by part (levels, parts)."""
        seen = ~left_out
        rows, total = self.rows[:, seen].sum(axis=1), self.total[:, seen].sum(axis=1)
        weight = _prior_rows(rows, total, self.squares[:, seen].sum(axis=1))
        if not np.isfinite(weight):
            return np.zeros(len(rows)), np.zeros_like(self.rows)
        inner = np.zeros_like(self.rows)
        inner[:, seen] = _shrunk(rows[:, None] - self.rows[:, seen], total[:, None] - self.total[:, seen], weight, logits)
        return _shrunk(rows[:, None], total[:, None], weight, logits)[:, 0], inner


def _shrunk(rows: Floats, total: Floats, weight: float, logits: bool) -> Floats:
    """Return how far each level's mean is from the overall mean, which counts as `weight` rows more, (levels, parts)."""
    everything = np.maximum(rows.sum(axis=0), 0.0)
    mean = total.sum(axis=0) / np.maximum(everything, 1.0)
    if not logits:
        return np.asarray((total - rows * mean) / (rows + weight))
    # Half a row on either side: a class that no row has is rare, not impossible.
    mean = (mean * everything + 0.5) / (everything + 1.0)
    share = (total + weight * mean) / (rows + weight)
    return np.asarray(np.log(share / (1.0 - share)) - np.log(mean / (1.0 - mean)))


def _prior_rows(rows: Floats, total: Floats, squares: Floats) -> float:
    """Return how many rows the overall mean is worth: variance within levels over variance between levels (empirical Bayes).

    Both are estimated by the analysis of variance of unequal groups; infinite where levels explain next to nothing of the target.
    """
    known = rows > 0
    rows, total, squares = rows[known], total[known], squares[known]
    levels, everything = len(rows), float(rows.sum())
    if levels < 2 or everything <= levels:
        return np.inf
    of_levels, of_mean = float((total**2 / rows).sum()), float(total.sum()) ** 2 / everything
    within = max(float(squares.sum()) - of_levels, 0.0) / (everything - levels)
    if within > (1.0 - LEAST_SHARE) * (float(squares.sum()) - of_mean) / (everything - 1.0):
        return np.inf
    balance = (everything - float((rows**2).sum()) / everything) / (levels - 1)
    between = ((of_levels - of_mean) / (levels - 1) - within) / balance
    return max(within / between, LEAST_ROWS) if between > 0 else np.inf


def averaged(target: NDArray[Any], spec: Spec) -> Floats:
    """Return what is averaged: the number, whether it is the second of two classes, or whether it is each class, (rows, outputs)."""
    if not spec.is_classification:
        return np.asarray(target, dtype=np.float64)[:, None]
    wanted = np.arange(spec.outputs)[1 if spec.outputs == 2 else 0 :]
    return np.asarray(np.equal(np.asarray(target)[:, None], wanted), dtype=np.float64)


def inner_parts(fold: NDArray[np.int64], folds: int, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the part of each row, and the fold of each part; -1 for parts of rows that no fold validates."""
    pieces = 1 if folds == 1 else max(-(-FEWEST_PARTS // (folds - 1)), 1)
    part = np.empty(len(fold), dtype=np.int64)
    for number in range(-1, folds):
        rows = np.flatnonzero(fold == number)
        first, count = (folds * pieces, INNER_PARTS) if number < 0 else (number * pieces, pieces)
        part[rows] = first + rng.permutation(np.arange(len(rows)) % count)
    return part, np.concatenate([np.repeat(np.arange(folds), pieces), np.full(INNER_PARTS, -1)])
