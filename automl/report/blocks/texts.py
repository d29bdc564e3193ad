"""Which words move the prediction, and where a transformer attended."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.blocks.why import signed
from automl.report.explained import AttendedFacts, AttentionFacts
from automl.report.facts import ReportFacts, WordFacts

_SHOWN = 16
_SHADES = 6
_ATTENDED = 8  # words of a text that the table lists


def texts(facts: ReportFacts) -> Block | None:
    """Draw what the prediction loses where a word is taken out."""
    known = [entry for entry in facts.words if entry.effects]
    if not known:
        return None
    share = facts.task.problem != "regression"
    told = [(entry, effect) for entry in known for effect in entry.effects]
    told.sort(key=lambda pair: -abs(pair[1].value) * pair[1].texts ** 0.5)
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


def attention(facts: ReportFacts) -> Block | None:
    """Show the words of a few texts as dark as a transformer attended to them, and say that this is no explanation."""
    known = [(entry.column, entry.attention) for entry in facts.words if entry.attention is not None and entry.attention.texts]
    if not known:
        return None
    told = [(column, text) for column, found in known for text in found.texts]
    several = len(known) > 1
    rows: list[list[Cell]] = []
    for column, text in told:
        order = sorted(range(len(text.shares)), key=lambda place: -text.shares[place])[:_ATTENDED]
        rows += [[text.title, column, words.shorten(text.pieces[place].strip(), 40), words.percent(text.shares[place])] for place in order]
    first = known[0][1]
    return Block(
        "attention",
        "Where it attended",
        f"{words.count(len(told), 'unseen text')}, and what the transformer attended to: this is attention, not an explanation.",
        "What moved the answer. Attention is not an explanation: other weights of attention often give the same answer (Jain and Wallace, "
        "2019). What was measured by taking words out, and what was put to tests, stands in the blocks beside this one.",
        notes=(
            f"The transformer has {words.percent(first.share)} of the weight in the ensemble; the other models are not told of here. "
            "The more of a word reaches the mean that the network answers from, by attention over all heads and layers (attention rollout, "
            "Abnar and Zuidema, 2020), the stronger it is marked; words with no more than an even share are not marked.",
            *(_agreement(found, column if several else None) for column, found in known),
        ),
        figures=tuple((_shaded(text), _said(text, column if several else None)) for column, text in told),
        tables=(Table("Attention", ("Text", "Column", "Word", "Share"), rows, frozenset({0, 1, 2})),),
        summary="The words with the most attention as a table",
    )


def _shaded(text: AttendedFacts) -> Markup:
    """Write a text with words in shades: none up to an even share, the darkest from twice an even share on, or at the largest one."""
    even = 1.0 / len(text.shares)
    reach = max(max(text.shares) - even, even)
    drawn = []
    for piece, share in zip(text.pieces, text.shares, strict=True):
        shade, word = max(round(_SHADES * (share - even) / reach), 0), piece.rstrip()
        drawn.append(
            (Markup('<mark class="m{}">{}</mark>').format(shade, word) if shade else Markup("{}").format(word)) + piece[len(word) :]
        )
    return Markup('<p class="attended" dir="auto">{}{}</p>').format(Markup("").join(drawn), " …" if text.cut else "")


def _said(text: AttendedFacts, column: str | None) -> str:
    rest = " It reads no further." if text.cut else ""
    most = f"The largest share is {words.number(max(text.shares) * len(text.shares), 2)} times an even one."
    return f"{text.title}{f', {column}' if column else ''}. Predicted {text.prediction}, in truth {text.actual}. {most}{rest}"


def _agreement(found: AttentionFacts, column: str | None) -> str:
    where = f" in {words.shorten(column, 30)}" if column else ""
    if found.agreement is None:
        return f"There was nothing to hold attention{where} against: too few words were taken out one at a time."
    turned = ", and the wrong way round" if found.agreement <= -0.15 else ""
    worth = "close to none" if abs(found.agreement) < 0.15 else "weak" if abs(found.agreement) < 0.4 else "clear"
    return (
        f"Held against what the prediction loses without a word{where}, the rank correlation is {words.number(found.agreement, 2)} "
        f"({words.count(found.compared, 'text')}): the agreement is {worth}{turned}."
    )
