"""What is RealMLP's own; the rest is in the contract suite."""

from dataclasses import replace

import numpy as np

from automl import _backend
from automl.budget import Budget
from automl.families.base import TrainingData
from automl.families.mlp import MLP
from automl.families.realmlp import RealMLP
from automl.preprocessing.base import Spec
from automl.search import out_of_fold_loss

SPEC = Spec(4, 4, (6, 60), 2, "binary", 240)


def test_defaults_are_the_authors_for_each_problem():
    classes, numbers = (RealMLP().defaults(Spec(4, 4, (), 1 + (p == "binary"), p, 900)) for p in ("binary", "regression"))
    assert (classes["activation"], classes["learning_rate"]) == ("selu", 0.04)
    assert (numbers["activation"], numbers["learning_rate"]) == ("mish", 0.2)
    assert (classes["second_moment_decay"], classes["embedding_scale"], classes["dropout"]) == (0.95, 0.1, 0.15)
    assert RealMLP().portfolio(SPEC)[0] == {}


def test_frequencies_are_the_authors_for_few_rows_and_ten_times_as_high_for_many():
    family = RealMLP()
    scales = {}
    for rows in (500, 50_000):
        spec = replace(SPEC, rows=rows)
        configs = [family.complete(config, spec) for config in family.portfolio(spec)]
        assert len({family.pack_key(config) for config in configs}) == 1
        scales[rows] = [config["embedding_scale"] for config in configs]
        assert {0.1, 1.0} <= set(scales[rows])
    assert (scales[500][0], scales[50_000][0]) == (0.1, 1.0)


def test_with_a_gpu_the_defaults_are_the_authors_however_many_rows_there_are(monkeypatch):
    monkeypatch.setattr(_backend, "has_gpu", lambda: True)
    family, spec = RealMLP(), replace(SPEC, rows=50_000)
    configs = [family.complete(config, spec) for config in family.portfolio(spec)]
    assert (configs[0]["layers"], configs[0]["units"], configs[0]["embedding_scale"]) == (3, 256, 0.1)
    assert all(config not in configs[:place] for place, config in enumerate(configs))


def test_each_group_of_weights_has_its_learning_rate():
    family = RealMLP()
    model = family.build(SPEC, [family.defaults(SPEC)])
    model({"numbers": np.zeros((1, 4), np.float32), "categories": np.zeros((1, 2), np.int32)})
    factors = {variable.path.split("/")[-1]: variable.learning_rate_factor for variable in model.trainable_variables}
    assert factors["scale"] == 6.0
    assert factors["strength"] == factors["bias"] == factors["frequency"] == 0.1
    assert factors["kernel"] < 1.0


def test_it_learns_smooth_waves_that_a_plain_network_does_not():
    rng = np.random.default_rng(0)
    numbers = rng.uniform(-1, 1, (1_000, 2)).astype(np.float32)
    target = np.sin(9 * numbers[:, 0])
    spec = Spec(2, 2, (), 1, "regression", 1_000)
    data = TrainingData({"numbers": numbers}, target / target.std(), np.arange(1_000) % 2, 2, spec)
    losses = {}
    for family in (RealMLP(), MLP()):
        given = {"embedding": "none"} if family.name == "mlp" else {"units": 64, "embedding_scale": 1.0}
        config = {**family.complete(given, data.spec), "seed": 0}
        (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
        losses[family.name] = out_of_fold_loss(data, trained.out_of_fold)
    assert losses["realmlp"] < 0.5 * losses["mlp"]
