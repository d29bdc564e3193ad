"""The target of a regression: brought to model space for training, and back to its own units for prediction.

Model space is the standardised target, or its standardised logarithm where the target spans orders of magnitude *and* the logarithm
predicts better. What is judged stays the RMSE in the target's units, and the mean of a logarithm is not the logarithm of the mean:
predictions of a model of the logarithm are too low. They are multiplied by Σ y / Σ exp(prediction), fitted on out-of-fold predictions.
Duan's (1983) smearing factor, mean(y / exp(prediction)), does the same with more weight on small values. Measured with boosted trees on
nine generated targets over six orders of magnitude (1,500 rows, three seeds, RMSE on 20,000 others as a share of the naive predictor's,
median): multiplicative noise 0.951 (not corrected 0.961, Duan 0.954, no logarithm 0.971); noise that grows with another column 0.990
(0.984, 1.107, 0.999); additive noise 0.118 (0.132, 0.223, 0.078). The last one shows why the logarithm is not simply taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.decisions import DecisionLog
from automl.errors import UsageError

Array = NDArray[Any]
SCALES = ("linear", "log")
SPREAD = 1000.0  # 99th over 1st percentile: below, the logarithm gains little and one question less is asked
LEAST_ROWS = 50
MOST_ROWS = 3_000  # of the comparison: about a second
FOLDS = 3
GAIN = 0.02  # the logarithm must lower the RMSE by this share: less is within the noise of a few large values


@dataclass(frozen=True)
class TargetScaler:
    """Standardises numbers, or their logarithms; predictions are kept inside the range that training rows had.

    Attributes:
        mean: Mean of the training rows (of their logarithms where `log`).
        scale: Standard deviation of the same; 1 where they are all equal.
        lowest: Smallest training value.
        highest: Largest training value.
        log: Whether model space is the logarithm.
        correction: Factor on the predictions where `log`: what averaging logarithms took away.

    Example:
        >>> scaler = TargetScaler.fit(np.array([1.0, 2.0, 3.0]))
        >>> scaler.inverse(np.array([[0.0], [99.0]])).ravel().tolist()
        [2.0, 3.0]
    """

    mean: float = 0.0
    scale: float = 1.0
    lowest: float = -np.inf
    highest: float = np.inf
    log: bool = False
    correction: float = 1.0

    @classmethod
    def fit(cls, y: Array, *, log: bool = False) -> TargetScaler:
        """Measure the training targets, (rows,)."""
        z = np.log(y) if log else y
        scale = float(np.std(z))
        return cls(float(np.mean(z)), scale if scale > 0 else 1.0, float(np.min(y)), float(np.max(y)), log)

    def transform(self, y: Array) -> Array:
        """Return targets in model space, (rows,)."""
        z = np.asarray(y, dtype=np.float64)
        return ((np.log(z) if self.log else z) - self.mean) / self.scale

    def inverse(self, prediction: Array) -> Array:
        """Return predictions (rows, 1) in the units of the target."""
        value = np.asarray(prediction, dtype=np.float64) * self.scale + self.mean
        if self.log:
            value = np.exp(np.clip(value, np.log(self.lowest), np.log(self.highest))) * self.correction
        return np.clip(value, self.lowest, self.highest)

    def corrected(self, prediction: Array, y: Array) -> TargetScaler:
        """Return a scaler whose predictions have the sum of the target; itself where no logarithm is taken.

        Args:
            prediction: Out-of-fold predictions in model space, (rows, 1).
            y: The target of these rows in its units, (rows,).
        """
        if not self.log:
            return self
        plain = replace(self, correction=1.0).inverse(prediction)
        return replace(self, correction=float(np.sum(y) / np.sum(plain)))

    def in_units(self, prediction: Array, y: Array, fold: Array | None = None) -> Array:
        """Return out-of-fold predictions in the target's units; the correction of each row comes from the rows of the other folds.

        Args:
            prediction: Out-of-fold predictions in model space, (rows, 1).
            y: The target of these rows in its units, (rows,).
            fold: Their folds, (rows,); None where one part was held out: then every fifth row shares a correction.

        Example:
            >>> y = np.array([1.0, 10.0, 100.0, 1000.0])
            >>> scaler = TargetScaler.fit(y, log=True)
            >>> scaler.in_units(np.zeros((4, 1)), y, np.array([0, 0, 1, 1])).ravel().round(1).tolist()  # the means of the other folds
            [550.0, 550.0, 5.5, 5.5]
        """
        if not self.log:
            return self.inverse(prediction)
        parts = np.arange(len(y)) % 5 if fold is None else fold
        value = np.empty(np.shape(prediction))
        for part in np.unique(parts):
            inside, outside = parts == part, parts != part
            scaler = self.corrected(prediction[outside], y[outside]) if outside.any() else self
            value[inside] = scaler.inverse(prediction[inside])
        return value

    def loss(self, loss: float) -> tuple[float, str]:
        """Return an RMSE of model space as people read it, and what to call it."""
        return loss * self.scale, "RMSE of the logarithm" if self.log else "RMSE"

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)


def choose_scaler(
    y: Array, arrays: Mapping[str, Array], *, wanted: str | None = None, seed: int = 0, log: DecisionLog | None = None
) -> TargetScaler:
    """Choose between the target and its logarithm, by the RMSE in the target's units of two cheap models on either.

    Only a target above 0 whose 99th percentile is at least 1,000 times its 1st is compared at all, and the logarithm must win by 2 %.

    Args:
        y: Training targets, (rows,).
        arrays: Prepared columns of the same rows.
        wanted: "linear" or "log" where the user decided; None to find out.
        seed: Of the rows that are compared.
        log: Where the choice is recorded, if the target spans orders of magnitude.

    Returns:
        The fitted scaler.

    Raises:
        UsageError: If `wanted` is no scale, or a logarithm is wanted of a target that is not above 0.
    """
    if wanted is not None and wanted not in SCALES:
        raise UsageError(f"`target_scale` must be 'linear' or 'log'. Received target_scale={wanted!r}.")
    least = float(np.min(y))
    if wanted == "log" and least <= 0:
        raise UsageError(f"`target_scale='log'` needs a target above 0. Received a smallest value of {least:g}.")
    spread = float(np.divide(*np.quantile(y, [0.99, 0.01]))) if least > 0 else 1.0
    if wanted is not None:
        because = "You asked for it."
    elif spread < SPREAD or len(y) < LEAST_ROWS:
        return TargetScaler.fit(y)
    else:
        linear, logarithm = _errors(y, arrays, seed)
        wanted = "log" if logarithm <= (1 - GAIN) * linear else "linear"
        because = (
            f"It spans {np.log10(np.max(y) / least):.1f} orders of magnitude; out of fold on training rows a cheap model of the logarithm "
            f"has RMSE {logarithm:.4g}, one of the target itself {linear:.4g}."
        )
    if log is not None:
        other = SCALES[wanted == "linear"]
        chosen = "logarithm, predictions corrected to the mean" if wanted == "log" else "as it is"
        log.add("prepare", "scale of the target", chosen, because, [other], f"target_scale={other!r}")
    return TargetScaler.fit(y, log=wanted == "log")


def _errors(y: Array, arrays: Mapping[str, Array], seed: int) -> tuple[float, float]:
    """Return the out-of-fold RMSE in the target's units of the better of two cheap models, on the target and on its logarithm."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    rows = np.random.default_rng([seed, 11]).permutation(len(y))[:MOST_ROWS]
    columns = [np.asarray(values[rows], dtype=np.float64).reshape(len(rows), -1) for values in arrays.values()]
    x, target, part = np.nan_to_num(np.column_stack([np.zeros(len(rows)), *columns])), y[rows], np.arange(len(rows)) % FOLDS
    models: list[Any] = [HistGradientBoostingRegressor(max_iter=60, learning_rate=0.15, random_state=seed), Ridge(1.0)]
    errors = {}
    for log in (False, True):
        scaler = TargetScaler.fit(target, log=log)
        z, found = scaler.transform(target), []
        for model in models:
            prediction = np.empty((len(rows), 1))
            for number in range(FOLDS):
                with threadpool_limits(1):  # so few rows: threads would wait for each other at every step
                    prediction[part == number, 0] = model.fit(x[part != number], z[part != number]).predict(x[part == number])
            found.append(float(np.sqrt(np.mean((scaler.in_units(prediction, target, part)[:, 0] - target) ** 2))))
        errors[log] = min(found)
    return errors[False], errors[True]
