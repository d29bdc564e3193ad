"""What labels a row has: a target whose cells join them, or one column of two values for each; and back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.dataset import Dataset
from automl.decisions import DecisionLog
from automl.errors import DataError, UsageError, did_you_mean
from automl.schema import Schema, levels
from automl.schema.structured import find_separator, split_list
from automl.task import Task, detect_task

Codes = NDArray[np.int64]
SEPARATORS = (";", "|", ",", "/")
LISTS = "[]"
LOOKED_AT = 5_000


@dataclass(frozen=True)
class Labels:
    """How a target tells the labels of a row.

    Attributes:
        target: The column; of several, the first.
        names: The labels, sorted; of several columns their names, as given.
        columns: The target columns, where there are several; empty where one column joins labels.
        separator: What joins labels in a cell; "[]" for lists.
        tasks: The binary task of each of several columns: which of its two values means that the label is there.

    Example:
        >>> labels = Labels("tags", ("blue", "red"), separator=";")
        >>> labels.codes(pd.DataFrame({"tags": ["red;blue", "", None, "red"]}))[0].tolist()
        [[1, 1], [0, 0], [0, 0], [0, 1]]
        >>> labels.written([("blue", "red"), ()])
        ['blue;red', '']
    """

    target: str
    names: tuple[str, ...]
    columns: tuple[str, ...] = ()
    separator: str = LISTS
    tasks: tuple[Task, ...] = ()

    def codes(self, frame: pd.DataFrame) -> tuple[Codes, Counter[str]]:
        """Return the labels of rows as numbers, and how often labels that are not known here occur.

        Args:
            frame: Rows with the target.

        Returns:
            1 where a row has the label, 0 where not, -1 where nobody knows (an empty cell of one of several columns; an empty cell of
            joined labels means that there is none), int64 (rows, labels).
        """
        if self.columns:
            codes = np.stack([task.encode(frame[name]) for name, task in zip(self.columns, self.tasks, strict=True)], axis=1)
            unknown: Counter[str] = Counter()
            for name, found in zip(self.columns, codes.T, strict=True):
                strange = frame[name][(found < 0) & frame[name].notna().to_numpy()]
                unknown.update(f"{name}={value}" for value in strange.astype(str))
            return codes, unknown
        places = {name: place for place, name in enumerate(self.names)}
        rows = split(frame[self.target], self.separator)
        codes = np.zeros((len(rows), len(self.names)), dtype=np.int64)
        missed: Counter[str] = Counter()
        for row, found in enumerate(rows):
            for name in found:
                if name in places:
                    codes[row, places[name]] = 1
                else:
                    missed[name] += 1
        return codes, missed

    def sets(self, decided: NDArray[np.bool_]) -> NDArray[Any]:
        """Return the labels of rows as tuples, object (rows,), for decisions (rows, labels)."""
        result = np.empty(len(decided), dtype=object)
        for row, held in enumerate(decided):
            result[row] = tuple(self.names[place] for place in np.flatnonzero(held))
        return result

    def written(self, sets: Iterable[Sequence[str]]) -> list[str]:
        """Return tuples of labels as cells that join them as the data do; lists are joined by a semicolon."""
        sign = ";" if self.separator == LISTS or self.columns else self.separator
        return [sign.join(found) for found in sets]

    def values(self, decided: NDArray[np.bool_]) -> pd.DataFrame:
        """Return decisions (rows, labels) in the values of several target columns."""
        found = {task.target: task.decode(held.astype(np.int64)) for task, held in zip(self.tasks, decided.T, strict=True)}
        return pd.DataFrame(found)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        told = {"target": self.target, "names": list(self.names), "columns": list(self.columns), "separator": self.separator}
        return {**told, "tasks": [task.to_dict() for task in self.tasks]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Labels:
        """Rebuild from :meth:`to_dict`."""
        tasks = tuple(Task.from_dict(task) for task in values["tasks"])
        return cls(values["target"], tuple(values["names"]), tuple(values["columns"]), values["separator"], tasks)


def split(cells: pd.Series[Any], separator: str) -> list[list[str]]:
    """Return the labels of each cell, each once, in the order of the cell; none for an empty one.

    Example:
        >>> split(pd.Series(["a; b;a", None, "c", ["a", "b"]]), ";")
        [['a', 'b'], [], ['c'], ['a', 'b']]
    """
    given = [_items(cell) for cell in cells]
    texts = levels(pd.Series([None if items is not None else cell for cell, items in zip(cells, given, strict=True)], dtype=object))
    made: dict[Any, list[str]] = {}
    result = []
    for text, items in zip(texts, given, strict=True):
        if items is not None:
            result.append(items)
            continue
        key = None if not isinstance(text, str) else text
        if key not in made:
            made[key] = [] if key is None else _parts(key, separator)
        result.append(made[key])
    return result


def _items(cell: Any) -> list[str] | None:
    """Return the labels of a cell that is a list itself; None for any other cell."""
    if not isinstance(cell, (list, tuple, set, frozenset, np.ndarray)):
        return None
    found = sorted(cell, key=str) if isinstance(cell, (set, frozenset)) else list(cell)
    return _once(str(item) for item in found if item is not None)


def _parts(text: str, separator: str) -> list[str]:
    listed = split_list(text) if separator == LISTS else None
    return _once(listed if listed is not None else [text] if separator == LISTS else text.split(separator.strip() or separator))


def _once(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def labels_of(dataset: Dataset, schema: Schema, target: str, columns: Sequence[str], log: DecisionLog) -> Labels:
    """Find out how a target tells labels.

    Args:
        dataset: The data.
        schema: Its columns.
        target: The column; of several, the first.
        columns: Several columns of two values, or of one; empty where one column joins labels.
        log: Where it is recorded.

    Raises:
        DataError: If no cell holds a label, or the cells are no joined labels.
    """
    if columns:
        tasks = tuple(_task_of(dataset, schema, name) for name in columns)
        shown = "; ".join(f"{task.target!r}: {task.classes[1]}" for task in tasks[:5])
        told = f"Of the two values of each column this one means that the label is there: {shown}{' …' if len(tasks) > 5 else ''}."
        log.add("detect", "labels", f"{len(tasks)} columns", told)
        return Labels(target, tuple(columns), tuple(columns), tasks=tasks)
    cells = dataset.frame[target]
    separator = _separator(cells, target)
    rows = split(cells, separator)
    counts = Counter(name for found in rows for name in found)
    if not counts:
        raise DataError(f"`target` must hold labels. All {len(cells):,} cells of {target!r} are empty.")
    empty = sum(not found for found in rows)
    how = "lists" if separator == LISTS else f"joined by {separator.strip()!r}"
    told = f"The cells of {target!r} hold {len(counts):,} labels, {how}; {empty:,} of {len(cells):,} cells are empty: rows without a label."
    log.add("detect", "labels", f"{len(counts):,}", told, ["multiclass"], "problem='multiclass'")
    return Labels(target, tuple(sorted(counts)), separator=separator)


def constant(cells: pd.Series[Any]) -> bool:
    """Whether a column holds fewer than two values."""
    return len(pd.unique(levels(cells.dropna()))) < 2


def _task_of(dataset: Dataset, schema: Schema, name: str) -> Task:
    """Return which of a column's two values means that the label is there; of a single value, 1 or true do."""
    cells = dataset.frame[name]
    if not constant(cells):
        return detect_task(dataset, schema, name, "binary")
    found = [str(text) for text in pd.unique(levels(cells.dropna()))]
    if not found or found[0].casefold() in ("0", "1", "true", "false"):
        return Task("binary", name, (0, 1))
    return Task("binary", name, (found[0], f"not {found[0]}"))


