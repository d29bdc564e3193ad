"""What the models cost and share: score against latency, the simplest one that is as good, whose mistakes are alike, the winner's parts."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from automl.report import svg, tried_charts, words
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import LeaderboardRow, ReportFacts
from automl.report.tried_facts import MistakesFacts


def pareto(facts: ReportFacts) -> Block | None:
    """Draw score against the time of one prediction, and name the simplest model that is as good as the best."""
    board = facts.leaderboard
    known = facts.tried.simplest if facts.tried else None
    timed = tried_charts.timed(board) if board else []
    if board is None or (len(timed) < 2 and known is None):
        return None
    if len(timed) < 2:
        assert known is not None
        return Block("pareto", "Score and speed", known.sentence, _LIMITS, summary="")
    best = tried_charts.front(timed, board.greater_is_better)
    names = words.listing([row.title for row in best], 4)
    lead = (
        f"Of {words.count(len(timed), 'timed model')} {names} has both the best {words.metric(board.metric_title)} and the fastest answer."
        if len(best) == 1
        else f"Of {words.count(len(timed), 'timed model')} none beats {names} in both {words.metric(board.metric_title)} and speed."
    )
    rows: list[list[Cell]] = [
        [
            row.title,
            words.number(row.score),
            words.interval(row.low, row.high),
            words.moment(row.predict_seconds_one),
            words.moment(row.predict_seconds_per_1000),
            words.size(row.size_bytes),
            "yes" if row in best else "no",
        ]
        for row in sorted(timed, key=lambda row: row.predict_seconds_one or 0.0)
    ]
    head = ("Model", board.metric_title, "95 % interval", "1 prediction", "1,000 predictions", "Size", "On the line")
    return Block(
        "pareto",
        "Score and speed",
        lead,
        _LIMITS,
        notes=(known.sentence,) if known else (),
        figures=((tried_charts.pareto(board, timed, "pareto-picture"), _caption(timed)),),
        tables=(Table("Score and latency of the timed models", head, rows, frozenset({0, 6})),),
    )


_LIMITS = (
    "How fast the models are on another machine or in a service of yours: times were measured here, on this load, and do not hold a"
    " network's way there and back."
)


def _caption(timed: Sequence[LeaderboardRow]) -> Markup:
    kinds = {"network": "network", "tree": "trees", "linear": "linear", "naive": "naive", "ensemble": "ensemble", "other": "other"}
    shown = [kind for kind in kinds if any(row.kind == kind for row in timed)]
    legend = Markup("").join(Markup('<span class="legend">{} {}</span> ').format(svg.shape(kind), kinds[kind]) for kind in shown)
    return legend + "The dashed line joins the models that no other one beats in both."


def mistakes(facts: ReportFacts) -> Block | None:
    """Draw whose mistakes are alike and say which two disagree most."""
    known = facts.tried.mistakes if facts.tried else None
    if known is None:
        return None
    rows: list[list[Cell]] = []
    for one in range(len(known.titles)):
        for two in range(one + 1, len(known.titles)):
            value = known.correlation[one][two]
            differ = [words.percent(known.differ[one][two])] if known.differ is not None else []
            rows.append([known.titles[one], known.titles[two], words.number(value), *differ])
    head = ["Model", "Other model", "Correlation of mistakes", *(["Decided differently"] if known.differ is not None else [])]
    shown, more = cut(sorted(rows, key=lambda row: str(row[2])), 120)
    return Block(
        "mistakes",
        "Who is wrong together",
        _lead(known),
        "Which of two models that disagree is right in a single case; and models that agree may be wrong together.",
        notes=(
            "A mistake is what happened minus what was said, on rows that the model has not seen. What nobody can know is in all models'"
            " mistakes, so even good, different models correlate; a mean gains from what they do not share.",
        ),
        figures=((tried_charts.alike(known, "mistakes-picture"), "1 means the same mistakes; the framed pair is least alike."),),
        tables=(Table(f"Each pair of models, on {words.count(known.rows, 'row')}", head, shown, frozenset({0, 1}), more),),
    )


def _lead(known: MistakesFacts) -> str:
    one, two = known.least
    value = known.correlation[one][two]
    sure = words.bracket(words.confidence(known.low, known.high))
    lead = f"{known.titles[one]} and {known.titles[two]} disagree most: their mistakes correlate at {words.number(value)}{sure}"
    if known.differ is None:
        return f"{lead}."
    share = known.differ[one][two]
    return f"{lead}, and they decide {words.percent(share)} of the cases differently."


def winner(facts: ReportFacts) -> Block | None:
    """Draw the parts of the winner and their weights."""
    known = facts.tried.drawing if facts.tried else None
    if known is None or not known.parts:
        return None
    models = sum(part.models for part in known.parts)
    heaviest = known.parts[0]
    weights = words.listing((f"{part.title} ({words.percent(part.share)})" for part in known.parts), 4)
    lead = (
        f"The answer is the weighted mean of {words.count(models, 'fitted model')} of {len(known.parts)} families: {weights}."
        if len(known.parts) > 1
        else f"The answer comes from {heaviest.title} alone: {words.count(models, 'fitted model')}, one for each part of the rows left out."
        if models > 1
        else f"The answer comes from one fitted {heaviest.title}."
    )
    rows: list[list[Cell]] = [
        [
            part.title,
            words.percent(part.share),
            words.whole(part.models),
            "; ".join(tried_charts.layer_text(layer) for layer in part.layers) or words.NOTHING,
        ]
        for part in known.parts
    ]
    return Block(
        "winner",
        "The winner, drawn",
        lead,
        "Why it answers as it does. Where a family has several configurations, the one with the largest weight is drawn.",
        figures=((tried_charts.winner(known, "winner-picture"), "From the columns to the answer; percentages are weights."),),
        tables=(Table("Parts of the winner", ("Part", "Weight", "Fitted models", "Layers or settings"), rows, frozenset({0, 3})),),
    )
