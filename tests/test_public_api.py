"""The public surface is a promise: few names, each documented with an example that runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import automl

PROMISED = [
    "AutoML",
    "AutoMLError",
    "Budget",
    "DataError",
    "Family",
    "KerasFamily",
    "UsageError",
    "compare",
    "detect",
    "fit",
    "load",
    "run_recipe",
]
MODULES = sorted(module.name for module in pkgutil.walk_packages(automl.__path__, "automl.") if not module.name.endswith("__main__"))


def test_these_names_are_public_and_no_others() -> None:
    assert automl.__all__ == PROMISED
    assert set(automl.__all__) <= set(dir(automl))


ROOT = Path(__file__).parent.parent
SHOWN = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "README.md", *sorted((ROOT / "examples").glob("*.py"))))


@pytest.mark.parametrize("name", PROMISED)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    assert inspect.getdoc(getattr(automl, name))


@pytest.mark.parametrize("name", [name for name in PROMISED if not name.endswith("Error") and name != "Family"])
def test_a_public_name_has_an_example_that_runs(name: str) -> None:
    """In its docstring, or in the README or a script of examples/, which the tests run too. `KerasFamily` shows what a `Family` is."""
    assert ">>>" in str(inspect.getdoc(getattr(automl, name))) or re.search(rf"automl\.{name}\b", SHOWN)


@pytest.mark.parametrize("name", ["fit", "load", "detect", "compare", "run_recipe"])
def test_a_public_function_is_fully_typed(name: str) -> None:
    signature = inspect.signature(getattr(automl, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(parameter.annotation is not inspect.Parameter.empty for parameter in signature.parameters.values())


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = automl.fitt


def test_the_version_is_the_distributions() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.+)"', project, re.M) == [automl.__version__]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    assert doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).failed == 0
