"""Judge predictions on rows that no choice has seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from automl.errors import InternalError
from automl.evaluation import curves
from automl.evaluation.facts import ClassScores, Comparison, Estimate, Evaluation
from automl.evaluation.inference import (
    Ranking,
    calibration_interval,
    f1_dependence,
    f1_interval,
    mean_interval,
    mean_of_intervals,
    mean_p_value,
    share_interval,
    widened,
)
from automl.metrics import (
    METRICS,
    OF_DECISIONS,
    Array,
    calibration_bins,
    class_ratios,
    clopper_pearson,
    columns,
    confusion,
    decide,
    metrics_for,
    row_losses,
    score,
    why_undefined,
    wilson,
)

CURVE_CLASSES = 10
CONSTANT = 20  # distinct predictions up to which a naive predictor counts as one constant per fold
NAN = float("nan")
COMPARED = {"binary": ("log_loss", "brier"), "multiclass": ("log_loss", "brier"), "regression": ("rmse", "mae")}


def evaluate(
    problem: str,
    classes: tuple[Any, ...],
    y: Array,
    prediction: Array,
    *,
    source: str,
    naive_prediction: Array,
    simple_prediction: Array | None = None,
    simple_name: str = "",
    uncalibrated: Array | None = None,
    threshold: float | Array | None = None,
    decided: Array | None = None,
    intervals: tuple[Array, Array] | None = None,
    coverage: float = 0.9,
    seed: int = 0,
    resamples: int = 1000,
) -> Evaluation:
    """Judge predictions with 95 % intervals, per class, in curves and against other models.

    Every prediction must come from models that have not seen the row: a holdout, a test file, or cross-fitted out-of-fold
    predictions, for the naive and the simple model too.

    Args:
        problem: "binary", "multiclass" or "regression".
        classes: Labels by code; for numbers ignored.
        y: Codes or numbers, (rows,); rows with a negative code or nan are left out and counted.
        prediction: (rows, outputs).
        source: "holdout", "cross-fitted" or "test file".
        naive_prediction: Of the predictor that knows only the target's distribution, (rows, outputs).
        simple_prediction: Of the simplest model, (rows, outputs).
        simple_name: What to call it.
        uncalibrated: The predictions before calibration, (rows, outputs).
        threshold: Binary: positive above it; one number or one per row (cross-fitted).
        decided: Decided codes, (rows,), where a rule decides that is neither a threshold nor the most probable class. Other models,
            and the predictions before calibration, are not judged by it.
        intervals: Lower and upper ends of prediction intervals, each (rows,).
        coverage: What the intervals promise.
        seed: Of the calibration error's interval, the only drawn one.
        resamples: Draws for it.

    Returns:
        An :class:`Evaluation`.

    Raises:
        InternalError: Two arrays differ in their number of rows.

    Example:
        >>> y = np.array([0, 0, 1, 1, 1])
        >>> p = np.array([0.1, 0.4, 0.6, 0.8, 0.9])
        >>> naive = np.tile([0.4, 0.6], (5, 1))
        >>> judged = evaluate("binary", ("no", "yes"), y, np.column_stack([1 - p, p]), source="holdout", naive_prediction=naive)
        >>> judged.scores["accuracy"].value, judged.confusion["counts"]
        (1.0, [[2, 0], [0, 3]])
    """
    y = np.asarray(y)
    known = np.isfinite(y) if problem == "regression" else y >= 0
    parts: dict[str, Array | None] = {
        "prediction": columns(prediction), "naive": columns(naive_prediction),
        "simple": None if simple_prediction is None else columns(simple_prediction),
        "uncalibrated": None if uncalibrated is None else columns(uncalibrated),
        "threshold": threshold if isinstance(threshold, np.ndarray) and threshold.ndim else None,
        "decided": decided,
        "lower": None if intervals is None else np.asarray(intervals[0]), "upper": None if intervals is None else np.asarray(intervals[1]),
    }
    for name, values in parts.items():
        if values is not None and len(values) != len(y):
            raise InternalError(f"`{name}` must have one row per target. Received {len(values)} for {len(y)}.")
    kept = {name: values[known] for name, values in parts.items() if values is not None}
    limit = kept["threshold"] if "threshold" in kept else None if threshold is None else float(threshold)
    judge = _Judge(problem, classes, y[known], kept, limit, simple_name or "the simplest model", seed, resamples, source)
    skipped = int((~known).sum())
    return judge.judge_numbers(skipped, coverage) if problem == "regression" else judge.judge_classes(skipped)


class _Judge:
    """The arrays of one evaluation, so that its steps need not hand them on."""

    def __init__(
        self, problem: str, classes: tuple[Any, ...], y: Array, kept: dict[str, Array], threshold: float | Array | None,
        simple_name: str, seed: int, resamples: int, source: str,
    ) -> None:
        self.problem, self.labels, self.y, self.kept, self.threshold = problem, classes, y, kept, threshold
        self.prediction = kept["prediction"]
        self.decided = kept.get("decided")  # None: by threshold, or the most probable class
        self.simple_name, self.seed, self.resamples, self.source = simple_name, seed, resamples, source

    # ── classes ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def judge_classes(self, skipped: int) -> Evaluation:
        rows, outputs = self.prediction.shape
        counts = confusion(self.y, decide(self.prediction, self.threshold) if self.decided is None else self.decided, outputs)
        rankings = [Ranking.of(self.y == code, self.prediction[:, code]) if rows else None for code in range(outputs)]
        areas = [self._areas(ranking) for ranking in rankings]
        scores = {metric.name: self._estimate(metric.name, *self._class_value(metric.name, counts, areas)) for metric in
                  metrics_for(self.problem)}
        per_class = tuple(self._one_class(code, counts, areas[code]) for code in range(outputs))
        before = self.kept.get("uncalibrated")
        of = str(self.labels[1]) if outputs == 2 else "the predicted class" if self.decided is None else "the most probable class"
        reliability: dict[str, Any] = {"before": [], "after": [], "of": of}
        if rows:
            reliability["after"] = curves.reliability(self.y, self.prediction)
            reliability["before"] = curves.reliability(self.y, before) if before is not None else []
        return Evaluation(
            self.problem, rows, self.source, scores, per_class,
            {"labels": list(self.labels), "counts": counts.tolist()}, self._curves(rankings, areas), reliability, None,
            self._comparisons(), skipped,
        )

    def _areas(self, ranking: Ranking | None) -> dict[str, tuple[float, Array]]:
        """Return what can be ranked for one class: area and influences by metric."""
        areas = {}
        if ranking is not None and ranking.positives:
            areas["pr_auc"] = ranking.pr_auc()
            if ranking.negatives:
                areas["roc_auc"] = ranking.roc_auc()
        return areas

    def _class_value(
        self, name: str, counts: Array, areas: list[dict[str, tuple[float, Array]]]
    ) -> tuple[float, float, float]:
        """Return value, low and high of one metric."""
        rows = len(self.y)
        if why_undefined(name, self.y, self.prediction, self.threshold):
            return NAN, NAN, NAN
        if name in ("log_loss", "brier"):
            losses = row_losses(self.problem, self.y, self.prediction, name)
            low, high = mean_interval(losses)
            return float(losses.mean()), _floor(low), high
        if name == "accuracy":
            hits = int(np.trace(counts))
            low_, high_ = wilson(hits, rows)
            return hits / rows, float(low_), float(high_)
        if name == "calibration_error":
            index, claimed, outcome = calibration_bins(self.y, self.prediction)
            value = score(name, self.y, self.prediction)
            return value, *calibration_interval(index, outcome - claimed, value, self.resamples, self.seed)
        if name in ("roc_auc", "pr_auc"):
            return self._area_value(name, counts, areas)
        return self._ratio_value(name, counts)

    def _area_value(self, name: str, counts: Array, areas: list[dict[str, tuple[float, Array]]]) -> tuple[float, float, float]:
        occurs = counts.sum(axis=1)
        if len(occurs) == 2:
            value, influence = areas[1][name]
            rarer = int(occurs.min()) if name == "roc_auc" else int(occurs[1])
            return value, *share_interval(value, influence, rarer)
        used = [areas[code][name] for code in np.flatnonzero(occurs)]
        value = float(np.mean([area for area, _ in used]))
        influence = np.mean([each for _, each in used], axis=0)
        return value, *share_interval(value, influence, int(occurs[occurs > 0].min()))

    def _ratio_value(self, name: str, counts: Array) -> tuple[float, float, float]:
        """Return precision, recall, F1 or balanced accuracy, of the positive class or as the mean over classes that occur."""
        kind = {"balanced_accuracy": "recall", "macro_f1": "f1"}.get(name, name)
        values, low, high = _ratios(kind, counts)
        if len(counts) == 2 and kind == name:
            return float(values[1]), float(low[1]), float(high[1])
        occurs = counts.sum(axis=1) > 0
        # A class that is never predicted counts as precision 0; its interval stays 0 to 1 otherwise, which says nothing.
        values, high = np.nan_to_num(values), np.where(np.isnan(values), 0.0, high)
        dependence = f1_dependence(counts) if kind == "f1" else 1.0
        return float(values[occurs].mean()), *mean_of_intervals(values[occurs], low[occurs], high[occurs], dependence)

    def _one_class(self, code: int, counts: Array, areas: dict[str, tuple[float, Array]]) -> ClassScores:
        rows, predicted = int(counts[code].sum()), int(counts[:, code].sum())
        label, total = self.labels[code], len(self.y)
        estimates: dict[str, Estimate] = {}
        reasons = {
            "precision": None if predicted else "The class is never predicted.",
            "recall": None if rows else "No row belongs to the class.",
            "f1": None if rows + predicted else "The class neither occurs nor is predicted.",
        }
        for name, reason in reasons.items():
            values, low, high = _ratios(name, counts)
            numbers = (NAN, NAN, NAN) if reason else (float(values[code]), float(low[code]), float(high[code]))
            estimates[name] = Estimate(*numbers, title=name.title(), undefined=reason)
        for name, title in (("roc_auc", "ROC AUC"), ("pr_auc", "PR AUC")):
            if name in areas:
                value, influence = areas[name]
                rarer = min(rows, total - rows) if name == "roc_auc" else rows
                estimates[name] = Estimate(value, *share_interval(value, influence, rarer), title=title)
            else:
                reason = "No row belongs to the class." if not rows else "All rows belong to the class."
                estimates[name] = Estimate(NAN, NAN, NAN, title=title, undefined=reason)
        losses = (self.prediction[:, code] - (self.y == code)) ** 2
        low_, high_ = mean_interval(losses)
        mean = float(losses.mean()) if total else NAN
        brier = Estimate(mean, _floor(low_), high_, title="Brier score", greater_is_better=False)
        return ClassScores(label, rows, predicted, **estimates, brier=brier)

    def _curves(self, rankings: list[Ranking | None], areas: list[dict[str, tuple[float, Array]]]) -> dict[str, Any]:
        result: dict[str, dict[str, Any]] = {"roc": {}, "precision_recall": {}}
        occurs = np.array([0 if ranking is None else ranking.positives for ranking in rankings])
        shown = [1] if len(rankings) == 2 else sorted(np.argsort(-occurs, kind="stable")[:CURVE_CLASSES].tolist())
        for code in shown:
            ranking, label = rankings[code], str(self.labels[code])
            if ranking is None:
                continue
            if "roc_auc" in areas[code]:
                result["roc"][label] = curves.roc_curve(ranking, areas[code]["roc_auc"][0])
            if "pr_auc" in areas[code]:
                result["precision_recall"][label] = curves.precision_recall_curve(ranking, areas[code]["pr_auc"][0])
        return result

    # ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def judge_numbers(self, skipped: int, coverage: float) -> Evaluation:
        values, rows = self.prediction[:, 0], len(self.y)
        scores = {metric.name: self._estimate(metric.name, *self._number_value(metric.name)) for metric in metrics_for(self.problem)}
        regression: dict[str, Any] = {"residual_quantiles": {}, "grid": None, "coverage": None}
        reliability: dict[str, Any] = {"before": [], "after": [], "of": "the target"}
        if rows:
            regression["residual_quantiles"] = curves.residual_quantiles(self.y, values)
            regression["grid"] = curves.grid(self.y, values)
            reliability["after"] = curves.regression_reliability(self.y, values)
        if rows and "lower" in self.kept:
            regression["coverage"] = self._coverage(coverage)
        return Evaluation(
            self.problem, rows, self.source, scores, (), None, None, reliability, regression, self._comparisons(), skipped
        )

    def _number_value(self, name: str) -> tuple[float, float, float]:
        if why_undefined(name, self.y, self.prediction):
            return NAN, NAN, NAN
        if name == "r2":
            return _r2(self.y, self.prediction[:, 0])
        losses = row_losses(self.problem, self.y, self.prediction, name)
        low, high = mean_interval(losses)
        low, mean = _floor(low), float(losses.mean())
        return (float(np.sqrt(mean)), float(np.sqrt(low)), float(np.sqrt(high))) if name == "rmse" else (mean, low, high)

    def _coverage(self, nominal: float) -> dict[str, Any]:
        lower, upper = self.kept["lower"], self.kept["upper"]
        inside = int(((self.y >= lower) & (self.y <= upper)).sum())
        low, high = clopper_pearson(inside, len(self.y))
        width = float(np.mean(upper - lower))
        return {"nominal": nominal, "measured": inside / len(self.y), "low": low, "high": high, "mean_width": width}

    # ── both ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _estimate(self, name: str, value: float, low: float, high: float) -> Estimate:
        metric, before = METRICS[name], self.kept.get("uncalibrated")
        if self.decided is not None and name in OF_DECISIONS:
            before = None
        if self.source == "cross-fitted":
            low, high = widened(value, low, high)
            low = low if name == "r2" else _floor(low)
            high = min(high, 1.0) if metric.greater_is_better else high
        return Estimate(
            value, low, high, self._naive(name), None if before is None else self._point(name, before),
            metric.title, metric.greater_is_better, why_undefined(name, self.y, self.prediction, self.threshold),
        )

    def _naive(self, name: str) -> float:
        """Return the naive predictor's score; one that knows no feature ranks nothing, whatever its folds' constants are."""
        naive = self.kept["naive"]
        if name in ("roc_auc", "pr_auc") and len(np.unique(naive[:, -1])) <= CONSTANT:
            if why_undefined(name, self.y, naive):
                return NAN
            shares = np.bincount(self.y.astype(np.int64), minlength=naive.shape[1]) / len(self.y)
            share = shares[1] if naive.shape[1] == 2 else shares[shares > 0].mean()
            return 0.5 if name == "roc_auc" else float(share)
        return self._point(name, naive)

    def _point(self, name: str, prediction: Array) -> float:
        if self.threshold is None or prediction.shape[1] != 2 or name not in OF_DECISIONS:
            return score(name, self.y, prediction)
        hard = np.eye(2)[decide(prediction, self.threshold)]
        return score(name, self.y, hard)

    def _comparisons(self) -> tuple[Comparison, ...]:
        opponents = [("the naive predictor", self.kept["naive"])]
        if "simple" in self.kept:
            opponents.append((self.simple_name, self.kept["simple"]))
        return tuple(
            compare(self.problem, self.y, self.prediction, theirs, against=name, metric=metric)
            for name, theirs in opponents
            for metric in COMPARED[self.problem]
        )


def _ratios(name: str, counts: Array) -> tuple[Array, Array, Array]:
    """Return precision, recall or F1 of every class with Wilson's interval."""
    hits, actual, decided = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    if name == "f1":
        low, high = f1_interval(hits, actual + decided - 2 * hits)
    else:
        low, high = wilson(hits, decided if name == "precision" else actual)
    return class_ratios(counts)[name], low, high


