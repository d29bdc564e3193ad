"""Whether what covariates are said to add can be believed: tests that a made-up effect fails.

- beyond chance: the loss rises without the column said to add most, by more than the luck of the windows;
- control: a column with the same values at other times, learnt beside the others, must add less (a planted probe: Stoppiglia et al., 2003;
  Kursa & Rudnicki, 2010);
- repetition: every second window, exchanged in another way, must say the same as the others.

All ask the ensemble as it was trained before the windows, as the control is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl.forecasting.base import ForecastFamily
from automl.forecasting.effects import MOST_WINDOWS, UNTIL, exchanged
from automl.forecasting.measures import pinball, stretches
from automl.forecasting.windows import find_inputs
from automl.forecasting.world import Windows, World, in_world
from automl.percents import percent
from automl.report.explained import CardFacts, CheckFacts

if TYPE_CHECKING:
    from automl.forecasting.base import WindowData
    from automl.forecasting.run import Chosen, ForecastRun

Array = NDArray[Any]
FEWEST = 3  # columns whose order can be told to repeat: the correlation of two points is always 1 or -1
AGREEMENT = 0.9  # correlation of two measurements on different windows, as of explanations of tables
DRAWS = 1_000  # for the intervals: their ends are the 25th from either side
SECONDS, SHARE = 5.0, 0.2  # for one model that learns the control: at most so long, and so much of what is left of the clock
LATE = "The clock left no time for the tests that are missing."
Column = tuple[str, int, str]  # role, place, name


def verify_covariates(run: ForecastRun) -> CardFacts | None:
    """Put what :func:`automl.forecasting.effects.measure_covariates` found to the tests; None where nothing was measured.

    Args:
        run: A run whose `rises` are measured.
    """
    columns = [(role, place, entry.name) for role in ("known", "past", "static") for place, entry in enumerate(run.layout.of(role))]
    columns = [column for column in columns if column[2] in run.rises]
    if not columns:
        return None
    best = max(columns, key=lambda column: run.rises[column[2]])
    windows = run.judged.take(np.arange(0, len(run.judged), max(-(-len(run.judged) // MOST_WINDOWS), 1)))
    if run.rises[best[2]] <= 0:
        told = "No column is said to add anything, so there is nothing to test."
        return CardFacts(of="covariates", rows=len(windows), checks=(CheckFacts(name="beyond chance", sentence=told),))
    clock = run.budget.clock
    started = clock()
    base = _losses(windows, run.quantiles_before(windows))
    if run.budget.timed and run.budget.remaining(UNTIL) < 1.5 * (clock() - started) * len(columns):
        return CardFacts(of="covariates", rows=len(windows), skipped=LATE)
    order = np.lexsort((windows.series, windows.origin))
    halves = tuple(half for half in (order[::2], order[1::2]) if len(half))
    rises = {column: _rises(run, windows, base, column, halves) for column in columns}
    checks = [_beyond_chance(base, rises[best], best[2], run.settings.seed), _repeated(base, rises, halves, best)]
    control, late = _control(run, windows, best)
    return CardFacts(of="covariates", rows=len(windows), checks=(*checks, *control), skipped=late)


def _losses(windows: Windows, quantiles: Array) -> Array:
    """Return the quantile loss of each step, (windows, horizon); 0 where the truth is not known."""
    return np.asarray(np.nan_to_num(pinball(windows.truth(), quantiles)).sum(axis=2))


def _rises(run: ForecastRun, windows: Windows, base: Array, column: Column, halves: tuple[Array, ...]) -> Array:
    """Return by how much the loss of each step rises without a column, exchanged in another way for each half, (windows, horizon)."""
    found = np.zeros(base.shape)
    for number, half in enumerate(halves):
        rng = np.random.default_rng([run.settings.seed, 21, number])
        part = exchanged(windows.take(half), column[0], column[1], rng)
        found[half] = _losses(part, run.quantiles_before(part)) - base[half]
    return found


def _share(rise: Array, base: Array, seed: int) -> tuple[float, float, float]:
    """Return a rise as a share of the loss, with its 95 % interval over windows, or over stretches of steps where these are few."""
    block, count = stretches(*base.shape)
    times = np.random.default_rng([seed, 22]).multinomial(count, np.full(count, 1.0 / count), size=DRAWS).astype(float)
    drawn = [times @ np.bincount(block.ravel(), values.ravel(), minlength=count) for values in (rise, base)]
    low, high = np.quantile(drawn[0] / np.maximum(drawn[1], 1e-12), (0.025, 0.975)).tolist()
    return float(rise.sum() / max(float(base.sum()), 1e-12)), low, high


def _beyond_chance(base: Array, rise: Array, name: str, seed: int) -> CheckFacts:
    share, low, high = _share(rise, base, seed)
    without, between = f"Without what {name} says of the moment", _between(share, low, high)
    rises = f"the loss rises by {between}" if share > 0 else f"the loss does not rise: it changes by {between}"
    told = f"{without} {rises}."
    return CheckFacts(name="beyond chance", passed=bool(low > 0), sentence=told, value=share, low=low, high=high, limit=0.0)


def _repeated(base: Array, rises: dict[Column, Array], halves: tuple[Array, ...], best: Column) -> CheckFacts:
    if len(rises) < 2:
        return CheckFacts(name="repetition", sentence="There is one column, so there is no order to test.")
    if len(rises) < FEWEST:
        told = f"There are {len(rises)} columns, too few to compare an order: two are always in the same order or in the opposite one."
        return CheckFacts(name="repetition", sentence=told)
    if len(halves) < 2 or min(map(len, halves)) < 2:
        return CheckFacts(name="repetition", sentence="There are too few windows to measure it twice.")
    shares = np.array([[float(rise[half].sum() / max(float(base[half].sum()), 1e-12)) for half in halves] for rise in rises.values()])
    flat = bool((np.ptp(shares, axis=0) <= 1e-12).any())
    value = 0.0 if flat else float(np.corrcoef(shares.T)[0, 1])
    first, second = (list(rises)[place][2] for place in shares.argmax(axis=0))
    same = f"{first} comes first in both" if first == second else f"{first} comes first in one, {second} in the other"
    told = f"Measured on two halves of the windows, what columns add correlates at {value:.2f}, and {same}."
    passed = bool(value >= AGREEMENT and best[2] in (first, second))
    return CheckFacts(name="repetition", passed=passed, sentence=told, value=value, limit=AGREEMENT)


def _control(run: ForecastRun, windows: Windows, best: Column) -> tuple[tuple[CheckFacts, ...], str]:
    """Let a member that reads the best column learn a control beside it, networks last, and measure what that adds."""
    reading = [member for member in run.chosen if _reads(member, windows, best)]
    reading.sort(key=lambda member: (member.trial.family.tags.kind == "network", member.trial.number))
    if not reading:
        told = "No model that was trained before the windows reads the column, so that none can learn a control beside it."
        return (CheckFacts(name="control", sentence=told),), ""
    member = reading[0]
    if run.budget.timed and 2 * member.trial.seconds > min(SECONDS, SHARE * run.budget.remaining(UNTIL)):
        return (), LATE
    data, place = with_control(run, best)
    family = member.trial.family
    assert isinstance(family, ForecastFamily)
    deadline = run.budget.deadline(UNTIL, SECONDS if run.budget.timed else None)
    payload = family.fit(member.trial.config, data, deadline=deadline, seed=run.settings.seed)
    if payload is None:
        return (), LATE
    seen = Windows(data.world, windows.series, windows.origin, windows.horizon, windows.folds)
    parts = (seen, exchanged(seen, "known", place, np.random.default_rng([run.settings.seed, 23])))
    base, other = (_losses(part, in_world(family.forecast(member.trial.config, payload, part), part)) for part in parts)
    share, low, high = _share(other - base, base, run.settings.seed)
    limit = run.rises[best[2]] / max(run.rises[""], 1e-12)
    between = _between(share, low, high)
    adds = f"add {between}" if share > 0 else f"add nothing, as the loss changes by {between} without it"
    told = (
        f"A column of values from other moments, which {family.title} learnt beside the others, is said to {adds};"
        f" {best[2]} is said to add {percent(limit)}."
    )
    passed = bool(high < limit)
    return (CheckFacts(name="control", passed=passed, sentence=told, value=share, low=low, high=high, limit=limit),), ""


def _reads(member: Chosen, windows: Windows, column: Column) -> bool:
    """Return whether a member, as it was trained for the backtest, says something else without the column."""
    family, trained = member.trial.family, member.trial.trained
    if not isinstance(family, ForecastFamily) or trained is None:
        return False
    few = windows.take(np.arange(min(len(windows), 8)))
    parts = (few, exchanged(few, column[0], column[1], np.random.default_rng(0)))
    one, two = (family.forecast(member.trial.config, trained.models[0], part) for part in parts)
    return not np.allclose(one, two)


def with_control(run: ForecastRun, best: Column) -> tuple[WindowData, int]:
    """Return what was learnt from with one more column known in advance, that of `best` at other times, and its place.

    A column that does not change in time is replaced by numbers at random.
    """
    panel, role = run.world.panel, best[0]
    rng = np.random.default_rng([run.settings.seed, 24])
    levels = {name: tuple(len(entry.levels) for entry in run.layout.of(name)) for name in ("known", "past", "static")}
    shape = panel.known.shape[:2]
    if role == "static":
        column, codes = rng.normal(size=shape).astype(np.float32), 0
    else:
        source = exchanged(run.judged, role, best[1], rng, steady=False).world.panel
        column = np.take(getattr(source, role)[:, :, best[1]], np.arange(shape[1]) % getattr(source, role).shape[1], axis=1)
        codes = levels[role][best[1]]
    known = np.concatenate([panel.known, column[..., None]], axis=2)
    panel = replace(panel, known=known)
    levels["known"] = (*levels["known"], codes)
    rules = replace(run.world.rules, inputs=find_inputs(panel, levels, max(run.origins.cut, 1)))
    world = World(panel, rules)
    judged = Windows(world, run.judged.series, run.judged.origin, run.judged.horizon, run.judged.folds)
    spec = replace(run.spec, known=known.shape[2], levels=(*levels["known"], *levels["past"], *levels["static"]))
    return replace(run.data, world=world, judged=judged, spec=spec, packs={}), known.shape[2] - 1


def _between(share: float, low: float, high: float) -> str:
    return f"{percent(share)} (95 % interval {percent(low)} to {percent(high)})"
