"""Tables with columns of every type, written in every way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add, signal, table

_ROWS = 800


def _column(make: Callable[[Random], Any]) -> Callable[..., pd.DataFrame]:
    def data(random: Random, _folder: Any) -> pd.DataFrame:
        frame = table(random, _ROWS)
        frame["column"] = make(random)
        frame["outcome"] = np.where(signal(frame, random) > 0, "yes", "no")
        return frame

    return data


def _dates(random: Random, written: str, start: str = "2019-01-01", days: int = 1500) -> list[str]:
    return list((pd.Timestamp(start) + pd.to_timedelta(random.integers(0, days, _ROWS), unit="D")).strftime(written))


def _pick(values: list[Any]) -> Callable[[Random], Any]:
    return lambda random: random.choice(np.array(values, dtype=object), _ROWS)


_WORDS = [
    "the",
    "a",
    "very",
    "old",
    "new",
    "river",
    "house",
    "walked",
    "through",
    "bright",
    "dark",
    "morning",
    "and",
    "then",
    "everyone",
    "laughed",
    "because",
    "of",
    "rain",
    "near",
    "blue",
    "hill",
]


def _sentences(random: Random, low: int = 8, high: int = 20) -> list[str]:
    return [" ".join(random.choice(_WORDS, random.integers(low, high))) for _ in range(_ROWS)]


def _mixed_dates(random: Random) -> list[str]:
    dates = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, _ROWS), unit="D")
    return [date.strftime("%Y-%m-%d" if place % 2 else "%d.%m.%Y") for place, date in enumerate(dates)]


_COLUMNS: dict[str, tuple[Any, Any, str]] = {
    "floats": (lambda r: r.normal(size=_ROWS), "number", "numbers with fractions"),
    "whole numbers": (lambda r: r.integers(0, 1000, _ROWS), "number", "amounts"),
    "few whole numbers": (lambda r: r.poisson(1.5, _ROWS), ("number", "ordinal"), "number of children"),
    "years": (lambda r: r.integers(1990, 2024, _ROWS), "number", "years have a distance"),
    "currency": (lambda r: [f"€{x:,.2f}" for x in r.lognormal(6, 1, _ROWS)], "number", "euros"),
    "percent": (lambda r: [f"{x:.0f} %" for x in r.uniform(0, 100, _ROWS)], "number", "percents"),
    "decimal comma": (lambda r: [f"{x:.2f}".replace(".", ",") for x in r.normal(size=_ROWS)], "number", "a decimal comma"),
    "thousands": (lambda r: [f"{x:,}" for x in r.integers(1000, 900000, _ROWS)], "number", "commas between thousands"),
    "swiss thousands": (lambda r: [f"{x:,}".replace(",", "'") for x in r.integers(1000, 900000, _ROWS)], "number", "apostrophes"),
    "accounting": (lambda r: [f"({-x:.2f})" if x < 0 else f"{x:.2f}" for x in r.normal(0, 99, _ROWS)], "number", "negative in brackets"),
    "numbers and a word": (lambda r: [str(round(x, 3)) if k % 40 else "unknown" for k, x in enumerate(r.normal(size=_ROWS))], "number",
                           "2 % unknown"),
    "durations": (lambda r: pd.to_timedelta(r.integers(1, 9999, _ROWS), unit="s"), "number", "seconds"),
    "0 and 1": (lambda r: r.integers(0, 2, _ROWS), "boolean", "0 and 1"),
    "0.0 and 1.0 with gaps": (lambda r: np.where(r.random(_ROWS) < 0.1, np.nan, r.integers(0, 2, _ROWS)), "boolean", "a gap makes floats"),
    "true false": (_pick(["true", "false"]), "boolean", "booleans as text"),
    "ja nein": (_pick(["ja", "nein"]), "boolean", "German"),
    "vrai faux": (_pick(["vrai", "faux"]), "boolean", "French"),
    "áno nie": (_pick(["áno", "nie"]), "boolean", "Slovak"),
    "on off": (_pick(["on", "off"]), "boolean", "a switch"),
    "words": (_pick(["oak", "beech", "pine", "ash"]), "category", "a few words"),
    "two words": (_pick(["left", "right"]), ("category", "boolean"), "two words, neither of which is true"),
    "country codes": (_pick(["CZ", "DE", "AT", "PL", "SK", "HU"]), "category", "codes"),
    "padded zip codes": (lambda r: r.choice([f"0{k}" for k in range(1010, 1090)], _ROWS), "category", "a number would lose the zero"),
    "zip codes": (lambda r: r.choice(r.choice(np.arange(10001, 99950), 60, replace=False), _ROWS), "category", "60 of 90,000 numbers, often"),
    "area codes": (lambda r: r.choice([212, 305, 415, 617, 713, 808, 907], _ROWS), "category", "a few numbers of three digits with gaps"),
    "versions": (_pick(["1.0.1", "1.2.0", "2.0.3"]), "category", "no numbers"),
    "product codes": (lambda r: [f"SKU-{k:04d}" for k in r.integers(0, 90, _ROWS)], "category", "codes with letters"),
    "phrases": (_pick(["Bank transfer (automatic)", "Credit card (automatic)", "Electronic check"]), "category", "the same few phrases"),
    "mixed case words": (_pick(["North", "South", "East", "West"]), "category", "a few words"),
    "levels": (_pick(["low", "medium", "high"]), "ordinal", "steps of a scale"),
    "sizes": (_pick(["S", "M", "L", "XL"]), "ordinal", "sizes"),
    "ranges": (_pick(["0-10", "11-20", "21-30", "31+"]), "ordinal", "ranges"),
    "quality": (_pick(["Fair", "Good", "Very Good", "Ideal"]), "ordinal", "quality of diamonds"),
    "frequency": (_pick(["never", "sometimes", "often", "always"]), "ordinal", "how often"),
    "ordered categorical": (lambda r: pd.Categorical(r.choice(["x", "y", "z"], _ROWS), ["z", "x", "y"], ordered=True), "ordinal", "declared"),
    "grades": (_pick(["Grade 1", "Grade 2", "Grade 3", "Grade 4"]), "ordinal", "numbered steps"),
    "Czech levels": (_pick(["nízká", "střední", "vysoká"]), "ordinal", "steps of a scale, in Czech"),
    "severity": (_pick(["minor", "major", "critical"]), "ordinal", "steps of a scale"),
    "ISO dates": (lambda r: _dates(r, "%Y-%m-%d"), "datetime", "dates"),
    "German dates": (lambda r: _dates(r, "%d.%m.%Y"), "datetime", "dates"),
    "American dates": (lambda r: _dates(r, "%m/%d/%Y"), "datetime", "dates"),
    "long dates": (lambda r: _dates(r, "%B %d, %Y"), "datetime", "dates with names of months"),
    "timestamps": (lambda r: _dates(r, "%Y-%m-%d %H:%M:%S"), "datetime", "dates and times"),
    "dates in two ways": (_mixed_dates, "datetime", "two ways to write dates in one column"),
    "compact dates": (lambda r: [int(d) for d in _dates(r, "%Y%m%d")], "datetime", "20200131"),
    "birth dates": (lambda r: _dates(r, "%Y-%m-%d", "1940-01-01", 20000), "datetime", "dates of birth"),
    "date objects": (lambda r: pd.to_datetime(_dates(r, "%Y-%m-%d")), "datetime", "dates"),
    "dates with gaps": (lambda r: [d if k % 9 else "" for k, d in enumerate(_dates(r, "%Y-%m-%d"))], "datetime", "dates, some missing"),
    "one in four a date": (lambda r: [f"2020-01-{k % 28 + 1:02d}" if k % 4 == 0 else f"X{k % 50}" for k in range(_ROWS)], "category",
                           "codes of which a quarter reads as dates"),
    "sentences": (_sentences, "text", "free text"),
    "short answers": (lambda r: [" ".join(r.choice(_WORDS, r.integers(3, 7))) for _ in range(_ROWS)], "text", "answers in a few words"),
    "answers, many the same": (lambda r: [s if k % 2 else "nothing to add" for k, s in enumerate(_sentences(r))], "text",
                               "free text of which half is the same"),
    "tags": (lambda r: [";".join(r.permutation(["a1", "b2", "c3", "d4"])[: r.integers(1, 4)]) for _ in range(_ROWS)], "list", "labels"),
    "tags with commas": (lambda r: [", ".join(r.permutation(["wifi", "pool", "bar", "gym"])[: r.integers(1, 4)]) for _ in range(_ROWS)], "list",
                         "amenities"),
    "json lists": (lambda r: [f'["u", "{k}"]' if k else "[]" for k in r.integers(0, 9, _ROWS)], "list", "lists as JSON"),
    "city, state": (lambda r: [f"{c}, {s}" for c, s in zip(r.choice(["Salem", "Troy", "Dover"], _ROWS), r.choice(["OR", "NY", "DE"], _ROWS),
                                                          strict=True)], "category", "two parts in fixed places are no list"),
    "picture paths": (lambda r: [f"photos/{k:05d}.jpg" for k in r.permutation(_ROWS)], "image", "paths of pictures"),
    "picture addresses": (lambda r: [f"https://example.org/p/{k}.png" for k in r.permutation(_ROWS)], "image", "addresses of pictures"),
    "Windows paths": (lambda r: [f"C:\\pics\\{k}.bmp" for k in r.permutation(_ROWS)], "image", "paths of pictures on Windows"),
}  # fmt: skip
_MIXED = {"sentences", "short answers", "answers, many the same"}
for _name, (_make, _kind, _why) in _COLUMNS.items():
    _modality = ("mixed", "tabular") if _name in _MIXED else ("mixed",) if _kind == "image" else ("tabular",)
    add(f"column: {_name}", _column(_make), "outcome", "binary", _why, types={"column": _kind}, modality=_modality)
