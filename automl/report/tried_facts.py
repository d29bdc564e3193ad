"""What was tried, as facts: whose mistakes are alike, the simplest model that is as good, and the parts of the winner."""

from __future__ import annotations

from automl.report.measured import Fact


class MistakesFacts(Fact):
    """How alike the mistakes of the models are: correlations of residuals, and shares of rows that are decided differently (classes).

    `least` holds the places of the two models whose mistakes are least alike, `low` and `high` the 95 %
    interval of their correlation.
    """

    titles: tuple[str, ...]
    kinds: tuple[str, ...]
    correlation: tuple[tuple[float | None, ...], ...]
    differ: tuple[tuple[float | None, ...], ...] | None = None
    rows: int
    least: tuple[int, int]
    low: float
    high: float


class SimplestFacts(Fact):
    """The simplest model within one standard error of the best: `bound` is the best score and its standard error `error` together."""

    name: str
    title: str
    kind: str
    score: float
    best: str
    best_score: float
    error: float
    bound: float
    sentence: str


class LayerFacts(Fact):
    """One layer, or several equal ones in a row."""

    name: str
    detail: str = ""
    times: int = 1


class PartFacts(Fact):
    """One family of the winner: its share of the answer, how many fitted models it consists of, and its layers in order."""

    title: str
    kind: str
    share: float
    models: int
    layers: tuple[LayerFacts, ...] = ()


class DrawingFacts(Fact):
    """The winner from the table to the answer: columns by type, parts, and what is done with their weighted mean."""

    columns: dict[str, int]
    parts: tuple[PartFacts, ...]
    after: tuple[str, ...] = ()
    answer: str = ""


class TriedFacts(Fact):
    """What is known about the models besides their scores."""

    mistakes: MistakesFacts | None = None
    simplest: SimplestFacts | None = None
    drawing: DrawingFacts | None = None
