"""Families of detectors: one file each."""

from __future__ import annotations

import importlib
import pkgutil

from automl.anomaly.base import DetectorFamily
from automl.errors import UsageError, did_you_mean


def detector_names() -> list[str]:
    """Return the names of all families."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def detector_by_name(name: str) -> DetectorFamily:
    """Return one family.

    Raises:
        UsageError: If there is none of that name.

    Example:
        >>> detector_by_name("robust_zscore").title
        'Robust z-scores'
    """
    if name not in detector_names():
        raise UsageError(
            f"`families` must name detectors out of {detector_names()}. Received {name!r}.{did_you_mean(name, detector_names())}"
        )
    module = importlib.import_module(f"{__name__}.{name}")
    found = [item for item in vars(module).values() if isinstance(item, type) and getattr(item, "name", "") == name]
    return found[0]()  # type: ignore[no-any-return]
