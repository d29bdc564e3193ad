"""All labels together, on rows that no choice has seen: how good whole answers are, and which labels come together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.evaluation.facts import Estimate
from automl.evaluation.inference import Ranking, mean_interval, mean_of_intervals, mean_p_value, share_interval
from automl.metrics import wilson

Array = NDArray[Any]
NAN = float("nan")
TINY = 1e-15
PAIRED = 80  # labels, the most frequent ones, of which pairs are looked at
PAIRS = 40
SIZES = 12
DIFFERS = 3.0  # standard deviations: of a few thousand pairs about five are as far off by chance


@dataclass(frozen=True)
class Seen:
    """Judged rows: what is true, what was said, what was decided.

    Attributes:
        y: 1, 0, or -1 where nobody knows, (rows, labels).
        probability: By models that have not seen the row, (rows, labels).
        given: Which labels the row gets, by thresholds that were chosen without it, (rows, labels).
        naive: The share of each label in rows that are not the row itself, (rows, labels).
    """

    y: Array
    probability: Array
    given: Array
    naive: Array

    @classmethod
    def of(cls, y: Array, probability: Array, limit: Array, naive: Array) -> Seen:
        """Keep the rows of which any label is known.

        Args:
            y: 1, 0 or -1, (rows, labels).
            probability: NaN where a label was not judged, (rows, labels).
            limit: Thresholds, (rows, labels).
            naive: Shares, (rows, labels).
        """
        y = np.where(np.isfinite(probability), y, -1)
        kept = (y >= 0).any(axis=1)
        filled = np.nan_to_num(probability[kept])
        return cls(y[kept], filled, (filled > np.nan_to_num(limit[kept], nan=0.5)) & (y[kept] >= 0), naive[kept])

    @property
    def known(self) -> Array:
        """Where a label is known, (rows, labels)."""
        return np.asarray(self.y >= 0)

    @property
    def complete(self) -> Array:
        """Rows whose labels are all known, (rows,)."""
        return np.asarray(self.known.all(axis=1))


def losses(seen: Seen, probability: Array) -> Array:
    """Return the mean log-loss of each row over its known labels, (rows,)."""
    right = np.where(seen.y == 1, probability, 1.0 - probability)
    values = -np.log(np.clip(right, TINY, 1.0)) * seen.known
    return np.asarray(values.sum(axis=1) / seen.known.sum(axis=1))


def against_naive(seen: Seen) -> dict[str, Any]:
    """Test whether the mean log-loss is lower than that of the labels' shares; the fields of ComparisonFacts."""
    ours, theirs = losses(seen, seen.probability), losses(seen, seen.naive)
    gain = theirs - ours
    low, high = mean_interval(gain, cautious=True)
    p_value, difference = mean_p_value(gain), float(gain.mean())
    better = bool(difference > 0 and p_value < 0.05)
    verdict = "better than" if better else "worse than" if difference < 0 and p_value < 0.05 else "not shown to differ from"
    sentence = (
        f"Mean log-loss {ours.mean():.4g} against {theirs.mean():.4g}: {verdict} the naive predictor on {len(gain):,} rows "
        f"(difference {difference:.3g}, 95 % interval {low:.3g} to {high:.3g})."
    )
    told = {"ours": float(ours.mean()), "theirs": float(theirs.mean()), "difference": difference, "low": low, "high": high}
    return {"against": "the naive predictor", "metric": "log_loss", **told, "p_value": p_value, "better": better, "sentence": sentence}


