"""What every map from probabilities to probabilities shares, and the simplest one: a single temperature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from automl.metrics import CLIP, Array

FIT_CELLS = 200_000  # rows × classes that one fit looks at; more rows change no parameter that matters
LEAST_ROWS_OF_A_FIT = 2_000
MOST_LOG_SCALE = 16.0  # of an inverse temperature
MOST_STEPS = 60
TOLERANCE = 1e-7

Parameters = dict[str, Any]
"""JSON-ready numbers of one fitted map."""


@dataclass(frozen=True)
class Map:
    """One way to correct probabilities.

    Attributes:
        fit: From codes (rows,) and probabilities (rows, classes) to parameters.
        apply: From parameters and probabilities (rows, classes) to probabilities of the same shape.
    """

    fit: Callable[[Array, Array], Parameters]
    apply: Callable[[Parameters, Array], Array]


def subsample(y: Array, prediction: Array) -> tuple[Array, Array, int]:
    """Return at most FIT_CELLS numbers, every k-th row so that nothing is random here, and the number of rows that were given."""
    rows = max(LEAST_ROWS_OF_A_FIT, FIT_CELLS // prediction.shape[1])
    step = max(1, -(-len(y) // rows))
    return np.asarray(y[::step], dtype=np.int64), prediction[::step], len(y)


def logarithm(prediction: Array) -> Array:
    """Return log p; a probability of 0 counts as the smallest that a loss knows."""
    return np.asarray(np.log(np.clip(prediction, CLIP, 1.0)))


def mix(probability: Array, uniform: float) -> Array:
    """Mix with a share of the uniform distribution: 1/(n + 1) is Laplace's guard against certainty learnt from n rows."""
    return np.asarray((1 - uniform) * probability + uniform / probability.shape[1])


def _fit_temperature(y: Array, prediction: Array) -> Parameters:
    """Find β = 1/T of softmax(β log p), whose mean loss is convex in β (Guo et al., 2017).

    The result is mixed with 1/(n + 1) of the uniform distribution ("ts-mix": Berta et al., 2025, arXiv:2501.19195).
    """
    code, part, rows = subsample(y, prediction)
    z = logarithm(part)
    z = z - z.max(axis=1, keepdims=True)
    truth = float(z[np.arange(len(z)), code].mean())
    expected = _two_classes(z) if z.shape[1] == 2 else _more_classes(z)
    low, high, at = -MOST_LOG_SCALE, MOST_LOG_SCALE, 0.0
    for _ in range(MOST_STEPS):
        # Newton's step on log β, or half of the bracket where it would leave it: without any mistake the best β is infinite.
        beta = float(np.exp(at))
        mean, variance = expected(beta)
        low, high = (at, high) if mean < truth else (low, at)
        step = (truth - mean) / max(beta * variance, 1e-300)
        before, at = at, at + step if low < at + step < high else (low + high) / 2
        if abs(at - before) < TOLERANCE:
            break
    return {"inverse_temperature": float(np.exp(at)), "uniform": 1 / (rows + 1)}


def _more_classes(z: Array) -> Callable[[float], tuple[float, float]]:
    """Return β → mean and variance of the logit under softmax(βz), averaged over rows."""

    def expected(beta: float) -> tuple[float, float]:
        weighted = softmax(beta * z, axis=1) * z
        mean = weighted.sum(axis=1)
        return float(mean.mean()), float((np.einsum("ij,ij->i", weighted, z) - mean**2).mean())

    return expected


def _two_classes(z: Array) -> Callable[[float], tuple[float, float]]:
    """The same for two classes, one of whose logits is 0, several times faster."""
    gap = z.min(axis=1)

    def expected(beta: float) -> tuple[float, float]:
        p = expit(beta * gap)
        return float((gap * p).mean()), float((gap**2 * p * (1 - p)).mean())

    return expected


def _apply_temperature(parameters: Parameters, prediction: Array) -> Array:
    mapped = softmax(parameters["inverse_temperature"] * logarithm(prediction), axis=1)
    return mix(mapped, parameters["uniform"])


NONE = Map(lambda y, prediction: {}, lambda parameters, prediction: prediction)
TEMPERATURE = Map(_fit_temperature, _apply_temperature)
