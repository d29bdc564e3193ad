"""Families of series tell which of two events came first: values, their mean and their spread are the same for both answers."""

from __future__ import annotations

import numpy as np
import pytest

from automl.budget import Budget
from automl.families import _series_network, family_by_name, find_families
from automl.families.base import Family, TrainingData
from automl.preprocessing.base import Extra, Spec

STEPS, GAP, ROWS = 32, 10, 120
QUICK = ("quant", "mini_rocket", "simple_rnn")  # the others are for `pytest -m slow`
MORE = {"series_transformer": (600, 600)}  # rows and steps of training: nothing tells it beforehand that neighbours belong together
NAMES = sorted(name for name, family in find_families().items() if "series" in family.tags.inputs)


def two_events(rows: int = ROWS) -> TrainingData:
    """A bump and a dip ten steps apart that begin at one of eighteen steps; the answer says which is first."""
    rng = np.random.default_rng(0)
    bump_first, begin = rng.integers(0, 2, rows), rng.integers(2, STEPS - GAP - 2, rows)
    sign, time = np.where(bump_first, 1.0, -1.0)[:, None], np.arange(STEPS)
    shapes = [np.exp(-(((time - (begin + shift)[:, None]) / 1.5) ** 2)) for shift in (0, GAP)]
    series = (3.0 * sign * (shapes[0] - shapes[1]) + 0.3 * rng.normal(size=(rows, STEPS)))[:, :, None].astype(np.float32)
    spec = Spec(0, 0, (), 2, "binary", rows, extra=(Extra("series", (STEPS, 1)),), modality="sequence")
    empty = np.zeros((rows, 0), np.float32)
    arrays = {"numbers": empty, "raw_numbers": empty, "categories": empty.astype(np.int32), "series": series}
    return TrainingData(arrays, bump_first.astype(np.int64), np.arange(rows) % 2, 2, spec)


def accuracy(family: Family, data: TrainingData) -> float:
    """Of answers for rows that the models have not seen."""
    best = 0.0
    for config in family.portfolio(data.spec)[:1] or [{}]:
        (trained,) = family.train([family.complete(config, data.spec)], data, deadline=Budget(None, trials=1).deadline(), seed=0)
        best = max(best, float((trained.out_of_fold.argmax(axis=1) == data.target).mean()))
    return best


def test_order_free_numbers_say_nothing() -> None:
    data = two_events()
    values = np.sort(data.arrays["series"][:, :, 0], axis=1)
    for number in (values.mean(axis=1), values.std(axis=1), values[:, -1], values[:, 0]):
        gap = abs(number[data.target == 1].mean() - number[data.target == 0].mean())
        assert gap < 0.5 * number.std()


@pytest.mark.parametrize("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NAMES])
def test_a_family_tells_which_event_came_first(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, steps = MORE.get(name, (ROWS, 120))
    monkeypatch.setattr(_series_network, "STEPS_OF_TRAINING", steps)
    assert accuracy(family_by_name(name), two_events(rows)) > 0.9
