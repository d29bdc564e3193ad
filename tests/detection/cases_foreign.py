"""Second group: targets and columns with names that say nothing, in several languages and number formats."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add, bins

_ORDER = ("multiclass", "ordinal", "regression")


def _plain(random: Random, rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return features c1 … c5 that say nothing by name, and a signal of mean 0 and standard deviation 1."""
    frame = pd.DataFrame(
        {
            "c1": random.normal(50, 12, rows).round(2),
            "c2": random.choice(["k", "m", "p", "z"], rows),
            "c3": random.integers(0, 400, rows),
            "c4": random.gamma(2, 5, rows).round(3),
            "c5": random.choice(["rot", "grün", "blau"], rows),
        }
    )
    value = 0.05 * (frame["c1"] - 50) + 0.6 * (frame["c2"] == "k") + 0.04 * frame["c4"] + random.normal(0, 0.7, rows)
    return frame, ((value - value.mean()) / value.std()).to_numpy()


def _y(make: Callable[[np.ndarray, Random], Any], rows: int = 800, name: str = "c6") -> Any:
    def build(random: Random, _folder: Path) -> pd.DataFrame:
        frame, value = _plain(random, rows)
        return frame.assign(**{name: make(value, random)})

    return build


def _x(make: Callable[[Random, int], Any], rows: int = 700, name: str = "c6") -> Any:
    def build(random: Random, _folder: Path) -> pd.DataFrame:
        frame, value = _plain(random, rows)
        frame[name] = make(random, rows)
        return frame.assign(c7=np.where(value > 0.2, "p", "q"))

    return build


def _euro(values: Any, form: str = "{:,.2f}") -> list[str]:
    return [form.format(x).translate(str.maketrans(",.", ".,")) for x in values]


