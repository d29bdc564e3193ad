"""Parts of networks that look ahead: maps along time, quantiles that cannot cross, recurrences; each with a members axis."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import Initializer, PackedDense, PackedDropout, PackedLayer, normal, zeros
from automl.layers.residual import fan_in_uniform

Array = NDArray[Any]


def per_step(layer: Any, values: Any) -> Any:
    """Apply a layer for (members, rows, units) to every step of (members or 1, rows, steps, units)."""
    steps, units = values.shape[2:]
    made = layer(ops.reshape(values, (values.shape[0], -1, units)))
    return ops.reshape(made, (made.shape[0], -1, steps, made.shape[-1]))


def across_steps(layer: Any, values: Any) -> Any:
    """Apply a layer along the steps of (members or 1, rows, steps, units); the number of steps becomes the layer's units."""
    return ops.swapaxes(per_step(layer, ops.swapaxes(values, 2, 3)), 2, 3)


def non_crossing(values: Any) -> Any:
    """Return ascending quantiles: the first value is the median, the others are steps up and down from it.

    Args:
        values: (…, quantiles), an odd number of them.

    Source: cumulative softplus, as in Park et al., 2022, arXiv:2111.06581 (incremental quantile functions).

    Example:
        >>> bool(np.all(np.diff(np.asarray(non_crossing(np.random.default_rng(0).normal(size=(5, 9)).astype("float32")))) >= 0))
        True
    """
    half = (values.shape[-1] - 1) // 2
    median = values[..., :1]
    up = ops.cumsum(ops.softplus(values[..., 1 : 1 + half] - 1.0), axis=-1)
    down = ops.cumsum(ops.softplus(values[..., 1 + half :] - 1.0), axis=-1)
    return ops.concatenate([median - ops.flip(down, axis=-1), median, median + up], axis=-1)


