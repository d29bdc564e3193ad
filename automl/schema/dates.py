"""Recognise how dates are written, and read them."""

from __future__ import annotations

import datetime
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

_CLOCK = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s*(?:[AaPp][Mm])?\s*(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
_ISO = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}{_CLOCK}")
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}")
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])\s?(\d{{1,2}})\2\s?(\d{{4}}|\d{{2}}){_CLOCK}")
_COMPACT = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_MONTH = re.compile(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])")
_MONTH_YEAR = re.compile(r"(?:0?[1-9]|1[0-2])([/.-])(?:19|20)\d{2}")
_QUARTER = re.compile(r"((?:19|20)\d{2})[ -/]?[Qq]([1-4])|[Qq]([1-4])[ -/]?((?:19|20)\d{2})")
_WEEK = re.compile(r"((?:19|20)\d{2})-?[Ww](\d{2})")
_NAMES = r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)([a-z]*)"
_DAY_NAME = re.compile(rf"\d{{1,2}}([-/ .]|\. ){_NAMES}\.?(,? ?[-/ ]?)(\d{{4}}|\d{{2}}){_CLOCK}", re.IGNORECASE)
_NAME_DAY = re.compile(rf"{_NAMES}\.? \d{{1,2}}(,?) (\d{{4}}){_CLOCK}", re.IGNORECASE)
_NAME_YEAR = re.compile(rf"{_NAMES}\.?([-/ ]|, )(\d{{4}}|\d{{2}})", re.IGNORECASE)
_YEAR_NAME = re.compile(rf"(\d{{4}})[-/ ]{_NAMES}", re.IGNORECASE)
_ENOUGH = 0.95
_MOSTLY = 0.75  # of the cells, where the others are a few words such as "unknown"
QUARTERS, WEEKS = "year and quarter", "year and week"  # formats that strptime does not know
_YEARS = (1678, 2261)  # what 64-bit nanoseconds hold


def to_nanoseconds(index: pd.DatetimeIndex) -> np.ndarray[Any, Any]:
    """Return datetime64[ns] without zone (UTC); dates that nanoseconds cannot hold become NaT.

    Example:
        >>> to_nanoseconds(pd.DatetimeIndex(["2024-01-05 12:00+02:00"]))[0]
        np.datetime64('2024-01-05T10:00:00.000000000')
    """
    index = index if index.tz is None else index.tz_convert("UTC").tz_localize(None)
    values = index.to_numpy()
    if values.dtype != np.dtype("datetime64[ns]"):
        years = values.astype("datetime64[Y]").astype(np.int64) + 1970
        values = np.where((years < _YEARS[0]) | (years > _YEARS[1]), np.datetime64("NaT"), values)
    return np.asarray(values.astype("datetime64[ns]"))


def _clock_format(text: str, start: int) -> str:
    """Return the format of what follows the date in one example."""
    rest = text[start:]
    if ":" not in rest:
        return ""
    half = re.search("[AaPp][Mm]", rest)
    hour = "%I" if half else "%H"
    seconds = rest.count(":") - (1 if re.search(r"[+-]\d{2}:\d{2}$", rest) else 0) > 1
    fraction = re.search(r":\d{2}([.,])\d", rest)
    clock = ("T" if rest.startswith("T") else " ") + hour + ":%M" + (":%S" if seconds else "") + (f"{fraction[1]}%f" if fraction else "")
    space = " " if re.search(r" [AaPp][Mm]", rest) else ""
    return clock + (f"{space}%p" if half else "") + (_zone(rest))


def _zone(rest: str) -> str:
    zone = re.search(r"(\s*)(Z|UTC|[+-]\d{2}:?\d{2})$", rest)
    return f"{zone[1]}%z" if zone else ""


def _date_end(text: str) -> int:
    """Return where the clock begins."""
    clock = re.search(r"[T ]\s*\d{1,2}:\d{2}", text)
    return clock.start() if clock else len(text)


