"""How groups of people are treated: shares by group with closed-form intervals, differences, ratios, intersections and proxies.

The numbers are told, no verdict is given: which difference is acceptable is a question of law and purpose, not of statistics.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.evaluation.facts import finite
from automl.evaluation.inference import mean_interval
from automl.evaluation.segments import parts_of
from automl.metrics import Array, wilson

LEAST_ROWS = 20  # smaller groups are counted but not compared
LEVELS = 8
BINS = 10
PROXIES = 5
STRONG = 0.1  # Cramér's V from which a column is told as a proxy


@dataclass(frozen=True)
class Rate:
    """A share or a mean in one group with its 95 % interval; None where the group has no case for it."""

    value: float | None
    low: float | None
    high: float | None
    rows: int

    @property
    def known(self) -> tuple[float, float, float]:
        """Return value, low and high; nan where there is none."""
        value, low, high = (float("nan") if end is None else end for end in (self.value, self.low, self.high))
        return value, low, high


@dataclass(frozen=True)
class Group:
    """One group: its name, its cases and its rates by name."""

    name: str
    rows: int
    rates: dict[str, Rate]


@dataclass(frozen=True)
class Gap:
    """The largest difference of one rate between two groups, with 95 % intervals.

    Attributes:
        rate: Which rate.
        highest: The group with the highest.
        lowest: The group with the lowest.
        difference: Highest minus lowest; its interval is that of these two groups (Newcombe, 1998; Welch for means).
        low: Lower end.
        high: Upper end.
        ratio: Lowest over highest, for shares; its interval on the logarithm (Katz et al., 1978).
        ratio_low: Lower end.
        ratio_high: Upper end.
    """

    rate: str
    highest: str
    lowest: str
    difference: float
    low: float
    high: float
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None


@dataclass(frozen=True)
class Treatment:
    """How the groups of one column, or of two together, are treated.

    Attributes:
        columns: The columns that make the groups.
        groups: The groups, the largest first.
        gaps: The largest difference of each rate between groups of at least 20 rows.
        proxies: Columns that the model reads and that tell the group, with Cramér's V.
    """

    columns: tuple[str, ...]
    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    proxies: tuple[tuple[str, float], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return dict(finite(asdict(self)))


def treatments(
    sensitive: pd.DataFrame, used: pd.DataFrame, problem: str, y: Array, decided: Array, *, prediction: Array | None = None
) -> tuple[Treatment, ...]:
    """Compare how groups are treated, by each column and by each pair of columns.

    Rates for two classes: "flagged" (selection rate; demographic parity compares it), "found" (true positive rate; equal opportunity),
    "false alarms" (false positive rate; with "found" equalised odds), "right when flagged" (precision) and "wrong". For more classes
    "wrong"; for numbers "error" (mean of actual minus predicted) and "size of error".

    Args:
        sensitive: The columns that make groups, (rows, columns).
        used: The columns that the model reads.
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        decided: Decided codes; for numbers ignored, (rows,).
        prediction: For numbers, (rows,).

    Example:
        >>> people = pd.DataFrame({"sex": ["f", "m"] * 50})
        >>> flagged = np.tile([1, 0, 0, 0], 25)
        >>> told = treatments(people, people[[]], "binary", np.tile([1, 0, 0, 1], 25), flagged)[0]
        >>> told.groups[0].rates["flagged"].value, told.gaps[0].difference
        (0.5, 0.5)
    """
    values = rates_of(problem, y, decided, prediction)
    cut = {str(name): parts_of(sensitive[name], LEVELS) for name in sensitive.columns}
    told = []
    for name, (part, names) in cut.items():
        groups = _groups(part, names, values)
        told.append(Treatment((name,), groups, _gaps(groups, values, part, names), _proxies(part, used)))
    for one, two in itertools.combinations(cut, 2):
        (first, first_names), (second, second_names) = cut[one], cut[two]
        both = np.where((first >= 0) & (second >= 0), first * len(second_names) + second, -1)
        names = [f"{a}, {b}" for a in first_names for b in second_names]
        groups = _groups(both, names, values)
        told.append(Treatment((one, two), groups, _gaps(groups, values, both, names)))
    return tuple(told)


Values = dict[str, tuple[Array, Array, bool]]
"""By rate: the value of each row, which rows count, and whether it is a share."""


def rates_of(problem: str, y: Array, decided: Array, prediction: Array | None) -> Values:
    """Return what is averaged in each group."""
    everybody = np.ones(len(y), dtype=bool)
    if problem == "regression":
        error = np.asarray(y, dtype=np.float64) - np.asarray(prediction, dtype=np.float64)
        return {"error": (error, everybody, False), "size of error": (np.abs(error), everybody, False)}
    wrong = (np.asarray(decided) != y).astype(np.float64)
    if problem != "binary":
        return {"wrong": (wrong, everybody, True)}
    flagged, positive = (np.asarray(decided) == 1).astype(np.float64), np.asarray(y) == 1
    return {
        "flagged": (flagged, everybody, True),
        "found": (flagged, positive, True),
        "false alarms": (flagged, ~positive, True),
        "right when flagged": (positive.astype(np.float64), flagged == 1, True),
        "wrong": (wrong, everybody, True),
    }


def _groups(part: Array, names: Sequence[str], values: Values) -> tuple[Group, ...]:
    found = []
    for place, name in enumerate(names):
        inside = part == place
        if inside.any():
            rates = {rate: _rate(value[inside & counts], share) for rate, (value, counts, share) in values.items()}
            found.append(Group(name, int(inside.sum()), rates))
    return tuple(sorted(found, key=lambda group: -group.rows))


def _rate(values: Array, share: bool) -> Rate:
    if not len(values):
        return Rate(None, None, None, 0)
    low, high = map(float, wilson(values.sum(), len(values))) if share else mean_interval(values)
    return Rate(float(values.mean()), low, high, len(values))


def _gaps(groups: Sequence[Group], values: Values, part: Array, names: Sequence[str]) -> tuple[Gap, ...]:
    gaps = []
    for rate, (value, counts, share) in values.items():
        known = [(group.name, group.rates[rate]) for group in groups if group.rates[rate].rows >= LEAST_ROWS]
        if len(known) < 2:
            continue
        (top, high), (bottom, low) = (pick(known, key=lambda pair: pair[1].known[0]) for pick in (max, min))
        if share:
            gaps.append(Gap(rate, top, bottom, *newcombe(high, low), *katz(low, high)))
        else:
            one, two = (value[(part == list(names).index(name)) & counts] for name in (top, bottom))
            difference = float(one.mean() - two.mean())
            reach = 1.96 * float(np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two)))
            gaps.append(Gap(rate, top, bottom, difference, difference - reach, difference + reach))
    return tuple(gaps)


def newcombe(one: Rate, two: Rate) -> tuple[float, float, float]:
    """Return the difference of two shares with its interval from theirs (Newcombe, 1998, method 10).

    Example:
        >>> [round(end, 4) for end in newcombe(Rate(56 / 70, 0.6922, 0.8769, 70), Rate(48 / 80, 0.4904, 0.7005, 80))]
        [0.2, 0.0526, 0.3339]
    """
    (first, first_low, first_high), (second, second_low, second_high) = one.known, two.known
    difference = first - second
    down, up = np.hypot(first - first_low, second_high - second), np.hypot(first_high - first, second - second_low)
    return difference, float(difference - down), float(difference + up)


def katz(one: Rate, two: Rate) -> tuple[float | None, float | None, float | None]:
    """Return the ratio of two shares with the interval of its logarithm; None where one of them is 0."""
    first, second = one.known[0], two.known[0]
    if first == 0 or second == 0:
        return (0.0 if second else None), None, None
    error = np.sqrt((1 - first) / (first * one.rows) + (1 - second) / (second * two.rows))
    ratio = first / second
    return ratio, float(ratio * np.exp(-1.96 * error)), float(ratio * np.exp(1.96 * error))


def _proxies(part: Array, used: pd.DataFrame) -> tuple[tuple[str, float], ...]:
    """Return the columns that tell the group best, by Cramér's V with Bergsma's correction (2013)."""
    found = []
    for name in used.columns:
        other, names = parts_of(used[name], BINS, BINS)
        strength = _cramers_v(part, other, int(part.max()) + 1, len(names))
        if strength >= STRONG:
            found.append((str(name), strength))
    return tuple(sorted(found, key=lambda pair: -pair[1])[:PROXIES])


def _cramers_v(one: Array, two: Array, rows: int, columns: int) -> float:
    kept = (one >= 0) & (two >= 0)
    counts = np.bincount(one[kept] * columns + two[kept], minlength=rows * columns).reshape(rows, columns).astype(np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    total, (r, k) = counts.sum(), counts.shape
    if min(r, k) < 2 or total < 2:
        return 0.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    phi = max(float(((counts - expected) ** 2 / expected).sum()) / total - (r - 1) * (k - 1) / (total - 1), 0.0)
    smaller = min(r - (r - 1) ** 2 / (total - 1), k - (k - 1) ** 2 / (total - 1)) - 1
    return float(np.sqrt(phi / smaller)) if smaller > 0 else 0.0
