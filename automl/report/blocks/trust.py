"""Which percentages can be taken at their word, class by class, and which cases a person should decide."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import where_charts, words
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ClassReliabilityFacts, ReportFacts, SelectiveFacts

_SHOWN = 6
_DOUBT = 0.05


def by_class(facts: ReportFacts) -> Block | None:
    """Draw the reliability of each class with the band of a truthful model, and take the scores apart."""
    known = facts.trust
    if not known:
        return None
    doubtful = [entry for entry in known if entry.p_value < _DOUBT]
    figures: list[tuple[Markup, Cell]] = [
        (where_charts.reliability(entry, f"trust-{place}"), Markup("<b>{}</b> {}").format(words.shorten(entry.label, 40), _caption(entry)))
        for place, entry in enumerate(known[:_SHOWN])
    ]
    rows: list[list[Cell]] = []
    for entry in known:
        for name, parts in (("Brier score", entry.brier), ("Log-loss", entry.log_loss)):
            numbers = [words.number(value) for value in (parts.score, parts.miscalibration, parts.discrimination, parts.uncertainty)]
            rows.append([words.shorten(entry.label, 40), name, *numbers])
    errors: list[list[Cell]] = [
        [
            words.shorten(entry.label, 40),
            words.whole(entry.rows),
            words.number(entry.error_before),
            words.number(entry.error),
            words.interval(entry.error_low, entry.error_high),
            words.number(entry.p_value, 2),
        ]
        for entry in known
    ]
    shown, more = cut(rows, 60)
    return Block(
        "trust",
        "Percentages, class by class",
        _lead(known, doubtful),
        "Whether the percentages hold for each kind of case: the table of segments below looks at errors, not at percentages.",
        notes=(
            "The line is fitted without bins (isotonic regression); the band is where the line of a truthful model lies 95 times in 100"
            " (CORP; Dimitriadis et al., 2021). A score is what is lost by wrong percentages, minus what the model tells apart, plus what"
            " nobody could know without columns.",
        ),
        figures=tuple(figures),
        tables=(
            Table(
                "Calibration error by class",
                ("Class", "Cases", "Before", "After", "95 % interval", "Chance of as much in a truthful model"),
                errors,
            ),
            Table(
                "The scores taken apart: score = lost by wrong percentages − told apart + not to be known",
                ("Class", "Score of", "Score", "Lost by wrong percentages", "Told apart", "Not to be known"),
                shown,
                frozenset({0, 1}),
                more,
            ),
        ),
    )


def _caption(entry: ClassReliabilityFacts) -> str:
    return f"{words.percent(entry.outside)} of the cases outside the band" if entry.outside else "all cases inside the band"


def _lead(known: tuple[ClassReliabilityFacts, ...], doubtful: list[ClassReliabilityFacts]) -> str:
    first = max(known, key=lambda entry: entry.brier.miscalibration / max(entry.brier.score, 1e-12))
    parts = first.brier
    lost = words.percent(max(parts.miscalibration, 0.0) / parts.score if parts.score else 0.0)
    share = f"{lost} of the Brier score of {words.shorten(first.label, 30)} is lost by wrong percentages"
    if not doubtful:
        truth = "no more than chance gives a truthful model" if len(known) == 1 else "the most of any class, and no more than chance gives"
        return f"{share}, {truth}."
    named = words.listing(words.shorten(entry.label, 30) for entry in doubtful[:3])
    return f"{share}; the percentages of {named} are off by more than chance."


def who_decides(facts: ReportFacts) -> Block | None:
    """Draw the error that is left when a person decides the least certain cases."""
    known = facts.selective
    if known is None:
        return None
    currency = facts.threshold.costs.currency if facts.threshold and facts.threshold.costs else ""
    money = known.measure == "cost of a case"

    def write(value: float | None) -> str:
        return words.money(value, currency) if money else words.percent(value)

    title = "Cost of a case" if money else "Share wrong"
    rows: list[list[Cell]] = [
        [words.percent(1 - share), write(risk), f"{write(low)} to {write(high)}", words.number(limit)]
        for share, risk, low, high, limit in zip(known.share, known.risk, known.low, known.high, known.confidence, strict=True)
    ]
    sure = "Gain of the decision" if money else "Certainty from"
    return Block(
        "decides",
        "Who decides",
        sentence(facts, known) or f"{known.because}",
        "How well a person decides the cases that are handed over; that the person is right more often than the model is an assumption.",
        notes=(known.because,) if known.limit is not None else (),
        figures=((where_charts.left(known, "left", write, title), "The error of what the model decides, with its 95 % band."),),
        tables=(Table("What is left when a person decides", ("A person decides", title, "95 % interval", sure), rows, frozenset()),),
    )


def sentence(facts: ReportFacts, known: SelectiveFacts) -> str:
    """Say who should decide how many cases and what that leaves of the errors; nothing where it does not pay."""
    if known.limit is None or known.escalated is None or known.rest is None:
        return ""
    cases = facts.task.cases
    if known.measure == "share wrong":
        bounds = words.bracket(words.confidence(known.rest_low, known.rest_high, share=True))
        return (
            f"If a person decides the {words.percent(known.escalated)} of {cases} where the model is less than {words.percent(known.limit)}"
            f" sure, {words.percent(known.rest)} of the rest{bounds} are wrong instead of {words.percent(known.all)}."
        )
    currency = facts.threshold.costs.currency if facts.threshold and facts.threshold.costs else ""
    return (
        f"If a person decides the {words.percent(known.escalated)} of {cases} where the model sees least to gain, mistakes on the rest cost"
        f" {words.money(known.rest, currency)} a {facts.task.case} instead of {words.money(known.all, currency)}."
    )
