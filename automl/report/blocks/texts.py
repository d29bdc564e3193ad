"""Which words move the prediction."""

from __future__ import annotations

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.blocks.why import signed
from automl.report.facts import ReportFacts, WordFacts

_SHOWN = 16


def texts(facts: ReportFacts) -> Block | None:
    """Draw what the prediction loses where a word is taken out."""
    known = [entry for entry in facts.words if entry.effects]
    if not known:
        return None
    share = facts.task.problem != "regression"
    told = [(entry, effect) for entry in known for effect in entry.effects]
    told.sort(key=lambda pair: -abs(pair[1].value) * pair[1].texts**0.5)
    reach = max(abs(effect.value) for _, effect in told[:_SHOWN])
    domain = (-reach, reach)
    several = len(known) > 1
    rows = [
        {
            "title": words.shorten(effect.word, 40),
            "note": _note(effect, entry.column if several else None),
            "value": _amount(effect.value, share),
            "interval": words.NOTHING,
            "drawing": svg.dot_interval(effect.value, None, None, domain, reference=0.0, bar_from=0.0),
        }
        for entry, effect in told[:_SHOWN]
    ]
    cells: list[list[Cell]] = [
        [words.shorten(effect.word), entry.column, effect.of or words.NOTHING, _amount(effect.value, share), words.whole(effect.texts)]
        for entry, effect in told
    ]
    looked_at = sum(entry.texts for entry in known)
    unit = "points of probability" if share else "the target's units"
    return Block(
        "words",
        "Words that moved it",
        _lead(told[0][1], share),
        "What a word means: it says how the model counts it where it stands, and two words that say the same hide each other.",
        notes=(
            f"Each word was taken out of {words.count(looked_at, 'unseen text')}, one at a time; the bars tell by how many {unit} the"
            " prediction falls without it, on average. Long texts are cut into phrases, which are not listed.",
        ),
        template="importance",
        data={
            "rows": rows,
            "axis": svg.axis([(t, _amount(t, share)) for t in svg.ticks(*domain, 4)], domain),
            "more": max(len(told) - _SHOWN, 0),
            "card": None,
        },
        tables=(Table("Words", ("Word", "Column", "For", "Falls by", "Texts"), cells, frozenset({0, 1, 2})),),
    )


def _amount(value: float, share: bool) -> str:
    return signed(100 * value if share else value)


def _note(effect: WordFacts, column: str | None) -> str:
    parts = [f"for {words.shorten(effect.of, 30)}" if effect.of else "", f"in {words.shorten(column, 30)}" if column else ""]
    return ", ".join([*(part for part in parts if part), words.count(effect.texts, "text")])


def _lead(first: WordFacts, share: bool) -> str:
    amount = f"{words.number(abs(100 * first.value))} points" if share else words.number(abs(first.value))
    of = f"the probability of {words.shorten(first.of, 30)}" if first.of else "the prediction"
    way = "falls" if first.value > 0 else "rises"
    return f"Without “{words.shorten(first.word, 30)}”, {of} {way} by {amount} on average ({words.count(first.texts, 'text')})."
