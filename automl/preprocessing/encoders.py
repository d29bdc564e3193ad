"""What texts, pictures and series become besides columns of numbers: further arrays, for the families that read them.

An encoder looks at all columns of one type. It is fitted on training rows alone, without the target, and stored without a pickle.
"""

from __future__ import annotations

import abc
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.decisions import DecisionLog
from automl.percents import percent
from automl.preprocessing.base import Arrays, Extra, Spec, State
from automl.preprocessing.combined import CombinedColumns
from automl.preprocessing.hashing import hashed_once
from automl.preprocessing.pictures.store import forget_pictures
from automl.preprocessing.settled import Settled
from automl.preprocessing.tabular import TabularPreprocessor

if TYPE_CHECKING:
    from automl.pretrained.own import Found


@dataclass(frozen=True)
class Circumstances:
    """What an encoder may go by.

    Attributes:
        problem: "binary", "multiclass" or "regression".
        seed: Of the run.
        log: Where choices are recorded.
        pretrained: The network that pictures are looked at with; None for the one of this package.
        settled: What is chosen by the clock, some of it by an earlier part of the run.
    """

    problem: str
    seed: int = 0
    log: DecisionLog = field(default_factory=DecisionLog)
    pretrained: Found | None = None
    settled: Settled = field(default_factory=Settled)

    @property
    def budget(self) -> Budget | None:
        """The run's clock and memory; None where there is none."""
        return self.settled.budget


class Encoder(abc.ABC):
    """Makes further arrays out of the columns of one type.

    Attributes:
        name: Under which it is stored.
        reads: The column type.
        until: Share of the budget after which it is left out, so that there is time to learn from what there is.
    """

    name: ClassVar[str]
    reads: ClassVar[str]
    until: ClassVar[float] = 1.0

    @classmethod
    def offered(cls) -> bool:
        """Whether what it needs is installed."""
        return True

    @classmethod
    @abc.abstractmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Learn from the cells of all columns of the type, (training rows, columns); None where they hold nothing for it."""

    @property
    @abc.abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""

    @property
    @abc.abstractmethod
    def extra(self) -> tuple[Extra, ...]:
        """Name, shape of one row and kind of the values of each array that it makes."""

    @abc.abstractmethod
    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the arrays of some rows, each (rows, …); a row alone gives what it gives among others.

        Args:
            cells: Of its columns.
            wanted: Names of the arrays that somebody reads; None for all. Large ones that nobody reads are left out.
        """

    @abc.abstractmethod
    def state(self) -> State:
        """Return all that was learnt, without estimators."""

    @classmethod
    @abc.abstractmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""


def encoders() -> dict[str, type[Encoder]]:
    """Return all encoders by name."""
    from automl.preprocessing.ngrams import Ngrams
    from automl.preprocessing.pictures.encoder import Pictures, SeenPictures
    from automl.preprocessing.pictures.own import OwnPictures
    from automl.preprocessing.sentences import SentenceEmbeddings
    from automl.preprocessing.series.encoder import Series
    from automl.preprocessing.tokens import Tokens

    return {encoder.name: encoder for encoder in (Ngrams, Tokens, SentenceEmbeddings, Pictures, SeenPictures, OwnPictures, Series)}


class Preprocessor:
    """A table's preprocessor, and the encoders of the columns that are more than numbers and categories.

    Args:
        table: Makes "numbers", "raw_numbers", "categories" and "encoded".
        encoders: Make the further arrays.
        modality: What carries the signal.

    Example:
        >>> from automl.schema import Column, Schema
        >>> from automl.task import Task
        >>> schema = Schema((Column("n", "number"),))
        >>> table = TabularPreprocessor().fit(pd.DataFrame({"n": [1.0, 2.0]}), schema, Task("regression", "y"))
        >>> Preprocessor(table).spec == table.spec
        True
    """

    def __init__(self, table: TabularPreprocessor, encoders: tuple[Encoder, ...] = (), modality: str = "tabular") -> None:
        self.table, self.encoders, self.modality = table, encoders, modality

    @property
    def spec(self) -> Spec:
        """The shapes of all arrays."""
        extra = tuple(entry for encoder in self.encoders for entry in encoder.extra)
        return replace(self.table.spec, extra=extra, modality=self.modality)

    @property
    def feature_names(self) -> dict[str, list[str]]:
        """Name of each column of each array of the table."""
        return self.table.feature_names

    @property
    def sources(self) -> dict[str, list[str]]:
        """Column of the data that each column of each array of the table came from."""
        return self.table.sources

    def transform(self, frame: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the arrays of a cast table.

        Args:
            frame: The cast table.
            wanted: Names of the further arrays that somebody reads; None for all. What nobody reads is not computed.
        """
        with hashed_once():
            arrays = {**self.table.transform(frame), **self.further(frame, wanted)}
        forget_pictures()  # their files may change until the next rows come
        return arrays

    def further(self, frame: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the arrays of the encoders alone, those of an encoder together."""
        found: Arrays = {}
        for encoder in self.encoders:
            if wanted is None or any(extra.name in wanted for extra in encoder.extra):
                found |= encoder.transform(frame[list(encoder.columns)], wanted)
        return found

    def add_combined(self, combined: CombinedColumns, frame: pd.DataFrame, arrays: Arrays) -> Arrays:
        """Take combined columns in; see :meth:`TabularPreprocessor.add_combined`."""
        return self.table.add_combined(combined, frame, arrays)

    def state(self) -> State:
        """Return all that was learnt, as JSON and arrays."""
        table = self.table.state()
        if not self.encoders:
            return table
        told: dict[str, Any] = {**table.json, "modality": self.modality}
        arrays: dict[str, NDArray[Any]] = dict(table.arrays)
        told["encoders"] = []
        for encoder in self.encoders:
            state = encoder.state()
            told["encoders"].append({"name": encoder.name, "json": state.json})
            arrays.update({f"{encoder.name}-{name}": np.asarray(values) for name, values in state.arrays.items()})
        return State(told, arrays)

    @classmethod
    def from_state(cls, state: State) -> Preprocessor:
        """Rebuild from :meth:`state`; transforms are the same to the last bit."""
        known, made = encoders(), []
        for entry in state.json.get("encoders", ()):
            prefix = f"{entry['name']}-"
            own = {name.removeprefix(prefix): values for name, values in state.arrays.items() if name.startswith(prefix)}
            made.append(known[entry["name"]].from_state(State(entry["json"], own)))
        return cls(TabularPreprocessor.from_state(state), tuple(made), state.json.get("modality", "tabular"))


def fit_encoders(frame: pd.DataFrame, types: dict[str, str], given: Circumstances) -> tuple[Encoder, ...]:
    """Fit every encoder that finds columns of its type.

    Args:
        frame: The cast table of the training rows.
        types: Type of each feature.
        given: What an encoder may go by.
    """
    fitted = []
    for encoder in encoders().values():
        columns = [name for name, kind in types.items() if kind == encoder.reads]
        hurries = columns and encoder.until < 1 and encoder.offered()
        if hurries and not given.settled.in_time(f"{encoder.name} in time", encoder.until):
            because = f"{percent(encoder.until)} of the budget were used up before."
            given.log.add("prepare", encoder.name.replace("_", " "), "left out", because, [], "budget=..., longer")
            continue
        made = encoder.fit(frame[columns], given) if columns else None
        if made is not None:
            fitted.append(made)
    return tuple(fitted)
