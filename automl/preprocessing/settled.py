"""Choices that the clock made, kept so that a run that goes on makes the same ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from automl.budget import Budget

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Settled:
    """What was chosen by how fast the machine was, by name; all of it JSON-ready.

    How long texts may be or how large pictures depends on the clock, and models fit what was chosen: a run that goes on has less time left,
    and must not choose again.

    Attributes:
        budget: The run's clock and memory; None where there is none.
        known: The choices so far.

    Example:
        >>> settled = Settled()
        >>> settled.once("side", lambda: 64), settled.once("side", lambda: 32), settled.known
        (64, 64, {'side': 64})
    """

    budget: Budget | None = None
    known: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, choose: Callable[[], Choice]) -> Choice:
        """Return what was chosen before under a name, or choose now."""
        if name not in self.known:
            self.known[name] = choose()
        found: Choice = self.known[name]
        return found

    def in_time(self, name: str, share: float) -> bool:
        """Return whether less than a share of the budget has passed, as it was when that was asked first."""
        return self.once(name, lambda: self.budget is None or not self.budget.timed or not self.budget.deadline(share).over())
