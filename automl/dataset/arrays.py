"""Read .npz and .npy files and files of series (.ts); an array of more than two dimensions is told by its shape and how smooth it is."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from automl.dataset.delimited import Table
from automl.dataset.picture import picture_column
from automl.dataset.signal import signal_column, signals_of
from automl.decisions import DecisionLog
from automl.errors import DataError

_LARGEST = 4 << 30  # bytes of an archive after unpacking; more than that is no data set but a bomb, or must be sampled before
_BOMB = 500  # times that arrays hardly shrink when they are packed
_LOOKED_AT = 100
_MOST_ANSWERS = 200  # columns of one array


def _unpacked(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of a file by name.

    Raises:
        DataError: If it is damaged, would not fit into memory, or holds objects.
    """
    try:
        raw = path.read_bytes()
        if raw.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
            if size > _LARGEST or (len(raw) > 0 and size > _BOMB * len(raw) and size > 1 << 28):
                raise DataError(f"An .npz file must fit into memory. {path.name!r} would unpack to {size / 1e9:.1f} GB; give fewer rows.")
        loaded = np.load(io.BytesIO(raw), allow_pickle=False)
        arrays = {"x": loaded} if isinstance(loaded, np.ndarray) else {name: loaded[name] for name in loaded.files}
        foreign = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
        if foreign:
            raise DataError(f"An .npz file must hold arrays. {path.name!r} holds {foreign[0]!r}, which is none.")
        return arrays
    except DataError:
        raise
    except (OSError, EOFError, zipfile.BadZipFile, KeyError) as problem:
        raise DataError(f"The file of arrays must be complete. Reading {path.name!r} failed: {problem}.") from problem
    except ValueError as problem:
        law = "An .npz file must hold numbers and text, not Python objects"
        raise DataError(f"{law}. Reading {path.name!r} failed: {str(problem).split(';')[0]}.") from problem


_ANSWERS = r"(?i)(y|label|labels|target|targets)"


def _choose(arrays: dict[str, np.ndarray[Any, Any]], name: str) -> tuple[str, np.ndarray[Any, Any], str | None]:
    """Return the name and array of the cases, and the name of one array with a value, or a few values, per case."""
    named = {
        key
        for key, array in arrays.items()
        if array.ndim == 2 and array.shape[1] <= _MOST_ANSWERS and re.match(_ANSWERS + "(?![a-z])", key)
    }
    cases = {key: array for key, array in arrays.items() if array.ndim >= 2 and len(array) and key not in named}
    if not cases:
        cases, named = {key: arrays[key] for key in named if len(arrays[key])}, set()
    if not cases:
        one = next((key for key, array in arrays.items() if array.ndim == 1 and len(array)), None)
        if one is None:
            raise DataError(f"A file of arrays must hold one with an axis of cases. {name!r} holds {', '.join(arrays) or 'none'}.")
        return one, arrays[one], None
    first = max(cases, key=lambda key: ("train" in key.lower(), cases[key].size, key))  # a test part is for later
    rows = len(cases[first])
    answers = [key for key, array in arrays.items() if (array.ndim == 1 or key in named) and len(array) == rows and key != first]
    part = re.sub(r"(?i)^x", "", first)
    same = [key for key in answers if re.fullmatch(rf"{_ANSWERS}{re.escape(part)}", key)]
    return first, cases[first], next(iter([*same, *answers]), None)


def _neighbours(values: np.ndarray[Any, Any], axis: int) -> float:
    """Return how far neighbours along an axis are from each other, over how far cells in random order are."""
    generator = np.random.default_rng(0)
    here = float(np.abs(np.diff(values, axis=axis)).mean())
    mixed = np.take(values, generator.permutation(values.shape[axis]), axis=axis)
    chance = float(np.abs(np.diff(mixed, axis=axis)).mean())
    return here / chance if chance else 1.0


