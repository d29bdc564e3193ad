"""A column of a table on its way into arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from automl.preprocessing.components import Components
from automl.preprocessing.dates import CalendarParts
from automl.preprocessing.levels import Levels
from automl.preprocessing.scaling import Floats


@dataclass(frozen=True)
class SourceColumn:
    """One column of a table and what became of it.

    Attributes:
        name: Of the column.
        kind: What it is prepared as: "number", "datetime", "category", "text", …
        missing: Whether training rows lacked it: then an indicator is made.
        fitted: Turns it into numbers or codes; None for plain numbers.
    """

    name: str
    kind: str
    missing: bool
    fitted: CalendarParts | Components | Levels | None = None

    @property
    def parts(self) -> list[str]:
        """Names of the numbers that the column becomes."""
        if isinstance(self.fitted, (CalendarParts, Components)):
            return [f"{self.name}: {part}" for part in self.fitted.names]
        return [self.name]

    def numbers(self, frame: pd.DataFrame) -> Floats:
        """Return the column as numbers, missing or infinite ones included, (rows,) or (rows, parts)."""
        if isinstance(self.fitted, CalendarParts):
            return self.fitted.transform(frame[self.name].to_numpy())
        if isinstance(self.fitted, Components):
            return self.fitted.transform(frame[self.name].to_numpy().tolist())
        values = frame[self.name].to_numpy()
        return values if values.dtype == np.float64 else frame[self.name].to_numpy(dtype=np.float64, na_value=np.nan)
