"""Pages in a real browser: what it tells on its console, what it asks for, what axe finds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
# What passes is not described node by node: on a long page that takes four times as long as the looking.
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "resultTypes": ["violations"]}
OPEN = "document.querySelectorAll('details').forEach(part => { part.open = true })"


def started() -> Iterator[Any]:
    """Start Chromium, or skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="The package playwright is not installed; install automl[test].")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("No Chromium on this machine: the page was not looked at in a browser.")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield opened
        opened.close()


def opened(browser: Any, path: Path, told: list[str], width: int = 1280, **options: Any) -> Any:
    """Open a file; what its console tells and what it asks for goes to `told`."""
    page = browser.new_page(viewport={"width": width, "height": 900}, **options)
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: told.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri())
    return page


def violations(page: Any) -> list[tuple[str, list[str]]]:
    """Return what axe finds on a page with all its parts unfolded."""
    sync_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed; install automl[test].")
    page.evaluate(OPEN)
    found = sync_api.Axe().run(page, options=AXE)
    return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found.response["violations"]]


def faults(browser: Any, path: Path) -> list[Any]:
    """Return everything wrong with a file: messages, requests, violations in light and dark, parts wider than a telephone."""
    told: list[Any] = []
    for scheme in ("light", "dark"):
        page = opened(browser, path, told, color_scheme=scheme)
        told += violations(page)
        page.close()
    page = opened(browser, path, told, width=400)
    page.evaluate(OPEN)
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    return [*told, *([f"{wide} pixels wide on a telephone"] if wide > 400 else [])]
