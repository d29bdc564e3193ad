"""`automl fit DATA --task anomaly_detection`: the detector, its report and the strangest rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from automl.cli import output
from automl.progress import open_progress
from automl.results import with_command, write_detector


def fit(
    data: str,
    target: str | None,
    limits: Any,
    folder_of: Callable[[Any], Path],
    out: Any,
    options: dict[str, Any],
    command: str,
    quiet: bool,
) -> tuple[Any, dict[str, Path]]:
    """Fit a detector, write model, report, documents and ``scores.csv``, and return it with the places of the files.

    Args:
        data: The file.
        target: A column that marks known anomalies, or None.
        limits: The budget of the command.
        folder_of: Makes the folder of the results.
        out: Its name, or None.
        options: Of :class:`automl.anomaly.detector.AnomalyDetector`; what is None was not given.
        command: What was typed.
        quiet: Whether progress is told.
    """
    import automl

    folder = folder_of(out or Path("results") / output.stem(data))
    with open_progress(elapsed=limits.elapsed, quiet=quiet) as display:
        given = {name: value for name, value in options.items() if value is not None}
        model = automl.fit(data, target, budget=limits, progress=output.before_networks(display), problem="anomaly_detection", **given)
        model.facts_ = with_command(model.facts_, command)
        return model, write_detector(model, folder, data)


def files_of(folder: Path) -> dict[str, Path]:
    """Return where :func:`automl.results.write_detector` puts its files."""
    return {**output.result_files(folder), "scores": folder / "scores.csv"}
