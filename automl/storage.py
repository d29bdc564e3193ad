"""Everything that a fitted model remembers, as the parts of an artifact, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from automl.artifact import Artifact
from automl.checks import Finding
from automl.dataset.picture import Picture
from automl.dataset.signal import Signal
from automl.decisions import Decision
from automl.errors import ArtifactError
from automl.families.base import Family
from automl.predictor import Predictor
from automl.preprocessing.base import State
from automl.proof import Proof
from automl.report.facts import ReportFacts


@dataclass(frozen=True)
class Fitted:
    """What a fit leaves behind.

    Attributes:
        predictor: From raw rows to predictions.
        findings: What the checks found.
        decisions: Every automatic choice.
        facts: Everything that the report says.
        leaderboard: Every model that was tried.
        feature_names: Columns that were given, the target not among them.
        background: A few rows to explain others against; None where there are none.
        seed: Seed of the run.
        interrupted: Whether the user stopped the search.
        proof: What others need to check the model; None in files that were saved before there was any.
    """

    predictor: Predictor
    findings: tuple[Finding, ...]
    decisions: tuple[Decision, ...]
    facts: ReportFacts
    leaderboard: pd.DataFrame
    feature_names: tuple[str, ...]
    background: pd.DataFrame | None
    seed: int
    interrupted: bool = False
    proof: Proof | None = None

    def states(self) -> dict[str, State]:
        """Return every part but the facts, which the artifact keeps beside them."""
        board = self.leaderboard
        told: dict[str, Any] = {
            "seed": self.seed,
            "interrupted": self.interrupted,
            "feature_names": list(self.feature_names),
            "findings": [finding.to_dict() for finding in self.findings],
            "decisions": [decision.to_dict() for decision in self.decisions],
            "leaderboard": board.astype(object).where(board.notna(), None).to_dict(orient="list"),
            "background": None if self.background is None else values_of(self.predictor.schema.cast(self.background)),
        }
        proof = {} if self.proof is None else {"proof": self.proof.state()}
        return {**self.predictor.states(), "told": State(told), **proof}

    @classmethod
    def of(cls, stored: Artifact, families: Sequence[Family] = ()) -> Fitted:
        """Rebuild it from a verified artifact.

        Args:
            stored: The artifact.
            families: Families from outside the package that the model uses.

        Raises:
            ArtifactError: If a part is missing or does not fit this version.
        """
        try:
            told = stored.parts["told"].json
            board = pd.DataFrame(told["leaderboard"])
            predictor = Predictor.from_states(stored.parts, tuple(families))
            return cls(
                predictor,
                tuple(Finding.from_dict(finding) for finding in told["findings"]),
                tuple(Decision.from_dict(decision) for decision in told["decisions"]),
                ReportFacts.model_validate(stored.facts),
                board.astype(dict.fromkeys(("loss", "low", "high", "size_bytes"), float)),
                tuple(told["feature_names"]),
                frame_of(told["background"], predictor),
                int(told["seed"]),
                bool(told["interrupted"]),
                Proof.from_state(stored.parts["proof"]) if "proof" in stored.parts else None,
            )
        except (KeyError, TypeError, IndexError) as error:
            raise ArtifactError(f"A model file must hold every part of a model. Received one without {error}; save it again.") from error


def values_of(typed: pd.DataFrame) -> dict[str, list[Any]]:
    """Return typed columns as JSON-ready lists; dates as ISO text."""
    columns: dict[str, list[Any]] = {}
    for name in typed.columns:
        values = typed[name]
        if pd.api.types.is_datetime64_any_dtype(values):
            columns[str(name)] = [None if pd.isna(value) else value.isoformat() for value in values]
        else:
            columns[str(name)] = [_plain(value) for value in values]
    return columns


def _plain(value: Any) -> Any:
    """Return a typed cell as JSON knows it; a series as a list of its steps, a picture in memory as missing."""
    if isinstance(value, Picture):
        return None
    if isinstance(value, Signal):
        steps = value.values.astype(object)
        steps[np.isnan(value.values)] = None
        return steps.tolist()
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def frame_of(columns: dict[str, list[Any]] | None, predictor: Predictor) -> pd.DataFrame | None:
    """Rebuild typed columns from :func:`values_of`."""
    if columns is None:
        return None
    frame = pd.DataFrame(columns)
    dates = [column.name for column in predictor.schema.features if column.type == "datetime"]
    series = {column.name: predictor.schema.cast(frame)[column.name] for column in predictor.schema.features if column.type == "series"}
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates}, **series)
