"""Calibration: make "70 %" happen 70 % of the time, where that can be shown to help.

Candidates, simplest first: leave the probabilities alone; one temperature; richer maps (two classes: beta and quadratic
calibration; more: structured matrix scaling). A richer candidate must beat the simpler one by more than GATE standard errors of
the paired differences of cross-validated log-loss; otherwise the simpler one stays.

    maps.py        what all maps share, and the temperature
    binary.py      beta, quadratic
    multiclass.py  matrix, vector
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.calibration.binary import BETA, QUADRATIC
from automl.calibration.maps import NONE, TEMPERATURE, Map
from automl.calibration.multiclass import FULL_MATRIX, MATRIX, VECTOR
from automl.decisions import DecisionLog
from automl.metrics import Array, row_losses

# Standard errors by which a richer map must win. Honest probabilities (100 samples each of 150, 600 and 2,500 rows) are left alone in
# 87 % with 0.5, 95 % with 0.75 and 98 % with 1; real ensembles are a little too timid, and on 54 splits of twelve tables the log-loss
# of unseen rows fell by 0.0018, 0.0017 and 0.0015, the calibration error by 0.0042, 0.0038 and 0.0035.
GATE = 0.75
LEAST_ROWS = 30
NESTED_CELLS = 20_000  # rows × classes up to which the choice itself is cross-fitted with maps of its own: with more it hardly varies
MAPS: dict[str, Map] = {
    "none": NONE, "temperature": TEMPERATURE, "beta": BETA, "quadratic": QUADRATIC, "matrix": MATRIX, "vector": VECTOR,
}


@dataclass(frozen=True)
class Calibration:
    """A map from probabilities to probabilities, with the evidence for it.

    Attributes:
        method: A name in MAPS: "none", "temperature", "beta", "quadratic", "matrix" or "vector".
        parameters: JSON-ready numbers of the map.
        losses: Cross-validated log-loss of every candidate.
        because: Why this one, in one sentence.
    """

    method: str = "none"
    parameters: dict[str, Any] = field(default_factory=dict)
    losses: dict[str, float] = field(default_factory=dict)
    because: str = ""

    def apply(self, prediction: Array) -> Array:
        """Return calibrated predictions, float64 of the same shape; method "none" returns them unchanged."""
        return MAPS[self.method].apply(self.parameters, np.asarray(prediction, dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as JSON-ready values."""
        return {"method": self.method, "parameters": self.parameters, "losses": self.losses, "because": self.because}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibration:
        """Rebuild a calibration from :meth:`to_dict`."""
        return cls(**values)


def calibrate(
    problem: str, y: Array, prediction: Array, *, fold: Array | None = None, folds: int = 5, seed: int = 0, log: DecisionLog | None = None
) -> tuple[Calibration, Array]:
    """Choose the calibration by cross-validated log-loss, fit it on all rows, and predict every row without it.

    Args:
        problem: "binary", "multiclass" or "regression" (which is left alone).
        y: Codes, (rows,).
        prediction: Out-of-fold probabilities, (rows, classes).
        fold: Part of every row in the cross-validation, (rows,). Where earlier choices were cross-fitted, hand in their folds: the
            weights behind the other rows of a fold have seen its rows' targets, so that with other parts the map of a row would
            follow its own target. With 100 useless members and 300 rows that flatters the log-loss by 0.003, with the same folds by
            nothing that shows. None, or fewer than 3 parts, draws some.
        folds: How many parts to draw, stratified by class; at least 3.
        seed: Of the drawn parts.
        log: Where the decision is recorded.

    Returns:
        The :class:`Calibration` for new rows, and cross-fitted predictions (rows, outputs): the map of every row was chosen and
        fitted without any row of its fold.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> p = rng.uniform(size=2000)
        >>> y = (rng.random(2000) < p).astype(int)
        >>> sharp = p**3 / (p**3 + (1 - p) ** 3)  # over-confident: the logit is three times too large
        >>> chosen, cross_fitted = calibrate("binary", y, np.column_stack([1 - sharp, sharp]))
        >>> chosen.method, round(chosen.parameters["inverse_temperature"], 1)
        ('temperature', 0.3)
    """
    prediction, y = np.asarray(prediction, dtype=np.float64), np.asarray(y)
    if problem == "regression":
        return Calibration(because="Numbers have prediction intervals instead of probabilities."), prediction
    if len(y) < LEAST_ROWS or len(np.unique(y)) < 2:
        because = f"{len(y)} rows of {len(np.unique(y))} class(es) are too few to fit and check a calibration, so there is none."
        chosen = Calibration(because=because)
        _tell(log, chosen, ())
        return chosen, prediction
    if fold is None or len(np.unique(fold)) < 3:
        fold = stratified_folds(y, max(folds, 3), seed)
    fold = np.unique(fold, return_inverse=True)[1].reshape(-1)
    # The products are small: threads would cost several times more than they save where others use the processor too.
    with threadpool_limits(limits=1, user_api="blas"):
        mapped, without = _cross_fit(problem, y, prediction, fold, _candidates(problem, prediction.shape[1]))
        losses = {name: row_losses(problem, y, values) for name, values in mapped.items()}
        name, because = _gate(losses)
        parameters = MAPS[name].fit(y, prediction)
    cross_fitted = np.empty_like(prediction)
    for part, inner in enumerate(without):
        cross_fitted[fold == part] = mapped[_gate(inner)[0]][fold == part]
    chosen = Calibration(name, parameters, {key: float(value.mean()) for key, value in losses.items()}, because)
    _tell(log, chosen, tuple(key for key in losses if key != name))
    return chosen, cross_fitted


