"""What was found out about data, as a page in the terminal: the task first, then what is wrong, then the columns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automl.budget import Budget
from automl.cli import output
from automl.cli.options import (
    Alarms,
    Country,
    Data,
    FalseAlarms,
    Frequency,
    Group,
    Horizon,
    Json,
    Known,
    Moment,
    Past,
    Problem,
    Season,
    Series,
    Static,
    Types,
    of_series,
)
from automl.cli.output import print_table, suggestion
from automl.errors import DataError
from automl.percents import percent

if TYPE_CHECKING:
    from automl.detection import Detection


def detect(
    data: Data,
    target: Annotated[list[str] | None, typer.Option("--target", "-t", metavar="COLUMN", help="The column to predict; repeat it.")] = None,
    problem: Problem = None,
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
    test: Annotated[str | None, typer.Option(metavar="FILE", help="Rows of a test file, to compare with.")] = None,
    as_json: Json = False,
) -> None:
    """Say what the columns are, what the task is and what is wrong with the data; train nothing."""
    import automl

    output.existing(data, "data", folders=True)
    if test is not None:
        output.existing(test, "--test")
    options: dict[str, Any] = {"problem": problem, "types": output.pairs(types)}
    given: dict[str, Any] = {"group": group, "time": time, "test": test, "alarms": alarms, "false_alarms": false_alarms}
    given |= {"ignore": output.names(ignore), **of_series(series, horizon, known, past, static, frequency, season, country)}
    options |= {name: value for name, value in given.items() if value is not None}
    output.import_quietly("automl.api")
    found = automl.detect(data, (target[0] if len(target) == 1 else target) if target else None, **options)
    if as_json:
        output.print_json(found.to_dict())
    else:
        print_detection(found)


def print_detection(found: Detection) -> None:
    """Write to stdout what was found out about a table."""
    told: dict[str, Any] = found.to_dict()
    if found.task is None:
        print("No target was given. The columns that look most like one, most likely first:")
        for number, (name, reason) in enumerate(found.suggestions[:5], start=1):
            print(f"  {number}. {suggestion(name, reason)}")
    if told.get("task"):
        target = told["target"]
        shown = ", ".join(map(repr, target)) if isinstance(target, list) else repr(target)
        aimed = "no target" if target is None else f"target {shown}"
        guessed = "If so, the task is" if found.task is None else "Task:"
        title = f"{guessed} {str(told['task']).replace('_', ' ')}, {aimed}, confidence {percent(told['confidence'])}"
        print_table(f"{title}, modality {told['modality']}", ("why",), [(sentence,) for sentence in told["evidence"]])
        if told["runner_up"]:
            other = told["runner_up"]
            print(f"Else it would be {str(other['task']).replace('_', ' ')} ({other['override']}).")
    for what in ("time", "series"):
        if told.get(what):
            facts = ", ".join(f"{key} {value}" for key, value in told[what].items() if value is not None)
            print(f"{what.capitalize()}: {facts}.")
    if found.findings:
        rows = [
            (one["severity"], one["check"], ", ".join(one["columns"]), one["because"], one["action"], one["override"])
            for one in told["findings"]
        ]
        print_table("Findings", ("severity", "check", "columns", "why", "done", "to change it"), rows)
    if told.get("plan"):
        for warning in told["plan"].get("warnings", ()):
            print(f"Mind: {warning}")
        steps = [(one["what"], one["chosen"], one["because"], one["override"] or "") for one in told["plan"]["steps"]]
        print_table("What a fit would do", ("what", "chosen", "why", "to change it"), steps)
    columns = [
        (name, facts["type"], facts["role"], percent(facts["confidence"]), facts["evidence"]) for name, facts in told["columns"].items()
    ]
    print_table("Columns", ("name", "type", "role", "sure", "why"), columns)


def ask_target(detect: Callable[[str], Detection], data: str, limits: Budget) -> str:
    """Without a target: take the one that the data name themselves, such as subfolders; else ask at a terminal, or end with suggestions."""
    found = detect(data)
    if found.task is not None and found.task.target:
        return str(found.task.target)
    suggestions = found.suggestions[:5]
    if not suggestions:
        raise DataError("`--target` must name the column to predict. Received nothing, and no column looks like one.")
    ranked = "\n".join(f"  {number}. {suggestion(name, reason)}" for number, (name, reason) in enumerate(suggestions, start=1))
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise DataError(
            f"`--target` must name the column to predict. Received nothing; did you mean --target {suggestions[0][0]!r}?"
            f" Most likely first:\n{ranked}"
        )
    print(f"Which column shall be predicted?\n{ranked}", file=sys.stderr)
    before = limits.elapsed()
    try:
        answer = str(typer.prompt("Number or name", default="1", err=True))
    except typer.Abort as end:
        raise KeyboardInterrupt from end
    limits.started = float(limits.started or 0.0) + limits.elapsed() - before  # the time that a person thinks is not the run's
    return str(suggestions[int(answer) - 1][0]) if answer.isdigit() and 0 < int(answer) <= len(suggestions) else answer
