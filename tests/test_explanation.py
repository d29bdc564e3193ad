"""Explanations are compared with values that are known: planted columns, formulas, the definition of Shapley's value."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.budget import Budget
from automl.errors import DataError, UsageError
from automl.explanation import RowExplanation, associated_columns, explain_rows, permutation_importance
from automl.explanation.frames import Cells
from automl.explanation.shapley import REST

RNG = np.random.default_rng(0)
Predict = Callable[[pd.DataFrame], Any]


def numbers(rows: int = 400, columns: str = "abcdef") -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(1).normal(size=(rows, len(columns))), columns=list(columns))


def linear(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    return 3 * frame["a"].to_numpy() - 2 * frame["b"].to_numpy() + 0.5 * frame["c"].to_numpy()


def tangled(frame: pd.DataFrame) -> np.ndarray[Any, Any]:
    values = frame[list("abcdef")].to_numpy(dtype=float)
    score = values[:, 0] * values[:, 1] + np.sin(values[:, 2]) + values[:, 3] - 0.5 * values[:, 4] * values[:, 5]
    positive = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - positive, positive])


class Counting:
    """A model that counts the rows it predicts and, with a clock, takes time for them."""

    def __init__(self, predict: Predict, seconds_per_row: float = 0.0) -> None:
        self.predict, self.rows, self.calls, self.now, self.seconds = predict, 0, 0, 0.0, seconds_per_row

    def __call__(self, frame: pd.DataFrame) -> Any:
        self.rows, self.calls, self.now = self.rows + len(frame), self.calls + 1, self.now + self.seconds * len(frame)
        return self.predict(frame)

    def clock(self) -> float:
        return self.now


# ---- permutation importance


def test_planted_columns_come_first_and_noise_has_zero_in_its_interval() -> None:
    frame = numbers(600)
    y = linear(frame) + RNG.normal(size=600)
    found = permutation_importance(linear, frame, y, problem="regression")
    assert [entry.column for entry in found.columns[:3]] == ["a", "b", "c"]
    assert found.metric == "rmse"
    assert found.baseline == pytest.approx(1, abs=0.1)
    for entry in found.columns[:3]:
        assert 0 < entry.low < entry.value < entry.high
    for entry in found.columns[3:]:
        assert entry.value == entry.low == entry.high == 0
    assert not found.partial
    assert found.not_measured == ()


def test_the_value_is_the_increase_that_theory_gives() -> None:
    frame = numbers(4000)
    y = linear(frame) + np.random.default_rng(2).normal(size=4000)
    found = permutation_importance(linear, frame, y, problem="regression", max_rows=4000)
    # Shuffling a adds twice its variance times 3²: √(1 + 18) − √1.
    entry = found.columns[0]
    assert entry.low < math.sqrt(19) - 1 < entry.high
    assert entry.high - entry.low < 0.4


def test_the_interval_covers_the_truth_about_as_often_as_promised() -> None:
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"a": rng.normal(size=150), "b": rng.normal(size=150)})
        y = frame["a"] + rng.normal(size=150)
        entry = permutation_importance(lambda data: data["a"], frame, y, problem="regression", seed=seed, groups={}).columns[0]
        covered += entry.low <= math.sqrt(3) - 1 <= entry.high
    assert 90 <= covered <= 99


def test_probabilities_are_judged_by_log_loss() -> None:
    frame = numbers()
    y = (RNG.random(400) < tangled(frame)[:, 1]).astype(np.int64)
    found = permutation_importance(tangled, frame, y, problem="binary")
    assert found.metric == "log_loss"
    assert found.columns[0].column == "d"
    assert "log-loss over 400 rows" in found.method
    assert json.loads(json.dumps(found.to_dict()))["columns"][0]["columns"] == ["d"]


def test_a_duplicate_pair_is_told_as_a_group_and_would_vanish_otherwise() -> None:
    frame = numbers()
    frame["a_copy"] = frame["a"] * 2.54 + 1

    def either(data: pd.DataFrame) -> Any:
        return (data["a"] + (data["a_copy"] - 1) / 2.54).to_numpy() / 2 + 0.3 * data["b"].to_numpy()

    y = either(frame)
    found = permutation_importance(either, frame, y, problem="regression")
    assert found.columns[0].columns == ("a", "a_copy")
    assert found.columns[0].column == "a + a_copy"
    assert "a, a_copy" in str(found.columns[0].note)
    assert found.columns[1].note is None
    alone = permutation_importance(either, frame, y, problem="regression", groups={})
    assert {entry.column for entry in alone.columns} == set(frame.columns)
    assert max(entry.value for entry in alone.columns if entry.column.startswith("a")) < 0.8 * found.columns[0].value


def test_groups_can_be_given_and_are_checked() -> None:
    frame = numbers()
    found = permutation_importance(linear, frame, linear(frame), problem="regression", groups={"both": ["a", "b"]})
    assert found.columns[0].column == "both"
    assert {entry.column for entry in found.columns} == {"both", *"cdef"}
    with pytest.raises(UsageError, match=r"'aa'\. Did you mean 'a'"):
        permutation_importance(linear, frame, linear(frame), problem="regression", groups={"x": ["aa"]})
    with pytest.raises(UsageError, match="each once"):
        permutation_importance(linear, frame, linear(frame), problem="regression", groups={"x": ["a"], "y": ["a"]})


def test_importance_is_repeatable_and_touches_nothing() -> None:
    frame = numbers()
    before = frame.copy()
    y = linear(frame)
    first, second = (permutation_importance(linear, frame, y, problem="regression", seed=3, max_rows=100) for _ in range(2))
    assert first == second
    assert first.rows == 100
    assert first != permutation_importance(linear, frame, y, problem="regression", seed=4, max_rows=100)
    pd.testing.assert_frame_equal(frame, before)


def test_mixed_types_reach_the_model_as_they_are() -> None:
    frame = pd.DataFrame(
        {
            "text": ["x", None, "y", "z"] * 10,
            "date": pd.date_range("2026-01-01", periods=40),
            "flag": [True, False] * 20,
            "whole": np.arange(40),
            "kind": pd.Categorical(["p", "q"] * 20),
        },
        index=np.arange(40) * 3 + 7,
    )

    def model(data: pd.DataFrame) -> Any:
        assert data.dtypes.to_dict() == frame.dtypes.to_dict()
        assert list(data.columns) == list(frame.columns)
        return data["flag"].to_numpy(dtype=float)

    found = permutation_importance(model, frame, frame["flag"].to_numpy(dtype=float), problem="regression", groups={})
    assert found.columns[0].column == "flag"
    told = explain_rows(model, frame, frame.iloc[:2], problem="regression")
    assert told[0].contributions[0].column == "flag"


def test_several_columns_share_a_call() -> None:
    model = Counting(linear)
    frame = numbers(200)
    permutation_importance(model, frame, linear(frame), problem="regression")
    assert model.rows == 200 * (1 + 6 * 5)
    assert model.calls == 2


def test_a_short_clock_measures_every_column_once_before_any_twice() -> None:
    frame = numbers(200)
    model = Counting(linear, seconds_per_row=0.001)
    found = permutation_importance(model, frame, linear(frame), problem="regression", budget=Budget(2.0, clock=model.clock))
    assert found.partial
    assert found.not_measured == ()
    assert {entry.repeats for entry in found.columns} == {1, 2}
    assert model.now <= 2.0 * 0.95
    assert "1 to 5 times" in found.method


def test_a_very_short_clock_says_which_columns_were_left_out() -> None:
    frame = numbers(200)
    model = Counting(linear, seconds_per_row=0.001)
    found = permutation_importance(model, frame, linear(frame), problem="regression", budget=Budget(0.9, clock=model.clock))
    assert [entry.column for entry in found.columns] == ["a", "b", "c"]
    assert found.not_measured == ("d", "e", "f")
    assert model.now <= 0.9 * 0.95


def test_batches_change_nothing() -> None:
    frame = numbers(200)
    model = Counting(linear, seconds_per_row=0.001)
    slow = permutation_importance(model, frame, linear(frame), problem="regression", budget=Budget(1000, clock=model.clock))
    assert model.calls > 2
    fast = permutation_importance(linear, frame, linear(frame), problem="regression")
    assert [entry.value for entry in slow.columns] == pytest.approx([entry.value for entry in fast.columns], rel=1e-12)


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_are_told(rows: int) -> None:
    with pytest.raises(UsageError, match=f"Received {rows} rows"):
        permutation_importance(linear, numbers(rows), np.zeros(rows), problem="regression")


def test_a_perfect_prediction_does_not_divide_by_zero() -> None:
    frame = pd.DataFrame({"a": np.zeros(20), "b": np.arange(20.0)})
    found = permutation_importance(lambda data: np.zeros(len(data)), frame, np.zeros(20), problem="regression")
    assert [entry.value for entry in found.columns] == [0, 0]


def test_a_wide_table_is_searched_by_blocks() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 1500)), columns=[f"x{i}" for i in range(1500)])
    model = Counting(lambda data: 3 * data["x7"].to_numpy() - 2 * data["x900"].to_numpy())
    found = permutation_importance(model, frame, model(frame), problem="regression", groups={})
    assert [entry.column for entry in found.columns[:2]] == ["x7", "x900"]
    assert sorted(column for entry in found.columns for column in entry.columns) == sorted(frame.columns)
    assert sum(len(entry.columns) == 1 for entry in found.columns) == 150
    assert found.columns[-1].value == 0
    assert model.rows < 200 * 1500


# ---- association


def test_associated_numbers_categories_and_codes_are_found() -> None:
    rng = np.random.default_rng(0)
    frame = numbers(500)
    frame["a_cubed"] = frame["a"] ** 3
    frame["text_of_b"] = frame["b"].map("{:.4f}".format)
    frame["town"] = rng.choice(["Brno", "Praha", "Plzeň", None], 500)
    frame["zip"] = frame["town"].map({"Brno": 60200, "Praha": 11000, "Plzeň": 30100})
    frame["noisy_town"] = np.where(rng.random(500) < 0.3, "Brno", frame["town"])
    frame["constant"] = 1
    assert set(associated_columns(frame)) == {("a", "a_cubed"), ("b", "text_of_b"), ("town", "zip")}


def test_independent_columns_of_any_kind_stay_alone() -> None:
    rng = np.random.default_rng(0)
    values = {f"n{i}": rng.normal(size=60) for i in range(40)}
    frame = pd.DataFrame(values | {f"c{i}": rng.choice(list("abcdefghij"), 60) for i in range(40)})
    frame["identifier"] = [f"id{i}" for i in range(60)]
    frame["other"] = [f"x{i}" for i in rng.permutation(60)]
    frame["when"] = pd.to_datetime("2026-01-01") + pd.to_timedelta(rng.permutation(60), unit="D")
    frame.loc[::2, "n0"] = np.nan
    frame["empty"] = None
    assert associated_columns(frame) == ()


def test_few_rows_or_one_column_have_no_groups() -> None:
    frame = numbers(20)
    frame["copy"] = frame["a"]
    assert associated_columns(frame) == ()
    assert associated_columns(numbers(100, "a")) == ()


# ---- contributions of a row


def by_definition(predict: Predict, background: pd.DataFrame, row: pd.Series[Any], output: int) -> dict[str, float]:
    """Return Shapley's values from every order of the columns, slowly and plainly."""
    names = list(background.columns)
    worth: dict[frozenset[str], float] = {}
    for size in range(len(names) + 1):
        for known in itertools.combinations(names, size):
            mixed = background.copy()
            mixed[list(known)] = row[list(known)].to_numpy(dtype=float)
            worth[frozenset(known)] = float(predict(mixed)[:, output].mean())
    total = dict.fromkeys(names, 0.0)
    orders = list(itertools.permutations(names))
    for order in orders:
        for place, name in enumerate(order):
            total[name] += worth[frozenset(order[: place + 1])] - worth[frozenset(order[:place])]
    return {name: value / len(orders) for name, value in total.items()}


