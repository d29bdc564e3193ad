"""Mixed rows: shares of pictures and labels agree, partners keep to their fold, members have their own strength, views need flips."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from keras import ops

from automl import _backend
from automl.budget import Budget
from automl.families._pictures import looks_twice, reader
from automl.families.cnn import CNN
from automl.families.transfer import Transfer
from automl.layers import PackedDense
from automl.layers.mixing import covered, mixed_pictures, mixed_vectors, mixing, share_of
from automl.layers.pictures import PackedTower, PictureModel
from automl.preprocessing.base import Extra, Spec
from automl.training import PackData, PackTrainer, Schedule
from automl.training.mixing import partners_of, parts_of
from automl.training.program import program_for

SIDE = 8
SPEC = Spec(0, 0, (), 3, "multiclass", 48, extra=(Extra("pixels", (SIDE, SIDE, 1), "uint8"),), modality="image")


def numbers(tensor: Any) -> np.ndarray[Any, Any]:
    return np.asarray(ops.convert_to_numpy(tensor))


def test_partners_have_the_same_fold_and_every_row_is_one() -> None:
    fold = np.random.default_rng(0).integers(-1, 3, (20, 32))
    found = partners_of(fold)
    np.testing.assert_array_equal(np.take_along_axis(fold, found.astype(np.int64), axis=1), fold)
    np.testing.assert_array_equal(np.sort(found, axis=1), np.tile(np.arange(32), (20, 1)))
    assert (found != np.arange(32)).all()


def test_the_share_of_a_picture_is_the_share_of_its_label() -> None:
    parts = parts_of([0.4, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [1, 2, 3, 4], 0, 50)
    own, other = np.zeros((1, 7, 5, 2), np.float32), np.ones((1, 7, 5, 2), np.float32)
    for step in range(50):
        with mixing(np.array([1, 0]), ops.convert_to_tensor(parts[step])):
            for member in range(4):
                mixed = numbers(mixed_pictures(np.concatenate([own, other]), member))
                share = share_of(parts[step])[member]
                np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), [share, 1.0 - share], atol=1e-5)  # together: the mass of two labels
            vectors = numbers(mixed_vectors(np.stack([[[0.0], [1.0]]] * 4).astype(np.float32)))
            np.testing.assert_allclose(vectors[:, 0, 0], share_of(parts[step]), atol=1e-6)
    assert (share_of(parts[:, 3]) == 0).all()
    assert (parts[:, 0, 1:] == [0, 1, 0, 1]).all()
    assert (parts[:, 1, 0] == 1).all()
    assert len({tuple(row) for row in parts[:, 2, 1:].tolist()}) > 10
    assert (parts[:, 2, 0] < 1).any()


def test_a_part_ends_where_its_edges_are() -> None:
    assert numbers(covered(10, 0.0, 1.0)).tolist() == [1.0] * 10
    np.testing.assert_allclose(numbers(covered(10, 0.33, 0.58)), [0, 0, 0, 0.7, 1, 0.8, 0, 0, 0, 0], atol=1e-5)


def test_what_a_configuration_mixes_does_not_depend_on_its_pack() -> None:
    together = parts_of([0.2, 0.4], [1.0, 0.0], [5, 6], 3, 9)
    np.testing.assert_array_equal(together[:, 1:], parts_of([0.4], [0.0], [6], 3, 9))
    assert not np.array_equal(together, parts_of([0.2, 0.4], [1.0, 0.0], [5, 6], 4, 9))


def pictures(rows: int = 48) -> PackData:
    rng = np.random.default_rng(0)
    target = np.arange(rows) % 3
    pixels = (rng.integers(0, 90, (rows, SIDE, SIDE, 1)) + 50 * target[:, None, None, None]).astype(np.uint8)
    arrays = {"numbers": np.zeros((rows, 0), np.float32), "pixels": pixels}
    return PackData(arrays, target.astype(np.int64), np.arange(rows) // 3 % 2, 2, True)


class OneConvolution(PackedTower):
    """The least tower: it compiles at once."""

    def prepare(self, shape: tuple[int, int, int]) -> None:
        self.add_convolution("only", 3, shape[2], 4)

    def maps(self, values: Any, of: dict[str, Any]) -> Any:
        return ops.relu(self.convolve(values, of, "only", 2))


class Least(CNN):
    """A family with it."""

    def build(self, spec: Spec, configs: Any) -> PictureModel:
        members, config = len(configs), configs[0]
        body = [PackedDense(members, spec.outputs)]
        return PictureModel(members, "pixels", reader(members, config), OneConvolution(members), body, looks_twice(config))


def trainer(configs: list[dict[str, Any]], data: PackData | None = None, epochs: int = 2) -> PackTrainer:
    family = Least()
    complete = [family.complete({"shift": 0.0, "zoom": 0.0, **config}, SPEC) for config in configs]
    rates = {name: np.array([float(config[name]) for config in complete]) for name in sorted(family.per_member)}
    shared = complete[0]
    return PackTrainer(
        ("mixing", family.pack_key(shared)),
        lambda members: family.build(SPEC, [shared] * members),
        pictures() if data is None else data,
        rates,
        [config.get("seed", 0) for config in complete],
        Schedule(epochs, 16, keep=(1.0, 1.0, 1.0)),
        Budget(trials=1).deadline(),
    )


def test_members_with_strengths_of_their_own_equal_those_trained_alone() -> None:
    configs = [{"mixup": 0.4, "averaging": 0.5, "seed": 2}, {"cutmix": 1.0, "seed": 3}]
    together = trainer(configs).run()
    for place, config in enumerate(configs):
        alone = trainer([config]).run()
        np.testing.assert_allclose(together.logits[place], alone.logits[0], atol=2e-4)


def test_a_mixture_with_rows_that_a_member_must_not_see_is_not_made() -> None:
    data, configs = pictures(), [{"mixup": 0.4}]
    changed = data.arrays["pixels"].copy()
    changed[data.fold == 1] = 255 - changed[data.fold == 1]
    other = dataclasses.replace(data, arrays={**data.arrays, "pixels": changed})
    before, after = trainer(configs, data, 1).run(), trainer(configs, other, 1).run()
    for ours, theirs in zip(before.weights[0][1], after.weights[0][1], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    moved = [np.abs(ours - theirs).max() for ours, theirs in zip(before.weights[0][0], after.weights[0][0], strict=True)]
    assert max(moved) > 1e-4


def test_the_loss_of_a_mixed_row_is_that_of_its_mixed_label() -> None:
    run = trainer([{"mixup": 0.4}])
    program = program_for(run.key, run.build, 1, run.data, run.batch)
    rng = np.random.default_rng(1)
    outputs, truth = rng.normal(size=(4, 2, 3)).astype(np.float32), np.array([0, 1, 2, 0], np.int32)
    partners, parts = np.array([1, 0, 3, 2], np.int32), np.array([[0.3, 0, 1, 0, 1], [1.0, 0, 0.5, 0, 0.5]], np.float32)
    found = numbers(program._mixed_losses(*map(_backend.to_device, (outputs, truth, np.zeros(2, np.float32))), [partners, parts]))
    share = np.array([0.3, 0.25])[None, :, None]
    labels = (1 - share) * np.eye(3)[truth][:, None] + share * np.eye(3)[truth[partners]][:, None]
    np.testing.assert_allclose(labels.sum(axis=-1), 1.0, atol=1e-6)
    logs = outputs - np.log(np.exp(outputs).sum(axis=-1, keepdims=True))
    np.testing.assert_allclose(found, -(labels * logs).sum(axis=-1), atol=1e-5)


def test_the_mean_of_the_weights_equals_a_slow_reference() -> None:
    run = trainer([{"averaging": 0.0}, {"averaging": 2.0, "seed": 0}])
    state = run._start()
    order = np.arange(len(run.data.target))
    expected = [_backend.to_numpy(weight) for weight in state.weights]
    decay = 1.0 - 1.0 / (2.0 * run.steps)
    for step in range(1, 6):
        run._steps(state, np.array([step / 10]), step, np.random.default_rng(step), order)
        kept = min(decay, (1 + step) / (10 + step))
        expected = [kept * mean + (1 - kept) * _backend.to_numpy(w) for mean, w in zip(expected, state.weights, strict=True)]
    for mean, weight, slow in zip(state.judged, state.weights, expected, strict=True):
        np.testing.assert_array_equal(_backend.to_numpy(mean)[:2], _backend.to_numpy(weight)[:2])  # the members that do not average
        np.testing.assert_allclose(_backend.to_numpy(mean)[2:], slow[2:], atol=1e-6)


@pytest.mark.parametrize("flip", [False, True])
def test_the_mirror_image_is_looked_at_only_where_mirrored_pictures_were_learnt(flip: bool) -> None:
    family = Least()
    config = family.complete({"flip": flip, "views": 2}, SPEC)
    assert looks_twice(config) == flip
    rng = np.random.default_rng(0)
    batch = {"numbers": np.zeros((3, 0), np.float32), "pixels": rng.integers(0, 255, (3, SIDE, SIDE, 1)).astype(np.uint8)}
    model, plain = family.build(SPEC, [config]), family.build(SPEC, [{**config, "views": 1}])
    model(batch), plain(batch)
    for ours, theirs in zip(model.trainable_variables, plain.trainable_variables, strict=True):
        values = rng.normal(0, 0.3, ours.shape)
        ours.assign(values)
        theirs.assign(values)
    mirrored = {**batch, "pixels": batch["pixels"][:, :, ::-1]}
    one, two = numbers(plain(batch)), numbers(plain(mirrored))
    np.testing.assert_allclose(numbers(model(batch)), (one + two) / 2 if flip else one, atol=1e-5)
    assert not np.allclose(one, two)


def test_entries_of_a_space_start_as_nothing_and_no_head_is_cut() -> None:
    defaults = CNN().defaults(SPEC)
    assert [defaults[name] for name in ("mixup", "cutmix", "averaging", "views", "cutout")] == [0.0, 0.0, 0.0, 1, 0.0]
    assert "cutmix" not in Transfer().defaults(SPEC)
    assert {"mixup", "averaging"} <= set(Transfer().defaults(SPEC)) & Transfer().per_member
