"""What the tests of an explanation found, as plain frozen values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One test of an explanation.

    Attributes:
        name: "completeness", "deletion", "insertion", "another model" or "repetition".
        passed: Whether it was passed; None where it could not be done.
        value: What was measured.
        low: Lower end of its 95 % interval, where there is one.
        high: Upper end.
        limit: What the value, or the lower end of its interval, is held against.
        sentence: What was found, with numbers.
    """

    name: str
    passed: bool | None
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class Curve:
    """How the model moves while columns are taken away, or given back, in the order of the explanation and in random order.

    Attributes:
        name: "deletion" or "insertion".
        share: Share of the columns, (points,).
        explained: In the order of the explanation, (points,).
        random: Mean over random orders, (points,).
    """

    name: str
    share: tuple[float, ...]
    explained: tuple[float, ...]
    random: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Card:
    """The tests of one kind of explanation; `skipped` says why some were not done."""

    of: str
    rows: int
    checks: tuple[Check, ...]
    curves: tuple[Curve, ...] = ()
    skipped: str = ""

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the tests that were not passed."""
        return tuple(check.name for check in self.checks if check.passed is False)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        checks, curves = [check.to_dict() for check in self.checks], [curve.to_dict() for curve in self.curves]
        return {"of": self.of, "rows": self.rows, "checks": checks, "curves": curves, "skipped": self.skipped}
