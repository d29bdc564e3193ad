"""What is to be predicted, and how its labels become numbers and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from automl.schema import Column, cast_column, cell_text, levels


@dataclass(frozen=True)
class Task:
    """What is to be predicted.

    Attributes:
        problem: "binary", "multiclass" or "regression": what is learnt; "multilabel" or "anomaly_detection" where nothing is yet.
        target: The column's name.
        classes: The labels as they stand in the data, sorted; of two, the second is the positive class. Empty for regression.
        metric: What is minimised: "log_loss" or "rmse".
        modality: "tabular", "image", "text", "sequence" or "mixed".
        confidence: From 0 to 1: how sure the problem is.
        evidence: Sentences with numbers.
        runner_up: The next best problem: {"problem", "confidence", "override"}; None where it was declared or is beyond doubt.
        parse: How the target's raw cells are read (see :class:`automl.schema.Column`).
        kind: "count", "ordinal", "forecasting", "multilabel" or "several numbers", where that says more than the problem.
        targets: All targets, where there are several; `target` is the first.
        time: {"column", "frequency", "season", "horizon"} of a sequence.
        series: {"column", "count", "steps"} of a sequence with several series.

    Example:
        >>> task = Task("binary", "churn", ("No", "Yes"))
        >>> task.encode(["Yes", "No", None, "Maybe"]).tolist(), task.decode([1, 0]).tolist()
        ([1, 0, -1, -1], ['Yes', 'No'])
    """

    problem: str
    target: str
    classes: tuple[str | int | float | bool, ...] = ()
    metric: str = "log_loss"
    modality: str = "tabular"
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()
    runner_up: dict[str, Any] | None = None
    parse: dict[str, Any] = field(default_factory=dict)
    kind: str = ""
    targets: tuple[str, ...] = ()
    time: dict[str, Any] | None = None
    series: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """The task as people call it: an ordinal target is learnt as classes and called so, a count is called a count."""
        return self.kind if self.kind in ("count", "forecasting") else self.problem

    @property
    def refusal(self) -> str | None:
        """Why nothing can be learnt from such a task yet, with what can be done instead; None where it can be learnt."""
        instead = {
            "forecasting": "automl.fit learns to forecast them; to learn from the rows without their order, say problem='regression'",
            "multilabel": "automl.fit learns each label; to learn the joined labels as classes, say problem='multiclass'",
            "several numbers": "give one of the targets",
            "anomaly_detection": "name a column to predict",
        }
        kind = self.kind if self.kind in instead else self.problem
        if kind in instead:
            law = "Learning is for one target of classes or numbers in a table so far"
            return f"{law}. Detected {kind.replace('_', ' ')}; {instead[kind]}."
        return None

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted."""
        return self.problem != "regression"

    @property
    def outputs(self) -> int:
        """Number of columns of a prediction: the classes, or 1."""
        return len(self.classes) if self.is_classification else 1

    @cached_property
    def _codes(self) -> dict[str, int]:
        codes = {str(cell_text(label)): code for code, label in enumerate(self.classes)}
        if set(codes) == {"0", "1"}:
            codes |= {"False": codes["0"], "True": codes["1"]}
        return codes

    def encode(self, values: Any) -> np.ndarray[Any, Any]:
        """Return the target as numbers.

        Args:
            values: Raw labels or numbers, shape (rows,): a Series, an array or a list.

        Returns:
            int64 codes with -1 for missing and unknown labels, or float64 with NaN for missing and infinite numbers, shape (rows,).
        """
        series = values if isinstance(values, pd.Series) else _series(values)
        if not self.is_classification or self.parse:  # "1,200" as a class is the number 1200
            numbers = cast_column(series, Column(self.target, "number", parse=self.parse))
            if not self.is_classification:
                return numbers
            series = pd.Series(numbers)
        texts = levels(series)
        codes, uniques = pd.factorize(texts)
        table = np.array([self._codes.get(text, -1) for text in uniques] + [-1], dtype=np.int64)
        return table[codes]

    def decode(self, codes: Any) -> np.ndarray[Any, Any]:
        """Return the labels of class codes as they stand in the data, shape (rows,); numbers of a regression pass through."""
        if not self.is_classification:
            return np.asarray(codes, dtype=np.float64)
        kinds = {type(label) for label in self.classes}
        labels = np.empty(len(self.classes), dtype=object)
        labels[:] = self.classes
        return np.asarray(labels.astype(kinds.pop()) if len(kinds) == 1 and str not in kinds else labels)[np.asarray(codes, dtype=np.int64)]

    def to_dict(self) -> dict[str, Any]:
        """Return the task as JSON-ready values."""
        return {**asdict(self), "classes": list(self.classes), "evidence": list(self.evidence), "targets": list(self.targets)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Task:
        """Rebuild a task from :meth:`to_dict`."""
        tuples = {name: tuple(values.get(name, ())) for name in ("classes", "evidence", "targets")}
        return cls(**{**values, **tuples})


def _series(values: Any) -> pd.Series[Any]:
    """Return values as a Series whose cells keep their kind."""
    array = values if isinstance(values, np.ndarray) else None
    if array is not None and array.dtype != object:
        return pd.Series(array.reshape(len(array), -1)[:, 0] if array.ndim > 1 else array)
    return pd.Series(list(values), dtype=object)
