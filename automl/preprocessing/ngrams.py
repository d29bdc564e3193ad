"""Texts as bags of words and letter groups, weighted by rarity: rows of a sparse matrix, for linear models."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize

from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.hashing import BUCKETS, LONGEST, hash_texts, length_for
from automl.preprocessing.text import is_blank

MOST_BUCKETS = 60_000  # of one column; rarer ones are spellings that hardly come again, and each is a coefficient in every fold
FIT_TEXTS = 60_000
_DAMPED = np.concatenate([[0.0], 1.0 + np.log(np.arange(1, 256))])  # 1 + ln(count)


@dataclass(frozen=True, eq=False)
class _Bag:
    """The buckets of one column, ascending, and their rarity ln((1 + n) / (1 + df)) + 1 (Spärck Jones, 1972)."""

    buckets: NDArray[np.int32]
    rarity: NDArray[np.float32]
    longest: int = LONGEST

    @classmethod
    def fit(cls, texts: Sequence[Any], seed: int, longest: int) -> _Bag:
        known = sorted({text for text in texts if not is_blank(text)})
        if len(known) > FIT_TEXTS:
            known = [known[place] for place in np.sort(np.random.default_rng(seed).choice(len(known), FIT_TEXTS, replace=False))]
        frequency = np.bincount(hash_texts(known, longest).indices, minlength=2 * BUCKETS)
        often = np.flatnonzero(frequency >= 2)
        kept = np.sort(often[np.argsort(-frequency[often], kind="stable")[:MOST_BUCKETS]])
        rarity = (np.log((1.0 + len(known)) / (1.0 + frequency[kept])) + 1.0).astype(np.float32)
        return cls(kept.astype(np.int32), rarity, longest)

    @property
    def words(self) -> int:
        """How many of the buckets are words and pairs of words; the others are groups of letters."""
        return int(np.searchsorted(self.buckets, BUCKETS))

    def transform(self, texts: Sequence[Any]) -> tuple[Any, Any]:
        """Return words and letter groups, each row of length 1, (texts, buckets) float32."""
        different = sorted({text for text in texts if not is_blank(text)})
        place = {text: number for number, text in enumerate(different)}
        hashed = hash_texts(different, self.longest)
        column = np.full(2 * BUCKETS, -1, dtype=np.int32)
        column[self.buckets] = np.arange(len(self.buckets))
        found = column[hashed.indices]
        known = found >= 0
        weight = _DAMPED[np.minimum(hashed.data, 255).astype(np.int64)[known]].astype(np.float32) * self.rarity[found[known]]
        pointer = np.concatenate([[0], np.cumsum(known)])[hashed.indptr]
        kept = sparse.csr_matrix((weight, found[known], pointer), shape=(hashed.shape[0], len(self.buckets)))
        rows = [len(different) if is_blank(text) else place[text] for text in texts]
        blank = sparse.csr_matrix((1, len(self.buckets)), dtype=np.float32)
        every = sparse.vstack([kept, blank], format="csr")[rows]
        words, letters = every[:, : self.words], every[:, self.words :]
        return tuple(part if part.shape[1] == 0 else normalize(part) for part in (words, letters))


class Ngrams(Encoder):
    """Words, pairs of words and groups of 3 to 5 letters of every text column, each column a block of buckets.

    The arrays "words" and "letters" are SciPy CSR matrices (rows, buckets of all columns), float32.
    """

    name = "ngrams"
    reads = "text"
    until = 0.6

    def __init__(self, bags: dict[str, _Bag]) -> None:
        self.bags = bags

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Count buckets in the training rows; None where texts share nothing."""
        columns = {str(name): cells[name].tolist() for name in cells}
        bags = {name: _Bag.fit(texts, given.seed, length_for(name, texts, given.settled)) for name, texts in columns.items()}
        bags = {name: bag for name, bag in bags.items() if len(bag.buckets)}
        return cls(bags) if bags else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns."""
        return tuple(self.bags)

    @property
    def extra(self) -> tuple[Extra, ...]:
        """Two sparse arrays."""
        words = sum(bag.words for bag in self.bags.values())
        letters = sum(len(bag.buckets) for bag in self.bags.values()) - words
        return (Extra("words", (words,), "sparse"), Extra("letters", (letters,), "sparse"))

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the weighted bags of some rows."""
        blocks = [bag.transform(cells[name].tolist()) for name, bag in self.bags.items()]
        return {
            name: blocks[0][place] if len(blocks) == 1 else sparse.hstack([block[place] for block in blocks], format="csr")
            for place, name in enumerate(("words", "letters"))
        }

    def state(self) -> State:
        """Return the buckets of each column."""
        arrays: Arrays = {}
        for place, bag in enumerate(self.bags.values()):
            arrays[f"buckets{place}"], arrays[f"rarity{place}"] = bag.buckets, bag.rarity
        return State({"columns": list(self.bags), "longest": [bag.longest for bag in self.bags.values()]}, arrays)

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        names, arrays = state.json["columns"], state.arrays
        longest = state.json.get("longest", [LONGEST] * len(names))  # models of before there was a choice have none
        return cls({name: _Bag(arrays[f"buckets{i}"], arrays[f"rarity{i}"], int(longest[i])) for i, name in enumerate(names)})
