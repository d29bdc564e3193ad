"""The preparation of a run as a whole: everything is fitted on training rows, and what touches the target inside the folds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.budget import Budget
from automl.decisions import DecisionLog
from automl.preprocessing.base import Arrays
from automl.preprocessing.combined import CombinedColumns
from automl.preprocessing.combining import Choice, choose
from automl.preprocessing.encoders import Circumstances, Preprocessor, fit_encoders
from automl.preprocessing.hashing import hashed_once
from automl.preprocessing.knots import LOOKED_AT
from automl.preprocessing.pictures.store import forget_pictures
from automl.preprocessing.recording import record_words
from automl.preprocessing.settled import Settled
from automl.preprocessing.tabular import TabularPreprocessor
from automl.preprocessing.target import TargetScaler, choose_scaler
from automl.preprocessing.target_encoding import LEAST_SHARE
from automl.preprocessing.word_encoding import WordEncoding, affordable
from automl.schema import Schema
from automl.task import Task

if TYPE_CHECKING:
    from automl.pretrained.own import Found


@dataclass(frozen=True)
class Prepared:
    """What models learn from, and how later rows are brought to the same form.

    Attributes:
        table: Typed columns to arrays, those of texts, pictures and series among them.
        scaler: The target's units, for regression.
        arrays: The training rows.
        target: Their class codes, or standardised target, (rows,).
    """

    table: Preprocessor
    scaler: TargetScaler
    arrays: Arrays
    target: NDArray[Any]


@dataclass(frozen=True)
class Wanted:
    """What the user decided, and what an earlier part of the run did.

    Attributes:
        seed: Of the run.
        target_scale: "linear" or "log"; None to find out.
        combine: Whether combined columns are asked for.
        settled: What is chosen by the clock, some of it by an earlier part of the run, whose models fit that and nothing else.
        pretrained: The network that pictures are looked at with; None for the one of this package.
    """

    seed: int = 0
    target_scale: str | None = None
    combine: bool = False
    settled: Settled = field(default_factory=Settled)
    pretrained: Found | None = None


def prepare(
    typed: pd.DataFrame,
    y: NDArray[Any],
    schema: Schema,
    task: Task,
    fold: NDArray[np.int64],
    folds: int,
    wanted: Wanted,
    log: DecisionLog | None = None,
) -> Prepared:
    """Fit the preparation on the training rows.

    Args:
        typed: The training rows as ``schema.cast`` returned them.
        y: Class codes, or the target in its units, (rows,).
        schema: Types of the columns.
        task: The task.
        fold: Fold that validates each row, -1 for none, (rows,).
        folds: Number of folds.
        wanted: What is decided already.
        log: Where it is recorded.

    Raises:
        DataError: If there are no rows or no columns to learn from.
        UsageError: If the wanted scale of the target is impossible.
    """
    with hashed_once():
        return _prepared(typed, y, schema, task, (fold, folds), wanted, log)


def _prepared(
    typed: pd.DataFrame,
    y: NDArray[Any],
    schema: Schema,
    task: Task,
    dealt: tuple[NDArray[np.int64], int],
    wanted: Wanted,
    log: DecisionLog | None,
) -> Prepared:
    (fold, folds), settled = dealt, wanted.settled
    table = TabularPreprocessor(wanted.seed).fit(typed, schema, task, log, settled)
    scaler = TargetScaler()
    if not task.is_classification:
        scaler = choose_scaler(y, table.transform(typed), wanted=wanted.target_scale, seed=wanted.seed, log=log)
    target = y if task.is_classification else scaler.transform(y)
    arrays = table.fit_target(typed, target, fold, folds, log)
    arrays = _add_words(table, typed, arrays, (target, fold, folds), len(schema.features), wanted, log)
    if wanted.combine:
        budget = settled.budget or Budget(trials=1)
        chosen = settled.once(
            "combined columns", lambda: choose(table, typed, arrays, target, fold, folds, budget, wanted.seed).to_dict()
        )
        choice = Choice.from_dict(chosen)
        if log is not None:
            log.entries.extend(choice.decisions)
        arrays = add_chosen(table, choice, typed, arrays)
    given = Circumstances(task.problem, wanted.seed, DecisionLog() if log is None else log, wanted.pretrained, settled)
    encoders = fit_encoders(typed, {column.name: column.type for column in schema.features}, given)
    whole = Preprocessor(table, encoders, task.modality if encoders else "tabular")
    arrays |= whole.further(typed)
    forget_pictures()
    return Prepared(whole, scaler, arrays, target)


def _add_words(
    table: TabularPreprocessor,
    typed: pd.DataFrame,
    arrays: Arrays,
    learnt: tuple[NDArray[Any], NDArray[np.int64], int],
    columns: int,
    wanted: Wanted,
    log: DecisionLog | None,
) -> Arrays:
    """Tell the words of texts beside other columns as numbers, where that explains the target; return the arrays with them."""
    texts, (target, fold, folds) = table.texts(typed), learnt
    if len(texts) == columns:  # families of texts do as much where there is nothing to join
        return arrays
    budget = wanted.settled.budget
    limit = budget.limit if budget is not None and budget.timed else None
    chosen = wanted.settled.once("words as numbers", lambda: affordable(texts, table.spec, folds, limit))
    if not chosen:
        return arrays
    words, encoded = WordEncoding.fit({name: texts[name] for name in chosen}, target, fold, folds, table.spec, wanted.seed)
    if not words.columns:
        return arrays
    if log is not None:
        record_words(log, words.columns, LEAST_SHARE)
    return table.add_words(words, encoded, arrays)


def add_chosen(table: TabularPreprocessor, choice: Choice, typed: pd.DataFrame, arrays: Arrays) -> Arrays:
    """Make the chosen columns part of the preparation, and return the arrays of the training rows with them.

    Args:
        table: The fitted preparation.
        choice: Which columns.
        typed: The training rows.
        arrays: What `table` made of them so far.
    """
    step = -(-len(typed) // LOOKED_AT)
    looked_at = table.raw(typed.iloc[::step], ("number", "datetime")), arrays["categories"][::step]
    numbers, codes, counts = arrays["raw_numbers"], arrays["categories"], table.spec.categories
    combined = CombinedColumns.fit(choice.formulas, choice.given, numbers, codes, counts, looked_at)
    return table.add_combined(combined, typed, arrays)
