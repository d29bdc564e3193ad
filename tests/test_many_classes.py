"""Very many classes: refused, or told with what they mean for the budget."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.checks.rows import many_classes
from automl.errors import DataError
from automl.task import Task


def test_ten_thousand_classes_are_told_with_what_they_mean() -> None:
    frame = pd.DataFrame({"x": np.arange(30_000.0), "kind": [f"kind {n % 10_000}" for n in range(30_000)]})
    with pytest.raises(DataError, match=r"at most 1,000 classes.*10,000 different values.*budget"):
        automl.fit(frame, "kind", budget=None, trials=1)
    names = tuple(f"k{n}" for n in range(400))
    (found,) = many_classes(Task("multiclass", "kind", classes=names), np.repeat(np.arange(400), 3))
    assert "400 classes, with 3 rows each" in found.because
    assert "budget" in found.because
    assert not list(many_classes(Task("multiclass", "kind", classes=names[:50]), np.repeat(np.arange(50), 3)))
