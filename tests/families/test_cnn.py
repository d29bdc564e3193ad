"""Convolutional networks: what they must see, and what they do with pictures of every size."""

import numpy as np
import pytest
from keras import ops

from automl.budget import Budget
from automl.families import family_by_name
from automl.families.base import TrainingData
from automl.families.cnn import folded
from automl.layers.pictures import evened, gridded
from automl.preprocessing.base import Extra, Spec


def spots(rows: int, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures that differ only in the quarter in which a spot is."""
    rng = np.random.default_rng(0)
    quarter = rng.integers(0, 4, rows)
    pixels = rng.integers(0, 60, (rows, side, side, 1)).astype(np.uint8)
    half = side // 2
    for row, place in enumerate(quarter):
        top, left = (place // 2) * half + rng.integers(1, half - 4), (place % 2) * half + rng.integers(1, half - 4)
        pixels[row, top : top + 3, left : left + 3] = 250
    return pixels, quarter


@pytest.mark.parametrize("name", ["cnn", "convnext"])
def test_a_network_learns_in_a_few_passes_where_a_spot_is(name):
    pixels, quarter = spots(320, 24)
    spec = Spec(0, 0, (), 4, "multiclass", 240, extra=(Extra("pixels", pixels.shape[1:], "uint8"),))
    fold = np.where(np.arange(320) < 80, 0, -1)
    arrays = {"numbers": np.zeros((320, 0), np.float32), "pixels": pixels}
    family = family_by_name(name)
    config = family.complete({"shift": 0.0, "zoom": 0.0, "seed": 1}, spec)
    data = TrainingData(arrays, quarter, fold, 1, spec, judged=True)
    found = family.train([config], data, deadline=Budget(None, trials=1).deadline(), seed=1)[0]
    assert (found.out_of_fold[fold == 0].argmax(axis=1) == quarter[fold == 0]).mean() > 0.9


def test_four_pixels_become_one_place_and_odd_sides_are_filled_up():
    values = np.arange(2 * 4 * 4 * 3, dtype=np.float32).reshape(2, 4, 4, 3)
    made = ops.convert_to_numpy(folded(ops.convert_to_tensor(values)))
    assert made.shape == (2, 2, 2, 12)
    np.testing.assert_array_equal(made[1, 0, 1], values[1, 0:2, 2:4].reshape(-1))
    assert folded(ops.zeros((1, 5, 7, 2))).shape == (1, 3, 4, 8)


def test_the_grid_holds_means_of_parts_and_small_maps_as_they_are():
    maps = np.random.default_rng(0).normal(size=(3, 8, 8, 5)).astype(np.float32)
    made = ops.convert_to_numpy(gridded(ops.convert_to_tensor(maps))).reshape(3, 4, 4, 5)
    np.testing.assert_allclose(made[:, 0, 1], maps[:, 0:2, 2:4].mean(axis=(1, 2)), rtol=1e-5)
    assert gridded(ops.zeros((2, 3, 3, 5))).shape == (2, 45)
    assert gridded(ops.zeros((2, 7, 5, 1))).shape == (2, 12)
    vectors = ops.convert_to_numpy(evened(ops.convert_to_tensor(made.reshape(3, -1))))
    np.testing.assert_allclose(vectors.mean(axis=1), 0.0, atol=1e-5)
    np.testing.assert_allclose(vectors.std(axis=1), 1.0, atol=1e-3)


def test_of_very_many_pictures_a_part_of_a_pass_is_worth_a_network():
    cnn = family_by_name("cnn")
    specs = [Spec(0, 0, (), 4, "multiclass", rows, extra=(Extra("pixels", (32, 32, 3), "uint8"),)) for rows in (10_000, 50_000, 100_000)]
    few, many, more = (cnn.least_seconds(spec, 1) for spec in specs)
    assert few == pytest.approx(many) == pytest.approx(more)  # of these sizes 60,000 rows are seen
    config = cnn.complete({}, specs[0])
    width = [cnn.affordable(config, spec, 1, 1.8 * (few - 5))["width"] for spec in specs]
    assert width == [16, 16, 16]
    assert cnn.affordable(config, specs[2], 1, 0.1 * few)["width"] == 12
