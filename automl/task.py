"""Find out what is to be predicted: the problem, its classes and its metric, each with evidence and a way to overrule it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import Dataset, NumberFormat
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError, did_you_mean
from automl.schema import Column, Schema, cast_column, cell_text, detect_schema, kind_of, levels

PROBLEMS = ("binary", "multiclass", "regression")
METRICS = {"binary": ("log_loss",), "multiclass": ("log_loss",), "regression": ("rmse",)}
_FEWEST_ROWS = 10
_MOST_CLASSES = 1_000
_CODES = 10  # more distinct whole numbers than this are rather counts or measures than codes of classes

# What people call the outcome that they look for, and its opposite. Whole words, lower case.
_POSITIVE = {
    "yes",
    "true",
    "y",
    "t",
    "bad",
    "dead",
    "died",
    "death",
    "killed",
    "positive",
    "pos",
    "churn",
    "churned",
    "left",
    "lost",
    "default",
}
_POSITIVE |= {
    "defaulted",
    "fraud",
    "fraudulent",
    "fail",
    "failed",
    "failure",
    "sick",
    "ill",
    "disease",
    "malignant",
    "spam",
    "attack",
    "abnormal",
}
_POSITIVE |= {
    "cancelled",
    "canceled",
    "rejected",
    "defective",
    "faulty",
    "anomaly",
    "outlier",
    "ja",
    "ano",
    "áno",
    "oui",
    "sí",
    "sì",
    "sim",
    "tak",
}
_POSITIVE |= {"igen", "да", "on", "won", "win", "bought", "converted", "delayed", "late"}
_NEGATIVE = {
    "no",
    "false",
    "n",
    "f",
    "good",
    "alive",
    "survived",
    "negative",
    "neg",
    "stayed",
    "healthy",
    "benign",
    "ham",
    "normal",
    "none",
    "ok",
}
_NEGATIVE |= {
    "nein",
    "ne",
    "nie",
    "non",
    "não",
    "nem",
    "нет",
    "off",
    "legit",
    "genuine",
    "passed",
    "never",
    "retained",
    "active",
    "on time",
}


@dataclass(frozen=True)
class Task:
    """What is to be predicted.

    Attributes:
        problem: "binary", "multiclass" or "regression".
        target: The column's name.
        classes: The labels as they stand in the data, sorted; of two, the second is the positive class. Empty for regression.
        metric: What is minimised: "log_loss" or "rmse".
        modality: "tabular".
        confidence: From 0 to 1: how sure the problem is.
        evidence: Sentences with numbers.
        runner_up: The next best problem: {"problem", "confidence", "override"}; None where it was declared or is beyond doubt.
        parse: How the target's raw cells are read (see :class:`automl.schema.Column`).

    Example:
        >>> task = Task("binary", "churn", ("No", "Yes"))
        >>> task.encode(["Yes", "No", None, "Maybe"]).tolist(), task.decode([1, 0]).tolist()
        ([1, 0, -1, -1], ['Yes', 'No'])
    """

    problem: str
    target: str
    classes: tuple[str | int | float | bool, ...] = ()
    metric: str = "log_loss"
    modality: str = "tabular"
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()
    runner_up: dict[str, Any] | None = None
    parse: dict[str, Any] = field(default_factory=dict)

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted."""
        return self.problem != "regression"

    @property
    def outputs(self) -> int:
        """Number of columns of a prediction: the classes, or 1."""
        return len(self.classes) if self.is_classification else 1

    @cached_property
    def _codes(self) -> dict[str, int]:
        codes = {str(cell_text(label)): code for code, label in enumerate(self.classes)}
        if set(codes) == {"0", "1"}:
            codes |= {"False": codes["0"], "True": codes["1"]}
        return codes

    def encode(self, values: Any) -> np.ndarray[Any, Any]:
        """Return the target as numbers.

        Args:
            values: Raw labels or numbers, shape (rows,): a Series, an array or a list.

        Returns:
            int64 codes with -1 for missing and unknown labels, or float64 with NaN for missing and infinite numbers, shape (rows,).
        """
        series = values if isinstance(values, pd.Series) else _series(values)
        if not self.is_classification:
            return cast_column(series, Column(self.target, "number", parse=self.parse))
        texts = levels(series)
        codes, uniques = pd.factorize(texts)
        table = np.array([self._codes.get(text, -1) for text in uniques] + [-1], dtype=np.int64)
        return table[codes]

    def decode(self, codes: Any) -> np.ndarray[Any, Any]:
        """Return the labels of class codes as they stand in the data, shape (rows,); numbers of a regression pass through."""
        if not self.is_classification:
            return np.asarray(codes, dtype=np.float64)
        kinds = {type(label) for label in self.classes}
        labels = np.empty(len(self.classes), dtype=object)
        labels[:] = self.classes
        return np.asarray(labels.astype(kinds.pop()) if len(kinds) == 1 and str not in kinds else labels)[np.asarray(codes, dtype=np.int64)]

    def to_dict(self) -> dict[str, Any]:
        """Return the task as JSON-ready values."""
        return {**asdict(self), "classes": list(self.classes), "evidence": list(self.evidence)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Rebuild a task from :meth:`to_dict`."""
        return cls(**{**values, "classes": tuple(values["classes"]), "evidence": tuple(values["evidence"])})


def _series(values: Any) -> pd.Series[Any]:
    """Return values as a Series whose cells keep their kind."""
    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.dtype != object:
        return pd.Series(array.reshape(len(array), -1)[:, 0] if array.ndim > 1 else array)
    return pd.Series(list(values), dtype=object)


@dataclass(frozen=True)
class _Target:
    """Cheap facts of the target column."""

    column: Column
    texts: np.ndarray[Any, Any]  # distinct levels
    counts: np.ndarray[Any, Any]
    numbers: np.ndarray[Any, Any] | None  # distinct numbers, sorted, where the levels are numbers
    weights: np.ndarray[Any, Any] | None  # how often each of the numbers occurs

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        return len(self.texts)

    @property
    def whole(self) -> bool:
        return self.numbers is not None and bool((self.numbers % 1 == 0).all())


def _look(series: pd.Series[Any], column: Column) -> _Target:
    """Gather the facts of the target; all of its rows are looked at."""
    texts, counts = _value_counts(levels(series))
    numbers = weights = None
    if column.type == "number" or (column.type == "boolean" and set(texts) <= {"0", "1"}):
        values = cast_column(series, replace(column, type="number"))
        numbers, weights = np.unique(values[~np.isnan(values)], return_counts=True)
    return _Target(column, texts, counts, numbers, weights)


def _value_counts(texts: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    codes, uniques = pd.factorize(texts)
    return np.asarray(uniques, dtype=object), np.bincount(codes[codes >= 0], minlength=len(uniques))


def _judge_whole(target: _Target) -> tuple[str, float, str, str | None]:
    """Decide whether whole numbers are codes of classes or counts and measures."""
    assert target.numbers is not None and target.weights is not None
    numbers, weights, distinct = target.numbers, target.weights, len(target.numbers)
    low, high, per_value = int(numbers[0]), int(numbers[-1]), target.rows / distinct
    gapless = high - low + 1 == distinct
    span = f"{distinct} distinct whole numbers from {low} to {high}"
    balanced = weights.min() >= 0.2 * weights.max()
    if distinct <= _CODES and gapless and low in (0, 1) and per_value >= 5:
        sure = 0.85 if balanced else 0.65
        return "multiclass", sure, f"The target holds only {span} without a gap, on average {per_value:.0f} rows each.", "regression"
    if distinct <= 20 and gapless and low in (0, 1) and per_value >= 20 and balanced:
        return "multiclass", 0.6, f"The target holds {span} without a gap and about equally often.", "regression"
    if distinct <= 5 and per_value >= 20:
        return "multiclass", 0.65, f"The target holds only {span}, on average {per_value:.0f} rows each.", "regression"
    sure = 0.99 if distinct > 100 else 0.9 if distinct > 20 else 0.65
    return "regression", sure, f"The target holds {span}: a count or a measure.", "multiclass" if distinct <= _MOST_CLASSES else None


def _judge(target: _Target) -> tuple[str, float, str, str | None]:
    """Return (problem, confidence, evidence, runner-up) by the target's values alone."""
    shown = ", ".join(repr(text) for text in target.texts[np.argsort(-target.counts, kind="stable")][:3])
    if target.numbers is None:
        if target.distinct == 2:
            return "binary", 0.99, f"The target holds two different values, {shown.replace(', ', ' and ')}.", None
        rare = target.distinct / target.rows
        sure = 0.97 if rare < 0.05 else 0.8
        return "multiclass", sure, f"The target holds {target.distinct:,} different labels, such as {shown}, in {target.rows:,} rows.", None
    if len(target.numbers) == 2:
        first, second = (f"{value:g}" for value in target.numbers)
        evidence = f"The target holds two different numbers, {first} and {second}."
        if target.whole:
            return "binary", 0.98 if set(target.numbers) <= {-1.0, 0.0, 1.0, 2.0} else 0.85, evidence, "regression"
        return "regression", 0.55, evidence + " They have fractions, so they rather measure than name something.", "binary"
    if target.whole:
        return _judge_whole(target)
    distinct = len(target.numbers)
    evidence = f"The target holds {distinct:,} distinct numbers with fractions from {target.numbers[0]:g} to {target.numbers[-1]:g}."
    return "regression", 0.99 if distinct > 20 else 0.75, evidence, None if distinct > 20 else "multiclass"


def _positive(target: _Target, wanted: Any) -> tuple[int, str, str]:
    """Return (place of the positive class among the two levels, why, the argument that changes it)."""
    texts, folded = list(target.texts), [str(text).casefold() for text in target.texts]
    if wanted is not None:
        text = cell_text(wanted)
        place = texts.index(text) if text in texts else folded.index(str(text).casefold()) if str(text).casefold() in folded else -1
        if place < 0:
            shown = " or ".join(repr(text) for text in texts)
            raise UsageError(
                f"`positive` must be one of the target's classes, {shown}. Received positive={wanted!r}.{did_you_mean(wanted, texts)}"
            )
        return place, "It was asked for.", ""
    override = "positive={!r}"
    for words, is_positive in ((_POSITIVE, True), (_NEGATIVE, False)):
        found = [word in words for word in folded]
        if sum(found) == 1:
            place = found.index(True) if is_positive else 1 - found.index(True)
            word = texts[found.index(True)]
            return (
                place,
                f"The word {word!r} names {'the outcome looked for' if is_positive else 'its opposite'}.",
                override.format(texts[1 - place]),
            )
    for zero in ("0", "-1"):
        if zero in texts and all(re.fullmatch(r"-?[\d.]+", text) for text in texts):
            place = 1 - texts.index(zero)
            return place, f"The other number is {zero}.", override.format(texts[1 - place])
    place = int(np.argmin(target.counts)) if target.counts[0] != target.counts[1] else int(np.argmax(texts))
    share = target.counts[place] / target.rows
    return place, f"It is the rarer class ({share:.1%} of the rows).", override.format(texts[1 - place])


def _labels(target: _Target, series: pd.Series[Any]) -> list[str | int | float | bool]:
    """Return the labels of the target's levels in the kind in which they stand in the data."""
    kind = kind_of(series)
    if kind == "boolean":
        return [text == "True" for text in target.texts]
    if kind == "category" and len(series.cat.categories):
        kind = kind_of(pd.Series(series.cat.categories))
    if kind == "number":
        return [float(text) if not re.fullmatch(r"-?\d+", text) else int(text) for text in target.texts]
    return [str(text) for text in target.texts]


def _classes(target: _Target, series: pd.Series[Any], problem: str, wanted: Any, log: DecisionLog) -> tuple[str | int | float | bool, ...]:
    """Return the classes in their order and record which one is positive."""
    labels = _labels(target, series)
    if problem == "binary":
        place, because, override = _positive(target, wanted)
        others = [str(labels[1 - place])]
        log.add("detect", "positive class", str(labels[place]), because, others, override or f"positive={labels[1 - place]!r}")
        return labels[1 - place], labels[place]
    numeric = all(isinstance(label, (int, float)) for label in labels)
    return tuple(sorted(labels) if numeric else sorted(labels, key=str))  # type: ignore[type-var]


def _require(series: pd.Series[Any], column: Column, name: str) -> _Target:
    """Look at the target and refuse what cannot be learnt."""
    if column.type == "datetime":
        raise DataError(
            f"`target` must hold classes or numbers. Column {name!r} holds dates; turn it into a number, such as days until then."
        )
    target = _look(series, column)
    if target.rows == 0:
        raise DataError(f"`target` must hold values. All {len(series):,} values of {name!r} are missing.")
    infinite = [text for text in target.texts if text.lstrip("+-").casefold() in ("inf", "infinity")]
    if infinite and (column.type in ("number", "boolean") or len(infinite) == target.distinct):
        count = int(target.counts[[text in infinite for text in target.texts]].sum())
        raise DataError(
            f"The target's numbers must be finite: Input contains infinity. {count:,} values of {name!r} are infinite; remove or cap them."
        )
    if target.distinct == 1:
        raise DataError(
            f"`target` must hold at least two different values, here it is one class. All values of {name!r} are {target.texts[0]!r}."
        )
    if target.rows < _FEWEST_ROWS:
        raise DataError(f"Learning needs at least {_FEWEST_ROWS} rows with a target. Received {target.rows} rows with a value of {name!r}.")
    return target


def _check_arguments(problem: str | None, metric: str | None) -> None:
    if problem is not None and problem not in PROBLEMS:
        raise UsageError(f"`problem` must be one of {', '.join(PROBLEMS)}. Received problem={problem!r}.{did_you_mean(problem, PROBLEMS)}")
    known = sorted({name for names in METRICS.values() for name in names})
    if metric is not None and metric not in known:
        raise UsageError(f"`metric` must be one of {', '.join(known)}. Received metric={metric!r}.{did_you_mean(metric, known)}")


def _declared(target: _Target, problem: str, name: str) -> str:
    """Check a declared problem against the data and return the evidence."""
    if problem == "regression" and target.numbers is None:
        raise UsageError(
            f"`problem` can be 'regression' only for numbers. The values of {name!r} are {target.column.type} values such as {target.texts[0]!r}."
        )
    if problem == "binary" and target.distinct != 2:
        raise UsageError(
            f"`problem` can be 'binary' only for two classes. Column {name!r} holds {target.distinct:,}; use problem='multiclass'."
        )
    return f"problem={problem!r} was asked for; the target holds {target.distinct:,} different values."


def _too_many(target: _Target, name: str) -> None:
    """Refuse classes of which nothing can be learnt."""
    if target.distinct > _MOST_CLASSES or (target.distinct > 20 and target.distinct > 0.5 * target.rows):
        kind = "names or free text" if target.numbers is None else "numbers; use problem='regression'"
        raise DataError(
            f"A class must occur in several rows, and there can be at most {_MOST_CLASSES:,} classes. "
            f"Column {name!r} holds {target.distinct:,} different values in {target.rows:,} rows: they look like {kind}."
        )


def detect_task(
    dataset: Dataset,
    schema: Schema,
    target: str,
    problem: str | None = None,
    metric: str | None = None,
    positive: Any = None,
    log: DecisionLog | None = None,
) -> Task:
    """Find out which problem the target poses.

    Args:
        dataset: The data.
        schema: Its columns.
        target: The column to predict.
        problem: "binary", "multiclass" or "regression"; None to find out.
        metric: "log_loss" or "rmse"; None for the problem's.
        positive: Of two classes, the one looked for; None to find out.
        log: Receives the decisions.

    Returns:
        The task with evidence, confidence and runner-up.

    Raises:
        DataError: If the target is absent, all missing, constant, infinite, a date, or has fewer than 10 rows.
        UsageError: If `problem`, `metric` or `positive` contradict the data.

    Example:
        >>> data = Dataset(pd.DataFrame({"x": range(20), "churn": ["yes", "no"] * 10}))
        >>> task = detect_task(data, detect_schema(data, "churn"), "churn")
        >>> task.problem, task.classes
        ('binary', ('no', 'yes'))
    """
    log = DecisionLog() if log is None else log
    _check_arguments(problem, metric)
    if target not in dataset.frame.columns:
        names = [str(name) for name in dataset.frame.columns]
        hint = did_you_mean(target, names) or f" Its columns are {', '.join(map(repr, names[:8]))}{' …' if len(names) > 8 else ''}."
        raise DataError(f"`target` must be a column of the data. Received target={target!r}.{hint}")
    series, column = dataset.frame[target], schema[target]
    facts = _require(series, column, target)
    if problem is None:
        chosen, confidence, because, second = _judge(facts)
        evidence: tuple[str, ...] = (because,)
    else:
        chosen, confidence, second, evidence = problem, 1.0, None, (_declared(facts, problem, target),)
    if chosen == "multiclass" and facts.distinct == 2:
        chosen = "binary"
    allowed = METRICS[chosen]
    if metric is not None and metric not in allowed:
        raise UsageError(f"`metric` must be {allowed[0]!r} for a {chosen} problem. Received metric={metric!r}.")
    classes: tuple[Any, ...] = ()
    if chosen != "regression":
        _too_many(facts, target)
        classes = _classes(facts, series, chosen, positive, log)
    runner_up = None
    if second is not None:
        runner_up = {"problem": second, "confidence": round(1 - confidence, 2), "override": f"problem={second!r}"}
    others = [second] if second else [name for name in PROBLEMS if name != chosen and problem is not None]
    log.add("detect", "problem type", chosen, evidence[0], others, runner_up["override"] if runner_up else f"problem={_other(chosen)!r}")
    parse = {key: value for key, value in column.parse.items() if key in ("decimal", "thousands", "affix")}
    return Task(chosen, target, classes, metric or allowed[0], "tabular", confidence, evidence, runner_up, parse)


def _other(problem: str) -> str:
    return "multiclass" if problem == "regression" else "regression"


_TARGET_NAMES = re.compile(
    r"(?i)(^|[_\s.-])(target|label|class|y|outcome|churn(ed)?|price|survived|default(ed)?|fraud|status|response|result|sales?|income|rating|score)$"
)


def suggest_target(dataset: Dataset, schema: Schema) -> list[tuple[str, str]]:
    """Return columns that people could want to predict, most likely first, each with the reason.

    Example:
        >>> data = Dataset(pd.DataFrame({"age": [20, 30, 40] * 9, "churn": ["yes", "no", "no"] * 9}))
        >>> suggest_target(data, detect_schema(data))[0][0]
        'churn'
    """
    rows, ranked = len(dataset.frame), []
    head = dataset.frame.iloc[: min(rows, 5000)]
    for place, column in enumerate(schema.columns):
        if column.type in ("datetime", "text"):
            continue
        distinct = int(pd.Series(levels(head[column.name])).nunique())
        if (
            distinct < 2
            or (column.type == "category" and distinct > max(20, 0.1 * len(head)))
            or (distinct == len(head) and column.type != "number")
        ):
            continue
        reasons, points = _likelihood(column, place, distinct, len(schema.columns))
        ranked.append((points, column.name, reasons))
    ranked.sort(key=lambda entry: -entry[0])
    return [(name, reasons) for _, name, reasons in ranked[:10]]


def _likelihood(column: Column, place: int, distinct: int, width: int) -> tuple[str, float]:
    """Return why and how much a column looks like a target."""
    points, reasons = 0.0, []
    if _TARGET_NAMES.search(column.name):
        points, reasons = points + 3.0, [*reasons, f"its name {column.name!r} is one that targets often have"]
    if place == width - 1:
        points, reasons = points + 2.0, [*reasons, "it is the last column"]
    elif place == 0:
        points, reasons = points + 0.5, [*reasons, "it is the first column"]
    if distinct == 2:
        points, reasons = points + 1.0, [*reasons, "it holds two different values"]
    else:
        points, reasons = points + 1.0 / math.log2(2 + distinct), [*reasons, f"it holds {distinct:,} different values"]
    return f"{column.name!r}: " + ", ".join(reasons) + ".", points


__all__: Sequence[str] = ["METRICS", "PROBLEMS", "Task", "detect_schema", "detect_task", "suggest_target"]
