"""From a recipe to a fitted model and its results."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from automl.budget import Budget, parse_seconds
from automl.errors import UsageError, did_you_mean
from automl.recipe.fields import Recipe
from automl.recipe.reading import load_recipe
from automl.results import prepare_folder, with_command, write_detector, write_results
from automl.retelling import retold

if TYPE_CHECKING:
    from automl.dataset import Dataset
    from automl.estimator import AutoML
    from automl.progress import Progress


def run_recipe(
    path: str | Path,
    out: str | Path | None = None,
    budget: Budget | str | float | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    resume: bool = False,
    data: str | Path | None = None,
) -> AutoML:
    """Solve the problem that a recipe describes.

    Args:
        path: The YAML file.
        out: Folder for model, report, facts and leaderboard; None to write nothing.
        budget: Time for everything, in place of the recipe's.
        progress: Called with where the run is.
        resume: Whether to go on with the run that was cut off in the folder `out`.
        data: Where the data are now, in place of the recipe's.

    Returns:
        The fitted model.

    Raises:
        DataError: If a file or the data cannot be used.
        UsageError: With every problem of the recipe at once.

    Example:
        >>> model = run_recipe("recipes/telco_churn.yaml", budget="30s")  # doctest: +SKIP
    """
    import automl
    from automl.trials import noting

    recipe = load_recipe(path, data)
    folder = None if out is None else prepare_folder(out)
    limits = budget if isinstance(budget, Budget) else Budget(recipe.budget if budget is None else budget, trials=recipe.trials)
    if recipe.problem == "anomaly_detection":
        detector = automl.fit(_checked(recipe), _target(recipe), budget=limits, progress=progress, **_options(recipe))
        detector.facts_ = with_command(retold(detector.facts_, recipe), _command(path, recipe, limits))
        if folder is not None:
            write_detector(detector, folder, recipe.data)
        return cast("AutoML", detector)
    if folder is not None and resume:
        model = automl.AutoML.resume(folder, data, budget=limits, progress=progress)
    else:
        noted = progress if folder is None else noting(progress, folder, {"recipe": str(Path(path).absolute())})
        model = automl.fit(_checked(recipe), _target(recipe), budget=limits, progress=noted, directory=folder, **_options(recipe))
    model.facts_ = with_command(retold(model.facts_, recipe), _command(path, recipe, limits))
    if folder is not None:
        write_results(model, folder)
    return model


def _target(recipe: Recipe) -> Any:
    """The target as ``automl.fit`` takes it."""
    return recipe.target if isinstance(recipe.target, str) else list(recipe.target)


def _options(recipe: Recipe) -> dict[str, Any]:
    """The arguments of ``automl.fit`` that the recipe states."""
    from automl.api import FORECAST_OPTIONS

    options = {
        "families": None if recipe.families is None else list(recipe.families),
        "only_networks": recipe.only_networks or None,
        "seed": recipe.seed,
        "problem": recipe.problem,
        "alarms": recipe.alarms,
        "false_alarms": recipe.false_alarms,
        "positive": recipe.positive,
        "costs": None if recipe.costs is None else recipe.costs.model_dump(),
        "min_recall": recipe.minimum.recall,
        "min_precision": recipe.minimum.precision,
        "types": recipe.types or None,
        "group": recipe.group,
        "time": recipe.time,
        "ignore": list(recipe.ignore) or None,
        "sensitive": list(recipe.sensitive) or None,
        "changes": recipe.changes or None,
        "metric": recipe.metric,
        "target_scale": recipe.target_scale,
        "combine_columns": recipe.combine_columns or None,
        "pretrained": recipe.pretrained,
        "examples": recipe.examples,
        "test": recipe.test,
        **{name: getattr(recipe, name) for name in FORECAST_OPTIONS},
    }
    return {name: value for name, value in options.items() if value is not None}


def _checked(recipe: Recipe) -> Dataset:
    """Read the data once, and tell every column that the recipe names and they lack, before the work."""
    from automl.dataset import read

    lists = ("ignore", "sensitive", "changes", "types", "glossary", "units", "series", "known", "past", "static")
    named = {key: getattr(recipe, key) or () for key in lists}
    data = read(recipe.data)
    columns = list(data.frame.columns)
    told = [
        f"{key}: there is no column {column!r}.{did_you_mean(column, columns)}"
        for key, names in named.items()
        for column in names
        if column not in columns
    ]
    several = len(recipe.targets) > 1
    absent = [name for name in recipe.targets if several and name not in columns]  # of a single one, the fit says more
    told += [f"target: there is no column {name!r}.{did_you_mean(name, columns)}" for name in absent]
    for name in set(recipe.targets) & {*recipe.ignore, *recipe.sensitive}:
        told.append(f"ignore or sensitive: {name!r} is {'a' if several else 'the'} target and cannot be left out.")
    if told:
        raise UsageError(f"A recipe must name columns of its data. Received {recipe.data!r}, where\n  " + "\n  ".join(told))
    return data


def _command(path: str | Path, recipe: Recipe, limits: Budget) -> str:
    """The command that does the same again."""
    other = limits.timed and limits.limit != parse_seconds(recipe.budget)
    return shlex.join(["automl", "run", str(path), *(["--budget", f"{limits.limit:g}s"] if other else [])])
