"""What an audit asks for, as facts: every automatic choice, and what is needed to do the same again."""

from __future__ import annotations

from automl.report.measured import Fact


class DecisionFacts(Fact):
    """One automatic choice; the fields of :class:`automl.decisions.Decision`."""

    stage: str
    what: str
    chosen: str
    because: str
    alternatives: tuple[str, ...] = ()
    override: str | None = None


class ReproduceFacts(Fact):
    """What is needed to do the same again."""

    command: str | None = None
    python: str | None = None
    seed: int | None = None
    versions: dict[str, str] = {}
    hardware: dict[str, str] = {}
    data_fingerprint: str | None = None
