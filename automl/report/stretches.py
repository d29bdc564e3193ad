"""What is said of series, as facts: which stretch of time carried the answers."""

from __future__ import annotations

from automl.report.measured import Fact


class StretchExample(Fact):
    """One series: by how much its answer changes when a stretch is replaced by a line."""

    row: int
    changes: tuple[float, ...]


class OcclusionFacts(Fact):
    """By how much answers change, on average over `rows` unseen series, when each of equally long stretches is replaced by a line.

    For classes the fall of the probability of the predicted class, for numbers the size of the change.
    """

    rows: int
    changes: tuple[float, ...]
    examples: tuple[StretchExample, ...] = ()
