"""Texts as sequences of tokens: pieces of words that the training rows repeat, so that no text of any script is unknown."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.percents import percent
from automl.preprocessing.base import Arrays, Extra, State
from automl.preprocessing.encoders import Circumstances, Encoder
from automl.preprocessing.text import is_blank

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FIT_TEXTS = 50_000
LONGEST = 20_000  # characters that are read of a text
LENGTHS = (16, 32, 64, 128, 256)  # tokens of a row; programs of few shapes are compiled
COVERED = 0.9  # share of the texts that shall fit whole
PADDING = 0
SPECIAL = ("[padding]", "[next column]")
_TAGS = re.compile(r"<[a-zA-Z/!][^<>]{0,200}>")
_SPACE = re.compile(r"\s+")


class Place(NamedTuple):
    """Where a token stands: the number of its column, characters of the cleaned text from `start` to before `stop`, number of its word."""

    column: int
    start: int
    stop: int
    word: int


def clean(text: Any) -> str:
    """Return a text without markup, null bytes and wide spaces; an empty one for a missing cell.

    Example:
        >>> clean("<p>Fish &amp; chips</p>"), clean(None)
        ('Fish & chips', '')
    """
    if is_blank(text):
        return ""
    plain = str(text)[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    if "<" in plain or "&" in plain:
        plain = html.unescape(_TAGS.sub(" ", plain))
    return _SPACE.sub(" ", plain).strip()


def vocabulary_size(texts: int) -> int:
    """Return how many tokens are worth telling apart.

    Example:
        >>> vocabulary_size(100), vocabulary_size(5_000), vocabulary_size(10**6)
        (1000, 4000, 8000)
    """
    return int(np.clip(2 ** np.round(np.log2(max(texts, 1) * 0.8)) / 1.024, 1000, 8000) // 1000 * 1000)


class Tokens(Encoder):
    """Byte-level byte-pair encoding (Sennrich et al., 2016, arXiv:1508.07909) by the ``tokenizers`` library, fitted on training rows.

    The array "tokens" is int32 (rows, length): the tokens of all text columns in a row, one special token between two columns, 0 where the
    row is over. Every script and every emoji is spelled in bytes where it is rare.
    """

    name = "tokens"
    reads = "text"
    until = 0.4

    def __init__(self, columns: Sequence[str], length: int, tokenizer: Tokenizer) -> None:
        self._columns, self.length, self.tokenizer = tuple(columns), length, tokenizer

    @classmethod
    def fit(cls, cells: pd.DataFrame, given: Circumstances) -> Self | None:
        """Learn the pieces of words, and choose the length that most texts fit in."""
        from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

        joined = [row for row in _joined(cells) if any(row)]
        if not joined:
            return None
        if len(joined) > FIT_TEXTS:
            joined = [joined[place] for place in np.sort(np.random.default_rng(given.seed).choice(len(joined), FIT_TEXTS, replace=False))]
        tokenizer = Tokenizer(models.BPE())
        tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary_size(len(joined)),
            min_frequency=2,
            special_tokens=list(SPECIAL),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator((text for row in joined for text in row if text), trainer)
        made = cls([str(name) for name in cells], LENGTHS[-1], tokenizer)
        sizes = made._sizes(cells.iloc[:: max(len(cells) // 5_000, 1)])
        wanted = float(np.quantile(sizes, COVERED))
        made.length = next((length for length in LENGTHS if length >= wanted), LENGTHS[-1])
        cut = float((sizes > made.length).mean())
        because = f"90 % of the texts have at most {wanted:.0f} tokens; {percent(cut)} are cut. {made.vocabulary:,} tokens are told apart."
        given.log.add("prepare", "length of texts", f"{made.length} tokens", because)
        return made

    @property
    def vocabulary(self) -> int:
        """Number of tokens that are told apart, the special ones included."""
        return int(self.tokenizer.get_vocab_size())

    @property
    def columns(self) -> tuple[str, ...]:
        """The text columns."""
        return self._columns

    @property
    def extra(self) -> tuple[Extra, ...]:
        """The tokens of a row."""
        return (Extra("tokens", (self.length,), "int32", self.vocabulary),)

    def transform(self, cells: pd.DataFrame, wanted: Collection[str] | None = None) -> Arrays:
        """Return the tokens of some rows, (rows, length)."""
        found = np.full((len(cells), self.length), PADDING, dtype=np.int32)
        for row, tokens in enumerate(self._encoded(cells)):
            found[row, : len(tokens)] = tokens[: self.length]
        return {"tokens": found}

    def places(self, cells: pd.DataFrame) -> list[list[Place | None]]:
        """Return where in its text each token stands that is read of some rows; None for the token between two columns."""
        told = []
        for row in _joined(cells):
            found: list[Place | None] = []
            for column, entry in enumerate(self.tokenizer.encode_batch(list(row))):
                found += [None] if column else []
                words = (-1 if word is None else word for word in entry.word_ids)
                found += [Place(column, *offsets, word) for offsets, word in zip(entry.offsets, words, strict=True)]
            told.append(found[: self.length])
        return told

    def _sizes(self, cells: pd.DataFrame) -> NDArray[np.int64]:
        return np.array([len(tokens) for tokens in self._encoded(cells)])

    def _encoded(self, cells: pd.DataFrame) -> Iterator[list[int]]:
        """Yield the tokens of each row."""
        count = len(self._columns)
        for start in range(0, len(cells), 4096):
            rows = list(_joined(cells.iloc[start : start + 4096]))
            ids = [entry.ids for entry in self.tokenizer.encode_batch([text for row in rows for text in row])]
            for row in range(len(rows)):
                tokens: list[int] = []
                for place in range(count):
                    tokens += ([1] if place else []) + ids[row * count + place]
                yield tokens

    def state(self) -> State:
        """Return the pieces of words as the library writes them."""
        return State({"columns": list(self._columns), "length": self.length, "tokenizer": self.tokenizer.to_str()})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        from tokenizers import Tokenizer

        return cls(state.json["columns"], int(state.json["length"]), Tokenizer.from_str(state.json["tokenizer"]))


def _joined(cells: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield the cleaned texts of each row."""
    columns = [[clean(text) for text in cells[name].tolist()] for name in cells]
    return zip(*columns, strict=True)
