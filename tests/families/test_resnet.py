"""The residual network: its space, its portfolio, its network."""

import numpy as np
import pytest

from automl import _backend
from automl.families.resnet import ResNet
from automl.layers import PackedDense
from automl.layers.model import dropout_layers
from automl.layers.normalization import PackedLayerNorm
from automl.layers.residual import PackedRelu, PackedResidual
from automl.preprocessing.base import Spec

SPEC = Spec(4, 3, (6, 62), 3, "multiclass", 240)
INPUTS = {"numbers": np.ones((5, 4), np.float32), "categories": np.ones((5, 2), np.int32)}


def test_the_portfolio_begins_with_a_pack_around_the_authors_default():
    family = ResNet()
    configs = [family.complete(config, SPEC) for config in family.portfolio(SPEC)]
    assert configs[0] == family.defaults(SPEC)
    assert (configs[0]["blocks"], configs[0]["hidden_factor"], configs[0]["dropout"]) == (2, 2, 0.15)
    assert len({family.pack_key(config) for config in configs[: family.pack_configs]}) == 1
    assert len({family.pack_key(config) for config in configs}) == 2


@pytest.mark.parametrize(("blocks", "factor", "twice"), [(1, 1, False), (2, 3, True)])
def test_the_network_is_what_the_configuration_says(blocks, factor, twice):
    family = ResNet()
    config = family.complete({"blocks": blocks, "units": 32, "hidden_factor": factor, "residual_dropout": twice}, SPEC)
    model = family.build(SPEC, [config] * 4)
    assert tuple(model(INPUTS).shape) == (5, 4, 3)
    kinds = [type(layer) for layer in model.body]
    assert kinds == [PackedDense, *[PackedResidual] * blocks, PackedLayerNorm, PackedRelu, PackedDense]
    widths = [layer.width for layer in dropout_layers(model)]
    assert sorted(widths) == sorted(([32 * factor, 32] if twice else [32 * factor]) * blocks)


def test_it_begins_by_knowing_nothing():
    family = ResNet()
    model = family.build(SPEC, [family.defaults(SPEC)] * 2)
    assert (_backend.to_numpy(model(INPUTS)) == 0).all()
