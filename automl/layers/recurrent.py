"""Recurrent layers with a members axis: each step is one product of matrices for the whole pack; steps behind the end change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.packed import PackedLayer, zeros
from automl.layers.residual import fan_in_uniform

GATES = {"simple_rnn": 1, "gru": 3, "lstm": 4}


def orthogonal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw an orthogonal matrix for each gate, (units, gates × units): a state neither grows nor fades at first (Saxe et al., 2014)."""
    units = shape[0]
    parts = [np.linalg.qr(rng.normal(size=(units, units)))[0] for _ in range(shape[1] // units)]
    return np.concatenate(parts, axis=1)


def gate_bias(cell: str) -> Any:
    """Return an initializer of the biases (1, gates × units): an LSTM forgets nothing at first (Jozefowicz et al., 2015)."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
        bias = np.zeros(shape)
        if cell == "lstm":
            units = shape[-1] // 4
            bias[..., units : 2 * units] = 1.0
        return bias

    return draw


class PackedRecurrent(PackedLayer):
    """A simple recurrent network, a GRU or an LSTM per member.

    Source: Elman (1990); Cho et al. (2014, arXiv:1406.1078), with the reset gate behind the product as in Keras; Hochreiter and Schmidhuber
    (1997).

    Args:
        members: Number of networks.
        units: Width of the state.
        cell: "simple_rnn", "gru" or "lstm".
        whole: Whether all states are returned, and not the last one alone.

    Example:
        >>> layer = PackedRecurrent(members=2, units=3, cell="gru")
        >>> tuple(layer(np.ones((1, 5, 7, 4), "float32"), np.ones((5, 7), "float32")).shape)  # five rows of seven steps
        (2, 5, 3)
    """

    def __init__(self, members: int, units: int, cell: str, whole: bool = False, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.units, self.cell, self.whole = units, cell, whole

    def build(self, values_shape: Any, keep_shape: Any) -> None:
        """Create input kernel, recurrent kernel and biases."""
        width = GATES[self.cell] * self.units
        self.kernel = self.add_packed_weight("kernel", (int(values_shape[-1]), width), fan_in_uniform)
        self.recurrent = self.add_packed_weight("recurrent", (self.units, width), orthogonal)
        self.bias = self.add_packed_weight("bias", (1, width), gate_bias(self.cell), decay=0.0)
        if self.cell == "gru":
            self.second_bias = self.add_packed_weight("second_bias", (1, self.units), zeros, decay=0.0)

    def call(self, values: Any, keep: Any) -> Any:
        """Map values (members or 1, rows, steps, channels) and `keep` (rows, steps) to (members, rows, units); with `whole` to all."""
        steps = int(values.shape[2])
        into = ops.matmul(values, self.kernel[:, None]) + self.bias[:, None]  # (members, rows, steps, gates × units)
        into = ops.transpose(into, (2, 0, 1, 3))
        counts = ops.transpose(keep, (1, 0))[:, None, :, None]
        width = self.units * (2 if self.cell == "lstm" else 1)  # an LSTM carries its memory beside its state
        start = ops.repeat(ops.zeros_like(into[0, :, :, :1]), width, axis=-1)

        def step(state: Any, given: tuple[Any, Any]) -> tuple[Any, Any]:
            entering, count = given
            after = state + count * (self._next(entering, state) - state)
            return after, after  # Keras's scan on TensorFlow takes what a step puts out to be of the state's shape

        last, every = ops.scan(step, start, (into, counts), length=steps)
        return ops.transpose(every, (1, 2, 0, 3))[..., : self.units] if self.whole else last[..., : self.units]

    def _next(self, entering: Any, state: Any) -> Any:
        units, before = self.units, state[..., : self.units]
        own = ops.matmul(before, self.recurrent)
        if self.cell == "simple_rnn":
            return ops.tanh(entering + own)
        if self.cell == "gru":
            gates = ops.sigmoid(entering[..., : 2 * units] + own[..., : 2 * units])
            update, reset = gates[..., :units], gates[..., units:]
            candidate = ops.tanh(entering[..., 2 * units :] + reset * (own[..., 2 * units :] + self.second_bias))
            return update * before + (1.0 - update) * candidate
        gates = entering + own
        let_in, forget = ops.sigmoid(gates[..., :units]), ops.sigmoid(gates[..., units : 2 * units])
        candidate, out = ops.tanh(gates[..., 2 * units : 3 * units]), ops.sigmoid(gates[..., 3 * units :])
        memory = forget * state[..., units:] + let_in * candidate
        return ops.concatenate([out * ops.tanh(memory), memory], axis=-1)
