"""Points for the pictures of a report: few numbers, never rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from automl.evaluation.inference import Ranking
from automl.metrics import Array, calibration_bins, wilson

POINTS = 100
CELLS = 200
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def roc_curve(ranking: Ranking, area: float) -> dict[str, Any]:
    """Return the ROC curve: x false positive rate, y true positive rate, at most 100 points."""
    x = np.concatenate([[0.0], ranking.alarms / max(ranking.negatives, 1)])
    y = np.concatenate([[0.0], ranking.hits / max(ranking.positives, 1)])
    keep = _thin(x)
    thresholds = [None if position == 0 else float(ranking.scores[position - 1]) for position in keep]
    return {"x": x[keep].tolist(), "y": y[keep].tolist(), "thresholds": thresholds, "area": area, "baseline": 0.5}


def precision_recall_curve(ranking: Ranking, area: float) -> dict[str, Any]:
    """Return the precision–recall curve: x recall, y precision, at most 100 points."""
    x, y = ranking.hits / max(ranking.positives, 1), ranking.hits / (ranking.hits + ranking.alarms)
    keep = _thin(x)
    baseline = ranking.positives / len(ranking.order)
    return {"x": x[keep].tolist(), "y": y[keep].tolist(), "thresholds": ranking.scores[keep].tolist(), "area": area, "baseline": baseline}


def _thin(x: Array) -> Array:
    """Return positions of at most POINTS points: evenly along x, and dense at the start, where the top scores are."""
    last = len(x) - 1
    if last < POINTS:
        return np.arange(len(x))
    half = POINTS // 2 - 1
    even = np.searchsorted(x, np.linspace(x[0], x[-1], half), side="left")
    early = np.geomspace(1, last, half).astype(np.int64)
    return np.unique(np.concatenate([[0], even, early, [last]]).clip(0, last))


def reliability(y: Array, prediction: Array) -> list[dict[str, Any]]:
    """Return the bins of a reliability diagram with Wilson's intervals of what was observed."""
    index, claimed, outcome = calibration_bins(y, prediction)
    rows = np.bincount(index)
    mean, hits = np.bincount(index, weights=claimed) / rows, np.bincount(index, weights=outcome)
    low, high = wilson(hits, rows)
    return [
        {"mean_predicted": float(m), "observed": float(h / n), "low": float(a), "high": float(b), "rows": int(n)}
        for m, h, n, a, b in zip(mean, hits, rows, low, high, strict=True)
    ]


def regression_reliability(y: Array, prediction: Array, bins: int = 15) -> list[dict[str, Any]]:
    """Return mean prediction against mean target in bins of equal size, with Student's interval of the mean target."""
    result = []
    parts = np.array_split(np.argsort(prediction, kind="stable"), max(1, min(bins, len(y) // 10)))
    for part in parts:
        mean, rows = float(y[part].mean()), len(part)
        reach = float(stats.t.ppf(0.975, rows - 1) * y[part].std(ddof=1) / np.sqrt(rows)) if rows > 1 else 0.0
        fact = {"mean_predicted": float(prediction[part].mean()), "observed": mean, "low": mean - reach, "high": mean + reach}
        result.append({**fact, "rows": rows})
    return result


def residual_quantiles(y: Array, prediction: Array) -> dict[str, float]:
    """Return quantiles of target − prediction, by share as text."""
    values = np.quantile(y - prediction, QUANTILES)
    return {f"{share:g}": float(value) for share, value in zip(QUANTILES, values, strict=True)}


def grid(y: Array, prediction: Array) -> dict[str, Any]:
    """Count rows by target and prediction on a square grid with at most 200 occupied cells.

    The edges span the middle 99.8 % of both; what lies beyond is counted in the outer cells.
    """
    low, high = np.quantile(np.concatenate([y, prediction]), [0.001, 0.999])
    if not high > low:
        low, high = low - 0.5, low + 0.5
    inside_y, inside_prediction = np.clip(y, low, high), np.clip(prediction, low, high)
    for cells in range(24, 7, -2):
        edges = np.linspace(low, high, cells + 1)
        counts = np.histogram2d(inside_y, inside_prediction, bins=[edges, edges])[0].astype(np.int64)
        if np.count_nonzero(counts) <= CELLS:
            break
    return {"predicted_edges": edges.tolist(), "actual_edges": edges.tolist(), "counts": counts.tolist()}
