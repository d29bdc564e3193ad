"""How good detectors are: against labels where there are any, else how far they agree; nothing here was learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.run import BLOCK, FOLDS, Found, voters
from automl.anomaly.scores import average_precision
from automl.report import words
from automl.report.measured import ComparisonFacts, LeaderboardFacts, LeaderboardRow, ScoreFacts

JOINT = "ensemble"  # the name of what all detectors say together
SIMPLEST = "robust_zscore"
DRAWS, FEWEST_DRAWS, WORK = 1_000, 100, 4e8  # of the bootstrap; rows times models times draws that it may cost
UNTIL, DRAWN_SHARE = 0.95, 0.05  # of the budget: from where nothing is drawn any more, and what drawing may take
FEWEST = 10  # units below which an interval would say more than it knows

Array = NDArray[Any]


def label_facts(combined: Array, truth: Array, limit: float) -> dict[str, Any]:
    """Return how many labelled anomalies raise an alarm, how many alarms are right, and the average precision of the scores."""
    alarm = combined > limit
    hits = int((alarm & truth).sum())
    return {
        "anomalies": int(truth.sum()),
        "average_precision": average_precision(combined, truth),
        "found": hits,
        "precision": hits / max(int(alarm.sum()), 1),
        "recall": hits / max(int(truth.sum()), 1),
        "false_alarms": float(alarm[~truth].mean()),
    }


def strangest(scores: Array, rate: float) -> Array:
    """Return which rows are the strangest, as many as alarms were asked for, (rows,)."""
    return np.asarray(scores >= np.quantile(scores, 1.0 - rate))


def agreement(found: Found) -> dict[str, dict[str, float]]:
    """Return of the strangest rows of each detector the share that is among the strangest of each other one, and of all together."""
    rate = found.asked.alarms or found.asked.false_alarms or 0.01
    chosen = {name: strangest(scores, rate) for name, scores in {**found.by_family, JOINT: found.scores}.items()}
    return {one: {other: float(also[own].mean()) for other, also in chosen.items() if other != one} for one, own in chosen.items()}


@dataclass(frozen=True)
class Judged:
    """What labels say: scores with intervals, the paired test against the simplest detector, and all detectors side by side."""

    scores: dict[str, ScoreFacts]
    comparisons: tuple[ComparisonFacts, ...] = ()
    board: LeaderboardFacts | None = None


def judge(found: Found, costs: Mapping[str, Mapping[str, Any]]) -> Judged:
    """Hold the scores of rows that no model has seen against the labels; without labels only the share of alarms can be told.

    Args:
        found: What the run left behind.
        costs: Of each detector and of all together: entries of :class:`automl.report.measured.LeaderboardRow`.
    """
    truth = found.looked.truth
    if truth is None:
        told = ScoreFacts(title="Share of alarms", value=float(found.alarm.mean()), greater_is_better=False)
        return Judged({"share_of_alarms": told})
    share = float(truth.mean())
    if not 0.0 < share < 1.0:
        return Judged({"share_of_alarms": ScoreFacts(title="Share of alarms", value=float(found.alarm.mean()), greater_is_better=False)})
    everyone = {JOINT: found.scores, **found.by_family}
    value = {name: average_precision(scores, truth) for name, scores in everyone.items()}
    draws = _drawn(found, everyone, truth)
    return Judged(_scores(found, truth, value, draws), _comparisons(found, value, draws), _board(found, value, draws, share, costs))


# ── intervals


def _drawn(found: Found, everyone: Mapping[str, Array], truth: Array) -> dict[str, Array]:
    """Return average precisions of samples drawn anew with their repeats, by detector; rows of a series are drawn in blocks.

    Precision, recall and false alarms of all together stand beside them. Of few units, and where there is no time, nothing is told.
    """
    order, rows = found.rows.order, len(truth)
    width = 1 if order is None else int(np.clip(rows // (8 * FOLDS), 1, BLOCK))
    place = np.arange(rows) if order is None else np.argsort(np.argsort(order, kind="stable"), kind="stable")
    unit = place // width
    units = int(unit.max()) + 1
    if units < FEWEST:
        return {}
    ranked = {name: _ranked(scores) for name, scores in everyone.items()}
    told: dict[str, list[float]] = {name: [] for name in (*everyone, "precision", "recall", "false_alarms")}
    alarm, budget = found.alarm, found.asked.budget
    deadline = budget.deadline(UNTIL, DRAWN_SHARE * budget.limit if budget.timed else None)
    for weight in _weights(unit, units, int(np.clip(WORK / (rows * len(everyone)), FEWEST_DRAWS, DRAWS)), found.asked.seed):
        marked = weight * truth
        if deadline.over():
            break
        if not marked.any():
            continue
        for name, (rank, ends) in ranked.items():
            told[name].append(_precision(weight[rank], marked[rank], ends))
        hits = float(marked[alarm].sum())
        told["precision"].append(hits / max(float(weight[alarm].sum()), 1e-12))
        told["recall"].append(hits / float(marked.sum()))
        told["false_alarms"].append(float((weight - marked)[alarm].sum()) / max(float((weight - marked).sum()), 1e-12))
    return {name: np.array(values) for name, values in told.items() if len(values) >= FEWEST_DRAWS}


def _weights(unit: Array, units: int, draws: int, seed: int) -> Iterator[Array]:
    rng = np.random.default_rng([seed, 17])
    for _ in range(draws):
        yield np.bincount(rng.integers(0, units, units), minlength=units)[unit].astype(np.float64)


def _ranked(scores: Array) -> tuple[Array, Array]:
    """Return the rows from the highest score to the lowest, and for each the last place of the rows that score the same."""
    rank = np.argsort(-scores, kind="stable")
    sorted_scores = scores[rank]
    last = np.flatnonzero(np.append(sorted_scores[1:] != sorted_scores[:-1], True))
    return rank, last[np.searchsorted(last, np.arange(len(rank)))]


def _precision(weight: Array, marked: Array, ends: Array) -> float:
    """Return the average precision of weighted rows in the order of their scores, ties shared."""
    share = np.cumsum(marked)[ends] / np.maximum(np.cumsum(weight)[ends], 1e-12)
    return float((share * marked).sum() / marked.sum())


def _ends(draws: Mapping[str, Array], name: str, value: float) -> tuple[float | None, float | None]:
    if name not in draws:
        return None, None
    low, high = np.quantile(draws[name], (0.025, 0.975)).tolist()
    return min(low, value), max(high, value)


# ── what is told


def _scores(found: Found, truth: Array, value: Mapping[str, float], draws: Mapping[str, Array]) -> dict[str, ScoreFacts]:
    told, share, rate = label_facts(found.scores, truth, found.threshold), float(truth.mean()), float(found.alarm.mean())
    counts = {
        "precision": (told["found"], int(found.alarm.sum())),
        "recall": (told["found"], told["anomalies"]),
        "false_alarms": (int((found.alarm & ~truth).sum()), int((~truth).sum())),
    }
    titles = {
        "average_precision": ("Average precision (precision, mean over the known anomalies)", share, True),
        "precision": ("Precision (alarms that are known anomalies)", share, True),
        "recall": ("Recall (known anomalies that raise an alarm)", rate, True),
        "false_alarms": ("False alarms (normal rows that raise an alarm)", rate, False),
    }
    made = {}
    for name, (title, naive, greater) in titles.items():
        if name == "precision" and not found.alarm.any():
            made[name] = ScoreFacts(title=title, naive=naive, undefined="no row raises an alarm")
            continue
        ends = [_ends(draws, JOINT if name == "average_precision" else name, told[name])]
        if name in counts:  # of few hits draws say too little; of rows that depend on each other shares of single rows do
            ends = [words.wilson(*counts[name]) or (None, None), *(ends if found.rows.order is not None else [])]
        low, high = _widest(ends)
        made[name] = ScoreFacts(title=title, value=told[name], low=low, high=high, naive=naive, greater_is_better=greater)
    return made


def _widest(ends: Sequence[tuple[float | None, float | None]]) -> tuple[float | None, float | None]:
    lows, highs = [low for low, _ in ends if low is not None], [high for _, high in ends if high is not None]
    return min(lows, default=None), max(highs, default=None)


def _comparisons(found: Found, value: Mapping[str, float], draws: Mapping[str, Array]) -> tuple[ComparisonFacts, ...]:
    """Test what all say together against the simplest detector, on the same rows."""
    title = next((member.family.title for member in found.members if member.family.name == SIMPLEST), None)
    if title is None or [member.family.name for member in voters(found.members)] == [SIMPLEST] or JOINT not in draws:
        return ()
    apart = draws[JOINT] - draws[SIMPLEST]
    low, high = np.quantile(apart, (0.025, 0.975)).tolist()
    gap = value[JOINT] - value[SIMPLEST]
    what = "better than" if low > 0 else "worse than" if high < 0 else "not shown to differ from"
    sure = words.bracket(words.confidence(low, high))
    told = f"Ranking the known anomalies, all detectors together are {what} {title}: {words.number(gap)} of average precision{sure}."
    return (
        ComparisonFacts(
            against=title,
            metric="average_precision",
            ours=value[JOINT],
            theirs=value[SIMPLEST],
            difference=gap,
            low=low,
            high=high,
            better=low > 0,
            sentence=told,
        ),
    )


def _board(
    found: Found, value: Mapping[str, float], draws: Mapping[str, Array], share: float, costs: Mapping[str, Mapping[str, Any]]
) -> LeaderboardFacts:
    """Return all detectors, the best first, with what they say together and chance."""
    chosen = [member.family.name for member in voters(found.members)]
    families = [member.family for member in found.members]
    best = max((family.name for family in families), key=lambda name: value[name])
    rows: list[dict[str, Any]] = [
        {"name": family.name, "family": family.name, "title": family.title, "kind": family.kind, "trials": 1}
        | {"weight": 1.0 / len(chosen) if family.name in chosen else 0.0, "reference": family.name not in chosen}
        | {"seconds": found.seconds.get(family.name)}
        for family in families
    ]
    if len(chosen) > 1:
        rows.append({"name": JOINT, "family": JOINT, "title": "All together", "kind": "ensemble", "weight": 1.0})
    for row in rows:
        name = str(row["name"])
        low, high = _ends(draws, name, value[name])
        row |= {"score": value[name], "low": low, "high": high, **costs.get(name, {})}
        if name != best and name in draws:
            row["difference"] = value[name] - value[best]
            row["difference_low"], row["difference_high"] = np.quantile(draws[name] - draws[best], (0.025, 0.975)).tolist()
            row["beyond_noise"] = bool(row["difference_low"] > 0 or row["difference_high"] < 0)
    rows.append({"name": "chance", "family": "naive", "title": "Rows in random order", "kind": "naive", "score": share})
    ranked = sorted(rows, key=lambda row: -float(row["score"]))
    return LeaderboardFacts(
        metric="average_precision",
        metric_title="Average precision",
        greater_is_better=True,
        source=f"{len(found.scores):,} rows, each by models that had not seen it, against {found.looked.label!r}",
        best_single=best,
        rows=tuple(LeaderboardRow(rank=rank, **row) for rank, row in enumerate(ranked, 1)),
    )
