"""Kinds of data that a row lacks: learnt vectors, gates without weight, and whole kinds left out in training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops

from automl import _backend
from automl.layers.fusion import FusionModel, LearntAbsence, ModalityDropout, SeriesEncoder, known_rows
from automl.layers.model import adapted_weights, initial_weights
from automl.layers.packed import dropout_masks
from automl.layers.text import PackedBag, Shared

ROWS = 6


def made(fusion: str, left_out: float = 0.0, seeds: tuple[int, ...] = (1, 2)) -> tuple[FusionModel, dict[str, Any]]:
    """A pack over a table, tokens and vectors, with weights that say something."""
    rng = np.random.default_rng(0)
    further = {"tokens": PackedBag(len(seeds), 12, 4), "image_features": Shared()}
    model = FusionModel(len(seeds), 3, 8, fusion, further, left_out=left_out)
    inputs = {
        "numbers": rng.normal(size=(ROWS, 2)).astype("float32"),
        "tokens": rng.integers(1, 12, (ROWS, 5)).astype("int32"),
        "image_features": rng.gamma(1.0, 1.0, (ROWS, 7)).astype("float32"),
    }
    model(inputs)
    for variable, values in zip(model.trainable_variables, initial_weights(model, seeds), strict=True):
        noise = np.stack([np.random.default_rng(seed).normal(0, 0.3, values.shape[1:]) for seed in seeds])
        variable.assign(values + noise.astype("float32"))
    return model, inputs


def answer(model: FusionModel, inputs: dict[str, Any]) -> np.ndarray[Any, Any]:
    return _backend.to_numpy(model(inputs))


def test_rows_that_hold_something_are_known() -> None:
    series = np.full((2, 3, 1), np.nan, "float32")
    series[0, 0] = 0.0
    assert _backend.to_numpy(known_rows("series", series)).tolist() == [True, False]
    assert _backend.to_numpy(known_rows("pixels", np.array([[[[0]]], [[[3]]]], "uint8"))).tolist() == [False, True]
    assert _backend.to_numpy(known_rows("image_features", np.zeros((1, 4), "float32"))).tolist() == [False]


@pytest.mark.parametrize("fusion", ["early", "late", "gated"])
def test_members_are_side_by_side_and_rows_do_not_mix(fusion: str) -> None:
    (together, inputs), (alone, _) = made(fusion), made(fusion, seeds=(2,))
    inputs["tokens"][1], inputs["image_features"][2] = 0, 0.0
    found = answer(together, inputs)
    np.testing.assert_allclose(found[:, 1], answer(alone, inputs)[:, 0], atol=1e-5)
    one = answer(together, {name: values[2:3] for name, values in inputs.items()})
    np.testing.assert_allclose(one[0], found[2], atol=1e-5)


@pytest.mark.parametrize("fusion", ["early", "late", "gated"])
def test_a_learnt_vector_stands_for_what_a_row_lacks(fusion: str) -> None:
    model, inputs = made(fusion)
    inputs["tokens"][0] = 0
    before = answer(model, inputs)
    model.absent["tokens"].vector.assign(np.full((2, 1, 8), 2.0, "float32"))
    after = answer(model, inputs)
    np.testing.assert_allclose(after[1:], before[1:], atol=1e-6)
    changed = float(np.abs(after[0] - before[0]).max())
    assert np.isfinite(after).all()
    assert changed > 1e-3 if fusion != "gated" else np.isfinite(changed)


def test_a_gate_gives_no_weight_to_what_a_row_lacks() -> None:
    model, inputs = made("gated")
    inputs["tokens"][:] = 0
    before = answer(model, inputs)
    model.answers["tokens"].kernel.assign(np.full((2, 8, 3), 50.0, "float32"))
    np.testing.assert_allclose(answer(model, inputs), before, atol=1e-5)


def in_training(layer: Any, offset: int, *inputs: Any) -> np.ndarray[Any, Any]:
    with dropout_masks(_backend.to_device(np.ones((2, 10), "float32")), _backend.to_device(np.full(8, offset, "int32"))):
        return _backend.to_numpy(layer(*inputs))


def test_whole_kinds_are_left_out_in_training_alone_and_one_stays() -> None:
    there = np.ones((4_000, 3), bool)
    there[:1_000, 0] = there[500:1_000, 1] = False
    layer = ModalityDropout(2, 0.3)
    np.testing.assert_array_equal(_backend.to_numpy(layer(there)), there)
    used = in_training(layer, 5, there)
    assert not (used & ~there).any()
    assert used.any(axis=1).all()
    assert used[500:1_000, 2].all()  # the only one that these rows have
    assert abs(float((~used[1_000:]).mean()) - 0.3) < 0.04
    assert not np.array_equal(used, in_training(layer, 6, there))


def test_no_row_loses_what_its_kind_of_data_would_still_tell() -> None:
    """Tokens and vectors of a text are left out together."""
    further = {"tokens": PackedBag(2, 12, 4), "sentence": Shared()}
    model = FusionModel(2, 1, 4, "early", further, left_out=0.5)
    inputs = {"numbers": np.ones((300, 1), "float32"), "tokens": np.ones((300, 2), "int32"), "sentence": np.ones((300, 2), "float32")}
    model(inputs)
    used = in_training(lambda values: model._there(values, ["table", "tokens", "sentence"]), 3, inputs)
    np.testing.assert_array_equal(used[:, 1], used[:, 2])
    assert 0.2 < used[:, 0].mean() < 0.9


def test_encoders_start_from_the_rows_that_have_their_kind() -> None:
    def started(empty: bool) -> np.ndarray[Any, Any]:
        model, inputs = made("early")
        if empty:
            extra = {name: np.concatenate([values, values * 0]) for name, values in inputs.items()}
            inputs = {**extra, "numbers": np.tile(inputs["numbers"], (2, 1))}
        drawn = [_backend.to_numpy(variable) for variable in model.trainable_variables]
        adapted_weights(model, drawn, [], [1, 2], inputs)
        return _backend.to_numpy(model.encoders["image_features"].kernel)

    whole, half = started(empty=False), started(empty=True)
    np.testing.assert_allclose(np.abs(half / whole), 1.0, rtol=1e-4)


def test_an_absent_kind_has_a_finite_gradient() -> None:
    layer, there = LearntAbsence(2), np.array([True, False])
    values = np.full((2, 2, 3), np.nan, "float32")
    values[:, 0] = 1.0
    found = _backend.to_numpy(layer(values, there))
    assert np.isfinite(found).all()


def test_long_series_are_averaged_before_the_trunk() -> None:
    seen: list[Any] = []

    def trunk(values: Any, keep: Any) -> Any:
        seen.append(tuple(values.shape))
        return ops.ones((2, values.shape[0], 4))

    series = np.ones((3, 10, 1), "float32")
    assert SeriesEncoder(trunk, averaged=4)(series).shape == (2, 3, 4)
    assert seen[-1] == (3, 3, 1)
