"""The commands. Each one parses, calls the library and shows the result; whatever takes long to import is imported inside."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from automl.cli import INTERRUPTED, comparing, detected, detectors, documents, output, starting
from automl.cli.interrupts import patient
from automl.cli.options import (
    Alarms,
    Changes,
    Combine,
    Country,
    Data,
    Examples,
    FalseAlarms,
    Families,
    Frequency,
    Group,
    History,
    Horizon,
    Json,
    Known,
    Memory,
    Metric,
    Model,
    Moment,
    OnlyNetworks,
    Out,
    Past,
    Pretrained,
    Problem,
    Quiet,
    Require,
    Season,
    Seed,
    Sensitive,
    Series,
    StartOver,
    Static,
    Targets,
    Time,
    Trials,
    Types,
    costs_of,
    gates_of,
    of_series,
    one_target,
)
from automl.errors import GateError, UsageError
from automl.progress import Progress, open_progress
from automl.results import Gate, prepare_folder, summary, summary_json, with_command, write_results

app = typer.Typer(
    name="automl",
    help="A table goes in; a calibrated model and a report that people can decide from come out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def fit(
    context: typer.Context,
    data: Data,
    target: Targets = None,
    budget: Time = None,
    out: Out = None,
    test: Annotated[str | None, typer.Option(metavar="FILE", help="Rows to judge the model on, which it never sees before.")] = None,
    families: Families = None,
    only_networks: OnlyNetworks = False,
    seed: Seed = None,
    trials: Trials = None,
    memory: Memory = None,
    problem: Problem = None,
    positive: Annotated[str | None, typer.Option(metavar="CLASS", help="The class that matters, of two.")] = None,
    types: Types = None,
    ignore: Annotated[str | None, typer.Option(metavar="A,B", help="Columns that are not used.")] = None,
    group: Group = None,
    time: Moment = None,
    series: Series = None,
    horizon: Horizon = None,
    known: Known = None,
    past: Past = None,
    static: Static = None,
    frequency: Frequency = None,
    season: Season = None,
    country: Country = None,
    alarms: Alarms = None,
    false_alarms: FalseAlarms = None,
    sensitive: Sensitive = None,
    change: Changes = None,
    metric: Metric = None,
    target_scale: Annotated[str | None, typer.Option(help="linear or log, where numbers span orders of magnitude.")] = None,
    combine_columns: Combine = False,
    pretrained: Pretrained = None,
    examples: Examples = None,
    cost_miss: Annotated[float | None, typer.Option(min=0, help="What it costs to miss a positive case.")] = None,
    cost_false_alarm: Annotated[float | None, typer.Option(min=0, help="What a false alarm costs.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of the costs, such as EUR.")] = None,
    min_recall: Annotated[float | None, typer.Option(min=0, max=1, help="Recall that the threshold has to reach.")] = None,
    min_precision: Annotated[float | None, typer.Option(min=0, max=1, help="Precision that the threshold has to reach.")] = None,
    require: Require = None,
    start_over: StartOver = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train on a table and write model, report and leaderboard."""
    limits = starting.budget_of(budget, trials, memory)
    gates = gates_of(require)
    output.existing(data, "data", folders=True)
    if test is not None:
        output.existing(test, "--test")
    if problem == "anomaly_detection" or alarms is not None or false_alarms is not None:
        given: dict[str, Any] = {"alarms": alarms, "false_alarms": false_alarms, "seed": seed, "time": time, "types": output.pairs(types)}
        given |= {"families": output.names(families), "ignore": output.names(ignore), "examples": examples}
        typed, made = shlex.join(["automl", *context.obj]), partial(_folder, start_over=start_over)
        return _finish(*detectors.fit(data, one_target(target), limits, made, out, given, typed, quiet), gates, as_json, False)
    column = (target if len(target) > 1 else target[0]) if target else detected.ask_target(starting.library().detect, data, limits)
    folder = _folder(out or Path("results") / output.stem(data), start_over)
    options: dict[str, Any] = {
        "families": output.names(families),
        "only_networks": only_networks or None,
        "seed": seed,
        "problem": problem,
        "positive": positive,
        "types": output.pairs(types),
        "ignore": output.names(ignore),
        "group": group,
        "time": time,
        "sensitive": output.names(sensitive),
        "changes": output.pairs(change, "--change", "age=up"),
        "metric": metric,
        "target_scale": target_scale,
        "combine_columns": combine_columns or None,
        **{"pretrained": pretrained, "examples": examples},
        "costs": costs_of(cost_miss, cost_false_alarm, currency),
        "min_recall": min_recall,
        "min_precision": min_precision,
        "test": test,
        "directory": folder,
        **of_series(series, horizon, known, past, static, frequency, season, country),
    }
    with open_progress(elapsed=limits.elapsed, quiet=quiet) as display, patient(output.before_networks(display)) as progress:
        progress(starting.started(limits))
        given = {name: value for name, value in options.items() if value is not None}
        library, command = starting.library(), shlex.join(["automl", *context.obj])
        model = library.fit(data, column, budget=limits, progress=_noted(progress, folder, command), **given)
        model.facts_ = with_command(model.facts_, command)
        files = write_results(model, folder)
    _finish(model, files, gates, as_json, progress.asked)


