"""A panel as models see it: gaps filled from the past, closed steps masked, on a scale where its spread is even."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.decisions import DecisionLog
from automl.forecasting.calendar import calendar_table, waves
from automl.forecasting.columns import Layout
from automl.forecasting.conformal import ordered
from automl.forecasting.panel import Floats, Ints, Panel, filled
from automl.percents import percent
from automl.task.series import find_season

MOST_LEVELS = 20  # of a covariate that may say that a step is closed
CLOSED, CLOSED_ROWS = 0.999, 20  # share of zeros, and steps, from which one level of a covariate says that nothing happens
LOG_FROM, ROOT_FROM = 0.6, 0.35  # spread grows with the level to this power or more: logarithms, or square roots, make it even
SEASON_SAMPLE = 300  # series that the season is looked for in


@dataclass(frozen=True)
class Scale:
    """How values become what models see: ``log(1 + value / unit)``, ``√(value / unit)``, or themselves.

    These are the transformations of Box and Cox (1964) with powers 0, 1/2 and 1, which is all that data of some years tell apart.

    Example:
        >>> Scale(unit=4.0, root=True).to_model(np.array([0.0, 16.0])).tolist()
        [0.0, 2.0]
    """

    log: bool = False
    unit: float = 1.0
    root: bool = False

    @property
    def bends(self) -> bool:
        """Whether a step of the models is a larger step of the data the higher the level."""
        return self.log or self.root

    def to_model(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values on the scale of the models."""
        if self.root:
            return np.asarray(np.sqrt(np.maximum(values, 0.0) / self.unit))
        return np.log1p(np.maximum(values, 0.0) / self.unit) if self.log else values

    def to_world(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of the models as those of the data; the order of quantiles stays."""
        if self.root:
            return np.asarray(np.maximum(values, 0.0) ** 2 * self.unit)
        return np.expm1(np.clip(values, 0.0, 60.0)) * self.unit if self.log else values


@dataclass(frozen=True)
class Rules:
    """What was found out about the values of a panel, from the past alone.

    Attributes:
        seasons: Steps after which values come again, ascending; empty for none.
        scale: Linear, logarithmic, or square roots.
        closed: (place among the known covariates, value): where a covariate has this value, the target is 0.
        lower: The least value that a forecast may have; None for any.
        whole: Whether all values are whole numbers.
        country: Whose holidays are looked at.
        inputs: Of each covariate (role, place): number of levels (0 for a number), mean and spread.
    """

    seasons: tuple[int, ...] = ()
    scale: Scale = Scale()
    closed: tuple[tuple[int, float], ...] = ()
    lower: float | None = None
    whole: bool = False
    country: str | None = None
    inputs: dict[tuple[str, int], tuple[int, float, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        told = {"seasons": list(self.seasons), "log": self.scale.log, "unit": self.scale.unit, "root": self.scale.root}
        told |= {"lower": self.lower, "whole": self.whole}
        inputs = [[*which, *how] for which, how in self.inputs.items()]
        return {**told, "closed": [list(entry) for entry in self.closed], "country": self.country, "inputs": inputs}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Rules:
        """Rebuild them from :meth:`to_dict`."""
        closed = tuple((int(place), float(value)) for place, value in values["closed"])
        scale = Scale(bool(values["log"]), float(values["unit"]), bool(values.get("root", False)))
        inputs = {
            (str(role), int(place)): (int(levels), float(mean), float(spread)) for role, place, levels, mean, spread in values["inputs"]
        }
        return cls(tuple(values["seasons"]), scale, closed, values["lower"], bool(values["whole"]), values["country"], inputs)


@dataclass(frozen=True)
class World:
    """A panel with its rules, and what is computed from them once."""

    panel: Panel
    rules: Rules

    @cached_property
    def closed(self) -> NDArray[np.bool_]:
        """Whether nothing happens at a step by a covariate that is known in advance, (series, steps + ahead)."""
        shut = np.zeros(self.panel.known.shape[:2], bool)
        for place, value in self.rules.closed:
            shut |= self.panel.known[:, :, place] == np.float32(value)
        return shut

    @cached_property
    def target(self) -> Floats:
        """The target on the scale of the models with gaps as NaN, (series, steps); closed steps are gaps."""
        y = np.where(self.closed[:, : self.panel.steps], np.nan, self.panel.y)
        return np.asarray(self.rules.scale.to_model(y), np.float32)

    @cached_property
    def seen(self) -> Floats:
        """The same with gaps filled from the past alone; NaN before a series begins."""
        return filled(self.target, self.season)

    @property
    def season(self) -> int:
        """The shortest season, 1 for none."""
        return self.rules.seasons[0] if self.rules.seasons else 1

    @cached_property
    def sums(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Sums of `seen`, of its squares and of its known steps before each column, (series, steps + 1)."""
        there = ~np.isnan(self.seen)
        values = np.where(there, self.seen, 0.0).astype(np.float64)
        start = np.zeros((len(values), 1))
        return tuple(  # type: ignore[return-value]
            np.concatenate([start, np.cumsum(part, axis=1)], axis=1) for part in (values, values**2, there.astype(np.float64))
        )

    def mean_and_spread(self, series: Ints, start: Ints, end: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation of `seen` in columns [start, end) of some series; NaN where nothing is known."""
        width = self.panel.steps
        low, high = np.clip(start, 0, width), np.clip(end, 0, width)
        total, square, count = (part[series, high] - part[series, low] for part in self.sums)
        count = np.where(count > 0, count, np.nan)
        mean = total / count
        return mean, np.sqrt(np.maximum(square / count - mean**2, 0.0))

    @cached_property
    def _calendar(self) -> tuple[int, Floats, Floats]:
        first = int(self.panel.last.min()) - self.panel.steps + 1
        steps = np.arange(first, int(self.panel.last.max()) + self.panel.ahead + 1)
        told = (self.panel.frequency, steps, self.rules.country)
        return first, calendar_table(*told), waves(*told)

    def calendar(self, series: Ints, columns: Ints, smooth: bool = False) -> Floats:
        """Return calendar columns at `columns` (windows, n) of `series` (windows,), (windows, n, columns)."""
        first, table, smoothed = self._calendar
        chosen = smoothed if smooth else table
        return chosen[np.clip(self.panel.ordinals(series, columns) - first, 0, len(chosen) - 1)]


def gather(values: NDArray[Any], series: Ints, columns: Ints) -> NDArray[Any]:
    """Return ``values[series, columns]`` with NaN where a column does not exist.

    Args:
        values: (series, steps, …).
        series: (windows,).
        columns: (windows, n).
    """
    inside = (columns >= 0) & (columns < values.shape[1])
    found = values[series[:, None], np.where(inside, columns, 0)]
    found[~inside] = np.nan
    return found


@dataclass(frozen=True)
class Windows:
    """Places to forecast from: what lies before column `origin` of a series is known, `horizon` steps from it on are asked for."""

    world: World
    series: Ints
    origin: Ints
    horizon: int
    folds: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self.series)

    @property
    def columns(self) -> Ints:
        """Columns of the steps asked for, (windows, horizon)."""
        return np.asarray(self.origin[:, None] + np.arange(self.horizon), np.int64)

    def truth(self) -> NDArray[np.float64]:
        """Return the values that came true as they stand in the data, (windows, horizon); NaN for gaps and closed steps."""
        values = gather(self.world.panel.y, self.series, self.columns).astype(np.float64)
        values[self.closed()] = np.nan
        return values

    def closed(self) -> NDArray[np.bool_]:
        """Return which steps are closed, (windows, horizon)."""
        shut = self.world.closed
        columns = self.columns
        inside = columns < shut.shape[1]
        return np.asarray(shut[self.series[:, None], np.where(inside, columns, 0)] & inside)

    def target(self) -> NDArray[np.float64]:
        """Return the values that came true on the scale of the models, NaN for gaps, (windows, horizon)."""
        return gather(self.world.target, self.series, self.columns).astype(np.float64)

    def history(self, steps: int) -> NDArray[np.float64]:
        """Return the `steps` values before the origin on the scale of the models, gaps filled, (windows, steps)."""
        back = self.origin[:, None] + np.arange(-steps, 0)
        return gather(self.world.seen, self.series, back).astype(np.float64)

    def take(self, chosen: NDArray[Any]) -> Windows:
        """Return some of the windows."""
        folds = self.folds[chosen] if len(self.folds) else self.folds
        return Windows(self.world, self.series[chosen], self.origin[chosen], self.horizon, folds)


def in_world(values: NDArray[Any], windows: Windows) -> NDArray[Any]:
    """Return quantiles of models as those of the data: scaled back, not below the least value, 0 where a step is closed.

    Args:
        values: (windows, horizon, quantiles) on the scale of the models.
        windows: Where they belong.
    """
    rules = windows.world.rules
    found = ordered(rules.scale.to_world(values))
    if rules.lower is not None:
        found = np.maximum(found, rules.lower)
    found[windows.closed()] = 0.0
    return found


def find_rules(
    panel: Panel, layout: Layout, upto: int, log: DecisionLog, *, asked: tuple[int, ...] | None, scale: str | None, country: str | None
) -> Rules:
    """Find out season, scale and closed steps from the columns before `upto`.

    Args:
        panel: The series.
        layout: Names of the covariates.
        upto: Column from which on nothing is looked at.
        log: Receives the decisions.
        asked: Seasons that the user gave; None to find out.
        scale: "linear", "log" or "sqrt"; None to find out.
        country: Whose holidays to look at.
    """
    y = panel.y[:, :upto]
    known = y[~np.isnan(y)]
    lower = float(known.min()) if len(known) else None
    lower = 0.0 if lower is not None and lower >= 0 else None
    closed = _closed(panel, layout, upto, log) if lower == 0.0 else ()
    shut = np.zeros(y.shape, bool)
    for place, value in closed:
        shut |= panel.known[:, :upto, place] == np.float32(value)
    open_ = np.where(shut, np.nan, y)
    seasons = _seasons(panel, open_, log) if asked is None else tuple(sorted(step for step in asked if step > 1))
    whole = bool(len(known)) and bool(np.all(known == np.round(known)))
    return Rules(seasons, _scale(open_, seasons, lower, scale, log), closed, lower, whole, country)


def _closed(panel: Panel, layout: Layout, upto: int, log: DecisionLog) -> tuple[tuple[int, float], ...]:
    """Return which value of which known covariate says that the target is 0."""
    y, found = panel.y[:, :upto], []
    there = ~np.isnan(y)
    zero = (y == 0) & there
    if not zero.any() or zero.sum() == there.sum():
        return ()
    for place, covariate in enumerate(layout.of("known")):
        values = panel.known[:, :upto, place]
        levels = np.unique(values[there & ~np.isnan(values)])
        if not 2 <= len(levels) <= MOST_LEVELS:
            continue
        for level in levels:
            at = there & (values == level)
            share = zero[at].mean()
            if at.sum() >= CLOSED_ROWS and share >= CLOSED and at.sum() < 0.9 * there.sum():
                found.append((place, float(level)))
                said = covariate.levels[int(level)] if covariate.levels else f"{level:g}"
                told = f"{percent(share)} of {int(at.sum()):,} values are 0 where {covariate.name!r} is {said}."
                log.add("detect", "closed steps", f"0 where {covariate.name} is {said}", told, ["learn them as any others"])
    return tuple(found)


def _seasons(panel: Panel, y: Floats, log: DecisionLog) -> tuple[int, ...]:
    frequency = panel.frequency
    lengths = panel.lengths
    chosen = np.argsort(-lengths, kind="stable")[:SEASON_SAMPLE]
    values, key = [], []
    for place, number in enumerate(chosen):
        row = y[number]
        row = row[len(row) - min(lengths[number], len(row)) :].astype(np.float64) if lengths[number] else row[:0].astype(np.float64)
        row = row[-5000:]
        spread = np.nanstd(row) if np.isfinite(row).any() else 0.0
        if len(row) >= 8 and spread > 0:
            values.append((row - np.nanmean(row)) / spread)
            key.append(np.full(len(row), place))
    candidates = frequency.seasons
    if not values:
        return ()
    found = find_season(np.concatenate(values), np.concatenate(key), candidates)
    seasons = () if found is None else (found,) if isinstance(found, int) else tuple(found)
    because = f"Changes repeat after {' and '.join(map(str, seasons))} steps." if seasons else "No season shows in the values."
    usual = [length for length in candidates if length > 1 and np.median(lengths) >= 2 * length]
    if not seasons and frequency.dated and usual:
        seasons, because = (usual[0],), f"No season shows; {usual[0]} steps are the usual one of {frequency.name!r}."
    log.add("detect", "season", ", ".join(map(str, seasons)) or "none", because, [], "season=7")
    return tuple(sorted(seasons))


def _scale(y: Floats, seasons: tuple[int, ...], lower: float | None, asked: str | None, log: DecisionLog) -> Scale:
    """Return the scale on which the spread does not depend on the level (Guerrero, 1993): linear, square roots, logarithmic."""
    known = y[~np.isnan(y)]
    if lower is None or not len(known) or known.max() <= 0:
        return Scale()
    unit = max(float(np.median(known[known > 0])) / 50.0, 1e-12)
    if asked is not None:
        log.add("prepare", "scale of the target", asked, "You said so.", [], f"target_scale={asked!r}")
        return Scale(asked == "log", unit, asked == "sqrt")
    length = max(seasons[0] if seasons else 0, 8)
    blocks = y.shape[1] // length
    if not blocks:
        return Scale()
    cut = y[:, y.shape[1] - blocks * length :].reshape(-1, length)
    cut = cut[~np.isnan(cut).any(axis=1)]
    means, spreads = cut.mean(axis=1), cut.std(axis=1)
    fine = (means > 0) & (spreads > 0)
    zeros = float((known <= 0).mean())
    power = 0.0
    if fine.sum() >= 10 and np.std(np.log(means[fine])) > 0.05:
        power = float(np.polyfit(np.log(means[fine]), np.log(spreads[fine]), 1)[0])
    log_fits = zeros < 0.02  # a logarithm tears few zeros away from all other values
    name = "log" if power >= LOG_FROM and log_fits else "sqrt" if ROOT_FROM <= power < LOG_FROM else "linear"
    grows = f"Over blocks of {length} steps the spread grows with the level to the power {power:.2f}"
    because = f"{grows}; {percent(zeros)} of the values are 0."
    others = [one for one in ("linear", "log", "sqrt") if one != name]
    log.add("prepare", "scale of the target", name, because, others, f"target_scale={others[0]!r}")
    return Scale(name == "log", unit, name == "sqrt")
