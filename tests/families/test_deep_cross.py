"""The deep and cross network: its forms, and products of columns."""

import numpy as np
import pytest

from automl.budget import Budget
from automl.families.base import TrainingData
from automl.families.deep_cross import DeepCross
from automl.layers import PackedDense, PackedDropout, PackedScale
from automl.layers.cross import PackedBranches, PackedCross
from automl.preprocessing.base import Spec
from automl.search import out_of_fold_loss

SPEC = Spec(4, 3, (6, 62), 3, "multiclass", 240)
INPUTS = {"numbers": np.ones((5, 4), np.float32), "categories": np.ones((5, 2), np.int32)}


def test_the_portfolio_holds_both_forms():
    family = DeepCross()
    configs = [family.complete(config, SPEC) for config in family.portfolio(SPEC)]
    assert configs[0] == family.defaults(SPEC)
    assert {config["form"] for config in configs} == {"stacked", "parallel"}
    assert len({family.pack_key(config) for config in configs[: family.pack_configs]}) == 1


def test_wide_tables_get_bottlenecks():
    ranks = [DeepCross().defaults(Spec(columns, columns, (), 2, "binary", 500))["rank"] for columns in (4, 64, 65, 500)]
    assert ranks == [0, 0, 16, 16]


@pytest.mark.parametrize("form", ["stacked", "parallel"])
@pytest.mark.parametrize("rank", [0, 4])
def test_the_network_is_what_the_configuration_says(form, rank):
    family = DeepCross()
    config = family.complete({"form": form, "rank": rank, "cross_layers": 3, "units": 32}, SPEC)
    model = family.build(SPEC, [config] * 2)
    assert tuple(model(INPUTS).shape) == (5, 2, 3)
    kinds = [type(layer) for layer in model.body]
    deep = [PackedDense, PackedDropout] * 2
    assert kinds == ([PackedScale, PackedCross, *deep, PackedDense] if form == "stacked" else [PackedScale, PackedBranches, PackedDense])
    cross = model.body[1] if form == "stacked" else model.body[1].branches[0][0]
    assert (len(cross.maps), cross.rank) == (3, rank)


def test_it_finds_a_product_of_columns():
    rng = np.random.default_rng(0)
    numbers = rng.uniform(-2, 2, (300, 3)).astype(np.float32)
    target = (numbers[:, 0] * numbers[:, 1] > 0).astype(np.int64)
    arrays = {"numbers": numbers, "raw_numbers": numbers, "categories": np.zeros((300, 0), np.int32)}
    data = TrainingData(arrays, target, np.arange(300) % 2, 2, Spec(3, 3, (), 2, "binary", 300))
    family = DeepCross()
    (trained,) = family.train([{**family.defaults(data.spec), "seed": 0}], data, deadline=Budget(trials=1).deadline(), seed=0)
    assert out_of_fold_loss(data, trained.out_of_fold) < 0.25
