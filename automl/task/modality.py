"""Say what kind of data carries the signal: a table, pictures, text, sequences, or several of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import Dataset
from automl.schema import Column, Schema, levels
from automl.task.base import Task

_SENTENCE = 5.0  # words from which a text says more than a name
_USUAL = 0.98  # a value that is this common says nothing


def _says_something(dataset: Dataset, column: Column) -> bool:
    """Whether a column differs between rows."""
    cells = pd.Series(levels(dataset.frame[column.name].iloc[:5000]), dtype=object)
    shares = cells.value_counts(normalize=True, dropna=False)
    return len(shares) > 1 and float(shares.iloc[0]) < _USUAL


def words_of(dataset: Dataset, column: Column) -> float:
    """Return the mean number of words of a text column; names of people and places count half."""
    cells = pd.Series(levels(dataset.frame[column.name].iloc[:5000]), dtype=object).dropna().unique()[:1000]
    if not len(cells):
        return 0.0
    words = [re.findall(r"[^\W\d_]{2,}", str(cell)) for cell in cells]
    capital = np.mean([word[0].isupper() for found in words for word in found] or [0.0])
    return float(np.mean([len(str(cell).split()) for cell in cells])) * (0.5 if capital > 0.85 else 1.0)


def modality_of(dataset: Dataset, schema: Schema, task: Task) -> tuple[str, str]:
    """Return the modality and why.

    Args:
        dataset: The data.
        schema: Its columns after the checks: identifiers, constants and groups are no features any more.
        task: The task.
    """
    if "modality" in dataset.details:
        return dataset.details["modality"], str(dataset.details.get("modality_because", ""))
    if task.modality != "tabular":
        return task.modality, ""
    telling = [column for column in schema.features if _says_something(dataset, column)]
    pictures = [column for column in telling if column.type == "image"]
    signals = [column for column in telling if column.type == "series"]
    texts = [column for column in telling if column.type == "text"]
    long = {column.name: words_of(dataset, column) for column in texts}
    sentences = [name for name, words in long.items() if words >= _SENTENCE or (pictures and words >= 2)]
    table = [column for column in telling if column.type not in ("image", "text", "series")]
    if len(texts) == 1 and len(telling) == 1 and not sentences:
        sentences = list(long)
    kinds: dict[str, Any] = {"image": pictures, "text": sentences, "sequence": signals, "tabular": table}
    found = [kind for kind, columns in kinds.items() if columns]
    if len(found) > 1:
        shown = [column for kind in ("image", "text", "sequence") for column in kinds[kind]]
        names = [repr(column if isinstance(column, str) else column.name) for column in shown]
        rest = f" stand beside {len(table)} other columns" if table else " stand side by side"
        return "mixed", f"{', '.join(names[:4])} ({' and '.join(kind for kind in found if kind != 'tabular')}){rest}."
    if found and found[0] != "tabular":
        name = (pictures or signals)[0].name if pictures or signals else sentences[0]
        return found[0], f"{name!r} is the only column that says anything of the rows."
    return "tabular", ""
