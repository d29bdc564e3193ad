"""How networks read a table: embeddings of numbers and categories, chosen by the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from automl.families.base import Config
from automl.layers import PackedCategories, PeriodicEmbedding, PiecewiseLinearEncoding, TreeEncoding
from automl.preprocessing.base import Spec

MOST_COMPONENTS = 256  # bins or frequencies of all columns together
FINE_FROM = 20_000  # rows to learn from
PERIODIC_SCALE = 0.1  # RealMLP's default
EMBEDDINGS = ("piecewise_linear", "none", "periodic", "tree")


def category_layer(spec: Spec, members: int, units: int = 8, scale: float = 0.1) -> PackedCategories | None:
    """Return the layer for category codes, or None where there are no categories."""
    return PackedCategories(members, spec.categories, embedding_units=units, scale=scale) if spec.categories else None


def number_layer(spec: Spec, members: int, config: Config) -> Any:
    """Return the layer for numbers that ``config["embedding"]`` names, or None for the numbers as they are.

    Example:
        >>> number_layer(Spec(2, 2, (), 1, "regression", 9), 3, {"embedding": "none"}) is None
        True
    """
    kind = config["embedding"]
    if kind == "none" or not spec.numbers:
        return None
    if kind == "periodic":
        return periodic_embedding(spec, members, scale=1.0 if "embedding_scale" in config else PERIODIC_SCALE)
    bins = affordable_bins(spec, int(config.get("bins", 16)))
    return TreeEncoding(members, bins, spec.is_classification) if kind == "tree" else PiecewiseLinearEncoding(spec.knots, bins)


def default_bins(spec: Spec) -> int:
    """Return the bins of a column to begin with: where rows are many, finer ones find more than noise.

    Out of fold, 32 instead of 16 lowered the loss of a perceptron by 1.3 and 1.7 % on tables of 24,000 and 40,000 rows, and raised it by
    0.2 to 0.5 % on tables of 3,000 to 19,700 (rows to learn from).

    Example:
        >>> default_bins(Spec(4, 4, (), 1, "regression", 900)), default_bins(Spec(4, 4, (), 1, "regression", 50_000))
        (16, 32)
    """
    return 32 if spec.rows >= FINE_FROM else 16


def affordable_bins(spec: Spec, bins: int) -> int:
    """Return `bins`, or fewer where there are many columns: the first layer must not outweigh the rest of the network.

    Example:
        >>> affordable_bins(Spec(40, 40, (), 1, "regression", 900), 16)
        6
    """
    return int(np.clip(MOST_COMPONENTS // max(spec.numbers, 1), min(3, bins), bins))


def periodic_embedding(spec: Spec, members: int, scale: float = 1.0) -> PeriodicEmbedding | None:
    """Return RealMLP's embedding of numbers, with fewer frequencies where there are many columns; None without numbers.

    Args:
        spec: The shapes.
        members: Number of networks.
        scale: Standard deviation of the frequencies, multiplied by the configuration's "embedding_scale" where it has one.
    """
    frequencies = int(np.clip(MOST_COMPONENTS // max(spec.numbers, 1), 4, 16))
    return PeriodicEmbedding(members, frequencies, scale=scale) if spec.numbers else None


def spanned(rates: Sequence[tuple[float, float]], **shared: Any) -> list[Config]:
    """Return one configuration for each (learning rate, dropout); all have the entries `shared`, so that they can share a pack.

    Example:
        >>> spanned([(1e-3, 0.1)], form="parallel")
        [{'form': 'parallel', 'learning_rate': 0.001, 'dropout': 0.1}]
    """
    return [{**shared, "learning_rate": rate, "dropout": dropout} for rate, dropout in rates]


def input_groups(spec: Spec, numbers: Any, categories: PackedCategories | None) -> list[int]:
    """Return the column that each input of the first layer belongs to; `numbers` is None or a piecewise-linear encoding."""
    groups = list(range(spec.numbers))
    if numbers is not None:
        groups += np.asarray(numbers.columns).tolist()
    if categories is not None:
        groups += [spec.numbers + column for column in categories.groups]
    return groups + [spec.numbers + len(spec.categories) + column for column in range(spec.encoded)]
