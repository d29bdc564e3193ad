"""Whether reasons can be believed: with the told cell made usual, a row must be less strange than with another cell made usual."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from automl.anomaly.design import Rows
from automl.anomaly.run import FOLDS, Found, voters
from automl.anomaly.scores import joined
from automl.report import words
from automl.report.explained import CardFacts, CheckFacts

TESTED = 20  # of the strangest rows
FEWEST = 5
OTHERS = 3  # columns drawn for each row to hold the told one against
TEACHERS, USUAL, RIDGE = 2_000, 0.8, 1.0  # rows that teach what is usual, the share of the rows they are of, and of a linear regression
LATE = "The clock left no time for the test of the reasons."
LEAST = 0.05  # of the budget that the test takes where it is not known how long scores take
SHARE = 0.5  # of the time left that the test may take

Array = NDArray[Any]


def check_reasons(found: Found, seconds: float | None = None) -> CardFacts:
    """Put the first reasons of the strangest rows to the deletion test (Samek et al., 2017).

    The cell of the told column is replaced by what the other columns and the calendar announce; the same is done with columns drawn at
    random. Rows are scored by models that have not seen them. Of a stretch of alarms in time one row is taken.

    Args:
        found: What the run left behind.
        seconds: That scoring one row takes, where that was measured.
    """
    columns = list(dict.fromkeys(found.design.sources))
    rows = _tested(found)
    if len(columns) < 2:
        return _card(0, CheckFacts(name="deletion", sentence="There is one column, so there is nothing to hold the told one against."))
    if len(rows) < FEWEST:
        told = f"A test needs {FEWEST} rows that are strange for reasons of their own; there are {len(rows)}."
        return _card(len(rows), CheckFacts(name="deletion", sentence=told))
    budget, late = found.asked.budget, CardFacts(of="rows", rows=len(rows), skipped=LATE)
    expected = LEAST * budget.limit / (OTHERS + 2) if seconds is None else seconds  # unknown where measuring it was cut off, too
    if budget.timed and (OTHERS + 2) * expected > SHARE * budget.remaining():
        return late
    began, before = budget.clock(), _Judge(found, rows)
    base = before.scores({})
    if budget.timed and (OTHERS + 1) * (budget.clock() - began) > SHARE * budget.remaining():
        return late
    rng = np.random.default_rng([found.asked.seed, 19])
    first = [found.design.sources[place] for place in found.columns[rows].argmax(axis=1)]
    others = [rng.permutation([name for name in columns if name != told]) for told in first]
    usual = _Usual(found, rng)
    falls = base - before.scores({row: (name, usual.of(row, name)) for row, name in zip(rows.tolist(), first, strict=True)})
    drawn = []
    for turn in range(min(OTHERS, len(columns) - 1)):
        named = {row: str(names[turn]) for row, names in zip(rows.tolist(), others, strict=True)}
        drawn.append(base - before.scores({row: (name, usual.of(row, name)) for row, name in named.items()}))
    return _card(len(rows), _told(falls, np.mean(drawn, axis=0)))


def _card(rows: int, check: CheckFacts) -> CardFacts:
    return CardFacts(of="rows", rows=rows, checks=(check,))


def _told(falls: Array, drawn: Array) -> CheckFacts:
    apart = falls - drawn
    mean = float(apart.mean())
    half = float(stats.t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / np.sqrt(len(apart)))
    own, other = (words.number(float(values.mean()), 2) for values in (falls, drawn))
    told = (
        f"With the told column made usual, the scores of {len(apart)} of the strangest rows fall by {own} on average, with a column drawn"
        f" at random by {other}; difference {words.number(mean, 2)} ({words.confidence(mean - half, mean + half)})."
    )
    return CheckFacts(name="deletion", passed=mean - half > 0, sentence=told, value=mean, low=mean - half, high=mean + half, limit=0.0)


def _tested(found: Found) -> Array:
    """Return the strangest rows; of rows that follow each other in time the strangest alone."""
    ranked = np.argsort(-found.scores, kind="stable")
    if found.rows.order is None:
        return ranked[:TESTED]
    chosen: list[int] = []
    for row in ranked[: 50 * TESTED].tolist():
        if len(chosen) < TESTED and all(abs(int(found.rows.order[row] - found.rows.order[other])) > 1 for other in chosen):
            chosen.append(row)
    return np.array(chosen, dtype=np.int64)


class _Usual:
    """Says which value of a column the others announce.

    Args:
        found: What the run left behind.
        rng: Draws the usual rows that teach it.
    """

    def __init__(self, found: Found, rng: np.random.Generator) -> None:
        usual = np.flatnonzero(found.scores <= np.quantile(found.scores, USUAL))
        self.found, self.places = found, rng.permutation(usual)[:TEACHERS]
        spread = found.rows.moments.std(axis=0)
        self.moments = found.rows.moments / np.where(spread > 0, spread, 1.0)
        self.owner = np.array(found.design.sources, dtype=object)[np.asarray(found.shape.group, dtype=np.int64)]

    def of(self, row: int, column: str) -> Any:
        """Return the usual value of a column in a row: of a number by linear regression, else that of the usual row most like it."""
        inputs = np.concatenate([self.found.rows.values[:, self.owner != column], self.moments], axis=1)
        known, asked = inputs[self.places], inputs[row]
        numbers = [place for place, name in enumerate(self.found.design.sources[: self.found.shape.numbers]) if name == column]
        if len(numbers) == 1 and self.found.schema[column].type == "number":
            middle, own = known.mean(axis=0), self.found.rows.values[self.places, numbers[0]].astype(np.float64)
            centred = known - middle
            slope = np.linalg.solve(centred.T @ centred + RIDGE * np.eye(known.shape[1]), centred.T @ (own - own.mean()))
            scaled = np.zeros((1, self.found.shape.numbers))
            scaled[0, numbers[0]] = own.mean() + (asked - middle) @ slope
            return float(self.found.design.unscaled(scaled)[0, numbers[0]])
        return self.found.frame[column].iloc[int(self.places[((known - asked) ** 2).sum(axis=1).argmin()])]


class _Judge:
    """Scores rows with cells replaced, each by models that have not seen it.

    Args:
        found: What the run left behind.
        rows: Places of the rows.
    """

    def __init__(self, found: Found, rows: Array) -> None:
        self.found, self.rows = found, rows
        order, grid = found.rows.order, found.rows.grid
        self.needed = rows
        if order is not None and grid is not None:  # what judging a row reads of its past comes with it
            near = np.zeros(len(order), dtype=bool)
            for row in rows.tolist():
                near |= (order <= order[row]) & (order >= order[row] - grid.needed)
            self.needed = np.flatnonzero(near)
        self.place = np.searchsorted(self.needed, rows) if self.needed is not rows else np.arange(len(rows))
        self.frame: pd.DataFrame = found.frame.iloc[self.needed].reset_index(drop=True)

    def scores(self, cells: dict[int, tuple[str, Any]]) -> Array:
        """Return the score of each row with its cell replaced, (rows,).

        Args:
            cells: Column and value by row.
        """
        found, frame = self.found, self.frame.copy()
        for row, place in zip(self.rows.tolist(), self.place.tolist(), strict=True):
            if row in cells:
                column, value = cells[row]
                frame[column] = frame[column].where(np.arange(len(frame)) != place, value)
        rows = self._steps(found.design.rows(found.schema.cast(frame)))
        told = np.zeros(len(self.rows))
        for fold in range(FOLDS):
            own = np.flatnonzero(found.fold[self.rows] == fold)
            if len(own):
                parts = [member.of_fold(rows, found.shape, fold)[0][self.place[own]] for member in voters(found.members)]
                told[own] = found.overall(joined(np.stack(parts, axis=1)))
        return told

    def _steps(self, rows: Rows) -> Rows:
        """Keep the steps that rows have in the whole series."""
        order = self.found.rows.order
        return rows if order is None else replace(rows, order=order[self.needed])
