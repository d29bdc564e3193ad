"""Which rows train, which validate and which judge: stratified, grouped or ordered folds and a holdout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.percents import percent
from automl.task import Task

Rows = NDArray[np.int64]

HOLDOUT_FROM = 10_000  # below, judging on cross-fitted predictions wastes no rows and is just as honest
HOLDOUT_SHARE = 0.2
JUDGE_ROWS = 20_000  # more rows narrow a 95 % interval by little: half a width is about 0.6 points of accuracy here
SINGLE_FOLD_ABOVE = 100_000
SINGLE_FOLD_SHARE = 0.1
SINGLE_ROWS = 5_000  # of the only validation part where rows take long to learn from: they take long to predict, too
QUANTILE_BINS = 100  # narrow enough that the few largest values of a skewed target are spread too
KEPT_OF_CLASS = 20  # rows of each class that a sample keeps: enough to learn from in every fold
GREEDY_GROUPS = 5_000  # the largest groups decide how even the folds are; the many small ones even out by themselves


@dataclass(frozen=True)
class Split:
    """The rows of one run: every usable row is either in `train` or in `holdout`.

    Attributes:
        train: Positions of the training rows, ascending, (rows,).
        holdout: Positions of rows that nothing but the final judgement may see, ascending; may be empty.
        fold: Fold in which each row of `train` is validated, (rows,); -1 means never validated, always trained on.
        folds: Number of folds.
        kind: How rows were dealt: "stratified", "quantiles", "grouped", "ordered" or "grouped and ordered".

    Example:
        >>> Split(np.arange(4), np.arange(0), np.array([0, 1, 0, 1]), 2, "stratified").to_dict()
        {'kind': 'stratified', 'folds': 2, 'train': 4, 'holdout': 0, 'fold_sizes': [2, 2], 'never_validated': 0}
    """

    train: Rows
    holdout: Rows
    fold: Rows
    folds: int
    kind: str

    def to_dict(self) -> dict[str, Any]:
        """Return the sizes as JSON-ready values."""
        return {
            "kind": self.kind,
            "folds": self.folds,
            "train": len(self.train),
            "holdout": len(self.holdout),
            "fold_sizes": np.bincount(self.fold[self.fold >= 0], minlength=self.folds).tolist(),
            "never_validated": int((self.fold < 0).sum()),
        }


def split(
    task: Task,
    y: ArrayLike,
    rows: ArrayLike,
    *,
    test_rows: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
    twins: ArrayLike | None = None,
    folds: int = 5,
    holdout: float | None = None,
    single: bool = False,
    seed: int = 0,
    log: DecisionLog | None = None,
) -> Split:
    """Deal the usable rows into training folds and, where rows are plenty or a test file was given, a holdout.

    Classes are dealt so that every fold has its share of each; numbers are dealt by their quantile bins.
    With `groups`, rows of one group always stay together. With `times`, folds are blocks of time, so that every row is judged by
    models that did not see its period, and the holdout is what came last. With both, whole groups are put in the order of their last
    rows, so that the newest groups judge; where all groups end together, they are dealt without order. With `twins`, equal rows stay on
    one side.

    Blocks, not windows that grow: a block is judged by models that saw earlier and later periods. Windows that grow would leave the first
    block without any prediction and train the early ones on a fraction of the rows, while ensemble, calibration and threshold need a
    comparable prediction of every row. What the future costs is measured by the holdout, and by a test file of later rows.

    Args:
        task: The task; its problem decides how rows are stratified.
        y: Encoded target of every row of the data, (all rows,).
        rows: Positions of the usable rows in `y`.
        test_rows: Positions of rows that the user gave for testing; they become the holdout.
        groups: One value per row of the data; rows with the same value are never separated.
        times: One time per row of the data, comparable.
        twins: One value per row of the data; rows with the same value are the same row again.
        folds: Number of folds. Above 100,000 training rows one validation part is used instead.
        single: Whether one validation part is used, however few rows there are; times are dealt as blocks all the same.
        holdout: Share of rows to hold out; None decides by the number of rows; 0 for none.
        seed: Seed of the dealing.
        log: Where the choice is recorded.

    Returns:
        The split.

    Raises:
        UsageError: If `folds`, `holdout` or the length of `groups` is impossible.
        DataError: If fewer than 2 training rows, or fewer than 2 groups, are left.

    Example:
        >>> from types import SimpleNamespace
        >>> task = SimpleNamespace(problem="binary", is_classification=True)
        >>> split(task, [0] * 10 + [1] * 10, range(20), folds=2).to_dict()["fold_sizes"]
        [10, 10]
    """
    target = np.asarray(y)
    members = None if groups is None else _group_numbers(groups, len(target))
    if isinstance(folds, bool) or int(folds) != folds or folds < 2:
        raise UsageError(f"`folds` must be a whole number of at least 2. Received folds={folds!r}.")
    if holdout is not None and not 0 <= holdout < 1:
        raise UsageError(f"`holdout` must be a share of at least 0 and below 1. Received holdout={holdout!r}; give 0.2, for example.")
    rng = np.random.default_rng(seed)
    usable = np.unique(np.asarray(rows, dtype=np.int64))
    moments = None if times is None else _ranks(times, len(target))
    if moments is not None and members is not None:
        moments = _last_moments(moments, members)
        moments = moments if len(np.unique(moments[usable])) >= 2 * int(folds) else None
    same = None if twins is None or members is not None or moments is not None else _group_numbers(twins, len(target))
    kinds = ["grouped"] * (members is not None) + ["ordered"] * (moments is not None)
    kind = " and ".join(kinds) or ("stratified" if task.is_classification else "quantiles")

    if test_rows is not None:
        held = _with_target(np.unique(np.asarray(test_rows, dtype=np.int64)), target)
        train = np.setdiff1d(usable, held, assume_unique=True)
        because = "These rows were given for testing."
    else:
        wanted, because = _holdout_size(len(usable), holdout, single)
        keep = folds if task.is_classification else 0
        if moments is not None:
            chosen = _latest(moments[usable], wanted)
        else:
            chosen = _part(_strata(task, target[usable], rng), wanted, keep, rng, None if members is None else members[usable])
            chosen = chosen if same is None else _first_decides(chosen, same[usable])
        train, held = usable[~chosen], usable[chosen]
    if len(train) < 2:
        raise DataError(
            f"Training needs at least 2 rows with a target. Received {len(train)} beside {len(held)} test rows; leave more for training."
        )

    if moments is not None:
        fold, count = _blocks(moments[train], int(folds))
    else:
        fold, count = _folds(_strata(task, target[train], rng), None if members is None else members[train], int(folds), rng, single)
        fold = fold if same is None else _first_decides(fold, same[train])
    result = Split(train, held, fold, count, kind)
    if log is not None:
        _record(log, result, because)
    return result


def sample(task: Task, y: ArrayLike, rows: ArrayLike, size: int, seed: int = 0) -> Rows:
    """Return some of the rows, each class or quantile with its share, and of rare classes what there is.

    Args:
        task: The task; its problem decides how rows are stratified.
        y: Encoded target of every row of the data, (all rows,).
        rows: Positions in `y` to choose from.
        size: How many to choose; all where there are no more.
        seed: Seed of the choice.

    Returns:
        Positions, ascending.

    Example:
        >>> from types import SimpleNamespace
        >>> task = SimpleNamespace(problem="binary", is_classification=True)
        >>> len(sample(task, [0] * 90 + [1] * 10, range(100), 50))
        50
    """
    rng, known = np.random.default_rng(seed), np.unique(np.asarray(rows, dtype=np.int64))
    strata = _strata(task, np.asarray(y)[known], rng)
    keep = min(KEPT_OF_CLASS, max(size // (int(strata.max(initial=0)) + 1), 1)) if task.is_classification else 0
    return known[~_part(strata, len(known) - size, keep, rng, None)]


def _ranks(times: ArrayLike, rows: int) -> Rows:
    """Return times as whole numbers in their order; a row without a time comes first."""
    values = pd.Series(np.asarray(times).ravel())
    if len(values) != rows:
        raise UsageError(f"`times` must hold one value per row of the data, {rows:,} in all. Received {len(values):,}.")
    return np.asarray(values.rank(method="dense").fillna(0), dtype=np.int64)


def _last_moments(moments: Rows, members: Rows) -> Rows:
    """Return for each row the moment of its group's last row, groups that end together kept apart by their numbers."""
    last = np.zeros(int(members.max(initial=0)) + 1, dtype=np.int64)
    np.maximum.at(last, members, moments)
    if len(np.unique(last[members])) < 2:
        return last[members]
    return np.asarray(np.unique(last[members] * len(last) + members, return_inverse=True)[1], dtype=np.int64)


