"""Conformal prediction sets: the classes that a row may belong to, so that the true one is among them as often as asked.

A class is in the set where its probability is at least that of the worst true class but for the asked share: "least ambiguous"
sets (Sadinle, Lei and Wasserman, 2019), the smallest on average. The scores are those of cross-fitted probabilities (cross-conformal
prediction, Vovk, 2015), so that no row needs to be set aside. The coverage can be chosen anew with each prediction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from automl.calibration import stratified_folds
from automl.decisions import DecisionLog
from automl.intervals import checked_coverage
from automl.metrics import Array, clopper_pearson
from automl.percents import percent

KEPT_SCORES = 20_000  # over all classes; with 1,000 of a class its share is known to 0.1 %
LEAST_KEPT = 20  # of a class
LEAST_MEASURED = 10
ROUNDING = 1e-9  # of probabilities that went through a file or another backend


@dataclass(frozen=True)
class PredictionSets:
    """What is needed to turn probabilities into sets of classes, and how often these held the truth.

    Attributes:
        scores: By class, ascending: 1 − probability of the true class, at most KEPT_SCORES in all.
        rows: By class: the rows behind them.
        coverage: The share of rows whose set should hold the true class, where nothing else is asked for.
        measured: Share of unseen or cross-fitted rows whose set held it; None with too few rows.
        measured_low: Clopper–Pearson 95 % interval of `measured`, lower end.
        measured_high: Its upper end.
        mean_size: Mean number of classes in a set, on the same rows.
        single: Share of the sets with one class.
        because: What was measured, in one sentence.
    """

    scores: tuple[tuple[float, ...], ...]
    rows: tuple[int, ...]
    coverage: float = 0.9
    measured: float | None = None
    measured_low: float | None = None
    measured_high: float | None = None
    mean_size: float | None = None
    single: float | None = None
    because: str = ""

    def thresholds(self, coverage: float | None = None, by_class: bool = False) -> Array:
        """Return by class the largest score with which it is in a set, (classes,); infinite where the rows cannot support the coverage.

        Args:
            coverage: Share of rows whose set should hold the true class; None for :attr:`coverage`.
            by_class: Keep the coverage within every class, not only over all rows.

        Raises:
            UsageError: If the coverage is not between 0 and 1.
        """
        share = self.coverage if coverage is None else checked_coverage(coverage)
        if by_class:
            return np.array([_quantile([part], [rows], share) for part, rows in zip(self.scores, self.rows, strict=True)])
        return np.full(len(self.rows), _quantile(self.scores, self.rows, share))

    def apply(self, prediction: Array, coverage: float | None = None, by_class: bool = False) -> Array:
        """Return which classes are in the set of every row, bool (rows, classes); the most probable one always is.

        Args:
            prediction: Calibrated probabilities, (rows, classes).
            coverage: As in :meth:`thresholds`.
            by_class: As in :meth:`thresholds`.
        """
        probability = np.asarray(prediction, dtype=np.float64)
        inside = 1 - probability <= self.thresholds(coverage, by_class) + ROUNDING
        inside[np.arange(len(probability)), probability.argmax(axis=1)] = True
        return inside

    def measured_on(self, y: Array, prediction: Array) -> PredictionSets:
        """Return the same sets with what they are worth on rows that they have not seen."""
        return _with_measures(self, y, self.apply(prediction))

    def to_dict(self) -> dict[str, Any]:
        """Return the sets as JSON-ready values."""
        return {**asdict(self), "scores": [list(part) for part in self.scores], "rows": list(self.rows)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PredictionSets:
        """Rebuild sets from :meth:`to_dict`."""
        return cls(**{**values, "scores": tuple(tuple(part) for part in values["scores"]), "rows": tuple(values["rows"])})


def fit_prediction_sets(
    y: Array, prediction: Array, *, coverage: float = 0.9, fold: Array | None = None, folds: int = 5, seed: int = 0,
    log: DecisionLog | None = None,
) -> PredictionSets:
    """Fit prediction sets on probabilities of rows that the model has not seen, and measure them on the other folds.

    Args:
        y: Codes, (rows,).
        prediction: Cross-fitted calibrated probabilities, (rows, classes).
        coverage: Share of rows whose set should hold the true class.
        fold: Part of every row for measuring the coverage, (rows,): that of earlier cross-fitted choices. None, or a single part,
            draws some.
        folds: How many to draw, stratified by class.
        seed: Of the drawn parts.
        log: Where the choice is recorded.

    Returns:
        :class:`PredictionSets`. Fewer than 1 / (1 − coverage) rows cannot support the coverage: the sets then hold every class.

    Raises:
        UsageError: If the coverage is not between 0 and 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> p = rng.dirichlet([1, 1, 1], size=2000)
        >>> y = (p.cumsum(axis=1) < rng.random(2000)[:, None]).sum(axis=1)
        >>> sets = fit_prediction_sets(y, p)
        >>> 0.88 < sets.measured < 0.92, sets.apply(np.array([[0.98, 0.01, 0.01]])).tolist()
        (True, [[True, False, False]])
    """
    y, probability, share = np.asarray(y, dtype=np.int64), np.asarray(prediction, dtype=np.float64), checked_coverage(coverage)
    final = _scores(y, probability, share)
    inside = np.ones(probability.shape, dtype=bool)
    if fold is None or len(np.unique(fold)) < 2:
        fold = stratified_folds(y, max(folds, 2), seed)
    for part in np.unique(fold):
        rows = fold == part
        inside[rows] = _scores(y[~rows], probability[~rows], share).apply(probability[rows])
    fitted = _with_measures(final, y, inside)
    if log is not None:
        log.add("calibrate", "prediction sets", percent(share), fitted.because, ["every class"], "predict_set(data, coverage=0.95)")
    return fitted


def _scores(y: Array, probability: Array, coverage: float) -> PredictionSets:
    """Keep the scores of every class, or so many of their quantiles."""
    classes = probability.shape[1]
    kept = max(LEAST_KEPT, KEPT_SCORES // max(classes, 1))
    scores, counts = [], []
    for code in range(classes):
        own = np.sort(1 - probability[y == code, code])
        counts.append(len(own))
        if len(own) > kept:
            # The last score of each of the equal parts, so that rounding never makes a set too small.
            own = own[np.ceil(np.arange(1, kept + 1) * len(own) / kept).astype(np.int64) - 1]
        scores.append(tuple(float(score) for score in own))
    return PredictionSets(tuple(scores), tuple(counts), coverage)


def _quantile(scores: tuple[tuple[float, ...], ...] | list[tuple[float, ...]], rows: tuple[int, ...] | list[int], share: float) -> float:
    """Return the ⌈(n + 1)·share⌉-th smallest score of n rows, each kept score standing for its part of a class' rows."""
    total = sum(rows)
    rank = np.ceil((total + 1) * share - 1e-9)
    if rank > total:
        return float("inf")
    values = np.concatenate([np.asarray(part) for part in scores])
    weights = np.concatenate([np.full(len(part), count / max(len(part), 1)) for part, count in zip(scores, rows, strict=True)])
    order = np.argsort(values, kind="stable")
    place = int(np.searchsorted(weights[order].cumsum(), rank - 1e-6))
    return float(values[order][min(place, len(values) - 1)])


def _with_measures(sets: PredictionSets, y: Array, inside: Array) -> PredictionSets:
    known = np.flatnonzero(np.asarray(y) >= 0)
    if len(known) < LEAST_MEASURED:
        because = f"{len(known)} rows are too few to measure the coverage of prediction sets."
        return replace(sets, measured=None, measured_low=None, measured_high=None, mean_size=None, single=None, because=because)
    held, size = int(inside[known, np.asarray(y)[known]].sum()), inside[known].sum(axis=1)
    low, high = clopper_pearson(held, len(known))
    because = (
        f"Sets that should hold the true class for {percent(sets.coverage)} of the rows held it for {percent(held / len(known))} of "
        f"{len(known):,}, with {size.mean():.2f} of {inside.shape[1]} classes on average and a single one in {percent((size == 1).mean())}."
    )
    return replace(
        sets, measured=held / len(known), measured_low=low, measured_high=high, mean_size=float(size.mean()),
        single=float((size == 1).mean()), because=because,
    )
