"""Whether explanations can be believed: each is put to tests that a made-up one fails, and what fails is told as failed.

- completeness: the parts add up to the prediction;
- deletion and insertion: taking away what is said to matter moves the model faster than taking away columns in random order, and giving it
  back brings the prediction back faster (Samek et al., 2017; Petsiuk et al., 2018);
- another model: explanations of a model that learned shuffled answers must differ (Adebayo et al., 2018, data randomisation test);
- repetition: another seed must say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from automl.explanation.cards import Card, Check, Curve
from automl.explanation.frames import Cells, Clock, Predict, rows_per_call
from automl.explanation.importance import Importance
from automl.explanation.shapley import REST, RowExplanation
from automl.metrics import loss, row_losses

Array = NDArray[Any]

STEPS = 10  # points of a curve
ORDERS = 6  # random orders that an explanation is held against
FILLS = 10  # background rows that a deleted value is taken from
ROWS = 300  # rows for the curve of an importance
GAP = 0.02  # the parts may miss the prediction by so much, as a share of what is explained
AGREEMENT = 0.9  # correlation of two explanations that differ in their seed alone


def verify_importance(
    predict: Predict,
    frame: pd.DataFrame,
    y: Array,
    found: Importance,
    *,
    problem: str,
    clock: Clock,
    again: Importance | None = None,
    shuffled: Importance | None = None,
    seed: int = 0,
) -> Card:
    """Put an importance of columns to the tests.

    Args:
        predict: The explained model.
        frame: Unseen rows.
        y: Their target, (rows,).
        found: The importance.
        problem: "binary", "multiclass" or "regression".
        clock: The time there is.
        again: The importance with another seed.
        shuffled: The importance in a model that learned shuffled answers.
        seed: Of rows and random orders.

    Example:
        >>> frame = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 4)), columns=list("abcd"))
        >>> model = lambda data: 3 * data["a"].to_numpy() + data["b"].to_numpy()
        >>> from automl.explanation.importance import permutation_importance
        >>> found = permutation_importance(model, frame, model(frame), problem="regression")
        >>> card = verify_importance(model, frame, model(frame), found, problem="regression", clock=Clock(None, 1.0))
        >>> card.checks[0].name, card.checks[0].passed
        ('deletion', True)
    """
    checks, curves, late = [], [], ""
    groups = [entry.columns for entry in found.columns]
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(frame), min(ROWS, len(frame)), replace=False))
    steps = _steps(len(groups))
    if len(groups) < 2:
        checks.append(Check("deletion", None, "There is one column, so there is no order to test."))
    elif not clock.allows((ORDERS + 1) * len(steps) * len(rows)):
        late = _LATE
    else:
        check, curve = _loss_curve(predict, frame.iloc[rows], np.asarray(y)[rows], groups, steps, problem, clock, rng)
        checks.append(check)
        curves.append(curve)
    if shuffled is not None:
        checks.append(_other_importance(found, shuffled))
    if again is not None and again.columns and len(groups) > 1:  # the clock may have left nothing of the second one
        checks.append(_repeated(_aligned(found, again), found.columns[0].column, again.columns[0].column))
    return Card("importance", len(rows), tuple(checks), tuple(curves), late if again is not None and shuffled is not None else _LATE)


def verify_rows(
    predict: Predict,
    background: pd.DataFrame,
    rows: pd.DataFrame,
    found: Sequence[RowExplanation],
    *,
    clock: Clock,
    again: Sequence[RowExplanation] = (),
    shuffled: Sequence[RowExplanation] = (),
    seed: int = 0,
) -> Card:
    """Put explanations of single rows to the tests.

    Args:
        predict: The explained model.
        background: Typical rows, as for the explanations.
        rows: The explained rows.
        found: Their explanations.
        clock: The time there is.
        again: Explanations of the same rows with another seed.
        shuffled: Explanations of the same rows in a model that learned shuffled answers.
        seed: Of background rows and random orders.
    """
    names = [str(name) for name in background.columns]
    checks, curves, late = [_complete(predict, background, found, clock)], [], ""
    players = _players(found, names)
    steps = _steps(len(players))
    rng = np.random.default_rng(seed)
    if len(players) < 2:
        checks.append(Check("deletion", None, "There is one column, so there is no order to test."))
    elif not clock.allows(2 * (ORDERS + 1) * len(steps) * FILLS * len(rows)):
        late = _LATE
    else:
        for check, curve in _row_curves(predict, background[names], rows[names], found, players, steps, clock, rng):
            checks.append(check)
            curves.append(curve)
    if again and shuffled and len(players) > 1:
        checks.append(_other_rows(found, again, shuffled))
    if again and len(players) > 1:
        checks.append(_repeated_rows(found, again))
    return Card("rows", len(found), tuple(checks), tuple(curves), late if again and shuffled else _LATE)


_LATE = "The clock left no time for the tests that are missing."


def _steps(players: int) -> list[int]:
    """Return after how many columns a curve is measured, none and all among them."""
    return sorted({round(players * step / STEPS) for step in range(STEPS + 1)} | {0, min(1, players), players})


def _area(values: Array, steps: Sequence[int]) -> Array:
    """Return the area under curves (…, points) over shares of the columns."""
    x = np.asarray(steps, dtype=float) / max(steps[-1], 1)
    return np.asarray(((values[..., 1:] + values[..., :-1]) / 2 * np.diff(x)).sum(axis=-1))


def _interval(values: Array, extra: float = 0.0) -> tuple[float, float, float]:
    """Return mean and 95 % interval (Student) of values per row; `extra` is variance that another source adds to the mean."""
    mean = float(values.mean())
    if len(values) < 2:
        return mean, float("nan"), float("nan")
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.sqrt(values.var(ddof=1) / len(values) + extra))
    return mean, mean - half, mean + half


def _composed(predict: Predict, cells: Cells, players: Sequence[Sequence[str]], taken: Array, clock: Clock) -> Array:
    """Predict rows of which each player's columns come from another row of the cells, `taken` (rows, players)."""
    told, width = [], rows_per_call(pd.DataFrame(columns=cells.columns))
    for start in range(0, len(taken), width):
        block = taken[start : start + width]
        parts = [(columns, block[:, player]) for player, columns in enumerate(players) if columns]
        told.append(clock.time(predict, cells.compose(parts)))
    return np.concatenate(told)


