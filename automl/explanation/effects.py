"""How the prediction moves with one column: accumulated local effects of numbers, means by level, single rows beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.explanation.frames import Cells, Clock, Predict
from automl.explanation.shapley import cell_text

Array = NDArray[Any]

INTERVALS = 16
LEVELS = 10
ROWS = 600  # for the local effects
PARTIAL_ROWS = 100
LINES = 12
GRID = 12
LEAST_DISTINCT = 8  # numbers with fewer values are told level by level


@dataclass(frozen=True)
class Effect:
    """How the prediction moves with one column.

    Attributes:
        column: The column.
        kind: "number" or "levels".
        output: Column of the prediction that is told.
        x: Values of the column, or positions of the levels, (points,).
        labels: The levels; empty for numbers.
        value: Numbers: accumulated local effect, with mean 0 over the rows; levels: mean prediction minus the mean over rows. (points,)
        low: Lower end of the 95 % interval, (points,).
        high: Upper end.
        partial: Partial dependence minus its mean over the rows, on `grid`.
        grid: Values of the column for `partial` and `lines`.
        lines: The same for single rows (individual conditional expectation), each of them minus its own mean.
        rows: Rows that were used.
        shape: "rises", "falls", "rises, then falls", "falls, then rises", "flat" or "changes direction"; "levels" for levels.
    """

    column: str
    kind: str
    output: int
    x: tuple[float, ...]
    labels: tuple[str, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    grid: tuple[float, ...]
    partial: tuple[float, ...]
    lines: tuple[tuple[float, ...], ...]
    rows: int
    shape: str

    @property
    def reach(self) -> float:
        """How far apart the highest and the lowest effect lie."""
        return max(self.value) - min(self.value) if self.value else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


def column_effects(
    predict: Predict, frame: pd.DataFrame, columns: Sequence[str], *, clock: Clock, output: int | None = None, seed: int = 0
) -> tuple[Effect, ...]:
    """Tell how the prediction moves with each column.

    Numbers: accumulated local effects (Apley and Zhu, 2020). Each row is moved only within its own interval between quantiles, so that
    no impossible combination of columns is asked for; partial dependence (Friedman, 2001) and single rows (Goldstein et al., 2015) stand
    beside it. Levels: the mean prediction of all rows with the level put in, minus the mean prediction.

    Args:
        predict: From raw columns to (rows, outputs).
        frame: Unseen rows.
        columns: What to tell, the most important first; those that time does not allow are left out.
        clock: The time there is.
        output: Column of the prediction; None for the one that the column moves most.
        seed: Of the rows.

    Example:
        >>> frame = pd.DataFrame({"a": np.arange(100.0), "b": np.arange(100.0)})
        >>> found = column_effects(lambda data: 2 * data["a"].to_numpy(), frame, ["a", "b"], clock=Clock(None, 1.0))
        >>> [(effect.shape, round(effect.reach)) for effect in found]
        [('rises', 198), ('flat', 0)]
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(frame), min(ROWS, len(frame)), replace=False))
    sample = frame.iloc[rows].reset_index(drop=True)
    told = []
    for column in columns:
        numbers = as_numbers(sample[column])
        cost = 2 * len(sample) + GRID * min(PARTIAL_ROWS, len(sample))
        if not clock.allows(cost):
            break
        found = (
            _levels(predict, sample, column, clock, output) if numbers is None else _number(predict, sample, column, numbers, clock, output)
        )
        if found is not None:
            told.append(found)
    return tuple(told)


def as_numbers(values: pd.Series[Any]) -> Array | None:
    """Return a column as float64 with nan for missing where it holds enough different numbers; None for levels and dates."""
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return None
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers if len(np.unique(numbers[np.isfinite(numbers)])) >= LEAST_DISTINCT else None


def _put(sample: pd.DataFrame, rows: Array, column: str, values: Any) -> pd.DataFrame:
    """Return rows with other values in one column, of its type where that can hold them."""
    frame = sample.iloc[rows].reset_index(drop=True)
    frame[column] = pd.Series(values, index=frame.index)
    return frame


def _number(predict: Predict, sample: pd.DataFrame, column: str, numbers: Array, clock: Clock, output: int | None) -> Effect | None:
    known = np.flatnonzero(np.isfinite(numbers))
    values = numbers[known]
    edges = np.unique(np.quantile(values, np.linspace(0, 1, INTERVALS + 1), method="inverted_cdf"))
    if len(edges) < 2:
        return None
    # The first interval holds its lower edge, too.
    inside = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    both = np.concatenate([known, known])
    frame = _put(sample, both, column, np.concatenate([edges[inside], edges[inside + 1]]))
    prediction = clock.time(predict, frame)
    steps = prediction[len(known) :] - prediction[: len(known)]  # (rows, outputs)
    count = np.bincount(inside, minlength=len(edges) - 1)
    mean = np.stack([np.bincount(inside, weights=steps[:, k], minlength=len(count)) for k in range(steps.shape[1])]) / np.maximum(count, 1)
    ale = np.concatenate([np.zeros((len(mean), 1)), np.cumsum(mean, axis=1)], axis=1)
    ale -= ((ale[:, 1:] + ale[:, :-1]) / 2 * count).sum(axis=1, keepdims=True) / count.sum()
    chosen = int(np.ptp(ale, axis=1).argmax()) if output is None else output
    low, high = _band(steps[:, chosen], inside, count, ale[chosen])
    grid, partial, lines = _partial(predict, sample, column, values, clock, chosen)
    shape = _shape(ale[chosen], np.maximum(high - low, 0) / 2)
    return Effect(
        column, "number", chosen, _tuple(edges), (), _tuple(ale[chosen]), _tuple(low), _tuple(high), grid, partial, lines, len(known), shape
    )