@app.command()
def run(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE", help="A business problem as YAML; see recipes/.")],
    out: Out = None,
    budget: Time = None,
    require: Require = None,
    start_over: StartOver = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Solve the business problem that a recipe describes."""
    from automl.recipe import load_recipe, run_recipe

    gates = gates_of(require)
    loaded = load_recipe(recipe)
    limits = starting.budget_of(budget or loaded.budget, loaded.trials, None)
    folder = _folder(out or Path("results") / loaded.name, start_over)
    with open_progress(elapsed=limits.elapsed, quiet=quiet) as display, patient(output.before_networks(display)) as progress:
        progress(starting.started(limits))
        starting.library()
        model = run_recipe(recipe, out=folder, budget=limits, progress=progress)
    files = detectors.files_of(folder) if loaded.problem == "anomaly_detection" else output.result_files(folder)
    _finish(model, files, gates, as_json, progress.asked)


@app.command()
def resume(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="The folder of a run that was cut off: its --out.")],
    data: Annotated[str | None, typer.Option(metavar="FILE", help="Where the data are now, if they have moved.")] = None,
    budget: Annotated[str | None, typer.Option("--budget", "-b", help="Time for all, with what was spent. Default: as begun.")] = None,
    trials: Annotated[int | None, typer.Option(help="Configurations in all, with those that were tried. Default: as begun.")] = None,
    require: Require = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go on with a run that was cut off; what was finished is not done again."""
    from automl.trials import recorded_run

    gates = gates_of(require)
    told = recorded_run(folder)
    recorded = told["budget"]
    seconds, cap = recorded["seconds"] if budget is None else budget, recorded["trials"] if trials is None else trials
    limits, home = starting.budget_of(seconds, cap, recorded["memory"]), prepare_folder(folder)
    with open_progress(elapsed=limits.elapsed, quiet=quiet) as display, patient(output.before_networks(display)) as progress:
        progress(starting.started(limits))
        library = starting.library()
        if "recipe" in told:
            model = library.run_recipe(told["recipe"], out=home, budget=limits, progress=progress, resume=True, data=data)
        else:
            model = library.AutoML.resume(home, data, budget=limits, progress=progress)
            model.facts_ = with_command(model.facts_, told.get("command") or shlex.join(["automl", "resume", folder]))
            write_results(model, home)
    _finish(model, output.result_files(home), gates, as_json, progress.asked)


app.command()(detected.detect)


@app.command()
def predict(
    model: Model,
    data: Data,
    out: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="A .csv, .tsv, .parquet or .jsonl file.")] = None,
    sets: Annotated[float | None, typer.Option(metavar="SHARE", help="Add the classes that hold the true one with this share.")] = None,
    history: History = None,
    as_json: Json = False,
) -> None:
    """Predict each row of a table, or each picture of a folder; without -o the table goes to stdout as CSV."""
    write = output.table_writer(out)
    output.existing(data, "data", folders=True)
    loaded = output.load_model(model)
    frame, files = output.read_rows(data, loaded)
    table = output.with_files(output.predictions(loaded, frame, sets, history), files)
    if out is not None:
        write(table)
        print(f"{len(table):,} predictions are in {out}.", file=sys.stderr)
    elif as_json:
        output.print_json(output.records(table))
    else:
        table.to_csv(sys.stdout, index=False)


@app.command()
def explain(
    model: Model,
    data: Data,
    row: Annotated[list[int] | None, typer.Option("--row", "-r", metavar="N", help="Number of the row, from 0; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Say what each column added to the prediction of a row."""
    output.existing(data, "data")
    fitted = output.load_model(model)
    if not hasattr(fitted, "explain"):
        said = "where each series goes and what covariates add" if hasattr(fitted, "forecast") else "which columns made each row strange"
        raise UsageError(f"`explain` is for models of tables. Received {model!r}; its report says {said}: `automl report`.")
    told = output.explanations(fitted, output.read_frame(data), row or [0])
    if as_json:
        output.print_json(told)
    else:
        output.print_explanations(told)


app.command()(comparing.compare)
app.command()(documents.report)
app.command()(documents.verify)


def _folder(path: str | Path, start_over: bool) -> Path:
    """Make the folder for results; with `start_over` an unfinished run in it is dropped."""
    folder = prepare_folder(path)
    if start_over:
        from automl.trials import forget_run

        forget_run(folder)
    return folder


def _noted(progress: Callable[[Progress], None], folder: Path, command: str) -> Callable[[Progress], None]:
    """Pass progress on, and let the record of the run know its command."""
    from automl.trials import noting

    return noting(progress, folder, {"command": command})


def _finish(model: Any, files: dict[str, Path], gates: list[Gate], as_json: bool, asked: bool) -> None:
    """Sum up on stdout; then the exit code says whether it was interrupted or a gate failed."""
    failed = [sentence for gate in gates if (sentence := gate.failure(model.facts_))]
    interrupted = bool(model.interrupted_) or asked
    if as_json:
        print(summary_json(model.facts_, files, interrupted=interrupted, failed=failed))
    else:
        print(summary(model.facts_, files))
    if interrupted:
        print("Interrupted: the best so far was saved.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED)
    if failed:
        raise GateError(" ".join(failed) + " The model and its report were saved all the same.")
