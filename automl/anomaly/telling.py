"""What a run tells of its rows: the strangest with their reasons, when it was strange and what was, a map, pictures with their heat."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.anomaly.answer import answer_of, named
from automl.anomaly.run import Found

REASONS = 3
SHOWN = 20
DRAWN = 3  # stretches that are drawn
AROUND = 24  # steps before and behind them
LONGEST = 400  # steps of a drawing
MAP_ROWS = 1_500
PICTURES, PICTURE_SIDE = 12, 112

Array = NDArray[Any]


def facts_of(found: Found) -> dict[str, Any]:
    """Return the strangest rows with their reasons, the time line, the map, the pictures and the answer, JSON-ready."""
    rows, sources = [], found.design.sources
    known_by = [clear_times(found.frame[name]) for name in found.facts["named_by"]]
    for row in np.argsort(-found.scores, kind="stable")[:SHOWN].tolist():
        told = reasons(found.columns[row : row + 1], found.frame.iloc[[row]], sources)[0]
        agree = [name for name, scores in found.by_family.items() if scores[row] > 2.0]
        when = [str(cells[row]) for cells in known_by]
        name = named({"row": row, "when": when})
        rows.append({"row": row, "name": name, "when": when, "score": float(found.scores[row]), "reasons": told, "families": agree})
    facts = {
        "strangest": rows,
        "by_column": _by_column(found),
        "pictures": _pictures(found),
        "time_line": None if found.rows.order is None else _time_line(found),
        "map": _map(found),
        "decisions": [decision.to_dict() for decision in found.log],
    }
    return {**facts, "answer": answer_of({**found.facts, **facts})}


def reasons(columns: Array, frame: pd.DataFrame, sources: list[str]) -> list[list[str]]:
    """Return for each row its most unusual columns with their values.

    Args:
        columns: How unusual each judged column is, (rows, columns).
        frame: The rows as they came.
        sources: The column of the data that each judged column belongs to.
    """
    told = []
    for row in range(len(columns)):
        found: dict[str, str] = {}
        for place in np.argsort(-columns[row], kind="stable")[: 3 * REASONS]:
            name = sources[place]
            if len(found) < REASONS and (not found or columns[row, place] > 1.0):
                value = frame[name].iloc[row] if name in frame.columns else "a series"
                found.setdefault(name, f"{name} = {value if isinstance(value, str) else _short(value)}")
        told.append(list(found.values()))
    return told


def _by_column(found: Found) -> dict[str, float]:
    """Return how often a column is the first reason of an alarm."""
    alarms = np.flatnonzero(found.scores > found.threshold)
    first = found.columns[alarms].argmax(axis=1) if len(alarms) else np.zeros(0, dtype=np.int64)
    names = found.design.sources
    shares = pd.Series([names[place] for place in first]).value_counts(normalize=True)
    return {str(name): float(share) for name, share in shares.items()}


def _map(found: Found) -> dict[str, Any] | None:
    """Return where the variational autoencoder puts rows that its first network has not seen."""
    variational = next((member for member in found.members if member.family.name == "variational_autoencoder"), None)
    if variational is None:
        return None
    own = np.flatnonzero(found.fold == 0)
    usual = np.random.default_rng(0).permutation(own)[:MAP_ROWS]
    chosen = np.unique(np.concatenate([usual, own[np.argsort(-found.scores[own])][:SHOWN]]))
    family: Any = variational.family
    places = family.places(variational.model, found.rows.take(chosen), found.shape)
    return {"places": places.round(3).tolist(), "alarm": (found.scores[chosen] > found.threshold).tolist(), "rows": chosen.tolist()}


def _time_line(found: Found) -> dict[str, Any]:
    """Return the largest score of each of 400 parts of the time, and the stretches that alarms in a row make, with what was unusual."""
    order = np.argsort(found.rows.order, kind="stable")  # type: ignore[arg-type]
    scores, alarm = found.scores[order], found.scores[order] > found.threshold
    edges = np.linspace(0, len(order), min(400, len(order)) + 1).astype(np.int64)
    largest = [float(scores[start:end].max()) for start, end in pairwise(edges.tolist())]
    times = clear_times(found.frame[found.facts["time"]])[order]
    starts = np.flatnonzero(alarm & ~np.concatenate([[False], alarm[:-1]]))
    ends = np.flatnonzero(alarm & ~np.concatenate([alarm[1:], [False]]))
    highest = [float(scores[a : b + 1].max()) for a, b in zip(starts, ends, strict=True)]
    stretches: list[dict[str, Any]] = []
    for place in np.argsort(-np.array(highest), kind="stable")[:SHOWN].tolist():
        start, end = int(starts[place]), int(ends[place])
        mean = found.columns[order[start : end + 1]].mean(axis=0)
        names: dict[str, None] = {}
        for column in np.argsort(-mean, kind="stable")[: 2 * REASONS]:
            if len(names) < REASONS and (not names or mean[column] > 1.0):
                names[found.design.sources[column]] = None
        told = {"from": times[start], "to": times[end], "steps": end - start + 1, "score": highest[place], "reasons": list(names)}
        told["drawing"] = _drawing(found, order, times, start, end, mean) if len(stretches) < DRAWN else None
        stretches.append(told)
    return {"times": times[edges[:-1]].tolist(), "scores": largest, "stretches": stretches, "count": len(starts)}


def _drawing(found: Found, order: Array, times: Array, start: int, end: int, mean: Array) -> dict[str, Any] | None:
    """Return the most unusual number of a stretch, with steps before and behind it."""
    numbers = found.shape.numbers if found.shape.picture < 0 else found.shape.picture
    if not numbers:
        return None
    column = int(mean[:numbers].argmax())
    first, last = max(start - AROUND, 0), min(end + AROUND, len(order) - 1, start + LONGEST)
    values = found.rows.raw[order[first : last + 1], column]
    told = [float(value) if np.isfinite(value) else None for value in values]
    inside = [start - first, min(end, last) - first]
    return {"column": found.design.names[column], "times": times[first : last + 1].tolist(), "values": told, "inside": inside}


def _pictures(found: Found) -> list[dict[str, Any]] | None:
    """Return the strangest pictures, small, and where they are strange, by a model that has not seen them."""
    if found.design.eyes is None or found.rows.patches is None:
        return None
    from automl.explanation.pictures import inline_png, warmed
    from automl.preprocessing.pictures.decode import decode

    cells = found.frame[found.design.eyes.column].tolist()
    chosen = np.argsort(-found.scores, kind="stable")[:PICTURES]
    shown = decode([cells[row] for row in chosen], PICTURE_SIDE, 3)
    member = next((member for member in found.members if member.family.needs_pictures), None)
    usual, told = 0.0, []
    if member is not None:
        family: Any = member.family
        some = found.rows.take(np.random.default_rng(0).permutation(np.flatnonzero(found.fold == 0))[:200])
        usual = float(np.quantile(family.heat(member.model, some, 0), 0.9))
    for place, row in enumerate(chosen.tolist()):
        if not shown.present[place]:
            continue
        pixels = shown.pixels[place]
        one: dict[str, Any] = {"row": row, "score": float(found.scores[row]), "picture": inline_png(pixels), "heat": None}
        if member is not None:
            heat = family.heat(member.model, found.rows.take(np.array([row])), int(found.fold[row]))[0]
            one["heat"] = inline_png(warmed(pixels, heat - usual))
        told.append(one)
    return told


def clear_times(cells: pd.Series[Any]) -> Array:
    """Return cells as texts, (rows,), without hours, minutes and seconds that are 0 in all of them.

    Example:
        >>> clear_times(pd.Series(pd.to_datetime(["2026-01-01 10:00", "2026-01-01 11:00"]))).tolist()
        ['2026-01-01 10:00', '2026-01-01 11:00']
    """
    texts = cells.astype(str)
    clock = texts.str.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
    for end in ("00:00:00", ":00"):
        if len(texts) and bool((clock & texts.str.endswith(end)).all()):
            return texts.str.slice(0, -len(end)).str.rstrip(" T").to_numpy()
    return texts.to_numpy()


def _short(value: Any) -> str:
    if value is None or (not hasattr(value, "__len__") and pd.isna(value)):
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