def as_dict(told: RowExplanation) -> dict[str, float]:
    return {entry.column: entry.contribution for entry in told.contributions}


def test_six_columns_are_exact() -> None:
    frame = numbers(60)
    told = explain_rows(tangled, frame.iloc[:40], frame.iloc[50:52], problem="binary", output=1)
    for place, one in enumerate(told):
        assert one.exact
        assert one.row == place
        assert as_dict(one) == pytest.approx(by_definition(tangled, frame.iloc[:40], frame.iloc[50 + place], 1), abs=1e-12)
        assert one.completeness_gap < 1e-12
        assert one.base == pytest.approx(tangled(frame.iloc[:40])[:, 1].mean())
        assert one.prediction == pytest.approx(tangled(frame.iloc[[50 + place]])[0, 1])


def test_sampled_orders_come_within_a_hundredth_and_know_their_error() -> None:
    frame = numbers(160)
    background, rows = frame.iloc[:100], frame.iloc[100:103]
    exact = explain_rows(tangled, background, rows, problem="binary", output=1, max_evaluations=100_000)
    drawn = explain_rows(tangled, background, rows, problem="binary", output=1, samples=1000, max_evaluations=100_000)
    for one, other in zip(exact, drawn, strict=True):
        assert one.exact
        assert not other.exact
        assert as_dict(other) == pytest.approx(as_dict(one), abs=1e-2)
        assert all(abs(entry.contribution - as_dict(one)[entry.column]) < 4 * entry.standard_error for entry in other.contributions)
        assert 0 < max(entry.standard_error for entry in other.contributions) < 0.01
        assert other.completeness_gap < 1e-12
        assert other.base == pytest.approx(one.base)


