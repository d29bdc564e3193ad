"""The audit part for laws and standards: which question is answered by what, and what waits for the owner."""

from __future__ import annotations

from automl.report import governance, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReportFacts


def fields(facts: ReportFacts) -> Block | None:
    """List the questions of the frameworks with their answers."""
    known, found = governance.mapping(), governance.answers(facts)
    blank = sum(not given for _, _, given in found)
    rows: list[list[Cell]] = [
        [field.title, words.shorten(text, 600), *(field.references[framework.id] for framework in known.frameworks)]
        for field, text, _ in found
    ]
    about: list[list[Cell]] = [
        [framework.title, framework.reference, framework.adopted, framework.applies, framework.checked, " ".join(framework.sources)]
        for framework in known.frameworks
    ]
    head = ("Question", "Answer", *(framework.title for framework in known.frameworks))
    wait = (
        f"{words.count(blank, 'question')} {'waits' if blank == 1 else 'wait'} for the owner"
        if blank
        else "the owner has answered the rest"
    )
    return Block(
        "governance",
        "Laws and standards",
        f"{len(found) - blank} of {len(found)} questions of three frameworks are answered; {wait}.",
        "Whether the model conforms to a law or standard: this supports documentation and is no legal advice; laws change.",
        notes=(
            f"Mapping {known.version} of {known.date}. Owners answer in the recipe, under governance. The same is in annex_iv.md"
            " and model_card.md.",
        ),
        tables=(
            Table("Questions, answers and where they are asked", head, rows, frozenset(range(5))),
            Table(
                "The frameworks",
                ("Framework", "Reference", "Adopted", "Applies", "Looked up", "Sources"),
                about,
                frozenset(range(6)),
            ),
        ),
        summary="Questions and answers",
    )
