"""Turn the text columns of a file into numbers where no digit is lost by it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from automl.dataset.numbers import CANONICAL, MISSING, PADDED, decimal_evidence, find_number_format

_PLAIN = r"^(-?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|-?inf)$"
_POWERS = 10.0 ** np.arange(1, 16)


def _whole_numbers(text: pa.ChunkedArray) -> pd.Series | None:
    """Return whole numbers; None where a digit would be lost: zeros in front, more than 64 bits, or gaps beside more than 53 bits."""
    try:
        whole = pc.cast(text, pa.int64())
    except pa.ArrowInvalid:
        return None
    lengths = pc.binary_length(text).to_numpy()
    values = pc.cast(whole, pa.float64(), safe=False).to_numpy()
    present = ~np.isnan(values)
    size = np.abs(values[present])
    if size.max(initial=0.0) > 1e15:  # floats no longer tell how many digits there are
        written = pc.equal(pc.cast(whole, pa.string()), text)
        return pd.Series(whole.to_numpy()) if not whole.null_count and pc.all(written).as_py() else None
    digits = np.searchsorted(_POWERS, size, side="right") + 1 + (values[present] < 0)
    if (lengths[present] != digits).any():
        return None
    return pd.Series(values if whole.null_count else whole.to_numpy())


def _plain_numbers(column: pa.ChunkedArray, whole: bool) -> pd.Series | None:
    """Return numbers in the notation of programming languages; None if a cell is none of them."""
    text = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    try:  # most columns need no closer look
        if not whole:
            return pd.Series(pc.cast(text, pa.float64()).to_numpy())
        if (numbers := _whole_numbers(text)) is not None:
            return numbers
    except pa.ArrowInvalid:
        pass
    text = _without_missing(column)
    if not pc.all(pc.match_substring_regex(text, _PLAIN), skip_nulls=True).as_py():
        return None
    if pc.any(pc.match_substring_regex(text, "[.eEf]")).as_py():
        return pd.Series(pc.cast(text, pa.float64()).to_numpy())
    return _whole_numbers(text)


def _without_missing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(text, value_set=pa.array(sorted(MISSING))), pa.scalar(None, pa.string()), text)


def _to_numbers(column: pa.ChunkedArray, decimal: str, thousands: str) -> pd.Series | None:
    """Return a text column in a local notation as numbers if every cell that is not missing is one, else None."""
    text = _without_missing(column)
    group, point = re.escape(thousands), re.escape(decimal)
    whole = rf"(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+)" if thousands else "[0-9]+"
    pattern = rf"^-?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?$|^-?inf$"
    if not pc.all(pc.match_substring_regex(text, pattern), skip_nulls=True).as_py():
        return None
    text = pc.replace_substring(text, thousands, "") if thousands else text
    text = pc.replace_substring(text, decimal, ".")
    return _plain_numbers(text, whole=not pc.any(pc.match_substring_regex(text, "[.eEf]")).as_py())


def _sample_cells(column: pa.ChunkedArray, most: int) -> list[str]:
    """Return distinct non-missing cells from the head and from all over a column."""
    rows = len(column)
    if rows > most:
        places = np.unique(np.r_[np.arange(most // 2), np.linspace(0, rows - 1, most // 2).astype(np.int64)])
        column = column.take(pa.array(places))
    return sorted({cell.strip() for cell in column.to_pylist()} - MISSING)


_LOCAL = re.compile("-?[\\d.,' \u00a0\u202f]*\\d[\\d.,' \u00a0\u202f]*(?:[eE][+-]?\\d+)?")


def _find_decimal(samples: list[list[str]], separator: str) -> tuple[str, int]:
    """Return the decimal sign of a file and how many cells prove it."""
    proofs: Counter[str] = Counter()
    for cells in samples:
        if cells and all(map(_LOCAL.fullmatch, cells)):
            proofs.update(proof for cell in cells[:50] if (proof := decimal_evidence(cell.lstrip("-"))))
    if proofs:
        best = max(proofs, key=lambda key: (proofs[key], key == "."))
        return best, proofs[best]
    return ("," if separator == ";" else "."), 0


def convert(table: pa.Table, separator: str, details: dict[str, Any]) -> dict[str, Any]:
    """Turn text columns into numbers where nothing is lost by it."""
    most = min(max(2_000_000 // max(table.num_columns, 1), 200), 1000)
    samples = [_sample_cells(table.column(place), most) for place in range(table.num_columns)]
    decimal, proofs = _find_decimal(samples, separator)
    local: list[int] = []
    details["local_numbers"] = local
    details["decimal"], details["decimal_proofs"], details["thousands"] = decimal, proofs, ""
    columns: dict[str, Any] = {}
    for place, cells in enumerate(samples):
        column = table.column(place)
        numbers = None
        if cells and not any(PADDED.fullmatch(cell) for cell in cells):
            numbers = _column_numbers(column, cells, decimal, details, ambiguous=not proofs and separator == ";")
        if numbers is None:
            text = column.to_pandas()
            columns[str(place)] = text.mask(text == "") if pc.any(pc.equal(column, "")).as_py() else text
        else:
            columns[str(place)] = numbers
            if not all(CANONICAL.fullmatch(cell) or cell in ("inf", "-inf") for cell in cells):
                local.append(place)
    return columns


def _column_numbers(
    column: pa.ChunkedArray, cells: list[str], decimal: str, details: dict[str, Any], *, ambiguous: bool
) -> pd.Series | None:
    """Return one column as numbers in the notation that its cells and the file suggest."""
    if all(CANONICAL.fullmatch(cell) or cell in ("inf", "-inf") for cell in cells):
        groups = decimal == "," and not ambiguous and any("." in cell for cell in cells)
        if not groups or any(decimal_evidence(cell.lstrip("-")) == "." for cell in cells):
            return _plain_numbers(column, whole=not any(re.search("[.eEf]", cell) for cell in cells))
    notation = find_number_format(cells, hint=decimal)
    if notation is None or notation.affix or notation.thousands not in ("", ",", ".", "'"):
        return None
    numbers = _to_numbers(column, notation.decimal, notation.thousands)
    if numbers is not None and notation.thousands:
        details["thousands"] = notation.thousands
    return numbers