@pytest.mark.parametrize("columns", ["abc", "abcdefghijkl"])
def test_a_linear_model_is_exact_whatever_is_drawn(columns: str) -> None:
    frame = numbers(130, columns)
    told = explain_rows(linear, frame.iloc[:100], frame.iloc[[120]], problem="regression")[0]
    offset = frame.iloc[120] - frame.iloc[:100].mean()
    expected = dict.fromkeys(columns, 0.0) | {"a": 3 * offset["a"], "b": -2 * offset["b"], "c": 0.5 * offset["c"]}
    assert as_dict(told) == pytest.approx(expected, abs=1e-9)
    assert told.exact == (len(columns) == 3)
    sizes = [abs(entry.contribution) for entry in told.contributions]
    assert sizes == sorted(sizes, reverse=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 12), st.integers(0, 2**31), st.sampled_from([None, 2, 7]))
def test_contributions_add_up_for_any_model_and_any_size(columns: int, rows: int, background: int, seed: int, samples: int | None) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(rows + background, columns)), columns=[f"x{i}" for i in range(columns)])
    weights = rng.normal(size=(columns, 4))

    def model(data: pd.DataFrame) -> Any:
        score = np.exp(np.maximum(data.to_numpy() @ weights, 0))
        return score / score.sum(axis=1, keepdims=True)

    told = explain_rows(model, frame.iloc[rows:], frame.iloc[:rows], problem="multiclass", samples=samples, seed=seed)
    expected = model(frame.iloc[:rows])
    for place, one in enumerate(told):
        assert one.output == expected[place].argmax()
        assert one.prediction == pytest.approx(expected[place].max())
        assert one.completeness_gap < 1e-9
        assert one.base + sum(as_dict(one).values()) == pytest.approx(one.prediction)
        assert len(one.contributions) == columns


