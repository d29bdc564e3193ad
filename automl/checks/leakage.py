"""Find features that could only be known after the outcome: each column alone is asked to predict the target.

Kaufman, Rosset, Perlich and Stitelman, "Leakage in Data Mining", ACM TKDD 6(4), 2012: what predicts too
well is to be explained, not to be enjoyed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from automl.checks.finding import Finding
from automl.percents import percent
from automl.schema import Column, Schema, cast_column
from automl.task import Task

_FOLDS = 5
_PERFECT = 0.98
_STRONG = {"AUC": 0.9, "R²": 0.7}
_DOMINANT = {"AUC": 0.95, "R²": 0.95}
_MARGIN = 0.25  # what the column leaves unexplained, over what the best other column leaves
_FEWEST = 30
_MOST_BINS = 128
_PURE = 0.985
_USUAL = 0.9  # a class that is this common anyway is no surprise where a column is filled
_COPY = 1 - 1e-9


@dataclass(frozen=True)
class Question:
    """The target of the sampled rows, prepared once for all columns."""

    task: Task
    y: np.ndarray[Any, Any]
    fold: np.ndarray[Any, Any]
    outcomes: np.ndarray[Any, Any]  # (rows, outcomes): one-hot classes, or the rank-free number itself
    ranks: np.ndarray[Any, Any] | None

    @classmethod
    def of(cls, task: Task, y: np.ndarray[Any, Any], generator: np.random.Generator) -> Question:
        """Prepare the target of the sampled rows."""
        fold = generator.permutation(len(y)) % _FOLDS
        if task.problem == "regression":
            scale = y.std() or 1.0
            return cls(task, y, fold, ((y - y.mean()) / scale)[:, None], rankdata(y))
        classes = np.flatnonzero(np.bincount(y, minlength=2) > 0)
        classes = classes[np.argsort(-np.bincount(y, minlength=2)[classes], kind="stable")][:20]
        chosen = np.array([1]) if task.problem == "binary" else classes
        return cls(task, y, fold, (y[:, None] == chosen[None, :]).astype(np.float64), None)

    @property
    def measure(self) -> str:
        """The score's name."""
        return "R²" if self.task.problem == "regression" else "AUC"


