"""`automl fit DATA --task anomaly_detection`: the detector, its report and the strangest rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from automl.cli import output
from automl.progress import open_progress


def fit(
    data: str,
    target: str | None,
    limits: Any,
    folder_of: Callable[[Any, bool], Path],
    out: Any,
    options: dict[str, Any],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fit a detector and write ``model.automl``, ``report.html``, ``report.json`` and ``scores.csv``.

    Args:
        data: The file.
        target: A column that marks known anomalies, or None.
        limits: The budget of the command.
        folder_of: Makes the folder of the results.
        out: Its name, or None.
        options: Of :class:`automl.anomaly.detector.AnomalyDetector`; what is None was not given.
        as_json: Whether the summary is printed as JSON.
        quiet: Whether progress is told.
    """
    import automl

    folder = folder_of(out or Path("results") / output.stem(data), True)
    with open_progress(elapsed=limits.elapsed, quiet=quiet) as display:
        given = {name: value for name, value in options.items() if value is not None}
        model = automl.fit(data, target, budget=limits, progress=display, problem="anomaly_detection", **given)
        model.write(folder, data)
    tell(model, folder, as_json=as_json)


def tell(model: Any, folder: Path, *, as_json: bool) -> None:
    """Print what was found and where the files are."""
    names = {"model": "model.automl", "scores": "scores.csv", "facts": "report.json", "report": "report.html"}
    files = {what: folder / name for what, name in names.items()}
    if as_json:
        output.print_json({"facts": model.facts_, "files": {name: str(path) for name, path in files.items()}})
    else:
        print(summary(model.facts_, files))


def summary(facts: dict[str, Any], files: dict[str, Path]) -> str:
    """Return the outcome in a few lines."""
    from automl.report import words  # late: help must not wait for it

    share, asked = words.percent(facts["share_of_alarms"]), words.asked_rates(facts["alarms_asked"], facts.get("false_alarms_asked"))
    limit = facts["threshold"]
    do = "too few rows for that rate: none can" if limit is None else f"scores above {limit:.2f} do"
    lines = [f"{share} of {facts['rows']:,} rows raise an alarm ({asked}); {do}."]
    labels = facts["labels"]
    if labels is not None:
        found = f"{labels['found']} of {labels['anomalies']} known anomalies"
        lines.append(f"{found} are among them; average precision {labels['average_precision']:.3f}.")
    for row in facts["strangest"][:3]:
        lines.append(f"  {row.get('name') or 'row ' + str(row['row'])}: {row['score']:.2f}  {' | '.join(row['reasons'])}")
    lines += [f"  Warning: {warning}" for warning in facts.get("answer", {}).get("warnings", ())]
    lines += [f"{name:8} {path}" for name, path in files.items()]
    return "\n".join(lines)
