"""How tests are shared out over processes, and a browser for those that look at pages."""

import os
from collections.abc import Iterator
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:  # one process for each core: threads that wait for each other would only take its time
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import pages
import pytest
from xdist.scheduler import LoadScopeScheduling

# Modules that take longest, in this order, so that no process works alone at the end.
LONGEST = (
    "test_recipes_run.py",
    "test_resume.py",
    "test_detection.py",
    "test_examples.py",
    "test_readme.py",
    "test_run.py",
    "test_texts.py",
    "test_series.py",
    "test_browser.py",
    "test_detection_properties.py",
)


class ByModule(LoadScopeScheduling):
    """A module stays in one process, because its fixtures are made once; of the contract suite, a family."""

    def _split_scope(self, nodeid: str) -> str:
        module, _, test = nodeid.partition("::")
        return f"{module} {test.partition('[')[2].partition('-')[0]}" if module.endswith("test_contract.py") else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return ByModule(config, log)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Begin with the longest modules."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from pages.started()
