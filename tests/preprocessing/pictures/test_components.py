"""What pictures become for models of tables: counted alike in any company, once for the same pictures, and copied without them."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from automl.preprocessing.pictures import components
from automl.preprocessing.pictures.components import PictureComponents
from automl.preprocessing.pictures.store import forget_pictures
from automl.preprocessing.pictures.traits import by_direction, shares_of_directions


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(7):
        Image.fromarray(rng.integers(0, 255, (24, 24, 3)).astype(np.uint8)).save(folder / f"{number}.png")
    return [str(path) for path in sorted(Path(folder).iterdir())]


def test_directions_are_counted_as_they_are_drawn() -> None:
    rng = np.random.default_rng(1)
    strength, direction = rng.random((4, 9, 7), np.float32), rng.random((4, 9, 7), np.float32)
    told = shares_of_directions(strength, direction)
    np.testing.assert_allclose(told, by_direction(strength, direction).mean(axis=(2, 3)).T, atol=1e-6)
    np.testing.assert_array_equal(told[2:3], shares_of_directions(strength[2:3], direction[2:3]))
    np.testing.assert_allclose(told.sum(axis=1), strength.mean(axis=(1, 2)), rtol=1e-5)


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


def test_a_copy_holds_what_was_learnt_alone(files: list[str]) -> None:
    made = PictureComponents.fit(files, 0)
    told = made.transform(files)
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert not len(other._told)
        np.testing.assert_array_equal(other.transform(files), told)
