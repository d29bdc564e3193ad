"""Labels on the page: one by one, how many a row has, and which come together."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import ReportFacts
from automl.report.labelled import LabelFacts, LabelsFacts
from automl.report.measured import ScoreFacts

_DRAWN = 30
_LISTED = 200
_PAIRS = 25
_WORDS = {"yes": "yes", "yes, with review": "with review", "no": "no"}


def labels(facts: ReportFacts) -> Block | None:
    """Draw the F1 of every label, the worst first, and list everything that was measured of it."""
    told = facts.labels
    if told is None:
        return None
    learnt = [one for one in told.labels if one.learnt]
    ranked = sorted(learnt, key=_f1)
    drawn, more = ranked[:_DRAWN], max(len(ranked) - _DRAWN, 0)
    listed, cut_off = cut([_row(one) for one in ranked], _LISTED)
    ranking, _ = cut([_percentages(one) for one in ranked], _LISTED)
    head = ("Label", "Usable", "Rows with it", "Rows given it", "Threshold", "Precision", "Recall", "F1")
    told_of = "Each label with its own threshold, 95 % intervals below, the worst F1 first"
    tables = [
        Table(told_of, head, listed, frozenset({0, 1}), cut_off),
        Table("Ranking and percentages", ("Label", "ROC AUC", "Log-loss", "naive", "Calibration error"), ranking, more=cut_off),
    ]
    others = [one for one in told.labels if not one.learnt]
    if others:
        rows: list[list[Cell]] = [[one.label, one.why, words.whole(one.having), words.percent(one.share)] for one in others]
        kept, left = cut(rows, _LISTED)
        tables.append(
            Table("Not learnt: predicted by their share alone", ("Label", "Why", "Rows with it", "Share"), kept, frozenset({0, 1}), left)
        )
    return Block(
        "labels",
        "Label by label",
        _sentence(told, ranked, others),
        "Which mistakes matter most: a label that is rarely found may be the one that counts. Give costs, and each threshold follows them.",
        notes=(
            "Every label has a model, a calibration and a threshold of its own. Upright line: what giving it to every row would reach.",
        ),
        template="importance",
        data={"rows": [_drawing(one) for one in drawn], "axis": svg.axis([(t, words.percent(t)) for t in (0.0, 0.5, 1.0)], (0.0, 1.0)),
              "more": more, "card": None},
        tables=tuple(tables),
        open_tables=True,
    )  # fmt: skip


def _f1(one: LabelFacts) -> float:
    score = one.scores.get("f1")
    return -1.0 if score is None or score.value is None else score.value


def _sentence(told: LabelsFacts, ranked: list[LabelFacts], others: list[LabelFacts]) -> str:
    usable = sum(one.better for one in ranked)
    beat = f"{words.whole(usable)} of {words.count(len(ranked), 'label')} beat the naive predictor"
    worst = ranked[0]
    score = worst.scores.get("f1")
    ends = "" if score is None else f", F1 {words.percent(score.value)}{words.bracket(words.confidence(score.low, score.high, share=True))}"
    left = f"; {words.count(len(others), 'label')} {words.was(len(others))} not learnt" if others else ""
    return f"{beat}{left}. The worst is {words.shorten(worst.label, 40)}{ends}."


def _drawing(one: LabelFacts) -> dict[str, object]:
    score = one.scores.get("f1") or ScoreFacts(title="F1")
    share = one.having / one.judged if one.judged else 0.0
    reference = 2 * share / (1 + share)
    drawing = Markup("") if score.value is None else svg.dot_interval(score.value, score.low, score.high, (0.0, 1.0), reference=reference)
    return {
        "title": words.shorten(one.label, 40),
        "note": words.count(one.having, "row") + ("" if one.better else ", not better than naive"),
        "value": words.percent(score.value),
        "interval": words.interval(score.low, score.high, share=True),
        "drawing": drawing,
    }


def _row(one: LabelFacts) -> list[Cell]:
    name: Cell = words.shorten(one.label, 60)
    if one.detail is not None:
        name = Markup('<a href="{}">{}</a>').format(one.detail, name)
    shares = [_cell(one.scores.get(key), share=True) for key in ("precision", "recall", "f1")]
    counts = (words.whole(one.having), words.whole(one.given))
    return [name, _WORDS.get(one.verdict or "", "–"), *counts, words.percent(one.threshold), *shares]


def _percentages(one: LabelFacts) -> list[Cell]:
    scores = one.scores
    naive = scores["log_loss"].naive if "log_loss" in scores else None
    ranked = [_cell(scores.get("roc_auc")), _cell(scores.get("log_loss")), words.number(naive)]
    return [words.shorten(one.label, 60), *ranked, _cell(scores.get("calibration_error"), share=True)]


def _cell(score: ScoreFacts | None, share: bool = False) -> Cell:
    if score is None or score.value is None:
        return words.NOTHING
    value = words.percent(score.value) if share else words.number(score.value)
    ends = words.interval(score.low, score.high, share)
    return Markup('{} <span class="ends">{}</span>').format(value, ends) if ends != words.NOTHING else value


def sizes(facts: ReportFacts) -> Block | None:
    """Draw how many labels rows have and how many they get."""
    told = facts.labels
    if told is None or not told.sizes or told.mean_having is None or told.mean_given is None:
        return None
    most = max(max(one.having, one.given) for one in told.sizes) or 1
    width = float(len(told.sizes))
    frame = svg.Frame(560.0, 240.0, (0.0, width), (0.0, most * 1.05), (26.0, 14.0, 44.0, 62.0))
    x_ticks = [(place + 0.5, f"{one.labels}") for place, one in enumerate(told.sizes)]
    parts = [frame.grid(x_ticks, [(t, words.whole(t)) for t in svg.ticks(0.0, float(most), 4)], "labels of a row", "rows")]
    for place, one in enumerate(told.sizes):
        for shift, amount, kind in ((0.32, one.having, "rest"), (0.68, one.given, "dot")):
            x, y = frame.at(place + shift, amount)
            base = frame.at(place + shift, 0.0)[1]
            parts.append(svg.tag("line", x1=x, x2=x, y1=base, y2=y, class_="interval" if kind == "rest" else "line"))
            parts.append(svg.tag("circle", cx=x, cy=y, r=3.5, class_=kind))
    drawing = svg.chart(svg.join(parts), "label-sizes", "Labels of a row", "How many labels rows have and how many they get.", 560, 240)
    rows: list[list[Cell]] = [[words.whole(one.labels), words.whole(one.having), words.whole(one.given)] for one in told.sizes]
    return Block(
        "sizes",
        "How many labels",
        f"A row has {words.number(told.mean_having)} labels on average; the model gives it {words.number(told.mean_given)}.",
        "Whether the right ones are among them: two numbers that agree may name different labels.",
        notes=("Left of each pair: rows that have so many labels; right: rows that get so many. The last pair holds all that have more.",),
        figures=((drawing, f"Of {words.count(told.complete, 'judged row')} whose labels are all known"),),
        tables=(Table("Rows by their number of labels", ("Labels", "Rows that have so many", "Rows that get so many"), rows, frozenset()),),
    )


def together(facts: ReportFacts) -> Block | None:
    """List which labels occur together against what the model gives together."""
    told = facts.labels
    if told is None or not told.pairs:
        return None
    rows: list[list[Cell]] = [
        [
            words.shorten(one.first, 40), words.shorten(one.second, 40), words.whole(one.together), words.whole(one.given),
            words.number(one.expected), words.number(one.by_chance), "yes" if one.differs else "",
        ]
        for one in told.pairs
    ]  # fmt: skip
    kept, more = cut(rows, _PAIRS)
    first, off = told.pairs[0], [one for one in told.pairs if one.differs]
    names = f"{words.shorten(first.first, 30)} and {words.shorten(first.second, 30)}"
    chance = "more" if first.together > first.by_chance else "less"
    lead = f"{names} occur together in {words.count(first.together, 'row')}, {chance} than by chance ({words.number(first.by_chance)})"
    tail = f"; the model gives both to {words.whole(first.given)}."
    missed = (
        f"{words.count(len(off), 'pair')} shown here {'hangs' if len(off) == 1 else 'hang'} together in a way that the models, each of"
        " which looks at one label, do not see."
        if off
        else "No pair shown here occurs together beyond what the models say of each label alone."
    )
    head = ("Label", "and label", "Rows with both", "Given both", "Expected of the percentages", "By chance alone", "Differs")
    return Block(
        "together",
        "Labels together",
        lead + tail,
        "Why labels come together: one may cause the other, or both follow from a third thing.",
        notes=(missed, f"The pairs most unlike chance, of {words.count(told.pairs_in_all, 'pair')}."),
        tables=(Table("Pairs of labels", head, kept, frozenset({0, 1, 6}), more),),
        open_tables=True,
    )


def models(facts: ReportFacts) -> Block | None:
    """List which models answer for each label, and what the simplest one would do."""
    learnt = [] if facts.labels is None else [one for one in facts.labels.labels if one.learnt and one.models]
    if not learnt:
        return None
    rows: list[list[Cell]] = [[words.shorten(one.label, 60), one.models, one.simplest or words.NOTHING] for one in learnt]
    kept, more = cut(rows, _LISTED)
    single = sum("), " not in one.models for one in learnt)
    mixed = len(learnt) - single
    return Block(
        "models",
        "Models by label",
        f"{words.count(len(learnt), 'label')} {'has' if len(learnt) == 1 else 'have'} a model of {'its' if len(learnt) == 1 else 'their'}"
        f" own: {words.whole(mixed)} weighted over kinds of models, {words.whole(single)} of one kind alone.",
        "All configurations that were tried for a label: its own report, and leaderboard.csv, hold them with their intervals and times.",
        tables=(Table("Models and their weights, and how they do against the simplest model", ("Label", "Models", "Against the simplest"),
                      kept, frozenset({0, 1, 2}), more), *_losses(learnt)),
        open_tables=True,
    )  # fmt: skip


def _losses(learnt: list[LabelFacts]) -> tuple[Table, ...]:
    """List the log-loss of each kind of model for each label."""
    titles = list(dict.fromkeys(title for one in learnt for title in one.losses))
    if not titles:
        return ()
    rows: list[list[Cell]] = [[words.shorten(one.label, 60), *(words.number(one.losses.get(title)) for title in titles)] for one in learnt]
    kept, more = cut(rows, _LISTED)
    return (Table("Log-loss of each kind of model, label by label", ("Label", *titles), kept, frozenset({0}), more),)
