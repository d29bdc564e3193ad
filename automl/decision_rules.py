"""Which class a row is given, where the most probable one does not serve the metric that the user asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automl.metrics import METRICS, Array, columns, score
from automl.percents import percent

STEPS = 50
DAMPING = 0.5
TRUSTED = 100  # rows of a class from which on what happened counts more than what the probabilities say
CELLS = 2_000_000  # rows × classes that a rule is chosen on; more change it no more, and would take seconds
SERVED = ("macro_f1", "balanced_accuracy")


@dataclass(frozen=True)
class DecisionRule:
    """A row gets the class k with the largest factor_k · p_k + offset_k; of equals the first.

    This is the form of the best decisions for every measure that is a ratio of linear functions of the confusion matrix (Narasimhan et
    al., 2015, "Consistent multiclass algorithms for complex performance measures"; of two classes Koyejo et al., 2014).

    Attributes:
        metric: "macro_f1" or "balanced_accuracy".
        factors: One for each class.
        offsets: One for each class.
        because: One sentence with the numbers.

    Example:
        >>> rule = DecisionRule("balanced_accuracy", (0.2, 2.0), (0.0, 0.0))
        >>> rule.decide(np.array([[0.95, 0.05], [0.8, 0.2]])).tolist()
        [0, 1]
    """

    metric: str
    factors: tuple[float, ...]
    offsets: tuple[float, ...]
    because: str = ""

    def decide(self, probabilities: Array) -> Array:
        """Return class codes, int64 (rows,), for probabilities (rows, classes)."""
        return np.asarray((columns(probabilities) * self.factors + self.offsets).argmax(axis=1), dtype=np.int64)

    @property
    def threshold(self) -> float:
        """The same decision of two classes: the positive one where its probability is greater than this."""
        (no, yes), (base, lift) = self.factors, self.offsets
        return float(np.clip((no + base - lift) / (no + yes), 0.0, 1.0)) if no + yes > 0 else 0.5

    def to_dict(self) -> dict[str, Any]:
        """Return the rule as JSON-ready values."""
        return {"metric": self.metric, "factors": list(self.factors), "offsets": list(self.offsets), "because": self.because}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> DecisionRule:
        """Rebuild a rule from :meth:`to_dict`."""
        return cls(values["metric"], tuple(values["factors"]), tuple(values["offsets"]), values.get("because", ""))


def choose_rule(metric: str, y: Array, probability: Array, labels: Sequence[Any] = ()) -> DecisionRule:
    """Choose the decisions that serve a metric from calibrated probabilities.

    Balanced accuracy: the probability divided by the share of the class. Macro-F1: with T_k the rows that are given class k and belong to
    it, and D_k the rows that are given it plus those that belong to it, F1_k = 2 T_k / D_k, and a row that is given class k adds
    (2 p_k − F1_k) / D_k. From the most probable class on, decisions follow these gains and the gains the decisions, damped; the best is
    kept. (Of two classes this is half the best F1; Lipton et al., 2014.) T and D are expected from the probabilities, which vary far
    less than counts of rare classes do, and mixed with what happened the more the more rows a class has: the one is better where
    probabilities are calibrated, the other where they are not.

    Args:
        metric: "macro_f1" or "balanced_accuracy".
        y: Codes, (rows,).
        probability: Of models and calibration that have not seen the row, (rows, classes).
        labels: Labels by code, for the sentence.

    Returns:
        The rule. A class that is not expected to occur is never named.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> share = rng.random(2000) ** 4
        >>> part = rng.random(2000) / 2
        >>> p = np.column_stack([1 - share, share * (1 - part), share * part])
        >>> y = (rng.random((2000, 1)) > p.cumsum(axis=1)).sum(axis=1).clip(max=2)
        >>> rule, rare = choose_rule("balanced_accuracy", y, p), p.argmax(axis=1) == 2
        >>> int(rare.sum()), int((rule.decide(p) == 2).sum()) > 50
        (0, True)
    """
    p, y = columns(probability), np.asarray(y, dtype=np.int64)
    step = max(-(-p.size // CELLS), 1)
    taken, known = p[::step], y[::step]
    factors, offsets = _balanced(taken) if metric == "balanced_accuracy" else _macro_f1(taken, _pooled(taken, known))
    factors, offsets = factors / (factors.max() or 1.0), offsets / (factors.max() or 1.0)
    rule = DecisionRule(metric, tuple(factors.tolist()), tuple(offsets.tolist()))
    return DecisionRule(metric, rule.factors, rule.offsets, _because(rule, y, p, labels))


def cross_fitted_decisions(
    metric: str, y: Array, probability: Array, *, fold: Array | None = None, folds: int = 5, seed: int = 0
) -> Array:
    """Return the decision of each row by a rule that was chosen on the other folds, so that what is reported is not flattered.

    Args:
        metric: As in :func:`choose_rule`.
        y: Codes, (rows,).
        probability: (rows, classes).
        fold: Part of every row, (rows,): that of earlier cross-fitted choices. None, or a single part, draws some.
        folds: How many to draw, stratified by class.
        seed: Of the drawn parts.

    Returns:
        int64 codes, (rows,).
    """
    p, y = columns(probability), np.asarray(y, dtype=np.int64)
    if fold is None or len(np.unique(fold)) < 2:
        fold = stratified_parts(y, folds, seed)
    decided = np.asarray(p.argmax(axis=1), dtype=np.int64)
    for part in np.unique(fold):
        others = fold != part
        if others.any():
            decided[~others] = choose_rule(metric, y[others], p[others]).decide(p[~others])
    return decided


def stratified_parts(y: Array, folds: int, seed: int) -> Array:
    """Deal rows into parts of about equal size, each class evenly, int64 (rows,)."""
    fold, rng = np.empty(len(y), dtype=np.int64), np.random.default_rng(seed)
    for code in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == code))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def _pooled(p: Array, y: Array) -> Array:
    """Return for each row and class how much of a row of that class it counts, (rows, classes)."""
    happened = np.zeros_like(p)
    happened[np.arange(len(y)), y] = 1.0
    rows = happened.sum(axis=0)
    weight = rows / (rows + TRUSTED)
    return np.asarray(weight * happened + (1 - weight) * p)


def _balanced(p: Array) -> tuple[Array, Array]:
    mass = p.sum(axis=0)
    return _without_absent(1 / np.maximum(mass, 0.5), np.zeros(p.shape[1]), mass)


def _without_absent(factors: Array, offsets: Array, mass: Array) -> tuple[Array, Array]:
    """Let no class win of which not even half a row is expected; offsets are never below −factor."""
    occurs = mass >= 0.5
    least = -float(factors[occurs].max(initial=1.0))
    return np.where(occurs, factors, 0.0), np.where(occurs, offsets, 2 * least)


def _macro_f1(p: Array, counted: Array) -> tuple[Array, Array]:
    """Walk from the most probable classes to the decisions with the highest expected macro-F1; return factors and offsets."""
    classes, mass = p.shape[1], counted.sum(axis=0)
    occurs, every = mass >= 0.5, np.arange(len(p))

    def expected(decided: Array) -> tuple[Array, Array]:
        given = np.bincount(decided, minlength=classes)
        right = np.bincount(decided, weights=counted[every, decided], minlength=classes)
        total = given + np.maximum(mass, 1.0)  # of a class that hardly occurs the gain would be without bounds
        return 2 * right / total, total

    decided = p.argmax(axis=1)
    f1, total = expected(decided)
    best, kept = float(f1[occurs].sum()), (np.ones(classes), np.zeros(classes))
    for _ in range(STEPS):
        found = _without_absent(2 / total, -f1 / total, mass)
        before, decided = decided, (p * found[0] + found[1]).argmax(axis=1)
        now, rows = expected(decided)
        if now[occurs].sum() > best + 1e-12:
            best, kept = float(now[occurs].sum()), found
        f1, total = f1 + DAMPING * (now - f1), total + DAMPING * (rows - total)
        if (decided == before).all() and np.allclose(f1, now, atol=1e-3):
            break
    return kept


def _because(rule: DecisionRule, y: Array, p: Array, labels: Sequence[Any]) -> str:
    classes, usual, decided = p.shape[1], p.argmax(axis=1), rule.decide(p)
    told = [score(rule.metric, y, np.eye(classes)[codes]) for codes in (decided, usual)]
    title = METRICS[rule.metric].title.split(" (")[0]
    moved, more = float((decided != usual).mean()), np.bincount(decided, minlength=classes) - np.bincount(usual, minlength=classes)
    often = ""
    if labels and more.max(initial=0) > 0:
        code = int(more.argmax())
        often = f"; {str(labels[code])!r} is named for {int((decided == code).sum()):,} rows instead of {int((usual == code).sum()):,}"
    return (
        f"You asked for {title[0].lower()}{title[1:]}, so each row gets the class that adds most to it and not always the most probable"
        f" one: {told[0]:.3f} against {told[1]:.3f} on the rows that chose the rule; {percent(moved)} of them are decided otherwise{often}."
    )
