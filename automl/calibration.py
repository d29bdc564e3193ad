"""Calibration: make "70 %" happen 70 % of the time, where that can be shown to help.

Candidates, simplest first: leave the probabilities alone; one temperature; a richer map (two classes: beta calibration; more:
structured matrix scaling). A richer candidate must beat the simpler one by more than half a standard error of the paired
differences of cross-validated log-loss; otherwise the simpler one stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from automl.decisions import DecisionLog
from automl.metrics import CLIP, Array, row_losses

GATE = 1.0  # standard errors by which a richer map must win; with half of one, chance wins too often below 1,000 rows
FIT_CELLS = 200_000  # rows × classes that one fit looks at; more rows change no parameter that matters
FULL_MATRIX = 20  # classes above which only the diagonal is fitted (memory grows with the square)
LEAST_ROWS = 30
BETA_RIDGE = 3.0  # of 1, 3 and 6 the best on simulated 60 to 300 rows, distorted or not


@dataclass(frozen=True)
class Calibration:
    """A map from probabilities to probabilities, with the evidence for it.

    Attributes:
        method: "none", "temperature", "beta", "matrix" or "vector".
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
        return _APPLY[self.method](self.parameters, np.asarray(prediction, dtype=np.float64))

    def to_dict(self) -> dict[str, Any]:
        """Return the calibration as JSON-ready values."""
        return {"method": self.method, "parameters": self.parameters, "losses": self.losses, "because": self.because}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Calibration:
        """Rebuild a calibration from :meth:`to_dict`."""
        return cls(**values)


def choose_calibration(
    problem: str, y: Array, prediction: Array, *, folds: int = 5, seed: int = 0, log: DecisionLog | None = None
) -> Calibration:
    """Choose and fit the calibration; see :func:`calibrate`, which also returns cross-fitted predictions.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> p = rng.uniform(size=2000)
        >>> y = (rng.random(2000) < p).astype(int)
        >>> sharp = p**3 / (p**3 + (1 - p) ** 3)  # over-confident: the logit is three times too large
        >>> chosen = choose_calibration("binary", y, np.column_stack([1 - sharp, sharp]))
        >>> chosen.method, round(chosen.parameters["inverse_temperature"], 1)
        ('temperature', 0.3)
    """
    return calibrate(problem, y, prediction, folds=folds, seed=seed, log=log)[0]


