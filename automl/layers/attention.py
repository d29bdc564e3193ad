"""The parts of a transformer over the columns of a row: tokens, attention between them, gated units; each with a members axis.

The tokens of a batch are kept flat, (members, rows × tokens, units), so that every linear layer is one matrix product per member.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import PackedDense, PackedDropout, PackedLayer
from automl.layers.residual import fan_in_uniform


def token_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw U(−1/√units, 1/√units), with the units of a token on the last axis."""
    bound = 1.0 / np.sqrt(shape[-1])
    return rng.uniform(-bound, bound, shape)


class PackedTokens(PackedLayer):
    """One token per column, and one token more that will collect the answer.

    A number x becomes ``x · weight + bias``, a category its embedding plus a bias, code 0 ("missing") the bias alone; the first token
    is learned and the same for all rows. Source: the feature tokenizer of Gorishniy et al. (2021, arXiv:2106.11959).

    Args:
        members: Number of networks.
        numbers: Number of numeric columns.
        levels: Number of codes of each category column.
        units: Width of a token.
    """

    def __init__(self, members: int, numbers: int, levels: Sequence[int], units: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.numbers, self.levels, self.units = numbers, tuple(levels), units
        self.offsets = np.cumsum([0, *self.levels[:-1]]).astype("int32")
        self.tokens = 1 + numbers + len(self.levels)

    def build(self, input_shape: Any = None) -> None:
        """Create the first token, weights of the numbers, a table of all levels, and biases."""
        self.first = self.add_packed_weight("first", (1, 1, self.units), token_uniform, decay=0.0)
        if self.numbers:
            self.weight = self.add_packed_weight("weight", (1, self.numbers, self.units), token_uniform, decay=0.0)
        if self.levels:
            self.table = self.add_packed_weight("table", (sum(self.levels), self.units), token_uniform, decay=0.0)
        self.bias = self.add_packed_weight("bias", (1, self.tokens - 1, self.units), token_uniform, decay=0.0)

    def call(self, numbers: Any, codes: Any = None) -> Any:
        """Map numbers (members or 1, rows, numeric columns) and codes (rows, category columns) to (members, rows × tokens, units)."""
        parts = []
        if self.numbers:
            parts.append(numbers[..., None] * self.weight)
        if self.levels:
            present = ops.cast(codes > 0, self.compute_dtype)[None, :, :, None]
            parts.append(ops.take(self.table, ops.add(codes, self.offsets), axis=1) * present)
        columns = (ops.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]) + self.bias
        first = ops.broadcast_to(self.first, (self.members, ops.shape(columns)[1], 1, self.units))
        return ops.reshape(ops.concatenate([first, columns], axis=2), (self.members, -1, self.units))