def _floor(low: float) -> float:
    """Return a lower end that is no less than 0, nan staying nan."""
    return 0.0 if low < 0 else low


def _r2(y: Array, prediction: Array) -> tuple[float, float, float]:
    """Return R² with an interval of log(1 − R²) from the influences of the two variances it is made of."""
    squared, centred = (y - prediction) ** 2, (y - y.mean()) ** 2
    error, variance = float(squared.mean()), float(centred.mean())
    if error == 0 or len(y) < 3:
        return (1.0 if error == 0 else 1 - error / variance), NAN if error else 1.0, NAN if error else 1.0
    low, high = mean_interval(squared / error - centred / variance, cautious=True)
    return 1 - error / variance, float(1 - np.exp(high) * error / variance), float(1 - np.exp(low) * error / variance)


def compare(problem: str, y: Array, ours: Array, theirs: Array, *, against: str, metric: str) -> Comparison:
    """Test whether our loss is smaller on the same rows.

    The test is about the mean difference of the rows' losses, which is the number that is reported: a rank test such as
    Wilcoxon's asks another question and can name the other winner. Its p value is the larger of Student's and Hall's
    (corrected for skewness). For RMSE the differences are those of the two roots to first order.

    Args:
        problem: "binary", "multiclass" or "regression".
        y: Codes or numbers, (rows,).
        ours: (rows, outputs).
        theirs: (rows, outputs).
        against: What to call the other model.
        metric: "log_loss", "brier", "accuracy", "rmse" or "mae".

    Example:
        >>> y = np.arange(20.0)
        >>> tested = compare("regression", y, y + np.tile([0.5, -0.5], 10), y + np.tile([1.5, -2.0], 10), against="other", metric="mae")
        >>> tested.better, tested.difference
        (True, 1.25)
    """
    title = METRICS[metric].title.split(" (")[0]
    if len(y) < 2:
        sentence = f"{len(y)} row(s) are too few to compare with {against}."
        return Comparison(against, metric, NAN, NAN, NAN, NAN, NAN, NAN, False, sentence)
    mine, other = row_losses(problem, y, ours, metric), row_losses(problem, y, theirs, metric)
    our_score, their_score = score(metric, y, ours), score(metric, y, theirs)
    difference = their_score - our_score if not METRICS[metric].greater_is_better else our_score - their_score
    gain = other - mine
    if metric == "rmse":
        # √m − √n moves by (m' − m) / 2√m − (n' − n) / 2√n; around the difference itself.
        tiny = np.finfo(np.float64).tiny
        gain = (other + their_score**2) / max(2 * their_score, tiny) - (mine + our_score**2) / max(2 * our_score, tiny)
    low, high = mean_interval(gain, cautious=True)
    p_value = mean_p_value(gain)
    better = bool(difference > 0 and p_value < 0.05)
    worse = bool(difference < 0 and p_value < 0.05)
    verdict = "better than" if better else "worse than" if worse else "not shown to differ from"
    sentence = (
        f"{title} {our_score:.4g} against {their_score:.4g}: {verdict} {against} on {len(y):,} rows "
        f"(difference {difference:.3g}, 95 % interval {low:.3g} to {high:.3g}, p {_p(p_value)})."
    )
    return Comparison(against, metric, our_score, their_score, float(difference), low, high, p_value, better, sentence)


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.2g}"
