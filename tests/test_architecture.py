"""The house holds: who may import whom, no two-way import, backends and clocks in one place, small modules, a light start."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import automl

HOME = Path(automl.__file__).parent
FILES = sorted(HOME.rglob("*.py"))
EVERYONE = {"errors", "budget", "decisions", "percents"}  # may be imported by all

ALLOWED: dict[str, set[str]] = {  # in the order in which a row of data walks; see the table of the README's map
    # foundations
    "errors": set(),
    "percents": set(),
    "budget": set(),
    "decisions": set(),
    "_backend": set(),
    "progress": set(),
    "for_classes": set(),
    # read, detect, check
    "dataset": set(),
    "schema": {"dataset"},
    "task": {"dataset", "schema"},
    "checks": {"dataset", "schema", "task"},
    "detection": {"dataset", "schema", "task", "checks"},
    # prepare
    "split": {"dataset", "schema", "task", "checks"},
    "pretrained": {"_backend"},
    "preprocessing": {"dataset", "schema", "task", "checks", "pretrained", "_backend"},
    # choose, search: training is handed a model and never knows a family
    "metrics": {"task"},
    "layers": set(),
    "training": {"preprocessing", "layers", "metrics", "_backend"},
    "families": {"preprocessing", "layers", "training", "_backend", "metrics", "pretrained"},
    "selection": {"families", "schema", "task", "preprocessing", "_backend"},
    "memory": set(),
    "trials": {"families", "preprocessing", "artifact"},
    "proposals": {"families", "preprocessing"},
    "search": {"families", "selection", "metrics", "progress", "trials", "memory", "proposals", "shares"},
    "ensemble": {"families", "metrics"},
    "shares": {"families", "trials", "ensemble"},
    # judge
    "calibration": {"metrics", "task"},
    "intervals": {"metrics", "task"},
    "prediction_sets": {"metrics", "task", "calibration", "intervals"},
    "decision_rules": {"metrics"},
    "threshold": {"metrics", "task", "decision_rules"},
    "evaluation": {"metrics", "task"},
    "explanation": {"dataset", "schema", "metrics", "_backend"},
    "judgement": {"task", "metrics", "calibration", "intervals", "prediction_sets", "decision_rules", "threshold", "evaluation"},
    "predictor": {
        "schema", "task", "preprocessing", "families", "ensemble", "trials", "calibration", "intervals", "threshold", "prediction_sets",
        "decision_rules",
    },
    "joining": {"families", "preprocessing", "ensemble", "trials"},
    "speed": set(),
    # tell, keep
    "report": {"evaluation", "threshold", "calibration", "intervals", "explanation", "metrics"},
    "private": {"report"},
    "artifact": {"schema", "task", "preprocessing", "families", "calibration", "threshold", "intervals"},
}
STAGES = set(ALLOWED) - {"_backend"}
ALLOWED["toys"] = {"families", "preprocessing", "pretrained"}
ALLOWED["testing"] = {"toys", "families", "preprocessing", "layers", "training", "metrics", "search", "task", "schema"}
# the story: `run` calls one stage after the other, `collect` puts what they found into the report's facts
ALLOWED["leaderboard"] = {"report", "metrics", "evaluation", "trials", "predictor", "speed"}
ALLOWED["collect"] = {"report", "private", "metrics", "leaderboard", "families", "explanation"}
ALLOWED["looking"] = {"explanation", "predictor", "preprocessing", "task", "families"}
ALLOWED["attending"] = {"explanation", "predictor", "preprocessing", "families"}
ALLOWED["attribution"] = {"explanation"}
ALLOWED["explaining"] = {"explanation", "predictor", "preprocessing", "attribution", "looking", "attending"}
ALLOWED["occluding"] = {"dataset", "explaining", "explanation"}
ALLOWED["examining"] = {"evaluation", "metrics"}
ALLOWED["notebook"] = {"report"}
ALLOWED["proof"] = {"preprocessing"}
ALLOWED["storage"] = {"artifact", "checks", "dataset", "families", "predictor", "preprocessing", "proof", "report"}
ALLOWED["verifying"] = {
    "artifact", "dataset", "evaluation", "storage", "families", "proof", "multilabel", "forecasting", "anomaly", "report",
}
ALLOWED["run"] = STAGES | {"collect", "leaderboard", "storage", "explaining", "examining", "proof", "occluding"}
ALLOWED["options"] = {"run", "selection", "pretrained", "private"}
ALLOWED["resuming"] = {"dataset", "families", "trials"}
ALLOWED["estimator"] = STAGES | {"attending", "attribution", "options", "run", "resuming", "storage", "explaining", "examining", "notebook"}
# forecasting is a story of its own over the same stages: windows are its rows
ALLOWED["forecasting"] = {
    "dataset", "schema", "task", "detection", "progress", "preprocessing", "layers", "training", "families", "selection", "search",
    "trials", "artifact", "report", "_backend", "evaluation", "speed", "proof", "private",
}
# anomalies have no target: a story of their own from the checks to the report
ALLOWED["anomaly"] = {"dataset", "schema", "task", "checks", "preprocessing", "layers", "families", "artifact", "report", "_backend"}
ALLOWED["anomaly"] |= {"detection", "pretrained", "explanation", "proof"}  # what a network sees of pictures, and how heat is drawn on them
ALLOWED["anomaly"] |= {"collect", "private", "speed"}
# labels: what they share is done once, then each walks through the stages of one run; all are judged together
ALLOWED["multilabel"] = {
    "dataset", "schema", "task", "checks", "detection", "split", "preprocessing", "families", "selection", "progress", "judgement",
    "metrics", "evaluation", "explanation", "predictor", "run", "storage", "artifact", "report", "collect", "proof", "private",
}
ALLOWED["loading"] = {"artifact", "storage", "families", "estimator", "forecasting", "anomaly", "multilabel"}
ALLOWED["api"] = STAGES | {"estimator", "run", "loading", "detection", "forecasting", "anomaly", "multilabel"}
ALLOWED["results"] = {"estimator", "anomaly", "report"}
ALLOWED["retelling"] = {"report"}
ALLOWED["recipe"] = {"retelling", "trials", "api", "estimator", "report", "dataset", "progress", "results"}
ALLOWED["cli"] = {"recipe", "trials", "resuming", "api", "estimator", "artifact", "report", "dataset", "metrics", "progress", "results"}
ALLOWED["cli"] |= {"verifying"}
ALLOWED["__main__"] = {"cli"}
ALLOWED["__init__"] = {home.split(".")[1] for home in automl._HOME.values()}


@cache
def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def running(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under ``if TYPE_CHECKING``, which never run: a type may be named against the flow."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING"):
            yield from running(child)


def imported(file: Path) -> Iterator[str]:
    """The dotted name of everything that a file imports, at its top or inside a function."""
    for node in running(parse(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def module_of(file: Path) -> str:
    """The stage that a file belongs to: its name, or its package's name."""
    return file.relative_to(HOME).parts[0].removesuffix(".py")


