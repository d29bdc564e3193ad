"""One call each: fit, load, detect, compare."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from automl.budget import Budget
from automl.detection import Detection, ForecastingError, MultilabelError
from automl.detection import detect as look_at
from automl.errors import DataError, UsageError
from automl.estimator import AutoML
from automl.loading import load
from automl.report.board import board_frame

if TYPE_CHECKING:
    from automl.progress import Progress

__all__ = ["Detection", "compare", "detect", "fit", "load"]

SUPERVISED = ("binary", "multiclass", "regression")
FORECAST_OPTIONS = ("horizon", "series", "known", "past", "static", "frequency", "season", "country")


def fit(
    data: Any,
    target: Any = None,
    *,
    budget: Budget | str | float | None = "5m",
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> Any:
    """Fit a model with one call.

    Rows that are steps of series are forecast: where ``problem="forecasting"`` is said, or `horizon`, `series`, `known`, `past`, `static`,
    `frequency`, `season` or `country` is given, or where the order of the rows shows it. With ``problem="anomaly_detection"`` no target is
    needed: what is unusual is found; a target then marks known anomalies to check against. Where cells of the target hold several labels,
    or several columns of two values are targets, each label is learnt and gets a threshold of its own.

    Args:
        data: A DataFrame, anything that converts to one, an array, or the path of a file.
        target: Name of the column to predict, or its values, one per row; or the names of several columns of two values.
        budget: Seconds or text such as ``"5m"``.
        progress: Called after every step.
        options: Further arguments of :class:`AutoML`, or of :class:`automl.forecasting.Forecaster`, or of
            :class:`automl.anomaly.detector.AnomalyDetector` (`alarms`, `false_alarms`).

    Returns:
        The fitted model: an :class:`AutoML`, a Forecaster, an AnomalyDetector or a
        :class:`automl.multilabel.classifier.MultilabelClassifier`.

    Raises:
        DataError: If the data cannot be used.
        UsageError: If an argument is impossible.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": range(60), "b": [0, 1] * 30})
        >>> model = fit(frame, target="a", budget=None, trials=1, families=["linear"])
        >>> model.task_.problem
        'regression'
    """
    limits = _one_clock(budget, options)
    if _wants_anomalies(options):
        return _detector(data, target, limits, progress, options)
    if options.get("problem") in SUPERVISED and options.get("series") is not None:  # whole series are told apart: found in the data
        options = {name: value for name, value in options.items() if name not in ("series", "time", "problem")}
    if _wants_forecast(options):
        return _forecast(data, target, limits, progress, options)
    if options.get("problem") == "multilabel" or _is_several(target):
        return _multilabel(data, target, limits, progress, options)
    try:
        if isinstance(target, str):
            return AutoML(target, budget=limits, **options).fit(data, progress=progress)
        return AutoML(budget=limits, **options).fit(data, target, progress=progress)
    except ForecastingError as found:
        return _forecast(data, target, limits, progress, {**options, "time": options.get("time") or found.time})
    except MultilabelError:
        return _multilabel(data, target, limits, progress, options)


def detect(
    data: Any,
    target: Any = None,
    *,
    problem: str | None = None,
    types: Mapping[str, str] | None = None,
    ignore: Sequence[str] = (),
    test: Any = None,
    group: str | None = None,
    time: str | None = None,
    **options: Any,
) -> Detection:
    """Find out what data hold and which task their target poses, with evidence; nothing is trained.

    Of series to forecast, and where what is unusual is looked for, it is told what :func:`fit` would do, found out by the same code.

    Args:
        data: A DataFrame, anything that converts to one, an array, the path of a file, or of a folder of pictures or texts.
        target: Name of the column to predict, or its values, one per row, or several names; None for a ranked guess.
        problem: The problem, where the detection is overruled.
        types: Column types, where the detection is overruled.
        ignore: Columns that are not used.
        test: A table or file to compare the data with.
        group: The column whose equal values belong together: a customer, a patient.
        time: The column that says when a row happened.
        options: What forecasts (`horizon`, `series`, `known`, …) and a search for anomalies (`alarms`, `false_alarms`) take beside that.

    Raises:
        DataError: If the data cannot be used.
        UsageError: If an argument is impossible.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"day": pd.date_range("2026-01-01", periods=70), "sold": [5, 7, 9, 8, 12, 20, 18] * 10})
        >>> found = detect(frame, "sold", problem="forecasting", horizon=7)
        >>> found.task.time
        {'column': 'day', 'frequency': 'D', 'season': 7, 'horizon': 7}
    """
    shared = {"types": types, "ignore": ignore, "time": time}
    if _wants_anomalies({"problem": problem, **options}):
        from automl.anomaly.detecting import detect_anomalies

        return detect_anomalies(data, target, {**shared, "group": group, "test": test, **options})
    if problem not in SUPERVISED and _wants_forecast({"problem": problem, **options}):
        from automl.forecasting.detecting import detect_forecast

        asked = {"problem": problem, "group": group, "test": test, **shared, **options}
        return detect_forecast(data, _guessed(data, **shared) if target is None else target, asked)
    options.pop("series", None)  # of supervised problems: which rows are of one series is found in the data
    if options:
        raise UsageError(f"Nothing is found out with the options {', '.join(options)}. Received {options}.")
    found = look_at(data, target, problem=problem, types=types, ignore=ignore, test=test, group=group, time=time)
    task = found.task or found.guess
    if task is not None and task.kind == "forecasting":
        from automl.forecasting.detecting import with_forecast

        return with_forecast(found, data, target, {name: value for name, value in shared.items() if value})
    if task is not None and task.problem == "anomaly_detection":
        from automl.anomaly.detecting import with_anomalies

        return with_anomalies(found, data, shared)
    return found


def _guessed(data: Any, **options: Any) -> str:
    """Return the column that looks most like one to forecast.

    Raises:
        DataError: If there is none.
    """
    found = look_at(data, **options)
    if found.guess is not None and found.guess.kind == "forecasting":
        return found.guess.target
    numbers = [name for name, _ in found.suggestions if found.schema[name].type in ("number", "boolean")]
    hint = f"; did you mean {numbers[0]!r}?" if numbers else ", and no column looks like one."
    raise DataError(f"`target` must name the column to forecast. Received nothing{hint}")


def _one_clock(budget: Budget | str | float | None, options: dict[str, Any]) -> Any:
    """Return a budget whose clock has begun, where the clock limits the run: what is found out about the data takes part of it."""
    if isinstance(budget, Budget) or budget is None:
        return budget
    return Budget(budget, trials=options.get("trials"))


def _detector(data: Any, target: Any, budget: Any, progress: Any, options: dict[str, Any]) -> Any:
    from automl.anomaly.detector import AnomalyDetector
    from automl.progress import Progress

    known = ("alarms", "false_alarms", "families", "seed", "time", "types", "ignore", "examples")
    given = {name: value for name, value in options.items() if value not in (None, False, (), {}) and name not in ("problem", "directory")}
    unknown = sorted(set(given) - {*known, "trials"})
    if unknown:
        raise UsageError(f"Anomaly detection takes the options {', '.join(known)}. Received {', '.join(unknown)}.")
    given.pop("trials", None)

    def told(stage: str) -> None:
        if progress is not None:
            timed = getattr(budget, "timed", False)
            progress(Progress(stage, None, "", 0, budget.elapsed() if timed else 0.0, budget.limit if timed else None, ""))

    return AnomalyDetector(target, budget=budget, **given).fit(data, progress=told)


def _wants_anomalies(options: Mapping[str, Any]) -> bool:
    """Whether what is unusual is looked for: it was said, or a rate of alarms was given."""
    return options.get("problem") == "anomaly_detection" or any(options.get(name) is not None for name in ("alarms", "false_alarms"))


def _wants_forecast(options: dict[str, Any]) -> bool:
    """Whether an argument says that series are to be forecast: the problem, what only forecasts have, or a family of forecasters."""
    if options.get("problem") == "forecasting" or any(options.get(name) is not None for name in FORECAST_OPTIONS):
        return True
    if not options.get("families"):
        return False
    from automl.forecasting.families import forecaster_names

    named = [options["families"]] if isinstance(options["families"], str) else options["families"]
    return any(isinstance(name, str) and name in forecaster_names() for name in named)


def _forecast(data: Any, target: Any, budget: Any, progress: Any, options: dict[str, Any]) -> Any:
    from automl.forecasting.forecaster import Forecaster, refuse_unknown

    refuse_unknown(options)
    given = {name: value for name, value in options.items() if value is not None and value is not False}
    if isinstance(target, str):
        return Forecaster(target, budget=budget, **given).fit(data, progress=progress)
    return Forecaster(budget=budget, **given).fit(data, target, progress=progress)


def _is_several(target: Any) -> bool:
    """Whether a target has several columns: their names, a table of them, or the labels of each row."""
    if getattr(target, "ndim", 0) == 2:
        return int(target.shape[1]) > 1
    if not isinstance(target, (list, tuple)):
        return False
    names = all(isinstance(name, str) for name in target) and 1 < len(target) == len(set(target))
    return names or any(isinstance(cell, (list, tuple, set, frozenset)) and len(cell) != 1 for cell in target)


def _multilabel(data: Any, target: Any, budget: Any, progress: Any, options: dict[str, Any]) -> Any:
    from automl.multilabel.classifier import MultilabelClassifier

    given = {name: value for name, value in options.items() if name not in ("problem", "directory")}
    return MultilabelClassifier(budget=budget, **given).fit(data, target, progress=progress)


def compare(
    data: Any,
    target: Any = None,
    *,
    budget: Budget | str | float | None = "5m",
    out: str | os.PathLike[str] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Compare architectures on one data set and return the leaderboard, best first: what the page `out` shows, as a table.

    Args:
        data: As in :func:`fit`.
        target: As in :func:`fit`, several labels too.
        budget: As in :func:`fit`.
        out: Where to write the same as one HTML file, such as ``"comparison.html"``; None for nowhere.
        options: Further arguments of :func:`fit`, such as ``families=["mlp", "linear"]`` or, for forecasts, ``horizon=7``.

    Returns:
        One row per family and one for the ensemble, best first: loss with 95 % interval, difference to the best single model with a paired
        test, seconds, size, prediction times, whether no other model beats it in both score and speed (`on_the_line`), weight in the
        ensemble, best configuration; a family without a usable model has its reason in `note`. Losses of labels are means over them.
        Detectors of anomalies have no loss: their average precision on known anomalies, how far they agree, alarms and costs.
        ``attrs`` hold the name of the metric and the rows it was measured on, the advice on networks, the simplest model within one
        standard error in words, the correlation of the models' mistakes by title and title, the losses by title and label (``pd.DataFrame``
        makes tables of both), and the kinds of models that did not take part.

    Raises:
        DataError: If the data cannot be used.
        UsageError: If an argument is impossible.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": range(60), "b": [0, 1] * 30})
        >>> sorted(compare(frame, "a", budget=None, trials=1, families=["linear"])["family"])
        ['ensemble', 'linear', 'naive']
    """
    model = fit(data, target, budget=budget, **options)
    if out is not None:
        from automl.report.html import write_comparison

        write_comparison(model.facts_, out)
    return board_frame(model.facts_)
