"""Read delimited text (CSV, TSV and relatives) whose notation nobody told us."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from automl.dataset.conversion import convert
from automl.dataset.encoding import find_encoding
from automl.dataset.numbers import CANONICAL, MISSING
from automl.decisions import DecisionLog
from automl.errors import DataError

_HEAD = 1 << 18
_RECORDS = 200
_SEPARATORS = {"\t": "tab", ";": "semicolon", "|": "pipe", ",": "comma"}
_NO_SEPARATOR = "\x1f"
_TOO_LONG_SHARE = 0.2  # more rows than this with too many fields: the separator must be wrong or the file broken


@dataclass(frozen=True)
class Dialect:
    """How a delimited text is written, as found by looking.

    Attributes:
        separator: The character between fields.
        width: Number of fields in most lines.
        skip: Lines before the header that do not belong to the table.
        header: Whether the first line of the table names the columns.
        row_names: Whether every line has one field more than the header (a first column without a name).
        spaces: Whether quotes follow a space after the separator.
        names: Names of the columns as the file has them.
        evidence: A sentence with numbers.
    """

    separator: str
    width: int
    skip: int = 0
    header: bool = True
    row_names: bool = False
    spaces: bool = False
    names: tuple[str, ...] = ()
    evidence: str = ""


@dataclass
class Table:
    """What was read from a delimited text."""

    frame: pd.DataFrame
    names: list[str]
    details: dict[str, Any] = field(default_factory=dict)


def _records(text: str, separator: str, spaces: bool, limit: int | None = None) -> list[list[str]]:
    """Return the records of `text` that are not empty."""
    found: list[list[str]] = []
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=spaces):
        if record:
            found.append(record)
        if limit is not None and len(found) >= limit:
            break
    return found


def _score(text: str, separator: str, whole: bool) -> tuple[float, int, list[list[str]], bool]:
    """Return (how well the separator fits, fields per line, records, whether quotes follow spaces)."""
    spaces = re.search(rf'{re.escape(separator)} +"', text) is not None and separator != " "
    try:
        records = _records(text, separator, spaces, _RECORDS)
    except csv.Error:
        return 0.0, 1, [], spaces
    if len(records) > 1 and not whole and len(records) < _RECORDS:
        records = records[:-1]  # the last line may be cut off
    counts = Counter(len(record) for record in records)
    if not counts:
        return 0.0, 1, [], spaces
    width = max(counts, key=lambda key: (counts[key], key))
    if width == 1:
        return 0.0, 1, records, spaces
    share = counts[width] / len(records)
    agrees = len(records[0]) in (width, width - 1)  # one less: R leaves the name of the row names out
    return share * (1.0 if agrees else 0.5), width, records, spaces


def _is_number(text: str) -> bool:
    return CANONICAL.fullmatch(text.strip()) is not None


def _has_header(records: list[list[str]]) -> bool:
    """Say whether the first record names the columns: it does unless its cells look exactly like the numbers below them."""
    first, body = records[0], records[1:50]
    if not body:
        return True
    numeric = [
        place for place in range(len(first)) if all(_is_number(r[place]) or r[place].strip() in MISSING for r in body if place < len(r))
    ]
    numeric = [place for place in numeric if any(place < len(r) and _is_number(r[place]) for r in body)]
    if not numeric or not all(_is_number(first[place]) for place in numeric):
        return True
    cells = [first[place].strip() for place in numeric]
    if len(set(cells)) < len(cells):
        return False
    if all(re.fullmatch(r"\d+", cell) for cell in cells):  # names such as 0, 1, 2 or 2019, 2020 count upwards
        steps = np.diff([int(cell) for cell in cells])
        return (len(cells) > 1 and bool((steps == 1).all())) or (len(cells) == 1 and cells[0] == "0")
    return False


def find_dialect(text: str, *, whole: bool = True) -> Dialect:
    r"""Find separator, header and stray lines of a delimited text.

    Args:
        text: The beginning of the file.
        whole: Whether it is all of the file, so that its last line is complete.

    Example:
        >>> find_dialect("a;b\n1,5;x\n2,5;y\n").separator
        ';'
    """
    told = re.match(r"sep=(.)\r?\n", text)
    candidates = [told.group(1)] if told else list(_SEPARATORS)
    text = text[told.end() :] if told else text
    scored = {separator: _score(text, separator, whole) for separator in candidates}
    best = max(scored, key=lambda key: (round(scored[key][0], 3), scored[key][1]))
    score, width, records, spaces = scored[best]
    if score == 0.0:  # one column; a comma in its text must not split it
        best, width, spaces = (best if told else ","), 1, False
        records = _records(text, best, False, _RECORDS)
        if any(len(record) > 1 for record in records):
            best, records = _NO_SEPARATOR, _records(text, _NO_SEPARATOR, False, _RECORDS)
    skip = 0
    while skip + 1 < len(records) and len(records[skip]) < width - 1 and skip < 20:
        skip += 1  # titles and notes above the table
    table = records[skip:]
    header = not table or _has_header(table)
    row_names = bool(header and len(table) > 1 and len(table[0]) == width - 1 and width > 2)
    fitting = sum(len(record) == width for record in records)
    evidence = f"{fitting} of the first {len(records)} lines have {width} fields." if width > 1 else "No separator splits the lines evenly."
    names = tuple(table[0]) if header and table else ()
    if any(name.strip() for name in names[width:]):
        width = len(names)  # the lines below a wider header are short
    names = names[:width]
    return Dialect(best, width, skip + (1 if told else 0), header, row_names, spaces, names, evidence)


def _parse(data: bytes, separator: str, names: list[str], skip: int, block: int) -> pa.Table:
    """Parse clean UTF-8 text: every cell as a string, so that nothing is lost before we have looked."""
    quoted = b'"' in data
    return pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(column_names=names, skip_rows_after_names=skip, block_size=block),
        parse_options=pacsv.ParseOptions(delimiter=separator, newlines_in_values=quoted, ignore_empty_lines=True),
        convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )


def _repair(data: bytes, dialect: Dialect) -> tuple[bytes, dict[str, Any]]:
    """Rewrite a ragged text as clean CSV: short lines are filled, empty surplus is cut, lines with too many fields are left out."""
    width = dialect.width
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    short, cut, long_lines, rows = 0, 0, [], 0
    limit = csv.field_size_limit(sys.maxsize)
    try:
        stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
        reader = csv.reader(stream, delimiter=dialect.separator, skipinitialspace=dialect.spaces)
        records = (record for record in reader if record)
        for _ in range(dialect.skip + (1 if dialect.header else 0)):
            next(records, None)
        for record in records:
            rows += 1
            if len(record) > width and not any(cell.strip() for cell in record[width:]):
                record, cut = record[:width], cut + 1
            if len(record) > width:
                long_lines.append(reader.line_num)
                continue
            if len(record) < width:
                short += 1
            writer.writerow(record + [""] * (width - len(record)))
    except csv.Error as error:
        raise DataError(
            f"The file must be a table of fields in quotes or without. Line {reader.line_num} cannot be read: {error}."
        ) from error
    finally:
        csv.field_size_limit(limit)
    if rows and len(long_lines) > _TOO_LONG_SHARE * rows:
        mark = _SEPARATORS.get(dialect.separator, dialect.separator)
        raise DataError(
            f"All lines of a table must have the same number of fields. {len(long_lines)} of {rows} lines have more than the {width} "
            f"of the header, the first is line {long_lines[0]}. Put fields that contain a {mark} in quotes."
        )
    facts = {"short_lines": short, "cut_lines": cut, "left_out_lines": len(long_lines), "first_left_out": long_lines[:5]}
    return out.getvalue().encode("utf-8"), {key: value for key, value in facts.items() if value}


def _first_records(data: bytes, dialect: Dialect) -> list[list[str]]:
    """Return the first two records of the table."""
    text = data[:_HEAD].decode("utf-8", errors="ignore")
    return _records(text, dialect.separator, dialect.spaces, dialect.skip + 2)[dialect.skip :]


def _load(data: bytes, dialect: Dialect) -> tuple[pa.Table, dict[str, Any]]:
    """Parse on the fast path where the text is clean, else through the repair."""
    names = [str(place) for place in range(dialect.width)]
    clean = not (dialect.skip or dialect.row_names or dialect.spaces)
    if clean:
        for block in (1 << 23, max(len(data), 1 << 23)):
            try:
                return _parse(data, dialect.separator, names, 1 if dialect.header else 0, block), {}
            except pa.ArrowInvalid as error:
                if "straddling" not in str(error):
                    break
    repaired, facts = _repair(data, dialect)
    return _parse(repaired, ",", names, 0, max(len(repaired), 1 << 20)), facts


def _controls(data: bytes) -> bool:
    """Whether the beginning holds more control bytes than a text does."""
    return sum(byte < 9 or (13 < byte < 32 and byte != 27) for byte in data[:4096]) > 0.02 * min(len(data), 4096)


def _decode(data: bytes, log: DecisionLog, details: dict[str, Any]) -> bytes:
    """Return the text as UTF-8 bytes without a mark."""
    encoding, because = find_encoding(data)
    details["encoding"], details["byte_order_mark"] = encoding, data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"))
    if encoding not in ("utf-8", "utf-8-sig") or not data.isascii():
        override = "data=pandas.read_csv(path, encoding=...)"
        log.add("read", "encoding", encoding, because, [name for name in ("cp1252", "cp1250") if name != encoding], override)
    try:
        text = (
            data[3:] if encoding == "utf-8-sig" else data if encoding == "utf-8" else data.decode(encoding).lstrip("\ufeff").encode("utf-8")
        )
    except UnicodeDecodeError as error:
        if _controls(data) and "utf-" not in encoding:
            raise DataError(f"A text table must be readable text. The file holds binary data: it begins with {data[:8]!r}.") from error
        raise DataError(
            f"A text table must be readable text. Its bytes at {error.start} are not valid {encoding}; save it as UTF-8."
        ) from error
    return text


def _tell(log: DecisionLog, dialect: Dialect, details: dict[str, Any]) -> None:
    """Record what was found out about the notation."""
    again = "data=pandas.read_csv(path, {})"
    shown = _SEPARATORS.get(dialect.separator, dialect.separator)
    if dialect.width > 1:
        others = [name for mark, name in _SEPARATORS.items() if mark != dialect.separator]
        log.add("read", "separator", shown, dialect.evidence, others, again.format("sep=..."))
    if not dialect.header:
        because = "The first line holds numbers like the lines below it, so it is data; the columns are named column_1, column_2 …"
        log.add("read", "header", "none", because, ["first line"], again.format("header=0"))
    if dialect.skip:
        log.add(
            "read",
            "lines before the header",
            f"{dialect.skip} skipped",
            "They have fewer fields than the table.",
            [],
            again.format("skiprows=0"),
        )
    if details["decimal"] == ",":
        proofs = details["decimal_proofs"]
        because = (
            f"{proofs} cells can only be read with a decimal comma." if proofs else "Semicolons between fields go with decimal commas."
        )
        log.add("read", "decimal sign", "comma", because, ["point"], again.format("decimal='.'"))
    if details["thousands"]:
        because = "Digits stand in groups of three."
        log.add("read", "thousands separator", repr(details["thousands"]), because, ["none"], again.format("thousands=None"))
    if details.get("short_lines"):
        because = f"{details['short_lines']} lines have fewer fields than the header; the missing ones are at the end."
        log.add("read", "short lines", "filled with missing values", because)
    if details.get("left_out_lines"):
        lines = ", ".join(map(str, details["first_left_out"]))
        because = f"{details['left_out_lines']} lines have more fields than the header (line {lines})."
        log.add("read", "lines with too many fields", "left out", because, [], "quote the fields that contain the separator")


def read_delimited(data: bytes, log: DecisionLog) -> Table:
    r"""Read a delimited text of unknown encoding, separator, header and number notation.

    Args:
        data: All bytes of the file.
        log: Receives what was found out.

    Returns:
        The frame with positions as column names, the names as found, and details.

    Raises:
        DataError: If it is no text table, or has no rows.

    Example:
        >>> read_delimited(b"a;b\n1,5;x\n2,5;y\n", DecisionLog()).frame["0"].tolist()
        [1.5, 2.5]
    """
    details: dict[str, Any] = {}
    data = _decode(data, log, details).lstrip(b"\r\n")
    if b"\0" in data[: 1 << 20] or _controls(data):
        raise DataError(f"A text table must be readable text. The file holds binary data: it begins with {data[:8]!r}.")
    if not data.strip():
        raise DataError("The file must hold a header and rows. It holds only blanks.")
    whole = len(data) <= _HEAD
    dialect = find_dialect(data[:_HEAD].decode("utf-8", errors="ignore"), whole=whole)
    if len(_first_records(data, dialect)) <= dialect.header:
        raise DataError(f"The file must hold rows below its header. It holds only the header {', '.join(dialect.names[:5])!r}.")
    table, facts = _load(data, dialect)
    if dialect.row_names:
        dialect = replace(dialect, names=("row_name", *dialect.names))
    details.update(facts, separator=dialect.separator, header=dialect.header)
    columns = convert(table, dialect.separator, details)
    names = list(dialect.names) if dialect.header else [f"column_{place + 1}" for place in range(dialect.width)]
    names += [""] * (dialect.width - len(names))
    _tell(log, dialect, details)
    return Table(pd.DataFrame(columns, copy=False), names, details)
