"""The division of the search time."""

from dataclasses import replace

import numpy as np
import pytest
from small import FakeFamily

from automl.families.base import Trained
from automl.shares import OTHER, SHARES, TRUST, TRUST_ROWS, family_weights, shares_of_kinds
from automl.testing import toy_data
from automl.trials import Trial


def trial(data, kind, right, seed=0):
    """A finished trial whose probability of the true class is `right` on average."""
    noise = np.random.default_rng(seed).normal(0, 0.05, data.rows)
    chance = np.clip(right + noise, 0.01, 0.99)
    out = np.stack([1 - chance, chance], axis=1)
    out = np.where(data.target[:, None] == 1, out, out[:, ::-1]).astype(np.float32)
    return Trial(0, FakeFamily(kind, kind), {}, "finished", 0.5, 1.0, 1.0, Trained({}, [{}] * data.folds, out, 1.0))


def test_the_shares_of_experience_add_up():
    assert sum(SHARES.values()) == pytest.approx(1.0)


def test_experience_holds_until_every_kind_has_a_usable_trial():
    kind_of = {"a": "tree", "b": "network"}
    prior = {"tree": SHARES["tree"], "network": SHARES["network"]}
    assert shares_of_kinds({}, kind_of, prior, 99) == prior
    assert shares_of_kinds({"a": 1.0}, kind_of, prior, 99) == prior
    assert shares_of_kinds({}, {}, ["something new"], 99) == {"something new": OTHER}


def test_a_failed_trial_is_no_experience():
    data = toy_data("binary")
    failed = replace(trial(data, "network", 0.9), status="failed", trained=None)
    assert family_weights(data, [trial(data, "tree", 0.9), failed]) == {"tree": 1.0}


def test_time_goes_where_the_weight_is():
    data = toy_data("binary")
    weights = family_weights(data, [trial(data, "tree", 0.9), trial(data, "network", 0.6, 1)])
    assert weights["tree"] > 0.9
    kinds = {"tree": "tree", "network": "network"}
    few, some, many = (shares_of_kinds(weights, kinds, kinds, rows) for rows in (TRUST_ROWS[0], sum(TRUST_ROWS) // 2, TRUST_ROWS[1]))
    assert few == {"tree": SHARES["tree"], "network": SHARES["network"]}
    assert few["tree"] < some["tree"] < many["tree"]
    assert many["tree"] == pytest.approx((1 - TRUST) * SHARES["tree"] + TRUST, abs=0.05)
    assert many["network"] >= (1 - TRUST) * SHARES["network"]


def test_a_kind_that_cannot_go_on_still_has_its_weight():
    kind_of = {"a": "linear", "b": "tree", "c": "network"}
    found = shares_of_kinds({"a": 0.9, "b": 0.1, "c": 0.0}, kind_of, ["tree", "network"], TRUST_ROWS[1])
    assert found == {"tree": pytest.approx(0.25), "network": pytest.approx(0.25)}


def test_rows_that_no_fold_validates_do_not_count():
    data = toy_data("binary")
    fold = np.where(np.arange(data.rows) % 2, 0, -1)
    data = replace(data, fold=fold)
    tried = [trial(data, "tree", 0.9), trial(data, "network", 0.6, 1)]
    for one in tried:
        one.trained.out_of_fold[fold < 0] = np.nan
    assert family_weights(data, tried)["tree"] > 0.9
