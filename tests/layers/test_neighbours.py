"""Remembered rows and their vote."""

import numpy as np
import pytest

from automl import _backend
from automl.layers import PackedCategories, PackedDense
from automl.layers.model import fitted_weights, initial_weights
from automl.layers.neighbours import NeighbourModel, PackedMemory, categories_of_members, neighbour_vote
from automl.layers.packed import dropout_masks

RNG = np.random.default_rng(0)
ROWS = 12
ARRAYS = {
    "numbers": RNG.normal(size=(ROWS, 2)).astype(np.float32),
    "categories": np.column_stack([RNG.integers(0, 4, ROWS), RNG.integers(0, 40, ROWS)]).astype(np.int32),
    "row": np.arange(ROWS, dtype=np.int32)[:, None],
}
TARGET = RNG.integers(0, 3, ROWS)
FOLD = np.arange(ROWS) % 3


def model(configs=2, size=ROWS, window=ROWS, classification=True):
    members = configs * 3
    memory = PackedMemory(members, size, {"numbers": 2, "categories": 2, "encoded": 0}, 3 if classification else 1, classification)
    pack = NeighbourModel(members, [PackedDense(members, 4)], memory, window, PackedCategories(members, (4, 40)))
    pack(ARRAYS)
    target = TARGET if classification else TARGET.astype(float)
    values = [*initial_weights(pack, range(members)), *fitted_weights(pack, ARRAYS, target, FOLD, 3)]
    for variable, array in zip([*pack.trainable_variables, *pack.non_trainable_variables], values, strict=True):
        variable.assign(array)
    return pack


def test_the_vote_is_the_formula():
    queries, keys = RNG.normal(size=(2, 3, 4)).astype(np.float32), RNG.normal(size=(2, 5, 4)).astype(np.float32)
    target = RNG.normal(size=(2, 5, 2)).astype(np.float32)
    allowed = np.ones((2, 3, 5), bool)
    allowed[0, 0, :4] = False
    vote = _backend.to_numpy(neighbour_vote(queries, keys, target, allowed))
    distances = np.linalg.norm(queries[:, :, None] - keys[:, None], axis=-1)
    shares = np.exp(-distances) * allowed
    np.testing.assert_allclose(vote, shares / shares.sum(-1, keepdims=True) @ target, atol=1e-5)
    np.testing.assert_allclose(vote[0, 0], target[0, 4], atol=1e-6)  # one candidate is left


def test_a_member_remembers_no_row_of_its_own_fold():
    pack = model()
    row = _backend.to_numpy(pack.memory.row)[:, :, 0].astype(int)
    for member in range(6):
        kept = row[member][row[member] >= 0]
        assert sorted(kept) == np.flatnonzero(member % 3 != FOLD).tolist()
        np.testing.assert_array_equal(_backend.to_numpy(pack.memory.arrays["numbers"])[member, : len(kept)], ARRAYS["numbers"][kept])
        np.testing.assert_array_equal(_backend.to_numpy(pack.memory.target)[member, : len(kept)].argmax(-1), TARGET[kept])
        assert (_backend.to_numpy(pack.memory.target)[member, len(kept) :] == 0).all()


def test_empty_places_do_not_vote():
    pack = model()
    probabilities = np.exp(_backend.to_numpy(pack(ARRAYS)))
    assert probabilities.shape == (ROWS, 6, 3)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1.0, atol=1e-5)


def test_a_row_does_not_vote_for_itself():
    pack = model()
    known = np.exp(_backend.to_numpy(pack(ARRAYS)))
    arrays = {name: values for name, values in ARRAYS.items() if name != "row"}
    unknown = np.exp(_backend.to_numpy(pack(arrays)))
    own = np.arange(ROWS)
    for member in range(6):
        seen = member % 3 != FOLD
        more = unknown[own, member, TARGET] - known[own, member, TARGET]
        assert (more[seen] > 0).all()  # asked without its position, a remembered row finds itself
        np.testing.assert_allclose(more[~seen], 0.0, atol=1e-6)


def test_numbers_are_averaged():
    values = _backend.to_numpy(model(classification=False)(ARRAYS))
    assert values.shape == (ROWS, 6, 1)
    assert values.min() >= TARGET.min()
    assert values.max() <= TARGET.max()


def test_a_step_of_training_looks_at_a_part_of_the_memory():
    pack = model(size=6, window=2)
    pool, offsets = _backend.to_device(np.ones((6, 1), np.float32)), _backend.to_device(np.zeros(1, np.int32))
    with dropout_masks(pool, offsets):
        first = np.exp(_backend.to_numpy(pack(ARRAYS)))
        again = np.exp(_backend.to_numpy(pack(ARRAYS)))
        other = np.exp(_backend.to_numpy(pack({**ARRAYS, "row": ARRAYS["row"] + 1 - (ARRAYS["row"] == 0)})))
    np.testing.assert_array_equal(first, again)  # chance comes from the batch, so that a run can be repeated
    assert not np.allclose(first, other)
    assert ((first > 1e-3).sum(axis=-1) <= 2).all()


@pytest.mark.parametrize("levels", [(4, 40), (4,), (40, 50)])
def test_categories_of_members_are_those_of_the_layer(levels):
    layer = PackedCategories(3, levels)
    codes = np.column_stack([RNG.integers(0, count, 5) for count in levels]).astype(np.int32)
    layer(codes)
    if layer.many:
        layer.table.assign(RNG.normal(size=tuple(layer.table.shape)).astype(np.float32))
    shared = layer(codes)
    own = categories_of_members(layer, np.repeat(codes[None], 3, axis=0).astype(np.float32))
    for one, other in zip(shared, own, strict=True):
        one, other = _backend.to_numpy(one), _backend.to_numpy(other)
        np.testing.assert_allclose(np.broadcast_to(one, other.shape), other, atol=1e-6)
