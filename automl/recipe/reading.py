"""From the text of a recipe to its fields: all problems are told at once, each with its line; then the data are found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from automl.errors import DataError, UsageError, did_you_mean
from automl.recipe.fields import Costs, Minimum, Part, Recipe


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
        parts: dict[str, type[Part]] = {"costs": Costs, "minimum": Minimum}
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
