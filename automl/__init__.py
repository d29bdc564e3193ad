"""automl: a table goes in; a calibrated model and a report that people can decide from come out.

The public names are resolved on first use, so that ``import automl`` costs milliseconds and imports neither Keras nor scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "AutoML": "automl.estimator",
    "fit": "automl.api",
    "load": "automl.loading",
    "detect": "automl.api",
    "compare": "automl.api",
    "Budget": "automl.budget",
    "Family": "automl.families.base",
    "KerasFamily": "automl.families.networks",
    "run_recipe": "automl.recipe",
    "AutoMLError": "automl.errors",
    "DataError": "automl.errors",
    "UsageError": "automl.errors",
}
__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from automl.api import compare as compare
    from automl.api import detect as detect
    from automl.api import fit as fit
    from automl.budget import Budget as Budget
    from automl.errors import AutoMLError as AutoMLError
    from automl.errors import DataError as DataError
    from automl.errors import UsageError as UsageError
    from automl.estimator import AutoML as AutoML
    from automl.families.base import Family as Family
    from automl.families.networks import KerasFamily as KerasFamily
    from automl.loading import load as load
    from automl.recipe import run_recipe as run_recipe


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'automl' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
