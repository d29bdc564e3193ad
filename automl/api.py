"""One call each: fit, load, detect, compare."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from automl.budget import Budget
from automl.decisions import DecisionLog
from automl.estimator import AutoML
from automl.run import Run, RunSettings

if TYPE_CHECKING:
    from automl.checks import Finding
    from automl.families.base import Family
    from automl.progress import Progress
    from automl.schema import Schema
    from automl.task import Task


def fit(
    data: Any,
    target: Any = None,
    *,
    budget: Budget | str | float | None = "5m",
    progress: Callable[[Progress], None] | None = None,
    **options: Any,
) -> AutoML:
    """Fit a model with one call.

    Args:
        data: A DataFrame, anything that converts to one, an array, or the path of a file.
        target: Name of the column to predict, or its values, one per row.
        budget: Seconds or text such as ``"5m"``.
        progress: Called after every step.
        options: Further arguments of :class:`AutoML`.

    Returns:
        The fitted model.

    Raises:
        DataError: If the data cannot be used.
        UsageError: If an argument is impossible.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": range(60), "b": [0, 1] * 30})
        >>> model = fit(frame, target="a", budget=None, trials=1, families=["linear"])
        >>> model.task_.problem
        'regression'
    """
    if isinstance(target, str):
        return AutoML(target, budget=budget, **options).fit(data, progress=progress)
    return AutoML(budget=budget, **options).fit(data, target, progress=progress)


def load(path: str | os.PathLike[str], *, families: Sequence[Family] = ()) -> AutoML:
    """Open a saved model. Hashes are verified before anything is opened; no code from the file is run.

    Args:
        path: A file that :meth:`AutoML.save` wrote.
        families: Families from outside the package that the model uses.

    Raises:
        ArtifactError: If the file is damaged, was altered, or is newer than this automl.

    Example:
        >>> import os, tempfile
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": range(60), "b": [0, 1] * 30})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = fit(frame, "a", budget=None, trials=1, families=["linear"]).save(os.path.join(folder, "a.automl"))
        ...     load(path).predict(frame).shape
        (60,)
    """
    from automl import artifact
    from automl.storage import Fitted

    return AutoML.of(Fitted.of(artifact.read(path), families))


@dataclass(frozen=True)
class Detection:
    """What was found out about a table before any training.

    Attributes:
        task: The task; None where no target was given.
        schema: Type and role of every column.
        findings: What the checks found.
        decisions: Every automatic choice so far.
        suggestions: Without a target: (column, reason), the most plausible first.
    """

    task: Task | None
    schema: Schema
    findings: tuple[Finding, ...]
    decisions: tuple[Any, ...]
    suggestions: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        task = self.task.to_dict() if self.task is not None else {}
        columns = {
            column.name: {"type": column.type, "role": column.role, "confidence": column.confidence, "evidence": column.evidence}
            for column in self.schema.columns
        }
        return {
            "modality": task.get("modality", "tabular"),
            "task": task.get("problem"),
            "target": task.get("target"),
            "confidence": task.get("confidence"),
            "evidence": list(task.get("evidence", [])),
            "runner_up": task.get("runner_up"),
            "columns": columns,
            "findings": [finding.to_dict() for finding in self.findings],
            "suggestions": [{"column": name, "because": reason} for name, reason in self.suggestions],
            "decisions": [decision.to_dict() for decision in self.decisions],
        }


def detect(data: Any, target: Any = None, *, problem: str | None = None, types: Mapping[str, str] | None = None) -> Detection:
    """Find out what a table holds and which task its target poses, with evidence; nothing is trained.

    Args:
        data: As in :func:`fit`.
        target: As in :func:`fit`; None for a ranked guess.
        problem: The problem, where the detection is overruled.
        types: Column types, where the detection is overruled.

    Returns:
        The detection.

    Example:
        >>> import pandas as pd
        >>> detect(pd.DataFrame({"a": range(40), "b": ["x", "y"] * 20}), "b").task.problem
        'binary'
    """
    from automl.schema import detect_schema
    from automl.task import suggest_target

    run = Run(RunSettings(budget=Budget("1h"), problem=problem, types=dict(types or {})), None)
    if target is None:
        dataset, _ = run.read(data, None, needs_target=False)
        log = DecisionLog(list(run.log))
        schema = detect_schema(dataset, types=types or None, log=log)
        return Detection(None, schema, (), tuple(log), tuple(suggest_target(dataset, schema)))
    dataset, name = run.read(data, target)
    run.detect(dataset, name)
    run.check()
    return Detection(run.task, run.schema, run.findings, tuple(run.log))


def compare(data: Any, target: Any = None, *, budget: Budget | str | float | None = "5m", **options: Any) -> pd.DataFrame:
    """Compare architectures on one data set and return the leaderboard, best first.

    Args:
        data: As in :func:`fit`.
        target: As in :func:`fit`.
        budget: As in :func:`fit`.
        options: Further arguments of :class:`AutoML`, such as ``families=["mlp", "linear"]``.

    Returns:
        One row per family and one for the ensemble, best first: loss with 95 % interval, difference to the best single model with a paired
        test, seconds, size, prediction times, weight in the ensemble, best configuration; a family without a usable model has its reason in
        `note`. ``attrs`` hold the advice on networks and the kinds of models that did not take part.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": range(60), "b": [0, 1] * 30})
        >>> sorted(compare(frame, "a", budget=None, trials=1, families=["linear"])["family"])
        ['ensemble', 'linear', 'naive']
    """
    model = fit(data, target, budget=budget, **options)
    board = model.leaderboard().sort_values("loss", kind="stable").drop_duplicates("family").reset_index(drop=True)
    told = model.facts_.leaderboard
    board.attrs = {"advice": model.facts_.advice, "absent": {} if told is None else dict(told.absent)}
    return board
