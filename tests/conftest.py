"""How tests are shared out over processes: a module stays together, because its fixtures are made once; of the contract suite, a family."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        group = item.nodeid.split("::")[0]
        if item.path.name == "test_contract.py":
            group += item.callspec.params["family"].name
        item.add_marker(pytest.mark.xdist_group(group))
