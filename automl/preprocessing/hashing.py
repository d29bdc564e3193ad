"""Texts as counts of hashed words and groups of letters. While a table is prepared, each text is hashed once, as far as room goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from automl.preprocessing.settled import Settled

BUCKETS = 2**18
CHUNK = 8_192  # texts that are hashed at a time
LONGEST = 5_000  # characters that are looked at: this is for remarks and descriptions, not for books
LENGTHS = (LONGEST, 2_000, 1_000, 500, 250, 120)  # characters that are looked at where the clock allows no more
SHARE = 0.15  # of the time that is left may go into hashing all texts of a column once
PROBED = 100  # texts that the pace is measured with
MOST_VALUES = 24_000_000  # counts that are kept; 288 MB

# Stateless: what is learnt lives with those who ask, so that nothing fitted by scikit-learn has to be stored.
_SETTINGS: dict[str, Any] = {"n_features": BUCKETS, "alternate_sign": False, "norm": None, "dtype": np.float64}
_WORDS = HashingVectorizer(analyzer="word", ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", **_SETTINGS)
_LETTERS = HashingVectorizer(analyzer="char_wb", ngram_range=(3, 5), **_SETTINGS)


class _Kept:
    """Counts of the texts that were asked for so far: blocks of rows, and the place of each text in them."""

    def __init__(self) -> None:
        self.places: dict[tuple[str, int], tuple[int, int]] = {}
        self.blocks: list[Any] = []
        self.values = 0

    def rows(self, texts: Sequence[str], longest: int) -> Any:
        """Return the counts of some texts, hashing those that are new; when the room is full, new ones are not kept."""
        places, blocks, values = self.places, self.blocks, self.values
        new = [text for text in dict.fromkeys(texts) if (text, longest) not in places]
        for start in range(0, len(new), CHUNK):
            part = new[start : start + CHUNK]
            block = _hashed(part, longest)
            if values + block.nnz > MOST_VALUES and blocks is self.blocks:
                places, blocks = dict(places), list(blocks)  # from here on for this call alone
            places.update({(text, longest): (len(blocks), row) for row, text in enumerate(part)})
            blocks.append(block)
            if blocks is self.blocks:
                values = self.values = self.values + block.nnz
        found = np.array([places[text, longest] for text in texts], dtype=np.int64).reshape(-1, 2)
        return _gathered(blocks, found)


def _gathered(blocks: Sequence[Any], found: np.ndarray[Any, Any]) -> Any:
    """Return rows of several blocks in the order asked for; `found` holds block and row of each, (rows, 2)."""
    used = np.unique(found[:, 0])
    rows = np.cumsum([0, *(block.shape[0] for block in blocks)])[found[:, 0]] + found[:, 1]
    if len(rows) == sum(blocks[block].shape[0] for block in used) and bool((np.diff(rows) == 1).all()):  # whole blocks, as they stand
        return blocks[used[0]] if len(used) == 1 else sparse.vstack([blocks[block] for block in used], format="csr")
    if len(used) == 1:
        return blocks[used[0]][found[:, 1]]
    order = np.argsort(found[:, 0], kind="stable")
    parts = [blocks[block][found[order[found[order, 0] == block], 1]] for block in used]
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return sparse.vstack(parts, format="csr")[back]


_KEPT: ContextVar[_Kept | None] = ContextVar("kept", default=None)


@contextmanager
def hashed_once() -> Iterator[None]:
    """Keep the counts of texts until the end of the block, or of an outer one: what several parts of a preparation read is hashed once.

    Example:
        >>> with hashed_once():
        ...     first, again = hash_texts(["red apple"]), hash_texts(["red apple", "green apple"])
        >>> (first != again[:1]).nnz
        0
    """
    if _KEPT.get() is not None:
        yield
        return
    token = _KEPT.set(_Kept())
    try:
        yield
    finally:
        _KEPT.reset(token)


def hash_texts(texts: Sequence[str], longest: int = LONGEST) -> Any:
    """Return counts of words and pairs of words, and behind them of 3 to 5 letters, per bucket.

    Args:
        texts: The texts.
        longest: Characters of each that are looked at.

    Returns:
        CSR matrix (texts, 2 × BUCKETS).

    Example:
        >>> hash_texts(["red apple"]).shape == (1, 2 * BUCKETS)
        True
    """
    if not len(texts):
        return sparse.csr_matrix((0, 2 * BUCKETS))
    kept = _KEPT.get()
    if kept is not None:
        return kept.rows(texts, longest)
    blocks = [_hashed(texts[start : start + CHUNK], longest) for start in range(0, len(texts), CHUNK)]
    return blocks[0] if len(blocks) == 1 else sparse.vstack(blocks, format="csr")


def length_for(name: str, cells: Sequence[Any], settled: Settled) -> int:
    """Return how many characters of each text of a column there is time to hash.

    Args:
        name: Of the column.
        cells: One cell per training row.
        settled: Holds the clock, and what was chosen before.

    Example:
        >>> length_for("remark", ["late", "broken"], Settled())
        5000
    """
    return settled.once(f"characters of {name}", lambda: _affordable(cells, settled))


def _affordable(cells: Sequence[Any], settled: Settled) -> int:
    budget = settled.budget
    texts = [cell for cell in cells if isinstance(cell, str)]
    if budget is None or not budget.timed or len(texts) <= PROBED:
        return LONGEST
    sample = texts[:: len(texts) // PROBED]
    before = budget.clock()
    _hashed(sample, LONGEST)
    pace = max(budget.clock() - before, 1e-6) / max(sum(min(len(text), LONGEST) for text in sample), 1)
    sizes = np.array([len(text) for text in texts])
    allowed = SHARE * budget.remaining()
    return next((length for length in LENGTHS if pace * float(np.minimum(sizes, length).sum()) <= allowed), LENGTHS[-1])


def _hashed(texts: Sequence[str], longest: int) -> Any:
    # Half of a surrogate pair, left over from careless cutting, cannot be hashed: it becomes a question mark.
    cut = [text[:longest].encode("utf-8", "replace").decode("utf-8") for text in texts]
    return sparse.hstack([_WORDS.transform(cut), _LETTERS.transform(cut)], format="csr")
