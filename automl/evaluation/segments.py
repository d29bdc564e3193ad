"""How well the model does for each kind of case: losses by segment with intervals, shrunk towards the whole, and tested together."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from automl.evaluation.facts import finite
from automl.evaluation.inference import mean_interval, mean_p_value
from automl.metrics import Array, clopper_pearson, wilson

LEVELS = 6
QUANTILES = 4
LEAST_ROWS = 30
LEVEL = 0.05


@dataclass(frozen=True)
class Segment:
    """One kind of case.

    Attributes:
        column: The column that makes it.
        name: Which of its values, such as "Month-to-month" or "12 to 29".
        rows: How many cases.
        value: Their mean loss.
        low: Lower end of its 95 % interval.
        high: Upper end.
        shrunk: The mean loss drawn towards that of all cases, the more the fewer cases there are.
        differs: "worse", "better" or "" after correction for the number of segments (Holm).
        coverage: Share of the prediction intervals that hold the truth; None where there are none.
        coverage_low: Lower end of its 95 % interval.
        coverage_high: Upper end.
        said: What the model said on average (classes): the probability of the positive class, or of the predicted one.
        happened: How often that was so.
        gap_low: Lower end of the 95 % interval of what happened minus what was said.
        gap_high: Upper end.
        off: "too low", "too high" or "": how percentages are off beyond chance, after correction (Holm).
        calibration_error: Mean gap over groups of equal size, within the segment.
    """

    column: str
    name: str
    rows: int
    value: float
    low: float
    high: float
    shrunk: float
    differs: str
    coverage: float | None = None
    coverage_low: float | None = None
    coverage_high: float | None = None
    said: float | None = None
    happened: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    off: str = ""
    calibration_error: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(finite(asdict(self)))


def parts_of(values: pd.Series[Any], levels: int = LEVELS, quantiles: int = QUANTILES) -> tuple[Array, list[str]]:
    """Cut a column into named parts: quarters of numbers, the commonest levels and all others.

    Returns:
        Part of every row, -1 for none, (rows,), and the names.

    Example:
        >>> parts_of(pd.Series(["a", "b", "a", None]))
        (array([0, 1, 0, 2]), ['a', 'b', 'missing'])
    """
    missing = values.isna().to_numpy()
    part, names = np.full(len(values), -1), []
    numeric = pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)
    if (numeric or pd.api.types.is_datetime64_any_dtype(values.dtype)) and values.nunique() > levels:
        known = values[~missing]
        numbers = known.to_numpy(dtype=np.float64) if numeric else known.astype("datetime64[ns]").astype("int64").to_numpy()
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, quantiles + 1), method="inverted_cdf"))
        part[~missing] = np.clip(np.searchsorted(edges, numbers, side="left") - 1, 0, max(len(edges) - 2, 0))
        for low, high in itertools.pairwise(edges):
            ends = (low, high) if numeric else tuple(pd.Timestamp(end).date() for end in (low, high))
            names.append(f"{_written(ends[0])} to {_written(ends[1])}")
    else:
        counts = values.value_counts()
        for place, level in enumerate(counts.index[:levels]):
            part[(values == level).to_numpy(dtype=bool, na_value=False)] = place
            names.append(str(level))
        if len(counts) > levels:
            part[(part < 0) & ~missing] = len(names)
            names.append("all others")
    if missing.any():
        part[missing] = len(names)
        names.append("missing")
    return part, names


def _written(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (float, np.floating, int, np.integer)) else str(value)


def segments(
    frame: pd.DataFrame, loss: Array, *, share: bool, inside: Array | None = None, columns: Sequence[str] = ()
) -> tuple[Segment, ...]:
    """Tell the loss of every segment of every column.

    Args:
        frame: Raw columns of the judged rows.
        loss: Loss of each row, (rows,); 0 or 1 where `share`.
        share: Whether the mean loss is a share.
        inside: Whether each row's prediction interval holds the truth, (rows,).
        columns: Which columns; none for all.

    Returns:
        Segments of at least 30 rows, the worst (after shrinking) first.

    Example:
        >>> frame = pd.DataFrame({"kind": ["a", "b"] * 100})
        >>> found = segments(frame, np.tile([0.0, 1.0], 100), share=True)
        >>> [(segment.name, segment.value, segment.differs) for segment in found]
        [('b', 1.0, 'worse'), ('a', 0.0, 'better')]
    """
    told: list[tuple[str, str, Array]] = []
    for column in columns or list(map(str, frame.columns)):
        part, names = parts_of(frame[column])
        told += [
            (column, name, part == place)
            for place, name in enumerate(names)
            if LEAST_ROWS <= (part == place).sum() <= len(frame) - LEAST_ROWS
        ]
    if not told:
        return ()
    rows = np.array([inside_part.sum() for _, _, inside_part in told])
    means = np.array([loss[inside_part].mean() for _, _, inside_part in told])
    verdicts = _tested(loss, [inside_part for _, _, inside_part in told], share)
    shrunk = _shrunk(loss, rows, means)
    found = []
    for place, (column, name, chosen) in enumerate(told):
        low, high = map(float, wilson(loss[chosen].sum(), rows[place])) if share else mean_interval(loss[chosen])
        held: tuple[float | None, float | None, float | None] = (None, None, None)
        if inside is not None:
            kept = int(inside[chosen].sum())
            held = (kept / int(rows[place]), *clopper_pearson(kept, int(rows[place])))
        found.append(Segment(column, name, int(rows[place]), float(means[place]), low, high, float(shrunk[place]), verdicts[place], *held))
    return tuple(sorted(found, key=lambda segment: -segment.shrunk))


def _tested(loss: Array, parts: Sequence[Array], share: bool) -> list[str]:
    """Compare each part with all other rows; correct for the number of parts by Holm's method."""
    p_values, sides = [], []
    for part in parts:
        one, other = loss[part], loss[~part]
        sides.append("worse" if one.mean() > other.mean() else "better")
        if share:
            table = [[one.sum(), len(one) - one.sum()], [other.sum(), len(other) - other.sum()]]
            p_values.append(float(stats.fisher_exact(table)[1]) if len(loss) < 2_000 else _two_shares(table))
        else:
            p_values.append(mean_p_value(one - other.mean()))
    order = np.argsort(p_values, kind="stable")
    verdicts = [""] * len(parts)
    for rank, place in enumerate(order):
        if not p_values[place] * (len(parts) - rank) < LEVEL:
            break
        verdicts[place] = sides[place]
    return verdicts


def _two_shares(table: list[list[float]]) -> float:
    (a, b), (c, d) = table
    pooled = (a + c) / (a + b + c + d)
    error = np.sqrt(pooled * (1 - pooled) * (1 / (a + b) + 1 / (c + d)))
    return float(2 * stats.norm.sf(abs(a / (a + b) - c / (c + d)) / error)) if error > 0 else 1.0


def _shrunk(loss: Array, rows: Array, means: Array) -> Array:
    """Draw the means towards the whole by how much of their spread is noise (empirical Bayes; DerSimonian and Laird, 1986)."""
    whole, error = float(loss.mean()), np.maximum(float(loss.var(ddof=1)) / rows, 1e-30)
    weight = 1 / error
    spread = float((weight * (means - np.average(means, weights=weight)) ** 2).sum())
    between = max((spread - (len(means) - 1)) / max(float(weight.sum() - (weight**2).sum() / weight.sum()), 1e-30), 0.0)
    return np.asarray(whole + (means - whole) * between / (between + error))
