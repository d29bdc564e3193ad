"""How people write numbers and missing values as text, and how to read both back."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

# Case matters: "none" is a level of many real columns (no airbag), while "None" is what Python writes for a missing value.
_TOKENS = "NA N/A n/a na #N/A #NA NaN nan NAN -nan <NA> NaT null NULL Null None ? - -- ."
MISSING = frozenset(["", *_TOKENS.split()])

_SIGNS = """
    $ € £ ¥ ₹ ₽ ₴ ₺ ₩ ₪ ฿ ₫ ₱ ₦ R$ A$ C$ US$ NZ$ HK$ S$ Kč zł Ft kr kr. Rs Rs. Fr. Rp TL lei руб руб. р. лв CHF USD EUR GBP CZK PLN HUF
    SEK NOK DKK JPY CAD AUD INR BRL MXN ZAR CNY RUB RON BGN TRY
"""
_MEASURES = """
    % ‰ °C °F ° kg g mg µg t lb lbs oz km m cm mm mi ft in m² m2 sqft sqm ha l L ml mL dl h hr hrs min mins s sec ms d days years yrs
    months weeks kWh MWh kW MW W V mV mA hp PS kcal cal kB KB MB GB TB Hz kHz MHz GHz km/h kmh km/s m/s mph kn kts bar mbar hPa kPa psi
    ppm dB rpm bpm mmHg mg/dl mg/dL mmol/l mmol/L g/l g/dl g/km l/100km kg/m² kg/m2 µg/m³ m³ cm² cm³ km² pcs Stk px
