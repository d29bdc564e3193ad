"""An ordered list of small detectors: each answers with a type and its evidence, or declines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset import CLOCK, PADDED, NumberFormat, find_number_format
from automl.percents import percent
from automl.schema.column import Column
from automl.schema.dates import find_date_formats, parse_dates
from automl.schema.structured import coded, image_paths, lists, ordinal, series_cells
from automl.schema.values import as_numbers, kind_of, levels

# Pairs of true/false words, lower case, of a dozen European languages.
_WORDS = (
    "true/false yes/no 1/0 t/f y/n on/off ja/nein j/n wahr/falsch ja/nej ja/nei ja/nee ano/ne a/n pravda/nepravda áno/nie tak/nie "
    "prawda/fałsz "
    "oui/non o/n vrai/faux sí/no si/no s/n verdadero/falso sì/no vero/falso sim/não "
    "verdadeiro/falso igen/nem igaz/hamis да/нет"
)
_PAIRS = [tuple(pair.split("/")) for pair in _WORDS.split()]
_TRUE_OF = {frozenset(pair): pair[0] for pair in _PAIRS}

_NUMBERS_AT_LEAST = 0.95  # of the cells; the rest becomes missing, and is told
_FEW_WORDS = 3
_MEASURED_AT_LEAST = 0.75  # where there are many distinct numbers and few distinct other words, such as "unknown"


@dataclass(frozen=True)
class Sample:
    """The rows of one column that detection looks at, and cheap facts of them.

    Attributes:
        series: The sampled cells.
        full: All cells, for the few questions that a sample cannot answer.
        hint: The decimal sign of the file, where it is known.
    """

    series: pd.Series[Any]
    full: pd.Series[Any]
    hint: str | None = None

    @cached_property
    def kind(self) -> str:
        """What the cells are made of."""
        return kind_of(self.series)

    @cached_property
    def _counted(self) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        codes, uniques = pd.factorize(levels(self.series))
        return list(uniques), np.bincount(codes[codes >= 0], minlength=len(uniques)), codes

    @property
    def levels(self) -> list[str]:
        """Distinct values as text, in order of appearance."""
        return self._counted[0]

    @property
    def counts(self) -> np.ndarray[Any, Any]:
        """How often each level occurs."""
        return self._counted[1]

    def halves(self, chosen: np.ndarray[Any, Any]) -> list[float]:
        """Return the share of chosen levels in the first and in the second half of the present cells."""
        codes = self._counted[2]
        hits = np.asarray(chosen, dtype=bool)[codes[codes >= 0]]
        middle = max(len(hits) // 2, 1)
        return [round(float(part.mean()), 4) if len(part) else 0.0 for part in (hits[:middle], hits[middle:])]

    @property
    def present(self) -> int:
        """Number of cells that are not missing."""
        return int(self.counts.sum())

    @cached_property
    def numbers(self) -> np.ndarray[Any, Any]:
        """The cells of a number column as float64."""
        return as_numbers(self.series, NumberFormat())

    def share(self, chosen: list[bool] | np.ndarray[Any, Any]) -> float:
        """Return the share of the present cells whose level is chosen."""
        return float(self.counts[np.asarray(chosen, dtype=bool)].sum() / max(self.present, 1))


def _empty(sample: Sample) -> Column | None:
    if sample.kind in ("datetime", "duration") or len(sample.series) == 0:
        return None
    missing = np.isnan(sample.numbers).all() if sample.kind == "number" else sample.present == 0
    if not missing:
        return None
    kind = "number" if sample.kind == "number" else "category"
    return Column("", kind, "feature", "No cell that was looked at holds a value.", 0.5)


def _dates(sample: Sample) -> Column | None:
    if sample.kind != "datetime":
        return None
    zone = getattr(sample.series.dtype, "tz", None)
    return Column("", "datetime", "feature", "The cells are dates" + (f" with the time zone {zone}, read as UTC." if zone else "."), 1.0)


def _duration(sample: Sample) -> Column | None:
    return Column("", "number", "feature", "The cells are durations, counted in seconds.", 0.95) if sample.kind == "duration" else None


def _typed_boolean(sample: Sample) -> Column | None:
    if sample.kind == "boolean":
        return Column("", "boolean", "feature", "All values are true or false.", 1.0, {"true_values": ["True"], "false_values": ["False"]})
    return None


def _zero_one(sample: Sample) -> Column | None:
    if sample.kind != "number":
        return None
    seen = sample.numbers[~np.isnan(sample.numbers)]
    if not len(seen) or not ((seen == 0) | (seen == 1)).all() or seen.min() == seen.max():
        return None
    everything = as_numbers(sample.full, NumberFormat())
    if not (np.isnan(everything) | (everything == 0) | (everything == 1)).all():
        return None
    ones = int((everything == 1).sum())
    evidence = f"All {int((~np.isnan(everything)).sum()):,} values are 0 or 1 ({ones:,} are 1)."
    return Column("", "boolean", "feature", evidence, 0.95, {"true_values": ["1"], "false_values": ["0"]})


def _boolean_words(sample: Sample) -> Column | None:
    if sample.kind not in ("text", "category") or not 1 <= len(sample.levels) <= 4:
        return None
    words = {level.casefold() for level in sample.levels}
    truth = _TRUE_OF.get(frozenset(words))
    if truth is None or len(words) != 2:
        return None
    if len(sample.full) > len(sample.series):
        everything = {level.casefold() for level in pd.unique(levels(sample.full)) if level is not None}
        if everything != words:
            return None
    true_values = [level for level in sample.levels if level.casefold() == truth]
    false_values = [level for level in sample.levels if level.casefold() != truth]
    share = sample.share([level in true_values for level in sample.levels])
    evidence = f"All values are {true_values[0]!r} or {false_values[0]!r} ({percent(share)} are true)."
    return Column("", "boolean", "feature", evidence, 0.98, {"true_values": true_values, "false_values": false_values})


def _date_numbers(sample: Sample) -> Column | None:
    """Read 20240131 as a date if every number is a valid one."""
    if sample.kind != "number":
        return None
    seen = np.unique(sample.numbers[~np.isnan(sample.numbers)])
    if len(seen) < 10 or seen[0] < 19000101 or seen[-1] > 21001231 or (seen % 1).any():
        return None
    texts = np.array([str(int(value)) for value in seen], dtype=object)
    if np.isnat(parse_dates(texts, ["%Y%m%d"])).any():
        return None
    return Column(
        "", "datetime", "feature", f"All {len(seen):,} distinct numbers are valid dates, written as %Y%m%d.", 0.95, {"formats": ["%Y%m%d"]}
    )


def _number(sample: Sample) -> Column | None:
    if sample.kind != "number":
        return None
    seen = sample.numbers[~np.isnan(sample.numbers)]
    distinct = len(np.unique(seen))
    evidence = f"The values are numbers from {seen.min():g} to {seen.max():g} ({distinct:,} distinct among {len(seen):,})."
    return Column("", "number", "feature", evidence, 1.0 if distinct > 10 else 0.9)


def _date_texts(sample: Sample) -> Column | None:
    if sample.kind != "text":
        return None
    texts = sample.levels
    formats, share, note = find_date_formats(texts)
    if not formats:  # dates, and a few words such as "pending"
        formats, share, note = find_date_formats(texts, few=_FEW_WORDS)
        read = ~np.isnat(parse_dates(np.array(texts, dtype=object), formats)) if formats else np.zeros(len(texts), dtype=bool)
        share = float(read.mean()) if len(texts) else 0.0
        if sample.share(read) < _MEASURED_AT_LEAST or (~read).sum() > _FEW_WORDS:
            return None
    if not formats or (formats == ["%Y%m%d"] and len(texts) < 10):
        return None
    unread = (
        []
        if share == 1.0
        else [t for t, bad in zip(texts, np.isnat(parse_dates(np.array(texts, dtype=object), formats)), strict=True) if bad]
    )
    evidence = f"{percent(share)} of {len(texts):,} distinct values are dates, written as {' or '.join(formats)}.{note}"
    confidence = 0.85 if "do not prove" in note else 0.97
    return Column("", "datetime", "feature", evidence, confidence, {"formats": formats, **_unread(sample, unread)})


def _unread(sample: Sample, texts: list[str]) -> dict[str, Any]:
    """Return the facts on cells that the type cannot hold."""
    if not texts:
        return {}
    bad = set(texts)
    return {"unread": round(sample.share([level in bad for level in sample.levels]), 6), "examples": texts[:3]}


def _clock_texts(sample: Sample) -> Column | None:
    """Read hours, minutes and seconds such as 01:23:45 as a number of seconds."""
    if sample.kind != "text" or len(sample.levels) < 3:
        return None
    shaped = [CLOCK.fullmatch(text) is not None for text in sample.levels]
    share = sample.share(shaped)
    if share < _NUMBERS_AT_LEAST:
        return None
    others = [text for text, known in zip(sample.levels, shaped, strict=True) if not known]
    evidence = f"{percent(share)} of the values are hours, minutes and seconds with colons between: read as seconds."
    return Column("", "number", "feature", evidence, 0.9, {"clock": True, **_unread(sample, others)})


def _number_texts(sample: Sample) -> Column | None:
    if sample.kind != "text":
        return None
    texts = sample.levels
    padded = [PADDED.fullmatch(text) is not None and len(text) > 1 for text in texts]
    if any(padded):
        return None  # zeros in front are part of a code
    notation = find_number_format(texts, sample.hint)
    if notation is None:
        return None
    readable = np.array([not np.isnan(notation.parse(text)) for text in texts])
    share, numbers, others = sample.share(readable), int(readable.sum()), [text for text, ok in zip(texts, readable, strict=True) if not ok]
    few_words = share >= _MEASURED_AT_LEAST and numbers > 50 and len(others) <= max(3, numbers // 50)
    if not numbers or (share < _NUMBERS_AT_LEAST and not few_words):
        return None
    parse = {**notation.to_dict(), **_unread(sample, others)}
    if any(text.startswith("(") for text, ok in zip(texts, readable, strict=True) if ok):
        parse["brackets"] = True
    evidence = f"{percent(share)} of the values are numbers written as text."
    if others:
        evidence += " The others count as missing."
    return Column("", "number", "feature", evidence, 0.95 if share > 0.99 else 0.8, parse)


@dataclass(frozen=True)
class _Wording:
    """How the values of a text column read, weighted by their frequency."""

    words: float
    letters: float
    characters: float
    unique: float

    @classmethod
    def of(cls, sample: Sample) -> _Wording:
        texts = sample.levels if len(sample.levels) <= 2000 else sample.levels[:: len(sample.levels) // 2000 + 1]
        words = float(np.mean([len(re.findall(r"[^\W\d_]{2,}|\w+", text)) for text in texts]))
        characters = sum(len(text) for text in texts)
        letters = sum(sum(letter.isalpha() or letter == " " for letter in text) for text in texts)
        return cls(words, letters / max(characters, 1), characters / max(len(texts), 1), len(sample.levels) / max(sample.present, 1))


def _free_text(sample: Sample) -> Column | None:
    """Accept sentences and names: many words, mostly letters, rarely repeated."""
    if sample.kind != "text" or not sample.levels:
        return None
    wording, distinct = _Wording.of(sample), len(sample.levels)
    spaced = float(np.mean([" " in text for text in sample.levels[:2000]]))
    if spaced < 0.5 or wording.letters < 0.6:
        return None
    sentences = wording.words >= 8 and (distinct >= 20 or wording.unique > 0.5)
    phrases = wording.words >= 3 and distinct >= 30 and wording.unique > 0.1
    names = wording.words >= 1.8 and distinct >= 20 and wording.unique > 0.8
    if not (sentences or phrases or names):
        return None
    evidence = f"The values have {wording.words:.1f} words on average and {distinct:,} of {sample.present:,} are distinct."
    return Column("", "text", "feature", evidence, 0.95 if sentences else 0.75)


def _category(sample: Sample) -> Column | None:
    distinct, present = len(sample.levels), sample.present
    shown = ", ".join(repr(level[:30]) for level in sample.levels[:3])
    evidence = f"{distinct:,} distinct values among {present:,}, such as {shown}."
    parse: dict[str, Any] = {}
    if sample.kind == "text":
        notation = find_number_format(sample.levels, sample.hint)
        numbers = np.array([notation is not None and not np.isnan(notation.parse(text)) for text in sample.levels], dtype=bool)
        numeric = sample.share(numbers)
        if 0.1 <= numeric <= 0.95 and not any(PADDED.fullmatch(text) for text in sample.levels):
            parse = {"numeric_share": round(numeric, 4), "numeric_halves": sample.halves(numbers)}
            evidence += f" {percent(numeric)} of the values are numbers, the others are not."
    return Column(
        "", "category", "feature", evidence, 1.0 if sample.kind == "category" else 0.9 if distinct < 0.5 * present else 0.7, parse
    )


DETECTORS: tuple[Callable[[Sample], Column | None], ...] = (
    series_cells,
    _empty,
    _dates,
    _duration,
    _typed_boolean,
    _zero_one,
    _boolean_words,
    _date_numbers,
    coded,
    _number,
    _date_texts,
    image_paths,
    ordinal,
    _clock_texts,
    _number_texts,
    lists,
    _free_text,
    _category,
)


def detect(sample: Sample) -> Column:
    """Return the first detector's answer; the last one always answers."""
    for detector in DETECTORS:
        column = detector(sample)
        if column is not None:
            return column
    return Column("", "category", "feature", "No detector recognised the values.", 0.3)


def declared(sample: Sample, kind: str) -> Column:
    """Return a column whose type the user declared, with the notation that its cells suggest."""
    evidence = "This type was asked for."
    parse: dict[str, Any] = {}
    found = detect(sample)
    if found.type == kind:
        parse = found.parse
    elif kind == "number" and sample.kind in ("text", "category"):
        notation = find_number_format(sample.levels, sample.hint)
        parse = notation.to_dict() if notation else {}
    elif kind == "datetime" and sample.kind != "datetime":
        formats = find_date_formats(sample.levels)[0]
        parse = {"formats": formats or ["ISO8601", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%Y%m%d"]}
    elif kind == "boolean":
        words = sorted(sample.levels)
        parse = {"true_values": words[1:2], "false_values": words[:1]} if len(words) == 2 else {}
    return Column("", kind, "feature", evidence, 1.0, parse, declared=True)
