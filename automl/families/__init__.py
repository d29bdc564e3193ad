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
    for module in pkgutil.iter_modules(__path__):
        if module.name in _SHARED or module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for _, item in inspect.getmembers(loaded, inspect.isclass):
            if issubclass(item, Family) and not inspect.isabstract(item) and item.__module__ == loaded.__name__:
                found[item.name] = item()
    return {**found, **{family.name: family for family in extra}}


def family_by_name(name: str, extra: tuple[Family, ...] = ()) -> Family:
    """Return one family.

    Raises:
        UsageError: If there is none of that name.

    Example:
        >>> family_by_name("linear").tags.kind
        'linear'
    """
    families = find_families(extra)
    if name not in families:
        raise UsageError(f"`families` must name families out of {sorted(families)}. Received {name!r}.{did_you_mean(name, families)}")
    return families[name]
