"""From scores of families on their own scales to one scale: how rare such a score is among rows that the model has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KNOTS = 400
COLUMN_KNOTS = 80
TAIL = 0.02  # share of the rows from which the tail goes on as an exponential distribution
TAIL_ROWS, WIDEST = 10, 0.25  # of few rows more make the tail: one far outlier alone would be the measure of itself


@dataclass(frozen=True)
class Rarity:
    """Turns scores into −log₁₀ of the share of rows that score as high.

    Inside the scores seen it is their rank; beyond them it goes on along an exponential tail, so that a far outlier is rarer than a near.

    Attributes:
        scores: Ascending quantiles of the scores of rows that the model has not seen, (knots,).
        values: Their −log₁₀ of the share above, (knots,).
        rate: Mean excess over the last quantile before the tail.
        tail: Share of the rows in the tail.

    Example:
        >>> rarity = Rarity.fit(np.arange(1000.0))
        >>> rarity(np.array([500.0, 990.0])).round(1).tolist()
        [0.3, 2.2]
    """

    scores: NDArray[np.float64]
    values: NDArray[np.float64]
    rate: float
    tail: float = TAIL

    @classmethod
    def fit(cls, scores: NDArray[np.float64], knots: int = KNOTS) -> Rarity:
        """Look at scores of rows that the model has not seen, (rows,)."""
        tail = float(np.clip(TAIL_ROWS / max(len(scores), 1), TAIL, WIDEST))
        tail = tail if (scores > np.quantile(scores, 1.0 - tail)).any() else TAIL  # above what all rows score nothing was seen: it is rare
        even = min(0.9, 1.0 - tail)
        rare = 1.0 - np.logspace(np.log10(1.0 - even), np.log10(tail), knots - knots // 2)
        shares = np.unique(np.concatenate([np.linspace(0.0, even, knots // 2), rare]))
        places = np.quantile(scores, shares)
        start = places[-1]
        excess = scores[scores > start] - start
        rate = float(excess.mean()) if len(excess) else 1.0
        first = np.searchsorted(places, places, side="left")  # what many rows score is as rare as the lowest of them: a share at or above
        return cls(places, -np.log10(np.maximum(1.0 - shares[first], tail)), max(rate, 1e-9), tail)

    def __call__(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rarity of scores, (rows,); 2 means one row in a hundred."""
        inside = np.interp(scores, self.scores, self.values)
        inside = np.where(scores > self.scores[-1], -np.log10(self.tail), inside)
        beyond = np.maximum(scores - self.scores[-1], 0.0) / self.rate / np.log(10.0)
        return np.asarray(inside + np.minimum(beyond, 12.0))

    def to_arrays(self) -> dict[str, NDArray[np.float64]]:
        """Return all that was learnt."""
        return {"scores": self.scores, "values": self.values, "rate": np.array(self.rate), "tail": np.array(self.tail)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, NDArray[np.float64]]) -> Rarity:
        """Rebuild from :meth:`to_arrays`."""
        return cls(arrays["scores"], arrays["values"], float(arrays["rate"]), float(arrays.get("tail", TAIL)))


def joined(rarities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rarity of the harmonic mean of shares, (rows, parts) to (rows,): one part that is rare enough counts.

    Source: the harmonic mean p-value, which holds for parts that depend on each other (Wilson, 2019, doi:10.1073/pnas.1814092116).

    Example:
        >>> joined(np.array([[3.0, 0.0], [3.0, 3.0]])).round(1).tolist()
        [2.7, 3.0]
    """
    if not rarities.shape[1]:
        return np.zeros(len(rarities))
    top = rarities.max(axis=1, keepdims=True)
    return np.asarray((top + np.log10(np.mean(10.0 ** (rarities - top), axis=1, keepdims=True)))[:, 0])


def threshold(scores: NDArray[np.float64], rate: float) -> float:
    """Return the score above which at most `rate` of rows like these lie, whatever their distribution (split conformal; Vovk et al., 2005).

    Args:
        scores: Of rows that the model has not seen, (rows,).
        rate: Share of alarms.

    Example:
        >>> threshold(np.arange(99.0), 0.05)
        94.0
    """
    place = int(np.ceil((len(scores) + 1) * (1.0 - rate)))
    return float(np.inf) if place > len(scores) else float(np.sort(scores)[place - 1])


def between(scores: NDArray[np.float64], against_others: NDArray[np.float64], rate: float) -> float:
    """Return the score above which `rate` of new rows should lie, midway between a threshold that is too low and one that is too high.

    Rows that took part in the ranks they are held against look less rare than new ones: their threshold lets too many through. Rows that
    are held against others alone are judged by one model each, of fewer rows, where new ones get the mean of several, which goes less
    far: their threshold lets too few through. Scores are logarithms of shares, so that their middle is the geometric mean of the rates.

    Args:
        scores: Of rows that the models have not seen, by ranks they took part in, (rows,).
        against_others: Of the same rows, by the ranks of other rows, (rows,).
        rate: Share of alarms.

    Example:
        >>> between(np.arange(99.0), np.arange(99.0) + 1.0, 0.05)
        94.5
    """
    return 0.5 * (threshold(scores, rate) + threshold(against_others, rate))


def average_precision(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Return the mean precision over the true anomalies, ties shared.

    Example:
        >>> average_precision(np.array([3.0, 2.0, 1.0]), np.array([True, False, False]))
        1.0
    """
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth, scores)) if truth.any() else float("nan")
