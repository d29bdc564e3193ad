"""Parts of networks that look ahead."""

from __future__ import annotations

import numpy as np
import pytest
from packs import check_gradients_are_finite, check_members_are_side_by_side

from automl.forecasting.families.dlinear import averaging
from automl.layers.horizon import PackedBlock, PackedPlaces, PackedRecurrence, interpolating, pooling


@pytest.mark.parametrize("kind", ["simple", "gru", "lstm"])
def test_members_of_a_recurrence_do_not_mix(kind: str) -> None:
    batch = np.random.default_rng(0).normal(size=(1, 4, 6, 3)).astype("float32")
    check_members_are_side_by_side(lambda members: PackedRecurrence(members, 5, kind), batch)
    check_gradients_are_finite(PackedRecurrence(2, 5, kind), batch)


def test_matrices_along_time() -> None:
    assert np.allclose(averaging(10, 25).sum(axis=0), 1)
    assert pooling(5, 2).T.tolist() == [[1, 0, 0, 0, 0], [0, 0.5, 0.5, 0, 0], [0, 0, 0, 0.5, 0.5]]
    assert np.allclose(interpolating(4, 9).sum(axis=0), 1)


def test_members_of_blocks_and_places_do_not_mix() -> None:
    batch = np.random.default_rng(1).normal(size=(3, 6, 4)).astype("float32")
    check_members_are_side_by_side(lambda members: PackedBlock(members, 8, 5), batch[:1])
    check_gradients_are_finite(PackedBlock(2, 8, 5), batch[:1])
    assert PackedPlaces(3, 2, 4)(batch).shape == (3, 6, 4)
