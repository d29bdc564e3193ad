"""What the model looks at in pictures, and where it was sure and wrong."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.blocks.why import signed
from automl.report.facts import PictureFacts, ReportFacts

_IMAGE = Markup('<img src="{}" alt="{}" width="96" height="96">')


def pictures(facts: ReportFacts) -> Block | None:
    """Show a few pictures beside what counts in them."""
    known = facts.pictures
    if not known:
        return None
    share = facts.task.problem != "regression"
    wrong = sum("mistake" in entry.title for entry in known)
    networks = any(entry.places is not None for entry in known)
    figures = tuple((_drawn(entry), _caption(entry, share)) for entry in known)
    rows: list[list[Cell]] = [[entry.title, entry.prediction, entry.actual, _amount(entry.largest_fall, share)] for entry in known]
    notes = ["In the second picture, a part is the warmer the more the prediction falls when that part is covered by the mean colour."]
    if networks:
        notes.append("In the third, a place is the warmer the more the networks' last maps moved the answer there (Grad-CAM).")
    return Block(
        "pictures",
        "What it looks at",
        _lead(known, wrong),
        "Why it looks there. A warm part counted for the model; that a person would look there too is for you to judge, and two parts that "
        "say the same hide each other.",
        notes=tuple(notes),
        figures=figures,
        tables=(Table("Pictures", ("Picture", "Prediction", "Truth", "Falls by at most"), rows, frozenset({0, 1, 2})),),
    )


def _drawn(entry: PictureFacts) -> Markup:
    told = [(entry.picture, f"{entry.title}: the picture"), (entry.covered, "Parts whose covering lowers the prediction")]
    if entry.places is not None:
        told.append((entry.places, "Places that moved the networks"))
    return Markup(" ").join(_IMAGE.format(source, alt) for source, alt in told)


def _amount(value: float, share: bool) -> str:
    return signed(100 * value if share else value)


def _caption(entry: PictureFacts, share: bool) -> str:
    unit = " points" if share else ""
    worth = f"{_amount(entry.largest_fall, share)}{unit}"
    return f"{entry.title}. Predicted {entry.prediction}, in truth {entry.actual}; one part alone is worth {worth}."


def _lead(known: tuple[PictureFacts, ...], wrong: int) -> str:
    told = f"{words.count(len(known), 'unseen picture')}, and the parts of them that the answer hangs on"
    return f"{told}; {words.count(wrong, 'time')} it was sure and wrong." if wrong else f"{told}."
