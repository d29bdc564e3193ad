"""Third group: written when the rules had been mended after the second, before any of its cases was run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add

_ORDER = ("multiclass", "ordinal", "regression")
_WHOLE = ("number", "ordinal", "category")


def _farm(random: Random, rows: int = 900) -> tuple[pd.DataFrame, np.ndarray]:
    """Return fields of farms without a target, and a signal of mean 0 and standard deviation 1."""
    frame = pd.DataFrame(
        {
            "rain": random.gamma(4, 15, rows).round(1),
            "soil": random.choice(["clay", "loam", "sand", "peat"], rows),
            "ph": random.normal(6.4, 0.5, rows).round(2),
            "tractors": random.integers(0, 6, rows),
            "crop": random.choice(["wheat", "barley", "maize", "rape", "oats"], rows),
            "irrigated": random.choice(["Y", "N"], rows),
        }
    )
    value = 0.03 * frame["rain"] + 0.8 * (frame["soil"] == "loam") + 0.5 * (frame["irrigated"] == "Y") + random.normal(0, 0.9, rows)
    return frame, ((value - value.mean()) / value.std()).to_numpy()


def _with(make: Any, name: str = "y", rows: int = 900) -> Any:
    def build(random: Random, _folder: Path) -> pd.DataFrame:
        frame, value = _farm(random, rows)
        return frame.assign(**{name: make(value, random)})

    return build


def _beside(make: Any, rows: int = 900, number: bool = False) -> Any:
    def build(random: Random, _folder: Path) -> pd.DataFrame:
        frame, value = _farm(random, rows)
        frame["y"] = (3 + value).round(3) if number else np.where(value > 0.4, "good", "poor")
        changed = make(frame, value, random)
        return frame.assign(**changed) if isinstance(changed, dict) else changed

    return build


_TARGETS: dict[str, tuple[Any, Any]] = {
    "ja nej": (lambda v, r: np.where(v > 0, "Ja", "Nej"), "binary"),
    "won lost": (lambda v, r: np.where(v > 0, "Gewonnen", "Verloren"), "binary"),
    "0 and 1 as text": (lambda v, r: np.where(v > 0, "1", "0"), "binary"),
    "two amounts": (lambda v, r: np.where(v > 0, 500, 250), "binary"),
    "blood groups": (lambda v, r: r.choice(["A", "B", "AB", "0"], len(v), p=[0.4, 0.15, 0.05, 0.4]), "multiclass"),
    "countries": (lambda v, r: np.array(["FR", "DE", "IT", "ES", "NL"])[np.digitize(v, [-1, 0, 0.5, 1])], "multiclass"),
    "severity": (lambda v, r: np.array(["None", "Mild", "Moderate", "Severe"])[np.digitize(v, [-0.5, 0.5, 1.2])], _ORDER),
    "energy label": (lambda v, r: np.array(["A", "B", "C", "D", "E", "F", "G"])[np.digitize(v, [-1.5, -1, -0.3, 0.3, 1, 1.5])], _ORDER),
    "temperature": (lambda v, r: (12 + 7 * v).round(1), "regression"),
    "kilowatts": (lambda v, r: [f"{x:,.1f} kWh" for x in np.exp(6 + 0.5 * v)], "regression"),
    "reais": (lambda v, r: [f"R$ {x:,.2f}".translate(str.maketrans(",.", ".,")) for x in np.exp(6 + 0.5 * v)], "regression"),
    "thousands, short": (lambda v, r: [f"{x:.1f}K" if x < 1000 else f"{x / 1000:.2f}M" for x in np.exp(6 + 1.2 * v)], "regression"),
    "weight in grams": (lambda v, r: (3300 + 500 * v).round(-1).astype(int), "regression"),
    "percent whole": (lambda v, r: np.clip((60 + 15 * v).round(), 0, 100).astype(int), "regression"),
    "accidents": (lambda v, r: r.poisson(np.exp(0.2 + 0.4 * v)), ("count", "regression")),
    "subjects": (lambda v, r: [" | ".join(r.permutation(["maths", "art", "law", "music"])[: r.integers(1, 4)]) for _ in v], "multilabel"),
}
for _name, (_make, _task) in _TARGETS.items():
    add(f"later y: {_name}", _with(_make), "y", _task, "as it is usually written", types={"rain": "number", "soil": "category", "ph": "number",
        "tractors": _WHOLE, "crop": "category", "irrigated": "boolean"})  # fmt: skip

_COLUMNS: dict[str, tuple[Any, Any]] = {
    "Polish months": (lambda r, n: [f"{d} {m} 2021" for d, m in zip(r.integers(1, 29, n), r.choice(["stycznia", "lutego", "maja"], n), strict=True)],
        "datetime"),
    "calendar weeks": (lambda r, n: [f"{y}-W{w:02d}" for y, w in zip(r.integers(2019, 2024, n), r.integers(1, 53, n), strict=True)], "datetime"),
    "month, year": (lambda r, n: [f"{m} {y}" for m, y in zip(r.choice(["March", "July", "October"], n), r.integers(2010, 2023, n), strict=True)],
        "datetime"),
    "ISO with zone": (lambda r, n: (pd.Timestamp("2022-01-01") + pd.to_timedelta(r.integers(0, 10**7, n), unit="s")).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "datetime"),
    "laps": (lambda r, n: [f"0{h}:{m:02d}:{s:02d}" for h, m, s in zip(r.integers(2, 6, n), r.integers(0, 60, n), r.integers(0, 60, n), strict=True)],
        ("number", "datetime")),
    "megabytes": (lambda r, n: [f"{x:.1f} MB" for x in r.gamma(2, 50, n)], "number"),
    "pressure": (lambda r, n: [f"{x:.0f} hPa" for x in r.normal(1013, 9, n)], "number"),
    "dollars, short": (lambda r, n: [f"${x:.1f}M" if x > 1 else f"${x * 1000:.0f}K" for x in r.lognormal(0.5, 1, n)], "number"),
    "Danish": (lambda r, n: [f"{x:,.2f} kr.".translate(str.maketrans(",.", ".,")) for x in r.lognormal(7, 1, n)], "number"),
    "agreement": (lambda r, n: r.choice(["stimme zu", "stimme nicht zu", "neutral", "stimme voll zu"], n), "ordinal"),
    "how often": (lambda r, n: r.choice(["jamais", "parfois", "souvent", "toujours"], n), "ordinal"),
    "priority": (lambda r, n: r.choice(["P1", "P2", "P3", "P4"], n), ("ordinal", "category")),
    "degree": (lambda r, n: r.choice(["bachelor's degree", "some college", "high school", "master's degree"], n), "ordinal"),
    "bands of income": (lambda r, n: r.choice(["under 20k", "20k-50k", "50k-100k", "over 100k"], n), "ordinal"),
    "airports": (lambda r, n: r.choice(["PRG", "VIE", "MUC", "FRA", "ZRH", "CDG"], n), "category"),
    "number plates": (lambda r, n: [f"{a}{b} {c:04d}" for a, b, c in zip(r.choice(list("ABC"), n), r.integers(1, 9, n), r.choice(9999, n, replace=False),
        strict=True)], ("category", "text")),
    "ports": (lambda r, n: r.choice([443, 80, 22, 8080, 3306], n), ("category", "number")),
    "sectors": (lambda r, n: r.choice([1011, 2045, 3310, 4722, 6201, 8610], n), "category"),
    "amenities": (lambda r, n: ["{" + ",".join(f'"{x}"' for x in r.permutation(["TV", "Wifi", "Pets allowed"])[: r.integers(1, 4)]) + "}" for _ in
        range(n)], "list"),
    "key words": (lambda r, n: [", ".join(r.permutation(["solar", "wind", "coal", "gas", "hydro"])[: r.integers(1, 4)]) for _ in range(n)], "list"),
    "remarks": (lambda r, n: [" ".join(r.choice(["le", "champ", "est", "très", "humide", "après", "la", "pluie", "et", "froid", "sec"], r.integers(5, 12)))
        for _ in range(n)], "text"),
    "logos": (lambda r, n: [f"https://cdn.example.com/i/{k}.webp" for k in r.permutation(n)], "image"),
}  # fmt: skip
for _name, (_make, _types) in _COLUMNS.items():
    add(f"later x: {_name}", _beside(lambda f, v, r, m=_make: {"c9": m(r, len(f))}), "y", "binary", "as it is usually written", types={"c9": _types,
        "crop": "category"}, modality=("mixed", "tabular"))  # fmt: skip

_SIGNS: dict[str, tuple[Any, tuple[tuple[str, str | None], ...], bool]] = {
    "invoice numbers": (lambda f, v, r: {"inv": [f"RE{k:08d}" for k in r.choice(10**7, len(f), replace=False)]}, (("identifier", "inv"),), True),
    "sensor keys": (lambda f, v, r: {"k": [f"{a:02x}:{b:02x}:{c:02x}:{d:02x}" for a, b, c, d in r.integers(0, 256, (len(f), 4))]},
        (("identifier", "k"),), True),
    "one value": (lambda f, v, r: {"farmland": True}, (("constant", "farmland"),), True),
    "same twice": (lambda f, v, r: {"acidity": f["ph"].astype(str)}, (("duplicate_columns", "acidity"),), True),
    "coded again": (lambda f, v, r: {"c": f["crop"].str[:2].str.upper()}, (("duplicate_columns", "c"),), True),
    "rows again": (lambda f, v, r: pd.concat([f, f.sample(90, random_state=2)], ignore_index=True), (("duplicate_rows", None),), True),
    "prize afterwards": (lambda f, v, r: {"prize": np.where(f["y"] == "good", r.gamma(3, 90, len(f)).round(), 0)}, (("leakage", "prize"),), False),
    "reason afterwards": (lambda f, v, r: {"why": np.where(f["y"] == "poor", r.choice(["hail", "frost", "pest"], len(f)), None)},
        (("leakage", "why"),), False),
    "the answer in French": (lambda f, v, r: {"resultat": np.where(f["y"] == "good", "bon", "mauvais")}, (("leakage", "resultat"),), False),
    "nearly the answer": (lambda f, v, r: {"est": np.where(r.random(len(f)) < 0.01, "?", f["y"])}, (("leakage", "est"),), False),
    "four in five missing": (lambda f, v, r: {"lime": np.where(r.random(len(f)) < 0.8, np.nan, r.gamma(2, 3, len(f)))}, (("high_missing", "lime"),), True),
    "broken sensor": (lambda f, v, r: {"t": np.where(r.random(len(f)) < 0.08, "ERR", r.normal(9, 3, len(f)).round(1).astype(str))},
        (("mixed_types", "t"),), True),
    "rare outcome": (lambda f, v, r: {"y": np.where(v > np.quantile(v, 0.96), "good", "poor")}, (("imbalance", "y"),), True),
    "answers missing": (lambda f, v, r: {"y": np.where(r.random(len(f)) < 0.1, None, f["y"])}, (("target_missing", "y"),), True),
    "percent": (lambda f, v, r: {"clay_share": [f"{x:.0f}%" for x in r.uniform(0, 60, len(f))]}, (("number_format", "clay_share"),), True),
    "seventy": (lambda f, v, r: f.head(70), (("few_rows", None),), True),
    "clean: strong rain": (lambda f, v, r: {"yield_last": v + r.normal(0, 1, len(f))}, (), True),
    "clean: altitude": (lambda f, v, r: {"alt": r.integers(100, 900, len(f))}, (), True),
    "clean: villages": (lambda f, v, r: {"village": r.choice([f"V{chr(97 + k % 26)}{chr(97 + k % 7)}" for k in range(120)], len(f))}, (), True),
    "clean: one in eight": (lambda f, v, r: {"y": np.where(v > np.quantile(v, 0.875), "good", "poor")}, (), True),
}  # fmt: skip
for _name, (_change, _found, _clean) in _SIGNS.items():
    add(f"later sign: {_name}", _beside(_change), "y", "binary", "as it happens", findings=_found, clean=_clean)


def _cows(random: Random, _folder: Path, name: str = "tag", number: bool = True) -> pd.DataFrame:
    who = random.integers(0, 180, 1100)
    frame, value = _farm(random, 1100)
    frame["soil"], frame["crop"] = random.choice(["clay", "loam"], 180)[who], random.choice(["x", "y", "z"], 180)[who]
    frame[name] = (who * 53 + 20_011) if number else [f"DE {k * 977 + 10_000_000}" for k in who]
    return frame.assign(y=np.where(value + 1.2 * random.normal(size=180)[who] > 0.5, "ill", "well"))


add("later who: cows by number", _cows, "y", "binary", "six rows of each cow", findings=(("group", "tag"),))
add("later who: cows by mark", lambda r, f: _cows(r, f, "c1", False), "y", "binary", "six rows of each cow", findings=(("group", "c1"),))
add("later go on: milk", lambda r, _: pd.DataFrame({"Monat": pd.date_range("2001-01-01", periods=200, freq="MS").strftime("%m/%Y"), "Liter": (900 + 90 *
    np.sin(np.arange(200) * np.pi / 6) + np.cumsum(r.normal(0, 6, 200))).round()}), "Liter", "forecasting", "month and year", modality="sequence",
    time={"column": "Monat", "season": 12})  # fmt: skip
add("later go on: quarters", lambda r, _: pd.DataFrame({"q": [f"{1990 + k // 4}Q{k % 4 + 1}" for k in range(120)], "gdp": (100 + np.cumsum(r.normal(0.4,
    0.5, 120)) + 3 * np.sin(np.arange(120) * np.pi / 2)).round(2)}), "gdp", "forecasting", "quarters as text", modality="sequence",
    time={"column": "q", "frequency": "QS"})  # fmt: skip
add("later go on: herds", lambda r, _: pd.concat([pd.DataFrame({"week": pd.date_range("2020-01-06", periods=110, freq="W-MON"), "herd": k, "litres": (500 +
    40 * k + np.cumsum(r.normal(0, 5, 110))).round(1)}) for k in range(8)], ignore_index=True), "litres", "forecasting", "a series of each herd",
    modality="sequence", time={"column": "week", "frequency": "W"})  # fmt: skip
add("later answer: wide", lambda r, _: pd.DataFrame(np.cumsum(r.normal(size=(120, 48)), 1).round(3), columns=[f"h{k}" for k in range(48)]).assign(
    kind=r.choice(["sick", "well"], 120)), "kind", "binary", "two days of a cow, hour by hour", modality="sequence")  # fmt: skip
