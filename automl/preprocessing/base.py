"""What every preprocessor speaks: the shape of its arrays (Spec) and its stored state (State)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Extra:
    """One further array, of texts, pictures or series.

    Attributes:
        name: Under which it stands among the arrays.
        shape: Of one row.
        kind: NumPy's name of the values' type, or "sparse" for the rows of a SciPy CSR matrix.
        levels: How many different values there are, where they are codes; 0 where they are measures.
    """

    name: str
    shape: tuple[int, ...]
    kind: str = "float32"
    levels: int = 0


@dataclass(frozen=True)
class Spec:
    """The shapes that a family needs in order to build a model.

    Attributes:
        numbers: Columns of ``arrays["numbers"]``: float32, finite, scaled; for networks and linear models.
        raw_numbers: Columns of ``arrays["raw_numbers"]``: float32, unscaled, NaN where missing; for trees.
        categories: Number of codes of each column of ``arrays["categories"]``: int32; 0 missing, 1 rare or unseen, 2 and more the levels.
        outputs: Columns of a prediction: the number of classes, or 1 for regression.
        problem: "binary", "multiclass" or "regression".
        rows: Rows that the preprocessor was fitted on.
        encoded: Columns of ``arrays["encoded"]``: float32, finite, of about unit size, (rows, folds, columns): wide categories by what
            the target is like in their rows, and combined columns; the second axis says for which fold's model.
        knots: Quantiles of each column of ``arrays["numbers"]``, ascending; empty where a column has too few values to bend.
        extra: Further arrays, of texts, pictures or series.
        modality: What carries the signal: "tabular", "text", "image", "sequence" or "mixed".

    Example:
        >>> Spec(numbers=3, raw_numbers=2, categories=(4,), outputs=2, problem="binary", rows=100).is_classification
        True
    """

    numbers: int
    raw_numbers: int
    categories: tuple[int, ...]
    outputs: int
    problem: str
    rows: int
    encoded: int = 0
    knots: tuple[tuple[float, ...], ...] = ()
    extra: tuple[Extra, ...] = ()
    modality: str = "tabular"

    @property
    def is_classification(self) -> bool:
        """Whether predictions are probabilities."""
        return self.problem != "regression"

    @property
    def offered(self) -> frozenset[str]:
        """Names of the arrays that hold something to learn from.

        Example:
            >>> sorted(Spec(2, 2, (), 1, "regression", 9, extra=(Extra("tokens", (64,), "int32"),)).offered)
            ['numbers', 'tokens']
        """
        table = {"numbers": self.numbers or self.encoded, "categories": len(self.categories)}
        return frozenset([*(name for name, count in table.items() if count), *(extra.name for extra in self.extra)])

    def further(self, name: str) -> Extra | None:
        """Return what is known of a further array, None where there is none of that name."""
        return next((extra for extra in self.extra if extra.name == name), None)

    def shape_of(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of one row of a further array, None where there is none of that name."""
        return None if (extra := self.further(name)) is None else extra.shape

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        extra = [{**asdict(entry), "shape": list(entry.shape)} for entry in self.extra]
        return {**asdict(self), "categories": list(self.categories), "knots": [list(column) for column in self.knots], "extra": extra}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Spec:
        """Rebuild a spec from :meth:`to_dict`."""
        knots = tuple(tuple(float(edge) for edge in column) for column in values.get("knots", ()))
        extra = tuple(Extra(**{**entry, "shape": tuple(int(size) for size in entry["shape"])}) for entry in values.get("extra", ()))
        return cls(**{**values, "categories": tuple(int(count) for count in values["categories"]), "knots": knots, "extra": extra})


@dataclass(frozen=True)
class State:
    """How a fitted part hands itself to the artifact: JSON, arrays and scikit-learn estimators; never a pickle.

    Attributes:
        json: JSON-ready values.
        arrays: Named NumPy arrays without objects.
        estimators: Fitted scikit-learn estimators, stored through skops with our own allow-list.
    """

    json: dict[str, Any]
    arrays: Arrays = field(default_factory=dict)
    estimators: dict[str, Any] = field(default_factory=dict)
