"""Calibrates the ensemble, chooses threshold or rule and intervals, and judges it on rows that no choice has seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.calibration import Calibration, calibrate
from automl.decision_rules import SERVED, DecisionRule, choose_rule, cross_fitted_decisions
from automl.decisions import DecisionLog
from automl.errors import UsageError, did_you_mean
from automl.evaluation import Evaluation, evaluate
from automl.intervals import Intervals, cross_fitted_intervals
from automl.metrics import decide
from automl.prediction_sets import PredictionSets, fit_prediction_sets
from automl.task import Task
from automl.threshold import Threshold, choose_threshold, cross_fitted_thresholds, on_rows

Array = NDArray[Any]
COSTS = ("miss", "false_alarm")


@dataclass(frozen=True)
class Wishes:
    """What the user said about mistakes.

    Attributes:
        costs: {"miss", "false_alarm", "currency"}, or None.
        min_precision: Least precision.
        min_recall: Least recall.
        coverage: Share of targets inside a prediction interval, and of true classes inside a prediction set.
        serves: What decisions shall serve where nothing else decides: "f1", "macro_f1", "balanced_accuracy" or "accuracy"; None for
            the most probable class.

    Raises:
        UsageError: If a wish is impossible.

    Example:
        >>> Wishes({"miss": 5, "false_alarm": 1}).rules["cost_miss"]
        5
    """

    costs: dict[str, Any] | None = None
    min_precision: float | None = None
    min_recall: float | None = None
    coverage: float = 0.9
    serves: str | None = None

    def __post_init__(self) -> None:
        for name, asked in (("costs", self.costs), ("min_precision", self.min_precision), ("min_recall", self.min_recall)):
            if self.serves is not None and asked is not None:
                law = f"`metric={self.serves!r}` and `{name}` both say how to decide, so one of them must be left out"
                raise UsageError(f"{law}. Received {name}={asked!r} as well; without `metric` it decides alone.")
        for name, share in (("min_precision", self.min_precision), ("min_recall", self.min_recall)):
            if share is not None and not (_is_number(share) and 0 < share <= 1):
                raise UsageError(f"`{name}` must be a share above 0 and at most 1. Received {name}={share!r}.")
        if self.costs is None:
            return
        for name in self.costs:
            if name not in (*COSTS, "currency"):
                raise UsageError(f"`costs` must hold 'miss' and 'false_alarm'. Received {name!r}.{did_you_mean(name, COSTS)}")
        values: list[Any] = [self.costs.get(name) for name in COSTS]
        if not all(_is_number(value) and value >= 0 and np.isfinite(value) for value in values) or not any(values):
            law = "`costs` must give 'miss' and 'false_alarm' as numbers that are not negative and not both 0"
            raise UsageError(f"{law}. Received costs={self.costs!r}.")

    @property
    def rules(self) -> dict[str, Any]:
        """Return the arguments of :func:`automl.threshold.choose_threshold`."""
        costs = self.costs or {}
        return {
            "cost_miss": costs.get("miss"),
            "cost_false_alarm": costs.get("false_alarm"),
            "min_precision": self.min_precision,
            "min_recall": self.min_recall,
            **({"serves": self.serves} if self.serves else {}),
        }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


@dataclass(frozen=True)
class Judged:
    """Rows with predictions by models that have not seen them.

    Attributes:
        y: Encoded target, (rows,).
        ensemble: Predictions of the ensemble before calibration, (rows, outputs).
        naive: Predictions of the naive predictor.
        simple: Predictions of the simplest model, or None.
        simple_name: Its title.
        source: "cross-fitted", "holdout" or "test file".
        fold: Folds of the rows, where the ensemble's weights were cross-fitted, (rows,): calibration, decisions, intervals and sets
            then keep to them, so that no choice reaches a row by way of another; None where there are none.
    """

    y: Array
    ensemble: Array
    naive: Array
    simple: Array | None
    simple_name: str
    source: str
    fold: Array | None = None


@dataclass(frozen=True)
class Judgement:
    """What is known about the ensemble; see the fields' own classes."""

    calibration: Calibration
    threshold: Threshold | None
    intervals: Intervals | None
    sets: PredictionSets | None
    evaluation: Evaluation
    prediction: Array = field(repr=False)  # calibrated, of the judged rows
    y: Array = field(repr=False)  # of the judged rows
    uncalibrated: Array = field(repr=False)
    limit: float | Array | None = field(default=None, repr=False)  # threshold, one for all or one for each judged row
    ends: tuple[Array, Array] | None = field(default=None, repr=False)  # of the prediction intervals of the judged rows
    rule: DecisionRule | None = None  # of several classes, where the most probable one does not decide
    decided: Array | None = field(default=None, repr=False)  # codes of the judged rows, by a threshold or rule that did not see them

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the rows as JSON-ready values."""
        return {
            "calibration": self.calibration.to_dict(),
            "threshold": None if self.threshold is None else self.threshold.to_dict(),
            "rule": None if self.rule is None else self.rule.to_dict(),
            "intervals": None if self.intervals is None else self.intervals.to_dict(),
            "sets": None if self.sets is None else self.sets.to_dict(),
            "evaluation": self.evaluation.to_dict(),
        }


def judge(
    task: Task, fitted_on: Judged, unseen: Judged | None, wishes: Wishes, *, seed: int = 0, log: DecisionLog | None = None
) -> Judgement:
    """Calibrate on out-of-fold predictions, and judge on a holdout where there is one, else on cross-fitted values.

    Args:
        task: The task.
        fitted_on: Out-of-fold predictions of the training rows, with weights fitted on the other folds.
        unseen: Predictions of a holdout or a test file; None where there is none.
        wishes: Costs and minima.
        seed: Seed of the folds.
        log: Where decisions are recorded.

    Returns:
        The judgement. Without a holdout, calibration, threshold or rule, intervals and sets are
        fitted on the other folds for each judged row.
    """
    y, problem, fold = fitted_on.y, task.problem, fitted_on.fold
    calibration, prediction = calibrate(problem, y, fitted_on.ensemble, fold=fold, seed=seed, log=log)
    threshold: Threshold | None = None
    rule: DecisionRule | None = None
    limit: float | Array | None = None
    ruled: Array | None = None
    intervals, ends = None, None
    if problem == "binary":
        threshold = choose_threshold(y, prediction[:, 1], **wishes.rules)
        limit = cross_fitted_thresholds(y, prediction[:, 1], fold=fold, seed=seed, **wishes.rules)
        if log is not None:
            override = "costs={'miss': 5, 'false_alarm': 1}"
            log.add("threshold", "decision threshold", f"{threshold.value:.4g}", threshold.because, [], override)
    if problem == "multiclass" and wishes.serves in SERVED:
        rule = choose_rule(wishes.serves, y, prediction, task.classes)
        ruled = cross_fitted_decisions(wishes.serves, y, prediction, fold=fold, seed=seed)
        if log is not None:
            log.add("threshold", "decision rule", wishes.serves, rule.because, ["the most probable class"], "metric='accuracy'")
    if problem == "regression":
        intervals, lower, upper = cross_fitted_intervals(y, prediction, coverage=wishes.coverage, fold=fold, seed=seed, log=log)
        ends = (lower, upper)
    sets = None
    if task.is_classification:
        sets = fit_prediction_sets(y, prediction, coverage=wishes.coverage, fold=fold, seed=seed, log=log)
    judged, uncalibrated = fitted_on, fitted_on.ensemble
    if unseen is not None:
        judged, uncalibrated = unseen, unseen.ensemble
        prediction = calibration.apply(unseen.ensemble)
        if threshold is not None:
            known = unseen.y >= 0
            threshold = on_rows(threshold, unseen.y[known], prediction[known, 1], **wishes.rules)
            limit = threshold.value
        ruled = None if rule is None else rule.decide(prediction)
        ends = None if intervals is None else intervals.apply(prediction)
        sets = None if sets is None else sets.measured_on(unseen.y, prediction)
    evaluation = evaluate(
        problem,
        task.classes,
        judged.y,
        prediction,
        source=judged.source,
        naive_prediction=judged.naive,
        simple_prediction=judged.simple,
        simple_name=judged.simple_name,
        uncalibrated=uncalibrated if task.is_classification else None,
        threshold=limit,
        decided=ruled,
        intervals=ends,
        coverage=wishes.coverage,
        seed=seed,
    )
    rows = (np.asarray(prediction), judged.y, uncalibrated)
    if task.is_classification and ruled is None:
        ruled = decide(prediction, limit)
    return Judgement(calibration, threshold, intervals, sets, evaluation, *rows, limit, ends, rule, ruled)
