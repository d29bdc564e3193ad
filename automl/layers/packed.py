"""Many networks in one program: layers whose weights are stacked along a leading ``members`` axis.

A batch ``(rows, features)`` is read once and broadcast to all members; activations are ``(members, rows, units)``. The members
never mix, so the sum of their losses gives each its own gradient. Only ``keras.ops`` is used, so the layers run on TensorFlow,
JAX and torch.

Initial values are drawn with NumPy from each member's own seed. A member therefore starts from the same numbers in a pack of one
and in a pack of a hundred, on every backend.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Initializer = Callable[[np.random.Generator, tuple[int, ...]], NDArray[Any]]
ONE_HOT_CODES = 10  # eight levels, the code for missing and the code for rare
Fitting = Callable[[dict[str, NDArray[Any]], NDArray[Any]], NDArray[Any]]  # (arrays, target) of a member's training rows → values


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Start at zero."""
    return np.zeros(shape)


def ones(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Start at one."""
    return np.ones(shape)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw N(0, 2 / inputs), for rectified units (He et al., 2015, arXiv:1502.01852)."""
    return rng.normal(0.0, np.sqrt(2.0 / shape[0]), shape)


def normal(scale: float) -> Initializer:
    """Return an initializer that draws N(0, scale²)."""
    return lambda rng, shape: rng.normal(0.0, scale, shape)


def uniform(bound: float) -> Initializer:
    """Return an initializer that draws uniformly between −bound and bound."""
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


class PackedLayer(keras.layers.Layer):  # type: ignore[misc]
    """Base of the layers with a members axis.

    Args:
        members: Number of networks in the pack.

    Attributes:
        multiplies: Whether the layer is a product of matrices, which a GPU may compute in half precision; all else stays in float32.
    """

    multiplies = False

    def __init__(self, members: int, **kwargs: Any) -> None:
        if not self.multiplies:
            kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        self.members = members

    def add_packed_weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Initializer,
        *,
        learning_rate_factor: float = 1.0,
        decay: float = 1.0,
        scaled_by: str | None = None,
        fitted: Fitting | None = None,
    ) -> Any:
        """Add a weight of shape ``(members, *shape)``.

        Args:
            name: Name of the weight.
            shape: Shape for one member.
            initializer: Draws the values of one member.
            learning_rate_factor: Multiplies the member's learning rate for this weight.
            decay: Factor of the weight decay; 0 for biases and scales.
            scaled_by: Name of an entry of the configuration that multiplies the initial values of a member.
            fitted: Computes the values from a member's training rows instead; such a weight is not trained afterwards.

        Returns:
            The variable, which carries what the trainer needs to know as attributes.
        """
        variable = self.add_weight(name=name, shape=(self.members, *shape), initializer="zeros", trainable=fitted is None)
        variable.member_initializer = initializer
        variable.learning_rate_factor = learning_rate_factor
        variable.decay = decay
        variable.scaled_by = scaled_by
        variable.fitted = fitted
        return variable


