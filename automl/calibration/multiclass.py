"""Maps for more than two classes: matrix scaling, or its diagonal alone, on top of one temperature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from automl.calibration.maps import TEMPERATURE, Map, Parameters, logarithm, mix, subsample
from automl.metrics import Array

FULL_MATRIX = 20  # classes above which only the diagonal is fitted (memory grows with the square)
MOST_STEPS = 100


def _fit_scaling(full: bool) -> Callable[[Array, Array], Parameters]:
    def fit(y: Array, prediction: Array) -> Parameters:
        """Fit softmax((I + D) z + b) on tempered logarithms z, with a ridge on D and b.

        The ridge is k/n on b and on the diagonal and k(k − 1)/n off it: "structured matrix scaling" (Berta et al., 2025,
        arXiv:2511.03685).
        """
        code, part, rows = subsample(y, prediction)
        temperature = TEMPERATURE.fit(y, prediction)
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
        flat = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": MOST_STEPS, "ftol": 1e-7, "gtol": 1e-4}).x
        change = flat[:-classes].reshape(classes, classes) if full else flat[:-classes]
        return {**temperature, "change": change.tolist(), "shift": flat[-classes:].tolist()}

    return fit


def _centred_logarithm(temperature: Parameters, prediction: Array) -> Array:
    z = logarithm(TEMPERATURE.apply(temperature, prediction))
    return np.asarray(z - z.mean(axis=1, keepdims=True))


def _matrix_ridge(classes: int, rows: int) -> Array:
    ridge = np.full((classes, classes), classes * (classes - 1) / rows)
    np.fill_diagonal(ridge, classes / rows)
    return ridge


def _apply_scaling(parameters: Parameters, prediction: Array) -> Array:
    z = _centred_logarithm(parameters, prediction)
    change, shift = np.asarray(parameters["change"]), np.asarray(parameters["shift"])
    logits = z + (z @ change.T if change.ndim == 2 else z * change) + shift
    return mix(softmax(logits, axis=1), parameters["uniform"])


MATRIX = Map(_fit_scaling(full=True), _apply_scaling)
VECTOR = Map(_fit_scaling(full=False), _apply_scaling)
