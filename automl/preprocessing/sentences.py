"""Texts as vectors that were learnt elsewhere, where a package with the weights is installed and the clock allows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd

from automl.percents import percent
from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.sources import SOURCES, SentenceNetwork, Source, WeightedWords, known_share
from automl.preprocessing.tokens import clean
from automl.pretrained import words as glove
from automl.pretrained.sentences import LENGTHS, found

SHARE = 0.25  # of the budget that may go into embeddings
FIRST_PACE = 1_500.0  # tokens per second of two cores, before any was measured
WORD_PACE = 150_000.0  # words per second of one slow core, looked up and added
WORD_SECONDS = 2.0  # to read the vectors of words
PROBED = 64  # texts that the pace is measured with
REMEMBERED = 20_000  # vectors of the latest texts: explanations ask for the same texts again and again
WORDS = 3.0  # on average; shorter cells are names rather than sentences
KNOWN = 0.5  # share of the words that must have a vector: those of another language have none


class SentenceEmbeddings(Encoder):
    """Frozen vectors of every text column: by all-MiniLM-L6-v2, or where that is missing or takes too long as means of GloVe vectors.

    The array "sentence" is float32 (rows, 384 × columns), or (rows, 50 × columns); zeros for an empty cell. See
    :mod:`automl.preprocessing.sources`.

    Args:
        columns: The text columns.
        source: Makes the vectors.
    """

    name = "sentence"
    reads = "text"
    until = 0.4

    def __init__(self, columns: Sequence[str], source: Source) -> None:
        self._columns, self.source = tuple(columns), source
        self._known: dict[str, Any] = {"": np.zeros(source.units, np.float32)}

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Choose what makes the vectors so that a quarter of the budget is enough; None where that is too little."""
        if found() is None and glove.found() is None:
            return None
        columns = [str(name) for name in cells if _words(cells[name]) >= WORDS]
        if not columns:
            return None
        source = _network(cells[columns], given) or _means(cells[columns], given)
        return None if source is None else cls(columns, source)

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns that hold sentences."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """One vector for each column, side by side."""
        return (Extra("sentence", (self.source.units * len(self._columns),)),)

    def transform(self, cells: pd.DataFrame) -> Arrays:
        """Return the vectors of some rows; equal texts are looked at once."""
        columns = [[clean(text) for text in cells[name].tolist()] for name in self._columns]
        known = self._known if len(self._known) <= REMEMBERED else {"": self._known[""]}
        new = sorted({text for texts in columns for text in texts} - set(known))
        known = {**known, **dict(zip(new, self.source.vectors(new), strict=True))}
        self._known = known
        return {"sentence": np.hstack([np.stack([known[text] for text in texts]) for texts in columns]) if len(cells) else self._none()}

    def _none(self) -> Any:
        return np.zeros((0, self.source.units * len(self._columns)), np.float32)

    def state(self) -> State:
        """Return the source with what it learnt, not its weights: they come with their package."""
        state = self.source.state()
        return State({"columns": list(self._columns), "source": self.source.name, **state.json}, state.arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        source = SOURCES[state.json.get("source", SentenceNetwork.name)]  # models of before there were two name none
        return cls(state.json["columns"], source.from_state(state))


def _network(cells: pd.DataFrame, given: Circumstances) -> Source | None:
    """Return the network for sentences with as many tokens of a text as there is time for; None where it is missing or too slow."""
    if found() is None:
        return None
    from automl.pretrained.sentences import sentences

    allowed = _allowed(given)
    sample = [clean(text) for name in cells for text in cells[name].iloc[:: max(len(cells) // PROBED, 1)]]
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
    texts = cells.size
    cost = {length: texts * float(np.minimum(_padded(sizes), length).mean()) / pace for length in LENGTHS}
    fitting = [length for length in LENGTHS if cost[length] <= allowed]
    if not fitting:
        because = f"{texts:,} texts would take {cost[LENGTHS[0]]:.0f} s at {LENGTHS[0]} tokens each; {allowed:.0f} s are allowed."
        given.log.add("prepare", "sentence embeddings", "left out", because, [SentenceNetwork.name], "budget='10m'")
        return None
    because = f"At most {fitting[-1]} tokens of each text are read, which takes about {cost[fitting[-1]]:.0f} s for {texts:,} texts."
    given.log.add("prepare", "sentence embeddings", f"{SentenceNetwork.name}, frozen", because, ["left out"])
    return SentenceNetwork(fitting[-1], network.sha256)


def _means(cells: pd.DataFrame, given: Circumstances) -> Source | None:
    """Return means of word vectors; None where they are missing, have too few of the words, or there is no time to add them."""
    if glove.found() is None:
        return None
    what, name = "vectors of texts", WeightedWords.name
    cost = WORD_SECONDS + sum(_words(cells[column]) for column in cells) * len(cells) / WORD_PACE
    if cost > _allowed(given):
        because = f"They would take about {cost:.0f} s; {_allowed(given):.1f} s are allowed."
        given.log.add("prepare", what, "left out", because, [name], "budget='1m'")
        return None
    sample = [clean(text) for column in cells for text in cells[column].iloc[:: max(len(cells) // PROBED, 1)]]
    share = known_share(sample)
    if share < KNOWN:
        because = f"{percent(share)} of the words of a sample have a vector: the vectors are of English words."
        given.log.add("prepare", what, "left out", because, [name])
        return None
    because = f"{percent(share)} of the words of a sample have a vector; rare words count more, and what all texts share is taken out."
    given.log.add("prepare", what, f"{name}: weighted means", because, ["left out", SentenceNetwork.name])
    return WeightedWords.fit([clean(text) for column in cells for text in cells[column].tolist()])


def _allowed(given: Circumstances) -> float:
    """Return the seconds that embeddings may take."""
    return SHARE * given.budget.limit if given.budget is not None and given.budget.timed else float("inf")


def _words(cells: pd.Series[Any]) -> float:
    texts = [clean(text) for text in cells.iloc[:: max(len(cells) // 500, 1)].tolist()]
    return float(np.mean([len(text.split()) for text in texts if text] or [0]))


def _padded(sizes: Any) -> Any:
    """Return what texts of so many tokens are padded to."""
    return np.array([next((length for length in LENGTHS if size <= length), LENGTHS[-1]) for size in sizes])
