"""Which fact answers which question of a law or standard: the mapping is data (``governance.v1.yaml``), the answers come from the facts.

Nothing here claims conformity: it fills in what the report knows and says plainly what nobody has provided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from automl.errors import UsageError, did_you_mean
from automl.report import of_anomalies, ruled, words
from automl.report.facts import ReportFacts

NAME = "governance.v1.yaml"
NOT_PROVIDED = "not provided (owner)"


@dataclass(frozen=True)
class Field:
    """One question: who answers it ("facts", "owner" or "both") and where the frameworks ask it."""

    id: str
    title: str
    answer: str
    references: dict[str, str]


@dataclass(frozen=True)
class Framework:
    """A law or standard with its dates and sources."""

    id: str
    title: str
    reference: str
    adopted: str
    applies: str
    checked: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Mapping:
    """The published mapping.

    Attributes:
        version: Raised with every change.
        date: Of the last change.
        frameworks: What is mapped to.
        items: Titles of the items of Annex IV by number.
        fields: The questions in order.
    """

    version: str
    date: str
    frameworks: tuple[Framework, ...]
    items: dict[int, str]
    fields: tuple[Field, ...]


@cache
def mapping() -> Mapping:
    """Return the mapping that this version of automl ships.

    Example:
        >>> [framework.title for framework in mapping().frameworks]
        ['EU AI Act, Annex IV', 'SR 26-2', 'ISO/IEC 42001']
    """
    read: dict[str, Any] = yaml.safe_load(files("automl.report").joinpath(NAME).read_text(encoding="utf-8"))
    frameworks = tuple(Framework(name, **{**about, "sources": tuple(about["sources"])}) for name, about in read["frameworks"].items())
    names = [framework.id for framework in frameworks]
    fields = tuple(
        Field(entry["id"], entry["title"], entry["answer"], {name: str(entry[name]) for name in names}) for entry in read["fields"]
    )
    return Mapping(read["version"], read["date"], frameworks, {int(number): title for number, title in read["annex_iv"].items()}, fields)


def check_owner(given: Iterable[str]) -> None:
    """Refuse answers to questions that are not asked.

    Raises:
        UsageError: If a field is unknown, or is filled from the facts alone.
    """
    asked = {field.id: field for field in mapping().fields}
    for name in given:
        open_ones = [field.id for field in asked.values() if field.answer != "facts"]
        if name not in asked:
            hint = did_you_mean(name, open_ones) or f" Known fields: {', '.join(open_ones)}."
            raise UsageError(f"`governance` must answer fields of the mapping. Received {name!r}.{hint}")
        if asked[name].answer == "facts":
            raise UsageError(
                f"`governance` must leave what is measured to the report. Received {name!r}; owners answer {', '.join(open_ones)}."
            )


def answers(facts: ReportFacts) -> list[tuple[Field, str, bool]]:
    """Return every field with its answer, and whether anybody provided it.

    A field of people that nobody answered says "not provided (owner)"; one that the report fills in part says so behind its own words.
    """
    told = []
    answer = (_FACTS if facts.anomalies is None else {**_FACTS, **of_anomalies.ANSWERS}).__getitem__
    for field in mapping().fields:
        known = answer(field.id)(facts) if field.answer != "owner" else ""
        owner = facts.owner.get(field.id, "").strip()
        if field.answer == "both":
            text = " ".join(part for part in (known, f"Owner: {owner}" if owner else f"The owner's part: {NOT_PROVIDED}.") if part)
            told.append((field, text, bool(owner)))
        else:
            text = owner if field.answer == "owner" else known
            told.append((field, text or NOT_PROVIDED, bool(text)))
    return told


def missing(facts: ReportFacts) -> int:
    """Return how many questions wait for the owner."""
    return sum(not given for _, _, given in answers(facts))


# ── what the facts say


def _identity(facts: ReportFacts) -> str:
    mark = (facts.data.sha256 or "without a file hash")[:16]
    return f"{facts.model_name}, made {facts.created} by automl {facts.automl_version}; data {mark}."


def _purpose(facts: ReportFacts) -> str:
    asked = f" The question: {facts.question}" if facts.question else ""
    return f"Predicts {facts.task.target} ({facts.task.problem}) for {facts.task.cases}.{asked}"


def _surroundings(facts: ReportFacts) -> str:
    versions = words.listing((f"{name} {number}" for name, number in facts.reproduce.versions.items()), 12)
    hardware = words.listing((f"{name} {value}" for name, value in facts.reproduce.hardware.items()), 6)
    return f"One model file, called from Python or the command line. Versions: {versions or 'unknown'}. Hardware: {hardware or 'unknown'}."


def _method(facts: ReportFacts) -> str:
    stages = words.listing(dict.fromkeys(decision.stage for decision in facts.decisions), 12)
    return (
        f"{words.count(len(facts.decisions), 'automatic choice')} with reasons ({stages or 'none recorded'}), each in the table of"
        f" decisions; optimised for {facts.task.metric.replace('_', ' ')}."
    )


def _alternatives(facts: ReportFacts) -> str:
    board = facts.leaderboard
    if board is None and facts.labels is not None:
        return "For each label several kinds of models side by side, with paired tests; each label's own report lists them."
    if board is None:
        return "No comparison was recorded."
    simple = f" {facts.tried.simplest.sentence}" if facts.tried and facts.tried.simplest else ""
    return f"{words.count(len(board.rows), 'kind')} of models side by side, scored on {board.source or 'unseen rows'}.{simple}"


def _architecture(facts: ReportFacts) -> str:
    drawing = facts.tried.drawing if facts.tried else None
    parts = (
        words.listing((f"{part.title} ({words.percent(part.share)}, {part.models} fitted)" for part in drawing.parts), 8) if drawing else ""
    )
    trained = f" The search took {words.seconds(facts.search.seconds)} for {facts.search.trials} configurations." if facts.search else ""
    if not parts and facts.labels is not None:
        learnt = sum(one.learnt for one in facts.labels.labels)
        return f"{words.count(learnt, 'calibrated model')}, one for each label, with a threshold of its own.{trained}"
    return f"{'Weighted mean of ' + parts if parts else 'Not recorded'}.{trained}"


def _data(facts: ReportFacts) -> str:
    data = facts.data
    dropped = sum(column.role != "feature" for column in data.column_list)
    target = " (target among them)" if any(column.role == "target" for column in data.column_list) else ""
    judged = data.rows_test or data.rows_holdout
    held = f", {words.whole(judged)} kept for judging" if judged else f", {data.folds} folds" if data.folds > 1 else ""
    mark = f"; SHA-256 {data.sha256}" if data.sha256 else ""
    return (
        f"{data.name}: {words.count(data.rows, 'row')}, {words.count(data.columns, 'column')}, of which {data.columns_used} are used and"
        f" {dropped} {words.are(dropped)} not{target}{held}{mark}."
    )


def _data_quality(facts: ReportFacts) -> str:
    if not facts.findings:
        return "The checks found nothing."
    counts = {severity: sum(finding.severity == severity for finding in facts.findings) for severity in ("high", "warning", "info")}
    worst = next((finding.because for finding in facts.findings if finding.severity == "high"), "")
    told = words.listing((f"{many} {severity}" for severity, many in counts.items() if many), 3)
    return f"{words.count(len(facts.findings), 'finding')} ({told}).{' The worst: ' + words.shorten(worst, 200) if worst else ''}"


def _oversight(facts: ReportFacts) -> str:
    from automl.report.blocks import trust

    handed = trust.sentence(facts, facts.selective) if facts.selective else ""
    review = "The answer of page one asks for a review by a person." if facts.answer.verdict == "yes, with review" else ""
    return " ".join(part for part in (handed, review) if part) or "No share of cases was found that pays to be handed to a person."


def _validation(facts: ReportFacts) -> str:
    scores = [
        f"{score.title.split(' (')[0]} {words.number(score.value)}{words.bracket(words.confidence(score.low, score.high))}"
        for score in list(facts.evaluation.scores.values())[:4]
        if score.value is not None
    ]
    return f"{words.count(facts.evaluation.rows, 'unseen row')} ({words.source(facts.evaluation.source)}): {words.listing(scores, 4)}."


def _groups(facts: ReportFacts) -> str:
    if not facts.treatments:
        return "Not assessed: no sensitive column was named."
    gaps = [(gap, treatment) for treatment in facts.treatments for gap in treatment.gaps]
    worst = max(gaps, key=lambda pair: abs(pair[0].difference), default=None)
    told = (
        f" The largest difference: {worst[0].rate}, {words.number(worst[0].difference)} between {worst[0].highest} and {worst[0].lowest}"
        if worst
        else ""
    )
    sure = words.bracket(words.confidence(worst[0].low, worst[0].high)) if worst else ""
    return f"Compared by {words.listing(facts.sensitive)}.{told}{sure}{'.' if told else ''} No verdict is given."


def _security(facts: ReportFacts) -> str:
    return (
        "The model file holds no code and is opened without running any; every part has a SHA-256 that is checked before it is read. The"
        " hashes show damage and edits, not who made the file."
    )


def _limits(facts: ReportFacts) -> str:
    warnings = " ".join(facts.answer.warnings)
    cohort = facts.where.cohorts if facts.where else None
    leaf = cohort.leaves[0] if cohort and cohort.leaves and cohort.worse else None
    worst = f" It fails most where {words.listing(leaf.rules, 4)} ({words.count(leaf.rows, 'case')})." if leaf else ""
    return f"{facts.answer.headline} The rule: {facts.answer.rule} {warnings}{worst}".strip()


def _calibration(facts: ReportFacts) -> str:
    parts = []
    if facts.calibration is not None:
        parts.append(f"Calibration: {facts.calibration.method}. {facts.calibration.because}")
    if facts.threshold is not None:
        costs = facts.threshold.costs
        prices = (
            f" A miss costs {words.money(costs.miss, costs.currency)}, a false alarm {words.money(costs.false_alarm, costs.currency)}."
            if costs
            else ""
        )
        parts.append(f"Threshold {words.percent(facts.threshold.value)}: {facts.threshold.because}{prices}")
    coverage = facts.evaluation.regression.coverage if facts.evaluation.regression else None
    if coverage is not None:
        parts.append(f"Prediction intervals promise {words.percent(coverage.nominal)} and hold {words.percent(coverage.measured)}.")
    return " ".join(parts) or "Does not apply."


def _explanation(facts: ReportFacts) -> str:
    told = []
    if facts.importance is not None:
        told.append(f"Importance: {facts.importance.method}")
    if facts.examples:
        told.append(f"{words.count(len(facts.examples), 'case')} with Shapley values and the smallest change that turns the answer.")
    for card in facts.cards:
        failed = sum(check.passed is False for check in card.checks)
        of = {"importance": "importance", "rows": "single cases", "covariates": "what other columns add"}[card.of]
        told.append(f"Tests of {of}: {sum(check.passed is True for check in card.checks)} passed, {failed} failed.")
    return " ".join(told) or "No explanation was made."


def _metrics(facts: ReportFacts) -> str:
    chosen = facts.task.metric.replace("_", " ")
    prices = " With prices, the threshold minimises expected cost." if facts.threshold and facts.threshold.costs else ""
    asked = ruled.told(facts.evaluation)
    told = f"The search minimised {chosen}, a proper score of the prediction itself; the report adds what people decide by.{prices} {asked}"
    return told.rstrip()


def _risks(facts: ReportFacts) -> str:
    return "From the report: " + (" ".join(facts.answer.warnings) or "no warnings.")


def _reproduction(facts: ReportFacts) -> str:
    again = facts.reproduce
    command = again.command or again.python or "unknown"
    seed = "" if again.seed is None else f" (seed {again.seed})"
    return f"{command}{seed}. To check a model file against its data: automl verify MODEL DATA."


_FACTS: dict[str, Callable[[ReportFacts], str]] = {
    "identity": _identity,
    "purpose": _purpose,
    "surroundings": _surroundings,
    "method": _method,
    "alternatives": _alternatives,
    "architecture": _architecture,
    "data": _data,
    "data_quality": _data_quality,
    "oversight": _oversight,
    "validation": _validation,
    "groups": _groups,
    "security": _security,
    "limits": _limits,
    "calibration": _calibration,
    "explanation": _explanation,
    "metrics": _metrics,
    "risks": _risks,
    "reproduction": _reproduction,
}
