"""The contract of families and preprocessors, as small checks that anybody can run over their own.

Example:
    >>> from automl.families import family_by_name
    >>> check_family(family_by_name("naive"))
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from automl.budget import Budget
from automl.families.base import Config, Family, Trained, TrainingData
from automl.preprocessing.base import Extra, Spec
from automl.preprocessing.target_encoding import TargetEncoding

Check = Callable[[Family], None]
ROWS = 240
TOLERANCE = 1e-5


def _toy_tokens(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return sequences of 4 to 12 tokens out of 40: the larger the signal, the more often token 5 stands in for another, else token 6."""
    tokens = rng.integers(7, 40, (len(latent), 12)).astype(np.int32)
    told = rng.random(tokens.shape) < 0.25 + 0.2 * np.abs(latent)[:, None]
    tokens = np.where(told, np.where(latent[:, None] > 0, 5, 6), tokens)
    tokens[np.arange(12) >= rng.integers(4, 13, len(latent))[:, None]] = 0
    return tokens.astype(np.int32), Extra("tokens", (12,), "int32", 40)


def _toy_words(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return the same texts as counts of words, rows of length 1."""
    tokens, _ = _toy_tokens(latent, rng)
    counts = np.stack([np.bincount(row[row > 0], minlength=40) for row in tokens]).astype(np.float32)
    counts /= np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9)
    return sparse.csr_matrix(counts), Extra("words", (40,), "sparse")


def _toy_letters(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return letter groups that say nothing."""
    return sparse.csr_matrix((rng.random((len(latent), 10)) < 0.2).astype(np.float32)), Extra("letters", (10,), "sparse")


def _toy_pixels(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return grey pictures of 12 × 12: the larger the signal, the brighter a square in one corner, else in the other; in places that vary."""
    pixels = rng.integers(0, 60, (len(latent), 12, 12, 1))
    for row, value in enumerate(latent):
        down, right = rng.integers(0, 3, 2) + (0 if value > 0 else 6)
        pixels[row, down : down + 3, right : right + 3] += int(min(40 + 80 * abs(value), 190))
    return pixels.astype(np.uint8), Extra("pixels", (12, 12, 1), "uint8")


def _toy_image_features(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return 40 features, none below 0, of which four carry the signal."""
    features = rng.gamma(2.0, 0.2, (len(latent), 40))
    features[:, :2] += np.maximum(latent, 0.0)[:, None]
    features[:, 2:4] += np.maximum(-latent, 0.0)[:, None]
    return features.astype(np.float32), Extra("image_features", (40,), "float32")


def _toy_image_middle(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return values that the middle of a trained network may give, which say nothing."""
    return rng.normal(size=(len(latent), 1, 1, 192)).astype(np.float16), Extra("image_middle", (1, 1, 192), "float16")


def _toy_sentence(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return vectors of length 1, one direction of which is the signal."""
    vectors = rng.normal(size=(len(latent), 8))
    vectors[:, 0] = 2.0 * latent
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), Extra("sentence", (8,))
def _toy_series(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return series of 16 to 24 steps and two channels: the larger the signal, the earlier a bump in the first; NaN behind the end."""
    steps = np.arange(24)
    series = 0.3 * rng.normal(size=(len(latent), 24, 2))
    middle = 8.0 - 3.0 * np.tanh(latent)
    series[:, :, 0] += 2.0 * np.exp(-(((steps - middle[:, None]) / 2.0) ** 2))
    series[steps >= rng.integers(16, 25, len(latent))[:, None]] = np.nan
    return series.astype(np.float32), Extra("series", (24, 2))


# What makes each further array of toy data, from a hidden signal (rows,) and a generator: the array and what is known of it.
FURTHER: dict[str, Callable[[Any, np.random.Generator], tuple[Any, Extra]]] = {
    "tokens": _toy_tokens,
    "sentence": _toy_sentence,
    "words": _toy_words,
    "letters": _toy_letters,
    "pixels": _toy_pixels,
    "image_features": _toy_image_features,
    "image_middle": _toy_image_middle,
    "series": _toy_series,
}
TABLE = frozenset({"numbers", "categories"})


def toy_for(family: Family, problem: str) -> TrainingData:
    """Return toy data with the arrays that a family reads.

    Example:
        >>> from automl.families import family_by_name
        >>> toy_for(family_by_name("linear"), "binary").spec.extra
        ()
    """
    further = sorted((family.tags.inputs - TABLE) & FURTHER.keys())
    with_them = {"words": ["letters"], "image_features": ["image_middle"]}
    data = toy_data(problem, further=sorted({*further, *(other for name in further for other in with_them.get(name, ()))}))
    modalities = family.tags.modalities
    return data if modalities is None else replace(data, spec=replace(data.spec, modality=min(modalities)))


def toy_data(
    problem: str,
    *,
    rows: int = ROWS,
    numbers: bool = True,
    categories: bool = True,
    encoded: bool = False,
    seed: int = 0,
    further: Sequence[str] = (),
) -> TrainingData:
    """Return a small problem that every family but the naive one can learn.

    Args:
        problem: "binary", "multiclass" or "regression".
        rows: Number of rows.
        numbers: Whether there are numeric columns (three, one of them noise, with missing values).
        categories: Whether there are category columns (codes 0 missing, 1 rare, then levels; one of 4 levels, one of 60).
        encoded: Whether the columns are encoded by the target too, for each fold's model.
        seed: Seed of the data.
        further: Names of arrays of texts, pictures or series that carry the signal too; see ``automl.testing.FURTHER``.

    Returns:
        Training rows with three folds.

    Example:
        >>> toy_data("binary").arrays["numbers"].shape
        (240, 4)
    """
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(rows, 3)).astype(np.float32)
    codes = np.column_stack([rng.integers(2, 6, rows), rng.integers(2, 62, rows)]).astype(np.int32)
    signal = (2.0 * raw[:, 0] if numbers else 0.0) + (1.5 * (codes[:, 0] - 3.5) if categories else 0.0) + 0.3 * rng.normal(size=rows)
    carried = {name: FURTHER[name] for name in further}
    latent = rng.normal(size=rows) if carried else np.zeros(rows)
    signal = 0.2 * signal + 2.0 * latent if carried else signal
    raw[rng.random(rows) < 0.1, 1] = np.nan
    codes[rng.random(rows) < 0.05, 1] = 0
    filled = np.column_stack([np.nan_to_num(raw / np.sqrt(1 + (raw / 3) ** 2)), np.isnan(raw[:, 1])]).astype(np.float32)
    target: Any = (signal - signal.mean()) / signal.std()
    if problem == "binary":
        target = (signal > np.median(signal)).astype(np.int64)
    elif problem == "multiclass":
        target = np.digitize(signal, np.quantile(signal, [1 / 3, 2 / 3])).astype(np.int64)
    outputs = {"binary": 2, "multiclass": 3, "regression": 1}[problem]
    width, kinds = (4, 3) if numbers else (0, 0), (6, 62) if categories else ()
    arrays = {
        "numbers": np.ascontiguousarray(filled[:, : width[0]]),
        "raw_numbers": np.ascontiguousarray(raw[:, : width[1]]),
        "categories": np.ascontiguousarray(codes[:, : len(kinds)]),
    }
    fold = rng.permutation(np.arange(rows) % 3)
    made = {name: make(latent, np.random.default_rng([seed, 5])) for name, make in carried.items()}
    arrays |= {name: values for name, (values, _) in made.items()}
    spec = Spec(width[0], width[1], kinds, outputs, problem, rows, extra=tuple(extra for _, extra in made.values()))
    if encoded and kinds:
        encoding, arrays["encoded"] = TargetEncoding.fit(codes, target, fold, 3, spec, range(len(kinds)))
        spec = replace(spec, encoded=encoding.width)
    return TrainingData(arrays, target, fold, 3, spec)


def _problems(family: Family) -> list[str]:
    return sorted(family.tags.problems)


def _train(family: Family, data: TrainingData, configs: list[Config] | None = None, seed: int = 0) -> list[Trained]:
    """Train configurations (the default) with trials capped, so that nothing depends on the clock."""
    full = [family.complete(config, data.spec) for config in configs or [{}]]
    full = [{"seed": seed + number, **config} for number, config in enumerate(full)]
    return family.train(full, data, deadline=Budget(trials=len(full)).deadline(), seed=seed)


@lru_cache(maxsize=4)
def _trained(family: Family, problem: str) -> tuple[TrainingData, Trained]:
    """Return a small problem and the default configuration trained on it; several checks look at the same one, and none changes it."""
    data = toy_for(family, problem)
    return data, _train(family, data)[0]


def _loss(data: TrainingData, prediction: Any) -> float:
    from automl.search import out_of_fold_loss

    return out_of_fold_loss(data, np.asarray(prediction))


def check_defaults_are_in_the_space(family: Family) -> None:
    """The default configuration and the portfolio are part of the space."""
    for problem in _problems(family):
        spec = toy_for(family, problem).spec
        for config in [{}, *family.portfolio(spec)]:
            assert set(family.complete(config, spec)) == set(family.defaults(spec))


def check_configurations_survive_json(family: Family) -> None:
    """Default and sampled configurations are the same after a round trip through JSON."""
    spec = toy_for(family, _problems(family)[0]).spec
    for config in [family.defaults(spec), family.sample(spec, np.random.default_rng(3))]:
        assert json.loads(json.dumps(config)) == config


def check_sampling_is_deterministic(family: Family) -> None:
    """The same generator state draws the same configuration."""
    spec = toy_for(family, _problems(family)[0]).spec
    first, second = (family.sample(spec, np.random.default_rng(11)) for _ in range(2))
    assert first == second


def check_predictions_are_well_formed(family: Family) -> None:
    """Out-of-fold predictions are complete, finite, of the right shape; probabilities add up to one."""
    for problem in _problems(family):
        data, trained = _trained(family, problem)
        assert trained.out_of_fold.shape == (data.rows, data.spec.outputs)
        assert np.isfinite(trained.out_of_fold).all()
        assert len(trained.models) == data.folds
        if data.spec.is_classification:
            assert np.allclose(trained.out_of_fold.sum(axis=1), 1.0, atol=1e-4)


def check_any_input_is_enough(family: Family) -> None:
    """Numbers alone and categories alone can be learned from, where the tags say so."""
    if not family.tags.inputs & TABLE:
        return
    for numbers, categories in ((True, False), (False, True)):
        data = toy_data(_problems(family)[0], numbers=numbers, categories=categories)
        (trained,) = _train(family, data)
        assert np.isfinite(trained.out_of_fold).all()


def check_it_learns(family: Family) -> None:
    """It beats the best constant on a problem that can be learned (the naive family is the constant)."""
    if family.tags.kind == "naive":
        return
    for problem in _problems(family):
        data, trained = _trained(family, problem)
        constant = np.full((data.rows, data.spec.outputs), 1.0 / data.spec.outputs if data.spec.is_classification else 0.0)
        assert _loss(data, trained.out_of_fold) < 0.9 * _loss(data, constant), problem


def check_same_seed_same_model(family: Family) -> None:
    """Two trainings with one seed predict the same."""
    data = toy_for(family, _problems(family)[0])
    first, second = (_train(family, data, seed=5)[0].out_of_fold for _ in range(2))
    np.testing.assert_array_equal(first, second)


def check_validation_rows_are_not_learned_from(family: Family) -> None:
    """Changing the target of one fold leaves the model that validates it as it was.

    Networks choose their epoch on the members of the other folds, which do learn from these rows, so the epoch may move; that their weights
    do not is tested on the trainer itself.
    """
    if family.tags.kind == "network":
        return
    data = toy_for(family, _problems(family)[0])
    changed = data.target.copy()
    rows = data.fold == 1
    changed[rows] = changed[rows][::-1]
    other = TrainingData(data.arrays, changed, data.fold, data.folds, data.spec)
    before, after = _train(family, data)[0], _train(family, other)[0]
    same = family.combine([(before.config, [before.models[1]], 1.0)], data.spec).predict(data.arrays)
    again = family.combine([(after.config, [after.models[1]], 1.0)], data.spec).predict(data.arrays)
    np.testing.assert_allclose(same, again, atol=TOLERANCE)


def check_encoded_columns_are_those_of_the_fold(family: Family) -> None:
    """A model learns from, and predicts with, the encoded columns of the fold that it leaves out, and of no other; it survives storing."""
    if not family.tags.inputs & TABLE:
        return
    data = toy_data(_problems(family)[0], encoded=True)
    (trained,) = _train(family, data)
    rows = data.fold == 1
    alone = family.combine([(trained.config, [trained.models[1]], 1.0)], data.spec)
    other = data.arrays["encoded"].copy()
    other[:, [0, 2]] = 9.0
    own, changed = ({name: values[rows] for name, values in {**data.arrays, "encoded": encoded}.items()} for encoded in (
        data.arrays["encoded"], other
    ))
    expected = alone.predict(own)
    np.testing.assert_allclose(alone.predict(changed), expected, atol=TOLERANCE)
    np.testing.assert_allclose(family.restore(alone.state(), data.spec).predict(changed), expected, atol=TOLERANCE)
    if family.tags.kind != "network":  # out-of-fold predictions of networks have the mean temperature of the folds
        np.testing.assert_allclose(trained.out_of_fold[rows], expected, atol=TOLERANCE)


def check_rows_are_independent(family: Family) -> None:
    """A row is predicted the same alone, in a batch, and in any order."""
    data, trained = _trained(family, _problems(family)[0])
    fitted = family.combine([(trained.config, trained.models, 1.0)], data.spec)
    together = fitted.predict(data.arrays)
    order = np.random.default_rng(0).permutation(data.rows)
    shuffled = fitted.predict({name: values[order] for name, values in data.arrays.items()})
    np.testing.assert_allclose(shuffled, together[order], atol=TOLERANCE)
    for row in (0, 17):
        alone = fitted.predict({name: values[row : row + 1] for name, values in data.arrays.items()})
        np.testing.assert_allclose(alone[0], together[row], atol=TOLERANCE)


def check_missing_and_unseen_are_handled(family: Family) -> None:
    """Rows whose values are all missing, or whose categories are new, are predicted."""
    data, trained = _trained(family, _problems(family)[0])
    fitted = family.combine([(trained.config, trained.models, 1.0)], data.spec)
    for code in (0, 1):
        arrays = {
            "numbers": np.zeros_like(data.arrays["numbers"][:3]),
            "raw_numbers": np.full_like(data.arrays["raw_numbers"][:3], np.nan),
            "categories": np.full_like(data.arrays["categories"][:3], code),
        }
        arrays |= {extra.name: data.arrays[extra.name][:3] * 0 for extra in data.spec.extra}
        assert np.isfinite(fitted.predict(arrays)).all()


def check_state_survives_storing(family: Family) -> None:
    """A predictor rebuilt from its state predicts the same; two configurations keep their weights."""
    for problem in _problems(family):
        data, trained = _trained(family, problem)
        fitted = family.combine([(trained.config, trained.models, 1.0)], data.spec)
        state = fitted.state()
        assert json.loads(json.dumps(state.json)) == state.json
        assert all(values.dtype != object for values in state.arrays.values())
        again = family.restore(state, data.spec)
        np.testing.assert_allclose(again.predict(data.arrays), fitted.predict(data.arrays), atol=TOLERANCE)


def check_inputs_are_untouched(family: Family) -> None:
    """Training and predicting leave the arrays as they were."""
    data = toy_for(family, _problems(family)[0])
    copies = {name: values.copy() for name, values in data.arrays.items()}
    target = data.target.copy()
    (trained,) = _train(family, data)
    family.combine([(trained.config, trained.models, 1.0)], data.spec).predict(data.arrays)
    for name, values in copies.items():
        kept = data.arrays[name]
        dense = (values, kept) if isinstance(values, np.ndarray) else (values.toarray(), kept.toarray())  # a sparse array otherwise
        np.testing.assert_array_equal(*dense)
    np.testing.assert_array_equal(target, data.target)


def check_a_pack_equals_single_training(family: Family) -> None:
    """A member of a pack equals the same network trained alone with the same seed."""
    if family.pack_configs == 1:
        return
    data = toy_for(family, _problems(family)[0])
    full = [{**family.complete(config, data.spec), "seed": 40 + number} for number, config in enumerate(family.portfolio(data.spec)[:2])]
    assert family.pack_key(full[0]) == family.pack_key(full[1])
    deadline = Budget(trials=2).deadline()
    together = family.train(full, data, deadline=deadline, seed=9)
    for config, member in zip(full, together, strict=True):
        (alone,) = family.train([config], data, deadline=deadline, seed=9)
        np.testing.assert_allclose(member.out_of_fold, alone.out_of_fold, atol=TOLERANCE)


def check_it_is_described(family: Family) -> None:
    """Name, title, kind and a docstring are there; the name is the module's where the family belongs to the package."""
    assert family.name
    assert family.title
    assert (type(family).__doc__ or "").strip()
    module = type(family).__module__
    assert not module.startswith("automl.families.") or module.rsplit(".", 1)[1] == family.name


FAMILY_CHECKS: tuple[Check, ...] = tuple(value for name, value in sorted(globals().items()) if name.startswith("check_"))


def check_family(family: Family) -> None:
    """Run every check over a family.

    Args:
        family: The family.

    Raises:
        AssertionError: With the first broken promise.
    """
    for check in FAMILY_CHECKS:
        check(family)