def test_a_wide_table_keeps_the_columns_that_matter_and_joins_the_rest() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(200, 120)), columns=[f"x{i}" for i in range(120)])
    frame["town"] = rng.choice(["Brno", "Praha"], 200)

    def model(data: pd.DataFrame) -> Any:
        small = data[[f"x{i}" for i in range(60, 119)]].to_numpy().sum(axis=1)
        return 3 * data["x7"].to_numpy() * (1 + (data["town"] == "Brno").to_numpy()) - 2 * data["x50"].to_numpy() + 0.01 * small

    counting = Counting(model)
    told = explain_rows(counting, frame.iloc[:100], frame.iloc[100:103], problem="regression")
    for one in told:
        names = [entry.column for entry in one.contributions]
        assert len(names) == 21
        assert {"x7", "x50", "town", REST} <= set(names)
        rest = one.contributions[names.index(REST)]
        assert rest.value == "101 columns"
        assert abs(rest.contribution) < 0.3
        assert one.completeness_gap < 1e-9
    assert counting.rows == told[0].evaluations <= 60_000


def test_the_model_is_asked_in_few_calls_and_within_the_limit() -> None:
    frame = numbers(150, "abcdefghijkl")
    model = Counting(linear)
    told = explain_rows(model, frame.iloc[:100], frame.iloc[100:105], problem="regression", max_evaluations=5_000)
    assert model.rows == told[0].evaluations <= 5_000
    assert model.calls <= 3
    with pytest.raises(UsageError, match=r"`max_evaluations` must be at least .* Explain fewer rows"):
        explain_rows(model, frame.iloc[:100], frame, problem="regression", max_evaluations=5_000)


def test_rows_are_explained_the_same_twice() -> None:
    frame = numbers(150, "abcdefghijkl")
    first, second = (explain_rows(tangled, frame, frame.iloc[:2], problem="binary", seed=5) for _ in range(2))
    assert first == second
    assert first != explain_rows(tangled, frame, frame.iloc[:2], problem="binary", seed=6)
    assert json.dumps(first[0].to_dict())


