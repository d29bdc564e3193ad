"""Columns without names are known by their place."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from automl.errors import DataError


def by_place(frame: pd.DataFrame, names: Sequence[str], target: str) -> pd.DataFrame:
    """Name columns by their place where the data of the fit, or these, have no names; the target may be among them.

    Args:
        frame: Rows to predict.
        names: Columns of the fit.
        target: Name of the target.

    Raises:
        DataError: If there are not as many.
    """
    names, given = list(names), list(frame.columns)
    were_named, named = has_names(names, target), has_names(given)
    if not set(names) - set(given) and (named or len(given) == len(names) or target in given):
        return frame
    if named and were_named:
        return frame  # the schema says which columns are missing
    if len(given) != len(names):
        raise DataError(f"X has {len(given)} features, but AutoML is expecting {len(names)} features as input.")
    if named != were_named:
        side, fitted = ("has", "without") if named else ("does not have", "with")
        warnings.warn(f"X {side} valid feature names, but AutoML was fitted {fitted} feature names", UserWarning, stacklevel=4)
    return frame.set_axis(names, axis=1)


def has_names(columns: Sequence[str], target: str | None = None) -> bool:
    """Whether these are more than numbers of columns, such as the names x0, x1 … that an array gets; the target may be one of them."""
    for prefix in ("x", ""):
        numbers = [f"{prefix}{place}" for place in range(len(columns) + 1)]
        if list(columns) in (numbers[:-1], [name for name in numbers if name != target]):
            return False
    return True


def refuse_one_dimension(X: Any) -> None:
    """Raise where it cannot be known whether numbers are one row or one column."""
    if isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype.kind in "biuf":
        raise DataError(
            f"The data must be a table: Expected 2D array, got 1D array instead of shape {X.shape}. Reshape your data either using "
            "array.reshape(-1, 1) if it is a single column or array.reshape(1, -1) if it is a single row."
        )