# Months in other languages, beginning with the first; told by their first letters, so that March and May are written out.
_FOREIGN = """
    janv januar jänner enero gennaio gen janeiro jan stycz leden ledna янв
    févr fevr februar feber febrero febbraio fevereiro luty lutego únor února фев
    mars märz maerz mrz marzo março maart marzec marca březen března мар
    avr april abril aprile abr kwie duben dubna апр
    mai maio mayo maggio mag mei maj květen května мая май
    juin juni junio giugno giu junho czerw červen června июн
    juil juli julio luglio lug julho lip červenec července июл
    août aout august agosto ago augustus sierp srpen srpna авг
    sept september septiembre settembre set setembro wrze září сен
    oct oktober okt octubre ottobre ott outubro out paźdz říjen října окт
    nov november noviembre novembre novembro listopad ноя
    déc dec dez dezember diciembre dicembre dic dezembro december grud prosinec prosince дек
"""
_ENGLISH = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_KNOWN = frozenset(
    [
        *["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december", "sept"],
        *(month.casefold() for month in _ENGLISH),
    ]
)
_MONTH_OF = {word: place for place, line in enumerate(_FOREIGN.strip().splitlines()) for word in line.split()}
_BEGINNINGS = sorted(_MONTH_OF, key=len, reverse=True)
_WORD = re.compile(r"[^\W\d_]{3,}")
_IN_BETWEEN = re.compile(r" (?:de|di|del) ")


def _in_english(text: str) -> str:
    """Return a text with the name of a month in the short English form, as it is where it holds none.

    Example:
        >>> _in_english("24 août 2020"), _in_english("3 de enero de 2021"), _in_english("blue 7")
        ('24 Aug 2020', '3 Jan 2021', 'blue 7')
    """
    words = [word for word in _WORD.findall(text) if word.casefold() not in ("del",)]
    if len(words) != 1 or words[0].casefold() in _KNOWN:
        return text
    word = words[0].casefold()
    known = next((beginning for beginning in _BEGINNINGS if word.startswith(beginning)), None)
    if known is None or not any(letter.isdigit() for letter in text):
        return text
    return re.sub(r"\.(?= )", "", _IN_BETWEEN.sub(" ", text).replace(words[0], _ENGLISH[_MONTH_OF[known]]), count=1)


def _named_format(text: str) -> str | None:
    """Return the format of a date with the name of a month."""
    date = text[: _date_end(text)]
    name = re.search(_NAMES, date, re.IGNORECASE)
    if name is None:
        return None
    month = "%b" if not name[2] else "%B"
    written = date[: name.start()] + "\0" + date[name.end() :]
    year = re.sub(r"\d{4}$", "%Y", written)
    year = re.sub(r"(?<!%)\d{2}$", "%y", year) if "%Y" not in year else year
    return re.sub(r"\d{1,2}", "%d", year).replace("\0", month)


def _shape(text: str) -> tuple[str, str] | None:
    """Return (family, format with D for the unknown order) of one text, or None."""
    if _ISO.fullmatch(text) and not re.search("[AaPp][Mm]", text):
        return "iso", "ISO8601"
    if match := _YEAR_FIRST.fullmatch(text):
        return "year first", f"%Y{match[2]}%m{match[2]}%d" + _clock_format(text, match.end(4))
    if match := _YEAR_LAST.fullmatch(text):
        space = " " if re.match(r"\d{1,2}[-/.]\s", text) else ""
        year = "%Y" if len(match[4]) == 4 else "%y"
        return "order", f"A{match[2]}{space}B{match[2]}{space}{year}" + _clock_format(text, match.end(4))
    if _COMPACT.fullmatch(text):
        return "compact", "%Y%m%d"
    if _MONTH.fullmatch(text):
        return "month", "%Y-%m"
    if match := _MONTH_YEAR.fullmatch(text):
        return "month", f"%m{match[1]}%Y"
    if _QUARTER.fullmatch(text):
        return "quarter", QUARTERS
    if _WEEK.fullmatch(text):
        return "week", WEEKS
    text = _in_english(text)
    if _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text) or _NAME_YEAR.fullmatch(text) or _YEAR_NAME.fullmatch(text):
        named = _named_format(text)
        return ("named", named + _clock_format(text, _date_end(text))) if named else None
    return None


