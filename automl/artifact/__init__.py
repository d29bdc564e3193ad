"""One file out, one file in: the model as a zip whose every byte is accounted for, and that holds no code.

``manifest.json`` lists each member with its size and SHA-256, and a digest of itself. :func:`read` checks all of it before it opens
anything, rebuilds arrays with ``allow_pickle=False`` rules and scikit-learn estimators from a fixed list of types.

The digests are an integrity check, not a signature: they show damage and careless edits, not who made the file. Whoever can write the
file can write fitting digests too; what protects against such a file is that reading it runs none of its content.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from automl.artifact import arrays as npz
from automl.artifact import estimators as skops_parts
from automl.artifact.container import read_members, write_members
from automl.artifact.manifest import FORMAT_VERSION, Manifest
from automl.errors import ArtifactError, InternalError
from automl.preprocessing.base import State

__all__ = ["FORMAT_VERSION", "Artifact", "Manifest", "read", "write"]

_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,99}"
_PART = re.compile(rf"{_SEGMENT}(/{_SEGMENT})*")
_FILE = rf"state\.json|arrays\.npz|estimators/(?P<key>{_SEGMENT})\.(?P<kind>skops|forest)"
_MEMBER = re.compile(rf"parts/(?P<part>{_SEGMENT}(?:/{_SEGMENT})*?)/(?P<file>{_FILE})")


@dataclass(frozen=True)
class Artifact:
    """What a model file held.

    Attributes:
        parts: The stored parts by name.
        facts: The facts of the report.
        manifest: Versions and digests.
    """

    parts: dict[str, State]
    facts: dict[str, Any]
    manifest: Manifest

    def to_dict(self) -> dict[str, Any]:
        """Return names, facts and manifest as JSON-ready values, without the parts' content."""
        return {"parts": list(self.parts), "facts": self.facts, "manifest": self.manifest.model_dump()}


def write(path: str | PathLike[str], parts: Mapping[str, State], *, facts: Mapping[str, Any], backend: str | None = None) -> Path:
    """Store a model; the file appears complete or not at all.

    Args:
        path: Where to; missing folders are made, an existing file is replaced.
        parts: The parts by name: letters, digits and ``_.+=-``, with ``/`` between levels. A scikit-learn forest is stored as flat
            arrays and comes back as :class:`automl.families._forest.Forest`, which predicts the same.
        facts: The facts of the report, JSON-ready; NaN and infinity become null.
        backend: The Keras backend of the run, told in the manifest.

    Returns:
        The path.

    Raises:
        DataError: The file cannot be written there.
        ArtifactError: A part holds something that must not be stored: objects in arrays, or an estimator that is not on the list.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> path = write(f"{folder}/model.automl", {"task": State({"target": "price"})}, facts={"title": "Prices"})
        >>> read(path).parts["task"].json
        {'target': 'price'}
    """
    manifest = Manifest.begin(created=facts.get("created"), backend=backend)
    return write_members(Path(path), _members(parts, facts), manifest)


def read(path: str | PathLike[str]) -> Artifact:
    """Verify a model file completely, then rebuild its parts.

    Raises:
        DataError: There is no such file, or it cannot be read.
        ArtifactError: It is not a model, is damaged, was altered, or comes from a newer automl.
    """
    source = Path(path)
    manifest, members = read_members(source, _known)
    facts: dict[str, Any] = {}
    found: dict[str, dict[str, Any]] = {}
    for name, data in members:
        if name == "report.json":
            facts = _loads(data, name)
            continue
        match = _MEMBER.fullmatch(name)
        assert match is not None  # `_known` let no other name through
        part = found.setdefault(match["part"], {"estimators": {}})
        if match["key"]:
            part["estimators"][match["key"]] = skops_parts.load(data, match["kind"], name)
        elif match["file"] == "state.json":
            part["json"] = _loads(data, name)
        else:
            part["arrays"] = npz.unpack(data, name)
    for name, part in found.items():
        if "json" not in part:
            raise ArtifactError(f"Every part of a model must have a state. Received part {name!r} without one. The file was altered.")
    return Artifact({name: State(**part) for name, part in found.items()}, facts, manifest)


def _members(parts: Mapping[str, State], facts: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield every member but the manifest; one at a time, so that the model is never in memory twice."""
    yield "report.json", _dumps(_finite(dict(facts)), "facts")
    for name, state in parts.items():
        if not _PART.fullmatch(name):
            raise InternalError(f"A part's name must be letters, digits and _.+=- with / between levels. Received {name!r}.")
        yield f"parts/{name}/state.json", _dumps(state.json, name)
        if state.arrays:
            yield f"parts/{name}/arrays.npz", npz.pack(state.arrays, name)
        for key, estimator in state.estimators.items():
            kind, data = skops_parts.dump(estimator, f"{name}/{key}")
            member = f"parts/{name}/estimators/{key}.{kind}"
            if not _known(member):
                raise InternalError(f"An estimator's name must be letters, digits and _.+=-. Received {key!r} in part {name!r}.")
            yield member, data


def _known(name: str) -> bool:
    return name == "report.json" or _MEMBER.fullmatch(name) is not None


def _dumps(value: Any, name: str) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as problem:
        raise InternalError(f"A stored part must hold JSON values only. Received part {name!r}: {problem}.") from problem


def _loads(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise ArtifactError(f"A model's {name} must be JSON. Received something else ({problem}). The file is damaged.") from problem
    if not isinstance(value, dict):
        raise ArtifactError(f"A model's {name} must be a JSON object. Received {type(value).__name__}. The file was altered.")
    return value


def _finite(value: Any) -> Any:
    """Replace NaN and infinity, which strict JSON does not have, by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value
