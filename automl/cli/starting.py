"""What every command that trains begins with: its clock, the package, the first line of progress."""

from __future__ import annotations

from typing import Any

import automl
from automl.budget import Budget, process_started
from automl.cli import output
from automl.progress import Progress

LONGEST_START = 15.0  # seconds from the start of the process to the first line of a command, on a slow disk


def budget_of(seconds: str | float | None, trials: int | None, memory: str | None) -> Budget:
    """Return the budget of the whole command: its clock began with the process, so that start-up counts."""
    limit = "5m" if seconds is None and trials is None else seconds
    limits = Budget(limit, trials=trials, memory=memory, started=process_started())
    # A shell whose last command this is becomes it (exec) and keeps its own start: `pip install . && automl run …` is not minutes late.
    return limits if limits.elapsed() < LONGEST_START else Budget(limit, trials=trials, memory=memory)


def library() -> Any:
    """Return the package with what takes seconds imported, so that no library writes to the terminal later on."""
    output.import_quietly("automl.api")
    return automl


def started(limits: Budget) -> Progress:
    """Return the first line of progress."""
    return Progress("start", elapsed=limits.elapsed(), budget=limits.limit, message="loading")
