"""What lies behind an origin changes nothing that is said at it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_series import BASELINES, daily, no_deadline, prepared

from automl.families.base import Config
from automl.forecasting.base import ForecastFamily
from automl.forecasting.families import forecaster_by_name
from automl.forecasting.lags import lag_rows, rows_of, sample_rows
from automl.forecasting.networks import arrays_of
from automl.forecasting.world import Windows, World, find_rules


def other_future(world: World, column: int) -> World:
    """The same world with another target and other past covariates from a column on."""
    panel = world.panel
    y, past = np.array(panel.y), np.array(panel.past)
    y[:, column:] = 1000.0 + 7.0 * np.arange(y.shape[1] - column)
    past[:, column:] = -50.0
    return World(replace(panel, y=y, past=past), world.rules)


@pytest.fixture(scope="module")
def run():  # type: ignore[no-untyped-def]
    frame = daily(5, 150)
    frame["visitors"] = frame["sales"] * 2
    frame.loc[frame.index[::17], "sales"] = np.nan
    return prepared(frame, past=("visitors",))


def test_lags_and_arrays_see_nothing_behind_the_origin(run) -> None:  # type: ignore[no-untyped-def]
    origin = 120
    other = other_future(run.world, origin)
    series = np.arange(5)
    one, two = (lag_rows(rows_of(world, series, np.full(5, origin), 7), 7)[0] for world in (run.world, other))
    assert np.array_equal(one, two, equal_nan=True)
    windows = [Windows(world, series, np.full(5, origin), 7) for world in (run.world, other)]
    for here, there in zip(*(list(arrays_of(part, 30)[0].values()) for part in windows), strict=True):
        assert np.array_equal(here, there)


def test_rules_see_nothing_behind_the_cut(run) -> None:  # type: ignore[no-untyped-def]
    other = other_future(run.world, run.origins.cut).panel
    told = {"asked": None, "scale": None, "country": None}
    one, two = (find_rules(panel, run.layout, run.origins.cut, run.log, **told) for panel in (run.world.panel, other))  # type: ignore[arg-type]
    assert one == two


@pytest.mark.parametrize("name", BASELINES)
def test_a_family_learns_nothing_from_behind_the_cut(run, name: str) -> None:  # type: ignore[no-untyped-def]
    family = forecaster_by_name(name)
    assert isinstance(family, ForecastFamily)
    config: Config = family.complete({"rows": 50_000, "max_iter": 100} if name == "lag_gradient_boosting" else {}, run.spec)
    cut = run.origins.cut
    made = []
    for world in (run.world, other_future(run.world, cut)):
        windows = Windows(world, np.arange(5), np.full(5, cut), 7)
        payload = family.fit(config, replace(run.data, world=world, judged=windows, packs={}), deadline=no_deadline(), seed=0)
        assert payload is not None
        made.append(family.forecast(config, payload, windows))
    assert np.array_equal(made[0], made[1])


def test_targets_to_learn_from_lie_before_the_cut(run) -> None:  # type: ignore[no-untyped-def]
    rows = sample_rows(run.world, 100, 7, 5000, np.random.default_rng(0))
    assert rows.column.max() < 100
    assert (rows.step >= 0).all()
    assert (rows.step < 7).all()


def test_the_last_window_is_behind_all_others(run) -> None:  # type: ignore[no-untyped-def]
    judged = run.judged
    assert judged.origin[judged.folds == 0].max() + 7 <= judged.origin[judged.folds < 0].min()
    assert run.origins.cut <= judged.origin[judged.folds == 0].min()
    assert len(run.origins.backtest) >= 3
