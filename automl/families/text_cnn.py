"""Convolutions over the words of a text, trained as packs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from automl.families._inputs import category_layer, spanned
from automl.families._text import TextFamily
from automl.families.base import Config
from automl.layers import PackedDense, PackedDropout, PackedModel
from automl.layers.packed import zeros
from automl.layers.text import PackedTextConvolution
from automl.preprocessing.base import Spec


class TextCNN(TextFamily):
    """Filters over two and four neighbouring tokens, the largest answer of each over the text, beside the other columns.

    Source: Kim (2014), "Convolutional Neural Networks for Sentence Classification", arXiv:1408.5882; pieces of words as tokens.
    """

    name = "text_cnn"
    title = "Convolutional network for text"
    tags = TextFamily.text_tags(rank=2)
    pack_configs = 2

    def space(self, hp: Any, spec: Spec) -> None:
        """Declare embedding width, filters, learning rate, weight decay and dropout."""
        hp.Choice("embedding_units", [16, 32, 64], default=32)
        hp.Choice("filters", [32, 64, 128], default=64)
        self.rates(hp, learning_rate=2e-3)

    def portfolio(self, spec: Spec) -> list[Config]:
        """Return one pack (no source; chosen to span the space)."""
        return spanned([(2e-3, 0.3), (4e-3, 0.5)])

    def build(self, spec: Spec, configs: Sequence[Config]) -> PackedModel:
        """Return the pack of `configs`, which share everything but rates."""
        members, config = len(configs), configs[0]
        body: list[Any] = [PackedDropout(members), PackedDense(members, spec.outputs, initializer=zeros)]
        text = PackedTextConvolution(members, self.tokens(spec), int(config["embedding_units"]), int(config["filters"]))
        return PackedModel(members, body, category_layer(spec, members), further={"tokens": text})
