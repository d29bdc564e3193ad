"""Series, long and wide, arrays, pictures, texts and mixtures, and tables that only look like them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add, signal, table

_FORECAST = ("forecasting",)


def _walk(random: Random, steps: int, season: int = 0, noise: float = 1.0) -> np.ndarray:
    level = np.cumsum(random.normal(0, 0.3, steps)) + 50
    wave = 8 * np.sin(2 * np.pi * np.arange(steps) / season) if season else 0.0
    return level + wave + random.normal(0, noise, steps)


def _one(random: Random, frequency: str, steps: int, season: int, covariates: bool = False) -> pd.DataFrame:
    frame = pd.DataFrame({"when": pd.date_range("2019-01-01", periods=steps, freq=frequency), "demand": _walk(random, steps, season)})
    if covariates:
        frame["holiday"] = (random.random(steps) < 0.05).astype(int)
        frame["temperature"] = random.normal(15, 6, steps).round(1)
        frame["demand"] += 6 * frame["holiday"]
    return frame


for _name, _frequency, _steps, _season, _told in (
    ("hourly", "h", 1500, 24, "h"),
    ("daily", "D", 700, 7, "D"),
    ("weekly", "W", 300, 52, "W"),
    ("monthly", "MS", 180, 12, "MS"),
    ("month ends", "ME", 180, 12, "MS"),
    ("quarterly", "QS", 80, 4, "QS"),
    ("yearly", "YS", 60, 0, "YS"),
):
    add(f"forecasting: {_name}", lambda r, _, f=_frequency, n=_steps, s=_season: _one(r, f, n, s), "demand", _FORECAST, "one value a step",
        modality="sequence", time={"column": "when", "frequency": _told})  # fmt: skip
add("forecasting: with covariates", lambda r, _: _one(r, "D", 800, 7, True), "demand", _FORECAST, "one value a day and what influences it",
    modality="sequence", time={"column": "when", "frequency": "D", "season": 7})  # fmt: skip
add("forecasting: newest first", lambda r, _: _one(r, "D", 500, 7).iloc[::-1], "demand", _FORECAST, "the order of rows is not that of time",
    modality="sequence", time={"column": "when"})  # fmt: skip
add("forecasting: shuffled", lambda r, _: _one(r, "h", 900, 24).sample(frac=1, random_state=1), "demand", _FORECAST, "rows in any order",
    modality="sequence", time={"frequency": "h"})  # fmt: skip
add("forecasting: dates as text", lambda r, _: _one(r, "D", 400, 7).assign(when=lambda f: f["when"].dt.strftime("%d.%m.%Y")), "demand",
    _FORECAST, "dates as text", modality="sequence", time={"column": "when", "frequency": "D"})  # fmt: skip
add("forecasting: days missing", lambda r, _: _one(r, "D", 600, 7).sample(frac=0.95, random_state=1).sort_index(), "demand", _FORECAST,
    "one day in twenty is missing", modality="sequence")  # fmt: skip


def _several(random: Random, count: int, steps: int, numbered: bool = False, names: int = 1) -> pd.DataFrame:
    parts = []
    for place in range(count):
        when: Any = np.arange(steps) if numbered else pd.date_range("2020-01-01", periods=steps, freq="D")
        part = pd.DataFrame({"store": f"S{place:02d}", "when": when, "sales": _walk(random, steps, 7) + 5 * place})
        if names == 2:
            part["store"], part["item"] = f"S{place // 4:02d}", f"I{place % 4}"
        parts.append(part.assign(promo=(random.random(steps) < 0.2).astype(int)))
    return pd.concat(parts, ignore_index=True)


add("forecasting: stores", lambda r, _: _several(r, 12, 120), "sales", _FORECAST, "a series for each store", modality="sequence",
    time={"column": "when", "frequency": "D"})  # fmt: skip
add("forecasting: stores and items", lambda r, _: _several(r, 12, 100, names=2), "sales", _FORECAST, "a series for each store and item",
    modality="sequence", time={"column": "when"})  # fmt: skip
add("forecasting: numbered steps", lambda r, _: _several(r, 20, 80, numbered=True), "sales", _FORECAST, "steps without dates",
    modality="sequence", time={"column": "when"})  # fmt: skip
add("forecasting: stores, shuffled", lambda r, _: _several(r, 10, 90).sample(frac=1, random_state=3), "sales", _FORECAST, "rows in any order",
    modality="sequence", time={"column": "when"})  # fmt: skip
add("forecasting: no target named", lambda r, _: _one(r, "D", 500, 7), None, _FORECAST, "a series goes on", modality="sequence")


def _long_cases(random: Random, target: str, cases: int = 90, steps: int = 30) -> pd.DataFrame:
    parts = []
    for place in range(cases):
        kind = place % 3
        wave = np.sin(np.arange(steps) / (2 + kind)) + random.normal(0, 0.2, steps)
        part = pd.DataFrame({"case": place, "step": np.arange(steps), "sensor": wave, "other": random.normal(size=steps).cumsum()})
        part[target] = ["walk", "run", "sit"][kind] if target == "activity" else kind + float(np.round(random.normal(), 2))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


add("series: classes, long", lambda r, _: _long_cases(r, "activity"), "activity", "multiclass", "every series has one class",
    modality="sequence")  # fmt: skip
add("series: numbers, long", lambda r, _: _long_cases(r, "load"), "load", "regression", "every series has one number", modality="sequence")


def _wide(random: Random, cases: int, steps: int, names: str = "t{}") -> pd.DataFrame:
    kind = random.integers(0, 2, cases)
    phase = random.uniform(0, 6, cases)[:, None]
    waves = np.sin(np.arange(steps)[None, :] / np.where(kind == 1, 4, 7)[:, None] + phase) + random.normal(0, 0.15, (cases, steps))
    frame = pd.DataFrame(waves, columns=[names.format(step) for step in range(steps)])
    return frame.assign(label=np.where(kind == 1, "fault", "fine"))


add("series: wide", lambda r, _: _wide(r, 200, 60), "label", "binary", "one column per step", modality="sequence")
add("series: wide, odd names", lambda r, _: _wide(r, 150, 100, "v_{}_x"), "label", "binary", "names do not count", modality="sequence")


def _ts(random: Random, folder: Path) -> Path:
    frame = _wide(random, 60, 40)
    lines = [",".join(f"{x:.4f}" for x in row[:-1]) + f":{row[-1]}" for row in frame.to_numpy()]
    path = folder / "data.ts"
    path.write_text("@problemName x\n@univariate true\n@classLabel true fault fine\n@data\n" + "\n".join(lines))
    return path


add("series: .ts file", _ts, None, "binary", "the format of the UCR archive", modality="sequence")
add("series: wide, to go on", lambda r, _: pd.DataFrame(np.array([_walk(r, 37, 12) for _ in range(80)]), columns=[
    f"{m:%Y-%m}" for m in pd.date_range("2020-01-01", periods=37, freq="MS")]), "2023-01", _FORECAST, "one column per month, the last unknown",
    modality="sequence")  # fmt: skip


def _npz(folder: Path, x: np.ndarray, y: np.ndarray) -> Path:
    np.savez(folder / "data.npz", x=x, y=y)
    return folder / "data.npz"


def _blobs(random: Random, cases: int, side: int, channels: int = 0) -> np.ndarray:
    small = random.random((cases, side // 4, side // 4, max(channels, 1)))
    big = np.kron(small, np.ones((1, 4, 4, 1)))
    return (big if channels else big[..., 0]) * 255


add("array: grey pictures", lambda r, f: _npz(f, _blobs(r, 90, 28).astype(np.uint8), r.integers(0, 3, 90)), None, "multiclass", "bytes",
    modality="image")  # fmt: skip
add("array: colour pictures", lambda r, f: _npz(f, _blobs(r, 60, 32, 3).astype(np.uint8), r.integers(0, 2, 60)), None, "binary",
    "three channels", modality="image")  # fmt: skip
add("array: pictures as floats", lambda r, f: _npz(f, _blobs(r, 60, 24) / 255, r.integers(0, 4, 60)), None, "multiclass", "from 0 to 1",
    modality="image")  # fmt: skip
add("array: series with channels", lambda r, f: _npz(f, r.normal(size=(80, 3, 50)).cumsum(-1), r.integers(0, 2, 80)), None, "binary",
    "three channels, 50 steps", modality="sequence")  # fmt: skip
add("array: series, steps first", lambda r, f: _npz(f, r.normal(size=(80, 70, 8)).cumsum(1), r.integers(0, 2, 80)), None, "binary",
    "70 steps, 8 channels", modality="sequence")  # fmt: skip
add("array: series in two dimensions", lambda r, f: _npz(f, r.normal(size=(120, 64)).cumsum(1), r.integers(0, 3, 120)), None, "multiclass",
    "64 steps", modality="sequence")  # fmt: skip
add("array: table", lambda r, f: _npz(f, r.normal(size=(300, 9)), r.integers(0, 2, 300)), None, "binary", "nine independent columns")


def _pictures(random: Random, folder: Path) -> Path:
    from PIL import Image

    for kind in ("cat", "dog", "fox"):
        (folder / kind).mkdir()
        for number in range(8):
            Image.fromarray(random.integers(0, 255, (12, 12, 3), dtype=np.uint8)).save(folder / kind / f"{number}.png")
    return folder


def _texts(random: Random, folder: Path) -> Path:
    words = np.array(
        ["time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school", "state", "family", "student"]
    )
    for kind in ("politics", "sport"):
        (folder / kind).mkdir()
        for number in range(15):
            (folder / kind / f"{number}.txt").write_text(" ".join(random.choice(words, 30)))
    return folder


add("folder: pictures", _pictures, None, "multiclass", "a class per subfolder", modality="image", types={"image": "image"})
add("folder: texts", _texts, None, "binary", "a class per subfolder", modality="text", types={"text": "text"})

_NOUNS = np.array(
    [
        "camera",
        "phone",
        "sofa",
        "lamp",
        "table",
        "chair",
        "battery",
        "screen",
        "price",
        "delivery",
        "colour",
        "box",
        "shop",
        "friend",
        "winter",
        "garden",
    ]
)


def _reviews(random: Random, table_too: bool, pictures: bool = False) -> pd.DataFrame:
    rows = 500
    good = random.random(rows) < 0.5
    tone = np.where(good, "great love good", "bad broken awful")
    frame = pd.DataFrame({"review": [" ".join([*random.choice(_NOUNS, 9), *random.choice(words.split(), 2)]) for words in tone]})
    if pictures:
        frame["photo"] = [f"p/{k}.jpg" for k in range(rows)]
    if table_too:
        frame["price"] = random.lognormal(3, 1, rows).round(2)
        frame["shop"] = random.choice(["north", "south", "online"], rows)
    return frame.assign(sentiment=np.where(good, "up", "down"))


add("text: one column", lambda r, _: _reviews(r, False), "sentiment", "binary", "only text", modality="text", types={"review": "text"})
add("text: with a number for each row", lambda r, _: _reviews(r, False).assign(id=range(500)), "sentiment", "binary", "an identifier is no signal",
    modality="text", findings=(("identifier", "id"),))  # fmt: skip
add("mixed: text and table", lambda r, _: _reviews(r, True), "sentiment", "binary", "text beside numbers", modality="mixed")
add("mixed: pictures and text", lambda r, _: _reviews(r, False, True), "sentiment", "binary", "pictures beside text", modality="mixed",
    types={"photo": "image"})  # fmt: skip
add("mixed: pictures, text and table", lambda r, _: _reviews(r, True, True), "sentiment", "binary", "all three", modality="mixed")
add("image: table of paths", lambda r, _: pd.DataFrame({"path": [f"img/{k}.png" for k in range(300)], "kind": r.choice(["a", "b"], 300)}), "kind",
    "binary", "paths and classes", modality="image", types={"path": "image"})  # fmt: skip

# ── tables that only look like series


def _dated(random: Random, regular: bool) -> pd.DataFrame:
    frame = table(random, 700)
    start = pd.Timestamp("2021-01-01")
    frame["day"] = (
        pd.date_range(start, periods=700) if regular else start + pd.to_timedelta(np.sort(random.integers(0, 500, 700)), unit="D")
    )
    return frame.assign(price=(100 + 20 * signal(frame, random)).round(2))


add("table: one row a day, no memory", lambda r, _: _dated(r, True), "price", "regression", "the past says nothing of the next day")
add("table: orders with dates", lambda r, _: _dated(r, False), "price", "regression", "several orders a day, none on others")
add("table: date and classes", lambda r, _: _dated(r, True).assign(price=lambda f: np.where(f["price"] > 100, "dear", "cheap")), "price", "binary",
    "classes are not forecast")  # fmt: skip
add("table: twenty independent columns", lambda r, _: pd.DataFrame(r.normal(size=(400, 20)), columns=[f"x{k}" for k in range(20)]).assign(
    y=lambda f: f["x0"] * 2 + f["x3"] + r.normal(size=400)), "y", "regression", "columns in no order")  # fmt: skip
add("table: a survey of forty questions", lambda r, _: pd.DataFrame(np.clip(r.normal(3, 1, (300, 40)).round(), 1, 5), columns=[
    f"q{k}" for k in range(40)]).assign(buys=lambda f: np.where(f["q3"] + r.normal(size=300) > 3, "yes", "no")), "buys", "binary",
    "questions in no order")  # fmt: skip
add("anomaly: machine", lambda r, _: pd.DataFrame({"pressure": r.normal(5, 1, 500), "heat": r.normal(80, 3, 500), "flow": r.gamma(2, 2, 500)}),
    None, ("anomaly_detection", "regression"), "no column is an answer")  # fmt: skip
