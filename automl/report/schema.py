"""The published JSON schema of ``report.json``: what programs may rely on. It lies beside this file and is tested against the facts."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from automl.report.facts import SCHEMA_VERSION, ReportFacts

NAME = f"report.schema.v{SCHEMA_VERSION}.json"


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema, draft 2020-12) that every ``report.json`` of this version keeps to.

    Example:
        >>> json_schema()["properties"]["schema_version"]["const"]
        1
    """
    schema = ReportFacts.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": NAME, **schema}


def published() -> dict[str, Any]:
    """Return the schema as it was published with this version."""
    text = files("automl.report").joinpath(NAME).read_text(encoding="utf-8")
    return dict(json.loads(text))


def publish(folder: str | Path) -> Path:
    """Write the schema into a folder; done once for each change of the facts."""
    path = Path(folder) / NAME
    path.write_text(json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
