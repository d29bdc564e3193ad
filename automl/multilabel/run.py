"""One calibrated binary model for each label, one after the other, all under one clock."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.budget import Budget
from automl.errors import DataError
from automl.judgement import Wishes
from automl.metrics import served
from automl.multilabel.plan import LABELS_UNTIL, Plan
from automl.multilabel.tried import Tried, tried_of
from automl.progress import Progress
from automl.run import Run, RunSettings
from automl.storage import Fitted

Array = NDArray[Any]
DETAILED = 20  # labels with a report of their own; explaining and drawing more takes longer than anybody reads
REPORT_SECONDS = 12.0  # for judging all labels together and writing the pages; of a long budget they need less than a tenth


@dataclass(frozen=True)
class Outcome:
    """What became of one label.

    Attributes:
        place: Of the label.
        fitted: Model and facts; None where it was not learnt.
        probability: Of the judged rows, by models and calibration that have not seen them; NaN where the label is not known, (judged,).
        limit: The threshold of each judged row, chosen without it, (judged,).
        threshold: What the model decides by.
        share: Of the training rows that have the label.
        why: Why it was not learnt; empty where it was.
        detailed: Whether it was explained and examined.
        tried: What each family said of it; None where it was not learnt.
    """

    place: int
    fitted: Fitted | None
    probability: Array = field(repr=False)
    limit: Array = field(repr=False)
    threshold: float
    share: float
    why: str = ""
    detailed: bool = False
    tried: Tried | None = field(default=None, repr=False)


def fit_labels(
    plan: Plan, settings: RunSettings, progress: Callable[[Progress], None] | None, most: int = DETAILED
) -> tuple[list[Outcome], bool]:
    """Fit the labels of a plan; each gets an equal share of the time that is left.

    Args:
        plan: What all labels share.
        settings: What the user asked for; `trials` are configurations for each label.
        progress: Called after every step.
        most: How many labels are explained and examined.

    Returns:
        One outcome for each label, in the order of the labels, and whether the user stopped the run.

    Raises:
        DataError: If no label could be learnt within the budget.
    """
    found: dict[int, Outcome] = {}
    left_out, interrupted, last = dict(plan.left_out), False, ""
    for number, place in enumerate(plan.learnt):
        if interrupted:
            left_out[place] = "the run was stopped before its turn"
            continue
        share = share_of(settings.budget, len(plan.learnt) - number)
        try:
            run = _run(plan, place, dataclasses.replace(settings, budget=share), _told(plan, number, settings.budget, progress))
            found[place] = _fit(plan, place, run, detailed=number < most)
            interrupted = run.interrupted
        except KeyboardInterrupt:
            if not found:
                raise
            left_out[place], interrupted = "the run was stopped before it had a model", True
        except DataError as error:
            left_out[place], last = "there was no time for a model", str(error)
    if not found:
        raise DataError(f"At least one label must be learnt. Received none. {last}")
    return [
        found[place] if place in found else _by_share(plan, place, left_out[place]) for place in range(len(plan.labels.names))
    ], interrupted


def share_of(budget: Budget, labels: int) -> Budget:
    """Return the budget of one label: an equal share of the time that is left, and all of the memory and the trials.

    Example:
        >>> share_of(Budget("100s", clock=lambda: 0.0), 9).limit
        10.0
    """
    if not budget.timed:
        return Budget(None, trials=budget.trials, memory=budget.memory, clock=budget.clock)
    until = max(LABELS_UNTIL, 1.0 - REPORT_SECONDS / budget.limit)
    seconds = max(budget.remaining(until) / labels, 0.05)
    return Budget(seconds, trials=budget.trials, memory=budget.memory, clock=budget.clock)


def _told(plan: Plan, number: int, budget: Budget, progress: Callable[[Progress], None] | None) -> Callable[[Progress], None]:
    """Return what passes on the progress of one label as that of the whole."""
    name, count = plan.labels.names[plan.learnt[number]], len(plan.learnt)

    def told(one: Progress) -> None:
        if progress is not None:
            message = f"label {number + 1} of {count}: {name}" + (f" – {one.message}" if one.message else "")
            limit = budget.limit if budget.timed else None
            progress(dataclasses.replace(one, elapsed=budget.elapsed(), budget=limit, message=message))

    return told


def _run(plan: Plan, place: int, settings: RunSettings, tell: Callable[[Progress], None]) -> Run:
    run = plan.run(place, settings, tell)
    limits = (settings.costs, settings.min_precision, settings.min_recall)
    if limits == (None, None, None):  # macro-F1 over the labels is the highest where that of each label is
        run.wishes = Wishes(serves={None: "f1", "macro_f1": "f1"}.get(name := served(settings.metric), name))
    return run


def _fit(plan: Plan, place: int, run: Run, *, detailed: bool) -> Outcome:
    """Walk one label through the stages behind the preparation."""
    run.search()
    run.ensemble()
    run.judge()
    if detailed:
        run.explain()
        run.examine()
    run.compare()
    fitted = run.fitted()
    rows = run.parts.holdout if len(plan.parts.holdout) else run.parts.train[run.judged_rows]
    probability, limit = np.full(len(plan.judged), np.nan), np.full(len(plan.judged), np.nan)
    at = np.searchsorted(plan.judged, rows)
    judgement = run.judgement
    probability[at] = judgement.prediction[:, 1]
    limit[at] = 0.5 if judgement.limit is None else judgement.limit
    threshold = 0.5 if judgement.threshold is None else judgement.threshold.value
    share = float((plan.codes[run.parts.train, place] == 1).mean())
    tried = tried_of(run, fitted.leaderboard, plan.learning_rows)
    return Outcome(place, fitted, probability, limit, float(threshold), share, detailed=detailed, tried=tried)


def shares(plan: Plan, place: int) -> tuple[Array, float]:
    """Return the share of rows with a label as every judged row sees it, in other rows than itself, (judged,), and the whole share."""
    y = plan.codes[plan.parts.train, place]
    known = y >= 0
    whole = _share(y[known])
    if len(plan.parts.holdout) or plan.parts.folds < 2:
        return np.full(len(plan.judged), whole), whole
    by_fold = np.full(plan.parts.folds, whole)
    for fold in range(plan.parts.folds):
        others = known & (plan.parts.fold != fold)
        by_fold[fold] = _share(y[others]) if others.any() else whole
    return by_fold[plan.parts.fold[plan.parts.fold >= 0]], whole


def _share(y: Array) -> float:
    """Return the share of rows with a label, half a row on either side added: no label is impossible because a part lacks it."""
    return float(((y == 1).sum() + 0.5) / (len(y) + 1.0))


def _by_share(plan: Plan, place: int, why: str) -> Outcome:
    """Return the outcome of a label that is predicted by its share."""
    seen, whole = shares(plan, place)
    probability = np.where(plan.codes[plan.judged, place] >= 0, seen, np.nan)
    return Outcome(place, None, probability, np.full(len(seen), 0.5), 0.5, whole, why)
