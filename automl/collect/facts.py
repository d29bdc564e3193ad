"""Everything a run found as facts of the report, section by section."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Collection
from typing import TYPE_CHECKING

import pandas as pd

from automl import __version__
from automl.collect.drawn import drawing_of
from automl.collect.ruled import rule_facts
from automl.collect.shared import only
from automl.collect.where import trouble, where_facts
from automl.collect.why import why_facts
from automl.leaderboard import METRIC_TITLES, NOT_TRIED, Compared
from automl.metrics import METRICS
from automl.private import allowed, private_columns, told_columns, told_decisions, told_findings
from automl.report import facts as f
from automl.report.answer import answer
from automl.report.blocks import trust
from automl.report.simplest import simplest
from automl.report.tried_facts import MistakesFacts, TriedFacts

if TYPE_CHECKING:
    from automl.dataset import Dataset
    from automl.run import Run
    from automl.schema import Schema
    from automl.split import Split

PACKAGES = ("keras", "tensorflow", "jax", "torch", "scikit-learn", "lightgbm", "numpy", "pandas", "scipy")


def collect_facts(run: Run, compared: Compared) -> f.ReportFacts:
    """Return the facts of a finished run.

    Args:
        run: A run after its last stage.
        compared: Its models side by side.

    Returns:
        The versioned facts that ``report.json`` holds and the page is drawn from.
    """
    judgement = run.judgement
    evaluation = f.EvaluationFacts.model_validate({**judgement.evaluation.report(), "sets": _sets(run), "rule": rule_facts(run)})
    board, task, threshold = _leaderboard(run, compared), _task(run), _threshold(run)
    examples = run.settings.examples
    private = frozenset() if examples == "few" else private_columns(run.schema.columns, run.findings)
    findings = told_findings(run.findings, private, examples)
    data = data_facts(run.dataset, run.schema, run.parts, run.learning_rows, test=run.test_rows is not None, private=private)
    texts, pictures = ([column.name for column in run.schema.columns if column.type == kind] for kind in ("text", "image"))
    sections = {**allowed(why_facts(run), examples, texts, pictures), **where_facts(run)}
    found = answer(task, evaluation, threshold=threshold, findings=findings, trouble=trouble(sections))
    made = f.ReportFacts(
        title=f"{run.task.target}: predicted from {run.dataset.name}",
        model_name=run.dataset.name.rsplit(".", 1)[0],
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        automl_version=__version__,
        answer=_answer(run, found),
        task=task,
        data=data,
        findings=findings,
        evaluation=evaluation,
        threshold=threshold,
        calibration=_calibration(run),
        **sections,
        leaderboard=board,
        advice=None if compared.networks is None else compared.networks.sentence,
        networks=compared.networks,
        tried=_tried(run, compared, board),
        search=_search(run),
        decisions=told_decisions(run.log, run.dataset.frame, private),
        reproduce=_reproduce(run),
    )
    handed = trust.sentence(made, made.selective) if made.selective is not None else ""
    if not handed or made.answer.verdict == "no":
        return made
    told = made.answer.model_copy(update={"sentences": (*made.answer.sentences, handed)})
    return made.model_copy(update={"answer": told})


def _answer(run: Run, found: f.Answer) -> f.Answer:
    """Return the answer; where the time was too short for any model that looks at the columns, it says that instead of blaming the data."""
    if any(trial.usable and trial.family.tags.kind != "naive" for trial in run.trials):
        return found
    rule = "A model that looks at the columns must have been trained; within this budget none was."
    headline = "Do not use it: the budget was too short to train any model; give it more time."
    return found.model_copy(update={"verdict": "no", "rule": rule, "headline": headline})


def _task(run: Run) -> f.TaskFacts:
    task = run.task
    runner = f.RunnerUp.model_validate(task.runner_up) if task.runner_up else None
    return f.TaskFacts(
        problem=task.problem,  # type: ignore[arg-type]
        target=task.target,
        classes=task.classes,
        positive=task.classes[1] if task.problem == "binary" else None,
        metric=task.metric,
        evidence=task.evidence,
        confidence=task.confidence,
        runner_up=runner,
    )


def data_facts(
    dataset: Dataset, schema: Schema, parts: Split, learning_rows: int, *, test: bool, private: Collection[str] = ()
) -> f.DataFacts:
    """Return what a run read and how it dealt its rows.

    Args:
        dataset: The data; the rows of a test file stand behind those to learn from.
        schema: Its columns.
        parts: Which rows train and which judge.
        learning_rows: Rows that are not of a test file.
        test: Whether a test file judges.
        private: Columns of which no value may be told.
    """
    frame = dataset.frame.iloc[:learning_rows]
    columns = tuple(
        f.ColumnFacts(name=one.name, type=one.type, role=one.role, evidence=one.evidence, missing=float(frame[one.name].isna().mean()))
        for one in schema.columns
    )
    return f.DataFacts(
        name=dataset.name,
        source=dataset.details.get("format"),
        rows=len(frame),
        columns=frame.shape[1],
        columns_used=len(schema.features),
        rows_train=len(parts.train),
        rows_holdout=0 if test else len(parts.holdout),
        rows_test=len(parts.holdout) if test else 0,
        folds=parts.folds,
        sha256=dataset.details.get("sha256"),
        column_list=told_columns(columns, frame, private),
    )


def _threshold(run: Run) -> f.ThresholdFacts | None:
    threshold, costs = run.judgement.threshold, run.settings.costs
    if threshold is None:
        return None
    stated = None
    if costs and costs.get("miss") is not None and costs.get("false_alarm") is not None:
        stated = f.Costs(miss=costs["miss"], false_alarm=costs["false_alarm"], currency=str(costs.get("currency") or ""))
    values = threshold.to_dict()
    rows = tuple(f.ThresholdRow.model_validate(only(f.ThresholdRow, row)) for row in values["table"])
    counts = () if run.examined is None else run.examined.counts
    return f.ThresholdFacts(
        value=threshold.value,
        rule=threshold.rule,
        because=threshold.because,
        reached=threshold.reached,
        costs=stated,
        table=rows,
        segments=tuple(f.SegmentCountsFacts.model_validate(vars(one)) for one in counts),
    )


def _calibration(run: Run) -> f.CalibrationFacts | None:
    if not run.task.is_classification:
        return None
    chosen = run.judgement.calibration
    return f.CalibrationFacts(method=chosen.method, candidates=dict(chosen.losses), applied=chosen.method != "none", because=chosen.because)


def _sets(run: Run) -> f.SetsFacts | None:
    sets = run.judgement.sets
    if sets is None or sets.measured is None:
        return None
    return f.SetsFacts(
        nominal=sets.coverage,
        measured=sets.measured,
        low=sets.measured_low,
        high=sets.measured_high,
        mean_size=sets.mean_size,
        single=sets.single,
    )


def _leaderboard(run: Run, compared: Compared) -> f.LeaderboardFacts:
    """Return the best trial of each family and the ensemble, on the rows that judge the search."""
    table = compared.table
    best = table.drop_duplicates("family")  # the table is sorted
    rows = []
    for rank, entry in enumerate(best.to_dict(orient="records"), start=1):
        own = table[table["family"] == entry["family"]]
        known = {name: None if pd.isna(entry[name]) else entry[name] for name in ("beyond_noise", "predict_ms_1", "predict_ms_1000")}
        rows.append(
            f.LeaderboardRow(
                rank=rank,
                name=entry["model"],
                family=entry["family"],
                title=entry["title"],
                kind=entry["kind"] if entry["kind"] in ("network", "tree", "linear", "naive", "ensemble") else "other",
                score=entry["loss"],
                low=entry["low"],
                high=entry["high"],
                trials=int((own["status"] != NOT_TRIED).sum()),
                seconds=float(own["seconds"].sum()),
                weight=float(own["weight"].sum()),
                size_bytes=None if pd.isna(entry["size_bytes"]) else int(entry["size_bytes"]),
                predict_seconds_one=None if known["predict_ms_1"] is None else known["predict_ms_1"] / 1000,
                predict_seconds_per_1000=None if known["predict_ms_1000"] is None else known["predict_ms_1000"] / 1000,
                difference=entry["difference"],
                difference_low=entry["difference_low"],
                difference_high=entry["difference_high"],
                beyond_noise=known["beyond_noise"],
                reference=entry["family"] in run.plan.references,
                config=entry["config"],
                status=entry["status"],
                note=entry["note"],
            )
        )
    metric = run.task.metric
    folds = "cross-fitted out-of-fold rows" if run.parts.folds > 1 else "validation rows"
    return f.LeaderboardFacts(
        metric=metric,
        metric_title=METRIC_TITLES.get(metric, metric),
        source=f"{len(run.judged_rows):,} {folds}",
        best_single=compared.best_single,
        absent=compared.absent,
        rows=tuple(rows),
    )


def _tried(run: Run, compared: Compared, board: f.LeaderboardFacts) -> TriedFacts:
    found = compared.mistakes
    alike = None if found is None else MistakesFacts.model_validate(found)
    return TriedFacts(mistakes=alike, simplest=simplest(board), drawing=drawing_of(run))


def _search(run: Run) -> f.SearchFacts:
    history: list[f.SearchPoint] = []
    best = float("inf")
    factor, title = (1.0, METRIC_TITLES["log_loss"]) if run.task.is_classification else run.scaler.loss(1.0)
    for trial in run.trials:
        if trial.usable and trial.loss is not None and trial.loss < best:
            best = float(trial.loss)
            history.append(f.SearchPoint(elapsed=trial.elapsed, best=best * factor, family=trial.family.name))
    budget = run.budget
    limits = [f"{round(budget.limit, 1):g} s"] if budget.timed else []
    limits += [f"{budget.trials} trials"] if budget.trials is not None else []
    return f.SearchFacts(
        trials=len(run.trials),
        failed=sum(trial.status == "failed" for trial in run.trials),
        seconds=budget.elapsed(),
        budget=" and ".join(limits),
        metric_title=title,
        greater_is_better=METRICS[run.task.metric].greater_is_better,
        history=tuple(history),
    )


def _reproduce(run: Run) -> f.ReproduceFacts:
    settings, budget = run.settings, run.budget
    arguments = [f"target={run.task.target!r}", f"seed={settings.seed}"]
    seconds = f"{budget.limit:g}" if budget.timed else "None"
    trials = [f"trials={budget.trials}"] if budget.trials is not None else []
    if budget.memory is None:
        arguments[1:1] = [f"budget={seconds}", *trials]
    else:
        arguments[1:1] = [f"budget=automl.Budget({', '.join([seconds, *trials, f'memory={budget.memory}'])})"]
    for name in ("problem", "positive", "metric", "costs", "min_precision", "min_recall", "examples"):
        value = getattr(settings, name)
        if value is not None:
            arguments.append(f"{name}={value!r}")
    if settings.only_networks:
        arguments.append("only_networks=True")
    if settings.combine_columns:
        arguments.append("combine_columns=True")
    if settings.pretrained is not None:
        arguments.append(f"pretrained={settings.pretrained.called!r}")
    if settings.target_scale is not None:
        arguments.append(f"target_scale={settings.target_scale!r}")
    if settings.families is not None:
        arguments.append(f"families={[getattr(family, 'name', family) for family in settings.families]!r}")
    for name, given in (
        ("types", settings.types),
        ("ignore", list(settings.ignore)),
        ("sensitive", list(settings.sensitive)),
        ("changes", settings.changes),
    ):
        if given:
            arguments.append(f"{name}={given!r}")
    if settings.test is not None:
        arguments.append(f"test={os.path.basename(settings.test)!r}" if isinstance(settings.test, (str, os.PathLike)) else "test=test")
    source = repr(os.path.basename(run.dataset.path)) if run.dataset.path else "data"
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return f.ReproduceFacts(
        python=f"automl.fit({source}, {', '.join(arguments)})",
        seed=settings.seed,
        versions={"automl": __version__, "python": platform.python_version(), **installed},
        hardware={"processor": platform.machine(), "cores": str(os.cpu_count()), "system": platform.system()},
        data_fingerprint=run.dataset.details.get("sha256"),
    )
