"""What "good" means: one table of metrics, the loss of every row, and intervals of proportions.

Probabilities have one column per class; a prediction with two columns is binary and column 1 is the positive class. Classes
that do not occur in `y` are left out of macro means, so that a rare class which is missing from a holdout changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy import stats

from automl.errors import UsageError, did_you_mean

Array = np.ndarray[Any, np.dtype[Any]]
CLIP = 1e-7  # the least probability that a log-loss believes, so that one row costs at most 16
BINS = 15
BIN_ROWS = 20  # fewer rows a bin and the calibration error measures noise
CLASSIFICATION = ("binary", "multiclass")
DECISIONS = ("accuracy", "balanced_accuracy", "macro_f1", "f1")  # what decisions can serve; "f1" has a positive class alone
OF_DECISIONS = ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "macro_f1")


@dataclass(frozen=True)
class Metric:
    """One way to score predictions.

    Attributes:
        name: The key in :data:`METRICS`.
        title: What a report calls it.
        greater_is_better: The direction.
        problems: The problems it is defined for.
        function: ``function(y, prediction) -> float``, nan where it cannot be computed.
    """

    name: str
    title: str
    greater_is_better: bool
    problems: tuple[str, ...]
    function: Callable[[Array, Array], float]

    def to_dict(self) -> dict[str, Any]:
        """Return name, title, direction and problems."""
        facts = {"name": self.name, "title": self.title, "greater_is_better": self.greater_is_better}
        return {**facts, "problems": list(self.problems)}


def loss(problem: str) -> str:
    """Return the name of the metric that selection minimises: proper for classes, squared for numbers.

    Example:
        >>> loss("binary"), loss("regression")
        ('log_loss', 'rmse')
    """
    return "rmse" if problem == "regression" else "log_loss"


def selection_metric(problem: str, wanted: str | None) -> str:
    """Return what the weights of an ensemble minimise: what the user asked for, or the problem's loss.

    Args:
        problem: "binary", "multiclass" or "regression".
        wanted: "log_loss" or "brier" for classes, "rmse" or "mae" for numbers; None for the loss. A measure of decisions
            (:data:`DECISIONS`) chooses how classes are decided, see :func:`served`; weights then keep to the loss.

    Raises:
        UsageError: If the problem has no such metric.

    Example:
        >>> selection_metric("regression", "mae"), selection_metric("binary", None)
        ('mae', 'log_loss')
    """
    known = ("rmse", "mae") if problem == "regression" else ("log_loss", "brier")
    decided = () if problem == "regression" else DECISIONS if problem == "binary" else DECISIONS[:-1]
    if wanted is not None and wanted not in (*known, *decided):
        kind = {"regression": "numbers", "binary": "two classes"}.get(problem, "several classes")
        names = [repr(name) for name in (*known, *decided)]
        hint = " Did you mean 'macro_f1'?" if wanted == "f1" and decided else did_you_mean(str(wanted), (*known, *decided))
        raise UsageError(f"`metric` must be {', '.join(names[:-1])} or {names[-1]} for {kind}. Received metric={wanted!r}.{hint}")
    return wanted if wanted in known else known[0]


def served(wanted: str | None) -> str | None:
    """Return which measure the decisions shall serve, where the metric that was asked for is one of decisions; else None.

    Example:
        >>> served("macro_f1"), served("brier")
        ('macro_f1', None)
    """
    return wanted if wanted in DECISIONS else None


def score(name: str, y: Array, prediction: Array) -> float:
    """Score a prediction by a metric's name.

    Args:
        name: A key of :data:`METRICS`.
        y: Codes or numbers, (rows,).
        prediction: (rows, outputs).

    Raises:
        UsageError: The metric is unknown.

    Example:
        >>> score("accuracy", np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]))
        0.5
    """
    if name not in METRICS:
        raise UsageError(f"`metric` must be one of {', '.join(METRICS)}. Received metric={name!r}.{did_you_mean(name, METRICS)}")
    return METRICS[name].function(np.asarray(y), columns(prediction))


def columns(prediction: Array) -> Array:
    """Return a prediction as a float64 matrix (rows, outputs); a vector becomes one column."""
    values = np.asarray(prediction, dtype=np.float64)
    return values[:, None] if values.ndim == 1 else values


def decide(prediction: Array, threshold: float | Array | None = None) -> Array:
    """Turn probabilities into class codes.

    Binary: the positive class where its probability is *greater* than the threshold (default 0.5), which is the class of the
    larger probability, a tie going to class 0 as in ``argmax``. More classes: the largest probability.

    Args:
        prediction: (rows, classes).
        threshold: One number, or one number per row (cross-fitted thresholds); ignored for more than two classes.

    Returns:
        int64 codes, (rows,).

    Example:
        >>> decide(np.array([[0.8, 0.2], [0.3, 0.7]]), 0.1).tolist()
        [1, 1]
    """
    probability = columns(prediction)
    if probability.shape[1] == 2 and threshold is not None:
        return np.asarray(probability[:, 1] > threshold, dtype=np.int64)
    return np.asarray(probability.argmax(axis=1), dtype=np.int64)


def confusion(y: Array, labels: Array, classes: int) -> Array:
    """Count the rows of every (true class, decided class) pair, int64 (classes, classes).

    Example:
        >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
        [[1, 0], [1, 1]]
    """
    pairs = np.asarray(y, dtype=np.int64) * classes + np.asarray(labels, dtype=np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def row_losses(problem: str, y: Array, prediction: Array, metric: str | None = None) -> Array:
    """Return the loss of every row: what paired tests compare and what a mean loss averages.

    Args:
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        prediction: (rows, outputs).
        metric: "log_loss", "brier" or "accuracy" (its 0/1 error) for classes; "rmse" (squared error) or "mae" (absolute error)
            for numbers; by default the problem's own loss.

    Returns:
        float64, (rows,), smaller is better.

    Raises:
        UsageError: The metric is not a mean over rows.

    Example:
        >>> row_losses("binary", np.array([1]), np.array([[0.5, 0.5]])).round(3).tolist()
        [0.693]
    """
    name, values = metric or loss(problem), columns(prediction)
    if name in ("rmse", "mae"):
        error = values[:, 0] - y
        return np.asarray(error**2 if name == "rmse" else np.abs(error))
    if name == "log_loss":
        return np.asarray(-np.log(np.clip(_true_column(y, values), CLIP, 1 - CLIP)))
    if name == "accuracy":
        return np.asarray(decide(values) != y, dtype=np.float64)
    if name == "brier":
        if values.shape[1] == 2:
            return np.asarray((values[:, 1] - (np.asarray(y) == 1)) ** 2)
        # Σ_k (p_k − 1[k = y])² = Σ_k p_k² − 2 p_y + 1, without building the one-hot matrix.
        return np.asarray(np.einsum("ij,ij->i", values, values) - 2 * _true_column(y, values) + 1)
    raise UsageError(f"`metric` must be a mean over rows: log_loss, brier, accuracy, rmse or mae. Received metric={name!r}.")


def calibration_bins(y: Array, prediction: Array, bins: int = BINS) -> tuple[Array, Array, Array]:
    """Sort rows into at most 15 bins of about equal size, of at least 20 rows, by the probability whose truthfulness is judged.

    Binary: the probability of the positive class against "is positive". More classes: the largest probability against "the
    decided class was right". Rows with equal probability share a bin, so a constant predictor has one bin.

    Args:
        y: Codes, (rows,).
        prediction: (rows, classes).
        bins: The most bins.

    Returns:
        bin of every row (0 … used − 1), the probability, and the 0/1 outcome, each (rows,).
    """
    probability = columns(prediction)
    if probability.shape[1] == 2:
        claimed, outcome = probability[:, 1], (np.asarray(y) == 1).astype(np.float64)
    else:
        claimed, outcome = probability.max(axis=1), (probability.argmax(axis=1) == y).astype(np.float64)
    if not len(claimed):
        return np.zeros(0, dtype=np.int64), claimed, outcome
    bins = max(1, min(bins, len(claimed) // BIN_ROWS))
    edges = np.unique(np.quantile(claimed, np.arange(1, bins) / bins, method="inverted_cdf"))
    _, index = np.unique(np.searchsorted(edges, claimed, side="left"), return_inverse=True)
    return index.reshape(-1), claimed, outcome


def why_undefined(name: str, y: Array, prediction: Array, threshold: float | Array | None = None) -> str | None:
    """Say in one sentence why a metric gives nan here; None when it can be computed.

    Example:
        >>> why_undefined("roc_auc", np.array([1, 1]), np.array([[0.4, 0.6], [0.3, 0.7]]))
        'All rows belong to one class, so there is nothing to rank.'
    """
    y, values = np.asarray(y), columns(prediction)
    if not len(y):
        return "There are no rows to score."
    if name == "r2":
        return "The target is constant on these rows, so there is no variance to explain." if np.ptp(y) == 0 else None
    if name in ("roc_auc", "pr_auc"):
        if len(np.unique(y)) == 1 and (name == "roc_auc" or (values.shape[1] == 2 and not (y == 1).any())):
            one = "All rows belong to one class, so there is nothing to rank."
            return one if name == "roc_auc" else "No row belongs to the positive class, so there is nothing to find."
        return None
    if values.shape[1] != 2 or name not in ("precision", "recall", "f1"):
        return None
    positive, flagged = bool((y == 1).any()), bool((decide(values, threshold) == 1).any())
    if name == "precision" and not flagged:
        return "The positive class is never predicted, so there is no precision."
    if name == "recall" and not positive:
        return "No row belongs to the positive class, so there is no recall."
    if name == "f1" and not positive and not flagged:
        return "The positive class neither occurs nor is predicted, so there is no F1."
    return None


def wilson(successes: float | Array, rows: float | Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return Wilson's score interval (1927) of a proportion, elementwise; (0, 1) without rows.

    Example:
        >>> low, high = wilson(8, 10)
        >>> round(float(low), 3), round(float(high), 3)
        (0.49, 0.943)
    """
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(rows, dtype=np.float64)
    z = float(stats.norm.ppf(0.5 + level / 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (k + z**2 / 2) / (n + z**2)
        half = z / (n + z**2) * np.sqrt(k * (n - k) / n + z**2 / 4)
    low = np.where(n > 0, np.clip(np.where(k == 0, 0.0, centre - half), 0, 1), 0.0)
    return low, np.where(n > 0, np.clip(np.where(k == n, 1.0, centre + half), 0, 1), 1.0)


def clopper_pearson(successes: int, rows: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion (Clopper and Pearson, 1934); (0, 1) without rows.

    Example:
        >>> tuple(round(value, 3) for value in clopper_pearson(9, 10))
        (0.555, 0.997)
    """
    tail = (1 - level) / 2
    low = float(stats.beta.ppf(tail, successes, rows - successes + 1)) if successes > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, successes + 1, rows - successes)) if successes < rows else 1.0
    return low, high


def _true_column(y: Array, values: Array) -> Array:
    return np.asarray(values[np.arange(len(values)), np.asarray(y, dtype=np.int64)])


def _mean_loss(problem: str, name: str) -> Callable[[Array, Array], float]:
    def function(y: Array, prediction: Array) -> float:
        losses = row_losses(problem, y, prediction, name)
        if not len(losses):
            return float("nan")
        mean = float(losses.mean())
        return 1 - mean if name == "accuracy" else float(np.sqrt(mean)) if name == "rmse" else mean

    return function


def class_ratios(counts: Array) -> dict[str, Array]:
    """Return precision, recall and F1 of every class from a confusion matrix; nan where a denominator is 0."""
    hit, actual, decided = np.diag(counts).astype(np.float64), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {"precision": hit / decided, "recall": hit / actual, "f1": 2 * hit / (actual + decided)}


def _ratio(name: str) -> Callable[[Array, Array], float]:
    def function(y: Array, prediction: Array) -> float:
        counts = confusion(y, decide(prediction), prediction.shape[1])
        ratios, occurs = class_ratios(counts)[name], counts.sum(axis=1) > 0
        if prediction.shape[1] == 2:
            return float(ratios[1])
        # A class that occurs and is never predicted has precision 0, as in scikit-learn.
        return float(np.nan_to_num(ratios[occurs]).mean()) if occurs.any() else float("nan")

    return function


def _macro_f1(y: Array, prediction: Array) -> float:
    counts = confusion(y, decide(prediction), prediction.shape[1])
    occurs = counts.sum(axis=1) > 0
    return float(class_ratios(counts)["f1"][occurs].mean()) if occurs.any() else float("nan")


def _balanced_accuracy(y: Array, prediction: Array) -> float:
    recall = class_ratios(confusion(y, decide(prediction), prediction.shape[1]))["recall"]
    return float(np.nanmean(recall)) if np.isfinite(recall).any() else float("nan")


def binary_roc_auc(positive: Array, value: Array) -> float:
    """Return the share of (positive, negative) pairs in the right order, ties counting half (Mann and Whitney)."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = stats.rankdata(value)
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def binary_pr_auc(positive: Array, value: Array) -> float:
    """Return the average precision: the mean, over the positives, of the precision at their score."""
    if not positive.any():
        return float("nan")
    order = np.argsort(-value, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(value[order])), len(order) - 1)
    hits = np.cumsum(positive[order])[ends]
    return float(np.sum(np.diff(hits, prepend=0) * hits / (ends + 1)) / hits[-1])


def _ranking(binary: Callable[[Array, Array], float]) -> Callable[[Array, Array], float]:
    def function(y: Array, prediction: Array) -> float:
        y = np.asarray(y)
        if prediction.shape[1] == 2:
            return binary(y == 1, prediction[:, 1])
        scores = [binary(y == code, prediction[:, code]) for code in np.unique(y)]
        return float(np.mean(scores)) if scores else float("nan")

    return function


def _calibration_error(y: Array, prediction: Array) -> float:
    index, claimed, outcome = calibration_bins(y, prediction)
    return float(np.abs(np.bincount(index, weights=outcome - claimed)).sum() / len(y)) if len(y) else float("nan")


def _r2(y: Array, prediction: Array) -> float:
    if len(y) < 2 or np.ptp(y) == 0:
        return float("nan")
    return float(1 - np.mean((y - prediction[:, 0]) ** 2) / np.var(y))


_ALL = (
    Metric("log_loss", "Log-loss", False, CLASSIFICATION, _mean_loss("binary", "log_loss")),
    Metric("brier", "Brier score (squared error of the probabilities)", False, CLASSIFICATION, _mean_loss("binary", "brier")),
    Metric("accuracy", "Accuracy", True, CLASSIFICATION, _mean_loss("binary", "accuracy")),
    Metric("balanced_accuracy", "Balanced accuracy (mean recall of the classes)", True, CLASSIFICATION, _balanced_accuracy),
    Metric("precision", "Precision (positive class; several classes: macro mean)", True, CLASSIFICATION, _ratio("precision")),
    Metric("recall", "Recall (positive class; several classes: macro mean)", True, CLASSIFICATION, _ratio("recall")),
    Metric("f1", "F1 (positive class; several classes: macro mean)", True, CLASSIFICATION, _ratio("f1")),
    Metric("macro_f1", "Macro-F1 (mean F1 of the classes)", True, CLASSIFICATION, _macro_f1),
    Metric("roc_auc", "ROC AUC (several classes: one against the rest, macro mean)", True, CLASSIFICATION, _ranking(binary_roc_auc)),
    Metric("pr_auc", "PR AUC (average precision; several classes: macro mean)", True, CLASSIFICATION, _ranking(binary_pr_auc)),
    Metric("calibration_error", f"Calibration error (at most {BINS} bins of equal size)", False, CLASSIFICATION, _calibration_error),
    Metric("rmse", "RMSE (root of the mean squared error)", False, ("regression",), _mean_loss("regression", "rmse")),
    Metric("mae", "MAE (mean absolute error)", False, ("regression",), _mean_loss("regression", "mae")),
    Metric("r2", "R² (share of the variance explained)", True, ("regression",), _r2),
)
METRICS = MappingProxyType({metric.name: metric for metric in _ALL})


def metrics_for(problem: str) -> tuple[Metric, ...]:
    """Return the metrics of a problem, the one that selection minimises first.

    Example:
        >>> [metric.name for metric in metrics_for("regression")]
        ['rmse', 'mae', 'r2']
    """
    return tuple(metric for metric in _ALL if problem in metric.problems)
