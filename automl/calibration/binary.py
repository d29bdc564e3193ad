"""Maps for two classes: beta and quadratic calibration, both a slope for small and one for large probabilities and a shift.

Each is σ(a·f(z) + b·g(z) + c) with f + g = z = logit p and f, g not falling, so that a, b > 0 keep the order of the rows and
a = b = 1, c = 0 leaves the probabilities as they are. Beta's slope goes from a to b along p itself, quadratic's along z.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from automl.calibration.maps import Map, Parameters, logarithm, mix, subsample
from automl.metrics import Array

RIDGE = 3.0  # rows that the identity is worth; of 1, 3 and 6 the best on simulated 60 to 300 rows, distorted or not
SLOPES = (0.05, 20.0)
MOST_SHIFT = 20.0
CORE = (0.01, 0.99)  # quantiles of the logits between which the quadratic bends; a straight line continues it beyond
LEAST_WIDTH = 1e-3  # of that range, in logits
NEWTON_STEPS = 12


def _slopes_and_shift(features: Array, code: Array, rows: int) -> tuple[float, float, float]:
    """Fit σ(a·f + b·g + c) with a, b inside SLOPES; a ridge worth RIDGE rows pulls towards (1, 1, 0).

    Args:
        features: Columns f, g and 1, (rows, 3).
        code: 0 or 1, (rows,).
        rows: How many rows stand behind these, where only some are looked at.
    """
    identity = np.array([1.0, 1.0, 0.0])
    ridge = RIDGE / rows

    def objective(weights: Array) -> tuple[float, Array]:
        logit = features @ weights
        value = (np.logaddexp(0, logit) - code * logit).mean() + ridge * ((weights - identity) ** 2).sum() / 2
        return float(value), np.asarray(features.T @ (expit(logit) - code) / len(code) + ridge * (weights - identity))

    bounds = [SLOPES, SLOPES, (-MOST_SHIFT, MOST_SHIFT)]
    low, high = np.array(bounds).T
    weights = _newton(features, code, ridge, identity)
    if not (np.isfinite(weights).all() and (weights >= low).all() and (weights <= high).all()):
        weights = minimize(objective, identity, jac=True, method="L-BFGS-B", bounds=bounds).x
    a, b, c = (float(value) for value in weights)
    return a, b, c


def _newton(features: Array, code: Array, ridge: float, identity: Array) -> Array:
    """Minimise the convex loss without bounds; nan where Newton's steps do not settle."""
    weights = identity.copy()
    for _ in range(NEWTON_STEPS):
        p = expit(features @ weights)
        gradient = features.T @ (p - code) / len(code) + ridge * (weights - identity)
        curvature = (features * (p * (1 - p))[:, None]).T @ features / len(code) + ridge * np.eye(3)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-8:
            return weights
        if np.abs(weights).max() > 1e3:
            break
    return np.full(3, np.nan)


# ── beta ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _beta_features(prediction: Array) -> Array:
    positive, negative = logarithm(prediction[:, 1]), logarithm(prediction[:, 0])
    return np.column_stack([positive, -negative, np.ones(len(positive))])


def _fit_beta(y: Array, prediction: Array) -> Parameters:
    """Fit σ(a log p − b log(1 − p) + c) with a, b > 0 (Kull et al., 2017)."""
    code, part, rows = subsample(y, prediction)
    a, b, c = _slopes_and_shift(_beta_features(part), code, rows)
    return {"a": a, "b": b, "c": c, "uniform": 1 / (rows + 1)}


# ── quadratic ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _quadratic_features(prediction: Array, low: float, high: float) -> Array:
    """Return the integrals from 0 to z of a slope that falls from 1 to 0 between low and high, and of one that rises.

    Their sum is z, and a·f + b·g is a quadratic in z between low and high with slope a at low and b at high.
    """
    z = logarithm(prediction[:, 1]) - logarithm(prediction[:, 0])

    def falling(at: Array) -> Array:
        inside = np.clip(at, low, high)
        return np.minimum(at, low) + (inside - low) - (inside - low) ** 2 / (2 * (high - low))

    f = falling(z) - falling(np.zeros(1))
    return np.column_stack([f, z - f, np.ones(len(z))])


def _fit_quadratic(y: Array, prediction: Array) -> Parameters:
    """Fit a logistic regression on z and z² whose slope stays positive (Berta et al., 2025: "quadratic scaling")."""
    code, part, rows = subsample(y, prediction)
    low, high = (float(end) for end in np.quantile(logarithm(part[:, 1]) - logarithm(part[:, 0]), CORE))
    high = max(high, low + LEAST_WIDTH)
    a, b, c = _slopes_and_shift(_quadratic_features(part, low, high), code, rows)
    return {"low": low, "high": high, "a": a, "b": b, "c": c, "uniform": 1 / (rows + 1)}


def _positive(parameters: Parameters, features: Array) -> Array:
    positive = expit(features @ np.array([parameters["a"], parameters["b"], parameters["c"]]))
    return mix(np.column_stack([1 - positive, positive]), parameters["uniform"])


def _apply_quadratic(parameters: Parameters, prediction: Array) -> Array:
    return _positive(parameters, _quadratic_features(prediction, parameters["low"], parameters["high"]))


BETA = Map(_fit_beta, lambda parameters, prediction: _positive(parameters, _beta_features(prediction)))
QUADRATIC = Map(_fit_quadratic, _apply_quadratic)
