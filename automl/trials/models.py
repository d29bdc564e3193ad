"""Fitted models as a description and plain bytes, and back: no pickle, and nothing that is not on the artifact's list of types."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from automl.artifact import arrays as npz
from automl.artifact import estimators
from automl.errors import ArtifactError
from automl.preprocessing.base import Arrays

SAMPLE = 2**16
MOST_COMPRESSED = 2**24  # bytes; a quarter of a second. Larger ones would hold up the run for a file that is read once, if ever
WORTH_IT = 0.6  # weights of networks do not compress, nodes of trees do


def dump_model(model: Any, where: str) -> tuple[str, bytes]:
    """Return a model of one fold as JSON and bytes.

    Args:
        model: Mappings, lists, numbers, texts, arrays without objects, and scikit-learn estimators of the artifact's list.
        where: What to call it in a message.

    Raises:
        ArtifactError: It holds anything else.

    Example:
        >>> described, content = dump_model({"weights": np.arange(3), "scale": 0.5}, "trial 0")
        >>> load_model(described, content, "trial 0")["weights"].tolist()
        [0, 1, 2]
    """
    arrays: Arrays = {}
    described = _describe(model, arrays, where)
    return json.dumps(described), squeeze(npz.pack(arrays, where))


def load_model(described: str, content: bytes, where: str) -> Any:
    """Rebuild a model from :func:`dump_model`.

    Raises:
        ArtifactError: The content is damaged, or consists of types that are not on the list.
    """
    try:
        return _rebuild(json.loads(described), npz.unpack(unsqueeze(content), where), where)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as problem:
        if isinstance(problem, ArtifactError):
            raise
        raise ArtifactError(f"A recorded model must be complete. Received {where!r}, which is not: {problem}.") from problem


def squeeze(data: bytes) -> bytes:
    """Return npz bytes compressed, where that is cheap and a sample of them says that it is worth it."""
    if len(data) > MOST_COMPRESSED:
        return data
    start = max(len(data) // 2 - SAMPLE // 2, 0)
    sample = data[start : start + SAMPLE]
    return zlib.compress(data, 1) if len(zlib.compress(sample, 1)) < WORTH_IT * len(sample) else data


def unsqueeze(data: bytes) -> bytes:
    """Return what :func:`squeeze` was given: an npz begins with PK, compressed bytes do not.

    Raises:
        ArtifactError: The content is damaged.
    """
    try:
        return data if data[:2] == b"PK" else zlib.decompress(data)
    except zlib.error as problem:
        raise ArtifactError(f"Recorded content must be complete. Received content that is not: {problem}.") from problem


def _describe(value: Any, arrays: Arrays, where: str) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return {"array" if isinstance(value, np.ndarray) else "scalar": _put(arrays, np.asarray(value))}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {"mapping": [[_describe(part, arrays, where) for part in pair] for pair in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list" if isinstance(value, list) else "tuple": [_describe(part, arrays, where) for part in value]}
    kind, data = estimators.dump(value, where)
    return {"estimator": _put(arrays, np.frombuffer(data, np.uint8)), "kind": kind}


def _put(arrays: Arrays, values: Any) -> str:
    name = str(len(arrays))
    arrays[name] = values
    return name


def _rebuild(described: Any, arrays: Arrays, where: str) -> Any:
    if not isinstance(described, dict):
        return described
    if "array" in described:
        return arrays[described["array"]]
    if "scalar" in described:
        return arrays[described["scalar"]][()]
    if "mapping" in described:
        return {_rebuild(key, arrays, where): _rebuild(value, arrays, where) for key, value in described["mapping"]}
    if "estimator" in described:
        return estimators.load(arrays[described["estimator"]].tobytes(), described["kind"], where)
    parts = [_rebuild(part, arrays, where) for part in described["list" if "list" in described else "tuple"]]
    return parts if "list" in described else tuple(parts)
