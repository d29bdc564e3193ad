"""The target of a regression goes to model space and comes back."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.decisions import DecisionLog
from automl.errors import UsageError
from automl.preprocessing.target import TargetScaler, choose_scaler

NUMBERS = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=50).map(np.array)


@given(NUMBERS)
def test_there_and_back(y):
    scaler = TargetScaler.fit(y)
    np.testing.assert_allclose(scaler.inverse(scaler.transform(y)[:, None])[:, 0], y, rtol=1e-9, atol=1e-6 * (1 + np.abs(y).max()))


def test_model_space_has_mean_0_and_deviation_1():
    y = np.random.default_rng(0).lognormal(3, 1, 500)
    z = TargetScaler.fit(y).transform(y)
    assert z.mean() == pytest.approx(0, abs=1e-12)
    assert z.std() == pytest.approx(1)


@given(NUMBERS, st.floats(-1e6, 1e6))
def test_predictions_stay_in_the_range_of_the_training_rows(y, prediction):
    scaler = TargetScaler.fit(y)
    assert y.min() <= scaler.inverse(np.array([[prediction]]))[0, 0] <= y.max()


def test_equal_numbers_are_no_division_by_zero():
    scaler = TargetScaler.fit(np.full(5, 7.0))
    assert scaler.scale == 1.0
    assert scaler.inverse(np.array([[0.3]])).tolist() == [[7.0]]


def test_it_survives_json_and_leaves_its_input():
    y = np.array([1.0, 2.0, 4.0])
    scaler = TargetScaler.fit(y)
    scaler.transform(y)
    assert y.tolist() == [1.0, 2.0, 4.0]
    assert TargetScaler(**json.loads(json.dumps(scaler.to_dict()))) == scaler


# ── targets over orders of magnitude


def wide(rows=600, noise=0.5, seed=0):
    """A target over six orders of magnitude whose logarithm follows from two columns."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return {"numbers": x}, np.exp(2.0 * x[:, 0] + np.abs(x[:, 1]) + rng.normal(0, noise, rows))


def test_the_logarithm_is_taken_where_it_predicts_better_and_that_is_said():
    arrays, y = wide()
    assert y.max() / y.min() > 1e4
    log = DecisionLog()
    assert choose_scaler(y, arrays, log=log).log
    (decision,) = log
    assert "orders of magnitude" in decision.because
    assert decision.override == "target_scale='linear'"


def test_the_logarithm_is_not_taken_where_it_would_predict_worse():
    rng = np.random.default_rng(1)
    y = 10 ** rng.uniform(0, 6, 600)
    log = DecisionLog()
    assert not choose_scaler(y, {"numbers": (y * np.exp(rng.normal(0, 0.1, 600)))[:, None]}, log=log).log
    (decision,) = log
    assert (decision.chosen, decision.override) == ("as it is", "target_scale='log'")


@pytest.mark.parametrize("y", [np.linspace(1, 900, 200), np.linspace(-5, 1e6, 200), np.geomspace(1, 1e6, 40)])
def test_what_does_not_span_orders_of_magnitude_or_is_too_few_is_no_question(y):
    log = DecisionLog()
    assert choose_scaler(y, {"numbers": y[:, None]}, log=log) == TargetScaler.fit(y)
    assert not list(log)


def test_the_user_decides():
    arrays, y = wide()
    assert not choose_scaler(y, arrays, wanted="linear").log
    assert choose_scaler(np.linspace(1, 2, 60), arrays, wanted="log").log
    with pytest.raises(UsageError, match=r"`target_scale='log'` needs a target above 0\. Received a smallest value of 0\."):
        choose_scaler(np.linspace(0, 2, 60), arrays, wanted="log")
    with pytest.raises(UsageError, match="'linear' or 'log'"):
        choose_scaler(y, arrays, wanted="sqrt")


def test_logarithms_go_there_and_back_and_stay_in_the_range():
    _, y = wide()
    scaler = TargetScaler.fit(y, log=True)
    np.testing.assert_allclose(scaler.inverse(scaler.transform(y)[:, None])[:, 0], y, rtol=1e-9)
    assert scaler.inverse(np.array([[1e6], [-1e6]])).ravel().tolist() == pytest.approx([y.max(), y.min()])
    assert TargetScaler(**json.loads(json.dumps(scaler.to_dict()))) == scaler


def test_a_constant_model_of_the_logarithm_predicts_the_mean():
    _, y = wide()
    scaler = TargetScaler.fit(y, log=True).corrected(np.zeros((len(y), 1)), y)
    assert scaler.inverse(np.zeros((1, 1)))[0, 0] == pytest.approx(y.mean())


def test_the_correction_lowers_the_error_on_new_rows():
    rng = np.random.default_rng(3)
    f = rng.normal(size=20_000)
    y = np.exp(f + rng.normal(0, 1, 20_000))
    scaler = TargetScaler.fit(y, log=True)
    z = ((f - scaler.mean) / scaler.scale)[:, None]  # the best model of the logarithm
    corrected = scaler.corrected(z[:10_000], y[:10_000])
    assert corrected.correction == pytest.approx(np.exp(0.5), rel=0.1)
    errors = [np.mean((s.inverse(z[10_000:])[:, 0] - y[10_000:]) ** 2) for s in (scaler, corrected)]
    assert errors[1] < errors[0]


def test_a_rows_correction_does_not_see_the_row():
    _, y = wide(100)
    scaler, fold = TargetScaler.fit(y, log=True), np.arange(100) % 5
    z = np.zeros((100, 1))
    before = scaler.in_units(z, y, fold)
    changed = np.where(fold == 2, y * 7, y)
    np.testing.assert_array_equal(before[fold == 2], scaler.in_units(z, changed, fold)[fold == 2])
    assert not np.array_equal(before, scaler.in_units(z, changed, fold))
