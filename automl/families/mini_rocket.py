"""MiniRocket: thousands of fixed kernels and a linear model on how often they fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families._common import average, repeated, softmax
from automl.families._series_features import FEATURES, SeriesFeatures, linear_head
from automl.families.base import Config, Floats, Tags
from automl.preprocessing.base import Arrays, Spec
from automl.preprocessing.series import MiniRocket as Kernels

CELLS = 2e7  # rows × features that a head learns from: 80 MB
LEAST_SPREAD = 1e-3  # a share that hardly differs between rows is not blown up


class MiniRocket(SeriesFeatures):
    """MiniRocket with a logistic or ridge regression on 9,996 features, fewer where rows and steps are many.

    Source: Dempster, Schmidt and Webb (2021, arXiv:2012.08791). The authors' head is a ridge classifier, which has no probabilities; a
    logistic regression takes its place.
    """

    name = "mini_rocket"
    title = "MiniRocket"
    tags = Tags(kind="linear", inputs=frozenset({"series"}), rank=2)

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the inverse strength of the penalty."""
        hp.Choice("C", [0.1, 1.0, 10.0, 100.0, 1000.0], default=100.0 if spec.is_classification else 1.0)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default and a path around it."""
        path = [10.0, 1000.0, 1.0] if spec.is_classification else [10.0, 0.1, 100.0]
        return [{}, *({"C": strength} for strength in path)]

    def prepare(self, arrays: Arrays, seed: int) -> Arrays:
        """Draw thresholds and channels from the training rows."""
        rows, steps, _ = arrays["series"].shape
        most = int(np.clip(min(6e9 / max(rows * steps, 1), CELLS / max(rows, 1)), 1_000, 9_996))
        return Kernels.fit(arrays["series"], seed, most).to_arrays("made")

    def features(self, prepared: Mapping[str, Any], arrays: Arrays) -> NDArray[np.float32]:
        """Return the shares of steps above the thresholds."""
        return Kernels.from_arrays(prepared, "made").transform(arrays["series"])

    def row_work(self, spec: Spec) -> float:
        """Return what kernels and thresholds of a row take, as measured on one core."""
        steps, channels = spec.shape_of("series") or (1, 1)
        return float(steps * min(9_996, 6e9 / max(spec.rows * steps, 1)) * 1e-9 * (1 + 0.1 * min(channels, 9)))

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Fit the head; its coefficients are given for the shares as they are."""
        if deadline.over():
            return None
        features = arrays[FEATURES]
        if len(np.unique(target)) < 2:
            return {"average": average(target, spec)}
        centre = features.mean(axis=0)
        scale = 1.0 / ((features.std(axis=0) + LEAST_SPREAD) * np.sqrt(features.shape[1]))
        weights, intercept = linear_head((features - centre) * scale, target, float(config["C"]), spec, deadline)
        weights = weights * scale[:, None]
        return {"weights": weights.astype(np.float32), "intercept": intercept - centre.astype(np.float64) @ weights}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        if "average" in model:
            return repeated(model["average"], len(arrays[FEATURES]))
        scores = arrays[FEATURES].astype(np.float64) @ model["weights"] + model["intercept"]
        return softmax(scores) if spec.is_classification else scores