"""
_CURRENCIES, _UNITS = _SIGNS.split(), _MEASURES.split()
_AFFIX = "|".join(re.escape(affix) for affix in sorted({*_CURRENCIES, *_UNITS}, key=len, reverse=True))
_CURRENCY = "|".join(re.escape(affix) for affix in sorted(_CURRENCIES, key=len, reverse=True))

_SHAPE = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[+-])?\s*(?P<prefix>{_CURRENCY})?\s*(?P<sign2>[+-])?\s*"
    rf"(?P<core>[\d.,][\d.,' ]*?(?:[eE][+-]?\d+)?)\s*(?P<suffix>{_AFFIX})?\s*(?P<after>-)?(?P<close>\))?"
)
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2212": "-", "\u2019": "'"})
CANONICAL = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
PADDED = re.compile(r"[+-]?0\d+")  # "007" is a code: as a number it would lose its zeros
CLOCK = re.compile(r"-?(\d{1,3}):([0-5]\d):([0-5]\d)(?:[.,]\d+)?")
_COMMON_UNIT = re.compile(r"[\d.,' ]*\d\s+([^\W\d_][^\d]{0,14}|[^\w\s.,'()-][^\d]{0,8})")
_MAGNITUDES = {"k": 1e3, "K": 1e3, "tsd": 1e3, "M": 1e6, "Mio": 1e6, "mn": 1e6, "B": 1e9, "bn": 1e9, "Mrd": 1e9, "T": 1e12}
_SHORTENED = re.compile(rf"(?P<core>.*\d)\s?(?P<scale>{'|'.join(sorted(_MAGNITUDES, key=len, reverse=True))})\.?(?P<rest>\D*)")
_INFINITE = {"inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "infinity": math.inf, "+infinity": math.inf, "-infinity": -math.inf}


@lru_cache(maxsize=256)
def _strict(decimal: str, thousands: str, affix: str) -> re.Pattern[str]:
    """Return the pattern of a number in one notation: sign, affix, sign, core, affix, sign."""
    whole = r"\d+"
    if thousands:
        mark = re.escape(thousands)
        whole = rf"(?:\d{{1,3}}(?:{mark}\d{{3}})+|\d+|\d{{1,2}}(?:{mark}\d{{2}})+{mark}\d{{3}})"  # the last: Indian lakh groups
    point = re.escape(decimal)
    sign = rf"(?:{re.escape(affix)})?" if affix else ""
    return re.compile(rf"(\()? *([+-])? *{sign} *([+-])? *((?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?) *{sign} *(-)?(\))?")


@dataclass(frozen=True)
class NumberFormat:
    """One way to write numbers: decimal sign, thousands separator and a currency, percent or unit sign around them.

    Attributes:
        decimal: "." or ",".
        thousands: "", ",", ".", " " or "'".
        affix: A sign that may stand before or after the number, such as "$", "%" or "kg"; "" for none.
        magnitudes: Whether numbers may be shortened, as 1.5k and 2M are.
        clock: Whether cells are hours, minutes and seconds, such as 01:23:45, which count as seconds.

    Example:
        >>> NumberFormat(decimal=",", thousands=".").parse("1.234,56")
        1234.56
        >>> NumberFormat(thousands=",", affix="$").parse("($1,200)")
        -1200.0
        >>> NumberFormat(magnitudes=True, affix="$").parse("$1.5M"), NumberFormat(clock=True).parse("01:00:05")
        (1500000.0, 3605.0)
    """

    decimal: str = "."
    thousands: str = ""
    affix: str = ""
    magnitudes: bool = field(default=False, repr=False)
    clock: bool = field(default=False, repr=False)

    def parse(self, text: str) -> float:
        """Return the number that `text` says in this notation, or NaN when it says none."""
        text = text.strip()
        if self.clock:
            return _seconds(text)
        if self.magnitudes and (shortened := _SHORTENED.fullmatch(text)) and shortened["scale"] + shortened["rest"] not in _UNITS:
            plain = replace(self, magnitudes=False)
            return plain.parse(shortened["core"] + shortened["rest"]) * _MAGNITUDES[shortened["scale"]]
        match = _strict(self.decimal, self.thousands, self.affix).fullmatch(text if text.isascii() else text.translate(_SPACES))
        if match is None:
            if self.decimal == "," and CANONICAL.fullmatch(text) and decimal_evidence(text.lstrip("-")) == ".":
                return float(text)  # written by a program, not by a person: cannot be meant otherwise
            return _INFINITE.get(text.casefold(), math.nan)
        opened, before, between, core, after, closed = match.groups()
        value = float((core.replace(self.thousands, "") if self.thousands else core).replace(self.decimal, "."))
        if not (opened or before or between or after or closed):
            return value
        signs = [before == "-", between == "-", after == "-", opened is not None]
        return math.nan if (opened is None) != (closed is None) or sum(signs) > 1 else -value if any(signs) else value

    def to_dict(self) -> dict[str, Any]:
        """Return the notation as JSON-ready values, without what is empty."""
        values = {
            "decimal": self.decimal,
            "thousands": self.thousands,
            "affix": self.affix,
            "magnitudes": self.magnitudes,
            "clock": self.clock,
        }
        return {key: value for key, value in values.items() if value}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NumberFormat:
        """Rebuild a notation from :meth:`to_dict`; other keys are ignored."""
        return cls(
            values.get("decimal", "."),
            values.get("thousands", ""),
            values.get("affix", ""),
            bool(values.get("magnitudes", False)),
            bool(values.get("clock", False)),
        )


def _seconds(text: str) -> float:
    """Return the seconds that hours, minutes and seconds say, or NaN."""
    if CLOCK.fullmatch(text) is None:
        return math.nan
    hours, minutes, seconds = text.lstrip("-").split(":")
    total = int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))
    return -total if text.startswith("-") else total


def _shortened(texts: Sequence[str]) -> list[str] | None:
    """Return texts without the signs of thousands and millions, where most have one and not all the same; else None."""
    found = [match if (match := _SHORTENED.fullmatch(text)) and match["scale"] + match["rest"] not in _UNITS else None for text in texts]
    scales = {match["scale"] for match in found if match}
    bare = sum(match is None and bool(_SHAPE.fullmatch(text)) for match, text in zip(found, texts, strict=True))
    if sum(match is not None for match in found) + bare < 0.9 * len(texts) or len(scales) + (bare > 0) < 2 or not scales & set("kKMB"):
        return None
    plain = [match["core"] + match["rest"] if match else text for match, text in zip(found, texts, strict=True)]
    return plain if sum(bool(_SHAPE.fullmatch(text)) for text in plain) >= 0.9 * len(plain) else None


def _common_unit(texts: Sequence[str]) -> str:
    """Return the word that stands behind all numbers, apart from them, or an empty text."""
    found: Counter[str] = Counter(match[1] for text in texts if (match := _COMMON_UNIT.fullmatch(text)))
    unit, count = next(iter(found.most_common(1)), ("", 0))
    return unit if count >= 0.95 * len(texts) and count >= 10 else ""


def decimal_evidence(core: str) -> str | None:
    """Return the decimal sign that an unsigned number proves, or None where it proves nothing.

    ``"1,5"`` proves a comma, ``"1.234"`` nothing (it may be 1234), ``"1.234.567"`` a comma, because points group its digits.

    Example:
        >>> decimal_evidence("1.234,56"), decimal_evidence("0.5"), decimal_evidence("1.234")
        (',', '.', None)
    """
    points, commas = core.count("."), core.count(",")
    if not points and not commas:
        return None
    if points and commas:
        return "," if core.rfind(",") > core.rfind(".") else "."
    if points > 1 or commas > 1:
        return "," if points else "."
    mark = "." if points else ","
    whole, _, fraction = core.partition(mark)
    groupable = len(fraction) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0"
    return None if groupable else mark


def _thousands(cores: Sequence[str], decimal: str) -> str:
    """Return the mark that groups digits, given the decimal sign."""
    other = "," if decimal == "." else "."
    marks = [mark for mark in (other, " ", "'") if any(mark in core for core in cores)]
    return max(marks, key=lambda mark: sum(mark in core for core in cores)) if marks else ""


def find_number_format(texts: Iterable[str], hint: str | None = None) -> NumberFormat | None:
    """Find out how the numbers among `texts` are written.

    Args:
        texts: Distinct non-missing cells; not all of them need to be numbers.
        hint: The decimal sign to believe where the cells alone prove none (``"1,234"``); None for thousands.

    Returns:
        The notation that fits most cells, or None where no cell looks like a number.

    Example:
        >>> find_number_format(["1.234,56", "12,00"])
        NumberFormat(decimal=',', thousands='.', affix='')
        >>> find_number_format(["45 %", "7 %"])
        NumberFormat(decimal='.', thousands='', affix='%')
    """
    texts = [text.strip().translate(_SPACES) for text in texts]
    shortened = _shortened(texts)
    if shortened is not None:
        found = find_number_format(shortened, hint)
        return None if found is None else replace(found, magnitudes=True)
    matches = [match for text in texts if (match := _SHAPE.fullmatch(text))]
    if len(matches) < 0.5 * len(texts) and (unit := _common_unit(texts)):
        found = find_number_format([text[: -len(unit)] for text in texts if text.endswith(unit)], hint)
        return found if found is None or found.affix else replace(found, affix=unit)
    if not matches:
        return None
    affixes: Counter[str] = Counter(match["prefix"] or match["suffix"] or "" for match in matches)
    marked = {affix: count for affix, count in affixes.items() if affix}
    affix = max(marked, key=lambda key: marked[key]) if marked else ""
    cores = [match["core"] for match in matches]
    proofs: Counter[str] = Counter(proof for core in cores if (proof := decimal_evidence(core)))
    likely = hint or "."
    decimal = max(proofs, key=lambda mark: (proofs[mark], mark == likely)) if proofs else likely
    return NumberFormat(decimal, _thousands(cores, decimal), affix)


def number_text(value: float | np.floating[Any]) -> str:
    """Write a number the one way in which levels are written: whole numbers without a fraction.

    Example:
        >>> number_text(5.0), number_text(0.1)
        ('5', '0.1')
    """
    number = float(value)
    if number.is_integer() and abs(number) < 2**63:
        return str(int(number))
    return repr(number) if isinstance(value, float) else str(value)  # a float32 is written with its own few digits


def level_text(text: str) -> str | None:
    """Return the one spelling of a category's level, or None for a missing value.

    A level reads the same whether it arrives as text or as a number: ``"5"``, ``"5.0"`` and ``5`` are one level, ``"007"`` is another.

    Example:
        >>> level_text(" 5.0"), level_text("007"), level_text(" ?")
        ('5', '007', None)
    """
    text = text.strip()
    if text in MISSING:
        return None
    first = text[0]
    if (first.isdigit() or first in "-.") and text.isascii() and CANONICAL.fullmatch(text):
        if text.isdigit() or (first == "-" and text[1:].isdigit() and text != "-0"):
            return text  # kept digit by digit: identifiers may be longer than a float is exact
        return number_text(float(text))
    return text
