"""How well numbers are predicted: predicted against actual, the spread of the errors, and whether the intervals keep their promise."""

from __future__ import annotations

from markupsafe import Markup

from automl.report import charts, svg, words
from automl.report.blocks.base import Block, Cell, Table
from automl.report.facts import GridFacts, ReportFacts


def predicted(facts: ReportFacts) -> Block | None:
    """Draw predicted against actual values."""
    known = facts.evaluation.regression
    if known is None or known.grid is None or not known.grid.counts:
        return None
    unit = f", {facts.task.unit}" if facts.task.unit else ""
    r2 = facts.evaluation.scores.get("r2")
    share = (
        f"The model explains {words.percent(r2.value)} of the differences in {words.shorten(facts.task.target)}"
        if r2 and r2.value is not None
        else "How predictions lie against the truth"
    )
    sure = f" ({words.confidence(r2.low, r2.high, share=True)})" if r2 and words.confidence(r2.low, r2.high) else ""
    return Block(
        "predicted",
        "Predicted and actual",
        f"{share}{sure}.",
        "Why a case is off the diagonal, and how the model does beyond the range of values that it has seen.",
        figures=((charts.grid(known.grid, "grid", unit), "Darker cells hold more cases; on the dashed line the prediction is right."),),
        tables=(_by_actual(known.grid),),
    )


def _middle(edges: tuple[float, ...], counts: tuple[int, ...]) -> float | None:
    total = sum(counts)
    return sum(c * (a + b) / 2 for c, a, b in zip(counts, edges, edges[1:], strict=False)) / total if total else None


def _by_actual(grid: GridFacts) -> Table:
    rows: list[list[Cell]] = []
    for counts, low, high in zip(grid.counts, grid.actual_edges, grid.actual_edges[1:], strict=False):
        if sum(counts):
            rows.append([words.interval(low, high), words.whole(sum(counts)), words.number(_middle(grid.predicted_edges, counts))])
    return Table("Mean prediction by actual value (from the cells of the picture)", ("Actual", "Cases", "Mean prediction"), rows)


def errors(facts: ReportFacts) -> Block | None:
    """Draw the spread of the errors: actual minus predicted."""
    known = facts.evaluation.regression
    if known is None or len(known.residual_quantiles) < 2:
        return None
    quantiles = dict(sorted((_share(key), value) for key, value in known.residual_quantiles.items()))
    low, high = (0.25, 0.75) if {0.25, 0.75} <= set(quantiles) else (min(quantiles), max(quantiles))
    task = facts.task
    middle = quantiles.get(0.5)
    lean = "" if middle is None else f"; the middle error is {words.value(middle, task)}"
    strip, axis = charts.residuals(quantiles)
    pairs = [f"{100 * (1 - 2 * q):.0f} %" for q in quantiles if q < 0.5]
    rows: list[list[Cell]] = [[words.percent(q), words.number(value)] for q, value in quantiles.items()]
    return Block(
        "errors",
        "Errors",
        f"Half of all errors lie between {words.value(quantiles[low], task)} and {words.value(quantiles[high], task)}{lean}."
        if low == 0.25
        else f"Errors lie between {words.value(quantiles[low], task)} and {words.value(quantiles[high], task)}{lean}.",
        "Which cases the large errors belong to.",
        notes=("An error is the actual value minus the prediction: on the right the truth was higher than predicted.",),
        template="residuals",
        data={
            "strip": strip,
            "axis": axis,
            "caption": f"Each darker bar holds fewer of the errors: {words.listing(pairs)}. The line in the middle is the median."
            if pairs
            else "",
        },
        tables=(Table("Quantiles of the errors", ("Share of errors below", "Error"), rows, frozenset()),),
    )


def _share(key: str) -> float:
    """Read the key of a quantile, such as "0.05", "q05" or "5%"."""
    text = key.strip().lower().lstrip("pq").replace("_", ".")
    if text.endswith("%"):
        return float(text[:-1]) / 100
    return float(text) / 100 if float(text) > 1 else float(text)


def coverage(facts: ReportFacts) -> Block | None:
    """Draw the measured coverage of the prediction intervals against the promise."""
    known = facts.evaluation.regression.coverage if facts.evaluation.regression else None
    if known is None:
        return None
    sure = words.confidence(known.low, known.high, share=True)
    wide = f" They are {words.value(known.mean_width, facts.task)} wide on average." if known.mean_width is not None else ""
    start = max(min(known.nominal, known.measured, known.low or 1.0) - 0.05, 0.0)
    drawing: Markup = svg.dot_interval(known.measured, known.low, known.high, (start, 1.0), reference=known.nominal)
    axis = svg.axis([(t, words.percent(t)) for t in svg.ticks(start, 1.0, 4)], (start, 1.0))
    rows: list[list[Cell]] = [
        [
            words.percent(known.nominal),
            words.percent(known.measured),
            words.interval(known.low, known.high, share=True),
            words.number(known.mean_width),
        ]
    ]
    return Block(
        "coverage",
        "Intervals",
        f"Intervals that promise to hold the truth {words.of_hundred(known.nominal)} times in 100 held it"
        f" {words.percent(known.measured)} of the time{words.bracket(sure)}.{wide}",
        "Whether the promise holds for each kind of case; it is a promise on average.",
        template="residuals",
        data={
            "strip": drawing,
            "axis": axis,
            "caption": f"Dot: measured, with its 95 % interval. Upright line: promised, {words.percent(known.nominal)}.",
        },
        tables=(Table("Coverage of the prediction intervals", ("Promised", "Measured", "95 % interval", "Mean width"), rows, frozenset()),),
    )
