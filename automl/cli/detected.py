"""What was found out about data, as a page in the terminal: the task first, then what is wrong, then the columns."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

from automl.budget import Budget
from automl.cli.output import print_table, suggestion
from automl.errors import DataError
from automl.percents import percent

if TYPE_CHECKING:
    from automl.detection import Detection


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
        guessed = "If so, the task is" if found.task is None else "Task:"
        title = f"{guessed} {str(told['task']).replace('_', ' ')}, target {shown}, confidence {percent(told['confidence'])}"
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
    columns = [
        (name, facts["type"], facts["role"], percent(facts["confidence"]), facts["evidence"]) for name, facts in told["columns"].items()
    ]
    print_table("Columns", ("name", "type", "role", "sure", "why"), columns)


def ask_target(detect: Callable[[str], Detection], data: str, limits: Budget) -> str:
    """Without a target: ask at a terminal, else end with the ranked suggestions."""
    suggestions = detect(data).suggestions[:5]
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
