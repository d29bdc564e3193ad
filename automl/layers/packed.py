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


class PackedLayer(keras.layers.Layer):  # type: ignore[misc]
    """Base of the layers with a members axis.

    Args:
        members: Number of networks in the pack.
    """

    def __init__(self, members: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = members

    def add_packed_weight(
        self, name: str, shape: tuple[int, ...], initializer: Initializer, *, learning_rate_factor: float = 1.0, decay: bool = True
    ) -> Any:
        """Add a weight of shape ``(members, *shape)``.

        Args:
            name: Name of the weight.
            shape: Shape for one member.
            initializer: Draws the values of one member.
            learning_rate_factor: Multiplies the member's learning rate for this weight.
            decay: Whether weight decay applies; not for biases and scales.

        Returns:
            The variable, which carries `initializer`, `learning_rate_factor` and `decay` for the trainer to read.
        """
        variable = self.add_weight(name=name, shape=(self.members, *shape), initializer="zeros", trainable=True)
        variable.member_initializer = initializer
        variable.learning_rate_factor = learning_rate_factor
        variable.decay = decay
        return variable


class PackedDense(PackedLayer):
    """A dense layer per member: ``y[m] = activation(x[m] · kernel[m] + bias[m])``.

    Args:
        members: Number of networks.
        units: Outputs of each network.
        activation: Name of a Keras activation, or None.
        initializer: Initial kernel of one member.

    Example:
        >>> layer = PackedDense(members=4, units=3)
        >>> tuple(layer(np.ones((1, 5, 2), "float32")).shape)
        (4, 5, 3)
    """

    def __init__(
        self, members: int, units: int, activation: str | None = None, initializer: Initializer = he_normal, **kwargs: Any
    ) -> None:
        super().__init__(members, **kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)
        self.initializer = initializer

    def build(self, input_shape: Any) -> None:
        """Create kernel (members, inputs, units) and bias (members, 1, units)."""
        self.kernel = self.add_packed_weight("kernel", (int(input_shape[-1]), self.units), self.initializer)
        self.bias = self.add_packed_weight("bias", (1, self.units), zeros, decay=False)

    def call(self, inputs: Any) -> Any:
        """Map (members or 1, rows, inputs) to (members, rows, units)."""
        return self.activation(ops.matmul(inputs, self.kernel) + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, units)."""
        return (self.members, input_shape[1], self.units)


class PackedScale(PackedLayer):
    """A learned factor for every input of every member; lets a network mute columns quickly.

    Source: the scaling layer of RealMLP (Holzmüller et al., 2024, arXiv:2407.04491), with six times the learning rate.

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
            "scale", (1, int(input_shape[-1])), ones, learning_rate_factor=self.learning_rate_factor, decay=False
        )

    def call(self, inputs: Any) -> Any:
        """Multiply (members or 1, rows, inputs) by the factors."""
        return inputs * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return (members, rows, inputs)."""
        return (self.members, *input_shape[1:])


class PackedCategories(PackedLayer):
    """Codes of categories to numbers: few levels as indicators, many levels as a learned embedding per member.

    Args:
        members: Number of networks.
        levels: Number of codes of each column; code 0 is "missing" and becomes zeros.
        one_hot_up_to: Columns with at most so many codes become indicators, shared by all members.
        embedding_units: Width of a learned embedding.
    """

    def __init__(
        self, members: int, levels: Sequence[int], one_hot_up_to: int = 32, embedding_units: int = 8, **kwargs: Any
    ) -> None:
        super().__init__(members, **kwargs)
        self.levels = tuple(levels)
        self.embedding_units = embedding_units
        self.few = [column for column, count in enumerate(self.levels) if count <= one_hot_up_to]
        self.many = [column for column, count in enumerate(self.levels) if count > one_hot_up_to]

    def build(self, input_shape: Any) -> None:
        """Create one table (members, all levels of the wide columns, units)."""
        counts = [self.levels[column] for column in self.many]
        self.offsets = np.cumsum([0, *counts[:-1]]).astype("int32")
        if self.many:
            self.table = self.add_packed_weight("table", (sum(counts), self.embedding_units), normal(0.1))

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
    """Dropout with each member's own rate and random stream, drawn cheaply.

    Fresh random numbers cost more than the network's arithmetic on a CPU. The trainer therefore hands in, once per epoch, a pool
    of ready factors per member (0, or 1 / (1 − rate)), and every step reads a window of it at a random offset; see
    :func:`dropout_masks`. Outside training the layer passes its input on.
    """

    def call(self, inputs: Any) -> Any:
        """Multiply (members, rows, units) by the next window of the pool."""
        if not _ACTIVE:
            return inputs
        pool, offsets, used = _ACTIVE[-1]
        _, rows, units = inputs.shape
        start = offsets[used[0]]
        used[0] += 1
        window = ops.slice(pool, (0, start), (self.members, int(rows) * int(units)))
        return inputs * ops.reshape(window, (self.members, int(rows), int(units)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the input."""
        return input_shape


_ACTIVE: list[tuple[Any, Any, list[int]]] = []


@contextlib.contextmanager
def dropout_masks(pool: Any, offsets: Any) -> Iterator[None]:
    """Let the dropout layers called inside read their factors from `pool`.

    Args:
        pool: Factors (members, length).
        offsets: Start of the window of each dropout layer in order, integers (layers,).
    """
    _ACTIVE.append((pool, offsets, [0]))
    try:
        yield
    finally:
        _ACTIVE.pop()


class PackedModel(keras.Model):  # type: ignore[misc]
    """A pack of networks over the arrays of a preprocessor.

    Args:
        members: Number of networks.
        body: Layers applied in order to the joined inputs (members, rows, inputs).
        categories: Layer for the category codes, or None where there are none.

    The output is (rows, members, outputs): logits for classes, the standardised target for regression.
    """

    def __init__(self, members: int, body: Sequence[keras.layers.Layer], categories: PackedCategories | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.members = members
        self.body = list(body)
        self.categories = categories

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        parts = [inputs["numbers"][None]] if inputs["numbers"].shape[-1] else []
        if self.categories is not None:
            parts += self.categories(inputs["categories"])
        if len({part.shape[0] for part in parts}) > 1:  # some parts are shared by all members, some are not
            parts = [part if part.shape[0] != 1 else ops.repeat(part, self.members, axis=0) for part in parts]
        values = ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]
        for layer in self.body:
            values = layer(values)
        return ops.transpose(values, (1, 0, 2))


def initial_weights(model: keras.Model, seeds: Sequence[int]) -> list[NDArray[np.float32]]:
    """Draw the initial weights of every member from its own seed.

    Args:
        model: A built pack.
        seeds: One seed per member.

    Returns:
        Arrays in the order of ``model.trainable_variables``, each (members, …).
    """
    drawn = []
    for index, variable in enumerate(model.trainable_variables):
        shape = tuple(int(size) for size in variable.shape[1:])
        members = [variable.member_initializer(np.random.default_rng([int(seed), index]), shape) for seed in seeds]
        drawn.append(np.stack(members).astype(np.float32))
    return drawn