def scores(seen: Seen, errors: Sequence[Estimate], shares: Sequence[int] = ()) -> dict[str, Estimate]:
    """Return the scores of all labels together, with 95 % intervals that respect how labels hang together in a row.

    F1, precision and recall are ratios of sums: their intervals come from the influence of every row (delta method).

    Args:
        seen: The judged rows.
        errors: Calibration error of each learnt label.
        shares: Places of the labels that are predicted by their share, which ranks nothing.
    """
    y, given, known = seen.y == 1, seen.given, seen.known
    hits, having, named = (y & given).astype(np.float64), y.astype(np.float64), given.astype(np.float64)
    found = {
        "f1_macro": _macro_f1(hits, having, named),
        "f1_micro": _ratio(2 * hits.sum(axis=1), (having + named).sum(axis=1), "F1 over all labels (micro)", _constant_f1(having, known)),
        "precision": _ratio(hits.sum(axis=1), named.sum(axis=1), "Precision over all labels (micro)", None),
        "recall": _ratio(hits.sum(axis=1), having.sum(axis=1), "Recall over all labels (micro)", None),
        "subset_accuracy": _subset(seen),
        "hamming_loss": _hamming(seen),
        "roc_auc": _areas(seen, frozenset(shares)),
        "log_loss": _log_loss(seen),
    }
    values = [(one.value, one.low, one.high) for one in errors if np.isfinite([one.value, one.low, one.high]).all()]
    if values:
        middle, low, high = np.array(values).T
        title = "Calibration error (mean over the labels)"
        found["calibration_error"] = Estimate(float(middle.mean()), *mean_of_intervals(middle, low, high), None, None, title, False)
    return found


def _ratio(above: Array, below: Array, title: str, naive: float | None) -> Estimate:
    """Return a ratio of sums over rows with its interval."""
    total = float(below.sum())
    if total == 0:
        return Estimate(NAN, NAN, NAN, naive, title=title, undefined="No judged row has or gets a label.")
    value = float(above.sum()) / total
    influence = (above - value * below) / (total / len(below))
    return Estimate(value, *share_interval(value, influence, max(int(total), 1)), naive, title=title)


def _macro_f1(hits: Array, having: Array, named: Array) -> Estimate:
    """Return the mean F1 over the labels that occur; one that is never given counts as 0."""
    title = "F1, mean over the labels (macro)"
    occurs = having.sum(axis=0) > 0
    if not occurs.any():
        return Estimate(NAN, NAN, NAN, title=title, undefined="No judged row has a label.")
    below = (having + named)[:, occurs]
    totals = below.sum(axis=0)
    values = 2 * hits[:, occurs].sum(axis=0) / totals
    influence = ((2 * hits[:, occurs] - values * below) / (totals / len(below))).mean(axis=1)
    shares = having[:, occurs].mean(axis=0)
    naive = float(np.mean(2 * shares / (1 + shares)))  # every row gets every label: the best that a constant answer reaches
    value = float(values.mean())
    return Estimate(value, *share_interval(value, influence, int(having.sum(axis=0)[occurs].min())), naive, title=title)


def _constant_f1(having: Array, known: Array) -> float:
    """Return the highest micro F1 that giving every row the same labels reaches."""
    order = np.argsort(-having.sum(axis=0) / np.maximum(known.sum(axis=0), 1), kind="stable")
    hits, flagged = np.cumsum(having.sum(axis=0)[order]), np.cumsum(known.sum(axis=0)[order])
    below = flagged + having.sum()
    return float(np.max(2 * hits / np.maximum(below, 1)))


def _subset(seen: Seen) -> Estimate:
    title = "Whole answers right (subset accuracy)"
    whole = seen.complete
    if not whole.any():
        return Estimate(NAN, NAN, NAN, title=title, undefined="No judged row has all of its labels known.")
    y, given = seen.y[whole] == 1, seen.given[whole]
    right, rows = int((y == given).all(axis=1).sum()), int(whole.sum())
    low, high = wilson(right, rows)
    _, counts = np.unique(np.packbits(y, axis=1), axis=0, return_counts=True)
    return Estimate(right / rows, float(low), float(high), float(counts.max() / rows), title=title)


def _hamming(seen: Seen) -> Estimate:
    wrong = ((seen.y == 1) != seen.given) & seen.known
    by_row = wrong.sum(axis=1) / seen.known.sum(axis=1)
    low, high = mean_interval(by_row)
    share = (seen.y == 1).sum(axis=0) / np.maximum(seen.known.sum(axis=0), 1)
    title = "Labels wrong, of all labels of all rows (Hamming loss)"
    low = 0.0 if low < 0 else low
    return Estimate(float(by_row.mean()), low, high, float(np.minimum(share, 1 - share).mean()), title=title, greater_is_better=False)


