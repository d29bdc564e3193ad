"""Weights of an ensemble of forecasters: greedy selection on the weighted quantile loss over the windows of the backtest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.forecasting.measures import QUANTILES, pinball

Array = NDArray[Any]
STEPS = 30
MOST_WINDOWS = 1_200
PRIOR_WINDOWS = 25.0  # windows that the mean of the members near the best is worth: with few, the best is mostly the luckiest
PRIOR_MEMBERS = 4
LEAST_WEIGHT = 0.03  # less is not worth the time of a forecast


def greedy_weights(truth: Array, members: Array, *, steps: int = STEPS, steady: bool = False) -> NDArray[np.float64]:
    """Add members one at a time, with replacement, each time the one that lowers the weighted quantile loss most.

    Quantiles of an ensemble are the weighted means of its members' (Vincentisation), so that they cannot cross.

    Args:
        truth: (windows, horizon), NaN where nothing is known.
        members: (members, windows, horizon, quantiles) in units of the data.
        steps: The most greedy steps.
        steady: Mix with the mean of the members that cannot be told from the best.

    Returns:
        (members,), not negative, sum 1.

    Source: Caruana et al., 2004; for quantiles as in AutoGluon-TimeSeries (Shchur et al., 2023, arXiv:2308.05566).

    Example:
        >>> truth = np.arange(4.0).reshape(1, 4)
        >>> spread = np.linspace(-1, 1, 9)
        >>> members = np.stack([truth[..., None] + shift + spread for shift in (1.0, -1.0, 9.0)])
        >>> greedy_weights(truth, members).tolist()
        [0.5, 0.5, 0.0]
    """
    rows = np.arange(0, len(truth), -(-len(truth) // MOST_WINDOWS))
    known = ~np.isnan(truth[rows])
    y = truth[rows][known]
    values = np.stack([member[rows][known] for member in members]).astype(np.float32)
    size = max(float(np.abs(y).sum()), 1e-12)

    def loss(quantiles: Array) -> float:
        return float(2.0 * pinball(y, quantiles).sum() / len(QUANTILES) / size)

    counts, total, best, chosen = np.zeros(len(members)), np.zeros_like(values[0]), np.inf, np.zeros(len(members))
    for step in range(steps):
        losses = [loss((total + value) / (step + 1)) for value in values]
        least = int(np.argmin(losses))
        counts[least] += 1
        total = total + values[least]
        if losses[least] < best - 1e-9:
            best, chosen = losses[least], counts.copy()
        elif step > 8 and losses[least] > best * 1.001:
            break
    weights = chosen / chosen.sum()
    if steady and len(members) > 1:
        near = _near(truth[rows], values, known, size)
        weights = (len(rows) * weights + PRIOR_WINDOWS * near) / (len(rows) + PRIOR_WINDOWS)
    weights[weights < LEAST_WEIGHT] = 0.0
    return np.asarray(weights / weights.sum())


def _near(truth: Array, values: Array, known: NDArray[np.bool_], size: float) -> NDArray[np.float64]:
    """Return equal weights for the best member and those whose loss by window is within one standard error of its own."""
    window = np.repeat(np.arange(len(truth)), known.sum(axis=1))
    y = truth[known]
    losses = np.stack([np.bincount(window, pinball(y, value).sum(axis=1), minlength=len(truth)) for value in values])
    best = int(losses.sum(axis=1).argmin())
    gap = losses - losses[best]
    error = gap.std(axis=1) * np.sqrt(len(truth))
    near = [best, *(m for m in np.argsort(gap.sum(axis=1)) if m != best and 0 < gap[m].sum() <= error[m])][:PRIOR_MEMBERS]
    return np.bincount(near, minlength=len(values)) / len(near)
