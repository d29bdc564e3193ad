"""From a row of raw data to a calibrated prediction."""

import numpy as np
import pytest
from small import FEATURES, FakeFamily, fit, people

from automl.budget import Budget
from automl.errors import UsageError
from automl.families.linear import Linear
from automl.predictor import Predictor, join_trials
from automl.testing import toy_data
from automl.trials import Trial

DATA = people(120)


@pytest.fixture(scope="module")
def predictor():
    return fit(DATA[[*FEATURES, "churn"]], "churn").fitted_.predictor


@pytest.fixture(scope="module")
def numbers():
    return fit(DATA[[*FEATURES, "spent"]], "spent").fitted_.predictor


def trials(*families):
    """One trial of each family on the same small data."""
    data = toy_data("binary", rows=60)
    made = []
    for number, family in enumerate(families):
        config = family.complete({}, data.spec)
        (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=number)
        made.append(Trial(number, family, config, "finished", 0.5, 0.0, 0.0, trained))
    return data, made


def test_one_part_for_each_family_that_has_a_weight():
    linear, fake, unused = Linear(), FakeFamily("fake"), FakeFamily("unused")
    data, tried = trials(linear, fake, linear, unused)
    parts = join_trials(tried, np.array([0.25, 0.5, 0.25, 0.0]), data.spec)
    assert [(part.family.name, part.share) for part in parts] == [("linear", 0.5), ("fake", 0.5)]
    assert len(parts[0].fitted.models) == 6  # two configurations, three folds
    assert sum(parts[0].fitted.weights) == pytest.approx(1.0)


def test_weights_need_not_add_up_to_one():
    data, tried = trials(Linear(), FakeFamily("fake"))
    assert [part.share for part in join_trials(tried, np.array([3.0, 1.0]), data.spec)] == [0.75, 0.25]


def test_one_fold_alone_predicts_its_rows_as_they_were_predicted_out_of_fold():
    data, tried = trials(Linear())
    for fold in range(data.folds):
        (part,) = join_trials(tried, np.ones(1), data.spec, fold=fold)
        rows = data.fold == fold
        arrays = {name: values[rows] for name, values in data.arrays.items()}
        np.testing.assert_allclose(part.fitted.predict(arrays), tried[0].trained.out_of_fold[rows], atol=1e-6)


def test_the_mixture_is_the_weighted_mean(predictor):
    arrays = predictor.preprocessor.transform(predictor.schema.cast(DATA))
    expected = sum(part.share * part.fitted.predict(arrays) for part in predictor.parts)
    np.testing.assert_allclose(predictor.raw(arrays), expected)
    np.testing.assert_allclose(predictor(DATA), predictor.calibration.apply(expected))


def test_blocks_change_nothing(predictor, monkeypatch):
    whole = predictor(DATA)
    monkeypatch.setattr("automl.predictor.BLOCK", 7)
    np.testing.assert_allclose(predictor(DATA), whole, atol=1e-12)


def test_a_row_alone_is_predicted_as_among_others(predictor, numbers):
    for made in (predictor, numbers):
        np.testing.assert_allclose(made(DATA.iloc[[17]])[0], made(DATA)[17], atol=1e-9)


def test_no_rows(predictor, numbers):
    assert predictor(DATA.iloc[:0]).shape == (0, 2)
    assert numbers(DATA.iloc[:0]).shape == (0, 1)
    assert predictor.decide(predictor(DATA.iloc[:0])).shape == (0,)


def test_numbers_are_in_the_targets_units_and_range(numbers):
    predicted = numbers(DATA)[:, 0]
    assert predicted.min() >= DATA["spent"].min()
    assert predicted.max() <= DATA["spent"].max()
    assert np.corrcoef(predicted, DATA["spent"])[0, 1] > 0.8
    np.testing.assert_array_equal(numbers.decide(numbers(DATA)), predicted)


def test_the_threshold_decides(predictor):
    prediction = np.array([[0.9, 0.1], [0.5, 0.5], [0.3, 0.7]])
    assert predictor.decide(prediction).tolist() == ["no", "no", "yes"]
    lower = Predictor(**{**predictor.__dict__, "threshold": type(predictor.threshold)(0.05, "costs", "")})
    assert lower.decide(prediction).tolist() == ["yes", "yes", "yes"]
    without = Predictor(**{**predictor.__dict__, "threshold": None})
    assert without.decide(prediction).tolist() == ["no", "no", "yes"]


def test_states_and_back(predictor, numbers):
    for made in (predictor, numbers):
        again = Predictor.from_states(made.states())
        np.testing.assert_array_equal(again(DATA), made(DATA))
        assert (again.schema, again.task, again.scaler, again.calibration, again.threshold) == (
            made.schema,
            made.task,
            made.scaler,
            made.calibration,
            made.threshold,
        )
        assert again.sets == made.sets
    lower, upper = numbers.intervals.apply(numbers(DATA))
    again = Predictor.from_states(numbers.states())
    np.testing.assert_array_equal(again.intervals.apply(again(DATA)), (lower, upper))


def test_sets_hold_labels_the_most_probable_first(predictor):
    prediction = predictor(DATA)
    for labels, row in zip(predictor.sets_of(prediction, 0.99), prediction, strict=True):
        assert labels[0] == predictor.task.classes[row.argmax()]
        assert len(set(labels)) == len(labels) <= 2
    assert predictor.sets_of(prediction[:0]).shape == (0,)


def test_a_model_that_was_saved_before_there_were_sets(predictor):
    states = predictor.states()
    del states["model"].json["judged"]["sets"]
    old = Predictor.from_states(states)
    np.testing.assert_array_equal(old(DATA), predictor(DATA))
    with pytest.raises(UsageError, match="fit it again"):
        old.sets_of(old(DATA), 0.9)
