"""Tables of the future in, the same tables with forecasts out; new observations and new series on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.errors import DataError, UsageError
from automl.forecasting.columns import Layout
from automl.forecasting.measures import MEDIAN, QUANTILES
from automl.forecasting.model import ForecastModel
from automl.forecasting.panel import Ints, Panel, carried, read_panel
from automl.forecasting.world import gather

Array = NDArray[Any]
NAMES = tuple(f"q{round(level * 100):d}" for level in QUANTILES)
MOST_STEPS = 20  # horizons that a forecast may reach ahead


@dataclass(frozen=True)
class Asked:
    """Which step of which series each row of a table asks for, and the series with what is known of their future."""

    panel: Panel
    series: Ints
    step: Ints
    new: NDArray[np.bool_]


def table_of(model: ForecastModel, rows: pd.DataFrame, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the rows of the future with `prediction` and quantile columns, in the order given.

    Args:
        model: A fitted forecaster.
        rows: Series, time and the covariates known in advance; a target column is ignored.
        history: New observations, with their target; see :func:`extended`.

    Raises:
        DataError: If a column or value is missing, or a row lies in the past; the message names it.
    """
    model = extended(model, history)
    asked = asked_of(model, rows)
    made = model.ahead(asked.panel, int(asked.step.max()) + 1)
    made[asked.new] = _unsure(model, asked, made)
    values = made[asked.series, asked.step]
    told = {"prediction": values[:, MEDIAN], **{name: values[:, place] for place, name in enumerate(NAMES)}}
    return rows.reset_index(drop=True).drop(columns=[name for name in told if name in rows.columns]).assign(**told)


