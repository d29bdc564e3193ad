"""Steps, what stood before them, runs and means; and the detectors that read them: what stays, what is off for long, what breaks a rule."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import automl
from automl.anomaly.past import Grid, before, runs, trailing
from automl.anomaly.scores import average_precision, joined

SERIES = ["conditional_gaussian", "stretches"]


def hours(rows, seed):
    rng = np.random.default_rng(seed)
    when = pd.date_range("2024-01-01", periods=rows, freq="h")
    load = 10 + 4 * np.sin(2 * np.pi * when.hour.to_numpy() / 24) + 0.4 * rng.normal(size=rows)
    heat = 20 + 2 * load + rng.normal(size=rows)
    return pd.DataFrame({"when": when, "load": load.round(2), "heat": heat.round(2)})


@pytest.fixture(scope="module")
def model():
    return automl.fit(hours(1_540, 0).iloc[:1_500], problem="anomaly_detection", families=SERIES, budget=None)


def test_gaps_and_order_of_the_rows_do_not_move_the_past():
    values, steps = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0, 1, 5, 6])
    mixed = np.array([3, 0, 2, 1])
    for lag in (1, 2):
        np.testing.assert_array_equal(before(values[mixed], steps[mixed], lag), before(values, steps, lag)[mixed])
    assert np.isnan(before(values, steps, 1)[2, 0])
    assert runs(np.ones((4, 1)), steps).ravel().tolist() == [1.0, 2.0, 1.0, 2.0]
    assert trailing(values, steps, 2).ravel() == pytest.approx([1 / np.sqrt(2), 1.5, 3 / np.sqrt(2), 3.5])


@pytest.mark.parametrize(("step", "seasons"), [("15min", (96, 672)), ("h", (24, 168)), ("D", (7,)), ("7D", (52,))])
def test_seasons_follow_from_the_distance_of_steps(step, seasons):
    times = pd.date_range("2024-01-01", periods=60, freq=step).to_numpy().astype("datetime64[ns]").astype(np.int64)
    assert Grid.of(times, dates=True).seasons == seasons


def test_times_without_a_common_distance_are_counted():
    times = np.cumsum(np.random.default_rng(0).exponential(size=50))
    assert Grid.of(times, dates=False).steps(times[::-1]).tolist() == list(range(49, -1, -1))


def test_a_stuck_sensor_and_a_shifted_level_are_found(model):
    frame = hours(600, 1).assign(when=pd.date_range("2024-06-01", periods=600, freq="h"))
    stuck, shifted = frame.copy(), frame.copy()
    stuck.loc[300:329, "load"] = stuck.loc[300, "load"]
    shifted.loc[300:329, "heat"] += 6.0
    truth = np.isin(np.arange(600), np.arange(302, 330))
    for faulty in (stuck, shifted):
        assert average_precision(model.score(faulty), truth) > 0.6
        assert average_precision(model.scores_by_family(faulty)["stretches"], truth) > 0.6


def test_the_time_line_says_what_was_unusual():
    frame = hours(800, 2)
    frame.loc[500:529, "load"] = frame.loc[500, "load"]
    facts = automl.fit(frame, problem="anomaly_detection", families=SERIES, budget=None, alarms=0.02).facts_
    first = facts.anomalies.time_line.stretches[0]
    assert first.columns[0] in ("load", "heat")
    assert first.drawing.values[first.drawing.inside[0]] is not None


def test_new_rows_are_judged_by_the_end_of_the_fit(model, tmp_path):
    whole = hours(1_540, 0)
    new = whole.iloc[1_500:].reset_index(drop=True)
    known = model.score(new)
    np.testing.assert_allclose(model.score(whole)[1_500:], known, atol=1e-9)  # the tail holds all that judging reads
    table = model.predictions(new)
    assert table["past"].all()
    later = new.assign(when=new["when"] + pd.Timedelta(days=90))
    assert model.predictions(later)["past"].tolist() == [False] + [True] * 39
    again = automl.load(model.save(tmp_path / "series.automl"))
    np.testing.assert_allclose(again.score(new), known, atol=1e-9)
    model.history_, kept = None, model.history_
    try:
        assert not np.allclose(model.score(new)[:3], known[:3])
    finally:
        model.history_ = kept


def test_one_rare_part_is_enough():
    parts = np.array([[4.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])
    assert joined(parts)[0] > joined(parts)[1]
    assert joined(np.zeros((2, 0))).tolist() == [0.0, 0.0]


def test_months_to_come_are_not_strange_by_their_date_alone():
    """What the calendar explains must have been seen once: of two months of hours the season tells nothing of summer."""

    def hours(first: str, rows: int, seed: int) -> pd.DataFrame:
        rng, when = np.random.default_rng(seed), pd.date_range(first, periods=rows, freq="h")
        load = 50 + 20 * np.sin(np.asarray(when.hour) * 2 * np.pi / 24) + 2 * rng.normal(size=rows)
        return pd.DataFrame({"hour": when, "load": load, "heat": 20 + 0.3 * load + rng.normal(size=rows)})

    model = automl.fit(
        hours("2025-01-01", 1_200, 0), problem="anomaly_detection", families=["conditional_gaussian"], budget=None, alarms=0.02
    )
    assert model.design_.moments == ("hour: day of month", "hour: day of week", "hour: hour")
    assert model.predict(hours("2025-06-01", 2_000, 1)).mean() < 0.1
