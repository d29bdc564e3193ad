"""The validation loss of many predictors at once, after temperature scaling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.training.program import PackData


def refined_log_loss(logits: NDArray[Any], target: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-loss after temperature scaling, and the inverse temperature, for many predictors at once.

    Selecting on the loss after temperature scaling ("refine, then calibrate": Berta et al., 2025, arXiv:2501.19195) looks at what
    later calibration cannot mend. The inverse temperature β minimises the mean of −log softmax(βz), convex in β, by Newton's method.

    Args:
        logits: (rows, predictors, classes).
        target: Class codes (rows,).

    Returns:
        Losses (predictors,), not finite where the logits are not; inverse temperatures (predictors,).
    """
    z = logits.astype(np.float64) - logits.max(axis=2, keepdims=True)
    truth = np.take_along_axis(z, target[:, None, None], axis=2)[:, :, 0]
    beta = np.ones(logits.shape[1])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(6):
            p = np.exp(beta[None, :, None] * z)
            p /= p.sum(axis=2, keepdims=True)
            mean = (p * z).sum(axis=2)
            slope = (mean - truth).mean(axis=0)
            curvature = ((p * z * z).sum(axis=2) - mean**2).mean(axis=0)
            beta = np.clip(beta - slope / np.maximum(curvature, 1e-12), beta / 3.0, beta * 3.0).clip(0.05, 20.0)
        beta = np.where(np.isfinite(beta), beta, 1.0)
        scaled = beta[None, :, None] * z
        losses = (np.log(np.exp(scaled).sum(axis=2)) - beta[None, :] * truth).mean(axis=0)
    return losses, beta


def quantile_loss(outputs: NDArray[Any], target: NDArray[Any], levels: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the mean quantile loss of many predictors, (predictors,).

    Args:
        outputs: (rows, predictors, steps × quantiles).
        target: (rows, steps), NaN for what is not known.
        levels: The quantiles.

    Example:
        >>> quantile_loss(np.zeros((1, 1, 2)), np.array([[2.0]]), (0.1, 0.9)).tolist()
        [1.0]
    """
    values = outputs.reshape(*outputs.shape[:2], -1, len(levels))
    error = target[:, None, :, None] - values
    level = np.asarray(levels)
    losses = np.maximum(level * error, (level - 1.0) * error)
    return np.asarray(np.nanmean(losses, axis=(0, 2, 3)), dtype=np.float64)


def score(outputs: NDArray[Any], target: NDArray[Any], data: PackData) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return loss and inverse temperature of each configuration on one fold.

    Args:
        outputs: (rows, configurations, outputs).
        target: Of the rows.
        data: Tells what is predicted: classes, quantiles or a number.
    """
    if data.quantiles:
        return quantile_loss(outputs, target, data.quantiles), np.ones(outputs.shape[1])
    if not data.classification:
        return np.sqrt(np.mean((outputs[:, :, 0].astype(np.float64) - target[:, None]) ** 2, axis=0)), np.ones(outputs.shape[1])
    return refined_log_loss(outputs, target)
