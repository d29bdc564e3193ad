"""Find out whether rows happened one after the other, so that the past must be judged by what came later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from automl.checks.finding import Finding
from automl.percents import percent
from automl.schema import Column

_FEWEST_TIMES = 20
_SORTED = 0.98
_DRIFT = 0.05
# Neighbours in time that tell most of the target: random folds would copy it from one to the other. Below, blocks of time would keep
# whole seasons from a model whose new rows may well be of the same period (bookings by day of arrival: 18 % more RMSE on such rows).
_COPIES = 0.8


def _sorted_share(values: np.ndarray[Any, Any]) -> float:
    """Return the share of neighbouring rows that do not go back in time, or forth, whichever is more."""
    steps = np.diff(values)
    moved = steps != 0
    if moved.sum() < _FEWEST_TIMES - 1:
        return 0.0
    return float(max((steps >= 0).mean(), (steps <= 0).mean()))


def _memory(values: np.ndarray[Any, Any], outcome: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Return the correlation of the outcome with that of the row before in time, and what chance allows."""
    known = ~np.isnan(outcome)
    order = np.argsort(values[known], kind="stable")
    sorted_outcome = outcome[known][order]
    chance = 4 / np.sqrt(max(len(sorted_outcome), 1))
    if len(sorted_outcome) < 50 or sorted_outcome.std() == 0:
        return 0.0, chance
    centred = sorted_outcome - sorted_outcome.mean()
    return float((centred[1:] * centred[:-1]).mean() / centred.var()), chance


def find_order(
    columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], outcome: np.ndarray[Any, Any] | None, target: str
) -> Iterator[Finding]:
    """Yield the date by which rows are ordered, if they are: they are stored in its order, or the target drifts with it.

    Args:
        columns: The features.
        typed: A sample of them, in the order of the rows, as typed values.
        outcome: The target of the sample as numbers, (rows,), or None.
        target: Its name.
    """
    best: tuple[float, Finding] | None = None
    for column in columns:
        if column.type != "datetime" or column.declared:
            continue
        dates = typed[column.name]
        known = ~np.isnat(dates)
        times = dates[known].astype(np.int64)
        if known.mean() < 0.95 or len(np.unique(times)) < _FEWEST_TIMES:
            continue
        share = _sorted_share(times)
        memory, chance = (0.0, 1.0) if outcome is None else _memory(times, outcome[known])
        drifts = memory > max(_DRIFT, chance)
        if share < _SORTED and not drifts:
            continue
        span = f"from {str(dates[known].min())[:10]} to {str(dates[known].max())[:10]}"
        told = f"The rows happened at the times of {column.name!r}, {span}"
        told += f"; {percent(share)} of them are stored in its order" if share >= _SORTED else ""
        told += f"; {target!r} drifts with it (rows next to each other in time correlate {memory:.2f})" if drifts else ""
        action, hint = (
            ("ordered folds", "")
            if memory >= _COPIES
            else (
                "told",
                f" For a model of the future, say time={column.name!r}, or judge on later rows: test=.",
            )
        )
        override = f"types={{{column.name!r}: 'datetime'}}" if action == "ordered folds" else f"time={column.name!r}"
        finding = Finding("time_order", (column.name,), "warning", action, f"{told}.{hint}", override)
        points = share + 5 * drifts * memory
        if best is None or points > best[0]:
            best = points, finding
    if best is not None:
        yield best[1]
