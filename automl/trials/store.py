"""The record of a run: every pack as soon as it ends, in SQLite, with all that is needed to go on from it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from automl.artifact import arrays as npz
from automl.errors import ArtifactError
from automl.families.base import Family, Trained
from automl.preprocessing.base import Spec
from automl.trials.models import dump_model, load_model, squeeze, unsqueeze
from automl.trials.trial import Pack, RecordedPack, Trial

WAIT = 1.0  # seconds for somebody who reads the file just now
PATIENCE = 3  # failures in a row after which nothing is written before the end: each one costs time
_TABLES = (
    "create table if not exists run (key text primary key, value text not null)",
    """create table if not exists packs (number integer primary key, family text not null, kind text not null, asked text not null,
    seconds real not null, elapsed real not null, generator text not null, exhausted integer not null, largest integer,
    whole integer not null)""",
    """create table if not exists trials (number integer primary key, family text not null, config text not null, status text not null,
    loss real, seconds real not null, elapsed real not null, details text not null, reason text, pack integer not null)""",
    "create table if not exists predictions (trial integer primary key, content blob not null)",
    """create table if not exists models (trial integer not null, place integer not null, described text not null, content blob not null,
    primary key (trial, place))""",
)
_COLUMNS = ("number", "family", "config", "status", "loss", "seconds", "elapsed", "details", "reason", "pack")


class TrialStore:
    """Packs of trials in a SQLite file, or nothing but a table of them in memory where no path is given.

    A pack is written in one transaction: trials, predictions, models and the mark that it is finished. What cannot be written (a full
    disk, a file that somebody else holds) stays in memory and is tried again with the next pack; the run goes on.

    Args:
        path: The file; None for memory.
        tell: Called with a sentence when writing fails for the first time.

    Attributes:
        trouble: Why something is not in the file, in words; None while all is.

    Raises:
        sqlite3.Error: If the file cannot be opened or is no record.

    Example:
        >>> len(list(TrialStore().rows()))
        0
    """

    def __init__(self, path: str | Path | None = None, tell: Callable[[str], None] | None = None) -> None:
        self.path, self.tell = path, tell
        self.trouble: str | None = None
        self._waiting: list[tuple[int, Pack]] = []  # with their places
        self._failures = 0
        self.connection = sqlite3.connect(":memory:" if path is None else str(path), isolation_level=None, timeout=WAIT)
        try:
            self.connection.execute("pragma journal_mode=wal")
            self.connection.execute("pragma synchronous=normal")
            for table in _TABLES:
                self.connection.execute(table)
            self._upcoming = self._recorded()
            self._place = 0  # of the next pack: behind those that this process took or added
        except BaseException:
            self.connection.close()
            raise

    # ── writing

    def add(self, pack: Pack) -> None:
        """Record a pack at once, so that a later crash does not lose it."""
        self._waiting.append((self._place, pack))
        self._place += 1
        if self._failures < PATIENCE:
            self._write()

    def _write(self) -> None:
        """Write what waits, oldest first; a failure leaves it waiting."""
        while self._waiting:
            try:
                self._write_one(*self._waiting[0])
            except (sqlite3.Error, OSError, OverflowError, MemoryError) as problem:
                self._failures += 1
                self._complain(f"Trials could not be recorded in {str(self.path)!r} ({problem}); the run goes on in memory.")
                return
            self._waiting.pop(0)
        if self._failures:
            self._failures, self.trouble = 0, None

    def _write_one(self, number: int, pack: Pack) -> None:
        self.connection.execute("begin immediate")
        try:
            for trial in pack.trials:
                self._write_trial(trial, number)
            whole = self.path is not None and self._write_models(pack)
            values = (
                number,
                pack.family.name,
                pack.family.tags.kind,
                json.dumps(pack.asked),
                pack.seconds,
                pack.elapsed,
                json.dumps(pack.generator),
                pack.exhausted,
                pack.largest,
                whole,
            )
            self.connection.execute("insert or replace into packs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
            self.connection.execute("commit")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite rolls back by itself where the disk is full
                self.connection.execute("rollback")
            raise

    def _write_trial(self, trial: Trial, pack: int) -> None:
        details = trial.trained.details if trial.trained is not None else {}
        values = (
            trial.number,
            trial.family.name,
            json.dumps(trial.config),
            trial.status,
            trial.loss,
            trial.seconds,
            trial.elapsed,
            json.dumps(details, default=_plain),
            trial.reason,
            pack,
        )
        self.connection.execute("insert or replace into trials values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        for table in ("predictions", "models"):  # of a damaged pack that this one replaces
            self.connection.execute(f"delete from {table} where trial = ?", (trial.number,))

    def _write_models(self, pack: Pack) -> bool:
        """Write predictions and models of a pack; return False where a model is of a kind that is not stored."""
        for trial in pack.trials:
            if trial.trained is None:
                continue
            where = f"trial {trial.number}"
            try:
                content = squeeze(npz.pack({"out_of_fold": trial.trained.out_of_fold}, where))
                models = [dump_model(model, where) for model in trial.trained.models]
            except ArtifactError as problem:
                self._complain(f"Models of {pack.family.title} are not recorded, a resumed run trains them again: {problem}")
                return False
            self.connection.execute("insert into predictions values (?, ?)", (trial.number, content))
            for place, (described, data) in enumerate(models):
                self.connection.execute("insert into models values (?, ?, ?, ?)", (trial.number, place, described, data))
        return True

    def _complain(self, sentence: str) -> None:
        if self.trouble is None and self.tell is not None:
            self.tell(sentence)
        self.trouble = sentence

    # ── the run's own entries

    def note(self, entries: Mapping[str, Any]) -> None:
        """Keep JSON-ready entries about the run; what cannot be written is told."""
        rows = [(key, json.dumps(value, default=_plain)) for key, value in entries.items()]
        try:
            self.connection.execute("begin immediate")
            self.connection.executemany("insert or replace into run values (?, ?)", rows)
            self.connection.execute("commit")
        except (sqlite3.Error, OSError) as problem:
            with suppress(sqlite3.Error):
                self.connection.execute("rollback")
            self._complain(f"The run could not be recorded in {str(self.path)!r} ({problem}); it goes on in memory.")

    def notes(self) -> dict[str, Any]:
        """Return the entries of :meth:`note`."""
        return {key: json.loads(value) for key, value in self.connection.execute("select key, value from run")}

    # ── reading

    @property
    def upcoming(self) -> RecordedPack | None:
        """The next pack that an earlier process recorded and that was not taken yet."""
        return self._upcoming[0] if self._upcoming else None

    @property
    def last(self) -> RecordedPack | None:
        """The last pack that an earlier process recorded."""
        return self._upcoming[-1] if self._upcoming else None

    def take(self, family: Family, spec: Spec, rows: int) -> list[Trial]:
        """Return the trials of the next recorded pack, and step on behind it.

        Args:
            family: The family of the pack.
            spec: The shapes, to check the models against.
            rows: Training rows.

        Raises:
            ArtifactError: If something of them is missing or damaged; the record is stepped on all the same.
        """
        pack = self._upcoming.pop(0)
        self._place = pack.number + 1
        if not pack.whole:
            raise ArtifactError(f"A recorded pack must hold its models. Received pack {pack.number} without them.")
        names = ", ".join(_COLUMNS)
        trials = []
        try:
            for row in self.connection.execute(f"select {names} from trials where pack = ? order by number", (pack.number,)).fetchall():
                trials.append(self._trial(dict(zip(_COLUMNS, row, strict=True)), family, spec, rows))
        except Exception as problem:  # a family may trip over a damaged model in any way; then the pack is trained again
            if isinstance(problem, ArtifactError):
                raise
            raise ArtifactError(f"A recorded trial must be complete. Received pack {pack.number}, which is not: {problem}.") from problem
        return trials

    def again(self, pack: RecordedPack) -> None:
        """Let the next pack that is added take the place of this one, which was taken and found damaged."""
        self._place = pack.number

    def _trial(self, row: dict[str, Any], family: Family, spec: Spec, rows: int) -> Trial:
        """Rebuild one trial from its row, its predictions and its models."""
        number, config, where = row["number"], json.loads(row["config"]), f"trial {row['number']}"
        stored = self.connection.execute("select content from predictions where trial = ?", (number,)).fetchone()
        trained = None
        if stored is not None:
            predicted = npz.unpack(unsqueeze(stored[0]), where)["out_of_fold"]
            found = self.connection.execute("select described, content from models where trial = ? order by place", (number,))
            models = [load_model(described, content, where) for described, content in found]
            if predicted.shape != (rows, spec.outputs) or not models:
                raise ArtifactError(f"A recorded trial must fit the data. Received {where} with predictions of shape {predicted.shape}.")
            # Rebuilding runs the family's own checks, such as that no tree points outside of itself.
            family.restore(family.combine([(config, models, 1.0)], spec).state(), spec)
            trained = Trained(config, models, predicted, row["seconds"], row["status"], json.loads(row["details"]))
        elif row["loss"] is not None:
            raise ArtifactError(f"A recorded trial must hold its predictions. Received {where} without them.")
        return Trial(number, family, config, row["status"], row["loss"], row["seconds"], row["elapsed"], trained, row["reason"])

    def _recorded(self) -> list[RecordedPack]:
        names = "number, family, asked, seconds, elapsed, generator, exhausted, largest, whole"
        found = []
        for row in self.connection.execute(f"select {names} from packs order by number"):
            number, family, asked, seconds, elapsed, state, exhausted, largest, whole = row
            told = (seconds, elapsed, json.loads(state), bool(exhausted), largest, bool(whole))
            found.append(RecordedPack(number, family, tuple(json.loads(asked)), *told))
        return found

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the stored trials in order, configuration and details as values."""
        for row in self.connection.execute(f"select {', '.join(_COLUMNS)} from trials order by number"):
            entry = dict(zip(_COLUMNS, row, strict=True))
            yield {**entry, "config": json.loads(entry["config"]), "details": json.loads(entry["details"])}

    def usable(self) -> int:
        """Return how many recorded trials could be part of an ensemble, the naive ones not among them."""
        found = self.connection.execute(
            "select count(*) from trials join packs on trials.pack = packs.number where loss is not null and kind != 'naive'"
        )
        return int(found.fetchone()[0])

    def close(self) -> None:
        """Write what still waits, and close the file."""
        self._write()
        self.connection.close()


def _plain(value: Any) -> Any:
    """Return a NumPy value as the Python value that JSON knows; anything else as text."""
    return value.tolist() if isinstance(value, (np.generic, np.ndarray)) else str(value)
