"""A pack over the arrays of a preprocessor: inputs, several heads, and a start that is fitted to data."""

import numpy as np
import pytest

from automl import _backend
from automl.layers import HeadsDense, PackedActivation, PackedDense, PackedModel, RankOneDense, pooled
from automl.layers.model import adapted_weights, initial_weights
from automl.layers.packed import normal

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(2.0, 5.0, size=(300, 3)).astype(np.float32)


def pack(members):
    body = [
        PackedDense(members, 40, None, normal(0.5), ntk=True, data_driven=True, input_scale=6.0),
        PackedActivation(members, "selu"),
        PackedDense(members, 30, None, normal(0.5), ntk=True, data_driven=True),
        PackedDense(members, 2, ntk=True),
    ]
    model = PackedModel(members, body)
    model({"numbers": NUMBERS})
    return model


def started(members, seeds):
    model = pack(members)
    weights = adapted_weights(model, initial_weights(model, seeds), [], seeds, {"numbers": _backend.to_device(NUMBERS)})
    return model, weights


def test_units_start_with_unit_variance_on_real_rows_and_kinks_among_them():
    model, weights = started(2, [3, 4])
    names = [variable.path.split("/")[-1] for variable in model.trainable_variables]
    kernel, bias = weights[names.index("kernel")], weights[names.index("bias")]
    units = NUMBERS[None] @ kernel
    np.testing.assert_allclose(units.std(axis=1), 1.0, rtol=1e-3)
    share = (units > -bias).mean(axis=1)  # rows on the right of the kink
    assert ((share > 0.02) & (share < 0.98)).mean() > 0.95
    for variable, values in zip(model.trainable_variables, weights, strict=True):
        np.testing.assert_allclose(_backend.to_numpy(variable), values)


def test_a_member_starts_from_the_same_values_alone_and_in_a_pack():
    _, together = started(3, [3, 4, 5])
    _, alone = started(1, [4])
    for many, one in zip(together, alone, strict=True):
        np.testing.assert_allclose(many[1], one[0], rtol=2e-3, atol=1e-5)


def test_learning_rates_follow_the_neural_tangent_parametrisation():
    kernel = next(v for v in pack(1).trainable_variables if v.path.endswith("kernel"))
    assert kernel.learning_rate_factor == pytest.approx(1 / np.sqrt(3))
    assert kernel.learning_rate_factor * kernel.decay == pytest.approx(1.0)  # the decay itself is not slowed down


def test_several_heads_come_out_side_by_side_and_are_pooled_as_probabilities():
    model = PackedModel(2, [RankOneDense(2, 4, 8, [0, 1, 2]), HeadsDense(2, 3)], heads=4)
    outputs = _backend.to_numpy(model({"numbers": NUMBERS[:5]}))
    assert outputs.shape == (5, 2, 4, 3)
    logits = RNG.normal(size=(5, 2, 4, 3)).astype(np.float32)
    shares = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(np.exp(_backend.to_numpy(pooled(_backend.to_device(logits), True))), shares.mean(axis=2), rtol=1e-4)
    np.testing.assert_allclose(_backend.to_numpy(pooled(_backend.to_device(logits), False)), logits.mean(axis=2), rtol=1e-4, atol=1e-6)
    single = logits[:, :, 0]
    assert pooled(single, True) is single


def test_encoded_columns_are_each_members_own():
    model = PackedModel(2, [PackedDense(2, 1, None, lambda rng, shape: np.eye(*shape)[::-1] * 1.0)])
    encoded = np.stack([np.full((4, 1), 1.0), np.full((4, 1), 2.0)]).astype(np.float32)
    model({"numbers": NUMBERS[:4], "encoded": encoded})
    model.body[0].kernel.assign(np.array([[[0], [0], [0], [1.0]]] * 2, np.float32))
    outputs = _backend.to_numpy(model({"numbers": NUMBERS[:4], "encoded": encoded}))
    assert outputs[:, :, 0].tolist() == [[1.0, 2.0]] * 4
