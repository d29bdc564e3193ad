"""Why the model answers as it does, as facts: importance, effects, interactions, single cases, and the tests of all these."""

from __future__ import annotations

from typing import Literal

from automl.report.measured import Fact


class CheckFacts(Fact):
    """One test of an explanation; `passed` is None where it could not be done. `limit` is what value, or low, was held against."""

    name: str
    passed: bool | None = None
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None


class CheckCurveFacts(Fact):
    """How the model moves while columns are deleted or inserted, in the told order and on average in random order."""

    name: str
    share: tuple[float, ...]
    explained: tuple[float | None, ...]
    random: tuple[float | None, ...]


class CardFacts(Fact):
    """The tests of one kind of explanation: of "importance", of "rows" or of "covariates"; `skipped` says why some are missing."""

    of: Literal["importance", "rows", "covariates"]
    rows: int
    checks: tuple[CheckFacts, ...] = ()
    curves: tuple[CheckCurveFacts, ...] = ()
    skipped: str = ""


class EffectFacts(Fact):
    """How the prediction moves with one column, around its mean.

    Numbers: accumulated local effect `value` at `x` with a 95 % band; partial dependence and single rows on `grid`. Levels: the mean
    prediction with the level put in, minus the mean; `labels` are the levels. `of` is the class that is told (multiclass).
    """

    column: str
    kind: Literal["number", "levels"]
    of: str | None = None
    x: tuple[float, ...]
    labels: tuple[str, ...] = ()
    value: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    grid: tuple[float, ...] = ()
    partial: tuple[float, ...] = ()
    lines: tuple[tuple[float, ...], ...] = ()
    rows: int
    shape: str


class InteractionFacts(Fact):
    """Two columns together: H (0 to 1) with its 95 % interval, and mean predictions at two values of each column."""

    columns: tuple[str, str]
    of: str | None = None
    strength: float
    low: float | None = None
    high: float | None = None
    size: float
    corners: tuple[tuple[float, float], tuple[float, float]]
    labels: tuple[tuple[str, str], tuple[str, str]]


class WordFacts(Fact):
    """One word: by how much the prediction falls on average when it is taken out; `of` is the class that is told."""

    word: str
    of: str | None = None
    value: float
    texts: int


class PictureFacts(Fact):
    """One unseen picture: itself, the parts whose covering lowers the prediction, and the places that networks looked at, as inline PNG."""

    title: str
    prediction: str
    actual: str
    of: str | None = None
    picture: str
    covered: str
    places: str | None = None
    largest_fall: float


class AttendedFacts(Fact):
    """One unseen text as the model reads it, cut before each word: joined, `pieces` are the text. `shares` of the attention add up to 1.

    With `cut` the text goes on, and the model does not read on.
    """

    title: str
    prediction: str
    actual: str
    pieces: tuple[str, ...]
    shares: tuple[float, ...]
    cut: bool = False


class AttentionFacts(Fact):
    """Where transformers attended in a few texts (attention rollout); `share` is their weight in the ensemble.

    `agreement` is the mean rank correlation (Kendall) with how much the prediction moves without a word, over `compared` texts.
    """

    share: float
    agreement: float | None = None
    compared: int = 0
    texts: tuple[AttendedFacts, ...] = ()


class TextFacts(Fact):
    """The words of one text column, the strongest first, from so many unseen texts; `attention` only where texts may be shown."""

    column: str
    texts: int
    effects: tuple[WordFacts, ...] = ()
    attention: AttentionFacts | None = None


class ChangeFacts(Fact):
    """One column that would have to be another."""

    column: str
    before: str
    after: str


class CounterfactualFacts(Fact):
    """The smallest change that turns the answer; `prediction` is the answer after it. Without `found` no change turned it."""

    found: bool
    changes: tuple[ChangeFacts, ...] = ()
    cost: float | None = None
    prediction: str = ""


class SimilarFacts(Fact):
    """What became of the past cases that are most like one; `usual` is the distance of two cases at random."""

    cases: int
    distance: float
    usual: float
    counts: dict[str, int] = {}
    mean: float | None = None
    low: float | None = None
    high: float | None = None


class ImportanceEntry(Fact):
    """How much worse the model gets when one column is shuffled, with a 95 % interval."""

    column: str
    value: float
    low: float | None = None
    high: float | None = None
    note: str | None = None


class ImportanceFacts(Fact):
    """Importance of the columns, the most important first, and how it was measured."""

    method: str
    metric: str
    rows: int | None = None
    entries: tuple[ImportanceEntry, ...]


class Contribution(Fact):
    """What one column of one row added to the prediction."""

    column: str
    value: str
    contribution: float


class ExampleFacts(Fact):
    """One explained row. Prediction and actual are texts as they are to be shown; contributions largest first.

    `start` is the prediction without any column known and `end` the prediction: start + contributions + gap = end.
    """

    title: str
    prediction: str
    actual: str | None = None
    start: float | None = None
    end: float | None = None
    scale: str = ""
    contributions: tuple[Contribution, ...]
    completeness_gap: float | None = None
    change: CounterfactualFacts | None = None
    similar: SimilarFacts | None = None