def calibrate(
    problem: str, y: Array, prediction: Array, *, folds: int = 5, seed: int = 0, log: DecisionLog | None = None
) -> tuple[Calibration, Array]:
    """Choose the calibration by cross-validated log-loss, fit it on all rows, and predict every row without it.

    Args:
        problem: "binary", "multiclass" or "regression" (which is left alone).
        y: Codes, (rows,).
        prediction: Out-of-fold probabilities, (rows, classes).
        folds: Parts of the cross-validation, stratified by class.
        seed: Of the parts.
        log: Where the decision is recorded.

    Returns:
        The :class:`Calibration` for new rows, and cross-fitted predictions (rows, outputs): the map of every row was fitted,
        and its method chosen, on the losses of other folds.
    """
    prediction, y = np.asarray(prediction, dtype=np.float64), np.asarray(y)
    if problem == "regression":
        return Calibration(because="Numbers have prediction intervals instead of probabilities."), prediction
    folds = min(folds, len(y) // 2)
    if len(y) < LEAST_ROWS or folds < 2 or len(np.unique(y)) < 2:
        because = f"{len(y)} rows of {len(np.unique(y))} class(es) are too few to fit and check a calibration, so there is none."
        chosen = Calibration(because=because)
        _tell(log, chosen, ())
        return chosen, prediction
    fold = stratified_folds(y, folds, seed)
    # The products are small: threads would cost several times more than they save where others use the processor too.
    with threadpool_limits(limits=1, user_api="blas"):
        mapped = _cross_fit(y, prediction, fold, _candidates(problem, prediction.shape[1]))
        losses = {name: row_losses(problem, y, values) for name, values in mapped.items()}
        name, because = _gate(losses)
        parameters = _FIT[name](y, prediction)
    cross_fitted = np.empty_like(prediction)
    for part in range(folds):
        # The method of a fold is chosen on the losses of the others, as its parameters are.
        inside = fold == part
        cross_fitted[inside] = mapped[_gate({key: value[~inside] for key, value in losses.items()})[0]][inside]
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
        return "none", "temperature", "beta"
    return "none", "temperature", "matrix" if classes <= FULL_MATRIX else "vector"


def _cross_fit(y: Array, prediction: Array, fold: Array, candidates: tuple[str, ...]) -> dict[str, Array]:
    mapped = {name: prediction.copy() for name in candidates}
    for part in np.unique(fold):
        inside = fold == part
        for name in candidates[1:]:
            parameters = _FIT[name](y[~inside], prediction[~inside])
            mapped[name][inside] = _APPLY[name](parameters, prediction[inside])
    return mapped


def _gate(losses: dict[str, Array]) -> tuple[str, str]:
    """Climb from simple to rich, each step only for more than GATE standard errors of the paired differences."""
    names = list(losses)
    current, told = names[0], []
    for name in names[1:]:
        gain = losses[current] - losses[name]
        error = float(gain.std(ddof=1) / np.sqrt(len(gain))) if len(gain) > 1 else float("inf")
        won = bool(gain.mean() > GATE * error)
        direction = "lowers" if gain.mean() >= 0 else "raises"
        told.append(f"{name} {direction} the log-loss of {current} by {abs(gain.mean()):.2g} ± {error:.1g}")
        current = name if won else current
    return current, f"Cross-validated: {'; '.join(told)}; a richer map must win by more than {GATE:g} standard errors."


def _tell(log: DecisionLog | None, chosen: Calibration, alternatives: tuple[str, ...]) -> None:
    if log is not None:
        log.add("calibrate", "calibration of the probabilities", chosen.method, chosen.because, alternatives)


def _subsample(y: Array, prediction: Array) -> tuple[Array, Array, int]:
    """Return at most FIT_CELLS numbers: every k-th row, so that nothing is random here."""
    rows = max(2000, FIT_CELLS // prediction.shape[1])
    step = -(-len(y) // rows)
    return np.asarray(y[::step], dtype=np.int64), prediction[::step], len(y)


def _logarithm(prediction: Array) -> Array:
    return np.asarray(np.log(np.clip(prediction, CLIP, 1.0)))


# ── temperature ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _fit_temperature(y: Array, prediction: Array) -> dict[str, Any]:
    """Find β = 1/T of softmax(β log p) by bisection on log β: the mean loss is convex in β (Guo et al., 2017).

    The result is mixed with 1/(n + 1) of the uniform distribution, Laplace's guard against certainty learnt from n rows.
    """
    code, part, rows = _subsample(y, prediction)
    z = _logarithm(part)
    z = z - z.max(axis=1, keepdims=True)
    truth = z[np.arange(len(z)), code]
    low, high = -16.0, 16.0
    for _ in range(30):
        middle = (low + high) / 2
        gradient = np.einsum("ij,ij->i", z, softmax(np.exp(middle) * z, axis=1)).mean() - truth.mean()
        low, high = (middle, high) if gradient < 0 else (low, middle)
    return {"inverse_temperature": float(np.exp((low + high) / 2)), "uniform": 1 / (rows + 1)}


def _apply_temperature(parameters: dict[str, Any], prediction: Array) -> Array:
    mapped = softmax(parameters["inverse_temperature"] * _logarithm(prediction), axis=1)
    return _mix(mapped, parameters["uniform"])


def _mix(probability: Array, uniform: float) -> Array:
    return np.asarray((1 - uniform) * probability + uniform / probability.shape[1])


# ── beta, two classes ────────────────────────────────────────────────────────────────────────────────────────────────


def _beta_features(prediction: Array) -> Array:
    positive, negative = _logarithm(prediction[:, 1]), _logarithm(prediction[:, 0])
    return np.column_stack([positive, -negative, np.ones(len(positive))])


def _fit_beta(y: Array, prediction: Array) -> dict[str, Any]:
    """Fit σ(a log p − b log(1 − p) + c) with a, b > 0, so that the order of rows is kept (Kull et al., 2017).

    A ridge worth BETA_RIDGE rows pulls towards a = b = 1, c = 0: the probabilities as they are.
    """
    code, part, rows = _subsample(y, prediction)
    features, sign = _beta_features(part), 2.0 * (code == 1) - 1
    identity = np.array([1.0, 1.0, 0.0])

    def objective(weights: Array) -> tuple[float, Array]:
        margin = sign * (features @ weights)
        slope = -sign * expit(-margin)
        ridge = weights - identity
        value = np.logaddexp(0, -margin).mean() + BETA_RIDGE * ridge @ ridge / (2 * rows)
        return float(value), np.asarray(features.T @ slope / len(slope) + BETA_RIDGE * ridge / rows)

    fitted = minimize(objective, identity, jac=True, method="L-BFGS-B", bounds=[(0.05, 20), (0.05, 20), (-20, 20)])
    a, b, c = (float(value) for value in fitted.x)
    return {"a": a, "b": b, "c": c, "uniform": 1 / (rows + 1)}


def _apply_beta(parameters: dict[str, Any], prediction: Array) -> Array:
    positive = expit(_beta_features(prediction) @ np.array([parameters["a"], parameters["b"], parameters["c"]]))
    return _mix(np.column_stack([1 - positive, positive]), parameters["uniform"])


# ── matrix and vector scaling, more classes ──────────────────────────────────────────────────────────────────────────


def _fit_scaling(full: bool) -> Callable[[Array, Array], dict[str, Any]]:
    def fit(y: Array, prediction: Array) -> dict[str, Any]:
        """Fit softmax((I + D) z + b) on tempered logarithms z; ridge k/n on b and diagonal, k(k − 1)/n off it (structured scaling)."""
        code, part, rows = _subsample(y, prediction)
        temperature = _fit_temperature(y, prediction)
        z = np.ascontiguousarray(_centred_logarithm(temperature, part).T)
        classes, every = len(z), np.arange(len(code))
        ridge = (_matrix_ridge(classes, rows) if full else np.full(classes, classes / rows)).ravel()
        ridge = np.concatenate([ridge, np.full(classes, classes / rows)])

        def objective(flat: Array) -> tuple[float, Array]:
            # Classes run down the first axis: sums over them are then additions of long vectors.
            change, shift = flat[:-classes], flat[-classes:, None]
            logits = z + (change.reshape(classes, classes) @ z if full else z * change[:, None]) + shift
            logits -= logits.max(axis=0)
            truth = logits[code, every].sum()
            residual = np.exp(logits, out=logits)
            total = residual.sum(axis=0)
            value = (np.log(total).sum() - truth) / len(code) + ridge @ flat**2 / 2
            residual /= total
            residual[code, every] -= 1
            inner = (residual @ z.T).ravel() if full else np.einsum("ij,ij->i", residual, z)
            return float(value), np.concatenate([inner, residual.sum(axis=1)]) / len(code) + ridge * flat

        start = np.zeros(len(ridge))
        flat = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x
        change = flat[:-classes].reshape(classes, classes) if full else flat[:-classes]
        return {**temperature, "change": change.tolist(), "shift": flat[-classes:].tolist()}

    return fit


def _centred_logarithm(temperature: dict[str, Any], prediction: Array) -> Array:
    z = _logarithm(_apply_temperature(temperature, prediction))
    return np.asarray(z - z.mean(axis=1, keepdims=True))


def _matrix_ridge(classes: int, rows: int) -> Array:
    ridge = np.full((classes, classes), classes * (classes - 1) / rows)
    np.fill_diagonal(ridge, classes / rows)
    return ridge


def _apply_scaling(parameters: dict[str, Any], prediction: Array) -> Array:
    z = _centred_logarithm(parameters, prediction)
    change, shift = np.asarray(parameters["change"]), np.asarray(parameters["shift"])
    logits = z + (z @ change.T if change.ndim == 2 else z * change) + shift
    return _mix(softmax(logits, axis=1), parameters["uniform"])


_FIT: dict[str, Callable[[Array, Array], dict[str, Any]]] = {
    "none": lambda y, prediction: {},
    "temperature": _fit_temperature,
    "beta": _fit_beta,
    "matrix": _fit_scaling(full=True),
    "vector": _fit_scaling(full=False),
}
_APPLY: dict[str, Callable[[dict[str, Any], Array], Array]] = {
    "none": lambda parameters, prediction: prediction,
    "temperature": _apply_temperature,
    "beta": _apply_beta,
    "matrix": _apply_scaling,
    "vector": _apply_scaling,
}
