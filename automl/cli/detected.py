"""What was found out about data, as a page in the terminal: the task first, then what is wrong, then the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automl.cli.output import print_table, suggestion

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
        title = f"{guessed} {str(told['task']).replace('_', ' ')}, target {shown}, confidence {told['confidence']:.0%}"
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
        (name, facts["type"], facts["role"], f"{facts['confidence']:.0%}", facts["evidence"]) for name, facts in told["columns"].items()
    ]
    print_table("Columns", ("name", "type", "role", "sure", "why"), columns)
