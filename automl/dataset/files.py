"""Read a file of any tabular format into a frame; the content decides the format, the name only hints at it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq

from automl.dataset.delimited import Table, read_delimited
from automl.decisions import DecisionLog
from automl.errors import DataError, did_you_mean
from automl.percents import percent

_SUFFIXES = {
    "delimited": ".csv .tsv .txt .tab .data .dat",
    "excel": ".xlsx .xlsm",
    "old excel": ".xls",
    "parquet": ".parquet .pq",
    "json": ".jsonl .ndjson .json",
    "feather": ".feather .arrow",
}
_BY_NAME = {"": "delimited"} | {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
_FOREIGN = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
    b"\x80\x04\x95": "a pickle",
    b"\x89HDF": "an HDF5 file",
}
_LARGEST = 8 << 30  # bytes after unpacking
_BOMB = 500  # times that tables do not shrink when they are packed
_KNOWN = "CSV, TSV, Excel (.xlsx), Parquet, Feather, JSON lines, each text also as .gz, or one in a .zip"


def _missing(path: Path) -> DataError:
    """Say that there is no such file, and which near ones there are."""
    folder = path.parent
    if not folder.is_dir():
        return DataError(f"`data` must be a file that exists. Received {str(path)!r}, but there is no folder {str(folder)!r}.")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())[:2000]
    same_stem = [name for name in names if name.split(".")[0].casefold() == path.name.split(".")[0].casefold()]
    hint = f" Did you mean {same_stem[0]!r}?" if same_stem else did_you_mean(path.name, names)
    tables = [name for name in names if Path(name).suffix.lower() in _BY_NAME and Path(name).suffix]
    if not hint and tables:
        hint = f" The folder holds {', '.join(tables[:3])}{' …' if len(tables) > 3 else ''}."
    return DataError(f"`data` must be a file that exists. Received {str(path)!r}.{hint}")


def load_bytes(path: Path, largest: int | None = None) -> tuple[bytes, float]:
    """Return the bytes of `path`, and the share of the file that they are.

    Args:
        path: The file.
        largest: Bytes from which a text table is read in part: its beginning and pieces from all over it, cut at the ends of lines.

    Raises:
        DataError: If it is missing, a folder, unreadable or empty.
    """
    if path.is_dir():
        tables = sorted(entry.name for entry in path.iterdir() if entry.suffix.lower() in _BY_NAME and entry.suffix)
        hint = f" Give one of its files, such as {tables[0]!r}." if tables else " Give a table's file."
        raise DataError(f"`data` must be a file. Received the folder {str(path)!r}.{hint}")
    if not path.exists():
        raise _missing(path)
    try:
        size = path.stat().st_size
        if largest is not None and size > largest and path.suffix.lower() in _SUFFIXES["delimited"].split():
            return _pieces(path, size, largest), largest / size
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"`data` must be a file that can be read. Reading {str(path)!r} failed: {error.strerror or error}.") from error
    if not data:
        raise DataError(f"The file must hold a table. {str(path)!r} is empty (0 bytes).")
    return data, 1.0


def _pieces(path: Path, size: int, largest: int, pieces: int = 64) -> bytes:
    """Return whole lines from the beginning and from all over a file."""
    step = largest // (2 * pieces)
    with open(path, "rb") as file:
        parts = [file.read(largest // 2)]
        parts[0] = parts[0][: parts[0].rfind(b"\n") + 1]
        for place in range(pieces):
            file.seek(largest // 2 + (size - largest // 2) * place // pieces)
            piece = file.read(step)
            parts.append(piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1])
    return b"".join(parts)


def _unzipped(content: bytes, name: str) -> bytes:
    """Return the content of gzip data, piece by piece, so that a bomb is noticed before it fills the memory."""
    found, left = io.BytesIO(), _LARGEST
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        while part := file.read(1 << 24):
            left -= len(part)
            if left < 0 or (file.fileobj is not None and found.tell() > 1 << 28 and found.tell() > _BOMB * len(content)):
                raise DataError(f"A .gz file must fit into memory. {name!r} unpacks to more than {found.tell() / 1e9:.1f} GB.")
            found.write(part)
    return found.getvalue()


def _unpack(path: Path, data: bytes) -> tuple[bytes, str | None]:
    """Return the content of a gzip file, else the data as they are."""
    if not data.startswith(b"\x1f\x8b"):
        return data, None
    try:
        content = _unzipped(data, path.name)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"A .gz file must be complete. Unpacking {path.name!r} failed: {error}.") from error
    if not content:
        raise DataError(f"The file must hold a table. {str(path)!r} is empty after unpacking.")
    return content, "gzip"


def _find_format(path: Path, data: bytes) -> tuple[str, str]:
    """Return the format by content first, by name second, and the evidence."""
    for magic, name in _FOREIGN.items():
        if data.startswith(magic):
            raise DataError(f"`data` must be a table ({_KNOWN}). {path.name!r} is {name}.")
    if data.startswith(b"PAR1"):
        return "parquet", "The file begins with PAR1."
    if data.startswith(b"ARROW1"):
        return "feather", "The file begins with ARROW1."
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "old excel", "The file begins with the mark of old Office files."
    if data.startswith(b"PK\x03\x04"):
        return "excel", "The file is a zip archive, as .xlsx files are."
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    named = _BY_NAME.get(suffixes[-1] if suffixes else "")
    start = data[:200].lstrip(b"\xef\xbb\xbf \r\n\t")
    if named == "json" or (start.startswith((b'{"', b'[{"', b"[ {", b"[\n"))):
        return "json", "The text begins with a JSON bracket." if start[:1] in (b"{", b"[") else "The name says so."
    if named in ("parquet", "excel", "old excel", "feather") and not _readable(data):
        raise DataError(
            f"A {suffixes[-1]} file must be one inside too. {path.name!r} begins with {data[:8]!r}: it is damaged or another format."
        )
    return "delimited", "The content is text."


def _readable(data: bytes) -> bool:
    """Whether the beginning is text with a mark between fields, which a table may be that has the wrong name."""
    head = data[:4096].rsplit(b"\n", 1)[0]
    return b"\n" in data[:4096] and not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head) and re.search(rb"[,;\t|]", head) is not None


def _only_table(data: bytes, name: str) -> tuple[bytes, str] | None:
    """Return content and name of the one table in a zip archive, or None for a workbook.

    Raises:
        DataError: If it is damaged, holds none or several, or would unpack to more than a table.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [entry for entry in archive.infolist() if not entry.is_dir()]
            if any(entry.filename == "xl/workbook.xml" for entry in inside):
                return None
            tables = [entry for entry in inside if Path(entry.filename).suffix.lower() in _BY_NAME and Path(entry.filename).suffix]
            tables = [entry for entry in tables if not Path(entry.filename).name.startswith((".", "_"))]
            if len(tables) != 1:
                shown = ", ".join(entry.filename for entry in (tables or inside)[:5]) or "nothing"
                raise DataError(
                    f"A zip archive must be an Excel workbook or hold exactly one table. {name!r} holds {shown}; give one file."
                )
            size = tables[0].file_size
            if size > _LARGEST or (size > 1 << 28 and size > _BOMB * len(data)):
                raise DataError(f"A zip archive must fit into memory. {name!r} would unpack to {size / 1e9:.1f} GB.")
            with archive.open(tables[0]) as file:
                return file.read(size + 1), tables[0].filename
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        if Path(name).suffix.lower() in _SUFFIXES["excel"].split():
            return None
        raise DataError(f"A zip archive must be complete and not encrypted. Reading {name!r} failed: {error}.") from error


