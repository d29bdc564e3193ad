"""Opening a saved model of any kind. Apart from `api`, because only what the model needs is imported here."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.families.base import Family


def load(path: str | os.PathLike[str], *, families: Sequence[Family] = ()) -> Any:
    """Open a saved model. Hashes are verified before anything is opened; no code from the file is run.

    Args:
        path: A file that :meth:`AutoML.save` wrote.
        families: Families from outside the package that the model uses.

    Returns:
        What :func:`automl.fit` returned.

    Raises:
        ArtifactError: If the file is damaged, was altered, or is newer than this automl.

    Example:
        >>> import os, tempfile
        >>> import automl
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"a": range(60), "b": [0, 1] * 30})
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = automl.fit(frame, "a", budget=None, trials=1, families=["linear"]).save(os.path.join(folder, "a.automl"))
        ...     load(path).predict(frame).shape
        (60,)
    """
    from automl import artifact

    stored = artifact.read(path)
    if "anomaly" in stored.parts:
        from automl.anomaly.detector import AnomalyDetector

        return AnomalyDetector.of(stored)
    if "forecaster" in stored.parts:
        from automl.forecasting.forecaster import Forecaster

        return Forecaster.of(stored, families)
    if "multilabel" in stored.parts:
        from automl.multilabel.classifier import MultilabelClassifier

        return MultilabelClassifier.of(stored, families)
    from automl.estimator import AutoML
    from automl.storage import Fitted

    return AutoML.of(Fitted.of(stored, families))
