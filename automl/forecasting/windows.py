"""Windows to learn from and to be judged on: where they begin, what they see, and the arrays that networks read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.decisions import DecisionLog
from automl.errors import DataError
from automl.forecasting.base import WindowSpec
from automl.forecasting.panel import Ints, Panel
from automl.forecasting.world import Windows, World, gather

Array = NDArray[Any]
MOST_JUDGED = 3_000  # windows of the backtest; more series are judged by a sample
FEW_SERIES = 24  # with fewer, more windows of each are judged, so that intervals rest on more than three stretches of time
LONGEST_REACH = 400  # steps of the past that a window shows
LEAST_HISTORY = 0.5  # of what a series holds today; a window that sees less says little of a forecast that will see all of it
LEAST_JUDGED = 20  # windows of each origin with that much history, or all are judged


@dataclass(frozen=True)
class Origins:
    """Where the windows of the backtest begin, in columns.

    Attributes:
        last: Origin of the window that no choice sees; None where the series are too short for one.
        backtest: Origins of the others, the latest first.
        cut: No target from this column on is learnt from while choices are made.
    """

    last: int | None
    backtest: tuple[int, ...]
    cut: int


def plan_origins(panel: Panel, horizon: int, log: DecisionLog) -> Origins:
    """Decide how many windows are judged and how far apart they are.

    At least three where the data allow: one horizon apart where the series are long, a third of a horizon where they are not. The last
    horizon is kept from all choices.

    Raises:
        DataError: If no series is longer than the horizon.
    """
    steps = panel.steps
    length = int(np.quantile(panel.lengths, 0.75))
    if int(panel.lengths.max()) < horizon + 2:
        raise DataError(
            f"A series must be longer than the horizon. Received horizon={horizon} and at most {int(panel.lengths.max())} steps; "
            f"say horizon={max(int(panel.lengths.max()) // 3, 1)} or less."
        )
    wanted = 3 if panel.series >= FEW_SERIES else int(np.clip(24 // panel.series, 3, 10))
    long = length >= 10 * horizon
    wanted = int(min(wanted, max(3, 0.25 * length // horizon - 1))) if long else 3
    stride = horizon if long else max(-(-horizon // 3), 1)
    for count, apart in ((wanted, stride), (3, max(horizon // 6, 1)), (1, 1)):
        cut = steps - 2 * horizon - (count - 1) * apart
        if length - (steps - cut) >= max(horizon // 2, 3):
            told = f"The windows lie {apart} steps apart; the last {horizon} steps are kept from every choice and give the score."
            log.add("split", "backtest", f"{count} windows of {horizon} steps", told, [], f"horizon={max(horizon // 2, 1)}")
            return Origins(steps - horizon, tuple(steps - 2 * horizon - k * apart for k in range(count)), cut)
    told = f"With {length} steps there is no room for more; choices and score rest on the same window and are too optimistic."
    log.add("split", "backtest", f"1 window of {horizon} steps", told, [], f"horizon={max(length // 8, 1)}")
    return Origins(None, (steps - horizon,), steps - horizon)


def judged_windows(world: World, origins: Origins, horizon: int, seed: int, log: DecisionLog) -> Windows:
    """Return the windows to judge: those of the backtest (fold 0) and the last one of each series (fold −1).

    Windows of the backtest that see less than half of what their series holds today are left out where enough others remain: going back
    two horizons leaves short series with a few steps, on which models that know one series alone (ETS, Theta) fail as they never will
    in the forecast, and intervals would be as wide as they were for that.
    """
    rng = np.random.default_rng([seed, 3])
    begins = [(origin, 0) for origin in origins.backtest] + ([] if origins.last is None else [(origins.last, -1)])
    most = max(MOST_JUDGED // len(begins), 1)
    first = world.panel.steps - world.panel.lengths
    fitting = {}
    for origin, _ in begins:
        judged = ~np.isnan(world.target[:, origin : origin + horizon]).all(axis=1)
        fitting[origin] = np.flatnonzero((first + 2 <= origin) & judged)
    fitting |= _with_history(world.panel, {origin: fitting[origin] for origin in origins.backtest}, log)
    parts = []
    for origin, fold in begins:
        chosen = fitting[origin]
        if len(chosen) > most:
            chosen = np.sort(rng.choice(chosen, most, replace=False))
        parts.append((chosen, np.full(len(chosen), origin), np.full(len(chosen), fold)))
    series, origins_of, folds = (np.concatenate(columns).astype(np.int64) for columns in zip(*parts, strict=True))
    if not (folds == 0).any():
        raise DataError("A backtest needs values to judge by. Received series whose last steps have no target; say a smaller horizon.")
    return Windows(world, series, origins_of, horizon, folds)


def _with_history(panel: Panel, windows: dict[int, Ints], log: DecisionLog) -> dict[int, Ints]:
    """Return the series of each origin whose history there is long enough; all of them where too few remain at any origin."""
    lengths = panel.lengths
    history = {origin: origin - (panel.steps - lengths)[chosen] for origin, chosen in windows.items()}
    found = {origin: chosen[history[origin] >= LEAST_HISTORY * lengths[chosen]] for origin, chosen in windows.items()}
    before, after = (sum(map(len, sizes.values())) for sizes in (windows, found))
    if after == before or min(map(len, found.values())) < LEAST_JUDGED:
        return windows
    told = f"{before - after:,} of {before:,} windows see less than half of what their series holds today; a forecast will see all of it."
    log.add("split", "windows that are judged", f"{after:,} windows", told, [f"all {before:,}"])
    return found


def sample_windows(world: World, cut: int, horizon: int, count: int, rng: np.random.Generator, least: int = 3) -> Windows:
    """Draw windows to learn from, all of whose steps lie before `cut`.

    Args:
        world: The series.
        cut: Column from which on no target is used.
        horizon: Steps to look ahead.
        count: The most windows.
        rng: Source of chance.
        least: Steps of a series that must lie before an origin.
    """
    first = world.panel.steps - world.panel.lengths
    room = np.maximum(cut - horizon - (first + least) + 1, 0)
    total = int(room.sum())
    empty = np.zeros(0, np.int64)
    if total == 0:
        return Windows(world, empty, empty, horizon)
    chosen = np.arange(total) if total <= count else np.sort(rng.choice(total, count, replace=False))
    ends = np.cumsum(room)
    series = np.searchsorted(ends, chosen, side="right")
    origin = chosen - (ends - room)[series] + first[series] + least
    windows = Windows(world, series.astype(np.int64), origin.astype(np.int64), horizon)
    there = ~np.isnan(windows.target())
    return windows.take(np.flatnonzero(there.mean(axis=1) > 0.3))


def lookback_of(spec: WindowSpec, reach: float = 1.0) -> int:
    """Return how many steps of the past a window shows.

    Example:
        >>> lookback_of(WindowSpec(0, 0, (), 9, "forecasting", 100, horizon=14, seasons=(7,), steps=500))
        28
    """
    longest = max(spec.seasons, default=1)
    usual = max(2 * longest, 2 * spec.horizon if spec.horizon < longest else spec.horizon + longest, 12)
    usual = max(usual, 4 * spec.season) if spec.season > 1 else usual
    return int(np.clip(round(usual * reach), 4, max(min(LONGEST_REACH, spec.steps - 1), 4)))


def future_columns(windows: Windows) -> NDArray[np.float32]:
    """Return what is known in advance of each step, scaled: calendar waves, covariates, their levels, (windows, horizon, columns)."""
    world = windows.world
    parts = [world.calendar(windows.series, windows.columns, smooth=True)]
    for place in range(world.panel.known.shape[2]):
        values = gather(world.panel.known[:, :, place], windows.series, windows.columns)
        parts.append(_scaled(world, ("known", place), values))
    return np.concatenate(parts, axis=2).astype(np.float32)


def past_columns(windows: Windows, length: int) -> NDArray[np.float32]:
    """Return the covariates of the `length` steps before the origin, scaled, (windows, length, columns)."""
    world, parts = windows.world, []
    back = windows.origin[:, None] + np.arange(-length, 0)
    for role in ("known", "past"):
        source = getattr(world.panel, role)
        for place in range(source.shape[2]):
            parts.append(_scaled(world, (role, place), gather(source[:, :, place], windows.series, back)))
    return np.concatenate(parts, axis=2).astype(np.float32) if parts else np.zeros((len(windows), length, 0), np.float32)


def fixed_columns(windows: Windows) -> NDArray[np.float32]:
    """Return the covariates that are fixed for a series, scaled, (windows, columns)."""
    world, parts = windows.world, []
    for place in range(world.panel.static.shape[1]):
        parts.append(_scaled(world, ("static", place), world.panel.static[windows.series, place][:, None])[:, 0])
    return np.concatenate(parts, axis=1).astype(np.float32) if parts else np.zeros((len(windows), 0), np.float32)


def _scaled(world: World, which: tuple[str, int], values: Array) -> NDArray[np.float32]:
    """Return one covariate as numbers about 0 of size 1, or as indicators of its levels, (…, columns); missing is 0."""
    levels, mean, spread = world.rules.inputs[which]
    if levels:
        return np.asarray(values[..., None] == np.arange(levels), np.float32)
    return np.nan_to_num(np.clip((values - mean) / spread, -5.0, 5.0))[..., None].astype(np.float32)


def find_inputs(panel: Panel, levels: dict[str, tuple[int, ...]], upto: int) -> dict[tuple[str, int], tuple[int, float, float]]:
    """Return for each covariate the number of its levels (0 for a number), and mean and spread before column `upto`."""
    found = {}
    for role, counts in levels.items():
        for place, count in enumerate(counts):
            values = getattr(panel, role)[..., place]
            values = values if role == "static" else values[:, :upto]
            known = values[~np.isnan(values)]
            spread = float(known.std()) if len(known) else 1.0
            found[role, place] = (int(count), float(known.mean()) if len(known) else 0.0, spread if spread > 0 else 1.0)
    return found


def origins_at_end(world: World, series: Ints, horizon: int) -> Windows:
    """Return the windows that begin where the series end."""
    return Windows(world, np.asarray(series, np.int64), np.full(len(series), world.panel.steps, np.int64), horizon)
