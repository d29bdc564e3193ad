"""FT-Transformer, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops

from automl import _backend
from automl.families._inputs import spanned
from automl.families.base import Config, Tags
from automl.families.networks import KerasFamily
from automl.layers import PackedDense, PackedModel
from automl.layers.attention import PackedTokens, PackedTransformerBlock
from automl.layers.normalization import PackedLayerNorm
from automl.layers.packed import zeros
from automl.layers.residual import PackedRelu
from automl.preprocessing.base import Spec
from automl.training import Schedule

MOST_COLUMNS = 100  # attention weighs every column against every other, so that time and memory grow with the square
PIECE = 2**23  # attention weights of a prediction that are in memory at once


class FTTransformer(KerasFamily):
    """Transformer over the columns of a row: a token per column, one token that collects the answer, pre-norm blocks with ReGLU units.

    Source: Gorishniy et al. (2021, arXiv:2106.11959). On a GPU trial 0 has the authors' three blocks of 192 units with eight heads, the
    feed-forward factor 4/3 and dropout 0.1; on a CPU, where it must be asked for, two blocks of 32 units with four heads. Dropout sits on
    the heads' outputs instead of the attention weights, and the learning rate fits our schedule's few epochs (theirs is 1e-4).
    """

    name = "ft_transformer"
    title = "FT-Transformer"
    tags = Tags(kind="network", rank=9, maximum_columns=MOST_COLUMNS, opt_in=True)
    per_member = frozenset({"learning_rate", "weight_decay", "dropout"})
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare blocks, width, heads, feed-forward factor, learning rate, weight decay and dropout (ranges after the source)."""
        large = _backend.has_gpu()
        hp.Choice("blocks", [1, 2, 3, 4], default=3 if large else 2)
        hp.Choice("units", [16, 32, 64, 128, 192], default=192 if large else 32)
        hp.Choice("heads", [2, 4, 8], default=8 if large else 4)
        hp.Choice("hidden_factor", [2 / 3, 4 / 3, 8 / 3], default=4 / 3)
        hp.Float("learning_rate", 1e-4, 5e-3, sampling="log", default=5e-4 if large else 1e-3)
        hp.Float("weight_decay", 1e-5, 0.1, sampling="log", default=1e-2)
        hp.Float("dropout", 0.0, 0.5, step=0.05, default=0.1)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return the default's pack: half and twice its learning rate, more and no dropout (no source; chosen to span the space)."""
        rate = float(self.defaults(spec)["learning_rate"])
        rates = [(rate, 0.1), (rate / 2, 0.3), (2 * rate, 0.2), (rate, 0.0)]
        return spanned(rates)

    def schedule(self, spec: Spec, config: Config, seed: int, configs: int) -> Schedule:
        """Return half of the epochs of a plain network (small tables a quarter), in batches that the number of columns allows."""
        plain = super().schedule(spec, config, seed, configs)
        tokens = 1 + spec.numbers + spec.encoded + len(spec.categories)
        batch = max(min(plain.batch_size, 2 ** int(np.log2(PIECE / (16 * tokens**2)))), 16)
        return replace(plain, epochs=max(plain.epochs // (4 if spec.rows < 1_000 else 2), 8), batch_size=batch)

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share blocks, widths and heads."""
        members, config = len(configs), configs[0]
        units, blocks, heads = int(config["units"]), int(config["blocks"]), int(config["heads"])
        tokens = PackedTokens(members, spec.numbers + spec.encoded, spec.categories, units)
        body: list[Any] = []
        for number in range(blocks):
            hidden = max(round(units * float(config["hidden_factor"])), 1)
            body.append(PackedTransformerBlock(members, tokens.tokens, heads, hidden, number > 0, number == blocks - 1))
        body += [PackedLayerNorm(members), PackedRelu(members), PackedDense(members, spec.outputs, initializer=zeros)]
        batch = self.schedule(spec, config, 0, 1).batch_size  # a step of training is never cut
        return TokenModel(members, tokens, body, max(PIECE // (members * heads * tokens.tokens**2), batch))


class TokenModel(PackedModel):
    """A pack of transformers over columns; many rows are predicted a piece at a time.

    Args:
        members: Number of networks.
        tokens: Makes the tokens.
        body: Blocks and head.
        piece: Rows whose attention weights are in memory at once.
    """

    def __init__(self, members: int, tokens: PackedTokens, body: Sequence[Any], piece: int, **kwargs: Any) -> None:
        super().__init__(members, body, **kwargs)
        self.tokens, self.piece = tokens, piece

    def call(self, inputs: dict[str, Any]) -> Any:
        """Map arrays of `rows` to (rows, members, outputs)."""
        rows = inputs["numbers"].shape[0]
        if rows is not None and rows <= self.piece:
            return self._answer(inputs)
        total = ops.shape(inputs["numbers"])[0]
        pieces = (total + self.piece - 1) // self.piece
        index = ops.minimum(ops.arange(pieces * self.piece, dtype="int32"), total - 1)  # the last piece is filled up with the last row
        axes = {name: 1 if name == "encoded" else 0 for name in inputs}

        def answer(chosen: Any) -> Any:
            return self._answer({name: ops.take(values, chosen, axis=axes[name]) for name, values in inputs.items()})

        answers = ops.map(answer, ops.reshape(index, (-1, self.piece)))
        return ops.reshape(answers, (-1, *answers.shape[2:]))[:total]

    def _answer(self, inputs: dict[str, Any]) -> Any:
        numbers = inputs["numbers"][None]
        if "encoded" in inputs:
            shared = ops.repeat(numbers, inputs["encoded"].shape[0], axis=0)
            numbers = ops.concatenate([shared, inputs["encoded"]], axis=-1)
        values = self.tokens(numbers, inputs.get("categories"))
        for layer in self.body:
            values = layer(values)
        return ops.transpose(values, (1, 0, 2))
