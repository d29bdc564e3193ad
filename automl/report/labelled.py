"""What is said of a row's labels, as facts: label by label, how many a row has, and which occur together."""

from __future__ import annotations

from typing import Literal

from automl.report.measured import Fact, ScoreFacts


class LabelFacts(Fact):
    """One label, on rows that no choice has seen.

    `judged` counts the rows where it is known whether they have the label, `having` those that have it, `given` those that the model gives
    it to; `share` is that of the training rows. `scores` holds precision, recall, F1, ROC AUC, log-loss and calibration error. A label that
    was not learnt says `why` and is predicted by its share. `losses` is the log-loss of each kind of model that was tried.
    `detail` is the file of its own report.
    """

    label: str
    learnt: bool = True
    why: str = ""
    verdict: Literal["yes", "yes, with review", "no"] | None = None
    rule: str = ""
    judged: int
    having: int
    given: int
    share: float
    threshold: float
    threshold_rule: str = ""
    better: bool = False
    simplest: str = ""
    scores: dict[str, ScoreFacts] = {}
    models: str = ""
    losses: dict[str, float] = {}
    detail: str | None = None


class PairFacts(Fact):
    """Two labels: rows that have both, rows that are given both, what their probabilities multiply to, and what chance alone would do."""

    first: str
    second: str
    together: int
    given: int
    expected: float
    by_chance: float
    differs: bool = False


class SizeFacts(Fact):
    """How many of the judged rows have so many labels, and how many are given so many."""

    labels: int
    having: int
    given: int


class LabelsFacts(Fact):
    """Everything that is said of labels alone. `complete` counts the judged rows whose labels are all known."""

    complete: int
    labels: tuple[LabelFacts, ...] = ()
    pairs: tuple[PairFacts, ...] = ()
    pairs_in_all: int = 0
    sizes: tuple[SizeFacts, ...] = ()
    mean_having: float | None = None
    mean_given: float | None = None
    unknown: dict[str, int] = {}
