"""Forecasts on the page: fans of series, errors and coverage along the horizon, series by series, what covariates add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from markupsafe import Markup

from automl.report import svg, words
from automl.report.blocks import card
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import ReportFacts
from automl.report.forecasts import CovariateFacts, FanFacts, StepFacts

_SHOWN = 15
_KINDS = {"worst": "The worst series", "typical": "A typical series", "best": "The best series"}


def fans(facts: ReportFacts) -> Block | None:
    """Draw the worst, a typical and the best series with what was forecast and, where it may be shown, what came true."""
    told = facts.forecast
    if told is None or not told.fans:
        return None
    figures = tuple((_fan(fan, facts.task.target), _caption(fan)) for fan in told.fans)
    shown = any(fan.truth for fan in told.fans)
    rows: list[list[Cell]] = []
    for fan in told.fans:
        for place, time in enumerate(fan.times[:60]):
            values = (*fan.truth[place : place + 1], fan.median[place], fan.low[place], fan.high[place])
            rows.append([fan.name, time, *(words.number(value) for value in values)])
    head = ("Series", "Time", *(("True",) if shown else ()), "Forecast", "10 %", "90 %")
    table = Table(f"What was forecast{' and what came true' if shown else ''}", head, rows, frozenset({0, 1}))
    unseen = "a window that no choice has seen" if told.unseen else "the window that choices were made on"
    bands = f"the dark band should hold {words.percent(0.4)} of the values, the light one {words.percent(0.8)}"
    beside = "Dots came true." if shown else "Values of the data were not to be shown."
    note = f"The line is the median; {bands}. {beside}"
    series = "one series" if told.series == 1 else f"{words.whole(told.series)} series"
    return Block(
        "forecasts",
        "Forecasts",
        f"Forecasts {how_far(told.horizon, told.frequency)} ahead for {series}, on {unseen}.",
        "What will be different this time: forecasts go on with what was, and know of a new shop next door only what the columns say.",
        notes=(note,),
        figures=figures,
        tables=(table,),
    )


def _caption(fan: FanFacts) -> str:
    score = "" if fan.score is None else f", MASE {words.number(fan.score)}"
    return f"{_KINDS[fan.kind]}: {words.shorten(fan.name, 60)}{score}"


_STEPS = {"D": "day", "B": "working day", "W": "week", "M": "month", "MS": "month", "ME": "month", "Q": "quarter", "QS": "quarter",
          "QE": "quarter", "Y": "year", "YS": "year", "YE": "year", "h": "hour", "H": "hour", "min": "minute", "s": "second"}  # fmt: skip


def how_far(steps: int, code: str) -> str:
    """Say how far so many steps lead, in the unit of the step where that says something to a reader.

    Example:
        >>> [how_far(*told).replace(words.SPACE, " ") for told in ((14, "D"), (1, "W-SUN"), (8, "15min"), (12, "step"))]
        ['14 days', '1 week', '8 steps of 15 minutes', '12 steps']
    """
    amount = "".join(sign for sign in code if sign.isdigit())
    unit = _STEPS.get(code.lstrip("0123456789").partition("-")[0])
    if unit is None:
        return words.count(steps, "step")
    return words.count(steps, unit) if amount in ("", "1") else f"{words.count(steps, 'step')} of {words.count(int(amount), unit)}"


def next_steps(steps: int, code: str) -> str:
    """Name so many steps from now on.

    Example:
        >>> [next_steps(*told).replace(words.SPACE, " ") for told in ((14, "D"), (1, "D"), (1, "15min"))]
        ['the next 14 days', 'the next day', 'the next step of 15 minutes']
    """
    return f"the next {how_far(steps, code).removeprefix('1 ')}"


def _fan(fan: FanFacts, target: str) -> Markup:
    past, ahead = len(fan.past), len(fan.times)
    known = [value for value in (*fan.past, *fan.truth, *fan.low, *fan.high) if value is not None]
    low, high = min(known), max(known)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    frame = svg.Frame(720.0, 300.0, (0.0, float(max(past + ahead - 1, 1))), (low - room, high + room), (26.0, 14.0, 44.0, 62.0))
    times = (*fan.past_times, *fan.times)
    places = sorted({0, past, past + ahead - 1} | {round(past * share) for share in (0.33, 0.66)})
    x_ticks = [(float(place), times[place]) for place in places if place == past or abs(place - past) > 0.15 * len(times)]
    parts = [frame.grid(x_ticks, [(t, words.number(t)) for t in svg.ticks(low, high, 5)], "", target)]
    steps = [float(past + step) for step in range(ahead)]
    for lower, upper, kind in ((fan.low, fan.high, "band"), (fan.inner_low, fan.inner_high, "band inner")):
        band = [*zip(steps, upper, strict=True), *zip(reversed(steps), reversed(lower), strict=True)]
        parts.append(svg.path([frame.at(x, y) for x, y in band], kind, closed=True))
    drawn = svg.thin([(float(place), value) for place, value in enumerate(fan.past) if value is not None], 300)
    if drawn:
        parts.append(frame.line(drawn, "line thin"))
    if past:
        parts.append(frame.segment((float(past) - 0.5, low - room), (float(past) - 0.5, high + room), "reference"))
    parts.append(frame.line(list(zip(steps, fan.median, strict=True)), "line"))
    for step, value in zip(steps, fan.truth, strict=False):
        if value is not None:
            x, y = frame.at(step, value)
            parts.append(svg.tag("circle", cx=x, cy=y, r=3.0, class_="true"))
    name = f"fan-{fan.kind}"
    about = "The past, the forecast with its bands, and what came true." if fan.truth else "The forecast with its bands."
    return svg.chart(svg.join(parts), name, f"{_KINDS[fan.kind]}: {fan.name}", about, 720, 300)


def horizon(facts: ReportFacts) -> Block | None:
    """Draw how error and coverage change with the distance."""
    told = facts.forecast
    if told is None or not told.by_step:
        return None
    steps = told.by_step
    first, last = steps[0], steps[-1]
    rows: list[list[Cell]] = [
        [_span(s), words.number(s.mae), words.number(s.naive_mae), words.percent(s.coverage), words.whole(s.values)] for s in steps
    ]
    levels: list[list[Cell]] = [[words.percent(e.nominal), words.percent(e.measured), words.whole(e.values)] for e in told.levels]
    growth = ""
    if len(steps) > 1 and first.mae is not None and last.mae is not None:
        growth = f" from {words.number(first.mae)} ({_steps(first)} ahead) to {words.number(last.mae)} ({_steps(last)} ahead)"
    measured = told.levels[0].measured if told.levels else None
    return Block(
        "horizon",
        "Along the horizon",
        f"The error goes{growth or ' along the horizon'}; the 80 % interval held {words.percent(measured)} of the values.",
        "Whether other windows of time would be as easy: one window is one stretch of weather, holidays and luck.",
        figures=(
            (_errors(steps), "Mean absolute error by step ahead, of this model and of the seasonal naive (dashed)"),
            (_coverage(steps), "Share of values inside of the 80 % interval by step ahead"),
        ),
        tables=(
            Table("By step ahead", ("Steps ahead", "Mean error", "Seasonal naive", "Coverage of 80 %", "Values"), rows),
            Table("Intervals", ("Should hold", "Held", "Values"), levels),
        ),
    )


def _steps(step: StepFacts) -> str:
    return "1 step" if step.last == 1 else f"{_span(step)} steps"


def _span(step: StepFacts) -> str:
    return f"{step.first}" if step.first == step.last else f"{step.first}–{step.last}"


def _errors(steps: Sequence[StepFacts]) -> Markup:
    known = [value for s in steps for value in (s.mae, s.naive_mae) if value is not None]
    top = max(known) * 1.08 or 1.0
    frame = svg.Frame(420.0, 260.0, (float(steps[0].first), float(steps[-1].last)), (0.0, top), (26.0, 14.0, 44.0, 62.0))
    x_ticks = [(t, words.number(t)) for t in svg.ticks(steps[0].first, steps[-1].last, 5)]
    parts = [frame.grid(x_ticks, [(t, words.number(t)) for t in svg.ticks(0.0, top, 4)], "steps ahead", "mean absolute error")]
    for kind, name in (("line", "mae"), ("line second", "naive_mae")):
        points = [((s.first + s.last) / 2, getattr(s, name)) for s in steps if getattr(s, name) is not None]
        parts.append(frame.line(points, kind))
    return svg.chart(svg.join(parts), "error-by-step", "Error by step ahead", "Mean absolute error along the horizon.", 420, 260)


def _coverage(steps: Sequence[StepFacts]) -> Markup:
    frame = svg.Frame(420.0, 260.0, (float(steps[0].first), float(steps[-1].last)), (0.0, 1.0), (26.0, 14.0, 44.0, 62.0))
    x_ticks = [(t, words.number(t)) for t in svg.ticks(steps[0].first, steps[-1].last, 5)]
    parts = [frame.grid(x_ticks, [(share, words.percent(share)) for share in (0.0, 0.4, 0.8, 1.0)], "steps ahead", "inside")]
    parts.append(frame.segment((float(steps[0].first), 0.8), (float(steps[-1].last), 0.8), "reference"))
    points = [((s.first + s.last) / 2, s.coverage) for s in steps if s.coverage is not None]
    parts.append(frame.line(points, "line"))
    return svg.chart(
        svg.join(parts), "coverage-by-step", "Coverage by step ahead", "Share of values inside of the 80 % interval.", 420, 260
    )


def by_series(facts: ReportFacts) -> Block | None:
    """List the worst and the best series."""
    told = facts.forecast
    if told is None or len(told.by_series) < 2:
        return None
    rows: list[list[Cell]] = [
        [words.shorten(s.name, 60), words.number(s.mase), words.number(s.smape), words.percent(s.coverage)] for s in told.by_series
    ]
    return Block(
        "series",
        "Series by series",
        _spread([s.mase for s in told.by_series if s.mase is not None]),
        "Why a series is hard: a short history, a change of habits, or chance.",
        tables=(Table("The worst first", ("Series", "MASE", "sMAPE", "Coverage of 80 %"), rows),),
        open_tables=True,
    )


def _spread(known: Sequence[float]) -> str:
    """Say between which multiples of the seasonal naive the errors of series lie, where there is one to divide by."""
    if not known:
        return "The errors of series cannot be held against the seasonal naive, which makes none in the past."
    if len(known) == 1:
        than = f"{words.number(known[0])} times that of the seasonal naive in the past"
        return f"The error is {than}, for the only series where that can be told."
    worse = sum(mase > 1 for mase in known)
    return (
        f"The error goes from {words.number(min(known))} to {words.number(max(known))} times that of the seasonal naive in the past;"
        f" {words.whole(worse) if worse else 'none'} of {len(known)} series shown {'lies' if worse < 2 else 'lie'} above 1."
    )


def shown_to_add(facts: ReportFacts) -> tuple[CovariateFacts | None, Literal["nothing", "something", "most"], str]:
    """Return the column that comes first, what its tests let anyone say that it adds, and which tests failed in half a sentence.

    Without passing "beyond chance" and the control it was not shown to add anything; where its order did not repeat, not the most.
    """
    told = facts.forecast
    best = told.covariates[0] if told is not None and told.covariates else None
    if best is None or not best.rise:
        return None, "nothing", ""
    failed, doubt = card.outcome(facts, "covariates")
    return best, "nothing" if failed - {"repetition"} else "something" if failed else "most", doubt


def _adds(facts: ReportFacts) -> str:
    best, what, doubt = shown_to_add(facts)
    if best is None:
        return "No column was shown to add anything: without what any one says of the moment, the loss does not rise."
    name, share = words.shorten(best.name, 40), words.percent(best.share)
    if what == "nothing":
        return f"No column was shown to add anything: {name} comes first, as the loss rises by {share} without it, but {doubt}."
    if what == "something":
        order = "whether another column adds more is not certain, as the order did not repeat"
        return f"Without what {name} says of the moment, the loss rises by {share}; {order}."
    return f"{name} adds most: without what it says of the moment, the loss rises by {share}."


def covariates(facts: ReportFacts) -> Block | None:
    """Draw what each column adds, with the tests that it passed and failed."""
    told = facts.forecast
    if told is None or not any(entry.rise is not None for entry in told.covariates):
        return None
    roles = {"known": "known in advance", "past": "known for the past", "static": "fixed for a series"}
    rows: list[list[Cell]] = [
        [entry.name, roles[entry.role], words.percent(entry.share) if entry.share is not None else "not measured"]
        for entry in told.covariates
    ]
    known = [entry for entry in told.covariates if entry.share is not None]
    domain = (0.0, max(max((entry.share or 0.0 for entry in known), default=0.0), 1e-3))
    drawn = [
        {
            "title": words.shorten(entry.name, 48),
            "note": roles[entry.role],
            "value": words.percent(entry.share),
            "interval": words.NOTHING,
            "drawing": svg.dot_interval(entry.share, None, None, domain, reference=0.0, bar_from=0.0),
        }
        for entry in known[:_SHOWN]
    ]
    return Block(
        "covariates",
        "What other columns add",
        _adds(facts),
        "What would happen if somebody changed these columns: a price that follows demand is no lever on it.",
        notes=("Measured by exchanging blocks of time of one column at a time, with the models as trained before these windows.",),
        template="importance",
        data={
            "rows": drawn,
            "axis": svg.axis([(t, words.percent(t)) for t in svg.ticks(*domain, 4)], domain),
            "more": max(len(known) - _SHOWN, 0),
            "card": card.card(facts, "covariates"),
        },
        tables=(
            Table("Rise of the weighted quantile loss", ("Column", "Role", "Rise"), rows, frozenset({0, 1})),
            *card.table(facts, "covariates"),
        ),
    )
