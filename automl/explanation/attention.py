"""Where a transformer attended in a text: the shares of tokens as shares of words, and how far they agree with what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from automl.explanation.words import Part

LONG_WORD = 24  # characters; longer runs are sentences of a script without spaces, and are told token by token
LEAST_PARTS = 4  # of a text, so that a rank correlation says something


@dataclass(frozen=True)
class AttendedWord:
    """A word of a text.

    Attributes:
        start: Of its first character.
        stop: Behind its last one.
        share: Of the attention that goes to the words of its column.
    """

    start: int
    stop: int
    share: float


@dataclass(frozen=True)
class AttendedText:
    """One text.

    Attributes:
        text: As the model reads it: without markup and wide spaces.
        words: In the order of the text; their shares add up to 1. What is not read has none.
        cut: Whether the end of the text is not read.
    """

    text: str
    words: tuple[AttendedWord, ...]
    cut: bool


@dataclass(frozen=True)
class Attention:
    """Where the transformers of a model attended in one column.

    Attributes:
        column: The column.
        share: Weight of the transformers in the ensemble, between 0 and 1.
        texts: By row of the data.
        agreement: Mean rank correlation (Kendall) of attention with what taking a word out moves; None where not compared.
        compared: Texts that were compared.
    """

    column: str
    share: float
    texts: Mapping[int, AttendedText]
    agreement: float | None = None
    compared: int = 0


def attended_text(text: str, tokens: Iterable[tuple[int, int, int, float]]) -> AttendedText:
    """Join tokens to words.

    Args:
        text: As the model reads it.
        tokens: Start, stop, number of the word and share of each token that is read, in order.

    Example:
        >>> found = attended_text("so good", [(0, 2, 0, 0.1), (2, 5, 1, 0.1), (5, 7, 1, 0.2)])
        >>> [(word.start, word.stop, round(word.share, 2)) for word in found.words]
        [(0, 2, 0.25), (3, 7, 0.75)]
    """
    spans: list[list[float]] = []
    latest: int | None = None
    for start, stop, word, share in tokens:
        while start < stop and text[start].isspace():
            start += 1
        if spans and (word == latest or start < spans[-1][1]) and (stop - spans[-1][0] <= LONG_WORD or start < spans[-1][1]):
            spans[-1][1], spans[-1][2] = max(stop, spans[-1][1]), spans[-1][2] + share
        elif start < stop:
            spans.append([start, stop, share])
        elif spans:  # a space alone belongs to what stands before it
            spans[-1][2] += share
        latest = word
    total = sum(share for _, _, share in spans) or 1.0
    words = tuple(AttendedWord(int(start), int(stop), share / total) for start, stop, share in spans)
    end = words[-1].stop if words else 0
    return AttendedText(text, words, bool(text[end:].strip()))


def agreement(texts: Iterable[tuple[AttendedText, Sequence[Part]]]) -> tuple[float | None, int]:
    """Compare attention with what was measured by taking words out.

    Source: the test of Jain and Wallace (2019, arXiv:1902.10186), section 4.1: Kendall's rank correlation of attention with how much the
    prediction moves, either way, without a word; the mean over texts.

    Args:
        texts: Where a transformer attended, and the parts of the same text that were taken out.

    Returns:
        The mean, between −1 and 1, and of how many texts; None where no text has enough parts that differ.
    """
    found = []
    for attended, parts in texts:
        read = [part for part in parts if attended.words and part.stop <= attended.words[-1].stop]
        if len(read) < LEAST_PARTS:
            continue
        shares = [sum(word.share for word in attended.words if word.start < part.stop and part.start < word.stop) for part in read]
        told = kendalltau(shares, [abs(part.value) for part in read]).statistic
        if np.isfinite(told):
            found.append(float(told))
    return (float(np.mean(found)), len(found)) if found else (None, 0)
