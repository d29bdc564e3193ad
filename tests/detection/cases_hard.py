"""Cases that are close to the line: real tables without their notes, odd mixtures, and what was seen to go wrong elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add, signal, table


def _real(name: str, label: str = "target") -> Any:
    def make(_random: Random, _folder: Path) -> pd.DataFrame:
        from sklearn import datasets

        loaded = getattr(datasets, f"load_{name}")(as_frame=True)
        return loaded.frame.rename(columns={"target": label})

    return make


add("real: iris", _real("iris"), "target", "multiclass", "three species")
add("real: wine", _real("wine"), "target", "multiclass", "three growers")
add("real: breast cancer", _real("breast_cancer"), "target", "binary", "benign or malignant")
add("real: diabetes", _real("diabetes"), "target", "regression", "a measure of disease progression")
add("real: digits", _real("digits"), "target", "multiclass", "64 pixels of digits", modality=("image", "tabular"))
add("real: iris by name", lambda r, f: _real("iris")(r, f).assign(target=lambda d: d["target"].map({0: "setosa", 1: "versicolor", 2: "virginica"})),
    "target", "multiclass", "species by name")  # fmt: skip
add("real: iris, petal as target", lambda r, f: _real("iris")(r, f), "petal length (cm)", "regression", "a length")

# ── features that look like something else


def _with(base_target: str = "binary", rows: int = 900, **columns: Any) -> Any:
    def make(random: Random, _folder: Path) -> pd.DataFrame:
        frame = table(random, rows)
        for name, values in columns.items():
            frame[name] = values(random, rows)
        value = signal(frame, random)
        frame["y"] = np.where(value > 0, "a", "b") if base_target == "binary" else value.round(3) * 10
        return frame

    return make


_FIRST = np.array(["Anna", "Petr", "Jana", "Karel", "Eva", "Tomas", "Lucie", "Martin", "Alena", "Josef"])
_LAST = np.array(["Novak", "Svoboda", "Dvorak", "Cerny", "Prochazka", "Kucera", "Vesely", "Horak", "Nemec", "Marek"])

add("hard: names of people", _with(person=lambda r, n: [f"{a} {b} {k}" for a, b, k in zip(r.choice(_FIRST, n), r.choice(_LAST, n), r.permutation(n),
    strict=True)]), "y", "binary", "names are no sentences", types={"person": ("text", "category")})  # fmt: skip
add("hard: addresses", _with(address=lambda r, n: [f"{r.integers(1, 300)} {b} Street" for b in r.choice(_LAST, n)]), "y", "binary",
    "addresses are no sentences", types={"address": ("text", "category")}, modality=("tabular", "mixed"))  # fmt: skip
add("hard: phone numbers", _with(phone=lambda r, n: [f"+420 {k:09d}" for k in r.choice(10**9, n, replace=False)]), "y", "binary",
    "numbers to call, one per row", findings=(("identifier", "phone"),), types={"phone": ("category", "text")})  # fmt: skip
add("hard: times of day", _with(at=lambda r, n: [f"{h:02d}:{m:02d}" for h, m in zip(r.integers(0, 24, n), r.integers(0, 60, n), strict=True)]), "y",
    "binary", "clock times", types={"at": ("category", "datetime", "number")})  # fmt: skip
add("hard: coordinates", _with(lat=lambda r, n: r.uniform(48, 51, n).round(5), lon=lambda r, n: r.uniform(12, 19, n).round(5)), "y", "binary",
    "unique floats are no identifiers", types={"lat": ("number",), "lon": ("number",)})  # fmt: skip
add("hard: unique amounts", _with(salary=lambda r, n: r.choice(np.arange(18_000, 99_000), n, replace=False)), "y", "binary",
    "different whole amounts are no identifiers", types={"salary": ("number",)})  # fmt: skip
add("hard: tenure in months", _with(tenure=lambda r, n: r.integers(0, 73, n)), "y", "binary", "months, not groups", types={"tenure": ("number",)})
def _calendar(random: Random, _folder: Path) -> pd.DataFrame:
    frame = table(random, 900)
    frame["week"] = random.integers(1, 53, 900)
    frame["month"] = np.minimum((frame["week"] - 1) // 4 + 1, 12)
    frame["quarter"] = (frame["month"] - 1) // 3 + 1
    return frame.assign(y=lambda f: np.where(signal(f, random) > 0, "a", "b"))


add("hard: weeks and months", _calendar, "y", "binary", "calendar numbers are no groups", types={"week": ("number", "category")})
add("hard: rooms", _with(rooms=lambda r, n: r.integers(1, 7, n)), "y", "binary", "few whole numbers", types={"rooms": ("number", "ordinal")})
add("hard: mostly zero amounts", _with(gain=lambda r, n: np.where(r.random(n) < 0.92, 0, r.integers(100, 99999, n))), "y", "binary", "capital gains",
    types={"gain": ("number",)})  # fmt: skip
add("hard: sentinel for missing", _with(age2=lambda r, n: np.where(r.random(n) < 0.1, -999, r.integers(20, 70, n))), "y", "binary",
    "-999 stands for missing", types={"age2": ("number",)})  # fmt: skip
add("hard: yes and no with gaps", _with(member=lambda r, n: r.choice(np.array(["Yes", "No", "", "N/A"], dtype=object), n, p=[0.4, 0.4, 0.1, 0.1])), "y",
    "binary", "missing values are no third word", types={"member": ("boolean",)})  # fmt: skip
add("hard: yes, no and unknown", _with(member=lambda r, n: r.choice(["yes", "no", "unknown"], n)), "y", "binary", "three words",
    types={"member": ("category",)})  # fmt: skip
add("hard: mixed case booleans", _with(flag=lambda r, n: r.choice(["True", "TRUE", "false", "False"], n)), "y", "binary", "the same two words",
    types={"flag": ("boolean",)})  # fmt: skip
add("hard: blanks around words", _with(work=lambda r, n: r.choice([" Private", " State-gov", " ?", "Private "], n)), "y", "binary",
    "blanks do not count", types={"work": ("category",)})  # fmt: skip
add("hard: currency and codes", _with(cost=lambda r, n: [f"USD {x:,.0f}" for x in r.lognormal(9, 1, n)]), "y", "binary", "a currency in front",
    types={"cost": ("number",)}, findings=(("number_format", "cost"),))  # fmt: skip
add("hard: negative percent", _with(change=lambda r, n: [f"{x:+.1f}%" for x in r.normal(0, 5, n)]), "y", "binary", "signs and percents",
    types={"change": ("number",)})  # fmt: skip
add("hard: French numbers", _with(prix=lambda r, n: [f"{x:,.2f}".replace(",", "\u202f").replace(".", ",") + " €" for x in r.lognormal(8, 1, n)]), "y",
    "binary", "thin blanks between thousands", types={"prix": ("number",)}, findings=(("number_format", "prix"),))  # fmt: skip
add("hard: years as text", _with(built=lambda r, n: r.integers(1950, 2020, n).astype(str)), "y", "binary", "numbers as text",
    types={"built": ("number", "datetime")})  # fmt: skip
add("hard: months", _with(month=lambda r, n: [f"2021-{k:02d}" for k in r.integers(1, 13, n)]), "y", "binary", "months of a year",
    types={"month": ("datetime", "ordinal", "category")})  # fmt: skip
add("hard: two-digit years", _with(day=lambda r, n: [f"{d:02d}/{m:02d}/{y:02d}" for d, m, y in zip(r.integers(1, 29, n), r.integers(1, 13, n),
    r.integers(10, 24, n), strict=True)]), "y", "binary", "dates with two digits", types={"day": ("datetime",)})  # fmt: skip
add("hard: dates with words", _with(day=lambda r, n: [f"2022-03-{k:02d}" if k < 28 else "unknown" for k in r.integers(1, 29, n)]), "y", "binary",
    "dates, some unknown", types={"day": ("datetime",)})  # fmt: skip
add("hard: timestamps as seconds", _with(ts=lambda r, n: r.integers(1_600_000_000, 1_650_000_000, n)), "y", "binary", "seconds since 1970",
    types={"ts": ("datetime", "number")})  # fmt: skip
add("hard: reviews half missing", _with(note=lambda r, n: [" ".join(r.choice(_LAST, 9)).lower() if r.random() < 0.5 else None for _ in range(n)]), "y",
    "binary", "text, half missing", types={"note": ("text",)}, modality=("mixed", "tabular"))  # fmt: skip
add("hard: product titles", _with(title=lambda r, n: [f"{a} {b} {c}" for a, b, c in zip(r.choice(["red", "blue", "oak", "steel"], n), r.choice(
    ["chair", "lamp", "table", "shelf", "sofa"], n), r.choice(["small", "large", "classic", "modern"], n), strict=True)]), "y", "binary",
    "80 titles of three words", types={"title": ("category", "text")}, modality=("tabular", "mixed"))  # fmt: skip
add("hard: addresses of pages", _with(url=lambda r, n: [f"https://example.org/item/{k}" for k in r.permutation(n)]), "y", "binary",
    "an address for each row", findings=(("identifier", "url"),))  # fmt: skip
add("hard: genres", _with(genres=lambda r, n: ["|".join(sorted(r.choice(["Drama", "Comedy", "Action", "Horror", "War"], r.integers(1, 4), replace=False)))
    for _ in range(n)]), "y", "binary", "genres in the order of the alphabet", types={"genres": ("list",)})  # fmt: skip
add("hard: vectors", _with(embedding=lambda r, n: [str([round(x, 2) for x in r.normal(size=4)]) for _ in range(n)]), "y", "binary", "vectors as text",
    types={"embedding": ("list",)})  # fmt: skip
add("hard: education", _with(school=lambda r, n: r.choice(["High School", "Bachelor", "Master", "PhD"], n)), "y", "binary", "steps of education",
    types={"school": ("ordinal", "category")})  # fmt: skip
add("hard: T-shirt and shoe", _with(size=lambda r, n: r.choice(["XS", "S", "M", "L", "XL", "XXL"], n), shoe=lambda r, n: r.integers(36, 47, n)), "y",
    "binary", "sizes", types={"size": ("ordinal",), "shoe": ("number",)})  # fmt: skip
add("hard: incomes in brackets", _with(bracket=lambda r, n: r.choice(["<20k", "20k-40k", "40k-60k", "60k-100k", ">100k"], n)), "y", "binary",
    "brackets", types={"bracket": ("ordinal",)})  # fmt: skip

# ── targets near the line


def _target(values: Any, rows: int = 1000) -> Any:
    def make(random: Random, _folder: Path) -> pd.DataFrame:
        frame = table(random, rows)
        return frame.assign(y=values(signal(frame, random), random))

    return make


def _likert(value: np.ndarray, steps: int) -> np.ndarray:
    return np.clip(np.round(value * steps / 5 + (steps + 1) / 2), 1, steps).astype(int)


add("hard target: rings of shells", _target(lambda v, r: np.clip((10 + 3 * v).round(), 1, 29).astype(int), 4000), "y", ("regression", "count"),
    "29 whole numbers, most in the middle")  # fmt: skip
add("hard target: hours a week", _target(lambda v, r: np.clip((40 + 10 * v).round(), 1, 99).astype(int), 4000), "y", ("regression", "count"), "hours")
add("hard target: month", _target(lambda v, r: r.integers(1, 13, len(v))), "y", ("multiclass", "ordinal", "regression"), "months")
add("hard target: children", _target(lambda v, r: np.minimum(r.poisson(1.2, len(v)), 6)), "y", ("count", "regression", "multiclass"), "children")
add("hard target: goals", _target(lambda v, r: r.poisson(np.exp(0.3 + 0.2 * v))), "y", ("count", "regression"), "goals of a match")
add("hard target: unequal codes", _target(lambda v, r: r.choice([1, 2, 3, 5, 6, 7], len(v), p=[0.33, 0.35, 0.08, 0.06, 0.04, 0.14])), "y",
    ("multiclass", "ordinal"), "kinds of glass: a number is left out")  # fmt: skip
add("hard target: forest covers", _target(lambda v, r: r.choice(range(1, 8), len(v), p=[0.36, 0.48, 0.06, 0.02, 0.02, 0.03, 0.03]), 3000), "y",
    ("multiclass", "ordinal"), "seven kinds from 1")  # fmt: skip
add("hard target: letters", _target(lambda v, r: r.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), len(v)), 2600), "y", "multiclass", "26 letters")
add("hard target: 26 codes", _target(lambda v, r: r.integers(0, 26, len(v)), 5200), "y", ("multiclass", "regression"), "26 codes as often as each other")
add("hard target: NPS", _target(lambda v, r: np.clip((7.5 + 2 * v).round(), 0, 10).astype(int)), "y", ("ordinal", "multiclass", "regression"), "0 to 10")
add("hard target: likert 5 skewed", _target(lambda v, r: _likert(v, 5)), "y", ("multiclass", "ordinal"), "answers from 1 to 5")
add("hard target: percent whole", _target(lambda v, r: np.clip((50 + 20 * v).round(), 0, 100).astype(int)), "y", "regression", "percents")
add("hard target: prices ending in 9", _target(lambda v, r: np.exp(4 + 0.5 * v).astype(int) + 0.99), "y", "regression", "prices")
add("hard target: round prices", _target(lambda v, r: (np.exp(5.5 + 0.4 * v) / 50).round() * 50), "y", "regression", "prices in steps of 50")
add("hard target: five prices", _target(lambda v, r: np.array([9.99, 14.99, 19.99, 24.99, 49.99])[np.clip((v + 2.5).astype(int), 0, 4)]), "y",
    ("regression", "multiclass"), "five prices")  # fmt: skip
add("hard target: duration text", _target(lambda v, r: [f"{abs(x) * 10 + 1:.1f} min" for x in v]), "y", "regression", "minutes")
add("hard target: dollars, few", _target(lambda v, r: [f"${x}" for x in np.clip((v * 20 + 100).round(), 20, 180).astype(int)]), "y", "regression", "dollars")
add("hard target: float classes with gaps", _target(lambda v, r: np.where(r.random(len(v)) < 0.1, np.nan, np.clip((v + 1.5).astype(int), 0, 2))), "y",
    "multiclass", "a gap makes floats of codes", findings=(("target_missing", "y"),))  # fmt: skip
add("hard target: log of a price", _target(lambda v, r: (12 + 0.4 * v).round(6)), "y", "regression", "a logarithm")
add("hard target: stages", _target(lambda v, r: np.array(["I", "II", "III", "IV"])[np.clip((v + 2).astype(int), 0, 3)]), "y", ("multiclass", "ordinal"),
    "stages of a disease")  # fmt: skip
add("hard target: sentiment", _target(lambda v, r: np.array(["negative", "neutral", "positive"])[np.clip((v + 1.5).astype(int), 0, 2)]), "y",
    ("multiclass", "ordinal"), "three tones")  # fmt: skip
add("hard target: two ages", _target(lambda v, r: np.where(v > 0, 30, 40)), "y", "binary", "two whole numbers")
add("hard target: many words", _target(lambda v, r: [f"kind {k}" for k in (r.pareto(1, len(v)) * 5).astype(int) % 120], 3000), "y", "multiclass", "120 words")

# ── findings near the line


def _leaky(extra: Any, rows: int = 1200) -> Any:
    def make(random: Random, _folder: Path) -> pd.DataFrame:
        frame = table(random, rows)
        value = signal(frame, random)
        frame["y"] = np.where(value > 0.6, 1, 0)
        return frame.assign(extra=extra(frame, value, random))

    return make


add("hard leak: status code", _leaky(lambda f, v, r: np.where(f["y"] == 1, r.choice(["C1", "C2"], len(f)), r.choice(["A1", "A2", "A3"], len(f)))), "y",
    "binary", "codes that only one class has", findings=(("leakage", "extra"),), clean=False)  # fmt: skip
add("hard leak: missing where positive", _leaky(lambda f, v, r: np.where((f["y"] == 1) & (r.random(len(f)) < 0.9), np.nan, r.normal(size=len(f)))), "y",
    "binary", "missing gives the answer away", findings=(("leakage", "extra"),), clean=False)  # fmt: skip
add("hard leak: not one but strong", _leaky(lambda f, v, r: v + r.normal(0, 1.2, len(f))), "y", "binary", "a strong column, AUC about 0.8")
add("hard leak: inverted copy", _leaky(lambda f, v, r: np.where(f["y"] == 1, "N", "Y")), "y", "binary", "the answer inverted",
    findings=(("leakage", "extra"),), clean=False)  # fmt: skip


def _visits(random: Random, _folder: Path) -> pd.DataFrame:
    rows, people = 1500, 220
    who = random.integers(0, people, rows)
    frame = table(random, rows).drop(columns=["city"])
    level = random.normal(size=people)
    frame["pressure"] = 120 + 15 * level[who] + random.normal(0, 4, rows)
    frame.insert(2, "subject", [f"S-{k:03d}" for k in who])
    return frame.assign(city="Brno").assign(dose=lambda f: signal(f, random) + 2 * level[who]).drop(columns=["city"])


add("hard group: subjects", _visits, "dose", "regression", "measures are alike within a subject", findings=(("group", "subject"),))
add("hard group: sessions", lambda r, _: table(r, 1400).assign(session_id=lambda f: [f"s{k:05d}" for k in np.sort(r.integers(0, 400, 1400))], y=lambda f:
    np.where(signal(f, r) > 0, 1, 0)), "y", "binary", "rows of a session", findings=(("group", "session_id"),))  # fmt: skip
add("hard group: none, brands", _with(brand=lambda r, n: r.choice([f"brand {chr(97 + k)}" for k in range(26)], n)), "y", "binary", "brands are no cases")
add("hard group: none, models", _with(model=lambda r, n: r.choice([f"X{k}" for k in range(100, 140)], n)), "y", "binary", "types of machines, no cases")
add("hard time: logins", lambda r, _: table(r, 1200).assign(at=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(r.integers(0, 9_000_000, 1200)),
    unit="s")).assign(y=lambda f: np.where(signal(f, r) + np.linspace(-1, 1, 1200) > 0, "yes", "no")), "y", "binary", "events in their order, more yes later",
    findings=(("time_order", "at"),))  # fmt: skip
add("hard duplicates: by chance", lambda r, _: pd.DataFrame({"a": r.integers(0, 3, 800), "b": r.choice(["u", "v"], 800), "c": r.integers(0, 2, 800)}).assign(
    y=lambda f: np.where(r.random(800) < 0.3 + 0.2 * f["c"], "yes", "no")), "y", "binary", "24 combinations: equal rows are to be expected",
    findings=(("duplicate_rows", None),))  # fmt: skip


def _sheet(random: Random, folder: Path) -> Path:
    frame = table(random, 300).assign(y=lambda f: signal(f, random) * 5 + 20)
    frame["amount"] = [f"{x:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") for x in random.lognormal(8, 1, 300)]
    path = folder / "export.csv"
    path.write_bytes(frame.to_csv(index=False, sep=";", decimal=",").replace("Plzen", "Plzeň").encode("cp1250"))
    return path


add("hard file: Czech export", _sheet, "y", "regression", "cp1250, semicolons, decimal commas, points between thousands",
    findings=(("encoding", None), ("number_format", "amount"), ("number_format", "y")), types={"amount": ("number",)})  # fmt: skip


# ── sequences near the line


def _sales(random: Random, days: int = 400, shops: int = 6) -> pd.DataFrame:
    parts = []
    for shop in range(shops):
        day = pd.date_range("2021-01-01", periods=days)
        demand = 100 + 20 * shop + 30 * (day.dayofweek >= 5) + random.normal(0, 6, days).cumsum() * 0.3 + random.normal(0, 5, days)
        parts.append(pd.DataFrame({"day": day, "shop": shop + 1, "sold": demand.round().astype(int), "open": 1}))
    frame = pd.concat(parts).sample(frac=0.97, random_state=1)
    return frame.sort_values(["day", "shop"], ascending=[False, True])


add("hard series: shops by number", lambda r, _: _sales(r), "sold", "forecasting", "numbered shops, newest first, days missing", modality="sequence",
    time={"column": "day", "frequency": "D"})  # fmt: skip
add("hard series: business days", lambda r, _: pd.DataFrame({"date": pd.bdate_range("2018-01-01", periods=600), "close": 100 + r.normal(
    0, 1, 600).cumsum(), "volume": r.integers(10**5, 10**6, 600)}), "close", "forecasting", "prices of a share, no weekends", modality="sequence")  # fmt: skip
add("hard series: quarter hours", lambda r, _: pd.DataFrame({"t": pd.date_range("2023-05-01", periods=2000, freq="15min"), "load": 50 + 20 * np.sin(
    np.arange(2000) * 2 * np.pi / 96) + r.normal(0, 2, 2000)}), "load", "forecasting", "96 steps a day", modality="sequence", time={"column": "t"})  # fmt: skip
add("hard series: months as text", lambda r, _: pd.DataFrame({"month": pd.date_range("2005-01-01", periods=160, freq="MS").strftime("%Y-%m"), "sales":
    200 + 40 * np.sin(np.arange(160) * 2 * np.pi / 12) + r.normal(0, 9, 160).cumsum() * 0.3}), "sales", "forecasting", "months as text",
    modality="sequence", time={"column": "month", "season": 12})  # fmt: skip
add("hard series: years in whole numbers", lambda r, _: pd.DataFrame({"year": np.arange(1960, 2024), "gdp": np.exp(np.linspace(1, 4, 64) + r.normal(
    0, 0.03, 64).cumsum())}), "gdp", "forecasting", "one value a year", modality="sequence", time={"column": "year"})  # fmt: skip
add("hard series: countries and years", lambda r, _: pd.concat([pd.DataFrame({"country": f"Land {k}", "year": np.arange(1990, 2024), "co2": 5 + k + r.normal(
    0, 0.4, 34).cumsum()}) for k in range(15)]), "co2", "forecasting", "a series for each country", modality="sequence", time={"column": "year"})  # fmt: skip
add("hard series: short panel is a table", lambda r, _: table(r, 900).assign(year=lambda f: r.integers(2019, 2024, 900), y=lambda f: signal(f, r)), "y",
    "regression", "a year beside customers")  # fmt: skip
add("hard series: counts by day", lambda r, _: pd.DataFrame({"d": pd.date_range("2022-01-01", periods=500), "calls": r.poisson(np.where(
    pd.date_range("2022-01-01", periods=500).dayofweek < 5, 40, 12))}), "calls", "forecasting", "weekends are quiet", modality="sequence",
    time={"season": 7})  # fmt: skip
add("hard series: ECG-like, wide", lambda r, _: pd.DataFrame(np.exp(-((np.arange(140)[None, :] - r.normal(60, 6, 250)[:, None]) ** 2) / 40) + r.normal(
    0, 0.1, (250, 140))).assign(y=lambda f: np.where(f[60] > 0.6, "normal", "odd")).rename(columns=str), "y", "binary", "140 steps of a beat",
    modality="sequence")  # fmt: skip
add("hard series: spectra, number", lambda r, _: pd.DataFrame((s := r.gamma(3, 1, 120))[:, None] * np.exp(-((np.arange(100)[None, :] - 40) ** 2) / 300) + r.normal(
    0, 0.02, (120, 100))).assign(fat=lambda f: s * 3 + r.normal(0, 0.1, 120)).rename(columns=str), "fat", "regression", "spectra", modality="sequence")  # fmt: skip
add("hard wide: sensors in different units", lambda r, _: pd.DataFrame({f"s{k}": r.normal(10.0**(k % 5), 10.0**(k % 4), 500) for k in range(24)}).assign(
    y=lambda f: f["s3"] * 2 + f["s7"] + r.normal(size=500)), "y", "regression", "columns in different units are no steps")  # fmt: skip
add("hard wide: answers that hang together", lambda r, _: pd.DataFrame(np.clip((3 + r.normal(0, 0.8, (400, 1)) + r.normal(0, 0.8, (400, 30))).round(), 1, 5),
    columns=[f"q{k}" for k in range(30)]).assign(y=lambda f: f.mean(axis=1) + r.normal(0, 0.3, 400)), "y", "regression", "30 answers in no order")  # fmt: skip
add("hard wide: pixels as a table", lambda r, _: pd.DataFrame(np.kron(r.integers(0, 255, (120, 7, 7)), np.ones((1, 4, 4))).reshape(120, -1).astype(int)).add_prefix(
    "pixel").assign(label=r.integers(0, 10, 120)), "label", "multiclass", "784 pixels", modality=("image",))  # fmt: skip
