"""What a fit would do with the rows of series: times, series, grid, horizon, season, covariates and backtest; nothing is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from automl.budget import Budget
from automl.dataset import read, with_target
from automl.detection import LARGEST, Detection, tell_refusal
from automl.errors import DataError, UsageError
from automl.forecasting.forecaster import Forecaster, refuse_unknown
from automl.forecasting.run import ForecastRun
from automl.task import Task


def detect_forecast(data: Any, target: Any, options: Mapping[str, Any]) -> Detection:
    """Find out all that a fit would find out before it trains, by the same code.

    Args:
        data: As in :func:`automl.fit`.
        target: Name of the column to forecast, or its values.
        options: Further arguments of a :class:`Forecaster`.

    Raises:
        DataError: If a fit would refuse the data; the message says what to change.
        UsageError: If an argument is impossible.
    """
    refuse_unknown(dict(options))
    if isinstance(target, (list, tuple)) and len(target) > 1 and all(isinstance(name, str) for name in target):
        raise UsageError(f"A forecast is of one column. Received target={list(target)!r}; give one of them.")
    given = {name: value for name, value in options.items() if value is not None and value is not False and name != "budget"}
    settings = Forecaster(budget=Budget(trials=1), **given)._settings
    run = ForecastRun(settings)
    dataset = read(data, log=run.log, folders=True, largest=LARGEST)
    run.detect(*with_target(dataset, target))
    run.split()
    return _told(run)


def with_forecast(found: Detection, data: Any, target: Any, options: Mapping[str, Any]) -> Detection:
    """Return a detection that found series to forecast, with what a fit would do about them; why not, where it would refuse them.

    Args:
        found: Where the order of the rows was seen to carry the signal.
        data: As in :func:`automl.fit`.
        target: The target that was given; None for the guess of `found`.
        options: Further arguments of a :class:`Forecaster`.
    """
    task = found.task or found.guess
    if task is None or task.time is None or task.time.get("column") is None:
        return found
    try:
        made = detect_forecast(data, task.target if target is None else target, options)
    except DataError as problem:
        return tell_refusal(found, problem)
    assert made.task is not None
    task = replace(task, time=made.task.time, series=made.task.series)
    told = replace(found, schema=made.schema, decisions=made.decisions, plan=made.plan)
    return replace(told, task=task) if found.task is not None else replace(told, guess=task)


def _told(run: ForecastRun) -> Detection:
    layout, panel, rules = run.layout, run.panel, run.world.rules
    season: Any = list(rules.seasons) if len(rules.seasons) > 1 else rules.seasons[0] if rules.seasons else None
    time = {"column": layout.time.name, "frequency": panel.frequency.name, "season": season, "horizon": run.horizon}
    columns = list(layout.series) if len(layout.series) != 1 else layout.series[0]
    series = {"column": columns, "count": panel.series, "steps": panel.steps} if layout.series else None
    evidence = ("You asked for a forecast.", *(d.because for d in run.log if d.what in ("column of times", "columns of series")))
    task = Task("regression", run.target, (), "rmse", "sequence", 1.0, tuple(dict.fromkeys(evidence)), kind="forecasting")
    roles = {layout.target.name: "target", layout.time.name: "time", **dict.fromkeys(layout.series, "series")}
    roles |= {covariate.name: "feature" for covariate in layout.covariates} | dict.fromkeys(layout.dropped, "dropped")
    asked = run.settings.asked
    for what, said in (("column of times", asked.time), ("columns of series", asked.series)):
        if said is not None and not any(decision.what == what for decision in run.log):
            shown = said if isinstance(said, str) else " and ".join(map(repr, said)) or "none: one series"
            run.log.add("detect", what, shown, "You said so.")
    plan = {
        **{role: [covariate.name for covariate in layout.of(role)] for role in ("known", "past", "static")},
        "not_used": dict(layout.dropped),
        "warnings": list(run.warnings),
        "steps": [decision.to_dict() for decision in _in_order(run)],
    }
    task = replace(task, time=time, series=series)
    return Detection(task, run.schema.with_roles(roles), (), tuple(run.log), plan=plan)


def _in_order(run: ForecastRun) -> list[Any]:
    """Return the decisions of a forecast in the order in which people ask for them."""
    first = ("column of times", "columns of series", "frequency", "horizon", "season")
    told = [decision for decision in run.log if decision.stage != "read" and decision.what != "column types"]
    return sorted(told, key=lambda decision: first.index(decision.what) if decision.what in first else len(first))
