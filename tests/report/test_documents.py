"""The report in its other forms: in a notebook, as a PDF, and sentences where a form is not to be had."""

from __future__ import annotations

import builtins
import sys
from pathlib import Path
from typing import Any

import pytest
import report_samples
from anomaly_samples import photos, pump

from automl import DataError, UsageError
from automl.report.documents import DOCUMENTS, _for_paper, write_document, write_pdf
from automl.report.html import render
from automl.report.notebook import summary

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare, pump, photos)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_a_notebook_shows_the_answer(sample: Any) -> None:
    facts = sample()
    shown = summary(facts)
    assert facts.answer.headline.split(" (")[0] in shown
    assert shown.count("<div") == shown.count("</div>")
    assert not any(word in shown for word in ("<script", "<style", "<img", "http", "None", ">nan<"))
    assert len(shown) < 20_000
    assert facts._repr_html_() == shown


def test_names_stay_text_in_a_notebook() -> None:
    facts = report_samples.bare().model_copy(update={"title": "<script>alert(1)</script>\u202e"})
    assert "<script" not in summary(facts)
    assert "\u202e" not in summary(facts)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_folder_that_cannot_be_written_to_is_told(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="folder that allows it"):
        write_document(report_samples.bare(), tmp_path / "file" / "x.md", kind)


def test_a_pdf_is_written_without_a_browser(tmp_path: Path) -> None:
    pytest.importorskip("weasyprint", reason="WeasyPrint is not installed; install automl[pdf].", exc_type=(ImportError, OSError))
    path = write_pdf(report_samples.binary(), tmp_path / "deep" / "report.pdf")
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(content) > 30_000
    assert b"/Subtype /Image" in write_pdf(photos(), tmp_path / "photos.pdf").read_bytes()
    page = _for_paper(render(report_samples.binary()))
    assert "<use " not in page.split("</defs>")[1]  # shapes of another picture would be missing on paper


@pytest.mark.parametrize(("error", "hint"), [(ImportError("no module"), r"automl\[pdf\]"), (OSError("libpango missing"), "Pango")])
def test_without_weasyprint_a_sentence_says_what_to_do(
    error: Exception, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise error
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=hint):
        write_pdf(report_samples.bare(), tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()
