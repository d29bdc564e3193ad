"""Second group: series of many kinds, arrays, folders and files that are not what their name says."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add

_SEQUENCE = "sequence"


def _swing(random: Random, steps: int, season: int, noise: float = 0.6, level: float = 100.0) -> np.ndarray:
    wave = level * 0.15 * np.sin(2 * np.pi * np.arange(steps) / season) if season else 0.0
    return level + np.cumsum(random.normal(0, level * 0.004, steps)) + wave + random.normal(0, noise, steps)


def _panel(random: Random, names: list[Any], when: Any, season: int, column: str = "ts") -> pd.DataFrame:
    return pd.concat([pd.DataFrame({"who": name, column: when, "value": _swing(random, len(when), season, level=50 + 9 * k).round(2)})
                      for k, name in enumerate(names)], ignore_index=True)  # fmt: skip


# ── series that go on

add("go on: airline months", lambda r, _: pd.DataFrame({"Month": pd.date_range("1949-01", periods=144, freq="MS").strftime("%Y-%m"), "Passengers":
    (np.exp(4.7 + np.arange(144) / 120 + 0.15 * np.sin(np.arange(144) * np.pi / 6)) + r.normal(0, 5, 144)).astype(int)}), "Passengers", "forecasting",
    "passengers by month", modality=_SEQUENCE, time={"column": "Month", "frequency": "MS", "season": 12})  # fmt: skip
add("go on: load with weather", lambda r, _: pd.DataFrame({"c1": pd.date_range("2022-01-01", periods=2000, freq="h"), "c2": _swing(r, 2000, 24, 2, 900),
    "c3": (10 + 6 * np.sin(np.arange(2000) * 2 * np.pi / 24) + r.normal(0, 1, 2000)).round(1)}), "c2", "forecasting", "load by the hour",
    modality=_SEQUENCE, time={"column": "c1", "frequency": "h", "season": 24})  # fmt: skip
add("go on: power, quarter hours", lambda r, _: pd.DataFrame({"Zeit": pd.date_range("2023-05-01", periods=1920, freq="15min").strftime(
    "%d.%m.%Y %H:%M"), "kW": _swing(r, 1920, 96)}), "kW", "forecasting", "German times", modality=_SEQUENCE, time={"column": "Zeit"})  # fmt: skip
add("go on: closing prices", lambda r, _: pd.DataFrame({"Date": pd.bdate_range("2019-01-01", periods=700), "Close": (100 * np.exp(np.cumsum(
    r.normal(0, 0.012, 700)))).round(2), "Volume": r.lognormal(14, 0.3, 700).astype(int)}), "Close", "forecasting", "trading days",
    modality=_SEQUENCE, time={"column": "Date"})  # fmt: skip
add("go on: cases by country", lambda r, _: pd.concat([pd.DataFrame({"date": pd.date_range("2020-03-01", periods=150), "iso": c, "new_cases":
    r.poisson(np.exp(4 + 0.6 * np.sin(np.arange(150) / 20 + k)))}) for k, c in enumerate(["CZE", "DEU", "FRA", "ITA", "ESP", "POL"])],
    ignore_index=True), "new_cases", "forecasting", "a series of each country", modality=_SEQUENCE, time={"column": "date", "frequency": "D"})  # fmt: skip
add("go on: meters by number", lambda r, _: _panel(r, [8801, 8805, 8811, 8830], pd.date_range("2021-01-01", periods=200), 7), "value", "forecasting",
    "numbered meters", modality=_SEQUENCE, time={"column": "ts", "frequency": "D", "season": 7})  # fmt: skip
add("go on: steps, no dates", lambda r, _: _panel(r, [f"M{k}" for k in range(15)], np.arange(1, 91), 12, "t"), "value", "forecasting",
    "months by number", modality=_SEQUENCE, time={"column": "t"})  # fmt: skip
add("go on: unequal lengths", lambda r, _: pd.concat([_panel(r, [f"u{k}"], pd.date_range("2018-01-01", periods=40 + 5 * k, freq="W"), 0) for k in
    range(12)], ignore_index=True), "value", "forecasting", "younger and older series", modality=_SEQUENCE, time={"column": "ts"})  # fmt: skip
add("go on: yearly output", lambda r, _: pd.DataFrame({"Year": np.arange(1900, 1995), "tonnes": _swing(r, 95, 0, 3, 300)}), "tonnes", "forecasting",
    "years as whole numbers", modality=_SEQUENCE, time={"column": "Year"})  # fmt: skip
add("go on: many days at once", lambda r, _: pd.DataFrame([[f"item {k}", *_swing(r, 60, 7, level=30 + k).round(1)] for k in range(50)], columns=["item",
    *[f"{d:%Y-%m-%d}" for d in pd.date_range("2024-01-01", periods=60)]]), None, "forecasting", "one column per day, nothing to predict but what "
    "comes", modality=_SEQUENCE)  # fmt: skip
add("go on: days as d_1", lambda r, _: pd.DataFrame([[f"FOODS_{k}", r.choice(["CA", "TX"]), *_swing(r, 80, 7, level=30 + k).round()] for k in
    range(60)], columns=["item_id", "state", *[f"d_{d}" for d in range(1, 81)]]), None, "forecasting", "one column per day, numbered",
    modality=_SEQUENCE)  # fmt: skip
add("go on: tempting, sales of shops", lambda r, _: pd.DataFrame({"day": pd.Timestamp("2021-01-01") + pd.to_timedelta(r.integers(0, 400, 900),
    unit="D"), "till": r.integers(1, 9, 900), "items": (n := r.integers(1, 30, 900)), "total": (n * 4.2 * r.lognormal(0, 0.4, 900)).round(2)}), "total",
    "regression", "receipts on days, no series", types={"day": "datetime"})  # fmt: skip

# ── series with an answer each


def _cases(random: Random, n: int, steps: int, kinds: int = 2) -> tuple[np.ndarray, np.ndarray]:
    kind = np.arange(n) % kinds
    phase = random.uniform(0, 3, n)[:, None]
    return np.sin(np.arange(steps)[None] / (3 + 2 * kind)[:, None] + phase) + random.normal(0, 0.1, (n, steps)), kind


def _tsv(random: Random, folder: Path) -> Path:
    waves, kind = _cases(random, 70, 90)
    path = folder / "Gun_TRAIN.tsv"
    path.write_text("\n".join("\t".join([str(k + 1), *(f"{x:.5f}" for x in wave)]) for wave, k in zip(waves, kind, strict=True)) + "\n")
    return path


def _ts(head: str, lines: Callable[[np.ndarray, int, Random], str], n: int = 48) -> Any:
    def make(random: Random, folder: Path) -> Path:
        waves, kind = _cases(random, n, 30, 3)
        rows = [lines(wave, int(k), random) for wave, k in zip(waves, kind, strict=True)]
        (folder / "set.ts").write_text("#made\n@problemName made\n@timeStamps false\n" + head + "@data\n" + "\n".join(rows) + "\n")
        return folder / "set.ts"

    return make


def _join(values: Any) -> str:
    return ",".join(f"{x:.4f}" for x in values)


add("answer: UCR without a header", _tsv, None, "binary", "the label stands first, nothing has a name", modality=_SEQUENCE)
add("answer: .ts, two dimensions", _ts("@univariate false\n@classLabel true a b c\n", lambda w, k, r: f"{_join(w)}:{_join(w[::-1])}:{'abc'[k]}"), None,
    "multiclass", "two channels", modality=_SEQUENCE)  # fmt: skip
add("answer: .ts, unequal", _ts("@univariate true\n@equalLength false\n@classLabel true x y z\n", lambda w, k, r: f"{_join(w[: r.integers(15, 30)])}:"
    f"{'xyz'[k]}"), None, "multiclass", "some are shorter", modality=_SEQUENCE)  # fmt: skip
add("answer: .ts, gaps", _ts("@univariate true\n@missing true\n@classLabel true 0 1 2\n", lambda w, k, r: f"?,{_join(w[1:])}:{k}"), None, "multiclass",
    "question marks for gaps", modality=_SEQUENCE)  # fmt: skip
add("answer: .ts, numbers", _ts("@univariate true\n@targetlabel true\n", lambda w, k, r: f"{_join(w)}:{k + r.normal():.3f}"), None, "regression",
    "a number for each", modality=_SEQUENCE)  # fmt: skip


def _long(random: Random, _folder: Path) -> pd.DataFrame:
    waves, kind = _cases(random, 80, 25, 2)
    return pd.DataFrame({"rec": np.repeat([f"rec{k}" for k in range(80)], 25), "i": np.tile(np.arange(25), 80), "ax": waves.ravel(), "ay":
                         random.normal(size=2000), "fault": np.repeat(np.where(kind == 1, "yes", "no"), 25)})  # fmt: skip


add("answer: long table", _long, "fault", "binary", "recordings, one after the other", modality=_SEQUENCE)
add("answer: wide, numbers for names", lambda r, _: pd.DataFrame((c := _cases(r, 120, 50, 3))[0]).assign(kind=np.array(["u", "v", "w"])[c[1]]).rename(
    columns=str), "kind", "multiclass", "columns 0 to 49", modality=_SEQUENCE)  # fmt: skip
add("answer: tempting, measures of leaves", lambda r, _: pd.DataFrame(r.normal(size=(300, 12)) * r.uniform(1, 90, 12) + r.uniform(0, 900, 12),
    columns=[f"m{k}" for k in range(12)]).assign(species=r.choice(["a", "b", "c"], 300)), "species", "multiclass", "measures, no series")  # fmt: skip


# ── arrays and folders


def _npz(folder: Path, **arrays: np.ndarray) -> Path:
    np.savez(folder / "arrays.npz", **arrays)
    return folder / "arrays.npz"


def _pictures(random: Random, n: int, side: int, channels: int = 0) -> np.ndarray:
    coarse = random.random((n, side // 4, side // 4, max(channels, 1)))
    return (np.kron(coarse, np.ones((1, 4, 4, 1))) * 255).astype(np.uint8)[..., slice(None) if channels else 0]


add("array: x_train and y_train", lambda r, f: _npz(f, x_train=_pictures(r, 60, 28), y_train=r.integers(0, 10, 60), x_test=_pictures(r, 20, 28),
    y_test=r.integers(0, 10, 20)), None, "multiclass", "the names that Keras gives", modality="image")  # fmt: skip
add("array: X and Y, colour", lambda r, f: _npz(f, X=_pictures(r, 50, 32, 3), Y=np.where(r.random(50) < 0.5, "cat", "dog")), None, "binary",
    "words for classes", modality="image")  # fmt: skip
add("array: a measure of each picture", lambda r, f: _npz(f, images=_pictures(r, 60, 24), labels=r.normal(size=60)), None, "regression",
    "a number for each picture", modality="image")  # fmt: skip
add("array: signals, several channels", lambda r, f: _npz(f, data=np.cumsum(r.normal(size=(60, 120, 4)), 1), target=r.integers(0, 3, 60)), None,
    "multiclass", "steps, then channels", modality=_SEQUENCE)  # fmt: skip
add("array: one-hot labels", lambda r, f: _npz(f, x=r.normal(size=(200, 8)), y=np.eye(3, dtype=int)[r.integers(0, 3, 200)]), None, ("multiclass",
    "multilabel"), "a class in three columns")  # fmt: skip
add("array: several labels", lambda r, f: _npz(f, x=r.normal(size=(200, 8)), y=(r.random((200, 4)) < 0.4).astype(int)), None, "multilabel",
    "four 0/1 columns")  # fmt: skip


def _save(random: Random, path: Path, colour: tuple[int, int, int] = (9, 90, 200)) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((random.random((12, 12, 3)) * np.array(colour)).astype(np.uint8)).save(path)


def _album(random: Random, folder: Path) -> Path:
    for part in ("train", "test"):
        for kind in ("rose", "tulip"):
            for place in range(8):
                _save(random, folder / "flowers" / part / kind / f"{place}.png")
    return folder / "flowers"


def _listed(random: Random, folder: Path) -> Path:
    for place in range(30):
        _save(random, folder / "pics" / f"{place}.jpg")
    frame = pd.DataFrame({"file": [f"pics/{k}.jpg" for k in range(30)], "weight": random.normal(50, 9, 30).round(2)})
    frame.to_csv(folder / "list.csv", index=False)
    return folder / "list.csv"


def _letters(random: Random, folder: Path) -> Path:
    for kind, words in {"sport": "goal match team win coach league", "money": "bank rate share price fund market"}.items():
        (folder / "news" / kind).mkdir(parents=True)
        for place in range(25):
            (folder / "news" / kind / f"{place}.txt").write_text(" ".join(random.choice(words.split(), 12)))
    return folder / "news"


add("folder: train and test", _album, None, "binary", "two kinds in each part", modality="image")
add("folder: a list of pictures and weights", _listed, "weight", "regression", "a number for each picture", modality="image",
    types={"file": "image"}, clean=False)  # fmt: skip
add("folder: news", _letters, None, "binary", "texts of two kinds", modality="text")


# ── files


def _sheet(random: Random, rows: int = 400) -> pd.DataFrame:
    size = random.normal(40, 9, rows).round(1)
    return pd.DataFrame({"size": size, "kind": random.choice(["oak", "pine", "beech"], rows), "soil": random.choice(["wet", "dry"], rows),
                         "growth": (size / 9 + random.normal(0, 1, rows)).round(2)})  # fmt: skip


def _text(frame: pd.DataFrame, **how: Any) -> str:
    return str(frame.to_csv(index=False, **how))


def _file(name: str, content: Callable[[pd.DataFrame], bytes]) -> Any:
    def make(random: Random, folder: Path) -> Path:
        (folder / name).write_bytes(content(_sheet(random)))
        return folder / name

    return make


def _excel(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_excel(out, index=False)
    return out.getvalue()


def _zip(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("trees.csv", _text(frame))
    return out.getvalue()


_FILES: dict[str, tuple[str, Callable[[pd.DataFrame], bytes], tuple[tuple[str, str | None], ...]]] = {
    "tabs named .csv": ("trees.csv", lambda f: _text(f, sep="\t").encode(), ()),
    "bars named .txt": ("trees.txt", lambda f: _text(f, sep="|").encode(), ()),
    "semicolons named .tsv": ("trees.tsv", lambda f: _text(f, sep=";").encode(), ()),
    "no extension": ("trees", lambda f: _text(f).encode(), ()),
    "Parquet named .csv": ("trees.csv", lambda f: f.to_parquet(), ()),
    "Excel named .csv": ("trees.csv", _excel, ()),
    "CSV named .xlsx": ("trees.xlsx", lambda f: _text(f).encode(), ()),
    "capitals": ("TREES.CSV", lambda f: _text(f).encode(), ()),
    "gzip": ("trees.csv.gz", lambda f: gzip.compress(_text(f).encode()), ()),
    "zip": ("trees.zip", _zip, ()),
    "UTF-16": ("trees.csv", lambda f: _text(f).encode("utf-16"), (("encoding", None),)),
    "UTF-8 with a mark": ("trees.csv", lambda f: _text(f).encode("utf-8-sig"), (("encoding", None),)),
    "Windows ends of lines": ("trees.csv", lambda f: _text(f).replace("\n", "\r\n").encode(), ()),
    "all quoted": ("trees.csv", lambda f: _text(f, quoting=1).encode(), ()),
    "Cyrillic": ("trees.csv", lambda f: _text(f.assign(kind=f["kind"].map({"oak": "дуб", "pine": "сосна", "beech": "бук"}))).encode("cp1251"),
        (("encoding", None),)),
    "decimal commas": ("trees.csv", lambda f: _text(f, sep=";", decimal=",").encode(), (("number_format", "size"), ("number_format", "growth"))),
    "JSON lines": ("trees.jsonl", lambda f: f.to_json(orient="records", lines=True).encode(), ()),
    "JSON": ("trees.json", lambda f: json.dumps(f.to_dict(orient="records")).encode(), ()),
    "JSON lines named .json": ("trees.json", lambda f: f.to_json(orient="records", lines=True).encode(), ()),
    "index column": ("trees.csv", lambda f: f.to_csv().encode(), (("identifier", None),)),
    "remarks above": ("trees.csv", lambda f: ("# trees of 2023\n# by plot\n" + _text(f)).encode(), ()),
    "feather": ("trees.feather", lambda f: _feather(f), ()),
}  # fmt: skip


def _feather(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_feather(out)
    return out.getvalue()


for _name, (_path, _content, _found) in _FILES.items():
    add(f"file: {_name}", _file(_path, _content), "growth", "regression", "the same trees in another file", findings=_found, types={"size": "number",
        "kind": "category", "soil": ("category", "boolean"), "growth": "number"})  # fmt: skip

# ── no target named

add("no target: sensors", lambda r, _: pd.DataFrame(r.multivariate_normal([5, 80, 2, 9], np.eye(4) + 0.4, 600).round(3), columns=["s1", "s2", "s3",
    "s4"]), None, ("anomaly_detection", "regression"), "nothing is an answer")  # fmt: skip
add("no target: churn last", lambda r, _: (t := _sheet(r, 600)).assign(churn=np.where(t["growth"] > 5, "Yes", "No")).drop(columns="growth"), None,
    "binary", "the last column is a likely answer")  # fmt: skip
add("no target: price", lambda r, _: (t := _sheet(r, 600)).assign(price=(t["size"] * 120 + r.normal(0, 300, 600)).round(2)).drop(columns="growth"),
    None, "regression", "a price is a likely answer")  # fmt: skip
add("no target: label", lambda r, _: (t := _sheet(r, 600)).assign(label=np.array(["a", "b", "c"])[np.digitize(t["size"] + r.normal(0, 5, 600), [35, 45])]).drop(
    columns="growth"), None, ("multiclass", "ordinal"), "a label is a likely answer")  # fmt: skip
