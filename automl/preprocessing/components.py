"""What a text, a picture or a series becomes for models of tables: a few numbers, fitted on the training rows."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, Self

from numpy.typing import NDArray

from automl.preprocessing.base import Arrays


class Components(abc.ABC):
    """Turns the cells of one column into numbers."""

    @classmethod
    @abc.abstractmethod
    def fit(cls, cells: Sequence[Any], seed: int) -> Self:
        """Learn from one cell per training row."""

    @property
    @abc.abstractmethod
    def names(self) -> list[str]:
        """The names of the numbers that a cell becomes."""

    @abc.abstractmethod
    def transform(self, cells: Sequence[Any]) -> NDArray[Any]:
        """Return float64 (rows, numbers); NaN throughout for a missing cell."""

    @abc.abstractmethod
    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was learnt, under names that begin with `prefix`."""

    @classmethod
    @abc.abstractmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> Self:
        """Rebuild from :meth:`to_arrays`."""


def components() -> dict[str, type[Components]]:
    """Return what turns the cells of each type of column into numbers."""
    from automl.preprocessing.pictures.components import PictureComponents
    from automl.preprocessing.series import SeriesNumbers
    from automl.preprocessing.text import TextComponents

    return {"text": TextComponents, "image": PictureComponents, "series": SeriesNumbers}
