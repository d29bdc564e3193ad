"""Texts as vectors that were learnt elsewhere, where a package with the weights is installed and the clock allows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd

from automl.decisions import Decision, DecisionLog
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
REMEMBERED_BYTES = 2**27  # of the latest texts, with what the last block reads of them
TUNED_SHARE = 0.25  # of the budget that training the last block further may take
TUNED_ROWS, TUNED_PASSES, TUNED_FOLDS = (3_000, 12_000), 2, 5  # rows that training sees in all, at least and at most; passes; networks
TUNED_WORK = 0.4  # a step of the last block by the pass of a token through all six: forward, and twice as much backward
JUDGED_WORK = 0.7  # to look at the rows that were left out twice, and as often to know how long that takes, by such a pass
KEPT = (8, 12, 16, 24, 32, 48, 64)  # places of a text that what the last block reads is kept at
MOST_MIDDLE = 2**29  # bytes of what the last block reads, of all rows
WORDS = 3.0  # on average; shorter cells are names rather than sentences
KNOWN = 0.5  # share of the words that must have a vector: those of another language have none


class SentenceEmbeddings(Encoder):
    """Frozen vectors of every text column: by all-MiniLM-L6-v2, or where that is missing or takes too long as means of GloVe vectors.

    - "sentence", float32 (rows, 384 × columns), or (rows, 50 × columns); zeros for an empty cell.
    - "sentence_middle", float16 (rows, columns, places, 384): what the last block of the network reads, to train that block further; zeros
      behind the end of a text.

    See :mod:`automl.preprocessing.sources`.

    Args:
        columns: The text columns.
        source: Makes the vectors.
    """

    name = "sentence"
    reads = "text"
    until = 0.4

    def __init__(self, columns: Sequence[str], source: Source) -> None:
        self._columns, self.source = tuple(columns), source
        # Both in one, so that threads that predict at the same time never see half of an exchange.
        self._known: tuple[dict[str, Any], dict[str, Any]] = (
            {"": np.zeros(source.units, np.float32)},
            {"": np.zeros((source.kept, source.units), np.float16)},
        )

    @classmethod
    def offered(cls) -> bool:
        """Whether a package with vectors is installed."""
        return found() is not None or glove.found() is not None

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Choose what makes the vectors so that a quarter of the budget is enough; None where that is too little."""
        if not cls.offered():
            return None
        columns = [str(name) for name in cells if _words(cells[name]) >= WORDS]
        if not columns:
            return None
        chosen = given.settled.once("vectors of texts", lambda: _chosen(cells[columns], given))
        given.log.entries.extend(map(Decision.from_dict, chosen["decisions"]))
        if chosen["source"] == SentenceNetwork.name:
            return cls(columns, SentenceNetwork(chosen["longest"], chosen["sha256"], chosen["kept"]))
        if chosen["source"] == WeightedWords.name:
            return cls(columns, WeightedWords.fit([clean(text) for name in columns for text in cells[name].tolist()]))
        return None

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns that hold sentences."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """One vector for each column, side by side, and where the last block is trained further what it reads."""
        count, units = len(self._columns), self.source.units
        middle = [Extra("sentence_middle", (count, self.source.kept, units), "float16")] if self.source.kept else []
        return Extra("sentence", (units * count,)), *middle

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the arrays of some rows; equal texts are looked at once."""
        columns = [[clean(text) for text in cells[name].tolist()] for name in self._columns]
        deep = self.source.kept > 0 and (wanted is None or "sentence_middle" in wanted)
        vectors, middle = self._read(sorted({text for texts in columns for text in texts}), deep)
        if not len(cells):
            return {extra.name: np.zeros((0, *extra.shape), extra.kind) for extra in self.extra}
        found = {"sentence": np.hstack([np.stack([vectors[text] for text in texts]) for texts in columns])}
        if deep:
            found["sentence_middle"] = np.empty((len(cells), len(columns), self.source.kept, self.source.units), np.float16)
            for place, texts in enumerate(columns):
                for row, text in enumerate(texts):
                    found["sentence_middle"][row, place] = middle[text]
        return found

    def _read(self, texts: Sequence[str], deep: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what is known of each text, and keep the latest; what was read of it before is not read again."""
        vectors, middle = self._known
        new = [text for text in texts if text not in vectors or (deep and text not in middle)]
        if not new:
            return vectors, middle
        found, read = self.source.read(new, deep)
        vectors = {**vectors, **dict(zip(new, found, strict=True))}
        if deep:
            middle = {**middle, **dict(zip(new, read, strict=True))}
        each = max(2 * self.source.kept * self.source.units, 1)
        self._known = self._latest(vectors, REMEMBERED), self._latest(middle, REMEMBERED_BYTES // each)
        return vectors, middle

    @staticmethod
    def _latest(known: dict[str, Any], most: int) -> dict[str, Any]:
        """Return the latest texts, copied out of the arrays that they came in, so that these can be let go."""
        texts = ["", *[text for text in known if text][-most:]]
        return {text: known[text] if known[text].base is None else known[text].copy() for text in texts}

    def state(self) -> State:
        """Return the source with what it learnt, not its weights: they come with their package."""
        state = self.source.state()
        return State({"columns": list(self._columns), "source": self.source.name, **state.json}, state.arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        source = SOURCES[state.json.get("source", SentenceNetwork.name)]  # models of before there were two name none
        return cls(state.json["columns"], source.from_state(state))


def _chosen(cells: pd.DataFrame, given: Circumstances) -> dict[str, Any]:
    """Return what makes the vectors with its lengths, and the decisions to tell; JSON-ready, for a run that goes on."""
    own = replace(given, log=DecisionLog())
    network = _network(cells, own)
    source = SentenceNetwork.name if network is not None else WeightedWords.name if _means(cells, own) else None
    return {"source": source, **(network or {}), "decisions": [decision.to_dict() for decision in own.log.entries]}


def _network(cells: pd.DataFrame, given: Circumstances) -> dict[str, Any] | None:
    """Return as many tokens of a text as there is time for the network for sentences to read; None where it is missing or too slow."""
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
    kept, told = _kept(np.minimum(sizes, fitting[-1]), texts, pace, given)
    chosen = f"{SentenceNetwork.name}, {'with its last block' if kept else 'frozen'}"
    given.log.add("prepare", "sentence embeddings", chosen, f"{because} {told}", ["left out"], None if kept else "budget='20m'")
    return {"longest": fitting[-1], "sha256": network.sha256, "kept": kept}


def _kept(sizes: Any, texts: int, pace: float, given: Circumstances) -> tuple[int, str]:
    """Return at how many places of a text the last block is trained further, by the clock and the memory, and a sentence; 0 for none.

    Args:
        sizes: Tokens of some texts.
        texts: How many there are.
        pace: Tokens per second through the whole network.
        given: The circumstances.
    """
    cost = {kept: kept * (tuned_rows(texts) * TUNED_FOLDS * TUNED_WORK + texts * JUDGED_WORK) / pace for kept in KEPT}
    timed = given.budget is not None and given.budget.timed
    allowed = TUNED_SHARE * given.budget.limit if timed else float("inf")  # type: ignore[union-attr]
    most = MOST_MIDDLE if given.budget is None else min(MOST_MIDDLE, given.budget.memory_limit // 8)
    small = [kept for kept in KEPT if 2 * texts * kept * SentenceNetwork.units <= most]
    fitting = [kept for kept in small if cost[kept] <= allowed]
    if not fitting:
        why = f"would take about {cost[KEPT[0]]:.0f} s, {allowed:.0f} s are allowed" if small else "would take too much memory"
        return 0, f"To train its last block further {why}."
    enough = next((kept for kept in fitting if kept >= np.quantile(sizes, 0.9)), fitting[-1])
    takes = f", which takes about {cost[enough]:.0f} s" if timed else ""
    seen = f"{tuned_rows(texts):,} texts in all passes together, {enough} places of each, longer ones by the means of neighbours"
    return enough, f"The family sentence_embedding may train its last block further, on {seen}{takes}."


def tuned_rows(rows: int) -> int:
    """Return how many rows the last block sees in training, all passes together: two passes suffice, and few of many rows do.

    Example:
        >>> tuned_rows(500), tuned_rows(5_000), tuned_rows(50_000)
        (3000, 10000, 12000)
    """
    return int(np.clip(TUNED_PASSES * rows, *TUNED_ROWS))


def _means(cells: pd.DataFrame, given: Circumstances) -> bool:
    """Whether means of word vectors can be made: not where they are missing, have too few of the words, or there is no time to add them."""
    if glove.found() is None:
        return False
    what, name = "vectors of texts", WeightedWords.name
    cost = WORD_SECONDS + sum(_words(cells[column]) for column in cells) * len(cells) / WORD_PACE
    if cost > _allowed(given):
        because = f"They would take about {cost:.0f} s; {_allowed(given):.1f} s are allowed."
        given.log.add("prepare", what, "left out", because, [name], "budget='1m'")
        return False
    sample = [clean(text) for column in cells for text in cells[column].iloc[:: max(len(cells) // PROBED, 1)]]
    share = known_share(sample)
    if share < KNOWN:
        because = f"{percent(share)} of the words of a sample have a vector: the vectors are of English words."
        given.log.add("prepare", what, "left out", because, [name])
        return False
    because = f"{percent(share)} of the words of a sample have a vector; rare words count more, and what all texts share is taken out."
    given.log.add("prepare", what, f"{name}: weighted means", because, ["left out", SentenceNetwork.name])
    return True


def _allowed(given: Circumstances) -> float:
    """Return the seconds that embeddings may take."""
    return SHARE * given.budget.limit if given.budget is not None and given.budget.timed else float("inf")


def _words(cells: pd.Series[Any]) -> float:
    texts = [clean(text) for text in cells.iloc[:: max(len(cells) // 500, 1)].tolist()]
    return float(np.mean([len(text.split()) for text in texts if text] or [0]))


def _padded(sizes: Any) -> Any:
    """Return what texts of so many tokens are padded to."""
    return np.array([next((length for length in LENGTHS if size <= length), LENGTHS[-1]) for size in sizes])
