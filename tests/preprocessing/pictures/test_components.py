"""What pictures become for models of tables: counted alike in any company, once for the same pictures, and copied without them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from automl.preprocessing.pictures import components, store
from automl.preprocessing.pictures.components import PictureComponents
from automl.preprocessing.pictures.store import decoded, forget_pictures, pictures_kept
from automl.preprocessing.pictures.traits import DIRECTIONS, by_direction, grey, shrunk, trait_names, traits


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(7):
        Image.fromarray(rng.integers(0, 255, (24, 24, 3)).astype(np.uint8)).save(folder / f"{number}.png")
    return [str(path) for path in sorted(Path(folder).iterdir())]


def test_directions_are_counted_as_they_are_drawn() -> None:
    rng = np.random.default_rng(1)
    strength, direction = rng.random((4, 6, 6), np.float32), rng.random((4, 6, 6), np.float32)
    direction[0, 0, 0] = 1.0  # a whole half turn is no turn
    told = by_direction(strength, direction, 2)
    far = np.abs(DIRECTIONS * direction[..., None] - np.arange(DIRECTIONS))
    each = strength[..., None] * np.maximum(1 - np.minimum(far, DIRECTIONS - far), 0)
    np.testing.assert_allclose(told[:, 1], each[:, :3, 3:].sum(axis=(1, 2)), atol=1e-5)
    np.testing.assert_array_equal(told[2:3], by_direction(strength[2:3], direction[2:3], 2))
    np.testing.assert_allclose(told.sum(axis=(1, 2)), strength.sum(axis=(1, 2)), rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
def test_quick_sums_are_means_and_quantiles(channels: int) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (3, 30, 30, channels), dtype=np.uint8)
    np.testing.assert_array_equal(shrunk(pixels, 10), pixels.reshape(3, 10, 3, 10, 3, channels).mean(axis=(2, 4), dtype=np.float32))
    light = pixels.mean(axis=-1) / 255.0
    np.testing.assert_allclose(grey(pixels), light, rtol=1e-6)
    told = dict(zip(trait_names(channels), traits(pixels, np.full((3, 2), 30)).T, strict=True))
    for name, share in {"darkest_tenth": 0.1, "middle": 0.5, "brightest_tenth": 0.9}.items():
        np.testing.assert_allclose(told[name], np.quantile(light.reshape(3, -1), share, axis=1), rtol=1e-5)
    if channels == 3:
        np.testing.assert_allclose(told["green_spread"], pixels[..., 1].reshape(3, -1).std(axis=1) / 255.0, rtol=1e-5)


def test_the_same_pictures_are_described_once_until_they_are_forgotten(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "CHUNK", 3)
    made = PictureComponents.fit(files, 0)
    calls: list[int] = []
    real = components.traits

    def counting(pixels: Any, sizes: Any) -> Any:
        calls.append(len(pixels))
        return real(pixels, sizes)

    monkeypatch.setattr(components, "traits", counting)
    first = made.transform(files)
    assert sorted(calls) == [1, 3, 3]
    first[:] = 0  # what was returned belongs to who asked
    again = made.transform(files)
    assert sum(calls) == len(files)
    assert again.any()
    np.testing.assert_allclose(made.transform(files[4:5]), again[4:5], rtol=1e-12)
    forget_pictures()
    before = sum(calls)
    np.testing.assert_array_equal(made.transform(files), again)
    assert sum(calls) == before + len(files)


def test_pictures_are_read_once_inside_a_block_that_keeps_them(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    real = store.decode
    monkeypatch.setattr(store, "decode", lambda cells, side, channels: (read.extend(cells), real(cells, side, channels))[1])
    with pictures_kept():
        whole = decoded(files, 8, 3)
        forget_pictures()
        np.testing.assert_array_equal(decoded(files[2:4], 8, 3).pixels, whole.pixels[2:4])
    assert read == files
    decoded(files[:1], 8, 3)
    assert len(read) == len(files) + 1


def test_a_copy_holds_what_was_learnt_alone(files: list[str]) -> None:
    made = PictureComponents.fit(files, 0)
    told = made.transform(files)
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert not len(other._told)
        np.testing.assert_array_equal(other.transform(files), told)
