"""From trials to the weights of the ensemble: which may take part, on which scale they are averaged, and what that predicts out of fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.ensemble import CrossFitted, Price, blend, cross_fitted_selection
from automl.preprocessing.base import Spec
from automl.preprocessing.target import TargetScaler
from automl.trials import Trial

Array = NDArray[Any]
FOLDS = 5  # of the weights, where one part of the rows was held out
# Seconds on one core, as families count them, that one of many rows may take, cheapest first: 100,000 rows in about five and eight seconds
# on two cores. What is dearer must earn it. With a limit of 45 µs (three seconds) four of nine tables lost 0.2 to 2 % of their loss.
# A single model that takes more may still be the best, and others stand beside it for half of what it takes.
ROW_SECONDS = (80e-6, 120e-6)
BESIDE = 1.5
CLOSE = 1.003  # times the loss of the dearest: what cheaper members may lose


@dataclass(frozen=True)
class Joined:
    """The ensemble of a run, on the rows that some fold validates.

    Where the logarithm of a target was modelled, members are averaged as logarithms, as the joined networks do it, and the mean is brought
    to the target's units; the weights are chosen on the same scale, where a few large values cannot decide alone.

    Attributes:
        problem: "binary", "multiclass" or "regression".
        usable: The trials that may be looked at.
        chosen: Places of those that may be part of the ensemble.
        y: Target of the rows, class codes or units, (rows,).
        fold: Folds of the rows; None where one part was held out.
        predictions: Out-of-fold predictions of every usable trial in units, (trials, rows, outputs) float32.
        costs: Seconds of a row in every usable trial's models, (trials,), roughly.
        weights: Weight of every usable trial, (trials,).
        honest: Predictions of the ensemble, (rows, outputs); the weights for each row come from the other folds.
        scaler: From model space to units, corrected for this ensemble.
    """

    problem: str
    usable: list[Trial]
    chosen: list[int]
    y: Array
    fold: Array | None
    predictions: Array = field(repr=False)
    costs: Array
    weights: Array
    honest: Array = field(repr=False)
    scaler: TargetScaler
    rows: Array = field(repr=False)
    seed: int = 0
    metric: str | None = None

    def scaler_of(self, number: int) -> TargetScaler:
        """Return the scaler of one trial alone."""
        return self.scaler.corrected(self._modelled(number), self.y) if self.scaler.log else self.scaler

    def without(self, kind: str) -> tuple[Array, Array] | None:
        """Choose the weights again without a kind of family.

        Returns:
            Weights of every usable trial, and honest predictions as in `honest`; None where nothing would be left.
        """
        return self._select([number for number in self.chosen if self.usable[number].family.tags.kind != kind])

    def _modelled(self, number: int) -> Array:
        trained = self.usable[number].trained
        assert trained is not None
        return trained.out_of_fold[self.rows]

    def _select(self, chosen: list[int]) -> tuple[Array, Array] | None:
        if not chosen:
            return None
        members = self._modelled if self.scaler.log else self.predictions.__getitem__
        fitted = self._cheapest([members(number) for number in chosen], self.costs[chosen])
        weights = np.zeros(len(self.usable))
        weights[chosen] = fitted.selection.weights
        return weights, self.scaler.in_units(fitted.prediction, self.y, self.fold) if self.scaler.log else fitted.prediction

    def _cheapest(self, members: list[Array], costs: Array) -> CrossFitted:
        """Choose weights under each limit on the costs; return those of the lowest limit that loses next to nothing."""

        def under(limit: float) -> CrossFitted:
            return select(self.problem, self.scaler, self.y, members, self.fold, self.seed, Price(costs, limit, BESIDE), self.metric)

        dearest = under(max(ROW_SECONDS))
        spent = costs[dearest.selection.weights > 0].sum()
        for limit in sorted(ROW_SECONDS):
            if limit >= min(spent, max(ROW_SECONDS)):
                break
            cheaper = under(limit)
            if cheaper.loss <= CLOSE * dearest.loss:
                return cheaper
        return dearest


def select(
    problem: str,
    scaler: TargetScaler,
    y: Array,
    members: Sequence[Array],
    fold: Array | None,
    seed: int,
    price: Price | None = None,
    metric: str | None = None,
) -> CrossFitted:
    """Choose weights on the logarithm where that was modelled, else in units."""
    target = scaler.transform(y) if scaler.log else y
    return cross_fitted_selection(problem, target, members, fold, folds=FOLDS, seed=seed, price=price, metric=metric)  # type: ignore[arg-type]


def join(
    problem: str,
    trials: Sequence[Trial],
    takes_part: Callable[[Trial], bool],
    y: Array,
    rows: Array,
    fold: Array | None,
    scaler: TargetScaler,
    spec: Spec,
    seed: int = 0,
    metric: str | None = None,
) -> Joined:
    """Choose the weights of the ensemble.

    Args:
        problem: "binary", "multiclass" or "regression".
        trials: What was tried.
        takes_part: Whether a usable trial may be part of the ensemble; others are only looked at.
        y: Target of the judged rows, class codes or units, (judged rows,).
        rows: The judged rows among the training rows, (judged rows,).
        fold: Their folds; None where one part was held out.
        scaler: From model space to units.
        spec: The shapes of the prepared data.
        seed: Of random folds.
        metric: What the weights minimise; None for the problem's loss.

    Returns:
        The ensemble.
    """
    usable = [trial for trial in trials if trial.usable]
    modelled = [trial.trained.out_of_fold[rows] for trial in usable if trial.trained is not None]
    regression = problem == "regression"
    units = np.stack([scaler.in_units(values, y, fold).astype(np.float32) if regression else values for values in modelled])
    chosen = [number for number, trial in enumerate(usable) if takes_part(trial)]
    costs = np.array([trial.family.row_seconds(trial.trained, spec) for trial in usable if trial.trained is not None])
    begun = Joined(problem, usable, chosen, y, fold, units, costs, np.zeros(len(usable)), np.zeros(0), scaler, rows, seed, metric)
    selected = begun._select(chosen)
    assert selected is not None  # the run has made sure that one takes part
    weights, honest = selected
    corrected = scaler.corrected(blend(modelled, weights), y) if scaler.log else scaler
    return Joined(problem, usable, chosen, y, fold, units, costs, weights, honest, corrected, rows, seed, metric)
