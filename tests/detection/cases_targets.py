"""Tables whose target is written in every way that people write targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from detection_cases import Random, add, bins, signal, table


def _with(values: Callable[[np.ndarray, Random], Any], rows: int = 900, noise: float = 1.0) -> Callable[..., pd.DataFrame]:
    def make(random: Random, _folder: Any) -> pd.DataFrame:
        frame = table(random, rows)
        frame["outcome"] = values(signal(frame, random, noise), random)
        return frame

    return make


def _words(*words: Any, shares: list[float] | None = None) -> Callable[[np.ndarray, Random], np.ndarray]:
    return lambda value, random: np.array(words, dtype=object)[bins(value, shares or [1.0] * len(words))]


_TWO = {
    "yes no": ("no", "yes"),
    "Ja Nein": ("Nein", "Ja"),
    "oui non": ("non", "oui"),
    "si no": ("no", "sí"),
    "ano ne": ("ne", "ano"),
    "tak nie": ("nie", "tak"),
    "da net": ("нет", "да"),
    "igen nem": ("nem", "igen"),
    "sim nao": ("não", "sim"),
    "TRUE FALSE text": ("FALSE", "TRUE"),
    "Y N": ("N", "Y"),
    "0 1": (0, 1),
    "0.0 1.0": (0.0, 1.0),
    "1 2": (1, 2),
    "-1 1": (-1, 1),
    "bool": (False, True),
    "good bad": ("good", "bad"),
    "income classes": ("<=50K", ">50K"),
    "male female": ("female", "male"),
    "pass fail": ("pass", "fail"),
    "text 0 1": ("0", "1"),
    "benign malignant": ("B", "M"),
}
for _name, _labels in _TWO.items():
    add(f"binary: {_name}", _with(_words(*_labels, shares=[0.7, 0.3])), "outcome", "binary", "two values are two classes")
add(
    "binary: rare",
    _with(_words("ok", "fraud", shares=[0.97, 0.03]), 3000),
    "outcome",
    "binary",
    "two values, one rare",
    findings=(("imbalance", "outcome"),),
)
add(
    "binary: with missing",
    _with(lambda v, r: np.where(r.random(len(v)) < 0.25, None, np.where(v > 0, "yes", "no"))),
    "outcome",
    "binary",
    "missing answers are no class",
    findings=(("target_missing", "outcome"),),
)
add("binary: question marks", _with(lambda v, r: np.where(r.random(len(v)) < 0.1, "?", np.where(v > 0, "yes", "no"))), "outcome", "binary",
    "a question mark is a missing value", findings=(("target_missing", "outcome"),))  # fmt: skip

_MANY: dict[str, tuple[Any, str]] = {
    "three words": (_words("red", "green", "blue"), "words are classes"),
    "species": (_words("setosa", "versicolor", "virginica"), "words are classes"),
    "codes 0 1 2": (_words(0, 1, 2), "a few codes from 0 without a gap"),
    "codes 0 to 9": (lambda v, r: r.integers(0, 10, len(v)), "digits"),
    "codes 0 to 3 unequal": (_words(0, 1, 2, 3, shares=[0.2, 0.45, 0.3, 0.05]), "a few codes from 0"),
    "floats 1.0 2.0 3.0": (_words(1.0, 2.0, 3.0), "whole numbers that a missing cell turned into floats"),
    "gapped codes": (_words(101, 205, 318, 427, 999), "numbers of three digits with gaps name departments"),
    "text codes": (_words("A1", "B7", "C3", "D4"), "codes with letters"),
    "padded codes": (_words("001", "002", "007", "113"), "digits with zeros in front are names"),
    "thirty labels": (lambda v, r: np.array([f"brand {k}" for k in range(30)])[r.integers(0, 30, len(v))], "words, however many"),
    "states": (lambda v, r: r.choice(["CA", "NY", "TX", "WA", "OR", "FL"], len(v)), "abbreviations"),
    "zip areas": (lambda v, r: r.choice(["01067", "10115", "20095", "80331"], len(v)), "zip codes name places"),
    "words and missing": (lambda v, r: np.where(r.random(len(v)) < 0.1, None, r.choice(["bus", "car", "bike"], len(v))), "words are classes"),
    "categorical": (lambda v, r: pd.Categorical(r.choice(["x", "y", "z"], len(v))), "a declared category"),
    "categorical numbers": (lambda v, r: pd.Categorical(r.choice([3, 5, 9], len(v))), "a declared category of numbers"),
}  # fmt: skip
for _name, (_make, _why) in _MANY.items():
    add(f"multiclass: {_name}", _with(_make), "outcome", "multiclass", _why)

_ORDER = ("multiclass", "ordinal")
add("ordinal: stars", _with(_words(1, 2, 3, 4, 5, shares=[0.1, 0.05, 0.15, 0.3, 0.4])), "outcome", _ORDER, "stars from 1 to 5")
add("ordinal: likert 7", _with(_words(*range(1, 8))), "outcome", _ORDER, "answers from 1 to 7")
add("ordinal: out of ten", _with(_words(*range(1, 11)), 2000), "outcome", (*_ORDER, "regression"), "marks from 1 to 10")
add(
    "ordinal: words",
    _with(_words("low", "medium", "high")),
    "outcome",
    _ORDER,
    "words with an order",
    types={"outcome": ("ordinal", "category")},
)
add(
    "ordinal: agreement",
    _with(_words("strongly disagree", "disagree", "neutral", "agree", "strongly agree")),
    "outcome",
    _ORDER,
    "a Likert scale",
)
add(
    "ordinal: wine",
    _with(_words(3, 4, 5, 6, 7, 8, shares=[1, 4, 42, 40, 12, 1]), 1500),
    "outcome",
    (*_ORDER, "regression"),
    "marks of tasters",
)
add("ordinal: ranges", _with(_words("0-17", "18-34", "35-54", "55+")), "outcome", _ORDER, "ranges of ages")
add("ordinal: German marks", _with(_words("schlecht", "mittel", "gut", "sehr gut")), "outcome", _ORDER, "words with an order, in German")

_NUMBERS: dict[str, tuple[Any, str]] = {
    "normal": (lambda v, r: v * 3 + 10, "floats with fractions measure"),
    "ages": (lambda v, r: np.clip((45 + 14 * v).round(), 18, 80).astype(int), "63 whole numbers in a span without gaps: ages"),
    "prices in whole dollars": (lambda v, r: np.exp(12 + 0.4 * v).round(-2).astype(int), "rounded prices"),
    "years": (lambda v, r: np.clip((1985 + 15 * v).round(), 1950, 2011).astype(int), "years"),
    "currency text": (lambda v, r: [f"${x:,.2f}" for x in np.exp(8 + 0.5 * v)], "dollars with thousands"),
    "euro text": (lambda v, r: [f"{x:.2f} €".replace(".", ",") for x in np.exp(4 + 0.5 * v)], "euros with a decimal comma"),
    "percent text": (lambda v, r: [f"{x:.1f}%" for x in 50 + 10 * v], "percents"),
    "decimal comma": (lambda v, r: [f"{x:.3f}".replace(".", ",") for x in v], "a decimal comma"),
    "German thousands": (lambda v, r: [f"{x:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") for x in np.exp(9 + v)], "1.234,56"),
    "few-valued floats": (lambda v, r: np.clip(np.round(2 * v) / 2 + 3, 1, 5), "marks in halves"),
    "two floats": (lambda v, r: np.where(v > 0, 0.7, 0.3), "two fractions measure"),
    "shares": (lambda v, r: 1 / (1 + np.exp(-v)), "between 0 and 1"),
    "float prices": (lambda v, r: np.exp(3 + 0.6 * v).round(2), "4,000 different prices among many rows"),
    "large whole": (lambda v, r: np.exp(11 + 0.8 * v).astype(int), "amounts"),
    "negative and positive": (lambda v, r: (100 * v).round().astype(int), "gains and losses"),
    "scores": (lambda v, r: np.clip((72 + 12 * v).round(), 0, 100).astype(int), "exam scores"),
    "with words": (lambda v, r: np.where(r.random(len(v)) < 0.02, "n/a", (v * 10).round(2).astype(str)), "numbers and n/a"),
    "temperature": (lambda v, r: (15 + 8 * v).round(1), "a measure with one digit"),
    "grams": (lambda v, r: [f"{x:.1f} kg" for x in 70 + 12 * v], "a unit behind the number"),
}  # fmt: skip
for _name, (_make, _why) in _NUMBERS.items():
    add(f"regression: {_name}", _with(_make), "outcome", "regression", _why)
add("regression: many rows few decimals", _with(lambda v, r: (5 + v).round(1), 6000), "outcome", "regression", "1 % distinct, but measured")
add(
    "regression: ages of many",
    _with(lambda v, r: np.clip((45 + 14 * v).round(), 18, 80), 6000),
    "outcome",
    "regression",
    "1 % distinct ages",
)

_COUNT = ("count", "regression")
_COUNTS: dict[str, tuple[Any, str]] = {
    "poisson 2": (lambda v, r: r.poisson(np.exp(0.7 + 0.3 * v)), "number of visits"),
    "poisson 8": (lambda v, r: r.poisson(np.exp(2 + 0.2 * v)), "number of calls"),
    "overdispersed": (lambda v, r: r.negative_binomial(2, 1 / (1 + np.exp(1.5 + 0.4 * v))), "number of claims"),
    "mostly zero": (lambda v, r: r.poisson(np.exp(-1.2 + 0.4 * v)), "number of accidents"),
    "bikes": (lambda v, r: r.gamma(1.2, 150, len(v)).astype(int), "rentals an hour"),
}
for _name, (_make, _why) in _COUNTS.items():
    add(f"count: {_name}", _with(_make, 1500), "outcome", _COUNT, _why)


def _tags(separator: str) -> Callable[[np.ndarray, Random], Any]:
    names = ["sport", "news", "music", "film", "travel"]

    def values(value: np.ndarray, random: Random) -> list[str]:
        return [separator.join(random.permutation(names)[: random.integers(1, 4)]) for _ in value]

    return values


for _name, _mark in {"semicolons": ";", "pipes": "|", "commas": ",", "commas and blanks": ", "}.items():
    add(f"multilabel: {_name}", _with(_tags(_mark)), "outcome", "multilabel", "several labels in a cell", types={"outcome": "list"})
add("multilabel: lists", _with(lambda v, r: [list(r.permutation(["a", "b", "c"])[: r.integers(1, 3)]) for _ in v]), "outcome", "multilabel",
    "lists of labels", types={"outcome": "list"})  # fmt: skip
add("multilabel: printed lists", _with(lambda v, r: [str([str(x) for x in r.permutation(["a", "b", "c"])[: r.integers(1, 3)]]) for _ in v]),
    "outcome", "multilabel", "lists as Python prints them", types={"outcome": "list"})  # fmt: skip


def _columns(random: Random, kind: str) -> pd.DataFrame:
    frame = table(random, 700)
    for place in range(3):
        value = signal(frame, random)
        frame[f"out{place}"] = {"binary": (value > 0.5).astype(int), "words": np.where(value > 0, "yes", "no"), "numbers": value * 4 + 10}[
            kind
        ]
    return frame


_OUTS = ["out0", "out1", "out2"]
add("multilabel: columns of 0 and 1", lambda r, _: _columns(r, "binary"), _OUTS, "multilabel", "several columns of two values")
add("multilabel: columns of yes and no", lambda r, _: _columns(r, "words"), _OUTS, "multilabel", "several columns of two values")
add("several numbers", lambda r, _: _columns(r, "numbers"), _OUTS, "regression", "several columns of numbers")
