"""The record of every automatic choice, in the order in which the choices were made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Decision:
    """One automatic choice with its reason and the way to overrule it.

    Attributes:
        stage: The stage that decided: "read", "detect", "check", "split", "prepare", "choose", "search", "ensemble", "calibrate" …
        what: The question, such as "problem type".
        chosen: The answer, such as "binary classification".
        because: One sentence of evidence, with numbers.
        alternatives: The other answers that were possible, best first.
        override: The exact argument that changes the answer, such as ``problem="regression"``; None where there is none.

    Example:
        >>> Decision("detect", "problem type", "binary", "Column 'churn' holds 2 values.").to_dict()["chosen"]
        'binary'
    """

    stage: str
    what: str
    chosen: str
    because: str
    alternatives: tuple[str, ...] = ()
    override: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the decision as JSON-ready values."""
        return {**asdict(self), "alternatives": list(self.alternatives)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Decision:
        """Rebuild a decision from :meth:`to_dict`."""
        return cls(**{**values, "alternatives": tuple(values.get("alternatives", ()))})


@dataclass
class DecisionLog:
    """An append-only list of decisions that the stages of one run share.

    Example:
        >>> log = DecisionLog()
        >>> _ = log.add("read", "separator", "';'", "It splits all 20 lines into 5 fields.")
        >>> len(log)
        1
    """

    entries: list[Decision] = field(default_factory=list)

    def add(
        self, stage: str, what: str, chosen: str, because: str, alternatives: Iterable[str] = (), override: str | None = None
    ) -> Decision:
        """Append one decision and return it."""
        decision = Decision(stage, what, chosen, because, tuple(alternatives), override)
        self.entries.append(decision)
        return decision

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def to_list(self) -> list[dict[str, Any]]:
        """Return all decisions as JSON-ready values, in order."""
        return [decision.to_dict() for decision in self.entries]
