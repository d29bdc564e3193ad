"""A business problem as data: a YAML file is read, all its problems are told at once, and it becomes a fitted model.

This is the only place where configuration is parsed. A recipe holds no code; its fields are those of :class:`Recipe`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from automl.budget import Budget, parse_seconds
from automl.errors import DataError, UsageError, did_you_mean
from automl.results import prepare_folder, with_command, write_detector, write_results
from automl.retelling import retold

if TYPE_CHECKING:
    from automl.dataset import Dataset
    from automl.estimator import AutoML
    from automl.progress import Progress

Label = bool | int | float | str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


class Costs(_Part):
    """What one missed positive case and one false alarm cost."""

    miss: float = Field(ge=0)
    false_alarm: float = Field(ge=0)
    currency: str = ""


class Minimum(_Part):
    """What the threshold has to reach; at most one of the two."""

    recall: float | None = Field(default=None, gt=0, le=1)
    precision: float | None = Field(default=None, gt=0, le=1)


class Recipe(_Part):
    """A business problem.

    Attributes:
        name: Short name, for folders; the file's name by default.
        title: Heading of the report.
        question: What the reader of the report wants to know, as one sentence.
        data: The table; a relative path is looked for beside the recipe, then in the current folder.
        target: The column to predict.
        test: A table to judge the model on, which it never sees before; looked for as `data` is.
        problem: "binary", "multiclass", "multilabel", "regression", "forecasting" or "anomaly_detection", where the detection is wrong.
        alarms: Share of rows that may raise an alarm (anomaly_detection, where the target marks known anomalies to check against).
        false_alarms: Share of normal rows that may.
        positive: The class that matters, of two.
        budget: Time for everything, such as "2m".
        trials: Cap on the number of configurations.
        seed: Seed of every random choice.
        families: Only these families of models.
        only_networks: Whether the model may consist of networks alone.
        costs: What errors cost; they choose the threshold.
        minimum: Recall or precision that the threshold has to reach.
        ignore: Columns that must not be used.
        group: The column whose equal values belong together, such as a customer.
        time: The column that says when a row happened.
        sensitive: Columns that must not decide about anybody: left out of the model; the report compares people by them.
        changes: "never", "up" or "down" by column: what may change where the smallest change of an answer is looked for.
        types: Type of a column, where the detection is wrong.
        metric: What the weights of the ensemble minimise: log_loss or brier, rmse or mae; or what the decisions serve: macro_f1,
            balanced_accuracy, f1 (two classes) or accuracy.
        target_scale: "linear" or "log", for numbers over orders of magnitude.
        combine_columns: Whether to try products, ratios and differences of columns, and numbers beside the mean of their level.
        pretrained: A ``.keras`` file that pictures are looked at with, or a network of keras.applications in the local cache.
        examples: "none" or "few": how much of single rows the report may hold; left out, pictures but no texts.
        horizon, series, known, past, static, frequency, season, country: As in :class:`automl.forecasting.Forecaster`.
        glossary: What a column is called among people.
        units: Unit of a column, such as "EUR" or "months".
        matters: What matters in this case, in free text; printed in the report.
        governance: Answers of the owner to questions of laws and standards, by field of the mapping, such as `owner` or `not_for`.
    """

    name: str = Field(default="", pattern=r"^[\w.-]*$")
    title: str = ""
    question: str = ""
    data: str = Field(min_length=1)
    target: str = Field(min_length=1)
    test: str | None = None
    problem: Literal["binary", "multiclass", "regression", "forecasting", "anomaly_detection", "multilabel"] | None = None
    alarms: float | None = Field(default=None, gt=0, lt=0.5)
    false_alarms: float | None = Field(default=None, gt=0, lt=0.5)
    positive: Label | None = None
    budget: str | float = "5m"
    trials: int | None = Field(default=None, ge=1)
    seed: int = Field(default=0, ge=0)
    families: tuple[str, ...] | None = None
    only_networks: bool = False
    costs: Costs | None = None
    minimum: Minimum = Minimum()
    ignore: tuple[str, ...] = ()
    group: str | None = None
    time: str | None = None
    sensitive: tuple[str, ...] = ()
    changes: dict[str, Literal["never", "up", "down"]] = {}
    types: dict[str, str] = {}
    metric: Literal["log_loss", "brier", "macro_f1", "balanced_accuracy", "f1", "accuracy", "rmse", "mae"] | None = None
    target_scale: Literal["linear", "log"] | None = None
    combine_columns: bool = False
    pretrained: str | None = None
    examples: Literal["none", "few"] | None = None
    horizon: int | None = Field(default=None, ge=1)
    series: tuple[str, ...] | None = None
    known: tuple[str, ...] | None = None
    past: tuple[str, ...] | None = None
    static: tuple[str, ...] | None = None
    frequency: str | None = None
    season: tuple[int, ...] | None = None
    country: str | None = None
    glossary: dict[str, str] = {}
    units: dict[str, str] = {}
    matters: str = ""
    governance: dict[str, str] = {}

    @field_validator("budget")
    @classmethod
    def _duration(cls, value: str | float) -> str | float:
        parse_seconds(value)
        return value

    @field_validator("governance")
    @classmethod
    def _asked(cls, value: dict[str, str]) -> dict[str, str]:
        from automl.report.governance import check_owner

        check_owner(value)
        return value

    @property
    def heading(self) -> str:
        """The title, or a readable form of the name."""
        return self.title or self.name.replace("_", " ").capitalize()


class _Loader(yaml.SafeLoader):
    """YAML whose only booleans are true and false: a class called ``Yes`` or ``No`` stays a text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def parse_recipe(text: str, name: str = "recipe") -> Recipe:
    r"""Read a recipe from text.

    Args:
        text: YAML.
        name: What to call it in messages, and its name when it states none.

    Returns:
        The recipe.

    Raises:
        UsageError: With every problem of the text at once, each with its line and, for a misspelt key, the nearest known one.

    Example:
        >>> parse_recipe("data: customers.csv\ntarget: churn\npositive: Yes").positive
        'Yes'
        >>> parse_recipe("data: customers.csv\ntraget: churn")
        Traceback (most recent call last):
        ...
        automl.errors.UsageError: A recipe must describe a problem completely. 'recipe' has 2 problems:
          line 2, traget: there is no such key. Did you mean 'target'?
          target: it is missing.
    """
    try:
        tree = yaml.compose(text, Loader=_Loader)
        values = yaml.load(text, Loader=_Loader)  # a SafeLoader, with fewer booleans
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the text"
        raise UsageError(f"A recipe must be YAML. Received {name!r}, where {where}: {getattr(problem, 'problem', problem)}.") from problem
    if not isinstance(values, dict):
        raise UsageError(f"A recipe must be a list of 'key: value' lines. Received {name!r}, which is {type(values).__name__}.")
    lines, twice = _lines(tree)
    try:
        recipe = Recipe(**{str(key): value for key, value in values.items()})
    except ValidationError as problem:
        told = sorted((_sentence(error, lines) for error in problem.errors()), key=lambda sentence: not sentence.startswith("line"))
    else:
        if not twice:
            return recipe if recipe.name else recipe.model_copy(update={"name": Path(name).stem})
        told = []
    told += [f"line {line}, {path}: the key stands there twice." for path, line in twice]
    count = f"{len(told)} problem{'s' if len(told) > 1 else ''}"
    raise UsageError(f"A recipe must describe a problem completely. {name!r} has {count}:\n  " + "\n  ".join(told))


