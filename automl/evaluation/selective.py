"""Who decides what: the model where it is sure, a person where it is not, and what that leaves of the errors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from automl.evaluation.facts import finite
from automl.evaluation.inference import mean_interval
from automl.metrics import Array, wilson

POINTS = 20
GOAL = 0.5  # of the error: what a person should take off the model
LEAST_ROWS = 60
LEAST_ERRORS = 8
LEAST_KEPT = 0.5  # share of the cases that the model must still decide


@dataclass(frozen=True)
class Selective:
    """What is left of the errors when a person decides the least certain cases.

    Attributes:
        measure: "share wrong" or "cost of a case".
        share: Share of the cases that the model decides, falling, (points,).
        risk: Their error, (points,).
        low: Lower end of its 95 % interval.
        high: Upper end.
        confidence: The certainty from which on the model decides, (points,).
        limit: The chosen certainty; None where no useful one was found.
        escalated: Share of the cases below it, on rows that did not choose it.
        rest: Error of the others, on these rows.
        rest_low: Lower end of its 95 % interval.
        rest_high: Upper end.
        all: Error of all cases, on these rows.
        handed: Error of the model on the cases below it.
        rows: Rows that it was measured on.
        because: One sentence.
    """

    measure: str
    share: tuple[float, ...]
    risk: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    confidence: tuple[float, ...]
    limit: float | None
    escalated: float | None
    rest: float | None
    rest_low: float | None
    rest_high: float | None
    all: float
    handed: float | None
    rows: int
    because: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(finite({key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}))


def risk_coverage(confidence: Array, loss: Array, *, measure: str = "share wrong", seed: int = 0) -> Selective | None:
    """Follow the error of what the model decides while the least certain cases go to a person (El-Yaniv and Wiener, 2010).

    The certainty below which a person decides is the lowest that halves the error. It is chosen on one half of the rows and measured on
    the other, so that its promise is not flattered.

    Args:
        confidence: How sure the model is of its decision, (rows,).
        loss: What each decision cost: 1 for a wrong one, or money; (rows,).
        measure: What `loss` is called.
        seed: Of the halves.

    Returns:
        The curve and the chosen limit; None where there are fewer than 60 rows.

    Example:
        >>> sure = np.linspace(0.5, 1, 400)
        >>> wrong = (np.random.default_rng(0).random(400) < 2 * (1 - sure) ** 2).astype(float)
        >>> told = risk_coverage(sure, wrong)
        >>> told.rest < told.all
        True
    """
    rows = len(loss)
    if rows < LEAST_ROWS:
        return None
    order = np.argsort(-confidence, kind="stable")
    points: list[tuple[float, float, float, float, float]] = []
    for share in np.linspace(1.0, 0.05, POINTS):
        # Cases of the same certainty go the same way.
        limit = float(confidence[order[max(int(np.ceil(share * rows)) - 1, 0)]])
        kept = loss[confidence >= limit]
        if points and len(kept) / rows >= points[-1][0]:
            continue
        low, high = _interval(kept, measure)
        points.append((len(kept) / rows, float(kept.mean()), low, high, limit))
    half = np.random.default_rng(seed).permutation(rows) < rows // 2
    chosen = _choose(confidence[half], loss[half])
    shares, risks, lows, highs, limits = (tuple(column) for column in zip(*points, strict=True))
    curve = (shares, risks, lows, highs, limits)
    other, own = loss[~half], confidence[~half]
    whole = float(other.mean())
    if chosen is None or not (own >= chosen).any():
        because = "No certainty halves the error while the model still decides half of the cases; handing cases over does not pay."
        return Selective(measure, *curve, None, None, None, None, None, whole, None, len(other), because)
    kept = other[own >= chosen]
    low, high = _interval(kept, measure)
    handed = other[own < chosen]
    because = f"Chosen on {half.sum():,} rows as the lowest certainty that halves the error, measured on the other {len(other):,}."
    lost = float(handed.mean()) if len(handed) else None
    return Selective(measure, *curve, chosen, len(handed) / len(other), float(kept.mean()), low, high, whole, lost, len(other), because)


def _interval(values: Array, measure: str) -> tuple[float, float]:
    if measure == "share wrong":
        low, high = wilson(values.sum(), len(values))
        return float(low), float(high)
    return mean_interval(values)


def _choose(confidence: Array, loss: Array) -> float | None:
    """Return the lowest certainty whose cases err half as much as all; None where that leaves fewer than half of the cases."""
    if (loss > 0).sum() < LEAST_ERRORS:
        return None
    order = np.argsort(-confidence, kind="stable")
    ordered, running = confidence[order], np.cumsum(loss[order]) / np.arange(1, len(loss) + 1)
    last = np.append(np.diff(ordered) != 0, True)  # the last case of each certainty
    good = np.flatnonzero(last & (running <= GOAL * loss.mean()))
    if not len(good) or good[-1] + 1 < LEAST_KEPT * len(loss):
        return None
    return float(ordered[good[-1]])
