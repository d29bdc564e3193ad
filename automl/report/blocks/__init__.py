"""The blocks of the page, in reading order."""

from automl.report.blocks import (
    ahead,
    calendar,
    compared,
    decided,
    effects,
    found,
    governed,
    honest,
    judged,
    kinds,
    labels,
    numbers,
    people,
    pictures,
    proof,
    stretches,
    texts,
    tried,
    trust,
    where,
    why,
)
from automl.report.blocks.base import Block, Maker, Table

COMPARED = "What was tried"

PARTS: tuple[tuple[str, str, tuple[Maker, ...]], ...] = (
    ("What was asked and found", "before any model", (found.task, found.findings)),
    (
        "How good it is",
        "on rows that it has not seen",
        (
            judged.scores,
            labels.labels,
            ahead.fans,
            ahead.horizon,
            judged.confusion,
            judged.curves,
            numbers.predicted,
            honest.reliability,
            trust.by_class,
            trust.who_decides,
            decided.threshold,
            decided.payoff,
            numbers.errors,
            numbers.coverage,
        ),
    ),
    ("Where it fails", "and for whom", (ahead.by_series, labels.sizes, labels.together, where.segments, where.cohort, people.treatment)),
    (
        "Why it answers so",
        "and what it looks at",
        (
            ahead.covariates,
            calendar.patterns,
            kinds.kinds,
            why.importance,
            texts.texts,
            texts.attention,
            pictures.pictures,
            stretches.stretches,
            effects.effects,
            effects.interactions,
            why.examples,
        ),
    ),
    (
        COMPARED,
        "networks, trees, linear and naive models side by side",
        (labels.models, tried.leaderboard, compared.pareto, compared.mistakes, compared.winner, tried.search),
    ),
    ("For the audit", "every choice, and how to do it again", (proof.decisions, proof.reproduce, governed.fields)),
)

__all__ = ["COMPARED", "PARTS", "Block", "Table"]
