"""Pictures become numbers for every family and arrays for networks: from training rows alone, the same after storing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from automl.budget import Budget
from automl.dataset.picture import Picture
from automl.decisions import DecisionLog
from automl.preprocessing.encoders import Circumstances, Encoder, Preprocessor
from automl.preprocessing.pictures.components import PictureComponents
from automl.preprocessing.pictures.encoder import Pictures, SeenPictures
from automl.preprocessing.pictures.plan import Form, affordable_folds, choose_form, folds_of
from automl.preprocessing.pictures.store import forget_pictures
from automl.preprocessing.pictures.traits import outlines, trait_names, traits
from automl.preprocessing.settled import Settled
from automl.preprocessing.tabular import TabularPreprocessor
from automl.schema import Column, Schema
from automl.task import Task


def album(count: int = 30, side: int = 16, channels: int = 1, seed: int = 0) -> list[Picture | None]:
    rng = np.random.default_rng(seed)
    return [Picture(rng.integers(0, 255, (side, side, channels), dtype=np.uint8)) for _ in range(count)]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_becomes_named_numbers(channels: int) -> None:
    cells = album(channels=channels)
    found = PictureComponents.fit(cells, 0)
    numbers = found.transform([*cells[:3], None])
    assert numbers.shape == (4, len(found.names))
    assert len(set(found.names)) == len(found.names)
    assert np.isfinite(numbers[:3]).all()
    assert np.isnan(numbers[3]).all()
    again = PictureComponents.from_arrays(found.to_arrays("p"), "p")
    np.testing.assert_allclose(again.transform(cells[:1])[0], numbers[0], rtol=1e-6, atol=1e-9)


def test_pictures_that_are_all_the_same_have_traits_alone() -> None:
    same = [Picture(np.full((8, 8, 1), 7, np.uint8))] * 12
    found = PictureComponents.fit(same, 0)
    assert len(found.names) == len(trait_names(1))
    assert np.ptp(found.transform(same), axis=0).max() < 1e-5


def test_no_readable_picture_is_no_mistake() -> None:
    found = PictureComponents.fit([None, "nowhere.png"], 0)
    assert np.isnan(found.transform([None])).all()
    given = Circumstances("binary", log=(log := DecisionLog()))
    assert Pictures.fit(pd.DataFrame({"p": [None, "nowhere.png"]}), given) is None
    assert "nowhere.png (not there)" in " ".join(entry.because for entry in log)


def test_edges_are_told_by_their_direction() -> None:
    stripes = np.zeros((2, 16, 16, 1), np.uint8)
    stripes[0, :, ::4] = stripes[0, :, 1::4] = 255  # upright
    stripes[1, ::4] = stripes[1, 1::4] = 255  # lying
    told = dict(zip(trait_names(1), traits(stripes, np.full((2, 2), 16)).T, strict=True))
    assert told["edges_0_degrees"][0] > 10 * told["edges_0_degrees"][1]
    assert outlines(stripes).shape[0] == 2
    assert np.abs(outlines(stripes)[0] - outlines(stripes)[1]).max() > 0.1


def test_form_follows_the_data_and_the_memory() -> None:
    assert choose_form(album(side=28)) == Form(28, 1, 28)
    assert choose_form(album(side=20, channels=3)) == Form(24, 3, 20)
    assert choose_form(album(4, side=200)).side == 128
    assert choose_form(album(4, side=200), 50_000).side == 64
    assert choose_form(album(4, side=64, channels=3), 10**6).side < 64
    assert choose_form([]).channels == 1


def test_folds_are_fewer_where_time_is_short() -> None:
    assert affordable_folds(10**5, 48, Budget(trials=1)) == 5
    assert affordable_folds(300, 32, Budget("5m")) == 5
    assert affordable_folds(1_000, 48, Budget("20s")) == 3
    assert affordable_folds(50_000, 48, Budget("5m")) == 1
    assert folds_of([], 10**6, Budget("1s")) == 5


def both(frame: pd.DataFrame, given: Circumstances) -> list[Encoder]:
    made = [encoder.fit(frame, given) for encoder in (Pictures, SeenPictures)]
    return [encoder for encoder in made if encoder is not None]


def test_arrays_are_of_the_foretold_shape_and_survive_storing() -> None:
    frame = pd.DataFrame({"p": pd.Series([*album(5), None], dtype=object)})
    made = both(frame, Circumstances("binary"))
    names = {extra.name for encoder in made for extra in encoder.extra}
    assert names == {"pixels", "image_features", "image_middle"}
    for encoder in made:
        arrays = encoder.transform(frame)
        for extra in encoder.extra:
            assert arrays[extra.name].shape == (6, *extra.shape)
            assert arrays[extra.name].dtype == np.dtype(extra.kind)
            assert not arrays[extra.name][5].any()
            assert arrays[extra.name][0].any()
        forget_pictures()
        again = type(encoder).from_state(encoder.state()).transform(frame.iloc[:1])
        for name, values in again.items():
            np.testing.assert_allclose(values[0].astype(float), arrays[name][0].astype(float), atol=5e-3)


def test_what_nobody_reads_is_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"p": pd.Series(album(6), dtype=object)})
    schema = Schema((Column("p", "image"),))
    table = TabularPreprocessor().fit(frame, schema, Task("regression", "y"))
    whole = Preprocessor(table, tuple(both(frame, Circumstances("regression"))), "image")
    monkeypatch.setattr(SeenPictures, "transform", lambda self, cells: pytest.fail("nobody reads it"))
    assert "pixels" in whole.transform(frame, {"numbers", "pixels"})
    assert set(whole.transform(frame, {"numbers"})) == {"numbers", "raw_numbers", "categories"}


def test_several_columns_stand_side_by_side() -> None:
    frame = pd.DataFrame({"front": pd.Series(album(3), dtype=object), "back": pd.Series(album(3, seed=1), dtype=object)})
    late = Settled(Budget("1s", clock=lambda: 1e9, started=0.0))  # no time for the trained network
    (made,) = both(frame, Circumstances("binary", settled=late))
    (pixels,) = made.extra
    assert pixels.shape == (16, 32, 1)
    assert made.transform(frame)["pixels"].shape == (3, 16, 32, 1)
