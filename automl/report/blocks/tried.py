"""What was tried: every family side by side, and how the search went."""

from __future__ import annotations

import json

from automl.report import charts, svg, words
from automl.report.blocks.base import Block, Cell, Table, code, cut
from automl.report.facts import LeaderboardFacts, LeaderboardRow, ReportFacts

KINDS = {"network": "network", "tree": "trees", "linear": "linear", "naive": "naive", "ensemble": "ensemble", "other": "other"}
_SHOWN = 20


def leaderboard(facts: ReportFacts) -> Block | None:
    """Draw all models on one scale, with what they cost to train and to ask."""
    board = facts.leaderboard
    if board is None or not board.rows:
        return None
    ends = [end for row in board.rows for end in (row.score, row.low, row.high) if end is not None]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    domain = (low - room, high + room)
    naive = next((row.score for row in board.rows if row.kind == "naive"), None)
    picked = list(board.rows[:_SHOWN]) + [row for row in board.rows[_SHOWN:] if row.kind == "naive"]
    rows = [
        {
            "rank": row.rank,
            "title": row.title,
            "kind": KINDS[row.kind],
            "shape": svg.shape(row.kind),
            "drawing": svg.dot_interval(row.score, row.low, row.high, domain, kind=row.kind, reference=naive)
            if row.score is not None
            else None,
            "score": words.number(row.score) if row.score is not None else "no score",
            "interval": words.interval(row.low, row.high),
            "seconds": words.seconds(row.seconds),
            "weight": words.percent(row.weight) if row.weight and row.kind != "ensemble" else "",
            "status": _status(row),
            "told": _told(row, board),
            "training": words.seconds(row.seconds),
        }
        for row in picked
    ]
    better = "higher" if board.greater_is_better else "lower"
    notes = [
        f"{board.metric_title}: {better} is better. The upright line is the naive predictor.",
        *([facts.advice] if facts.advice else []),
        *(f"No {words.kinds(kind)}: {reason.rstrip('.')}." for kind, reason in board.absent.items()),
    ]
    return Block(
        "leaderboard",
        "All models",
        _winner(board),
        "Which model would win with more time or more rows; models whose intervals overlap may change places on new data.",
        notes=tuple(notes),
        template="leaderboard",
        data={
            "rows": rows,
            "axis": svg.axis([(t, words.number(t)) for t in svg.ticks(*domain, 4)], domain),
            "metric": board.metric_title,
            "weights": any(r["weight"] for r in rows),
            "more": len(board.rows) - len(picked),
        },
        tables=(_table(board),),
    )


def _status(row: LeaderboardRow) -> str:
    """Say what else than a score there is to know: why there is none, or what the model is there for."""
    if row.note:
        return row.note
    return row.status if row.status not in ("ok", "complete", "done", "finished") else ""


def _told(row: LeaderboardRow, board: LeaderboardFacts) -> str:
    """Sum up in one line how far a model is from the best single one and what it costs to keep and to ask."""
    parts = ["the best single model"] if row.name == board.best_single else []
    if row.difference is not None:
        better = "better" if (row.difference > 0) == board.greater_is_better else "worse"
        noise = f"{better} than the best single model{'' if row.beyond_noise else ', within noise'}"
        parts.append(f"{words.number(abs(row.difference))} {noise} ({words.interval(row.difference_low, row.difference_high)})")
    if row.size_bytes is not None:
        parts.append(words.size(row.size_bytes))
    if row.predict_seconds_one is not None:
        parts.append(f"1 row in {words.moment(row.predict_seconds_one)}")
    if row.predict_seconds_per_1000 is not None:
        parts.append(f"1,000 rows in {words.moment(row.predict_seconds_per_1000)}")
    return " · ".join(parts)


def _difference(row: LeaderboardRow) -> str:
    if row.difference is None:
        return words.NOTHING if row.score is None or row.kind == "ensemble" else "the best"
    noise = "beyond noise" if row.beyond_noise else "within noise"
    return f"{words.number(row.difference)} ({words.interval(row.difference_low, row.difference_high)}), {noise}"


def _winner(board: LeaderboardFacts) -> str:
    """Name the best model and how close the others come."""
    scored = [row for row in board.rows if row.score is not None]
    if not scored:
        return "No model could be scored."
    best, count = scored[0], len([row for row in scored if row.kind not in ("naive", "ensemble")])
    metric = words.metric(board.metric_title)
    if not count:
        return f"No model that looks at the columns was trained; {metric} of the naive predictor is {words.number(best.score)}."
    near = [
        row
        for row in scored[1:]
        if row.kind != "naive"
        and row.score is not None
        and best.low is not None
        and best.high is not None
        and best.low <= row.score <= best.high
    ]
    tail = ""
    if best.kind == "linear" and count > 1:
        tail = "; nothing more complicated was better"
    elif near:
        last = next((row for row in near if row.kind == "linear"), None) or next((row for row in near if row.kind == "tree"), near[0])
        which = f"the simplest of them: {last.title} ({words.number(last.score)})"
        tail = f"; {words.count(len(near), 'other model')} {words.are(len(near))} within its interval, {which}"
    return f"{best.title} comes first of {words.count(count, 'model')} trained, with {metric} {words.number(best.score)}{tail}."


def _table(board: LeaderboardFacts) -> Table:
    rows: list[list[Cell]] = [
        [
            str(row.rank),
            row.title,
            KINDS[row.kind],
            words.number(row.score, 4) if row.score is not None else "no score",
            words.interval(row.low, row.high),
            _difference(row),
            words.seconds(row.seconds),
            words.percent(row.weight) if row.weight else "none",
            words.size(row.size_bytes),
            words.moment(row.predict_seconds_one),
            words.moment(row.predict_seconds_per_1000),
            words.whole(row.trials),
            code(words.shorten(json.dumps(row.config, ensure_ascii=False), 300)) if row.config else words.NOTHING,
            row.note or row.status,
        ]
        for row in board.rows
    ]
    shown, more = cut(rows, 60)
    head = (
        "Rank",
        "Model",
        "Kind",
        board.metric_title,
        "95 % interval",
        "To the best single model",
        "Training",
        "Weight",
        "Size",
        "1 prediction",
        "1,000 predictions",
        "Trials",
        "Best configuration",
        "Status",
    )
    return Table("Every model that was tried", head, shown, frozenset({1, 2, 5, 12, 13}), more)


def search(facts: ReportFacts) -> Block | None:
    """Draw how the best score fell with time."""
    known = facts.search
    if known is None or not known.history:
        return None
    points = sorted(known.history, key=lambda point: point.elapsed)
    failed = f", of which {words.count(known.failed, 'trial')} failed" if known.failed else ""
    half = [point for point in points if point.elapsed > known.seconds / 2]
    still = "it was still improving in the second half" if half and len(points) > 1 else "nothing improved in the second half"
    rows: list[list[Cell]] = [[words.seconds(p.elapsed), words.number(p.best, 4), p.family or ""] for p in points]
    shown, more = cut(rows, 100)
    return Block(
        "search",
        "The search",
        f"{words.count(known.trials, 'configuration')} {words.was(known.trials)} tried in {words.seconds(known.seconds)}{failed}; {still}.",
        "Whether a longer search would find a better model; a curve that is still falling only hints at it.",
        notes=(f"The budget was {known.budget}. These scores steered the search, so they flatter; the scores above do not.",),
        figures=((charts.search(known, "history"), "Each step is a better model."),),
        tables=(Table("Each new best score", ("After", "Score", "Family"), shown, frozenset({2}), more),),
    )