def test_a_column_that_is_not_read_adds_nothing_however_few_orders_there_are() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.random((60, 12)) < 0.06, columns=[f"c{place}" for place in range(12)]).astype(float)
    row = frame.iloc[:1] * 0 + 1
    for seed in range(8):
        told = explain_rows(
            lambda data: data[["c0"]].to_numpy() + data[["c1"]].to_numpy(), frame, row, problem="regression", samples=2, seed=seed
        )[0]
        assert told.completeness_gap < 1e-12
        assert all(value == 0 for name, value in as_dict(told).items() if name not in ("c0", "c1"))


def test_a_clock_that_runs_out_leaves_fewer_orders_that_still_add_up() -> None:
    frame = numbers(150, "abcdefghijkl")
    model = Counting(tangled, seconds_per_row=0.001)
    told = explain_rows(model, frame.iloc[:100], frame.iloc[[120]], problem="binary", budget=Budget(2, clock=model.clock))[0]
    assert model.now <= 2
    assert told.completeness_gap < 1e-12
    whole = tangled(frame.iloc[:100]).mean(axis=0)[told.output]
    assert told.base == pytest.approx(whole)  # of all background rows, not only of those that the clock allowed
    assert sum(as_dict(told).values()) == pytest.approx(told.prediction - whole)
    pairs = int(told.method.split("from ")[1].split(" ")[0])
    assert 2 <= pairs < 200
    assert told.evaluations == 101 + pairs * 22


def test_the_predicted_class_is_explained_unless_another_is_asked_for() -> None:
    frame = numbers(50)
    positive, negative = (explain_rows(tangled, frame, frame.iloc[[3]], problem="binary", output=output)[0] for output in (1, 0))
    assert positive.prediction == pytest.approx(1 - negative.prediction)
    assert as_dict(positive) == pytest.approx({name: -value for name, value in as_dict(negative).items()})
    chosen = explain_rows(tangled, frame, frame.iloc[[3]], problem="binary")[0]
    assert chosen.output == tangled(frame.iloc[[3]])[0].argmax()
    with pytest.raises(UsageError, match=r"0 to 1\. Received output=2"):
        explain_rows(tangled, frame, frame.iloc[[3]], problem="binary", output=2)


def test_cells_are_told_as_a_person_reads_them() -> None:
    frame = pd.DataFrame(
        {"n": [1.0, np.nan], "t": ["x" * 100, None], "d": pd.to_datetime(["2026-01-31", None]), "i": [1_000_000, 2]}, index=[5, 9]
    )
    told = explain_rows(lambda data: np.zeros(len(data)), frame, frame, problem="regression")
    values = [{entry.column: entry.value for entry in one.contributions} for one in told]
    assert values[0] == {"n": "1", "t": "x" * 59 + "…", "d": "2026-01-31", "i": "1000000"}
    assert values[1] == {"n": "missing", "t": "missing", "d": "missing", "i": "2"}


def test_what_cannot_be_explained_is_told() -> None:
    frame = numbers(50)
    with pytest.raises(DataError, match=r"Missing: b\.$"):
        explain_rows(linear, frame, frame.iloc[:1].drop(columns="b"), problem="regression")
    with pytest.raises(UsageError, match="Received 0 rows and 6 columns"):
        explain_rows(linear, frame.iloc[:0], frame.iloc[:1], problem="regression")
    assert explain_rows(linear, frame, frame.iloc[:0], problem="regression") == ()


def test_extra_columns_and_another_order_do_no_harm() -> None:
    frame = numbers(50)
    row = frame.iloc[[3]]
    told = explain_rows(linear, frame, row[list("fedcba")].assign(more=1), problem="regression")
    assert told == explain_rows(linear, frame, row, problem="regression")


def test_a_composed_frame_keeps_types_and_order() -> None:
    kinds = {"a": [1, 2, 3], "b": pd.Categorical(list("xyx")), "c": [True, False, True], "d": np.array(list("pqr"), dtype=object)}
    kinds |= {"e": [7, 8, 9], "f": list("stu"), "g": pd.to_datetime(["2026-01-01"] * 3, utc=True), "h": np.float32([1, 2, 3])}
    frame = pd.DataFrame(kinds)
    built = Cells(frame).compose([(list("cadfgh"), np.array([2, 0])), (list("be"), np.array([1, 1]))])
    taken = [frame[list(names)].take(rows).reset_index(drop=True) for names, rows in (("cadfgh", [2, 0]), ("be", [1, 1]))]
    expected = pd.concat(taken, axis=1)
    pd.testing.assert_frame_equal(built, expected[list(frame.columns)])