# ── targets: (how it is made, accepted tasks, why)
_TARGETS: dict[str, tuple[Any, Any, str]] = {
    "ano ne": (lambda v, r: np.where(v > 0, "ano", "ne"), "binary", "Czech yes and no"),
    "hai iie": (lambda v, r: np.where(v > 0.5, "はい", "いいえ"), "binary", "Japanese yes and no"),
    "oui non": (lambda v, r: np.where(v > 0.5, "OUI", "NON"), "binary", "French yes and no"),
    "da net": (lambda v, r: np.where(v > 0.5, "да", "нет"), "binary", "Russian yes and no"),
    "plus minus": (lambda v, r: np.where(v > 0, 1, -1), "binary", "1 and -1"),
    "one two": (lambda v, r: np.where(v > 0, 2, 1), "binary", "1 and 2"),
    "float classes": (lambda v, r: np.where(v > 0, 1.0, 0.0), "binary", "0.0 and 1.0"),
    "with gaps": (lambda v, r: np.where(np.arange(len(v)) % 9 == 0, np.nan, np.where(v > 0, 1.0, 0.0)), "binary", "0, 1 and missing"),
    "pass fail": (lambda v, r: np.where(v > -1, "PASS", "FAIL"), "binary", "two words"),
    "tf text": (lambda v, r: np.where(v > 0, "T", "F"), "binary", "two letters"),
    "booleans": (lambda v, r: v > 0.3, "binary", "true and false"),
    "three words": (lambda v, r: np.array(["Basel", "Genf", "Bern"])[bins(v, [0.5, 0.3, 0.2])], "multiclass", "three towns"),
    "species": (lambda v, r: np.array(["adelie", "gentoo", "chinstrap"])[bins(v, [0.4, 0.4, 0.2])], "multiclass", "three species"),
    "codes": (lambda v, r: np.array([10, 20, 37, 45, 99])[r.permutation(5)][bins(v, [0.3, 0.3, 0.2, 0.1, 0.1])], "multiclass", "codes with gaps"),
    "letters": (lambda v, r: np.array(list("XYZW"))[bins(v, [0.4, 0.3, 0.2, 0.1])], "multiclass", "four letters"),
    "colours": (lambda v, r: np.array([f"typ {k}" for k in "abcdefghijkl"])[bins(v, [1] * 12)], "multiclass", "twelve kinds"),
    "departments as numbers": (lambda v, r: r.permutation(9)[bins(v, [1] * 9)] + 1, "multiclass", "codes 1 to 9 in no order of the features"),
    "low high": (lambda v, r: np.array(["niedrig", "mittel", "hoch"])[bins(v, [0.3, 0.4, 0.3])], _ORDER, "low, middle, high in German"),
    "triage": (lambda v, r: np.array(["minor", "moderate", "severe", "critical"])[bins(v, [4, 3, 2, 1])], _ORDER, "grades of severity"),
    "credit grades": (lambda v, r: np.array(["A", "B", "C", "D", "E"])[bins(v, [3, 3, 2, 1, 1])], _ORDER, "grades from A to E"),
    "stars half": (lambda v, r: np.clip((v * 1.2 + 3.5) * 2, 2, 10).round() / 2, ("regression", "ordinal", "multiclass"), "stars in halves"),
    "ages": (lambda v, r: np.clip(45 + 15 * v, 18, 95).round().astype(int), "regression", "whole numbers"),
    "years": (lambda v, r: (1985 + 12 * v).round().astype(int), "regression", "years"),
    "prices ,00": (lambda v, r: _euro(np.exp(5 + 0.6 * v)), "regression", "decimal commas"),
    "euros": (lambda v, r: [f"€ {x}" for x in _euro(np.exp(9 + 0.6 * v), "{:,.0f}")], "regression", "euros with points for thousands"),
    "rupees": (lambda v, r: [f"Rs. {x:,.0f}" for x in np.exp(9 + 0.6 * v)], "regression", "rupees"),
    "yen": (lambda v, r: [f"¥{x:,.0f}" for x in np.exp(9 + 0.6 * v)], "regression", "yen"),
    "swiss": (lambda v, r: [f"{x:,.2f}".replace(",", "'") for x in np.exp(9 + 0.6 * v)], "regression", "Swiss thousands"),
    "percent": (lambda v, r: [f"{x:.1f}%" for x in np.clip(40 + 12 * v, 0, 100)], "regression", "percent as text"),
    "accounting": (lambda v, r: [f"({-x:,.2f})" if x < 0 else f"{x:,.2f}" for x in 1500 * v], "regression", "losses in brackets"),
    "scientific": (lambda v, r: [f"{x:.3e}" for x in np.exp(3 * v)], "regression", "numbers as 1.2e-3"),
    "few floats": (lambda v, r: (np.clip(v, -2, 2) * 2).round() / 2 + 3.25, ("regression", "ordinal"), "nine distances, quarter steps"),
    "shares": (lambda v, r: 1 / (1 + np.exp(-v)), "regression", "between 0 and 1"),
    "mostly zero": (lambda v, r: np.where(v > 0.3, np.exp(3 + v).round(2), 0.0), "regression", "amounts, mostly none"),
    "counts": (lambda v, r: r.poisson(np.exp(1.2 + 0.4 * v)), ("count", "regression"), "how many"),
    "rare counts": (lambda v, r: r.poisson(np.exp(-1.0 + 0.5 * v)), ("count", "regression"), "how many, mostly none"),
    "large counts": (lambda v, r: r.poisson(np.exp(4.5 + 0.3 * v)), ("count", "regression"), "visitors"),
    "labels, comma": (lambda v, r: [",".join(sorted(r.permutation(["red", "green", "blue", "grey"])[: 1 + (x > 0) + (x > 1)])) for x in v],
        "multilabel", "several colours in a cell"),
    "labels, bar": (lambda v, r: ["|".join(sorted(r.permutation(["sci", "art", "law", "med"])[: 1 + (x > 0) + (x > 1)])) for x in v],
        "multilabel", "several subjects in a cell"),
    "labels, JSON": (lambda v, r: [str(sorted(r.permutation(["p", "q", "s"])[: 1 + (x > 0)].tolist())).replace("'", '"') for x in v], "multilabel",
        "lists as JSON text"),
    "labels, sometimes none": (lambda v, r: [";".join(sorted(r.permutation(["p1", "p2", "p3"])[: int(x > -0.5) + int(x > 0.5) + int(x > 1)])) or None
        for x in v], "multilabel", "no label in a third of the rows"),
}  # fmt: skip
for _name, (_make, _task, _why) in _TARGETS.items():
    add(
        f"y: {_name}",
        _y(_make),
        "c6",
        _task,
        _why,
        types={"c1": "number", "c2": "category", "c3": "number", "c4": "number", "c5": "category"},
    )
