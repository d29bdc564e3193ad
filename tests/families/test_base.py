"""What a family gets for free: spaces, sampling, keys of packs, folds of scikit-learn models."""

import json
import threading

import numpy as np
import pytest

from automl.budget import Budget
from automl.errors import UsageError
from automl.families._sklearn import SklearnFamily, interruptible
from automl.families.base import Tags
from automl.families.mlp import MLP
from automl.testing import toy_data

DATA = toy_data("binary", rows=90)
DEADLINE = Budget(trials=1).deadline()


class Mean(SklearnFamily):
    """The mean of the first column's sign, with a conditional search space."""

    name, title, tags = "mean", "Mean", Tags(kind="tree")

    def __init__(self, fails_at=None):
        self.fails_at, self.seen = fails_at, {}

    def space(self, hp, spec):
        hp.Choice("kind", ["flat", "deep"], default="flat")
        with hp.conditional_scope("kind", ["deep"]):
            hp.Int("depth", 2, 8, default=3)
        hp.Float("rate", 1e-4, 1.0, sampling="log", default=0.1)

    def fit(self, config, arrays, target, spec, *, deadline, seed, threads=1):
        self.seen[seed] = len(target)
        if seed == self.fails_at:
            return None
        return {"share": np.array([1 - target.mean(), target.mean()])}

    def predict(self, model, arrays, spec):
        return np.repeat(model["share"][None], len(arrays["numbers"]), axis=0)


def test_conditional_entries_appear_with_their_parent():
    drawn = [Mean().sample(DATA.spec, np.random.default_rng(seed)) for seed in range(30)]
    assert {config["kind"] for config in drawn} == {"flat", "deep"}
    assert all(("depth" in config) == (config["kind"] == "deep") for config in drawn)
    assert all(1e-4 <= config["rate"] <= 1.0 for config in drawn)
    assert all(json.loads(json.dumps(config)) == config for config in drawn)
    assert np.median([config["rate"] for config in drawn]) < 0.1  # drawn evenly in the logarithm


def test_a_configuration_is_completed_and_checked():
    assert Mean().complete({"rate": 0.5, "seed": 3}, DATA.spec)["rate"] == 0.5
    assert Mean().complete({}, DATA.spec) == Mean().defaults(DATA.spec)
    with pytest.raises(UsageError, match=r"A configuration of 'mean' may hold .*\. Received \['speed'\]"):
        Mean().complete({"speed": 1}, DATA.spec)


def test_what_may_differ_inside_a_pack_is_no_part_of_its_key():
    family = MLP()
    config = family.defaults(DATA.spec)
    same = {**config, "learning_rate": 0.01, "dropout": 0.4, "weight_decay": 0.1, "seed": 9}
    assert family.pack_key(config) == family.pack_key(same)
    assert family.pack_key(config) != family.pack_key({**config, "units": 256})


def test_each_fold_learns_from_the_others_with_a_seed_of_its_own():
    family = Mean()
    (trained,) = family.train([family.defaults(DATA.spec)], DATA, deadline=DEADLINE, seed=7)
    assert family.seen == {7: 60, 1007: 60, 2007: 60}
    for fold in range(3):
        share = DATA.target[DATA.fold != fold].mean()
        np.testing.assert_allclose(trained.out_of_fold[DATA.fold == fold, 1], share, rtol=1e-6)


def test_a_fold_without_a_model_makes_no_result():
    family = Mean(fails_at=1000)
    assert family.train([family.defaults(DATA.spec)], DATA, deadline=DEADLINE, seed=0) == []


def test_the_mixture_weighs_configurations_and_shares_folds():
    family = Mean()
    models = [{"share": np.array([1.0, 0.0])}, {"share": np.array([0.0, 1.0])}]
    fitted = family.combine([({}, models[:1], 3.0), ({}, models[1:] * 2, 1.0)], DATA.spec)
    np.testing.assert_allclose(fitted.predict(DATA.arrays)[0], [0.75, 0.25])
    again = family.restore(fitted.state(), DATA.spec)
    np.testing.assert_array_equal(again.predict(DATA.arrays), fitted.predict(DATA.arrays))


def test_ctrl_c_ends_what_runs_side_by_side():
    from concurrent.futures import ThreadPoolExecutor

    budget = Budget(1000)
    ended = threading.Event()

    def work():
        while not budget.deadline().over():
            threading.Event().wait(0.005)
        ended.set()

    def press():
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool, pytest.raises(KeyboardInterrupt):
        interruptible([pool.submit(press), pool.submit(work)], budget)
    assert ended.is_set()
    assert not budget.cancelled