# ── importance


def _loss_curve(
    predict: Predict,
    frame: pd.DataFrame,
    y: Array,
    groups: Sequence[Sequence[str]],
    steps: Sequence[int],
    problem: str,
    clock: Clock,
    rng: np.random.Generator,
) -> tuple[Check, Curve]:
    """Shuffle more and more columns, in the order of importance and in random orders, and follow the loss."""
    rows = len(frame)
    shuffle = rng.permutation(rows)
    orders = [np.arange(len(groups)), *(rng.permutation(len(groups)) for _ in range(ORDERS))]
    left = [name for name in map(str, frame.columns) if not any(name in group for group in groups)]  # never shuffled
    place = np.argsort(np.array(orders), axis=1)
    order, step, row = (part.ravel() for part in np.indices((len(orders), len(steps), rows)))
    turned = place[order] < np.asarray(steps)[step][:, None]
    taken = np.column_stack([np.where(turned, shuffle[row][:, None], row[:, None]), row])
    prediction = _composed(predict, Cells(frame), [*groups, left], taken, clock)
    losses = row_losses(problem, np.tile(y, len(orders) * len(steps)), prediction, loss(problem)).reshape(len(orders), len(steps), rows)
    areas = _area(np.moveaxis(losses, 1, 2), steps)  # (orders, rows)
    ahead = areas[0] - areas[1:].mean(axis=0)
    scale = max(float(areas[1:].mean() - losses[0, 0].mean()), 1e-12)
    drawn = float(areas[1:].mean(axis=1).var(ddof=1)) / ORDERS
    mean, low, high = (number / scale for number in _interval(ahead, drawn))
    root = np.sqrt if loss(problem) == "rmse" else np.asarray
    curve = Curve(
        "deletion",
        tuple(step / steps[-1] for step in steps),
        tuple(root(losses[0].mean(axis=1)).tolist()),
        tuple(root(losses[1:].mean(axis=(0, 2))).tolist()),
    )
    passed = bool(low > 0)
    told = f"With columns shuffled from the first to the last, the loss rises {100 * abs(mean):.0f} % {'more' if mean > 0 else 'less'}"
    ends = f"95 % interval {100 * low:.0f} to {100 * high:.0f} %"
    return Check("deletion", passed, f"{told} on average than in random order ({ends}).", mean, low, high, 0.0), curve


