"""Effects are compared with formulas; interactions with what was planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from explained_models import chances, linear, table

from automl.budget import Budget
from automl.explanation import Clock, column_effects, column_interactions

FREE = Clock(None, 1.0)
FRAME = table(800)


def test_the_effect_of_a_linear_column_is_its_line() -> None:
    effect = column_effects(linear, FRAME, ["a"], clock=FREE)[0]
    slope = np.diff(effect.value) / np.diff(effect.x)
    assert slope == pytest.approx(3)
    assert np.diff(effect.partial) / np.diff(effect.grid) == pytest.approx(3)
    assert effect.shape == "rises"
    assert effect.low == pytest.approx(effect.value, abs=1.0)  # the band is that of the curve's centre only
    assert len(effect.lines) == 12


def test_shapes_are_named() -> None:
    frame = pd.DataFrame({"x": np.linspace(-2, 2, 400)})
    shapes = {
        "falls": lambda x: -x,
        "rises, then falls": lambda x: -(x**2),
        "falls, then rises": lambda x: x**2,
        "flat": lambda x: 0 * x,
        "changes direction": lambda x: np.sin(4 * x),
    }
    for shape, function in shapes.items():
        assert column_effects(lambda data, f=function: f(data["x"].to_numpy()), frame, ["x"], clock=FREE)[0].shape == shape


def test_local_effects_do_not_ask_for_impossible_rows() -> None:
    """With two columns that are nearly one, partial dependence leaves the data; accumulated local effects do not."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=1000)
    frame = pd.DataFrame({"x": x, "copy": x + rng.normal(0, 0.01, 1000)})

    def model(data: pd.DataFrame):
        one, two = data["x"].to_numpy(), data["copy"].to_numpy()
        return one + np.where(np.abs(one - two) > 1, 100.0, 0.0)  # absurd where nothing ever was

    effect = column_effects(model, frame, ["x"], clock=FREE)[0]
    slope = np.diff(effect.value) / np.diff(effect.x)
    inner = slope[1:-1]
    assert inner == pytest.approx(np.ones(len(inner)), abs=1e-6)
    assert max(effect.partial) - min(effect.partial) > 3 * (x.max() - x.min())


def test_levels_are_told_by_their_mean() -> None:
    effect = column_effects(linear, FRAME, ["city"], clock=FREE)[0]
    told = dict(zip(effect.labels, effect.value, strict=True))
    assert told["Brno"] - told["Praha"] == pytest.approx(1)
    assert told["Praha"] == pytest.approx(told["Ostrava"])
    assert effect.kind == "levels"


def test_the_class_that_a_column_moves_most_is_told() -> None:
    def three(data: pd.DataFrame):
        moved = 1 / (1 + np.exp(-data["a"].to_numpy()))
        return np.column_stack([0.1 * moved, 0.2 - 0.1 * moved, np.full(len(moved), 0.8)]) + np.column_stack(
            [np.zeros(len(moved)), 0.5 * moved, -0.5 * moved]
        )

    assert column_effects(three, FRAME, ["a"], clock=FREE)[0].output == 2
    assert column_effects(three, FRAME, ["a"], clock=FREE, output=0)[0].output == 0


def test_a_missing_value_and_a_constant_are_no_trouble() -> None:
    frame = FRAME.copy()
    frame.loc[:50, "a"] = np.nan
    frame["one"] = 1.0
    frame["yes"] = frame["b"] > 0
    found = column_effects(lambda data: np.nan_to_num(data["a"].to_numpy(float)) + data["yes"], frame, ["a", "one", "yes"], clock=FREE)
    assert [effect.column for effect in found] == ["a", "yes"]
    assert found[1].labels == ("False", "True")


def test_the_band_covers_the_true_curve() -> None:
    """Over samples of rows, 95 % bands of the effect at a point hold the effect of the population."""
    population = table(20_000, seed=9)

    def model(data: pd.DataFrame):
        return data["a"].to_numpy() * data["b"].to_numpy() + data["a"].to_numpy()

    held = []
    for seed in range(60):
        sample = population.sample(600, random_state=seed)
        effect = column_effects(model, sample, ["a"], clock=FREE)[0]
        inner = slice(4, -4)
        x = np.array(effect.x)[inner]
        truth = x - sample["a"].mean()
        held.append(((np.array(effect.low)[inner] <= truth) & (truth <= np.array(effect.high)[inner])).mean())
    assert 0.85 < np.mean(held) <= 1.0


def test_a_planted_interaction_comes_first_and_additive_columns_have_none() -> None:
    def model(data: pd.DataFrame):
        return data["a"].to_numpy() * data["b"].to_numpy() + 2 * data["c"].to_numpy() + (data["city"] == "Brno").to_numpy()

    found = column_interactions(model, FRAME, ["a", "b", "c", "city"], problem="regression", clock=FREE)
    assert found[0].columns == ("a", "b")
    assert found[0].strength > 0.9
    assert found[0].low > 0.5
    assert all(pair.strength < 1e-6 for pair in found[1:])
    (low_low, low_high), (high_low, high_high) = found[0].corners
    assert low_low - low_high > 1  # the product turns its direction
    assert high_high - high_low > 1


def test_what_only_adds_up_in_log_odds_does_not_interact() -> None:
    found = column_interactions(chances, FRAME, ["a", "b"], problem="binary", clock=FREE, output=1)
    assert found[0].strength < 0.05


def test_corners_of_levels_are_the_two_commonest() -> None:
    found = column_interactions(linear, FRAME, ["a", "city"], problem="regression", clock=FREE)
    assert set(found[0].labels[1]) <= {"Brno", "Praha", "Ostrava"}


def test_without_time_nothing_is_told() -> None:
    clock = Clock(Budget(1, clock=lambda: 0.999, started=0.0), 1.0)
    clock.seconds_per_row = 1.0
    assert column_effects(linear, FRAME, ["a"], clock=clock) == ()
    assert column_interactions(linear, FRAME, ["a", "b"], problem="regression", clock=clock) == ()
