"""What the words of a text say of the target, as one number: a linear model of words whose answer other families read as a column.

Trees read a text as the few directions in which texts differ most, and those need not be the ones that matter; a linear model of twenty
thousand words and groups of letters reads every one of them, but knows nothing of how they go together with the other columns. Its answer
as a column gives trees and networks of the table both. As with :mod:`automl.preprocessing.target_encoding`, every row gets the answer of
a model that has not seen its target, and each fold's model gets numbers for which the fold's target does not exist:

    model that leaves out fold f     row of fold f:        ridge regression on all rows outside f
                                     row of part g ≠ f:    ridge regression on all rows outside f and outside g

Source: ridge regression (Hoerl and Kennard, 1970) on TF-IDF, its answers out of fold as in stacked generalisation (Wolpert, 1992). All of
these regressions are solved side by side by conjugate gradients (Hestenes and Stiefel, 1952): each step multiplies the matrix of words
once by the directions of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError
from automl.preprocessing.base import Arrays, Spec
from automl.preprocessing.target_encoding import LEAST_SHARE, MOST_CLASSES, averaged, inner_parts
from automl.preprocessing.text import TextComponents

Floats = NDArray[np.float32]

PENALTIES = (3.0, 10.0, 30.0)  # rows of words have about length √2
STEPS = 12  # of conjugate gradients; what more of them would find is noise
PACE = 2e8  # multiplications per second of one slow core in a product of a sparse matrix
SHARE = 0.06  # of the budget that the regressions of all columns may take
MOST_SECONDS = 60.0  # where no clock runs
LEAST_ROWS = 200


@dataclass(frozen=True, eq=False)
class WordEncoding:
    """One table per text column: word or group of letters → weight in each fold's model and output.

    Numbers are differences to the mean of the target, in its standard deviations; 0 for a text of which nothing is known. A column
    whose words explain next to nothing of the target is left out.

    Attributes:
        columns: Names of the encoded columns; may be empty.
        tables: For each of them (buckets of its :class:`TextComponents`, folds × outputs), float32.
        folds: How many models there are.
    """

    columns: tuple[str, ...]
    tables: tuple[Floats, ...]
    folds: int

    @classmethod
    def fit(
        cls,
        texts: Mapping[str, tuple[TextComponents, Sequence[Any]]],
        target: NDArray[Any],
        fold: NDArray[np.int64],
        folds: int,
        spec: Spec,
        seed: int = 0,
    ) -> tuple[WordEncoding, Floats]:
        """Learn the tables, and encode the training rows without looking at their own target.

        Args:
            texts: By name of the column how it is weighed, and one cell per training row.
            target: Class codes, or the standardised target, (rows,).
            fold: Fold that validates each row; -1 for none, (rows,).
            folds: Number of folds.
            spec: The shapes; outputs and problem are used.
            seed: Seed of the inner parts.

        Returns:
            The encoding, and the training rows' own numbers, (rows, folds, columns × outputs).
        """
        part, fold_of_part = inner_parts(fold, folds, np.random.default_rng([seed, 17]))
        values = averaged(target, spec)
        values = (values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-9)
        columns, tables, encoded = [], [], [np.zeros((len(fold), folds, 0), np.float32)]
        for name, (weighing, cells) in texts.items():
            table, rows, share = _cross_fitted(weighing.weighed(cells), values.astype(np.float32), part, fold_of_part, folds)
            if share >= LEAST_SHARE:
                columns.append(name)
                tables.append(table)
                encoded.append(rows)
        return cls(tuple(columns), tuple(tables), folds), np.concatenate(encoded, axis=2)

    @property
    def width(self) -> int:
        """Numbers that a row gets for each fold's model."""
        return sum(int(table.shape[1]) for table in self.tables) // self.folds

    def names(self) -> tuple[list[str], list[str]]:
        """Return the name and the source of each number."""
        outputs = self.width // max(len(self.columns), 1)
        sources = [name for name in self.columns for _ in range(outputs)]
        numbers = [number for _ in self.columns for number in range(outputs)]
        told = [
            f"{name}: words" if outputs == 1 else f"{name}: words, class {number}" for name, number in zip(sources, numbers, strict=True)
        ]
        return told, sources

    def transform(self, texts: Mapping[str, tuple[TextComponents, Sequence[Any]]]) -> Floats:
        """Return the numbers of rows that no model has learnt from, (rows, folds, columns × outputs).

        Args:
            texts: By name of the column how it is weighed, and one cell per row.
        """
        parts = []
        for name, table in zip(self.columns, self.tables, strict=True):
            weighing, cells = texts[name]
            answers = weighing.weighed(cells) @ table.astype(np.float64)
            parts.append(answers.reshape(len(cells), self.folds, -1).astype(np.float32))
        return np.concatenate(parts, axis=2)

    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was learnt, under names that begin with `prefix`."""
        return {f"{prefix}_{place}": table for place, table in enumerate(self.tables)}

    @classmethod
    def from_arrays(cls, columns: Sequence[str], folds: int, arrays: Arrays, prefix: str) -> WordEncoding:
        """Rebuild from :meth:`to_arrays`.

        Raises:
            ArtifactError: If tables are missing or do not fit.
        """
        tables = tuple(arrays[f"{prefix}_{place}"] for place in range(len(columns)))
        if folds < 1 or any(table.ndim != 2 or table.shape[1] % folds for table in tables):
            raise ArtifactError("The weights of words of a model must be one table of equal folds per column. The file is damaged.")
        return cls(tuple(columns), tables, folds)


def affordable(texts: Mapping[str, tuple[TextComponents, Sequence[Any]]], spec: Spec, folds: int, seconds: float | None) -> list[str]:
    """Return the columns that there is time for, the shorter texts first; none where there are few rows or many classes.

    Only sizes and the limit of the budget count, not how much of it is left, so that a run that goes on comes to the same.

    Args:
        texts: By name of the column how it is weighed, and one cell per training row.
        spec: The shapes.
        folds: Number of folds.
        seconds: Limit of the budget; None where no clock runs.
    """
    if spec.rows < LEAST_ROWS or spec.outputs > MOST_CLASSES:
        return []
    outputs = spec.outputs if spec.outputs > 2 else 1
    systems = (folds + folds * (folds - 1) // 2 if folds > 3 else 5 * folds) * len(PENALTIES) * outputs
    left = MOST_SECONDS if seconds is None else SHARE * seconds
    chosen = []
    sizes = {name: _characters(cells) for name, (weighing, cells) in texts.items() if len(weighing.buckets)}
    for name in sorted(sizes, key=lambda name: sizes[name]):
        cost = 3.0 * sizes[name] * systems * 2 * STEPS / PACE  # groups of three to five letters, and the words
        if cost <= left:
            chosen.append(name)
            left -= cost
    return sorted(chosen)


def _characters(cells: Sequence[Any]) -> float:
    """Return the characters of a column, from a sample of its cells."""
    step = max(len(cells) // 500, 1)
    return float(step * sum(len(cell) for cell in cells[::step] if isinstance(cell, str)))


def _cross_fitted(
    words: Any, values: Floats, part: NDArray[np.int64], fold_of_part: NDArray[np.int64], folds: int
) -> tuple[Floats, Floats, float]:
    """Return the weights of each fold's model, the training rows' numbers, and the share of the variance that these explain."""
    of_model = [frozenset(np.flatnonzero(fold_of_part == model).tolist()) for model in range(folds)]
    parts = [inner for inner in range(len(fold_of_part)) if (part == inner).any()]
    left_out = {*of_model, *(outer | {inner} for outer in of_model for inner in parts if inner not in outer)}
    order = sorted(left_out, key=sorted)
    keep = np.stack([~np.isin(part, list(absent)) for absent in order], axis=1)
    weights = ridge(words, values, keep, PENALTIES)
    rows_told = np.zeros((len(part), folds, values.shape[1]), np.float32)
    table = np.zeros((words.shape[1], folds, values.shape[1]), np.float32)
    shares = []
    for model, outer in enumerate(of_model):
        seen = [inner for inner in parts if inner not in outer]
        told = np.zeros((len(PENALTIES), *values.shape), np.float32)
        for inner in seen:
            rows = np.flatnonzero(part == inner)
            for place, entry in enumerate(weights[order.index(outer | {inner})]):
                told[place, rows] = words[rows] @ entry
        inside = np.flatnonzero(~np.isin(part, list(outer)))
        errors = ((told[:, inside] - values[inside]) ** 2).sum(axis=(1, 2))
        best = int(errors.argmin())  # by rows whose target the fold's model may see
        shares.append(1.0 - errors[best] / max(float((values[inside] ** 2).sum()), 1e-9))
        table[:, model] = weights[order.index(outer)][best]
        rows_told[:, model] = told[best]
        rest = np.flatnonzero(np.isin(part, list(outer)))
        rows_told[rest, model] = words[rest] @ table[:, model]
    return table.reshape(len(table), -1), rows_told, float(np.mean(shares))


def ridge(words: Any, values: Floats, keep: NDArray[np.bool_], penalties: Sequence[float], steps: int = STEPS) -> Floats:
    """Solve the ridge regressions of all subsets of rows, penalties and outputs side by side, by conjugate gradients.

    Args:
        words: Sparse (rows, words).
        values: What is to be told, (rows, outputs).
        keep: Rows of each subset, (rows, subsets).
        penalties: Times the squares of the weights.
        steps: Of conjugate gradients.

    Returns:
        (subsets, penalties, words, outputs), float32. The mean of the values over a subset is taken out before.

    Example:
        >>> from scipy import sparse
        >>> words, values = sparse.eye(4, format="csr"), np.array([[1.0], [-1.0], [2.0], [-2.0]], np.float32)
        >>> ridge(words, values, np.ones((4, 1), bool), [1.0])[0, 0, :, 0].round(2).tolist()
        [0.5, -0.5, 1.0, -1.0]
    """
    subsets, outputs = keep.shape[1], values.shape[1]
    words = words.astype(np.float32)
    across = words.T.tocsr()
    mean = (keep.T.astype(np.float32) @ values) / np.maximum(keep.sum(axis=0), 1)[:, None]
    centred = (values[:, None] - mean[None]) * keep[:, :, None]  # (rows, subsets, outputs)
    systems = (subsets, len(penalties), outputs)
    start = np.broadcast_to((across @ centred.reshape(len(values), -1)).reshape(-1, subsets, 1, outputs), (words.shape[1], *systems))
    shown = np.broadcast_to(keep[:, :, None, None], (len(values), *systems)).reshape(len(values), -1)
    penalty = np.broadcast_to(np.asarray(penalties, np.float32)[None, :, None], systems).reshape(-1)
    residual = start.reshape(words.shape[1], -1).copy()
    weights, direction = np.zeros_like(residual), residual.copy()
    size = np.einsum("ij,ij->j", residual, residual)
    for _ in range(steps):
        moved = across @ np.where(shown, words @ direction, np.float32(0)) + penalty * direction
        length = size / np.maximum(np.einsum("ij,ij->j", direction, moved), 1e-20)
        weights += length * direction
        residual -= length * moved
        fresh = np.einsum("ij,ij->j", residual, residual)
        direction = residual + (fresh / np.maximum(size, 1e-20)) * direction
        size = fresh
    return np.ascontiguousarray(np.moveaxis(weights.reshape(-1, *systems), 0, 2))
