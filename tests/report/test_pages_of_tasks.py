"""Pages of what is rare, in a browser: several labels, odd names, a class that is never predicted, forecasts, and comparisons of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pages
import pandas as pd
import pytest

import automl

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ODD = {
    "a": "<b onclick=\"alert('x')\">income & 'age'</b>",
    "b": "\u202egniht yna\u202c 🙂",
    "c": "</script><script>alert(1)</script>",
}
ROWS = 90


def numbers() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(ROWS, 3)), columns=list("abc"))


def labels() -> tuple[pd.DataFrame, str]:
    frame = numbers()
    tags = [";".join(name for name in "abc" if row[name] > 0) for _, row in frame.iterrows()]
    return frame.assign(tags=tags), "tags"


def odd_names() -> tuple[pd.DataFrame, str]:
    frame = numbers()
    frame["c"] = np.where(frame["c"] > 0, "\u202ered\u202c", "<i>blue</i> \"'")
    target = "<u>bought</u> ✓"
    return frame.rename(columns=ODD).assign(**{target: np.where(frame["a"] > 0, "yes & <no>", "🙂")}), target


def never_predicted() -> tuple[pd.DataFrame, str]:
    frame = numbers()
    kinds = np.where(frame["a"] > 0, "many", "some").astype(object)
    kinds[::15] = "hardly any"
    return frame.assign(kind=kinds), "kind"


def sales() -> tuple[pd.DataFrame, str]:
    day = np.arange(ROWS)
    sold = 20 + 5 * np.sin(2 * np.pi * day / 7) + np.random.default_rng(1).normal(size=ROWS)
    return pd.DataFrame({"day": pd.date_range("2026-01-01", periods=ROWS), "sold": sold}), "sold"


def hours() -> tuple[pd.DataFrame, str]:
    rng, rows = np.random.default_rng(2), 240
    flow = 10 + np.sin(np.arange(rows) / 4) + 0.1 * rng.normal(size=rows)
    frame = pd.DataFrame({"hour": pd.date_range("2026-01-01", periods=rows, freq="h"), ODD["a"]: flow, "heat": 2 * flow})
    frame["heat"] += 0.1 * rng.normal(size=rows)
    frame.loc[[60, 61, 62, 150], ODD["a"]] = 20.0
    return frame.assign(fault=np.isin(np.arange(rows), [60, 61, 150, 200])), "fault"


def photos() -> tuple[list[np.ndarray], None]:
    rng = np.random.default_rng(3)
    shown = [(120 + 6 * rng.normal(size=(32, 32, 3))).clip(0, 255).astype(np.uint8) for _ in range(50)]
    shown[0][8:16, 8:12] = 10
    return shown, None


UNUSUAL = {"problem": "anomaly_detection", "alarms": 0.05}
CASES: dict[str, tuple[Callable[[], tuple[Any, str | None]], dict[str, Any]]] = {
    "labels": (labels, {"problem": "multilabel", "trials": 1, "families": ["linear"]}),
    "odd names": (odd_names, {"trials": 1, "families": ["linear"], "sensitive": [ODD["c"]], "examples": "few"}),
    "never predicted": (never_predicted, {"trials": 1, "families": ["linear"]}),
    "forecast": (sales, {"horizon": 7, "trials": 3, "families": ["theta", "ets"]}),
    "anomalies": (hours, {**UNUSUAL, "families": ["robust_zscore", "conditional_gaussian", "stretches"]}),
    "strange pictures": (photos, {**UNUSUAL, "families": ["picture_patches", "neighbours"]}),
}


@pytest.fixture(scope="module", params=CASES)
def written(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    from automl.report.html import write_comparison

    made, options = CASES[request.param]
    data, target = made()
    folder = tmp_path_factory.mktemp("pages")
    model = automl.fit(data, target, budget=None, **options)
    model.report(folder / "report.html")
    write_comparison(model.facts_, folder / "comparison.html")
    return request.param, folder


def test_pages_are_without_fault(written: tuple[str, Path], browser: Any) -> None:
    _, folder = written
    for page in (folder / "report.html", folder / "comparison.html", *sorted((folder / "labels").glob("*.html"))[:1]):
        assert pages.faults(browser, page) == []


def test_names_are_shown_as_they_are_and_do_nothing(written: tuple[str, Path], browser: Any) -> None:
    case, folder = written
    if case != "odd names":
        pytest.skip("The names of this page are plain.")
    told: list[str] = []
    page = pages.opened(browser, folder / "report.html", told)
    text = page.inner_text("body")
    assert "income & 'age'</b>" in text
    assert page.locator("[onclick]").count() == 0
    assert not any(sign in text for sign in "\u202a\u202b\u202c\u202d\u202e")
    assert told == []
    page.close()


def test_a_class_that_is_never_predicted_is_named(written: tuple[str, Path], browser: Any) -> None:
    case, folder = written
    if case != "never predicted":
        pytest.skip("All classes of this page are predicted.")
    page = pages.opened(browser, folder / "report.html", [])
    page.evaluate(pages.OPEN)
    text = page.inner_text("body")
    assert "hardly any" in text
    assert "never predicted" in text or "is never" in text
    page.close()


def test_the_front_page_fits_one_sheet(written: tuple[str, Path], browser: Any) -> None:
    _, folder = written
    page = pages.opened(browser, folder / "report.html", [], width=673)  # the width between the margins of A4
    page.emulate_media(media="print")
    height = page.evaluate("document.querySelector('.front').getBoundingClientRect().height")
    page.close()
    assert height < (297 - 26) / 25.4 * 96
