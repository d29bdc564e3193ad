"""What a fitted model is: from a row of raw data to a calibrated prediction. Everything in it can be stored without code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.calibration import Calibration
from automl.decision_rules import DecisionRule
from automl.errors import ArtifactError, UsageError
from automl.families import family_by_name
from automl.families.base import Family, FittedFamily
from automl.intervals import Intervals
from automl.prediction_sets import PredictionSets
from automl.preprocessing.base import Arrays, Spec, State
from automl.preprocessing.encoders import Preprocessor
from automl.preprocessing.target import TargetScaler
from automl.schema import Schema
from automl.task import Task
from automl.threshold import Threshold
from automl.trials import Trial

Array = NDArray[Any]
BLOCK = 100_000  # rows that are prepared at once, so that memory does not grow with the file
BLOCK_BYTES = 2**28  # of their further arrays


@dataclass(frozen=True)
class Part:
    """The chosen models of one family and their share of the ensemble."""

    family: Family
    fitted: FittedFamily
    share: float


def join_trials(trials: Sequence[Trial], weights: Array, spec: Spec, fold: int | None = None) -> tuple[Part, ...]:
    """Join the chosen trials into one fitted predictor per family.

    Args:
        trials: The candidates.
        weights: Their weights in the ensemble, (trials,).
        spec: The shapes.
        fold: Take only the models that did not see this fold; None for all.

    Returns:
        One part for each family that has a weight, shares adding up to 1.
    """
    parts = []
    for name in dict.fromkeys(trial.family.name for trial, weight in zip(trials, weights, strict=True) if weight > 0):
        chosen = []
        for trial, weight in zip(trials, weights, strict=True):
            if trial.family.name == name and weight > 0 and trial.trained is not None:
                models = trial.trained.models if fold is None else [trial.trained.models[fold]]
                chosen.append((trial.config, models, float(weight)))
                family = trial.family
        share = sum(weight for _, _, weight in chosen) / float(np.sum(weights))
        parts.append(Part(family, family.combine(chosen, spec), share))
    return tuple(parts)


@dataclass
class Predictor:
    """From raw rows to predictions.

    Attributes:
        schema: How raw columns become typed ones.
        task: What is predicted.
        preprocessor: How typed columns become arrays.
        scaler: Target units, for regression.
        parts: The families of the ensemble.
        calibration: Map of the ensemble's probabilities.
        threshold: Decision threshold of a binary task.
        intervals: Prediction intervals of a regression.
        sets: Prediction sets of a classification; None in models that were saved before there were any.
        rule: How several classes are decided, where it is not the most probable one.
    """

    schema: Schema
    task: Task
    preprocessor: Preprocessor
    scaler: TargetScaler
    parts: tuple[Part, ...]
    calibration: Calibration
    threshold: Threshold | None = None
    intervals: Intervals | None = None
    sets: PredictionSets | None = None
    rule: DecisionRule | None = None

    def raw(self, arrays: Arrays) -> Array:
        """Return uncalibrated predictions (rows, outputs) of prepared rows, in the target's units."""
        total = sum(part.share * part.fitted.predict(arrays).astype(np.float64) for part in self.parts)
        return np.asarray(total) if self.task.is_classification else self.scaler.inverse(np.asarray(total))

    @property
    def wanted(self) -> frozenset[str]:
        """Names of the arrays that its families read; features of pictures, for one, are not computed for trees."""
        fitted = [getattr(part.fitted, "family", part.family) for part in self.parts]  # networks may read less than their family can
        read = [set(getattr(family, "reads", ())) or family.tags.inputs for family in fitted]
        return frozenset(name for names in read for name in names)

    def __call__(self, frame: pd.DataFrame) -> Array:
        """Return calibrated predictions (rows, outputs) of raw rows."""
        typed = self.schema.cast(frame)
        blocks, size = [], self._block()
        for start in range(0, max(len(typed), 1), size):
            block = typed if len(typed) <= size else typed.iloc[start : start + size]
            blocks.append(self.raw(self.preprocessor.transform(block, self.wanted)) if len(block) else np.zeros((0, self.task.outputs)))
        return self.calibration.apply(np.concatenate(blocks))

    def _block(self) -> int:
        """Return how many rows are prepared at once: fewer where the arrays that its families read are large."""
        read = [extra for extra in self.preprocessor.spec.extra if extra.name in self.wanted and extra.kind != "sparse"]
        each = sum(int(np.prod(extra.shape)) * np.dtype(extra.kind).itemsize for extra in read)
        return int(np.clip(BLOCK_BYTES // max(each, 1), 1_000, BLOCK))

    def decide(self, prediction: Array) -> Array:
        """Return labels or numbers (rows,) for predictions (rows, outputs)."""
        if not self.task.is_classification:
            return np.asarray(prediction[:, 0])
        return self.task.decode(self.codes(prediction))

    def codes(self, prediction: Array) -> Array:
        """Return the codes of the decided classes (rows,) for probabilities (rows, classes)."""
        if self.rule is not None:
            return self.rule.decide(prediction)
        if self.task.problem == "binary" and self.threshold is not None:
            return np.asarray(prediction[:, 1] > self.threshold.value, dtype=np.int64)
        return np.asarray(prediction.argmax(axis=1), dtype=np.int64)

    def sets_of(self, prediction: Array, coverage: float | None = None, by_class: bool = False) -> Array:
        """Return prediction sets as tuples of labels, the most probable first, object (rows,).

        Args:
            prediction: Calibrated probabilities, (rows, classes).
            coverage: Share of rows whose set shall hold the true class; None for the one that was measured.
            by_class: Keep the coverage within every class.

        Raises:
            UsageError: If the model was saved without sets, or the coverage is not between 0 and 1.
        """
        if self.sets is None:
            raise UsageError("Prediction sets need a model that was fitted with them. Received one that has none; fit it again.")
        inside, order = self.sets.apply(prediction, coverage, by_class), np.argsort(-prediction, axis=1, kind="stable")
        labels, result = self.task.classes, np.empty(len(prediction), dtype=object)
        for row, (held, codes) in enumerate(zip(inside, order, strict=True)):
            result[row] = tuple(labels[code] for code in codes if held[code])
        return result

    def states(self) -> dict[str, State]:
        """Return every part as a state for the artifact."""
        judged = {
            "calibration": self.calibration.to_dict(),
            "threshold": None if self.threshold is None else self.threshold.to_dict(),
            "rule": None if self.rule is None else self.rule.to_dict(),
            "intervals": None if self.intervals is None else self.intervals.to_dict(),
            "sets": None if self.sets is None else self.sets.to_dict(),
            "scaler": self.scaler.to_dict() if not self.task.is_classification else None,
        }
        families = [{"name": part.family.name, "share": part.share} for part in self.parts]
        described = {"schema": self.schema.to_dict(), "task": self.task.to_dict(), "families": families, "judged": judged}
        states = {"model": State(described), "preprocessing": self.preprocessor.state()}
        return {**states, **{f"family-{part.family.name}": part.fitted.state() for part in self.parts}}

    @classmethod
    def from_states(
        cls, states: Mapping[str, State], extra: tuple[Family, ...] = (), preprocessor: Preprocessor | None = None
    ) -> Predictor:
        """Rebuild a predictor.

        Args:
            states: What :meth:`states` gave.
            extra: Families that are not part of the package.
            preprocessor: The preparation, where several predictors share one that is stored elsewhere.

        Raises:
            ArtifactError: If a family of the model is not known here.
        """
        described = states["model"].json
        preprocessor = Preprocessor.from_state(states["preprocessing"]) if preprocessor is None else preprocessor
        parts = []
        for entry in described["families"]:
            try:
                family = family_by_name(entry["name"], extra)
            except UsageError as error:
                raise ArtifactError(
                    f"A model file can be opened where all of its families are known. Received one with {entry['name']!r}; "
                    "hand that family in: automl.load(path, families=[...])."
                ) from error
            fitted = family.restore(states[f"family-{entry['name']}"], preprocessor.spec)
            parts.append(Part(family, fitted, float(entry["share"])))
        judged = described["judged"]
        return cls(
            Schema.from_dict(described["schema"]),
            Task.from_dict(described["task"]),
            preprocessor,
            TargetScaler(**judged["scaler"]) if judged["scaler"] else TargetScaler(),
            tuple(parts),
            Calibration.from_dict(judged["calibration"]),
            None if judged["threshold"] is None else Threshold.from_dict(judged["threshold"]),
            None if judged["intervals"] is None else Intervals.from_dict(judged["intervals"]),
            None if judged.get("sets") is None else PredictionSets.from_dict(judged["sets"]),
            None if judged.get("rule") is None else DecisionRule.from_dict(judged["rule"]),
        )
