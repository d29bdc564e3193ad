"""Tokens, attention and transformer blocks."""

import numpy as np
import pytest
from packs import SEEDS, check_gradients_are_finite, check_members_are_side_by_side, filled

from automl import _backend
from automl.layers.attention import PackedAttention, PackedTokens, PackedTransformerBlock, first_tokens
from automl.layers.model import dropout_layers

RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(1, 5, 2)).astype(np.float32)
CODES = np.column_stack([RNG.integers(1, 4, 5), RNG.integers(1, 6, 5)]).astype(np.int32)
TOKENS, UNITS, ROWS = 3, 4, 5
FLAT = RNG.normal(size=(1, ROWS * TOKENS, UNITS)).astype(np.float32)


def packed(members):
    """The same tokens for every member; inside a network each has its own."""
    return np.repeat(FLAT, members, axis=0)


def test_every_column_becomes_a_token():
    values = check_members_are_side_by_side(lambda members: PackedTokens(members, 2, (4, 6), 8), NUMBERS, CODES)
    assert values.shape == (3, 5 * 5, 8)
    by_row = values.reshape(3, 5, 5, 8)
    assert np.ptp(by_row[:, :, 0], axis=1).max() == 0.0  # the first token is the same for all rows
    layer = PackedTokens(2, 2, (4, 6), 8)
    changed = NUMBERS.copy()
    changed[0, 3, 1] += 1.0
    before, after = filled(layer, SEEDS[:2], NUMBERS, CODES), _backend.to_numpy(layer(changed, CODES))
    moved = np.abs(after - before).max(axis=-1).reshape(2, 5, 5) > 0
    assert moved[:, 3, 2].all()
    assert moved.sum() == 2


def test_a_missing_category_is_the_bias_alone():
    layer = PackedTokens(1, 0, (4, 6), 8)
    values = filled(layer, [1], NUMBERS[..., :0], np.zeros((2, 2), np.int32)).reshape(2, 3, 8)
    np.testing.assert_allclose(values[0, 1:], _backend.to_numpy(layer.bias)[0, 0], atol=1e-7)


def test_two_columns_do_not_share_levels():
    layer = PackedTokens(1, 0, (4, 6), 8)
    values = filled(layer, [1], NUMBERS[..., :0], np.array([[2, 2]], np.int32))[0]
    table, bias = _backend.to_numpy(layer.table)[0], _backend.to_numpy(layer.bias)[0, 0]
    np.testing.assert_allclose(values[1:], table[[2, 6]] + bias, atol=1e-7)


@pytest.mark.parametrize("first_only", [False, True])
def test_attention_is_the_formula(first_only):
    layer = PackedAttention(2, TOKENS, 2, first_only)
    values = filled(layer, SEEDS[:2], packed(2))
    assert values.shape == (2, ROWS if first_only else ROWS * TOKENS, UNITS)
    x = FLAT[0].reshape(ROWS, TOKENS, UNITS).astype(np.float64)
    for member in range(2):
        weight = {name: _backend.to_numpy(getattr(layer, name).kernel)[member] for name in ("query", "value", "back")}
        q, k, v = (x @ matrix for matrix in (weight["query"], _backend.to_numpy(layer.key)[member], weight["value"]))
        heads = []
        for part in (slice(0, 2), slice(2, 4)):
            scores = np.exp(q[..., part] @ k[..., part].transpose(0, 2, 1) / np.sqrt(2))
            heads.append(scores / scores.sum(-1, keepdims=True) @ v[..., part])
        expected = np.concatenate(heads, axis=-1) @ weight["back"]
        expected = expected[:, 0] if first_only else expected.reshape(-1, UNITS)
        np.testing.assert_allclose(values[member], expected, atol=1e-5)


@pytest.mark.parametrize("first_only", [False, True])
def test_a_block_is_its_members_side_by_side(first_only):
    together = filled(PackedTransformerBlock(3, TOKENS, 2, 5, True, first_only), SEEDS, packed(3))
    for member, seed in enumerate(SEEDS):
        alone = filled(PackedTransformerBlock(1, TOKENS, 2, 5, True, first_only), [seed], FLAT)
        np.testing.assert_allclose(together[member], alone[0], atol=1e-6)
    check_gradients_are_finite(PackedTransformerBlock(2, TOKENS, 2, 5, True, first_only), packed(2))


def test_rows_do_not_attend_to_each_other():
    layer = PackedTransformerBlock(1, TOKENS, 2, 5)
    before = filled(layer, [1], FLAT)
    changed = FLAT.copy()
    changed[0, TOKENS : 2 * TOKENS] += 1.0
    moved = np.abs(_backend.to_numpy(layer(changed)) - before).max(axis=-1).reshape(ROWS, TOKENS) > 0
    assert moved[1].all()
    assert not moved[[0, 2, 3, 4]].any()


def test_dropout_sees_a_row_with_all_its_tokens():
    layer = PackedTransformerBlock(1, TOKENS, 2, 5)
    layer(FLAT)
    assert sorted(found.width for found in dropout_layers(layer)) == [TOKENS * UNITS, TOKENS * 5]
    last = PackedTransformerBlock(1, TOKENS, 2, 5, first_only=True)
    last(FLAT)
    assert sorted(found.width for found in dropout_layers(last)) == [UNITS, 5]


def test_first_tokens():
    values = _backend.to_numpy(first_tokens(_backend.to_device(FLAT), TOKENS))
    np.testing.assert_array_equal(values[0], FLAT[0, ::TOKENS])
