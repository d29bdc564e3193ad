"""What is checked of every model file, and how a check is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from automl.artifact import Artifact

if TYPE_CHECKING:
    from automl.proof import Proof

Array = NDArray[Any]
CLOSE = 1e-4  # of a probability, or of the target's standard deviation: processors and libraries round differently
SAME = 1e-6  # of a score: the same predictions and the same target


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `agrees` is None where it could not be."""

    name: str
    agrees: bool | None
    sentence: str


@dataclass(frozen=True)
class Verification:
    """What agrees and what does not.

    Attributes:
        checks: In the order in which they were made.
        digest: The digest of the model file's manifest, which covers every byte of it.
    """

    checks: tuple[Check, ...]
    digest: str

    @property
    def agrees(self) -> bool:
        """Whether nothing that could be checked disagrees."""
        return all(check.agrees is not False for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"agrees": self.agrees, "digest": self.digest, "checks": [vars(check) for check in self.checks]}


class Verifying(ABC):
    """Holds a model file against data; how the model predicts and is scored differs.

    Args:
        stored: The model file, its hashes verified.
        data: The table, a path or a DataFrame.
        proof: What the file recorded; None in files from before there were records.
        sha256: Of the file that the model was fitted on; None where it is not known.
    """

    repeated: ClassVar[str] = "rows were predicted again"
    """What is told of the sample whose predictions are made again."""

    def __init__(self, stored: Artifact, data: Any, proof: Proof | None, sha256: str | None) -> None:
        from automl.dataset import fingerprint
        from automl.dataset import read as read_table

        self.stored, self.proof = stored, proof
        table = read_table(data, folders=True)
        self.frame: pd.DataFrame = table.frame
        self.found = {"rows": len(self.frame), "columns": self.frame.shape[1], "sha256": fingerprint(self.frame)}
        self.from_file = sha256 is not None
        self.same_file = sha256 is not None and table.details.get("sha256") == sha256
        self.is_test = proof is not None and bool(proof.test) and self._is(proof.test)
        self.is_data = proof is not None and (self._is(proof.content) or self.same_file)

    @abstractmethod
    def _said(self) -> Array:
        """Return the model's predictions of the recorded sample."""

    @abstractmethod
    def _scale(self) -> float:
        """Return what a difference of predictions is held against."""

    @abstractmethod
    def _scores(self) -> Check:
        """Compute the scores of the report again."""

    def _is(self, content: dict[str, Any]) -> bool:
        return bool(content) and content["sha256"] == self.found["sha256"]

    def verification(self) -> Verification:
        """Return all checks."""
        members = len(self.stored.manifest.members)
        whole = Check("model file", True, f"All {members} parts of the model file have the hashes that its manifest states.")
        checks = [whole, self._data(), self._predictions(), self._scores(), self._versions()]
        return Verification(tuple(checks), self.stored.manifest.digest)

    def _data(self) -> Check:
        shape = f"{self.found['rows']:,} rows × {self.found['columns']} columns"
        if self.proof is None:
            return Check("data", None, "The model was saved without a record of its data; fit it again to have one.")
        if self.is_test:
            return Check("data", True, f"The data are the test file that the model was judged on ({shape}).")
        if self.same_file:
            return Check("data", True, f"The data are the file that the model was fitted on, byte for byte ({shape}).")
        if self.is_data:
            where = ", in another file" if self.from_file else ""
            return Check("data", True, f"The data have the content that the model was fitted on ({shape}){where}.")
        if not self.proof.content:
            return Check(
                "data", None, "The content of the data was not recorded, and no hash of their file is the same; nothing follows from that."
            )
        then = f"{self.proof.content['rows']:,} rows × {self.proof.content['columns']} columns"
        return Check("data", False, f"The data are not those that the model was fitted on: {shape} now, {then} then, and another content.")

    def _predictions(self) -> Check:
        if self.proof is None or not self.is_data:
            return Check("predictions", None, "The model's predictions can be repeated on the data that it was fitted on alone.")
        said, scale = self._said(), self._scale()
        same = np.array_equal(np.isnan(said), np.isnan(self.proof.said))  # closed steps of a series have no number
        gap = float(np.nanmax(np.abs(said - self.proof.said), initial=0.0)) if same else float("inf")
        told = f"{len(self.proof.sample):,} {self.repeated}; the largest difference is {gap:.2g}"
        agrees = gap <= CLOSE * scale
        return Check("predictions", agrees, f"{told}." if agrees else f"{told}, more than rounding explains ({CLOSE * scale:.2g}).")

    def _compared(self, stated: dict[str, float | None], scores: dict[str, float], limit: float, source: str, rows: str) -> Check:
        """Hold scores against those of the report."""
        known = {name: then for name, then in stated.items() if then is not None and np.isfinite(then)}
        both = {name: (then, scores[name]) for name, then in known.items() if name in scores}
        off = {name: pair for name, pair in both.items() if not abs(pair[0] - pair[1]) <= limit * max(abs(pair[0]), 1.0)}
        if off:
            told = "; ".join(f"{name} {now:.6g} now, {then:.6g} in the report" for name, (then, now) in off.items())
            return Check("scores", False, f"{len(off)} of {len(both)} scores differ: {told}.")
        if not both:
            return Check("scores", None, "The report has no score that could be computed again.")
        those = "The score" if len(both) == 1 else f"All {len(both)} scores"
        return Check("scores", True, f"{those} of the report {'was' if len(both) == 1 else 'were'} computed again {source}, on {rows}.")

    def _versions(self) -> Check:
        changed = self.stored.manifest.differences()
        return Check("versions", None if changed else True, " ".join(changed) or "The packages have the versions that saved the model.")
