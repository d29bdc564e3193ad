"""Which combined columns are worth having: proposed for each fold's model from the rows it may learn from, kept if others agree.

1. For the model that leaves fold f out, the rows outside f choose: up to six columns, one after the other, that explain most of what an
   additive model of the columns one by one leaves open. What the rows of f hold as target changes nothing in the columns of this model,
   so that its predictions of f are as honest as those of any model. A test changes these targets and finds the same columns.
2. The rows of f then judge: a quick boosting and a linear model, trained outside f with and without the columns, predict them, for as
   many folds as the time allows. Only if the best of the two and their mean gains by more than noise, any columns are kept. This one yes
   or no has seen all training rows, as the choice of any hyperparameter has; on a target of pure noise it says no, and models gain
   nothing where it is made to say yes.

A sample of the rows does for both, of a size that a twentieth of the budget pays for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.budget import Budget, Deadline
from automl.decisions import Decision
from automl.percents import percent
from automl.preprocessing.additive import Additive, basis
from automl.preprocessing.base import Arrays
from automl.preprocessing.combined import OF_LEVELS, CombinedColumns, Formula, formulas_from
from automl.preprocessing.quick import LEAST_GAIN, Compared, compare
from automl.preprocessing.scaling import Floats
from automl.preprocessing.tabular import TabularPreprocessor
from automl.preprocessing.target_encoding import MOST_CLASSES

SHARE = 0.05  # of the budget
LEAST_SECONDS = 0.75
ROWS_PER_SECOND = 800  # that the whole choice takes, of a table of 15 columns on two busy cores
FEWEST_ROWS, MOST_ROWS = 300, 20_000
ROWS = 4_000  # without a clock
MOST_KEPT = 6  # columns of one model
NUMBERS, DAYS, CATEGORIES = 8, 4, 4  # the most useful ones, from which columns are made
KNOWN = 0.5  # share of the rows in which a column must have a value
OVERRIDE = "combine_columns=False"


@dataclass(frozen=True)
class Choice:
    """Which columns are made and which fold's model gets them; with the training rows it is enough to make them again.

    Attributes:
        formulas: The columns.
        given: Whether each fold's model gets them, (folds, columns).
        decisions: What to tell.
    """

    formulas: tuple[Formula, ...]
    given: NDArray[np.bool_]
    decisions: tuple[Decision, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        formulas = [[formula.kind, formula.first, formula.second] for formula in self.formulas]
        told = [decision.to_dict() for decision in self.decisions]
        return {"formulas": formulas, "given": self.given.astype(int).tolist(), "decisions": told}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Choice:
        """Rebuild a choice from :meth:`to_dict`."""
        return cls(*formulas_from(values), tuple(Decision.from_dict(told) for told in values["decisions"]))

    @classmethod
    def none(cls, folds: int, because: str) -> Choice:
        """Return the choice of no columns, and tell why."""
        decision = Decision("prepare", "combined columns", "none", because, ("combined columns",), OVERRIDE)
        return cls((), np.zeros((folds, 0), dtype=bool), (decision,))


def choose(
    table: TabularPreprocessor,
    frame: pd.DataFrame,
    arrays: Arrays,
    target: NDArray[Any],
    fold: NDArray[np.int64],
    folds: int,
    budget: Budget,
    seed: int = 0,
) -> Choice:
    """Choose the combined columns of each fold's model.

    Args:
        table: The fitted preparation.
        frame: The training rows that it was fitted on.
        arrays: What it made of them.
        target: Class codes, or the standardised target, (rows,).
        fold: Fold that validates each row, -1 for none, (rows,).
        folds: Number of folds.
        budget: The clock; a twentieth of it is used at most.
        seed: Of the sample.
    """
    limit = SHARE * budget.limit if budget.timed else float("inf")
    deadline = budget.deadline(until=0.5, seconds=None if np.isinf(limit) else limit)
    most = int(np.clip(ROWS_PER_SECOND * limit, FEWEST_ROWS, MOST_ROWS)) if budget.timed else ROWS
    if min(limit, deadline.remaining()) < LEAST_SECONDS:
        return Choice.none(folds, f"A twentieth of the budget is {limit:.1f} s; at least {LEAST_SECONDS} s would be needed to choose them.")
    if len(target) < FEWEST_ROWS:
        return Choice.none(folds, f"{len(target)} training rows are too few to tell use from luck; at least {FEWEST_ROWS} are needed.")
    if table.spec.outputs > MOST_CLASSES:
        return Choice.none(folds, f"The target has {table.spec.outputs} classes; columns are chosen for up to {MOST_CLASSES}.")
    chooser = _Chooser.of(table, frame, arrays, target, fold, folds, np.random.default_rng([seed, 13]), most)
    if not chooser.proposable:
        return Choice.none(folds, "There are no two numbers, and no number beside a category, to combine.")
    with threadpool_limits(1):  # so little work: threads would wait for each other at every step
        return chooser.choose(deadline)


@dataclass
class _Chooser:
    """The sample and what is computed from it once for all folds."""

    table: TabularPreprocessor
    folds: int
    arrays: Arrays  # of the sample
    every: Arrays  # of all training rows, for what they say about levels
    numbers: Floats
    target: NDArray[Any]
    fold: NDArray[np.int64]
    proposals: int = 0
    _columns: dict[Formula, tuple[Floats, Any] | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        table: TabularPreprocessor,
        frame: pd.DataFrame,
        arrays: Arrays,
        target: NDArray[Any],
        fold: NDArray[np.int64],
        folds: int,
        rng: np.random.Generator,
        most: int,
    ) -> _Chooser:
        """Draw the sample: of all folds alike, or a third from the only fold that validates."""
        order = rng.permutation(len(target))
        rows = order[:most]
        if folds == 1:
            rows = np.concatenate([order[fold[order] == 0][: most // 3], order[fold[order] != 0][: most - most // 3]])
        rows = np.sort(rows)
        numbers = table.raw(frame.iloc[rows], ("number", "datetime"))
        sample = {name: values[rows] for name, values in arrays.items()}
        return cls(table, folds, sample, arrays, numbers, target[rows], fold[rows])

    @property
    def proposable(self) -> bool:
        """Whether there is anything to combine."""
        numbers, days = len(self.table.places("number")), len(self.table.places("datetime"))
        return numbers > 1 or days > 1 or bool(numbers and self.table.spec.categories)

    def choose(self, deadline: Deadline) -> Choice:
        """Propose by fold, judge over all folds, and tell."""
        found: list[dict[Formula, float]] = []
        for fold in range(self.folds):
            if deadline.over():
                return self._late()
            found.append(self._of_fold(self.fold != fold))
        formulas = tuple(sorted({formula for chosen in found for formula in chosen}, key=lambda formula: self._rank(formula, found)))
        if not formulas:
            because = f"None of {self.proposals} proposals explains more than luck would of what the columns one by one leave open."
            return Choice.none(self.folds, because)
        given = np.array([[formula in chosen for formula in formulas] for chosen in found], dtype=bool)
        compared = compare(self.arrays, self._made(formulas, given), self.target, self.fold, self.table.spec, deadline)
        if compared is None:
            return self._late()
        if not compared.kept:
            return Choice.none(
                self.folds, f"{self._measured(compared, len(formulas))} They must lower it by {percent(LEAST_GAIN)} and beyond noise."
            )
        return Choice(formulas, given, self._told(formulas, found, compared))

    def _of_fold(self, learn: NDArray[np.bool_]) -> dict[Formula, float]:
        """Return the columns of the model that learns from some rows, with the share that each explains; other rows have no say."""
        spec, arrays = self.table.spec, self.arrays
        additive = Additive.fit(arrays, self.target, learn, spec)
        numbers = additive.best_numbers(self.table.places("number"), NUMBERS)
        days = additive.best_numbers(self.table.places("datetime"), DAYS)
        categories = additive.best_categories(CATEGORIES)
        proposed = [formula for formula in _formulas(numbers, days, categories) if self._column(formula) is not None]
        self.proposals = max(self.proposals, len(proposed))
        if not proposed:
            return {}
        bases = np.stack([self._basis(formula)[learn] for formula in proposed])
        return {proposed[place]: share for place, share in additive.forward(bases, MOST_KEPT)}

    def _column(self, formula: Formula) -> tuple[Floats, Any] | None:
        """Return a proposed column as it is and what levels say; None where it tells too few rows anything. No target is looked at."""
        if formula not in self._columns:
            codes, counts, table = self.arrays["categories"], self.table.spec.categories, None
            if formula.kind in OF_LEVELS:
                table = formula.table(self.every["raw_numbers"], self.every["categories"], counts[formula.second])
            values = formula.values(self.numbers, codes, table)
            known = values[~np.isnan(values)]
            usable = len(known) >= KNOWN * len(values) and bool((known != known[0]).any())
            self._columns[formula] = (values, basis(values)) if usable else None
        return self._columns[formula]

    def _basis(self, formula: Formula) -> Any:
        column = self._column(formula)
        assert column is not None
        return column[1]

    def _made(self, formulas: Sequence[Formula], given: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the columns of the sample, (rows, folds, columns)."""
        every, codes = self.every, self.arrays["categories"]
        counts = self.table.spec.categories
        made = CombinedColumns.fit(formulas, given, every["raw_numbers"], every["categories"], counts, (self.numbers, codes))
        return made.transform(self.numbers, codes)

    # ── what is told

    def _rank(self, formula: Formula, found: list[dict[Formula, float]]) -> tuple[float, Formula]:
        return -sum(chosen.get(formula, 0.0) for chosen in found), formula

    def _name(self, formula: Formula) -> str:
        return formula.name(self.table.feature_names["raw_numbers"], self.table.feature_names["categories"])

    def _late(self) -> Choice:
        return Choice.none(self.folds, f"A twentieth of the budget was over before they were compared on {len(self.target):,} rows.")

    def _measured(self, compared: Compared, columns: int) -> str:
        loss = "log-loss" if self.table.spec.is_classification else "mean squared error of the standardised target"
        where = f"on {compared.rows:,} rows that did not choose them"
        return (
            f"{columns} of {self.proposals} proposals were compared {where}: the {loss} of {compared.model} is "
            f"{compared.without:.4f} without and {compared.beside:.4f} with them."
        )

    def _told(self, formulas: Sequence[Formula], found: list[dict[Formula, float]], compared: Compared) -> tuple[Decision, ...]:
        count = f"{len(formulas)} column{'s' if len(formulas) > 1 else ''}"
        told = [Decision("prepare", "combined columns", count, self._measured(compared, len(formulas)), ("none",), OVERRIDE)]
        for formula in formulas:
            shares = [chosen[formula] for chosen in found if formula in chosen]
            of = f"{len(shares)} of {self.folds} folds' models get it" if self.folds > 1 else "The rows to learn from chose it"
            low, high = percent(min(shares)), percent(max(shares))
            share = low if low == high else f"{low} to {high}"
            because = f"{of}: it explains {share} of what the columns one by one leave open."
            told.append(Decision("prepare", "combined column", self._name(formula), because, (), OVERRIDE))
        return tuple(told)


def _formulas(numbers: Sequence[int], days: Sequence[int], categories: Sequence[int]) -> list[Formula]:
    """Return everything that is proposed from a few columns, given by their places."""
    proposed = []
    for first, second in combinations(sorted(numbers), 2):
        proposed += [Formula(kind, first, second) for kind in ("minus", "times", "over")] + [Formula("over", second, first)]
    proposed += [Formula("minus", second, first) for first, second in combinations(sorted(days), 2)]
    for category in sorted(categories):
        proposed += [Formula(kind, number, category) for number in sorted(numbers) for kind in ("minus level", "over level")]
        proposed.append(Formula("level rows", 0, category))
    return proposed
