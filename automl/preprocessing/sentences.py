"""Texts as sentence embeddings that were learnt elsewhere, where the package with the weights is installed and the clock allows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from automl.errors import ArtifactError
from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.tokens import clean
from automl.pretrained.sentences import LENGTHS, PACKAGE, UNITS, found

SHARE = 0.25  # of the budget that may go into embeddings
FIRST_PACE = 1_500.0  # tokens per second of two cores, before any was measured
PROBED = 64  # texts that the pace is measured with
REMEMBERED = 20_000  # vectors of the latest texts: explanations ask for the same texts again and again
WORDS = 3.0  # on average; shorter cells are names rather than sentences


class SentenceEmbeddings(Encoder):
    """Frozen vectors of every text column by all-MiniLM-L6-v2 (Reimers and Gurevych, 2019, arXiv:1908.10084).

    The array "sentence" is float32 (rows, 384 × columns); zeros for an empty cell.
    """

    name = "sentence"
    reads = "text"

    def __init__(self, columns: Sequence[str], longest: int, sha256: str) -> None:
        self._columns, self.longest, self.sha256 = tuple(columns), longest, sha256
        self._known: dict[str, Any] = {"": np.zeros(UNITS, np.float32)}

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Choose how many tokens of a text are read so that a quarter of the budget is enough; None where that is too little."""
        if found() is None:
            return None
        columns = [str(name) for name in cells if _words(cells[name]) >= WORDS]
        if not columns:
            return None
        from automl.pretrained.sentences import sentences

        allowed = SHARE * given.budget.limit if given.budget is not None and given.budget.timed else float("inf")
        sample = [clean(text) for name in columns for text in cells[name].iloc[:: max(len(cells) // PROBED, 1)]]
        network = sentences()
        sizes = np.array([len(row) for row in network.tokens(sample, LENGTHS[-1])])
        pace = FIRST_PACE
        if given.budget is not None and given.budget.timed and given.budget.limit >= 20:
            clock = given.budget.clock
            few = network.tokens(sample[:32], 32)
            network.embed(few)  # compiles
            before = clock()
            network.embed(few)
            pace = 32 * 32 / max(clock() - before, 1e-6)
        texts = len(cells) * len(columns)
        cost = {length: texts * float(np.minimum(_padded(sizes), length).mean()) / pace for length in LENGTHS}
        fitting = [length for length in LENGTHS if cost[length] <= allowed]
        if not fitting:
            because = f"{texts:,} texts would take {cost[LENGTHS[0]]:.0f} s at {LENGTHS[0]} tokens each; {allowed:.0f} s are allowed."
            given.log.add("prepare", "sentence embeddings", "left out", because, ["all-MiniLM-L6-v2"], "budget='10m'")
            return None
        because = f"At most {fitting[-1]} tokens of each text are read, which takes about {cost[fitting[-1]]:.0f} s for {texts:,} texts."
        given.log.add("prepare", "sentence embeddings", "all-MiniLM-L6-v2, frozen", because, ["left out"])
        return cls(columns, fitting[-1], network.sha256)

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns that hold sentences."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """One vector for each column, side by side."""
        return (Extra("sentence", (UNITS * len(self._columns),)),)

    def transform(self, cells: pd.DataFrame) -> Arrays:
        """Return the vectors of some rows; equal texts are looked at once."""
        from automl.pretrained.sentences import sentences

        network = sentences()
        if network.sha256 != self.sha256:
            law = "A model must find the sentence embeddings that it was trained with"
            raise ArtifactError(f"{law}. Received other weights ({network.sha256[:12]}…, not {self.sha256[:12]}…) in {PACKAGE!r}.")
        columns = [[clean(text) for text in cells[name].tolist()] for name in self._columns]
        known = self._known if len(self._known) <= REMEMBERED else {"": self._known[""]}
        new = sorted({text for texts in columns for text in texts} - set(known))
        known = {**known, **dict(zip(new, network.embed(network.tokens(new, self.longest)), strict=True))}
        self._known = known
        return {"sentence": np.hstack([np.stack([known[text] for text in texts]) for texts in columns]) if len(cells) else self._none()}

    def _none(self) -> Any:
        return np.zeros((0, UNITS * len(self._columns)), np.float32)

    def state(self) -> State:
        """Return which weights are needed, not the weights: they come with their package."""
        return State({"columns": list(self._columns), "longest": self.longest, "sha256": self.sha256})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(state.json["columns"], int(state.json["longest"]), str(state.json["sha256"]))


def _words(cells: pd.Series[Any]) -> float:
    texts = [clean(text) for text in cells.iloc[:: max(len(cells) // 500, 1)].tolist()]
    return float(np.mean([len(text.split()) for text in texts if text] or [0]))


def _padded(sizes: Any) -> Any:
    """Return what texts of so many tokens are padded to."""
    return np.array([next((length for length in LENGTHS if size <= length), LENGTHS[-1]) for size in sizes])
