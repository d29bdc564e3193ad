"""All kinds of models side by side over all labels: the mean loss with paired tests, what it costs, and whose mistakes are alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.evaluation.inference import mean_interval, mean_p_value
from automl.evaluation.mistakes import as_facts, fisher, mistakes
from automl.report import facts as f
from automl.report.simplest import simplest
from automl.report.tried_facts import MistakesFacts, TriedFacts
from automl.report.words import count
from automl.run import Run

Array = NDArray[Any]
MOST_ROWS = 20_000  # that the models of all labels are compared on: their intervals are narrow by then, and cells are rows times labels
TINY = 1e-15
KINDS = ("network", "tree", "linear", "naive", "ensemble")
TITLE = "log-loss (mean over the labels)"


@dataclass(frozen=True)
class Tried:
    """What the best model of each family said of one label, on rows that it had not seen.

    Attributes:
        rows: Places of the rows in the data, rising, (rows,).
        y: 1 or 0, (rows,).
        said: Probability of the label by family, the ensemble among them, (rows,) each.
    """

    rows: Array = field(repr=False)
    y: Array = field(repr=False)
    said: Mapping[str, Array] = field(repr=False)


@dataclass(frozen=True)
class _Family:
    """One family over all labels: the first row of each label's leaderboard, and how many trials and how much weight it had."""

    name: str
    best: pd.DataFrame
    trials: int
    weight: float
    seconds: float


