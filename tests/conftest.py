"""How tests are shared out over processes, and a browser for those that look at pages."""

from collections.abc import Iterator
from typing import Any

import pages
import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """A module stays in one process, because its fixtures are made once; of the contract suite, a family. The longest goes first."""
    items.sort(key=lambda item: item.path.name != "test_recipes_run.py")
    for item in items:
        group = item.nodeid.split("::")[0]
        if item.path.name == "test_contract.py":
            group += item.callspec.params["family"].name
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from pages.started()
