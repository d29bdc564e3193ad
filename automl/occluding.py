"""Explain a model of series: which stretch of time carried its answers, on rows that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.dataset.signal import Signal, signal_column
from automl.explaining import unseen_rows
from automl.explanation.occlusion import Occlusion, occlude

if TYPE_CHECKING:
    from automl.run import Run

MOST_ROWS = 40
LATEST = 0.93  # share of the budget from which it is left out


def occlude_run(run: Run) -> Occlusion | None:
    """Return what each tenth of time is worth; None without series, or without time.

    Args:
        run: A run that is judged.
    """
    column = next((column for column in run.schema.features if column.type == "series"), None)
    if column is None or run.budget.over(LATEST):
        return None
    rows, predictor = unseen_rows(run)
    frame = run.dataset.frame
    known = [int(row) for row in rows if isinstance(frame[column.name].iloc[row], Signal)]
    chosen = np.random.default_rng(run.settings.seed).permutation(known)[:MOST_ROWS].astype(np.int64)
    if len(chosen) < 2:
        return None
    others = frame.iloc[chosen].reset_index(drop=True)

    def predict(series: Sequence[NDArray[Any]]) -> NDArray[Any]:
        table: pd.DataFrame = others.assign(**{column.name: signal_column(series)})
        return predictor.raw(predictor.preprocessor.transform(predictor.schema.cast(table)))  # calibration may be flat near 0 and 1

    series = [frame[column.name].iloc[row].values for row in chosen]
    ruled = None if predictor.rule is None else lambda raw: predictor.codes(predictor.calibration.apply(raw))
    return occlude(predict, series, chosen, run.task.is_classification, ruled)