def tried_of(run: Run, board: pd.DataFrame, learning_rows: int) -> Tried:
    """Return what the models of a label said, from a run whose models stand side by side.

    Args:
        run: A run of one label.
        board: Its leaderboard, best first.
        learning_rows: Rows of the data that are learnt from; of very many, evenly spaced ones are kept, the same for all labels.
    """
    joined = run.joined
    rows = run.parts.train[joined.rows]
    kept = np.flatnonzero(rows % max(learning_rows // MOST_ROWS, 1) == 0)
    numbers = {f"{trial.family.name}-{trial.number}": place for place, trial in enumerate(joined.usable)}
    said = {"ensemble": np.asarray(joined.honest[kept, 1], dtype=np.float32)}
    for entry in board.drop_duplicates("family").to_dict(orient="records"):
        if entry["model"] in numbers:
            said[str(entry["family"])] = np.asarray(joined.predictions[numbers[entry["model"]]][kept, 1], dtype=np.float32)
    return Tried(rows[kept], joined.y[kept], said)


def over_labels(
    tried: Sequence[Tried], boards: Sequence[pd.DataFrame], absent: Mapping[str, str]
) -> tuple[f.LeaderboardFacts | None, TriedFacts | None]:
    """Compare families by their mean log-loss over the labels, on the same rows.

    A family has a score where it has a model for every label. The loss of a row is the mean over its known labels, so that intervals and
    paired tests respect how the labels of a row hang together. Times and bytes are sums over the labels.

    Args:
        tried: What was said of each learnt label.
        boards: The leaderboard of each of them.
        absent: Kinds of family that did not take part, with the reason.

    Returns:
        The leaderboard, and the simplest model within one standard error with the correlation of mistakes; both None without a label.
    """
    if not tried:
        return None, None
    families = _families(boards)
    whole = [one for one in families if all(one.name in label.said for label in tried)]
    losses = {one.name: _row_losses(tried, one.name) for one in whole}
    means = {name: float(values.mean()) for name, values in losses.items()}
    best = min((name for name in means if name != "ensemble"), key=means.__getitem__, default="ensemble")
    entries = [_entry(one, len(boards)) | _scored(losses.get(one.name), losses[best], one.name != best) for one in families]
    entries.sort(key=lambda entry: np.inf if entry["score"] is None else entry["score"])
    rows = tuple(f.LeaderboardRow.model_validate({"rank": rank, **entry}) for rank, entry in enumerate(entries, start=1))
    judged = len(losses[best])
    source = f"{judged:,} rows that the models had not seen, {count(len(tried), 'label')}"
    board = f.LeaderboardFacts(
        metric="log_loss", metric_title=TITLE, source=source, best_single=best, absent=dict(absent), rows=rows
    )  # fmt: skip
    return board, TriedFacts(mistakes=_mistakes(tried, whole, judged), simplest=simplest(board))


def _families(boards: Sequence[pd.DataFrame]) -> list[_Family]:
    """Return each family of any board, with its best model of each label."""
    found = []
    for name in dict.fromkeys(str(name) for board in boards for name in board["family"]):
        own = [board[board["family"] == name] for board in boards]
        best = pd.DataFrame([part.iloc[0] for part in own if len(part)])
        weight = sum(float(part["weight"].sum()) for part in own) / len(boards)
        seconds = sum(float(part["seconds"].sum()) for part in own)
        trials = sum(int((part["status"] != "not tried").sum()) for part in own)
        found.append(_Family(name, best, trials, weight, seconds))
    return found


def _entry(one: _Family, labels: int) -> dict[str, Any]:
    """Return what is known of a family besides its scores; a sum is known where every part of it is."""
    first = one.best.iloc[0]
    sums: dict[str, float | None] = {}
    for name in ("size_bytes", "predict_ms_1", "predict_ms_1000"):
        values = pd.to_numeric(one.best[name], errors="coerce")
        sums[name] = float(values.sum()) if len(values) == labels and values.notna().all() else None
    scored = int(one.best["loss"].notna().sum())
    short = f"a model for {scored} of {count(labels, 'label')}"
    reasons = [str(note) for note in one.best["note"] if note]
    size, single, many = sums["size_bytes"], sums["predict_ms_1"], sums["predict_ms_1000"]
    return {
        "name": one.name,
        "family": one.name,
        "title": first["title"],
        "kind": first["kind"] if first["kind"] in KINDS else "other",
        "trials": one.trials,
        "seconds": one.seconds,
        "weight": one.weight,
        "size_bytes": None if size is None else int(size),
        "predict_seconds_one": None if single is None else single / 1000,
        "predict_seconds_per_1000": None if many is None else many / 1000,
        "reference": bool((one.best["note"] == "for comparison").all()),
        "config": first["config"] if labels == 1 else {},
        "status": "finished" if scored == labels else "failed" if scored == 0 else "partly",
        "note": (reasons[0] if reasons else "") if scored == labels else short + (f": {reasons[0]}" if reasons else ""),
    }


def _scored(ours: Array | None, best: Array, test: bool) -> dict[str, Any]:
    """Return the mean loss with its interval, and the paired difference to the best single family (positive: worse)."""
    if ours is None:
        return {"score": None}
    low, high = mean_interval(ours)
    told: dict[str, Any] = {"score": float(ours.mean()), "low": max(low, 0.0), "high": high}
    if test:
        more = ours - best
        low, high = mean_interval(more, cautious=True)
        told |= {"difference": float(more.mean()), "difference_low": low, "difference_high": high}
        told["beyond_noise"] = bool(mean_p_value(more) < 0.05)
    return told


def _row_losses(tried: Sequence[Tried], name: str) -> Array:
    """Return the mean log-loss of each row over its known labels, (rows,)."""
    places = np.unique(np.concatenate([one.rows for one in tried]))
    total, known = np.zeros(len(places)), np.zeros(len(places))
    for one in tried:
        at = np.searchsorted(places, one.rows)
        said = one.said[name].astype(np.float64)
        total[at] -= np.log(np.clip(np.where(one.y == 1, said, 1.0 - said), TINY, 1.0))
        known[at] += 1
    return np.asarray(total / known)


def _mistakes(tried: Sequence[Tried], families: Sequence[_Family], rows: int) -> MistakesFacts | None:
    """Correlate mistakes over all labels of all rows; the interval counts rows, since the labels of a row are not independent."""
    learning = [one for one in families if one.best.iloc[0]["kind"] not in ("naive", "ensemble")]
    y = np.concatenate([one.y for one in tried])
    said = [np.concatenate([one.said[family.name] for one in tried]) for family in learning]
    found = mistakes("binary", y, [np.stack([1.0 - values, values], axis=1) for values in said])
    if found is None or rows < 4:
        return None
    low, high = fisher(float(found.correlation[found.least]), rows)
    found = dataclasses.replace(found, rows=rows, low=low, high=high)
    kinds = [str(one.best.iloc[0]["kind"]) for one in learning]
    return MistakesFacts.model_validate(as_facts(found, [str(one.best.iloc[0]["title"]) for one in learning], kinds))
