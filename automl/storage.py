"""A fitted AutoML as the parts of an artifact, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from automl.decisions import Decision
from automl.errors import ArtifactError
from automl.preprocessing.base import State

if TYPE_CHECKING:
    from automl.artifact import Artifact
    from automl.estimator import AutoML
    from automl.families.base import Family


def states_of(model: AutoML) -> dict[str, State]:
    """Return everything that a fitted model needs in another process.

    Args:
        model: A fitted model.

    Returns:
        States by part.
    """
    background = model._background
    board = model.leaderboard()
    told: dict[str, Any] = {
        "target": model.task_.target,
        "seed": int(model.seed),
        "feature_names": [str(name) for name in model.feature_names_in_],
        "findings": [finding.to_dict() for finding in model.findings_],
        "decisions": [decision.to_dict() for decision in model.decisions_],
        "leaderboard": board.astype(object).where(board.notna(), None).to_dict(orient="list"),
        "background": None if background is None else _rows(model.schema_.cast(background)),
    }
    return {**model.predictor_.states(), "told": State(told)}


def _rows(typed: pd.DataFrame) -> dict[str, list[Any]]:
    """Return typed columns as JSON-ready lists; dates as ISO text."""
    columns: dict[str, list[Any]] = {}
    for name in typed.columns:
        values = typed[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            columns[str(name)] = [None if pd.isna(value) else value.isoformat() for value in values]
        else:
            columns[str(name)] = [None if pd.isna(v) else v.item() if isinstance(v, np.generic) else v for v in values]
    return columns


def model_from(stored: Artifact, families: tuple[Family, ...] = ()) -> AutoML:
    """Rebuild a fitted model.

    Args:
        stored: A verified artifact.
        families: Families from outside the package.

    Raises:
        ArtifactError: If a part is missing or does not fit this version.
    """
    from automl.checks import Finding
    from automl.estimator import AutoML
    from automl.predictor import Predictor
    from automl.report.facts import ReportFacts

    try:
        told = stored.parts["told"].json
        predictor = Predictor.from_states(stored.parts, families)
        model = AutoML(told["target"], seed=told["seed"])
        model.predictor_, model.task_, model.schema_ = predictor, predictor.task, predictor.schema
        model.findings_ = tuple(Finding.from_dict(finding) for finding in told["findings"])
        model.decisions_ = [Decision.from_dict(decision) for decision in told["decisions"]]
        model.facts_ = ReportFacts.model_validate(stored.facts)
        model._leaderboard = pd.DataFrame(told["leaderboard"])
        model._background = None if told["background"] is None else pd.DataFrame(told["background"])
        model.interrupted_ = False
        model._set_columns(told["feature_names"])
    except (KeyError, TypeError, IndexError) as error:
        raise ArtifactError(f"A model file must hold every part of a model. Received one without {error}; save the model again.") from error
    return model
