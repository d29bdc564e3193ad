"""What every family of detectors is: fitted on rows outside a fold, it says how strange each column of a row is."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.design import Design, Rows
from automl.budget import Deadline
from automl.preprocessing.base import Arrays

Array = NDArray[Any]
LARGEST = 400.0  # surprise of one value: beyond it none is stranger


@dataclass(frozen=True)
class Shape:
    """What a family needs to know of the design, JSON-ready.

    Attributes:
        numbers: Judged numbers; they stand first among the values.
        group: Which judged column each value belongs to.
        moments: Calendar parts of a row.
        picture: The judged column at which the first direction of a picture stands; -1 without pictures.
    """

    numbers: int
    group: tuple[int, ...]
    moments: int
    picture: int = -1

    @classmethod
    def of(cls, design: Design, rows: Rows) -> Shape:
        """Return the shape of a design."""
        return cls(len(design.numbers), tuple(int(place) for place in design.group), rows.moments.shape[1], design.picture)

    @property
    def columns(self) -> int:
        """Number of judged columns."""
        return max(self.group, default=-1) + 1

    def by_column(self, values: Array) -> Array:
        """Return sums over the values of each column: (rows, width) to (rows, columns)."""
        result = np.zeros((len(values), self.columns))
        np.add.at(result.T, np.asarray(self.group, dtype=np.int64), values.T)
        return result


class DetectorFamily(abc.ABC):
    """One way of telling what is strange.

    Attributes:
        name: Identifier, equal to the module's name.
        title: Readable name.
        kind: What it is made of: "network", "tree", "linear" or "other".
        needs_time: Whether rows must have an order.
        needs_pictures: Whether rows must have a picture.
        looks_back: Whether a row is judged by rows before it: then the whole series is looked at, whichever rows count.
        judges_columns: Whether what a column adds can be compared among rows: then the rarest columns make the score.
        baseline: Whether it looks at columns one by one, or nearly so, and counts only where nothing better is there.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Literal["network", "tree", "linear", "other"]] = "other"
    needs_time: ClassVar[bool] = False
    needs_pictures: ClassVar[bool] = False
    looks_back: ClassVar[bool] = False
    judges_columns: ClassVar[bool] = False
    baseline: ClassVar[bool] = False

    @abc.abstractmethod
    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Fit one model for each fold, from the rows outside of it; None where there was no time.

        Args:
            rows: All training rows.
            fold: Fold of each row, (rows,).
            folds: Number of folds.
            shape: Of the values.
            deadline: When to stop.
            seed: Of all draws.
        """

    @abc.abstractmethod
    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return how strange each row is by the model of a fold, (rows,), and what each column adds to it, (rows, columns)."""
