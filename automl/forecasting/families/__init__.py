"""Families of forecasters: one file each, found by walking this folder. Deleting a file removes the family."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

from automl.errors import UsageError, did_you_mean
from automl.families.base import Family


def forecaster_names() -> list[str]:
    """Return the names of the families without importing them.

    Example:
        >>> "theta" in forecaster_names()
        True
    """
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def forecaster_by_name(name: str) -> Family:
    """Return one family of forecasters.

    Raises:
        UsageError: If there is none of that name.

    Example:
        >>> forecaster_by_name("drift").tags.kind
        'naive'
    """
    names = forecaster_names()
    if name not in names:
        raise UsageError(f"`families` of a forecast must be among {names}. Received {name!r}.{did_you_mean(name, names)}")
    loaded = importlib.import_module(f"{__name__}.{name}")
    classes = [item for _, item in inspect.getmembers(loaded, inspect.isclass) if item.__module__ == loaded.__name__]
    return next(item() for item in classes if issubclass(item, Family) and not inspect.isabstract(item))
