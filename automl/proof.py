"""What a model file keeps so that others can check it later: fingerprints, predictions of unseen rows, and a few of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from automl.preprocessing.base import State

if TYPE_CHECKING:
    from automl.run import Run

Array = NDArray[Any]
SAMPLE = 200  # rows that the model predicts again
VALUES = 2_000_000  # of recorded predictions; beyond, the file would grow by more than it is worth


@dataclass(frozen=True)
class Proof:
    """The record.

    Attributes:
        content: Rows, columns and hash of the table that was learned from, whatever file it stood in; empty where it was too large.
        test: The same of the test file; empty where there was none.
        judged: "data" or "test": which table the judged rows are places of.
        repeatable: Whether the model itself made the recorded predictions (a holdout or a test file); else models of other folds did.
        rows: Places of the judged rows, (judged,).
        prediction: What was said about them, calibrated, (judged, outputs).
        limit: Threshold of each judged row, (judged,), or one for all (1,); of several labels (judged, labels); empty for other problems.
        sample: Places of rows of the data, (sample,).
        said: What the model says about them, (sample, outputs).
        decided: Class code of each judged row where a rule of several classes decided, (judged,); empty otherwise.
    """

    content: dict[str, Any]
    test: dict[str, Any]
    judged: str
    repeatable: bool
    rows: Array = field(repr=False)
    prediction: Array = field(repr=False)
    limit: Array = field(repr=False)
    sample: Array = field(repr=False)
    said: Array = field(repr=False)
    decided: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)

    def state(self) -> State:
        """Return the record as a part of the artifact."""
        told = {"content": self.content, "test": self.test, "judged": self.judged, "repeatable": self.repeatable}
        arrays = {name: getattr(self, name) for name in ("rows", "prediction", "limit", "sample", "said", "decided")}
        return State(told, arrays)

    @classmethod
    def from_state(cls, state: State) -> Proof:
        """Rebuild the record."""
        told: dict[str, Any] = {**state.json, **state.arrays}
        return cls(**told)


def proof_of(run: Run) -> Proof:
    """Return the record of a run that is judged.

    Args:
        run: The run; its predictor is asked for a few rows that it learned from, which says nothing about how good it is.
    """
    holdout = len(run.parts.holdout) > 0
    rows = run.parts.holdout if holdout else run.parts.train[run.judged_rows]
    test = run.test_rows is not None
    places = np.asarray(rows, dtype=np.int64) - (run.learning_rows if test else 0)
    prediction = np.asarray(run.judgement.prediction, dtype=np.float64)
    if prediction.size > VALUES:
        places, prediction = places[:0], prediction[:0]
    limit = run.judgement.limit
    limits = np.zeros(0) if limit is None else np.atleast_1d(np.asarray(limit, dtype=np.float64))
    sample = np.unique(np.linspace(0, run.learning_rows - 1, min(SAMPLE, run.learning_rows)).astype(np.int64))
    features = [column.name for column in run.schema.features]
    said = run.predictor(run.dataset.frame.iloc[sample][features])
    return Proof(
        run.contents.get("data", {}),
        run.contents.get("test", {}),
        "test" if test else "data",
        holdout,
        places,
        prediction,
        limits if len(limits) in (1, len(places)) else limits[:0],
        sample,
        np.asarray(said, dtype=np.float64),
        np.zeros(0, dtype=np.int64) if run.judgement.rule is None else np.asarray(run.judgement.decided)[: len(places)],
    )
