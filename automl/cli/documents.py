"""Commands about a saved model's documents: the report in its forms, and whether file, data and report agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl.cli import output
from automl.cli.options import Data, Json, Model
from automl.errors import GateError, UsageError, did_you_mean
from automl.results import prepare_folder

if TYPE_CHECKING:
    from automl.report.facts import ReportFacts

_DOCUMENTS = {"card": "model_card.md", "annex": "annex_iv.md"}
_ENDINGS = (".html", ".json", ".md", ".pdf")


def report(
    model: Model,
    out: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="The report (.html, .md, .pdf) or its facts (.json).")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF; needs the extra automl[pdf].")] = False,
    document: Annotated[
        str | None, typer.Option("--document", metavar="KIND", help="Instead: card (a model card) or annex (EU AI Act, Annex IV).")
    ] = None,
) -> None:
    """Write the report of a saved model again."""
    path = _place(out, pdf, document)
    prepare_folder(path.parent)
    fitted = output.load_model(model)
    if path.suffix.lower() == ".html":
        print(fitted.report(path))  # labels have pages of their own beside it
    else:
        print(_writer(path, document)(fitted.facts_, path))


def _place(out: str | None, pdf: bool, document: str | None) -> Path:
    """Return where the document goes; the name says what it is."""
    if document is not None and document not in _DOCUMENTS:
        raise UsageError(f"`--document` must be card or annex. Received {document!r}.{did_you_mean(document, _DOCUMENTS)}")
    if document is not None and pdf:
        raise UsageError("`--pdf` is for the report. Received it with `--document`; write the document as Markdown.")
    default = _DOCUMENTS[document] if document else "report.pdf" if pdf else "report.html"
    path = Path(default if out is None else out)
    wanted = (".md",) if document else (".pdf",) if pdf else _ENDINGS
    if path.suffix.lower() not in wanted:
        raise UsageError(f"`--output` must end in {' or '.join(wanted)}. Received {str(out)!r}.")
    return path


def _writer(path: Path, document: str | None) -> Callable[[ReportFacts, Path], Path]:
    suffix = path.suffix.lower()
    if suffix == ".json":
        from automl.report.facts import write_json

        return write_json
    from automl.report.documents import write_document, write_pdf

    return write_pdf if suffix == ".pdf" else lambda facts, to: write_document(facts, to, document or "text")


def verify(model: Model, data: Data, as_json: Json = False) -> None:
    """Check that model file, data and report agree: hashes, predictions, scores. Exit code 5 where something does not."""
    output.existing(data, "data", folders=True)
    output.import_quietly("automl.verifying")
    from automl.verifying import verify as look

    with output.held_back():
        found = look(model, data)
    if as_json:
        output.print_json({"model": model, "data": data, **found.to_dict()})
    else:
        print_checks(found)
    wrong = [check.name for check in found.checks if check.agrees is False]
    if wrong:
        raise GateError(f"Model, data and report must agree. Received what does not: {', '.join(wrong)}.")


def print_checks(found: Any) -> None:
    """Write what agrees and what does not to stdout."""
    words = {True: "agrees", False: "DISAGREES", None: "not checked"}
    for check in found.checks:
        print(f"{words[check.agrees]:<12} {check.name}: {check.sentence}")
    print(f"{'':<12} digest of the model file: {found.digest}")


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
