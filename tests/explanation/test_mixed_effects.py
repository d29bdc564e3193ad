"""Inside a network that joins pictures and texts: Grad-CAM finds the planted patch, taking words out the planted word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from explanation.test_picture_effects import album

from automl.budget import Budget
from automl.explanation import Clock
from automl.explanation.words import word_effects
from automl.families._grad_cam import grad_cam
from automl.families.base import TrainingData
from automl.families.fusion import Fusion
from automl.preprocessing.base import Extra, Spec
from automl.preprocessing.pictures.frozen import last_maps, look
from automl.training import Schedule

WORDS = ["none", "order", "box", "monday", "please", "blue", "urgent"]
ROWS, LENGTH = 240, 4


def of_words(notes: Any) -> np.ndarray:
    """Return the tokens of notes: the places of their words in the list, 0 for none."""
    found = np.zeros((len(notes), LENGTH), np.int32)
    for row, note in enumerate(notes):
        told = [WORDS.index(word) for word in note.split()]
        found[row, : len(told)] = told
    return found


@pytest.fixture(scope="module")
def mixed() -> tuple[Any, TrainingData, np.ndarray, list[str]]:
    """A patch in every second picture adds one to the target, the word "urgent" in every third note another one."""
    rng = np.random.default_rng(0)
    pixels, places, there = album(ROWS)
    told = [rng.choice(WORDS[1:-1], LENGTH).tolist() for _ in range(ROWS)]
    urgent = np.arange(ROWS) % 3 == 0
    for row in np.flatnonzero(urgent):
        told[row][rng.integers(LENGTH)] = "urgent"
    notes = [" ".join(words) for words in told]
    numbers = rng.normal(size=(ROWS, 1)).astype(np.float32)
    extra = (Extra("tokens", (LENGTH,), "int32", len(WORDS)), Extra("pixels", (16, 16, 1), "uint8"))
    spec = Spec(1, 1, (), 1, "regression", ROWS, extra=extra, modality="mixed")
    arrays = {"numbers": numbers, "raw_numbers": numbers, "categories": np.zeros((ROWS, 0), np.int32)}
    arrays |= {"tokens": of_words(notes), "pixels": pixels}
    target = there + urgent - np.mean(there + urgent.astype(float))
    data = TrainingData(arrays, target / target.std(), np.where(np.arange(ROWS) % 5 == 0, 0, -1), 1, spec)
    family = Fusion()
    plain = family.schedule
    family.schedule = lambda *given: replace(plain(*given), epochs=30)  # type: ignore[method-assign]
    asked = {"embedding": "none", "picture_width": 8, "varied": 0.0, "dropout": 0.0, "modality_dropout": 0.0, "units": 32, "seed": 1}
    config = family.complete(asked, spec)
    (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    return family.combine([(config, trained.models, 1.0)], spec), data, places, notes


def test_grad_cam_finds_the_planted_patch_inside_a_fusion(mixed: tuple[Any, TrainingData, np.ndarray, list[str]]) -> None:
    fitted, data, places, _ = mixed
    rows = np.arange(1, 80, 2)
    heat = grad_cam(fitted, {name: values[rows] for name, values in data.arrays.items()}, [0] * len(rows))
    assert heat is not None
    assert (heat >= 0).all()
    size, near = heat.shape[1], []
    for one, place in zip(heat, places[rows], strict=True):
        down, right = np.unravel_index(one.argmax(), one.shape)
        centre = (place + 2) / 16 * size
        near.append(abs(down + 0.5 - centre[0]) <= 1.3 and abs(right + 0.5 - centre[1]) <= 1.3)
    assert np.mean(near) > 0.8


def test_the_answer_is_the_same_through_the_maps(mixed: tuple[Any, TrainingData, np.ndarray, list[str]]) -> None:
    from automl.families._grad_cam import _looked_at

    fitted, data, _, _ = mixed
    arrays = {name: values[:3] for name, values in data.arrays.items()}
    ((share, maps, scores),) = _looked_at(fitted, fitted.packs[0], arrays, None)
    assert share == 1.0
    np.testing.assert_allclose(np.asarray(scores(maps)), fitted.predict(arrays), atol=1e-4)


def test_taking_words_out_finds_the_planted_word_inside_a_fusion(mixed: tuple[Any, TrainingData, np.ndarray, list[str]]) -> None:
    fitted, data, _, notes = mixed
    frame = pd.DataFrame({"note": notes, "row": np.arange(ROWS)}).iloc[:60]

    def predict(asked: pd.DataFrame) -> np.ndarray:
        arrays = {name: values[asked["row"].to_numpy()] for name, values in data.arrays.items()}
        return np.asarray(fitted.predict({**arrays, "tokens": of_words(asked["note"])}))

    found = word_effects(predict, frame, "note", clock=Clock(None, 1.0), outputs=0)
    assert found is not None
    assert found.effects[0].word == "urgent"
    assert found.effects[0].value > 3 * max(abs(effect.value) for effect in found.effects[1:])


def test_features_are_the_means_of_the_last_maps() -> None:
    pixels, _, _ = album(2)
    maps = last_maps(pixels, 64)
    assert maps.shape == (2, 2, 2, 1280)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), look(pixels, 64)[1], atol=1e-3)


def test_a_closer_look_leaves_the_answer_as_it_is() -> None:
    from automl.families._grad_cam import _looked_at

    pixels, _, there = album(12)
    extra = (Extra("image_features", (1280,)), Extra("pixels", (16, 16, 1), "uint8"))
    spec = Spec(1, 1, (), 2, "binary", 12, extra=extra, modality="mixed")
    numbers = np.zeros((12, 1), np.float32)
    arrays = {"numbers": numbers, "raw_numbers": numbers, "categories": np.zeros((12, 0), np.int32)}
    arrays |= {"image_features": look(pixels, 32)[1], "pixels": pixels}
    family, data = Fusion(), TrainingData(arrays, there.astype(np.int64), np.where(np.arange(12) < 4, 0, -1), 1, spec)
    family.schedule = lambda *given: Schedule(2, 4)  # type: ignore[method-assign]
    config = family.complete({"embedding": "none", "seed": 1}, spec)
    (trained,) = family.train([config], data, deadline=Budget(trials=1).deadline(), seed=0)
    fitted = family.combine([(config, trained.models, 1.0)], spec)
    few = {name: values[:2] for name, values in arrays.items()}
    ((_, maps, scores),) = _looked_at(fitted, fitted.packs[0], few, lambda given: last_maps(given["pixels"], 64))
    logits = np.asarray(scores(maps)) * trained.models[0]["scale"]
    told = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(told, fitted.predict(few), atol=1e-4)
    heat = grad_cam(fitted, few, [1, 1], lambda given: last_maps(given["pixels"], 64))
    assert heat is not None
    assert heat.shape == (2, 2, 2)
