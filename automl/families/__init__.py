"""Architecture families: one file each, found by walking this folder. Deleting a file removes the family."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from automl.errors import UsageError, did_you_mean
from automl.families.base import Family

_SHARED = {"base", "networks"}


def find_families(extra: tuple[Family, ...] = ()) -> dict[str, Family]:
    """Return every family of the package by name, and those handed in.

    Args:
        extra: Families from elsewhere.

    Returns:
        Families by name, in alphabetical order, the extra ones last.
    """
    found: dict[str, Family] = {}
    for name in family_names():
        found.update(_families_in(name))
    return {**found, **{family.name: family for family in extra}}


def family_names() -> list[str]:
    """Return the names of the package's families without importing them."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in names if name not in _SHARED and not name.startswith("_"))


def _families_in(module: str) -> dict[str, Family]:
    loaded = importlib.import_module(f"{__name__}.{module}")
    classes = [item for _, item in inspect.getmembers(loaded, inspect.isclass) if item.__module__ == loaded.__name__]
    return {item.name: item() for item in classes if issubclass(item, Family) and not inspect.isabstract(item)}


def family_by_name(name: str, extra: tuple[Family, ...] = ()) -> Family:
    """Return one family.

    Raises:
        UsageError: If there is none of that name.

    Example:
        >>> family_by_name("linear").tags.kind
        'linear'
    """
    for family in extra:
        if family.name == name:
            return family
    if name not in family_names():  # a family lives in the module of its name, so no other one is imported: trees need no Keras
        names = sorted([*family_names(), *(family.name for family in extra)])
        raise UsageError(f"`families` must name families out of {names}. Received {name!r}.{did_you_mean(name, names)}")
    return _families_in(name)[name]
