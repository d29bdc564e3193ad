"""What decisions that serve a measure reach on the judged rows, against the most probable class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from automl.metrics import score
from automl.report.measured import RuleFacts

if TYPE_CHECKING:
    from automl.run import Run

RULES = ("highest F1", "highest macro-F1", "highest balanced accuracy")


def rule_facts(run: Run) -> RuleFacts | None:
    """Return what the decisions that the user asked for reach and cost; None where the most probable class, costs or minima decide.

    Args:
        run: A run that is judged. No row is decided by a rule or threshold that saw it.
    """
    judged, metric = run.judgement, run.wishes.serves
    chosen = judged.threshold if judged.rule is None else judged.rule
    if metric is None or metric == "accuracy" or chosen is None or judged.decided is None:
        return None
    if judged.threshold is not None and judged.threshold.rule not in RULES:
        return None
    scores, known = judged.evaluation.scores, judged.y >= 0
    y, prediction = judged.y[known], judged.prediction[known]
    return RuleFacts(
        metric=metric,
        because=chosen.because,
        value=scores[metric].value,
        usual=score(metric, y, prediction),
        accuracy=scores["accuracy"].value,
        usual_accuracy=score("accuracy", y, prediction),
        moved=float(np.mean(judged.decided[known] != prediction.argmax(axis=1))) if len(y) else None,
    )
