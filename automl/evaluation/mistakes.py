"""Which models are wrong together: the correlation of their mistakes on the same rows, and how often they decide differently."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.metrics import Array, columns

NORMAL = 1.959964
ROWS = 50_000


@dataclass(frozen=True)
class Mistakes:
    """How alike the mistakes of several models are.

    Attributes:
        correlation: Pearson correlation of the residuals, (models, models); nan where a model makes no mistake.
        differ: Share of the rows that two models decide differently (classes), (models, models); None for numbers.
        rows: Rows that were looked at.
        least: The pair whose mistakes are least alike.
        low: Lower end of the 95 % interval of its correlation.
        high: Upper end.
    """

    correlation: Array
    differ: Array | None
    rows: int
    least: tuple[int, int]
    low: float
    high: float


def mistakes(problem: str, y: Array, predictions: Sequence[Array]) -> Mistakes | None:
    """Correlate the residuals of models on rows that they have not seen.

    The residual is what happened (1 for the true class, 0 for the others, or the number) minus what was said. Models that share what
    nobody could know have high correlations; what a mean of two models gains is what they do not share (Krogh and Vedelsby, 1995). The
    interval of the least pair is Fisher's, z = artanh(r) with standard error 1/√(rows − 3).

    Args:
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        predictions: One for each model, (rows, outputs).

    Returns:
        None with fewer than two models or four rows.

    Example:
        >>> y = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
        >>> up, down = y + [1, 2, 1, 2, 1, 2], y - [1, 2, 1, 2, 1, 2]
        >>> found = mistakes("regression", y, [up[:, None], down[:, None]])
        >>> round(float(found.correlation[0, 1]), 6), found.least
        (-1.0, (0, 1))
    """
    step = max(len(y) // ROWS, 1)
    y = np.asarray(y)[::step]
    taken = [columns(np.asarray(prediction)[::step]).astype(np.float64) for prediction in predictions]
    if len(taken) < 2 or len(y) < 4:
        return None
    residuals = np.stack([_residual(problem, y, prediction) for prediction in taken])
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = np.clip(np.corrcoef(residuals), -1.0, 1.0)
    pairs = [(one, two) for one in range(len(taken)) for two in range(one + 1, len(taken)) if math.isfinite(correlation[one, two])]
    if not pairs:
        return None
    least = min(pairs, key=lambda pair: float(correlation[pair]))
    low, high = fisher(float(correlation[least]), len(y))
    return Mistakes(correlation, _differ(problem, taken), len(y), least, low, high)


def _residual(problem: str, y: Array, prediction: Array) -> Array:
    if problem == "regression":
        return np.asarray(y - prediction[:, 0])
    happened = np.zeros_like(prediction)
    happened[np.arange(len(y)), y.astype(np.int64)] = 1.0
    found = happened - prediction
    return np.asarray(found[:, 1] if problem == "binary" else found.ravel())  # of two classes one says all


def _differ(problem: str, predictions: Sequence[Array]) -> Array | None:
    if problem == "regression":
        return None
    decided = np.stack([prediction.argmax(axis=1) for prediction in predictions])
    return np.asarray((decided[:, None] != decided[None]).mean(axis=2))


def fisher(correlation: float, rows: int) -> tuple[float, float]:
    """Return Fisher's 95 % interval of a correlation of at least four independent rows.

    Example:
        >>> low, high = fisher(0.5, 103)
        >>> round(low, 3), round(high, 3)
        (0.339, 0.632)
    """
    if abs(correlation) >= 1:
        return correlation, correlation
    middle, half = math.atanh(correlation), NORMAL / math.sqrt(rows - 3)
    return math.tanh(middle - half), math.tanh(middle + half)


def as_facts(found: Mistakes, titles: Sequence[str], kinds: Sequence[str]) -> dict[str, Any]:
    """Return JSON-ready values, rounded to three digits: a picture shows no more."""

    def short(values: Array | None) -> list[list[float | None]] | None:
        if values is None:
            return None
        return [[round(float(value), 3) if math.isfinite(value) else None for value in row] for row in values]

    return {
        "titles": list(titles),
        "kinds": list(kinds),
        "correlation": short(found.correlation),
        "differ": short(found.differ),
        "rows": found.rows,
        "least": list(found.least),
        "low": found.low,
        "high": found.high,
    }