def _lines(tree: yaml.Node | None) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """Return the line of every path such as ``costs.miss``, and the paths that occur twice."""
    lines: dict[str, int] = {}
    twice: list[tuple[str, int]] = []
    for path, line in _walk(tree, ""):
        if path in lines:
            twice.append((path, line))
        lines.setdefault(path, line)
    return lines, twice


def _walk(node: yaml.Node | None, prefix: str) -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        children = [(str(key.value), key.start_mark.line, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        children = [(str(number), value.start_mark.line, value) for number, value in enumerate(node.value)]
    else:
        return
    for key, line, value in children:
        path = f"{prefix}{key}"
        yield path, line + 1
        yield from _walk(value, path + ".")


def _sentence(error: Any, lines: dict[str, int]) -> str:
    """Turn one pydantic error into "line 4, costs.miss: it must be a number. Received 'five'."."""
    location = [str(part) for part in error["loc"]]
    while len(location) > 1 and ".".join(location) not in lines and error["type"] != "missing":
        location.pop()  # pydantic names the branch of a union (``budget.str``), which is no place in the file
    path = ".".join(location)
    where = f"line {lines[path]}, {path}" if path in lines else path
    if error["type"] == "extra_forbidden":
        parts: dict[str, type[_Part]] = {"costs": Costs, "minimum": Minimum}
        fields = parts.get(location[0], Recipe).model_fields
        hint = did_you_mean(location[-1], fields) or f" Known keys: {', '.join(fields)}."
        return f"{where}: there is no such key.{hint}"
    if error["type"] == "missing":
        return f"{where}: it is missing."
    reason = str(error["msg"]).removeprefix("Value error, ").removesuffix(".")
    return f"{where}: {reason[:1].lower()}{reason[1:]}." + ("" if "Received" in reason else f" Received {error['input']!r}.")


def load_recipe(path: str | Path, data: str | Path | None = None) -> Recipe:
    """Read a recipe and find its data.

    Args:
        path: The YAML file.
        data: Where the data are, in place of the recipe's.

    Returns:
        The recipe, with `data` and `test` as paths that exist.

    Raises:
        DataError: If the recipe or its data does not exist.
        UsageError: With every problem of the recipe at once.

    Example:
        >>> load_recipe("recipes/telco_churn.yaml").target
        'churn'
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        present = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        hint = did_you_mean(file.name, present)
        raise DataError(f"`recipe` must be a readable YAML file. Received {str(path)!r}: {reason}.{hint}") from problem
    recipe = parse_recipe(text, str(path))
    recipe = recipe if data is None else recipe.model_copy(update={"data": str(Path(data).absolute())})
    tables = {key: str(_find(value, file, key)) for key, value in (("data", recipe.data), ("test", recipe.test)) if value}
    return recipe.model_copy(update=tables)


def _find(value: str, recipe: Path, key: str) -> Path:
    places = [recipe.parent / value, Path(value)]  # an absolute path stays itself in both
    for place in places:
        if place.is_file():
            return place
    tried = " and ".join(repr(str(place)) for place in dict.fromkeys(places))
    raise DataError(f"`{key}` of a recipe must be a file. Received {value!r} in {str(recipe)!r}, looked for at {tried}.")


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
        detector = automl.fit(_checked(recipe), recipe.target, budget=limits, progress=progress, **_options(recipe))
        detector.facts_ = with_command(retold(detector.facts_, recipe), _command(path, recipe, limits))
        if folder is not None:
            write_detector(detector, folder, recipe.data)
        return cast("AutoML", detector)
    if folder is not None and resume:
        model = automl.AutoML.resume(folder, data, budget=limits, progress=progress)
    else:
        noted = progress if folder is None else noting(progress, folder, {"recipe": str(Path(path).absolute())})
        model = automl.fit(_checked(recipe), recipe.target, budget=limits, progress=noted, directory=folder, **_options(recipe))
    model.facts_ = with_command(retold(model.facts_, recipe), _command(path, recipe, limits))
    if folder is not None:
        write_results(model, folder)
    return model


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
    if recipe.target in {*recipe.ignore, *recipe.sensitive}:
        told.append(f"ignore or sensitive: {recipe.target!r} is the target and cannot be left out.")
    if told:
        raise UsageError(f"A recipe must name columns of its data. Received {recipe.data!r}, where\n  " + "\n  ".join(told))
    return data


def _command(path: str | Path, recipe: Recipe, limits: Budget) -> str:
    """The command that does the same again."""
    other = limits.timed and limits.limit != parse_seconds(recipe.budget)
    return shlex.join(["automl", "run", str(path), *(["--budget", f"{limits.limit:g}s"] if other else [])])
