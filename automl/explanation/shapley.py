"""What each column added to the prediction of one row: Shapley values, exact for few columns, sampled for more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.errors import DataError, UsageError, did_you_mean
from automl.explanation.frames import Cells, Clock, Predict, rows_per_call

Array = NDArray[Any]

EXACT_COLUMNS = 8  # 256 coalitions
SEPARATE_COLUMNS = 30
KEPT_COLUMNS = 20  # of a wider table; the rest is told together
PAIRS = 800  # of ten tangled columns none is then off by more than a hundredth of a probability; 200 were off by up to 0.017
BACKGROUND = 100
LEAST_BACKGROUND = 50
REST = "all other columns"


@dataclass(frozen=True)
class ColumnContribution:
    """What one column added.

    Attributes:
        column: The column's name, or "all other columns".
        value: The row's cell as text.
        contribution: In probability or in the target's units.
        standard_error: How much another background and other orders would move it.
    """

    column: str
    value: str
    contribution: float
    standard_error: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class RowExplanation:
    """One explained row: base + contributions = prediction.

    Attributes:
        row: Position among the rows that were handed in.
        output: Column of the prediction that is explained: the class, or 0.
        base: Mean prediction over the background rows.
        prediction: The row's own.
        contributions: The largest first.
        completeness_gap: Size of (sum of contributions) − (prediction − base), 0 up to rounding.
        exact: Whether every coalition was evaluated, instead of sampled orders.
        evaluations: Rows that the model predicted for all explained rows together.
        method: How it was computed, in a sentence.
    """

    row: int
    output: int
    base: float
    prediction: float
    contributions: tuple[ColumnContribution, ...]
    completeness_gap: float
    exact: bool
    evaluations: int
    method: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "contributions": [entry.to_dict() for entry in self.contributions]}


def explain_rows(
    predict: Predict,
    background: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    problem: str,
    output: int | None = None,
    samples: int | None = None,
    max_evaluations: int = 60_000,
    budget: Budget | None = None,
    until: float = 1.0,
    seed: int = 0,
) -> tuple[RowExplanation, ...]:
    """Share each row's difference from the background among its columns (Shapley values, Strumbelj and Kononenko, 2014).

    A column that is "not known" takes its value from a background row. Up to 8 columns every coalition is evaluated; for more, orders of
    the columns are drawn in antithetic pairs (an order and its reverse), each with one background row. Of a table wider than 30 columns
    a cheap first pass keeps the 20 that move these rows most; the rest is told as one.

    Args:
        predict: From raw columns to (rows, outputs).
        background: Typical rows, of which 100 are used at most.
        rows: Rows to explain, with the same columns.
        problem: "binary", "multiclass" or "regression".
        output: The class to explain; None for each row's predicted class.
        samples: Antithetic pairs of orders; None for 800, or as many as `max_evaluations` allows.
        max_evaluations: The most rows that the model may predict, for all explained rows together.
        budget: The clock; when it ends, the orders drawn so far are used.
        until: The share of the budget at which to stop.
        seed: Seed of the orders.

    Raises:
        DataError: A column is missing in `rows`.
        UsageError: There is nothing to explain, no background, or more rows than `max_evaluations` can explain.

    Example:
        >>> frame = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [0.0, 0.0, 3.0]})
        >>> told = explain_rows(lambda data: data.to_numpy() @ [[2.0], [1.0]], frame, frame.tail(1), problem="regression")
        >>> [(entry.column, round(entry.contribution, 6)) for entry in told[0].contributions]
        [('a', 2.0), ('b', 2.0)]
    """
    if not len(rows):
        return ()
    game = _Game(predict, background, rows, output, max_evaluations, Clock(budget, until), seed)
    players = game.choose_players()
    used = game.affordable_background(2 ** len(players)) if len(players) <= EXACT_COLUMNS and samples is None else 0
    if used:
        values, which = _exact(game, players, used), np.arange(used)
        method = f"Shapley values over all {2 ** len(players)} coalitions of the columns and {used} background rows."
    else:
        values, which = _sampled(game, players, samples)
        method = f"Shapley values from {len(which)} antithetic pairs of column orders and {len(np.unique(which))} background rows."
    return game.told(players, values, bool(used), f"{method} {_unit(problem)}")


def _unit(problem: str) -> str:
    """Return the sentence on what contributions are measured in."""
    return "In the target's units." if problem == "regression" else "In probability of the explained class."


class _Game:
    """The players are columns; a coalition's value is the prediction with the others taken from a background row."""

    def __init__(
        self, predict: Predict, background: pd.DataFrame, rows: pd.DataFrame, output: int | None, limit: int, clock: Clock, seed: int
    ) -> None:
        self.predict, self.limit, self.clock, self.rng = predict, limit, clock, np.random.default_rng(seed)
        names = [str(name) for name in background.columns]
        missing = [name for name in names if name not in rows.columns]
        if missing:
            hint = did_you_mean(missing[0], rows.columns)
            raise DataError(f"`rows` must have the background's columns. Missing: {', '.join(missing)}.{hint}")
        if not len(background) or not names:
            raise UsageError(f"`background` must have rows and columns. Received {len(background)} rows and {len(names)} columns.")
        if len(background) > BACKGROUND:
            background = background.take(np.sort(self.rng.choice(len(background), BACKGROUND, replace=False)))
        self.names, self.rows, self.background = names, len(rows), len(background)
        self.frame = pd.concat([rows[names], background], ignore_index=True)
        self.cells = Cells(self.frame)
        prediction = clock.time(predict, self.frame)
        self.evaluations = len(self.frame)
        if output is not None and not 0 <= output < prediction.shape[1]:
            raise UsageError(f"`output` must be a column of the prediction, 0 to {prediction.shape[1] - 1}. Received output={output}.")
        self.output = prediction[: self.rows].argmax(axis=1) if output is None else np.full(self.rows, output)
        self.known = prediction[np.arange(self.rows), self.output]
        self.unknown = prediction[self.rows :, self.output].T  # (rows, background)

    @property
    def left(self) -> int:
        """Rows that may still be predicted."""
        return self.limit - self.evaluations

    def values(self, players: Sequence[Sequence[str]], known: Array, row: Array, back: Array) -> Array:
        """Return the value of each coalition.

        Args:
            players: The columns of each player.
            known: Whether a player is in the coalition, bool (coalitions, players).
            row: The explained row of each coalition, (coalitions,).
            back: The background row of each coalition, (coalitions,).
        """
        result = np.empty(len(row))
        step = rows_per_call(self.frame)
        for start in range(0, len(row), step):
            at = slice(start, start + step)
            taken = np.where(known[at], row[at, None], self.rows + back[at, None])
            frame = self.cells.compose([(columns, taken[:, player]) for player, columns in enumerate(players)])
            result[at] = self.clock.time(self.predict, frame)[np.arange(len(frame)), self.output[row[at]]]
        self.evaluations += len(row)
        return result

    def affordable_background(self, coalitions: int) -> int:
        """Return how many background rows all coalitions can be evaluated for; 0 when too few for a steady base."""
        used = min(self.background, self.left // (self.rows * coalitions))
        enough = used >= min(LEAST_BACKGROUND, self.background)
        return used if enough and self.clock.allows(used * self.rows * coalitions) else 0

    def choose_players(self) -> list[list[str]]:
        """Return each column alone, or of a wide table those that move the rows most and all the others together."""
        if len(self.names) <= SEPARATE_COLUMNS:
            return [[name] for name in self.names]
        moved = self._moved()
        kept = set(np.argsort(-moved, kind="stable")[:KEPT_COLUMNS].tolist())
        alone = [[name] for place, name in enumerate(self.names) if place in kept]
        return [*alone, [name for place, name in enumerate(self.names) if place not in kept]]

    def _moved(self) -> Array:
        """Return how far each column alone, replaced by background values, moves the rows' predictions (columns,)."""
        moved = np.zeros(len(self.names))
        rows = np.arange(min(self.rows, max(1, self.left // (2 * len(self.names)))))
        backs = self.rng.permutation(self.background)[: max(1, min(5, self.left // (2 * len(self.names) * len(rows))))]
        row, back = (part.ravel() for part in np.meshgrid(rows, backs, indexing="ij"))
        start = 0
        while start < len(self.names) and (count := self.clock.pieces(len(row), max(1, rows_per_call(self.frame) // len(row)))):
            batch = self.names[start : start + count]
            players = [[name] for name in batch] + [[name for name in self.names if name not in set(batch)]]
            known = np.repeat(~np.eye(len(batch), len(players), dtype=bool), len(row), axis=0)
            value = self.values(players, known, np.tile(row, len(batch)), np.tile(back, len(batch)))
            moved[start : start + count] = np.abs(value.reshape(len(batch), -1) - self.known[row]).mean(axis=1)
            start += count
        return moved

    def told(self, players: list[list[str]], values: Array, exact: bool, method: str) -> tuple[RowExplanation, ...]:
        """Turn values (samples, rows, players) into explanations."""
        mean, error = values.mean(axis=0), values.std(axis=0, ddof=1 if len(values) > 1 else 0) / np.sqrt(len(values))
        mean = _made_whole(mean, error, self.known - self.unknown.mean(axis=1))
        explained = []
        for row in range(self.rows):
            entries = [
                ColumnContribution(self._name(columns), self._cell(row, columns), float(mean[row, player]), float(error[row, player]))
                for player, columns in enumerate(players)
            ]
            base, prediction = float(self.unknown[row].mean()), float(self.known[row])
            gap = abs(sum(entry.contribution for entry in entries) - (prediction - base))
            ordered = tuple(sorted(entries, key=lambda entry: -abs(entry.contribution)))
            explained.append(RowExplanation(row, int(self.output[row]), base, prediction, ordered, gap, exact, self.evaluations, method))
        return tuple(explained)

    def _name(self, columns: Sequence[str]) -> str:
        return columns[0] if len(columns) == 1 else REST

    def _cell(self, row: int, columns: Sequence[str]) -> str:
        return cell_text(self.frame[columns[0]].iloc[row]) if len(columns) == 1 else f"{len(columns)} columns"


def _made_whole(mean: Array, error: Array, total: Array) -> Array:
    """Return contributions that add up to `total`: what is known exactly corrects what was drawn.

    Where the clock allowed fewer orders than background rows, the drawn contributions add up to the difference from those rows alone. The
    rest goes to each player by the variance of its estimate: the least-squares estimate under the constraint that the sum is known.

    Args:
        mean: Estimates, (rows, players).
        error: Their standard errors, (rows, players).
        total: Prediction minus the mean over the whole background, (rows,).

    Example:
        >>> _made_whole(np.array([[1.0, 1.0]]), np.array([[0.1, 0.2]]), np.array([2.5])).round(2).tolist()
        [[1.1, 1.4]]
    """
    variance = np.square(error)
    flat = variance.sum(axis=1, keepdims=True) <= 0
    variance = np.where(flat, np.square(mean), variance)  # where all orders agree: who moved nothing gets nothing
    flat = variance.sum(axis=1, keepdims=True) <= 0
    variance = np.where(flat, 1.0, variance)
    rest = (total - mean.sum(axis=1))[:, None]
    return np.asarray(mean + rest * variance / variance.sum(axis=1, keepdims=True))


def _exact(game: _Game, players: Sequence[Sequence[str]], used: int) -> Array:
    """Return the Shapley values by their definition, (background rows, rows, players)."""
    count = len(players)
    members = (np.arange(2**count)[:, None] >> np.arange(count)) & 1 == 1  # (coalitions, players)
    row, back = (part.ravel() for part in np.meshgrid(np.arange(game.rows), np.arange(used), indexing="ij"))
    known = np.tile(members, (len(row), 1))
    value = game.values(players, known, np.repeat(row, 2**count), np.repeat(back, 2**count)).reshape(game.rows, used, 2**count)
    # The ends are known already; using them makes the contributions add up to what was predicted.
    value[:, :, 0], value[:, :, -1] = game.unknown[:, :used], game.known[:, None]
    result = np.empty((used, game.rows, count))
    size = members.sum(axis=1)
    for player in range(count):
        without = np.flatnonzero(~members[:, player])
        weight = np.array([1 / (count * math.comb(count - 1, int(others))) for others in size[without]])
        result[:, :, player] = ((value[:, :, without + (1 << player)] - value[:, :, without]) @ weight).T
    return result


def _sampled(game: _Game, players: Sequence[Sequence[str]], samples: int | None) -> tuple[Array, Array]:
    """Return the values of antithetic pairs (pairs, rows, players) and the background row of each pair."""
    count = len(players)
    cost = game.rows * 2 * (count - 1)
    pairs = min(PAIRS if samples is None else samples, game.left // cost if cost else PAIRS)
    if pairs < 2:
        raise UsageError(
            f"`max_evaluations` must be at least {game.evaluations + 2 * cost:,} to explain {game.rows} rows of {count} columns."
            f" Received {game.limit:,}. Explain fewer rows or raise it."
        )
    # Every background row equally often, so that the base is the mean of the whole background where there are pairs enough.
    pairs = pairs // game.background * game.background if pairs > game.background else pairs
    which = np.concatenate([game.rng.permutation(game.background) for _ in range(-(-pairs // game.background))])[:pairs]
    orders = np.array([game.rng.permutation(count) for _ in range(pairs)])
    done: list[Array] = []
    start, least = 0, 2
    while start < pairs:
        block = game.clock.pieces(cost, max(1, rows_per_call(game.frame) // max(cost, 1)))
        if not block and start >= least:
            break
        end = min(pairs, start + max(block, least))
        done.append(_pairs(game, players, orders[start:end], which[start:end]))
        start = end
    return np.concatenate(done), which[:start]


def _pairs(game: _Game, players: Sequence[Sequence[str]], orders: Array, which: Array) -> Array:
    """Walk each order and its reverse from the background row to the explained row, one column at a time."""
    count, pairs = len(players), len(orders)
    both = np.stack([orders, orders[:, ::-1]], axis=1)  # (pairs, 2, players)
    place = np.argsort(both, axis=2)
    known = place[:, :, None, :] < np.arange(1, count)[:, None]  # (pairs, 2, steps, players): those that came before
    shape = (game.rows, pairs, 2, count - 1)
    row, pair, _, _ = (part.ravel() for part in np.indices(shape))
    tiled = np.broadcast_to(known, (game.rows, *known.shape)).reshape(-1, count)
    path = np.empty((game.rows, pairs, 2, count + 1))
    path[..., 0], path[..., -1] = game.unknown[:, which][:, :, None], game.known[:, None, None]
    if count > 1:
        path[..., 1:-1] = game.values(players, tiled, row, which[pair]).reshape(shape)
    steps = np.diff(path, axis=-1)
    added = np.take_along_axis(steps, np.broadcast_to(place, (game.rows, *place.shape)), axis=-1)
    return np.asarray(added.mean(axis=2).transpose(1, 0, 2))


def cell_text(value: Any) -> str:
    """Return a cell as a person would read it.

    Example:
        >>> cell_text(1234.50), cell_text(None), cell_text(pd.Timestamp("2026-01-31"))
        ('1234.5', 'missing', '2026-01-31')
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "missing"
    if isinstance(value, pd.Timestamp):
        return value.isoformat(sep=" ").removesuffix(" 00:00:00")
    text = f"{value:.6g}" if isinstance(value, (float, np.floating)) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"
