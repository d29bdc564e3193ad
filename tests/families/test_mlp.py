"""The multilayer perceptron: its space, its portfolio, its network."""

import numpy as np
import pytest

from automl import _backend
from automl.budget import Budget
from automl.families.mlp import MLP
from automl.layers import PackedDense, PackedDropout
from automl.preprocessing.base import Spec
from automl.search import out_of_fold_loss
from automl.testing import toy_data

SPEC = Spec(4, 3, (6, 62), 3, "multiclass", 240)
INPUTS = {"numbers": np.ones((5, 4), np.float32), "categories": np.ones((5, 2), np.int32)}


def test_the_portfolio_is_one_pack_that_begins_with_the_default():
    family = MLP()
    configs = [family.complete(config, SPEC) for config in family.portfolio(SPEC)]
    assert len({family.pack_key(config) for config in configs}) == 1
    assert len(configs) == family.pack_configs
    assert configs[0] == family.defaults(SPEC)
    assert len({(config["learning_rate"], config["dropout"]) for config in configs}) == len(configs)


def test_larger_tables_get_larger_networks():
    sizes = [MLP().defaults(Spec(4, 3, (), 2, "binary", rows))["units"] for rows in (500, 5_000, 50_000, 500_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_network_is_what_the_configuration_says(layers):
    family = MLP()
    config = family.complete({"layers": layers, "units": 32, "activation": "relu"}, SPEC)
    model = family.build(SPEC, [config] * 4)
    assert tuple(model(INPUTS).shape) == (5, 4, 3)
    kinds = [type(layer) for layer in model.body]
    assert kinds == [*[PackedDense, PackedDropout] * layers, PackedDense]
    assert [layer.units for layer in model.body if isinstance(layer, PackedDense)] == [32] * layers + [3]


@pytest.mark.parametrize(("numbers", "categories"), [(4, ()), (0, (6, 62)), (0, (6,)), (0, (62,))])
def test_numbers_or_categories_alone(numbers, categories):
    family, spec = MLP(), Spec(numbers, 0, categories, 1, "regression", 240)
    model = family.build(spec, [family.defaults(spec)] * 2)
    inputs = {"numbers": np.ones((5, numbers), np.float32)}
    if categories:
        inputs["categories"] = np.ones((5, len(categories)), np.int32)
    assert tuple(model(inputs).shape) == (5, 2, 1)


def test_it_begins_by_knowing_nothing():
    family = MLP()
    model = family.build(SPEC, [family.defaults(SPEC)] * 2)
    assert (_backend.to_numpy(model(INPUTS)) == 0).all()  # the output layer starts at zero


def test_it_is_close_to_the_best_that_can_be_learnt():
    data = toy_data("binary", rows=600)
    family = MLP()
    configs = [{**family.complete(config, data.spec), "seed": number} for number, config in enumerate(family.portfolio(data.spec)[:2])]
    results = family.train(configs, data, deadline=Budget(trials=2).deadline(), seed=0)
    assert min(out_of_fold_loss(data, result.out_of_fold) for result in results) < 0.25
