"""List folders of pictures or texts as a table: one row per file, and the name of its subfolder as its class. No pixel is decoded."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from automl.dataset.delimited import Table
from automl.decisions import DecisionLog
from automl.errors import DataError

PICTURES = frozenset([".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"])
_TEXTS = frozenset([".txt", ".md", ".text"])
_TABLES = frozenset([".csv", ".tsv", ".xlsx", ".parquet", ".pq", ".jsonl", ".ndjson"])
_MARKS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\x00", b"MM\x00*", b"P5", b"P6", b"P2", b"P3")
_MOST_PIXELS = 500_000_000  # more is a decompression bomb, or nothing that a model could look at
_OPENED = 300
_LONGEST_TEXT = 20_000


def _files(folder: Path) -> list[str]:
    """Return the paths of all files below a folder, relative to it, hidden ones left out; links that lead elsewhere are not followed."""
    found = []
    for home, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        inside = os.path.relpath(home, folder)
        found += [name if inside == "." else f"{inside}/{name}".replace(os.sep, "/") for name in sorted(names) if not name.startswith(".")]
    return found


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def broken_picture(path: str | Path) -> str | None:
    """Return why a file is no picture, by its first bytes; None for a picture."""
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(16)
    except OSError as problem:
        return problem.strerror or "unreadable"
    if not head:
        return "empty"
    return None if head.startswith(_MARKS) else "no picture inside"


def picture_sizes(folder: Path, paths: list[str]) -> tuple[Counter[tuple[int, int]], dict[str, str]]:
    """Return (width, height) of some pictures, and what is wrong with those that cannot be opened; from their headers alone."""
    import warnings

    from PIL import Image

    sizes: Counter[tuple[int, int]] = Counter()
    wrong: dict[str, str] = {}
    step = max(1, len(paths) // _OPENED)
    for path in paths[::step]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with Image.open(folder / path) as picture:
                    width, height = picture.size
        except Image.DecompressionBombError:
            wrong[path] = "more pixels than a picture has"
        except (OSError, ValueError, SyntaxError) as problem:
            wrong[path] = str(problem).split(" '")[0].split(" <")[0] or "unreadable"
        else:
            if width * height > _MOST_PIXELS:
                wrong[path] = f"{width:,} × {height:,} pixels"
            else:
                sizes[(width, height)] += 1
    return sizes, wrong


def _classes(paths: list[str]) -> list[str] | None:
    """Return the subfolder of each file where there are at least two, each file being in one."""
    parts = [path.rsplit("/", 1)[0] if "/" in path else "" for path in paths]
    tops = [part.split("/")[-1] for part in parts]
    return tops if all(parts) and len(set(tops)) >= 2 else None


def read_folder(folder: Path, log: DecisionLog) -> Table:
    """Return the files of a folder as a table, with what is known of them in its details.

    Args:
        folder: It holds pictures, or texts, in one subfolder per class or side by side.
        log: Receives what was left out.

    Returns:
        Columns "image" or "text", and "label" where there are subfolders.

    Raises:
        DataError: If it holds neither, or both, or a table that should be named instead.
    """
    paths = _files(folder)
    kinds = {"picture": PICTURES, "text": _TEXTS, "table": _TABLES}
    by_kind = {kind: [path for path in paths if _suffix(path) in suffixes] for kind, suffixes in kinds.items()}
    pictures, texts, tables = by_kind["picture"], by_kind["text"], by_kind["table"]
    nested = [path for path in texts if "/" in path]
    if tables and (pictures or len(tables) >= 1) and not nested:
        return _refuse_table(folder, tables)
    if pictures and len(nested) > 0.05 * len(pictures) and len(pictures) > 0.05 * len(nested):
        law = "A folder must hold files of one kind: pictures or texts"
        raise DataError(f"{law}. {str(folder)!r} holds {len(pictures):,} pictures and {len(nested):,} texts; give one folder for each.")
    if len(pictures) >= max(1, len(texts)):
        return _pictures(folder, pictures, len(paths) - len(pictures), log)
    if len(texts) >= 2:
        return _texts(folder, texts, log)
    shown = ", ".join(sorted({_suffix(path) or "none" for path in paths})[:6])
    found = f"{len(paths):,} files with the endings {shown}" if paths else "nothing"
    raise DataError(
        f"`data` must be a file. Received the folder {str(folder)!r}. Give a table's file, or a folder of pictures or texts "
        f"with a subfolder for each class; it holds {found}."
    )


def _refuse_table(folder: Path, tables: list[str]) -> Table:
    raise DataError(f"`data` must be a file. Received the folder {str(folder)!r}. Give one of its files, such as {tables[0]!r}.")


def _pictures(folder: Path, paths: list[str], others: int, log: DecisionLog) -> Table:
    home = str(folder)
    wrong = {path: why for path in paths if (why := broken_picture(f"{home}/{path}")) is not None}
    sizes, unopened = picture_sizes(folder, [path for path in paths if path not in wrong])
    wrong |= unopened
    good = [path for path in paths if path not in wrong]
    if not good:
        why = next(iter(wrong.values()))
        raise DataError(f"A folder of pictures must hold pictures. None of the {len(paths):,} files in {str(folder)!r} is one: {why}.")
    if others:
        log.add("read", "files that are no pictures", f"{others:,} left out", f"{len(paths):,} of the files are named like pictures.")
    if wrong:
        shown = ", ".join(f"{path} ({why})" for path, why in list(wrong.items())[:5])
        log.add("read", "pictures that cannot be opened", f"{len(wrong):,} left out", f"Their headers say so: {shown}.")
    labels = _classes(good)
    usual = ", ".join(f"{width} × {height}" for (width, height), _ in sizes.most_common(3))
    because = f"The folder holds {len(good):,} pictures"
    because += f" in {len(set(labels)):,} subfolders, which name their classes" if labels else ""
    details: dict[str, Any] = {
        "format": "folder of pictures",
        "modality": "image",
        "modality_because": f"{because} ({usual} pixels in a sample).",
        "broken_images": wrong,
    }
    return _listed("image", [os.path.join(folder.resolve(), path) for path in good], labels, details)


def _texts(folder: Path, paths: list[str], log: DecisionLog) -> Table:
    from automl.dataset.encoding import find_encoding

    contents, encodings, kept = [], Counter[str](), []
    for path in paths:
        raw = (folder / path).read_bytes()[:_LONGEST_TEXT]
        if not raw.strip() or b"\0" in raw:
            continue
        encoding = find_encoding(raw)[0]
        encodings[encoding] += 1
        contents.append(raw.decode(encoding, errors="replace"))
        kept.append(path)
    if len(kept) < len(paths):
        log.add("read", "texts without a word", f"{len(paths) - len(kept):,} left out", "They are empty or hold binary data.")
    if not kept:
        raise DataError(f"A folder of texts must hold texts. All {len(paths):,} files in {str(folder)!r} are empty or binary.")
    labels = _classes(kept)
    because = f"The folder holds {len(kept):,} texts" + (
        f" in {len(set(labels)):,} subfolders, which name their classes." if labels else "."
    )
    details = {"format": "folder of texts", "modality": "text", "modality_because": because, "encoding": encodings.most_common(1)[0][0]}
    return _listed("text", contents, labels, details)


def _listed(name: str, values: list[str], labels: list[str] | None, details: dict[str, Any]) -> Table:
    columns = {"0": values} | ({"1": labels} if labels else {})
    if labels:
        details["target"] = "label"
    return Table(pd.DataFrame(columns), [name, "label"][: len(columns)], details)
