"""What was tried: one configuration, and the pack that it was trained in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from automl.families.base import Config, Family, Trained


@dataclass(frozen=True)
class Trial:
    """One configuration that was tried.

    Attributes:
        number: Position in the run, from 0.
        family: The family.
        config: The complete configuration.
        status: "finished", "halved", "stopped" or "failed".
        loss: Out-of-fold log-loss, or RMSE of the standardised target; None where the trial failed.
        seconds: Time spent.
        elapsed: Seconds since the clock began when it ended.
        trained: Models and out-of-fold predictions; None where the trial failed.
        reason: Why it failed, in words.
    """

    number: int
    family: Family
    config: Config
    status: str
    loss: float | None
    seconds: float
    elapsed: float
    trained: Trained | None
    reason: str | None = None

    @property
    def usable(self) -> bool:
        """Whether the trial may be part of the ensemble."""
        return self.trained is not None and self.loss is not None and np.isfinite(self.loss)


@dataclass(frozen=True)
class Pack:
    """Configurations that were asked for together and what became of them: recorded as a whole or not at all.

    Attributes:
        family: The family.
        asked: The complete configurations with their seeds, in order: what tells this pack from another one.
        trials: One trial for each, in the order in which they were recorded.
        seconds: Wall-clock of the pack.
        elapsed: Seconds since the clock began when it ended.
        generator: State of the search's random generator after asking.
        exhausted: Whether the family is not asked any more.
        largest: The most configurations that memory lets the family train at once; None while nothing is known.
    """

    family: Family
    asked: tuple[Config, ...]
    trials: tuple[Trial, ...]
    seconds: float
    elapsed: float
    generator: Mapping[str, Any] = field(default_factory=dict)
    exhausted: bool = False
    largest: int | None = None


@dataclass(frozen=True)
class RecordedPack:
    """A pack as an earlier process recorded it; its trials are loaded when they are needed.

    Attributes:
        number: Its place in the record.
        family: Name of the family.
        asked, seconds, elapsed, generator, exhausted, largest: As in :class:`Pack`.
        whole: Whether models and predictions of every usable trial are there.
    """

    number: int
    family: str
    asked: tuple[Config, ...]
    seconds: float
    elapsed: float
    generator: Mapping[str, Any]
    exhausted: bool
    largest: int | None
    whole: bool
