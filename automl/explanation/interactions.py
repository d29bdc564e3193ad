"""Which two columns matter together more than each alone: the H statistic of pairs of main columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.explanation.effects import as_numbers
from automl.explanation.frames import Cells, Clock, Predict
from automl.explanation.shapley import cell_text

Array = NDArray[Any]

POINTS = 40
DRAWS = 300
FLOOR = 1e-4  # probabilities nearer to 0 and 1 are taken as this near, before their log-odds


@dataclass(frozen=True)
class Interaction:
    """Two columns together.

    Attributes:
        columns: Their names.
        strength: H, the share (0 to 1) of what both do together that neither does alone; a root of squared shares.
        low: Lower end of its 95 % interval.
        high: Upper end.
        size: Root mean square of the joint part, in the target's units or log-odds: how much it matters.
        corners: Mean prediction with low and high (or the two commonest) values of both: ((low low, low high), (high low, high high)).
        labels: The values at the corners: ((first low, first high), (second low, second high)).
        output: Column of the prediction.
    """

    columns: tuple[str, str]
    strength: float
    low: float
    high: float
    size: float
    corners: tuple[tuple[float, float], tuple[float, float]]
    labels: tuple[tuple[str, str], tuple[str, str]]
    output: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def column_interactions(
    predict: Predict, frame: pd.DataFrame, columns: Sequence[str], *, problem: str, clock: Clock, output: int = 0, seed: int = 0
) -> tuple[Interaction, ...]:
    """Measure how much pairs of columns work together (H statistic; Friedman and Popescu, 2008, equation 44).

    Probabilities are compared as log-odds, where effects that only add up have no interaction.

    Args:
        predict: From raw columns to (rows, outputs).
        frame: Unseen rows.
        columns: Which columns, few of them: every pair is asked for 1,600 rows.
        problem: "binary", "multiclass" or "regression".
        clock: The time there is; without time for all pairs none is told, because the strongest could be among the others.
        output: Column of the prediction.
        seed: Of the rows.

    Returns:
        The pairs, those that matter most first.

    Example:
        >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
        >>> product = lambda data: (data["a"] * data["b"] + data["c"]).to_numpy()
        >>> [pair.columns for pair in column_interactions(product, frame, list("abc"), problem="regression", clock=Clock(None, 1.0))][:1]
        [('a', 'b')]
    """
    pairs = list(itertools.combinations(columns, 2))
    rng = np.random.default_rng(seed)
    points = min(POINTS, len(frame))
    if not pairs or points < 5 or not clock.allows(points * points * (len(pairs) + len(columns) + 1)):
        return ()
    rows = np.sort(rng.choice(len(frame), points, replace=False))
    asked = _Dependence(predict, frame.iloc[rows].reset_index(drop=True), problem != "regression", output, clock)
    alone = {column: asked.at([column]) for column in columns}
    told = []
    for one, two in pairs:
        both = asked.at([one, two])
        joint = both - alone[one] - alone[two]
        drawn = rng.integers(0, points, (DRAWS, points))
        shares = np.sqrt(_share(joint[drawn], both[drawn]))
        low, high = np.quantile(shares, [0.025, 0.975])
        corners, labels = _corners(predict, asked.sample, frame, one, two, output, clock)
        size = float(np.sqrt(np.mean(joint**2)))
        told.append(Interaction((one, two), float(np.sqrt(_share(joint, both))), float(low), float(high), size, corners, labels, output))
    return tuple(sorted(told, key=lambda pair: -pair.size))


def _share(joint: Array, both: Array) -> Array:
    """Return the share of the joint part, at most 1, 0 where both together do nothing."""
    total = (both**2).sum(axis=-1)
    return np.asarray(np.clip(np.where(total > 1e-18, (joint**2).sum(axis=-1) / np.maximum(total, 1e-300), 0.0), 0.0, 1.0))


class _Dependence:
    """Centred partial dependence of any columns, at the sample's own rows."""

    def __init__(self, predict: Predict, sample: pd.DataFrame, odds: bool, output: int, clock: Clock) -> None:
        self.predict, self.sample, self.odds, self.output, self.clock = predict, sample, odds, output, clock
        self.cells = Cells(sample)

    def at(self, columns: Sequence[str]) -> Array:
        count = len(self.sample)
        here, there = np.repeat(np.arange(count), count), np.tile(np.arange(count), count)
        others = [name for name in self.cells.columns if name not in columns]
        parts = [(list(columns), here)] + ([(others, there)] if others else [])
        value = self.clock.time(self.predict, self.cells.compose(parts))[:, self.output]
        if self.odds:
            value = np.clip(value, FLOOR, 1 - FLOOR)
            value = np.log(value / (1 - value))
        mean = value.reshape(count, count).mean(axis=1)
        return np.asarray(mean - mean.mean())


def _corners(
    predict: Predict, sample: pd.DataFrame, frame: pd.DataFrame, one: str, two: str, output: int, clock: Clock
) -> tuple[tuple[tuple[float, float], tuple[float, float]], tuple[tuple[str, str], tuple[str, str]]]:
    """Return mean predictions at two values of each column."""
    ends = [_ends(frame[name]) for name in (one, two)]
    stack = []
    for first, second in itertools.product(*ends):
        copy = sample.copy()
        copy[one], copy[two] = [first] * len(copy), [second] * len(copy)
        stack.append(copy.astype({name: frame[name].dtype for name in (one, two)}, errors="ignore"))
    value = clock.time(predict, pd.concat(stack, ignore_index=True))[:, output].reshape(4, -1).mean(axis=1)
    labels = tuple((cell_text(low), cell_text(high)) for low, high in ends)
    return ((float(value[0]), float(value[1])), (float(value[2]), float(value[3]))), (labels[0], labels[1])


def _ends(values: pd.Series[Any]) -> tuple[Any, Any]:
    """Return a low and a high value of numbers, or the two commonest levels."""
    numbers = as_numbers(values)
    if numbers is not None:
        known = np.sort(numbers[np.isfinite(numbers)])
        return known[int(0.1 * (len(known) - 1))], known[int(0.9 * (len(known) - 1))]
    counts = values.value_counts()
    return counts.index[0], counts.index[1] if len(counts) > 1 else counts.index[0]
