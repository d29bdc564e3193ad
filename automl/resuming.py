"""What a run keeps about its arguments, so that another process can go on with it, and how they are read back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from automl.budget import Budget
from automl.dataset import Dataset
from automl.errors import DataError
from automl.families.base import Family
from automl.trials import recorded_run

_APART = {"target", "budget", "trials", "families", "test", "directory"}  # kept in a form of their own, or not at all


def arguments(given: Mapping[str, Any], budget: Budget, data: Any, target: Any, version: str) -> dict[str, Any]:
    """Return the arguments of a fit as JSON-ready entries of its record.

    Args:
        given: Arguments of the estimator by name.
        budget: The budget that they came to.
        data: What `fit` was given.
        target: Name of the target or its values.
        version: Version of automl.

    Example:
        >>> arguments({"seed": np.int64(3)}, Budget(trials=2), "data.csv", "churn", "1.0")["arguments"]
        {'seed': 3}
    """
    families = given.get("families")
    several = None if families is None else [families] if isinstance(families, (str, Family)) else list(families)
    return {
        "version": version,
        "arguments": {name: _plain(value) for name, value in given.items() if name not in _APART},
        "families": None if several is None else [getattr(family, "name", family) for family in several],
        "budget": {"seconds": budget.seconds, "trials": budget.trials, "memory": budget.memory},
        "data": _path(data),
        "target": str(target) if isinstance(target, (str, int, np.integer)) else None,
        "tested": given.get("test") is not None,
        "test": _path(given.get("test")),
    }


def recorded_budget(
    entries: Mapping[str, Any], seconds: str | float | None = None, trials: int | None = None, started: float | None = None
) -> Budget:
    """Return the budget of a recorded run; what is given takes the place of what is recorded.

    Args:
        entries: What :func:`automl.trials.recorded_run` gives.
        seconds: Time for everything, the time already spent included.
        trials: Cap on the number of configurations, those already tried included.
        started: When the clock began.
    """
    told = entries["budget"]
    limit = told["seconds"] if seconds is None else seconds
    return Budget(limit, told["trials"] if trials is None else trials, told["memory"], started=started)


def restored(
    directory: str | os.PathLike[str],
    data: Any = None,
    target: Any = None,
    *,
    test: Any = None,
    families: Sequence[Family] = (),
    budget: Budget | str | float | None = None,
) -> tuple[dict[str, Any], Any, Any]:
    """Return the estimator's arguments, the data and the target of a recorded run.

    Args:
        directory: The folder of the run.
        data: The data, where they were in memory or have moved.
        target: The target's values, where it was given as such.
        test: The test table, where it was in memory or has moved.
        families: Families from outside the package that the run used.
        budget: In place of the recorded one.

    Raises:
        DataError: If there is no record, or something that was in memory is not given.
    """
    entries = recorded_run(os.fspath(directory))
    for name, value, wanted in (
        ("data", data, entries["data"] is None),
        ("target", target, entries["target"] is None),
        ("test", test, entries["tested"] and entries["test"] is None),
    ):
        if wanted and value is None:
            raise DataError(
                f"`{name}` must be handed over again where a run got it from memory. Received nothing for the run in "
                f"{str(directory)!r}; call AutoML.resume({str(directory)!r}, {name}=...)."
            )
    known = {family.name: family for family in families}
    names = entries["families"]
    told = {
        **entries["arguments"],
        "families": None if names is None else [known.get(name, name) for name in names],
        "budget": budget if isinstance(budget, Budget) else recorded_budget(entries, budget),
        "test": entries["test"] if test is None else test,
        "directory": directory,
    }
    return told, entries["data"] if data is None else data, entries["target"] if target is None else target


def _path(data: Any) -> str | None:
    """Return the absolute path of a file, which must be found from any folder; None for data in memory."""
    data = data.path if isinstance(data, Dataset) else data
    return str(Path(data).absolute()) if isinstance(data, (str, os.PathLike)) else None


def _plain(value: Any) -> Any:
    """Return an argument as JSON-ready values."""
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "__iter__"):
        return [_plain(item) for item in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
    return str(value)
