"""What holds for each kind of case: whether percentages can be taken at their word, and what every threshold would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from automl.evaluation.inference import mean_interval, mean_p_value
from automl.evaluation.segments import LEVEL, Segment, parts_of
from automl.metrics import Array, score

SHOWN = 12  # segments with counts at every threshold; more would make the page heavy


@dataclass(frozen=True)
class SegmentCounts:
    """What flagging from each threshold on does in one kind of case.

    Attributes:
        column: The column that makes it.
        name: Which of its values.
        rows: How many cases.
        positives: How many of them are of the class that is looked for.
        true_positive: Flagged rightly at each threshold of the table.
        false_positive: Flagged wrongly at each threshold of the table.
    """

    column: str
    name: str
    rows: int
    positives: int
    true_positive: tuple[int, ...]
    false_positive: tuple[int, ...]


def masks_of(frame: pd.DataFrame, found: Sequence[Segment]) -> list[Array]:
    """Return which rows belong to each segment, each (rows,)."""
    cut = {column: parts_of(frame[column]) for column in dict.fromkeys(segment.column for segment in found)}
    return [cut[segment.column][0] == cut[segment.column][1].index(segment.name) for segment in found]


def with_honesty(
    problem: str, found: Sequence[Segment], frame: pd.DataFrame, y: Array, prediction: Array, decided: Array | None = None
) -> tuple[Segment, ...]:
    """Add to each segment what the model said on average, what happened, and the calibration error.

    Of two classes the positive one is told, of more the predicted one. The gap is what happened minus what was said, with a 95 %
    interval; "too low" or "too high" says in which direction percentages are off beyond chance, after correction for the number of
    segments (Holm).

    Args:
        problem: "binary" or "multiclass".
        found: Segments of these rows.
        frame: Raw columns, (rows, columns).
        y: Codes, (rows,).
        prediction: Calibrated probabilities, (rows, classes).
        decided: Codes of the predicted classes, (rows,); None for the most probable ones.
    """
    masks, codes = masks_of(frame, found), np.asarray(y).astype(np.int64)
    if problem == "binary":
        said, happened = prediction[:, 1], (codes == 1).astype(np.float64)
    else:
        top = prediction.argmax(axis=1) if decided is None else decided
        said, happened = prediction[np.arange(len(codes)), top], (top == codes).astype(np.float64)
    p_values = [mean_p_value((happened - said)[mask]) for mask in masks]
    off = _holm(p_values)
    told = []
    for segment, mask, beyond in zip(found, masks, off, strict=True):
        gap = (happened - said)[mask]
        low, high = mean_interval(gap)
        error = float(score("calibration_error", codes[mask], prediction[mask]))
        verdict = "" if not beyond else "too low" if gap.mean() > 0 else "too high"
        numbers: dict[str, Any] = {"said": float(said[mask].mean()), "happened": float(happened[mask].mean())}
        numbers |= {"gap_low": low, "gap_high": high}
        told.append(replace(segment, **numbers, off=verdict, calibration_error=error))
    return tuple(told)


def _holm(p_values: Sequence[float]) -> list[bool]:
    """Return which tests are significant together at the level of segments (Holm, 1979)."""
    beyond = [False] * len(p_values)
    for rank, place in enumerate(np.argsort(p_values, kind="stable").tolist()):
        if not p_values[place] * (len(p_values) - rank) < LEVEL:
            break
        beyond[place] = True
    return beyond


def counts_of(
    found: Sequence[Segment], frame: pd.DataFrame, y: Array, probability: Array, thresholds: Sequence[float]
) -> tuple[SegmentCounts, ...]:
    """Count for each segment what flagging above each threshold does.

    Args:
        found: Segments of these rows; the columns of the first ones are told whole, so that their segments add up.
        frame: Raw columns.
        y: 0 or 1, (rows,).
        probability: Of class 1, (rows,).
        thresholds: Ascending.

    Returns:
        At most twelve segments, those of one column side by side.

    Example:
        >>> from automl.evaluation.segments import segments
        >>> frame = pd.DataFrame({"kind": ["a", "b"] * 40})
        >>> y = np.tile([1, 0], 40)
        >>> found = segments(frame, 1.0 * (y == 0), share=True)
        >>> [(one.name, one.true_positive, one.false_positive) for one in counts_of(found, frame, y, np.full(80, 0.5), [0.2, 0.5])]
        [('b', (0, 0), (40, 0)), ('a', (40, 0), (0, 0))]
    """
    columns: dict[str, list[int]] = {}
    for place, segment in enumerate(found):
        columns.setdefault(segment.column, []).append(place)
    chosen: list[int] = []
    for places in columns.values():
        if len(chosen) + len(places) <= SHOWN:
            chosen += places
    taken = [found[place] for place in chosen]
    limits = np.asarray(thresholds, dtype=np.float64)
    return tuple(_counted(segment, mask, y, probability, limits) for segment, mask in zip(taken, masks_of(frame, taken), strict=True))


def _counted(segment: Segment, mask: Array, y: Array, probability: Array, limits: Array) -> SegmentCounts:
    mine, real = np.asarray(probability)[mask], np.asarray(y)[mask] == 1

    def above(values: Array) -> tuple[int, ...]:
        counted: Any = len(values) - np.searchsorted(np.sort(values), limits, side="right")
        return tuple(int(many) for many in counted)

    return SegmentCounts(segment.column, segment.name, int(mask.sum()), int(real.sum()), above(mine[real]), above(mine[~real]))
