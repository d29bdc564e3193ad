"""Whether a model file and its report can be reproduced from the data: hashes, predictions, scores, one verdict for each."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.artifact import Artifact, read
from automl.errors import AutoMLError, UsageError
from automl.evaluation import evaluate
from automl.storage import Fitted

if TYPE_CHECKING:
    from automl.families.base import Family
    from automl.proof import Proof
    from automl.report.facts import ReportFacts

Array = NDArray[Any]
CLOSE = 1e-4  # of a probability, or of the target's standard deviation: processors and libraries round differently
UNRECORDED = {"forecaster": "forecaster", "anomaly": "detector of anomalies"}  # parts of a file whose model keeps no record of its judges
SAME = 1e-6  # of a score: the same predictions and the same target


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `agrees` is None where it could not be."""

    name: str
    agrees: bool | None
    sentence: str


@dataclass(frozen=True)
class Verification:
    """What agrees and what does not.

    Attributes:
        checks: In the order in which they were made.
        digest: The digest of the model file's manifest, which covers every byte of it.
    """

    checks: tuple[Check, ...]
    digest: str

    @property
    def agrees(self) -> bool:
        """Whether nothing that could be checked disagrees."""
        return all(check.agrees is not False for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"agrees": self.agrees, "digest": self.digest, "checks": [vars(check) for check in self.checks]}


def verify(path: str | os.PathLike[str], data: Any, *, families: Sequence[Family] = ()) -> Verification:
    """Repeat what a model file and its report state.

    Every member of the file is held against the hash in its manifest. The data are held against the hash of those that the model was
    fitted on. The model predicts some rows again. The scores of the report are computed again: of a holdout or a test file by the model
    itself, else from the recorded predictions of models that had not seen the row, and the target in the data.

    Args:
        path: The model file.
        data: The table that the model was fitted on, or judged on where that was a test file; a path or a DataFrame.
        families: Families from outside the package that the model uses.

    Raises:
        ArtifactError: The file is damaged or was altered.
        DataError: The data cannot be read.
        UsageError: The model is a forecaster or finds anomalies: it keeps no record of what it was judged by.
    """
    stored = read(path)
    if "multilabel" in stored.parts:
        return _OfLabels(stored, data, families).verification()
    kind = next((name for part, name in UNRECORDED.items() if part in stored.parts), None)
    if kind is not None:
        raise UsageError(f"`verify` is for models that predict classes, numbers or labels. Received a {kind}; its file's hashes are right.")
    return _OfOne(stored, data, families).verification()


