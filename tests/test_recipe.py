"""Recipes: every problem is told at once, with its line; paths and columns are found; the words reach the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from fakes import FakeFit
from hypothesis import given
from hypothesis import strategies as st

import automl
from automl.errors import DataError, UsageError
from automl.recipe import Recipe, load_recipe, parse_recipe, run_recipe

RECIPES = sorted((Path(__file__).parent.parent / "recipes").glob("*.yaml"))


def problems(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_recipe(text)
    return str(caught.value)


def test_all_problems_are_told_at_once_each_with_its_line() -> None:
    told = problems("data: x.csv\ntraget: y\nbudget: soon\ncosts:\n  miss: -1\n  falsealarm: 3\nseed: first\n")
    for part in (
        "line 2, traget: there is no such key. Did you mean 'target'?",
        "line 3, budget: `budget` must be a positive duration",
        "line 5, costs.miss: input should be greater than or equal to 0. Received -1.",
        "line 6, costs.falsealarm: there is no such key. Did you mean 'false_alarm'?",
        "costs.false_alarm: it is missing.",
        "line 7, seed:",
        "target: it is missing.",
    ):
        assert part in told
    assert "has 7 problems" in told


def test_an_unknown_key_without_a_neighbour_lists_the_known_ones() -> None:
    assert "Known keys: name, title" in problems("data: x\ntarget: y\nzzzzzz: 1")


def test_a_key_that_stands_twice_is_told_because_yaml_would_take_the_last() -> None:
    assert "line 3, target: the key stands there twice" in problems("data: x\ntarget: y\ntarget: z")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("data: [unclosed", "must be YAML"),
        ("data: a\n\ttarget: b", "must be YAML"),
        ("- data", "which is list"),
        ("", "which is NoneType"),
        ("data: x\ntarget: y\nproblem: clustering", "line 3, problem"),
        ("data: x\ntarget: ''", "line 2, target"),
        ("data: x\ntarget: 3", "line 2, target: it must be the name of a column, or a list of names. Received 3."),
        ("data: x\ntarget: []", "line 2, target: it must be the name"),
        ("data: x\ntarget: [a, '']", "line 2, target: it must be the name"),
        ("data: x\ntarget: [a, b, a]", "line 2, target: each target must be named once"),
        ("data: x\ntarget: [a, b]\nproblem: regression", "line 3, problem: several targets are labels"),
        ("data: x\ntarget: y\nminimum: {recall: 1.5}", "minimum.recall"),
        ("data: x\ntarget: y\nfamilies: mlp", "families"),
        ("data: x\ntarget: y\nname: a/b", "line 3, name"),
        ("data: x\ntarget: y\nbudget: 0", "budget"),
        ("data: x\ntarget: y\npositive: .nan", "positive"),
    ],
)
def test_bad_text_is_told(text: str, part: str) -> None:
    assert part in problems(text)


@pytest.mark.parametrize("text", ["!!python/object/apply:os.system ['true']", "data: !!python/name:os.system\ntarget: y"])
def test_a_recipe_runs_no_code(text: str) -> None:
    with pytest.raises(UsageError):
        parse_recipe(text)


@pytest.mark.parametrize(
    ("word", "value"), [("Yes", "Yes"), ("no", "no"), ("on", "on"), ("true", True), ("1", 1), ("2024-01-01", "2024-01-01")]
)
def test_a_class_called_yes_stays_a_text(word: str, value: object) -> None:
    recipe = parse_recipe(f"data: x.csv\ntarget: y\npositive: {word}")
    assert recipe.positive == value
    assert type(recipe.positive) is type(value)


def outcome(text: str) -> str:
    """The sentence that a text gets; any other exception fails the test."""
    try:
        parse_recipe(text)
    except UsageError as problem:
        return str(problem)
    return "A recipe must not be refused."


@given(st.text())
def test_any_text_is_a_recipe_or_a_sentence(text: str) -> None:
    assert outcome(text).startswith("A recipe must")


KEYS = st.sampled_from([*Recipe.model_fields, "other"])
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())


@given(st.dictionaries(KEYS, VALUES))
def test_any_mapping_is_a_recipe_or_a_sentence(values: dict[str, Any]) -> None:
    assert outcome(yaml.safe_dump(values)).startswith("A recipe must")


def test_the_name_is_the_files_name_unless_stated(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("a,b\n1,2\n")
    (tmp_path / "my_case.yaml").write_text("data: d.csv\ntarget: b\n")
    assert load_recipe(tmp_path / "my_case.yaml").name == "my_case"
    assert load_recipe(tmp_path / "my_case.yaml").heading == "My case"


def test_data_is_looked_for_beside_the_recipe_then_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside, here = tmp_path / "recipes", tmp_path / "here"
    for folder in (beside, here):
        folder.mkdir()
    (beside / "case.yaml").write_text("data: d.csv\ntarget: b\n")
    monkeypatch.chdir(here)
    with pytest.raises(DataError, match="looked for at"):
        load_recipe(beside / "case.yaml")
    (here / "d.csv").write_text("a\n1\n")
    assert Path(load_recipe(beside / "case.yaml").data).resolve() == here / "d.csv"
    (beside / "d.csv").write_text("a\n1\n")
    assert Path(load_recipe(beside / "case.yaml").data) == beside / "d.csv"


def test_a_missing_recipe_is_told_with_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "churn.yaml").write_text("data: x\n")
    with pytest.raises(DataError, match=r"Did you mean 'churn\.yaml'"):
        load_recipe(tmp_path / "chrun.yaml")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_bundled_recipes_are_complete(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.title
    assert recipe.question.endswith("?")
    assert recipe.matters
    header = Path(recipe.data).read_text(encoding="utf-8").splitlines()[0].split(",")
    assert {*recipe.targets, *recipe.glossary, *recipe.ignore, *recipe.sensitive, *recipe.types} <= set(header)


def test_there_are_recipes() -> None:
    assert {"telco_churn", "credit_risk", "diamonds"} <= {path.stem for path in RECIPES}


@pytest.fixture
def case(tmp_path: Path) -> Path:
    (tmp_path / "d.csv").write_text("age,income,churn\n" + "".join(f"{n},{n * n},{'Yes' if n % 3 else 'No'}\n" for n in range(30)))
    path = tmp_path / "case.yaml"
    path.write_text(
        "title: A case\nquestion: Who goes?\ndata: d.csv\ntarget: churn\npositive: Yes\nfamilies: [linear]\n"
        "only_networks: true\ntarget_scale: log\ncombine_columns: true\nmetric: brier\nseed: 7\n"
        "costs: {miss: 5, false_alarm: 1, currency: EUR}\nminimum: {recall: 0.8}\nbudget: 9s\nignore: [age]\n"
        "sensitive: [income]\nchanges: {age: up}\n"
        "glossary: {income: what they earn, churn: left us}\nmatters: Recall.\n"
    )
    return path


def test_a_recipe_becomes_arguments_and_its_words_reach_the_report(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = FakeFit()
    monkeypatch.setitem(automl.__dict__, "fit", fit)
    model = run_recipe(case, budget=4)
    call = fit.calls[0]
    assert call["target"] == "churn"
    assert call["budget"].limit == 4.0
    assert call["seed"] == 7
    assert call["families"] == ["linear"]
    assert (call["only_networks"], call["target_scale"], call["combine_columns"], call["metric"]) == (True, "log", True, "brier")
    assert call["positive"] == "Yes"
    assert call["min_recall"] == 0.8
    assert call["costs"] == {"miss": 5.0, "false_alarm": 1.0, "currency": "EUR"}
    assert call["ignore"] == ["age"]
    assert (call["sensitive"], call["changes"]) == (["income"], {"age": "up"})
    assert Path(call["data"].path) == case.parent / "d.csv"
    assert model.facts_.title == "A case"
    assert model.facts_.task.target_label == "left us"
    assert model.facts_.question == "Who goes?"
    assert model.facts_.matters == "Recall."
    assert model.facts_.reproduce.command == f"automl run {case} --budget 4s"


def test_columns_that_do_not_exist_are_all_told(case: Path) -> None:
    case.write_text("data: d.csv\ntarget: churn\nignore: [agee]\nsensitive: [churn]\nglossary: {incom: x}\n")
    with pytest.raises(UsageError) as caught:
        run_recipe(case)
    told = str(caught.value)
    assert "ignore: there is no column 'agee'. Did you mean 'age'?" in told
    assert "glossary: there is no column 'incom'. Did you mean 'income'?" in told
    assert "'churn' is the target" in told


def test_an_unwritable_folder_is_told_before_the_work(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = FakeFit()
    monkeypatch.setitem(automl.__dict__, "fit", fit)
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="must be writable"):
        run_recipe(case, out=tmp_path / "file")
    assert fit.calls == []


def test_the_table_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import automl.dataset

    seen: list[str] = []
    original = automl.dataset.read_file
    monkeypatch.setattr(automl.dataset, "read_file", lambda path, *rest: seen.append(path) or original(path, *rest))
    rows = "\n".join(f"{number},{number % 7},{number % 2}" for number in range(60))
    (tmp_path / "d.csv").write_text(f"a,b,y\n{rows}\n")
    (tmp_path / "r.yaml").write_text("data: d.csv\ntarget: y\nfamilies: [linear]\nignore: [b]\n")
    model = run_recipe(tmp_path / "r.yaml", budget=automl.Budget(trials=1))
    assert len(seen) == 1
    assert any(decision.stage == "read" for decision in model.decisions_)


def test_several_targets_are_labels(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(80, 2))
    frame = pd.DataFrame({"x": x[:, 0], "z": x[:, 1], "rain": x[:, 0] > 0, "wind": x[:, 1] > 0.3})
    frame.to_csv(tmp_path / "d.csv", index=False)
    text = "data: d.csv\ntarget: [rain, wind]\nproblem: multilabel\nfamilies: [linear]\ntrials: 1\nglossary: {rain: it rains}\n"
    (tmp_path / "r.yaml").write_text(text)
    assert parse_recipe(text).targets == ("rain", "wind")
    assert parse_recipe("data: d.csv\ntarget: [rain]").target == "rain"
    model = run_recipe(tmp_path / "r.yaml", out=tmp_path / "out")
    assert model.labels_.tolist() == ["rain", "wind"]
    assert model.facts_.task.target == "rain, wind"
    assert (tmp_path / "out" / "report.html").exists()
    (tmp_path / "r.yaml").write_text("data: d.csv\ntarget: [rain, wnd]\nignore: [rain]\n")
    with pytest.raises(UsageError, match=r"there is no column 'wnd'. Did you mean 'wind'\?\n  ignore or sensitive: 'rain' is a target"):
        run_recipe(tmp_path / "r.yaml")
