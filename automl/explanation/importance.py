"""Permutation importance: how much worse the model gets when one column's values are shuffled between rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from automl.budget import Budget
from automl.errors import UsageError, did_you_mean
from automl.explanation.association import associated_columns
from automl.explanation.frames import CALL_CELLS, Cells, Clock, Predict, Rows, rows_per_call
from automl.metrics import loss, row_losses

Array = NDArray[Any]

SEPARATE_COLUMNS = 200
BLOCKS, OPENED_BLOCKS = 100, 10


@dataclass(frozen=True)
class ColumnImportance:
    """What shuffling one column, or one group of columns together, costs.

    Attributes:
        column: The column's name; of a group, the names joined.
        value: Mean increase of the loss.
        low: Lower end of the 95 % interval.
        high: Upper end.
        repeats: How often it was shuffled.
        columns: The columns that were shuffled together.
        note: Why columns are told together; None for a single one.
    """

    column: str
    value: float
    low: float
    high: float
    repeats: int
    columns: tuple[str, ...]
    note: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "columns": list(self.columns)}


@dataclass(frozen=True)
class Importance:
    """The columns by importance, the most important first.

    Attributes:
        metric: The loss: "log_loss" or "rmse".
        baseline: The loss with nothing shuffled.
        rows: Rows that it was measured on.
        columns: Entries, largest value first.
        method: How it was measured, in a sentence.
        partial: Whether the clock ended it before every column had all its repeats.
        not_measured: Columns that the clock left no time for.
    """

    metric: str
    baseline: float
    rows: int
    columns: tuple[ColumnImportance, ...]
    method: str
    partial: bool = False
    not_measured: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "columns": [entry.to_dict() for entry in self.columns], "not_measured": list(self.not_measured)}


def permutation_importance(
    predict: Predict,
    frame: pd.DataFrame,
    y: ArrayLike,
    *,
    problem: str,
    repeats: int = 5,
    max_rows: int = 2_000,
    budget: Budget | None = None,
    until: float = 0.95,
    seed: int = 0,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Importance:
    """Measure how much the model relies on each column (Breiman, 2001; grouped as in Gregorutti et al., 2015).

    Every column is shuffled once before any is shuffled twice, so that a short clock gives a rougher answer, not half of one. Columns
    that are strongly associated are shuffled together: with one of two copies shuffled the model still reads the other. Of a table wider
    than 200 columns, a hundred blocks are shuffled first; the columns of the ten that matter most are then told one by one.

    Args:
        predict: From raw columns to (rows, outputs).
        frame: Raw columns of rows that the model did not learn from.
        y: Codes or numbers, (rows,).
        problem: "binary", "multiclass" or "regression".
        repeats: How often each column is shuffled.
        max_rows: Rows to use at most, drawn at random.
        budget: The clock; None for no limit.
        until: The share of the budget at which to stop.
        seed: Seed of the sample and the shuffles.
        groups: Columns to shuffle together, by name; None finds them, an empty mapping has none.

    Returns:
        For classes the increase of the log-loss, for numbers the increase of the RMSE, in the target's units.

    Raises:
        UsageError: There are no columns, too few rows, or `groups` names an unknown column.

    Example:
        >>> frame = pd.DataFrame({"noise": np.sin(np.arange(60.0) ** 2), "signal": np.arange(60.0)})
        >>> found = permutation_importance(lambda data: data[["signal"]].to_numpy(), frame, frame["signal"], problem="regression")
        >>> [entry.column for entry in found.columns], found.columns[1].value
        (['signal', 'noise'], 0.0)
    """
    players = _players(frame, groups, seed)
    frame, target = _sample(frame, np.asarray(y), max_rows, repeats, seed)
    clock = Clock(budget, until)
    base = row_losses(problem, target, clock.time(predict, frame), loss(problem))

    def measure(players: Sequence[_Player], times: int, end: Clock) -> dict[_Player, list[_Run]]:
        runs: dict[_Player, list[_Run]] = {player: [] for player in players}
        for repeat, index, prediction in _shuffled(predict, frame, players, times, seed, end):
            received = row_losses(problem, target, prediction, loss(problem)) - base
            given = np.empty_like(received)
            given[_shuffle(len(frame), seed, repeat, index)] = received
            runs[players[index]].append(_Run(received, given))
        return runs

    closed: dict[_Player, list[_Run]] = {}
    if len(players) > SEPARATE_COLUMNS:
        blocks = _blocks(players)
        closed = measure(list(blocks), 1, clock.halfway())
        opened = sorted(closed, key=lambda block: -np.mean([run.received.mean() for run in closed[block]] or [-np.inf]))[:OPENED_BLOCKS]
        players = [player for block in opened for player in blocks[block]]
        closed = {block: runs for block, runs in closed.items() if block not in opened}
    return _told(problem, base, {**measure(players, repeats, clock), **closed}, repeats)


@dataclass(frozen=True)
class _Player:
    name: str
    columns: tuple[str, ...]
    note: str | None = None
    block: bool = False  # measured once and not opened


@dataclass(frozen=True)
class _Run:
    """One shuffle: the increase of the loss by the row that received a value and by the row that gave it, each (rows,)."""

    received: Array
    given: Array


def _players(frame: pd.DataFrame, groups: Mapping[str, Sequence[str]] | None, seed: int) -> list[_Player]:
    names = [str(name) for name in frame.columns]
    if groups is None:
        found = {_joined(group): group for group in associated_columns(frame, seed=seed)}
        note = "Told together, because these columns say nearly the same and shuffling one alone would show nothing: "
        grouped = [_Player(name, group, note + ", ".join(group)) for name, group in found.items()]
    else:
        grouped = [_Player(name, tuple(columns), "Told together as asked: " + ", ".join(columns)) for name, columns in groups.items()]
    member = [column for player in grouped for column in player.columns]
    for column in member:
        if column not in names or member.count(column) > 1:
            raise UsageError(f"`groups` must name columns of the data, each once. Received {column!r}.{did_you_mean(column, names)}")
    inside = set(member)
    everyone = [_Player(name, (name,)) for name in names if name not in inside] + [player for player in grouped if player.columns]
    return sorted(everyone, key=lambda player: names.index(player.columns[0]))


def _sample(frame: pd.DataFrame, target: Array, max_rows: int, repeats: int, seed: int) -> tuple[pd.DataFrame, Array]:
    if len(frame) != len(target) or len(frame) < 2 or not frame.shape[1] or repeats < 1:
        received = f"Received {len(frame)} rows, {frame.shape[1]} columns, {len(target)} target values and repeats={repeats}"
        raise UsageError(f"Importance needs columns, at least two rows with their target and at least one repeat. {received}.")
    limit = max(2, min(max_rows, CALL_CELLS // frame.shape[1]))
    if len(frame) > limit:
        rows = np.sort(np.random.default_rng(seed).choice(len(frame), limit, replace=False))
        frame, target = frame.take(rows), target[rows]
    return frame.reset_index(drop=True), target


def _blocks(players: Sequence[_Player]) -> dict[_Player, list[_Player]]:
    """Return about a hundred players that each stand for neighbouring players, and those that they stand for."""
    size = -(-len(players) // BLOCKS)
    note = "Told together, because shuffling all of these columns at once changes less than others do: "
    blocks: dict[_Player, list[_Player]] = {}
    for start in range(0, len(players), size):
        inside = list(players[start : start + size])
        names = tuple(column for player in inside for column in player.columns)
        blocks[_Player(_joined(names), names, f"{note}{len(names)} columns", block=True)] = inside
    return blocks


def _joined(names: Sequence[str]) -> str:
    return " + ".join(names) if len(names) <= 3 else f"{names[0]} + {len(names) - 1} more"


def _shuffled(
    predict: Predict, frame: pd.DataFrame, players: Sequence[_Player], repeats: int, seed: int, clock: Clock
) -> Iterator[tuple[int, int, Array]]:
    """Yield (repeat, player, prediction with it shuffled), several to a call, until all are done or the time is up."""
    todo = [(repeat, index) for repeat in range(repeats) for index in range(len(players))]
    rows, cells = len(frame), Cells(frame)
    while todo:
        copies = clock.pieces(rows, max(1, rows_per_call(frame) // rows))
        if not copies:
            return
        batch, todo = todo[:copies], todo[copies:]
        prediction = clock.time(predict, _copies(cells, rows, [(players[index], repeat, index) for repeat, index in batch], seed))
        for place, (repeat, index) in enumerate(batch):
            yield repeat, index, prediction[place * rows : (place + 1) * rows]


def _shuffle(rows: int, seed: int, repeat: int, index: int) -> Rows:
    """Return which row gives its value to each row; it depends on nothing else, so that the size of the batches changes nothing."""
    return np.random.default_rng([seed, repeat, index]).permutation(rows)


def _copies(cells: Cells, rows: int, batch: Sequence[tuple[_Player, int, int]], seed: int) -> pd.DataFrame:
    """Stack one copy of the frame for each entry of the batch, with that player's columns shuffled."""
    plain: Rows = np.tile(np.arange(rows), len(batch))
    taken: dict[tuple[str, ...], Rows] = {}
    for place, (player, repeat, index) in enumerate(batch):
        where = taken.setdefault(player.columns, plain.copy())
        where[place * rows : (place + 1) * rows] = _shuffle(rows, seed, repeat, index)
    shuffled = {column for columns in taken for column in columns}
    return cells.compose([([name for name in cells.columns if name not in shuffled], plain), *taken.items()])


