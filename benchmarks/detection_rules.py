"""How other tools infer problem and column types, written down from their documentation and sources; see the docstring of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def _present(target: pd.Series) -> pd.Series:
    return target.replace([np.inf, -np.inf], np.nan).dropna() if target.dtype.kind == "f" else target.dropna()


def _distinct(target: pd.Series) -> int:
    try:
        return int(target.nunique())
    except TypeError:  # lists
        return int(target.astype(str).nunique())


def _words(target: pd.Series) -> bool:
    return target.dtype.kind not in "biufcmM"


def autogluon(target: pd.Series) -> str:
    """AutoGluon 1.6, `infer_problem_type`: two values binary; words multiclass; whole numbers multiclass up to 1,000 rare values."""
    target = _present(target)
    distinct = _distinct(target)
    if distinct == 2:
        return "binary"
    if _words(target) or target.dtype == bool:
        return "multiclass"
    few = distinct <= 1000 and distinct / len(target) <= (0.05 if len(target) > 1000 else 0.1)
    whole = bool((target % 1 == 0).all()) if target.dtype.kind == "f" else True
    return "multiclass" if few and whole else "regression"


def ludwig(target: pd.Series) -> str:
    """Ludwig, automatic type inference: two values binary; at most 20 values, or 5 % of the rows, multiclass, floats too; numbers else."""
    target = _present(target)
    distinct = _distinct(target)
    if distinct == 2:
        return "binary"
    if distinct <= 20 or distinct / len(target) <= 0.05:
        return "multiclass"
    return "multiclass" if _words(target) else "regression"


def mljar(target: pd.Series) -> str:
    """mljar-supervised, `_get_ml_task`: two values binary; at most 20 multiclass; else regression, whatever the cells are."""
    distinct = _distinct(_present(target))
    return "binary" if distinct == 2 else "multiclass" if distinct <= 20 else "regression"


def pycaret(target: pd.Series) -> str:
    """PyCaret, `infer_ml_usecase`: words, booleans and at most 20 whole numbers are classes; all else regression."""
    target = _present(target)
    distinct = _distinct(target)
    classes = _words(target) or target.dtype == bool or (target.dtype.kind in "iu" and distinct <= 20)
    return "regression" if not classes else "binary" if distinct == 2 else "multiclass"


def autogluon_type(column: pd.Series) -> str:
    """AutoGluon 1.6, `infer_types`: numbers by dtype, dates where a fifth of 500 cells parse, text from three words and 1 % distinct."""
    if column.dtype.kind in "mM":
        return "datetime" if column.dtype.kind == "M" else "number"
    if _distinct(column) == 2:
        return "boolean"
    if not _words(column):
        return "number"
    cells = column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    texts = cells.astype(str)
    sample = texts.sample(min(500, len(texts)), random_state=0)
    if (
        not pd.to_numeric(sample, errors="coerce").notna().all()
        and pd.to_datetime(sample, errors="coerce", format="mixed").notna().mean() >= 0.2
    ):
        return "datetime"
    looked = texts.sample(min(5000, len(texts)), random_state=0)
    if texts.nunique() / max(len(texts), 1) > 0.01 and looked.str.split().str.len().mean() >= 3:
        return "text"
    return "category"


_BOOLEANS = [{"0", "1"}, {"true", "false"}, {"t", "f"}, {"yes", "no"}, {"y", "n"}, {"1.0", "0.0"}]
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tiff")


def ludwig_type(column: pd.Series) -> str:
    """Ludwig, `get_field_type`: dates, booleans, pictures, categories below half as many values as rows, numbers, else text."""
    cells = column.dropna().astype(str)
    distinct = cells.unique()
    if column.dtype.kind == "M":
        return "datetime"
    numbers = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce").notna()
    sample = distinct[:100]
    if not numbers.all() and len(sample) > 1 and pd.to_datetime(pd.Series(sample), errors="coerce", format="mixed").notna().all():
        return "datetime"
    if len(distinct) <= 1:
        return "category"
    if len(distinct) == 2 and {value.casefold() for value in distinct} in _BOOLEANS:
        return "boolean"
    if sum(value.casefold().endswith(_PICTURES) for value in sample) >= 3:
        return "image"
    if len(distinct) < 0.5 * len(cells) and not numbers.all():
        return "category"
    return "number" if numbers.all() else "text"


RULES: dict[str, Callable[[pd.Series], str]] = {"AutoGluon": autogluon, "Ludwig": ludwig, "mljar": mljar, "PyCaret": pycaret}
TYPE_RULES: dict[str, Callable[[Any], str]] = {"AutoGluon": autogluon_type, "Ludwig": ludwig_type}