def _other_importance(found: Importance, shuffled: Importance) -> Check:
    """Hold the most important column against what it is worth to a model that learned nothing."""
    first = found.columns[0]
    other = next((entry for entry in shuffled.columns if set(entry.columns) & set(first.columns)), None)
    if other is None:
        return Check("another model", None, "The first column was not measured in the other model.")
    passed = bool(first.low > max(other.high, 0.0))
    told = (
        f"{first.column} is worth {first.value:.3g} here and {other.value:.3g} ({other.low:.2g} to {other.high:.2g}) in a model"
        " that learned shuffled answers."
    )
    return Check("another model", passed, told, other.value, other.low, other.high, first.low)


def _aligned(one: Importance, two: Importance) -> tuple[Array, Array]:
    other = {entry.column: entry.value for entry in two.columns}
    both = [(entry.value, other[entry.column]) for entry in one.columns if entry.column in other]
    pairs = np.array(both, dtype=float).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _alike(one: Array, two: Array) -> float:
    """Return the correlation of two explanations; 0 where one of them says nothing."""
    if len(one) < 2 or np.ptp(one) <= 1e-12 or np.ptp(two) <= 1e-12:
        return 1.0 if len(one) and np.allclose(one, two) and np.ptp(one) > 1e-12 else 0.0
    return float(np.corrcoef(one, two)[0, 1])


def _repeated(pair: tuple[Array, Array], first: str, again: str) -> Check:
    value = _alike(*pair)
    same = "the same column comes first" if first == again else f"{again} comes first instead of {first}"
    told = f"Measured again with another seed, the values correlate at {value:.2f}, and {same}."
    return Check("repetition", bool(value >= AGREEMENT), told, value, limit=AGREEMENT)


# ── rows


def _complete(predict: Predict, background: pd.DataFrame, found: Sequence[RowExplanation], clock: Clock) -> Check:
    """Add the parts up to the mean of the whole background, not to what the method itself used as its start."""
    base = clock.time(predict, background).mean(axis=0)
    gaps = np.array([abs(base[one.output] + sum(e.contribution for e in one.contributions) - one.prediction) for one in found])
    scale = float(np.mean([abs(one.prediction - base[one.output]) for one in found]))
    share = float(gaps.max()) / scale if scale > 1e-12 else 0.0
    told = f"The parts miss the prediction by {gaps.max():.2g} at most, {100 * share:.2f} % of what is explained on average."
    return Check("completeness", bool(share <= GAP), told, share, limit=GAP)


