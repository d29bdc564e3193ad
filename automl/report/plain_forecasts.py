"""The second text of the blocks that only a forecast has; see :mod:`automl.report.plain`."""

from __future__ import annotations

from collections.abc import Callable

from automl.report import words
from automl.report.blocks.ahead import how_far, next_steps, shown_to_add
from automl.report.blocks.calendar import standing_out
from automl.report.facts import ReportFacts
from automl.report.forecasts import PatternFacts


def task(facts: ReportFacts) -> str:
    """Say what was learnt from what."""
    target, columns = facts.task.target_label or facts.task.target, facts.data.columns_used
    helped = f", with the help of {words.count(columns, 'other column')}" if columns else ""
    return f"The model learned from {words.count(facts.data.rows, 'row')} of the past how the values of {target} go on{helped}."


def scores(facts: ReportFacts) -> str:
    """Say how far off forecasts are, and how far off repeating the last season would be."""
    error, told = facts.evaluation.scores.get("mae"), facts.forecast
    lead = facts.answer.headline if facts.answer.verdict == "no" or error is None else ""
    if told is None or error is None or error.value is None:
        return lead
    between = f", between {words.number(error.low)} and {words.number(error.high)}" if error.low is not None else ""
    naive = f"; repeating the last season would be off by {words.number(error.naive)}" if error.naive is not None else ""
    seen = "that the model had not seen" if told.unseen else "that models were chosen by, too"
    off = f"Forecasts {how_far(told.horizon, told.frequency)} ahead are off by {words.number(error.value)} on average{between}{naive}."
    return f"{lead} {off} This was measured on {words.count(facts.evaluation.rows, 'value')} {seen}.".strip()


def _forecasts(facts: ReportFacts) -> str:
    told = facts.forecast
    if told is None:
        return ""
    series = "the series goes" if told.series == 1 else f"{words.whole(told.series)} series go"
    where = f"Where {series} in {next_steps(told.horizon, told.frequency)}"
    return f"{where}: the line is the middle; the wider the bands, the less sure it is."


def _horizon(facts: ReportFacts) -> str:
    told = facts.forecast
    if told is None or not told.by_step:
        return ""
    first, last = told.by_step[0], told.by_step[-1]
    off = f"On average forecasts are off by {words.number(first.mae)}"
    if len(told.by_step) > 1:
        off += f" for the next step and by {words.number(last.mae)} for the last one"
    kept = next((level for level in told.levels if level.nominal == 0.8), None)
    held = "" if kept is None else f"; of 100 true values {words.of_hundred(kept.measured)} lay in the light band, 80 were to"
    return f"{off}{held}."


def _series(facts: ReportFacts) -> str:
    known = [] if facts.forecast is None else [entry for entry in facts.forecast.by_series if entry.mase is not None]
    if not known:
        return "Which series are hard cannot be told: repeating what was makes no error in the past."
    good = sum((entry.mase or 0.0) <= 1 for entry in known)
    if len(known) == 1:
        how = "at least as well as" if good else "less well than"
        only = f"{words.shorten(known[0].name, 60)}, the only series for which that can be told,"
        return f"{only} is forecast {how} repeating the last season did in the past."
    which = "All" if good == len(known) else "None" if not good else words.whole(good)
    are = words.are(good if good else len(known))
    return (
        f"{which} of the {words.count(len(known), 'series', 'series')} shown {are} forecast at least as well as repeating the last season"
        f" did in the past; hardest of all is {words.shorten(known[0].name, 60)}."
    )


def _covariates(facts: ReportFacts) -> str:
    best, what, doubt = shown_to_add(facts)
    if best is None:
        return "No other column was shown to help the forecasts."
    name = words.shorten(best.name, 40)
    if what == "nothing":
        return f"No other column was shown to help the forecasts: {name} comes first, but {doubt}; do not rely on it."
    worse = f": with its values moved to other times they get worse by {words.percent(best.share)}" if best.share is not None else ""
    if what == "something":
        return f"{name} helps the forecasts{worse}. Which column helps most is not certain, as {doubt}: do not rely on the order."
    return f"Of all other columns {name} helps the forecasts most{worse}."


def _patterns(facts: ReportFacts) -> str:
    return " ".join(_one(pattern) for pattern in facts.forecast.patterns) if facts.forecast is not None else ""


def _one(pattern: PatternFacts) -> str:
    high, low = standing_out(pattern)
    told = [f"{level.name} is {what}" for level, what in ((high, "the highest"), (low, "the lowest")) if level is not None]
    if not told:
        return f"No {pattern.part} stands out of its {pattern.cycle} by more than chance."
    return f"Within a {pattern.cycle}, {' and '.join(told)}, by more than chance."


FORECASTS: dict[str, Callable[[ReportFacts], str]] = {
    "forecasts": _forecasts,
    "horizon": _horizon,
    "series": _series,
    "covariates": _covariates,
    "patterns": _patterns,
}
