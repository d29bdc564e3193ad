"""An additive model of a table, quick and rough: what columns say one by one, so that it shows what only a combination says.

Each number becomes a bent line (its scaled value and hat functions between quantiles), each category one column per frequent level, and
the target is fitted by least squares. A combined column is then judged by what its own bent line explains of the rest, after everything
that the additive model can say was taken out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from automl.preprocessing.base import Arrays, Spec
from automl.preprocessing.scaling import Floats, Scaling, robust_scale

HATS = 4  # bends of a line
WIDTH = HATS + 1
LEVELS = 10  # of a category, the most frequent ones
ROWS_PER_COEFFICIENT = 8
MOST_COEFFICIENTS = 150
RIDGE = 0.01  # of a column's variance: directions that say less than that beyond the additive model do not count
LUCK = 0.01  # chance that any proposal of noise is taken

Matrix = NDArray[np.float32]


def basis(values: Floats) -> Matrix:
    """Return a column as a bent line, (rows, WIDTH): its scaled value and hat functions between its quartiles; 0 where missing.

    Example:
        >>> basis(np.arange(5.0))[1].round(2).tolist()
        [-0.49000000953674316, 1.0, 0.0, 0.0, 0.0]
    """
    made = np.zeros((len(values), WIDTH), dtype=np.float32)
    known = ~np.isnan(values)
    if not known.any():
        return made
    centre, factor = robust_scale(values)
    made[:, 0] = Scaling(np.array([centre]), np.array([factor]), np.ones(1)).apply(values[:, None])[:, 0]
    edges, place = np.unique(np.quantile(values[known], np.linspace(0.0, 1.0, WIDTH)), return_index=True)
    at = np.interp(values[known], edges, place)
    made[known, 1:] = np.maximum(1.0 - np.abs(at[:, None] - np.arange(1, WIDTH)), 0.0)
    return made


@dataclass
class Additive:
    """The additive model of some rows.

    Attributes:
        directions: Orthonormal directions of all that it can say, (rows, coefficients).
        rest: What it leaves of each output, in standard deviations of it, (rows, outputs).
        of_numbers: What each raw number says about the target alone.
        of_categories: What each category says alone.
    """

    directions: Matrix
    rest: Matrix
    of_numbers: Floats
    of_categories: Floats

    @classmethod
    def fit(cls, arrays: Arrays, target: NDArray[Any], learn: NDArray[np.bool_], spec: Spec) -> Additive:
        """Fit it to some rows; the others are not looked at.

        Args:
            arrays: Prepared columns of the sample.
            target: Class codes, or the standardised target, (rows,).
            learn: Which rows to learn from, (rows,).
            spec: The shapes.
        """
        y = _outputs(target[learn], spec)
        numbers = arrays["raw_numbers"][learn].astype(np.float64)
        lines = [basis(column) for column in numbers.T]
        steps = [one_hot(column, LEVELS) for column in arrays["categories"][learn].T]
        of_numbers, of_categories = (np.array([_alone(part, y) for part in parts]) for parts in (lines, steps))
        others = [arrays["numbers"][learn][:, numbers.shape[1] :]]  # whether a number is missing
        ranked = [part for _, _, part in sorted(_numbered([*of_numbers, *of_categories], [*lines, *steps]), key=lambda item: item[:2])]
        most = int(np.clip(len(y) // ROWS_PER_COEFFICIENT, 1, MOST_COEFFICIENTS))
        directions = _orthonormal(np.hstack([*ranked, *others])[:, :most]) if ranked or others[0].size else np.zeros((len(y), 0))
        rest = y - directions @ (directions.T @ y)
        return cls(directions.astype(np.float32), rest.astype(np.float32), of_numbers, of_categories)

    def best_numbers(self, places: Sequence[int], most: int) -> list[int]:
        """Return the places, of those given, of the numbers that say most about the target alone."""
        return sorted(places, key=lambda place: -self.of_numbers[place])[:most]

    def best_categories(self, most: int) -> list[int]:
        """Return the places of the categories that say most about the target alone."""
        return sorted(range(len(self.of_categories)), key=lambda place: -self.of_categories[place])[:most]

    def forward(self, bases: Matrix, most: int) -> list[tuple[int, float]]:
        """Return bases that explain the rest, one after the other, each with the share of the rest that it explains beside those before.

        Args:
            bases: Of the same rows, (columns, rows, width).
            most: How many to take at most. It ends earlier where luck would explain as much.
        """
        count, rows, width = bases.shape
        spread = bases.std(axis=1, keepdims=True)
        bases = (bases - bases.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-6) * (spread > 1e-6)
        flat = np.ascontiguousarray(bases.transpose(1, 0, 2)).reshape(rows, count * width)
        inner = (bases.transpose(0, 2, 1) @ bases).astype(np.float64)
        inner[:, np.arange(width), np.arange(width)] += RIDGE * rows
        # What is left of a basis beside some directions enters by its inner products alone, so that it need not be written out.
        inner -= _within(self.directions.T @ flat, width)
        rest, whole = self.rest, float((self.rest**2).sum())
        free = max(rows - self.directions.shape[1] - 1, rows // 2)
        luck = chi2.isf(LUCK / count, width * rest.shape[1])
        directions, taken = self.directions, list[tuple[int, float]]()
        while len(taken) < most and whole > 0:
            shared = (flat.T @ rest).astype(np.float64).reshape(count, width, -1)
            found = (shared * np.linalg.solve(inner, shared)).sum(axis=1)
            noise = np.maximum((rest.astype(np.float64) ** 2).sum(axis=0) / free, 1e-12)
            best = int(np.argmax((found / noise).sum(axis=1)))
            if float((found[best] / noise).sum()) < luck:
                break
            taken.append((best, float(found[best].sum()) / whole))
            new = _orthonormal(bases[best] - directions @ (directions.T @ bases[best]), least=RIDGE).astype(np.float32)
            inner -= _within(new.T @ flat, width)
            rest, directions = rest - new @ (new.T @ rest), np.hstack([directions, new])
        return taken


def _within(shared: Matrix, width: int) -> Floats:
    """Return the inner products of each basis with itself inside some directions, (columns, width, width).

    Args:
        shared: Inner products of the directions with all bases side by side, (directions, columns × width).
        width: Of a basis.
    """
    blocks = shared.astype(np.float64).reshape(len(shared), shared.shape[1] // width, width).transpose(1, 0, 2)
    return np.asarray(blocks.transpose(0, 2, 1) @ blocks)


def _outputs(target: NDArray[Any], spec: Spec) -> Floats:
    """Return the centred target, or centred and scaled indicators of its classes, (rows, outputs)."""
    if spec.is_classification:
        wanted = np.arange(spec.outputs)[1 if spec.outputs == 2 else 0 :]
        y = np.equal(np.asarray(target)[:, None], wanted).astype(np.float64)
    else:
        y = np.asarray(target, dtype=np.float64)[:, None]
    y = y - y.mean(axis=0)
    return np.asarray(y / np.maximum(y.std(axis=0), 1e-12))


def one_hot(codes: NDArray[Any], levels: int) -> Matrix:
    """Return one column for each of the first codes: missing, rare, and the most frequent `levels` but one, (rows, columns).

    Example:
        >>> one_hot(np.array([2, 3, 4]), 3).tolist()
        [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    wanted = np.unique(codes[codes < levels + 2])[:-1]
    return np.asarray(np.equal(codes[:, None], wanted), dtype=np.float32)


def _alone(part: Matrix, y: Floats) -> float:
    """Return how much of the target a part explains alone."""
    if not part.shape[1]:
        return 0.0
    centred = (part - part.mean(axis=0)).astype(np.float64)
    inner = centred.T @ centred + RIDGE * len(y) * np.eye(part.shape[1])
    shared = centred.T @ y
    return float((shared * np.linalg.solve(inner, shared)).sum())


def _numbered(scores: Sequence[float], parts: Sequence[Matrix]) -> list[tuple[float, int, Matrix]]:
    return [(-score, number, part) for number, (score, part) in enumerate(zip(scores, parts, strict=True))]


def _orthonormal(columns: NDArray[Any], least: float = 1e-6) -> Floats:
    """Return orthonormal directions that the centred columns span, (rows, directions), without those that hardly vary."""
    centred = columns.astype(np.float64) - columns.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    kept = values > least * len(columns)
    return np.asarray(centred @ (vectors[:, kept] / np.sqrt(values[kept])))
