"""Detectors of anomalies: some rows are scored again, and the recorded scores held against the threshold and the labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.detector import AnomalyDetector
from automl.anomaly.proving import scores_again
from automl.artifact import Artifact
from automl.verifying.base import SAME, Check, Verifying

Array = NDArray[Any]


class OfDetector(Verifying):
    """A detector of anomalies."""

    repeated = "rows were scored again"

    def __init__(self, stored: Artifact, data: Any) -> None:
        self.model = AnomalyDetector.of(stored)
        super().__init__(stored, data, self.model.proof_, self.model.facts_.data.sha256)

    def _said(self) -> Array:
        assert self.proof is not None
        return self.model.score(self.frame.iloc[self.proof.sample])

    def _scale(self) -> float:
        return 1.0

    def _scores(self) -> Check:
        if self.proof is None or not self.is_data or not len(self.proof.rows):
            return Check("scores", None, "The scores can be computed again on the data that the model was fitted on alone.")
        told = self.model.facts_.anomalies
        assert told is not None
        known = {} if told.known is None else told.known.model_dump(exclude={"column"})
        stated = {"share_of_alarms": told.share_of_alarms, **known}
        found = scores_again(None if told.known is None else told.known.column, self.proof, self.frame)
        numbers = {name: float(value) for name, value in stated.items() if isinstance(value, (int, float)) and np.isfinite(value)}
        source = "from the recorded scores by models that had not seen the row"
        return self._compared(dict(numbers), found, SAME, source, f"{len(self.proof.rows):,} rows")
