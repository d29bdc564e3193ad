"""Patterns of the calendar are found where they were planted, and not where there are none; the scale of the target follows its spread."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_series import prepared

from automl.errors import UsageError
from automl.forecasting.forecaster import Forecaster
from automl.forecasting.world import Rules, Scale
from automl.report.html import render


def fitted(frame: pd.DataFrame, horizon: int, **options: Any) -> Forecaster:
    return Forecaster("sales", time="day", horizon=horizon, budget=None, trials=2, families=["ridge_lags"], **options).fit(frame)


def days(values: np.ndarray, start: str = "2023-01-02") -> pd.DataFrame:
    return pd.DataFrame({"day": pd.date_range(start, periods=len(values)), "sales": values})


def test_a_planted_week_is_told_with_its_size_and_the_forecast_follows_it() -> None:
    rng, time = np.random.default_rng(0), np.arange(400)
    level = 100 + 0.5 * time
    week = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.4, 0.6])[time % 7]
    facts = fitted(days(level * week + rng.normal(0, 3, 400)), 14).facts_
    assert facts.forecast is not None
    found = {one.part: one for one in facts.forecast.patterns}
    assert set(found) == {"weekday"}  # a single year tells no month
    told = {level.name: level for level in found["weekday"].levels}
    for name, wanted in (("Saturday", 0.4), ("Sunday", -0.4), ("Tuesday", 0.0)):
        assert told[name].mean == pytest.approx(wanted, abs=0.03)
        assert told[name].forecast == pytest.approx(wanted, abs=0.1)
    assert told["Saturday"].low > 0.35
    page = render(facts)
    assert "Saturday lies " in page
    assert "above, Sunday lies " in page
    assert "Patterns of the calendar" in page


def test_noise_has_no_pattern_and_numbered_steps_no_calendar() -> None:
    noise = np.random.default_rng(1).normal(50, 5, 300)
    facts = fitted(days(noise), 7).facts_
    assert facts.forecast is not None
    (week,) = facts.forecast.patterns
    assert sum(not level.low <= 0 <= level.high for level in week.levels) <= 2  # type: ignore[operator]
    numbered = pd.DataFrame({"day": np.arange(300), "sales": noise})
    assert fitted(numbered, 7).facts_.forecast.patterns == ()  # type: ignore[union-attr]


def test_values_below_zero_are_told_in_units_of_the_target() -> None:
    time = np.arange(24 * 40)
    frame = pd.DataFrame({"day": pd.date_range("2024-03-01", periods=len(time), freq="h"), "sales": -5 + 8 * np.sin(2 * np.pi * time / 24)})
    frame["sales"] += np.random.default_rng(2).normal(0, 0.2, len(time))
    facts = fitted(frame, 24).facts_
    assert facts.forecast is not None
    hours = facts.forecast.patterns[0]
    assert (hours.part, hours.relative, len(hours.levels)) == ("hour", False, 24)
    assert hours.levels[6].mean == pytest.approx(8.0, abs=0.2)


@pytest.mark.parametrize(("power", "wanted"), [(0.0, "linear"), (0.5, "sqrt"), (1.0, "log")])
def test_the_scale_follows_how_the_spread_grows(power: float, wanted: str) -> None:
    rng, levels = np.random.default_rng(3), 1_000 * 2.0 ** np.arange(6)
    spread = 100 * (levels / 1_000) ** power
    shops = [days(rng.normal(level, wide, 200)).assign(shop=str(level), promo=0) for level, wide in zip(levels, spread, strict=True)]
    run = prepared(pd.concat(shops, ignore_index=True))
    (told,) = [entry.chosen for entry in run.log if entry.what == "scale of the target"]
    assert told == wanted


def test_square_roots_come_back_and_negative_values_are_refused() -> None:
    scale = Scale(unit=3.0, root=True)
    values = np.array([0.0, 1.5, 400.0])
    assert np.allclose(scale.to_world(scale.to_model(values)), values)
    assert Rules.from_dict(Rules(scale=scale).to_dict()).scale == scale
    assert (np.diff(scale.to_world(np.array([-2.0, -1.0, 0.5, 1.0]))) >= 0).all()
    with pytest.raises((UsageError, ValueError), match="without negative values"):
        fitted(days(np.linspace(-3, 9, 80)), 7, target_scale="sqrt")
