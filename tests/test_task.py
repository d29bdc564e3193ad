"""Tasks: the right problem with evidence, and a sentence for what cannot be learnt."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.dataset import read
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.schema import detect_schema
from automl.task import Task, detect_task, suggest_target

RNG = np.random.default_rng(0)


def task_of(values: Any, **arguments: Any) -> Task:
    data = read(pd.DataFrame({"x": range(len(values)), "y": values}))
    return detect_task(data, detect_schema(data, "y"), "y", **arguments)


# ── problem


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["yes", "no"] * 20, "binary"),
        ([True, False] * 20, "binary"),
        ([0, 1] * 20, "binary"),
        ([0.0, 1.0] * 20, "binary"),
        ([1, 2] * 20, "binary"),
        ([-1, 1] * 20, "binary"),
        (["a", "b", "c"] * 20, "multiclass"),
        (pd.Categorical([3, 5, 9] * 20), "multiclass"),
        (list(range(10)) * 30, "multiclass"),  # digits
        ([1.0, 2.0, 3.0] * 30, "multiclass"),
        ([0.3, 0.7] * 30, "regression"),  # a float with two values measures something
        (RNG.integers(18, 81, 5000), "regression"),  # ages, 1.3 % distinct
        (RNG.poisson(8, 2000), "regression"),  # counts
        (RNG.integers(3, 9, 1500) * 1.5, "regression"),
        (RNG.normal(size=100), "regression"),
        (np.round(RNG.uniform(1, 5, 3000) * 2) / 2, "regression"),  # ratings in halves
        (RNG.integers(100, 100_000, 500), "regression"),  # whole-dollar prices
        ([f"1.{number:03d},50" for number in range(100)], "regression"),
        ([f"${number},000" for number in range(1, 60)], "regression"),
        ([f"label {number % 30}" for number in range(900)], "multiclass"),
    ],
    ids=lambda value: str(value)[:30].replace("\n", " "),
)
def test_problem(values: Any, problem: str) -> None:
    task = task_of(values)
    assert task.problem == problem
    assert any(letter.isdigit() or letter == "'" for letter in task.evidence[0])
    assert task.metric == ("rmse" if problem == "regression" else "log_loss")
    assert task.outputs == (1 if problem == "regression" else len(task.classes))


def test_doubt_has_a_runner_up_and_an_override() -> None:
    log = DecisionLog()
    task = task_of(list(range(1, 6)) * 30, log=log)
    assert task.problem == "multiclass"
    assert task.runner_up == {"problem": "regression", "confidence": 0.15, "override": "problem='regression'"}
    decision = next(entry for entry in log if entry.what == "problem type")
    assert decision.override == "problem='regression'"
    assert "5 distinct whole numbers from 1 to 5" in decision.because
    assert task_of(list(range(1, 6)) * 30, problem="regression").problem == "regression"


def test_the_same_problem_with_missing_values() -> None:
    assert task_of([1, 2, 3, None] * 20).problem == "multiclass"
    assert task_of([1, 2, 3, None] * 20).classes == (1, 2, 3)


# ── classes


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (["yes", "no"], "yes"),
        (["alive", "dead"], "dead"),
        (["good", "good", "bad"], "bad"),
        (["bad", "bad", "good"], "bad"),
        (["No", "Yes", "Yes"], "Yes"),
        (["ano", "ne"], "ano"),
        (["normal", "odd"], "odd"),
        ([0, 1, 1], 1),
        ([0, 5, 5], 5),
        ([-1, 1, 1], 1),
        ([1, 2, 2], 1),  # the rarer
        ([True, True, False], True),
        ([" <=50K", " >50K", " <=50K"], ">50K"),
        (["left-handed", "right-handed", "right-handed"], "left-handed"),
    ],
)
def test_positive_class(values: list[Any], positive: Any) -> None:
    log = DecisionLog()
    task = task_of(values * 12, log=log)
    assert task.classes[1] == positive
    assert type(task.classes[1]) is type(positive)
    decision = next(entry for entry in log if entry.what == "positive class")
    other = decision.override.removeprefix("positive=").strip("'")  # type: ignore[union-attr]
    assert task_of(values * 12, positive=other).classes[0] == positive


def test_unknown_positive_class() -> None:
    with pytest.raises(UsageError, match="must be one of the target's classes"):
        task_of(["a", "b"] * 10, positive="c")


def test_classes_are_sorted_as_numbers() -> None:
    assert task_of([10, 9, 2] * 10, problem="multiclass").classes == (2, 9, 10)
    assert task_of(["b", "a", "c"] * 10).classes == ("a", "b", "c")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["yes", "no", None, " yes"] * 5, ["no", "yes"]),
        ([0, 1, None] * 6, [0, 1]),
        ([3.0, 7.0, 11.0] * 6, [3, 7, 11]),
        ([True, False] * 6, [False, True]),
        (pd.Categorical(["u", "v", None] * 6), ["v", "u"]),
        ([b"p", b"q", b"r"] * 5, ["p", "q", "r"]),
        (["1,200", "3,400", "5,600"] * 9, [1200, 3400, 5600]),
    ],
)
def test_encode_and_decode(values: Any, labels: list[Any]) -> None:
    task = task_of(values, problem="multiclass" if len(labels) > 2 else None)
    assert sorted(map(str, task.classes)) == sorted(map(str, labels))
    codes = task.encode(pd.Series(values))
    assert codes.dtype == np.int64
    present = ~pd.isna(pd.Series(values))
    assert (codes[present] >= 0).all()
    assert (codes[~present] == -1).all()
    assert task.encode(task.decode(codes[present])).tolist() == codes[present].tolist()
    assert task.encode(["never seen", None]).tolist() == [-1, -1]


def test_labels_keep_their_kind() -> None:
    assert task_of([0, 1] * 8).decode([1, 0]).dtype == np.int64
    assert task_of([True, False] * 8).decode([1, 0]).dtype == bool
    assert task_of(["a", "b"] * 8).decode([1, 0]).dtype == object


def test_a_label_reads_the_same_from_text_and_number() -> None:
    task = task_of([0, 1, 1] * 8)
    for one in (1, 1.0, "1", " 1", True, np.int8(1)):
        assert task.encode([one]).tolist() == [1]
    assert task.encode(np.array([[0], [1]])).tolist() == [0, 1]


def test_regression_encodes_numbers() -> None:
    task = task_of([f"{number}.000,5" for number in range(1, 40)])
    assert task.encode(["2.000,5", None, 7.5, "x", np.inf]).tolist()[0:3:2] == [2000.5, 7.5]
    assert np.isnan(task.encode([None, "x", np.inf])).all()
    assert task.decode([1.5]).tolist() == [1.5]


@given(st.lists(st.one_of(st.integers(-5, 5), st.sampled_from(["a", "b", "5", "x y"])), min_size=12, max_size=40))
def test_any_classes_round_trip(values: list[Any]) -> None:
    frame = pd.DataFrame({"y": pd.Series([*values, "p", "q", *["p", "q"] * 20], dtype=object)})
    data = read(frame)
    task = detect_task(data, detect_schema(data, "y"), "y")
    codes = task.encode(frame["y"])
    assert (codes >= 0).all()
    assert task.encode(task.decode(codes)).tolist() == codes.tolist()
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task


# ── bad targets


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([None] * 20, "All 20 values of 'y' are missing"),
        (["", " ", "NA"] * 10, "All 30 values of 'y' are missing"),
        (["a"] * 20, "one class"),
        ([5] * 20, "at least two different values"),
        ([1.5, np.inf] * 10 + [2.5], "10 values of 'y' are infinite"),
        ([np.inf] * 20, "infinite"),
        (["a", "b"] * 3, "at least 10 rows"),
        (pd.date_range("2024", periods=20), "holds dates"),
        ([f"name{number}" for number in range(50)], "names or free text"),
    ],
)
def test_a_bad_target_gets_a_sentence(values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        task_of(values)


def test_an_absent_target_gets_a_suggestion() -> None:
    data = read({"price": [1, 2], "area": [3, 4]})
    schema = detect_schema(data)
    with pytest.raises(DataError, match=r"Received target='prise'\. Did you mean 'price'"):
        detect_task(data, schema, "prise")
    with pytest.raises(DataError, match="Its columns are 'price', 'area'"):
        detect_task(data, schema, "zzz")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"problem": "clasification"}, "must be one of binary, multiclass, regression"),
        ({"problem": "regression"}, "only for numbers"),
        ({"problem": "binary"}, "only for two classes"),
        ({"metric": "rmse"}, "must be 'log_loss' for a multiclass"),
        ({"metric": "rmsee"}, "Did you mean 'rmse'"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        task_of(["a", "b", "c"] * 10, **arguments)


# ── suggestion


def test_suggestions() -> None:
    frame = pd.DataFrame(
        {
            "id": range(60),
            "age": RNG.integers(18, 80, 60),
            "when": pd.date_range("2024", periods=60),
            "churn": ["yes", "no"] * 30,
            "note": "n",
        }
    )
    data = read(frame)
    names = [name for name, _, _ in suggest_target(data, detect_schema(data))]
    assert names[0] == "churn"
    assert "when" not in names
    assert "note" not in names
