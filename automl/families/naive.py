"""The naive predictor: what everybody must beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families._common import average, repeated
from automl.families._sklearn import SklearnFamily
from automl.families.base import Config, Floats, Tags
from automl.preprocessing.base import Arrays, Spec


class Naive(SklearnFamily):
    """Predicts the share of each class, or the mean, for every row."""

    name = "naive"
    title = "Naive predictor"
    tags = Tags(kind="naive")

    def space(self, hp: Any, spec: Spec) -> None:
        """There is nothing to choose."""

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Count; even after the deadline, because every run needs something to compare with."""
        return {"average": average(target, spec)}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return the same prediction for each row, (rows, outputs)."""
        return repeated(np.asarray(model["average"]), len(arrays["numbers"]))
