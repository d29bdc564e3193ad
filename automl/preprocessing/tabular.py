"""Tables become arrays: fitted on training rows only, the same for a row alone and in a batch, stored without a pickle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.decisions import DecisionLog
from automl.errors import DataError
from automl.preprocessing.base import Arrays, Spec, State
from automl.preprocessing.combined import CombinedColumns
from automl.preprocessing.components import Components, components
from automl.preprocessing.dates import DAYS, CalendarParts
from automl.preprocessing.hashing import length_for
from automl.preprocessing.knots import LOOKED_AT, quantile_knots
from automl.preprocessing.levels import MOST_LEVELS, Levels
from automl.preprocessing.pictures.components import PictureComponents
from automl.preprocessing.recording import KINDS, listed, record_columns, record_encoding, record_lengths
from automl.preprocessing.scaling import Floats, Scaling, finite, robust_scale
from automl.preprocessing.settled import Settled
from automl.preprocessing.source_column import SourceColumn
from automl.preprocessing.target_encoding import LEAST_SHARE, MOST_CLASSES, TargetEncoding
from automl.preprocessing.text import TextComponents
from automl.preprocessing.word_encoding import WordEncoding
from automl.schema import Schema
from automl.task import Task

CHUNK = 65_536  # rows at a time, so that the float64 values between input and output stay small
ENCODED_FROM = 20  # levels; fewer are told apart by one-hot columns and splits, and no number says more than they do
ENCODED_CELLS = 50_000_000  # rows × folds × columns: 200 MB
PREPARED_AS = {"ordinal": "category", "list": "text"}  # types of the schema that are prepared like another


class TabularPreprocessor:
    """Turns a cast table into the arrays that families learn from.

    - ``numbers``, float32, no missing values: numbers, calendar parts and text components after robust scaling and smooth clipping;
      booleans as -1 and 1; missing as 0; one 0/1 indicator for every such column that had missing values in the training rows.
    - ``raw_numbers``, float32: the same columns as they are, NaN where missing, without indicators; for trees.
    - ``categories``, int32: 0 missing, 1 rare or unseen, 2 and more the levels by descending frequency.
    - ``encoded``, float32, (rows, folds, columns), after :meth:`fit_target`: wide categories by what the target is like in their rows;
      behind them, after :meth:`add_words`, what the words of texts say of it; behind them, after :meth:`add_combined`, the combined
      columns that each fold's model gets.

    Args:
        seed: Seed of the text sample and the text decomposition; nothing else is left to chance.

    Attributes:
        spec: The shapes, known after :meth:`fit`.
        feature_names: Name of each column of each array.
        sources: Column of the table that each column of each array came from; of a combined one both, with " and " between.

    Example:
        >>> from types import SimpleNamespace as Some
        >>> schema = Some(features=(Some(name="age", type="number"), Some(name="town", type="category")))
        >>> task = Some(outputs=2, problem="binary")
        >>> frame = pd.DataFrame({"age": [20.0, 30.0, np.nan, 40.0], "town": ["Rome", "Rome", "Oslo", None]})
        >>> table = TabularPreprocessor().fit(frame, schema, task)
        >>> table.feature_names["numbers"]
        ['age', 'age is missing']
        >>> table.transform(frame)["categories"].ravel().tolist()
        [2, 2, 1, 0]
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.encoding: TargetEncoding | None = None
        self.words: WordEncoding | None = None
        self.combined: CombinedColumns | None = None

    def fit(
        self, frame: pd.DataFrame, schema: Schema, task: Task, log: DecisionLog | None = None, settled: Settled | None = None
    ) -> TabularPreprocessor:
        """Learn from the training rows, and from nothing else.

        Args:
            frame: What ``schema.cast`` returned for the training rows.
            schema: Tells the type of each column; its features are used.
            task: Tells the problem and the number of outputs.
            log: Where the preparation is recorded.
            settled: What is chosen by the clock, some of it by an earlier part of the run.

        Returns:
            Itself.

        Raises:
            DataError: If there are no rows or no columns to learn from, or columns of the schema are absent.
        """
        if not len(frame) or not schema.features:
            received = f"{len(frame)} rows and {len(schema.features)} columns"
            raise DataError(f"Training needs at least one row and one column to learn from. Received {received}.")
        _require(frame, [column.name for column in schema.features])
        sources, scales = [], []
        for column in schema.features:
            source, scale = self._learn(frame, column.name, PREPARED_AS.get(column.type, column.type), settled or Settled())
            sources.append(source)
            scales.extend(scale)
        table = np.array(scales, dtype=np.float64).reshape(len(scales), 3)
        self._arrange(tuple(sources), Scaling(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()))
        self.spec = Spec(
            numbers=len(self.feature_names["numbers"]),
            raw_numbers=len(self.feature_names["raw_numbers"]),
            categories=tuple(levels.codes for _, levels in self._categories),
            outputs=task.outputs,
            problem=task.problem,
            rows=len(frame),
        )
        step = -(-len(frame) // LOOKED_AT)
        self.spec = replace(self.spec, knots=quantile_knots(self.transform(frame.iloc[::step])["numbers"]))
        if log is not None:
            missing = [source.name for source in self._sources if source.missing]
            record_columns(log, [(source.name, source.kind) for source in self._sources], missing, self.spec.rows)
            record_lengths(log, {name: fitted.longest for name, (fitted, _) in self.texts(frame).items()})
        return self

    def fit_target(
        self, frame: pd.DataFrame, target: NDArray[Any], fold: NDArray[np.int64], folds: int, log: DecisionLog | None = None
    ) -> Arrays:
        """Learn what touches the target, for each fold from the rows outside it, and return the arrays of the training rows.

        Where a column has many levels, :attr:`spec` and every later :meth:`transform` have ``encoded`` columns too.

        Args:
            frame: The table of :meth:`fit`.
            target: Class codes, or the standardised target, (rows,).
            fold: Fold that validates each row, -1 for none, (rows,).
            folds: Number of folds.
            log: Where the encoding is recorded.

        Returns:
            What :meth:`transform` returns; a training row is encoded without its own target.
        """
        arrays = self.transform(frame)
        wide = self._wide_columns(len(frame) * folds)
        if wide:
            codes = self._every_level(frame)
            encoding, encoded = TargetEncoding.fit(codes, target, fold, folds, self.spec, wide, self.seed)
            if not encoding.columns:
                return arrays
            self.encoding, arrays["encoded"] = encoding, encoded
            self.spec = replace(self.spec, encoded=self.encoding.width)
            self._arrange(self._sources, self._scaling)
            if log is not None:
                record_encoding(log, [self._categories[column][0] for column in encoding.columns], ENCODED_FROM, LEAST_SHARE, folds)
        return arrays

    def add_words(self, words: WordEncoding, encoded: NDArray[np.float32], arrays: Arrays) -> Arrays:
        """Take in what the words of texts say of the target, and return the arrays of the training rows with it.

        Args:
            words: The fitted encoding.
            encoded: The training rows' own numbers, (rows, folds, columns).
            arrays: What :meth:`fit_target` returned.
        """
        self.words, self.spec = words, replace(self.spec, encoded=self.spec.encoded + words.width)
        self._arrange(self._sources, self._scaling)
        return {**arrays, "encoded": np.concatenate([arrays["encoded"], encoded], axis=2) if "encoded" in arrays else encoded}

    def texts(self, frame: pd.DataFrame, columns: Sequence[str] | None = None) -> dict[str, tuple[TextComponents, list[Any]]]:
        """Return by name how each column of texts is weighed, and its cells."""
        found = {source.name: source.fitted for source in self._sources if isinstance(source.fitted, TextComponents)}
        return {name: (fitted, frame[name].tolist()) for name, fitted in found.items() if columns is None or name in columns}

    def add_combined(self, combined: CombinedColumns, frame: pd.DataFrame, arrays: Arrays) -> Arrays:
        """Take combined columns in, and return the arrays of the training rows with them; see :mod:`automl.preprocessing.combining`.

        Args:
            combined: The columns.
            frame: The table of :meth:`fit`.
            arrays: What :meth:`fit_target` returned for it.
        """
        if not combined.width:
            return arrays
        before = self.spec.encoded
        self.combined, self.spec = combined, replace(self.spec, encoded=before + combined.width)
        self._arrange(self._sources, self._scaling)
        encoded = np.empty((len(frame), len(combined.given), self.spec.encoded), dtype=np.float32)
        if before:
            encoded[:, :, :before] = arrays["encoded"]
        for start in range(0, len(frame), CHUNK):
            numbers = self.raw(frame.iloc[start : start + CHUNK], ("number", "datetime"))
            encoded[start : start + CHUNK, :, before:] = combined.transform(numbers, arrays["categories"][start : start + CHUNK])
        return {**arrays, "encoded": encoded}

    def raw(self, frame: pd.DataFrame, kinds: Sequence[str] = KINDS) -> Floats:
        """Return the columns of "raw_numbers" in full precision, NaN where missing or of another kind, (rows, spec.raw_numbers)."""
        raw = np.full((len(frame), len(self.feature_names["raw_numbers"])), np.nan)
        for source, place in self._numeric:
            if source.kind in kinds:
                raw[:, place] = source.numbers(frame)
        return finite(raw)

    def places(self, kind: str) -> list[int]:
        """Return the places in "raw_numbers" of all columns of a kind: of a number itself, of a date its days since the start."""
        of_kind = [(source, place) for source, place in self._numeric if source.kind == kind]
        return [place if isinstance(place, int) else place.start + DAYS for source, place in of_kind]

    def transform(self, frame: pd.DataFrame) -> Arrays:
        """Return the arrays of a cast table; the input stays as it is.

        Args:
            frame: What ``schema.cast`` returned, (rows, columns). Columns that are not features are ignored.

        Returns:
            "numbers" (rows, spec.numbers), "raw_numbers" (rows, spec.raw_numbers) and "categories" (rows, columns); after
            :meth:`fit_target`, "encoded" (rows, folds, spec.encoded) where columns are wide or combined, as seen by models that the rows
            are new to.

        Raises:
            DataError: If a column is absent.

        Example:
            See the class.
        """
        _require(frame, self._names)
        rows = len(frame)
        arrays: Arrays = {
            "numbers": np.empty((rows, self.spec.numbers), dtype=np.float32),
            "raw_numbers": np.empty((rows, self.spec.raw_numbers), dtype=np.float32),
            "categories": np.empty((rows, len(self.spec.categories)), dtype=np.int32),
        }
        if self._folds:
            arrays["encoded"] = np.empty((rows, self._folds, self.spec.encoded), dtype=np.float32)
        for start in range(0, rows, CHUNK):
            part = frame if rows <= CHUNK else frame.iloc[start : start + CHUNK]
            self._fill(part, {name: array[start : start + CHUNK] for name, array in arrays.items()})
        return arrays

    def state(self) -> State:
        """Return all that was learnt, as JSON and arrays."""
        columns: list[dict[str, Any]] = []
        encoded = {self._categories[column][0] for column in self.encoding.columns} if self.encoding is not None else set()
        arrays: Arrays = {"centre": self._scaling.centre, "factor": self._scaling.factor, "clipped": self._scaling.clipped}
        for place, source in enumerate(self._sources):
            entry: dict[str, Any] = {"name": source.name, "kind": source.kind, "missing": source.missing}
            if isinstance(source.fitted, CalendarParts):
                entry["calendar"] = source.fitted.to_dict()
            elif isinstance(source.fitted, Levels):
                entry["levels"] = source.fitted.levels[: None if source.name in encoded else MOST_LEVELS]
            elif isinstance(source.fitted, Components):
                entry["components"] = f"{source.kind}{place}"
                arrays.update(source.fitted.to_arrays(entry["components"]))
            columns.append(entry)
        if self.encoding is not None:
            arrays.update(self.encoding.to_arrays("target"))
        told: dict[str, Any] = {"seed": self.seed, "spec": self.spec.to_dict(), "columns": columns}
        if self.words is not None:
            arrays.update(self.words.to_arrays("words"))
            told["words"] = {"columns": list(self.words.columns), "folds": self.words.folds}
        if self.combined is not None:
            arrays.update(self.combined.to_arrays("combined"))
            told["combined"] = self.combined.to_json()
        return State(told, arrays)

    @classmethod
    def from_state(cls, state: State) -> TabularPreprocessor:
        """Rebuild from :meth:`state`; transforms are the same to the last bit."""
        table = cls(seed=state.json["seed"])
        sources = []
        for entry in state.json["columns"]:
            fitted: CalendarParts | Components | Levels | None = None
            if "calendar" in entry:
                fitted = CalendarParts(**entry["calendar"])
            elif "levels" in entry:
                fitted = Levels(entry["levels"])
            elif "components" in entry or "text" in entry:  # "text" in models saved before there were others
                fitted = components()[entry["kind"]].from_arrays(state.arrays, entry.get("components", entry.get("text")))
            sources.append(SourceColumn(entry["name"], entry["kind"], entry["missing"], fitted))
        if "target_columns" in state.arrays:
            table.encoding = TargetEncoding.from_arrays(state.arrays, "target")
        if "words" in state.json:
            table.words = WordEncoding.from_arrays(**state.json["words"], arrays=state.arrays, prefix="words")
        if "combined" in state.json:
            table.combined = CombinedColumns.from_json(state.json["combined"], state.arrays, "combined")
        table._arrange(tuple(sources), Scaling(state.arrays["centre"], state.arrays["factor"], state.arrays["clipped"]))
        table.spec = Spec.from_dict(state.json["spec"])
        return table

    @property
    def has_wide_columns(self) -> bool:
        """Whether :meth:`fit_target` may find columns that are worth encoding by the target."""
        return any(len(levels.levels) >= ENCODED_FROM for _, levels in self._categories)

    @property
    def _folds(self) -> int:
        """How many models have columns of their own; 0 where nothing is encoded or combined."""
        if self.combined is not None:
            return len(self.combined.given)
        if self.words is not None:
            return self.words.folds
        return 0 if self.encoding is None else self.encoding.tables[0].shape[1]

    def _wide_columns(self, cells: int) -> list[int]:
        """Return the places of the categories that are worth encoding by the target, the widest where there are too many of them."""
        if self.spec.outputs > MOST_CLASSES:
            return []
        width = self.spec.outputs if self.spec.outputs > 2 else 1
        wide = [place for place, (_, levels) in enumerate(self._categories) if len(levels.levels) >= ENCODED_FROM]
        most = max(ENCODED_CELLS // (cells * width), 1)
        return sorted(sorted(wide, key=lambda place: -len(self._categories[place][1].levels))[:most])

    def _every_level(self, frame: pd.DataFrame) -> NDArray[np.int32]:
        """Return the codes of the category columns with all levels told apart, (rows, categories)."""
        columns = [levels.every(frame[name].to_numpy().tolist()) for name, levels in self._categories]
        return np.stack(columns, axis=1)

    def _learn(
        self, frame: pd.DataFrame, name: str, kind: str, settled: Settled
    ) -> tuple[SourceColumn, list[tuple[float, float, float]]]:
        """Fit one column; return it with centre, factor and clipping of each number that it becomes."""
        values = frame[name].to_numpy()
        if kind == "category":
            levels = Levels.fit(values.tolist())
            return SourceColumn(name, kind, False, levels), []
        fitted: CalendarParts | Components | None = None
        if kind == "datetime":
            fitted = CalendarParts.fit(values)
        elif kind == "text":
            fitted = TextComponents.fit(cells := values.tolist(), self.seed, length_for(name, cells, settled))
        elif kind == "image":
            fitted = PictureComponents.fit(values.tolist(), self.seed, settled)
        elif kind in components():
            fitted = components()[kind].fit(values.tolist(), self.seed)
        numbers = finite(SourceColumn(name, kind, False, fitted).numbers(frame).reshape(len(frame), -1))
        source = SourceColumn(name, kind, bool(np.isnan(numbers[:, 0]).any()), fitted)
        if kind == "boolean":
            return source, [(0.5, 2.0, 0.0)]
        return source, [(*robust_scale(part), 1.0) for part in numbers.T]

    def _arrange(self, sources: tuple[SourceColumn, ...], scaling: Scaling) -> None:
        """Lay out the arrays: which columns of which array come from which column of the table."""
        self._sources, self._scaling = sources, scaling
        self._names = [source.name for source in sources]
        self._categories = [(source.name, source.fitted) for source in sources if isinstance(source.fitted, Levels)]
        self._numeric: list[tuple[SourceColumn, slice | int]] = []
        self._indicators: list[int] = []  # first number of each column that gets an indicator
        parts: list[str] = []
        of_part: list[str] = []
        flagged: list[str] = []
        for source in sources:
            if isinstance(source.fitted, Levels):
                continue
            first, names = len(parts), source.parts
            self._numeric.append((source, first if source.fitted is None else slice(first, first + len(names))))
            if source.missing:
                self._indicators.append(first)
                flagged.append(source.name)
            parts += names
            of_part += [source.name] * len(names)
        categories = [name for name, _ in self._categories]
        self.feature_names = {
            "numbers": parts + [f"{name} is missing" for name in flagged],
            "raw_numbers": list(parts),
            "categories": categories,
        }
        self.sources = {"numbers": of_part + flagged, "raw_numbers": list(of_part), "categories": list(categories)}
        if self.encoding is not None:
            self.feature_names["encoded"], self.sources["encoded"] = self.encoding.names(categories)
        if self.words is not None:
            for found, of_words in zip((self.feature_names, self.sources), self.words.names(), strict=True):
                found["encoded"] = [*found.get("encoded", []), *of_words]
        if self.combined is not None:
            formulas, of_encoding = self.combined.formulas, self.feature_names.get("encoded", [])
            self.feature_names["encoded"] = of_encoding + [formula.name(parts, categories) for formula in formulas]
            names = [" and ".join(formula.sources(of_part, categories)) for formula in formulas]
            self.sources["encoded"] = self.sources.get("encoded", []) + names

    def _fill(self, frame: pd.DataFrame, arrays: Arrays) -> None:
        """Write the rows of `frame` into the arrays."""
        raw = self.raw(frame)
        arrays["raw_numbers"][:] = raw
        arrays["numbers"][:, : raw.shape[1]] = self._scaling.apply(raw)
        if self._indicators:
            arrays["numbers"][:, raw.shape[1] :] = np.isnan(raw[:, self._indicators])
        if self._categories:
            codes = self._every_level(frame)
            for place, (_, levels) in enumerate(self._categories):
                arrays["categories"][:, place] = levels.common(codes[:, place])
            if self.encoding is not None:
                arrays["encoded"][:, :, : self.encoding.width] = self.encoding.transform(codes)
        if self.words is not None:
            first = 0 if self.encoding is None else self.encoding.width
            arrays["encoded"][:, :, first : first + self.words.width] = self.words.transform(self.texts(frame, self.words.columns))
        if self.combined is not None:
            arrays["encoded"][:, :, self.spec.encoded - self.combined.width :] = self.combined.transform(raw, arrays["categories"])


def _require(frame: pd.DataFrame, names: list[str]) -> None:
    """Say which columns are absent."""
    absent = [name for name in names if name not in frame.columns]
    if absent:
        raise DataError(f"The table must have the columns of the training data. Absent: {listed(absent)}.")
