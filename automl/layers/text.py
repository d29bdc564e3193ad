"""Sequences of tokens to a few numbers: bags, convolutions, recurrent layers, attention; with a members axis. Token 0 is no token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from automl.layers.attention import PackedTransformerBlock, rolled_out
from automl.layers.packed import PackedDense, PackedLayer, normal
from automl.layers.recurrent import PackedRecurrent

PAIR_BUCKETS = 4_096  # in which pairs of neighbouring tokens are counted


class Shared(keras.layers.Layer):  # type: ignore[misc]
    """Hands an array of numbers to all members alike.

    Args:
        scale: Factor; vectors of length 1 have values that are small beside scaled columns.

    Example:
        >>> import numpy as np
        >>> tuple(Shared()(np.ones((5, 2), "float32")).shape)
        (1, 5, 2)
    """

    def __init__(self, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.scale = scale

    def call(self, values: Any) -> Any:
        """Map (rows, numbers) to (1, rows, numbers)."""
        return ops.cast(values, "float32")[None] * self.scale


class TokenCounts(keras.layers.Layer):  # type: ignore[misc]
    """Counts the tokens of each row, and where asked for the pairs of neighbours in hash buckets; the rows have length 1.

    Args:
        tokens: Number of different tokens.
        pairs: Whether pairs are counted too.

    Example:
        >>> import numpy as np
        >>> TokenCounts(4)(np.array([[2, 2, 3, 0]], "int32")).shape[-1]
        4
    """

    def __init__(self, tokens: int, pairs: bool = False, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.tokens, self.pairs = tokens, pairs
        self.width = tokens + (PAIR_BUCKETS if pairs else 0)

    def call(self, tokens: Any) -> Any:
        """Map (rows, length) to (rows, width); 1 + ln(count), so that a word said twice does not count double."""
        rows = ops.shape(tokens)[0]
        places, present = tokens, ops.cast(tokens > 0, "float32")
        if self.pairs:
            first, second = tokens[:, :-1], tokens[:, 1:]
            bucket = self.tokens + ops.mod(first * 31 + second * 17, PAIR_BUCKETS)
            both = ops.cast((first > 0) & (second > 0), "float32")
            places, present = ops.concatenate([places, bucket], axis=1), ops.concatenate([present, both], axis=1)
        offsets = ops.arange(rows, dtype="int32")[:, None] * self.width
        flat = ops.segment_sum(ops.reshape(present, (-1,)), ops.reshape(places + offsets, (-1,)), num_segments=rows * self.width)
        counts = ops.log1p(ops.reshape(flat, (-1, self.width)))
        return counts / ops.maximum(ops.sqrt(ops.sum(ops.square(counts), axis=1, keepdims=True)), 1e-6)


class PackedBag(PackedLayer):
    """The sum of the embeddings of a row's tokens and pairs (Joulin et al., 2017, arXiv:1607.01759), as one product of matrices.

    A look-up of every token and its gradient would move more memory than the product of counts with the table.

    Args:
        members: Number of networks.
        tokens: Number of different tokens.
        units: Width of an embedding.
        pairs: Whether pairs of neighbours have embeddings too.

    Example:
        >>> import numpy as np
        >>> tuple(PackedBag(3, 10, 4)(np.array([[1, 2, 0]], "int32")).shape)
        (3, 1, 4)
    """

    def __init__(self, members: int, tokens: int, units: int, pairs: bool = False, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.counts, self.units = TokenCounts(tokens, pairs), units

    def build(self, input_shape: Any) -> None:
        """Create the table (members, tokens and pairs, units)."""
        self.table = self.add_packed_weight("table", (self.counts.width, self.units), normal(0.3))

    def call(self, tokens: Any) -> Any:
        """Map (rows, length) to (members, rows, units)."""
        return ops.matmul(self.counts(tokens)[None], self.table)


class PackedEmbedding(PackedLayer):
    """A learned vector for every token; zeros where there is none.

    Args:
        members: Number of networks.
        tokens: Number of different tokens.
        units: Width of a vector.
    """

    def __init__(self, members: int, tokens: int, units: int, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.tokens, self.units = tokens, units

    def build(self, input_shape: Any) -> None:
        """Create the table (members, tokens, units)."""
        self.table = self.add_packed_weight("table", (self.tokens, self.units), normal(0.3), decay=0.0)

    def call(self, tokens: Any) -> Any:
        """Map (rows, length) to (members, rows, length, units)."""
        present = ops.cast(tokens > 0, "float32")[None, :, :, None]
        return ops.take(self.table, tokens, axis=1) * present


class PackedTextConvolution(PackedLayer):
    """Convolutions of several widths over embedded tokens, the largest answer of each filter over the text (Kim, 2014, arXiv:1408.5882).

    Args:
        members: Number of networks.
        tokens: Number of different tokens.
        units: Width of an embedding.
        filters: Filters of each width.
        widths: Tokens that a filter sees.

    Example:
        >>> import numpy as np
        >>> tuple(PackedTextConvolution(2, 10, 4, 3)(np.array([[1, 2, 3, 0, 0]], "int32")).shape)
        (2, 1, 6)
    """

    def __init__(self, members: int, tokens: int, units: int, filters: int, widths: Sequence[int] = (2, 4), **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.embedding = PackedEmbedding(members, tokens, units)
        self.units, self.filters, self.widths = units, filters, tuple(widths)
        self.layers_of = [PackedDense(members, filters, "relu") for _ in self.widths]

    def build(self, input_shape: Any) -> None:
        """Create the table and the filters."""
        self.embedding.build(input_shape)
        for width, layer in zip(self.widths, self.layers_of, strict=True):
            layer.build((self.members, None, width * self.units))

    def call(self, tokens: Any) -> Any:
        """Map (rows, length) to (members, rows, widths × filters)."""
        longest = max(self.widths)
        tokens = ops.pad(tokens, ((0, 0), (0, longest - 1)))  # a window may begin at every token, however short the text is
        length = int(tokens.shape[1])
        embedded = self.embedding(tokens)
        found = []
        for width, layer in zip(self.widths, self.layers_of, strict=True):
            steps = length - width + 1
            windows = ops.concatenate([embedded[:, :, start : start + steps] for start in range(width)], axis=-1)
            answers = layer(ops.reshape(windows, (self.members, -1, width * self.units)))
            answers = ops.reshape(answers, (self.members, -1, steps, self.filters))
            begun = ops.cast(tokens[:, :steps] > 0, "float32")[None, :, :, None]  # rectified answers are never below 0
            found.append(ops.max(answers * begun, axis=2))
        return ops.concatenate(found, axis=-1)


class PackedRecurrentText(PackedLayer):
    """Recurrent layers over embedded tokens: the last state and the mean of the states.

    Args:
        members: Number of networks.
        tokens: Number of different tokens.
        units: Width of an embedding.
        state: Width of the state.
        cell: "simple_rnn", "gru" or "lstm".
        averaged: Neighbouring tokens that become one step: steps come one after the other, and long texts take long.

    Example:
        >>> import numpy as np
        >>> tuple(PackedRecurrentText(2, 10, 4, 3, "gru")(np.array([[1, 2, 3, 0]], "int32")).shape)
        (2, 1, 6)
    """

    def __init__(self, members: int, tokens: int, units: int, state: int, cell: str, averaged: int = 1, **kwargs: Any) -> None:
        super().__init__(members, **kwargs)
        self.embedding = PackedEmbedding(members, tokens, units)
        self.recurrent = PackedRecurrent(members, state, cell, whole=True)
        self.averaged = averaged

    def call(self, tokens: Any) -> Any:
        """Map (rows, length) to (members, rows, 2 × state)."""
        values, keep = steps_of_tokens(self.embedding(tokens), tokens, self.averaged)
        states = self.recurrent(values, keep)
        count = ops.maximum(ops.sum(keep, axis=1), 1.0)[None, :, None]
        mean = ops.sum(states * keep[None, :, :, None], axis=2) / count
        return ops.concatenate([states[:, :, -1], mean], axis=-1)  # the state stands still behind the end


class PackedTextTransformer(PackedLayer):
    """Transformer blocks over embedded tokens with learned places; the mean of the tokens that are there.

    Source: Vaswani et al. (2017, arXiv:1706.03762), with the pre-norm blocks of :class:`automl.layers.attention.PackedTransformerBlock`.

    Args:
        members: Number of networks.
        tokens: Number of different tokens.
        length: Tokens of a row.
        units: Width of a token.
        blocks: Blocks above each other.
        heads: Heads of an attention.
        averaged: Neighbouring tokens that become one.

    Example:
        >>> import numpy as np
        >>> tuple(PackedTextTransformer(2, 10, 4, 8, 1, 2)(np.array([[1, 2, 3, 0]], "int32")).shape)
        (2, 1, 8)
    """

    def __init__(
        self, members: int, tokens: int, length: int, units: int, blocks: int, heads: int, averaged: int = 1, **kwargs: Any
    ) -> None:
        super().__init__(members, **kwargs)
        self.embedding = PackedEmbedding(members, tokens, units)
        self.averaged, self.steps, self.units = averaged, -(-length // averaged), units
        self.blocks = [PackedTransformerBlock(members, self.steps, heads, 2 * units, number > 0) for number in range(blocks)]

    def build(self, input_shape: Any) -> None:
        """Create the places (members, 1, steps, units)."""
        self.places = self.add_packed_weight("places", (1, self.steps, self.units), normal(0.1), decay=0.0)
        self.embedding.build(input_shape)
        for block in self.blocks:
            block.build((self.members, None, self.units))

    def call(self, tokens: Any) -> Any:
        """Map (rows, length) to (members, rows, units)."""
        flat, keep = self._begun(tokens)
        for block in self.blocks:
            flat = block(flat, keep)
        values = ops.reshape(flat, (self.members, -1, self.steps, self.units)) * keep[None, :, :, None]
        return ops.sum(values, axis=2) / ops.maximum(ops.sum(keep, axis=1), 1.0)[None, :, None]

    def attended(self, tokens: Any) -> Any:
        """Return how much of each token reaches the output by attention, (members, rows, length), adding up to 1 over the tokens of a row.

        Attention rollout (:func:`automl.layers.attention.rolled_out`), the mean over the tokens whose mean the output is. Tokens that
        became one step share what it got; where there is no token it is 0.
        """
        flat, keep = self._begun(tokens)
        shares = []
        for block in self.blocks:
            shares.append(block.shares(flat, keep))
            flat = block(flat, keep)
        reached = ops.sum(rolled_out(shares) * keep[None, :, :, None], axis=2)
        reached = reached / ops.maximum(ops.sum(keep, axis=1), 1.0)[None, :, None]
        present, length = ops.cast(tokens > 0, "float32"), int(tokens.shape[1])
        padded = ops.pad(present, ((0, 0), (0, self.steps * self.averaged - length)))
        count = ops.maximum(ops.sum(ops.reshape(padded, (-1, self.steps, self.averaged)), axis=2), 1.0)
        return ops.repeat(reached / count[None], self.averaged, axis=2)[:, :, :length] * present[None]

    def _begun(self, tokens: Any) -> tuple[Any, Any]:
        """Return what the first block reads, (members, rows × steps, units), and which steps hold a token, (rows, steps)."""
        values, keep = steps_of_tokens(self.embedding(tokens), tokens, self.averaged)
        return ops.reshape(values + self.places, (self.members, -1, self.units)), keep


def steps_of_tokens(values: Any, tokens: Any, averaged: int) -> tuple[Any, Any]:
    """Return embedded tokens (members, rows, steps, units) with neighbours averaged, and which steps hold a token (rows, steps)."""
    keep = ops.cast(tokens > 0, "float32")
    if averaged > 1:
        length, units = int(values.shape[2]), int(values.shape[3])
        fill = -length % averaged
        values, keep = ops.pad(values, ((0, 0), (0, 0), (0, fill), (0, 0))), ops.pad(keep, ((0, 0), (0, fill)))
        steps = (length + fill) // averaged
        count = ops.sum(ops.reshape(keep, (-1, steps, averaged)), axis=2)
        grouped = ops.reshape(values, (int(values.shape[0]), -1, steps, averaged, units))
        values = ops.sum(grouped, axis=3) / ops.maximum(count, 1.0)[None, :, :, None]
        keep = ops.cast(count > 0, "float32")
    return values, keep