def steps_ahead(model: ForecastModel, horizon: int, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a table of all series `horizon` steps ahead, without any rows given.

    Raises:
        DataError: If the model reads covariates of the future, which nobody has given.
        UsageError: If the horizon is impossible.
    """
    if isinstance(horizon, bool) or not hasattr(horizon, "__index__") or not 1 <= horizon <= MOST_STEPS * model.horizon:
        most = MOST_STEPS * model.horizon
        raise UsageError(f"`horizon` must be a whole number from 1 to {most}. Received horizon={horizon!r}.")
    model = extended(model, history)
    _require_known(model, model.panel, horizon)
    made = model.ahead(model.panel.with_ahead(max(horizon, model.panel.ahead)), int(horizon))
    return _written(model.layout, model.panel, made)


def _require_known(model: ForecastModel, panel: Panel, horizon: int) -> None:
    names = [covariate.name for covariate in model.layout.of("known")]
    if not names:
        return
    there = panel.known[:, panel.steps : panel.steps + horizon]
    absent = [name for place, name in enumerate(names) if there.shape[1] < horizon or np.isnan(there[:, :horizon, place]).any()]
    if absent:
        raise DataError(
            f"The future values of {', '.join(map(repr, absent))} must be given: the model reads them. Received none; hand in rows of the "
            "future with `automl predict MODEL FUTURE.csv`, or forecast(future=table)."
        )


def _written(layout: Layout, panel: Panel, made: Array) -> pd.DataFrame:
    count, steps = made.shape[:2]
    table: dict[str, Any] = {}
    for place, name in enumerate(layout.series):
        table[name] = np.repeat(np.array([key[place] for key in panel.keys], dtype=object), steps)
    ordinals = (panel.last[:, None] + np.arange(1, steps + 1)).ravel()
    table[layout.time.name] = panel.frequency.stamps(ordinals)
    flat = made.reshape(count * steps, -1)
    table["prediction"] = flat[:, MEDIAN]
    return pd.DataFrame(table | {name: flat[:, place] for place, name in enumerate(NAMES)})


def asked_of(model: ForecastModel, rows: pd.DataFrame) -> Asked:
    """Find the series and the step of each row, and put the covariates of the future into their places.

    Raises:
        DataError: If a column or a value is missing, or a row lies in the past.
    """
    layout, panel = model.layout, model.panel
    names = [*layout.series, layout.time.name, *(covariate.name for covariate in layout.of("known"))]
    absent = [name for name in names if name not in rows.columns]
    if absent:
        shown = ", ".join(map(repr, absent))
        raise DataError(f"Rows of the future must have the series, the time and what is known in advance. Missing: {shown}.")
    if not len(rows):
        raise DataError("Rows of the future must be there. Received a table without rows.")
    times = layout.times(rows)
    unread = np.flatnonzero(np.asarray(pd.isna(times)))
    if len(unread):
        told = rows[layout.time.name].iloc[unread[0]]
        raise DataError(f"Every row of the future must have a time. Received {told!r} in row {int(unread[0])} of {layout.time.name!r}.")
    ordinals = panel.frequency.ordinals(times)
    keys, place = layout.keys(rows), {key: number for number, key in enumerate(panel.keys)}
    fresh = list(dict.fromkeys(key for key in keys if key not in place))
    new = np.concatenate([np.zeros(panel.series, bool), np.ones(len(fresh), bool)])
    if fresh:
        panel = _with_new(model, panel, fresh, rows, keys, ordinals)
        place |= {key: model.panel.series + number for number, key in enumerate(fresh)}
    series = np.array([place[key] for key in keys], np.int64)
    step = ordinals - panel.last[series] - 1
    _require_future(model, rows, step, panel, series)
    used, inverse = np.unique(series, return_inverse=True)
    panel = panel.take(used).with_ahead(max(int(step.max()) + 1, model.horizon, panel.ahead))
    known = _filled(layout, panel, rows, inverse, step)
    return Asked(replace(panel, known=known), np.asarray(inverse, np.int64), step, new[used])


def _require_future(model: ForecastModel, rows: pd.DataFrame, step: Ints, panel: Panel, series: Ints) -> None:
    late, early = MOST_STEPS * model.horizon, np.flatnonzero(step < 0)
    name = model.layout.time.name
    if len(early):
        row = int(early[0])
        last = str(panel.frequency.stamps(panel.last[series[row] : series[row] + 1])[0]).removesuffix(" 00:00:00")
        raise DataError(
            f"Rows of the future must lie behind the last known step. Received {rows[name].iloc[row]!s} in row {row} where the series ends "
            f"at {last}; {len(early):,} of {len(rows):,} rows {'is' if len(early) == 1 else 'are'} like this."
        )
    if step.max() >= late:
        row = int(step.argmax())
        raise DataError(
            f"A forecast must reach at most {late} steps ahead. Received {rows[name].iloc[row]!s}, {int(step[row]) + 1} steps ahead; "
            "hand in what was observed since with `history`."
        )


def _filled(layout: Layout, panel: Panel, rows: pd.DataFrame, series: Ints, step: Ints) -> Array:
    known = np.array(panel.known)
    for place, covariate in enumerate(layout.of("known")):
        cells = rows[covariate.name]
        missing = np.asarray(cells.isna())
        if missing.any():
            row = int(np.flatnonzero(missing)[0])
            raise DataError(
                f"What is known in advance must be given for every row of the future. Received "
                f"{int(missing.sum()):,} {'row' if missing.sum() == 1 else 'rows'} without {covariate.name!r}, the first is row {row}."
            )
        known[series, panel.steps + step, place] = covariate.encode(cells)
    filled = [carried(known[:, :, place]) for place in range(known.shape[2])]
    return np.stack(filled, axis=2) if filled else known


def _with_new(
    model: ForecastModel, panel: Panel, fresh: list[tuple[str, ...]], rows: pd.DataFrame, keys: list[tuple[str, ...]], ordinals: Ints
) -> Panel:
    """Add series that were never seen: their past is the middle of the series that are most like them by what is fixed."""
    layout, latest = model.layout, int(panel.last.max())
    first = dict.fromkeys(fresh, latest)
    for key, ordinal in zip(keys, ordinals, strict=True):
        if key in first:
            first[key] = min(first[key], int(ordinal) - 1)
    static = np.full((len(fresh), panel.static.shape[1]), np.nan, np.float32)
    row_of = {key: row for row, key in reversed(list(enumerate(keys)))}
    for place, covariate in enumerate(layout.of("static")):
        if covariate.name in rows.columns:
            values = covariate.encode(rows[covariate.name].iloc[[row_of[key] for key in fresh]])
            static[:, place] = values
    shift = latest - panel.last
    width = panel.steps
    aligned = gather(panel.y, np.arange(panel.series), np.arange(width)[None, :] + shift[:, None])
    y, known, past = [], [], []
    for number in range(len(fresh)):
        alike = (panel.static == static[number]).sum(axis=1)
        chosen = np.flatnonzero(alike == alike.max())
        y.append(_middle(aligned[chosen]))
        known.append(_middle(gather(panel.known, chosen, np.arange(panel.known.shape[1])[None, :] + shift[chosen, None])))
        past.append(_middle(gather(panel.past, chosen, np.arange(width)[None, :] + shift[chosen, None])))
    joined: dict[str, Any] = {
        "keys": (*panel.keys, *fresh),
        "last": np.concatenate([panel.last, [first[key] if first[key] < latest else latest for key in fresh]]),
        "y": np.concatenate([panel.y, np.stack(y)]),
        "known": np.concatenate([panel.known, np.stack(known)]),
        "past": np.concatenate([panel.past, np.stack(past)]),
        "static": np.concatenate([panel.static, static]),
    }
    return replace(panel, **joined)


def _middle(values: Array) -> NDArray[np.float32]:
    """Return the median over the first axis of what is known there, NaN where nothing is."""
    there = ~np.isnan(values)
    ranked = np.sort(np.where(there, values, np.inf), axis=0)
    count = there.sum(axis=0)
    if not len(values):
        return np.zeros(values.shape[1:], np.float32)
    middle = np.take_along_axis(ranked, np.maximum(count - 1, 0)[None] // 2, axis=0)[0]
    return np.where(count > 0, middle, np.nan).astype(np.float32)


def _unsure(model: ForecastModel, asked: Asked, made: Array) -> Array:
    """Return the quantiles of new series, wider by how much the known series differ in their level."""
    levels = np.nanmean(np.where(np.isnan(model.panel.y), np.nan, model.panel.y), axis=1)
    middle = float(np.median(levels))
    away = (np.quantile(levels, QUANTILES) - middle) / (abs(middle) if middle else 1.0)
    values = made[asked.new]
    median = values[..., MEDIAN : MEDIAN + 1]
    own = values - median
    wide = median + np.sign(away) * np.sqrt(own**2 + (np.abs(median) * away) ** 2)
    return np.asarray(np.maximum(wide, model.rules.lower) if model.rules.lower is not None else wide)


def extended(model: ForecastModel, history: pd.DataFrame | None) -> ForecastModel:
    """Return the model with new observations behind its series, or with new series; nothing is trained.

    Args:
        model: A fitted forecaster.
        history: Rows with series, time, target and all covariates; what is known already is replaced by them.

    Raises:
        DataError: If a column is missing.
    """
    if history is None:
        return model
    layout = model.layout
    names = [*layout.series, layout.time.name, layout.target.name, *(covariate.name for covariate in layout.covariates)]
    absent = [name for name in names if name not in history.columns]
    if absent:
        shown = ", ".join(map(repr, absent))
        raise DataError(f"New observations must have the columns that the model was trained on. Missing: {shown}.")
    fresh = read_panel(history, layout, frequency=model.panel.frequency)
    return replace(model, panel=joined(model.panel, fresh))


def joined(old: Panel, new: Panel) -> Panel:
    """Return the series of both panels; where both know a step, the second counts."""
    keys = list(dict.fromkeys([*old.keys, *new.keys]))
    places = [{key: number for number, key in enumerate(panel.keys)} for panel in (old, new)]
    last = np.full(len(keys), np.iinfo(np.int64).min)
    first = np.full(len(keys), np.iinfo(np.int64).max)
    for panel, place in zip((old, new), places, strict=True):
        begins = panel.last - panel.steps + 1
        for number, key in enumerate(keys):
            if key in place:
                last[number] = max(last[number], panel.last[place[key]])
                first[number] = min(first[number], begins[place[key]])
    steps = int((last - first).max()) + 1
    y = np.full((len(keys), steps), np.nan, np.float32)
    known = np.full((len(keys), steps, old.known.shape[2]), np.nan, np.float32)
    past = np.full((len(keys), steps, old.past.shape[2]), np.nan, np.float32)
    static = np.full((len(keys), old.static.shape[1]), np.nan, np.float32)
    for panel, place in zip((old, new), places, strict=True):
        for number, key in enumerate(keys):
            if key not in place:
                continue
            row = place[key]
            start = steps - 1 - int(last[number] - panel.last[row]) - panel.steps + 1
            for target, source in ((y, panel.y), (known, panel.known[:, : panel.steps]), (past, panel.past)):
                here = target[number, start : start + panel.steps]
                there = ~np.isnan(source[row])
                here[there] = source[row][there]
            there = ~np.isnan(panel.static[row])
            static[number, there] = panel.static[row, there]
    for values in (known, past):
        for column in range(values.shape[2]):
            values[:, :, column] = carried(values[:, :, column])
    return Panel(tuple(keys), old.frequency, last, y, known, past, static).tail(max(old.steps, new.steps))