def stage_of(name: str) -> str | None:
    """The stage that a dotted name leads to; a public name leads to where it lives."""
    parts = name.split(".")
    if parts[0] != "automl":
        return None
    if len(parts) == 1 or parts[1] == "__version__":
        return "__init__"
    home = automl._HOME.get(parts[1], f"automl.{parts[1]}") if not (HOME / parts[1]).exists() else name
    return home.split(".")[1]


@cache
def arrows() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in FILES:
        here = module_of(file)
        reached = {stage for name in imported(file) if (stage := stage_of(name)) is not None}
        found.setdefault(here, set()).update(reached - {here, "__init__"})
    return found


def test_every_module_has_its_place_in_the_table() -> None:
    assert set(arrows()) <= set(ALLOWED)


@pytest.mark.parametrize("module", sorted(arrows()))
def test_a_module_imports_only_what_it_may(module: str) -> None:
    assert arrows()[module] - EVERYONE <= ALLOWED.get(module, set())


def test_no_two_modules_import_each_other() -> None:
    graph = {module: reached for module, reached in arrows().items() if module != "__init__"}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) >= len(graph)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_backends_are_imported_in_one_file(backend: str) -> None:
    at = {module_of(file) for file in FILES for name in imported(file) if name.split(".")[0] == backend}
    assert at <= {"_backend"}


def test_keras_is_imported_only_where_networks_are() -> None:
    at = {module_of(file) for file in FILES for name in imported(file) if name.split(".")[0] == "keras"}
    assert at <= {"_backend", "layers", "training", "families", "testing", "pretrained", "forecasting", "anomaly"}


def test_only_the_budget_reads_a_clock() -> None:
    assert {module_of(file) for file in FILES for name in imported(file) if name.split(".")[0] == "time"} <= {"budget"}


def test_nothing_is_pickled() -> None:
    banned = {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}
    assert {file.name for file in FILES for name in imported(file) if name.split(".")[0] in banned} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOME)))
def test_a_module_has_at_most_400_lines(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").count("\n")
    assert lines <= 400


def test_no_exception_is_swallowed() -> None:
    silent = [
        f"{file.name}:{node.lineno}"
        for file in FILES
        for node in ast.walk(parse(file))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
        and all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
    ]
    assert silent == []


def test_forecasting_needs_no_library_for_networks_nor_what_trains_models() -> None:
    code = (
        "import sys, automl.loading, automl.forecasting.forecaster;"
        "from automl.forecasting.families import forecaster_by_name;"
        "[forecaster_by_name(name) for name in ('dlinear', 'ridge_lags', 'theta', 'ets', 'seasonal_naive', 'drift')];"
        "print([name for name in ('keras', 'tensorflow', 'sklearn', 'scipy.stats', 'automl.search', 'automl.run') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME.parent)
    assert done.stdout.strip() == "[]"


def test_importing_automl_pulls_nothing_heavy_in() -> None:
    heavy = ("keras", "tensorflow", "jax", "torch", "numpy", "pandas", "sklearn", "scipy", "pydantic", "rich", "typer")
    code = f"import sys, automl; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOME.parent)
    assert done.stdout.strip() == "[]"
