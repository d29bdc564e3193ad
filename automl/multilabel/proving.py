"""What the file of a model of labels keeps so that others can check it later, and the scores that have to come out again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.dataset import Dataset, content_of, read
from automl.multilabel import judging
from automl.multilabel.judging import Seen
from automl.multilabel.model import LabelModel
from automl.multilabel.plan import Plan
from automl.multilabel.run import Outcome
from automl.proof import SAMPLE, VALUES, Proof
from automl.run import RunSettings

Array = NDArray[np.float64]


def proof_of_labels(dataset: Dataset, plan: Plan, outcomes: Sequence[Outcome], model: LabelModel, settings: RunSettings) -> Proof:
    """Return the record of a model of labels.

    Args:
        dataset: The data with their targets, as they were read.
        plan: What all labels share.
        outcomes: What became of each label, in their order.
        model: Asked for a few rows that it learned from, which says nothing about how good it is.
        settings: What the user asked for; a test file is read again for its hash.

    Returns:
        Predictions and thresholds of the judged rows are (judged, labels), those of the sample (sample, labels).
    """
    test = plan.test_rows is not None
    places = plan.judged.astype(np.int64) - (plan.learning_rows if test else 0)
    probability = np.stack([one.probability for one in outcomes], axis=1)
    limit = np.stack([one.limit for one in outcomes], axis=1)
    if probability.size > VALUES:
        places, probability, limit = places[:0], probability[:0], limit[:0]
    sample = np.unique(np.linspace(0, plan.learning_rows - 1, min(SAMPLE, plan.learning_rows)).astype(np.int64))
    said = model(plan.dataset.frame.iloc[sample][[column.name for column in plan.schema.features]])
    return Proof(
        content_of(dataset.frame),
        content_of(read(settings.test, called="test", folders=True).frame) if test else {},
        "test" if test else "data",
        len(plan.parts.holdout) > 0,
        places,
        probability,
        limit,
        sample,
        np.asarray(said, dtype=np.float64),
    )


def scores_again(model: LabelModel, frame: pd.DataFrame, probability: Array, limit: Array) -> dict[str, float]:
    """Return the scores of all labels together, but for those that are a mean over single labels' reports.

    Args:
        model: Knows how the target tells labels, and which were learnt.
        frame: Rows with their targets.
        probability: What was said of them, (rows, labels); NaN where a label was not judged.
        limit: Their thresholds, (rows, labels).
    """
    codes, _ = model.labels.codes(frame)
    unlearnt = [place for place, member in enumerate(model.members) if member.predictor is None]
    naive = np.tile([member.share for member in model.members], (len(frame), 1))
    found = judging.scores(Seen.of(codes, probability, limit, naive), [], unlearnt)
    return {name: float(score.value) for name, score in found.items() if score.value is not None and np.isfinite(score.value)}
