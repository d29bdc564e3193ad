"""Trend and rest of the past, each mapped to the future by one linear layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automl.families.base import Config
from automl.forecasting.base import forecasting
from automl.forecasting.networks import ForecastNetwork, Shape
from automl.preprocessing.base import Arrays, Spec

Array = NDArray[Any]


class DLinear(ForecastNetwork):
    """DLinear (Zeng et al., 2023, arXiv:2205.13504) with quantiles: a moving average and what it leaves, two linear maps.

    What differs: the widths of the quantiles come from a small hidden layer on the past, and what is known in advance of a step is added
    by a hidden layer that all steps share.
    """

    name = "dlinear"
    title = "DLinear"
    tags = forecasting("network", rank=0)
    reach = 2.0

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare the window of the moving average and what all networks have."""
        hp.Choice("smooth", [9, 25, 49], default=25)
        hp.Choice("hidden", [16, 32], default=32)
        self.usual(hp, 3e-3, 0.0)

    def build(self, shape: Shape, config: Config, members: int) -> Any:
        """Return the pack."""
        from automl.forecasting.families._dlinear import DLinearPack

        return DLinearPack(shape, int(config["hidden"]), averaging(shape.past, int(config["smooth"])), members)

    def compute(self, config: Config, weights: Sequence[Array], arrays: Arrays) -> Array | None:
        """Multiply with NumPy: two linear maps need no library for networks, whose import takes longer than all forecasts."""
        past, layers = arrays["past"], list(zip(weights[::2], weights[1::2], strict=True))
        trend = past @ averaging(past.shape[1], int(config["smooth"]))
        median = _dense(trend, layers[0]) + _dense(past - trend, layers[1])
        widths = _dense(np.maximum(_dense(past, layers[2]), 0.0), layers[3])
        values = np.concatenate([median[..., None], widths.reshape(*median.shape, 8)], axis=-1)
        if "future" in arrays:
            values += _dense(np.maximum(_dense(arrays["future"], layers[4]), 0.0), layers[5])
        up, down = (np.cumsum(np.logaddexp(0.0, part - 1.0), axis=-1) for part in (values[..., 1:5], values[..., 5:]))
        quantiles = np.concatenate([values[..., :1] - down[..., ::-1], values[..., :1], values[..., :1] + up], axis=-1)
        return np.asarray(quantiles.reshape(len(past), -1), np.float32)


def _dense(values: Array, layer: tuple[Array, Array]) -> Array:
    """Return what a dense layer without activation makes of values, (…, units)."""
    kernel, bias = layer
    return np.asarray(values @ kernel + bias[0], np.float32)


def averaging(length: int, window: int) -> Array:
    """Return the matrix of a centred moving average whose ends are repeated, (length, length).

    Example:
        >>> averaging(3, 3).astype(float).round(2).tolist()
        [[0.67, 0.33, 0.0], [0.33, 0.33, 0.33], [0.0, 0.33, 0.67]]
    """
    window = min(window, 2 * length - 1)
    matrix = np.zeros((length, length))
    for step in range(length):
        for place in range(step - window // 2, step - window // 2 + window):
            matrix[int(np.clip(place, 0, length - 1)), step] += 1.0 / window
    return matrix.astype(np.float32)
