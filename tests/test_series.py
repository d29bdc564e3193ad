"""Series from every kind of source to predictions, explanations and files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plain_words
import pytest

import automl
from automl.dataset.signal import Signal
from automl.errors import DataError

STEPS = 40


def two_events(rows, seed, channels=1):
    """A bump and a dip at random places: the class says which comes first, so that no mean and no single step tells it."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 2, rows)
    early, late = rng.integers(4, 14, rows), rng.integers(22, 34, rows)
    series = 0.15 * rng.normal(size=(rows, STEPS, channels))
    steps = np.arange(STEPS)
    for row in range(rows):
        bump, dip = (early[row], late[row]) if first[row] else (late[row], early[row])
        series[row, :, 0] += np.exp(-(((steps - bump) / 2.0) ** 2)) - np.exp(-(((steps - dip) / 2.0) ** 2))
    return series, np.where(first, "bump first", "dip first")


def fitted(x, y=None, families=("quant", "mini_rocket"), **options):
    return automl.fit(x, y, budget=None, trials=len(families), families=list(families), **options)


def accuracy(model, x, y):
    return float((model.predict(x).astype(str) == y.astype(str)).mean())


@pytest.fixture(scope="module")
def model():
    x, y = two_events(120, 0, channels=2)
    return fitted(x, y)


def test_arrays_are_told_apart(model):
    x, y = two_events(80, 1, channels=2)
    assert model.task_.modality == "sequence"
    assert plain_words.faults(model.facts_) == []
    assert [column.type for column in model.schema_.features] == ["series"]
    assert accuracy(model, x, y) > 0.95
    assert accuracy(model, x.transpose(0, 2, 1), y) > 0.95  # channels first


def test_a_model_of_series_survives_its_file(model, tmp_path):
    x, _ = two_events(20, 2, channels=2)
    again = automl.load(model.save(tmp_path / "model.automl"))
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))


def test_the_report_is_written(model, tmp_path):
    model.report(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Which stretch of time" in page
    changes = model.facts_.occlusion.changes
    assert len(changes) == 10
    assert max(changes) > 0.001


def test_wide_tables_and_ts_files(tmp_path):
    x, y = two_events(90, 3)
    wide = pd.DataFrame(x[:, :, 0], columns=[f"t{step}" for step in range(STEPS)]).assign(order=y)
    one = fitted(wide, "order", ["quant"])
    assert [column.type for column in one.schema_.features] == ["series"]
    assert accuracy(one, wide.drop(columns="order"), y) > 0.95
    lines = [",".join(f"{value:.4f}" for value in row[:, 0]) + f":{label.replace(' ', '_')}" for row, label in zip(x, y, strict=True)]
    path = tmp_path / "events.ts"
    path.write_text("@problemName events\n@classLabel true bump_first dip_first\n@data\n" + "\n".join(lines))
    two = fitted(str(path), None, ["quant"])
    assert len(two.predictions(str(path))) == 90


def test_long_tables_become_one_row_per_case():
    x, y = two_events(60, 4, channels=2)
    rng = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"machine": f"m{case:02d}", "second": np.arange(len(one)), "a": one[:, 0], "b": one[:, 1], "state": label})
        for case, (one, label) in enumerate(zip((x[n, : rng.integers(34, 41)] for n in range(60)), y, strict=True))
    ]
    table = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=0)
    one = fitted(table, "state", ["quant"])
    found = one.predictions(table.drop(columns="state"))
    assert len(found) == 60
    truth = table.drop_duplicates("machine").set_index("machine")["state"]
    assert (found["prediction"].to_numpy() == truth[found["machine"]].to_numpy()).mean() > 0.95


def test_lists_of_unequal_lengths_and_regression():
    rng = np.random.default_rng(0)
    slopes = rng.normal(size=80)
    several = [
        (slope * np.arange(length))[:, None] + rng.normal(size=(length, 1))
        for slope, length in zip(slopes, rng.integers(10, 30, 80), strict=True)
    ]
    one = fitted(several, slopes, ["quant"])
    assert one.task_.problem == "regression"
    assert np.corrcoef(one.predict(several), slopes)[0, 1] > 0.8


@pytest.mark.parametrize("series", [np.zeros((40, 1, 1)), np.zeros((40, 30, 2))])
def test_one_point_and_all_zeros_end_in_an_answer_or_a_sentence(series):
    y = np.array(["a", "b"] * 20)
    try:
        model = fitted(series, y, ["quant", "linear"])
    except DataError as problem:
        told = str(problem)
        assert "must" in told or "needs" in told
    else:
        assert np.isfinite(model.predict_proba(series)).all()


def test_missing_steps_are_told(model):
    x, y = two_events(60, 5)
    wide = pd.DataFrame(x[:, :, 0], columns=[f"t{step}" for step in range(STEPS)])
    one = fitted(wide.assign(order=y), "order", ["quant"])
    with pytest.raises(DataError, match="Missing 1 steps of the series: 't7'"):
        one.predict(wide.drop(columns="t7"))


def test_signals_are_compared_by_their_values():
    a, b = Signal(np.zeros((3, 1))), Signal(np.zeros((1, 3)))
    assert a == Signal(np.zeros((3, 1)))
    assert a != b
    assert len(pd.Series([a, Signal(np.zeros((3, 1))), b], dtype=object).unique()) == 2
