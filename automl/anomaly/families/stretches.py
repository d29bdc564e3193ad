"""Stretches of time that are unlike others: a value that stays, a level that is off for longer than chance would have it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from automl.anomaly.base import Array, DetectorFamily, Shape
from automl.anomaly.design import Rows
from automl.anomaly.families.conditional_gaussian import calendar, gaussian, given
from automl.anomaly.past import WINDOWS, runs, trailing
from automl.anomaly.scores import Rarity, joined
from automl.budget import Deadline
from automl.preprocessing.base import Arrays


class Stretches(DetectorFamily):
    """What one step does not show: runs of one value, means over the last steps of what the calendar does not explain.

    Three things of each number, each by how rare it is among the training rows, the rarest counting most: how long it has had its
    value (apart for its commonest value, such as no rain); the mean over the last 6 and 24 steps of its distance from what the
    calendar, the seasons before and the other columns say (moving averages of residuals: Roberts, 1959), the last steps left out.
    """

    name = "stretches"
    title = "Stretches of time"
    needs_time = True
    looks_back = True
    judges_columns = True

    def fit(self, rows: Rows, fold: NDArray[np.int64], folds: int, shape: Shape, deadline: Deadline, seed: int) -> Arrays | None:
        """Look how long values stay and how far means are off, outside each fold."""
        model = calendar(rows)
        model["commonest"] = np.array([_commonest(column) for column in rows.raw.T])
        inputs = given(rows, shape, model, near=False)
        for place in range(folds):
            learn = np.flatnonzero(fold != place)
            model |= {f"{name}{place}": part for name, part in gaussian(inputs[learn], shape).items()}
            for name, values in self._signs(model, rows, shape, place).items():
                for column in range(shape.numbers):
                    own = values[learn, column]
                    rarity = Rarity.fit(own[np.isfinite(own)] if np.isfinite(own).any() else np.zeros(1)).to_arrays()
                    model |= {f"{name}-{column}-{place}-{part}": found for part, found in rarity.items()}
        return model

    def _signs(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> dict[str, Array]:
        """Return what is looked at, each (rows, numbers), NaN where it says nothing."""
        assert rows.order is not None
        numbers, inverse = shape.numbers, model[f"inverse{fold}"]
        inputs = given(rows, shape, model, near=False)
        pulled = np.nan_to_num(inputs - model[f"mean{fold}"]) @ inverse
        off = np.where(rows.known[:, :numbers], pulled[:, :numbers] / np.sqrt(np.diag(inverse))[:numbers], np.nan)
        length = np.log(runs(rows.raw, rows.order))
        common = rows.raw == model["commonest"]
        found = {"common": np.where(common, length, np.nan), "run": np.where(common | ~np.isfinite(rows.raw), np.nan, length)}
        return found | {f"mean-{width}": np.abs(trailing(off, rows.order, width)) for width in WINDOWS}

    def strangeness(self, model: Arrays, rows: Rows, shape: Shape, fold: int) -> tuple[Array, Array]:
        """Return how rare the rarest sign of a row is, and that of each number."""
        columns = np.zeros((len(rows.values), shape.columns))
        signs = self._signs(model, rows, shape, fold)
        for column in range(shape.numbers):
            parts = []
            for name, values in signs.items():
                key = f"{name}-{column}-{fold}-"
                rarity = Rarity.from_arrays({part: model[key + part] for part in ("scores", "values", "rate")})
                parts.append(np.where(np.isfinite(values[:, column]), rarity(np.nan_to_num(values[:, column])), 0.0))
            columns[:, column] = joined(np.stack(parts, axis=1))
        return joined(columns[:, : shape.numbers]), columns


def _commonest(column: Array) -> float:
    known, counts = np.unique(column[np.isfinite(column)], return_counts=True)
    return float(known[counts.argmax()]) if len(known) else np.nan
