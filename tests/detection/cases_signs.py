"""Second group: every finding in other words than before, each with what looks like it and is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add


def _calls(random: Random, rows: int = 1000) -> tuple[pd.DataFrame, np.ndarray]:
    """Return calls of a help desk without a target, and a signal of mean 0 and standard deviation 1."""
    frame = pd.DataFrame(
        {
            "wait_s": random.gamma(2, 60, rows).round(1),
            "agent_years": random.integers(0, 20, rows),
            "product": random.choice(["router", "phone", "TV", "contract"], rows),
            "lang": random.choice(["de", "fr", "it"], rows, p=[0.6, 0.3, 0.1]),
            "cost": random.lognormal(3, 0.7, rows).round(2),
        }
    )
    value = frame["wait_s"] / 90 - 0.06 * frame["agent_years"] + 0.5 * (frame["product"] == "TV") + random.normal(0, 0.8, rows)
    return frame, ((value - value.mean()) / value.std()).to_numpy()


def _desk(change: Callable[[pd.DataFrame, np.ndarray, Random], Any], rows: int = 1000, number: bool = False) -> Any:
    """Return a maker: a yes/no target `unhappy`, or a number `minutes`, and what the change adds."""

    def make(random: Random, _folder: Path) -> pd.DataFrame:
        frame, value = _calls(random, rows)
        if number:
            frame["minutes"] = (20 + 6 * value).round(2)
        else:
            frame["unhappy"] = np.where(value > 0.6, "yes", "no")
        changed = change(frame, value, random)
        return frame.assign(**changed) if isinstance(changed, dict) else changed

    return make


def _yes(frame: pd.DataFrame) -> np.ndarray:
    return (frame["unhappy"] == "yes").to_numpy()


# (what is added, findings, whether a severe finding is right, whether the target is a number, why)
_SIGNS: dict[str, tuple[Any, tuple[tuple[str, str | None], ...], bool, bool, str]] = {
    # identifiers
    "row numbers from a file": (lambda f, v, r: {"Unnamed: 0": np.arange(len(f))}, (("identifier", "Unnamed: 0"),), True, False, "an old index"),
    "case numbers by year": (lambda f, v, r: {"c9": [f"2023/{k:06d}" for k in r.permutation(len(f))]}, (("identifier", "c9"),), True, False, "codes"),
    "hashes": (lambda f, v, r: {"h": [r.bytes(20).hex() for _ in range(len(f))]}, (("identifier", "h"),), True, False, "hashes"),
    "account numbers": (lambda f, v, r: {"IBAN": [f"DE{k:020d}" for k in r.choice(10**12, len(f), replace=False)]}, (("identifier", "IBAN"),), True,
        True, "numbers of accounts"),
    "mostly unique codes": (lambda f, v, r: {"ticket": [f"T{k}" for k in r.integers(0, 20_000, len(f))]}, (("identifier", "ticket"),), True, False,
        "few codes twice"),
    "numbers with a gap": (lambda f, v, r: {"no": np.cumsum(r.integers(1, 4, len(f)))}, (("identifier", "no"),), True, True, "rising numbers"),
    "clean: unique measures": (lambda f, v, r: {"length": r.normal(5, 1, len(f))}, (), True, False, "every value once, a measure"),
    "clean: salaries": (lambda f, v, r: {"salary": r.lognormal(10.5, 0.4, len(f)).astype(int)}, (), True, False, "nearly every value once"),
    "clean: rare places": (lambda f, v, r: {"place": [f"Ort {chr(97 + k % 23)}{chr(97 + k % 19)}" for k in r.integers(0, 90, len(f))]}, (), True,
        False, "ninety places"),
    # constants
    "constant and gaps": (lambda f, v, r: {"unit": np.where(r.random(len(f)) < 0.3, None, "min")}, (("constant", "unit"),), True, False,
        "one value or nothing"),
    "nearly constant": (lambda f, v, r: {"vip": np.where(np.arange(len(f)) == 7, "y", "n")}, (("constant", "vip"),), True, False, "one row differs"),
    "zeros": (lambda f, v, r: {"fee": 0.0}, (("constant", "fee"),), True, True, "nothing but zeros"),
    "clean: rare but real": (lambda f, v, r: {"vip": np.where(r.random(len(f)) < 0.06, "y", "n")}, (), True, False, "six in a hundred"),
    # duplicates
    "column again in other kind": (lambda f, v, r: {"agent": f["agent_years"].astype(float)}, (("duplicate_columns", "agent"),), True, False,
        "whole numbers as floats"),
    "words again as codes": (lambda f, v, r: {"prod_code": f["product"].map({"router": 1, "phone": 2, "TV": 3, "contract": 4})},
        (("duplicate_columns", "prod_code"),), True, False, "the same kinds numbered"),
    "rows twice": (lambda f, v, r: pd.concat([f, f.iloc[::4]], ignore_index=True), (("duplicate_rows", None),), True, False, "a quarter again"),
    "some rows twice": (lambda f, v, r: pd.concat([f, f.iloc[:30]], ignore_index=True), (("duplicate_rows", None),), True, True, "thirty again"),
    "clean: columns alike": (lambda f, v, r: {"wait_min": f["wait_s"] / 60 + r.normal(0, 0.4, len(f))}, (), True, False, "alike, not the same"),
    # leakage
    "complaint number": (lambda f, v, r: {"complaint": np.where(_yes(f), [f"B-{k}" for k in r.permutation(len(f))], None)},
        (("leakage", "complaint"),), False, False, "given only to the unhappy"),
    "closed at": (lambda f, v, r: {"closed": np.where(_yes(f) & (r.random(len(f)) < 0.95), "2024-05-0" + pd.Series(r.integers(1, 9, len(f))).astype(
        str), None)}, (("leakage", "closed"),), False, False, "a date of those who left"),
    "copy upside down": (lambda f, v, r: {"happy": ~_yes(f)}, (("leakage", "happy"),), False, False, "the opposite"),
    "copy with spaces": (lambda f, v, r: {"label2": np.where(_yes(f), " YES ", " NO ")}, (("leakage", "label2"),), False, False, "in capitals"),
    "code of the outcome": (lambda f, v, r: {"result": np.where(_yes(f), r.choice(["R1", "R7"], len(f)), r.choice(["OK", "OK2", "R3"], len(f)))},
        (("leakage", "result"),), False, False, "several codes of each outcome"),
    "rank": (lambda f, v, r: {"rank": f["minutes"].rank()}, (("leakage", "rank"),), False, True, "the order of the target"),
    "logarithm": (lambda f, v, r: {"lg": np.log(f["minutes"] + 40)}, (("leakage", "lg"),), False, True, "the target's logarithm"),
    "in seconds": (lambda f, v, r: {"sec": [f"{x * 60:.0f} s" for x in f["minutes"]]}, (("leakage", "sec"),), False, True, "in other units, text"),
    "band of the target": (lambda f, v, r: {"band": pd.cut(f["minutes"], 12).astype(str)}, (("leakage", "band"),), False, True, "the target in bands"),
    "clean: one good feature": (lambda f, v, r: {"tone": v + r.normal(0, 0.9, len(f))}, (), True, False, "good, not too good"),
    "clean: honest gaps": (lambda f, v, r: {"mail": np.where(r.random(len(f)) < 0.4, None, r.choice(["a", "b"], len(f)))}, (), True, False,
        "gaps by chance"),
    "clean: good number": (lambda f, v, r: {"tone": v * 3 + r.normal(0, 1.5, len(f))}, (), True, True, "R² of 0.8"),
    # cells
    "nine in ten missing": (lambda f, v, r: {"fax": np.where(r.random(len(f)) < 0.9, np.nan, r.normal(size=len(f)))}, (("high_missing", "fax"),), True,
        False, "nine in ten"),
    "words for missing": (lambda f, v, r: {"fax": np.where(r.random(len(f)) < 0.7, r.choice(["N/A", "?", "none", ""], len(f)), r.normal(
        size=len(f)).round(2).astype(str))}, (("high_missing", "fax"),), True, False, "missing in words"),
    "clean: a tenth missing": (lambda f, v, r: {"fax": np.where(r.random(len(f)) < 0.1, np.nan, r.normal(size=len(f)))}, (), True, False, "a tenth"),
    "numbers and remarks": (lambda f, v, r: {"size": np.where(r.random(len(f)) < 0.1, r.choice(["see note", "broken", "ask"], len(f)), r.integers(
        1, 90, len(f)).astype(str))}, (("mixed_types", "size"),), True, False, "numbers and words"),
    "kinds in one column": (lambda f, v, r: {"any": np.array([int(k) if k % 2 else f"w{k % 5}" for k in r.integers(0, 90, len(f))], dtype=object)},
        (("mixed_types", "any"),), True, True, "whole numbers and strings in Python"),
    "dates and words": (lambda f, v, r: {"when": np.where(r.random(len(f)) < 0.1, "pending", "2023-01-1" + pd.Series(r.integers(0, 9, len(f))).astype(
        str))}, (("mixed_types", "when"),), True, False, "dates and words"),
    "some answers missing": (lambda f, v, r: {"unhappy": np.where(r.random(len(f)) < 0.05, None, f["unhappy"])}, (("target_missing", "unhappy"),),
        True, False, "one in twenty"),
    "answers missing in words": (lambda f, v, r: {"unhappy": np.where(r.random(len(f)) < 0.2, "n/a", f["unhappy"])}, (("target_missing", "unhappy"),),
        True, False, "n/a is no class"),
    "three in a hundred": (lambda f, v, r: {"unhappy": np.where(v > np.quantile(v, 0.97), "yes", "no")}, (("imbalance", "unhappy"),), True, False,
        "3 %"),
    "clean: one in four": (lambda f, v, r: {"unhappy": np.where(v > np.quantile(v, 0.75), "yes", "no")}, (), True, False, "25 %"),
    "few": (lambda f, v, r: f.head(45), (("few_rows", None),), True, True, "45 rows"),
    "euros": (lambda f, v, r: {"bill": [f"{x:,.2f} EUR".translate(str.maketrans(",.", ".,")) for x in f["cost"] * 99]}, (("number_format", "bill"),),
        True, False, "German euros"),
    "thousands": (lambda f, v, r: {"steps": [f"{x:,}" for x in r.integers(900, 90_000, len(f))]}, (("number_format", "steps"),), True, False,
        "commas for thousands"),
    "permille": (lambda f, v, r: {"p": [f"{x:.2f}".replace(".", ",") + "%" for x in r.uniform(0, 9, len(f))]}, (("number_format", "p"),), True, False,
        "percent with commas"),
    "negative in brackets": (lambda f, v, r: {"p": [f"({-x:.2f})" if x < 0 else f"{x:.2f}" for x in r.normal(0, 9, len(f))]}, (("number_format", "p"),),
        True, False, "brackets for losses"),
}  # fmt: skip
for _name, (_change, _found, _clean, _number, _why) in _SIGNS.items():
    add(f"sign: {_name}", _desk(_change, number=_number), "minutes" if _number else "unhappy", "regression" if _number else "binary", _why,
        findings=_found, clean=_clean, modality=("tabular",))  # fmt: skip

# ── groups


def _repeated(form: Callable[[int], Any], name: str, each: int = 8, like: float = 1.3, rows: int = 1200, number: bool = False) -> Any:
    """Return a maker: rows of machines, pupils or riders, each with some traits of its own and an outcome alike in all its rows."""

    def make(random: Random, _folder: Path) -> pd.DataFrame:
        who = random.integers(0, rows // each, rows)
        frame, value = _calls(random, rows)
        frame["agent_years"] = random.integers(0, 20, rows // each)[who]
        frame["lang"] = random.choice(["de", "fr", "it"], rows // each)[who]
        frame[name] = [form(int(k)) for k in who]
        value = value + like * random.normal(size=rows // each)[who]
        frame["out"] = value.round(3) * 10 if number else np.where(value > 0.5, "bad", "fine")
        return frame

    return make


add(
    "who: machines",
    _repeated(lambda k: f"MX-{k + 100}", "machine"),
    "out",
    "binary",
    "eight runs of each machine",
    findings=(("group", "machine"),),
)
add("who: pupils", _repeated(lambda k: 40_000 + 7 * k, "Schüler-Nr", 5), "out", "binary", "five tests of each pupil",
    findings=(("group", "Schüler-Nr"),))  # fmt: skip
add(
    "who: mails",
    _repeated(lambda k: f"p{k}@mail.example", "c9", 6),
    "out",
    "binary",
    "six orders of each address",
    findings=(("group", "c9"),),
)
add("who: subjects, a number", _repeated(lambda k: f"sub-{k:03d}", "subject", 10, number=True), "out", "regression", "ten trials of each",
    findings=(("group", "subject"),))  # fmt: skip
add("who: riders, weakly alike", _repeated(lambda k: f"r{k:04d}", "rider_id", 6, 0.8), "out", "binary", "six rides of each rider",
    findings=(("group", "rider_id"),))  # fmt: skip
add("who: clean, kinds of things", lambda r, _: _calls(r)[0].assign(model=lambda f: r.choice([f"Z{k}" for k in range(25)], len(f)),
    out=lambda f: np.where(f["wait_s"] / 60 + r.normal(size=len(f)) > 2.5, "bad", "fine")), "out", "binary", "25 models of phones")  # fmt: skip

# ── time


def _drift(dates: Callable[[np.ndarray], Any], name: str, stored: bool = True, binary: bool = False) -> Any:
    def make(random: Random, _folder: Path) -> pd.DataFrame:
        frame, value = _calls(random, 1400)
        days = np.sort(random.uniform(0, 900, 1400))
        frame[name] = dates(days)
        value = value + 1.6 * np.sin(days / 70) + days / 400
        frame["out"] = np.where(value > 1.2, "bad", "fine") if binary else (30 + 5 * value).round(2)
        return frame if stored else frame.sample(frac=1, random_state=3).reset_index(drop=True)

    return make


_FROM = pd.Timestamp("2020-06-01")
add("when: calls in order", _drift(lambda d: _FROM + pd.to_timedelta(d, "D"), "c8"), "out", "regression", "the level moves with time",
    findings=(("time_order", "c8"),))  # fmt: skip
add("when: calls shuffled", _drift(lambda d: (_FROM + pd.to_timedelta(d.round(), "D")).strftime("%m/%d/%Y"), "called", False), "out", "regression",
    "American dates, shuffled", findings=(("time_order", "called"),), types={"called": "datetime"})  # fmt: skip
add("when: outcomes drift", _drift(lambda d: (_FROM + pd.to_timedelta(d, "D")).strftime("%Y-%m-%d %H:%M"), "at", binary=True), "out", "binary",
    "the share moves with time", findings=(("time_order", "at"),))  # fmt: skip
add("when: clean, dates of birth", _desk(lambda f, v, r: {"né le": (pd.Timestamp("1975-01-01") + pd.to_timedelta(r.integers(-9000, 9000, len(f)),
    unit="D")).strftime("%d/%m/%Y")}), "unhappy", "binary", "dates that order nothing", types={"né le": "datetime"})  # fmt: skip

# ── a test file that differs

add("shift: dearer calls", _desk(lambda f, v, r: f, number=True), "minutes", "regression", "the test rows cost three times as much",
    findings=(("shift", "cost"),), test=lambda frame, r: frame.sample(300, random_state=1).assign(cost=lambda f: f["cost"] * 3))  # fmt: skip
add("shift: new kinds", _desk(lambda f, v, r: f), "unhappy", "binary", "other products in the test rows", findings=(("shift", "product"),),
    test=lambda frame, r: frame.sample(300, random_state=1).assign(product=lambda f: r.choice(["router", "watch", "glasses"], 300)))  # fmt: skip
add("shift: gaps", _desk(lambda f, v, r: f), "unhappy", "binary", "no language in the test rows", findings=(("shift", "lang"),),
    test=lambda frame, r: frame.sample(300, random_state=1).assign(lang=lambda f: np.where(r.random(300) < 0.7, None, f["lang"])))  # fmt: skip
add("shift: clean, none", _desk(lambda f, v, r: f), "unhappy", "binary", "the same rows by chance", absent=("shift",),
    test=lambda frame, r: frame.sample(300, random_state=1))  # fmt: skip
