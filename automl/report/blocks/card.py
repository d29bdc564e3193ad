"""The card that stands beside an explanation: which tests it passed, which it failed."""

from __future__ import annotations

from typing import Any

from automl.report import why_charts, words
from automl.report.blocks.base import Cell, Table
from automl.report.facts import CardFacts, ReportFacts

_NAMES = {
    "completeness": "The parts add up",
    "deletion": "Taking away",
    "insertion": "Giving back",
    "another model": "Another model",
    "repetition": "Again",
    "beyond chance": "Beyond chance",
    "control": "A planted column",
}


def card(facts: ReportFacts, of: str) -> dict[str, Any] | None:
    """Return what the card of one kind of explanation shows; None where nothing was tested."""
    known = next((entry for entry in facts.cards if entry.of == of), None)
    if known is None or not (known.checks or known.skipped):
        return None
    done = [check for check in known.checks if check.passed is not None]
    failed = [check for check in done if not check.passed]
    return {
        "title": _title(known, len(done), len(failed)),
        "failed": bool(failed),
        "checks": [
            {
                "name": _NAMES.get(check.name, check.name),
                "state": "not done" if check.passed is None else "passed" if check.passed else "failed",
                "sentence": check.sentence,
            }
            for check in known.checks
        ],
        "figures": [
            (
                why_charts.checked(
                    curve,
                    f"check-{of}-{curve.name}",
                    f"{_NAMES[curve.name]} columns, in the told order and in random order",
                    "Loss" if of == "importance" else "What is left",
                ),
                "Solid: in the told order. Dashed: in random order.",
            )
            for curve in known.curves
        ],
        "skipped": known.skipped,
    }


def outcome(facts: ReportFacts, of: str) -> tuple[frozenset[str], str]:
    """Return the names of the tests that one kind of explanation failed, and a sentence's end that counts them, empty for none."""
    done = [check for entry in facts.cards if entry.of == of for check in entry.checks if check.passed is not None]
    failed = frozenset(check.name for check in done if not check.passed)
    told = "the only test failed" if len(done) == 1 else f"{len(failed)} of {words.count(len(done), 'test')} failed"
    return failed, told if failed else ""


def _title(known: CardFacts, done: int, failed: int) -> str:
    """Say in one sentence whether the explanation can be believed."""
    what = {"importance": "ranking", "rows": "explanation of single cases", "covariates": "list of what columns add"}[known.of]
    if not done:
        return f"This {what} was not tested."
    if failed:
        return f"This {what} failed {failed} of {words.count(done, 'test')}: do not rely on it."
    return f"This {what} passed {'its only test' if done == 1 else f'all {done} tests'}."


def table(facts: ReportFacts, of: str) -> tuple[Table, ...]:
    """Return the tests of a card as a table."""
    known = next((entry for entry in facts.cards if entry.of == of), None)
    if known is None or not known.checks:
        return ()
    rows: list[list[Cell]] = [
        [
            _NAMES.get(check.name, check.name),
            "not done" if check.passed is None else "passed" if check.passed else "failed",
            words.number(check.value),
            words.interval(check.low, check.high),
            words.number(check.limit),
        ]
        for check in known.checks
    ]
    return (Table("Tests of this explanation", ("Test", "Result", "Measured", "95 % interval", "Limit"), rows, frozenset({0, 1})),)
