"""The smallest change to one row that makes the model answer otherwise."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.explanation.changes import ColumnChange, check_changes
from automl.explanation.frames import Clock, Predict, rows_per_call
from automl.explanation.shapley import cell_text

Array = NDArray[Any]
Flips = Callable[[Array], Array]
"""From predictions (rows, outputs) to whether each is the other answer, (rows,)."""

PAIRED_COLUMNS, PAIRED_VALUES = 8, 8
BEAM, DEPTH = 10, 5
STARTS = 8
PARTS, ROUNDS = 16, 2  # a number is found to a 256th of its way
Work = Generator[list[dict[str, Any]], Array, dict[str, Any]]
"""Asks whether changes turn the answer, several at a time, and ends with a change."""


@dataclass(frozen=True)
class Change:
    """One column of a row that would have to be another."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class Counterfactual:
    """The smallest change that was found.

    Attributes:
        changes: The columns that change, the dearest first.
        cost: What it costs: for a number the distance in interquartile ranges of the data, for a level 1; added up.
        prediction: The prediction after the change, (outputs,).
        values: The new values by column.
        found: Whether any change turns the answer.
        evaluations: Rows that the model predicted.
    """

    changes: tuple[Change, ...]
    cost: float
    prediction: tuple[float, ...]
    values: dict[str, Any]
    found: bool
    evaluations: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "values": {name: cell_text(value) for name, value in self.values.items()}}


def smallest_change(
    predict: Predict,
    row: pd.DataFrame,
    frame: pd.DataFrame,
    flips: Flips,
    *,
    changes: Mapping[str, str] | None = None,
    clock: Clock,
    max_evaluations: int = 6_000,
) -> Counterfactual | None:
    """Find the smallest change that makes the model answer otherwise (Wachter et al., 2018, with Gower's distance).

    Candidates are values that occur in the data. All changes of one column are tried, then all pairs among the columns that move the
    prediction most, then more columns at a time from the best begun; what is found is pulled back towards the row until the answer would
    turn back. What is returned was predicted by the model and does turn the answer.

    Args:
        predict: From raw columns to (rows, outputs).
        row: The row, one of them.
        frame: Rows that say which values occur.
        flips: Whether predictions are the other answer.
        changes: "never", "up" or "down" by column; all others may change freely. Missing values are neither made nor filled where a
            direction is given.
        clock: The time there is.
        max_evaluations: The most rows that the model may predict.

    Returns:
        The change; one with ``found=False`` where none was found among the candidates, None where time or rows do not allow a search.

    Example:
        >>> frame = pd.DataFrame({"a": np.arange(0.0, 101.0), "b": np.arange(0.0, 101.0)})
        >>> found = smallest_change(
        ...     lambda data: data["a"].to_numpy(), frame.head(1), frame, lambda p: p[:, 0] > 40, clock=Clock(None, 1.0)
        ... )
        >>> [(change.column, change.before, change.after) for change in found.changes]
        [('a', '0', '41')]
    """
    search = _Search(predict, row, frame, flips, check_changes(changes, [str(name) for name in frame.columns]), clock, max_evaluations)
    return search.run()


