"""Forecasters: the next steps are forecast again, and the recorded quantiles held against the values in the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl.artifact import Artifact
from automl.errors import AutoMLError
from automl.forecasting.forecaster import Forecaster
from automl.forecasting.proving import next_steps, scores_again, world_of
from automl.verifying.base import SAME, Check, Verifying

if TYPE_CHECKING:
    from automl.families.base import Family

Array = NDArray[Any]


class OfForecast(Verifying):
    """A forecaster."""

    repeated = "series were forecast again"

    def __init__(self, stored: Artifact, data: Any, families: Sequence[Family]) -> None:
        self.kept = Forecaster.of(stored, families).kept_
        super().__init__(stored, data, self.kept.proof, self.kept.facts.data.sha256)
        self.world = world_of(self.kept.model, self.frame) if self.is_data else None

    def _said(self) -> Array:
        assert self.world is not None
        assert self.proof is not None
        return next_steps(self.kept.model, self.world, self.proof.sample)

    def _scale(self) -> float:
        assert self.world is not None
        return float(np.nanstd(self.world.panel.y)) or 1.0

    def _scores(self) -> Check:
        if self.proof is None or self.world is None:
            return Check("scores", None, "The scores can be computed again on the data that the model was fitted on alone.")
        if not len(self.proof.rows):
            return Check("scores", None, "The quantiles of so many series were not recorded, so scores cannot be computed again.")
        try:
            found = scores_again(self.kept.model, self.world, self.proof)
        except (AutoMLError, IndexError) as problem:
            return Check("scores", False, f"The scores cannot be computed on these data: {problem}")
        stated = {name: score.value for name, score in self.kept.facts.evaluation.scores.items()}
        source = "from the recorded quantiles of models that had not seen the steps"
        return self._compared(stated, found, SAME, source, f"{len(self.proof.rows):,} window{'' if len(self.proof.rows) == 1 else 's'}")
