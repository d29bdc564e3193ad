"""Pictures in packs: members share the batch and its variations, rows never mix, variations keep what they promise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from keras import ops

from automl.families.cnn import ResidualTower
from automl.families.convnext import ConvNeXtTower
from automl.families.vit import TransformerTower
from automl.layers.packed import dropout_masks
from automl.layers.pictures import PackedTower, PictureReader, noise


def towers(members: int) -> Iterator[PackedTower]:
    yield ResidualTower(members, 8, 2, 1)
    yield ConvNeXtTower(members, 8, 1, 2)
    yield TransformerTower(members, 8, 1, 4)


def filled(tower: PackedTower, seed: int = 0) -> PackedTower:
    rng = np.random.default_rng(seed)
    for variable in tower.trainable_variables:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    return tower


@pytest.mark.parametrize("place", [0, 1, 2])
def test_members_and_rows_never_mix(place: int) -> None:
    pictures = np.random.default_rng(1).normal(size=(3, 8, 8, 1)).astype(np.float32)
    tower = list(towers(2))[place]
    tower(pictures)
    filled(tower)
    whole = np.asarray(ops.convert_to_numpy(tower(pictures)))
    assert whole.shape[:2] == (2, 3)
    one = list(towers(1))[place]
    one(pictures)
    for mine, theirs in zip(one.trainable_variables, tower.trainable_variables, strict=True):
        mine.assign(ops.convert_to_numpy(theirs)[1:2])
    np.testing.assert_allclose(ops.convert_to_numpy(one(pictures))[0], whole[1], atol=1e-4)
    np.testing.assert_allclose(ops.convert_to_numpy(tower(pictures[1:2]))[:, 0], whole[:, 1], atol=1e-4)
    assert tower.activations > 0
    assert tower.work > 8 * 8


def varied(pictures: np.ndarray, offset: int = 5, **how: float | bool) -> np.ndarray:
    reader = PictureReader(2, **how)  # type: ignore[arg-type]
    reader(pictures)
    with dropout_masks(ops.ones((2, 4)), np.array([offset])):
        return np.asarray(ops.convert_to_numpy(reader(pictures)))


def test_nothing_is_varied_outside_training() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (4, 6, 6, 3)).astype(np.uint8)
    reader = PictureReader(1, flip=True, shift=0.3, zoom=0.3, light=0.5, cutout=0.5)
    np.testing.assert_allclose(ops.convert_to_numpy(reader(pictures)), pictures / 127.5 - 1.0, atol=1e-5)


def test_flips_mirror_some_rows_and_change_nothing_else() -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (40, 6, 6, 1)).astype(np.uint8)
    plain = pictures / 127.5 - 1.0
    found = varied(pictures, flip=True)
    same = [np.allclose(one, two, atol=1e-4) for one, two in zip(found, plain, strict=True)]
    turned = [np.allclose(one, two[:, ::-1], atol=1e-4) for one, two in zip(found, plain, strict=True)]
    assert all(one or two for one, two in zip(same, turned, strict=True))
    assert 8 < sum(turned) < 32


def test_variations_differ_between_rows_and_steps_and_stay_bounded() -> None:
    pictures = np.repeat(np.random.default_rng(0).integers(0, 255, (1, 12, 12, 1)), 8, axis=0).astype(np.uint8)
    first, again, other = (varied(pictures, offset, shift=0.2, zoom=0.2, cutout=0.3) for offset in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)
    assert not np.allclose(first[0], first[1])
    assert np.abs(first).max() <= 1.0 + 1e-5


def test_cutout_greys_a_square() -> None:
    pictures = np.full((20, 10, 10, 1), 255, np.uint8)
    found = varied(pictures, cutout=0.4)
    grey = (np.abs(found) < 1e-6).sum(axis=(1, 2, 3))
    assert grey.max() <= 25
    assert grey.min() >= 1


def test_noise_is_even_and_does_not_repeat() -> None:
    found = np.asarray(ops.convert_to_numpy(noise(np.int32(77), 4000, 4)))
    assert found.min() >= 0.0
    assert found.max() < 1.0
    np.testing.assert_allclose(found.mean(axis=0), 0.5, atol=0.03)
    np.testing.assert_allclose(found.std(axis=0), 12**-0.5, atol=0.03)
    assert abs(np.corrcoef(found.T)[0, 1]) < 0.06
    assert len(np.unique(found)) > 15_000