class _Search:
    def __init__(
        self, predict: Predict, row: pd.DataFrame, frame: pd.DataFrame, flips: Flips, changes: dict[str, str], clock: Clock, most: int
    ) -> None:
        self.predict, self.flips, self.clock, self.most = predict, flips, clock, most
        self.names = [str(name) for name in frame.columns]
        self.row = row[self.names].reset_index(drop=True).iloc[[0]]
        self.frame, self.evaluations = frame, 0
        self.kinds = {name: ColumnChange(frame[name], self.row[name].iloc[0], changes.get(name, "")) for name in self.names}
        self.best: tuple[float, dict[str, Any], Array] | None = None
        self.pool: dict[Any, dict[str, Any]] = {}

    def run(self) -> Counterfactual | None:
        singles = [{name: value} for name, kind in self.kinds.items() for value in kind.candidates]
        if not self._affords(len(singles)):
            return None
        if not singles:
            return self._nothing()
        prediction, _ = self._ask([{}, *singles])
        start, moved = prediction[0], prediction[1:]
        self._pairs(singles, np.abs(moved - start).max(axis=1))
        if self.best is None:
            self._deeper(singles, start, moved)
        if self.best is None:
            return self._nothing()
        self._together([self._pull_back(dict(begun)) for begun in sorted(self.pool.values(), key=self._cost)[:STARTS]])
        self._together([self._pull_back(dict(self.best[1]))])
        self._round()
        return self._told()

    def _affords(self, rows: int) -> bool:
        return self.evaluations + rows <= self.most and self.clock.allows(rows)

    def _cost(self, change: Mapping[str, Any]) -> float:
        return sum(self.kinds[name].cost(value) for name, value in change.items())

    def _ask(self, changes: Sequence[Mapping[str, Any]]) -> tuple[Array, Array]:
        """Predict the row with each change; keep the cheapest that turns the answer."""
        predictions, width = [], rows_per_call(self.frame)
        for start in range(0, len(changes), width):
            block = changes[start : start + width]
            columns = {}
            for name in self.names:
                values = self.row[name].iloc[np.zeros(len(block), dtype=np.int64)].reset_index(drop=True)
                told = {place: change[name] for place, change in enumerate(block) if name in change}
                if told:
                    values = self.kinds[name].put(values, told)
                columns[name] = values
            predictions.append(self.clock.time(self.predict, pd.DataFrame(columns)))
        self.evaluations += len(changes)
        prediction = np.concatenate(predictions)
        turned = np.asarray(self.flips(prediction), dtype=bool)
        for place in np.flatnonzero(turned):
            if changes[int(place)]:
                self._keep(changes[int(place)], prediction[place])
        return prediction, turned

    def _keep(self, change: Mapping[str, Any], prediction: Array) -> None:
        """Remember the cheapest change, and the cheapest of each kind: which columns, in which direction or to which level."""
        cost = self._cost(change)
        if self.best is None or cost < self.best[0] - 1e-12:
            self.best = cost, dict(change), prediction
        key = tuple((name, self.kinds[name].direction(change[name])) for name in sorted(change))
        if key not in self.pool or cost < self._cost(self.pool[key]):
            self.pool[key] = dict(change)

    def _pairs(self, singles: Sequence[Mapping[str, Any]], moved: Array) -> None:
        """Try two columns at once: those that move the prediction most, no pair that costs more than what is known."""
        reach: dict[str, float] = {}
        for change, size in zip(singles, moved, strict=True):
            name = next(iter(change))
            reach[name] = max(reach.get(name, 0.0), float(size))
        # A column that does nothing alone may do something with another: it comes later, but it comes.
        leading = sorted(reach, key=lambda name: -reach[name])[:PAIRED_COLUMNS]
        limit = np.inf if self.best is None else 1.5 * self.best[0] + 0.5
        pairs = [
            {one: a, two: b}
            for one, two in itertools.combinations(leading, 2)
            for a, b in itertools.product(self.kinds[one].fewer(PAIRED_VALUES), self.kinds[two].fewer(PAIRED_VALUES))
        ]
        pairs = sorted((change for change in pairs if self._cost(change) < limit), key=self._cost)
        pairs = pairs[: max(self.most // 2 - self.evaluations, 0)]
        if pairs and self._affords(len(pairs)):
            self._ask(pairs)

    def _deeper(self, singles: Sequence[dict[str, Any]], start: Array, moved: Array) -> None:
        """Add one column after the other to the changes that move the prediction furthest towards another answer."""
        towards = moved - start
        goal = towards[np.abs(towards).max(axis=1).argmax()]
        goal = goal / max(float(np.linalg.norm(goal)), 1e-12)
        gains = [sign * towards @ goal for sign in (1.0, -1.0)]
        orders = [np.argsort(-gain, kind="stable").tolist() for gain in gains]
        useful = [[singles[place] for place in order if gain[place] > 0][: 3 * BEAM] for order, gain in zip(orders, gains, strict=True)]
        begun = [other[:BEAM] for other in useful]
        for _ in range(DEPTH):
            for side, sign in enumerate((1.0, -1.0)):
                more = [{**change, **other} for change in begun[side] for other in useful[side] if not set(change) & set(other)]
                if not more or not self._affords(len(more)):
                    begun[side] = []
                    continue
                prediction, _ = self._ask(more)
                order = np.argsort(-sign * ((prediction - start) @ goal), kind="stable").tolist()
                begun[side] = [more[place] for place in order[:BEAM]]
            if self.best is not None:
                return

    def _together(self, works: Sequence[Work]) -> None:
        """Let several pieces of work ask in one call each time: few calls are cheaper than few rows."""
        asking: list[tuple[Work, list[dict[str, Any]]]] = []
        for work in works:
            with contextlib.suppress(StopIteration):
                asking.append((work, next(work)))
        while asking:
            asked = [change for _, changes in asking for change in changes]
            if not self._affords(len(asked)):
                return
            turned = self._ask(asked)[1]
            further, start = [], 0
            for work, changes in asking:
                answer = turned[start : start + len(changes)]
                start += len(changes)
                with contextlib.suppress(StopIteration):
                    further.append((work, work.send(answer)))
            asking = further

    def _pull_back(self, change: dict[str, Any]) -> Work:
        """Undo what is not needed and move numbers back towards the row, as long as the answer stays turned."""
        without = [{name: value for name, value in change.items() if name != left} for left in change]
        if len(change) > 1:
            turned = yield without
            change = min((without[place] for place in np.flatnonzero(turned)), key=self._cost, default=change)
        for name in sorted(change, key=lambda name: -self.kinds[name].cost(change[name])):
            change = yield from self._nearer(change, name)
        numbers = [name for name in change if self.kinds[name].moves]
        for one, two in itertools.islice(itertools.permutations(numbers, 2), 2):
            change = yield from self._trade(change, one, two)
        return change

    def _nearer(self, change: dict[str, Any], name: str) -> Work:
        """Return the change with one number as near to the row's as the answer stays turned."""
        kind = self.kinds[name]
        if not kind.moves:
            return change
        near, far = float(kind.now), float(change[name])
        for _ in range(ROUNDS):
            points = [kind.rounded(near + (far - near) * part / PARTS) for part in range(1, PARTS)]
            tried = [{**change, name: point} for point in points if point not in (kind.now, far)]
            if not tried:
                break
            turned = yield tried
            first = int(np.flatnonzero(turned)[0]) if turned.any() else len(tried)
            near, far = (float(tried[first - 1][name]) if first else near), (float(tried[first][name]) if first < len(tried) else far)
        return {**change, name: far}

    def _trade(self, change: dict[str, Any], one: str, two: str) -> Work:
        """Return the change with less of one number and more of another where both together are then cheaper."""
        first, second = self.kinds[one], self.kinds[two]
        low, high = 0.0, first.cost(change[one])
        for _ in range(2):
            step, total = (high - low) / 6, first.cost(change[one]) + second.cost(change[two])
            tried = [
                {**change, one: first.at(less, change[one]), two: second.at(more, change[two])}
                for less in np.linspace(low, high, 7)
                for more in np.linspace(0, max(total - less, 0.0), 13)[1:]
            ]
            tried = [option for option in tried if first.within(option[one]) and second.within(option[two])]
            if not tried:
                return change
            turned = yield tried
            best = min((tried[place] for place in np.flatnonzero(turned)), key=self._cost, default=change)
            if self._cost(best) >= self._cost(change):
                return change
            change = yield from self._nearer(best, two)
            centre = first.cost(change[one])
            low, high = max(centre - step, 0.0), centre + step
        return change

    def _round(self) -> None:
        """Write numbers with as few digits as still turn the answer, at a cost of 2 % at most."""
        assert self.best is not None
        cost, change, prediction = self.best
        for name, value in list(change.items()):
            kind = self.kinds[name]
            if not kind.is_number:
                continue
            shorter = [kind.short(value, digits) for digits in (2, 3, 4)]
            tried = [{**change, name: option} for pair in shorter for option in pair]
            tried = [option for option in tried if self.kinds[name].allowed(option[name]) and self._cost(option) <= 1.02 * cost]
            if not tried or not self._affords(len(tried)):
                continue
            told, turned = self._ask(tried)
            if turned.any():
                place = int(np.flatnonzero(turned)[0])
                change, prediction = tried[place], told[place]
        self.best = self._cost(change), change, prediction

    def _nothing(self) -> Counterfactual:
        return Counterfactual((), 0.0, (), {}, False, self.evaluations)

    def _told(self) -> Counterfactual:
        assert self.best is not None
        cost, change, prediction = self.best
        ordered = sorted(change, key=lambda name: -self.kinds[name].cost(change[name]))
        told = tuple(Change(name, cell_text(self.kinds[name].now), cell_text(change[name])) for name in ordered)
        values = {name: change[name] for name in ordered}
        return Counterfactual(told, cost, tuple(float(value) for value in prediction), values, True, self.evaluations)
