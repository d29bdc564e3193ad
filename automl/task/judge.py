"""Decide which problem a target poses, from its values alone."""

from __future__ import annotations

import numpy as np

from automl.task.facts import TargetFacts

MOST_CLASSES = 1_000
_CODES = 10  # more distinct whole numbers than this are rather counts or measures than codes of classes


def _judge_whole(target: TargetFacts) -> tuple[str, float, str, str | None]:
    """Decide whether whole numbers are codes of classes or counts and measures."""
    numbers, weights, distinct = np.asarray(target.numbers), np.asarray(target.weights), target.distinct
    low, high, per_value = int(numbers[0]), int(numbers[-1]), target.rows / distinct
    gapless = high - low + 1 == distinct
    span = f"{distinct} distinct whole numbers from {low} to {high}"
    balanced = weights.min() >= 0.2 * weights.max()
    if distinct <= _CODES and gapless and low in (0, 1) and per_value >= 5:
        sure = 0.85 if balanced else 0.65
        return "multiclass", sure, f"The target holds only {span} without a gap, on average {per_value:.0f} rows each.", "regression"
    if distinct <= 20 and gapless and low in (0, 1) and per_value >= 20 and balanced:
        return "multiclass", 0.6, f"The target holds {span} without a gap and about equally often.", "regression"
    if distinct <= 5 and per_value >= 20:
        return "multiclass", 0.65, f"The target holds only {span}, on average {per_value:.0f} rows each.", "regression"
    sure = 0.99 if distinct > 100 else 0.9 if distinct > 20 else 0.65
    return "regression", sure, f"The target holds {span}: a count or a measure.", "multiclass" if distinct <= MOST_CLASSES else None


def judge(target: TargetFacts) -> tuple[str, float, str, str | None]:
    """Return (problem, confidence, evidence, runner-up) by the target's values alone."""
    shown = ", ".join(repr(text) for text in target.texts[np.argsort(-target.counts, kind="stable")][:3])
    if target.numbers is None:
        if target.distinct == 2:
            return "binary", 0.99, f"The target holds two different values, {shown.replace(', ', ' and ')}.", None
        rare = target.distinct / target.rows
        sure = 0.97 if rare < 0.05 else 0.8
        return "multiclass", sure, f"The target holds {target.distinct:,} different labels, such as {shown}, in {target.rows:,} rows.", None
    if len(target.numbers) == 2:
        first, second = (f"{value:g}" for value in target.numbers)
        evidence = f"The target holds two different numbers, {first} and {second}."
        if target.whole:
            return "binary", 0.98 if set(target.numbers) <= {-1.0, 0.0, 1.0, 2.0} else 0.85, evidence, "regression"
        return "regression", 0.55, evidence + " They have fractions, so they rather measure than name something.", "binary"
    if target.whole:
        return _judge_whole(target)
    distinct = len(target.numbers)
    evidence = f"The target holds {distinct:,} distinct numbers with fractions from {target.numbers[0]:g} to {target.numbers[-1]:g}."
    return "regression", 0.99 if distinct > 20 else 0.75, evidence, None if distinct > 20 else "multiclass"