def _told(problem: str, base: Array, runs: Mapping[_Player, Sequence[_Run]], repeats: int) -> Importance:
    entries = [_entry(problem, base, player, own) for player, own in runs.items() if own]
    missed = tuple(column for player, own in runs.items() if not own for column in player.columns)
    counts = [len(own) for player, own in runs.items() if not player.block]
    done = max(min(counts), 1)
    times = f"{repeats} times" if done == repeats else f"{done} to {repeats} times, as far as the time went,"
    name = {"log_loss": "log-loss", "rmse": "RMSE"}[loss(problem)]
    method = f"Increase of the {name} over {len(base):,} rows when a column's values are shuffled {times} between the rows; 95 % intervals."
    baseline = float(np.sqrt(base.mean())) if loss(problem) == "rmse" else float(base.mean())
    ordered = tuple(sorted(entries, key=lambda entry: -entry.value))
    return Importance(loss(problem), baseline, len(base), ordered, method, min(counts) < repeats or bool(missed), missed)


def _entry(problem: str, base: Array, player: _Player, runs: Sequence[_Run]) -> ColumnImportance:
    """Compare each row with itself.

    The mean over shuffles is a statistic of pairs of rows, so a row moves it twice: by what it received and by what it gave
    (Hoeffding's projection). Only with both does the interval hold what another sample of rows would have changed. Each of the two is
    known from a few pairs only, which adds the variance of one pair over the repeats; that is taken off again.
    """
    received, given = (np.mean([getattr(run, side) for run in runs], axis=0) for side in ("received", "given"))
    pair = float(np.mean([run.received.var(ddof=1) for run in runs])) / len(runs)
    if loss(problem) == "rmse":
        # √A − √B to first order in the squared errors a, b of the rows: a / 2√A − b / 2√B.
        after, before = (max(float(np.sqrt(mean)), 1e-100) for mean in ((base + received).mean(), base.mean()))
        value, pair = after - before, pair / (2 * after) ** 2
        rows = (received + given) / (2 * after) + base * (1 / (2 * after) - 1 / (2 * before))
    else:
        value, rows = float(received.mean()), received + given
    variance = max(rows.var(ddof=1) - pair, rows.var(ddof=1) / 4)
    half = float(stats.t.ppf(0.975, len(rows) - 1) * np.sqrt(variance / len(rows)))
    return ColumnImportance(player.name, float(value), float(value) - half, float(value) + half, len(runs), player.columns, player.note)
