"""Tables with something that spoils a model or its scores, and their clean twins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add, signal, table


def _binary(random: Random, rows: int = 1200, noise: float = 1.0) -> pd.DataFrame:
    frame = table(random, rows)
    frame["churned"] = np.where(signal(frame, random, noise) > 0.5, "yes", "no")
    return frame


def _price(random: Random, rows: int = 1200) -> pd.DataFrame:
    frame = table(random, rows)
    frame["price"] = (200 + 60 * signal(frame, random)).round(2)
    return frame


def _on(base: Callable[[Random], pd.DataFrame], change: Callable[[pd.DataFrame, Random], Any]) -> Callable[..., pd.DataFrame]:
    def make(random: Random, _folder: Path) -> pd.DataFrame:
        frame = base(random)
        changed = change(frame, random)
        return frame if changed is None else changed

    return make


def _set(**columns: Callable[[pd.DataFrame, Random], Any]) -> Callable[[pd.DataFrame, Random], pd.DataFrame]:
    return lambda frame, random: frame.assign(**{name: make(frame, random) for name, make in columns.items()})


def _yes(frame: pd.DataFrame) -> np.ndarray:
    return (frame["churned"] == "yes").to_numpy()


for _number in range(6):
    add(f"clean: customers {_number}", lambda r, _, n=_number: _binary(r, 800 + 100 * n), "churned", "binary", "nothing is wrong")
    add(f"clean: prices {_number}", lambda r, _, n=_number: _price(r, 800 + 100 * n), "price", "regression", "nothing is wrong")
add("clean: strong but honest", lambda r, _: _binary(r, noise=0.3), "churned", "binary", "several columns predict well together")

# ── identifiers, constants, duplicates

add("identifier: counted", _on(_binary, _set(row=lambda f, r: np.arange(len(f)))), "churned", "binary", "counts rows",
    findings=(("identifier", "row"),))  # fmt: skip
add("identifier: shuffled", _on(_binary, _set(customer_id=lambda f, r: r.permutation(len(f)) + 10_000)), "churned", "binary", "numbers rows",
    findings=(("identifier", "customer_id"),))  # fmt: skip
add("identifier: codes", _on(_binary, _set(ref=lambda f, r: [f"C-{k:06x}" for k in r.permutation(10**6)[: len(f)]])), "churned", "binary",
    "a code for each row", findings=(("identifier", "ref"),))  # fmt: skip
add("identifier: uuid", _on(_binary, _set(key=lambda f, r: [r.bytes(8).hex() for _ in range(len(f))])), "churned", "binary",
    "a random code for each row", findings=(("identifier", "key"),))  # fmt: skip
add("identifier: mails", _on(_binary, _set(mail=lambda f, r: [f"user{k}@example.org" for k in r.permutation(len(f))])), "churned", "binary",
    "an address for each row", findings=(("identifier", "mail"),))  # fmt: skip
add("identifier: sparse numbers", _on(_price, _set(order_no=lambda f, r: r.choice(10**7, len(f), replace=False))), "price", "regression",
    "a number for each row", findings=(("identifier", "order_no"),))  # fmt: skip
add("constant: word", _on(_binary, _set(country=lambda f, r: "CZ")), "churned", "binary", "the same in all rows",
    findings=(("constant", "country"),))  # fmt: skip
add("constant: number", _on(_price, _set(year=lambda f, r: 2024)), "price", "regression", "the same in all rows",
    findings=(("constant", "year"),))  # fmt: skip
add("constant: empty", _on(_binary, _set(note=lambda f, r: None)), "churned", "binary", "nothing in it", findings=(("constant", "note"),))
add("duplicate column: same", _on(_binary, _set(income_again=lambda f, r: f["income"])), "churned", "binary", "the same column twice",
    findings=(("duplicate_columns", "income_again"),))  # fmt: skip
add("duplicate column: as text", _on(_binary, _set(town=lambda f, r: f["city"].astype("category"))), "churned", "binary",
    "the same column stored otherwise", findings=(("duplicate_columns", "town"),))  # fmt: skip
add("duplicate rows: tenth", lambda r, _: pd.concat([f := _binary(r), f.sample(120, random_state=1)], ignore_index=True), "churned", "binary",
    "120 rows again", findings=(("duplicate_rows", None),))  # fmt: skip
add("duplicate rows: all", lambda r, _: pd.concat([f := _price(r, 600), f], ignore_index=True), "price", "regression", "every row twice",
    findings=(("duplicate_rows", None),))  # fmt: skip

# ── leakage

_LEAKS: dict[str, Any] = {
    "copy in other words": lambda f, r: np.where(_yes(f), "left", "stayed"),
    "copy as numbers": lambda f, r: _yes(f).astype(int),
    "nearly a copy": lambda f, r: np.where(r.random(len(f)) < 0.01, ~_yes(f), _yes(f)).astype(int),
    "score after the outcome": lambda f, r: _yes(f) * 3.0 + r.normal(0, 0.5, len(f)),
    "filled in afterwards": lambda f, r: np.where(_yes(f) & (r.random(len(f)) < 0.7), "price", None),
    "date filled in afterwards": lambda f, r: np.where(_yes(f), "2024-03-0" + pd.Series(r.integers(1, 10, len(f))).astype(str), None),
    "refund afterwards": lambda f, r: np.where(_yes(f), r.lognormal(3, 1, len(f)).round(2), 0.0),
}
for _name, _make in _LEAKS.items():
    add(f"leakage: {_name}", _on(_binary, _set(extra=_make)), "churned", "binary", "known only with the answer",
        findings=(("leakage", "extra"),), clean=False)  # fmt: skip
add("leakage: price with tax", _on(_price, _set(gross=lambda f, r: f["price"] * 1.21)), "price", "regression", "the target times 1.21",
    findings=(("leakage", "gross"),), clean=False)  # fmt: skip
add("leakage: rounded target", _on(_price, _set(about=lambda f, r: (f["price"] / 5).round() * 5)), "price", "regression", "the target rounded",
    findings=(("leakage", "about"),), clean=False)  # fmt: skip
add("leakage: target with noise", _on(_price, _set(invoice=lambda f, r: f["price"] + r.normal(0, 4, len(f)))), "price", "regression",
    "the target with a little noise", findings=(("leakage", "invoice"),), clean=False)  # fmt: skip


def _delivery(random: Random, _folder: Path) -> pd.DataFrame:
    frame = table(random, 900)
    days = np.clip(6 + 2.5 * signal(frame, random), 1, None).round()
    frame["ordered"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(random.integers(0, 400, 900), unit="D")
    frame["delivered"] = frame["ordered"] + pd.to_timedelta(days, unit="D")
    frame["days"] = days + random.normal(0, 0.2, 900)
    return frame


add("leakage: date after the outcome", _delivery, "days", "regression", "the target is the time between two dates",
    findings=(("leakage", "delivered"),), clean=False)  # fmt: skip

# ── groups and time


def _patients(random: Random, named: str = "patient_id", form: str = "P{:04d}", rows: int = 1200, fixed: bool = True) -> pd.DataFrame:
    who = random.integers(0, rows // 6, rows)
    frame = table(random, rows)
    effect = random.normal(size=rows // 6)
    if fixed:
        frame["sex"] = random.choice(["f", "m"], rows // 6)[who]
        frame["age"] = random.integers(18, 90, rows // 6)[who]
    names = who + 1 if form == "number" else [form.format(k) for k in who]
    frame.insert(0, named, names)
    frame["ill"] = np.where(signal(frame, random) + 1.5 * effect[who] > 0.3, "yes", "no")
    return frame


add("group: patients", lambda r, _: _patients(r), "ill", "binary", "six rows of each patient", findings=(("group", "patient_id"),))
add("group: patients by number", lambda r, _: _patients(r, form="number"), "ill", "binary", "numbered patients",
    findings=(("group", "patient_id"),))  # fmt: skip
add("group: no telling name", lambda r, _: _patients(r, named="c1", form="{:05d}X"), "ill", "binary", "the values alone tell it",
    findings=(("group", "c1"),))  # fmt: skip
add("group: customers without facts", lambda r, _: _patients(r, named="customer_id", fixed=False), "ill", "binary",
    "only the outcome is alike within a customer", findings=(("group", "customer_id"),))  # fmt: skip
add("group: accounts", lambda r, _: _patients(r, named="account", form="ACC{:06d}"), "ill", "binary", "several rows of each account",
    findings=(("group", "account"),))  # fmt: skip
add("clean: many towns", _on(_binary, _set(town=lambda f, r: r.choice([f"town {chr(97 + k % 26)}{k // 26}" for k in range(150)], len(f)))),
    "churned", "binary", "towns are places, not cases")  # fmt: skip


def _drifting(random: Random, stored: bool, written: str | None = None) -> pd.DataFrame:
    rows = 1500
    frame = table(random, rows)
    when = np.sort(random.integers(0, 700 * 86_400, rows))
    dates = pd.Timestamp("2022-01-01") + pd.to_timedelta(when, unit="s")
    frame["sold_on"] = dates.strftime(written) if written else dates
    frame["price"] = (200 + 40 * signal(frame, random) + 0.00000004 * when * 30).round(2)
    frame["price"] += 60 * np.sin(when / 86_400 / 60)
    return frame if stored else frame.sample(frac=1, random_state=2).reset_index(drop=True)


add("time: sorted sales", lambda r, _: _drifting(r, True), "price", "regression", "sales in their order, prices drift",
    findings=(("time_order", "sold_on"),), types={"sold_on": "datetime"})  # fmt: skip
add("time: shuffled sales", lambda r, _: _drifting(r, False), "price", "regression", "prices drift with the date",
    findings=(("time_order", "sold_on"),))  # fmt: skip
add("time: dates as text", lambda r, _: _drifting(r, True, "%d.%m.%Y %H:%M"), "price", "regression", "dates as text, prices drift",
    findings=(("time_order", "sold_on"),))  # fmt: skip
add("clean: a date that says nothing", _on(_binary, _set(born=lambda f, r: pd.Timestamp("1980-01-01") + pd.to_timedelta(
    r.integers(-9000, 9000, len(f)), unit="D"))), "churned", "binary", "dates of birth order nothing")  # fmt: skip

# ── cells and rows

add("missing: mostly", _on(_binary, _set(fax=lambda f, r: np.where(r.random(len(f)) < 0.8, None, r.normal(size=len(f))))), "churned", "binary",
    "four in five missing", findings=(("high_missing", "fax"),))  # fmt: skip
add("mixed types: numbers and words", _on(_binary, _set(size=lambda f, r: np.where(r.random(len(f)) < 0.5, "big", r.integers(1, 99, len(f)).astype(
    str)))), "churned", "binary", "half numbers, half words", findings=(("mixed_types", "size"),))  # fmt: skip
add("mixed types: a few words", _on(_price, _set(size=lambda f, r: np.where(r.random(len(f)) < 0.03, "broken", r.normal(50, 9, len(f)).round(2).astype(
    str)))), "price", "regression", "a sensor that fails at times", findings=(("mixed_types", "size"),))  # fmt: skip
add("few rows", lambda r, _: _binary(r, 60), "churned", "binary", "60 rows", findings=(("few_rows", None),))
add("few rows: of a class", lambda r, _: _binary(r).assign(churned=lambda f: np.where(np.arange(len(f)) < 4, "moved", f["churned"])), "churned",
    "multiclass", "four rows of one class", findings=(("few_rows", "churned"), ("imbalance", "churned")))  # fmt: skip
add("target missing", lambda r, _: _price(r).assign(price=lambda f: f["price"].where(np.arange(len(f)) % 3 > 0)), "price", "regression",
    "a third of the answers missing", findings=(("target_missing", "price"),))  # fmt: skip
add("imbalance", lambda r, _: table(r, 2000).assign(churned=lambda f: np.where(signal(f, r) > 2.1, "yes", "no")), "churned", "binary",
    "2 % yes", findings=(("imbalance", "churned"),))  # fmt: skip


def _file(random: Random, folder: Path, encoding: str, **how: Any) -> Path:
    frame = _price(random, 400).assign(city=lambda f: np.where(f["city"] == "Brno", "Plzeň", "Görlitz"))
    path = folder / "data.csv"
    frame.to_csv(path, index=False, encoding=encoding, **how)
    return path


add("encoding: cp1250", lambda r, f: _file(r, f, "cp1250"), "price", "regression", "not UTF-8", findings=(("encoding", None),))
add("encoding: latin-1", lambda r, f: _price(r, 300).assign(city="Zürich").to_csv(f / "d.csv", index=False, encoding="latin-1") or f / "d.csv",
    "price", "regression", "not UTF-8", findings=(("encoding", None), ("constant", "city")))  # fmt: skip
add("clean: UTF-8", lambda r, f: _file(r, f, "utf-8"), "price", "regression", "plain UTF-8")
add("clean: UTF-8 with a mark", lambda r, f: _file(r, f, "utf-8-sig"), "price", "regression", "UTF-8 with a mark")
add("number format: German file", lambda r, f: _file(r, f, "utf-8", sep=";", decimal=","), "price", "regression", "a decimal comma",
    findings=(("number_format", "price"), ("number_format", "income")))  # fmt: skip
_FORMATS: dict[str, Any] = {
    "dollars": lambda f, r: [f"${x:,.2f}" for x in r.lognormal(8, 1, len(f))],
    "percent": lambda f, r: [f"{x:.1f} %" for x in r.uniform(0, 100, len(f))],
    "decimal comma": lambda f, r: [f"{x:.3f}".replace(".", ",") for x in r.normal(size=len(f))],
    "thousands": lambda f, r: [f"{x:,}" for x in r.integers(1000, 10**7, len(f))],
}
for _name, _make in _FORMATS.items():
    add(f"number format: {_name}", _on(_binary, _set(amount=_make)), "churned", "binary", "written in another way",
        findings=(("number_format", "amount"),), types={"amount": "number"})  # fmt: skip
