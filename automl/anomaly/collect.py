"""What a search for anomalies found, as the facts of the report."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl import __version__
from automl.anomaly.answer import answer_of
from automl.anomaly.checking import check_reasons
from automl.anomaly.judging import JOINT, judge
from automl.anomaly.run import FOLDS, Found, Member, voters
from automl.anomaly.telling import anomaly_facts, expected_count
from automl.private import private_columns, told_columns, told_decisions, told_findings
from automl.report import facts as f
from automl.report.simplest import simplest
from automl.report.tried_facts import TriedFacts
from automl.speed import MANY

if TYPE_CHECKING:
    from automl.budget import Budget

TIMED_SHARE, TIMED_SECONDS, TIMED_UNTIL = 0.03, 5.0, 0.95  # of the budget, for measuring how long scores take
SHORT = 0.05  # seconds of a call that is measured again
PACKAGES = ("keras", "tensorflow", "jax", "torch", "scikit-learn", "numpy", "pandas", "scipy")

OF_PREDICTIONS = ("time_order",)  # findings that say how to judge predictions

Ask = Callable[[pd.DataFrame, Sequence[Member]], Any]
"""Scores rows by some members."""


def collect(found: Found, ask: Ask) -> f.ReportFacts:
    """Return the facts of a finished run, which ``report.json`` holds and the page is drawn from.

    Args:
        found: What the run left behind.
        ask: The fitted detector's, to measure how long scores take.
    """
    asked, looked = found.asked, found.looked
    private = frozenset() if asked.examples == "few" else private_columns(found.schema.columns, looked.findings)
    noticed = [one for one in looked.findings if one.check not in OF_PREDICTIONS]
    findings = told_findings(noticed, private, asked.examples)
    costs = _costs(found, ask)
    judged = judge(found, costs)
    evaluation = f.EvaluationFacts(
        rows=len(found.scores), source="each row by models that had not seen it", scores=judged.scores, comparisons=judged.comparisons
    )
    told = anomaly_facts(found, costs, judged, private)
    card = check_reasons(found, costs[JOINT].get("predict_seconds_one"))
    failed = [check.sentence for check in card.checks if check.passed is False]
    trouble = [f"Reasons of alarms failed their test. {failed[0]}"] if failed else []
    board = judged.board
    return f.ReportFacts(
        title=f"What is unusual in {looked.dataset.name}",
        model_name=looked.dataset.name.rsplit(".", 1)[0],
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        automl_version=__version__,
        answer=answer_of(told, evaluation, few=expected_count(found), board=board, findings=findings, trouble=trouble),
        task=_task(found),
        data=_data(found, private),
        findings=findings,
        evaluation=evaluation,
        anomalies=told,
        cards=(card,),
        leaderboard=board,
        tried=None if board is None else TriedFacts(simplest=simplest(board)),
        search=_search(found),
        decisions=told_decisions(found.log, found.frame, private),
        reproduce=_reproduce(found),
    )


def _task(found: Found) -> f.TaskFacts:
    evidence = [decision.because for decision in found.log if decision.what == "order of rows"]
    pictures = found.design.eyes is not None
    return f.TaskFacts(
        problem="anomaly_detection",
        target=str(found.looked.label) if found.looked.truth is not None else "",
        case="row",
        cases="rows",
        metric="average_precision" if found.looked.truth is not None else "share_of_alarms",
        modality="image" if pictures else "sequence" if found.looked.time is not None else "tabular",
        evidence=("You asked for what is unusual; no target is needed.", *evidence),
    )


def _data(found: Found, private: Collection[str]) -> f.DataFacts:
    looked, whole = found.looked, found.looked.whole
    roles = {looked.time: "time"} if looked.time is not None else {}
    columns = [
        f.ColumnFacts(
            name=one.name,
            type=one.type,
            role=roles.get(one.name, one.role),
            evidence=one.evidence,
            missing=float(found.frame[one.name].isna().mean()),
        )
        for one in found.schema.columns
    ]
    if looked.truth is not None and looked.label in whole.columns:
        why = f"Marks {int(looked.truth.sum()):,} of {len(whole):,} rows; nothing is learnt from it."
        missing = float(whole[looked.label].isna().mean())
        columns.append(f.ColumnFacts(name=str(looked.label), type="label", role="target", evidence=why, missing=missing))
    judged = [column for column in found.schema.features if column.name != looked.time]
    return f.DataFacts(
        name=looked.dataset.name,
        source=looked.dataset.details.get("format"),
        rows=len(whole),
        columns=whole.shape[1],
        columns_used=len(judged),
        rows_train=len(found.scores),
        folds=FOLDS,
        sha256=looked.dataset.details.get("sha256"),
        column_list=told_columns(columns, found.frame, private),
    )


def _costs(found: Found, ask: Ask) -> dict[str, dict[str, Any]]:
    """Time the scores of one row and of 1,000, and count the bytes that a detector keeps; all together take as long as their parts.

    Pictures are not timed: what a network saw of them is kept for a while, and a second look would take no time.
    """
    budget, told = found.asked.budget, {}
    deadline = budget.deadline(TIMED_UNTIL, min(TIMED_SECONDS, TIMED_SHARE * budget.limit if budget.timed else TIMED_SECONDS))
    many = found.frame.iloc[np.arange(MANY) % len(found.frame)].reset_index(drop=True)
    for member in found.members:
        one: dict[str, Any] = {"size_bytes": _bytes(member)}
        for name, frame in (("predict_seconds_per_1000", many), ("predict_seconds_one", many.head(1))):
            if found.rows.patches is None and not deadline.over():
                one[name] = _seconds(partial(ask, frame, (member,)), budget)
        told[member.family.name] = one
    parts = [told[member.family.name] for member in voters(found.members)]
    names = [name for name in ("size_bytes", "predict_seconds_per_1000", "predict_seconds_one") if all(name in part for part in parts)]
    return {JOINT: {name: sum(part[name] for part in parts) for name in names}, **told}


def _seconds(call: Callable[[], Any], budget: Budget) -> float:
    """Return how long a call takes; the shortest of three where it is short."""
    took: list[float] = []
    while len(took) < 3 and sum(took) < SHORT:
        began = budget.clock()
        call()
        took.append(budget.clock() - began)
    return min(took)


def _bytes(member: Member) -> int:
    models = sum(int(np.asarray(values).nbytes) for values in member.model.values())
    rarities = (*member.rarity, *(one for columns in member.by_column for one in columns))
    return models + sum(int(values.nbytes) for rarity in rarities for values in rarity.to_arrays().values())


def _search(found: Found) -> f.SearchFacts:
    budget = found.asked.budget
    return f.SearchFacts(
        trials=len(found.members),
        seconds=float(sum(found.seconds.values())),
        budget=f"{round(budget.limit, 1):g} s" if budget.timed else "without a clock",
        metric_title="Average precision",
        greater_is_better=True,
    )


def _reproduce(found: Found) -> f.ReproduceFacts:
    versions = {"automl": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return f.ReproduceFacts(
        python=_call(found),
        seed=found.asked.seed,
        versions=versions,
        hardware={"processor": platform.machine(), "cores": str(os.cpu_count()), "system": platform.system()},
        data_fingerprint=found.looked.dataset.details.get("sha256"),
    )


def _call(found: Found) -> str:
    """Return the call that makes the detector again."""
    asked, path = found.asked, found.looked.dataset.path
    told: Mapping[str, Any] = {
        "target": asked.label,
        "alarms": asked.alarms,
        "false_alarms": asked.false_alarms,
        "families": None if asked.families is None else list(asked.families),
        "time": asked.time,
        "types": dict(asked.types) or None,
        "ignore": list(asked.ignore) or None,
        "examples": asked.examples,
    }
    given = [f"{name}={value!r}" for name, value in told.items() if value is not None]
    budget = f"budget={asked.budget.limit:g}" if asked.budget.timed else "budget=None"
    source = repr(os.path.basename(path)) if path else "data"
    arguments = [source, *given, "problem='anomaly_detection'", budget, f"seed={asked.seed}"]
    return f"automl.fit({', '.join(arguments)})"
