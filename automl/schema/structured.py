"""Detectors of cells with an inner structure: steps of a scale, lists, paths of pictures, numbers that name things."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.dataset import holds_pictures
from automl.dataset.signal import as_signal, holds_signals
from automl.percents import percent
from automl.schema.column import Column
from automl.schema.scales import names_in_numbers, scale_order

if TYPE_CHECKING:
    from automl.schema.detectors import Sample

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_SEPARATORS = (";", "|", ",", " / ", "/")
_LOOKED_AT = 2_000


def series_cells(sample: Sample) -> Column | None:
    """Accept cells that hold series: arrays, or long lists of numbers."""
    if not holds_signals(sample.series):
        return None
    first = next(found for cell in sample.series if (found := as_signal(cell)) is not None)
    channels = int(first.values.shape[1])
    evidence = f"The cells hold series, such as one of {len(first.values):,} steps and {channels} channels."
    return Column("", "series", "feature", evidence, 1.0, {"channels": channels})


def image_paths(sample: Sample) -> Column | None:
    """Accept pictures in memory, and paths and addresses of pictures."""
    if holds_pictures(sample.series):
        return Column("", "image", "feature", f"The {sample.present:,} cells that were looked at hold pictures.", 1.0)
    if sample.kind != "text" or len(sample.levels) < 2:
        return None
    named = [level.casefold().split("?")[0].endswith(PICTURES) for level in sample.levels]
    share = sample.share(named)
    if share < 0.8:
        return None
    evidence = f"{percent(share)} of {sample.present:,} values name picture files, such as {sample.levels[int(np.argmax(named))][:60]!r}."
    return Column("", "image", "feature", evidence, 0.97 if share > 0.95 else 0.85)


def split_list(text: str) -> list[str] | None:
    """Return the items of a JSON or Python list of plain values, or None.

    Example:
        >>> split_list('["a", "b"]'), split_list("['a', 'b']"), split_list("a;b")
        (['a', 'b'], ['a', 'b'], None)
    """
    text = text.strip()
    braces = text.startswith("{") and text.endswith("}") and ":" not in text
    if not (text.startswith("[") and text.endswith("]")) and not braces:
        return None
    try:
        items = json.loads(text)
    except json.JSONDecodeError:
        items = [item.strip().strip("'\"") for item in text[1:-1].split(",") if item.strip()]
    return [str(item) for item in items] if isinstance(items, list) and not any(isinstance(item, (dict, list)) for item in items) else None


def find_separator(levels: list[str], counts: np.ndarray[Any, Any]) -> tuple[str, list[str]] | None:
    """Return the sign that joins labels in one cell, and the labels, most common first; None where cells are no lists of labels.

    Labels of a list come back in other cells and in other company; parts of a name or an address keep their number and their place.

    Example:
        >>> find_separator(["a;b", "b", "a", "b;a;c", "c;a"] , np.ones(5))
        (';', ['a', 'b', 'c'])
    """
    looked, weights = levels[:_LOOKED_AT], counts[:_LOOKED_AT]
    brackets = [split_list(text) for text in looked]
    if all(items is not None for items in brackets):
        tokens = Counter(item for items in brackets for item in items or [])
        return "[]", [token for token, _ in tokens.most_common()]
    for separator in _SEPARATORS:
        split = [[part.strip() for part in text.split(separator) if part.strip()] for text in looked]
        sizes = np.array([len(parts) for parts in split])
        several = float(weights[sizes > 1].sum() / max(weights.sum(), 1))
        if several < 0.2 or len(set(sizes.tolist())) < 2 or any(len(part) > 40 for parts in split for part in parts):
            continue
        tokens = Counter(part for parts in split for part in parts)
        singles = {parts[0] for parts in split if len(parts) == 1}
        repeated = sum(tokens.values()) / max(len(tokens), 1)
        joined = {part for parts in split if len(parts) > 1 for part in parts}
        placed: dict[str, set[int]] = {}
        for parts in split:
            for place, part in enumerate(parts):
                placed.setdefault(part, set()).add(place)
        wander = sum(len(places) > 1 for places in placed.values()) / max(len(placed), 1)
        words = float(np.mean([len(token.split()) for token in tokens])) if tokens else 9.0
        alone = not singles or len(singles & joined) / len(singles) >= 0.5
        strict = separator in (",", "/", " / ")
        if len(tokens) > 500 or repeated < 2.0 or words > 3 or not alone or wander < (0.4 if strict else 0.2):
            continue
        most = len(looked) if strict else 2 * len(looked)
        if len(tokens) > most or any(len(parts) != len(set(parts)) for parts in split[:200]):
            continue
        return separator, [token for token, _ in tokens.most_common()]
    return None


def lists(sample: Sample) -> Column | None:
    """Accept several labels in one cell, or lists."""
    if sample.kind != "text" or len(sample.levels) < 2:
        return None
    found = find_separator(sample.levels, sample.counts)
    if found is None:
        return None
    separator, tokens = found
    shown = ", ".join(repr(token[:20]) for token in tokens[:3])
    how = "lists" if separator == "[]" else f"labels joined by {separator.strip()!r}"
    evidence = f"The cells hold {how}: {len(tokens):,} different ones, such as {shown}, in {sample.present:,} cells."
    return Column("", "list", "feature", evidence, 0.95 if separator in ("[]", ";", "|") else 0.85, {"separator": separator})


def ordinal(sample: Sample) -> Column | None:
    """Accept declared orders and words that are steps of a scale."""
    series = sample.series
    if sample.kind == "category" and isinstance(series.dtype, pd.CategoricalDtype) and series.dtype.ordered and len(sample.levels) > 2:
        order = [str(level) for level in series.cat.categories]
        return Column("", "ordinal", "feature", f"The {len(order)} categories were declared with an order.", 1.0, {"order": order[:50]})
    if sample.kind not in ("text", "category"):
        return None
    steps = scale_order(sample.levels)
    if steps is None:
        return None
    shown = " < ".join(repr(step[:20]) for step in steps[:5])
    evidence = f"The {len(steps)} distinct values are steps of a scale: {shown}{' …' if len(steps) > 5 else ''}."
    return Column("", "ordinal", "feature", evidence, 0.9, {"order": steps})


def coded(sample: Sample) -> Column | None:
    """Accept whole numbers that name things, such as codes of products or zip codes."""
    if sample.kind != "number":
        return None
    seen = sample.numbers[~np.isnan(sample.numbers)]
    evidence = names_in_numbers(seen)
    return None if evidence is None else Column("", "category", "feature", evidence, 0.65)