class PackedAttention(PackedLayer):
    """Multi-head attention between the tokens of each row (Vaswani et al., 2017, arXiv:1706.03762).

    Args:
        members: Number of networks.
        tokens: Tokens of a row.
        heads: Number of heads; they share the units.
        first_only: Whether only the first token asks: in the last block nothing else is read from it.
    """

    multiplies = True

    def __init__(self, members: int, tokens: int, heads: int, first_only: bool = False, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.tokens, self.heads, self.first_only = tokens, heads, first_only

    def build(self, input_shape: Any) -> None:
        """Create the maps to queries, keys, values, and back."""
        units = int(input_shape[-1])
        self.units = units
        self.query = PackedDense(self.members, units, initializer=fan_in_uniform)
        # A bias of the keys shifts all scores of a query alike: its gradient would be rounding error, which Adam makes into full steps.
        self.key = self.add_packed_weight("key", (units, units), fan_in_uniform)
        self.value = PackedDense(self.members, units, initializer=fan_in_uniform)
        self.back = PackedDense(self.members, units, initializer=fan_in_uniform)
        self.dropout = PackedDropout(self.members)
        for layer in (self.query, self.value, self.back):
            layer.build((self.members, None, units))
        self.dropout.build((self.members, None, (1 if self.first_only else self.tokens) * units))

    def call(self, inputs: Any, keep: Any = None) -> Any:
        """Map (members, rows × tokens, units) to the same shape, or with `first_only` to (members, rows, units).

        Tokens where `keep` (rows, tokens) is 0 are not listened to.
        """
        asking = 1 if self.first_only else self.tokens
        value = self._by_head(self.value(inputs), self.tokens)
        mixed = ops.matmul(ops.cast(self.shares(inputs, keep), self.compute_dtype), value)
        mixed = ops.reshape(ops.transpose(mixed, (0, 1, 3, 2, 4)), (self.members, -1, asking * self.units))
        return self.back(ops.reshape(self.dropout(mixed), (self.members, -1, self.units)))

    def shares(self, inputs: Any, keep: Any = None) -> Any:
        """Return how much each asking token listens to each token, (members, rows, heads, asking, tokens), adding up to 1 over the last."""
        asking = 1 if self.first_only else self.tokens
        asked = first_tokens(inputs, self.tokens) if self.first_only else inputs
        query = self._by_head(self.query(asked), asking) * (1.0 / math.sqrt(self.units // self.heads))
        key = self._by_head(ops.matmul(inputs, self.key), self.tokens)
        scores = ops.cast(ops.matmul(query, ops.swapaxes(key, -1, -2)), "float32")
        if keep is not None:
            scores = scores + (keep[None, :, None, None, :] - 1.0) * 1e9
        return ops.softmax(scores, axis=-1)

    def _by_head(self, values: Any, tokens: int) -> Any:
        """Cut (members, rows × tokens, units) into (members, rows, heads, tokens, units of a head)."""
        return ops.transpose(ops.reshape(values, (self.members, -1, tokens, self.heads, self.units // self.heads)), (0, 1, 3, 2, 4))


class PackedTransformerBlock(PackedLayer):
    """A pre-norm block: ``x + attention(norm(x))``, then ``x + linear(dropout(reglu(linear(norm(x)))))``.

    Source: the FT-Transformer of Gorishniy et al. (2021, arXiv:2106.11959): the first block goes without its first normalisation, and
    the feed-forward part has ReGLU units ``a ∘ relu(b)`` (Shazeer, 2020, arXiv:2002.05202). Dropout acts on the heads' outputs (the
    authors drop attention weights, which are many more random numbers) and inside the feed-forward part, at the member's one rate.

    Args:
        members: Number of networks.
        tokens: Tokens of a row.
        heads: Number of heads.
        hidden: Gated units of the feed-forward part.
        normalise_first: Whether the attention's input is normalised.
        first_only: Whether only the first token goes on: the last block.

    Example:
        >>> layer = PackedTransformerBlock(members=2, tokens=3, heads=2, hidden=5)
        >>> tuple(layer(np.ones((2, 12, 4), "float32")).shape)  # four rows of three tokens
        (2, 12, 4)
    """

    def __init__(
        self,
        members: int,
        tokens: int,
        heads: int,
        hidden: int,
        normalise_first: bool = True,
        first_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(members, **kwargs)
        self.tokens, self.hidden, self.first_only = tokens, hidden, first_only
        self.before = PackedLayerNorm(members) if normalise_first else None
        self.attention = PackedAttention(members, tokens, heads, first_only)
        self.between = PackedLayerNorm(members)
        self.open = PackedDense(members, 2 * hidden, initializer=fan_in_uniform)
        self.dropout = PackedDropout(members)

    def build(self, input_shape: Any) -> None:
        """Create the parts for tokens of the input's width."""
        units = int(input_shape[-1])
        self.close = PackedDense(self.members, units, initializer=fan_in_uniform)
        flat = (self.members, None, units)
        for layer in (self.before, self.attention, self.between, self.open):
            if layer is not None:
                layer.build(flat)
        self.close.build((self.members, None, self.hidden))
        self.dropout.build((self.members, None, (1 if self.first_only else self.tokens) * self.hidden))

    def call(self, inputs: Any, keep: Any = None) -> Any:
        """Map (members, rows × tokens, units) to the same shape, or with `first_only` to (members, rows, units); see the attention."""
        attended = self.attention(inputs if self.before is None else self.before(inputs), keep)
        values = (first_tokens(inputs, self.tokens) if self.first_only else inputs) + ops.cast(attended, self.compute_dtype)
        both = self.open(self.between(values))
        gated = both[..., : self.hidden] * ops.relu(both[..., self.hidden :])
        by_row = ops.reshape(gated, (self.members, -1, self.dropout_width))
        closed = self.close(ops.reshape(self.dropout(by_row), (self.members, -1, self.hidden)))
        return values + ops.cast(closed, self.compute_dtype)

    def shares(self, inputs: Any, keep: Any = None) -> Any:
        """Return how much each token listens to each token, the mean over the heads, (members, rows, asking, tokens)."""
        return ops.mean(self.attention.shares(inputs if self.before is None else self.before(inputs), keep), axis=2)

    @property
    def dropout_width(self) -> int:
        """Units that the dropout of the feed-forward part sees in a row."""
        return (1 if self.first_only else self.tokens) * self.hidden


def first_tokens(values: Any, tokens: int) -> Any:
    """Return the first token of each row: (members, rows × tokens, units) to (members, rows, units)."""
    members, _, units = values.shape
    return ops.reshape(values, (members, -1, tokens, units))[:, :, 0]


def rolled_out(shares: Sequence[Any]) -> Any:
    """Return how much of each token of the input reaches each token of the output: attention rollout.

    Each block hands on half of a token as it is and half of what it listens to, ``(A + 1) / 2``, and blocks are multiplied. Source: Abnar
    and Zuidema (2020, arXiv:2005.00928), section 3. What the other layers do to a token is not counted.

    Args:
        shares: Of each block, the first one first, (members, rows, tokens, tokens).

    Returns:
        (members, rows, tokens, tokens), adding up to 1 over the last axis.

    Example:
        >>> tuple(rolled_out([np.full((1, 1, 2, 2), 0.5, "float32")] * 2).shape)
        (1, 1, 2, 2)
    """
    whole: Any = None
    for own in shares:
        step = 0.5 * own + 0.5 * ops.eye(int(own.shape[-1]), dtype="float32")
        whole = step if whole is None else ops.matmul(step, whole)
    return whole
