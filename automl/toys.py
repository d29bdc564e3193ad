"""Small problems that a family can learn, with the arrays that it reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from automl.families.base import Family, TrainingData
from automl.preprocessing.base import Extra, Spec
from automl.preprocessing.target_encoding import TargetEncoding
from automl.pretrained import sentences

ROWS = 240


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
    """Return grey pictures of 12 × 12 with a square in one corner or, for a signal below 0, the other; the larger, the brighter."""
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


def _toy_sentence_middle(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return texts of one to four places, as the last block of the network for sentences reads them: some units of each hold the signal."""
    values = rng.normal(size=(len(latent), 1, 4, 384))
    values[..., :8] += 2.0 * latent[:, None, None, None]
    values[:, 0][np.arange(4) >= rng.integers(1, 5, len(latent))[:, None]] = 0.0
    return values.astype(np.float16), Extra("sentence_middle", (1, 4, 384), "float16")


def _toy_series(latent: Any, rng: np.random.Generator) -> tuple[Any, Extra]:
    """Return series of 16 to 24 steps and two channels: the larger the signal, the earlier a bump in the first one; NaN behind the end."""
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
    "sentence_middle": _toy_sentence_middle,
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
    with_them = {"words": ["letters"], "image_features": ["image_middle"], "sentence": ["sentence_middle"] if sentences.found() else []}
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
        further: Names of arrays of texts, pictures or series that carry the signal too; see ``automl.toys.FURTHER``.

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
