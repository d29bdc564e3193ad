"""Models of tables: of one target, or of several labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.artifact import Artifact
from automl.errors import AutoMLError
from automl.evaluation import evaluate
from automl.storage import Fitted
from automl.verifying.base import CLOSE, SAME, Check, Verifying

if TYPE_CHECKING:
    from automl.families.base import Family
    from automl.proof import Proof
    from automl.report.facts import ReportFacts

Array = NDArray[Any]


class OfRows(Verifying):
    """A model that predicts rows of a table."""

    def __init__(self, stored: Artifact, data: Any, facts: ReportFacts, proof: Proof | None) -> None:
        self.facts = facts
        super().__init__(stored, data, proof, facts.data.sha256)

    @abstractmethod
    def _say(self, frame: pd.DataFrame) -> Array:
        """Return the model's predictions of rows."""

    @abstractmethod
    def _absent(self) -> list[str]:
        """Return the target columns that the data lack."""

    @abstractmethod
    def _computed(self, rows: Array, prediction: Array, limit: Array, decided: Array | None = None) -> dict[str, float]:
        """Return scores of predictions of rows of the data, by recorded decisions where there are some."""

    @abstractmethod
    def _limit(self) -> Array:
        """Return the model's threshold or thresholds."""

    def _said(self) -> Array:
        assert self.proof is not None
        return self._say(self.frame.iloc[self.proof.sample])

    def _scores(self) -> Check:
        proof, absent = self.proof, self._absent()
        if absent:
            return Check("scores", None, f"The data have no column {absent[0]!r}, so scores cannot be computed again.")
        right = self.is_test if proof is not None and proof.judged == "test" else self.is_data
        if proof is None or not right or not len(proof.rows):
            return self._elsewhere()
        prediction, decided = proof.prediction, proof.decided if len(proof.decided) else None
        if proof.repeatable:
            prediction, decided = self._say(self.frame.iloc[proof.rows]), None
        scores = self._computed(proof.rows, prediction, proof.limit, decided)
        stated = {name: score.value for name, score in self.facts.evaluation.scores.items()}
        source = "by the model itself" if proof.repeatable else "from the recorded predictions of models that had not seen the row"
        return self._compared(stated, scores, CLOSE if proof.repeatable else SAME, source, f"{len(proof.rows):,} rows")

    def _elsewhere(self) -> Check:
        """Measure the model on other rows, for information."""
        try:
            scores = self._computed(np.arange(len(self.frame)), self._say(self.frame), self._limit())
        except (AutoMLError, ValueError) as problem:
            return Check("scores", None, f"The scores cannot be computed on these data: {problem}")
        told = []
        for name, score in self.facts.evaluation.scores.items():
            if name in scores and score.low is not None and score.high is not None:
                inside = score.low <= scores[name] <= score.high
                told.append(f"{name} {scores[name]:.4g}, {'inside' if inside else 'outside'} {score.low:.4g} to {score.high:.4g}")
        return Check(
            "scores", None, f"On these other {len(self.frame):,} rows the model has, against the report's intervals: {'; '.join(told[:6])}."
        )


class OfOne(OfRows):
    """A model of one target."""

    def __init__(self, stored: Artifact, data: Any, families: Sequence[Family]) -> None:
        self.fitted = Fitted.of(stored, families)
        super().__init__(stored, data, self.fitted.facts, self.fitted.proof)

    def _say(self, frame: pd.DataFrame) -> Array:
        return self.fitted.predictor(frame)

    def _absent(self) -> list[str]:
        target = self.fitted.predictor.task.target
        return [] if target in self.frame.columns else [target]

    def _limit(self) -> Array:
        threshold = self.fitted.predictor.threshold
        return np.zeros(0) if threshold is None else np.array([threshold.value])

    def _scale(self) -> float:
        if self.fitted.predictor.task.is_classification:
            return 1.0
        return float(np.nanstd(self._target(np.arange(len(self.frame))))) or 1.0

    def _target(self, places: Array) -> Array:
        task = self.fitted.predictor.task
        return np.asarray(task.encode(self.frame[task.target].iloc[places]))

    def _computed(self, rows: Array, prediction: Array, limit: Array, decided: Array | None = None) -> dict[str, float]:
        if decided is None and self.fitted.predictor.rule is not None:
            decided = self.fitted.predictor.codes(prediction)
        task, y = self.fitted.predictor.task, self._target(rows)
        naive = np.tile(np.asarray(prediction, dtype=np.float64).mean(axis=0), (len(y), 1))
        threshold = None if not len(limit) else float(limit[0]) if len(limit) == 1 else limit
        given: dict[str, Any] = {"source": "cross-fitted", "naive_prediction": naive, "threshold": threshold, "resamples": 10}
        found = evaluate(task.problem, task.classes, y, prediction, decided=decided, **given)
        return {name: float(score.value) for name, score in found.scores.items() if score.value is not None and np.isfinite(score.value)}


class OfLabels(OfRows):
    """A model that gives rows any number of labels."""

    def __init__(self, stored: Artifact, data: Any, families: Sequence[Family]) -> None:
        from automl.multilabel.model import LabelModel
        from automl.proof import Proof
        from automl.report.facts import ReportFacts

        self.model = LabelModel.from_states(stored.parts, tuple(families))
        proof = Proof.from_state(stored.parts["proof"]) if "proof" in stored.parts else None
        super().__init__(stored, data, ReportFacts.model_validate(stored.facts), proof)

    def _say(self, frame: pd.DataFrame) -> Array:
        return self.model(frame)

    def _absent(self) -> list[str]:
        labels = self.model.labels
        return [name for name in labels.columns or (labels.target,) if name not in self.frame.columns]

    def _limit(self) -> Array:
        return np.tile(self.model.thresholds, (len(self.frame), 1))

    def _scale(self) -> float:
        return 1.0

    def _computed(self, rows: Array, prediction: Array, limit: Array, decided: Array | None = None) -> dict[str, float]:
        from automl.multilabel.proving import scores_again

        return scores_again(self.model, self.frame.iloc[rows], prediction, limit)