class _Verifying(ABC):
    """What is checked of every model; how it predicts and is scored differs."""

    facts: ReportFacts
    proof: Proof | None

    def __init__(self, stored: Artifact, data: Any) -> None:
        from automl.dataset import fingerprint
        from automl.dataset import read as read_table

        self.stored = stored
        table = read_table(data)
        self.frame: pd.DataFrame = table.frame
        self.found = {"rows": len(self.frame), "columns": self.frame.shape[1], "sha256": fingerprint(self.frame)}
        self.sha256 = table.details.get("sha256")
        self.is_test = self.proof is not None and bool(self.proof.test) and self._is(self.proof.test)
        self.is_data = self.proof is not None and (self._is(self.proof.content) or self._same_file())

    @abstractmethod
    def _say(self, frame: pd.DataFrame) -> Array:
        """Return the model's predictions of rows."""

    @abstractmethod
    def _absent(self) -> list[str]:
        """Return the target columns that the data lack."""

    @abstractmethod
    def _scale(self) -> float:
        """Return what a difference of predictions is held against."""

    @abstractmethod
    def _computed(self, rows: Array, prediction: Array, limit: Array, decided: Array | None = None) -> dict[str, float]:
        """Return scores of predictions of rows of the data, by recorded decisions where there are some."""

    @abstractmethod
    def _limit(self) -> Array:
        """Return the model's threshold or thresholds."""

    def _is(self, content: dict[str, Any]) -> bool:
        return bool(content) and content["sha256"] == self.found["sha256"]

    def _same_file(self) -> bool:
        return self.sha256 is not None and self.sha256 == self.facts.data.sha256

    def verification(self) -> Verification:
        members = len(self.stored.manifest.members)
        whole = Check("model file", True, f"All {members} parts of the model file have the hashes that its manifest states.")
        checks = [whole, self._data(), self._predictions(), self._scores(), self._versions()]
        return Verification(tuple(checks), self.stored.manifest.digest)

    def _data(self) -> Check:
        shape = f"{self.found['rows']:,} rows × {self.found['columns']} columns"
        if self.proof is None:
            return Check("data", None, "The model was saved without a record of its data; fit it again to have one.")
        if self.is_test:
            return Check("data", True, f"The data are the test file that the model was judged on ({shape}).")
        if self._same_file():
            return Check("data", True, f"The data are the file that the model was fitted on, byte for byte ({shape}).")
        if self.is_data:
            return Check("data", True, f"The data have the content that the model was fitted on ({shape}), in another file.")
        if not self.proof.content:
            return Check(
                "data", None, "The hash of the data was not recorded, and the file's own hash is another; nothing follows from that."
            )
        then = f"{self.facts.data.rows:,} rows × {self.facts.data.columns} columns"
        return Check("data", False, f"The data are not those that the model was fitted on: {shape} now, {then} then, and another content.")

    def _predictions(self) -> Check:
        if self.proof is None or not self.is_data:
            return Check("predictions", None, "The model's predictions can be repeated on the data that it was fitted on alone.")
        said = self._say(self.frame.iloc[self.proof.sample])
        gap, scale = float(np.abs(said - self.proof.said).max()), self._scale()
        told = f"{len(self.proof.sample):,} rows were predicted again; the largest difference is {gap:.2g}"
        agrees = gap <= CLOSE * scale
        return Check("predictions", agrees, f"{told}." if agrees else f"{told}, more than rounding explains ({CLOSE * scale:.2g}).")

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
        stated = {name: score.value for name, score in self.facts.evaluation.scores.items() if score.value is not None}
        compared = {name: (value, scores[name]) for name, value in stated.items() if scores.get(name) is not None}
        limit = CLOSE if proof.repeatable else SAME
        off = {name: pair for name, pair in compared.items() if abs(pair[0] - pair[1]) > limit * max(abs(pair[0]), 1.0)}
        source = "by the model itself" if proof.repeatable else "from the recorded predictions of models that had not seen the row"
        if off:
            told = "; ".join(f"{name} {now:.6g} now, {then:.6g} in the report" for name, (then, now) in off.items())
            return Check("scores", False, f"{len(off)} of {len(compared)} scores differ: {told}.")
        return Check("scores", True, f"All {len(compared)} scores of the report were computed again {source}, on {len(proof.rows):,} rows.")

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

    def _versions(self) -> Check:
        changed = self.stored.manifest.differences()
        return Check("versions", None if changed else True, " ".join(changed) or "The packages have the versions that saved the model.")


class _OfOne(_Verifying):
    """A model of one target."""

    def __init__(self, stored: Artifact, data: Any, families: Sequence[Family]) -> None:
        self.fitted = Fitted.of(stored, families)
        self.facts, self.proof = self.fitted.facts, self.fitted.proof
        super().__init__(stored, data)

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


class _OfLabels(_Verifying):
    """A model that gives rows any number of labels."""

    def __init__(self, stored: Artifact, data: Any, families: Sequence[Family]) -> None:
        from automl.multilabel.model import LabelModel
        from automl.proof import Proof
        from automl.report.facts import ReportFacts

        self.model = LabelModel.from_states(stored.parts, tuple(families))
        self.facts = ReportFacts.model_validate(stored.facts)
        self.proof = Proof.from_state(stored.parts["proof"]) if "proof" in stored.parts else None
        super().__init__(stored, data)

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
