"""How tests are shared out over processes, and a browser for those that look at pages."""

from collections.abc import Iterator
from typing import Any

import pages
import pytest
from xdist.scheduler import LoadScopeScheduling

LONGEST = "test_recipes_run.py"


class ByModule(LoadScopeScheduling):
    """A module stays in one process, because its fixtures are made once; of the contract suite, a family."""

    def _split_scope(self, nodeid: str) -> str:
        module, _, test = nodeid.partition("::")
        return f"{module} {test.partition('[')[2].partition('-')[0]}" if module.endswith("test_contract.py") else module


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return ByModule(config, log)


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Begin with the longest module."""
    items.sort(key=lambda item: item.path.name != LONGEST)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from pages.started()