def read_feather(data: bytes) -> Table:
    """Read a Feather (Arrow IPC) file."""
    try:
        table = pa.ipc.open_file(io.BytesIO(data)).read_all()
        names = list(table.column_names)
        plain = table.rename_columns([str(place) for place in range(len(names))]).replace_schema_metadata(None)
        return Table(plain.to_pandas(), names, {})
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"The Feather file must be complete. Reading it failed: {str(error).splitlines()[0]}.") from error


def read_parquet(data: bytes) -> Table:
    """Read a Parquet file."""
    try:
        table = pq.read_table(io.BytesIO(data))
        names = list(table.column_names)
        plain = table.rename_columns([str(place) for place in range(len(names))]).replace_schema_metadata(None)
        return Table(plain.to_pandas(), names, {})
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"The Parquet file must be complete. Reading it failed: {str(error).splitlines()[0]}.") from error


def read_excel(data: bytes, log: DecisionLog) -> Table:
    """Read the first sheet of an Excel workbook that holds a table."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        size = sum(entry.file_size for entry in archive.infolist())
        if size > _LARGEST or (size > 1 << 28 and size > _BOMB * len(data)):
            raise DataError(f"An Excel workbook must fit into memory. It would unpack to {size / 1e9:.1f} GB; save the table as CSV.")
        if "xl/workbook.xml" not in archive.namelist():
            raise DataError(
                "A zip archive must be an Excel workbook (.xlsx). Received another archive; unpack it and give the table inside."
            )
        sheets = pd.read_excel(io.BytesIO(data), sheet_name=None, header=None, dtype=object, engine="openpyxl")
    except DataError:
        raise
    except Exception as error:  # openpyxl raises many kinds for a damaged workbook; each is told as the user's
        raise DataError(f"The Excel workbook must be complete. Reading it failed: {error}.") from error
    filled = {str(name): sheet.dropna(how="all").dropna(how="all", axis=1) for name, sheet in sheets.items()}
    filled = {name: sheet for name, sheet in filled.items() if len(sheet)}
    if not filled:
        raise DataError("The Excel workbook must hold a table. All its sheets are empty.")
    name, sheet = next(iter(filled.items()))
    if len(sheets) > 1:
        others = [other for other in filled if other != name]
        log.add(
            "read",
            "sheet",
            name,
            f"It is the first of {len(sheets)} sheets that holds cells.",
            others,
            "data=pandas.read_excel(path, sheet_name=...)",
        )
    width = sheet.shape[1]
    start = next((place for place in range(min(len(sheet), 20)) if sheet.iloc[place].notna().sum() >= max(width - 1, 1)), 0)
    if start:
        log.add(
            "read",
            "lines before the header",
            f"{start} skipped",
            "They have fewer cells than the table.",
            [],
            "data=pandas.read_excel(path)",
        )
    header, body = sheet.iloc[start], sheet.iloc[start + 1 :]
    if body.empty:
        raise DataError("The sheet must hold rows below its header. It holds only the header.")
    frame = pd.DataFrame({str(place): body.iloc[:, place].reset_index(drop=True).infer_objects() for place in range(width)})
    return Table(frame, ["" if pd.isna(cell) else str(cell) for cell in header], {"sheet": name})


def _parse_json(data: bytes) -> Any:
    text = data.decode("utf-8-sig")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        records = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                try:
                    records.append(json.loads(line))
                except json.JSONDecodeError as error:
                    raise DataError(
                        f"Each line of a JSON lines file must be one JSON object. Line {number} is not: {error.msg}."
                    ) from error
        return records


def read_json(data: bytes) -> Table:
    """Read JSON lines, a JSON array of objects, or an object of columns; nested objects become columns such as ``a.b``."""
    try:
        content = _parse_json(data)
    except UnicodeDecodeError as error:
        raise DataError(f"JSON must be UTF-8 text. The byte at {error.start} is not; save it as UTF-8.") from error
    if isinstance(content, Mapping):
        lists = [value for value in content.values() if isinstance(value, list)]
        if lists and len(lists) == len(content) and not all(isinstance(item, Mapping) for item in lists[0]):
            if len({len(item) for item in lists}) > 1:
                raise DataError("The columns of a JSON object must be of the same length.")
            content = [dict(zip(content, row, strict=True)) for row in zip(*lists, strict=True)]
        else:
            content = lists[0] if len(lists) == 1 and lists[0] and isinstance(lists[0][0], Mapping) else [content]
    if not isinstance(content, list) or not content:
        raise DataError("A JSON table must be lines or an array of objects. Received no object.")
    if not all(isinstance(record, Mapping) for record in content):
        raise DataError("A JSON table must be lines or an array of objects. Received an array of other values.")
    frame = pd.json_normalize(content)
    if not frame.shape[1]:
        raise DataError("A JSON table must have columns. All its objects are empty.")
    names = [str(name) for name in frame.columns]
    frame.columns = pd.Index([str(place) for place in range(len(names))])
    return Table(frame, names, {})


def read_file(path: str | os.PathLike[str], log: DecisionLog, largest: int | None = None) -> Table:
    """Read a table from a file.

    Args:
        path: CSV, TSV, Excel, Parquet, JSON lines; text also gzipped.
        log: Receives what was found out.
        largest: Bytes from which a text table is read in part; None to read all of it.

    Raises:
        DataError: If the file is missing, empty, damaged or no table.
    """
    place = Path(path).expanduser()
    raw, share = load_bytes(place, largest)
    details: dict[str, Any] = {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    if share < 1:
        details["read_share"] = share
        told = f"Its beginning and pieces from all over it, {percent(share)} of its bytes: enough to tell what it holds."
        log.add("read", "a large file", f"read in part ({percent(share)})", told)
    data, compression = _unpack(place, raw)
    packed = _only_table(data, place.name) if data.startswith(b"PK\x03\x04") else None
    if packed is not None:
        data, inside = packed
        compression, place = "zip", Path(inside)
        log.add("read", "archive", inside, "It is the only table in the zip archive.")
    kind, because = _find_format(place, data)
    suffixes = [suffix.lower() for suffix in place.suffixes if suffix.lower() != ".gz"]
    named = _BY_NAME.get(suffixes[-1] if suffixes else "")
    if kind == "old excel":
        raise DataError(f"Excel files must be .xlsx. {place.name!r} is the old .xls format; save it as .xlsx or CSV.")
    if named != kind:
        log.add("read", "file format", kind, f"{because} Its name would say {named or 'nothing'}.")
    if kind == "parquet":
        table = read_parquet(data)
    elif kind == "feather":
        table = read_feather(data)
    elif kind == "excel":
        table = read_excel(data, log)
    elif kind == "json":
        table = read_json(data)
    else:
        table = read_delimited(data, log)
    table.details.update(details, format=kind, compression=compression)
    return table