def _latest(moments: Rows, size: int) -> NDArray[np.bool_]:
    """Choose about `size` rows that came last; rows of one moment stay together."""
    if size <= 0:
        return np.zeros(len(moments), dtype=bool)
    border = np.sort(moments)[-size]
    return np.asarray(moments >= border if (moments < border).any() else moments > border)


def _blocks(moments: Rows, folds: int) -> tuple[Rows, int]:
    """Cut time into blocks of about as many rows; rows of one moment stay together."""
    if len(moments) > SINGLE_FOLD_ABOVE:
        return np.where(_latest(moments, min(int(len(moments) * SINGLE_FOLD_SHARE), JUDGE_ROWS)), 0, -1).astype(np.int64), 1
    ordered = np.sort(moments)
    borders = ordered[(np.arange(1, folds) * len(ordered)) // folds]
    fold = np.searchsorted(np.unique(borders), moments, side="right")
    numbers, codes = np.unique(fold, return_inverse=True)
    if len(numbers) < 2:
        raise DataError("`times` must tell at least 2 moments apart among the training rows.")
    return codes.ravel().astype(np.int64), len(numbers)


def _first_decides(values: NDArray[Any], same: Rows) -> NDArray[Any]:
    """Give every row what the first of its twins has."""
    _, first, place = np.unique(same, return_index=True, return_inverse=True)
    return values[first[place.ravel()]]


def _with_target(rows: Rows, target: NDArray[Any]) -> Rows:
    """Leave out the rows whose target is missing: nothing can be judged on them."""
    values = target[rows]
    return rows[np.isfinite(values) if values.dtype.kind == "f" else values >= 0]


def _holdout_size(rows: int, share: float | None, single: bool = False) -> tuple[int, str]:
    """Return how many rows to hold out, and why."""
    if share == 0 and single:
        return 0, "No row is held out: one part of the rows is judged, by models that did not see it."
    if share == 0:
        return 0, "No row is held out: every row is judged by models that did not see it."
    if share is not None:
        return round(rows * share), f"A share of {share:g} was asked for."
    if rows < HOLDOUT_FROM:
        return 0, f"{rows:,} rows are fewer than {HOLDOUT_FROM:,}: every row is judged by models that did not see it."
    size = min(int(rows * HOLDOUT_SHARE), JUDGE_ROWS)
    return size, f"{rows:,} rows are plenty: {percent(HOLDOUT_SHARE)} of them, at most {JUDGE_ROWS:,}, are kept for judging alone."


def _folds(strata: Rows, groups: Rows | None, folds: int, rng: np.random.Generator, single: bool) -> tuple[Rows, int]:
    """Return the fold of each training row and how many folds there are."""
    rows = len(strata)
    count = min(folds, rows) if groups is None else _group_folds(groups, folds)
    if (single or rows > SINGLE_FOLD_ABOVE) and (groups is None or count > 2):
        share, most = (HOLDOUT_SHARE, SINGLE_ROWS) if single else (SINGLE_FOLD_SHARE, JUDGE_ROWS)
        part = _part(strata, min(int(rows * share), most), folds, rng, groups)
        return np.where(part, 0, -1).astype(np.int64), 1
    if groups is not None:
        return _deal_groups(groups, strata, count, rng), count
    return _deal(strata, count, rng), count


def _strata(task: Task, target: NDArray[Any], rng: np.random.Generator) -> Rows:
    """Return the stratum of each row: its class, or the quantile bin of its number."""
    if task.is_classification:
        return np.unique(target, return_inverse=True)[1].astype(np.int64)
    # Ties are broken by chance, so that a target with few distinct values still gives bins of equal size.
    order = np.lexsort((rng.random(len(target)), target))
    rank = np.empty(len(target), dtype=np.int64)
    rank[order] = np.arange(len(target))
    bins = max(1, min(QUANTILE_BINS, len(target) // 10))
    return rank * bins // max(len(target), 1)


def _shuffled_by_stratum(strata: Rows, rng: np.random.Generator) -> Rows:
    """Return an order in which equal strata stand together, in random order inside."""
    shuffled = rng.permutation(len(strata))
    return shuffled[np.argsort(strata[shuffled], kind="stable")]


def _deal(strata: Rows, folds: int, rng: np.random.Generator) -> Rows:
    """Deal rows like cards, stratum after stratum: fold sizes differ by one at most, and so do a stratum's."""
    fold = np.empty(len(strata), dtype=np.int64)
    fold[_shuffled_by_stratum(strata, rng)] = np.arange(len(strata)) % folds
    return fold


def _part(strata: Rows, size: int, keep: int, rng: np.random.Generator, groups: Rows | None) -> NDArray[np.bool_]:
    """Choose about `size` rows, with the same share of every stratum.

    The first `keep` rows of each stratum are never chosen, so that a rare class stays with the training rows.
    """
    chosen = np.zeros(len(strata), dtype=bool)
    if size <= 0:
        return chosen
    if groups is not None:
        return _part_of_groups(groups, size, rng)
    order = _shuffled_by_stratum(strata, rng)
    counts = np.bincount(strata)
    place = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    free = order[place >= keep]
    size = min(size, len(free))
    # Evenly spaced places in the stratified order: every stratum gives its share, give or take one row.
    chosen[free[((np.arange(size) + rng.random()) * len(free) / max(size, 1)).astype(np.int64)]] = True
    return chosen


def _part_of_groups(groups: Rows, size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose whole groups, in random order, as long as they fit into `size` rows; the smallest one if none fits."""
    numbers, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    taken = np.zeros(len(numbers), dtype=bool)
    most = len(numbers) - 2  # the other rows need two groups for folds of their own
    room = size
    for number in rng.permutation(len(numbers)):
        if sizes[number] <= room and taken.sum() < most:
            taken[number] = True
            room -= int(sizes[number])
    if most > 0 and not taken.any():
        taken[np.argmin(sizes)] = True
    return np.asarray(taken[group], dtype=bool)


def _group_numbers(groups: ArrayLike, rows: int) -> Rows:
    """Return groups as whole numbers; a row without a group is a group of its own."""
    values = pd.Series(np.asarray(groups).ravel())
    if len(values) != rows:
        raise UsageError(f"`groups` must hold one value per row of the data, {rows:,} in all. Received {len(values):,}.")
    codes = np.asarray(pd.factorize(values)[0], dtype=np.int64)
    alone = codes < 0
    codes[alone] = codes.max(initial=-1) + 1 + np.arange(alone.sum())
    return codes


def _group_folds(groups: Rows, folds: int) -> int:
    """Return how many folds these groups allow."""
    count = len(np.unique(groups))
    if count < 2:
        raise DataError(f"`groups` must tell at least 2 groups apart among the training rows. Received {count}; leave `groups` out.")
    return min(folds, count)


def _deal_groups(groups: Rows, strata: Rows, folds: int, rng: np.random.Generator) -> Rows:
    """Give every group, largest first, to the fold that lacks its kind of rows most; return the fold of each row."""
    group = np.unique(groups, return_inverse=True)[1].ravel()
    sizes = np.bincount(group)
    order = np.lexsort((rng.random(len(sizes)), -sizes))
    by_group = np.argsort(group, kind="stable")
    starts = np.cumsum(sizes) - sizes
    totals = np.append(np.bincount(strata), len(strata))
    lack = np.full((folds, len(totals)), 1 / folds)  # share of each stratum, and of all rows, that a fold still waits for
    empty = np.ones(folds, dtype=bool)
    fold_of_group = np.empty(len(sizes), dtype=np.int64)
    for place, number in enumerate(order[:GREEDY_GROUPS]):
        own = strata[by_group[starts[number] : starts[number] + sizes[number]]]
        counts = np.append(np.bincount(own, minlength=len(totals) - 1), len(own))
        need = lack @ counts
        if len(order) - place <= empty.sum():  # as many groups left as folds without any
            need[~empty] = -np.inf
        best = int(np.argmax(need))
        lack[best] -= counts / totals
        empty[best] = False
        fold_of_group[number] = best
    fold_of_group[order[GREEDY_GROUPS:]] = np.arange(len(order[GREEDY_GROUPS:])) % folds
    return fold_of_group[group]


def _record(log: DecisionLog, result: Split, because: str) -> None:
    """Record the choice of holdout and folds."""
    judged = "the validation part" if result.folds == 1 else "all rows"
    held = f"{len(result.holdout):,} rows held out" if len(result.holdout) else f"no holdout: cross-fitted predictions of {judged}"
    log.add("split", "rows that judge", held, because, ("holdout", "cross-fitted predictions"), "holdout=0.2, or a test file")
    if result.folds == 1:
        chosen = f"one validation part of {int((result.fold == 0).sum()):,} rows"
        many = f"are more than {SINGLE_FOLD_ABOVE:,}" if len(result.train) > SINGLE_FOLD_ABOVE else "take long to learn from"
        why = f"{len(result.train):,} training rows {many}: one part measures well enough and costs a fifth."
    else:
        chosen = f"{result.folds} {result.kind} folds"
        why = f"{len(result.train):,} training rows: every one is validated once by a model that did not see it."
    log.add("split", "folds", chosen, why, override="folds=5" if result.folds > 1 else None)
