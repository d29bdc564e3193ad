"""The table of contents of a model file: format, versions, and the size and digest of every member."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import automl
from automl.errors import ArtifactError

FORMAT: Final = "automl model"
FORMAT_VERSION: Final = 1
ALTERED = " The file is damaged or was altered after saving."
PACKAGES = ("keras", "numpy", "pandas", "scikit-learn", "skops")

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Member(BaseModel):
    """Size in bytes, uncompressed, and SHA-256 of one member."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    size: int = Field(ge=0)
    sha256: Digest


class Manifest(BaseModel):
    """What a model file says about itself. `digest` is the SHA-256 of all the other fields as canonical JSON.

    Example:
        >>> manifest = Manifest.begin(created="2026-01-01").seal({"report.json": Member(size=2, sha256="0" * 64)})
        >>> Manifest.parse(manifest.model_dump_json().encode()) == manifest
        True
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["automl model"] = FORMAT
    format_version: Literal[1] = FORMAT_VERSION
    automl: str
    created: str
    python: str
    packages: dict[str, str]
    backend: str | None = None
    members: dict[str, Member] = {}
    digest: Digest = "0" * 64

    @classmethod
    def begin(cls, created: Any = None, backend: str | None = None) -> Manifest:
        """Return a manifest of this installation without members."""
        packages = {name: found for name in PACKAGES if (found := _version(name)) is not None}
        return cls(
            automl=automl.__version__,
            created=created if isinstance(created, str) else datetime.now(UTC).isoformat(timespec="seconds"),
            python=platform.python_version(),
            packages=packages,
            backend=backend or os.environ.get("KERAS_BACKEND"),
        )

    def seal(self, members: dict[str, Member]) -> Manifest:
        """Return the manifest with its members and its own digest."""
        complete = self.model_copy(update={"members": members})
        return complete.model_copy(update={"digest": digest_of(complete.model_dump())})

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read and check a manifest.

        Raises:
            ArtifactError: It is no manifest, comes from a newer automl, or was altered.
        """
        try:
            values = json.loads(data, object_pairs_hook=_no_duplicates)
        except (ValueError, RecursionError) as problem:
            raise ArtifactError(f"A model's manifest must be JSON. Received something else ({problem}). The file is damaged.") from problem
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ArtifactError("A model file must be one that automl saved. Received a file with another kind of manifest.")
        found = values.get("format_version")
        if isinstance(found, int) and found > FORMAT_VERSION:
            raise ArtifactError(
                f"A model must have format {FORMAT_VERSION} or older for automl {automl.__version__}. Received format {found}, made by a"
                f" newer automl ({str(values.get('automl'))[:40]}). Upgrade with `pip install --upgrade automl`."
            )
        try:
            manifest = cls.model_validate_json(data)
        except ValidationError as problem:
            first = problem.errors()[0]
            where = ".".join(str(step) for step in first["loc"])
            raise ArtifactError(f"A model's manifest must be complete. Received a bad {where!r}: {first['msg']}.{ALTERED}") from problem
        if manifest.digest != digest_of(values):
            raise ArtifactError(f"A model's manifest must match its own digest. Received one that does not.{ALTERED}")
        return manifest

    def differences(self) -> tuple[str, ...]:
        """Tell in sentences which packages differ from those that saved the model."""
        here = {name: _version(name) for name in self.packages}
        changed = [(name, saved) for name, saved in self.packages.items() if here[name] != saved]
        return tuple(f"The model was saved with {name} {saved}; here is {here[name] or 'none'}." for name, saved in changed)


def digest_of(values: dict[str, Any]) -> str:
    """Return the SHA-256 of a manifest's fields but `digest`, as JSON with sorted keys and no spaces."""
    rest = {key: value for key, value in values.items() if key != "digest"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice")
    return values


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
