"""How people write numbers and missing values as text, and how to read both back."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

# Case matters: "none" is a level of many real columns (no airbag), while "None" is what Python writes for a missing value.
_TOKENS = "NA N/A n/a na #N/A #NA NaN nan NAN -nan <NA> NaT null NULL Null None ? - -- ."
MISSING = frozenset(["", *_TOKENS.split()])

_SIGNS = "$ € £ ¥ ₹ ₽ ₴ Kč zł Ft kr CHF USD EUR GBP CZK PLN HUF SEK NOK DKK JPY"
_MEASURES = (
    "% ‰ °C °F ° kg g mg t lb lbs oz km m cm mm mi ft in m² m2 sqft ha l ml dl h hrs min s sec ms days years kWh kW W V hp PS kcal MB GB Hz"
)
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

    Example:
        >>> NumberFormat(decimal=",", thousands=".").parse("1.234,56")
        1234.56
        >>> NumberFormat(thousands=",", affix="$").parse("($1,200)")
        -1200.0
    """

    decimal: str = "."
    thousands: str = ""
    affix: str = ""

    def parse(self, text: str) -> float:
        """Return the number that `text` says in this notation, or NaN when it says none."""
        text = text.strip()
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
        values = {"decimal": self.decimal, "thousands": self.thousands, "affix": self.affix}
        return {key: value for key, value in values.items() if value}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NumberFormat:
        """Rebuild a notation from :meth:`to_dict`; other keys are ignored."""
        return cls(values.get("decimal", "."), values.get("thousands", ""), values.get("affix", ""))


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
    matches = [match for text in texts if (match := _SHAPE.fullmatch(text.strip().translate(_SPACES)))]
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
