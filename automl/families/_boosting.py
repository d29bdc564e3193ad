"""What the families of boosted trees share: which rows and columns the trees see, and how their scores become predictions."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from automl.budget import Deadline
from automl.families._common import average, repeated, set_aside, softmax
from automl.families._trees import TreeFamily
from automl.families._walking import add_trees
from automl.families.base import Config, Floats
from automl.preprocessing.base import Arrays, Spec

FEW_LEVELS = 19  # in sets of more levels trees find noise (flights by destination: 1.7 % more RMSE than by frequency)
MOST_LEVELS = 254  # of a column that is split by sets of levels; scikit-learn holds such sets in 256 bits
EARLY_STOPPING_FROM = 1_500  # rows; below, a tenth of them says more about luck than about the number of trees
ASIDE = 0.1  # of the rows, by which the number of trees is chosen
SHRINKAGE = 6.0  # learning rate × trees where the number of trees is fixed
WANTED = 17.0  # learning rate × trees that boosting usually needs, where the number of trees is found by early stopping
QUICKEST, QUICKER = 0.2, 3.0  # the highest learning rate, and the most that a configuration's is multiplied by, where time is short
CELLS = 100_000_000  # rows × columns: 800 MB as they are handed over
FEWEST_CELLS = 1_000_000
HISTOGRAMS = 300_000_000  # bytes of histograms that the leaves of one tree may need


@dataclass(frozen=True)
class Problem:
    """What one model of one fold learns from.

    Attributes:
        inputs: (rows, columns); the first `by_code` columns hold numbers of levels, NaN is missing.
        target: Codes of the classes that are there, from 0 on, or numbers, (rows,).
        aside: True for rows by which the number of trees is chosen; False everywhere where it is fixed, (rows,).
        by_code: How many columns are split by sets of levels.
        spec: The shapes.
    """

    inputs: NDArray[np.floating[Any]]
    target: NDArray[Any]
    aside: NDArray[np.bool_]
    by_code: int
    spec: Spec

    @property
    def early(self) -> bool:
        """Whether the number of trees is chosen on rows set aside."""
        return bool(self.aside.any())

    @property
    def bins(self) -> int:
        """Bins of a column: fewer where the table is wide, so that the histograms stay small."""
        return 255 if self.inputs.shape[1] <= 1_000 or self.by_code else 63

    def leaves(self, wanted: int) -> int:
        """Return the leaves of a tree, fewer than `wanted` where their histograms would be too large."""
        return int(max(min(wanted, HISTOGRAMS // (self.inputs.shape[1] * self.bins * 20)), 3))

    def trees(self, wanted: int, rate: float) -> int:
        """Return the most iterations: with early stopping those `wanted`, else what the learning rate needs."""
        return wanted if self.early else min(wanted, int(np.ceil(SHRINKAGE / rate)))


def quicker(rate: float, trees: float) -> float:
    """Return the learning rate to go on with where only `trees` fit into the time: a higher one does more than an early end.

    Example:
        >>> quicker(0.05, 1000.0), round(quicker(0.05, 150.0), 2), round(quicker(0.05, 10.0), 2)
        (0.05, 0.11, 0.15)
    """
    return max(min(WANTED / max(trees, 1.0), QUICKER * rate, QUICKEST), rate)


class BoostingFamily(TreeFamily):
    """Boosted trees. A subclass gives `grow`.

    The number of trees is chosen on a tenth of the learning rows. The fold's validation rows stay unseen, since they judge.

    Attributes:
        precision: In which it takes the columns; none holds more than 32 bits, and wide tables need much memory.
        cells_per_second: Rows × columns on which a core grows 200 trees in a second, roughly: many trees on a sample beat few on all rows.
    """

    precision: ClassVar[type[np.floating[Any]]] = np.float64
    cells_per_second: ClassVar[int]

    @abc.abstractmethod
    def grow(self, config: Config, problem: Problem, *, deadline: Deadline, seed: int, threads: int) -> Mapping[str, Any]:
        """Grow trees until they stop helping or the deadline comes.

        Returns:
            The arrays of :func:`automl.families._trees.from_boosting` and "baseline", the score without any tree, (scores,).
        """

    def fit(
        self, config: Config, arrays: Arrays, target: NDArray[Any], spec: Spec, *, deadline: Deadline, seed: int, threads: int = 1
    ) -> Mapping[str, Any] | None:
        """Choose rows and columns, and grow trees on them."""
        if deadline.over():
            return None
        rng = np.random.default_rng(seed)
        width = spec.raw_numbers + len(spec.categories)
        most = self._most_cells(spec, deadline) // max(width, 1)
        if len(target) > most:
            rows = np.sort(rng.choice(len(target), most, replace=False))
            arrays, target = {name: values[rows] for name, values in arrays.items()}, target[rows]
        early = len(target) >= EARLY_STOPPING_FROM
        aside = set_aside(target, spec, ASIDE, rng) if early else np.zeros(len(target), dtype=bool)
        layout = layout_of({name: values[~aside] for name, values in arrays.items()}, spec, int(config["set_levels"]))
        inputs = inputs_of(layout, arrays, self.precision)
        if len(np.unique(target)) < 2 or not inputs.shape[1]:
            return {"average": average(target, spec)}
        classes = {}
        if spec.is_classification:
            classes["classes"], target = np.unique(target, return_inverse=True)
        problem = Problem(inputs, target, aside, len(layout["by_code"]), spec)
        return {**layout, **self.grow(config, problem, deadline=deadline, seed=seed, threads=threads), **classes}

    def predict(self, model: Mapping[str, Any], arrays: Arrays, spec: Spec) -> Floats:
        """Return probabilities or the standardised target, (rows, outputs)."""
        rows = len(arrays["raw_numbers"])
        if "average" in model:
            return repeated(model["average"], rows)
        raw = repeated(model["baseline"], rows)
        add_trees(model, inputs_of(model, arrays), raw)
        if not spec.is_classification:
            return raw
        scores = np.full((rows, spec.outputs), -np.inf)
        # Of two classes, the trees score the second; the first has score 0.
        scores[:, model["classes"]] = raw if raw.shape[1] > 1 else np.hstack([np.zeros_like(raw), raw])
        return softmax(scores)

    def _most_cells(self, spec: Spec, deadline: Deadline) -> int:
        """Return rows × columns that memory allows and that leave time for a few hundred trees."""
        if not deadline.budget.timed:
            return CELLS
        trees = spec.outputs if spec.outputs > 2 else 1
        return int(min(max(self.cells_per_second * deadline.remaining() / trees, FEWEST_CELLS), CELLS))


def layout_of(arrays: Arrays, spec: Spec, most: int = MOST_LEVELS) -> dict[str, NDArray[Any]]:
    """Decide how the columns enter the trees, from the learning rows alone.

    Args:
        arrays: The learning rows.
        spec: The shapes.
        most: Levels of the widest column that is split by sets of levels.

    Returns:
        "by_code": category columns that are split by sets of levels; "codes" (columns, MOST_LEVELS + 2): the number of each of their
        codes, NaN where it is missing or has no rows; "by_order": the other category columns, split by frequency like numbers;
        "by_size": number columns.
    """
    codes = arrays["categories"]
    varies = [len(np.unique(column)) > 1 for column in codes.T]
    by_code = [place for place, count in enumerate(spec.categories) if varies[place] and count <= most + 2]
    table = np.full((len(by_code), MOST_LEVELS + 2), np.nan)
    for row, place in enumerate(by_code):
        seen = np.unique(codes[:, place])
        table[row, seen[seen > 0]] = np.arange((seen > 0).sum())
    numbers = arrays["raw_numbers"]
    by_size = [place for place, column in enumerate(numbers.T) if _varies(column)]
    return {
        "by_code": np.array(by_code, dtype=np.int64),
        "codes": table,
        "by_order": np.array([place for place in range(len(varies)) if varies[place] and place not in set(by_code)], dtype=np.int64),
        "by_size": np.array(by_size, dtype=np.int64),
    }


def _varies(column: NDArray[Any]) -> bool:
    """Whether a column tells rows apart; one that is always missing, or always the same, does not."""
    missing = np.isnan(column)
    known = column[~missing]
    return len(known) > 0 and (bool(missing.any()) or bool((known != known[0]).any()))


def inputs_of(layout: Mapping[str, Any], arrays: Arrays, precision: type[np.floating[Any]] = np.float64) -> NDArray[Any]:
    """Return the columns in the order of the trees: by code, by size, by order, (rows, columns)."""
    codes, numbers = arrays["categories"], arrays["raw_numbers"]
    by_code, by_size, by_order = layout["by_code"], layout["by_size"], layout["by_order"]
    inputs = np.empty((len(numbers), len(by_code) + len(by_size) + len(by_order)), dtype=precision)
    for row, place in enumerate(by_code):
        inputs[:, row] = layout["codes"][row][codes[:, place]]
    inputs[:, len(by_code) : len(by_code) + len(by_size)] = numbers[:, by_size]
    ordered = codes[:, by_order].astype(precision)
    inputs[:, len(by_code) + len(by_size) :] = np.where(ordered == 0, np.nan, ordered)
    return inputs
