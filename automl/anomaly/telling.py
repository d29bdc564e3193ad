"""What a run tells of its rows: the strangest with their reasons, when it was strange and what was, a map, pictures with their heat."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.anomaly.families import detector_by_name
from automl.anomaly.judging import JOINT, Judged, agreement, label_facts
from automl.anomaly.run import Found, voters
from automl.private import HIDDEN
from automl.report import words
from automl.report.anomalies import (
    AnomalyFacts,
    ColumnShareFacts,
    DetectorFacts,
    DrawingOfStretchFacts,
    ImputationFacts,
    KnownFacts,
    MapFacts,
    ReasonFacts,
    StepOfAlarmsFacts,
    StrangePictureFacts,
    StrangeRowFacts,
    StretchFacts,
    TimeLineFacts,
)

REASONS = 3
SHOWN = 20
DRAWN = 3  # stretches that are drawn
AROUND = 24  # steps before and behind them
LONGEST = 400  # steps of a drawing
MAP_ROWS = 1_500
PICTURES, PICTURE_SIDE = 12, 112
STEPS = 60  # thresholds whose alarms are counted

Array = NDArray[Any]


def anomaly_facts(found: Found, costs: Mapping[str, Mapping[str, Any]], judged: Judged, private: Collection[str] = ()) -> AnomalyFacts:
    """Return everything that is said of anomalies alone.

    Args:
        found: What the run left behind.
        costs: Seconds and bytes of each detector.
        judged: What labels say of them.
        private: Columns of which no value may be told.
    """
    asked, looked, truth = found.asked, found.looked, found.looked.truth
    few = asked.examples != "none"
    low, high = expected(found) or (None, None)
    return AnomalyFacts(
        alarms=int(found.alarm.sum()),
        share_of_alarms=float(found.alarm.mean()),
        threshold=found.threshold,
        alarms_asked=asked.alarms,
        false_alarms_asked=asked.false_alarms,
        rate_of="all rows" if asked.alarms is not None or truth is None else "normal rows",
        expected_low=low,
        expected_high=high,
        columns=tuple(found.design.names),
        time=looked.time,
        named_by=_named_by(found, private),
        known=None if truth is None else KnownFacts(column=looked.label, **label_facts(found.scores, truth, found.threshold)),
        steps=_steps(found),
        strangest=_strangest(found, private),
        by_column=_by_column(found),
        pictures=_pictures(found) if few else (),
        time_line=None if found.rows.order is None else _time_line(found, few),
        detectors=_detectors(found, costs, judged),
        left_out={detector_by_name(name).title: why for name, why in found.left_out.items()},
        map=_map(found) if few else None,
        imputation=None if found.imputation is None else ImputationFacts.model_validate(found.imputation),
    )


def expected(found: Found) -> tuple[float, float] | None:
    """Return the share of new rows that should raise an alarm (95 %); None where no row can.

    The threshold is set for new rows, not for those that were learnt from. A rate of false alarms is one of the rows that are labelled
    normal, where labels tell them.
    """
    return words.wilson(expected_count(found), _counted(found)) if np.isfinite(found.threshold) else None


def expected_count(found: Found) -> int:
    """Return how many of as many new rows should raise an alarm."""
    rates = [rate for rate in (found.asked.alarms, found.asked.false_alarms) if rate is not None]
    return round(float(min(rates)) * _counted(found))


def _counted(found: Found) -> int:
    truth = found.looked.truth
    return int((~truth).sum()) if truth is not None and found.asked.alarms is None else len(found.scores)


def _named_by(found: Found, private: Collection[str]) -> tuple[str, ...]:
    """Return the columns by which rows are known: of single rows nothing but their time is told where no example is asked for."""
    shown = [name for name in found.looked.named if name not in private]
    dates = [name for name in shown if found.schema[name].type == "datetime" or name == found.looked.time]
    return tuple(dates if found.asked.examples == "none" else shown)


def _strangest(found: Found, private: Collection[str]) -> tuple[StrangeRowFacts, ...]:
    known_by = [clear_times(found.frame[name]) for name in _named_by(found, private)]
    truth, told = found.looked.truth, []
    for row in np.argsort(-found.scores, kind="stable")[:SHOWN].tolist():
        named = reasons(found.columns[row : row + 1], found.frame.iloc[[row]], found.design.sources)[0]
        told.append(
            StrangeRowFacts(
                row=row,
                when=tuple(str(cells[row]) for cells in known_by),
                score=float(found.scores[row]),
                alarm=bool(found.alarm[row]),
                known=None if truth is None or found.asked.examples == "none" else bool(truth[row]),
                reasons=tuple(ReasonFacts(column=name, value=_cell(found, name, value, private)) for name, value in named.items()),
                agree=tuple(name for name, scores in found.by_family.items() if scores[row] > 2.0),
            )
        )
    return tuple(told)


def _cell(found: Found, name: str, value: str, private: Collection[str]) -> str | None:
    """Return a cell as it may be told: as of other reports, nothing of single rows, all but texts and names, or everything."""
    if found.asked.examples == "few" and found.schema[name].type != "image":
        return value
    if found.asked.examples == "none" or (name in private and found.asked.examples != "few"):
        return None
    if found.schema[name].type == "image":
        return _file(found, value)
    return HIDDEN if found.schema[name].type == "text" else words.shorten(value, 60)


def _file(found: Found, path: str) -> str:
    """Return the path of a picture as it is inside the folder of the data: where that lies is nobody's concern."""
    source = Path(found.looked.dataset.path or ".").expanduser().resolve()
    home = source if source.is_dir() else source.parent
    return os.path.relpath(path, home) if Path(path).is_relative_to(home) else Path(path).name


