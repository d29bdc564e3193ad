"""What the file of a detector keeps so that others can check it later, and the figures that have to come out again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.anomaly.judging import label_facts
from automl.anomaly.run import truth_of
from automl.dataset import content_of
from automl.proof import SAMPLE, VALUES, Proof

if TYPE_CHECKING:
    from automl.anomaly.run import Found

Array = NDArray[Any]


def proof_of_detector(found: Found, score: Callable[[pd.DataFrame], Array]) -> Proof:
    """Return the record of a run.

    Args:
        found: What the run left behind.
        score: The fitted detector's, asked for the first rows of the data, which follow each other: a series is judged by its past.
    """
    scores = found.scores[:0] if len(found.scores) > VALUES else found.scores
    sample = np.arange(min(SAMPLE, len(found.frame)))
    said = score(found.frame.iloc[sample])
    rows = np.arange(len(scores))
    return Proof(content_of(found.looked.whole), {}, "data", False, rows, scores, np.array([found.threshold]), sample, said)


def scores_again(label: str | None, proof: Proof, frame: pd.DataFrame) -> dict[str, float]:
    """Return the share of alarms of the recorded scores, and where labels are known how many of these alarms are right."""
    limit = float(proof.limit[0])
    told: dict[str, Any] = {"share_of_alarms": float((proof.prediction > limit).mean())}
    if label is not None and label in frame.columns:
        told |= label_facts(proof.prediction, truth_of(frame[label], label, several=True), limit)
    return {name: float(value) for name, value in told.items() if isinstance(value, (int, float)) and np.isfinite(value)}