def _players(found: Sequence[RowExplanation], names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the columns that are told one by one, and those that are told together."""
    alone = sorted({entry.column for one in found for entry in one.contributions if entry.column in set(names)}, key=list(names).index)
    rest = tuple(name for name in names if name not in set(alone))
    return [*((name,) for name in alone), *([rest] if rest else [])]


def _contributions(one: RowExplanation, players: Sequence[Sequence[str]]) -> Array:
    known = {entry.column: entry.contribution for entry in one.contributions}
    return np.array([known.get(player[0] if len(player) == 1 else REST, known.get(REST, 0.0)) for player in players])


def _row_curves(
    predict: Predict,
    background: pd.DataFrame,
    rows: pd.DataFrame,
    found: Sequence[RowExplanation],
    players: Sequence[Sequence[str]],
    steps: Sequence[int],
    clock: Clock,
    rng: np.random.Generator,
) -> list[tuple[Check, Curve]]:
    """Follow each row's prediction while columns are taken away, or given back, first those that speak for it most."""
    fills = rng.choice(len(background), min(FILLS, len(background)), replace=False)
    cells = Cells(pd.concat([rows, background.iloc[fills]], ignore_index=True))
    output = np.array([one.output for one in found])
    full = np.array([one.prediction for one in found])
    base = clock.time(predict, background.iloc[fills])[:, output].mean(axis=0)
    side = np.where(full >= base, 1.0, -1.0)
    told = [np.argsort(-side[i] * _contributions(one, players), kind="stable") for i, one in enumerate(found)]
    drawn = [[rng.permutation(len(players)) for _ in found] for _ in range(ORDERS)]
    scale = max(float(np.abs(full - base).mean()), 1e-12)
    results = []
    for name in ("deletion", "insertion"):
        curves = np.empty((ORDERS + 1, len(found), len(steps)))
        for number, orders in enumerate([told, *drawn]):
            curves[number] = side[:, None] * (
                _walk(predict, cells, orders, players, steps, output, len(fills), name, clock) - base[:, None]
            )
        areas = _area(curves, steps) / scale
        gain = (areas[1:].mean(axis=0) - areas[0]) * (1 if name == "deletion" else -1)
        mean, low, high = _interval(gain, float(areas[1:].var(axis=0, ddof=1).mean()) / ORDERS / len(found))
        passed = bool(low > 0)
        verb = "falls" if name == "deletion" else "comes back"
        how = "away" if name == "deletion" else "back"
        sentence = (
            f"With columns {'taken' if name == 'deletion' else 'given'} {how} in the told order the prediction {verb} faster than in random"
            f" order by {100 * mean:.0f} % of what is explained (95 % interval {100 * low:.0f} to {100 * high:.0f} %)."
        )
        if not passed:
            sentence = sentence.replace(f"{verb} faster", f"{verb} not surely faster")
        means = curves.mean(axis=1) / scale
        shares = tuple(step / steps[-1] for step in steps)
        curve = Curve(name, shares, tuple(means[0].tolist()), tuple(means[1:].mean(axis=0).tolist()))
        results.append((Check(name, passed, sentence, mean, low, high, 0.0), curve))
    return results


def _walk(
    predict: Predict,
    cells: Cells,
    orders: Sequence[Array],
    players: Sequence[Sequence[str]],
    steps: Sequence[int],
    output: Array,
    fills: int,
    name: str,
    clock: Clock,
) -> Array:
    """Return the mean prediction of every row after every step, (rows, steps)."""
    rows = len(orders)
    shape = (rows, len(steps), fills)
    row, step, fill = (part.ravel() for part in np.indices(shape))
    place = np.argsort(np.array(orders), axis=1)  # (rows, players): when a player's turn comes
    turned = place[row] < np.asarray(steps)[step][:, None]
    from_fill = turned if name == "deletion" else ~turned
    taken = np.where(from_fill, (rows + fill)[:, None], row[:, None])
    prediction = _composed(predict, cells, players, taken, clock)
    result = prediction[np.arange(len(row)), output[row]]
    return np.asarray(result.reshape(shape).mean(axis=2))


def _pairs(one: Sequence[RowExplanation], two: Sequence[RowExplanation]) -> Array:
    """Return how alike two explanations of the same rows are, (rows,)."""
    alike = []
    for a, b in zip(one, two, strict=True):
        other = {entry.column: entry.contribution for entry in b.contributions}
        mine = np.array([entry.contribution for entry in a.contributions])
        alike.append(_alike(mine, np.array([other.get(entry.column, 0.0) for entry in a.contributions])))
    return np.array(alike)


def _other_rows(found: Sequence[RowExplanation], again: Sequence[RowExplanation], shuffled: Sequence[RowExplanation]) -> Check:
    same, other = _pairs(found, again), _pairs(found, shuffled)
    mean, low, high = _interval(same - other)
    told = (
        f"Explanations of the same rows in a model that learned shuffled answers correlate with these at {other.mean():.2f}, those with"
        f" another seed at {same.mean():.2f} (difference {mean:.2f}, 95 % interval {low:.2f} to {high:.2f})."
    )
    return Check("another model", bool(low > 0), told, mean, low, high, 0.0)


def _repeated_rows(found: Sequence[RowExplanation], again: Sequence[RowExplanation]) -> Check:
    alike = _pairs(found, again)
    value = float(alike.mean())
    told = f"Explained again with another seed, the parts of a row correlate at {value:.2f} on average, at {alike.min():.2f} at worst."
    return Check("repetition", bool(value >= AGREEMENT), told, value, limit=AGREEMENT)
