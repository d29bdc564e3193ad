"""Arguments and options that several commands share, and what they are read as."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from automl.errors import UsageError
from automl.results import FORECAST_SCORES, LABEL_SCORES, Gate

Data = Annotated[str, typer.Argument(metavar="DATA", help="A table: .csv, .tsv, .xlsx, .parquet or .jsonl.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model file that `automl fit` wrote.")]
Targets = Annotated[list[str] | None, typer.Option("--target", "-t", metavar="COLUMN", help="What to predict; repeat it for labels.")]
Time = Annotated[str | None, typer.Option("--budget", "-b", help="Time for everything, such as 90s, 5m or 1h30m. Default: 5m.")]
Memory = Annotated[str | None, typer.Option(help="Memory that the process may use, such as 4GB.")]
Out = Annotated[str | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results. Default: results/NAME.")]
Page = Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="The same as a page: comparison.html.")]
Families = Annotated[str | None, typer.Option(metavar="A,B", help="Only these families of models.")]
OnlyNetworks = Annotated[bool, typer.Option("--only-networks", help="A model of networks alone; linear and naive only to compare.")]
Combine = Annotated[bool, typer.Option("--combine-columns", help="Try products, ratios and differences of columns, too.")]
Pretrained = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="A .keras file to look at pictures with, or a network of keras.applications in the cache."),
]
Examples = Annotated[str | None, typer.Option(help="none or few: what the report shows of rows or series. Default: pictures, no texts.")]
Seed = Annotated[int | None, typer.Option(help="Seed of every random choice. Default: 0.")]
Trials = Annotated[int | None, typer.Option(help="Try at most so many configurations; without --budget a run can be repeated exactly.")]
Metric = Annotated[
    str | None,
    typer.Option(
        help="What the weights of the ensemble minimise: log_loss, brier, rmse or mae; or what decisions serve: macro_f1,"
        " balanced_accuracy, f1 (two classes) or accuracy."
    ),
]
Problem = Annotated[
    str | None,
    typer.Option("--problem", "--task", help="binary, multiclass, regression, forecasting, anomaly_detection, multilabel."),
]
Types = Annotated[list[str] | None, typer.Option("--type", metavar="COLUMN=TYPE", help="Type of a column, where the detection is wrong.")]
Group = Annotated[str | None, typer.Option("--group", metavar="COLUMN", help="Rows of one value of it belong together.")]
Moment = Annotated[str | None, typer.Option("--time", metavar="COLUMN", help="When a row happened: folds follow its order.")]
Series = Annotated[str | None, typer.Option("--series", metavar="A,B", help="Columns that tell series apart (forecasting).")]
Horizon = Annotated[int | None, typer.Option("--horizon", metavar="N", help="Steps to look ahead (forecasting).")]
Known = Annotated[str | None, typer.Option("--known", metavar="A,B", help="Columns whose future is known: prices, promotions.")]
Past = Annotated[str | None, typer.Option("--past", metavar="A,B", help="Columns whose future is not known.")]
Static = Annotated[str | None, typer.Option("--static", metavar="A,B", help="Columns that do not change within a series.")]
Frequency = Annotated[str | None, typer.Option("--frequency", metavar="D", help="Distance of steps: min, h, D, W, MS … (forecasting).")]
Season = Annotated[str | None, typer.Option("--season", metavar="N,M", help="Steps after which values come again (forecasting).")]
Country = Annotated[str | None, typer.Option("--country", metavar="DE", help="Whose public holidays count (forecasting).")]
Alarms = Annotated[float | None, typer.Option("--alarms", metavar="SHARE", help="Share of rows that may raise an alarm (anomalies).")]
FalseAlarms = Annotated[float | None, typer.Option("--false-alarms", metavar="SHARE", help="Share of normal rows that may (anomalies).")]
History = Annotated[str | None, typer.Option("--history", metavar="FILE", help="New observations of the series, with their target.")]
Sensitive = Annotated[str | None, typer.Option(metavar="A,B", help="Columns to compare people by; not read by the model.")]
Changes = Annotated[list[str] | None, typer.Option("--change", metavar="COLUMN=WAY", help="never, up or down: what may change.")]
StartOver = Annotated[bool, typer.Option("--start-over", help="Drop the unfinished run that the folder holds, and begin again.")]
Require = Annotated[list[str] | None, typer.Option(metavar="METRIC>=VALUE", help="Exit with 5 unless this is reached; all is saved.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON to stdout, for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def gates_of(texts: list[str] | None) -> list[Gate]:
    """Return the minima that ``--require`` names."""
    if not texts:
        return []
    from automl.metrics import METRICS

    return [Gate.parse(text, [*METRICS, *FORECAST_SCORES, *LABEL_SCORES]) for text in texts]


def costs_of(miss: float | None, false_alarm: float | None, currency: str | None) -> dict[str, Any] | None:
    """Return what errors cost; None where nothing is said.

    Raises:
        UsageError: If only one of the two is given.
    """
    if miss is None and false_alarm is None:
        return None
    if miss is None or false_alarm is None:
        raise UsageError("`--cost-miss` and `--cost-false-alarm` must be given together. Received only one; the other may be 0.")
    return {"miss": miss, "false_alarm": false_alarm, **({} if currency is None else {"currency": currency})}


def one_target(names: list[str] | None) -> str | None:
    """Return the only target, None without one.

    Raises:
        UsageError: If there are several.
    """
    if names and len(names) > 1:
        raise UsageError(f"`--target` must be given once here. Received {', '.join(names)}.")
    return names[0] if names else None


def of_series(
    series: str | None,
    horizon: int | None,
    known: str | None,
    past: str | None,
    static: str | None,
    frequency: str | None,
    season: str | None,
    country: str | None,
) -> dict[str, Any]:
    """Return the options of forecasts that were given.

    Raises:
        UsageError: If a season is no whole number.

    Example:
        >>> of_series("store", 28, None, None, None, None, "7,365", None)
        {'horizon': 28, 'frequency': None, 'country': None, 'season': [7, 365], 'series': ['store']}
    """
    steps = None
    if season is not None:
        parts = [part.strip() for part in season.split(",")]
        if not all(part.isdigit() for part in parts):
            raise UsageError(f"`--season` must be whole numbers of steps, such as 7 or 24,168. Received {season!r}.")
        steps = [int(part) for part in parts]
    listed = {"series": series, "known": known, "past": past, "static": static}
    names = {name: [part.strip() for part in text.split(",") if part.strip()] for name, text in listed.items() if text is not None}
    return {"horizon": horizon, "frequency": frequency, "country": country, "season": steps, **names}