def _separator(cells: pd.Series[Any], target: str) -> str:
    """Return what joins labels: what the detection finds, else the sign that most cells hold.

    Raises:
        DataError: If there is none.
    """
    if any(_items(cell) is not None for cell in cells[:LOOKED_AT]):
        return LISTS
    codes, texts = pd.factorize(levels(cells))
    found = find_separator(list(texts), np.bincount(codes[codes >= 0], minlength=len(texts)))
    if found is not None:
        return found[0]
    looked = [str(text) for text in texts[:LOOKED_AT]]
    shares = {sign: sum(sign in text for text in looked) for sign in SEPARATORS}
    best = max(shares, key=lambda sign: shares[sign])
    if shares[best] == 0:
        law = "Cells of several labels must be lists, or join them by ; | , or /"
        raise DataError(f"{law}. Column {target!r} holds cells such as {looked[:3]}; leave problem='multilabel' out.")
    return best


def with_labels(dataset: Dataset, target: Any) -> tuple[Dataset, str | list[str]] | None:
    """Return data and target where the target is several columns: their names, or values with one column for each label; else None.

    Args:
        dataset: The data.
        target: Names of several columns, an array or a table (rows, labels), or a list with the labels of each row.

    Raises:
        DataError: If a name is no column.
        UsageError: If values do not fit the rows.
    """
    if isinstance(target, (list, tuple)) and len(target) > 1 and all(isinstance(name, str) for name in target):
        absent = [name for name in target if name not in dataset.frame.columns]
        if absent and len(target) != len(dataset.frame):
            hint = did_you_mean(absent[0], dataset.frame.columns)
            if len(absent) == len(target):
                law = "`target` must name columns of the data, or hold one value per row"
                shape = f"Received shape ({len(target)},) for {len(dataset.frame):,} rows"
                raise DataError(f"{law}. {shape}; no column is called {absent[0]!r}.{hint}")
            raise DataError(f"`target` must name columns of the data. Received {absent[0]!r}.{hint}")
        return None if absent else (dataset, list(dict.fromkeys(target)))
    listed = isinstance(target, (list, tuple)) and any(isinstance(cell, (list, tuple, set, frozenset)) for cell in target)
    rows = len(dataset.frame)
    if listed and any(isinstance(item, str) for cell in target for item in (cell if isinstance(cell, Iterable) else ())):
        if len(target) != rows:
            raise UsageError(f"`target` must hold the labels of each row. Received {len(target):,} for {rows:,} rows.")
        cells = np.empty(rows, dtype=object)
        cells[:] = [list(cell) if isinstance(cell, (tuple, set, frozenset)) else cell for cell in target]
        return Dataset(dataset.frame.assign(target=cells), dataset.name, dataset.path, dataset.details), "target"
    values = target if isinstance(target, pd.DataFrame) else np.asarray(target) if listed or isinstance(target, np.ndarray) else None
    if values is None or values.ndim != 2 or values.shape[1] < 2:
        return None
    if len(values) != rows:
        raise UsageError(f"`target` must hold one row of labels for each row. Received shape {values.shape} for {rows:,} rows.")
    given = values.columns if isinstance(values, pd.DataFrame) else [f"label{place}" for place in range(values.shape[1])]
    names = [_free(str(name), dataset.frame) for name in given]
    table = pd.DataFrame(np.asarray(values), columns=names, index=dataset.frame.index)
    table = table.infer_objects()
    return Dataset(pd.concat([dataset.frame, table], axis=1), dataset.name, dataset.path, dataset.details), names


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += "_"
    return name


def slug(name: str) -> str:
    """Return a label as part of a file's name.

    Example:
        >>> slug("Earn & more/…")
        'earn-more'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40] or "label"