add("y: named by a question", _y(lambda v, r: np.where(v > 0, "Y", "N"), name="Q17_B?"), "Q17_B?", "binary", "odd name")
add("y: minutes", _y(lambda v, r: np.exp(2.5 + 0.5 * v).round().astype(int), 3000), "c6", ("regression", "count"), "whole minutes, skewed")
add("y: 200 words", _y(lambda v, r: r.choice([f"w{k}" for k in range(60)], len(v)), 3000), "c6", "multiclass", "sixty classes")
add(
    "y: ids as classes",
    _y(lambda v, r: np.array([50100, 50230, 60110, 70450])[bins(v, [4, 3, 2, 1])]),
    "c6",
    "multiclass",
    "four large codes",
)

# ── several targets


def _outs(random: Random, kind: str) -> pd.DataFrame:
    frame, value = _plain(random, 700)
    for name in ("o1", "o2", "o3"):
        own = value + random.normal(0, 0.8, 700)
        frame[name] = {"bits": (own > 0.4).astype(int), "true": own > 0.4, "euro": _euro(50 + 9 * own), "floats": own.round(4)}[kind]
    return frame


add("ys: 0 and 1", lambda r, _: _outs(r, "bits"), ["o1", "o2", "o3"], "multilabel", "three 0/1 columns")
add("ys: true and false", lambda r, _: _outs(r, "true"), ["o1", "o2", "o3"], "multilabel", "three boolean columns")
add("ys: numbers", lambda r, _: _outs(r, "floats"), ["o1", "o2", "o3"], ("regression", "multi-output regression"), "three numbers")
add("ys: decimal commas", lambda r, _: _outs(r, "euro"), ["o1", "o2"], ("regression", "multi-output regression"), "two numbers with commas")

