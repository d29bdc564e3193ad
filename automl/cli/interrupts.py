"""What Ctrl-C does: in the search it ends the search; while the results are put together it waits, so that they are saved."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from automl.progress import Progress


class Patience:
    """Passes progress on, and from the end of the search lets Ctrl-C wait.

    Who presses Ctrl-C twice would otherwise lose what the first one promised to save.

    Attributes:
        asked: Whether Ctrl-C was pressed while it had to wait.
    """

    def __init__(self, progress: Callable[[Progress], None]) -> None:
        self._progress = progress
        self._searched = False
        self.asked = False

    def __call__(self, progress: Progress) -> None:
        """Pass a record on; the first one after the search makes Ctrl-C wait."""
        if self._searched and progress.stage != "search" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._wait)
        self._searched = self._searched or progress.stage == "search"
        self._progress(progress)

    def _wait(self, number: int, frame: Any) -> None:
        self.asked = True
        print("Finishing with the best so far; it will be saved in a moment.", file=sys.stderr)


@contextmanager
def patient(progress: Callable[[Progress], None]) -> Iterator[Patience]:
    """Give a :class:`Patience`, and put Ctrl-C back to what it was in the end.

    Args:
        progress: Called with each record.

    Example:
        >>> with patient(print) as progress:
        ...     progress(Progress("read"))
        Progress(stage='read', best=None, metric='', trials=0, elapsed=0.0, budget=None, message='')
    """
    previous = signal.getsignal(signal.SIGINT)
    try:
        yield Patience(progress)
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def terminable() -> Iterator[None]:
    """Let a polite kill (SIGTERM) do what Ctrl-C does."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
