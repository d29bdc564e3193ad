"""Whether a model file and its report can be reproduced from the data: hashes, predictions, scores, one verdict for each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from automl.artifact import read
from automl.verifying.base import Check as Check
from automl.verifying.base import Verification as Verification

if TYPE_CHECKING:
    from automl.families.base import Family


def verify(path: str | os.PathLike[str], data: Any, *, families: Sequence[Family] = ()) -> Verification:
    """Repeat what a model file and its report state.

    Every member of the file is held against the hash in its manifest. The data are held against the hash of those that the model was
    fitted on. The model predicts some rows again, forecasts some series, or scores the first rows. The scores of the report are computed
    again: of a holdout or a test file by the model itself, else from the recorded predictions of models that had not seen the row or the
    last steps, and the target in the data.

    Args:
        path: The model file.
        data: The table that the model was fitted on, or judged on where that was a test file; a path or a DataFrame.
        families: Families from outside the package that the model uses.

    Raises:
        ArtifactError: The file is damaged or was altered.
        DataError: The data cannot be read.
    """
    stored = read(path)
    if "forecaster" in stored.parts:
        from automl.verifying.forecasts import OfForecast

        return OfForecast(stored, data, families).verification()
    if "anomaly" in stored.parts:
        from automl.verifying.anomalies import OfDetector

        return OfDetector(stored, data).verification()
    from automl.verifying.tables import OfLabels, OfOne

    kind = OfLabels if "multilabel" in stored.parts else OfOne
    return kind(stored, data, families).verification()