def _band(steps: Array, inside: Array, count: Array, ale: Array) -> tuple[Array, Array]:
    """Return the 95 % band of the effect: the local means are independent, and the centring takes their weighted mean off."""
    mean = np.bincount(inside, weights=steps, minlength=len(count)) / np.maximum(count, 1)
    spread = np.bincount(inside, weights=(steps - mean[inside]) ** 2, minlength=len(count)) / np.maximum(count - 1, 1)
    variance = np.where(count > 1, spread / np.maximum(count, 1), spread.max() if len(spread) else 0.0)
    # value_j = Σ_k (1[k < j] − share of the rows above k) mean_k
    share = count / count.sum()
    above = np.cumsum(share[::-1])[::-1] - share / 2
    weight = (np.arange(len(count))[None] < np.arange(len(count) + 1)[:, None]) - above[None]
    half = 1.96 * np.sqrt((weight**2 * variance).sum(axis=1))
    return ale - half, ale + half


def _partial(
    predict: Predict, sample: pd.DataFrame, column: str, values: Array, clock: Clock, output: int
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[tuple[float, ...], ...]]:
    """Return a grid, partial dependence and single rows on it, all without their means."""
    grid = np.unique(np.quantile(values, np.linspace(0.02, 0.98, GRID), method="inverted_cdf"))
    rows = np.linspace(0, len(sample) - 1, min(PARTIAL_ROWS, len(sample))).astype(int)
    frame = _put(sample, np.tile(rows, len(grid)), column, np.repeat(grid, len(rows)))
    single = clock.time(predict, frame)[:, output].reshape(len(grid), len(rows))
    mean = single.mean(axis=1)
    shown = single[:, np.linspace(0, len(rows) - 1, min(LINES, len(rows))).astype(int)]
    shown = shown - shown.mean(axis=0)
    return _tuple(grid), _tuple(mean - mean.mean()), tuple(_tuple(line) for line in shown.T)


def _levels(predict: Predict, sample: pd.DataFrame, column: str, clock: Clock, output: int | None) -> Effect | None:
    values = sample[column]
    counts = values.value_counts(dropna=True)
    counts = counts.iloc[:LEVELS]
    if len(counts) < 2:
        return None
    counts = counts.sort_index() if pd.api.types.is_numeric_dtype(values.dtype) else counts
    levels = list(counts.index)
    rows = np.linspace(0, len(sample) - 1, min(2 * PARTIAL_ROWS, len(sample))).astype(int)
    places = np.repeat([int(np.flatnonzero((values == level).to_numpy(dtype=bool, na_value=False))[0]) for level in levels], len(rows))
    cells = Cells(sample)
    others = [name for name in cells.columns if name != column]
    everywhere = np.tile(rows, len(levels))
    frame = cells.compose([(others, everywhere), ([column], places)] if others else [([column], places)])
    prediction = clock.time(predict, frame).reshape(len(levels), len(rows), -1)
    centred = prediction - np.average(prediction, axis=0, weights=counts.to_numpy(dtype=float))
    mean = centred.mean(axis=1)  # (levels, outputs)
    chosen = int(np.ptp(mean, axis=0).argmax()) if output is None else output
    half = 1.96 * centred[:, :, chosen].std(axis=1, ddof=1 if len(rows) > 1 else 0) / np.sqrt(len(rows))
    value = mean[:, chosen]
    labels = tuple(cell_text(level) for level in levels)
    at = _tuple(np.arange(len(levels), dtype=float))
    return Effect(
        column, "levels", chosen, at, labels, _tuple(value), _tuple(value - half), _tuple(value + half), (), (), (), len(rows), "levels"
    )


def _shape(value: Array, half: Array) -> str:
    """Say in words where a curve goes; turns smaller than a tenth of its reach, or than its uncertainty, do not count."""
    reach = float(np.ptp(value))
    if reach <= max(1e-9, float(np.median(half))):
        return "flat"
    least = max(0.1 * reach, float(np.median(half)))
    turns: list[int] = []
    low = high = float(value[0])
    for point in map(float, value):
        way = turns[-1] if turns else 0
        if way <= 0 and point - low > least:
            turns.append(1)
            high = point
        elif way >= 0 and high - point > least:
            turns.append(-1)
            low = point
        low, high = min(low, point), max(high, point)
    names = {(1,): "rises", (-1,): "falls", (1, -1): "rises, then falls", (-1, 1): "falls, then rises"}
    return names.get(tuple(turns), "changes direction" if turns else "flat")


def _tuple(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
