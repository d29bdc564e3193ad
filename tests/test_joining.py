"""From trials to an ensemble: what its predictions may cost."""

from types import SimpleNamespace

import numpy as np
import pytest
from small import FakeFamily

from automl.families.base import Trained
from automl.joining import CLOSE, ROW_SECONDS, join
from automl.preprocessing.target import TargetScaler
from automl.testing import toy_data
from automl.trials import Trial

ROWS = 2000
Y = np.random.default_rng(0).normal(size=ROWS)


class Priced(FakeFamily):
    """A family whose predictions cost what its configuration says."""

    def row_seconds(self, trained, spec):
        return trained.config["cost"]


def trial(number, cost, noise):
    out = Y + noise * np.random.default_rng(number + 1).normal(size=ROWS)
    trained = Trained({"cost": cost}, [{}] * 5, out[:, None].astype(np.float32), 1.0)
    return Trial(number, Priced(f"family {number}"), {"cost": cost}, "finished", noise, 1.0, 1.0, trained)


def joined(*trials):
    scaler = TargetScaler()
    fold = np.arange(ROWS) % 5
    return join("regression", trials, lambda trial: True, Y, np.arange(ROWS), fold, scaler, toy_data("regression").spec)


def test_a_dear_member_takes_part_where_it_helps():
    found = joined(trial(0, 40e-6, 0.5), trial(1, 60e-6, 0.5))
    assert (found.weights > 0.3).all()
    assert found.costs.sum() > min(ROW_SECONDS)


def test_a_dear_member_that_adds_next_to_nothing_is_left_out():
    found = joined(trial(0, 40e-6, 0.1), trial(1, 60e-6, 1.5))
    assert found.weights.tolist() == [1.0, 0.0]
    alone = np.sqrt(np.mean((Y - found.predictions[0][:, 0]) ** 2))
    assert np.sqrt(np.mean((Y - found.honest[:, 0]) ** 2)) <= CLOSE * alone


def test_all_together_stay_below_the_highest_limit():
    found = joined(*(trial(number, 50e-6, 0.5) for number in range(5)))
    assert 1 < (found.weights > 0).sum() <= 2
    assert found.costs[found.weights > 0].sum() <= max(ROW_SECONDS)


def test_a_single_model_may_cost_more_than_the_limit():
    found = joined(trial(0, 10 * max(ROW_SECONDS), 0.1), trial(1, 10e-6, 3.0))
    assert found.weights[0] == pytest.approx(1.0)


def test_the_weights_without_a_kind_of_family_are_those_of_the_others():
    one, other = trial(0, 1e-6, 0.1), trial(1, 1e-6, 0.5)
    other.family.tags = SimpleNamespace(kind="tree")
    weights, honest = joined(one, other).without("linear")
    assert weights.tolist() == [0.0, 1.0]
    np.testing.assert_allclose(honest[:, 0], other.trained.out_of_fold[:, 0], rtol=1e-6)
    assert joined(one).without("linear") is None