def _steps(found: Found) -> tuple[StepOfAlarmsFacts, ...]:
    """Return how many rows lie above the threshold and above round ones."""
    truth, top = found.looked.truth, float(found.scores.max())
    places = {round(step, 2) for step in np.arange(0.5, top, 0.25).tolist()}
    places |= {found.threshold} if np.isfinite(found.threshold) else set()
    told = []
    for limit in sorted(places)[:STEPS]:
        alarm = found.scores > limit
        hits = None if truth is None else int((alarm & truth).sum())
        told.append(StepOfAlarmsFacts(threshold=limit, alarms=int(alarm.sum()), found=hits))
    return tuple(told)


def _detectors(found: Found, costs: Mapping[str, Mapping[str, Any]], judged: Judged) -> tuple[DetectorFacts, ...]:
    alike, chosen = agreement(found), {member.family.name for member in voters(found.members)}
    scored = {} if judged.board is None else {row.name: row for row in judged.board.rows}
    told = []
    for family in (member.family for member in found.members):
        name, row = family.name, scored.get(family.name)
        others = {other: share for other, share in alike[name].items() if other != JOINT}
        told.append(
            DetectorFacts(
                name=name,
                title=family.title,
                kind=family.kind,
                votes=name in chosen,
                agreement=others,
                mean_agreement=float(np.mean(list(others.values()))) if others else None,
                joint=alike[name][JOINT],
                above=float((found.by_family[name] > found.threshold).mean()),
                seconds=found.seconds.get(name),
                average_precision=None if row is None else row.score,
                average_precision_low=None if row is None else row.low,
                average_precision_high=None if row is None else row.high,
                **costs.get(name, {}),
            )
        )
    return tuple(told)


