"""Attention of a transformer for text: rolled out over its blocks, on the tokens that are there."""

import numpy as np
import pytest
from packs import SEEDS, filled

from automl import _backend
from automl.layers.attention import rolled_out
from automl.layers.text import PackedTextTransformer

TOKENS = np.array([[3, 4, 5, 6, 0, 0], [7, 2, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]], np.int32)


def test_rollout_is_the_product_of_half_kept_and_half_listened_to():
    rng = np.random.default_rng(0)
    first, second = (rng.dirichlet(np.ones(3), (2, 1, 3)).astype(np.float32) for _ in range(2))
    found = _backend.to_numpy(rolled_out([_backend.to_device(first), _backend.to_device(second)]))
    wanted = (second + np.eye(3)) / 2 @ ((first + np.eye(3)) / 2)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=-1), 1.0, atol=1e-6)


@pytest.mark.parametrize("averaged", [1, 2, 4])
def test_all_attention_goes_to_tokens_that_are_there(averaged):
    layer = PackedTextTransformer(2, 10, 6, 8, 2, 2, averaged)
    filled(layer, SEEDS[:2], TOKENS)
    told = _backend.to_numpy(layer.attended(_backend.to_device(TOKENS)))
    assert told.shape == (2, 3, 6)
    np.testing.assert_allclose(told.sum(axis=2), 1.0, atol=1e-5)
    assert (told[:, TOKENS == 0] == 0).all()
    assert (told[:, TOKENS > 0] > 0).all()


def test_what_a_row_attends_to_does_not_depend_on_other_rows():
    layer = PackedTextTransformer(1, 10, 6, 8, 1, 2)
    filled(layer, SEEDS[:1], TOKENS)
    alone = _backend.to_numpy(layer.attended(_backend.to_device(TOKENS[1:2])))
    np.testing.assert_allclose(alone[0, 0], _backend.to_numpy(layer.attended(_backend.to_device(TOKENS)))[0, 1], atol=1e-6)


def test_a_block_that_listens_to_one_token_attends_to_it():
    layer = PackedTextTransformer(1, 10, 6, 8, 1, 1)
    filled(layer, SEEDS[:1], TOKENS)
    attention, table = layer.blocks[0].attention, np.zeros((1, 10, 8), np.float32)
    table[0, 5, 0] = 1.0  # only token 5 has a key, and all tokens ask for it
    layer.embedding.table.assign(table)
    layer.places.assign(np.zeros(layer.places.shape))
    attention.key.assign(np.eye(8, dtype=np.float32)[None] * 50)
    attention.query.bias.assign(np.ones((1, 1, 8)))
    told = _backend.to_numpy(layer.attended(_backend.to_device(TOKENS)))[0]
    assert told[0, 2] == pytest.approx(0.5 + 0.5 / 4, abs=1e-3)  # half of every token, and what it keeps of itself
    assert told[2, 4] == pytest.approx(0.5 + 0.5 / 6, abs=1e-3)
    np.testing.assert_allclose(told[1, :2], 0.5, atol=1e-3)  # it is not in this row