# ── columns: (how it is made, accepted types, why)
_STREETS = ("Hauptstraße", "Rue de Lyon", "High Street", "Via Roma", "Nádražní")
_COLUMNS: dict[str, tuple[Any, Any, str]] = {
    "sí no": (lambda r, n: r.choice(["sí", "no"], n), "boolean", "Spanish yes and no"),
    "wahr falsch": (lambda r, n: r.choice(["WAHR", "FALSCH"], n), "boolean", "Excel in German"),
    "on off": (lambda r, n: r.choice(["on", "off"], n), ("boolean", "category"), "a switch"),
    "0 and 1": (lambda r, n: r.integers(0, 2, n), "boolean", "two digits"),
    "y n gaps": (lambda r, n: r.choice(np.array(["Y", "N", None], dtype=object), n), "boolean", "two letters and gaps"),
    "letters": (lambda r, n: r.choice(["A", "B", "C", "D", "F"], n), ("category", "ordinal"), "grades or kinds"),
    "Swedish": (lambda r, n: r.choice(["Småland", "Skåne", "Öland"], n), "category", "regions"),
    "Chinese": (lambda r, n: r.choice(["北京", "上海", "广州", "深圳"], n), "category", "towns"),
    "zip with zeros": (lambda r, n: [f"{k:05d}" for k in r.choice(np.arange(1001, 9999, 123), n)], "category", "codes with leading zeros"),
    "British codes": (lambda r, n: r.choice(["SW1A 1AA", "M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT"], n), "category", "codes of places"),
    "sizes": (lambda r, n: r.choice(["XS", "S", "M", "L", "XL", "XXL"], n), "ordinal", "sizes have an order"),
    "quality": (lambda r, n: r.choice(["Ex", "Gd", "TA", "Fa", "Po"], n), ("ordinal", "category"), "Ames grades"),
    "schooling": (lambda r, n: r.choice(["none", "primary", "secondary", "bachelor", "master", "doctorate"], n), "ordinal", "levels of school"),
    "quarters": (lambda r, n: [f"{y}Q{q}" for y, q in zip(r.integers(2015, 2024, n), r.integers(1, 5, n), strict=True)], ("datetime", "ordinal"),
        "quarters of years"),
    "weekdays": (lambda r, n: r.choice(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], n), ("category", "ordinal"), "days of the week"),
    "bands": (lambda r, n: r.choice(["0-9", "10-19", "20-29", "30-39", "40+"], n), "ordinal", "ranges"),
    "US dates": (lambda r, n: [f"{m}/{d}/{y}" for m, d, y in zip(r.integers(1, 13, n), r.integers(1, 29, n), r.integers(1990, 2024, n), strict=True)],
        "datetime", "month first"),
    "US times": (lambda r, n: [f"0{m}/1{d}/2021 0{h}:30 PM" for m, d, h in zip(r.integers(1, 9, n), r.integers(0, 9, n), r.integers(1, 9, n),
        strict=True)], "datetime", "with PM"),
    "packed dates": (lambda r, n: (pd.Timestamp("2015-01-01") + pd.to_timedelta(r.integers(0, 3000, n), unit="D")).strftime("%Y%m%d").astype(int),
        "datetime", "20190314"),
    "milliseconds": (lambda r, n: r.integers(1_500_000_000_000, 1_700_000_000_000, n), ("datetime", "number"), "since 1970"),
    "zoned": (lambda r, n: [f"2023-0{m}-1{d}T08:00:00+02:00" for m, d in zip(r.integers(1, 9, n), r.integers(0, 9, n), strict=True)], "datetime",
        "with a zone"),
    "two forms": (lambda r, n: [f"2021-{m:02d}-{d:02d}" if k else f"{d:02d}.{m:02d}.2021" for k, m, d in zip(r.integers(0, 2, n), r.integers(1, 13, n),
        r.integers(1, 29, n), strict=True)], "datetime", "dates in two forms"),
    "French dates": (lambda r, n: [f"{d} {m} 2020" for d, m in zip(r.integers(1, 29, n), r.choice(["janvier", "mars", "août", "décembre"], n),
        strict=True)], "datetime", "months in French"),
    "durations": (lambda r, n: [f"{h:02d}:{m:02d}:{s:02d}" for h, m, s in r.integers(0, 23, (n, 3))], ("number", "datetime"), "hours and minutes"),
    "pounds": (lambda r, n: [f"£{x:,.2f}" for x in r.lognormal(5, 1, n)], "number", "pounds"),
    "kronor": (lambda r, n: [f"{x} kr" for x in _euro(r.lognormal(8, 1, n))], "number", "kronor behind"),
    "k and M": (lambda r, n: [f"{x:.1f}k" if x < 900 else f"{x / 1000:.1f}M" for x in r.lognormal(5.5, 1.5, n)], ("number",), "thousands and millions"),
    "Indian": (lambda r, n: [f"{x // 100000},{x // 1000 % 100:02d},{x % 1000:03d}" for x in r.integers(100_000, 9_900_000, n)], "number", "lakhs"),
    "minus sign": (lambda r, n: [f"{x:.2f}".replace("-", "−") for x in r.normal(0, 4, n)], "number", "a true minus"),
    "dashes": (lambda r, n: np.where(r.random(n) < 0.2, "-", r.normal(5, 1, n).round(2).astype(str)), "number", "a dash where nothing is"),
    "units": (lambda r, n: [f"{x:.0f} km/h" for x in r.normal(80, 20, n)], "number", "kilometres an hour"),
    "degrees": (lambda r, n: [f"{x:.1f} °C" for x in r.normal(15, 8, n)], "number", "degrees"),
    "sentences": (lambda r, n: [f"The {a} was {b} and I would {c} it to a friend." for a, b, c in zip(r.choice(["room", "meal", "staff", "bed"], n),
        r.choice(["fine", "cold", "great", "noisy", "rude"], n), r.choice(["recommend", "never suggest", "lend", "mention"], n), strict=True)],
        ("text",), "sentences"),
    "comments": (lambda r, n: [" ".join(r.choice(["väldigt", "bra", "dålig", "service", "maten", "var", "kall", "trevlig", "personal", "igen",
        "aldrig", "rum"], r.integers(4, 14))) for _ in range(n)], "text", "Swedish remarks"),
    "tweets": (lambda r, n: [f"@u{k} " + " ".join(r.choice(["wow", "no", "#fail", "love", "this", "game", "so", "late", "again", ":)"], 8)) for k in
        r.integers(0, 99, n)], "text", "short messages"),
    "addresses": (lambda r, n: [f"{s} {k}, {z}" for s, k, z in zip(r.choice(_STREETS, n), r.integers(1, 400, n), r.integers(10000, 99999, n),
        strict=True)], ("text", "category"), "addresses"),
    "pictures": (lambda r, n: [f"photos/IMG_{k:05d}.JPG" for k in r.permutation(n)], "image", "paths of pictures"),
    "tags": (lambda r, n: ["; ".join(r.permutation(["wifi", "pool", "pets", "bar"])[: r.integers(1, 4)]) for _ in range(n)], "list", "several tags"),
    "true lists": (lambda r, n: [list(r.permutation(["x", "y", "z"])[: r.integers(1, 4)]) for _ in range(n)], "list", "lists"),
    "braces": (lambda r, n: ["{" + ",".join(r.permutation(["TV", "Heating", "Kitchen", "Wifi"])[: r.integers(1, 5)]) + "}" for _ in range(n)], "list",
        "sets in braces"),
    "years": (lambda r, n: r.integers(1950, 2024, n), ("number", "datetime"), "years"),
    "coded kinds": (lambda r, n: r.choice([101, 205, 309, 417, 999], n), "category", "five large codes"),
    "children": (lambda r, n: np.minimum(r.poisson(1.1, n), 5), ("number", "ordinal", "category"), "few whole numbers"),
    "latitude": (lambda r, n: r.uniform(47, 55, n).round(6), "number", "places"),
    "infinite": (lambda r, n: np.where(r.random(n) < 0.02, np.inf, r.normal(size=n)), "number", "some infinite"),
    "excel errors": (lambda r, n: np.where(r.random(n) < 0.03, "#DIV/0!", r.normal(3, 1, n).round(3).astype(str)), "number", "spreadsheet errors"),
    "versions": (lambda r, n: [f"{a}.{b}.{c}" for a, b, c in zip(r.integers(1, 4, n), r.integers(0, 5, n), r.integers(0, 4, n), strict=True)],
        ("category", "ordinal"), "versions of programs"),
    "phones": (lambda r, n: [f"+49 {k}" for k in r.choice(10**9, n, replace=False)], ("category", "text"), "numbers of phones"),
}  # fmt: skip
for _name, (_make, _types, _why) in _COLUMNS.items():
    add(f"x: {_name}", _x(_make), "c7", "binary", _why, types={"c6": _types, "c1": "number", "c5": "category"},
        modality=("tabular", "mixed", "text") if "text" in _types else ("mixed",) if _types == "image" else ("tabular",))  # fmt: skip