def stratified_folds(y: Array, folds: int, seed: int) -> Array:
    """Return a fold number for every row, each class spread evenly over the folds, int64 (rows,).

    Example:
        >>> stratified_folds(np.array([0, 0, 1, 1]), 2, seed=0).sum()
        np.int64(2)
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    order = order[np.argsort(np.asarray(y)[order], kind="stable")]
    fold = np.empty(len(y), dtype=np.int64)
    fold[order] = np.arange(len(y)) % folds
    return fold


def _candidates(problem: str, classes: int) -> tuple[str, ...]:
    if problem == "binary":
        return "none", "temperature", "beta", "quadratic"
    return "none", "temperature", "matrix" if classes <= FULL_MATRIX else "vector"


def _cross_fit(
    problem: str, y: Array, prediction: Array, fold: Array, candidates: tuple[str, ...]
) -> tuple[dict[str, Array], list[dict[str, Array]]]:
    """Apply every candidate to every row, fitted on the other folds; and again without each fold, to choose the method of that fold.

    A method chosen for a fold by losses of maps that this fold helped to fit would be chosen the more readily the less it suits the
    fold: honest probabilities would then look worse after calibration than they are on new rows.

    Returns:
        Predictions (rows, outputs) by candidate, and for every fold the losses (rows outside it,) by candidate.
    """
    parts = [np.flatnonzero(fold == part) for part in range(int(fold.max()) + 1)]
    mapped = {name: prediction.copy() for name in candidates}
    for name, (left, rows) in itertools.product(candidates, enumerate(parts)):
        fitted = MAPS[name].fit(y[fold != left], prediction[fold != left])
        mapped[name][rows] = MAPS[name].apply(fitted, prediction[rows])
    losses = {name: row_losses(problem, y, values) for name, values in mapped.items()}
    without = [{name: values.copy() for name, values in losses.items()} for _ in parts]
    if prediction.size <= NESTED_CELLS:
        for name, (first, second) in itertools.product(candidates, itertools.combinations(range(len(parts)), 2)):
            others = (fold != first) & (fold != second)
            fitted = MAPS[name].fit(y[others], prediction[others])
            for left, judged in ((first, parts[second]), (second, parts[first])):
                without[left][name][judged] = row_losses(problem, y[judged], MAPS[name].apply(fitted, prediction[judged]))
    return mapped, [{name: values[fold != left] for name, values in inner.items()} for left, inner in enumerate(without)]


def _gate(losses: dict[str, Array]) -> tuple[str, str]:
    """Climb from simple to rich, each step only for more than GATE standard errors of the paired differences."""
    names = list(losses)
    current, told = names[0], []
    for name in names[1:]:
        gain = losses[current] - losses[name]
        error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
        won = bool(gain.mean() > GATE * error)
        direction = "lowers" if gain.mean() >= 0 else "raises"
        of = "" if current == "none" else f" of {current}"
        told.append(f"{name} {direction} the log-loss{of} by {_plain(abs(gain.mean()), 2)} ± {_plain(error, 1)}")
        current = name if won else current
    return current, f"Cross-validated: {'; '.join(told)}; a richer map must win by more than {GATE:g} standard errors."


def _plain(value: float, digits: int) -> str:
    """Write a small number without an exponent."""
    return np.format_float_positional(value, digits, fractional=False, trim="-")


def _tell(log: DecisionLog | None, chosen: Calibration, alternatives: tuple[str, ...]) -> None:
    if log is not None:
        log.add("calibrate", "calibration of the probabilities", chosen.method, chosen.because, alternatives)
