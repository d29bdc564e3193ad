"""The leaderboard of the report as a data frame: what ``automl.compare`` gives back, and what its page is drawn from."""

from __future__ import annotations

from typing import Any

import pandas as pd

from automl.report.anomalies import AnomalyFacts, DetectorFacts
from automl.report.facts import LeaderboardRow, ReportFacts
from automl.report.of_anomalies import UNKNOWN
from automl.report.tried_charts import front, timed

COLUMNS = (
    "rank", "model", "family", "title", "kind", "loss", "low", "high", "difference", "difference_low", "difference_high", "beyond_noise",
    "weight", "trials", "seconds", "size_bytes", "predict_ms_1", "predict_ms_1000", "on_the_line", "status", "note", "config",
)  # fmt: skip


def board_frame(facts: ReportFacts) -> pd.DataFrame:
    """Return the leaderboard, best first, one row per family; `attrs` hold what is known besides.

    Example:
        >>> from automl.report.facts import Answer, DataFacts, EvaluationFacts, LeaderboardFacts, TaskFacts
        >>> row = LeaderboardRow(rank=1, name="linear-1", family="linear", title="Linear model", kind="linear", score=0.4)
        >>> facts = ReportFacts(
        ...     title="t", created="2026-01-01", automl_version="0.1.0",
        ...     answer=Answer(verdict="no", rule="r", headline="h"),
        ...     task=TaskFacts(problem="regression", target="price", metric="rmse"),
        ...     data=DataFacts(name="houses", rows=90, columns=3, columns_used=2, rows_train=90),
        ...     evaluation=EvaluationFacts(rows=90, source="out of fold", scores={}),
        ...     leaderboard=LeaderboardFacts(metric="rmse", metric_title="RMSE", rows=(row,)),
        ... )  # fmt: skip
        >>> board_frame(facts)[["model", "loss"]].values.tolist()
        [['linear-1', 0.4]]
    """
    if facts.anomalies is not None:
        return _detectors(facts, facts.anomalies)
    known = facts.leaderboard
    if known is None:
        return pd.DataFrame(columns=list(COLUMNS))
    fastest = {row.name for row in front(timed(known), known.greater_is_better)}
    told = [_entry(row, row.name in fastest) for row in known.rows]
    table = pd.DataFrame(told, columns=list(COLUMNS)).astype(dict.fromkeys(_NUMBERS, float))
    table = table.drop_duplicates("family").reset_index(drop=True)
    table["rank"] = range(1, len(table) + 1)
    table.attrs = {"metric": known.metric_title, "source": known.source, "advice": facts.advice, "absent": dict(known.absent)}
    table.attrs |= _tried(facts)
    return table


_NUMBERS = ("loss", "low", "high", "difference", "difference_low", "difference_high", "seconds", "predict_ms_1", "predict_ms_1000")


def _entry(row: LeaderboardRow, fastest: bool) -> dict[str, Any]:
    one, many = row.predict_seconds_one, row.predict_seconds_per_1000
    return {
        **row.model_dump(),
        "model": row.name,
        "loss": row.score,
        "predict_ms_1": None if one is None else one * 1000,
        "predict_ms_1000": None if many is None else many * 1000,
        "on_the_line": fastest,
        "note": row.note or ("for comparison" if row.reference else ""),
    }


_SCORED = ("low", "high", "difference", "difference_low", "difference_high", "beyond_noise")
DETECTORS = (
    "rank", "model", "family", "title", "kind", "average_precision", *_SCORED, "agreement", "agreement_with_all", "share_of_alarms",
    "weight", "seconds", "size_bytes", "predict_ms_1", "predict_ms_1000", "note",
)  # fmt: skip


def _detectors(facts: ReportFacts, told: AnomalyFacts) -> pd.DataFrame:
    """Return all detectors of anomalies, the best first by average precision, without labels by how far they agree with the others."""
    scored = {} if facts.leaderboard is None else {row.name: row for row in facts.leaderboard.rows}
    votes = max(sum(one.votes for one in told.detectors), 1)
    rows = [_detector(one, scored.pop(one.name, None), votes) for one in told.detectors]
    for row in scored.values():  # all together, and rows in random order
        alarms = told.share_of_alarms if row.kind == "ensemble" else None
        rows.append(_entry(row, False) | {"average_precision": row.score, "share_of_alarms": alarms})
    texts = ("rank", "model", "family", "title", "kind", "beyond_noise", "note")
    table = pd.DataFrame(rows, columns=list(DETECTORS)).astype({name: float for name in DETECTORS if name not in texts})
    by = "agreement" if told.known is None else "average_precision"
    table = table.sort_values(by, ascending=False, kind="stable", ignore_index=True)
    table["rank"] = range(1, len(table) + 1)
    names = {one.name: one.title for one in told.detectors}
    alike = {one.title: {names[other]: share for other, share in one.agreement.items()} for one in told.detectors}
    table.attrs = {
        "metric": None if facts.leaderboard is None else facts.leaderboard.metric_title,
        "source": facts.evaluation.source if facts.leaderboard is None else facts.leaderboard.source,
        "advice": UNKNOWN if told.known is None else None,
        "left_out": dict(told.left_out),
        "agreement": pd.DataFrame.from_dict(alike, orient="index", columns=list(names.values()), dtype=float),
    }
    table.attrs |= _tried(facts)
    return table


def _detector(one: DetectorFacts, row: LeaderboardRow | None, votes: int) -> dict[str, Any]:
    single, many = one.predict_seconds_one, one.predict_seconds_per_1000
    return {
        **one.model_dump(),
        **({} if row is None else {name: getattr(row, name) for name in _SCORED}),
        "model": one.name,
        "family": one.name,
        "agreement": one.mean_agreement,
        "agreement_with_all": one.joint,
        "share_of_alarms": one.above,
        "weight": one.votes / votes,
        "predict_ms_1": None if single is None else single * 1000,
        "predict_ms_1000": None if many is None else many * 1000,
        "note": "" if one.votes else "for comparison",
    }


def _tried(facts: ReportFacts) -> dict[Any, Any]:
    """Return what is known about the models besides the leaderboard, where there is anything, all of it comparable by ``==``.

    pandas compares the `attrs` of tables that are joined, and ends with an error where that gives more than one truth value.
    """
    tried = facts.tried
    told: dict[Any, Any] = {}
    if tried is not None and tried.simplest is not None:
        told["simplest"] = tried.simplest.sentence
    if tried is not None and tried.mistakes is not None:
        names = list(tried.mistakes.titles)
        rows = zip(names, tried.mistakes.correlation, strict=True)
        told["mistakes"] = {name: dict(zip(names, values, strict=True)) for name, values in rows}
    if facts.labels is not None:
        learnt = [one for one in facts.labels.labels if one.learnt]
        titles = dict.fromkeys(title for one in learnt for title in one.losses)
        told["by_label"] = {title: {one.label: one.losses[title] for one in learnt if title in one.losses} for title in titles}
    return told
