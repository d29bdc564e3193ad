"""Transformer for text from scratch, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl import _backend
from automl.families._inputs import category_layer, spanned
from automl.families._series_recurrent import averaged_to
from automl.families._text import TextFamily
from automl.families.base import Config
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import zeros
from automl.layers.text import PackedTextTransformer
from automl.preprocessing.base import Spec

MOST_STEPS = 64  # neighbours of longer texts are averaged: attention takes the square of the length


class TextTransformer(TextFamily):
    """Attention between the tokens of a text, learnt from the training rows alone, beside the other columns.

    Source: Vaswani et al. (2017), arXiv:1706.03762. Without a GPU it must be asked for by name: others learn more in a minute.
    """

    name = "text_transformer"
    title = "Transformer for text"
    tags = TextFamily.text_tags(rank=8, opt_in=True)
    pack_configs = 2
    attends = True

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare blocks, width, heads, learning rate, weight decay and dropout."""
        large = _backend.has_gpu()
        hp.Choice("blocks", [1, 2, 4], default=2 if large else 1)
        hp.Choice("units", [32, 64, 128], default=128 if large else 32)
        hp.Choice("heads", [2, 4, 8], default=4)
        self.rates(hp, learning_rate=2e-3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return one pack (no source; chosen to span the space)."""
        return spanned([(2e-3, 0.1), (1e-3, 0.3)])

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share blocks, width and heads."""
        members, config = len(configs), configs[0]
        length = (spec.shape_of("tokens") or (1,))[0]
        sizes = (int(config["units"]), int(config["blocks"]), int(config["heads"]))
        text = PackedTextTransformer(members, self.tokens(spec), length, *sizes, averaged_to(length, MOST_STEPS))
        body: list[Any] = [PackedDropout(members), PackedDense(members, spec.outputs, initializer=zeros)]
        return PackedModel(members, body, category_layer(spec, members), further={"tokens": text})
