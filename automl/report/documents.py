"""The report in its forms: a page, Markdown, a model card, the Annex IV file, a PDF."""

from __future__ import annotations

import re
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from automl.errors import DataError, UsageError
from automl.report.cards import annex_iv, model_card
from automl.report.facts import ReportFacts
from automl.report.html import render, style
from automl.report.markdown import render_markdown

DOCUMENTS = {"text": "report.md", "card": "model_card.md", "annex": "annex_iv.md"}
_MAKERS: dict[str, Callable[[ReportFacts], str]] = {"text": render_markdown, "card": model_card, "annex": annex_iv}


def write_document(facts: ReportFacts, path: str | PathLike[str], kind: str) -> Path:
    """Write one of the Markdown documents.

    Args:
        facts: What it tells.
        path: Where to; missing folders are made.
        kind: "text" (the whole report), "card" or "annex".

    Returns:
        The path.

    Raises:
        DataError: If the folder does not allow it.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_MAKERS[kind](facts), encoding="utf-8", newline="\n")
    except OSError as error:
        raise DataError(f"A report must be written to a folder that allows it. Received {str(path)!r}: {error.strerror}.") from error
    return target


def write_pdf(facts: ReportFacts, path: str | PathLike[str]) -> Path:
    """Write the page as a PDF with WeasyPrint, which needs no browser and runs no script.

    Raises:
        UsageError: If WeasyPrint is not installed, or lacks the libraries of the system that it needs.
        DataError: If the folder does not allow it.
    """
    try:
        import weasyprint
    except ImportError as problem:
        raise UsageError(
            "`--pdf` needs WeasyPrint. Received an installation without it; run `pip install 'automl[pdf]'`, or print report.html from a"
            " browser."
        ) from problem
    except OSError as problem:
        raise UsageError(
            f"`--pdf` needs the library Pango of the system. Received {str(problem)[:120]!r}; install Pango (Debian: libpango-1.0-0 and"
            " libpangoft2-1.0-0), or print report.html from a browser."
        ) from problem
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        inside = weasyprint.urls.URLFetcher(allowed_protocols={"data"})  # the page is complete: it asks for nothing but its own pictures
        weasyprint.HTML(string=_for_paper(render(facts)), base_url=None, url_fetcher=inside).write_pdf(target)
    except OSError as error:
        raise DataError(f"A report must be written to a folder that allows it. Received {str(path)!r}: {error.strerror}.") from error
    return target


_MARKS = {
    "hit": '<circle r="7" class="hit"/>',
    "miss": '<circle r="6" class="miss"/>',
    "alarm": '<path d="M0-7 7 0 0 7-7 0Z" class="alarm"/>',
    "rest": '<circle r="2.2" class="rest"/>',
}
_OUTER = re.compile(r"<svg(?![^>]* x=)[^>]*>")
_USE = re.compile(r'<use href="#mark-(hit|miss|alarm|rest)"(?: x="([\d.]+)" y="([\d.]+)")?/>')


def _for_paper(page: str) -> str:
    """Put into the page what WeasyPrint does not do by itself.

    It breaks no grid across pages, so what lies side by side on the screen is laid out with plainer means; and it draws an inline picture
    as a document of its own, which knows neither the page's style sheet nor shapes that stand in another picture.
    """
    page = page.replace("</head>", f"<style>{style('pdf.css')}</style></head>", 1)
    page = _USE.sub(lambda use: f'<g transform="translate({use[2] or 0} {use[3] or 0})">{_MARKS[use[1]]}</g>', page)
    look = f"<style>{style('pdf_svg.css')}</style>"
    return _OUTER.sub(lambda opened: opened[0] + look, page)
