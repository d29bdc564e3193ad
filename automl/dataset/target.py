"""What the user named or handed in beside the data: columns that must exist, and a target that may be a name or its values."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.errors import DataError, UsageError, did_you_mean

if TYPE_CHECKING:
    from automl.dataset import Dataset


def known_columns(names: Iterable[str], dataset: Dataset, argument: str) -> None:
    """Raise where an argument names a column that is not there."""
    for name in names:
        if name not in dataset.frame.columns:
            raise UsageError(f"`{argument}` must name columns of the data. Received {name!r}.{did_you_mean(name, dataset.frame.columns)}")


def with_target(dataset: Dataset, target: Any) -> tuple[Dataset, str]:
    """Return the data with the target as a column, and the column's name.

    Args:
        dataset: The table.
        target: Name of a column, or the values, one per row.

    Raises:
        DataError: If the values do not fit the rows.
    """
    if isinstance(target, (str, int, np.integer)):
        return dataset, str(target)
    if isinstance(target, pd.DataFrame) and target.shape[1] == 1:
        target = target.iloc[:, 0]
    elif isinstance(target, (list, tuple)) and not any(isinstance(value, (list, tuple, np.ndarray)) for value in target):
        target = pd.Series(target)  # keeps a missing value among texts
    values = target.to_numpy() if hasattr(target, "to_numpy") else np.asarray(target)
    if values.ndim == 2 and values.shape[1] == 1:
        from sklearn.exceptions import DataConversionWarning

        warnings.warn("A column-vector y was passed when a 1d array was expected", DataConversionWarning, stacklevel=4)
        values = values[:, 0]
    if values.ndim != 1 or len(values) != len(dataset.frame):
        raise DataError(
            f"`target` must be the name of a column or hold one value per row. Received shape {values.shape} for {len(dataset.frame)} rows."
        )
    name = str(getattr(target, "name", None) or "target")
    while name in dataset.frame.columns:
        name += "_"
    return dataclasses.replace(dataset, frame=dataset.frame.assign(**{name: values})), name
