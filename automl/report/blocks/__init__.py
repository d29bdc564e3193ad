"""The blocks of the page, in reading order."""

from automl.report.blocks import (
    ahead,
    alarms,
    calendar,
    compared,
    decided,
    detectors,
    effects,
    found,
    governed,
    honest,
    in_time,
    judged,
    kinds,
    labels,
    numbers,
    people,
    pictures,
    proof,
    strangest,
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
        "What is unusual",
        "rows, pictures and stretches of time",
        (strangest.strangest, strangest.pictures, in_time.time_line, in_time.stretches),
    ),
    (
        "How good it is",
        "on rows that it has not seen",
        (
            judged.scores,
            alarms.alarms,
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
            alarms.filled,
        ),
    ),
    ("Where it fails", "and for whom", (ahead.by_series, labels.sizes, labels.together, where.segments, where.cohort, people.treatment)),
    (
        "Why it answers so",
        "and what it looks at",
        (
            strangest.columns,
            detectors.map_of_rows,
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
        (detectors.detectors, labels.models, tried.leaderboard, compared.pareto, compared.mistakes, compared.winner, tried.search),
    ),
    ("For the audit", "every choice, and how to do it again", (proof.decisions, proof.reproduce, governed.fields)),
)

__all__ = ["COMPARED", "PARTS", "Block", "Table"]
