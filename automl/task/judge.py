"""Decide which problem a target poses, from its values alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma
from typing import Any

import numpy as np

from automl.schema.scales import names_in_numbers, scale_order
from automl.task.facts import TargetFacts

MOST_CLASSES = 1_000
_CODES = 10  # more distinct whole numbers than this are rather counts or measures than codes of classes
_RATINGS = {(1, 5), (1, 7), (1, 10)}  # the scales that surveys and reviews use
_FITS = 0.12  # total variation distance up to which whole numbers look like draws from a count distribution


@dataclass(frozen=True)
class Judged:
    """What a target was taken for.

    Attributes:
        problem: "binary", "multiclass" or "regression".
        confidence: From 0 to 1.
        because: One sentence with numbers.
        second: The runner-up, or None.
        kind: "count" or "ordinal", where that says more than the problem.
    """

    problem: str
    confidence: float
    because: str
    second: str | None
    kind: str = ""


def _count_distance(numbers: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> float:
    """Return the total variation distance to the Poisson or negative binomial distribution of the same mean and variance."""
    total = weights.sum()
    mean = float((numbers * weights).sum() / total)
    variance = float((weights * (numbers - mean) ** 2).sum() / total)
    grid = np.arange(0, int(numbers[-1]) + 1)
    if mean <= 0:
        return 1.0
    if variance <= mean * 1.1:
        log = grid * np.log(mean) - mean - np.array([lgamma(k + 1) for k in grid])
    else:
        size = mean**2 / (variance - mean)
        chance = size / (size + mean)
        log = np.array([lgamma(k + size) - lgamma(size) - lgamma(k + 1) for k in grid]) + size * np.log(chance) + grid * np.log1p(-chance)
    expected = np.exp(log)
    seen = np.zeros(len(grid))
    seen[numbers.astype(np.int64)] = weights / total
    return float(np.abs(seen - expected).sum() / 2 + max(1 - expected.sum(), 0) / 2)


def _is_count(target: TargetFacts) -> bool:
    """Whether whole numbers begin near 0, lean to the right and thin out, as numbers of events do."""
    numbers, weights = np.asarray(target.numbers), np.asarray(target.weights)
    low, high = numbers[0], numbers[-1]
    if low < 0 or low > 2 or len(numbers) < 4 or high > 1e6:
        return False
    if len(numbers) <= 2_000 and high <= 5_000:
        tail = weights[-1] <= 0.2 * weights.max()
        if tail and _count_distance(numbers, weights) <= _FITS + 1.5 * np.sqrt(len(numbers) / target.rows) / 2 and len(numbers) <= 60:
            return True
    if len(numbers) <= _CODES:
        return False
    values = np.repeat(numbers, np.minimum(weights, 1_000)) if weights.max() > 1_000 else np.repeat(numbers, weights)
    middle, spread = float(np.median(values)), float(values.std()) or 1.0
    skew = float((((values - values.mean()) / spread) ** 3).mean())
    return skew > 0.5 and middle <= 0.45 * high and high <= 10_000


def _judge_whole(target: TargetFacts) -> Judged:
    """Decide whether whole numbers are codes of classes or counts and measures."""
    numbers, weights, distinct = np.asarray(target.numbers), np.asarray(target.weights), target.distinct
    low, high, per_value = int(numbers[0]), int(numbers[-1]), target.rows / distinct
    gapless = high - low + 1 == distinct
    span = f"{distinct} distinct whole numbers from {low} to {high}"
    balanced = weights.min() >= 0.2 * weights.max()
    if _is_count(target) and not (distinct <= _CODES and balanced):
        mean = float((numbers * weights).sum() / target.rows)
        because = f"The target holds {span} that thin out above their mean of {mean:.3g}, as numbers of events do: a count."
        return Judged("regression", 0.85, because, "multiclass" if distinct <= _CODES else None, "count")
    if (low, high) in _RATINGS and gapless and per_value >= 5 and (distinct < 10 or per_value >= 20):
        because = f"The target holds only {span} without a gap: an ordinal scale, learnt as classes with an order or as numbers."
        return Judged("multiclass", 0.85 if distinct < 10 else 0.7, because, "regression", "ordinal")
    if distinct <= _CODES and gapless and low in (0, 1) and per_value >= 5:
        sure = 0.85 if balanced else 0.65
        return Judged(
            "multiclass", sure, f"The target holds only {span} without a gap, on average {per_value:.0f} rows each.", "regression"
        )
    if distinct <= 20 and gapless and low in (0, 1) and per_value >= 20 and balanced:
        return Judged("multiclass", 0.6, f"The target holds {span} without a gap and about equally often.", "regression")
    if 4 <= distinct <= _CODES and gapless and 1 < low <= 10 and per_value >= 20 and weights[0] < weights.max() > weights[-1]:
        because = f"The target holds only {span} without a gap, the middle ones most often: an ordinal scale, as classes or as numbers."
        return Judged("multiclass", 0.6, because, "regression", "ordinal")
    if distinct <= _CODES and low in (0, 1) and high - low + 1 <= distinct + 2 and per_value >= 20:
        return Judged("multiclass", 0.6, f"The target holds only {span}, on average {per_value:.0f} rows each.", "regression")
    codes = None if distinct > 60 or per_value < 10 else names_in_numbers(np.repeat(numbers, np.minimum(weights, 1000)))
    if codes is not None:
        return Judged("multiclass", 0.75, codes, "regression")
    if distinct <= 5 and per_value >= 20:
        return Judged("multiclass", 0.65, f"The target holds only {span}, on average {per_value:.0f} rows each.", "regression")
    sure = 0.99 if distinct > 100 else 0.9 if distinct > 20 else 0.65
    second = "multiclass" if distinct <= MOST_CLASSES else None
    return Judged("regression", sure, f"The target holds {span}: a count or a measure.", second)


def judge(target: TargetFacts) -> Judged:
    """Return problem, confidence, evidence and runner-up by the target's values alone."""
    shown = ", ".join(repr(text) for text in target.texts[np.argsort(-target.counts, kind="stable")][:3])
    if target.numbers is None:
        return _judge_labels(target, shown)
    if len(target.numbers) == 2:
        first, second = (f"{value:g}" for value in target.numbers)
        evidence = f"The target holds two different numbers, {first} and {second}."
        if target.whole:
            return Judged("binary", 0.98 if set(target.numbers) <= {-1.0, 0.0, 1.0, 2.0} else 0.85, evidence, "regression")
        return Judged("regression", 0.55, evidence + " They have fractions, so they rather measure than name something.", "binary")
    if target.whole:
        return _judge_whole(target)
    distinct = len(target.numbers)
    evidence = f"The target holds {distinct:,} distinct numbers with fractions from {target.numbers[0]:g} to {target.numbers[-1]:g}."
    return Judged("regression", 0.99 if distinct > 20 else 0.75, evidence, None if distinct > 20 else "multiclass")


def _judge_labels(target: TargetFacts, shown: str) -> Judged:
    """Decide about words."""
    if target.distinct == 2:
        return Judged("binary", 0.99, f"The target holds two different values, {shown.replace(', ', ' and ')}.", None)
    rare = target.distinct / target.rows
    sure = 0.97 if rare < 0.05 else 0.8
    evidence = f"The target holds {target.distinct:,} different labels, such as {shown}, in {target.rows:,} rows."
    order = target.column.parse.get("order") if target.column.type == "ordinal" else scale_order([str(text) for text in target.texts])
    if order:
        steps = " < ".join(map(repr, order[:6]))
        return Judged("multiclass", min(sure, 0.9), f"{evidence} They are an ordinal scale: {steps}.", "regression", "ordinal")
    return Judged("multiclass", sure, evidence, None)
