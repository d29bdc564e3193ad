"""One run of the stages: read, detect, check, prepare, fit every family on folds, join, set the threshold, judge, tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.anomaly.base import DetectorFamily, Shape
from automl.anomaly.design import Design, Rows
from automl.anomaly.families import detector_by_name
from automl.anomaly.ranks import ENOUGH, against_others, of_rows, parts_of, rarities
from automl.anomaly.scores import Rarity, between, joined
from automl.budget import Budget
from automl.checks import Finding, check
from automl.dataset import Dataset, read
from automl.dataset.target import known_columns
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError
from automl.preprocessing.base import Arrays
from automl.schema import Schema, detect_schema
from automl.task import Task, find_series, no_target

FOLDS = 3
FEWEST_ROWS = 50
BLOCK = 168  # neighbours in time that stay in one fold: a row must not be judged by a model that learnt from the hour beside it
QUICK = ("robust_zscore", "isolation_forest", "conditional_gaussian", "neighbours", "stretches", "picture_patches")
ORDER = (*QUICK, "autoencoder", "forecast_residual", "variational_autoencoder")
SHARES = {"forecast_residual": 0.25, "autoencoder": 0.35, "variational_autoencoder": 0.35}  # of the time left, scoring comes on top
Array = NDArray[Any]


@dataclass(frozen=True)
class Member:
    """A fitted family: one model for each fold, and how rare its scores are."""

    family: DetectorFamily
    model: Arrays
    rarity: tuple[Rarity, ...]
    by_column: tuple[tuple[Rarity, ...], ...] = ()  # of what each column adds, by fold and column

    def scores(self, rows: Rows, shape: Shape, folds: int) -> tuple[Array, Array]:
        """Return rarity (rows,) and what columns add (rows, columns), the mean over the folds' models."""
        found = [self.of_fold(rows, shape, fold) for fold in range(folds)]
        return np.mean([one[0] for one in found], axis=0), np.mean([one[1] for one in found], axis=0)

    def of_fold(self, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return rarity and columns by the model of one fold."""
        scores, columns = self.family.strangeness(self.model, rows, shape, fold)
        return of_rows(scores, columns, self.rarity[fold], self.by_column[fold] if self.by_column else ())


@dataclass(frozen=True)
class Looked:
    """Data that were read and checked.

    Attributes:
        dataset, schema: The rows without their labels.
        time: The column that orders them, None without one.
        truth: Labels, True for an anomaly; None without any.
        findings: What the checks found.
        named: The columns by which people know a row: when it was, and of what series.
        whole: The rows as they were read, labels among them.
        label: The column of labels.
    """

    dataset: Dataset
    schema: Schema
    time: str | None
    truth: Array | None
    findings: tuple[Finding, ...]
    named: tuple[str, ...]
    whole: pd.DataFrame
    label: str | None


@dataclass(frozen=True)
class Asked:
    """What the user asked for; see :class:`automl.anomaly.detector.AnomalyDetector`."""

    label: Any
    budget: Budget
    alarms: float | None = None
    false_alarms: float | None = None
    families: tuple[str, ...] | None = None
    seed: int = 0
    time: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    examples: str | None = None


@dataclass(frozen=True)
class Found:
    """What a run leaves behind."""

    asked: Asked
    looked: Looked
    schema: Schema
    design: Design
    shape: Shape
    members: tuple[Member, ...]
    threshold: float
    overall: Rarity  # of what the members say together
    history: Rows | None  # the last rows, by which the next are judged
    usual: Array  # median and spread of what each column adds, by member: (members, 2, columns)
    scores: Array  # of the training rows, by models that have not seen them
    against_others: Array  # the same, held against the ranks and tails of other rows alone
    columns: Array
    by_family: dict[str, Array]
    rows: Rows
    fold: Array
    left_out: dict[str, str]
    seconds: dict[str, float]  # that each family took
    imputation: dict[str, Any] | None
    log: DecisionLog

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as they were read, without their labels."""
        return self.looked.dataset.frame

    @property
    def alarm(self) -> Array:
        """Which rows raise an alarm, (rows,)."""
        return np.asarray(self.scores > self.threshold)


def rate_asked(alarms: float | None, false_alarms: float | None) -> float | None:
    """Return the share of alarms asked for: one row in a hundred where neither rate was given; None where the other one was.

    Raises:
        UsageError: If a rate is no share.
    """
    for argument, share in (("alarms", alarms), ("false_alarms", false_alarms)):
        if share is not None and not 0.0 < share < 0.5:
            raise UsageError(f"`{argument}` must be a share of rows between 0 and 0.5. Received {argument}={share!r}.")
    return 0.01 if alarms is None and false_alarms is None else alarms


def look(data: Any, label: Any, types: dict[str, str], ignore: Sequence[str], time: str | None, log: DecisionLog) -> Looked:
    """Read and check the data."""
    dataset = read(data, log=log, folders=True)
    label = dataset.details.get("target") if label is None and "target" in dataset.details else label
    truth, whole = None, dataset.frame
    if label is not None:
        folders = label == dataset.details.get("target")  # by the subfolders: kinds of faults may have one each
        known_columns([label], dataset, "target")
        truth = truth_of(dataset.frame[label], label, folders)
        dataset = replace(dataset, frame=dataset.frame.drop(columns=[label]))
    if len(dataset.frame) < FEWEST_ROWS:
        raise DataError(f"Finding what is unusual needs at least {FEWEST_ROWS} rows. Received {len(dataset.frame)}.")
    known_columns(ignore, dataset, "ignore")
    schema = detect_schema(dataset, types=types or None, log=log).with_roles(dict.fromkeys(ignore, "dropped"))
    task: Task = no_target(None, "No target was given.")
    checked = check(dataset, schema, task, np.zeros(len(dataset.frame), dtype=np.int64), log=log)
    schema = checked.schema
    if time is not None:
        known_columns([time], dataset, "time")
        schema = schema.with_roles({time: "feature"})
        named: tuple[str, ...] = (time,)
        if schema[time].type not in ("datetime", "number"):
            raise UsageError(
                f"`time` must be a column of dates or numbers. Received time={time!r}, which holds {schema[time].type} values."
            )
    else:
        facts = find_series(dataset.frame, schema, None)
        dated = [column.name for column in schema.columns if column.type == "datetime"]
        named = (facts.time, *facts.series) if facts is not None else tuple(dated) if len(dated) == 1 else ()
        time = facts.time if facts is not None and facts.count == 1 else None
        if time is not None:
            schema = schema.with_roles({time: "feature"})
            log.add("detect", "order of rows", time, facts.evidence if facts is not None else "", ["none"], "time=None")
    judged = [column for column in schema.features if column.name != time]
    if not judged:
        raise DataError(
            "The data must have a column that is not the same in every row. Every column is constant, empty, an identifier or the time."
        )
    return Looked(dataset, schema, time, truth, checked.findings, named, whole, label)


def truth_of(cells: pd.Series[Any], name: str, several: bool = False) -> Array:
    """Return which rows are labelled as anomalies: all but the commonest value, of which there are two; unlabelled rows are normal."""
    texts = cells.astype(str).where(cells.notna())
    counts = texts.value_counts()
    if len(counts) != 2 and not (several and len(counts) > 2):
        raise DataError(f"Labels of anomalies must hold two values. Column {name!r} holds {len(counts)}.")
    return np.asarray(texts.notna() & (texts != counts.index[0]), dtype=bool)


def folds_of(rows: int, order: Array | None, seed: int) -> Array:
    """Deal rows into folds at random; neighbours in time stay together.

    Example:
        >>> folds_of(7, None, 0).tolist().count(0)
        3
    """
    rng = np.random.default_rng(seed)
    if order is None:
        return np.asarray(rng.permutation(np.arange(rows) % FOLDS), dtype=np.int64)
    width = int(np.clip(rows // (8 * FOLDS), 1, BLOCK))
    blocks = np.arange(-(-rows // width)) % FOLDS
    place = np.argsort(np.argsort(order, kind="stable"), kind="stable")
    return np.asarray(rng.permutation(blocks)[place // width], dtype=np.int64)


@dataclass(frozen=True)
class Fits:
    """Fitted families: members, honest rarities, those against other rows alone, columns, why others are left out, and seconds."""

    members: list[Member] = field(default_factory=list)
    honest: dict[str, Array] = field(default_factory=dict)
    strict: dict[str, Array] = field(default_factory=dict)
    columns: dict[str, Array] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def fit_families(rows: Rows, fold: Array, shape: Shape, asked: Asked, log: DecisionLog, tell: Callable[[str], None]) -> Fits:
    """Fit every family, and score the rows of each fold by models that have not seen them."""
    made, budget, names = Fits(), asked.budget, asked.families
    members, honest, strict, columns, left_out = made.members, made.honest, made.strict, made.columns, made.left_out
    chosen = [name for name in ORDER if name in (names or ORDER)] + [name for name in names or () if name not in ORDER]
    for name in chosen:
        family = detector_by_name(name)
        if family.needs_pictures and rows.patches is None:
            left_out[name] = "there are no pictures"
            continue
        if family.needs_time and (rows.order is None or not shape.numbers):
            left_out[name] = "there is no order in time" if rows.order is None else "there is no number to forecast"
            continue
        tell(family.title)
        began = budget.clock()
        model = family.fit(rows, fold, FOLDS, shape, budget.deadline(seconds=budget.remaining() * SHARES.get(name, 0.5)), asked.seed)
        if model is None:
            left_out[name] = "there was no time"
            continue
        scores, parts, rarity, by_column = np.zeros(len(fold)), np.zeros((len(fold), shape.columns)), [], []
        stricter = np.zeros(len(fold))
        for place in range(FOLDS):
            own = np.flatnonzero(fold == place)
            whole = family.looks_back and rows.order is not None
            raw, part = family.strangeness(model, rows if whole else rows.take(own), shape, place)
            raw, part = (raw[own], part[own]) if whole else (raw, part)
            fitted = rarities(raw, part, family.judges_columns)
            rarity.append(fitted[0])
            by_column += [fitted[1]] if family.judges_columns else []
            scores[own], parts[own] = of_rows(raw, part, *fitted)
            parts_of_fold = parts_of(len(own), None if rows.order is None else rows.order[own])
            enough = len(own) >= ENOUGH
            stricter[own] = against_others(raw, part, family.judges_columns, parts_of_fold) if enough else scores[own]
        members.append(Member(family, model, tuple(rarity), tuple(by_column)))
        honest[name], strict[name], columns[name] = scores, stricter, parts
        made.seconds[name] = budget.clock() - began
    if not members:
        raise DataError(f"At least one family must be fitted. Received none within the budget ({left_out}); give it more time.")
    titles = ", ".join(member.family.title for member in voters(members))
    told = "Without labels none can be preferred: how rare a row is to all of them together. Baselines are there to be compared with."
    log.add("ensemble", "members", titles, told, [detector_by_name(name).title for name in left_out])
    return made


def voters(members: Sequence[Member]) -> list[Member]:
    """Return the members whose mean is the score: those that know how columns hang together, or all where there are none."""
    return [member for member in members if not member.family.baseline] or list(members)


def run(data: Any, asked: Asked, tell: Callable[[str], None]) -> Found:
    """Run all stages up to the threshold; `tell` is called with the name of each stage."""
    asked = replace(asked, alarms=rate_asked(asked.alarms, asked.false_alarms))
    for name in asked.families or ():
        detector_by_name(name)
    log = DecisionLog()
    tell("read")
    looked = look(data, asked.label, dict(asked.types), asked.ignore, asked.time, log)
    schema, time = looked.schema, looked.time
    if any(detector_by_name(name).kind == "network" for name in asked.families or ORDER):
        tell("prepare")  # who listens may wait for the library of networks here, once the data are known to be usable
    typed = schema.cast(looked.dataset.frame)
    design = Design.fit(typed, schema, time, asked.budget, asked.seed)
    rows = design.rows(typed)
    shape = Shape.of(design, rows)
    if not shape.columns:
        raise DataError("The data must have a column to judge. Received times alone.")
    fold = folds_of(len(typed), rows.order, asked.seed)
    fits = fit_families(rows, fold, shape, asked, log, tell)
    members, honest, columns = fits.members, fits.honest, fits.columns
    chosen = [member.family.name for member in voters(members)]
    together = joined(np.stack([honest[name] for name in chosen], axis=1))
    overall = Rarity.fit(together)
    combined = overall(together)
    against = overall(joined(np.stack([fits.strict[name] for name in chosen], axis=1)))
    limit = _limit(combined, against, looked.truth, asked.alarms, asked.false_alarms, log)
    usual = np.stack([_usual(columns[member.family.name]) for member in members])
    relative = relative_columns({name: columns[name] for name in chosen}, usual[places_of(members)], chosen)
    imputation = _imputation(members, rows, fold, shape, asked.seed, tell)
    return Found(
        asked=asked,
        looked=looked,
        schema=schema,
        design=design,
        shape=shape,
        members=tuple(members),
        threshold=limit,
        overall=overall,
        history=tail_of(rows),
        usual=usual,
        scores=combined,
        against_others=against,
        columns=relative,
        by_family=honest,
        rows=rows,
        fold=fold,
        left_out=fits.left_out,
        seconds=fits.seconds,
        imputation=imputation,
        log=log,
    )


def _limit(scores: Array, against: Array, truth: Array | None, alarms: float | None, false_alarms: float | None, log: DecisionLog) -> float:
    """Return the score above which a row raises an alarm: the higher one where both rates are asked for.

    The share of alarms counts all rows, faults among them; the rate of false alarms only rows that are labelled normal. Without labels all
    rows stand in for the normal ones: faults among them can only raise the threshold, so that false alarms stay below their rate.
    """
    found, told = [], []
    if alarms is not None:
        found.append(between(scores, against, alarms))
        told.append(f"{100 * alarms:.3g} % of all rows")
    if false_alarms is not None:
        normal = np.ones(len(scores), dtype=bool) if truth is None else ~truth
        found.append(between(scores[normal], against[normal], false_alarms))
        whose = "all rows, as none is labelled normal" if truth is None else "the rows that are labelled normal"
        told.append(f"{100 * false_alarms:.3g} % of {whose}")
    because = (
        f"About {' and '.join(told)} like these should score higher when they are new. The threshold is midway between what keeps the rate "
        "on these rows, which is too low for new ones, and what keeps it when each is held against other rows alone, which is too high."
    )
    log.add("judge", "threshold", f"{max(found):.3g}", because, [], "alarms=0.05 or false_alarms=0.05")
    return max(found)


def tail_of(rows: Rows) -> Rows | None:
    """Return the last rows of a series, as many as judging the next one reads; None where there is no order in time."""
    if rows.order is None or rows.grid is None:
        return None
    return rows.take(np.flatnonzero(rows.order > rows.order.max() - rows.grid.needed))


def places_of(members: Sequence[Member]) -> list[int]:
    """Return the places of the members whose mean is the score."""
    chosen = voters(members)
    return [place for place, member in enumerate(members) if any(member is one for one in chosen)]


def _usual(columns: Array) -> Array:
    """Return median and 95 % quantile of what each column adds, (2, columns)."""
    low, high = np.quantile(columns, [0.5, 0.95], axis=0)
    return np.stack([low, np.maximum(high - low, 0.1 * np.mean(high - low) + 1e-6)])


def relative_columns(columns: dict[str, Array], usual: Array, names: Sequence[str]) -> Array:
    """Return how far what each column adds is above its usual, the mean over the families, (rows, columns)."""
    parts = [(columns[name] - usual[place, 0]) / usual[place, 1] for place, name in enumerate(names)]
    return np.asarray(np.mean(parts, axis=0))


def _imputation(
    members: Sequence[Member], rows: Rows, fold: Array, shape: Shape, seed: int, tell: Callable[[str], None]
) -> dict[str, Any] | None:
    model = next((member.model for member in members if member.family.name == "autoencoder"), None)
    if model is None:
        return None
    tell("imputation")
    from automl.anomaly import imputing  # late: it waits for a backend

    return imputing.compare(model, rows, fold, shape, seed)


def dataset_of(data: Any) -> Dataset:
    """Read rows to be scored."""
    return read(data, folders=True)
