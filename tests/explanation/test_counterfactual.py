"""The smallest change really turns the model, respects what may not change, and is held against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from explained_models import chances, table

from automl.budget import Budget
from automl.errors import UsageError
from automl.explanation import Clock, check_changes, smallest_change

FREE = Clock(None, 1.0)
FRAME = table(300)


def flips_from(prediction):
    side = prediction[0, 1] > 0.5
    return lambda p: (p[:, 1] > 0.5) != side


def applied(row: pd.DataFrame, values) -> pd.DataFrame:
    changed = row.copy()
    for name, value in values.items():
        changed[name] = value
    return changed


@pytest.mark.parametrize("number", range(25))
def test_it_turns_the_model(number: int) -> None:
    row = FRAME.iloc[[number]]
    flips = flips_from(chances(row))
    found = smallest_change(chances, row, FRAME, flips, clock=FREE)
    assert found is not None
    assert found.found
    assert flips(chances(applied(row, found.values)))[0]
    assert found.prediction == pytest.approx(chances(applied(row, found.values))[0])
    assert found.evaluations <= 6_000
    shown = {change.column: change.after for change in found.changes}
    assert list(shown) == list(found.values)


def brute_force(model, row: pd.DataFrame, frame: pd.DataFrame, flips, points: int = 121) -> float:
    """The least cost over a fine grid of one or two columns and all levels."""
    scale = {name: np.subtract(*np.quantile(frame[name], [0.75, 0.25])) for name in "ab"}
    grid = {name: np.concatenate([np.linspace(frame[name].min(), frame[name].max(), points), [row[name].iloc[0]]]) for name in "ab"}
    best = np.inf
    for city in frame["city"].unique():
        pairs = np.array(list(itertools.product(grid["a"], grid["b"])))
        tried = pd.DataFrame({"a": pairs[:, 0], "b": pairs[:, 1], "city": city})
        turned = flips(model(tried))
        cost = sum(np.abs(tried[name] - row[name].iloc[0]) / scale[name] for name in "ab") + (city != row["city"].iloc[0])
        best = min(best, float(cost[turned].min())) if turned.any() else best
    return best


def curved(frame: pd.DataFrame):
    """Round borders and a level that shifts them."""
    a, b = frame["a"].to_numpy(float), frame["b"].to_numpy(float)
    score = 3 * (1.2 - (a - 0.3) ** 2 - 0.5 * b**2 + 0.8 * (frame["city"] == "Brno").to_numpy())
    positive = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - positive, positive])


def stepped(frame: pd.DataFrame):
    """A tree: borders along the axes."""
    a, b = frame["a"].to_numpy(float), frame["b"].to_numpy(float)
    positive = np.where((a > 0.5) & (b > -0.2), 0.9, np.where((a < -1) & (frame["city"] == "Praha").to_numpy(), 0.8, 0.1))
    return np.column_stack([1 - positive, positive])


@pytest.mark.parametrize("model", [curved, stepped])
def test_it_is_within_a_tenth_of_brute_force(model) -> None:
    frame = FRAME[["a", "b", "city"]]
    worst = 0.0
    for number in range(20):
        row = frame.iloc[[number]]
        flips = flips_from(model(row))
        found = smallest_change(model, row, frame, flips, clock=FREE)
        assert found is not None
        assert found.found
        # The least change has no end where a border is open; the grid of brute force is a little coarse.
        worst = max(worst, found.cost / max(brute_force(model, row, frame, flips), 0.02))
    assert worst < 1.1


def test_a_row_near_one_end_is_tried_on_both_sides() -> None:
    """Neither column does anything alone, and most values lie on the other side of the border."""
    frame = pd.DataFrame({"a": np.linspace(-3, 1, 200), "b": np.tile(np.linspace(-3, 1, 20), 10)})

    def both(table: pd.DataFrame):
        positive = np.where((table["a"].to_numpy(float) > 0.6) & (table["b"].to_numpy(float) > 0.3), 0.9, 0.1)
        return np.column_stack([1 - positive, positive])

    row = pd.DataFrame({"a": [0.5], "b": [0.2]})
    found = smallest_change(both, row, frame, flips_from(both(row)), clock=FREE)
    assert found is not None
    assert found.found
    assert found.cost < 0.2


def test_what_may_not_change_does_not() -> None:
    for number in range(15):
        row = FRAME.iloc[[number]]
        ways = {"a": "never", "b": "up", "c": "down"}
        found = smallest_change(chances, row, FRAME, flips_from(chances(row)), changes=ways, clock=FREE)
        assert found is not None
        if found.found:
            assert "a" not in found.values
            assert found.values.get("b", np.inf) > row["b"].iloc[0]
            assert found.values.get("c", -np.inf) < row["c"].iloc[0]


def test_nothing_is_found_where_nothing_may_change() -> None:
    row = FRAME.head(1)
    found = smallest_change(chances, row, FRAME, flips_from(chances(row)), changes=dict.fromkeys(FRAME.columns, "never"), clock=FREE)
    assert found is not None
    assert not found.found
    assert found.changes == ()


def test_several_columns_together() -> None:
    """A border that no two columns reach."""
    frame = FRAME.drop(columns="city").clip(-1, 1)

    def model(data: pd.DataFrame):
        positive = (data.to_numpy(float).sum(axis=1) > 2.9).astype(float) * 0.8 + 0.1 + 0.01 * data.to_numpy(float).sum(axis=1)
        return np.column_stack([1 - positive, positive])

    row = pd.DataFrame([[-0.1] * 5], columns=list("abcde"))
    found = smallest_change(model, row, frame, flips_from(model(row)), clock=FREE)
    assert found is not None
    assert found.found
    assert len(found.changes) >= 3
    assert model(applied(row, found.values))[0, 1] > 0.5


def test_types_stay_what_they_are() -> None:
    frame = pd.DataFrame(
        {"count": np.arange(60), "flag": [True, False] * 30, "level": pd.Categorical(["x", "y", "z"] * 20), "gap": [1.0, np.nan] * 30}
    )
    seen: list[pd.DataFrame] = []

    def model(data: pd.DataFrame):
        seen.append(data)
        positive = np.where(data["count"].to_numpy(float) + 20 * data["flag"].to_numpy(bool) > 30, 0.9, 0.1)
        return np.column_stack([1 - positive, positive])

    found = smallest_change(model, frame.iloc[[1]], frame, lambda p: p[:, 1] > 0.5, clock=FREE)
    assert found is not None
    assert found.found
    assert {tuple(map(str, data.dtypes)) for data in seen} <= {
        ("int64", "bool", "category", "float64"),
        ("float64", "bool", "category", "float64"),
    }
    assert all(float(value).is_integer() for name, value in found.values.items() if name == "count")


def test_a_wrong_wish_is_told() -> None:
    with pytest.raises(UsageError, match="Did you mean 'a'"):
        check_changes({"A": "up"}, ["a"])
    with pytest.raises(UsageError, match="'never', 'up' or 'down'"):
        check_changes({"a": "upwards"}, ["a"])


def test_without_time_there_is_no_search() -> None:
    clock = Clock(Budget(1, clock=lambda: 0.999, started=0.0), 1.0)
    clock.seconds_per_row = 1.0
    row = FRAME.head(1)
    assert smallest_change(chances, row, FRAME, flips_from(chances(row)), clock=clock) is None
