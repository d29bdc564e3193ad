"""Reliability without bins: isotonic recalibration, consistency bands, the score's parts (CORP; Dimitriadis et al., 2021)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

from automl.evaluation.facts import finite
from automl.evaluation.inference import calibration_interval
from automl.metrics import CLIP, Array, calibration_bins

DRAWS = 200
GROUPS = 4_000  # neighbouring probabilities that are simulated as one
POINTS = 60


@dataclass(frozen=True)
class Reliability:
    """How far the probabilities of one class can be taken at their word.

    Attributes:
        label: The class.
        rows: Rows that were judged.
        x: Probabilities that were said, (points,).
        y: How often it came true, by isotonic regression, (points,).
        low: Lower end of the band that a truthful model stays in, 95 % at each point, (points,).
        high: Upper end.
        outside: Share of the rows whose point lies outside the band.
        brier: {"score", "miscalibration", "discrimination", "uncertainty"}: score = miscalibration − discrimination + uncertainty.
        log_loss: The same for the log-loss.
        p_value: How often a truthful model has a Brier miscalibration as large as this.
        error: Calibration error, the mean gap over bins of equal size.
        error_low: Lower end of its 95 % interval.
        error_high: Upper end.
        error_before: The error before calibration; None where nothing was applied or it is not known.
    """

    label: Any
    rows: int
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    outside: float
    brier: dict[str, float]
    log_loss: dict[str, float]
    p_value: float
    error: float
    error_low: float
    error_high: float
    error_before: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(finite({key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}))


def reliability_of(y: Array, probability: Array, *, label: Any = "", before: Array | None = None, seed: int = 0) -> Reliability:
    """Compare what was said with what happened, for one class against all others.

    Args:
        y: Whether the row is of the class, (rows,).
        probability: What was said of it, (rows,).
        label: The class.
        before: What was said before calibration, (rows,).
        seed: Of the simulated outcomes.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> p = rng.random(3000)
        >>> told = reliability_of(rng.random(3000) < p, p)
        >>> told.p_value > 0.01, told.outside < 0.2
        (True, True)
    """
    outcome, said = np.asarray(y, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    order = np.argsort(said, kind="stable")
    outcome, said = outcome[order], said[order]
    _, index, counts = np.unique(said, return_inverse=True, return_counts=True)
    hits = np.bincount(index.ravel(), weights=outcome)
    fitted = np.asarray(isotonic_regression(hits / counts, weights=counts).x)[index.ravel()]
    group_said, group_counts = _groups(said)
    rng = np.random.default_rng(seed)
    drawn = rng.binomial(group_counts.astype(np.int64), group_said, (DRAWS, len(group_said))) / group_counts
    truthful = np.stack([isotonic_regression(row, weights=group_counts).x for row in drawn])
    low, high = np.quantile(truthful, [0.025, 0.975], axis=0)
    # The Brier miscalibration of each draw; what varies within a group cancels.
    null = (((group_said - drawn) ** 2 - (truthful - drawn) ** 2) * group_counts).sum(axis=1) / len(said)
    own = float(np.mean((said - outcome) ** 2) - np.mean((fitted - outcome) ** 2))
    inside_low, inside_high = np.interp(said, group_said, low), np.interp(said, group_said, high)
    points = np.unique(np.linspace(0, len(said) - 1, POINTS).round().astype(int))
    error, ends = _error(outcome, said, seed)
    return Reliability(
        label,
        len(said),
        _tuple(said[points]),
        _tuple(fitted[points]),
        _tuple(inside_low[points]),
        _tuple(inside_high[points]),
        float(np.mean((fitted < inside_low - 1e-9) | (fitted > inside_high + 1e-9))),
        _decomposed(outcome, said, fitted, _brier),
        _decomposed(outcome, said, fitted, _log_loss),
        float((1 + (null >= own).sum()) / (1 + DRAWS)),
        error,
        *ends,
        None if before is None else _error(outcome, np.asarray(before, dtype=np.float64)[order], seed)[0],
    )


def _groups(said: Array) -> tuple[Array, Array]:
    """Return mean probability and number of rows of neighbouring rows."""
    parts = np.minimum(np.arange(len(said)) * min(GROUPS, len(said)) // max(len(said), 1), GROUPS - 1)
    counts = np.bincount(parts).astype(np.float64)
    return np.clip(np.bincount(parts, weights=said) / counts, 0.0, 1.0), counts


def _error(outcome: Array, said: Array, seed: int) -> tuple[float, tuple[float, float]]:
    index, claimed, came = calibration_bins(outcome.astype(np.int64), np.column_stack([1 - said, said]))
    value = float(np.abs(np.bincount(index, weights=came - claimed)).sum() / len(came))
    low, high = calibration_interval(index, came - claimed, value, 500, seed)
    return value, (low, high)


def _brier(outcome: Array, said: Array) -> float:
    return float(np.mean((said - outcome) ** 2))


def _log_loss(outcome: Array, said: Array) -> float:
    return float(-np.mean(np.log(np.clip(np.where(outcome == 1, said, 1 - said), CLIP, 1.0))))


def _decomposed(outcome: Array, said: Array, fitted: Array, score: Any) -> dict[str, float]:
    whole, best, constant = score(outcome, said), score(outcome, fitted), score(outcome, np.full(len(said), outcome.mean()))
    return {"score": whole, "miscalibration": whole - best, "discrimination": constant - best, "uncertainty": constant}


def _tuple(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
