"""From raw rows to a probability and a decision for each label; everything in it can be stored without code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.errors import ArtifactError
from automl.families.base import Family
from automl.multilabel.cells import Labels
from automl.predictor import BLOCK, Predictor
from automl.preprocessing.base import State
from automl.preprocessing.encoders import Preprocessor
from automl.preprocessing.tabular import TabularPreprocessor
from automl.schema import Schema

Array = NDArray[Any]


@dataclass(frozen=True)
class Member:
    """One label: its model, or the share that stands for it.

    Attributes:
        predictor: The calibrated model; None where the label was not learnt.
        share: Share of the training rows that have the label.
        threshold: Above it the label is there.
    """

    predictor: Predictor | None
    share: float
    threshold: float


@dataclass(frozen=True)
class LabelModel:
    """All labels.

    Attributes:
        labels: How the target tells labels.
        schema: How raw columns become typed ones; the targets are not among them.
        shared: The preparation that all labels share.
        members: One for each label.
    """

    labels: Labels
    schema: Schema
    shared: Preprocessor
    members: tuple[Member, ...]

    @property
    def thresholds(self) -> Array:
        """The threshold of each label, (labels,)."""
        return np.array([member.threshold for member in self.members])

    def __call__(self, frame: pd.DataFrame) -> Array:
        """Return calibrated probabilities (rows, labels) of raw rows; columns are prepared once for all labels."""
        typed = self.schema.cast(frame)
        result = np.tile([member.share for member in self.members], (len(typed), 1))
        learnt = [(place, member.predictor) for place, member in enumerate(self.members) if member.predictor is not None]
        wanted = frozenset(name for _, predictor in learnt for name in predictor.wanted)
        for start in range(0, len(typed), BLOCK):
            block = typed if len(typed) <= BLOCK else typed.iloc[start : start + BLOCK]
            arrays, further = self.shared.table.transform(block), self.shared.further(block, wanted)
            for place, predictor in learnt:
                table = predictor.preprocessor.table
                own = arrays if table.encoding is None else table.transform(block)
                made = predictor.calibration.apply(predictor.raw({**own, **further}))
                result[start : start + BLOCK, place] = made[:, 1]
        return result

    def decide(self, probability: Array) -> NDArray[np.bool_]:
        """Return which labels rows have, (rows, labels), each by its own threshold."""
        return np.asarray(probability > self.thresholds)

    def states(self) -> dict[str, State]:
        """Return every part as a state for the artifact; what labels share is stored once."""
        told = [{"share": member.share, "threshold": member.threshold, "learnt": member.predictor is not None} for member in self.members]
        described = {"labels": self.labels.to_dict(), "schema": self.schema.to_dict(), "members": told}
        states = {"multilabel": State(described), "preprocessing": self.shared.state()}
        for place, member in enumerate(self.members):
            if member.predictor is None:
                continue
            own = member.predictor.states()
            del own["preprocessing"]
            if member.predictor.preprocessor.table.encoding is not None:
                own["table"] = member.predictor.preprocessor.table.state()
            states |= {f"labels/{place}/{name}": state for name, state in own.items()}
        return states

    @classmethod
    def from_states(cls, states: Mapping[str, State], families: Sequence[Family] = ()) -> LabelModel:
        """Rebuild a model.

        Raises:
            ArtifactError: If a part is missing, or a family of the model is not known here.
        """
        try:
            told = states["multilabel"].json
            shared, members = Preprocessor.from_state(states["preprocessing"]), []
            for place, one in enumerate(told["members"]):
                predictor = None
                if one["learnt"]:
                    prefix = f"labels/{place}/"
                    own = {name.removeprefix(prefix): state for name, state in states.items() if name.startswith(prefix)}
                    table = TabularPreprocessor.from_state(own["table"]) if "table" in own else shared.table
                    preparation = Preprocessor(table, shared.encoders, shared.modality)
                    predictor = Predictor.from_states(own, tuple(families), preparation)
                members.append(Member(predictor, float(one["share"]), float(one["threshold"])))
            return cls(Labels.from_dict(told["labels"]), Schema.from_dict(told["schema"]), shared, tuple(members))
        except (KeyError, TypeError, IndexError) as error:
            raise ArtifactError(f"A model file must hold every part of a model. Received one without {error}; save it again.") from error
