"""What a model looks at in a picture: the planted patch is found, by covering and by Grad-CAM, and nothing else is blamed."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from automl.budget import Budget
from automl.dataset.picture import Picture
from automl.explanation import Clock, inline_png, picture_effects, warmed
from automl.explanation.pictures import GRID, covered
from automl.families._grad_cam import grad_cam
from automl.families.base import TrainingData
from automl.families.cnn import CNN
from automl.looking import opened, telling_rows
from automl.preprocessing.base import Extra, Spec
from automl.task import Task

NO_CLOCK = Clock(None, 1.0)


def album(rows: int, side: int = 16, size: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return noise with a bright patch in every second picture, where it is, and whether there is one."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(40, 110, (rows, side, side, 1)).astype(np.uint8)
    places = rng.integers(0, side - size + 1, (rows, 2))
    there = np.arange(rows) % 2
    for row in np.flatnonzero(there):
        down, right = places[row]
        pixels[row, down : down + size, right : right + size] = 235
    return pixels, places, there


def bright(frame: pd.DataFrame) -> np.ndarray:
    """A model that looks for the brightest block of pixels."""
    pixels, _ = opened(frame["photo"].tolist(), 16)
    blocks = pixels[..., 0].astype(float)
    share = np.clip((np.quantile(blocks.reshape(len(blocks), -1), 0.97, axis=1) - 110) / 120, 0, 1)
    return np.column_stack([1 - share, share])


def cells(pixels: np.ndarray) -> pd.DataFrame:
    column = np.empty(len(pixels), dtype=object)
    column[:] = [Picture(one) for one in pixels]
    return pd.DataFrame({"photo": pd.Series(column, dtype=object)})


def test_covering_finds_the_planted_patch() -> None:
    pixels, places, _ = album(20)
    frame = cells(pixels)
    rows = [("planted", row) for row in (1, 5, 9)]
    found = picture_effects(bright, frame, "photo", rows, opened, clock=NO_CLOCK, outputs=[1, 1, 1])
    assert [one.row for one in found] == [1, 5, 9]
    for one in found:
        down, right = np.unravel_index(one.covered.argmax(), one.covered.shape)
        centre = (places[one.row] + 2) / 16 * GRID
        assert abs(down + 0.5 - centre[0]) <= 1.5
        assert abs(right + 0.5 - centre[1]) <= 1.5
        assert one.covered.max() > 0.05


def test_missing_pictures_and_the_clock_are_respected() -> None:
    pixels, _, _ = album(3)
    frame = cells(pixels)
    frame.loc[0, "photo"] = None
    assert picture_effects(bright, frame, "photo", [("none", 0)], opened, clock=NO_CLOCK, outputs=[1]) == ()
    clock = Clock(Budget("10s", clock=lambda: 0.0), 0.5)
    clock.seconds_per_row = 60.0
    assert picture_effects(bright, frame, "photo", [("planted", 1)], opened, clock=clock, outputs=[1]) == ()


def test_a_part_is_covered_by_the_mean_and_the_rest_stays() -> None:
    pixels = np.arange(15 * 15 * 3, dtype=np.uint8).reshape(15, 15, 3)
    parts = covered(pixels)
    assert len(parts) == GRID * GRID
    changed = sum((part != pixels).any(axis=2).astype(int) for part in parts)
    assert changed.max() <= 1


def trained(seed: int = 0) -> tuple[Any, TrainingData, np.ndarray, np.ndarray]:
    pixels, places, there = album(160, seed=seed)
    spec = Spec(0, 0, (), 2, "binary", len(pixels), extra=(Extra("pixels", (16, 16, 1), "uint8"),), modality="image")
    arrays = {"numbers": np.zeros((len(pixels), 0), np.float32), "pixels": pixels}
    fold = np.where(np.arange(len(pixels)) % 4 == 0, 0, -1)
    data = TrainingData(arrays, there.astype(np.int64), fold, 1, spec)
    family = CNN()
    config = family.complete({"width": 8, "stages": 2, "shift": 0.12, "dropout": 0.0}, spec)
    (result,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    return family.combine([(config, result.models, 1.0)], spec), data, places, there


def test_grad_cam_finds_the_planted_patch() -> None:
    fitted, data, places, there = trained()
    rows = np.flatnonzero(there & (data.fold == 0)) if (there & (data.fold == 0)).any() else np.flatnonzero(there)[:20]
    probabilities = fitted.predict({name: values[rows] for name, values in data.arrays.items()})
    assert (probabilities[:, 1] > 0.5).mean() > 0.9
    heat = grad_cam(fitted, {name: values[rows] for name, values in data.arrays.items()}, [1] * len(rows))
    assert heat is not None
    assert (heat >= 0).all()
    size = heat.shape[1]
    near = []
    for one, place in zip(heat, places[rows], strict=True):
        down, right = np.unravel_index(one.argmax(), one.shape)
        centre = (place + 2) / 16 * size
        near.append(abs(down + 0.5 - centre[0]) <= 1.3 and abs(right + 0.5 - centre[1]) <= 1.3)
    assert np.mean(near) > 0.8


def test_networks_that_read_no_pixels_have_no_places() -> None:
    assert grad_cam(object(), {"numbers": np.zeros((1, 1))}, [0]) is None


def test_confident_mistakes_come_first() -> None:
    task = Task("multiclass", "y", ("a", "b", "c"))

    class Decides:
        def decide(self, prediction: np.ndarray) -> np.ndarray:
            return task.decode(prediction.argmax(axis=1))

    prediction = np.array([[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.0, 0.1, 0.9]])
    found = telling_rows(prediction, np.array([0, 0, 1, 2]), task, Decides())  # type: ignore[arg-type]
    assert found[:2] == [("A confident mistake", 1), ("A confident mistake", 2)]
    assert ("A clear case of a", 0) in found
    assert ("A clear case of c", 3) in found
    errors = telling_rows(np.array([[1.0], [5.0]]), np.array([1.0, 9.0]), Task("regression", "y"), Decides())  # type: ignore[arg-type]
    assert errors[0] == ("A large error", 1)


def test_heat_is_drawn_inside_the_page() -> None:
    heat = np.zeros((7, 7))
    heat[0, 0] = 1.0
    drawn = warmed(np.full((14, 14, 3), 90, np.uint8), heat)
    assert drawn[0, 0, 0] > drawn[0, 0, 2] + 50
    assert (drawn[7, 7] == 90).all()
    source = inline_png(drawn)
    opened_again = Image.open(io.BytesIO(base64.b64decode(source.split(",", 1)[1])))
    assert opened_again.size == (14, 14)
