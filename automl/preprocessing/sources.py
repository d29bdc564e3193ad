"""What turns texts into vectors that were learnt elsewhere: a network for sentences, or weighted means of word vectors."""

from __future__ import annotations

import abc
import re
from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError
from automl.preprocessing.base import State
from automl.pretrained import sentences as network
from automl.pretrained import words as glove

Vectors = NDArray[np.float32]
Middle = NDArray[np.float16]
SMOOTHING = 1e-3  # a of the paper, whose authors recommend 1e-3 to 1e-4
_WORD = re.compile(r"[^\W_]+(?:['’.,&\-][^\W_]+)*")
_PARTS = re.compile(r"n['’]t\b|['’][^\W_]+|[^\W_]+?(?=n['’]t\b)|[^\W_]+")


class Source(abc.ABC):
    """Makes one vector out of each text.

    Attributes:
        name: Under which it is stored and told.
        units: Numbers of a vector.
        kept: Places of a text that :meth:`read` keeps what its last block reads at; 0 where that is not trained further.
    """

    name: ClassVar[str]
    units: ClassVar[int]
    kept: int = 0

    def read(self, texts: Sequence[str], kept: bool = True) -> tuple[Vectors, Middle]:
        """Return vectors, and what the last block reads of each text, (texts, kept, units), zeros behind its end.

        Args:
            texts: Cleaned texts.
            kept: Whether the second is wanted; (texts, 0, units) otherwise.
        """
        return self.vectors(texts), np.zeros((len(texts), 0, self.units), np.float16)

    @abc.abstractmethod
    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of cleaned texts, (texts, units), each of length 1; zeros where nothing of a text is known.

        Raises:
            ArtifactError: If the package with the weights is missing, damaged, or not the one that was learnt with.
        """

    @abc.abstractmethod
    def state(self) -> State:
        """Return all that was learnt and which weights are needed, not the weights: they come with their package."""

    @classmethod
    @abc.abstractmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""


class SentenceNetwork(Source):
    """all-MiniLM-L6-v2 (Reimers and Gurevych, 2019, arXiv:1908.10084).

    Args:
        longest: Tokens that are read of a text.
        sha256: Of the weights.
        kept: Places that what the last block reads is kept at; 0 where it is not.
    """

    name = "all-MiniLM-L6-v2"
    units = network.UNITS

    def __init__(self, longest: int, sha256: str, kept: int = 0) -> None:
        self.longest, self.sha256, self.kept = longest, sha256, kept

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return what the network makes of each text."""
        return self.read(texts, kept=False)[0]

    def read(self, texts: Sequence[str], kept: bool = True) -> tuple[Vectors, Middle]:
        """Return what the network makes of each text, and what its last block reads."""
        found = network.sentences()
        _check(network.PACKAGE, found.sha256, self.sha256)
        return found.embed(found.tokens(texts, self.longest), self.kept if kept else 0)

    def state(self) -> State:
        """Return lengths and hash."""
        return State({"longest": self.longest, "sha256": self.sha256, "kept": self.kept})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        return cls(int(state.json["longest"]), str(state.json["sha256"]), int(state.json.get("kept", 0)))


class WeightedWords(Source):
    """Means of GloVe vectors, rare words counting more, without the direction that all texts share.

    The weight of a word is ``a / (a + p)``, p being its share among the words of the training texts; the first singular direction of the
    training texts is taken out; vectors are brought to length 1. Source: the smooth inverse frequency of Arora, Liang and Ma (2017), "A
    simple but tough-to-beat baseline for sentence embeddings" (who do not scale the length); GloVe of Pennington et al. (2014).

    Args:
        lines: Of the words whose share is known, ascending.
        shares: Of these words among all known words of the training texts.
        direction: What is taken out, (50,).
        sha256: Of the vectors.
    """

    name = "GloVe 6B, 50 numbers a word"
    units = glove.UNITS

    def __init__(self, lines: NDArray[np.int64], shares: NDArray[np.float64], direction: Vectors, sha256: str) -> None:
        self.lines, self.shares, self.direction, self.sha256 = lines, shares, direction, sha256
        self._weights = dict(zip(lines.tolist(), (SMOOTHING / (SMOOTHING + shares)).tolist(), strict=True))

    @classmethod
    def fit(cls, texts: Sequence[str]) -> Self:
        """Count the words of the training texts, and find what all of them share."""
        known = glove.word_vectors()
        counts = Counter(line for text in texts for line in known.lines(words(text, known)).tolist())
        lines = np.array(sorted(counts), dtype=np.int64)
        shares = np.array([counts[line] for line in lines.tolist()], dtype=np.float64) / max(counts.total(), 1)
        made = cls(lines, shares, np.zeros(cls.units, np.float32), known.sha256)
        means = made._means(texts)
        means = means[np.abs(means).sum(axis=1) > 0]
        if len(means) > cls.units:  # the direction of a few texts would be what they say
            made.direction = np.linalg.eigh(means.T.astype(np.float64) @ means)[1][:, -1].astype(np.float32)
        return made

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Return the weighted means without the shared direction."""
        _check(glove.PACKAGE, glove.word_vectors().sha256, self.sha256)
        means = self._means(texts)
        left = means - np.outer(means @ self.direction, self.direction)
        length = np.linalg.norm(left, axis=1, keepdims=True)
        return np.where(length > 1e-6, left / np.maximum(length, 1e-6), 0.0).astype(np.float32)

    def _means(self, texts: Sequence[str]) -> Vectors:
        known, means = glove.word_vectors(), np.zeros((len(texts), self.units), np.float32)
        for row, text in enumerate(texts):
            lines = known.lines(words(text, known))
            if len(lines):
                weights = np.array([self._weights.get(line, 1.0) for line in lines.tolist()])  # a word that was never seen is a rare one
                means[row] = weights @ known.values[lines] / len(lines)
        return means

    def state(self) -> State:
        """Return shares, direction and hash."""
        return State({"sha256": self.sha256}, {"lines": self.lines, "shares": self.shares, "direction": self.direction})

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Rebuild from :meth:`state`."""
        arrays = state.arrays
        return cls(arrays["lines"], arrays["shares"], arrays["direction"], str(state.json["sha256"]))


SOURCES: dict[str, type[Source]] = {source.name: source for source in (SentenceNetwork, WeightedWords)}


def words(text: str, known: glove.WordVectors) -> list[str]:
    """Return the words of a text as the vectors name them: in small letters, whole where they are known, else in their parts.

    Example:
        >>> words("Don't over-react: U.S. prices", glove.WordVectors({"u.s": 0}, np.zeros((1, 50), np.float32), ""))
        ['do', "n't", 'over', 'react', 'u.s', 'prices']
    """
    told: list[str] = []
    for word in _WORD.findall(text.lower()):
        told += [word] if word in known.places or word.isalnum() else [part.replace("’", "'") for part in _PARTS.findall(word)]
    return told


def known_share(texts: Sequence[str]) -> float:
    """Return the share of the words of some texts that have a vector."""
    known = glove.word_vectors()
    told = [word for text in texts for word in words(text, known)]
    return float(np.mean([word in known.places for word in told])) if told else 0.0


def _check(package: str, sha256: str, wanted: str) -> None:
    if sha256 != wanted:
        law = "A model must find the vectors of texts that it was trained with"
        raise ArtifactError(f"{law}. Received other weights ({sha256[:12]}…, not {wanted[:12]}…) in {package!r}.")
