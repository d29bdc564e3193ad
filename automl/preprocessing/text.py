"""Free text becomes numbers: hashed words and letter groups, weighted by rarity, condensed to a few components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.preprocessing.base import Arrays
from automl.preprocessing.components import Components
from automl.preprocessing.hashing import BUCKETS, CHUNK, LONGEST, hash_texts

COMPONENTS = 32
FIT_ROWS = 20_000
FIT_CHARACTERS = 1_500_000  # of the texts that the components are found in; about two seconds
KEPT_BUCKETS = 20_000  # the most frequent ones; more would cost megabytes in the model file and add rare spellings
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
        longest: Characters of a text that are looked at.

    Example:
        >>> texts = ["red apple", "green apple", "fast car", "red car", None]
        >>> text = TextComponents.fit(texts, seed=0)
        >>> text.transform(texts).shape == (5, len(text.names))
        True
    """

    buckets: NDArray[np.int32]
    rarity: NDArray[np.float64]
    components: NDArray[np.float32]
    longest: int = LONGEST
    _place: NDArray[np.int32] = field(init=False, repr=False)  # of each possible bucket in `buckets`; -1 where it is not used
    _weights: NDArray[np.float64] = field(init=False, repr=False)  # `components`, in the precision that is computed in

    def __post_init__(self) -> None:
        place = np.full(2 * BUCKETS, -1, dtype=np.int32)
        place[self.buckets] = np.arange(len(self.buckets))
        object.__setattr__(self, "_place", place)
        object.__setattr__(self, "_weights", self.components.astype(np.float64))

    @classmethod
    def fit(cls, texts: Sequence[Any], seed: int, longest: int = LONGEST) -> TextComponents:
        """Learn from at most 20,000 different texts of the training rows.

        Args:
            texts: One cell per training row.
            seed: Seed of the sample and of the decomposition.
            longest: Characters of a text that are looked at.

        Returns:
            The fitted components; none where the texts share nothing.
        """
        known = sorted({text for text in texts if not is_blank(text)})
        mean = sum(min(len(text), longest) for text in known) / max(len(known), 1)
        most = min(FIT_ROWS, max(int(FIT_CHARACTERS / max(mean, 1.0)), 500))
        if len(known) > most:
            known = [known[place] for place in np.sort(np.random.default_rng(seed).choice(len(known), most, replace=False))]
        hashed = hash_texts(known, longest)
        frequency = np.bincount(hashed.indices, minlength=2 * BUCKETS)
        often = np.flatnonzero(frequency >= 2)
        kept = np.sort(often[np.argsort(-frequency[often], kind="stable")[:KEPT_BUCKETS]])
        rarity = np.log((1.0 + len(known)) / (1.0 + frequency[kept])) + 1.0
        empty = cls(kept.astype(np.int32), rarity, np.zeros((len(kept), 0), dtype=np.float32), longest)
        count = min(COMPONENTS, len(known) - 1, len(kept) - 1)
        if count < 1:
            return empty
        with threadpool_limits(1, user_api="blas"):  # thin matrices: threads that wait for each other take longer than one
            _, _, found = randomized_svd(empty._weigh(hashed), count, n_iter=3, random_state=seed)
        return cls(empty.buckets, rarity, np.ascontiguousarray(found.T, dtype=np.float32), longest)

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
                rows[:, 2:] = self._weigh(hash_texts(part, self.longest)) @ self._weights
        return values[[len(different) if is_blank(text) else place[text] for text in texts]]

    def weighed(self, texts: Sequence[Any]) -> Any:
        """Return TF-IDF of each text on the buckets that are used, CSR (rows, buckets); nothing for a blank text."""
        different = sorted({text for text in texts if not is_blank(text)})
        place = {text: number for number, text in enumerate(different)}
        nothing = sparse.csr_matrix((1, len(self.buckets)))
        rows = sparse.vstack([self._weigh(hash_texts(different, self.longest)), nothing], format="csr") if different else nothing
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
        found: Arrays = {"buckets": self.buckets, "rarity": self.rarity, "components": self.components, "longest": np.array(self.longest)}
        return {f"{prefix}_{name}": values for name, values in found.items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays, prefix: str) -> TextComponents:
        """Rebuild from :meth:`to_arrays`."""
        longest = int(arrays.get(f"{prefix}_longest", LONGEST))  # models of before there was a choice have none
        return cls(arrays[f"{prefix}_buckets"], arrays[f"{prefix}_rarity"], arrays[f"{prefix}_components"], longest)
