"""The page: one self-contained file, drawn from the facts alone. It asks nothing of any server and works without scripts."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from automl.errors import DataError
from automl.report.blocks import COMPARED, PARTS
from automl.report.blocks.front import front
from automl.report.blocks.proof import glossary
from automl.report.facts import ReportFacts, read_json
from automl.report.naming import with_names
from automl.report.plain import plain

_SCRIPT = "threshold.js"

# Marks that turn the direction of text round would spill out of a column's name over the sentence it stands in; NUL is no HTML.
_UNSEEN = {0: None, **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])}


def render(facts: ReportFacts) -> str:
    """Draw the report as one HTML document.

    Args:
        facts: Everything the page says; nothing else is looked at, and nothing is measured here.

    Returns:
        The document: inline style and drawings, one small script for the threshold slider, and a content security policy that allows
        exactly these by their hashes and no request at all.

    Example:
        >>> from automl.report.facts import Answer, DataFacts, EvaluationFacts, TaskFacts
        >>> facts = ReportFacts(
        ...     title="Prices",
        ...     created="2026-01-01",
        ...     automl_version="0.1.0",
        ...     answer=Answer(verdict="no", rule="It did not beat the naive predictor.", headline="Do not use it."),
        ...     task=TaskFacts(problem="regression", target="price", metric="rmse"),
        ...     data=DataFacts(name="houses", rows=90, columns=3, columns_used=2, rows_train=90),
        ...     evaluation=EvaluationFacts(rows=90, source="out-of-fold predictions", scores={}),
        ... )
        >>> "Do not use it." in render(facts)
        True
    """
    parts = drawn_parts(facts)
    look = style("style.css")
    payload = next((block.data["payload"] for part in parts for block in part["blocks"] if "payload" in block.data), None)
    script = style(_SCRIPT) if payload is not None else ""
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            front=front(with_names(facts)),
            parts=parts,
            glossary=glossary(facts),
            style=Markup(look),
            script=Markup(script),
            payload=None if payload is None else Markup(_embedded(payload)),
            policy=_policy(look, script, bool(facts.pictures or (facts.anomalies and facts.anomalies.pictures))),
        )
    )


def drawn_parts(facts: ReportFacts, only: str | None = None) -> list[dict[str, Any]]:
    """Return the parts of the page that have anything to say: title, about, blocks.

    Args:
        facts: What the blocks are drawn from.
        only: The title of the only part that is wanted; None for all.
    """
    parts: list[dict[str, Any]] = []
    called = with_names(facts)
    for title, about, makers in PARTS:
        made = [make(called) for make in makers] if only in (None, title) else []
        blocks = [dataclasses.replace(block, plain=plain(block.name, called)) for block in made if block is not None]
        if blocks:
            parts.append({"title": title, "about": about, "blocks": blocks})
    return parts


def render_comparison(facts: ReportFacts) -> str:
    """Draw only what was tried, all models side by side, as one HTML document like the report."""
    look = style("style.css")
    return (
        _environment()
        .get_template("comparison.html.j2")
        .render(facts=facts, parts=drawn_parts(facts, COMPARED), style=Markup(look), policy=_policy(look, ""))
    )


def write_comparison(facts: ReportFacts, path: str | PathLike[str]) -> Path:
    """Write the comparison of all models and return its path.

    Raises:
        DataError: If the folder does not allow it.
    """
    return _write(render_comparison(facts), path)


def write_html(facts: ReportFacts, path: str | PathLike[str]) -> Path:
    """Write the page and return its path; missing folders are made.

    Raises:
        DataError: If the folder does not allow it.
    """
    return _write(render(facts), path)


def _write(text: str, path: str | PathLike[str]) -> Path:
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError(f"A report must be written to a folder that allows it. Received {str(path)!r}: {error.strerror}.") from error
    return target


def render_json(path: str | Path) -> str:
    """Draw the page from a ``report.json``."""
    return render(read_json(path))


def _embedded(value: Any) -> str:
    """Write JSON that cannot end the script element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_UNSEEN).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _policy(style: str, script: str, pictures: bool = False) -> str:
    """Allow this style sheet and this script by their hashes, pictures inside the page where there are any, and nothing else."""
    allowed = [f"style-src '{_hash(style)}'", f"script-src {_quoted(script)}", *(["img-src data:"] if pictures else [])]
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def _quoted(script: str) -> str:
    return f"'{_hash(script)}'" if script else "'none'"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


@cache
def style(name: str) -> str:
    """Return a style sheet or script of the page."""
    return files("automl.report").joinpath("templates", name).read_text(encoding="utf-8").strip()


def shown(value: Any) -> Any:
    """Leave out of any text what cannot be seen and would disturb what stands around it."""
    return value.translate(_UNSEEN) if isinstance(value, str) else value


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("automl.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
