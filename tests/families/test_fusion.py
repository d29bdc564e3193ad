"""One network over several kinds of data: what no kind tells alone is learnt, and rows that lack a kind are predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from automl.budget import Budget
from automl.families import family_by_name
from automl.families.base import Config, TrainingData
from automl.families.fusion import Fusion, arrays_of, ways_of
from automl.preprocessing.base import Extra, Spec
from automl.selection import choose_families

SIDE, STEPS = 12, 24


def pixels(bit: Any, rng: np.random.Generator) -> np.ndarray:
    """Grey noise with a bright or a dark square somewhere."""
    found = rng.integers(90, 150, (len(bit), SIDE, SIDE, 1))
    for row, bright in enumerate(bit):
        down, right = rng.integers(0, SIDE - 5, 2)
        found[row, down : down + 5, right : right + 5] = 235 if bright else 15
    return found.astype(np.uint8)


def series(bit: Any, rng: np.random.Generator) -> np.ndarray:
    """A bump and a dip: which comes first is the bit; some end early."""
    found, steps = 0.2 * rng.normal(size=(len(bit), STEPS, 1)), np.arange(STEPS)
    for row, first in enumerate(bit):
        early, late = rng.integers(2, 7), rng.integers(12, 17)
        bump, dip = (early, late) if first else (late, early)
        found[row, :, 0] += 2 * np.exp(-(((steps - bump) / 1.5) ** 2)) - 2 * np.exp(-(((steps - dip) / 1.5) ** 2))
    found[steps[None] >= rng.integers(20, STEPS + 1, len(bit))[:, None]] = np.nan
    return found.astype(np.float32)


def tokens(bit: Any, rng: np.random.Generator) -> np.ndarray:
    """Words, one of which is the bit."""
    found = rng.integers(7, 40, (len(bit), 8))
    found[np.arange(len(bit)), rng.integers(0, 8, len(bit))] = np.where(bit, 5, 6)
    return found.astype(np.int32)


MADE = {
    "pixels": (pixels, Extra("pixels", (SIDE, SIDE, 1), "uint8")),
    "series": (series, Extra("series", (STEPS, 1))),
    "tokens": (tokens, Extra("tokens", (8,), "int32", 40)),
}
NOTHING = {"pixels": 0, "series": np.nan, "tokens": 0}


def both_needed(kinds: Sequence[str], rows: int, seed: int = 0, absent: float = 0.0) -> TrainingData:
    """Two kinds of data with a bit each; the target is whether the bits differ. Some rows may lack the first kind."""
    rng = np.random.default_rng(seed)
    bits = [rng.random(rows) < 0.5 for _ in kinds]
    numbers = rng.normal(size=(rows, 2)).astype(np.float32)
    arrays: dict[str, Any] = {"numbers": numbers, "raw_numbers": numbers, "categories": np.zeros((rows, 0), np.int32)}
    for kind, bit in zip(kinds, bits, strict=True):
        if kind == "table":
            numbers[:, 0] = np.where(bit, 1.0, -1.0) + 0.3 * rng.normal(size=rows)
        else:
            arrays[kind] = MADE[kind][0](bit, rng)
    if absent:
        arrays[kinds[0]][rng.random(rows) < absent] = NOTHING[kinds[0]]
    extra = tuple(MADE[kind][1] for kind in kinds if kind != "table")
    spec = Spec(2, 2, (), 2, "binary", rows, extra=extra, modality="mixed")
    return TrainingData(arrays, (bits[0] ^ bits[1]).astype(np.int64), np.arange(rows) % 3, 3, spec)


def without(data: TrainingData, kind: str) -> TrainingData:
    """The same rows without one kind of data."""
    if kind == "table":
        return replace(data, arrays={**data.arrays, "numbers": np.zeros_like(data.arrays["numbers"])})
    arrays = {name: values for name, values in data.arrays.items() if name != kind}
    return replace(data, arrays=arrays, spec=replace(data.spec, extra=tuple(one for one in data.spec.extra if one.name != kind)))


def learnt(data: TrainingData, epochs: int | None = None, **config: Any) -> tuple[Any, Any]:
    """Train one configuration; return what was trained, and its predictor."""
    family = Fusion()
    if epochs is not None:
        plain = family.schedule
        family.schedule = lambda *given: replace(plain(*given), epochs=epochs)  # type: ignore[method-assign]
    full = {**family.complete(config, data.spec), "seed": 1}
    (trained,) = family.train([full], data, deadline=Budget(trials=1).deadline(), seed=0)
    return trained, family.combine([(full, trained.models, 1.0)], data.spec)


def right(data: TrainingData, prediction: np.ndarray) -> float:
    return float((prediction.argmax(axis=1) == data.target).mean())


CHEAP: Config = {"embedding": "none", "picture_width": 8}


@pytest.mark.slow
def test_rows_that_lack_a_kind_are_predicted_and_stored_models_predict_the_same() -> None:
    data = both_needed(["pixels", "series"], 60, absent=0.5)
    data.arrays["series"][::3] = np.nan
    trained, fitted = learnt(data, epochs=2, units=32, **{**CHEAP, "series_filters": 8, "fusion": "gated"})
    assert np.isfinite(trained.out_of_fold).all()
    found = fitted.predict(data.arrays)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)
    again = Fusion().restore(fitted.state(), data.spec)
    np.testing.assert_allclose(again.predict(data.arrays), found, atol=1e-6)
    alone = fitted.predict({name: values[7:8] for name, values in data.arrays.items()})
    np.testing.assert_allclose(alone[0], found[7], atol=1e-5)
    none = {**data.arrays, "pixels": data.arrays["pixels"] * 0, "series": np.full_like(data.arrays["series"], np.nan)}
    assert np.isfinite(fitted.predict(none)).all()


def test_it_is_tried_where_there_are_several_kinds_of_data_alone() -> None:
    both = both_needed(["pixels", "table"], 30).spec
    assert "fusion" in [family.name for family in choose_families(both).families]
    for modality in ("image", "tabular"):
        assert "fusion" not in [family.name for family in choose_families(replace(both, modality=modality)).families]


def test_a_configuration_reads_its_own_arrays_alone() -> None:
    extra = (*both_needed(["pixels", "table"], 9).spec.extra, Extra("image_features", (40,)))
    spec = replace(both_needed(["pixels", "table"], 9).spec, extra=extra)
    family = family_by_name("fusion")
    assert isinstance(family, Fusion)
    assert ways_of(spec) == ["features", "pixels"]
    seen, looked = ({**family.defaults(spec), "pictures": way} for way in ways_of(spec))
    assert "pixels" not in arrays_of([seen])
    assert "image_features" not in arrays_of([looked])
    assert {"pixels", "image_features"} <= set(family.reading([seen, looked]).reads)
    assert "pixels" not in family.build(spec, [seen]).further


def test_towers_are_counted() -> None:
    spec = both_needed(["pixels", "table"], 900).spec
    family = Fusion()
    small, large = ({**family.defaults(spec), "picture_width": width} for width in (8, 16))
    assert family.footprint(spec, large).activations > 16 * SIDE * SIDE * 2  # the first maps alone, before and after their norm
    assert family.footprint(spec, large).weights > family.footprint(spec, small).weights
    assert family.row_work(large, spec) > 2 * family.row_work(small, spec) > 0
    assert family.affordable(large, spec, 5, 1.0)["picture_width"] == 8
    assert family.pack_size(large, spec, 5, float("inf"), 2**34) == 1


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [("pixels", "table"), ("series", "table"), ("pixels", "tokens")], ids="-".join)
def test_it_beats_each_kind_alone_where_both_are_needed(kinds: tuple[str, str]) -> None:
    data, new = both_needed(kinds, 360), both_needed(kinds, 200, seed=1)
    _, fitted = learnt(data, **{name: value for name, value in CHEAP.items() if "pixels" in kinds or name == "embedding"})
    assert right(new, fitted.predict(new.arrays)) > 0.85
    for kind in kinds:
        few = without(data, kind)
        _, alone = learnt(few, epochs=12, **({**CHEAP} if few.spec.further("pixels") else {}))
        assert right(new, alone.predict(without(new, kind).arrays)) < 0.65
    lacking = both_needed(kinds, 200, seed=2)
    lacking.arrays[kinds[0]][:] = NOTHING[kinds[0]]
    unsure = fitted.predict(lacking.arrays)
    assert np.isfinite(unsure).all()
    assert -np.log(unsure[np.arange(200), lacking.target]).mean() < 1.5  # nobody can know: far from sure


@pytest.mark.slow
def test_half_of_the_series_may_be_missing() -> None:
    data, new = both_needed(["series", "table"], 500, absent=0.5), both_needed(["series", "table"], 300, seed=1, absent=0.5)
    _, fitted = learnt(data, embedding="none")
    found, there = fitted.predict(new.arrays), ~np.isnan(new.arrays["series"][:, 0, 0])
    hit = found.argmax(axis=1) == new.target
    assert hit[there].mean() > 0.85
    assert found[there].max(axis=1).mean() > 0.8 > found[~there].max(axis=1).mean()