def _bins(values: np.ndarray[Any, Any], column: Column) -> np.ndarray[Any, Any]:
    """Return a small whole number per cell: levels, or quantile bins; missing cells have one of their own."""
    if values.dtype == object:
        codes, _ = pd.factorize(values)
        return codes + 1
    if column.type == "datetime":
        missing, numbers = np.isnat(values), values.astype(np.int64).astype(np.float64)
    else:
        missing, numbers = np.isnan(values), values
    present = numbers[~missing]
    if not len(present):
        return np.zeros(len(values), dtype=np.int64)
    count = int(min(_MOST_BINS, max(len(present) // 15, 4)))
    edges = np.unique(np.quantile(present, np.linspace(0, 1, count + 1)[1:-1], method="lower"))
    # Edges are values of the data, so that a frequent value is alone in its bin.
    codes = np.searchsorted(edges, numbers, side="left") * 2 + np.isin(numbers, edges)
    return np.where(missing, 0, codes + 1)


def _out_of_fold(bins: np.ndarray[Any, Any], question: Question) -> np.ndarray[Any, Any]:
    """Return the mean outcome of each row's bin among the rows of the other folds, shape (rows, outcomes)."""
    width = int(bins.max()) + 1
    cell = question.fold * width + bins
    counts = np.bincount(cell, minlength=_FOLDS * width).reshape(_FOLDS, width)
    others = counts.sum(0) - counts
    predicted = np.empty_like(question.outcomes)
    for place in range(question.outcomes.shape[1]):
        outcome = question.outcomes[:, place]
        sums = np.bincount(cell, weights=outcome, minlength=_FOLDS * width).reshape(_FOLDS, width)
        totals = np.bincount(question.fold, weights=outcome, minlength=_FOLDS)
        sizes = np.maximum(len(outcome) - np.bincount(question.fold, minlength=_FOLDS), 1)
        prior = ((outcome.sum() - totals) / sizes)[:, None]
        predicted[:, place] = ((sums.sum(0) - sums + prior) / (others + 1.0)).ravel()[cell]
    return predicted


def _auc(positive: np.ndarray[Any, Any], score: np.ndarray[Any, Any]) -> float:
    """Return the area under the ROC curve (Mann–Whitney)."""
    hits = int(positive.sum())
    if hits in (0, len(positive)):
        return 0.5
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]  # ties share their mean rank
    return float((ranks[positive > 0].sum() - hits * (hits + 1) / 2) / (hits * (len(positive) - hits)))


def _auc_error(auc: float, hits: int, others: int) -> float:
    """Return the standard error of an AUC (Hanley and McNeil, 1982)."""
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (hits - 1) * (first - auc**2) + (others - 1) * (second - auc**2)
    return float(np.sqrt(max(variance, 0.0) / max(hits * others, 1)))


def _monotone(values: np.ndarray[Any, Any], question: Question) -> float:
    """Return the squared rank correlation, which sees strong trends that bins blur in long tails."""
    if values.dtype == object or question.ranks is None:
        return 0.0
    present = ~pd.isna(values)
    if present.mean() < 0.9 or present.sum() < _FEWEST:
        return 0.0
    ranks = rankdata(values[present].astype(np.float64) if values.dtype.kind == "f" else values[present].astype(np.int64))
    other = question.ranks[present]
    if ranks.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(ranks, other)[0, 1] ** 2)


def single_score(values: np.ndarray[Any, Any], column: Column, question: Question) -> tuple[float, float]:
    """Return how well one column alone predicts rows that it was not fitted on, and a cautious lower bound of it."""
    predicted = _out_of_fold(_bins(values, column), question)
    if question.measure == "R²":
        outcome = question.outcomes[:, 0]
        explained = 1 - float(((outcome - predicted[:, 0]) ** 2).mean() / max(outcome.var(), 1e-300))
        score = max(explained, _monotone(values, question), 0.0)
        return score, score - 2 / np.sqrt(len(outcome)) * (1 - score)
    weights = question.outcomes.sum(0)
    scores = np.array([_auc(question.outcomes[:, place], predicted[:, place]) for place in range(len(weights))])
    score = float((scores * weights).sum() / max(weights.sum(), 1.0))
    hits = int(min(weights.min(), len(question.y) - weights.max()))
    return score, score - 1.64 * _auc_error(score, max(hits, 1), max(len(question.y) - hits, 1))


def _is_copy(column: Column, series: pd.Series[Any], task: Task, y: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> bool:
    """Say whether a column maps one to one on the target in all rows."""
    values, target = cast_column(series, column)[rows], y[rows]
    present = ~pd.isna(values)
    if present.mean() < 0.5 or present.sum() < _FEWEST:
        return False
    values, target = values[present], target[present]
    if task.problem == "regression":
        if values.dtype.kind != "f" or values.std() == 0 or target.std() == 0:
            return False
        return bool(np.corrcoef(values, target)[0, 1] ** 2 > _COPY)
    codes, uniques = pd.factorize(values)
    classes = len(np.unique(target))
    return len(uniques) == classes and len(np.unique(codes * (int(target.max()) + 1) + target)) == classes and classes > 1


def _filled_afterwards(column: Column, values: np.ndarray[Any, Any], question: Question) -> str | None:
    """Return why the mere presence of a value gives the outcome away, or None."""
    missing = pd.isna(values)
    share = float(missing.mean())
    if not 0.01 < share < 0.99:
        return None if share else _zero_before(column, values, question)
    if question.task.problem == "regression":
        outcome = question.outcomes[:, 0]
        between = sum(part.mean() * float(outcome[part].mean()) ** 2 for part in (missing, ~missing))
        if between < 0.5:
            return None
        return f"whether {column.name!r} is filled explains {percent(between)} of the variance of {question.task.target!r}."
    return _pure(column, (~missing), "filled", question) or _pure(column, missing, "missing", question)


def _pure(column: Column, part: np.ndarray[Any, Any], word: str, question: Question) -> str | None:
    """Return why rows of a part are all of one class, or None."""
    usual = np.bincount(question.y) / len(question.y)
    counts = np.bincount(question.y[part], minlength=len(usual))
    top = int(counts.argmax())
    surprise = counts.sum() * np.log10(max(usual[top], 1e-12))  # log10 of the chance of so pure a part
    if counts.sum() < _FEWEST or counts[top] < _PURE * counts.sum() or usual[top] >= _USUAL or surprise >= -6:
        return None
    return (
        f"of the {counts.sum():,} rows in which {column.name!r} is {word}, {percent(counts[top] / counts.sum())} are "
        f"{question.task.classes[top]!r} (of all rows {percent(usual[top])})."
    )


def _zero_before(column: Column, values: np.ndarray[Any, Any], question: Question) -> str | None:
    """Return why an amount that is 0 until something happens gives the outcome away, or None."""
    if column.type != "number" or question.task.problem == "regression":
        return None
    above = values != 0
    if not 0.01 < above.mean() < 0.5 or len(np.unique(values[above])) < 10:
        return None
    return _pure(column, above, "not 0", question)


def leaks(
    schema: Schema,
    typed: Mapping[str, np.ndarray[Any, Any]],
    frame: pd.DataFrame,
    task: Task,
    y: np.ndarray[Any, Any],
    rows: np.ndarray[Any, Any],
    sample: np.ndarray[Any, Any],
    generator: np.random.Generator,
    keys: Mapping[str, np.ndarray[Any, Any]] | None = None,
) -> Iterator[Finding]:
    """Yield features that know too much.

    Args:
        schema: The columns; its features are asked.
        typed: The features of the sampled rows as typed values.
        frame: All raw rows.
        task: What is predicted.
        y: Encoded target of all rows.
        rows: Positions of usable rows.
        sample: Positions of the sampled rows, a part of `rows`.
        generator: Draws the folds.
        keys: Identifiers that are not used, of the sampled rows: whether they are given at all may tell the outcome.
    """
    from automl.checks.together import dates_apart, same_moment, shares

    if len(sample) < _FEWEST:
        return
    question = Question.of(task, y[sample], generator)
    scores = {column.name: single_score(typed[column.name], column, question) for column in schema.features}
    copies = []
    for column in schema.features:
        if scores[column.name][0] > 0.9 and _is_copy(column, frame[column.name], task, y, rows):
            copies.append(column.name)
    spare = len(copies) < len(schema.features)
    for name in copies:
        because = f"{name!r} maps one to one on the target {task.target!r}: it is the answer in other words."
        if spare and not schema[name].declared:
            yield Finding("leakage", (name,), "high", "not used", because, f"types={{{name!r}: {schema[name].type!r}}}")
        else:
            yield Finding("leakage", (name,), "high", "told", because, f"ignore=[{name!r}]")
    suspects = [column for column in schema.features if column.name not in copies]
    others = {name: score for name, score in scores.items() if name not in copies}
    found = [*_suspects(suspects, typed, question, others), *shares(suspects, typed, question, others)]
    named = {name for finding in found for name in finding.columns}
    found += [one for one in dates_apart(suspects, typed, question, others) if one.columns[0] not in named]
    for name, values in (keys or {}).items():
        afterwards = _filled_afterwards(schema[name], values, question)
        if afterwards:
            because = f"{name!r} seems to be filled in only after the outcome: {afterwards} It only tells rows apart, and is not used."
            found.append(Finding("leakage", (name,), "warning", "not used", because, f"types={{{name!r}: {schema[name].type!r}}}"))
    yield from found
    leaking = [*copies, *(name for finding in found for name in finding.columns)]
    yield from same_moment(schema.features, typed, task.target, leaking)


def _suspects(
    columns: Sequence[Column], typed: Mapping[str, np.ndarray[Any, Any]], question: Question, scores: dict[str, tuple[float, float]]
) -> Iterator[Finding]:
    """Yield columns that predict too well alone, or whose presence gives the outcome away."""
    measure, ask = question.measure, "Was it known at the time of the prediction? If not, leave it out."
    ranked = sorted(scores, key=lambda name: -scores[name][0])
    floor = 0.5 if measure == "AUC" else 0.0
    honest = [name for name in ranked if scores[name][1] < _PERFECT][:2]
    for column in columns:
        score, lower = scores[column.name]
        others = [name for name in honest if name != column.name]
        best = others[0] if others else None
        rest = scores[best][0] if best else floor
        dominates = 1 - score <= _MARGIN * (1 - rest) and len(columns) > 1
        beside = f"; the best other column, {best!r}, reaches {rest:.3f}" if best else ""
        told = f"{column.name!r} alone predicts {question.task.target!r} with {measure} {score:.3f}{beside}. {ask}"
        override = f"ignore=[{column.name!r}]"
        afterwards = _filled_afterwards(column, typed[column.name], question)
        if lower >= _PERFECT or (dominates and lower >= _DOMINANT[measure]):
            yield Finding("leakage", (column.name,), "high", "told", told, override)
        elif afterwards:
            because = f"{column.name!r} seems to be filled in only after the outcome: {afterwards} {ask}"
            yield Finding("leakage", (column.name,), "high", "told", because, override)
        elif dominates and lower >= _STRONG[measure]:
            yield Finding("leakage", (column.name,), "warning", "told", told, override)