def describe(array: np.ndarray[Any, Any]) -> tuple[str, str] | None:
    """Return (modality, why) of an array of three or four dimensions, None of any other.

    Example:
        >>> describe(np.zeros((20, 28, 28), dtype=np.uint8))[0]
        'image'
    """
    shape = " × ".join(map(str, array.shape))
    if array.ndim == 4 and (array.shape[-1] in (1, 3, 4) or array.shape[1] in (1, 3, 4)):
        return (
            "image",
            f"The array of shape {shape} holds pictures with {array.shape[-1] if array.shape[-1] < 5 else array.shape[1]} channels.",
        )
    if array.ndim != 3:
        return None
    if array.dtype == np.uint8:
        return "image", f"The array of shape {shape} holds pictures: its cells are bytes."
    part = array[:: max(1, len(array) // _LOOKED_AT)][:_LOOKED_AT].astype(np.float64)
    part = np.nan_to_num(part)
    sides = array.shape[1:]
    if min(sides) < 6:
        return "sequence", f"The array of shape {shape} holds series with {min(sides)} channels and {max(sides)} steps."
    rough = [_neighbours(part, axis) for axis in (1, 2)]
    bounded = part.min() >= 0 and (part.max() <= 1.0 or (part.max() <= 255 and not (part % 1).any()))
    if max(rough) < 0.9 and (bounded or sides[0] == sides[1]):
        return "image", f"The array of shape {shape} holds pictures: neighbours along both axes are alike ({rough[0]:.2f}, {rough[1]:.2f})."
    if bounded and sides[0] == sides[1]:
        return "image", f"The array of shape {shape} holds square pictures with cells from {part.min():g} to {part.max():g}."
    steps = 1 if rough[0] < rough[1] else 2
    told = f"{array.shape[steps]} steps and {array.shape[3 - steps]} channels"
    return "sequence", f"The array of shape {shape} holds series of {told}: only neighbours along one axis are alike."


def steps_first(array: np.ndarray[Any, Any]) -> bool:
    """Whether the second axis of an array of series is time, and the third the channels: time is longer, or smoother where both are long.

    Example:
        >>> steps_first(np.zeros((5, 100, 3))), steps_first(np.zeros((5, 3, 100)))
        (True, False)
    """
    _, first, second = array.shape
    if min(first, second) < 6:
        return bool(first >= second)
    part = np.nan_to_num(array[:: max(1, len(array) // _LOOKED_AT)][:_LOOKED_AT].astype(np.float64))
    return _neighbours(part, 1) <= _neighbours(part, 2)


def _add_answers(answer: str, values: np.ndarray[Any, Any], columns: dict[str, Any], names: list[str]) -> str | list[str]:
    """Add the answers to the columns and return their names: a class of each row where exactly one of several columns is 1."""
    if values.ndim == 2 and values.shape[1] > 1 and np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all():
        values = values.argmax(axis=1)
    parts = values.reshape(len(values), -1)
    several = [answer] if parts.shape[1] == 1 else [f"{answer}{place}" for place in range(parts.shape[1])]
    for place, name in enumerate(several):
        columns[str(len(names))] = parts[:, place]
        names.append(name)
    return several[0] if len(several) == 1 else several


def read_arrays(path: Path, log: DecisionLog) -> Table:
    """Read .npz or .npy: cases of two dimensions become columns, others are told by their shape."""
    arrays = _unpacked(path)
    name, array, answer = _choose(arrays, path.name)
    details: dict[str, Any] = {"format": "arrays", "shape": list(array.shape)}
    others = [key for key in arrays if key not in (name, answer)]
    if others:
        log.add("read", "arrays", f"{name}, {answer or 'no target'}", f"It is the largest of {len(arrays)}.", others, "data=one array")
    columns: dict[str, Any] = {}
    names: list[str] = []
    if array.ndim <= 2:
        flat = array.reshape(len(array), -1)
        if flat.shape[1] > 20_000:
            raise DataError(f"A table must have at most 20,000 columns. The array {name!r} has {flat.shape[1]:,}.")
        columns = {str(place): flat[:, place] for place in range(flat.shape[1])}
        names = [f"{name}{place}" if flat.shape[1] > 1 else name for place in range(flat.shape[1])]
    else:
        found = describe(array)
        details["modality"], details["modality_because"] = found or ("tabular", "")
        columns, names = {"0": np.arange(len(array))}, ["case"]
        if details["modality"] == "image":
            columns, names = {"0": picture_column(array)}, ["image"]
        if details["modality"] == "sequence":
            columns, names = {"0": signals_of(array, steps_first(array))["series"]}, ["series"]
    if answer is not None:
        details["target"] = _add_answers(answer, arrays[answer], columns, names)
    return Table(pd.DataFrame(columns), names, details)


def read_series_file(path: Path) -> Table:
    r"""Read a .ts or .arff file of the UCR and UEA archives: every line is a series and its class.

    Raises:
        DataError: If no line holds a series.
    """
    text = path.read_bytes().decode("utf-8", errors="replace")
    head, _, body = text.partition("@data")
    if not body:
        head, _, body = text.partition("@DATA")
    labels: list[str] = []
    labelled = re.search(r"(?im)^@(?:class|target)label\s+(true|false)", head)
    has_label = labelled is None or labelled[1].lower() == "true"
    rows = []
    for line in body.strip().splitlines():
        parts = line.strip().split(":")
        if len(parts) > 1 and has_label:
            labels.append(parts.pop().strip())
        elif path.suffix.lower() == ".arff":
            values = line.rsplit(",", 1)
            parts, label = [values[0]], values[-1].strip().strip("'\"")
            labels.append(label)
        rows.append(parts)
    if not rows or (labels and len(labels) != len(rows)):
        raise DataError(f"A file of series must hold one series per line after @data. {path.name!r} holds {len(rows)} such lines.")
    cells = []
    for row in rows:
        channels = [_numbers(text) for text in row]
        longest = max(len(channel) for channel in channels)
        block = np.full((longest, len(channels)), np.nan, dtype=np.float32)
        for place, channel in enumerate(channels):
            block[: len(channel), place] = channel
        cells.append(block if longest else None)
    widths = {cell.shape[1] for cell in cells if cell is not None}
    if len(widths) != 1:
        raise DataError(f"All series of a file must have the same number of channels. {path.name!r} holds series of {sorted(widths)}.")
    lengths = [len(cell) for cell in cells if cell is not None]
    columns: dict[str, Any] = {"0": signal_column(cells)}
    names = ["series"]
    steps = f"{max(lengths):,}" if min(lengths) == max(lengths) else f"{min(lengths):,} to {max(lengths):,}"
    told = f"The file holds {len(rows):,} series of {steps} steps and {widths.pop()} channels."
    details: dict[str, Any] = {"format": "series", "modality": "sequence", "modality_because": told}
    if labels:
        columns[str(len(names))] = labels
        names.append("label")
        details["target"] = "label"
    return Table(pd.DataFrame(columns), names, details)


def _numbers(text: str) -> np.ndarray[Any, Any]:
    cells = [cell.strip().rsplit(" ", 1)[-1].strip("()") for cell in text.split(",") if cell.strip()]
    found = pd.to_numeric(pd.Series(cells, dtype=object), errors="coerce")
    return np.asarray(found, dtype=np.float64)
