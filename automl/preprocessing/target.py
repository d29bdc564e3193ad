"""The target of a regression, standardised for training and brought back for prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class TargetScaler:
    """Standardises numbers; predictions are kept inside the range that training rows had.

    Attributes:
        mean: Mean of the training rows.
        scale: Standard deviation of the training rows; 1 where they are all equal.
        lowest: Smallest training value.
        highest: Largest training value.

    Example:
        >>> scaler = TargetScaler.fit(np.array([1.0, 2.0, 3.0]))
        >>> scaler.inverse(np.array([[0.0], [99.0]])).ravel().tolist()
        [2.0, 3.0]
    """

    mean: float = 0.0
    scale: float = 1.0
    lowest: float = -np.inf
    highest: float = np.inf

    @classmethod
    def fit(cls, y: Array) -> TargetScaler:
        """Measure the training targets, (rows,)."""
        scale = float(np.std(y))
        return cls(float(np.mean(y)), scale if scale > 0 else 1.0, float(np.min(y)), float(np.max(y)))

    def transform(self, y: Array) -> Array:
        """Return standardised targets, (rows,)."""
        return (np.asarray(y, dtype=np.float64) - self.mean) / self.scale

    def inverse(self, prediction: Array) -> Array:
        """Return predictions (rows, 1) in the units of the target."""
        return np.clip(np.asarray(prediction, dtype=np.float64) * self.scale + self.mean, self.lowest, self.highest)

    def to_dict(self) -> dict[str, float]:
        """Return JSON-ready values."""
        return asdict(self)
