"""Free text becomes numbers: hashed words and letter groups, weighted by rarity, condensed to a few components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.preprocessing.base import Arrays
from automl.preprocessing.components import Components

COMPONENTS = 32
FIT_ROWS = 20_000
FIT_CHARACTERS = 1_500_000  # of the texts that the components are found in; about two seconds
BUCKETS = 2**18
KEPT_BUCKETS = 20_000  # the most frequent ones; more would cost megabytes in the model file and add rare spellings
CHUNK = 8_192
LONGEST = 5_000  # characters that are looked at: this is for remarks and descriptions, not for books

# Stateless: what is learnt lives in the arrays below, so that nothing fitted by scikit-learn has to be stored.
_SETTINGS: dict[str, Any] = {"n_features": BUCKETS, "alternate_sign": False, "norm": None, "dtype": np.float64}
_WORDS = HashingVectorizer(analyzer="word", ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **_SETTINGS)
_LETTERS = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **_SETTINGS)
# 1 + ln(count) from a table: the same bits for a text alone and in a batch.
_DAMPED = np.concatenate([[0.0], 1.0 + np.log(np.arange(1, 256))])


def is_blank(value: Any) -> bool:
    """Whether a cell holds no text: missing, empty or only white space."""
    return not (isinstance(value, str) and value.strip())


@dataclass(frozen=True, eq=False)
class TextComponents(Components):
    """Latent semantic analysis of one text column (Deerwester et al., 1990), on hashed 1–2-grams of words and 3–5-grams of letters.

    Attributes:
        buckets: Hash buckets that are used, ascending, (buckets,).
        rarity: Inverse document frequency of each, ln((1 + n) / (1 + df)) + 1, (buckets,).
        components: Weight of each bucket in each component, (buckets, components).

    Example:
        >>> texts = ["red apple", "green apple", "fast car", "red car", None]
        >>> text = TextComponents.fit(texts, seed=0)
        >>> text.transform(texts).shape == (5, len(text.names))
        True
    """

    buckets: NDArray[np.int32]
    rarity: NDArray[np.float64]
    components: NDArray[np.float32]
    _place: NDArray[np.int32] = field(init=False, repr=False)  # of each possible bucket in `buckets`; -1 where it is not used
    _weights: NDArray[np.float64] = field(init=False, repr=False)  # `components`, in the precision that is computed in

    def __post_init__(self) -> None:
        place = np.full(2 * BUCKETS, -1, dtype=np.int32)
        place[self.buckets] = np.arange(len(self.buckets))
        object.__setattr__(self, "_place", place)
        object.__setattr__(self, "_weights", self.components.astype(np.float64))

    @classmethod
    def fit(cls, texts: Sequence[Any], seed: int) -> TextComponents:
        """Learn from at most 20,000 different texts of the training rows.

        Args:
            texts: One cell per training row.
            seed: Seed of the sample and of the decomposition.

        Returns:
            The fitted components; none where the texts share nothing.
        """
        known = sorted({text for text in texts if not is_blank(text)})
        mean = sum(min(len(text), LONGEST) for text in known) / max(len(known), 1)
        most = min(FIT_ROWS, max(int(FIT_CHARACTERS / max(mean, 1.0)), 500))
        if len(known) > most:
            # From the blocks that are hashed for all rows anyway: what is kept of them is not hashed twice.
            places = np.sort(np.random.default_rng(seed).choice(len(known), most, replace=False))
            hashed, known = hash_texts(known)[places], [known[place] for place in places]
        else:
            hashed = hash_texts(known)
        frequency = np.bincount(hashed.indices, minlength=2 * BUCKETS)
        often = np.flatnonzero(frequency >= 2)
        kept = np.sort(often[np.argsort(-frequency[often], kind="stable")[:KEPT_BUCKETS]])
        rarity = np.log((1.0 + len(known)) / (1.0 + frequency[kept])) + 1.0
        empty = cls(kept.astype(np.int32), rarity, np.zeros((len(kept), 0), dtype=np.float32))
        count = min(COMPONENTS, len(known) - 1, len(kept) - 1)
        if count < 1:
            return empty
        with threadpool_limits(1, user_api="blas"):  # thin matrices: threads that wait for each other take longer than one
            _, _, found = randomized_svd(empty._weigh(hashed), count, n_iter=3, random_state=seed)
        return cls(empty.buckets, rarity, np.ascontiguousarray(found.T, dtype=np.float32))

    @property
    def names(self) -> list[str]:
        """The names of the columns that a text becomes."""
        return ["characters", "words", *(f"component {number + 1}" for number in range(self.components.shape[1]))]

    def transform(self, texts: Sequence[Any]) -> NDArray[np.float64]:
        """Return length, words and components of each text; a blank text is NaN throughout.

        Args:
            texts: One cell per row.

        Returns:
            (rows, 2 + components).
        """
        different = sorted({text for text in texts if not is_blank(text)})  # in one order, whatever the rows': see `hash_texts`
        place = {text: number for number, text in enumerate(different)}
        values = np.full((len(different) + 1, len(self.names)), np.nan)
        for start in range(0, len(different), CHUNK):
            part = different[start : start + CHUNK]
            rows = values[start : start + len(part)]
            rows[:, 0] = [len(text) for text in part]
            rows[:, 1] = [len(text.split()) for text in part]
            if rows.shape[1] > 2:
                rows[:, 2:] = self._weigh(hash_texts(part)) @ self._weights
        return values[[len(different) if is_blank(text) else place[text] for text in texts]]

    def weighed(self, texts: Sequence[Any]) -> Any:
        """Return TF-IDF of each text on the buckets that are used, CSR (rows, buckets); nothing for a blank text."""
        different = sorted({text for text in texts if not is_blank(text)})
        place = {text: number for number, text in enumerate(different)}
        nothing = sparse.csr_matrix((1, len(self.buckets)))
        rows = sparse.vstack([self._weigh(hash_texts(different)), nothing], format="csr") if different else nothing
        return rows[[len(different) if is_blank(text) else place[text] for text in texts]]

    def _weigh(self, hashed: Any) -> Any:
        """Return TF-IDF on the kept buckets; words and letters each of length 1, (texts, buckets)."""
        place = self._place[hashed.indices]
        known = place >= 0
        weight = _DAMPED[np.minimum(hashed.data, 255).astype(np.int64)[known]] * self.rarity[place[known]]
        pointer = np.concatenate([[0], np.cumsum(known)])[hashed.indptr]
        kept = sparse.csr_matrix((weight, place[known], pointer), shape=(hashed.shape[0], len(self.buckets)))
        words = int(np.searchsorted(self.buckets, BUCKETS))
        parts = [part if part.shape[1] == 0 else normalize(part) for part in (kept[:, :words], kept[:, words:])]
        return sparse.hstack(parts, format="csr")

    def to_arrays(self, prefix: str) -> Arrays:
        """Return all that was learnt, under names that begin with `prefix`."""
        return {f"{prefix}_buckets": self.buckets, f"{prefix}_rarity": self.rarity, f"{prefix}_components": self.components}

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> TextComponents:
        """Rebuild from :meth:`to_arrays`."""
        return cls(arrays[f"{prefix}_buckets"], arrays[f"{prefix}_rarity"], arrays[f"{prefix}_components"])


_HASHED: dict[tuple[str, ...], Any] = {}  # the latest blocks: what several parts of the preparation read is hashed once
_MOST_BLOCKS = 6
_KEPT_FROM = 50  # texts of a block; a few are hashed in no time
_KEPT_VALUES = 4_000_000  # of a block; 48 MB


def forget_texts() -> None:
    """Let go of the blocks that were kept for the preparation."""
    _HASHED.clear()


def hash_texts(texts: Sequence[str]) -> Any:
    """Return counts per bucket, words first and letters behind them, (texts, 2 × BUCKETS)."""
    blocks = [_hash_block(tuple(texts[start : start + CHUNK])) for start in range(0, len(texts), CHUNK)]
    return blocks[0] if len(blocks) == 1 else sparse.vstack(blocks, format="csr") if blocks else sparse.csr_matrix((0, 2 * BUCKETS))


def _hash_block(texts: tuple[str, ...]) -> Any:
    if texts in _HASHED:
        return _HASHED[texts]
    # Half of a surrogate pair, left over from careless cutting, cannot be hashed: it becomes a question mark.
    cut = [text[:LONGEST].encode("utf-8", "replace").decode("utf-8") for text in texts]
    hashed = sparse.hstack([_WORDS.transform(cut), _LETTERS.transform(cut)], format="csr")
    if len(texts) >= _KEPT_FROM and hashed.nnz <= _KEPT_VALUES:
        while len(_HASHED) >= _MOST_BLOCKS:
            _HASHED.pop(next(iter(_HASHED)))
        _HASHED[texts] = hashed
    return hashed
