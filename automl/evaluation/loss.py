"""The problem's own loss with its interval, for the leaderboard."""

from __future__ import annotations

import numpy as np

from automl.evaluation.inference import mean_interval
from automl.metrics import Array, row_losses


def loss_with_interval(problem: str, y: Array, prediction: Array) -> tuple[float, float, float]:
    """Return the log-loss or RMSE and its 95 % interval.

    Args:
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        prediction: (rows, outputs).

    Returns:
        Value, low, high; for the RMSE the root of the interval of the mean squared error.

    Example:
        >>> value, low, high = loss_with_interval("regression", np.array([0.0, 2.0] * 20), np.ones((40, 1)))
        >>> value
        1.0
    """
    losses = row_losses(problem, y, prediction)
    low, high = mean_interval(losses)
    if problem == "regression":
        return float(np.sqrt(losses.mean())), float(np.sqrt(max(low, 0.0))), float(np.sqrt(max(high, 0.0)))
    return float(losses.mean()), low, high
