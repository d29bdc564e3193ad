"""The page in a browser: no error, no request, a slider for the keyboard, no sideways scrolling, one printed page of answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pages
import pytest
import report_samples
from anomaly_samples import photos, pump

from automl.report.facts import SegmentCountsFacts
from automl.report.html import write_comparison, write_html

pytestmark = pytest.mark.browser

SAMPLES = (report_samples.binary, report_samples.multiclass, report_samples.regression, report_samples.bare, pump, photos)


@pytest.fixture
def page_of(browser: Any, tmp_path: Path) -> Iterator[Any]:
    told: list[str] = []
    shown: list[Any] = []

    def open_page(sample: Any, width: int = 1280, **options: Any) -> Any:
        page = pages.opened(browser, write_html(sample(), tmp_path / "report.html"), told, width, **options)
        shown.append(page)
        return page

    yield open_page
    assert told == []  # no console message, no error, no request but the file itself
    for page in shown:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_no_error_no_request_no_sideways_scrolling(sample: Any, scheme: str, page_of: Any) -> None:
    page = page_of(sample, width=400, color_scheme=scheme)
    page.evaluate(pages.OPEN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    outside = (
        "[...document.querySelectorAll('h1,h2,h3,p,dd,figcaption,svg.chart')].filter(e => e.getBoundingClientRect().right > 401).length"
    )
    assert page.evaluate(outside) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_axe_finds_no_violation(sample: Any, scheme: str, page_of: Any) -> None:
    assert pages.violations(page_of(sample, color_scheme=scheme)) == []


def test_the_comparison_is_without_fault(browser: Any, tmp_path: Path) -> None:
    assert pages.faults(browser, write_comparison(report_samples.binary(), tmp_path / "comparison.html")) == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_at_two_hundred_percent_nothing_is_cut_off(sample: Any, page_of: Any) -> None:
    page = page_of(sample, width=640, device_scale_factor=2)  # what a window of 1280 pixels shows at 200 %
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = "[...document.querySelectorAll('h1,h2,h3,p,dt,dd,li')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).length"
    assert page.evaluate(cut) == 0


def test_without_colour_kinds_of_models_keep_their_shapes(page_of: Any) -> None:
    page = page_of(report_samples.binary)
    page.emulate_media(media="print")
    page.evaluate("document.documentElement.style.filter = 'grayscale(1)'")
    shapes = page.evaluate("[...document.querySelectorAll('#leaderboard .key')].map(key => key.innerHTML)")
    kinds = {row.kind for row in report_samples.binary().leaderboard.rows}  # type: ignore[union-attr]
    assert len(set(shapes)) == len(kinds)


def test_the_slider_moves_by_keyboard_and_agrees_with_the_facts(page_of: Any) -> None:
    page = page_of(report_samples.binary)
    rows = report_samples.binary().threshold.table  # type: ignore[union-attr]
    slider = page.locator("#slider")
    assert page.locator("#controls").is_visible()
    slider.focus()
    page.keyboard.press("End")
    assert page.locator("#tile-found").inner_text().startswith("0")
    page.keyboard.press("Home")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    row = rows[30]
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    cost = page.locator("#tile-cost").inner_text()
    assert float(re.sub(r"[^\d.]", "", cost)) == pytest.approx(1000 * row.cost / cases, rel=0.006)
    flagged = float(page.locator("#tile-flagged").inner_text().split()[0])
    assert flagged == pytest.approx(100 * row.flagged / cases, abs=0.51)
    shown = [int(page.locator(f"#count-{kind}").inner_text()) for kind in ("hit", "miss", "alarm", "rest")]
    assert sum(shown) == 100
    assert [page.locator(f'#marks use[href="#mark-{kind}"]').count() for kind in ("hit", "miss", "alarm", "rest")] == shown


def test_cheapest_and_chosen(page_of: Any) -> None:
    page = page_of(report_samples.binary)
    threshold = report_samples.binary().threshold
    assert threshold is not None
    at_first = page.locator("#tile-cost").inner_text()
    page.locator("#cheapest").click()
    best = min(range(len(threshold.table)), key=lambda i: threshold.table[i].cost or 0.0)
    assert int(page.locator("#slider").input_value()) == best
    page.locator("#reset").click()
    assert page.locator("#tile-cost").inner_text() == at_first


def test_wishes_choose_the_threshold(page_of: Any) -> None:
    page = page_of(report_samples.binary)
    rows = report_samples.binary().threshold.table  # type: ignore[union-attr]
    page.locator("#most").fill("20")
    row = rows[int(page.locator("#slider").input_value())]
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    assert row.flagged / cases <= 0.2
    assert all(other.flagged / cases > 0.2 for other in rows if other.threshold < row.threshold)
    page.locator("#least").fill("90")
    row = rows[int(page.locator("#slider").input_value())]
    assert row.recall >= 0.9  # type: ignore[operator]
    assert all((other.recall or 0) < 0.9 for other in rows if other.threshold > row.threshold)


def _segmented() -> Any:
    facts = report_samples.binary()
    threshold = facts.threshold
    assert threshold is not None
    half = {
        "rows": 3000,
        "positives": threshold.table[0].true_positive // 2,
        "true_positive": tuple(row.true_positive // 2 for row in threshold.table),
        "false_positive": tuple(row.false_positive // 3 for row in threshold.table),
    }
    counts = tuple(SegmentCountsFacts(column="kind", name=name, **half) for name in ("a", "<b>"))
    return facts.model_copy(update={"threshold": threshold.model_copy(update={"segments": counts})})


def test_the_explorer_looks_at_one_kind_of_case(page_of: Any) -> None:
    page = page_of(_segmented)
    row, one = _segmented().threshold.table, _segmented().threshold.segments[0]
    at = int(page.locator("#slider").input_value())
    page.locator("#segment").select_option("0")
    flagged = one.true_positive[at] + one.false_positive[at]
    assert float(page.locator("#tile-flagged").inner_text().split()[0]) == pytest.approx(100 * flagged / one.rows, abs=0.51)
    assert "3,000 judged" in page.locator("#looking").inner_text()
    page.locator("#segment").select_option("-1")
    whole = row[at]
    cases = whole.true_positive + whole.false_positive + whole.false_negative + whole.true_negative
    share = 100 * (whole.true_positive + whole.false_positive) / cases
    assert float(page.locator("#tile-flagged").inner_text().split()[0]) == pytest.approx(share, abs=0.51)


def test_a_weekly_capacity_chooses_the_threshold(page_of: Any) -> None:
    page = page_of(_segmented)
    rows = report_samples.binary().threshold.table  # type: ignore[union-attr]
    page.locator("#weekly").fill("1000")
    page.locator("#capacity").fill("150")
    row = rows[int(page.locator("#slider").input_value())]
    cases = row.true_positive + row.false_positive + row.false_negative + row.true_negative
    assert row.flagged / cases <= 0.15
    assert all(other.flagged / cases > 0.15 for other in rows if other.threshold < row.threshold)


def test_the_script_writes_what_the_page_said_without_it(page_of: Any) -> None:
    texts = [
        page_of(report_samples.binary, java_script_enabled=on).locator("#threshold .explorer .tiles").inner_text() for on in (True, False)
    ]
    assert texts[0] == texts[1]


def test_without_scripts_the_answer_stands_and_the_slider_is_hidden(page_of: Any) -> None:
    page = page_of(report_samples.binary, java_script_enabled=False)
    assert page.locator("#controls").is_hidden()
    assert page.locator("#marks use").count() == 100


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.__name__)
def test_the_answer_prints_on_one_sheet(sample: Any, page_of: Any) -> None:
    page = page_of(sample, width=673)  # the width between the margins of A4
    page.emulate_media(media="print")
    height = page.evaluate("document.querySelector('.front').getBoundingClientRect().height")
    assert height < (297 - 26) / 25.4 * 96
