"""The folder of a run: one run at a time works in it, and what it needs to go on after a crash is there."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from automl.errors import DataError, UsageError
from automl.trials.lock import FolderLock
from automl.trials.store import TrialStore

NAME = "trials.sqlite"
FORMAT = 2
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}


class RunFolder:
    """A folder that this process works in, until :meth:`close`.

    Args:
        directory: The folder; made where it does not exist.
        resume: Whether the run in it goes on; otherwise a new one begins, which an unfinished run with models forbids.
        tell: Called with a sentence when something cannot be recorded.

    Attributes:
        store: The trials; before :meth:`begin` those of the run that goes on, if any.

    Raises:
        DataError: If the folder cannot be used, or holds no run to go on with.
        UsageError: If another process works in it, or an unfinished run would be lost.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as home:
        ...     folder = RunFolder(home)
        ...     store = folder.begin({"seed": 0})
        ...     folder.close()
        ...     recorded_run(home)["seed"]
        0
    """

    def __init__(self, directory: str | Path, *, resume: bool = False, tell: Callable[[str], None] | None = None) -> None:
        self.path, self.resume, self.tell = Path(directory), resume, tell
        self._trouble: str | None = None
        self.store = TrialStore()
        if resume and not (self.path / NAME).is_file():
            raise _nothing(directory)
        self._lock = self._locked()
        try:
            if resume:
                self.store = _open(self.path, tell)
            elif found := _unfinished(self.path):
                raise UsageError(
                    f"A new run must not replace an unfinished one. Received the folder {str(directory)!r} with {found} models of a run "
                    f"that was cut off; go on with `automl resume {directory}`, or begin again with --start-over (or in another folder)."
                )
        except BaseException:
            self.close()
            raise

    def _locked(self) -> FolderLock | None:
        """Return the lock, None where the disk is too full for it."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FolderLock(self.path)
        except OSError as problem:
            if problem.errno in _FULL:
                self._fail(problem)
                return None
            law = "`directory` must be a folder that can be written to"
            raise DataError(f"{law}. Received {str(self.path)!r}: {problem.strerror or problem}.") from problem
        if not lock.held:
            who = f" (process {lock.holder})" if lock.holder else ""
            raise UsageError(
                f"A folder must belong to one run at a time. Received {str(self.path)!r}, in which another process works{who}; "
                "wait for it or name another folder."
            )
        return lock

    @property
    def trouble(self) -> str | None:
        """Why something is not recorded, in words; None while all is."""
        return self._trouble or self.store.trouble

    def begin(self, entries: Mapping[str, Any]) -> TrialStore:
        """Return the record of the run that goes on, or begin a new one in place of a finished one.

        Args:
            entries: JSON-ready entries about the run.

        Returns:
            The store; one in memory where the file cannot be written, which is told.
        """
        if self.resume or self._lock is None:
            return self.store
        try:
            _remove(self.path)
            self.store = TrialStore(self.path / NAME, self.tell)
            self.store.note({"format": FORMAT, "state": "unfinished", **entries})
        except (OSError, sqlite3.Error) as problem:
            self._fail(problem)
        return self.store

    def _fail(self, problem: Exception) -> None:
        self._trouble = f"Trials cannot be recorded in {str(self.path)!r} ({problem}); the run goes on in memory."
        if self.tell is not None:
            self.tell(self._trouble)

    def finish(self, state: str) -> None:
        """Say that the run ended with a model: from now on another run may take its place."""
        if self.store.path is not None:
            self.store.note({"state": state})

    def close(self) -> None:
        """Close the record and let other processes in."""
        try:
            self.store.close()
        finally:
            if self._lock is not None:
                self._lock.release()
                self._lock = None


def recorded_run(directory: str | Path) -> dict[str, Any]:
    """Return what a folder's record says about its run.

    Args:
        directory: A folder that an earlier run was given.

    Returns:
        The entries of :meth:`RunFolder.begin` and later notes; "state" is "unfinished", "finished" or "interrupted".

    Raises:
        DataError: If there is no such record, or it is damaged.
    """
    if not (Path(directory) / NAME).is_file():
        raise _nothing(directory)
    store = _open(Path(directory), None)
    try:
        return store.notes()
    finally:
        store.close()


def note_run(directory: str | Path, entries: Mapping[str, Any]) -> None:
    """Add entries to the record of a folder, if it has one that can be read and written to."""
    if (Path(directory) / NAME).is_file():
        with suppress(DataError):  # the run itself tells what is wrong with its record
            store = _open(Path(directory), None)
            store.note(entries)
            store.close()


def noting(progress: Callable[[Any], None] | None, directory: str | Path, entries: Mapping[str, Any]) -> Callable[[Any], None]:
    """Pass progress on, and add entries to the record of a run as soon as there is one: with the first step of its search.

    Args:
        progress: Called with each record of progress.
        directory: The folder of the run.
        entries: JSON-ready entries that the run itself does not know, such as the command.
    """
    waiting = [entries]

    def told(record: Any) -> None:
        if record.stage == "search" and waiting:
            note_run(directory, waiting.pop())
        if progress is not None:
            progress(record)

    return told


def forget_run(directory: str | Path) -> None:
    """Remove the record of a folder, so that a new run may begin there.

    Raises:
        UsageError: If another process works in the folder.
    """
    if (Path(directory) / NAME).is_file():
        lock = FolderLock(directory)
        try:
            if not lock.held:
                raise UsageError(f"A record must not be removed while a process writes it. Received {str(directory)!r}; wait for it.")
            _remove(Path(directory))
        finally:
            lock.release()


def _nothing(directory: str | Path) -> DataError:
    return DataError(f"A folder to resume must hold the record of a run ({NAME}). Received {str(directory)!r}, which does not.")


def _open(folder: Path, tell: Callable[[str], None] | None) -> TrialStore:
    """Open a record to go on with.

    Raises:
        DataError: If it is damaged or not from this version.
    """
    hint = "begin again with `automl fit`"
    store = None
    try:
        store = TrialStore(folder / NAME, tell)
        found = store.notes().get("format")
    except (sqlite3.Error, ValueError) as problem:
        if store is not None:
            store.close()
        raise DataError(f"The record of a run must be a sound database. Received {str(folder / NAME)!r}: {problem}; {hint}.") from problem
    if found != FORMAT:
        store.close()
        raise DataError(f"The record of a run must have format {FORMAT}. Received {str(folder / NAME)!r} with format {found}; {hint}.")
    return store


def _unfinished(folder: Path) -> int:
    """Return how many models an unfinished run left in a folder; 0 where there is nothing to lose."""
    if not (folder / NAME).is_file():
        return 0
    try:
        store = _open(folder, None)
    except DataError:
        return 0
    try:
        return store.usable() if store.notes().get("state") == "unfinished" else 0
    except sqlite3.Error:
        return 0
    finally:
        store.close()


def _remove(folder: Path) -> None:
    """Remove the record; one that cannot be read is put aside, since it may hold what somebody needs."""
    try:
        if (folder / NAME).is_file():
            TrialStore(folder / NAME).close()
    except sqlite3.DatabaseError as problem:
        if not isinstance(problem, sqlite3.OperationalError):
            os.replace(folder / NAME, folder / f"{NAME}.damaged")
    for name in (NAME, f"{NAME}-wal", f"{NAME}-shm"):
        (folder / name).unlink(missing_ok=True)
