"""Facts on where the model can be taken at its word and where it fails."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from automl.collect.shared import only, short, shown
from automl.report import examined as e
from automl.report import words

if TYPE_CHECKING:
    from automl.run import Run


def where_facts(run: Run) -> dict[str, Any]:
    """Return the sections of the report on trust, failures and groups."""
    found = run.examined
    if found is None or math.isnan(found.whole):  # too few rows to look at
        return {}
    curves = ("x", "y", "low", "high")
    reliability = [{**one.to_dict(), **{name: short(one.to_dict()[name], 4) for name in curves}} for one in found.reliability]
    selective = None if found.selective is None else e.SelectiveFacts.model_validate(found.selective.to_dict())
    hardest = tuple(
        e.HardFacts(row=hard.row, prediction=shown(run, hard.prediction), actual=_text(hard.actual), loss=hard.loss)
        for hard in found.hardest
    )
    where = e.WhereFacts(
        measure=found.measure,  # type: ignore[arg-type]
        whole=found.whole,
        segments=tuple(e.SegmentFacts.model_validate(segment.to_dict()) for segment in found.segments),
        cohorts=None if found.cohorts is None else e.CohortFacts.model_validate(found.cohorts.to_dict()),
        hardest=hardest,
        skipped=found.skipped,
    )
    return {
        "trust": tuple(e.ClassReliabilityFacts.model_validate(only(e.ClassReliabilityFacts, one)) for one in reliability),
        "selective": selective,
        "payoff": None if found.payoff is None else e.PayoffFacts.model_validate(found.payoff.to_dict()),
        "where": where,
        "sensitive": run.settings.sensitive,
        "treatments": tuple(_treatment(one.to_dict()) for one in found.treatments),
    }


def _text(actual: Any) -> str:
    return f"{actual:,.4g}" if isinstance(actual, (float, np.floating)) else str(actual)


def _treatment(values: dict[str, Any]) -> e.TreatmentFacts:
    proxies = [{"column": column, "strength": strength} for column, strength in values["proxies"]]
    return e.TreatmentFacts.model_validate({**values, "proxies": proxies})


def trouble(sections: dict[str, Any]) -> tuple[str, ...]:
    """Return what the first page must warn of: explanations that failed, a cohort that is worse by half and beyond chance."""
    told = []
    names = {"importance": "The ranking of the columns", "rows": "The explanation of single cases"}
    for card in sections.get("cards", ()):
        failed = [check.name for check in card.checks if check.passed is False]
        if failed:
            told.append(f"{names[card.of]} failed a test ({words.listing(failed)}); do not rely on it.")
    where = sections.get("where")
    tree = None if where is None else where.cohorts
    if where is not None and tree is not None and tree.worse and tree.leaves[0].value > 1.5 * tree.whole:
        leaf, share = tree.leaves[0], where.measure == "share wrong"
        numbers = [words.percent(v) if share else words.number(v) for v in (leaf.value, tree.whole)]
        what = f"{numbers[0]} are wrong, {numbers[1]} of all" if share else f"errors are {numbers[0]} on average, {numbers[1]} in all"
        told.append(f"It does worst where {words.cohort(leaf.rules)}: {what}.")
    return tuple(told)