class PackedDense(PackedLayer):
    """A dense layer per member: ``y[m] = activation(x[m] · kernel[m] + bias[m])``.

    Args:
        members: Number of networks.
        units: Outputs of each network.
        activation: Name of a Keras activation, or None.
        initializer: Initial kernel of one member.
        input_scale: Where given, a learned factor for every input, with so many times the learning rate: the scaling layer of
            RealMLP (Holzmüller et al., 2024, arXiv:2407.04491), which lets a network mute columns quickly. The factors multiply the
            kernel instead of the batch, which is the same function for a fraction of the memory traffic.
        ntk: Learn with the step sizes of the neural tangent parametrisation (kernel / √inputs), as RealMLP does. Adam's steps do not
            depend on the scale of the gradient, so that a learning rate divided by √inputs, and a decay multiplied by it, are the same.
        data_driven: Start so that every unit has unit variance on real rows, and with biases that put the kinks among them; see
            :func:`starting_from`.
        bias_learning_rate: Factor of the learning rate of the biases.

    Example:
        >>> layer = PackedDense(members=4, units=3)
        >>> tuple(layer(np.ones((1, 5, 2), "float32")).shape)
        (4, 5, 3)
    """

    multiplies = True

    def __init__(
        self,
        members: int,
        units: int,
        activation: str | None = None,
        initializer: Initializer = he_normal,
        *,
        input_scale: float | None = None,
        ntk: bool = False,
        data_driven: bool = False,
        bias_learning_rate: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(members, **kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.initializer = initializer
        self.input_scale, self.ntk, self.data_driven, self.bias_learning_rate = input_scale, ntk, data_driven, bias_learning_rate

    def build(self, input_shape: Any) -> None:
        """Create kernel (members, inputs, units), bias (members, 1, units) and, where asked for, scale (members, inputs, 1)."""
        inputs = int(input_shape[-1])
        root = float(np.sqrt(inputs)) if self.ntk else 1.0
        if self.input_scale is not None:
            self.scale = self.add_packed_weight("scale", (inputs, 1), ones, learning_rate_factor=self.input_scale, decay=0.0)
        self.kernel = self.add_packed_weight("kernel", (inputs, self.units), self.initializer, learning_rate_factor=1.0 / root, decay=root)
        self.bias = self.add_packed_weight("bias", (1, self.units), zeros, learning_rate_factor=self.bias_learning_rate, decay=0.0)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, inputs) to (members, rows, units)."""
        if _STARTING and self.data_driven:
            self._start(inputs, _STARTING[-1])
        kernel = self.kernel if self.input_scale is None else self.kernel * self.scale
        return self.activation(ops.matmul(inputs, kernel) + self.bias)

    def _start(self, inputs: Any, generators: Sequence[np.random.Generator]) -> None:
        """Scale the kernel to unit variance on `inputs`; biases are minus a random mean of the units at five of the rows ("he+5")."""
        units = np.array(ops.convert_to_numpy(ops.cast(ops.matmul(inputs, self.kernel), "float32")))
        deviation = np.maximum(units.std(axis=1, keepdims=True), 1e-3)
        units /= deviation
        bias = np.zeros((self.members, 1, self.units), np.float32)
        for member, rng in enumerate(generators):
            rows = rng.integers(0, units.shape[1], (5, self.units))
            shares = rng.exponential(size=(5, self.units))
            values = np.take_along_axis(units[member], rows, axis=0)
            bias[member, 0] = -(shares / shares.sum(axis=0) * values).sum(axis=0)
        self.kernel.assign(ops.convert_to_numpy(self.kernel) / deviation)
        self.bias.assign(bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, units)."""
        return (self.members, input_shape[1], self.units)


class PackedActivation(PackedLayer):
    """An activation with a learned strength for each unit: ``x + α (σ(x) − x)``, α starting at 1.

    Source: the parametric activation of RealMLP (Holzmüller et al., 2024, arXiv:2407.04491), with a tenth of the learning rate.

    Args:
        members: Number of networks.
        activation: Name of a Keras activation.
        learning_rate_factor: Factor of the learning rate of α.
    """

    def __init__(self, members: int, activation: str, learning_rate_factor: float = 0.1, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.activation = keras.activations.get(activation)
        self.learning_rate_factor = learning_rate_factor

    def build(self, input_shape: Any) -> None:
        """Create α (members, 1, units)."""
        self.strength = self.add_packed_weight(
            "strength", (1, int(input_shape[-1])), ones, learning_rate_factor=self.learning_rate_factor, decay=0.0
        )

    def call(self, inputs: Any) -> Any:
        """Map (members, rows, units) to the same shape."""
        return inputs + self.strength * (self.activation(inputs) - inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


class PackedScale(PackedLayer):
    """A learned factor for every input of every member, for networks whose first layer is not a dense one.

    A :class:`PackedDense` with `input_scale` is the same for less: there the factors multiply the kernel. Source: the scaling layer of
    RealMLP (Holzmüller et al., 2024, arXiv:2407.04491).

    Args:
        members: Number of networks.
        learning_rate_factor: How much faster than the other weights it learns.
    """

    def __init__(self, members: int, learning_rate_factor: float = 6.0, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.learning_rate_factor = learning_rate_factor

    def build(self, input_shape: Any) -> None:
        """Create the factors (members, 1, inputs)."""
        self.scale = self.add_packed_weight(
            "scale", (1, int(input_shape[-1])), ones, learning_rate_factor=self.learning_rate_factor, decay=0.0
        )

    def call(self, inputs: Any) -> Any:
        """Multiply (members or 1, rows, inputs) by the factors."""
        return inputs * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, inputs)."""
        return (self.members, *input_shape[1:])


class PackedCategories(PackedLayer):
    """Codes of categories to numbers: few levels as indicators, many levels as a learned embedding per member.

    Source: the treatment of categories in RealMLP (Holzmüller et al., 2024, arXiv:2407.04491).

    Args:
        members: Number of networks.
        levels: Number of codes of each column; code 0 is "missing" and becomes zeros.
        one_hot_up_to: Columns with at most so many codes become indicators, shared by all members; RealMLP's eight levels by default.
        embedding_units: Width of a learned embedding.
        scale: Standard deviation of the initial embeddings.

    Attributes:
        groups: Column that each output belongs to, in the order of the outputs.
    """

    def __init__(
        self,
        members: int,
        levels: Sequence[int],
        one_hot_up_to: int = ONE_HOT_CODES,
        embedding_units: int = 8,
        scale: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(members, **kwargs)
        self.levels = tuple(levels)
        self.embedding_units, self.scale = embedding_units, scale
        self.few = [column for column, count in enumerate(self.levels) if count <= one_hot_up_to]
        self.many = [column for column, count in enumerate(self.levels) if count > one_hot_up_to]
        self.groups = [column for column in self.few for _ in range(self.levels[column] - 1)]
        self.groups += [column for column in self.many for _ in range(embedding_units)]

    def build(self, input_shape: Any) -> None:
        """Create one table (members, all levels of the wide columns, units)."""
        counts = [self.levels[column] for column in self.many]
        self.offsets = np.cumsum([0, *counts[:-1]]).astype("int32")
        if self.many:
            self.table = self.add_packed_weight("table", (sum(counts), self.embedding_units), normal(self.scale))

    def call(self, codes: Any) -> list[Any]:
        """Return the parts to concatenate: indicators (1, rows, ·) and embeddings (members, rows, ·)."""
        parts = [ops.one_hot(codes[:, column] - 1, self.levels[column] - 1)[None] for column in self.few]
        shared = [ops.concatenate(parts, axis=-1)] if parts else []
        if not self.many:
            return shared
        wide = ops.take(codes, np.asarray(self.many, dtype="int32"), axis=1)
        present = ops.cast(wide > 0, "float32")[None, :, :, None]
        values = ops.take(self.table, wide + self.offsets, axis=1) * present
        rows = ops.shape(codes)[0]
        return [*shared, ops.reshape(values, (self.members, rows, len(self.many) * self.embedding_units))]


class PackedDropout(PackedLayer):
    """Dropout (Srivastava et al., 2014) with each member's own rate and random stream, drawn cheaply.

    Fresh random numbers cost more than the network's arithmetic on a CPU. The trainer therefore hands in, once per epoch, a pool
    of ready factors per member (0, or 1 / (1 − rate)), and every step reads a window of it at a random offset; see
    :func:`dropout_masks`. Outside training the layer passes its input on.

    Attributes:
        width: Factors that one row needs, known once the layer is built; 0 for a layer that is never called.
    """

    width = 0

    def build(self, input_shape: Any) -> None:
        """Note how many factors a row of (members, …, rows, units) needs."""
        self.width = int(np.prod(input_shape[1:-2]) * input_shape[-1])

    def call(self, inputs: Any) -> Any:
        """Multiply (members or 1, …, rows, units) by the next window of the pool; what members share becomes their own."""
        if not _MASKS:
            return inputs
        pool, offsets, used = _MASKS[-1]
        start = offsets[used[0]]
        used[0] += 1
        shape = (self.members, *(int(size) for size in inputs.shape[1:]))
        length = int(np.prod(shape[1:]))
        if keras.backend.backend() == "torch":  # a slice would read its start back from the device
            window = ops.take(pool, start + ops.arange(length, dtype="int32"), axis=1)
        else:
            window = ops.slice(pool, (0, start), (self.members, length))
        return inputs * ops.reshape(window, shape)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


_MASKS: list[tuple[Any, Any, list[int]]] = []
_STARTING: list[Sequence[np.random.Generator]] = []


def is_training() -> bool:
    """Whether layers are called for a step of training, inside :func:`dropout_masks`."""
    return bool(_MASKS)


@contextlib.contextmanager
def dropout_masks(pool: Any, offsets: Any) -> Iterator[None]:
    """Let the dropout layers called inside read their factors from `pool`.

    Args:
        pool: Factors (members, length).
        offsets: Start of the window of each dropout layer in order, integers (layers,).
    """
    _MASKS.append((pool, offsets, [0]))
    try:
        yield
    finally:
        _MASKS.pop()


@contextlib.contextmanager
def starting_from(generators: Sequence[np.random.Generator]) -> Iterator[None]:
    """Let the layers called inside, in eager mode, fit their initial values to the rows that they see; targets play no part.

    Args:
        generators: One source of chance for each member.
    """
    _STARTING.append(generators)
    try:
        yield
    finally:
        _STARTING.pop()
