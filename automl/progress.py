"""How a run tells where it is: one small record, and two ways to show it (a live line at a terminal, plain lines elsewhere)."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

if TYPE_CHECKING:
    from rich.console import RenderableType

_BAR = 24  # characters: leaves room for the rest of the line on a terminal of 80 columns


@dataclass(frozen=True)
class Progress:
    """Where a run is at one moment.

    Attributes:
        stage: The stage that is at work: "read", "detect", "prepare", "search", "ensemble" …
        best: The best validation score so far; None while no model exists.
        metric: Name of that score, such as "log_loss".
        trials: Configurations finished so far.
        elapsed: Seconds used, by the budget's clock.
        budget: Seconds allowed; None when only the number of trials is limited.
        message: What happens just now, in a few words; may be empty.

    Example:
        >>> Progress("search", 0.412, "log_loss", 34, 42.0, 120.0, "mlp, 16 networks at once").to_dict()["trials"]
        34
    """

    stage: str
    best: float | None = None
    metric: str = ""
    trials: int = 0
    elapsed: float = 0.0
    budget: float | None = None
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values."""
        return asdict(self)


class Reporter(ABC):
    """What a run calls with each record; a context manager, so that a display is always put away."""

    @abstractmethod
    def __call__(self, progress: Progress) -> None:
        """Take one record."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


def duration(seconds: float) -> str:
    """Write seconds the way people say them.

    Example:
        >>> duration(8.2), duration(125), duration(7260)
        ('8 s', '2:05', '2:01:00')
    """
    whole = int(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    if hours:
        return f"{hours}:{minutes:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}" if minutes else f"{whole} s"


def clock(progress: Progress, elapsed: float | None = None) -> str:
    """Say how much of the budget is used.

    Example:
        >>> clock(Progress("search", elapsed=42.0, budget=120.0))
        '42 s of 2:00'
    """
    used = duration(progress.elapsed if elapsed is None else elapsed)
    return used if progress.budget is None or progress.budget == float("inf") else f"{used} of {duration(progress.budget)}"


def score(progress: Progress) -> str:
    """Say the best score so far, or nothing while there is none.

    Example:
        >>> score(Progress("search", best=0.41234, metric="log_loss", trials=34))
        'best log loss 0.4123 after 34 trials'
    """
    tried = f"{progress.trials:,} trial{'' if progress.trials == 1 else 's'}" if progress.trials else ""
    if progress.best is None:
        return tried
    return f"best {progress.metric.replace('_', ' ')} {progress.best:.4g}" + (f" after {tried}" if tried else "")


class SilentProgress(Reporter):
    """Shows nothing.

    Example:
        >>> with SilentProgress() as progress:
        ...     progress(Progress("read"))
    """

    def __call__(self, progress: Progress) -> None:
        """Take a record and drop it."""


class PlainProgress(Reporter):
    """Writes plain lines, for logs and pipes: one per change of stage, and within a stage at most one a second and about 60 a run.

    Args:
        stream: Where to write; None for stderr.

    Example:
        >>> PlainProgress(sys.stdout)(Progress("search", 0.41, "log_loss", 34, 42.0, 120.0, "mlp"))
        [42 s of 2:00] search: best log loss 0.41 after 34 trials; mlp
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._stage: str | None = None
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        """Write a line, unless the last one is too fresh."""
        if progress.stage == self._stage and progress.elapsed < self._next:
            return
        limited = progress.budget is not None and progress.budget != float("inf")
        self._next = progress.elapsed + max(1.0, float(progress.budget or 0.0) / 60 if limited else 5.0)
        self._stage = progress.stage
        told = "; ".join(part for part in (score(progress), progress.message) if part)
        print(f"[{clock(progress)}] {progress.stage}" + (f": {told}" if told else ""), file=self._stream or sys.stderr, flush=True)


class LiveProgress(Reporter):
    """Keeps one live line at a terminal: a bar of the budget, the stage, the best score and what happens now.

    Args:
        stream: The terminal; None for stderr.
        elapsed: Seconds used so far (``Budget.elapsed``), so that the time moves while a stage computes; None to show each record's own.

    Example:
        >>> with LiveProgress() as progress:  # doctest: +SKIP
        ...     model = automl.fit("customers.csv", target="churn", progress=progress)
    """

    def __init__(self, stream: TextIO | None = None, elapsed: Callable[[], float] | None = None) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self._progress = Progress("")
        self._elapsed = elapsed
        self._spinner = Spinner("dots", style="cyan")
        console = Console(file=stream or sys.stderr)
        self._live = Live(get_renderable=self._line, console=console, refresh_per_second=5, transient=True)

    def __call__(self, progress: Progress) -> None:
        """Show this record from now on; a change of stage at once, because its first step may hold the terminal for seconds."""
        changed = progress.stage != self._progress.stage
        self._progress = progress
        if changed:
            self._live.refresh()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def _line(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        now = self._progress
        elapsed = self._elapsed() if self._elapsed else now.elapsed
        first, second = Table.grid(padding=(0, 1)), Table.grid(padding=(0, 1))
        timed = now.budget is not None and now.budget != float("inf")
        bar = [ProgressBar(total=float(now.budget or 1.0), completed=min(elapsed, float(now.budget or 1.0)), width=_BAR)] if timed else []
        first.add_row(self._spinner, Text(now.stage, style="bold"), *bar, Text(clock(now, elapsed), style="cyan"))
        second.add_row(" ", Text("; ".join(part for part in (score(now), now.message) if part), overflow="ellipsis", no_wrap=True))
        both = Table.grid()
        both.add_row(first)
        both.add_row(second)
        return both


def open_progress(stream: TextIO | None = None, *, elapsed: Callable[[], float] | None = None, quiet: bool = False) -> Reporter:
    """Choose how to show progress: live at a terminal, plain lines elsewhere, nothing when quiet.

    Args:
        stream: Where to show it; None for stderr.
        elapsed: The budget's clock, for the live display.
        quiet: Whether to show nothing.

    Returns:
        A context manager to call with each :class:`Progress`.

    Example:
        >>> type(open_progress(quiet=True)).__name__
        'SilentProgress'
    """
    target = stream or sys.stderr
    if quiet:
        return SilentProgress()
    return LiveProgress(_own(target), elapsed) if target.isatty() else PlainProgress(target)


def _own(stream: TextIO) -> TextIO:
    """Return another way to the same terminal, so that the display stays alive while stderr is held back from libraries."""
    try:
        return os.fdopen(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors="replace")
    except (OSError, ValueError):
        return stream  # a stream that only says that it is a terminal