def pooling(length: int, size: int) -> Array:
    """Return the matrix that averages stretches of `size` steps, the last of them ending with the series, (length, stretches)."""
    count = -(-length // size)
    place = count - 1 - (length - 1 - np.arange(length)) // size
    matrix = (place[:, None] == np.arange(count)).astype(np.float32)
    return np.asarray(matrix / matrix.sum(axis=0))


def interpolating(knots: int, steps: int) -> Array:
    """Return the matrix that draws straight lines through `knots` values along `steps` steps, (knots, steps).

    Example:
        >>> interpolating(2, 3).tolist()
        [[1.0, 0.5, 0.0], [0.0, 0.5, 1.0]]
    """
    at = np.linspace(0, steps - 1, knots) if knots > 1 else np.zeros(1)
    return np.stack([np.interp(np.arange(steps), at, row) for row in np.eye(knots)]).astype(np.float32)


class PackedBlock(PackedLayer):
    """A residual block ``norm(linear(x) + dropout(linear(relu(linear(x)))))`` per member, from any width to `units`.

    Source: the building block of TiDE (Das et al., 2023, arXiv:2304.08424).

    Args:
        members: Number of networks.
        hidden: Units inside.
        units: Units of the output.
        normalise: Whether the output is normalised.
        drop: Whether dropout takes part; where a block is applied to every step of a row it may not, its factors are drawn by row.
    """

    def __init__(self, members: int, hidden: int, units: int, normalise: bool = True, drop: bool = True, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.open = PackedDense(members, hidden, "relu")
        self.close = PackedDense(members, units, initializer=fan_in_uniform)
        self.skip = PackedDense(members, units, initializer=fan_in_uniform)
        self.dropout = PackedDropout(members) if drop else None
        self.norm = PackedLayerNorm(members) if normalise else None

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, inputs) to (members, rows, units)."""
        inner = self.close(self.open(inputs))
        values = self.skip(inputs) + (inner if self.dropout is None else self.dropout(inner))
        return values if self.norm is None else self.norm(values)


class PackedPlaces(PackedLayer):
    """A learned vector for each place among the tokens of a row, added to (members, rows × tokens, units).

    Args:
        members: Number of networks.
        tokens: Tokens of a row.
        units: Width of a token.
    """

    def __init__(self, members: int, tokens: int, units: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.tokens, self.units = tokens, units

    def build(self, input_shape: Any) -> None:
        """Create the vectors (members, 1, tokens, units)."""
        self.table = self.add_packed_weight("table", (1, self.tokens, self.units), normal(0.02), decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Add each token's vector."""
        apart = ops.reshape(inputs, (self.members, -1, self.tokens, self.units)) + self.table
        return ops.reshape(apart, (self.members, -1, self.units))


class PackedRecurrence(PackedLayer):
    """A recurrent layer per member that goes through all steps and returns its state at each.

    Args:
        members: Number of networks.
        units: Units of the state.
        kind: "simple" (Elman, 1990), "lstm" (Hochreiter & Schmidhuber, 1997) or "gru" (Cho et al., 2014).

    Example:
        >>> tuple(PackedRecurrence(members=2, units=3, kind="gru")(np.ones((1, 4, 5, 6), "float32")).shape)
        (2, 4, 5, 3)
    """

    GATES = {"simple": 1, "gru": 3, "lstm": 4}

    def __init__(self, members: int, units: int, kind: str, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.units, self.kind = units, kind
        self.inward = PackedDense(members, self.GATES[kind] * units, initializer=fan_in_uniform)

    def build(self, input_shape: Any) -> None:
        """Create the maps from the state to itself; a forgetting gate begins open."""
        wide = self.GATES[self.kind] * self.units
        self.inner = self.add_packed_weight("inner", (self.units, wide), orthogonal)
        start: Initializer = _open_gate if self.kind == "lstm" else zeros
        self.inner_bias = self.add_packed_weight("inner_bias", (1, wide), start, decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, steps, inputs) to (members, rows, steps, units)."""
        inward = ops.transpose(per_step(self.inward, inputs), (2, 0, 1, 3))  # (steps, members, rows, gates)
        size = (2 if self.kind == "lstm" else 1) * self.units  # an LSTM carries its memory behind its state
        start = ops.zeros_like(inward[0][..., :1]) + ops.zeros((size,), dtype=inward.dtype)
        inner, bias = ops.convert_to_tensor(self.inner), ops.convert_to_tensor(self.inner_bias)

        def step(carry: Any, entering: Any) -> Any:
            after = self._step(carry, entering, inner, bias)
            return after, after

        _, states = ops.scan(step, start, inward)
        return ops.transpose(states[..., : self.units], (1, 2, 0, 3))

    def _step(self, carry: Any, entering: Any, inner: Any, bias: Any) -> Any:
        n = self.units
        state, memory = carry[..., :n], carry[..., n:]
        if self.kind == "gru":
            own = ops.matmul(state, inner) + bias
            gates = ops.sigmoid(entering[..., : 2 * n] + own[..., : 2 * n])
            new = ops.tanh(entering[..., 2 * n :] + gates[..., :n] * own[..., 2 * n :])
            return new + gates[..., n:] * (state - new)
        if self.kind == "simple":
            return ops.tanh(entering + ops.matmul(state, inner) + bias)
        gates = entering + ops.matmul(state, inner) + bias
        memory = ops.sigmoid(gates[..., n : 2 * n]) * memory + ops.sigmoid(gates[..., :n]) * ops.tanh(gates[..., 2 * n : 3 * n])
        return ops.concatenate([ops.sigmoid(gates[..., 3 * n :]) * ops.tanh(memory), memory], axis=-1)


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw an orthogonal matrix for each gate (Saxe et al., 2014, arXiv:1312.6120)."""
    gates = shape[1] // shape[0]
    return np.concatenate([np.linalg.qr(rng.normal(size=(shape[0], shape[0])))[0] for _ in range(gates)], axis=1)


def _open_gate(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    bias = np.zeros(shape)
    quarter = shape[-1] // 4
    bias[..., quarter : 2 * quarter] = 1.0
    return bias


class PackedForecaster(keras.Model):  # type: ignore[misc]
    """A pack of networks from windows to quantiles. A subclass gives `ahead`.

    The inputs are "past" (rows, steps) and, where there are any, "future" (rows, horizon, columns), "beside" (rows, steps, columns) and
    "fixed" (rows, columns). The output is (rows, members, horizon × quantiles).

    Args:
        members: Number of networks.
        horizon: Steps ahead.
        quantiles: How many, an odd number.
    """

    def __init__(self, members: int, horizon: int, quantiles: int, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.members, self.horizon, self.quantiles = members, horizon, quantiles

    def ahead(self, past: Any, future: Any, beside: Any, fixed: Any) -> Any:
        """Return (members, rows, horizon, quantiles): the median, then steps up and down.

        Args:
            past: (1, rows, steps).
            future: (1, rows, horizon, columns), or None.
            beside: (1, rows, steps, columns), or None.
            fixed: (1, rows, columns), or None.
        """
        raise NotImplementedError

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, horizon × quantiles)."""
        past, future, beside, fixed = (inputs[name][None] if name in inputs else None for name in ("past", "future", "beside", "fixed"))
        values = ops.cast(non_crossing(self.ahead(past, future, beside, fixed)), "float32")
        flat = ops.reshape(values, (self.members, -1, self.horizon * self.quantiles))
        return ops.transpose(flat, (1, 0, 2))


def joined(parts: list[Any], members: int) -> Any:
    """Join parts (members or 1, rows, units) along their units; None is left out."""
    there = [part for part in parts if part is not None]
    if len({part.shape[0] for part in there}) > 1:
        there = [part if part.shape[0] == members else ops.repeat(part, members, axis=0) for part in there]
    return ops.concatenate(there, axis=-1) if len(there) > 1 else there[0]


def flattened(values: Any) -> Any:
    """Return (members, rows, steps, units) as (members, rows, steps × units); None stays None."""
    return None if values is None else ops.reshape(values, (values.shape[0], -1, values.shape[2] * values.shape[3]))
