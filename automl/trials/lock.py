"""A lock on a folder that dies with its process, however that ends: the operating system holds it, not a file's existence."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

NAME = "trials.lock"


class FolderLock:
    """Lets one run at a time work in a folder.

    Args:
        folder: An existing folder.

    Attributes:
        held: Whether this run holds the folder.
        holder: Who does otherwise, in words.
        certain: Whether the file system knows locks at all; where it does not, nobody is kept out.

    Raises:
        OSError: If the lock's file cannot be made.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first, second = FolderLock(folder), FolderLock(folder)
        ...     first.held, second.held
        ...     first.release()
        (True, False)
    """

    def __init__(self, folder: str | Path) -> None:
        # Never deleted: whoever opened it before could otherwise hold a file that nobody else sees.
        self._file: BinaryIO | None = open(Path(folder) / NAME, "a+b")  # noqa: SIM115, open as long as the lock is held
        self.held, self.certain, self.holder = True, True, ""
        try:
            _take(self._file)
        except BlockingIOError:
            self._file.seek(0)
            self.holder = self._file.read(20).decode("ascii", "replace").strip()
            self._file.close()
            self._file, self.held = None, False
        except OSError:
            self.certain = False
        else:
            with contextlib.suppress(OSError):  # the number is for the message of the next one alone; the disk may be full
                self._file.truncate(0)
                self._file.write(str(os.getpid()).encode())
                self._file.flush()

    def release(self) -> None:
        """Let others in."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk may refuse the last bytes; the lock ends all the same
                self._file.close()
            self._file = None
        self.held = False


def _take(file: BinaryIO) -> None:
    """Lock the file, or raise BlockingIOError at once."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        file.seek(1000)  # beyond the text, which stays readable for others
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError as problem:
            raise BlockingIOError(str(problem)) from problem
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
