"""The arguments of an estimator, checked, as the settings of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from automl.budget import Budget
from automl.errors import UsageError
from automl.private import check_examples
from automl.run import RunSettings
from automl.selection import check_families

AS_GIVEN = ("problem", "positive", "metric", "min_precision", "min_recall", "group", "time", "target_scale", "test")


def settings_of(given: Mapping[str, Any]) -> RunSettings:
    """Return what a run goes by.

    Args:
        given: The arguments of :class:`automl.AutoML` by name.

    Raises:
        UsageError: If one of them is impossible.
    """
    families = None if given["families"] is None else _several(given["families"])
    check_families(families)
    seed = given["seed"]
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0:
        raise UsageError(f"`seed` must be a whole number from 0 on. Received seed={seed!r}.")
    return RunSettings(
        budget=_budget(given["budget"], given["trials"]),
        families=families,
        only_networks=bool(given["only_networks"]),
        seed=int(seed),
        costs=None if given["costs"] is None else dict(given["costs"]),
        types=dict(given["types"] or {}),
        ignore=() if given["ignore"] is None else _several(given["ignore"]),
        sensitive=() if given["sensitive"] is None else _several(given["sensitive"]),
        changes=None if given["changes"] is None else dict(given["changes"]),
        combine_columns=bool(given["combine_columns"]),
        pretrained=_pretrained(given["pretrained"]),
        examples=check_examples(given["examples"]),
        directory=None if given["directory"] is None else str(given["directory"]),
        **{name: given[name] for name in AS_GIVEN},
    )


def _budget(budget: Any, trials: int | None) -> Budget:
    if not isinstance(budget, Budget):
        return Budget(budget, trials=trials) if budget is not None or trials is not None else Budget("5m")
    return dataclasses.replace(budget, trials=trials) if trials is not None and budget.trials is None else budget


def _pretrained(wanted: Any) -> Any:
    """Read the user's network before any work is done, so that one that does not fit is told at once."""
    if wanted is None:
        return None
    from automl.pretrained.own import find

    return find(wanted)


def _several(given: Any) -> tuple[Any, ...]:
    """Return one thing or several as a tuple; a text is one thing."""
    return tuple(given) if isinstance(given, (list, tuple, set, frozenset, np.ndarray, pd.Index)) else (given,)
