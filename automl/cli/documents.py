"""Commands that write or check documents about a saved model: the report in its forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from automl.cli import output
from automl.cli.options import Model
from automl.errors import UsageError
from automl.results import prepare_folder


def report(
    model: Model,
    out: Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="The report (.html) or its facts (.json).")] = "report.html",
) -> None:
    """Write the report of a saved model again."""
    suffix = Path(out).suffix.lower()
    if suffix not in {".html", ".json"}:
        raise UsageError(f"`--output` must end in .html or .json. Received {out!r}.")
    prepare_folder(Path(out).parent)
    fitted = output.load_model(model)
    if suffix == ".json":
        from automl.report.facts import write_json

        print(write_json(fitted.facts_, out))
    else:
        print(fitted.report(out))


def page(out: str | None) -> str | None:
    """Return where a page shall be written, after a look at whether it can be.

    Raises:
        UsageError: If it is no page.
        DataError: If its folder is not writable.
    """
    if out is None:
        return None
    if Path(out).suffix.lower() != ".html":
        raise UsageError(f"`--output` must end in .html. Received {out!r}.")
    prepare_folder(Path(out).parent)
    return out