def _day_first(texts: Sequence[str]) -> tuple[bool, bool]:
    """Return (whether the day stands first, whether the values prove it)."""
    matches = [match for text in texts if (match := _YEAR_LAST.fullmatch(text))]
    first = sum(int(match[1]) > 12 for match in matches)
    second = sum(int(match[3]) > 12 for match in matches)
    if first != second:
        return first > second, True
    return not matches or matches[0][2] != "/", False  # slashes alone: the American order is the more common one


def find_date_formats(texts: Sequence[str], few: int = 0) -> tuple[list[str], float, str]:
    """Find out how dates are written.

    Args:
        texts: Distinct non-missing cells.
        few: How many of them may be words instead; the share is then that of the others.

    Returns:
        The formats, most common first; the share of cells that they read (0 where these are no dates); a note on the order
        of day and month.

    Example:
        >>> find_date_formats(["31.12.2023", "1.2.2024"])[0]
        ['%d.%m.%Y']
        >>> find_date_formats(["2024-01-05", "2024-01-06 10:30"])[0]
        ['ISO8601']
    """
    head = [shape for text in texts[:30] if (shape := _shape(text))]
    if len(head) < _ENOUGH * len(texts[:30]) - max(1, few) or not texts:
        return [], 0.0, ""
    if few:
        texts = [text for text in texts if _shape(text)]
    shapes = Counter(shape for text in texts if (shape := _shape(text)))
    if sum(shapes.values()) < _ENOUGH * len(texts):
        return [], 0.0, ""
    day_first, proven = _day_first(texts)
    note = ""
    if any(family == "order" for family, _ in shapes):
        note = f" The {'day' if day_first else 'month'} stands first" + ("." if proven else ", which the values do not prove.")
    order = {"A": "%d", "B": "%m"} if day_first else {"A": "%m", "B": "%d"}
    formats = []
    for (family, written), _ in shapes.most_common(12):
        formats.append(re.sub("[AB](?=[-/.])", lambda match: order[match[0]], written) if family == "order" else written)
    formats = list(dict.fromkeys(formats))
    read = ~np.isnat(parse_dates(np.array(texts, dtype=object), formats))
    share = float(read.mean()) if len(read) else 0.0
    return (formats, share, note) if share >= _ENOUGH else ([], 0.0, "")


def parse_dates(texts: np.ndarray[Any, Any], formats: Sequence[str]) -> np.ndarray[Any, Any]:
    """Read texts (None for missing) in the first of `formats` that fits each; NaT where none does.

    Example:
        >>> parse_dates(np.array(["5.1.2024", None], dtype=object), ["%d.%m.%Y"])[0]
        np.datetime64('2024-01-05T00:00:00.000000000')
    """
    result = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[ns]")
    left = np.array([place for place, text in enumerate(texts) if text is not None], dtype=np.int64)
    for written in formats:
        if not len(left):
            break
        if written in (QUARTERS, WEEKS):
            result[left] = [_period(texts[place], written) for place in left]
            left = left[np.isnat(result[left])]
            continue
        named = "%b" in written or "%B" in written
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cells = [_in_english(text) for text in texts[left]] if named else texts[left]
            parsed = pd.to_datetime(pd.Index(cells, dtype=object), format=written, errors="coerce", utc=True)
        result[left] = to_nanoseconds(pd.DatetimeIndex(parsed))
        left = left[np.isnat(result[left])]
    return result


def _period(text: str, written: str) -> np.datetime64:
    """Return the first day of a quarter or of a week (ISO 8601), NaT for what is neither."""
    match = (_QUARTER if written == QUARTERS else _WEEK).fullmatch(text.strip())
    if match is None:
        return np.datetime64("NaT")
    if written == QUARTERS:
        year, quarter = int(match[1] or match[4]), int(match[2] or match[3])
        return np.datetime64(f"{year}-{3 * quarter - 2:02d}-01", "ns")
    try:
        return np.datetime64(datetime.date.fromisocalendar(int(match[1]), int(match[2]), 1), "ns")
    except ValueError:  # there is no such week
        return np.datetime64("NaT")
