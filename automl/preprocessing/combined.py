"""Combined columns: a number over another, a number beside the mean of its level; what one column alone does not say.

Values never look at the target. Statistics of levels come from training rows, and a level without rows there has those of the whole.
Which columns a model gets does depend on the target, so it is decided for each fold's model from the rows that this model may learn
from (see :mod:`automl.preprocessing.combining`): a column that a model does not get is 0 in all of its rows.

Source: Kanter and Veeramachaneni (2015), Deep feature synthesis; Zhang et al. (2023, arXiv:2211.12507), OpenFE, for choosing among many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError
from automl.preprocessing.base import Arrays
from automl.preprocessing.scaling import Floats, Scaling, finite, robust_scale

PRIOR_ROWS = 10.0  # that the mean of the whole is worth in the mean of a level: a row must not meet itself as its level
UNKNOWN = 1  # the code of rare and unseen levels, which are no group
KINDS = {
    "minus": "{0} − {1}",
    "times": "{0} × {1}",
    "over": "{0} / {1}",
    "minus level": "{0} − its mean by {1}",
    "over level": "{0} / its mean by {1}",
    "level rows": "rows with the same {1}",
}
OF_LEVELS = frozenset({"minus level", "over level", "level rows"})


@dataclass(frozen=True, order=True)
class Formula:
    """How a combined column is made.

    Attributes:
        kind: One of :data:`KINDS`.
        first: Place of a number among the raw numbers; of no meaning for "level rows".
        second: Place of the other number, or of a category among the categories.

    Example:
        >>> Formula("over", 1, 0).name(["rooms", "income"], [])
        'income / rooms'
    """

    kind: str
    first: int
    second: int

    def name(self, numbers: Sequence[str], categories: Sequence[str]) -> str:
        """Return a readable name, given the names of the numbers and the categories."""
        first, second = self._names(numbers, categories)
        return KINDS[self.kind].format(first, second)

    def sources(self, numbers: Sequence[str], categories: Sequence[str]) -> list[str]:
        """Return the names of what it is made from."""
        return list(self._names(numbers, categories))[1 if self.kind == "level rows" else 0 :]

    def _names(self, numbers: Sequence[str], categories: Sequence[str]) -> tuple[str, str]:
        first = "" if self.kind == "level rows" else numbers[self.first]
        return first, (categories if self.kind in OF_LEVELS else numbers)[self.second]

    def table(self, numbers: NDArray[Any], codes: NDArray[Any], count: int) -> Floats:
        """Return what training rows say about each code of a category: its rows, or the mean of the number, (codes,).

        Args:
            numbers: Raw numbers of all training rows, NaN where missing, (rows, columns).
            codes: Codes of their categories, (rows, categories).
            count: Number of codes of the category.

        Returns:
            Means are shrunk towards that of the whole, which rare and unseen levels have; a rare level counts as one row.
        """
        place = codes[:, self.second]
        if self.kind == "level rows":
            rows = np.bincount(place, minlength=count).astype(np.float64)
            rows[UNKNOWN] = 1.0
            return rows
        values = numbers[:, self.first].astype(np.float64)
        known = ~np.isnan(values)
        rows = np.bincount(place[known], minlength=count).astype(np.float64)
        total = np.bincount(place[known], weights=values[known], minlength=count)
        mean = float(values[known].mean()) if known.any() else np.nan
        table: Floats = (total + PRIOR_ROWS * mean) / (rows + PRIOR_ROWS)
        table[UNKNOWN] = mean
        return table

    def values(self, numbers: Floats, codes: NDArray[Any], table: Floats | None = None) -> Floats:
        """Return the column; NaN where a part of it is missing or it would be divided by 0, (rows,).

        Args:
            numbers: Raw numbers, NaN where missing, (rows, columns).
            codes: Codes of the categories, (rows, categories).
            table: What :meth:`table` gave, for a formula of levels.
        """
        if table is None:
            other: Floats = numbers[:, self.second]
        else:
            place = codes[:, self.second]
            # A code that the training rows did not have is an unseen level.
            other = table[np.where(place < len(table), place, UNKNOWN)]
        if self.kind == "level rows":
            return other
        first = numbers[:, self.first]
        if self.kind.startswith("minus"):
            return first - other
        if self.kind == "times":
            return finite(first * other)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            return finite(np.where(other == 0.0, np.nan, first / other))


@dataclass(frozen=True, eq=False)
class CombinedColumns:
    """Formulas with all they need, and which fold's model gets which of them.

    Attributes:
        formulas: How each column is made; may be empty.
        given: Whether the model that leaves a fold out gets a column, (folds, columns).
        scaling: Brings the columns to unit size.
        tables: For a formula of levels what training rows say about each code; None for the others.

    Example:
        >>> numbers, codes = np.array([[6.0, 2.0], [9.0, 3.0], [8.0, 0.0], [5.0, 5.0]]), np.zeros((4, 0), dtype=np.int32)
        >>> made = CombinedColumns.fit([Formula("over", 0, 1)], np.ones((1, 1), dtype=bool), numbers, codes, ())
        >>> [round(float(value), 2) for value in made.transform(numbers, codes).ravel()]
        [0.0, 0.0, 0.0, -1.66]
    """

    formulas: tuple[Formula, ...]
    given: NDArray[np.bool_]
    scaling: Scaling
    tables: tuple[Floats | None, ...]

    @classmethod
    def fit(
        cls,
        formulas: Sequence[Formula],
        given: NDArray[np.bool_],
        numbers: NDArray[Any],
        codes: NDArray[Any],
        counts: Sequence[int],
        looked_at: tuple[Floats, NDArray[Any]] | None = None,
    ) -> CombinedColumns:
        """Learn the statistics of levels and the scale of each column; no target is looked at.

        Args:
            formulas: How each column is made.
            given: Whether each fold's model gets it, (folds, columns).
            numbers: Raw numbers of all training rows, (rows, columns).
            codes: Codes of their categories, (rows, categories).
            counts: Number of codes of each category.
            looked_at: Numbers, in full precision, and codes of the rows that the scales are taken from; None for all.
        """
        tables = tuple(formula.table(numbers, codes, counts[formula.second]) if formula.kind in OF_LEVELS else None for formula in formulas)
        seen, of_seen = (numbers.astype(np.float64), codes) if looked_at is None else looked_at
        scales = [(*robust_scale(formula.values(seen, of_seen, table)), 1.0) for formula, table in zip(formulas, tables, strict=True)]
        scale = np.array(scales, dtype=np.float64).reshape(len(formulas), 3)
        return cls(tuple(formulas), np.asarray(given, dtype=bool), Scaling(*(part.copy() for part in scale.T)), tables)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.formulas)

    def values(self, numbers: Floats, codes: NDArray[Any]) -> Floats:
        """Return the columns as they are, NaN where missing, (rows, columns)."""
        made = np.empty((len(numbers), self.width))
        for place, (formula, table) in enumerate(zip(self.formulas, self.tables, strict=True)):
            made[:, place] = formula.values(numbers, codes, table)
        return made

    def transform(self, numbers: Floats, codes: NDArray[Any]) -> NDArray[np.float32]:
        """Return the columns for each fold's model, (rows, folds, columns): scaled, 0 where missing or not given to that model.

        Args:
            numbers: Raw numbers in full precision, NaN where missing, (rows, columns).
            codes: Codes of the categories, (rows, categories).
        """
        scaled = self.scaling.apply(self.values(numbers, codes)).astype(np.float32)
        return np.where(self.given, scaled[:, None, :], np.float32(0.0))

    def to_json(self) -> dict[str, Any]:
        """Return formulas and who gets them as JSON-ready values; with the training rows they are enough to :meth:`fit` again."""
        return {
            "formulas": [[formula.kind, formula.first, formula.second] for formula in self.formulas],
            "given": self.given.astype(int).tolist(),
        }

    def to_arrays(self, prefix: str) -> Arrays:
        """Return what was learnt, under names that begin with `prefix`."""
        tables = {f"{prefix}_{place}": table for place, table in enumerate(self.tables) if table is not None}
        scaling = np.stack([self.scaling.centre, self.scaling.factor, self.scaling.clipped])
        return {f"{prefix}_scaling": scaling, **tables}

    @classmethod
    def from_json(cls, told: Mapping[str, Any], arrays: Arrays, prefix: str) -> CombinedColumns:
        """Rebuild from :meth:`to_json` and :meth:`to_arrays`.

        Raises:
            ArtifactError: If they do not fit together.
        """
        formulas, given = formulas_from(told)
        tables = tuple(arrays.get(f"{prefix}_{place}") if formula.kind in OF_LEVELS else None for place, formula in enumerate(formulas))
        scaling = arrays.get(f"{prefix}_scaling")
        whole = scaling is not None and scaling.shape == (3, len(formulas)) and given.shape[1:] == (len(formulas),)
        for formula, table in zip(formulas, tables, strict=True):
            whole = whole and (formula.kind not in OF_LEVELS or (table is not None and table.ndim == 1 and len(table) > UNKNOWN))
        if not whole or scaling is None:
            raise ArtifactError(
                "The combined columns of a model must have a scale and the statistics of their levels. The file is damaged."
            )
        return cls(formulas, given, Scaling(*scaling), tables)


def formulas_from(told: Mapping[str, Any]) -> tuple[tuple[Formula, ...], NDArray[np.bool_]]:
    """Return formulas and who gets them from :meth:`CombinedColumns.to_json`.

    Raises:
        ArtifactError: If a kind of formula is not known.
    """
    formulas = tuple(Formula(str(kind), int(first), int(second)) for kind, first, second in told["formulas"])
    unknown = sorted({formula.kind for formula in formulas} - set(KINDS))
    if unknown:
        raise ArtifactError(f"A combined column must be one of {list(KINDS)}. Received {unknown}; the file is newer than this automl.")
    return formulas, np.array(told["given"], dtype=bool).reshape(len(told["given"]), len(formulas))
