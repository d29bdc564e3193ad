"""Pictures as cells: read from arrays, lists, tables and folders, compared by content, refused where their paths lead out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import automl
from automl.dataset import Picture, read
from automl.dataset.picture import as_bytes
from automl.dataset.picture_paths import for_prediction, with_places
from automl.errors import DataError
from automl.schema import Column, Schema, detect_schema


def test_arrays_of_pictures_are_one_column() -> None:
    array = np.random.default_rng(0).integers(0, 255, (30, 12, 12), dtype=np.uint8)
    dataset = read(array)
    assert list(dataset.frame.columns) == ["image"]
    assert dataset.details["modality"] == "image"
    assert detect_schema(dataset)["image"].type == "image"
    np.testing.assert_array_equal(dataset.frame["image"][3].pixels[:, :, 0], array[3])


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.ones((1, 2, 2)), 255),
        (np.full((1, 2, 2), 7, np.int64), 112),  # out of 16
        (np.full((1, 2, 2), 200, np.int32), 200),
        (np.full((1, 2, 2), 65_535, np.uint16), 255),
        (np.full((1, 2, 2), np.nan), 0),
        (np.full((1, 3, 8, 8), 9, np.uint8), 9),
    ],
)
def test_numbers_of_any_range_become_bytes(array: np.ndarray, expected: int) -> None:
    found = as_bytes(array)
    assert found.dtype == np.uint8
    assert int(found.max()) == expected
    assert found.shape[-1] in (1, 3)


def test_arrays_that_are_no_pictures_are_refused() -> None:
    for shape in ((2, 3), (2, 0, 3), (2, 8, 8, 7)):
        with pytest.raises(DataError, match="Pictures must"):
            as_bytes(np.zeros(shape))


def test_lists_and_tables_may_hold_pictures_of_any_size() -> None:
    opened = [Image.new("RGB", (4 + k, 5), (k, 0, 0)) for k in range(3)]
    assert [cell.pixels.shape for cell in read(opened).frame["image"]] == [(5, 4, 3), (5, 5, 3), (5, 6, 3)]
    table = read(pd.DataFrame({"n": [1, 2], "photo": [np.zeros((6, 6), np.uint8), None]}))
    assert isinstance(table.frame["photo"][0], Picture)
    assert table.frame["photo"][1] is None


def test_equal_pictures_are_twins() -> None:
    rng = np.random.default_rng(0)
    array = rng.integers(0, 255, (60, 8, 8), dtype=np.uint8)
    array[30:] = array[:30]
    found = automl.detect(pd.DataFrame({"photo": list(array), "y": ["a", "b"] * 30}), "y")
    assert any(one.check == "duplicate_rows" and one.because.startswith("30 rows") for one in found.findings)


def test_paths_of_a_table_start_from_its_folder(tmp_path: Path) -> None:
    frame = pd.DataFrame({"p": ["a/x.png", None, "./y.png", "https://e.org/z.png"], "n": [1, 2, 3, 4]})
    home = str(tmp_path.resolve())
    placed = with_places(frame, tmp_path)[0]["p"].tolist()
    assert [placed[0], *placed[2:]] == [f"{home}/a/x.png", f"{home}/y.png", "https://e.org/z.png"]
    assert pd.isna(placed[1])
    schema = Schema((Column("p", "image"),))
    assert schema.cast(with_places(frame, tmp_path)[0])["p"].tolist()[1] is None


@pytest.mark.parametrize("path", ["../x.png", "/etc/x.png", "a/../../x.png"])
def test_paths_that_lead_out_are_refused_when_learning_and_when_predicting(tmp_path: Path, path: str) -> None:
    (tmp_path / "in").mkdir()
    pd.DataFrame({"p": [path.replace("x.png", f"{number}.png") for number in range(30)], "y": ["a", "b"] * 15}).to_csv(
        tmp_path / "in" / "t.csv", index=False
    )
    with pytest.raises(DataError, match="must stay inside"):
        automl.detect(tmp_path / "in" / "t.csv", "y")
    dataset = read(str(tmp_path / "in" / "t.csv"))
    with pytest.raises(DataError, match="must stay inside"):
        for_prediction(dataset.frame, dataset.path, [Column("p", "image")])


def test_a_folder_is_read_into_the_column_of_the_model(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / kind / "1.png")
    dataset = read(tmp_path, folders=True)
    frame, files = for_prediction(dataset.frame, dataset.path, [Column("photo", "image")])
    assert files == ["a/1.png", "b/1.png"]
    assert frame["photo"].tolist() == [str(tmp_path.resolve() / name) for name in files]