def reasons(columns: Array, frame: pd.DataFrame, sources: list[str]) -> list[dict[str, str]]:
    """Return for each row its most unusual columns with their values, the strongest first.

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
                found.setdefault(name, value if isinstance(value, str) else _short(value))
        told.append(found)
    return told


def _by_column(found: Found) -> tuple[ColumnShareFacts, ...]:
    """Return how often a column is the first reason of an alarm."""
    alarms = np.flatnonzero(found.alarm)
    first = found.columns[alarms].argmax(axis=1) if len(alarms) else np.zeros(0, dtype=np.int64)
    counts = pd.Series([found.design.sources[place] for place in first], dtype=object).value_counts()
    return tuple(ColumnShareFacts(column=str(name), alarms=int(many), share=float(many / len(alarms))) for name, many in counts.items())


def _map(found: Found) -> MapFacts | None:
    """Return where the variational autoencoder puts rows that its first network has not seen."""
    variational = next((member for member in found.members if member.family.name == "variational_autoencoder"), None)
    if variational is None:
        return None
    own = np.flatnonzero(found.fold == 0)
    usual = np.random.default_rng(0).permutation(own)[:MAP_ROWS]
    chosen = np.unique(np.concatenate([usual, own[np.argsort(-found.scores[own])][:SHOWN]]))
    family: Any = variational.family
    places = family.places(variational.model, found.rows.take(chosen), found.shape)
    return MapFacts(places=places[:, :2].round(3).tolist(), alarm=found.alarm[chosen].tolist())


def _time_line(found: Found, few: bool) -> TimeLineFacts:
    """Return the largest score of each of 400 parts of the time, and the stretches that alarms in a row make, with what was unusual.

    Numbers of the stretches are drawn where cells of `few` rows may be told.
    """
    order = np.argsort(found.rows.order, kind="stable")  # type: ignore[arg-type]
    scores, alarm = found.scores[order], found.alarm[order]
    edges = np.linspace(0, len(order), min(400, len(order)) + 1).astype(np.int64)
    largest = [float(scores[start:end].max()) for start, end in pairwise(edges.tolist())]
    times = clear_times(found.frame[found.looked.time])[order]
    starts = np.flatnonzero(alarm & ~np.concatenate([[False], alarm[:-1]]))
    ends = np.flatnonzero(alarm & ~np.concatenate([alarm[1:], [False]]))
    highest = [float(scores[a : b + 1].max()) for a, b in zip(starts, ends, strict=True)]
    stretches: list[StretchFacts] = []
    for place in np.argsort(-np.array(highest), kind="stable")[:SHOWN].tolist():
        start, end = int(starts[place]), int(ends[place])
        mean = found.columns[order[start : end + 1]].mean(axis=0)
        names: dict[str, None] = {}
        for column in np.argsort(-mean, kind="stable")[: 2 * REASONS]:
            if len(names) < REASONS and (not names or mean[column] > 1.0):
                names[found.design.sources[column]] = None
        drawn = _drawing(found, order, times, start, end, mean) if few and len(stretches) < DRAWN else None
        one = StretchFacts(
            first=str(times[start]), last=str(times[end]), steps=end - start + 1, score=highest[place], columns=tuple(names), drawing=drawn
        )
        stretches.append(one)
    return TimeLineFacts(times=times[edges[:-1]].tolist(), scores=tuple(largest), count=len(starts), stretches=tuple(stretches))


def _drawing(found: Found, order: Array, times: Array, start: int, end: int, mean: Array) -> DrawingOfStretchFacts | None:
    """Return the most unusual number of a stretch, with steps before and behind it."""
    numbers = found.shape.numbers if found.shape.picture < 0 else found.shape.picture
    if not numbers:
        return None
    column = int(mean[:numbers].argmax())
    first, last = max(start - AROUND, 0), min(end + AROUND, len(order) - 1, start + LONGEST)
    values = found.rows.raw[order[first : last + 1], column]
    told = [float(value) if np.isfinite(value) else None for value in values]
    inside, named = (start - first, min(end, last) - first), found.design.names[column]
    return DrawingOfStretchFacts(column=named, times=times[first : last + 1].tolist(), values=tuple(told), inside=inside)


def _pictures(found: Found) -> tuple[StrangePictureFacts, ...]:
    """Return the strangest pictures, small, and where they are strange, by a model that has not seen them."""
    if found.design.eyes is None or found.rows.patches is None:
        return ()
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
        heat = None
        if member is not None:
            warm = family.heat(member.model, found.rows.take(np.array([row])), int(found.fold[row]))[0]
            heat = inline_png(warmed(pixels, warm - usual))
        file = _file(found, cells[row]) if isinstance(cells[row], str) else None
        told.append(StrangePictureFacts(row=row, name=file, score=float(found.scores[row]), picture=inline_png(pixels), heat=heat))
    return tuple(told)


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
