"""The record of every trial: in memory for the ensemble, in SQLite for whoever asks later."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from automl.errors import DataError
from automl.families.base import Config, Family, Trained

_TABLE = """create table if not exists trials (
    number integer primary key, family text not null, config text not null, status text not null, loss real,
    seconds real not null, elapsed real not null, details text not null, reason text)"""


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


class TrialStore:
    """Trials in a SQLite file, or in memory where no path is given.

    Args:
        path: The file; None for memory.

    Example:
        >>> len(list(TrialStore().rows()))
        0
    """

    def __init__(self, path: str | Path | None = None) -> None:
        self.connection = sqlite3.connect(":memory:" if path is None else str(path), isolation_level=None)
        self.connection.execute("pragma journal_mode=wal")
        self.connection.execute(_TABLE)

    @classmethod
    def in_folder(cls, folder: str | Path | None) -> TrialStore:
        """Return a new store ``trials.sqlite`` in a folder, or one in memory for None; an earlier run's record is replaced.

        Raises:
            DataError: If the folder cannot be written to.
        """
        if folder is None:
            return cls()
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for name in ("trials.sqlite", "trials.sqlite-wal", "trials.sqlite-shm"):
                (Path(folder) / name).unlink(missing_ok=True)
            return cls(Path(folder) / "trials.sqlite")
        except (OSError, sqlite3.Error) as error:
            raise DataError(f"`directory` must be a folder that can be written to. Received {str(folder)!r}: {error}.") from error

    def add(self, trial: Trial) -> None:
        """Store one trial at once, so that a later crash does not lose it."""
        details = trial.trained.details if trial.trained is not None else {}
        self.connection.execute(
            "insert or replace into trials values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                trial.number,
                trial.family.name,
                json.dumps(trial.config),
                trial.status,
                trial.loss,
                trial.seconds,
                trial.elapsed,
                json.dumps(details),
                trial.reason,
            ),
        )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the stored trials in order, configuration and details as values."""
        names = ("number", "family", "config", "status", "loss", "seconds", "elapsed", "details", "reason")
        for row in self.connection.execute("select * from trials order by number"):
            entry = dict(zip(names, row, strict=True))
            yield {**entry, "config": json.loads(entry["config"]), "details": json.loads(entry["details"])}

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
