"""How groups of people are treated: numbers with intervals, and no verdict."""

from __future__ import annotations

from typing import Any

from automl.report import svg, words
from automl.report.blocks.base import Block, Cell, Table, cut
from automl.report.facts import GapFacts, GroupFacts, ReportFacts, TreatmentFacts

_RATES = {
    "flagged": "Flagged",
    "found": "Found, of those it is true of",
    "false alarms": "False alarms, of those it is not true of",
    "right when flagged": "Right when flagged",
    "wrong": "Wrong",
    "error": "Mean error (actual minus predicted)",
    "size of error": "Mean size of an error",
}


def treatment(facts: ReportFacts) -> Block | None:
    """Tell how groups of people are treated."""
    if not facts.treatments:
        return None
    tables: list[Table] = []
    for known in facts.treatments:
        tables += [_groups(known, facts), _gaps(known, facts)]
        if known.proxies:
            tables.append(_proxies(known))
    rate = "flagged" if facts.task.problem == "binary" else "wrong" if facts.task.problem == "multiclass" else "error"
    main = max((known for known in facts.treatments if len(known.columns) == 1), key=lambda known: _widest(known, rate))
    figures = _rows(main.groups, rate, facts)
    domain = _domain(main.groups, rate)
    axis = svg.axis([(t, _write(rate, t, facts)) for t in svg.ticks(*domain, 4)], domain)
    pairs = " and every pair of columns" if len(facts.treatments) > 1 else ""
    return Block(
        "treatment",
        "Groups of people",
        _lead(facts, rate),
        "Which difference is acceptable: that is a question of law and purpose. Groups that nobody recorded cannot be compared.",
        notes=(
            f"The model does not read {words.listing(facts.sensitive)}. The picture shows {_RATES[rate].lower()}"
            f" by {words.listing(main.columns)}; the tables show every rate{pairs}.",
        ),
        template="importance",
        data={"rows": figures, "axis": axis, "more": 0, "card": None},
        tables=tuple(tables),
    )


def _widest(known: TreatmentFacts, rate: str) -> float:
    """Return the largest difference of one rate."""
    return max((abs(gap.difference) for gap in known.gaps if gap.rate == rate), default=-1.0)


def _write(rate: str, value: float | None, facts: ReportFacts) -> str:
    return words.value(value, facts.task) if rate in ("error", "size of error") else words.percent(value)


def _domain(groups: tuple[GroupFacts, ...], rate: str) -> tuple[float, float]:
    ends = [end for g in groups if (r := g.rates.get(rate)) is not None for end in (r.value, r.low, r.high) if end is not None] or [1.0]
    return min(0.0, *ends), max(0.0, *ends) or 1.0


def _rows(groups: tuple[GroupFacts, ...], rate: str, facts: ReportFacts) -> list[dict[str, Any]]:
    domain, told = _domain(groups, rate), []
    for group in groups:
        found = group.rates.get(rate)
        if found is None or found.value is None:
            continue
        told.append(
            {
                "title": words.shorten(group.name, 48),
                "note": words.count(group.rows, facts.task.case, facts.task.cases),
                "value": _write(rate, found.value, facts),
                "interval": words.interval(found.low, found.high, share=rate not in ("error", "size of error")),
                "drawing": svg.dot_interval(found.value, found.low, found.high, domain, bar_from=0.0),
            }
        )
    return told


def _lead(facts: ReportFacts, rate: str) -> str:
    """Say which groups differ most, and whether that is beyond chance."""
    found = [(known, gap) for known in facts.treatments for gap in known.gaps if gap.rate == rate and len(known.columns) == 1]
    if not found:
        return f"Groups by {words.listing(facts.sensitive)} are too small to be compared."
    known, gap = max(found, key=lambda pair: abs(pair[1].difference))
    sure = gap.low is not None and gap.high is not None and (gap.low > 0 or gap.high < 0)
    values = {group.name: group.rates[rate].value for group in known.groups}
    high, low = (_write(rate, values.get(name), facts) for name in (gap.highest, gap.lowest))
    column = words.listing(known.columns)
    told = f"{_RATES[rate]}: {high} where {column} is {words.shorten(gap.highest, 30)}, {low} where it is {words.shorten(gap.lowest, 30)}"
    tail = "beyond chance" if sure else "no more than chance may give"
    return f"{told}; a difference {tail}{words.bracket(_bounds(gap, rate))}."


def _bounds(gap: GapFacts, rate: str) -> str:
    return words.confidence(gap.low, gap.high, share=rate not in ("error", "size of error"))


def _groups(known: TreatmentFacts, facts: ReportFacts) -> Table:
    rates = list(known.groups[0].rates) if known.groups else []
    rows: list[list[Cell]] = []
    for group in known.groups:
        cells: list[Cell] = [words.shorten(group.name, 50), words.whole(group.rows)]
        for rate in rates:
            found = group.rates[rate]
            bounds = words.interval(found.low, found.high, share=rate not in ("error", "size of error"))
            cells.append(f"{_write(rate, found.value, facts)} ({bounds})" if found.value is not None else words.NOTHING)
        rows.append(cells)
    shown, more = cut(rows, 40)
    head = ("Group", "Cases", *(_RATES[rate] for rate in rates))
    return Table(f"Groups by {words.listing(known.columns)}, with 95 % intervals", head, shown, frozenset({0}), more)


def _gaps(known: TreatmentFacts, facts: ReportFacts) -> Table:
    rows: list[list[Cell]] = []
    for gap in known.gaps:
        share = gap.rate not in ("error", "size of error")
        ratio = (
            f"{words.number(gap.ratio, 2)} ({words.interval(gap.ratio_low, gap.ratio_high)})" if gap.ratio is not None else words.NOTHING
        )
        rows.append(
            [
                _RATES[gap.rate],
                words.shorten(gap.highest, 40),
                words.shorten(gap.lowest, 40),
                _write(gap.rate, gap.difference, facts),
                words.interval(gap.low, gap.high, share=share),
                ratio,
            ]
        )
    head = ("Rate", "Highest", "Lowest", "Difference", "95 % interval", "Ratio")
    return Table(f"Largest differences by {words.listing(known.columns)}, groups of at least 20 cases", head, rows, frozenset({0, 1, 2}))


def _proxies(known: TreatmentFacts) -> Table:
    rows: list[list[Cell]] = [[words.shorten(proxy.column, 60), words.number(proxy.strength, 2)] for proxy in known.proxies]
    caption = f"Columns that the model reads and that tell {words.listing(known.columns)} (Cramér's V, 0 to 1)"
    return Table(caption, ("Column", "Strength"), rows)