def _areas(seen: Seen, shares: frozenset[int]) -> Estimate:
    """Return the mean ROC AUC over the labels that occur and do not always occur."""
    title, values, total, rarer = "ROC AUC (mean over the labels)", [], np.zeros(len(seen.y)), []
    for place in range(seen.y.shape[1]):
        known = seen.known[:, place]
        positive = seen.y[known, place] == 1
        if not positive.any() or positive.all():
            continue
        said = np.zeros(len(positive)) if place in shares else seen.probability[known, place]
        area, influence = Ranking.of(positive, said).roc_auc()
        values.append(area)
        total[known] += influence * len(total) / known.sum()
        rarer.append(min(int(positive.sum()), int((~positive).sum())))
    if not values:
        return Estimate(NAN, NAN, NAN, title=title, undefined="No label is there in some judged rows and not in others.")
    value = float(np.mean(values))
    return Estimate(value, *share_interval(value, total / len(values), min(rarer)), 0.5, title=title)


def _log_loss(seen: Seen) -> Estimate:
    values = losses(seen, seen.probability)
    low, high = mean_interval(values)
    naive = float(losses(seen, seen.naive).mean())
    return Estimate(
        float(values.mean()), 0.0 if low < 0 else low, high, naive, title="Log-loss (mean over the labels)", greater_is_better=False
    )


def together(seen: Seen, names: Sequence[str]) -> tuple[list[dict[str, Any]], int]:
    """Return pairs of labels that occur together most unlike chance, and how many pairs were looked at; the fields of PairFacts.

    Given its row, each label is predicted for itself: two labels should then be found together as often as their probabilities multiply
    to. A pair that occurs clearly more, or less, often hangs together in a way that the columns do not show.

    Args:
        seen: The judged rows; those whose labels are all known count.
        names: The labels.
    """
    whole = seen.complete
    y, p, given = (seen.y[whole] == 1).astype(np.float64), seen.probability[whole], seen.given[whole].astype(np.float64)
    chosen = np.sort(np.argsort(-y.sum(axis=0), kind="stable")[:PAIRED])
    if len(chosen) < 2 or not len(y):
        return [], 0
    y, p, given = y[:, chosen], p[:, chosen], given[:, chosen]
    real, said, expected = y.T @ y, given.T @ given, p.T @ p
    spread = np.sqrt(np.maximum(expected - (p**2).T @ (p**2), 0.0))
    shares = y.mean(axis=0)
    chance = len(y) * np.outer(shares, shares)
    surprise = np.abs(real - chance) / np.sqrt(chance + 1.0)
    first, second = np.triu_indices(len(chosen), 1)
    order = np.argsort(-surprise[first, second], kind="stable")[:PAIRS]
    made = []
    for a, b in zip(first[order].tolist(), second[order].tolist(), strict=True):
        entry = {"first": names[chosen[a]], "second": names[chosen[b]], "together": int(real[a, b]), "given": int(said[a, b])}
        differs = bool(abs(real[a, b] - expected[a, b]) > DIFFERS * max(float(spread[a, b]), 1.0))
        made.append({**entry, "expected": float(expected[a, b]), "by_chance": float(chance[a, b]), "differs": differs})
    return made, len(first)


def sizes(seen: Seen) -> tuple[list[dict[str, int]], float | None, float | None]:
    """Return how many rows have, and get, how many labels, and both means; the last entry holds all that are larger."""
    whole = seen.complete
    if not whole.any():
        return [], None, None
    having, given = (seen.y[whole] == 1).sum(axis=1), seen.given[whole].sum(axis=1)
    most = int(min(max(having.max(), given.max()), SIZES))
    counts: Callable[[Array], Array] = lambda values: np.bincount(np.minimum(values, most), minlength=most + 1)  # noqa: E731
    rows = [
        {"labels": size, "having": int(a), "given": int(b)} for size, (a, b) in enumerate(zip(counts(having), counts(given), strict=True))
    ]
    return rows, float(having.mean()), float(given.mean())
