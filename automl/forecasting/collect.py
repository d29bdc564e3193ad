"""What a run of forecasting found, as the facts of the report."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from typing import TYPE_CHECKING, Any

import numpy as np

from automl import __version__
from automl.forecasting.judging import Collector
from automl.forecasting.tried import side_by_side
from automl.private import counted, measured, told_decisions
from automl.report import facts as f
from automl.report import words

_EVIDENCE = ("column of times", "columns of series", "frequency", "season")

if TYPE_CHECKING:
    from automl.forecasting.run import ForecastRun


def collect(run: ForecastRun) -> f.ReportFacts:
    """Return the facts of a finished run, which ``report.json`` holds and the page is drawn from."""
    found = Collector(run)
    evaluation = found.evaluation()
    about = run.dataset
    board, tried = side_by_side(run, found)
    return f.ReportFacts(
        title=f"{run.target}: forecast from {about.name}",
        model_name=about.name.rsplit(".", 1)[0],
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        automl_version=__version__,
        answer=_answer(run, evaluation, found),
        task=f.TaskFacts(
            problem="forecasting",
            target=run.target,
            metric="wql",
            modality="sequence",
            case="value",
            cases="values",
            evidence=tuple(dict.fromkeys(d.because for d in run.log if d.what in _EVIDENCE))[:3],
        ),
        data=_data(run),
        findings=_findings(run),
        evaluation=evaluation,
        forecast=found.forecast(),
        cards=() if run.card is None else (run.card,),
        leaderboard=board,
        tried=tried,
        search=_search(run),
        decisions=told_decisions(run.log, run.dataset.frame, _private(run) | _measured(run)),
        reproduce=_reproduce(run),
    )


def _answer(run: ForecastRun, evaluation: f.EvaluationFacts, found: Collector) -> f.Answer:
    test, scored = evaluation.comparisons[0], evaluation.scores
    if found.is_exact(found.naive):
        return _no_skill(run, test, found.is_exact(found.ours))
    share = 1.0 - (test.ours or 0.0) / test.theirs if test.theirs else 0.0
    error = scored["mae"].value
    sure = words.bracket(words.confidence(scored["mae"].low, scored["mae"].high))
    far = f"Forecasts {words.count(run.horizon, 'step')} ahead are off by {words.number(error)}{sure} on average"
    head = f"{far}; their loss is {words.percent(share)} below that of repeating the last season."
    told = [test.sentence]
    kept = scored["coverage"]
    if kept.value is not None:
        told.append(f"The 80 % interval held {words.percent(kept.value)} of {evaluation.rows:,} values.")
    if not test.better:
        rule = "A forecast must be shown to beat the seasonal naive on a window that no choice has seen; this one was not."
        return f.Answer(
            verdict="no",
            rule=rule,
            headline="Do not rely on it: nothing shows that it beats the last season.",
            sentences=tuple(told),
            warnings=tuple(run.warnings)[:3],
        )
    reasons = list(run.warnings)
    if run.origins.last is None:
        reasons.insert(0, "Series are too short for a window of their own; scores rest on the backtest that choices were made on.")
    if kept.high is not None and kept.high < 0.76:
        reasons.append(f"The 80 % interval held only {words.percent(kept.value)} of the values.")
    where = "on a window that no choice has seen" if run.origins.last is not None else "on the backtest"
    rule = f"It beats the seasonal naive {where}" + (", but some things wait for a person." if reasons else ".")
    verdict = "yes, with review" if reasons else "yes"
    return f.Answer(verdict=verdict, rule=rule, headline=head, sentences=tuple(told), warnings=tuple(reasons)[:3])  # type: ignore[arg-type]


def _no_skill(run: ForecastRun, test: f.ComparisonFacts, exact: bool) -> f.Answer:
    """Return the answer where repeating what was is right already: a forecast cannot be shown to be better, and may be worse."""
    what = "the last season" if run.world.rules.seasons else "the last value"
    ahead = words.count(run.horizon, "step")
    if exact:
        head = f"Forecasts {ahead} ahead were exact, and so was repeating {what}: no skill can be told."
        where = "on a window that no choice has seen" if run.origins.last is not None else "on the backtest that choices were made on"
        rule = f"It is right {where}, but nothing there could be done better than by repeating what was."
    else:
        head = f"Do not rely on it: repeating {what} makes no error here, this forecast does."
        rule = "A forecast must be at least as good as the seasonal naive, which makes no error here."
    warnings = run.warnings or [f"Repeating {what} made no error; how good the forecast is when values change is not known."]
    verdict: Any = "yes, with review" if exact else "no"
    return f.Answer(verdict=verdict, rule=rule, headline=head, sentences=(test.sentence,), warnings=tuple(warnings)[:3])


def _findings(run: ForecastRun) -> tuple[f.FindingFacts, ...]:
    """Return what was done to the rows and what a person should know."""
    made = [
        f.FindingFacts(check=d.what, columns=(), severity="info", action=d.chosen, because=d.because, override=d.override)
        for d in run.log
        if d.stage == "check"
    ]
    made += [f.FindingFacts(check="series", severity="warning", action="told", because=warning) for warning in run.warnings]
    return tuple(made)


def _private(run: ForecastRun) -> frozenset[str]:
    """Return the columns no value of which may stand in a sentence: those that are not used, and what series are called."""
    wanted, layout = run.settings.examples, run.layout
    return frozenset() if wanted == "few" else frozenset({*layout.dropped, *(layout.series if wanted == "none" else ())})


def _measured(run: ForecastRun) -> frozenset[str]:
    """Return the columns whose smallest and largest values may not stand in a sentence, because they are those of single steps."""
    if run.settings.examples != "none":
        return frozenset()
    kinds = {column.name for column in run.schema.columns if column.type in ("number", "datetime")}
    return frozenset({run.layout.target.name, run.layout.time.name, *kinds})


def _data(run: ForecastRun) -> f.DataFacts:
    frame, layout, private = run.dataset.frame, run.layout, _private(run)
    roles = {layout.target.name: "target", layout.time.name: "time", **dict.fromkeys(layout.series, "series")}
    roles |= {covariate.name: "feature" for covariate in layout.covariates} | dict.fromkeys(layout.dropped, "dropped")
    said = {
        covariate.name: {"known": "known in advance", "past": "known for the past", "static": "fixed for a series"}[covariate.role]
        for covariate in layout.covariates
    }
    told = {name: measured(frame[name]) for name in frame.columns if name in _measured(run)}
    told |= {name: counted(frame[name]) for name in layout.series if name in private}
    said = {**told, **layout.dropped, **said}
    columns = tuple(
        f.ColumnFacts(
            name=name,
            type=run.schema[name].type,
            role=roles.get(name, "dropped"),
            evidence=said.get(name, run.schema[name].evidence),
            missing=float(frame[name].isna().mean()),
        )
        for name in frame.columns
    )
    judged = int((~np.isnan(run.last_windows().truth())).sum()) if run.origins.last is not None else 0
    return f.DataFacts(
        name=run.dataset.name,
        source=run.dataset.details.get("format"),
        rows=len(frame),
        columns=frame.shape[1],
        columns_used=len(layout.covariates),
        rows_train=max(len(frame) - judged, 0),
        rows_holdout=min(judged, len(frame)),
        sha256=run.dataset.details.get("sha256"),
        column_list=columns,
    )


def _search(run: ForecastRun) -> f.SearchFacts:
    best, history = np.inf, []
    for trial in run.trials:
        if trial.usable and trial.loss is not None and trial.loss < best:
            best = float(trial.loss)
            history.append(f.SearchPoint(elapsed=trial.elapsed, best=best, family=trial.family.name))
    return f.SearchFacts(
        trials=len(run.trials),
        failed=sum(not trial.usable for trial in run.trials),
        seconds=sum(trial.seconds for trial in run.trials),
        budget=f"{run.budget.limit:.0f} s" if run.budget.timed else f"{run.budget.trials} trials",
        metric_title="Weighted quantile loss",
        history=tuple(history),
    )


def _reproduce(run: ForecastRun) -> f.ReproduceFacts:
    versions = {"automl": __version__, "python": platform.python_version()}
    for name in ("keras", "tensorflow", "jax", "scikit-learn", "numpy", "pandas", "holidays"):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    hardware = {"machine": platform.machine(), "cores": str(os.cpu_count() or 1)}
    return f.ReproduceFacts(python=_call(run), seed=run.settings.seed, versions=versions, hardware=hardware)


def _call(run: ForecastRun) -> str:
    """Return the call that makes the forecaster again."""
    budget, settings = run.budget, run.settings
    arguments = [f"target={run.target!r}", "problem='forecasting'", f"horizon={run.horizon}", f"seed={settings.seed}"]
    arguments += [f"budget={budget.limit:g}" if budget.timed else "budget=None"]
    arguments += [f"trials={budget.trials}"] if budget.trials is not None else []
    names = ("families", "series", "time", "known", "past", "static", "frequency", "season", "country", "ignore", "types", "target_scale")
    for name in (*names, "only_networks", "examples"):
        value = getattr(settings if hasattr(settings, name) else settings.asked, name)
        if value is not None and value is not False and (value or name not in ("types", "ignore")):
            shown = [getattr(one, "name", one) for one in value] if isinstance(value, (list, tuple)) else value
            arguments.append(f"{name}={shown!r}")
    source = repr(os.path.basename(run.dataset.path)) if run.dataset.path else "data"
    return f"automl.fit({source}, {', '.join(arguments)})"
