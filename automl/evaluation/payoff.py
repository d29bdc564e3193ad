"""What decisions cost, what they save against doing without the model, and how sure the cheapest threshold is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from automl.evaluation.facts import finite
from automl.evaluation.inference import mean_interval
from automl.metrics import Array

DRAWS = 200
GROUPS = 1_000  # neighbouring probabilities that are resampled as one


@dataclass(frozen=True)
class Payoff:
    """Money, a case.

    Attributes:
        cost: Mean cost of a case with the decisions that were judged.
        cost_low: Lower end of its 95 % interval.
        cost_high: Upper end.
        without: The cheaper of flagging "nobody" and "everybody".
        saved: Mean cost of a case without the model minus `cost`, on the same rows.
        saved_low: Lower end of its 95 % interval.
        saved_high: Upper end.
        optimum: The threshold that is cheapest on these rows; they flatter it.
        optimum_low: Lower end of its 95 % interval over samples of rows (bootstrap).
        optimum_high: Upper end.
    """

    cost: float
    cost_low: float
    cost_high: float
    without: str
    saved: float
    saved_low: float
    saved_high: float
    optimum: float
    optimum_low: float
    optimum_high: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(finite(asdict(self)))


def payoff(y: Array, probability: Array, decided: Array, miss: float, alarm: float, *, seed: int = 0) -> Payoff:
    """Tell what decisions cost and how sure the cheapest threshold is.

    Args:
        y: Codes 0 and 1, (rows,).
        probability: Of code 1, (rows,).
        decided: Decided codes, (rows,); with cross-fitted thresholds, so that the cost is not flattered.
        miss: Cost of a 1 that is not flagged.
        alarm: Cost of a 0 that is flagged.
        seed: Of the bootstrap.

    Example:
        >>> p = np.linspace(0, 1, 101)
        >>> told = payoff((p > 0.3).astype(int), p, (p > 0.3).astype(int), 5, 1)
        >>> told.cost, round(told.optimum, 2), told.without
        (0.0, 0.3, 'everybody')
    """
    positive = np.asarray(y) == 1
    costs = np.where(decided == 1, alarm * ~positive, miss * positive)
    nobody, everybody = miss * positive, alarm * ~positive
    without = nobody if nobody.mean() <= everybody.mean() else everybody
    saved = without - costs
    optimum, drawn = _optimum(positive, np.asarray(probability), miss, alarm, seed)
    return Payoff(
        float(costs.mean()),
        *mean_interval(costs),
        "nobody" if without is nobody else "everybody",
        float(saved.mean()),
        *mean_interval(saved, cautious=True),
        optimum,
        float(np.quantile(drawn, 0.025)),
        float(np.quantile(drawn, 0.975)),
    )


def _optimum(positive: Array, probability: Array, miss: float, alarm: float, seed: int) -> tuple[float, Array]:
    """Return the cheapest threshold of the rows and of samples of the rows."""
    order = np.argsort(probability, kind="stable")
    group = np.arange(len(order)) * min(GROUPS, len(order)) // len(order)
    last = np.append(np.flatnonzero(np.diff(group)), len(order) - 1)
    ends = probability[order][last]
    split = np.append(probability[order][last[:-1] + 1] <= ends[:-1], False)  # equal probabilities are flagged together
    ones = np.bincount(group, weights=positive[order])
    counts = np.bincount(group)
    rng = np.random.default_rng(seed)
    drawn_ones = rng.poisson(ones, (DRAWS, len(ones)))
    drawn_zeros = rng.poisson(counts - ones, (DRAWS, len(ones)))
    all_ones, all_zeros = np.vstack([ones, drawn_ones]), np.vstack([counts - ones, drawn_zeros])
    # Flag what lies above the end of group k: the ones up to k are missed, the zeros behind k are false alarms; column 0 flags everybody.
    missed = np.concatenate([np.zeros((len(all_ones), 1)), np.cumsum(all_ones, axis=1)], axis=1)
    alarms = all_zeros.sum(axis=1, keepdims=True) - np.concatenate([np.zeros((len(all_zeros), 1)), np.cumsum(all_zeros, axis=1)], axis=1)
    total = np.where(np.append(False, split), np.inf, miss * missed + alarm * alarms)
    cheapest = np.concatenate([[0.0], ends])[np.argmin(total, axis=1)]
    return float(cheapest[0]), cheapest[1:]
